//! The account at the pretend exchange: cash, and each strategy's position per instrument.
//!
//! It books the exchange's own fills and account events the moment they happen, before anybody
//! hears of them; the engine books the same ones when they arrive. That is how the exchange can
//! cut orders that may only reduce, refuse what cannot be borrowed or is not covered, and move
//! money by its own rules. When and why money moves is told elsewhere.

use domain::{
    Fill, Instrument, InstrumentId, Instruments, Lots, Market, Money, NetLots, NewOrder,
    NumberError, PositionEffect, Price, Rate, Refusal, Side, StrategyId, Ticks,
};
use rust_decimal::Decimal;

use super::{
    PaperConfig, PaperConfigError,
    wide::{power_of_ten, product_over},
};
use crate::portfolio::Position;

const OVERFLOW: NumberError = NumberError::Overflow { what: "the account at the exchange" };

/// How much of an order its account lets trade, and what ends it beyond that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) quantity: Lots,
    pub(super) beyond: Refusal,
}

/// One instrument's part of the account.
#[derive(Debug)]
pub(super) struct Holding {
    pub(super) instrument: Instrument,
    /// By strategy; those beyond the end hold nothing.
    positions: Vec<Position>,
    /// The last price that the market told, `None` before the first.
    pub(super) price: Option<Ticks>,
    /// The venue's last mark price, `None` where it sends none.
    pub(super) mark: Option<Price>,
    /// Interest a year on what is sold short; `None` where nothing can be borrowed.
    pub(super) borrow: Option<Rate>,
}

impl Holding {
    /// The strategies with a position.
    pub(super) fn held(&self) -> impl Iterator<Item = (StrategyId, &Position)> {
        let named = |(index, position)| {
            u16::try_from(index).ok().map(|index| (StrategyId::new(index), position))
        };
        let all = self.positions.iter().enumerate().filter_map(named);
        all.filter(|(_, position)| !position.quantity.is_zero())
    }

    pub(super) fn is_flat(&self) -> bool {
        self.positions.iter().all(|position| position.quantity.is_zero())
    }

    fn position(&self, strategy: StrategyId) -> NetLots {
        self.positions.get(strategy.index()).map_or(NetLots::ZERO, |one| one.quantity)
    }

    fn position_mut(&mut self, strategy: StrategyId) -> &mut Position {
        if self.positions.len() <= strategy.index() {
            self.positions.resize(strategy.index() + 1, Position::default());
        }
        &mut self.positions[strategy.index()]
    }

    /// What positions are valued at: the mark price, else the last price of the market.
    pub(super) fn valuation(&self) -> Option<Decimal> {
        let last = || self.price.map(|price| self.instrument.price(price));
        self.mark.map(Price::decimal).or_else(last)
    }

    /// The same in ticks, a mark between two of them rounded down.
    pub(super) fn valuation_ticks(&self) -> Option<Ticks> {
        let scale = self.instrument.price_scale();
        let mark = self.mark.and_then(|mark| scale.count_floor(mark.decimal()).ok());
        mark.map(|count| Ticks::new(count.max(1))).or(self.price)
    }

    /// `quantity x price x numerator / divisor`, rounded toward minus infinity to 1e-18: against
    /// whoever receives it.
    ///
    /// # Errors
    /// [`NumberError::Overflow`].
    pub(super) fn amount(
        &self,
        quantity: NetLots,
        price: Decimal,
        numerator: i128,
        divisor: i128,
    ) -> Result<Money, NumberError> {
        let (lot, price) = (self.instrument.quantity_scale().step(), price.normalize());
        let units = || {
            let value = i128::from(quantity.get())
                .checked_mul(lot.mantissa())?
                .checked_mul(price.mantissa())?;
            // Money counts 1e-18, so that many decimals need no division.
            let decimals = lot.scale() + price.scale();
            let up = power_of_ten(18_u32.saturating_sub(decimals))?;
            let down = power_of_ten(decimals.saturating_sub(18))?;
            product_over(value, numerator.checked_mul(up)?, divisor.checked_mul(down)?)
        };
        units().map(Money::from_atto).ok_or(OVERFLOW)
    }
}

/// Cash and positions.
#[derive(Debug)]
pub(super) struct Account {
    cash: Money,
    holdings: Vec<Holding>,
    /// How many positions are not flat.
    held: usize,
}

impl Account {
    /// The account as it is at the start.
    pub(super) fn new(
        config: &PaperConfig,
        instruments: &Instruments,
    ) -> Result<Self, PaperConfigError> {
        let holding = |instrument: &Instrument| Holding {
            instrument: instrument.clone(),
            positions: Vec::new(),
            price: None,
            mark: None,
            borrow: config.borrow.of(&instrument.spec().base),
        };
        let holdings = instruments.iter().map(holding).collect();
        let mut account = Self { cash: config.opening_cash, holdings, held: 0 };
        for one in &config.opening_positions {
            let Some(holding) = account.holdings.get_mut(one.instrument.index()) else {
                let (setting, instrument) = ("an opening position", one.instrument);
                return Err(PaperConfigError::UnknownInstrument { setting, instrument });
            };
            let position = holding.position_mut(one.strategy);
            let sum = position.quantity.checked_add(one.position);
            let cost = position.cost_basis.checked_add(one.cost_basis);
            let (Some(quantity), Some(cost_basis)) = (sum, cost) else {
                return Err(PaperConfigError::Opening { source: OVERFLOW });
            };
            *position = Position { quantity, cost_basis, ..*position };
        }
        account.held = account.holdings.iter().map(|holding| holding.held().count()).sum();
        Ok(account)
    }

    pub(super) const fn cash(&self) -> Money {
        self.cash
    }

    pub(super) fn holding(&self, id: InstrumentId) -> &Holding {
        &self.holdings[id.index()]
    }

    pub(super) fn holdings(&self) -> &[Holding] {
        &self.holdings
    }

    pub(super) fn position(&self, strategy: StrategyId, id: InstrumentId) -> NetLots {
        self.holding(id).position(strategy)
    }

    pub(super) fn note_price(&mut self, id: InstrumentId, price: Ticks) {
        self.holdings[id.index()].price = Some(price);
    }

    pub(super) fn note_mark(&mut self, id: InstrumentId, mark: Price) {
        self.holdings[id.index()].mark = Some(mark);
    }

    /// After a split old prices are in old units.
    pub(super) fn forget_prices(&mut self, id: InstrumentId, price: Option<Ticks>) {
        let holding = &mut self.holdings[id.index()];
        (holding.price, holding.mark) = (price, None);
    }

    /// Books an execution.
    ///
    /// # Errors
    /// [`NumberError::Overflow`]; nothing was booked then.
    pub(super) fn book(&mut self, strategy: StrategyId, fill: &Fill) -> Result<(), NumberError> {
        let holding = &mut self.holdings[fill.instrument.index()];
        let position = holding.positions.get(strategy.index()).copied().unwrap_or_default();
        let (next, moved) = position.after(fill, &holding.instrument)?;
        self.cash = self.cash.checked_add(moved).ok_or(OVERFLOW)?;
        *holding.position_mut(strategy) = next;
        // Where the market tells no price, that of the last execution is known at least.
        holding.price.get_or_insert(fill.price);
        self.count(position.quantity, next.quantity);
        Ok(())
    }

    /// Moves money by the exchange's rules.
    ///
    /// # Errors
    /// [`NumberError::Overflow`]; nothing was moved then.
    pub(super) fn pay(&mut self, amount: Money) -> Result<(), NumberError> {
        self.cash = self.cash.checked_add(amount).ok_or(OVERFLOW)?;
        Ok(())
    }

    /// Replaces a position whose units changed.
    pub(super) fn convert(&mut self, strategy: StrategyId, id: InstrumentId, position: NetLots) {
        let one = self.holdings[id.index()].position_mut(strategy);
        let before = std::mem::replace(&mut one.quantity, position);
        if position.is_zero() {
            one.cost_basis = Money::ZERO;
        }
        self.count(before, position);
    }

    fn count(&mut self, before: NetLots, after: NetLots) {
        self.held += usize::from(!after.is_zero());
        self.held -= usize::from(!before.is_zero());
    }

    /// Whether nobody holds anything.
    pub(super) const fn is_flat(&self) -> bool {
        self.held == 0
    }

    /// How much of an order may trade, `None` for all of it.
    pub(super) fn room(&self, order: &NewOrder) -> Option<Room> {
        let holding = self.holding(order.instrument);
        if order.effect == PositionEffect::ReduceOnly {
            let position = holding.position(order.strategy);
            let reduces = position.side() == Some(order.side.opposite());
            let quantity = if reduces { position.size() } else { Lots::ZERO };
            return Some(Room { quantity, beyond: Refusal::NothingToReduce });
        }
        let needs_loan = order.side == Side::Sell
            && holding.instrument.spec().market == Market::Spot
            && holding.borrow.is_none();
        needs_loan.then(|| {
            let held = holding.position(order.strategy).get().max(0);
            Room { quantity: Lots::new(held), beyond: Refusal::NotBorrowable }
        })
    }

    /// Whether an order may live at all: whether there is something to reduce, and whether it
    /// sells no more than is held where nothing can be borrowed.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn admits(&self, order: &NewOrder) -> Result<(), Refusal> {
        match self.room(order) {
            Some(Room { quantity, beyond: Refusal::NotBorrowable })
                if quantity < order.quantity =>
            {
                Err(Refusal::NotBorrowable)
            }
            _ => self.admits_now(order),
        }
    }

    /// Whether at least some of an order may trade.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn admits_now(&self, order: &NewOrder) -> Result<(), Refusal> {
        match self.room(order) {
            Some(Room { quantity, beyond }) if quantity.is_zero() => Err(beyond),
            _ => Ok(()),
        }
    }
}
