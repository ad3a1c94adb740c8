//! What was measured, as a table and as JSON.

use std::{fmt, time::Duration};

use runtime::{HistogramView, Vitals};
use serde::Serialize;

use super::machine::Machine;
use crate::{
    cli::{LayoutArg, Rate},
    report::summary::latency,
};

/// All measurements of one call.
#[derive(Serialize)]
pub(super) struct Report {
    pub(super) machine: Machine,
    pub(super) frames: String,
    pub(super) measurements: Vec<Measurement>,
}

/// One rate and layout.
#[derive(Serialize)]
pub(super) struct Measurement {
    /// Frames a second that were offered; `None` for as many as possible.
    offered_per_second: Option<u32>,
    layout: &'static str,
    frames: usize,
    /// Frames a second that were worked on.
    achieved_per_second: u64,
    orders: u64,
    /// From scheduled arrival to decision, every event.
    tick_to_decision_ns: HistogramView,
    /// From scheduled arrival to order, every order.
    tick_to_order_ns: HistogramView,
    /// Of that, until the event was decoded.
    decode_ns: HistogramView,
    /// Of that, book, features, signal, risk and order.
    decide_ns: HistogramView,
    /// The same schedule with nothing to do.
    empty_loop_ns: HistogramView,
}

impl Measurement {
    pub(super) fn new(
        rate: Rate,
        layout: LayoutArg,
        frames: usize,
        elapsed: Duration,
        orders: u64,
        vitals: &Vitals,
        empty_loop_ns: HistogramView,
    ) -> Self {
        let nanos = elapsed.as_nanos().max(1);
        let achieved = frames as u128 * 1_000_000_000 / nanos;
        Self {
            offered_per_second: match rate {
                Rate::PerSecond(rate) => Some(rate),
                Rate::Max => None,
            },
            layout: match layout {
                LayoutArg::Fused => "fused",
                LayoutArg::Pipelined => "pipelined",
            },
            frames,
            achieved_per_second: u64::try_from(achieved).unwrap_or(u64::MAX),
            orders,
            tick_to_decision_ns: vitals.tick_to_decision.view(),
            tick_to_order_ns: vitals.tick_to_trade.view(),
            decode_ns: vitals.decode.view(),
            decide_ns: vitals.decide.view(),
            empty_loop_ns,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for one in &self.measurements {
            let offered = one.offered_per_second.map_or("max".into(), |rate| rate.to_string());
            writeln!(
                f,
                "{offered} frames/s, {} ({} worked on a second, {} orders)",
                one.layout, one.achieved_per_second, one.orders
            )?;
            writeln!(
                f,
                "  {:<18} {:>10} {:>10} {:>10} {:>10} {:>10}",
                "", "p50", "p99", "p99.9", "max", "count"
            )?;
            row(f, "tick to decision", &one.tick_to_decision_ns)?;
            row(f, "tick to order", &one.tick_to_order_ns)?;
            row(f, "  decode", &one.decode_ns)?;
            row(f, "  decide", &one.decide_ns)?;
            row(f, "empty loop", &one.empty_loop_ns)?;
            writeln!(f)?;
        }
        Ok(())
    }
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, view: &HistogramView) -> fmt::Result {
    writeln!(
        f,
        "  {name:<18} {:>10} {:>10} {:>10} {:>10} {:>10}",
        latency(view.p50),
        latency(view.p99),
        latency(view.p999),
        latency(view.max),
        view.count
    )
}
