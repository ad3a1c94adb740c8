//! From small bars to larger ones.

use domain::{Span, Timestamp, event::Bar};

use super::rule::{BarError, BarRule, interval, total};

/// Merges bars, oldest first, into bars of a longer span on the grid of the epoch, UTC.
///
/// A merged bar has the first open, the highest high, the lowest low, the last close and the
/// whole volume of its parts, and spans the whole interval, whichever parts are missing.
#[derive(Clone, Debug)]
pub struct Resampler {
    span: Span,
    open: Option<Bar>,
    previous_end: Option<Timestamp>,
}

impl Resampler {
    /// For bars of this span.
    ///
    /// # Errors
    /// [`BarError::EmptyRule`] for a span that is not above zero.
    pub fn new(span: Span) -> Result<Self, BarError> {
        if span <= Span::ZERO {
            return Err(BarError::EmptyRule { rule: BarRule::Time(span) });
        }
        Ok(Self { span, open: None, previous_end: None })
    }

    /// Takes the next bar, and gives the longer one before it when that is over.
    ///
    /// # Errors
    /// [`BarError`] for a bar that begins before the last one ended, crosses the grid, or
    /// makes the volume too large. Then nothing was counted.
    pub fn push(&mut self, bar: &Bar) -> Result<Option<Bar>, BarError> {
        if let Some(previous_end) = self.previous_end.filter(|end| bar.start < *end) {
            return Err(BarError::OutOfOrder { start: bar.start, previous_end });
        }
        let (start, end) = interval(bar.start, self.span)?;
        if bar.end > end || bar.end < bar.start {
            let Bar { start, end, .. } = *bar;
            return Err(BarError::CrossesGrid { start, end, span: self.span });
        }
        let finished = match self.open.as_mut().filter(|open| open.start == start) {
            Some(open) => {
                merge(open, bar)?;
                None
            }
            None => self.open.replace(Bar { start, end, ..*bar }),
        };
        self.previous_end = Some(bar.end);
        Ok(finished)
    }

    /// Time passed: gives the open bar when it is over by this moment.
    pub fn pass_time(&mut self, now: Timestamp) -> Option<Bar> {
        let bar = self.open.take_if(|open| open.end <= now)?;
        self.previous_end = self.previous_end.max(Some(bar.end));
        Some(bar)
    }

    /// The longer bar so far; more parts may change all of it but its start and end.
    #[must_use]
    pub const fn current(&self) -> Option<Bar> {
        self.open
    }

    /// Ends the open bar before its time, such as at the end of the data, and gives it.
    pub fn close(&mut self) -> Option<Bar> {
        let bar = self.open.take()?;
        self.previous_end = Some(bar.end);
        Some(bar)
    }
}

fn merge(open: &mut Bar, bar: &Bar) -> Result<(), BarError> {
    open.volume = total(open, bar.volume)?;
    (open.high, open.low) = (open.high.max(bar.high), open.low.min(bar.low));
    open.close = bar.close;
    Ok(())
}

/// Merges all these bars, oldest first, into bars of a longer span; the last one may be
/// unfinished.
///
/// ```
/// # use domain::{Lots, Span, Ticks, Timestamp, event::Bar};
/// # use market::bars::{BarError, resample};
/// let minute = |number: i64| {
///     let (start, price) = (Timestamp::from_millis(number * 60_000), Ticks::new(number));
///     let end = start + Span::from_secs(60);
///     Bar { start, end, open: price, high: price, low: price, close: price, volume: Lots::new(1) }
/// };
/// let minutes: Vec<Bar> = (0..7).map(minute).collect();
/// let five = resample(&minutes, Span::from_secs(300))?;
/// assert_eq!(five.iter().map(|bar| bar.volume.get()).collect::<Vec<_>>(), [5, 2]);
/// assert_eq!((five[0].open, five[1].close), (Ticks::new(0), Ticks::new(6)));
/// # Ok::<(), BarError>(())
/// ```
///
/// # Errors
/// Those of [`Resampler`].
pub fn resample<'a>(
    bars: impl IntoIterator<Item = &'a Bar>,
    span: Span,
) -> Result<Vec<Bar>, BarError> {
    let mut resampler = Resampler::new(span)?;
    let mut merged = Vec::new();
    for bar in bars {
        merged.extend(resampler.push(bar)?);
    }
    merged.extend(resampler.close());
    Ok(merged)
}
