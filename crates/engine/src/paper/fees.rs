//! What the pretend exchange charges.

use domain::{Bps, Instrument, Liquidity, Lots, Money, NumberError, Ticks};

/// The fee rates of makers and takers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fees {
    maker: Bps,
    taker: Bps,
}

impl Fees {
    /// # Errors
    /// [`NumberError::TooFine`] for a rate that cannot be charged exactly.
    pub(super) fn new(maker: Bps, taker: Bps) -> Result<Self, NumberError> {
        for rate in [maker, taker] {
            rate.of_rounded_up(Money::from_atto(1))?;
        }
        Ok(Self { maker, taker })
    }

    /// The fee of one execution: notional times rate, rounded up.
    ///
    /// # Errors
    /// [`NumberError::Overflow`]; never for a part of a quantity that could be charged whole.
    pub(super) fn charge(
        &self,
        instrument: &Instrument,
        price: Ticks,
        quantity: Lots,
        liquidity: Liquidity,
    ) -> Result<Money, NumberError> {
        let rate = match liquidity {
            Liquidity::Maker => self.maker,
            Liquidity::Taker => self.taker,
        };
        rate.of_rounded_up(instrument.notional(price, quantity)?)
    }
}
