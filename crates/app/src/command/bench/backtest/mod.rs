//! `bench backtest`: how fast a back-test goes, on the cases of `benches/peers`.
//!
//! What is timed is the whole replay: engine, risk gate, exchange, accounts and the list of what was
//! traded. Reading the columns is not. The list is compared with those of published back-testers
//! before anybody looks at the time.

mod cases;
mod columns;
mod strategies;

use std::{fmt::Write as _, fs, time::Instant};

use anyhow::{Context as _, Result, ensure};
use domain::{Event, Fill, MarketEvent, Record, RecordSink, ReportKind, Side, Stamped, Timestamp};
use engine::Engine;
use nix::sys::resource::{UsageWho, getrusage};
use research::{Flow, Replay, Witness};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use self::{
    cases::{CaseKind, Prepared},
    columns::CaseFolder,
};
use super::super::Failure;
use crate::{cli::BacktestBenchArgs, output, report::memory::Memory};

/// What is printed.
#[derive(Debug, Serialize)]
struct Report {
    case: String,
    events: usize,
    /// Of each run, without the one to warm up.
    elapsed_ms: Vec<f64>,
    cpu_ms: Vec<f64>,
    warm_up_ms: f64,
    load_ms: f64,
    orders: u64,
    fills: u64,
    trades: u64,
    peak_rss_bytes: u64,
    list_sha256: String,
}

pub(in crate::command) fn execute(arguments: &BacktestBenchArgs) -> Result<(), Failure> {
    let began = Instant::now();
    let folder = CaseFolder::open(&arguments.data)?;
    if let Some(case) = &arguments.case
        && *case != folder.case.case
    {
        let (found, path) = (&folder.case.case, arguments.data.display());
        return Err(Failure::Usage(format!("error: {path} holds the case {found}, not {case}")));
    }
    let prepared = Prepared::load(folder)?;
    let load_ms = millis(began);
    let first = run(&prepared)?;
    let mut report = Report {
        case: prepared.folder.case.case.clone(),
        events: prepared.folder.case.events,
        elapsed_ms: Vec::new(),
        cpu_ms: Vec::new(),
        warm_up_ms: first.elapsed_ms,
        load_ms,
        orders: first.orders,
        fills: first.fills,
        trades: first.trades,
        peak_rss_bytes: 0,
        list_sha256: hex::encode(Sha256::digest(&first.list)),
    };
    for _ in 0..arguments.runs {
        let next = run(&prepared)?;
        same(&first.list, &next.list)?;
        report.elapsed_ms.push(next.elapsed_ms);
        report.cpu_ms.push(next.cpu_ms);
    }
    report.peak_rss_bytes = Memory::now().peak;
    if let Some(path) = &arguments.list {
        fs::write(path, &first.list)
            .with_context(|| format!("cannot write the list to {}", path.display()))?;
    }
    if arguments.json {
        let line = serde_json::to_string(&report).context("a report is plain data")?;
        return Ok(output::text(&format!("{line}\n"))?);
    }
    Ok(output::text(&text(&report))?)
}

fn same(first: &str, next: &str) -> Result<()> {
    ensure!(first == next, "two runs over the same data traded differently: this is a defect");
    Ok(())
}

struct Run {
    elapsed_ms: f64,
    cpu_ms: f64,
    orders: u64,
    fills: u64,
    trades: u64,
    list: String,
}

fn run(prepared: &Prepared) -> Result<Run> {
    let (engine, broker) = prepared.parts()?;
    let replay = Replay::new(engine, broker, prepared.silence());
    let mut history = prepared.history();
    let mut ledger = Ledger { by_bar: prepared.kind == CaseKind::Bars, ..Ledger::default() };
    let (began, cpu) = (Instant::now(), cpu_ms()?);
    let finished = replay.run(&mut history, &mut ledger, &mut |_| Flow::Continue)?;
    let (elapsed_ms, cpu_ms) = (millis(began), cpu_ms()? - cpu);
    ensure!(finished.broker.problems().is_empty(), "{:?}", finished.broker.problems());
    ensure!(finished.engine.counters().alarms == 0, "the engine raised alarms");
    let counters = finished.engine.counters();
    ensure!(counters.rejected_total() == 0, "orders were refused: {:?}", counters.rejected);
    Ok(Run {
        elapsed_ms,
        cpu_ms,
        orders: finished.ended.orders,
        fills: finished.ended.fills,
        trades: finished.engine.performance().trades.count,
        list: ledger.list,
    })
}

/// Writes the list down while the replay runs.
#[derive(Default)]
struct Ledger {
    by_bar: bool,
    bars: u64,
    entry: Option<u64>,
    list: String,
}

impl Ledger {
    #[inline]
    fn see(&mut self, input: &Stamped<'_>) {
        if let Event::Report(report) = &input.event
            && let ReportKind::Filled(fill) = &report.kind
        {
            self.fill(fill);
        }
    }

    fn fill(&mut self, fill: &Fill) {
        if !self.by_bar {
            let (time, side) = (fill.time.as_nanos(), fill.side);
            let (price, quantity) = (fill.price.get(), fill.quantity.get());
            let _ = writeln!(self.list, "{time},{side},{price},{quantity}");
        } else if fill.side == Side::Buy {
            self.entry = Some(self.bars);
        } else if let Some(entry) = self.entry.take() {
            let _ = writeln!(self.list, "{entry},{}", self.bars);
        }
    }
}

impl RecordSink for Ledger {
    #[inline]
    fn record(&mut self, record: &Record<'_>) {
        if let Record::Input(input) = record {
            self.see(input);
        }
    }
}

impl Witness for Ledger {
    #[inline]
    fn input(&mut self, input: Stamped<'_>) {
        self.see(&input);
    }

    #[inline]
    fn after(&mut self, _time: Timestamp, _event: &MarketEvent<'_>, _engine: &Engine) {
        self.bars += 1;
    }
}

fn millis(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e3
}

/// Processor time of this process so far.
fn cpu_ms() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF).context("the system tells no processor time")?;
    let of = |time: nix::sys::time::TimeVal| {
        std::time::Duration::new(
            u64::try_from(time.tv_sec()).unwrap_or(0),
            u32::try_from(time.tv_usec()).unwrap_or(0) * 1_000,
        )
    };
    Ok((of(usage.user_time()) + of(usage.system_time())).as_secs_f64() * 1e3)
}

fn text(report: &Report) -> String {
    let mut sorted = report.elapsed_ms.clone();
    sorted.sort_by(f64::total_cmp);
    let median = sorted.get(sorted.len() / 2).copied().unwrap_or(report.warm_up_ms);
    #[expect(clippy::cast_precision_loss, reason = "counts of events")]
    let each = median * 1e6 / report.events as f64;
    format!(
        "case      {}, {} events\n\
         median    {median:.1} ms of {} runs, {each:.1} ns an event\n\
         orders    {}, {} fills, {} round trips\n\
         list      sha256 {}\n",
        report.case,
        report.events,
        report.elapsed_ms.len(),
        report.orders,
        report.fills,
        report.trades,
        report.list_sha256
    )
}
