//! `replay`: the engine over recorded frames.

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, Result};
use domain::{Instruments, record::MarketSource};
use runtime::{Pace, WallClock};
use venues::capture::{CaptureFacts, FaultPlan, Player, Track};

use super::{Failure, loading, venue, wrap_up};
use crate::{
    cli::ReplayArgs,
    config::{Config, Layout, Loaded, Override},
    report::summary::FaultCheck,
    session::{self, Account, FeedBoard, SessionPlan},
    source::{PlayedRecording, Recording, RecordingSource},
};

pub(super) fn execute(arguments: &ReplayArgs) -> Result<(), Failure> {
    let session = &arguments.session;
    let flags: Vec<Override> = loading::layout_flag(session.layout).into_iter().collect();
    let loaded = loading::load(Some(&arguments.config), &session.overrides, &flags)?;
    let faults = arguments
        .faults
        .as_deref()
        .map(str::parse::<FaultPlan>)
        .transpose()
        .map_err(|error| Failure::Usage(format!("error: --faults: {error}")))?;
    let (instruments, facts) = instruments(&loaded.config, &arguments.capture)?;
    let clock = WallClock::start();
    let tape = player(&loaded.config, &instruments, &facts, &arguments.capture)?;
    let tape = match faults {
        Some(plan) => {
            tape.with_faults(plan, arguments.fault_seed).context("cannot read a recording")?
        }
        None => tape,
    };
    let source = RecordingSource::new(Recording {
        player: tape,
        speed: arguments.speed,
        instruments: instruments.clone(),
        verify_top: arguments.verify_top,
        clock: clock.clone(),
    });
    let completed = session::run(
        SessionPlan {
            command: "replay",
            market: MarketSource::Recorded,
            market_seed: None,
            loaded: &loaded,
            data_dir: arguments.data_dir.clone(),
            database: None,
            instruments,
            pace: Pace::Data,
            account: Account::Fresh,
            listener: None,
            deadline: None,
            show_status: !session.json,
            feed: Arc::new(FeedBoard::default()),
            clock,
        },
        source,
    )?;
    let (completed, source) = completed.split();
    let played = source.finish();
    let summary = wrap_up::summary(
        &completed,
        wrap_up::Context {
            command: "replay",
            market: MarketSource::Recorded,
            seed: None,
            layout: layout_name(&loaded).to_owned(),
            config: &loaded.config,
            feed: played.health.counters,
            data_dir: arguments.data_dir.as_deref(),
            notes: notes(&loaded.config, &played, completed.engine.instruments()),
            faults: faults.map(|_| fault_check(&played)),
            verify_top: played.verify_top,
        },
    );
    if let Some(error) = played.failure {
        return Err(Failure::Failed(error.into()));
    }
    if completed.interrupted {
        return Err(Failure::Interrupted);
    }
    wrap_up::finish(&summary, session.json)
}

/// The instruments of a set of recordings, in their order, and what each is about.
pub(super) fn instruments(
    config: &Config,
    captures: &[impl AsRef<Path>],
) -> Result<(Instruments, Vec<CaptureFacts>), Failure> {
    let mut specs: Vec<domain::instrument::InstrumentSpec> = Vec::new();
    let mut all_facts = Vec::new();
    for path in captures {
        let facts = CaptureFacts::read(path.as_ref()).map_err(anyhow::Error::from)?;
        let spec = venue::recorded_instrument(config, &facts).ok_or_else(|| {
            Failure::Usage(format!(
                "error: {}: the tick and lot size of {} ({}) are not known; \
                 add it to [[instruments]] in the configuration",
                path.as_ref().display(),
                facts.symbol,
                domain::record::market_name(facts.market),
            ))
        })?;
        let same = |one: &domain::instrument::InstrumentSpec| {
            (one.market, &one.symbol) == (spec.market, &spec.symbol)
        };
        if !specs.iter().any(same) {
            specs.push(spec);
        }
        all_facts.push(facts);
    }
    let instruments = Instruments::new(specs).map_err(anyhow::Error::from)?;
    Ok((instruments, all_facts))
}

/// A player over recordings of these instruments.
pub(super) fn player(
    config: &Config,
    instruments: &Instruments,
    facts: &[CaptureFacts],
    captures: &[impl AsRef<Path>],
) -> Result<Player> {
    let feed = venue::feed(config, instruments);
    let track = |(facts, path): (&CaptureFacts, &_)| -> Result<Track> {
        let path: &Path = AsRef::<Path>::as_ref(path);
        let instrument = instruments
            .find(venues::binance::VENUE, facts.market, &facts.symbol)
            .context("a recording's instrument is not in the session")?
            .id();
        let connection = feed
            .connection_of(facts.market)
            .context("venue.binance.streams has no depth stream, which a replay needs")?;
        Ok(Track { path: path.to_owned(), instrument, connection })
    };
    let tracks = facts.iter().zip(captures).map(track).collect::<Result<_>>()?;
    Ok(Player::new(Box::new(feed), tracks)?)
}

/// The name of a configuration's thread layout.
pub(super) fn layout_name(loaded: &Loaded) -> &'static str {
    match loaded.config.strategy.performance.layout {
        Layout::Fused => "fused",
        Layout::Pipelined => "pipelined",
    }
}

fn fault_check(played: &PlayedRecording) -> FaultCheck {
    FaultCheck {
        injected_gaps: played.faults.gaps,
        injected_duplicates: played.faults.duplicates,
        detected_gaps: played.health.counters.sequence_gaps,
        resyncs: played.health.counters.resyncs,
    }
}

/// Books that could not be brought back, and recordings in which nothing was traded.
fn notes(config: &Config, played: &PlayedRecording, instruments: &Instruments) -> Vec<String> {
    let lost = played.health.instruments.iter();
    let lost = lost.filter(|one| one.book != venues::BookSync::Synced);
    let mut notes: Vec<_> = lost
        .map(|one| {
            format!(
                "the book of {} was not in sync at the end: the recording holds no snapshot \
                 after the last gap",
                instruments.get(one.instrument)
            )
        })
        .collect();
    if session::traded(config, instruments).is_empty() {
        let names: Vec<_> = instruments.iter().map(ToString::to_string).collect();
        notes.push(format!(
            "nothing was traded: none of strategy.symbols can be traded in this recording of {}",
            names.join(", ")
        ));
    }
    notes
}
