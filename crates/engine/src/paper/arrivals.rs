//! Requests on their way to the pretend exchange.

use std::collections::VecDeque;

use domain::{Span, Timestamp};

use crate::Command;

/// Requests in flight, in order of arrival: all of them travel equally long.
#[derive(Debug)]
pub(super) struct Arrivals {
    latency: Span,
    queue: VecDeque<(Timestamp, Command)>,
}

impl Arrivals {
    pub(super) const fn new(latency: Span) -> Self {
        Self { latency, queue: VecDeque::new() }
    }

    /// Sends a request. Requests never overtake each other, also where `now` goes back.
    pub(super) fn send(&mut self, command: Command, now: Timestamp) {
        let last = self.queue.back().map_or(Timestamp::EPOCH, |(arrival, _)| *arrival);
        self.queue.push_back(((now + self.latency).max(last), command));
    }

    /// The next request that has arrived by `now`.
    pub(super) fn next(&mut self, now: Timestamp) -> Option<Command> {
        self.queue.pop_front_if(|(arrival, _)| *arrival <= now).map(|(_, command)| command)
    }

    /// When the next request arrives.
    pub(super) fn earliest(&self) -> Option<Timestamp> {
        self.queue.front().map(|(arrival, _)| *arrival)
    }
}
