//! What an execution cost, split by cause.
//!
//! Prices, not opinions: the parts and the worth at the reference add up to what was paid, to the
//! last digit.

use domain::{Instrument, InstrumentId, Lots, Money, NumberError, Side, Ticks, TradeId};

/// The costs of one execution against the middle of the market. Positive is to our disadvantage.
///
/// For a buy `reference + spread + impact + slippage` is exactly price times quantity, for a sell
/// `reference - spread - impact - slippage` is. The fee is in the fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExecutionCost {
    /// Which execution.
    pub trade: TradeId,
    /// In what.
    pub instrument: InstrumentId,
    /// Our side.
    pub side: Side,
    /// The quantity at the middle between bid and ask, rounded toward zero to 1e-18. Inside a
    /// bar: at its open, or at the trigger or limit that the market came to.
    pub reference: Money,
    /// From the middle to the touch; negative is what an order earned by waiting.
    pub spread: Money,
    /// From the touch to the level that was reached.
    pub impact: Money,
    /// From there to the price that we got.
    pub slippage: Money,
}

impl ExecutionCost {
    /// Spread, impact and slippage together.
    #[must_use]
    pub fn total(&self) -> Money {
        self.spread + self.impact + self.slippage
    }
}

/// The prices on the way from the middle of the market to an execution.
#[derive(Clone, Copy, Debug)]
pub(super) struct Path {
    /// Twice the middle, so that half a tick is exact; `None` where a side is missing.
    pub(super) twice_mid: Option<Ticks>,
    pub(super) touch: Ticks,
    pub(super) level: Ticks,
}

impl Path {
    /// The market came to this price.
    pub(super) const fn at(price: Ticks, twice_mid: Option<Ticks>) -> Self {
        Self { twice_mid, touch: price, level: price }
    }

    /// Splits what an execution at `price` cost.
    ///
    /// # Errors
    /// [`NumberError::Overflow`].
    pub(super) fn split(
        self,
        trade: TradeId,
        instrument: &Instrument,
        side: Side,
        price: Ticks,
        quantity: Lots,
    ) -> Result<ExecutionCost, NumberError> {
        const OVERFLOW: NumberError = NumberError::Overflow { what: "an execution's cost" };
        let worth = |price| instrument.notional(price, quantity);
        let against_us = |from: Money, to: Money| match side {
            Side::Buy => to.checked_sub(from).ok_or(OVERFLOW),
            Side::Sell => from.checked_sub(to).ok_or(OVERFLOW),
        };
        let reference = match self.twice_mid {
            Some(twice) => Money::from_atto(worth(twice)?.atto() / 2),
            None => worth(self.touch)?,
        };
        let (touch, level, paid) = (worth(self.touch)?, worth(self.level)?, worth(price)?);
        Ok(ExecutionCost {
            trade,
            instrument: instrument.id(),
            side,
            reference,
            spread: against_us(reference, touch)?,
            impact: against_us(touch, level)?,
            slippage: against_us(level, paid)?,
        })
    }
}
