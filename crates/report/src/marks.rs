//! Tells fills that built a position up from those that took it down.

use std::collections::BTreeMap;

use domain::{InstrumentId, StrategyId};
use engine::performance::RoundTrip;
use research::{Outcome, outcome::Marker};

/// A fill with its part in a round trip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark<'a> {
    pub(crate) fill: &'a Marker,
    pub(crate) part: Part,
}

/// What a fill did to a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Built it up; also a fill that turned it around.
    Entry,
    /// Took it down.
    Exit,
}

/// All fills of the outcome, in order of time.
///
/// A fill that lies within a round trip of its own side built it up. A fill outside of any known
/// round trip (the lists are bounded) counts as an entry.
pub(crate) fn all(outcome: &Outcome) -> Vec<Mark<'_>> {
    let mut trips: BTreeMap<(StrategyId, InstrumentId), Vec<&RoundTrip>> = BTreeMap::new();
    for trip in outcome.round_trips.iter().chain(&outcome.open_trips) {
        trips.entry((trip.strategy, trip.instrument)).or_default().push(trip);
    }
    for own in trips.values_mut() {
        own.sort_by_key(|trip| trip.opened);
    }
    let mark = |fill| {
        let own = trips.get(&(fill_owner(fill))).map_or(&[][..], Vec::as_slice);
        Mark { fill, part: part_of(fill, own) }
    };
    outcome.markers.iter().map(mark).collect()
}

fn fill_owner(fill: &Marker) -> (StrategyId, InstrumentId) {
    (fill.strategy, fill.instrument)
}

fn part_of(fill: &Marker, trips: &[&RoundTrip]) -> Part {
    // At most a few round trips share a moment, and none that opened later matters.
    let before = trips.partition_point(|trip| trip.opened <= fill.time);
    let holds = |trip: &&&RoundTrip| trip.closed.is_none_or(|closed| closed >= fill.time);
    let mut covering = trips[..before].iter().rev().take(16).filter(holds).peekable();
    if covering.peek().is_none() || covering.any(|trip| trip.side == fill.side) {
        Part::Entry
    } else {
        Part::Exit
    }
}
