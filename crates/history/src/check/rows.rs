//! Looks at one row after the other, in constant memory.

use std::{
    cmp::{Ordering, Reverse},
    collections::BTreeMap,
};

use domain::Timestamp;

use super::{Findings, Gap, Hours, NAMED, Oddity, What, is_weekend};
use crate::{
    kind::{Kind, Meaning, Row, at},
    number::fixed_text,
    place::Series,
};

/// A price this many times another within one bar is called a jump, in hundredths.
const JUMP_HUNDREDTHS: i128 = 180;
/// How far the price may be from what a split makes of it, in hundredths.
const SPLIT_TOLERANCE_HUNDREDTHS: i128 = 25;
/// Splits within this many hundredths of one do not show in prices.
const SMALL_SPLIT_HUNDREDTHS: i128 = 25;
/// The unit of split ratios.
const RATIO_UNIT: i128 = 1_000_000_000;
const DAY: i64 = 86_400_000_000_000;

pub(super) struct Examiner {
    series: Series,
    splits: Vec<(i64, i64)>,
    next_split: usize,
    rows: u64,
    times: Option<(i64, i64)>,
    last: Option<Row>,
    /// By the rule of each kind of hours.
    always: Gaps,
    weekdays: Gaps,
    on_weekends: u64,
    /// Bars in the hours in which no American stock is traded.
    at_night: u64,
    counts: BTreeMap<What, u64>,
    oddities: Vec<Oddity>,
    /// The distance of settlements: the smallest that came twice in a row.
    settlement: Option<i64>,
    last_step: Option<i64>,
}

#[derive(Default)]
struct Gaps {
    count: u64,
    missing: u64,
    longest: Vec<Gap>,
}

impl Gaps {
    fn add(&mut self, from: i64, to: i64, missing: u64) {
        self.count += 1;
        self.missing += missing;
        let (from, to) = (Timestamp::from_nanos(from), Timestamp::from_nanos(to));
        self.longest.push(Gap { from, to, missing });
        if self.longest.len() >= 2 * NAMED {
            self.shorten();
        }
    }

    fn shorten(&mut self) {
        self.longest.sort_by_key(|gap| Reverse(gap.to.since(gap.from)));
        self.longest.truncate(NAMED);
        self.longest.sort_by_key(|gap| gap.from);
    }
}

impl Examiner {
    pub(super) fn new(series: &Series, splits: Vec<(i64, i64)>) -> Self {
        Self {
            series: series.clone(),
            splits,
            next_split: 0,
            rows: 0,
            times: None,
            last: None,
            always: Gaps::default(),
            weekdays: Gaps::default(),
            on_weekends: 0,
            at_night: 0,
            counts: BTreeMap::new(),
            oddities: Vec::new(),
            settlement: None,
            last_step: None,
        }
    }

    pub(super) fn row(&mut self, row: &Row) {
        self.rows += 1;
        let kind = self.series.kind;
        let event = row.values[kind.event_time()];
        self.times = Some(match self.times {
            Some((first, last)) => (first.min(event), last.max(event)),
            None => (event, event),
        });
        self.impossible(row);
        if let Some(last) = self.last {
            let (before, now) = (last.key(kind), row.key(kind));
            match now.cmp(&before) {
                Ordering::Equal => {
                    self.note(What::Duplicate, row, "the row before has the same time".into());
                }
                Ordering::Less => {
                    self.note(What::OutOfOrder, row, "the row before is later".into());
                }
                Ordering::Greater => self.step(&last, row),
            }
        }
        match kind {
            Kind::Bars(_) => {
                let start = row.values[at::TIME];
                self.on_weekends += u64::from(is_weekend(start));
                let hour = start.rem_euclid(DAY) / (DAY / 24);
                self.at_night += u64::from((2..7).contains(&hour));
                let [_, _, open, high, low, close, ..] = row.values;
                if high < open.max(close).max(low) || low > open.min(close) {
                    self.note(What::Crossed, row, "high or low is within the bar".into());
                }
            }
            Kind::Quotes if row.values[4] >= row.values[6] => {
                self.note(What::Crossed, row, "the bid is not below the ask".into());
            }
            Kind::Depth if row.values[7] > 1 => {
                self.note(What::Interrupted, row, "the book was lost or the feed silent".into());
            }
            _ => {}
        }
        self.last = Some(*row);
    }

    fn impossible(&mut self, row: &Row) {
        let kind = self.series.kind;
        let without_level = kind == Kind::Depth && row.values[7] != 0;
        for (place, column) in kind.columns().iter().enumerate() {
            let value = row.values[place];
            let wrong = match column.meaning {
                Meaning::Price => value <= 0 && !without_level,
                Meaning::Quantity => value < 0,
                _ => false,
            };
            if wrong {
                self.note(What::Impossible, row, format!("{} is {value}", column.name));
            }
        }
    }

    /// What lies between two rows that follow each other.
    fn step(&mut self, last: &Row, row: &Row) {
        match self.series.kind {
            Kind::Bars(interval) => {
                self.bar_step(last, row, interval.span().as_nanos());
                self.jump(last, row);
            }
            Kind::Trades | Kind::AggregateTrades => {
                // Small numbers are places within a moment, for trades without ids.
                let (before, now) = (last.values[at::ID], row.values[at::ID]);
                if before > 1_000_000 && now > before + 1 {
                    let missing = u64::try_from(now - before - 1).unwrap_or(0);
                    self.always.add(last.values[0], row.values[0], missing);
                }
            }
            Kind::Funding => self.settlement_step(last.values[0], row.values[0]),
            Kind::Depth => {
                let fresh = row.values[6] != 0 || row.values[7] > 1 || last.values[7] > 1;
                let same = row.values[at::SEQUENCE] == last.values[at::SEQUENCE]
                    && row.values[0] == last.values[0];
                if !fresh && !same && row.values[4] > last.values[5] + 1 {
                    let missing = row.values[4] - last.values[5] - 1;
                    let missing = u64::try_from(missing).unwrap_or(0);
                    self.always.add(last.values[0], row.values[0], missing);
                }
            }
            Kind::Quotes | Kind::Marks | Kind::Actions => {}
        }
    }

    fn bar_step(&mut self, last: &Row, row: &Row, length: i64) {
        let (end, start) = (last.values[at::BAR_END], row.values[at::TIME]);
        if start <= end {
            return;
        }
        // A day that is longer because the clock was changed has no hole behind it.
        let missing = (start - end + length / 2) / length;
        if missing == 0 {
            return;
        }
        self.always.add(end, start, u64::try_from(missing).unwrap_or(0));
        let on_weekdays = if length >= DAY {
            (0..missing).filter(|step| !is_weekend(end + step * length)).count() as u64
        } else if end.div_euclid(DAY) == start.div_euclid(DAY) {
            u64::try_from(missing).unwrap_or(0)
        } else {
            0
        };
        if on_weekdays > 0 {
            self.weekdays.add(end, start, on_weekdays);
        }
    }

    /// Settlements have one distance, mostly. Two of the same in a row tell it.
    fn settlement_step(&mut self, last: i64, now: i64) {
        // Venues stamp a settlement a few milliseconds late.
        let step = (now - last + 30_000_000_000) / 60_000_000_000 * 60_000_000_000;
        if self.last_step == Some(step) {
            self.settlement = Some(self.settlement.map_or(step, |usual| usual.min(step)));
        }
        self.last_step = Some(step);
        if let Some(usual) = self.settlement.filter(|usual| *usual > 0 && step > *usual) {
            let missing = u64::try_from(step / usual - 1).unwrap_or(0);
            if missing > 0 {
                self.always.add(last, now, missing);
            }
        }
    }

    /// Compares the change of price with what splits explain.
    fn jump(&mut self, last: &Row, row: &Row) {
        let (start, before) = (row.values[at::TIME], last.values[at::TIME]);
        while self.splits.get(self.next_split).is_some_and(|(time, _)| *time <= before) {
            self.next_split += 1;
        }
        let mut ratio = RATIO_UNIT;
        while let Some((time, split)) = self.splits.get(self.next_split)
            && *time <= start
        {
            ratio = ratio * i128::from(*split) / RATIO_UNIT;
            self.next_split += 1;
        }
        let (close, open) =
            (i128::from(last.values[at::BAR_CLOSE]), i128::from(row.values[at::BAR_OPEN]));
        let apart = |one: i128, other: i128, hundredths: i128| {
            one.max(other) * 100 > one.min(other).max(1) * hundredths
        };
        let adjusted = open * ratio / RATIO_UNIT;
        let large = apart(ratio, RATIO_UNIT, 100 + SMALL_SPLIT_HUNDREDTHS);
        if large && apart(adjusted, close, 100 + SPLIT_TOLERANCE_HUNDREDTHS) {
            let ratio = fixed_text(ratio, 9);
            self.note(What::SilentSplit, row, format!("a split of {ratio} does not show"));
        } else if !large && apart(open, close, JUMP_HUNDREDTHS) {
            let times = fixed_text(open * 100 / close.max(1), 2);
            self.note(What::Jump, row, format!("the price is {times} times that before"));
        }
    }

    fn note(&mut self, what: What, row: &Row, text: String) {
        let count = self.counts.entry(what).or_default();
        *count += 1;
        if *count <= NAMED as u64 {
            let time = Timestamp::from_nanos(row.values[self.series.kind.event_time()]);
            self.oddities.push(Oddity { what, time, row: self.rows, text });
        }
    }

    /// A week without a bar on its weekend, or days without one at night, are those of a stock.
    fn told_hours(&self) -> Hours {
        let week = self.times.is_some_and(|(first, last)| last - first > 7 * DAY);
        let stock = self.on_weekends == 0 && (week || self.at_night == 0);
        if stock { Hours::Weekdays } else { Hours::Always }
    }

    pub(super) fn finish(self, stated: Option<Hours>) -> Findings {
        let bars = matches!(self.series.kind, Kind::Bars(_));
        let told = self.told_hours();
        let hours = bars.then(|| stated.unwrap_or(told));
        let mut gaps = if hours == Some(Hours::Weekdays) { self.weekdays } else { self.always };
        gaps.shorten();
        Findings {
            series: self.series,
            rows: self.rows,
            times: self
                .times
                .map(|(first, last)| (Timestamp::from_nanos(first), Timestamp::from_nanos(last))),
            hours,
            gap_count: gaps.count,
            gaps: gaps.longest,
            missing: gaps.missing,
            counts: self.counts.into_iter().collect(),
            oddities: self.oddities,
        }
    }
}
