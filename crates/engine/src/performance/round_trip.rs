//! From fills to round trips: one from the first fill out of flat to the last one back.
//!
//! A fill that turns a long into a short ends one round trip and begins the next. Money is
//! exact: the profits of all round trips, finished and open, add up to the account's.

use domain::{
    Fill, Instrument, InstrumentId, Instruments, Liquidity, Lots, Money, NetLots, NumberError,
    Side, StrategyId, Timestamp,
};

/// One position from its first fill to its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundTrip {
    /// Whose.
    pub strategy: StrategyId,
    /// In what.
    pub instrument: InstrumentId,
    /// Buy for a long, sell for a short.
    pub side: Side,
    /// When the first fill happened.
    pub opened: Timestamp,
    /// When the last fill happened; `None` while it is open.
    pub closed: Option<Timestamp>,
    /// Everything that went into it.
    pub quantity: Lots,
    /// What the entries came to, positive.
    pub entry_value: Money,
    /// How much of it was closed.
    pub closed_quantity: Lots,
    /// What the exits came to, positive.
    pub exit_value: Money,
    /// All fees.
    pub fees: Money,
    /// Funding, interest and dividends received meanwhile; negative is paid.
    pub carry: Money,
    /// Fills it took.
    pub fills: u32,
    /// Fills that waited in the book.
    pub maker_fills: u32,
    /// Whether the venue closed some of it by force.
    pub liquidated: bool,
}

impl RoundTrip {
    fn begin(strategy: StrategyId, fill: &Fill) -> Self {
        Self {
            strategy,
            instrument: fill.instrument,
            side: fill.side,
            opened: fill.time,
            closed: None,
            quantity: Lots::ZERO,
            entry_value: Money::ZERO,
            closed_quantity: Lots::ZERO,
            exit_value: Money::ZERO,
            fees: Money::ZERO,
            carry: Money::ZERO,
            fills: 0,
            maker_fills: 0,
            liquidated: false,
        }
    }

    /// Profit after fees and carry. Only the whole of a finished round trip has one.
    #[must_use]
    pub fn profit(&self) -> Option<Money> {
        self.closed?;
        let gross = match self.side {
            Side::Buy => self.exit_value.checked_sub(self.entry_value),
            Side::Sell => self.entry_value.checked_sub(self.exit_value),
        };
        gross?.checked_sub(self.fees)?.checked_add(self.carry)
    }

    /// Profit over what the entries came to; `None` while open or for a worthless entry.
    #[must_use]
    pub fn return_on_entry(&self) -> Option<f64> {
        let (profit, entry) = (self.profit()?.to_f64(), self.entry_value.to_f64());
        (entry > 0.0).then(|| profit / entry)
    }

    /// How much is still held.
    #[must_use]
    pub const fn open_quantity(&self) -> Lots {
        self.quantity.minus(self.closed_quantity)
    }

    /// The mean price of the entries in quote currency.
    #[must_use]
    pub fn entry_price(&self, instrument: &Instrument) -> Option<f64> {
        mean_price(self.entry_value, self.quantity, instrument)
    }

    /// The mean price of the exits in quote currency; `None` before the first.
    #[must_use]
    pub fn exit_price(&self, instrument: &Instrument) -> Option<f64> {
        mean_price(self.exit_value, self.closed_quantity, instrument)
    }
}

fn mean_price(value: Money, quantity: Lots, instrument: &Instrument) -> Option<f64> {
    use std::str::FromStr as _;
    let units = f64::from_str(&instrument.quantity(quantity).to_string()).ok()?;
    (units > 0.0).then(|| value.to_f64() / units)
}

/// Puts round trips together, fill by fill.
#[derive(Clone, Debug)]
pub struct RoundTrips {
    instruments: usize,
    open: Vec<Option<RoundTrip>>,
}

impl RoundTrips {
    /// Nothing is open.
    #[must_use]
    pub fn new(strategies: usize, instruments: usize) -> Self {
        Self { instruments, open: vec![None; strategies * instruments] }
    }

    /// Takes a fill in and gives back the round trip that it ended, if it did.
    ///
    /// # Errors
    /// [`NumberError::Overflow`]; the account has the same numbers and would have failed first.
    pub fn fill(
        &mut self,
        strategy: StrategyId,
        fill: &Fill,
        all: &Instruments,
        liquidation: bool,
    ) -> Result<Option<RoundTrip>, NumberError> {
        let instrument = all.get(fill.instrument);
        let slot = strategy.index() * self.instruments + fill.instrument.index();
        let held = self.open[slot].as_ref().map_or(Lots::ZERO, RoundTrip::open_quantity);
        let opposite = self.open[slot].as_ref().is_some_and(|open| open.side != fill.side);
        let closing = if opposite { fill.quantity.min(held) } else { Lots::ZERO };
        let opening = fill.quantity.minus(closing);
        let closing_fee = fill.fee.share_toward_zero(closing.get(), fill.quantity.get())?;
        let opening_fee = fill.fee.checked_sub(closing_fee).ok_or(OVERFLOW)?;
        let maker = u32::from(fill.liquidity == Liquidity::Maker);

        let mut ended = None;
        if let Some(open) = self.open[slot].as_mut().filter(|_| !closing.is_zero()) {
            open.closed_quantity = open.closed_quantity.checked_add(closing).ok_or(OVERFLOW)?;
            let value = instrument.notional(fill.price, closing)?;
            open.exit_value = open.exit_value.checked_add(value).ok_or(OVERFLOW)?;
            open.fees = open.fees.checked_add(closing_fee).ok_or(OVERFLOW)?;
            open.fills += 1;
            open.maker_fills += maker;
            open.liquidated |= liquidation;
            if open.open_quantity().is_zero() {
                open.closed = Some(fill.time);
                ended = self.open[slot].take();
            }
        }
        if !opening.is_zero() {
            let open = self.open[slot].get_or_insert_with(|| RoundTrip::begin(strategy, fill));
            open.quantity = open.quantity.checked_add(opening).ok_or(OVERFLOW)?;
            let value = instrument.notional(fill.price, opening)?;
            open.entry_value = open.entry_value.checked_add(value).ok_or(OVERFLOW)?;
            open.fees = open.fees.checked_add(opening_fee).ok_or(OVERFLOW)?;
            open.fills += 1;
            open.maker_fills += maker;
        }
        Ok(ended)
    }

    /// Notes money that came in or went out while a position was held. Money for a position that
    /// is gone (such as a dividend paid after the sale) belongs to no round trip: `false`.
    pub fn carry(&mut self, strategy: StrategyId, instrument: InstrumentId, amount: Money) -> bool {
        let slot = strategy.index() * self.instruments + instrument.index();
        let Some(open) = self.open[slot].as_mut() else { return false };
        open.carry += amount;
        true
    }

    /// A split changed what is held: quantities follow in new units, values stay.
    pub fn split(&mut self, strategy: StrategyId, instrument: InstrumentId, position: NetLots) {
        let slot = strategy.index() * self.instruments + instrument.index();
        let Some(open) = self.open[slot].as_mut() else { return };
        let held = i128::from(open.open_quantity().get().max(1));
        let closed = i128::from(open.closed_quantity.get()) * i128::from(position.size().get());
        open.closed_quantity = i64::try_from(closed / held).map_or(open.closed_quantity, Lots::new);
        let quantity = open.closed_quantity.checked_add(position.size());
        open.quantity = quantity.unwrap_or(open.quantity);
        if open.open_quantity().is_zero() {
            self.open[slot] = None;
        }
    }

    /// What is not finished, by strategy, then instrument.
    pub fn open(&self) -> impl Iterator<Item = &RoundTrip> {
        self.open.iter().flatten()
    }
}

const OVERFLOW: NumberError = NumberError::Overflow { what: "a round trip" };

#[cfg(test)]
mod tests;
