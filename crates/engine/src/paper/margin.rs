//! Margin: whether an order is covered, and when positions are closed by force.
//!
//! Perpetuals and borrowed spot need margin: the initial rate to open, the maintenance rate to
//! stay. The rates of a tier hold for the part of a position's worth within it, like a progressive
//! tax, so that nothing jumps at a tier's edge. A spot purchase must be paid whole.
//!
//! - **Cross**: cash plus the worth of everything margined backs all positions together. When it
//!   falls below the sum of their maintenance, the position with the largest maintenance is
//!   closed, then the next, until the rest is covered. Spot that is held backs nothing.
//! - **Isolated**: each position is backed by the initial margin of its cost and by its own profit
//!   or loss alone, and is closed when that falls below its maintenance.
//!
//! A position is valued at the mark price, else at the market's last price, and closed whole at that
//! price for the liquidation fee. Waiting orders reserve nothing: cover is looked at when an order
//! arrives and whenever positions are valued.

use domain::{
    Bps, InstrumentId, Lots, Market, Money, NetLots, NewOrder, NumberError, OrderId, OrderType,
    PositionEffect, Rate, Side, StrategyId, Ticks, Timestamp,
};

use super::{
    PaperConfigError, PaperProblem,
    account::{Account, Holding},
    costs::Path,
    desk::{Desk, Execution},
    wide::{power_of_ten, product_over},
};
use crate::portfolio::Position;

const OVERFLOW: NumberError = NumberError::Overflow { what: "a margin" };

/// What backs a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarginMode {
    /// The whole account.
    Cross,
    /// Its own margin.
    Isolated,
}

/// Rates for the part of a position's worth from some amount on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarginTier {
    /// From this worth on, in quote currency.
    pub notional_from: Money,
    /// To open: one over the leverage.
    pub initial: Rate,
    /// To stay open; below the initial rate.
    pub maintenance: Rate,
}

/// How much backing positions need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarginConfig {
    /// What backs a position.
    pub mode: MarginMode,
    /// The first one from zero on, then growing.
    pub tiers: Vec<MarginTier>,
    /// The fee on a forced execution.
    pub liquidation_fee: Bps,
}

impl MarginConfig {
    /// The same rates for any size.
    #[must_use]
    pub fn flat(mode: MarginMode, initial: Rate, maintenance: Rate, liquidation_fee: Bps) -> Self {
        let tier = MarginTier { notional_from: Money::ZERO, initial, maintenance };
        Self { mode, tiers: vec![tier], liquidation_fee }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Initial,
    Maintenance,
}

/// One instrument's price in place of its last one: what a bar's range would have told.
pub(super) type Supposed = Option<(InstrumentId, Ticks)>;

/// The checked rules.
#[derive(Debug)]
pub(super) struct Margin {
    mode: MarginMode,
    tiers: Vec<MarginTier>,
    liquidation_fee: Bps,
}

/// A position to be closed by force.
#[derive(Clone, Copy, Debug)]
pub(super) struct Victim {
    pub(super) strategy: StrategyId,
    pub(super) instrument: InstrumentId,
    position: NetLots,
    price: Ticks,
}

impl Margin {
    pub(super) fn new(config: &MarginConfig) -> Result<Self, PaperConfigError> {
        let starts = config.tiers.iter().map(|tier| tier.notional_from);
        if config.tiers.is_empty()
            || config.tiers[0].notional_from != Money::ZERO
            || !starts.is_sorted_by(|before, after| before < after)
        {
            return Err(PaperConfigError::MarginTiers);
        }
        for tier in &config.tiers {
            let (initial, maintenance) = (tier.initial.decimal(), tier.maintenance.decimal());
            let fits = maintenance > 0.into() && maintenance < initial && initial <= 1.into();
            if !fits {
                let notional_from = tier.notional_from;
                return Err(PaperConfigError::MarginRates { notional_from });
            }
        }
        let fee = config.liquidation_fee;
        if fee.decimal() < 0.into() || fee.of_rounded_up(Money::from_atto(1)).is_err() {
            return Err(PaperConfigError::LiquidationFee { fee });
        }
        Ok(Self { mode: config.mode, tiers: config.tiers.clone(), liquidation_fee: fee })
    }

    /// The backing that a worth needs, rounded up.
    fn requirement(&self, worth: Money, stage: Stage) -> Result<Money, NumberError> {
        let worth = worth.abs().atto();
        let mut sum = 0_i128;
        for (index, tier) in self.tiers.iter().enumerate() {
            let from = tier.notional_from.atto();
            let to = self.tiers.get(index + 1).map_or(i128::MAX, |next| next.notional_from.atto());
            if worth <= from {
                break;
            }
            let rate = match stage {
                Stage::Initial => tier.initial.decimal(),
                Stage::Maintenance => tier.maintenance.decimal(),
            };
            let divisor = power_of_ten(rate.scale()).ok_or(OVERFLOW)?;
            let part = product_over(from - worth.min(to), rate.mantissa(), divisor);
            sum = part.and_then(|part| sum.checked_sub(part)).ok_or(OVERFLOW)?;
        }
        Ok(Money::from_atto(sum))
    }

    /// Whether an order that would execute at `price` is covered.
    ///
    /// # Errors
    /// [`NumberError::Overflow`].
    pub(super) fn covers(
        &self,
        account: &Account,
        order: &NewOrder,
        price: Ticks,
    ) -> Result<bool, NumberError> {
        if order.effect == PositionEffect::ReduceOnly {
            return Ok(true);
        }
        let holding = account.holding(order.instrument);
        let before = account.position(order.strategy, order.instrument);
        let after = before.checked_add(order.quantity.signed(order.side)).ok_or(OVERFLOW)?;
        let needs = |position: NetLots| {
            let is_paid = holding.instrument.spec().market == Market::Spot && position.get() > 0;
            let worth = holding.instrument.signed_notional(price, position)?;
            if is_paid { Ok(worth) } else { self.requirement(worth, Stage::Initial) }
        };
        let more = needs(after)?.checked_sub(needs(before)?).ok_or(OVERFLOW)?;
        Ok(more <= Money::ZERO || more <= self.free(account)?)
    }

    /// What is left to open positions with.
    fn free(&self, account: &Account) -> Result<Money, NumberError> {
        let mut free = account.cash();
        for (holding, _, position) in margined(account) {
            let basis = match self.mode {
                MarginMode::Cross => value(holding, position, None)?,
                MarginMode::Isolated => position.cost_basis,
            };
            let used = self.requirement(basis, Stage::Initial)?;
            free = free.checked_add(basis).and_then(|sum| sum.checked_sub(used)).ok_or(OVERFLOW)?;
        }
        Ok(free)
    }

    /// How far the account is above what all its positions need; below zero is a margin call.
    fn cross_surplus(&self, account: &Account, supposed: Supposed) -> Result<Money, NumberError> {
        let mut surplus = account.cash();
        for (holding, _, position) in margined(account) {
            let worth = value(holding, position, supposed)?;
            let used = self.requirement(worth, Stage::Maintenance)?;
            surplus =
                surplus.checked_add(worth).and_then(|sum| sum.checked_sub(used)).ok_or(OVERFLOW)?;
        }
        Ok(surplus)
    }

    fn isolated_surplus(
        &self,
        holding: &Holding,
        position: &Position,
        supposed: Supposed,
    ) -> Result<Money, NumberError> {
        let worth = value(holding, position, supposed)?;
        let margin = self.requirement(position.cost_basis, Stage::Initial)?;
        let used = self.requirement(worth, Stage::Maintenance)?;
        let backing = margin.checked_add(worth).and_then(|sum| sum.checked_sub(used));
        backing.and_then(|sum| sum.checked_sub(position.cost_basis)).ok_or(OVERFLOW)
    }

    /// The next position to close, `None` when everything is covered.
    fn victim(&self, account: &Account, supposed: Supposed) -> Result<Option<Victim>, NumberError> {
        let mut worst: Option<(Money, Victim)> = None;
        if self.mode == MarginMode::Cross && self.cross_surplus(account, supposed)? >= Money::ZERO {
            return Ok(None);
        }
        for (holding, strategy, position) in margined(account) {
            let Some(price) = price(holding, supposed) else { continue };
            let instrument = holding.instrument.id();
            let found = Victim { strategy, instrument, position: position.quantity, price };
            match self.mode {
                MarginMode::Isolated => {
                    if self.isolated_surplus(holding, position, supposed)? < Money::ZERO {
                        return Ok(Some(found));
                    }
                }
                MarginMode::Cross => {
                    let worth = value(holding, position, supposed)?;
                    let used = self.requirement(worth, Stage::Maintenance)?;
                    if worst.is_none_or(|(most, _)| used > most) {
                        worst = Some((used, found));
                    }
                }
            }
        }
        Ok(worst.map(|(_, victim)| victim))
    }

    /// The first price on the way from `open` to a bar's far end at which somebody must be
    /// closed, `None` when nobody must. Every position loses steadily on the way that is bad for
    /// it, so halving the way finds it.
    fn calling_price(
        &self,
        account: &Account,
        instrument: InstrumentId,
        open: Ticks,
        end: Ticks,
    ) -> Result<Option<Ticks>, NumberError> {
        let calls = |price: i64| -> Result<bool, NumberError> {
            let supposed = Some((instrument, Ticks::new(price)));
            self.victim(account, supposed).map(|found| found.is_some())
        };
        if !calls(end.get())? {
            return Ok(None);
        }
        let (mut fine, mut called) = (open.get(), end.get());
        if calls(fine)? {
            return Ok(Some(open));
        }
        while fine.abs_diff(called) > 1 {
            let middle = fine.midpoint(called);
            if calls(middle)? {
                called = middle;
            } else {
                fine = middle;
            }
        }
        Ok(Some(Ticks::new(called)))
    }
}

/// The positions that need margin.
fn margined(account: &Account) -> impl Iterator<Item = (&Holding, StrategyId, &Position)> {
    let held =
        |holding| Holding::held(holding).map(move |(strategy, one)| (holding, strategy, one));
    account.holdings().iter().flat_map(held).filter(|(holding, _, position)| {
        match holding.instrument.spec().market {
            Market::Spot => position.quantity.get() < 0,
            Market::LinearPerpetual => true,
            Market::InversePerpetual => false,
        }
    })
}

fn price(holding: &Holding, supposed: Supposed) -> Option<Ticks> {
    match supposed {
        Some((instrument, price)) if instrument == holding.instrument.id() => Some(price),
        _ => holding.valuation_ticks(),
    }
}

/// The worth at the price, at cost before the first price.
fn value(holding: &Holding, position: &Position, supposed: Supposed) -> Result<Money, NumberError> {
    match price(holding, supposed) {
        Some(price) => holding.instrument.signed_notional(price, position.quantity),
        None => Ok(position.cost_basis),
    }
}

/// Closes what is not covered at the last prices.
pub(super) fn call(desk: &mut Desk, time: Timestamp, closed: &mut Vec<Victim>) {
    call_at(desk, None, time, closed);
}

/// Closes what is not covered somewhere on a bar's way from its open to each of its ends.
pub(super) fn call_within(
    desk: &mut Desk,
    instrument: InstrumentId,
    (open, ends): (Ticks, [Ticks; 2]),
    time: Timestamp,
    closed: &mut Vec<Victim>,
) {
    for end in ends {
        let Some(margin) = &desk.margin else { return };
        match margin.calling_price(&desk.account, instrument, open, end) {
            Ok(Some(price)) => call_at(desk, Some((instrument, price)), time, closed),
            Ok(None) => {}
            Err(source) => note(desk, instrument, source),
        }
    }
}

fn call_at(desk: &mut Desk, supposed: Supposed, time: Timestamp, closed: &mut Vec<Victim>) {
    while let Some(margin) = &desk.margin {
        let victim = match margin.victim(&desk.account, supposed) {
            Ok(None) => return,
            Ok(Some(victim)) => victim,
            Err(source) => {
                let instrument = supposed.map_or(InstrumentId::new(0), |(id, _)| id);
                return note(desk, instrument, source);
            }
        };
        let fee = margin.liquidation_fee;
        if let Err(source) = close(desk, victim, fee, time) {
            return note(desk, victim.instrument, source);
        }
        closed.push(victim);
    }
}

fn close(desk: &mut Desk, victim: Victim, fee: Bps, time: Timestamp) -> Result<(), NumberError> {
    let Victim { strategy, instrument, position, price } = victim;
    let side = if position.get() > 0 { Side::Sell } else { Side::Buy };
    let quantity: Lots = position.size();
    let worth = desk.account.holding(instrument).instrument.notional(price, quantity)?;
    let done = Execution {
        price,
        quantity,
        fee: fee.of_rounded_up(worth)?,
        liquidity: domain::Liquidity::Taker,
        path: Path::at(price, None),
    };
    let forced = NewOrder {
        id: OrderId::from_raw(0),
        strategy,
        instrument,
        side,
        order_type: OrderType::Market,
        quantity,
        limit: None,
        trigger: None,
        effect: PositionEffect::ReduceOnly,
        created: time,
    };
    desk.liquidate(&forced, &done, time)
}

fn note(desk: &mut Desk, instrument: InstrumentId, source: NumberError) {
    let (time, what) = (desk.now(), "margin");
    desk.problems.note(PaperProblem::Number { instrument, time, what, source });
}
