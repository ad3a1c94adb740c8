//! When a bar ends, and what can be wrong with what is put into bars.

use domain::{Lots, Span, Timestamp, event::Bar};

/// When a bar ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BarRule {
    /// At the next multiple of this span since the epoch, UTC.
    Time(Span),
    /// After so many trades.
    Ticks(u32),
    /// After exactly this volume. A trade that is larger than what is missing is split over
    /// as many bars as it takes.
    Volume(Lots),
}

/// What to do about a rule, a trade or a bar that was refused. Nothing of it was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BarError {
    /// Give a span, a count or a volume above zero.
    #[error("a bar cannot end by {rule:?}: it must be above zero")]
    EmptyRule {
        /// The rule.
        rule: BarRule,
    },
    /// Leave it out: nothing was traded.
    #[error("a trade of {} lots is none", quantity.get())]
    NoQuantity {
        /// What was said to be traded.
        quantity: Lots,
    },
    /// Leave it out: its bar would begin or end outside the range of times.
    #[error("no bar of this length can hold the time {} ns", time.as_nanos())]
    TimeOutOfRange {
        /// The time.
        time: Timestamp,
    },
    /// Use shorter bars or larger lots: the volume of the bar would not fit 64 bits.
    #[error("the volume of the bar from {} ns does not fit", start.as_nanos())]
    VolumeOverflow {
        /// When the bar began.
        start: Timestamp,
    },
    /// Use a larger volume for each bar.
    #[error("a trade of {} lots would make {bars} bars", quantity.get())]
    TooManyBars {
        /// Of the trade.
        quantity: Lots,
        /// How many bars it would complete.
        bars: i64,
    },
    /// Sort the bars, and remove those that overlap.
    #[error("a bar begins at {} ns, before {} ns, where the bar before it ends",
        start.as_nanos(), previous_end.as_nanos())]
    OutOfOrder {
        /// Of the refused bar.
        start: Timestamp,
        /// Of the bar before it.
        previous_end: Timestamp,
    },
    /// Choose a longer span, a multiple of the given bars' own.
    #[error("the bar from {} ns to {} ns crosses the grid of {span}",
        start.as_nanos(), end.as_nanos())]
    CrossesGrid {
        /// Of the refused bar.
        start: Timestamp,
        /// Of the refused bar.
        end: Timestamp,
        /// Of the longer bars.
        span: Span,
    },
}

/// The interval of the grid that holds a time: its start, and its end, which is the next start.
#[inline]
pub(super) fn interval(time: Timestamp, span: Span) -> Result<(Timestamp, Timestamp), BarError> {
    let whole = time.as_nanos().div_euclid(span.as_nanos());
    let start = whole.checked_mul(span.as_nanos());
    let end = start.and_then(|start| start.checked_add(span.as_nanos()));
    let (start, end) = start.zip(end).ok_or(BarError::TimeOutOfRange { time })?;
    Ok((Timestamp::from_nanos(start), Timestamp::from_nanos(end)))
}

/// A volume with more added to it.
#[inline]
pub(super) fn total(bar: &Bar, more: Lots) -> Result<Lots, BarError> {
    bar.volume.checked_add(more).ok_or(BarError::VolumeOverflow { start: bar.start })
}
