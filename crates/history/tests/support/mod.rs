//! Imports into folders of their own, and what comes out of them.

#![allow(dead_code, reason = "each test program uses its part")]

use std::path::{Path, PathBuf};

use domain::{MarketData, MarketEvent, Timestamp};
use history::{
    Catalogue, Content, ImportError, ImportReport, InstrumentKey, IntakeSettings, Kind,
    ReadOptions, Selection, Series, Store, Target, Window,
};
use tempfile::TempDir;

/// A catalogue that goes away with the test.
pub(crate) struct Place {
    pub(crate) dir: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("catalogue")
    }

    pub(crate) fn catalogue(&self) -> Catalogue {
        Catalogue::open(&self.path()).unwrap()
    }

    /// Writes a file beside the catalogue.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn import(
        &self,
        files: &[PathBuf],
        options: &ReadOptions,
    ) -> Result<ImportReport, ImportError> {
        self.import_with(files, options, IntakeSettings::default())
    }

    pub(crate) fn import_with(
        &self,
        files: &[PathBuf],
        options: &ReadOptions,
        settings: IntakeSettings,
    ) -> Result<ImportReport, ImportError> {
        history::import(files, options, Target::Catalogue(self.path()), settings, &mut |_| {})
    }

    /// Imports a text as a file, with a symbol that is stated.
    pub(crate) fn text(&self, content: Content, text: &str) -> Result<ImportReport, ImportError> {
        let file = self.file("data.csv", text);
        self.import(&[file], &named(content))
    }

    pub(crate) fn events(
        &self,
        key: &str,
        kinds: &[Kind],
    ) -> Vec<(Timestamp, MarketData<'static>)> {
        events(&self.catalogue(), &[key], kinds)
    }

    pub(crate) fn exported(&self, key: &str, kind: Kind) -> String {
        exported(&self.catalogue(), key, kind)
    }
}

/// Options with a symbol.
pub(crate) fn named(content: Content) -> ReadOptions {
    ReadOptions { symbol: Some("TEST-USD".into()), ..ReadOptions::new(content) }
}

pub(crate) const KEY: &str = "local:spot:TEST-USD";

pub(crate) fn select(keys: &[&str], kinds: &[Kind]) -> Selection {
    let instruments = keys.iter().map(|key| key.parse::<InstrumentKey>().unwrap()).collect();
    Selection { instruments, kinds: kinds.to_vec(), from: None, to: None }
}

/// All events of a selection.
pub(crate) fn events(
    store: &dyn Store,
    keys: &[&str],
    kinds: &[Kind],
) -> Vec<(Timestamp, MarketData<'static>)> {
    let mut history = select(keys, kinds).open(store).unwrap();
    let mut all = Vec::new();
    while let Some((time, event)) = history.next().unwrap() {
        all.push((time, owned(&event)));
    }
    all
}

fn owned(event: &MarketEvent<'_>) -> MarketData<'static> {
    match &event.data {
        MarketData::BookSnapshot { update_id, bids, asks } => MarketData::BookSnapshot {
            update_id: *update_id,
            bids: bids.to_vec().into(),
            asks: asks.to_vec().into(),
        },
        MarketData::BookDiff { first_update_id, last_update_id, bids, asks } => {
            MarketData::BookDiff {
                first_update_id: *first_update_id,
                last_update_id: *last_update_id,
                bids: bids.to_vec().into(),
                asks: asks.to_vec().into(),
            }
        }
        MarketData::BookLost(loss) => MarketData::BookLost(*loss),
        MarketData::Quote(quote) => MarketData::Quote(*quote),
        MarketData::Trade(trade) => MarketData::Trade(*trade),
        MarketData::AggregateTrade(trade) => MarketData::AggregateTrade(*trade),
        MarketData::Mark(mark) => MarketData::Mark(*mark),
        MarketData::Bar(bar) => MarketData::Bar(*bar),
        MarketData::Funding(funding) => MarketData::Funding(*funding),
        MarketData::Split(split) => MarketData::Split(*split),
        MarketData::Dividend(dividend) => MarketData::Dividend(*dividend),
        MarketData::FeedSilent => MarketData::FeedSilent,
        MarketData::FeedLive => MarketData::FeedLive,
    }
}

pub(crate) fn exported(store: &dyn Store, key: &str, kind: Kind) -> String {
    let series = Series { instrument: key.parse().unwrap(), kind };
    let mut table = Vec::new();
    history::export::export(store, &series, Window::ALWAYS, &mut table).unwrap();
    String::from_utf8(table).unwrap()
}

/// Every file below a folder with its bytes, by name.
pub(crate) fn files_below(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name != "lock") {
                let bytes = std::fs::read(&path).unwrap();
                found.push((path.strip_prefix(dir).unwrap().to_owned(), bytes));
            }
        }
    }
    found.sort();
    found
}
