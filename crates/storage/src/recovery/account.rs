//! Booking what the journal has, but whose account record the crash cut off.

use domain::{
    AccountEvent, AccountEventKind, Fill, Instrument, InstrumentId, Lots, Money, NetLots,
    NumberError, StrategyId, Timestamp,
    instrument::InstrumentSpec,
    number::Scale,
    record::{AccountRecord, SessionStarted},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

const OVERFLOW: NumberError = NumberError::Overflow { what: "an account" };

/// What one strategy holds of one instrument, in the words of the outside world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Whose.
    pub strategy: String,
    /// In what. The position counts in this instrument's lots.
    pub instrument: InstrumentSpec,
    /// Signed position.
    pub position: NetLots,
    /// What the position cost: positive for a long, negative for a short.
    pub cost_basis: Money,
    /// Profit of everything closed so far, before fees.
    pub realized_pnl: Money,
    /// All fees paid so far.
    pub fees: Money,
    /// Funding, interest, dividends and the like received so far; negative is paid.
    #[serde(default)]
    pub carry: Money,
    /// When it last changed.
    pub updated: Timestamp,
    /// The journal holds a fill or an event that made this, but no account record that says so.
    #[serde(default)]
    pub(crate) unrecorded: bool,
}

impl Account {
    /// An account without anything in it.
    pub(crate) fn empty(strategy: &str, instrument: &InstrumentSpec) -> Self {
        Self {
            strategy: strategy.to_owned(),
            instrument: instrument.clone(),
            position: NetLots::ZERO,
            cost_basis: Money::ZERO,
            realized_pnl: Money::ZERO,
            fees: Money::ZERO,
            carry: Money::ZERO,
            updated: Timestamp::EPOCH,
            unrecorded: false,
        }
    }

    /// The position as a decimal.
    ///
    /// # Errors
    /// [`NumberError::BadStep`] for an instrument that never was one.
    pub fn quantity(&self) -> Result<Decimal, NumberError> {
        Ok(Scale::new(self.instrument.lot_size.decimal())?.value(self.position.get()))
    }

    /// As a record of a session, `None` when the session has no such strategy or instrument.
    pub(crate) fn record(&self, session: &SessionStarted, cash: Money) -> Option<AccountRecord> {
        let strategy = session.strategies.iter().position(|name| *name == self.strategy)?;
        let instrument = session.instruments.iter().position(|spec| {
            self.is_of(&self.strategy, spec) && spec.lot_size == self.instrument.lot_size
        })?;
        Some(AccountRecord {
            time: session.time,
            strategy: StrategyId::new(u16::try_from(strategy).ok()?),
            instrument: InstrumentId::new(u16::try_from(instrument).ok()?),
            position: self.position,
            cost_basis: self.cost_basis,
            realized_pnl: self.realized_pnl,
            fees: self.fees,
            carry: self.carry,
            cash,
        })
    }

    /// Whether it is this strategy's in this instrument, whatever its lots are now.
    pub(crate) fn is_of(&self, strategy: &str, spec: &InstrumentSpec) -> bool {
        let own = &self.instrument;
        self.strategy == strategy
            && (&own.venue, own.market, &own.symbol) == (&spec.venue, spec.market, &spec.symbol)
    }

    /// Books what the venue did by its own rules and returns the cash after it.
    ///
    /// Money is carry. A split keeps the cost, unless it leaves nothing: then the cost is lost.
    pub(crate) fn book_event(
        &mut self,
        event: &AccountEvent,
        spec: &InstrumentSpec,
        cash: Money,
    ) -> Result<Money, NumberError> {
        if let AccountEventKind::Liquidation { fill } = &event.kind {
            return self.book(fill, spec, cash);
        }
        let mut booked = Self {
            carry: self.carry.checked_add(event.amount).ok_or(OVERFLOW)?,
            updated: event.time,
            unrecorded: true,
            ..self.clone()
        };
        if let AccountEventKind::Split { position } = event.kind {
            booked.instrument = spec.clone();
            booked.position = position;
            if position.is_zero() {
                booked.realized_pnl =
                    self.realized_pnl.checked_sub(self.cost_basis).ok_or(OVERFLOW)?;
                booked.cost_basis = Money::ZERO;
            }
        }
        let cash_after = cash.checked_add(event.amount).ok_or(OVERFLOW)?;
        *self = booked;
        Ok(cash_after)
    }

    /// Books a fill at average cost and returns the cash after it.
    ///
    /// A fill against the position closes first: it releases `cost x closed / held` of the
    /// cost basis, rounded toward zero, and the rest of the fill opens the other way.
    pub(crate) fn book(
        &mut self,
        fill: &Fill,
        spec: &InstrumentSpec,
        cash: Money,
    ) -> Result<Money, NumberError> {
        let instrument = Instrument::new(InstrumentId::new(0), spec.clone())?;
        let held = if spec.lot_size == self.instrument.lot_size {
            self.position
        } else {
            NetLots::new(instrument.quantity_scale().count(self.quantity()?)?)
        };
        let is_opposite = held.side() == Some(fill.side.opposite());
        let closed = if is_opposite { fill.quantity.min(held.size()) } else { Lots::ZERO };
        let released = if is_opposite {
            self.cost_basis.share_toward_zero(closed.get(), held.size().get())?
        } else {
            Money::ZERO
        };
        let traded = fill.quantity.signed(fill.side);
        let opened = fill.quantity.minus(closed).signed(fill.side);
        let paid = instrument.signed_notional(fill.price, traded)?;
        let paid_opening = instrument.signed_notional(fill.price, opened)?;
        let earned_closing = paid_opening.checked_sub(paid).ok_or(OVERFLOW)?;
        let gained = earned_closing.checked_sub(released).ok_or(OVERFLOW)?;

        let cost = self.cost_basis.checked_sub(released).ok_or(OVERFLOW)?;
        let booked = Self {
            strategy: self.strategy.clone(),
            instrument: spec.clone(),
            position: held.checked_add(traded).ok_or(OVERFLOW)?,
            cost_basis: cost.checked_add(paid_opening).ok_or(OVERFLOW)?,
            realized_pnl: self.realized_pnl.checked_add(gained).ok_or(OVERFLOW)?,
            fees: self.fees.checked_add(fill.fee).ok_or(OVERFLOW)?,
            carry: self.carry,
            updated: fill.time,
            unrecorded: true,
        };
        let cash_after = cash.checked_sub(paid).and_then(|cash| cash.checked_sub(fill.fee));
        *self = booked;
        cash_after.ok_or(OVERFLOW)
    }
}
