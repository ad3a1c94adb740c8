//! From trades to bars.

use domain::{Lots, Ticks, Timestamp, event::Bar};

use super::rule::{BarError, BarRule, interval, total};

/// One trade may complete so many bars by volume; more is a wrong rule or a wrong trade.
pub const MAX_BARS_PER_TRADE: i64 = 10_000;

/// Collects the trades of one instrument into bars.
///
/// **Time.** A bar spans `[start, end)` with `start = floor(time / span) * span` since the
/// epoch, UTC. It is given when a trade at or after its end arrives, or when
/// [`BarBuilder::pass_time`] reaches the end, whichever is first.
///
/// **Ticks and volume.** A bar begins with its first trade and is given with the trade that
/// completes it; `start` and `end` are the times of its earliest and its latest trade. With
/// volume, a trade that is larger than what is missing is split: the bars have exactly the
/// volume of the rule, and together exactly that of the trades.
///
/// **Order.** Trades may come in any order while their bar is open: the first and the last
/// price are those of the earliest and the latest trade, and of equal times the order of
/// arrival decides. A trade before the open bar (or, for ticks and volume, before the end of
/// the bar that was given last) is [`Arrival::Late`]: it is counted in
/// [`BarBuilder::late`] and in no bar.
///
/// ```
/// # use domain::{Lots, Span, Ticks, Timestamp};
/// # use market::bars::{Arrival, BarBuilder, BarError, BarRule};
/// let mut builder = BarBuilder::new(BarRule::Time(Span::from_secs(60)))?;
/// let (mut bars, at) = (Vec::new(), |seconds: i64| Timestamp::from_millis(seconds * 1_000));
/// builder.push(at(61), Ticks::new(100), Lots::new(2), &mut bars)?;
/// builder.push(at(119), Ticks::new(99), Lots::new(1), &mut bars)?;
/// builder.push(at(180), Ticks::new(98), Lots::new(5), &mut bars)?;
/// let [bar] = bars[..] else { panic!("the first minute with trades is over") };
/// assert_eq!((bar.start, bar.end, bar.volume), (at(60), at(120), Lots::new(3)));
/// assert_eq!(builder.pass_time(at(240)).map(|bar| bar.volume), Some(Lots::new(5)));
/// # Ok::<(), BarError>(())
/// ```
#[derive(Clone, Debug)]
pub struct BarBuilder {
    rule: BarRule,
    open: Option<OpenBar>,
    /// Trades before this moment are late unless they belong to the open bar.
    closed_until: Option<Timestamp>,
    late: LateTrades,
}

/// Whether a trade came in time for its bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a late trade is in no bar"]
pub enum Arrival {
    /// It is in a bar.
    Counted,
    /// Its bar was given already; the trade is in none.
    Late,
}

/// The trades that are in no bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LateTrades {
    /// How many there were.
    pub count: u64,
    /// Their volume; stays at the largest number when it does not fit.
    pub volume: Lots,
}

/// A bar that is not complete, and what is not to be seen of it later.
#[derive(Clone, Copy, Debug)]
struct OpenBar {
    bar: Bar,
    earliest: Timestamp,
    latest: Timestamp,
    trades: u32,
}

impl OpenBar {
    const fn new(start: Timestamp, end: Timestamp, time: Timestamp, price: Ticks) -> Self {
        let volume = Lots::ZERO;
        let bar = Bar { start, end, open: price, high: price, low: price, close: price, volume };
        Self { bar, earliest: time, latest: time, trades: 0 }
    }

    fn add(&mut self, time: Timestamp, price: Ticks, volume: Lots) {
        let bar = &mut self.bar;
        if time < self.earliest {
            (self.earliest, bar.open) = (time, price);
        }
        if time >= self.latest {
            (self.latest, bar.close) = (time, price);
        }
        (bar.high, bar.low) = (bar.high.max(price), bar.low.min(price));
        (bar.volume, self.trades) = (volume, self.trades.saturating_add(1));
    }

    /// The bar between its first and its last trade.
    const fn between_trades(&self) -> Bar {
        Bar { start: self.earliest, end: self.latest, ..self.bar }
    }
}

impl BarBuilder {
    /// A builder that has seen no trade.
    ///
    /// # Errors
    /// [`BarError::EmptyRule`] for a span, a count or a volume that is not above zero.
    pub const fn new(rule: BarRule) -> Result<Self, BarError> {
        let empty = match rule {
            BarRule::Time(span) => span.as_nanos() <= 0,
            BarRule::Ticks(count) => count == 0,
            BarRule::Volume(volume) => volume.get() <= 0,
        };
        if empty {
            return Err(BarError::EmptyRule { rule });
        }
        let late = LateTrades { count: 0, volume: Lots::ZERO };
        Ok(Self { rule, open: None, closed_until: None, late })
    }

    /// Takes a trade and appends the bars that it completes.
    ///
    /// # Errors
    /// [`BarError`] for a trade without a quantity, a time that no bar of the rule can hold, a
    /// volume beyond 64 bits, or one that would complete more than [`MAX_BARS_PER_TRADE`]
    /// bars. Then nothing was counted and nothing appended.
    #[inline]
    pub fn push(
        &mut self,
        time: Timestamp,
        price: Ticks,
        quantity: Lots,
        out: &mut Vec<Bar>,
    ) -> Result<Arrival, BarError> {
        if quantity <= Lots::ZERO {
            return Err(BarError::NoQuantity { quantity });
        }
        let floor = match (&self.open, self.rule) {
            (Some(open), BarRule::Time(_)) => Some(open.bar.start),
            _ => self.closed_until,
        };
        if floor.is_some_and(|floor| time < floor) {
            self.late.count += 1;
            let volume = self.late.volume.checked_add(quantity);
            self.late.volume = volume.unwrap_or(Lots::new(i64::MAX));
            return Ok(Arrival::Late);
        }
        match self.rule {
            BarRule::Time(_) => self.push_by_time(time, price, quantity, out)?,
            BarRule::Ticks(count) => self.push_by_count(time, price, quantity, count, out)?,
            BarRule::Volume(full) => self.push_by_volume(time, price, quantity, full, out)?,
        }
        Ok(Arrival::Counted)
    }

    /// Time passed: gives the open bar when it is over by this moment.
    ///
    /// From now on, trades of the intervals before it are late. Bars by ticks and by volume
    /// do not end by time, so for them nothing happens.
    pub fn pass_time(&mut self, now: Timestamp) -> Option<Bar> {
        let BarRule::Time(span) = self.rule else { return None };
        // Outside the range of the grid no interval is complete.
        let (start, _) = interval(now, span).ok()?;
        self.closed_until = self.closed_until.max(Some(start));
        let is_over = self.open.is_some_and(|open| open.bar.end <= start);
        if is_over { self.close() } else { None }
    }

    /// Ends the open bar before its time, such as at the end of the data, and gives it.
    pub fn close(&mut self) -> Option<Bar> {
        let open = self.open.take()?;
        let bar = match self.rule {
            BarRule::Time(_) => open.bar,
            BarRule::Ticks(_) | BarRule::Volume(_) => open.between_trades(),
        };
        self.closed_until = self.closed_until.max(Some(bar.end));
        Some(bar)
    }

    /// The bar so far; more trades may change all of it but its start by time.
    #[must_use]
    pub fn current(&self) -> Option<Bar> {
        let open = self.open?;
        let by_time = matches!(self.rule, BarRule::Time(_));
        Some(if by_time { open.bar } else { open.between_trades() })
    }

    /// The trades that came too late for their bar.
    #[must_use]
    pub const fn late(&self) -> LateTrades {
        self.late
    }

    fn push_by_time(
        &mut self,
        time: Timestamp,
        price: Ticks,
        quantity: Lots,
        out: &mut Vec<Bar>,
    ) -> Result<(), BarError> {
        let BarRule::Time(span) = self.rule else { return Ok(()) };
        if let Some(open) = self.open.as_mut().filter(|open| time < open.bar.end) {
            let volume = total(&open.bar, quantity)?;
            open.add(time, price, volume);
            return Ok(());
        }
        let (start, end) = interval(time, span)?;
        out.extend(self.close());
        let mut open = OpenBar::new(start, end, time, price);
        open.add(time, price, quantity);
        self.open = Some(open);
        Ok(())
    }

    fn push_by_count(
        &mut self,
        time: Timestamp,
        price: Ticks,
        quantity: Lots,
        count: u32,
        out: &mut Vec<Bar>,
    ) -> Result<(), BarError> {
        let mut open = self.open.unwrap_or(OpenBar::new(time, time, time, price));
        let volume = total(&open.bar, quantity)?;
        open.add(time, price, volume);
        self.open = Some(open);
        if open.trades == count {
            out.extend(self.close());
        }
        Ok(())
    }

    fn push_by_volume(
        &mut self,
        time: Timestamp,
        price: Ticks,
        quantity: Lots,
        full: Lots,
        out: &mut Vec<Bar>,
    ) -> Result<(), BarError> {
        let missing = full.minus(self.open.map_or(Lots::ZERO, |open| open.bar.volume));
        let beyond = quantity.minus(missing);
        let bars = i64::from(quantity >= missing) + beyond.get() / full.get();
        if bars > MAX_BARS_PER_TRADE {
            return Err(BarError::TooManyBars { quantity, bars });
        }
        let mut rest = quantity;
        while !rest.is_zero() {
            let mut open = self.open.unwrap_or(OpenBar::new(time, time, time, price));
            let part = rest.min(full.minus(open.bar.volume));
            open.add(time, price, total(&open.bar, part)?);
            self.open = Some(open);
            rest = rest.minus(part);
            if open.bar.volume == full {
                out.extend(self.close());
            }
        }
        Ok(())
    }
}
