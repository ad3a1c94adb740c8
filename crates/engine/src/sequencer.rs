//! Gives every input its number and its time.

use domain::{Event, Span, Stamped, Timestamp};

/// Time that passes without an event is announced in steps of this length.
pub const CLOCK_STEP: Span = Span::from_millis(10);
/// After this many silent steps the clock jumps; a recording may pause for a year.
const MAX_SILENT_STEPS: u32 = 100;

/// Numbers inputs from 1 and never lets time go back.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sequencer {
    last_sequence: u64,
    last_time: Timestamp,
}

impl Sequencer {
    /// Numbers one input.
    pub fn stamp<'a>(&mut self, time: Timestamp, event: Event<'a>) -> Stamped<'a> {
        let (sequence, time) = self.next(time);
        Stamped { sequence, time, event }
    }

    /// The number and the time of the next input, for whoever makes the stamp in its place.
    #[inline]
    pub fn next(&mut self, time: Timestamp) -> (u64, Timestamp) {
        self.last_sequence += 1;
        self.last_time = self.last_time.max(time);
        (self.last_sequence, self.last_time)
    }

    /// The number of the last input.
    #[must_use]
    pub const fn last_sequence(&self) -> u64 {
        self.last_sequence
    }

    /// The time of the last input.
    #[must_use]
    pub const fn last_time(&self) -> Timestamp {
        self.last_time
    }

    /// The times at which a `Clock` input is due before an input at `time`: every
    /// [`CLOCK_STEP`] of silence, at most a hundred of them.
    pub fn silent_steps(&self, time: Timestamp) -> impl Iterator<Item = Timestamp> + use<> {
        let start = self.last_time;
        let silent = if self.last_sequence == 0 { Span::ZERO } else { time.since(start) };
        let steps = (silent.as_nanos() - 1).max(0) / CLOCK_STEP.as_nanos();
        let steps = steps.min(i64::from(MAX_SILENT_STEPS));
        (1..=steps).map(move |step| start + Span::from_nanos(step * CLOCK_STEP.as_nanos()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn numbers_have_no_holes_and_time_never_goes_back() {
        let mut sequencer = Sequencer::default();
        let first = sequencer.stamp(at(20), Event::Clock);
        let second = sequencer.stamp(at(10), Event::Clock);
        assert_eq!((first.sequence, second.sequence), (1, 2));
        assert_eq!(second.time, at(20));
    }

    #[test]
    fn silence_is_announced_every_ten_milliseconds() {
        let mut sequencer = Sequencer::default();
        assert_eq!(sequencer.silent_steps(at(1_000_000)).count(), 0, "nothing before the start");
        sequencer.stamp(at(100), Event::Clock);
        assert_eq!(sequencer.silent_steps(at(110)).count(), 0);
        assert_eq!(
            sequencer.silent_steps(at(131)).collect::<Vec<_>>(),
            [at(110), at(120), at(130)]
        );
        assert_eq!(sequencer.silent_steps(at(50)).count(), 0, "an older input announces nothing");
        assert_eq!(sequencer.silent_steps(at(10_000_000)).count(), 100, "a long pause is jumped");
    }
}
