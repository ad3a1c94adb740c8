//! What `demo`, `run` and `trade` share: a venue's sockets, traded on paper.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context as _;
use domain::{Instruments, record::MarketSource};
use runtime::{Pace, WallClock};
use venues::wire::{WireDriver, WireSettings};

use super::{Failure, replay::layout_name, venue, wrap_up};
use crate::{
    config::Loaded,
    http,
    report::summary::Summary,
    session::{self, Account, FeedBoard, SessionPlan},
    source::{LiveSource, network_clock},
};

/// A live session on paper.
pub(super) struct LiveSession<'a> {
    pub(super) command: &'static str,
    pub(super) market: MarketSource,
    pub(super) market_seed: Option<u64>,
    pub(super) loaded: &'a Loaded,
    pub(super) instruments: Instruments,
    pub(super) data_dir: PathBuf,
    pub(super) database: Option<PathBuf>,
    pub(super) deadline: Option<Duration>,
    pub(super) show_status: bool,
    pub(super) notes: Vec<String>,
}

impl LiveSession<'_> {
    /// Trades until the deadline, a signal or a failure, and sums up.
    pub(super) fn trade(self) -> Result<Summary, Failure> {
        let config = &self.loaded.config;
        let listener = if config.http.enabled {
            let address = config.http.listen;
            let bound = http::bind(address)
                .with_context(|| format!("cannot listen on {address} (http.listen)"))?;
            tracing::info!(address = %bound.local_addr()?, "serving /health, /ready and /metrics");
            Some(bound)
        } else {
            None
        };
        let address = listener.as_ref().map(std::net::TcpListener::local_addr).transpose()?;
        let clock = WallClock::start();
        let feed = Arc::new(FeedBoard::default());
        let translator = venue::feed(config, &self.instruments);
        let driver =
            WireDriver::new(Box::new(translator), network_clock(&clock), WireSettings::default())
                .context("cannot connect to the venue")?;
        let source = LiveSource::new(driver, clock.clone(), Arc::clone(&feed));
        let completed = session::run(
            SessionPlan {
                command: self.command,
                market: self.market,
                market_seed: self.market_seed,
                loaded: self.loaded,
                data_dir: Some(self.data_dir.clone()),
                database: self.database,
                instruments: self.instruments,
                pace: Pace::Live,
                account: Account::Continued,
                listener,
                deadline: self.deadline,
                show_status: self.show_status,
                feed,
                clock,
            },
            source,
        )?;
        let (completed, source) = completed.split();
        let counters = source.health().counters;
        let failure = source.close();
        let mut notes = self.notes;
        if let Some(address) = address {
            notes.push(format!("/health, /ready and /metrics were served on http://{address}"));
        }
        let summary = wrap_up::summary(
            &completed,
            wrap_up::Context {
                command: self.command,
                market: self.market,
                seed: self.market_seed,
                layout: layout_name(self.loaded).to_owned(),
                config,
                feed: counters,
                data_dir: Some(&self.data_dir),
                verify_top: None,
                faults: None,
                notes,
            },
        );
        match failure {
            Some(error) => Err(Failure::Failed(error.into())),
            None => Ok(summary),
        }
    }
}
