//! Takes rows of any number of series, in any size, and makes one import of them.
//!
//! Rows are checked as they come, wait on disk when there are many, and meet what is in the
//! catalogue already when all were read. Only then is it known how many decimals they need.
//! Reading files is left to `read`.

mod arrivals;
mod cells;
mod events;
mod finish;
mod merge;
mod steps;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

pub(crate) use arrivals::{Arrivals, Terms};
pub(crate) use cells::Cell;
use domain::{Instrument, Price, Qty};
pub use events::EventIntake;
pub(crate) use merge::Tally;
pub(crate) use steps::Steps;

use crate::{
    catalogue::{Catalogue, Staging},
    error::ImportError,
    instrument_file::InstrumentFile,
    kind::{Interval, Kind, Row},
    moment::iso,
    part::Scales,
    place::{InstrumentKey, Series},
    spool::{Loose, Spool},
    sqlite::SqliteBars,
    store::Store,
};

/// Rows in memory at most, over all series.
const IN_MEMORY: usize = 131_072;

/// Where an import goes.
#[derive(Clone, Debug)]
pub enum Target {
    /// A folder of Parquet files.
    Catalogue(PathBuf),
    /// A database, which takes bars only.
    Sqlite(PathBuf),
}

/// What holds for all rows of an import.
#[derive(Clone, Debug, Default)]
pub struct IntakeSettings {
    /// The tick of every instrument of the import; otherwise the finest price tells.
    pub tick: Option<Price>,
    /// The lot likewise.
    pub lot: Option<Qty>,
    /// Round what is finer than the tick or lot to the nearest one, instead of refusing it.
    pub round: bool,
    /// The length of bars; otherwise the smallest distance of two tells.
    pub interval: Option<Interval>,
    /// Of two rows that contradict each other, take the newer one instead of failing.
    pub replace: bool,
    /// Base and quote asset, where the symbol does not tell them.
    pub assets: Option<(String, String)>,
    /// Where the data come from, in words.
    pub source: Option<String>,
    /// On what terms they may be used, in words.
    pub licence: Option<String>,
}

/// How a source's rows follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Time never goes back, and no row comes twice; anything else is an error.
    Rising,
    /// As it happens, such as newest first; equal rows are one.
    Any,
}

/// What came of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// For each series.
    pub series: Vec<ImportedSeries>,
    /// Sentences a reader should know.
    pub notes: Vec<String>,
}

/// What came of one series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedSeries {
    /// Which.
    pub series: Series,
    /// Rows read.
    pub read: u64,
    /// Rows that were not in the catalogue.
    pub added: u64,
    /// Rows that took the place of others.
    pub replaced: u64,
    /// Rows that were there already or came twice.
    pub known: u64,
}

pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) sha256: String,
    pub(crate) format: String,
    order: Order,
    rows: u64,
}

/// A series that rows arrive for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SeriesId(usize);

/// What was read of one series.
pub(crate) struct Collected {
    pub(crate) series: Series,
    /// Whether the length of its bars must be found out.
    interval_open: bool,
    steps: Steps,
    pub(crate) spool: Spool,
    /// Decimals needed so far.
    scales: Scales,
    last: Option<(usize, u64, Row)>,
    /// The smallest distance of two bars so far.
    least_step: Option<i64>,
    pub(crate) sources: Vec<usize>,
}

/// An import that is being read.
pub struct Intake {
    settings: IntakeSettings,
    target: Target,
    catalogue: Catalogue,
    staging: Staging,
    sources: Vec<Source>,
    collected: Vec<Collected>,
    places: BTreeMap<(InstrumentKey, Kind, bool), SeriesId>,
    known: BTreeMap<InstrumentKey, Option<InstrumentFile>>,
    /// Facts of a venue about an instrument, which go into its file.
    facts: BTreeMap<InstrumentKey, domain::instrument::InstrumentSpec>,
    waiting: usize,
    notes: Vec<String>,
}

impl Intake {
    /// Begins an import. Nothing is changed before [`Self::commit`].
    ///
    /// # Errors
    /// [`ImportError::Busy`] while another import runs, [`ImportError::Write`].
    pub fn begin(target: Target, settings: IntakeSettings) -> Result<Self, ImportError> {
        let dir = match &target {
            Target::Catalogue(dir) => dir.clone(),
            Target::Sqlite(file) => PathBuf::from(format!("{}.import", file.display())),
        };
        let catalogue = Catalogue::create(&dir)?;
        let staging = Staging::begin(&dir)?;
        let known = match &target {
            Target::Sqlite(file) if file.exists() => known_in(&SqliteBars::open(file)?)?,
            _ => BTreeMap::new(),
        };
        Ok(Self {
            settings,
            target,
            catalogue,
            staging,
            sources: Vec::new(),
            collected: Vec::new(),
            places: BTreeMap::new(),
            known,
            facts: BTreeMap::new(),
            waiting: 0,
            notes: Vec::new(),
        })
    }

    /// What follows is from this file.
    pub(crate) fn source(&mut self, path: &Path, sha256: String, format: &str, order: Order) {
        let (path, format) = (path.to_owned(), format.to_owned());
        self.sources.push(Source { path, sha256, format, order, rows: 0 });
        for collected in &mut self.collected {
            collected.last = None;
        }
    }

    /// The order of the rows that follow, where it is known only after a look into the file.
    pub(crate) fn order(&mut self, order: Order) {
        if let Some(source) = self.sources.last_mut() {
            source.order = order;
        }
    }

    /// A part of the file that is sorted on its own begins.
    pub(crate) fn restart(&mut self) {
        for collected in &mut self.collected {
            collected.last = None;
        }
    }

    /// The file is over.
    ///
    /// # Errors
    /// [`ImportError::Empty`] when there was no row in it.
    pub(crate) fn end_of_source(&self) -> Result<(), ImportError> {
        match self.sources.last() {
            Some(source) if source.rows == 0 => {
                Err(ImportError::Empty { path: source.path.clone() })
            }
            _ => Ok(()),
        }
    }

    /// The length of bars that was stated for the import.
    pub(crate) const fn stated_interval(&self) -> Option<Interval> {
        self.settings.interval
    }

    /// Something a reader of the report should know; said once.
    pub(crate) fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// The series of an instrument. Bars of a length that nobody stated are `bars(None)`.
    pub(crate) fn series(
        &mut self,
        key: &InstrumentKey,
        kind: KindOf,
    ) -> Result<SeriesId, ImportError> {
        let (kind, open) = match kind {
            KindOf::Known(kind) => (kind, false),
            KindOf::Bars(given) => match self.settings.interval.or(given) {
                Some(interval) => (Kind::Bars(interval), false),
                None => (Kind::Bars(Interval::DAY), true),
            },
        };
        let place = (key.clone(), kind, open);
        if let Some(id) = self.places.get(&place) {
            return Ok(*id);
        }
        let id = SeriesId(self.collected.len());
        let steps = self.steps(key)?;
        self.collected.push(Collected {
            series: Series { instrument: key.clone(), kind },
            interval_open: open,
            steps,
            spool: Spool::new(kind, self.staging.run(id.0)),
            scales: steps.stated_scales(),
            last: None,
            least_step: None,
            sources: Vec::new(),
        });
        self.places.insert(place, id);
        Ok(id)
    }

    /// The steps that are stated for an instrument, now or by an earlier import.
    fn steps(&mut self, key: &InstrumentKey) -> Result<Steps, ImportError> {
        if !self.known.contains_key(key) {
            let file = self.catalogue.known_instrument(key)?;
            self.known.insert(key.clone(), file);
        }
        let known = self.known.get(key).and_then(Option::as_ref);
        let facts = self.facts.get(key);
        let earlier_tick = known.filter(|file| file.tick_stated).map(|file| file.spec.tick_size);
        let earlier_lot = known.filter(|file| file.lot_stated).map(|file| file.spec.lot_size);
        let of_venue = |file: &domain::instrument::InstrumentSpec| (file.tick_size, file.lot_size);
        let (venue_tick, venue_lot) = facts.map(of_venue).unzip();
        let tick = self.settings.tick.or(earlier_tick).or(venue_tick);
        let lot = self.settings.lot.or(earlier_lot).or(venue_lot);
        Steps::new(tick, lot, self.settings.round)
            .map_err(|reason| ImportError::unstated(key, reason))
    }

    /// States what a venue says about an instrument, before rows of it arrive.
    ///
    /// # Errors
    /// [`ImportError::Unstated`] when its names cannot be those of folders.
    pub fn instrument(&mut self, instrument: &Instrument) -> Result<InstrumentKey, ImportError> {
        let spec = instrument.spec();
        let key = InstrumentKey::new(&spec.venue, spec.market, &spec.symbol)
            .map_err(|reason| ImportError::unstated(instrument, reason))?;
        self.facts.insert(key.clone(), spec.clone());
        Ok(key)
    }

    /// Takes a row of text fields.
    pub(crate) fn push(
        &mut self,
        id: SeriesId,
        line: u64,
        cells: &[Cell],
    ) -> Result<(), ImportError> {
        let collected = &mut self.collected[id.0];
        let kind = collected.series.kind;
        let row = cells::row(kind, cells, &collected.steps, &mut collected.scales)
            .and_then(|row| cells::check(kind, &row).map(|()| row));
        match row {
            Ok(row) => self.push_row(id, line, row),
            Err((field, reason)) => Err(self.wrong(line, field, reason)),
        }
    }

    /// Takes a row whose decimals are those of the series.
    fn push_row(&mut self, id: SeriesId, line: u64, row: Row) -> Result<(), ImportError> {
        let source = self.sources.len() - 1;
        self.check_order(id, line, &row)?;
        let collected = &mut self.collected[id.0];
        if collected.sources.last() != Some(&source) {
            collected.sources.push(source);
        }
        collected.last = Some((source, line, row));
        let scales = collected.scales;
        let number = u32::try_from(source).unwrap_or(u32::MAX);
        collected.spool.push(Loose { row, scales, source: number, line });
        self.sources[source].rows += 1;
        self.waiting += 1;
        if self.waiting >= IN_MEMORY {
            self.collected.iter_mut().try_for_each(|one| one.spool.spill())?;
            self.waiting = 0;
        }
        Ok(())
    }

    /// Time rises within a file, unless the file's format does not promise that.
    fn check_order(&mut self, id: SeriesId, line: u64, row: &Row) -> Result<(), ImportError> {
        let collected = &mut self.collected[id.0];
        let kind = collected.series.kind;
        let Some((_, last_line, last)) = &collected.last else { return Ok(()) };
        if matches!(kind, Kind::Bars(_)) {
            let step = row.values[0].saturating_sub(last.values[0]).saturating_abs();
            let before = collected.least_step.unwrap_or(i64::MAX);
            collected.least_step = (step > 0).then_some(step.min(before)).or(collected.least_step);
        }
        let source = self.sources.last().expect("a row has a source");
        if source.order == Order::Any || row.key(kind) > last.key(kind) {
            return Ok(());
        }
        let field = kind.columns()[0].name;
        let now = iso(domain::Timestamp::from_nanos(row.values[0]));
        let before = iso(domain::Timestamp::from_nanos(last.values[0]));
        let reason = if row.key(kind) == last.key(kind) {
            format!("{now} was there in row {last_line} already")
        } else if row.values[0] == last.values[0] {
            format!("{now}: the number goes back behind that of row {last_line}")
        } else {
            format!("{now} is before {before} of row {last_line}; state --unsorted to sort it")
        };
        Err(self.wrong(line, field, reason))
    }

    /// An error about a field of the file that is being read.
    pub(crate) fn wrong(&self, row: u64, field: &str, reason: String) -> ImportError {
        let path = self.sources.last().map(|source| source.path.clone()).unwrap_or_default();
        ImportError::Row { path, row, field: field.to_owned(), reason }
    }
}

/// What a store knows about its instruments.
fn known_in(
    store: &dyn Store,
) -> Result<BTreeMap<InstrumentKey, Option<InstrumentFile>>, ImportError> {
    let all = store.series()?.into_iter().map(|series| series.instrument);
    all.map(|key| Ok((key.clone(), Some(store.instrument(&key)?)))).collect()
}

/// A kind, or bars of a length that only the data tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KindOf {
    Known(Kind),
    Bars(Option<Interval>),
}
