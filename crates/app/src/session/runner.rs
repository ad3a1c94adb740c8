//! Runs a session: opens files, starts threads, waits for the end, sums up.

use std::{
    path::PathBuf,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow};
use domain::{
    Instruments, Money, RunNumber,
    record::{MarketSource, SessionEnded, SessionStarted},
};
use engine::{Engine, OpeningAccount};
use runtime::{
    Clock, EndReason, Finished, InlineExecution, LoopConfig, LoopParts, MEASURE_EVERY, Pace,
    Source, TradingLoop, Vitals, WallClock,
    control::control_channel,
    pipeline::{self, PipelineConfig},
};
use storage::{Recovered, StorageGauges, Store, StoreConfig};

use super::{
    ControlPlane, ControlPlaneParts, ControlToken, FeedBoard, KillSwitch, Observatory,
    SessionFacts, journal::SessionJournal, opening, parts,
};
use crate::{
    config::{self, Layout, Loaded},
    http::Desk,
    report::status::StatusLine,
};

/// How long the database may take to catch up at the end of a session.
const DATABASE_PATIENCE: Duration = Duration::from_secs(2);

/// Whether a session goes on with the positions of the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// It starts with cash and nothing else.
    Fresh,
    /// It goes on where the data directory's last session ended.
    Continued,
}

/// What kind of session.
pub struct SessionPlan<'a> {
    /// The command, for banners and records.
    pub command: &'static str,
    /// Where the market comes from.
    pub market: MarketSource,
    /// Seed of a simulated market.
    pub market_seed: Option<u64>,
    /// The configuration.
    pub loaded: &'a Loaded,
    /// Where journal and database go; `None` to write nothing.
    pub data_dir: Option<PathBuf>,
    /// The database; `None` for the one in the data directory.
    pub database: Option<PathBuf>,
    /// The instruments, traded and observed.
    pub instruments: Instruments,
    /// Whose time it is.
    pub pace: Pace,
    /// Where positions come from.
    pub account: Account,
    /// The listener for health and metrics.
    pub listener: Option<std::net::TcpListener>,
    /// When to stop by itself.
    pub deadline: Option<Duration>,
    /// Whether progress is shown.
    pub show_status: bool,
    /// Where the source leaves its state.
    pub feed: Arc<FeedBoard>,
    /// The clock that the source uses too.
    pub clock: WallClock,
}

/// What a session leaves behind.
pub struct Completed<S> {
    /// The source with its counters.
    pub source: S,
    /// The engine with its accounts.
    pub engine: Engine,
    /// The last record.
    pub ended: SessionEnded,
    /// Why it ended.
    pub reason: EndReason,
    /// Whether a signal asked for the end.
    pub interrupted: bool,
    /// Wall time of trading.
    pub elapsed: Duration,
    /// Latency and other vital signs.
    pub vitals: Arc<Vitals>,
    /// Which start in the data directory.
    pub run: RunNumber,
    /// Things a reader should know.
    pub notes: Vec<String>,
    /// Where the database is.
    pub database: Option<PathBuf>,
    /// Whether it could not be written any more.
    pub database_failed: bool,
}

impl<S> Completed<S> {
    /// Takes the source out.
    #[must_use]
    pub fn split(self) -> (Completed<()>, S) {
        let Self { source, engine, ended, reason, interrupted, elapsed, vitals, run, .. } = self;
        let (notes, database, database_failed) = (self.notes, self.database, self.database_failed);
        let rest = Completed {
            source: (),
            engine,
            ended,
            reason,
            interrupted,
            elapsed,
            vitals,
            run,
            notes,
            database,
            database_failed,
        };
        (rest, source)
    }
}

/// Runs `source` through the engine until one of them, the deadline or a person ends it.
///
/// # Errors
/// When a file cannot be opened or written, a part does not fit the configuration, or a
/// thread fails.
pub fn run<S: Source>(plan: SessionPlan<'_>, source: S) -> Result<Completed<S>> {
    let config = &plan.loaded.config;
    let wait = parts::wait_strategy(config)?;
    let mut notes = Vec::new();
    let opened =
        plan.data_dir.as_ref().map(|dir| open_store(&plan, dir, &mut notes)).transpose()?;
    let run = opened.as_ref().map_or(RunNumber::FIRST, |(_, recovered)| recovered.next_run);
    let kill_switch = plan.data_dir.as_deref().map(KillSwitch::of);
    let opening = opening::account(&plan, opened.as_ref().map(|(_, recovered)| recovered))?;
    let opening = OpeningAccount {
        kill_switch: kill_switch.as_ref().is_some_and(KillSwitch::is_thrown),
        ..opening
    };
    if opening.kill_switch {
        notes
            .push("the kill switch is thrown: nothing is traded until `algopioneer resume`".into());
    }
    let started = session_record(&plan, run, opening.cash);
    let broker = parts::paper_broker(config, run, &plan.instruments, &opening)?;
    let engine = parts::engine(config, run, plan.instruments.clone(), opening)?;
    let (store, journal) = match opened {
        Some((mut store, recovered)) => {
            let started_at = started.time;
            let mut journal = store.start(started)?;
            opening::forget_orders(&recovered, started_at, &mut journal);
            (Some(store), SessionJournal::Kept(Box::new(journal)))
        }
        None => (None, SessionJournal::Nowhere),
    };
    let gauges = store.as_ref().map(Store::gauges);
    let vitals = Arc::new(Vitals::for_instruments(plan.instruments.len()));
    let (control, mailbox) = control_channel();
    let observatory = observatory(&plan, run, &vitals, gauges, kill_switch.clone());
    let token = plan.data_dir.as_deref().map(ControlToken::load_or_create).transpose();
    let token = token.context("cannot keep the control token")?;
    let desk = Desk {
        observatory: Arc::clone(&observatory),
        control: control.clone(),
        kill_switch: kill_switch.clone(),
        token,
    };
    let control_plane = ControlPlane::start(ControlPlaneParts {
        observatory,
        desk: plan.listener.map(|listener| (listener, desk)),
        control,
        kill_switch: kill_switch.clone(),
        deadline: plan.deadline,
        status: plan.show_status.then(|| StatusLine::new(plan.deadline)),
    })?;
    let started_at = Instant::now();
    let loop_parts = LoopParts {
        source,
        engine,
        execution: broker,
        journal,
        clock: plan.clock,
        vitals: Arc::clone(&vitals),
        mailbox,
        config: LoopConfig {
            pace: plan.pace,
            wait,
            stop_policy: parts::stop_policy(config),
            measure_every: MEASURE_EVERY,
        },
    };
    let finished = trade(loop_parts, config)?;
    let elapsed = started_at.elapsed();
    let interrupted = control_plane.finish();
    if let Some(switch) = kill_switch
        && finished.engine.kill_switch()
        && !switch.is_thrown()
    {
        // The engine stops itself when its accounts cannot be trusted; that must survive too.
        switch.throw("Thrown by the engine: see the log of its last session.")?;
        notes.push("the engine threw the kill switch itself; see the log".into());
    }
    drop(finished.journal);
    let closed = store.map_or_else(Closed::default, |store| close_store(store, &mut notes));
    Ok(Completed {
        source: finished.source,
        engine: finished.engine,
        ended: finished.ended,
        reason: if closed.journal_failed { EndReason::JournalFailed } else { finished.reason },
        interrupted,
        elapsed,
        vitals,
        run,
        notes,
        database: closed.database,
        database_failed: closed.database_failed,
    })
}

/// Runs the loop in the configured layout.
fn trade<S: Source>(
    parts: LoopParts<S, engine::paper::PaperBroker, SessionJournal, WallClock>,
    config: &config::Config,
) -> Result<Finished<S, (), SessionJournal>> {
    let performance = &config.strategy.performance;
    let pipeline = PipelineConfig {
        market_channel_size: performance.market_channel_size,
        order_channel_size: performance.order_channel_size,
        report_latency: config.paper.report_latency,
    };
    if performance.layout == Layout::Pipelined {
        return Ok(pipeline::run(parts, pipeline)?);
    }
    let parts = parts.map_execution(InlineExecution::new);
    let done = thread::scope(|scope| {
        let hot = thread::Builder::new()
            .name("trading".into())
            .spawn_scoped(scope, || TradingLoop::new(parts).run())
            .context("cannot start the trading thread")?;
        hot.join().map_err(|_| anyhow!("the trading thread panicked; see the message above"))
    })?;
    Ok(done.without_execution())
}

fn open_store(
    plan: &SessionPlan<'_>,
    data_dir: &std::path::Path,
    notes: &mut Vec<String>,
) -> Result<(Store, Recovered)> {
    let persistence = &plan.loaded.config.strategy.persistence;
    let defaults = StoreConfig::new(data_dir);
    let (store, recovered) = Store::open(StoreConfig {
        database_path: plan.database.clone().or_else(|| defaults.database_path.clone()),
        durability: match persistence.durability {
            config::Durability::Buffered => storage::Durability::Buffered,
            config::Durability::Grouped => storage::Durability::Grouped,
            config::Durability::Durable => storage::Durability::Durable,
        },
        batch_size: persistence.batch_size,
        persist_channel_size: plan.loaded.config.strategy.performance.persist_channel_size,
        ..defaults
    })?;
    if let Some(torn) = &recovered.torn {
        notes.push(format!(
            "the last run ended in the middle of a record: {} bytes after record {} were cut off",
            torn.bytes,
            torn.sequence.saturating_sub(1)
        ));
    }
    Ok((store, recovered))
}

/// How the storage of a session ended.
#[derive(Default)]
struct Closed {
    database: Option<PathBuf>,
    database_failed: bool,
    journal_failed: bool,
}

/// Writes the journal out and gives the database a moment to follow. What went wrong is
/// noted: the session has a summary all the same.
fn close_store(store: Store, notes: &mut Vec<String>) -> Closed {
    let closed = match store.finish(DATABASE_PATIENCE) {
        Ok(closed) => closed,
        Err(error) => {
            notes.push(error.to_string());
            return Closed { journal_failed: true, ..Closed::default() };
        }
    };
    let Some(database) = closed.database else { return Closed::default() };
    if let Some(error) = &database.error {
        notes.push(format!("{error}; the journal is complete, `algopioneer rebuild` repairs"));
    } else if database.lag > 0 {
        notes.push(format!(
            "the database is {} records behind the journal; the next start or \
             `algopioneer rebuild` catches up",
            database.lag
        ));
    }
    let database_failed = database.error.is_some();
    Closed { database: Some(database.path), database_failed, journal_failed: false }
}

fn session_record(plan: &SessionPlan<'_>, run: RunNumber, opening_cash: Money) -> SessionStarted {
    let config = &plan.loaded.config;
    let hash = plan.loaded.sha256();
    SessionStarted {
        run,
        time: plan.clock.now(),
        command: plan.command.into(),
        source: plan.market,
        seed: plan.market_seed.unwrap_or(config.paper.seed),
        build: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).into(),
        config_sha256: hex::encode(hash),
        config: plan.loaded.show(config::Origins::Hidden),
        instruments: plan.instruments.iter().map(|one| one.spec().clone()).collect(),
        strategies: vec![config.strategy.strategy_id.clone()],
        continued: plan.account == Account::Continued && run != RunNumber::FIRST,
        opening_cash,
    }
}

fn observatory(
    plan: &SessionPlan<'_>,
    run: RunNumber,
    vitals: &Arc<Vitals>,
    gauges: Option<StorageGauges>,
    kill_switch: Option<KillSwitch>,
) -> Arc<Observatory> {
    let facts = SessionFacts {
        command: plan.command,
        mode: "paper",
        market: plan.market,
        seed: plan.market_seed,
        run: run.get(),
        version: env!("CARGO_PKG_VERSION"),
    };
    let (instruments, feed) = (plan.instruments.clone(), Arc::clone(&plan.feed));
    let vitals = Arc::clone(vitals);
    Arc::new(Observatory::new(facts, instruments, vitals, feed, gauges, kill_switch))
}
