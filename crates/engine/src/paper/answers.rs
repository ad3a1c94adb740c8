//! Answers on their way back from the pretend exchange.

use std::collections::VecDeque;

use domain::{AccountEvent, Event, OrderReport, Span, Timestamp};

/// Answers in flight, in order of (due, making): all of them travel equally long.
#[derive(Debug)]
pub(super) struct Answers {
    latency: Span,
    queue: VecDeque<(Timestamp, Answer)>,
}

/// What the exchange may say.
#[derive(Clone, Copy, Debug)]
enum Answer {
    Report(OrderReport),
    Account(AccountEvent),
}

impl Answers {
    pub(super) const fn new(latency: Span) -> Self {
        Self { latency, queue: VecDeque::new() }
    }

    pub(super) fn report(&mut self, report: OrderReport, now: Timestamp) {
        self.send(Answer::Report(report), now);
    }

    pub(super) fn account(&mut self, event: AccountEvent, now: Timestamp) {
        self.send(Answer::Account(event), now);
    }

    /// An answer is due one latency after it was made, or with the answer before it where that
    /// is later.
    fn send(&mut self, answer: Answer, now: Timestamp) {
        let last = self.queue.back().map_or(Timestamp::EPOCH, |(due, _)| *due);
        self.queue.push_back(((now + self.latency).max(last), answer));
    }

    /// The next answer that is due by then, and when it is due.
    pub(super) fn next(&mut self, due_by: Timestamp) -> Option<(Timestamp, Event<'static>)> {
        let (due, answer) = self.queue.pop_front_if(|(due, _)| *due <= due_by)?;
        let event = match answer {
            Answer::Report(report) => Event::Report(report),
            Answer::Account(event) => Event::Account(event),
        };
        Some((due, event))
    }

    /// When the next answer is due.
    #[inline]
    pub(super) fn earliest(&self) -> Option<Timestamp> {
        self.queue.front().map(|(due, _)| *due)
    }
}
