//! From a completed session to its summary and its exit code.

use std::{collections::BTreeMap, path::Path};

use domain::{Instruments, record::MarketSource};
use engine::{Engine, snapshot::PositionSnapshot};
use runtime::EndReason;
use rust_decimal::Decimal;
use venues::FeedCounters;

use super::Failure;
use crate::{
    config::Config,
    output,
    report::{
        memory::Memory,
        summary::{Ending, FaultCheck, Files, PositionLine, Summary, TopCheck},
    },
    session::{self, Completed},
};

/// What only the caller knows about a session.
pub(super) struct Context<'a> {
    pub(super) command: &'static str,
    pub(super) market: MarketSource,
    pub(super) seed: Option<u64>,
    pub(super) layout: String,
    pub(super) config: &'a Config,
    pub(super) feed: FeedCounters,
    pub(super) data_dir: Option<&'a Path>,
    pub(super) verify_top: Option<TopCheck>,
    pub(super) faults: Option<FaultCheck>,
    pub(super) notes: Vec<String>,
}

/// Sums a session up.
pub(super) fn summary<S>(completed: &Completed<S>, context: Context<'_>) -> Summary {
    let engine = &completed.engine;
    let snapshot = engine.snapshot();
    let counters = engine.counters();
    let elapsed_ms = u64::try_from(completed.elapsed.as_millis()).unwrap_or(u64::MAX);
    let names = |counts: &mut dyn Iterator<Item = (&'static str, u64)>| -> BTreeMap<String, u64> {
        counts.map(|(name, count)| (name.to_owned(), count)).collect()
    };
    let mut notes = completed.notes.clone();
    notes.extend(context.notes);
    if counters.alarms > 0 {
        notes.push(format!(
            "{} alarms: something happened that must not; see the log",
            counters.alarms
        ));
    }
    Summary {
        market: context.market,
        seed: context.seed,
        command: context.command.into(),
        strategy: context.config.strategy.kind.clone(),
        bars: session::bars_rule(context.config).map(|rule| rule.to_string()),
        product: None,
        ended: ending(completed),
        run: completed.run.get(),
        layout: context.layout,
        frames: context.feed.frames,
        parse_errors: context.feed.parse_errors,
        sequence_gaps: context.feed.sequence_gaps,
        resyncs: context.feed.resyncs,
        book_updates: counters.book_updates,
        trades: counters.trades,
        signals: counters.signals,
        suppressed: names(&mut counters.suppressed()),
        orders: counters.orders,
        rejected: names(&mut counters.rejected()),
        fills: counters.fills,
        position: net_position(engine),
        positions: positions(engine.instruments(), snapshot.positions),
        cash: snapshot.cash.to_string(),
        fees: snapshot.fees.to_string(),
        realized_pnl: snapshot.realized_pnl.to_string(),
        unrealized_pnl: snapshot.unrealized_pnl.to_string(),
        performance: engine.performance(),
        commands_sha256: completed.ended.commands_sha256.clone(),
        elapsed_ms,
        frames_per_second: per_second(context.feed.frames, completed.elapsed),
        tick_to_trade_ns: completed.vitals.tick_to_trade.view(),
        peak_rss_bytes: Memory::now().peak,
        verify_top: context.verify_top,
        faults: context.faults,
        notes,
        files: Files {
            data_dir: context.data_dir.map(Path::to_owned),
            journal: context.data_dir.map(|dir| dir.join("journal")),
            database: completed.database.clone(),
        },
    }
}

/// Prints the summary and turns what went wrong into a failure.
pub(super) fn finish(summary: &Summary, json: bool) -> Result<(), Failure> {
    if json {
        output::json(summary)?;
    } else {
        output::text(&summary.to_string())?;
    }
    let differs = summary.verify_top.as_ref().is_some_and(|check| check.equal < check.compared);
    match summary.ended {
        Ending::JournalFailed | Ending::DatabaseFailed => {
            let why = summary.notes.join("; ");
            Err(Failure::Failed(anyhow::anyhow!("the session could not be written down: {why}")))
        }
        _ if differs => Err(Failure::Wanting),
        _ => Ok(()),
    }
}

const fn ending<S>(completed: &Completed<S>) -> Ending {
    match (completed.reason, completed.interrupted) {
        (EndReason::JournalFailed, _) => Ending::JournalFailed,
        _ if completed.database_failed => Ending::DatabaseFailed,
        (_, true) => Ending::Interrupted,
        (EndReason::SourceFinished, false) => Ending::EndOfData,
        (EndReason::Stopped, false) => Ending::TimeUp,
    }
}

fn per_second(count: u64, elapsed: std::time::Duration) -> u64 {
    let nanos = elapsed.as_nanos().max(1);
    u64::try_from(u128::from(count) * 1_000_000_000 / nanos).unwrap_or(u64::MAX)
}

/// The sum over all instruments by base asset.
fn net_position(engine: &Engine) -> String {
    let mut sums: BTreeMap<&str, Decimal> = BTreeMap::new();
    for instrument in engine.instruments().iter() {
        let quantity = engine.portfolio().net(instrument.id());
        if !quantity.is_zero() {
            *sums.entry(&instrument.spec().base).or_default() += instrument.net_quantity(quantity);
        }
    }
    match sums.len() {
        0 => "0".into(),
        1 => sums.into_values().map(|sum| sum.normalize().to_string()).collect(),
        _ => {
            let named = sums.iter().map(|(base, sum)| format!("{base} {}", sum.normalize()));
            named.collect::<Vec<_>>().join(", ")
        }
    }
}

fn positions(instruments: &Instruments, held: Vec<PositionSnapshot>) -> Vec<PositionLine> {
    let line = |one: PositionSnapshot| PositionLine {
        instrument: short_name(instruments, &one.instrument),
        strategy: one.strategy,
        position: one.quantity,
        realized_pnl: one.realized_pnl.to_string(),
        unrealized_pnl: Some(one.unrealized_pnl.to_string()),
        fees: one.fees.to_string(),
    };
    held.into_iter().map(line).collect()
}

/// `usdm:BTCUSDT` for `binance:linear_perpetual:BTCUSDT`, as in the configuration.
fn short_name(instruments: &Instruments, full: &str) -> String {
    let found = instruments.iter().find(|one| one.to_string() == full);
    found.map_or_else(
        || full.to_owned(),
        |one| format!("{}:{}", domain::record::market_name(one.spec().market), one.symbol()),
    )
}
