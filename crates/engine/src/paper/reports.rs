//! Reports on their way back from the pretend exchange.

use std::collections::VecDeque;

use domain::{OrderReport, Span, Timestamp};

/// Reports in flight, in order of (due, making): all of them travel equally long.
#[derive(Debug)]
pub(super) struct Reports {
    latency: Span,
    queue: VecDeque<(Timestamp, OrderReport)>,
}

impl Reports {
    pub(super) const fn new(latency: Span) -> Self {
        Self { latency, queue: VecDeque::new() }
    }

    /// Sends a report. It is due one latency after its own time, or with the report before it
    /// where that is later.
    pub(super) fn send(&mut self, report: OrderReport) {
        let last = self.queue.back().map_or(Timestamp::EPOCH, |(due, _)| *due);
        self.queue.push_back(((report.time + self.latency).max(last), report));
    }

    /// The next report that is due by then.
    pub(super) fn next(&mut self, due_by: Timestamp) -> Option<OrderReport> {
        self.queue.pop_front_if(|(due, _)| *due <= due_by).map(|(_, report)| report)
    }

    /// When the next report is due.
    pub(super) fn earliest(&self) -> Option<Timestamp> {
        self.queue.front().map(|(due, _)| *due)
    }
}
