//! Bars for strategies that decide on them, from a history of trades or of shorter bars.
//!
//! The bars are made by the builders that live trading uses. A bar is given when it is certain
//! that nothing more belongs to it: before the first event of any instrument that lies behind its
//! end, so that no decision knows more than it could have known. A bar that the history does not
//! outlive is not given, and a span without trades has none. Everything else, such as funding,
//! passes through at its time.

use std::collections::VecDeque;

use domain::{Bar, InstrumentId, MarketData, MarketEvent, Span, Timestamp};
use market::bars::{Arrival, BarBuilder, BarError, BarRule, Resampler};

use crate::History;

#[cfg(test)]
mod tests;

/// A history whose trades, or shorter bars, became bars.
#[derive(Clone, Debug)]
pub struct BuiltBars<H> {
    inner: H,
    /// Those of all instruments, in the order of their ids.
    makers: Vec<(InstrumentId, Maker)>,
    /// Bars that one trade completed; kept to be filled again.
    completed: Vec<Bar>,
    ready: VecDeque<(Timestamp, MarketEvent<'static>)>,
    /// The bar moved to last; `None` while the event of `inner` is the current one.
    bar: Option<(Timestamp, MarketEvent<'static>)>,
    /// Whether the event of `inner` has its turn after the bars.
    passes: bool,
}

/// Why bars cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError<E> {
    /// The history beneath cannot be read.
    #[error(transparent)]
    History(E),
    /// A trade or a bar fits no bar.
    #[error("the event of {instrument:?} at {time:?} fits no bar: {problem}")]
    Unfit {
        /// Of which instrument.
        instrument: InstrumentId,
        /// When it was received.
        time: Timestamp,
        /// What is wrong with it.
        problem: BarError,
    },
    /// Order the data by time: the bar of this trade is over.
    #[error("the trade of {instrument:?} at {time:?} is out of order: its bar is over")]
    Late {
        /// Of which instrument.
        instrument: InstrumentId,
        /// When it was received.
        time: Timestamp,
    },
    /// Choose bars that end before the split: prices on both sides of it do not compare.
    #[error("{instrument:?} splits at {time:?}, in the middle of a bar: choose shorter bars")]
    SplitInside {
        /// Of which instrument.
        instrument: InstrumentId,
        /// When it takes effect.
        time: Timestamp,
    },
}

/// What makes the bars of one instrument.
#[derive(Clone, Debug)]
enum Maker {
    Trades(BarBuilder),
    Bars(Resampler),
}

impl Maker {
    /// The open bar, when nothing at or after `now` can belong to it.
    fn pass_time(&mut self, now: Timestamp) -> Option<Bar> {
        match self {
            Self::Trades(builder) => builder.pass_time(now),
            // A shorter bar that ends now is the last part of a longer one.
            Self::Bars(resampler) => resampler.pass_time(now - Span::from_nanos(1)),
        }
    }

    fn is_open(&self) -> bool {
        match self {
            Self::Trades(builder) => builder.current().is_some(),
            Self::Bars(resampler) => resampler.current().is_some(),
        }
    }

    /// Whether these data become part of a bar; completed bars go to `out`.
    fn take(
        &mut self,
        time: Timestamp,
        data: &MarketData<'_>,
        out: &mut Vec<Bar>,
    ) -> Result<Taken, BarError> {
        match (self, data) {
            (
                Self::Trades(builder),
                MarketData::Trade(trade) | MarketData::AggregateTrade(trade),
            ) => Ok(match builder.push(time, trade.price, trade.quantity, out)? {
                Arrival::Counted => Taken::Counted,
                Arrival::Late => Taken::Late,
            }),
            (Self::Bars(resampler), MarketData::Bar(bar)) => {
                out.extend(resampler.push(bar)?);
                out.extend(resampler.pass_time(bar.end));
                Ok(Taken::Counted)
            }
            _ => Ok(Taken::No),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    Counted,
    Late,
    No,
}

impl<H> BuiltBars<H> {
    /// Bars of the trades of `inner`, by the rule of each instrument in the order of their ids.
    ///
    /// # Errors
    /// [`BarError::EmptyRule`] for a rule that no trade could fill.
    pub fn of_trades(
        inner: H,
        rules: impl IntoIterator<Item = (InstrumentId, BarRule)>,
    ) -> Result<Self, BarError> {
        let maker = |(id, rule)| BarBuilder::new(rule).map(|builder| (id, Maker::Trades(builder)));
        Ok(Self::new(inner, rules.into_iter().map(maker).collect::<Result<_, _>>()?))
    }

    /// Bars of this length from the shorter ones of `inner`, whose instruments are these, in the
    /// order of their ids.
    ///
    /// # Errors
    /// [`BarError::EmptyRule`] for a length that is not above zero.
    pub fn of_bars(
        inner: H,
        span: Span,
        instruments: impl IntoIterator<Item = InstrumentId>,
    ) -> Result<Self, BarError> {
        let resampler = Resampler::new(span)?;
        let maker = |id| (id, Maker::Bars(resampler.clone()));
        Ok(Self::new(inner, instruments.into_iter().map(maker).collect()))
    }

    fn new(inner: H, makers: Vec<(InstrumentId, Maker)>) -> Self {
        let completed = Vec::new();
        Self { inner, makers, completed, ready: VecDeque::new(), bar: None, passes: false }
    }
}

impl<H: History> BuiltBars<H> {
    /// Looks at the event that `inner` moved to: what does it complete, and does it pass?
    fn consider(&mut self) -> Result<(), BuildError<H::Error>> {
        let (time, event) = self.inner.current();
        for (id, maker) in &mut self.makers {
            self.ready.extend(maker.pass_time(time).map(|bar| made(*id, bar)));
        }
        let instrument = event.instrument;
        let Some((_, maker)) = self.makers.get_mut(instrument.index()) else {
            self.passes = true;
            return Ok(());
        };
        if matches!(event.data, MarketData::Split(_)) && maker.is_open() {
            return Err(BuildError::SplitInside { instrument, time });
        }
        let taken = maker
            .take(time, &event.data, &mut self.completed)
            .map_err(|problem| BuildError::Unfit { instrument, time, problem })?;
        if taken == Taken::Late {
            return Err(BuildError::Late { instrument, time });
        }
        self.ready.extend(self.completed.drain(..).map(|bar| made(instrument, bar)));
        self.passes = taken == Taken::No;
        Ok(())
    }
}

impl<H: History> History for BuiltBars<H> {
    type Error = BuildError<H::Error>;

    fn advance(&mut self) -> Result<bool, Self::Error> {
        loop {
            self.bar = self.ready.pop_front();
            if self.bar.is_some() || std::mem::take(&mut self.passes) {
                return Ok(true);
            }
            if !self.inner.advance().map_err(BuildError::History)? {
                return Ok(false);
            }
            self.consider()?;
        }
    }

    fn current(&self) -> (Timestamp, &MarketEvent<'_>) {
        self.bar.as_ref().map_or_else(|| self.inner.current(), |(time, event)| (*time, event))
    }
}

fn made(instrument: InstrumentId, bar: Bar) -> (Timestamp, MarketEvent<'static>) {
    let data = MarketData::Bar(bar);
    (bar.end, MarketEvent { instrument, exchange_time: Some(bar.end), data })
}
