//! One strategy's position in one instrument at average cost.
//!
//! The cost basis is signed: what a long cost, and minus what a short brought in. Closing
//! `closed` of `held` releases `cost x closed / held`, rounded toward zero to 1e-18, and
//! realises the cash flow of the closed part minus what was released. The rounding stays
//! in the remaining cost, so nothing is ever created or lost:
//! `cash + cost = opening + realised + carry - fees` holds exactly after every fill.

use domain::{
    Fill, Instrument, Lots, Money, NetLots, NumberError, Ticks,
    event::{AccountEvent, AccountEventKind},
};

const OVERFLOW: NumberError = NumberError::Overflow { what: "a position" };

/// Position and money of one strategy in one instrument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// How much is held; negative is short.
    pub quantity: NetLots,
    /// What it cost: positive for a long, negative for a short.
    pub cost_basis: Money,
    /// Profit of everything closed so far, before fees.
    pub realized_pnl: Money,
    /// All fees paid so far.
    pub fees: Money,
    /// Funding, interest, dividends and what was paid for fractions; negative is paid.
    pub carry: Money,
    /// Closing trades that made money.
    pub wins: u64,
    /// Closing trades that lost money.
    pub losses: u64,
}

impl Position {
    /// This position after a fill, and the cash that the fill brought in (negative: cost),
    /// fees included. Turning a long into a short closes the one, then opens the other.
    ///
    /// # Errors
    /// [`NumberError::Overflow`]; nothing was booked then.
    pub fn after(
        &self,
        fill: &Fill,
        instrument: &Instrument,
    ) -> Result<(Self, Money), NumberError> {
        let traded = fill.quantity.signed(fill.side);
        let opposite = self.quantity.side() == Some(fill.side.opposite());
        let closed = if opposite { fill.quantity.min(self.quantity.size()) } else { Lots::ZERO };
        let opened = fill.quantity.minus(closed);

        let mut next = *self;
        next.close(closed, fill, instrument)?;
        let opening_cost = instrument.signed_notional(fill.price, opened.signed(fill.side))?;
        next.cost_basis = next.cost_basis.checked_add(opening_cost).ok_or(OVERFLOW)?;
        next.quantity = self.quantity.checked_add(traded).ok_or(OVERFLOW)?;
        next.fees = self.fees.checked_add(fill.fee).ok_or(OVERFLOW)?;

        let spent = instrument.signed_notional(fill.price, traded)?;
        let cash = spent.checked_add(fill.fee).and_then(|out| Money::ZERO.checked_sub(out));
        Ok((next, cash.ok_or(OVERFLOW)?))
    }

    /// This position after the venue moved money or units by its own rules. The cash that came
    /// in is the event's amount.
    ///
    /// A split keeps what the position cost. One that leaves nothing closes it: the cost is
    /// lost, and what was paid for the fractions is carry. A liquidation is a fill and is booked
    /// by [`Self::after`].
    ///
    /// # Errors
    /// [`NumberError::Overflow`]; nothing was booked then.
    pub fn after_event(&self, event: &AccountEvent) -> Result<Self, NumberError> {
        let mut next = *self;
        next.carry = self.carry.checked_add(event.amount).ok_or(OVERFLOW)?;
        if let AccountEventKind::Split { position } = event.kind {
            next.quantity = position;
            if position.is_zero() {
                next.realized_pnl =
                    self.realized_pnl.checked_sub(self.cost_basis).ok_or(OVERFLOW)?;
                next.cost_basis = Money::ZERO;
            }
        }
        Ok(next)
    }

    fn close(
        &mut self,
        closed: Lots,
        fill: &Fill,
        instrument: &Instrument,
    ) -> Result<(), NumberError> {
        if closed.is_zero() {
            return Ok(());
        }
        let held = self.quantity.size();
        let released = self.cost_basis.share_toward_zero(closed.get(), held.get())?;
        // Selling brings cash in; buying back pays it out.
        let brought_in =
            instrument.signed_notional(fill.price, closed.signed(fill.side.opposite()))?;
        let gained = brought_in.checked_sub(released).ok_or(OVERFLOW)?;
        self.cost_basis = self.cost_basis.checked_sub(released).ok_or(OVERFLOW)?;
        self.realized_pnl = self.realized_pnl.checked_add(gained).ok_or(OVERFLOW)?;
        self.wins += u64::from(gained > Money::ZERO);
        self.losses += u64::from(gained < Money::ZERO);
        Ok(())
    }

    /// What the position is worth at a price given as twice its value in ticks (so that the
    /// middle of an odd spread is exact), rounded toward zero to 1e-18.
    ///
    /// # Errors
    /// [`NumberError::Overflow`].
    pub fn value(
        quantity: NetLots,
        twice_price: Ticks,
        instrument: &Instrument,
    ) -> Result<Money, NumberError> {
        let twice = instrument.signed_notional(twice_price, quantity)?;
        Ok(Money::from_atto(twice.atto() / 2))
    }
}
