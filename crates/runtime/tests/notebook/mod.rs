//! A journal in memory, and the fused loop that writes it.

#![allow(clippy::unwrap_used, reason = "test support")]

use std::sync::{Arc, Mutex};

use domain::{Fill, Record, RecordSink, ReportKind};
use engine::paper::PaperBroker;
use runtime::{Finished, InlineExecution, Journal, LoopParts, TradingLoop, WallClock};

use crate::scripted::TapeSource;

/// Keeps every record as text, and every fill. Clones share one book.
#[derive(Clone, Default)]
pub(crate) struct Notebook {
    records: Arc<Mutex<Vec<String>>>,
    fills: Arc<Mutex<Vec<Fill>>>,
}

impl Notebook {
    pub(crate) fn notes(&self) -> Vec<String> {
        self.records.lock().unwrap().clone()
    }

    #[allow(dead_code, reason = "only some tests look at fills")]
    pub(crate) fn fills(&self) -> Vec<Fill> {
        self.fills.lock().unwrap().clone()
    }
}

impl RecordSink for Notebook {
    fn record(&mut self, record: &Record<'_>) {
        if let Record::Input(stamped) = record
            && let domain::Event::Report(report) = &stamped.event
            && let ReportKind::Filled(fill) = report.kind
        {
            self.fills.lock().unwrap().push(fill);
        }
        self.records.lock().unwrap().push(format!("{record:?}"));
    }
}

impl Journal for Notebook {
    fn utilization(&self) -> f64 {
        0.0
    }

    fn handed_over(&self) -> u64 {
        self.records.lock().unwrap().len() as u64
    }

    fn failed(&self) -> bool {
        false
    }

    fn secure_orders(&mut self) -> bool {
        true
    }
}

pub(crate) type Parts = LoopParts<TapeSource, PaperBroker, Notebook, WallClock>;

/// Runs everything in one thread.
pub(crate) fn fused(parts: Parts) -> Finished<TapeSource, InlineExecution, Notebook> {
    TradingLoop::new(parts.map_execution(InlineExecution::new)).run()
}
