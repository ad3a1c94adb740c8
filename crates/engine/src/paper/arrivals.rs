//! Requests on their way to the pretend exchange.

use std::collections::VecDeque;

use domain::{InstrumentId, NewOrder, Span, Timestamp};

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

    /// Takes out the orders of an instrument, in order; what withdraws orders stays.
    pub(super) fn take_orders(&mut self, id: InstrumentId) -> Vec<NewOrder> {
        let mut taken = Vec::new();
        self.queue.retain(|(_, command)| match command {
            Command::Place(order) if order.instrument == id => {
                taken.push(order.get());
                false
            }
            Command::Place(_) | Command::Cancel { .. } => true,
        });
        taken
    }

    /// When the next request arrives.
    #[inline]
    pub(super) fn earliest(&self) -> Option<Timestamp> {
        self.queue.front().map(|(arrival, _)| *arrival)
    }
}
