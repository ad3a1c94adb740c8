//! When a perpetual settles its funding, and whether the rate for it was there.
//!
//! Rates come in one of two ways. History has settlements (`MarketData::Funding`), which are paid as
//! they come. A live venue streams marks, each with the rate of the running interval and the
//! time when it is settled; when time gets there, the last rate told before is settled.
//!
//! Beside both runs the schedule: the whole multiples of the interval since 1970. When one of them
//! passes while a position is held, and nothing was settled within half an interval of it, a
//! settlement is missing.

use domain::{Rate, Span, Timestamp, event::MarkPrice};

/// What time has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Settle this rate as of this time.
    Settle {
        /// When it was due.
        time: Timestamp,
        /// The last one told.
        rate: Rate,
    },
    /// Nothing is known to settle.
    Missing {
        /// When it was due.
        time: Timestamp,
    },
}

/// One perpetual's settlements.
#[derive(Debug)]
pub(super) struct Schedule {
    every: Option<Span>,
    /// The next multiple of the interval, `None` before the first event.
    scheduled: Option<Timestamp>,
    /// A multiple that passed with a position and without a settlement so far.
    open: Option<Timestamp>,
    /// The last settlement of any kind.
    settled: Option<Timestamp>,
    /// The last rate that a mark told.
    rate: Option<Rate>,
    /// The settlement that a mark told.
    told: Option<Timestamp>,
    /// Whether settlements come as events; marks then settle nothing.
    by_events: bool,
}

impl Schedule {
    pub(super) const fn new(every: Option<Span>) -> Self {
        let (scheduled, open, settled, rate, told) = (None, None, None, None, None);
        Self { every, scheduled, open, settled, rate, told, by_events: false }
    }

    /// The earliest time at which [`Self::due`] can have something to say.
    pub(super) fn next(&self) -> Timestamp {
        let Some(every) = self.every else { return self.told.unwrap_or(Timestamp::MAX) };
        let unknown = Timestamp::from_nanos(i64::MIN);
        let scheduled = self.scheduled.map_or(unknown, |time| match self.rate {
            // A rate without a time of its own is settled at the multiple itself.
            Some(_) if !self.by_events => time,
            _ => time + Span::from_nanos(1),
        });
        let late = self.open.map_or(Timestamp::MAX, |time| time + half(every));
        scheduled.min(late).min(self.told.unwrap_or(Timestamp::MAX))
    }

    /// The next thing that is due by `now`; to be asked until there is nothing.
    pub(super) fn due(&mut self, now: Timestamp, is_held: impl Fn() -> bool) -> Option<Due> {
        if let Some(time) = self.told.filter(|time| *time <= now) {
            self.told = None;
            if self.rate.is_some() || is_held() {
                return Some(self.settle(time));
            }
        }
        let every = self.every?;
        if let Some(time) = self.open.filter(|time| now >= *time + half(every)) {
            self.open = None;
            return Some(Due::Missing { time });
        }
        let next_after = |time: Timestamp| {
            let step = every.as_nanos();
            Timestamp::from_nanos((time.as_nanos().div_euclid(step) + 1).saturating_mul(step))
        };
        let scheduled = *self.scheduled.get_or_insert_with(|| next_after(now));
        let is_fresh = self.rate.is_some() && !self.by_events;
        let has_passed = if is_fresh { scheduled <= now } else { scheduled < now };
        if !has_passed {
            return None;
        }
        self.scheduled = Some(next_after(scheduled));
        // What the venue tells of its next settlement goes before the schedule.
        if self.told.is_some() || self.is_covered(scheduled, every) {
            return self.due(now, is_held);
        }
        if is_fresh {
            return Some(self.settle(scheduled));
        }
        if !is_held() {
            // Nothing is held from here to now, so that nothing can be missing.
            self.scheduled = Some(next_after(now - Span::from_nanos(1)));
            return None;
        }
        let earlier = self.open.replace(scheduled);
        earlier.map(|time| Due::Missing { time }).or_else(|| self.due(now, is_held))
    }

    fn settle(&mut self, time: Timestamp) -> Due {
        self.settled = Some(time);
        // A rate is good for one settlement: the next interval has one of its own.
        self.rate.take().map_or(Due::Missing { time }, |rate| Due::Settle { time, rate })
    }

    fn is_covered(&self, time: Timestamp, every: Span) -> bool {
        self.settled.is_some_and(|settled| {
            let distance = settled.as_nanos().abs_diff(time.as_nanos());
            distance < half(every).as_nanos().unsigned_abs()
        })
    }

    /// A mark arrives; whatever was due before it has been asked for.
    pub(super) fn on_mark(&mut self, mark: &MarkPrice) {
        if self.by_events {
            return;
        }
        let is_new = |time: &Timestamp| self.settled.is_none_or(|settled| *time > settled);
        let told = mark.next_funding.filter(is_new);
        // A mark that still names the settlement just made is of the interval that is over.
        if mark.next_funding.is_none() || told.is_some() {
            self.rate = mark.funding_rate.or(self.rate);
        }
        self.told = told.or(self.told);
    }

    /// A settlement arrives; gives whether it is to be paid. One that a mark's rate has already
    /// settled, within a minute, is not.
    pub(super) fn on_settlement(&mut self, now: Timestamp) -> bool {
        let doubled = !self.by_events
            && self.settled.is_some_and(|settled| now.since(settled) < Span::from_secs(60));
        self.by_events = true;
        self.told = None;
        self.rate = None;
        self.settled = Some(now);
        if let Some(every) = self.every {
            self.open = self.open.filter(|open| !self.is_covered(*open, every));
        }
        !doubled
    }
}

const fn half(every: Span) -> Span {
    Span::from_nanos(every.as_nanos() / 2)
}
