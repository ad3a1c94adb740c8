//! Money that moves by the exchange's rules: funding, interest, dividends, splits.
//!
//! - **Funding** of a perpetual at `MarketData::Funding`: a position receives
//!   `-position x price x rate`. Where a venue only streams marks, the last rate told before a
//!   settlement is settled at its time, once. See `schedule`.
//! - **Interest** on spot that was sold short: simple, `worth x rate / 8760` for every full hour of
//!   the clock that the position is held into, at the last known price.
//! - **Dividends**: a long receives, a short pays.
//! - **Splits**: a position is multiplied and cut toward zero; the fraction is paid in cash at the last
//!   price. Open orders end, as their prices and quantities are in old units.
//!
//! Every amount is rounded down to 1e-18, which is against us. What cannot be reckoned is never
//! zero: it is a [`PaperProblem`].

mod schedule;

use domain::{
    AccountEventKind, InstrumentId, Instruments, Market, Money, NetLots, NumberError, Rate, Span,
    StrategyId, Ticks, Timestamp,
    event::{Dividend, FundingSettlement, MarkPrice, Split},
};
use rust_decimal::Decimal;

use self::schedule::{Due, Schedule};
use super::{
    PaperConfig, PaperConfigError, PaperProblem,
    account::Holding,
    desk::Desk,
    wide::{power_of_ten, product_over},
};

const OVERFLOW: NumberError = NumberError::Overflow { what: "an amount of the account" };
const HOUR: i64 = 3_600_000_000_000;
/// Hours of a year of 365 days.
const HOURS_A_YEAR: i128 = 8_760;

/// The clocks of one instrument.
#[derive(Debug)]
struct Clocks {
    /// Of a perpetual.
    funding: Option<Schedule>,
    /// Up to when interest was charged, `None` before the first event.
    charged_until: Option<Timestamp>,
    /// Whether interest can become due.
    borrows: bool,
}

/// The clocks of all instruments.
#[derive(Debug)]
pub(super) struct Carry {
    clocks: Vec<Clocks>,
    /// Before this time nothing can become due.
    alarm: Timestamp,
}

impl Carry {
    pub(super) fn new(
        config: &PaperConfig,
        instruments: &Instruments,
    ) -> Result<Self, PaperConfigError> {
        let named = config.funding.by_instrument.iter().map(|(instrument, _)| *instrument);
        if let Some(instrument) = named.into_iter().find(|id| id.index() >= instruments.len()) {
            let setting = "a funding interval";
            return Err(PaperConfigError::UnknownInstrument { setting, instrument });
        }
        let rates = config.borrow.by_asset.iter().map(|(asset, rate)| (asset.as_str(), *rate));
        for (asset, rate) in rates.chain([("*", config.borrow.annual)]) {
            let unfit = rate.filter(|rate| {
                rate.decimal() < Decimal::ZERO || rate.decimal() > Decimal::ONE_HUNDRED
            });
            if let Some(annual) = unfit {
                return Err(PaperConfigError::Borrow { asset: asset.into(), annual });
            }
        }
        let clocks = instruments.iter().map(|instrument| {
            let spec = instrument.spec();
            let every = config.funding.of(instrument.id());
            if let Some(every) = every.filter(|every| *every < Span::from_secs(1)) {
                return Err(PaperConfigError::FundingInterval { every });
            }
            let is_perpetual = spec.market == Market::LinearPerpetual;
            let rate = config.borrow.of(&spec.base).map_or(Decimal::ZERO, Rate::decimal);
            Ok(Clocks {
                funding: is_perpetual.then(|| Schedule::new(every)),
                charged_until: None,
                borrows: spec.market == Market::Spot && !rate.is_zero(),
            })
        });
        let clocks: Vec<Clocks> = clocks.collect::<Result<_, _>>()?;
        // Where nothing can ever become due there is nothing to look for.
        let ticks = clocks.iter().any(|one| one.borrows || one.funding.is_some());
        let alarm = if ticks { Timestamp::from_nanos(i64::MIN) } else { Timestamp::MAX };
        Ok(Self { clocks, alarm })
    }

    /// Time reaches `now` for every instrument. Most of the time nothing is due.
    #[inline]
    pub(super) fn let_pass(&mut self, now: Timestamp, desk: &mut Desk) {
        if now < self.alarm {
            return;
        }
        for index in 0..self.clocks.len() {
            self.reach(index, now, desk);
        }
        self.set_alarm(now);
    }

    fn set_alarm(&mut self, now: Timestamp) {
        let nexts = self.clocks.iter().map(|clocks| clocks.next(now));
        self.alarm = nexts.min().unwrap_or(Timestamp::MAX);
    }

    /// Time reaches `now` for one instrument: inside a bar it is earlier than elsewhere.
    #[inline]
    pub(super) fn let_pass_for(&mut self, id: InstrumentId, now: Timestamp, desk: &mut Desk) {
        if now >= self.alarm && self.clocks[id.index()].next(now) <= now {
            self.reach(id.index(), now, desk);
            self.set_alarm(now);
        }
    }

    fn reach(&mut self, index: usize, now: Timestamp, desk: &mut Desk) {
        let clocks = &mut self.clocks[index];
        let Ok(id) = u16::try_from(index).map(InstrumentId::new) else { return };
        if clocks.borrows {
            let until = clocks.charged_until.unwrap_or(now);
            let hours = now.as_nanos().div_euclid(HOUR) - until.as_nanos().div_euclid(HOUR);
            clocks.charged_until = Some(until.max(now));
            if hours > 0 {
                charge_interest(id, hours, now, desk);
            }
        }
        let Some(schedule) = &mut clocks.funding else { return };
        while let Some(due) = schedule.due(now, || !desk.account.holding(id).is_flat()) {
            match due {
                Due::Settle { time, rate } => settle(id, rate, None, time, desk),
                Due::Missing { time } => {
                    desk.problems.note(PaperProblem::MissingFunding { instrument: id, time });
                }
            }
        }
    }

    /// The venue tells its mark price, and what it will settle when.
    pub(super) fn on_mark(&mut self, id: InstrumentId, mark: &MarkPrice, desk: &mut Desk) {
        desk.account.note_mark(id, mark.mark);
        if let Some(schedule) = &mut self.clocks[id.index()].funding {
            schedule.on_mark(mark);
            self.alarm = self.alarm.min(schedule.next());
        }
    }

    /// Funding is settled now.
    pub(super) fn on_funding(
        &mut self,
        id: InstrumentId,
        funding: &FundingSettlement,
        now: Timestamp,
        desk: &mut Desk,
    ) {
        let Some(schedule) = &mut self.clocks[id.index()].funding else { return };
        if schedule.on_settlement(now) {
            let price = funding.price.map(domain::Price::decimal);
            settle(id, funding.rate, price, now, desk);
        }
        self.alarm = self.alarm.min(schedule.next());
    }
}

impl Clocks {
    /// The earliest time at which something can become due.
    fn next(&self, now: Timestamp) -> Timestamp {
        let funding = self.funding.as_ref().map_or(Timestamp::MAX, Schedule::next);
        let hour = match self.charged_until {
            _ if !self.borrows => Timestamp::MAX,
            None => now,
            Some(until) => {
                Timestamp::from_nanos((until.as_nanos().div_euclid(HOUR) + 1).saturating_mul(HOUR))
            }
        };
        funding.min(hour)
    }
}

/// What is paid on positions as they are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Payment {
    Funding,
    Interest,
    Dividend,
}

impl Payment {
    const fn name(self) -> &'static str {
        match self {
            Self::Funding => "funding",
            Self::Interest => "interest",
            Self::Dividend => "a dividend",
        }
    }

    const fn event(self) -> AccountEventKind {
        match self {
            Self::Funding => AccountEventKind::Funding,
            Self::Interest => AccountEventKind::Borrow,
            Self::Dividend => AccountEventKind::Dividend,
        }
    }

    /// Only who borrows pays interest.
    const fn spares(self, position: NetLots) -> bool {
        matches!(self, Self::Interest) && position.get() >= 0
    }
}

/// Pays each position of an instrument what `amount` says, and tells of what it could not reckon.
fn pay_each(
    id: InstrumentId,
    kind: Payment,
    time: Timestamp,
    desk: &mut Desk,
    amount: impl Fn(&Holding, NetLots) -> Option<Result<Money, NumberError>>,
) {
    let held = desk.account.holding(id).held();
    let moved = held.filter(|(_, position)| !kind.spares(position.quantity));
    let moved: Vec<(StrategyId, NetLots)> =
        moved.map(|(strategy, position)| (strategy, position.quantity)).collect();
    let what = kind.name();
    for (strategy, position) in moved {
        let paid = match amount(desk.account.holding(id), position) {
            None => Err(PaperProblem::NoPrice { instrument: id, time, what }),
            Some(amount) => amount
                .and_then(|amount| desk.pay(strategy, id, amount, kind.event(), time))
                .map_err(|source| PaperProblem::Number { instrument: id, time, what, source }),
        };
        if let Err(problem) = paid {
            desk.problems.note(problem);
        }
    }
}

/// Settles funding at a price, or at the last known one.
fn settle(id: InstrumentId, rate: Rate, price: Option<Decimal>, time: Timestamp, desk: &mut Desk) {
    pay_each(id, Payment::Funding, time, desk, |holding, position| {
        let price = price.or_else(|| holding.valuation())?;
        let rate = rate.decimal().normalize();
        let divisor = power_of_ten(rate.scale()).ok_or(OVERFLOW);
        Some(divisor.and_then(|divisor| holding.amount(-position, price, rate.mantissa(), divisor)))
    });
}

/// Charges interest on short spot for whole hours.
fn charge_interest(id: InstrumentId, hours: i64, time: Timestamp, desk: &mut Desk) {
    pay_each(id, Payment::Interest, time, desk, |holding, position| {
        let price = holding.valuation()?;
        let rate = holding.borrow.unwrap_or_default().decimal().normalize();
        let divisor = power_of_ten(rate.scale()).and_then(|one| one.checked_mul(HOURS_A_YEAR));
        let rate = rate.mantissa().checked_mul(i128::from(hours));
        // The position is negative, and so is what it receives.
        let amount = rate.zip(divisor).ok_or(OVERFLOW);
        Some(amount.and_then(|(rate, divisor)| holding.amount(position, price, rate, divisor)))
    });
}

/// Pays a dividend.
pub(super) fn pay_dividend(
    id: InstrumentId,
    dividend: &Dividend,
    time: Timestamp,
    desk: &mut Desk,
) {
    pay_each(id, Payment::Dividend, time, desk, |holding, position| {
        let lot = holding.instrument.quantity_scale().step();
        let units = i128::from(position.get()).checked_mul(lot.mantissa());
        let amount = units
            .zip(power_of_ten(lot.scale()))
            .and_then(|(units, divisor)| product_over(dividend.per_unit.atto(), units, divisor));
        Some(amount.map(Money::from_atto).ok_or(OVERFLOW))
    });
}

/// Turns old units into new ones.
pub(super) fn split(id: InstrumentId, split: &Split, time: Timestamp, desk: &mut Desk) {
    let what = "a split";
    let held: Vec<_> = desk.account.holding(id).held().map(|(s, one)| (s, one.quantity)).collect();
    for (strategy, old) in held {
        let done = divide(desk.account.holding(id), old, split.ratio).and_then(|parts| {
            let kind = AccountEventKind::Split { position: parts.position };
            desk.pay(strategy, id, parts.in_cash.unwrap_or(Money::ZERO), kind, time)?;
            desk.account.convert(strategy, id, parts.position);
            Ok(parts)
        });
        let problem = match done {
            Ok(Parts { in_cash: Some(_), .. }) => continue,
            Ok(Parts { in_cash: None, .. }) => PaperProblem::NoPrice { instrument: id, time, what },
            Err(source) => PaperProblem::Number { instrument: id, time, what, source },
        };
        desk.problems.note(problem);
    }
    let price = desk.account.holding(id).valuation();
    let price = price.and_then(|price| price.checked_div(split.ratio.decimal()));
    let scale = desk.account.holding(id).instrument.price_scale();
    let ticks = price.and_then(|price| scale.count_floor(price).ok());
    desk.account.forget_prices(id, ticks.map(|ticks| Ticks::new(ticks.max(1))));
}

/// A position after a split.
struct Parts {
    position: NetLots,
    /// For the fraction; `None` when there is one and no price is known.
    in_cash: Option<Money>,
}

/// `old x ratio`, cut toward zero, and the worth of what was cut at the last price.
fn divide(holding: &Holding, old: NetLots, ratio: Rate) -> Result<Parts, NumberError> {
    let ratio = ratio.decimal().normalize();
    let (numerator, divisor) = (ratio.mantissa(), power_of_ten(ratio.scale()).ok_or(OVERFLOW)?);
    if numerator <= 0 {
        return Err(NumberError::Overflow { what: "a split's ratio" });
    }
    let product = i128::from(old.get()).checked_mul(numerator).ok_or(OVERFLOW)?;
    let position = i64::try_from(product / divisor).map_err(|_| OVERFLOW)?;
    let position = NetLots::new(position);
    // The rest counts new lots times the divisor, which is old lots times the numerator.
    let rest = product % divisor;
    let in_cash = match holding.valuation() {
        _ if rest == 0 => Some(Money::ZERO),
        None => None,
        Some(price) => Some(holding.amount(NetLots::new(1), price, rest, numerator)?),
    };
    Ok(Parts { position, in_cash })
}
