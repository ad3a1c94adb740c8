//! What is missing or odd in the data, before anybody trusts a back-test on them.
//!
//! Everything is counted, the first places are named, and nothing is changed. A venue's outage
//! and a hole in a recording look alike; what is found is for a person to judge.

mod rows;
#[cfg(test)]
mod tests;

use domain::Timestamp;

use crate::{
    error::ReadError,
    kind::{Interval, Kind},
    part::Batch,
    place::Series,
    store::{Store, Window},
};

/// Places that are named of each kind of finding.
const NAMED: usize = 20;

/// When a market is open, as far as bars are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hours {
    /// Always: every missing bar is a gap.
    Always,
    /// On weekdays; and for bars below a day, from the first to the last bar of a day.
    Weekdays,
}

/// A hole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// What is last before it.
    pub from: Timestamp,
    /// What is first after it.
    pub to: Timestamp,
    /// Bars that are missing; of other kinds, numbers that are missing, zero where unknown.
    pub missing: u64,
}

/// Something odd at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oddity {
    /// What it is.
    pub what: What,
    /// When.
    pub time: Timestamp,
    /// The row of the series, from 1.
    pub row: u64,
    /// In words.
    pub text: String,
}

/// The kinds of oddities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A row comes before the one in front of it.
    OutOfOrder,
    /// A row repeats the key of the one in front of it.
    Duplicate,
    /// A price of zero or less, or a quantity below zero.
    Impossible,
    /// A bid at or above the ask, or a bar whose high is below its other prices.
    Crossed,
    /// A price that jumps by a factor, without a split that explains it.
    Jump,
    /// A split that the prices do not show.
    SilentSplit,
    /// The book was lost or the feed silent.
    Interrupted,
}

impl What {
    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OutOfOrder => "out_of_order",
            Self::Duplicate => "duplicate",
            Self::Impossible => "impossible",
            Self::Crossed => "crossed",
            Self::Jump => "jump",
            Self::SilentSplit => "silent_split",
            Self::Interrupted => "interrupted",
        }
    }

    /// Whether a back-test should not be trusted with it.
    #[must_use]
    pub const fn is_defect(self) -> bool {
        matches!(self, Self::OutOfOrder | Self::Duplicate | Self::Impossible | Self::SilentSplit)
    }
}

/// The findings about one series.
#[derive(Clone, Debug, PartialEq)]
pub struct Findings {
    /// Which.
    pub series: Series,
    /// Rows looked at.
    pub rows: u64,
    /// First and last event.
    pub times: Option<(Timestamp, Timestamp)>,
    /// When the market was taken to be open; bars only.
    pub hours: Option<Hours>,
    /// Holes, of which `gaps` names the longest ones in the order of time.
    pub gap_count: u64,
    /// The longest holes.
    pub gaps: Vec<Gap>,
    /// Bars or numbers that are missing in all holes.
    pub missing: u64,
    /// How often each kind of oddity was found.
    pub counts: Vec<(What, u64)>,
    /// The first oddities of each kind.
    pub oddities: Vec<Oddity>,
}

impl Findings {
    /// The share of what should be there that is there, from 0 to 1: bars, ids of trades,
    /// settlements. `None` for kinds that do not tell what should be there.
    #[must_use]
    pub fn completeness(&self) -> Option<f64> {
        if matches!(self.series.kind, Kind::Quotes | Kind::Marks | Kind::Actions | Kind::Depth) {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "a share for people to read")]
        let share = |part: u64, whole: u64| part as f64 / whole as f64;
        Some(if self.rows == 0 { 0.0 } else { share(self.rows, self.rows + self.missing) })
    }

    /// How often something was found.
    #[must_use]
    pub fn count(&self, what: What) -> u64 {
        self.counts.iter().find(|(one, _)| *one == what).map_or(0, |(_, count)| *count)
    }

    /// Whether there is nothing that makes the data useless.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.counts.iter().all(|(what, count)| !what.is_defect() || *count == 0)
    }
}

/// Examines a series. Without stated hours they follow from the data: weekdays when no bar
/// begins on a weekend.
///
/// # Errors
/// [`ReadError`] of a file that is damaged.
pub fn check(
    store: &dyn Store,
    series: &Series,
    window: Window,
    hours: Option<Hours>,
) -> Result<Findings, ReadError> {
    let mut examiner = rows::Examiner::new(series, splits(store, series)?);
    let mut rows = store.rows(series, window)?;
    let mut batch = Batch::default();
    loop {
        rows.read(4_096, &mut batch)?;
        if batch.rows == 0 {
            return Ok(examiner.finish(hours));
        }
        for row in 0..batch.rows {
            let time = batch.columns[0][row];
            if time >= window.from && time < window.to {
                examiner.row(&batch.row(row));
            }
        }
    }
}

/// Times and ratios of the splits beside a series of bars.
fn splits(store: &dyn Store, series: &Series) -> Result<Vec<(i64, i64)>, ReadError> {
    let actions = Series { instrument: series.instrument.clone(), kind: Kind::Actions };
    if !matches!(series.kind, Kind::Bars(_)) || !store.series()?.contains(&actions) {
        return Ok(Vec::new());
    }
    let mut rows = store.rows(&actions, Window::ALWAYS)?;
    let (mut batch, mut splits) = (Batch::default(), Vec::new());
    loop {
        rows.read(1_024, &mut batch)?;
        if batch.rows == 0 {
            return Ok(splits);
        }
        let all =
            (0..batch.rows).filter_map(|row| Some((batch.columns[0][row], batch.get(2, row)?)));
        splits.extend(all);
    }
}

/// The first day of the epoch was a Thursday.
pub(crate) fn is_weekend(time: i64) -> bool {
    let day = time.div_euclid(Interval::DAY.span().as_nanos());
    matches!((day + 3).rem_euclid(7), 5 | 6)
}
