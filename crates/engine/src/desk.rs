//! The trading desk: turns wishes into approved orders, and reports into accounts.
//!
//! It alone owns orders, accounts and the risk gate, so an order exists exactly if it was
//! approved, recorded, counted and sent, in one function.

use domain::{
    Fill, Instrument, InstrumentId, Instruments, Money, NewOrder, NumberError, OrderReport,
    OrderStatus, OrderType, PositionEffect, Record, ReportKind, RunNumber, Side, StrategyId, Ticks,
    Timestamp,
    record::{AccountRecord, OrderChanged},
};
use market::signal::Suppression;

use crate::{
    Command, Outputs,
    counters::{Counters, Tally},
    digest::CommandDigest,
    instrument_state::InstrumentState,
    intent::{Intent, Intents, LimitPolicy},
    order::{Applied, Order, OrderManager, PendingValue},
    portfolio::{OpeningAccount, Portfolio},
    risk::{Exposure, Facts, RiskConfig, RiskGate, RiskRule, Touch, Wanted},
    wish::{Step, Wish, Wishes, next_step},
};

/// Orders, accounts and the gate.
#[derive(Debug)]
pub(crate) struct Desk {
    orders: OrderManager,
    portfolio: Portfolio,
    gate: RiskGate,
    wishes: Wishes,
    counters: Counters,
    tallies: Vec<Tally>,
    digest: CommandDigest,
    winding_down: bool,
}

impl Desk {
    pub(crate) fn new(
        run: RunNumber,
        risk: RiskConfig,
        instruments: &Instruments,
        strategies: usize,
        opening: OpeningAccount,
    ) -> Result<Self, NumberError> {
        let mut gate = RiskGate::new(risk, instruments)?;
        gate.set_killed(opening.kill_switch);
        let capacity = gate.config().max_open_orders;
        Ok(Self {
            orders: OrderManager::new(run, opening.next_order, capacity),
            portfolio: Portfolio::new(strategies, instruments.len(), opening)?,
            gate,
            wishes: Wishes::new(strategies, instruments.len()),
            counters: Counters::default(),
            tallies: vec![Tally::default(); strategies],
            digest: CommandDigest::default(),
            winding_down: false,
        })
    }

    /// Takes over what a strategy wished for at one event.
    pub(crate) fn accept(
        &mut self,
        strategy: StrategyId,
        intents: &Intents,
        now: Timestamp,
        out: &mut Outputs,
    ) {
        let tally = &mut self.tallies[strategy.index()];
        tally.signals += intents.signals();
        self.counters.signals += intents.signals();
        for (total, count) in self.counters.suppressed.iter_mut().zip(intents.suppressions()) {
            *total += count;
            tally.suppressed += count;
        }
        for intent in intents.wishes() {
            match *intent {
                Intent::Target { instrument, position, style } => {
                    self.wishes.of_mut(strategy, instrument).target = Some((position, style));
                }
                Intent::Withdraw { instrument } => {
                    self.wishes.of_mut(strategy, instrument).target = None;
                    let own = |order: &Order| {
                        order.strategy() == strategy && order.instrument() == instrument
                    };
                    self.withdraw(own, now, out);
                }
            }
        }
    }

    /// Takes the next step toward a strategy's wish in an instrument.
    pub(crate) fn pursue(
        &mut self,
        strategy: StrategyId,
        id: InstrumentId,
        instruments: &Instruments,
        market: &InstrumentState,
        now: Timestamp,
        out: &mut Outputs,
    ) {
        let instrument = instruments.get(id);
        let wish = self.wishes.of(strategy, id);
        let Some((target, style)) = wish.target else { return };
        let held = self.portfolio.position(strategy, id).quantity;
        let pending = self.orders.pending(strategy, id);
        match next_step(target, held, pending) {
            Step::Nothing => {}
            Step::Withdraw(side) => {
                let surplus = |order: &Order| {
                    order.strategy() == strategy && order.instrument() == id && order.side() == side
                };
                self.withdraw(surplus, now, out);
            }
            Step::Order(side, _) if wish.is_paused(side, now) => {}
            Step::Order(side, quantity) => {
                let touch = market.touch();
                let limit = match style.order_type {
                    OrderType::Market => None,
                    // Without a price there is no order: the wish waits for the book.
                    _ => match price_of(style.limit, side, touch) {
                        None => return,
                        price => price,
                    },
                };
                let exposure = self.exposure(instrument, instruments);
                let under_way = pending.on(side);
                let wanted = Wanted { instrument: id, side, quantity, under_way };
                let Some(quantity) = self.gate.clip(wanted, &exposure) else { return };
                let order = NewOrder {
                    id: self.orders.next_id(),
                    strategy,
                    instrument: id,
                    side,
                    order_type: style.order_type,
                    quantity,
                    limit,
                    trigger: None,
                    effect: PositionEffect::Any,
                    created: now,
                };
                let facts = Facts {
                    now,
                    instrument,
                    touch,
                    last_data: market.last_data(),
                    exposure,
                    open_orders: self.orders.len(),
                };
                self.place(order, &facts, out);
            }
        }
    }

    fn place(&mut self, order: NewOrder, facts: &Facts<'_>, out: &mut Outputs) {
        let wish = self.wishes.of_mut(order.strategy, order.instrument);
        let reserve_price = self.gate.reserve_price(&order, facts.touch);
        let approved = match (self.gate.approve(order, facts), reserve_price) {
            (Ok(approved), Some(price)) => Ok((approved, price)),
            (Ok(_), None) => Err(RiskRule::NotionalLimit),
            (Err(rule), _) => Err(rule),
        };
        let (approved, reserve_price) = match approved {
            Ok(approved) => approved,
            Err(rule) => {
                self.counters.rejected[rule.index()] += 1;
                return wish.refused(order.side, facts.now);
            }
        };
        wish.unpause();
        self.orders.open(approved, reserve_price);
        out.records.push(Record::Placed(order));
        if let Applied::Changed(sent) = self.orders.sent(order.id) {
            out.records.push(changed(&sent, facts.now));
        }
        out.commands.push(Command::Place(approved));
        self.digest.order(&order);
        self.counters.orders += 1;
        self.tallies[order.strategy.index()].orders += 1;
    }
    /// Withdraws every open order that `concerns` names, once. Orders that cannot rest end
    /// by themselves, and those of unknown fate wait for evidence.
    fn withdraw(&mut self, concerns: impl Fn(&Order) -> bool, now: Timestamp, out: &mut Outputs) {
        for order in self.orders.iter_mut() {
            let lives =
                order.request().order_type.may_rest() && order.status() != OrderStatus::Unknown;
            if !lives || !concerns(order) || !order.request_cancel() {
                continue;
            }
            let (id, instrument) = (order.id(), order.instrument());
            out.records.push(Record::CancelRequested { order: id, time: now });
            out.commands.push(Command::Cancel { order: id, instrument });
            self.digest.cancel(id, now);
            self.counters.cancels += 1;
        }
    }

    /// Withdraws everything that rests in an instrument whose market cannot be trusted.
    pub(crate) fn withdraw_from(&mut self, id: InstrumentId, now: Timestamp, out: &mut Outputs) {
        self.withdraw(|order| order.instrument() == id, now, out);
    }

    /// Takes a venue's word on an order. Gives back whose order it was.
    pub(crate) fn report(
        &mut self,
        report: &OrderReport,
        instruments: &Instruments,
        now: Timestamp,
        out: &mut Outputs,
    ) -> Option<StrategyId> {
        if let ReportKind::Filled(fill) = &report.kind
            && (self.portfolio.has_booked(fill.trade) || fill.quantity.get() <= 0)
        {
            self.counters.duplicate_fills += u64::from(fill.quantity.get() > 0);
            self.counters.alarms += u64::from(fill.quantity.get() <= 0);
            return None;
        }
        let owner = self.orders.owner(report.order);
        let applied = self.orders.apply(report);
        self.note(applied, report, out);
        match &report.kind {
            ReportKind::Filled(fill) => {
                // A fill is never dropped: one of an order that nobody knows moves the first
                // strategy's account, and the alarm above says so.
                let strategy = owner.unwrap_or(StrategyId::new(0));
                self.book(strategy, fill, instruments.get(fill.instrument), now, out);
            }
            ReportKind::Rejected(_) => {
                self.counters.refused_by_venue += 1;
                if let Applied::Changed(order) = applied {
                    self.wishes
                        .of_mut(order.strategy(), order.instrument())
                        .refused(order.side(), now);
                }
            }
            ReportKind::CancelRejected(_) => self.counters.cancel_rejects += 1,
            ReportKind::Accepted | ReportKind::Cancelled | ReportKind::Expired(_) => {}
        }
        owner
    }

    /// Writes down what a report did to its order, and whether that may be.
    fn note(&mut self, applied: Applied, report: &OrderReport, out: &mut Outputs) {
        match applied {
            Applied::Changed(order) | Applied::LateFill(order) => {
                out.records.push(changed(&order, report.time));
                self.counters.late_fills += u64::from(matches!(applied, Applied::LateFill(_)));
                self.counters.alarms += u64::from(contradicts(&order, report));
            }
            Applied::Unchanged(_) => {}
            Applied::Illegal(_) | Applied::NoSuchOrder => self.counters.alarms += 1,
        }
    }

    fn book(
        &mut self,
        strategy: StrategyId,
        fill: &Fill,
        instrument: &Instrument,
        now: Timestamp,
        out: &mut Outputs,
    ) {
        let known = strategy.index() < self.tallies.len();
        if !known || self.portfolio.book(strategy, fill, instrument).is_err() {
            // The money cannot be counted: stop rather than go on wrong.
            self.counters.alarms += 1;
            return self.kill(now, out);
        }
        let position = self.portfolio.position(strategy, fill.instrument);
        out.records.push(Record::Account(AccountRecord {
            time: fill.time,
            strategy,
            instrument: fill.instrument,
            position: position.quantity,
            cost_basis: position.cost_basis,
            realized_pnl: position.realized_pnl,
            fees: position.fees,
            carry: Money::ZERO,
            cash: self.portfolio.cash(),
        }));
        self.digest.fill(fill);
        self.counters.fills += 1;
        self.tallies[strategy.index()].fills += 1;
    }

    /// Turns the kill switch on: everything is withdrawn, every wish forgotten, and every
    /// later one refused.
    pub(crate) fn kill(&mut self, now: Timestamp, out: &mut Outputs) {
        self.gate.set_killed(true);
        self.forget_wishes();
        self.withdraw(|_| true, now, out);
    }

    /// Turns the kill switch off.
    pub(crate) fn resume(&mut self) {
        self.gate.set_killed(false);
        self.unpause_all();
    }

    /// Takes no new risk from now on.
    pub(crate) fn wind_down(&mut self, leaving: OpenOrders, now: Timestamp, out: &mut Outputs) {
        self.gate.wind_down();
        self.winding_down = true;
        self.forget_wishes();
        if leaving == OpenOrders::Withdraw {
            self.withdraw(|_| true, now, out);
        }
    }

    pub(crate) fn set_journal_stalled(&mut self, stalled: bool) {
        self.gate.set_journal_stalled(stalled);
        if !stalled {
            self.unpause_all();
        }
    }

    /// Lets refused wishes in an instrument be tried again at once.
    pub(crate) fn unpause(&mut self, instrument: InstrumentId) {
        self.wishes.in_instrument(instrument).for_each(Wish::unpause);
    }

    fn unpause_all(&mut self) {
        self.wishes.all().for_each(Wish::unpause);
    }

    fn forget_wishes(&mut self) {
        self.wishes.all().for_each(|wish| wish.target = None);
    }

    /// What is at stake. What does not fit the arithmetic counts as boundless, so that only
    /// orders that reduce a position pass.
    pub(crate) fn exposure(&self, instrument: &Instrument, all: &Instruments) -> Exposure {
        let mut exposure = self.exposure_in(instrument);
        exposure.elsewhere = all
            .iter()
            .filter(|other| other.id() != instrument.id())
            .try_fold(Money::ZERO, |sum, other| {
                sum.checked_add(self.exposure_in(other).worst_here()?)
            })
            .unwrap_or(Money::MAX);
        exposure
    }

    fn exposure_in(&self, instrument: &Instrument) -> Exposure {
        let id = instrument.id();
        let open = self.orders.pending_of_all(id);
        let boundless = PendingValue { buys: Money::MAX, sells: Money::MAX };
        let value = self.orders.pending_value(instrument).unwrap_or(boundless);
        Exposure {
            position: self.portfolio.net(id),
            open_buys: open.buys,
            open_sells: open.sells,
            position_value: self.portfolio.value(id),
            open_buy_value: value.buys,
            open_sell_value: value.sells,
            elsewhere: Money::ZERO,
        }
    }

    pub(crate) const fn orders(&self) -> &OrderManager {
        &self.orders
    }

    pub(crate) const fn portfolio(&self) -> &Portfolio {
        &self.portfolio
    }

    pub(crate) const fn portfolio_mut(&mut self) -> &mut Portfolio {
        &mut self.portfolio
    }

    pub(crate) const fn gate(&self) -> &RiskGate {
        &self.gate
    }

    pub(crate) const fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(crate) const fn counters_mut(&mut self) -> &mut Counters {
        &mut self.counters
    }

    pub(crate) fn tally(&self, strategy: StrategyId) -> &Tally {
        &self.tallies[strategy.index()]
    }

    /// Counts an event that a strategy was not shown.
    pub(crate) fn withheld(&mut self, strategy: StrategyId, reason: Suppression) {
        self.counters.suppressed[reason.index()] += 1;
        self.tallies[strategy.index()].suppressed += 1;
    }

    pub(crate) fn digest(&self) -> String {
        self.digest.hex()
    }

    pub(crate) const fn is_winding_down(&self) -> bool {
        self.winding_down
    }
}

/// What becomes of open orders at the end of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpenOrders {
    Withdraw,
    Leave,
}

fn price_of(policy: LimitPolicy, side: Side, touch: Option<Touch>) -> Option<Ticks> {
    let near = match (policy, side) {
        (LimitPolicy::Price(price), _) => return Some(price),
        (LimitPolicy::OppositeTouch, Side::Buy) | (LimitPolicy::OwnTouch, Side::Sell) => Side::Sell,
        (LimitPolicy::OppositeTouch, Side::Sell) | (LimitPolicy::OwnTouch, Side::Buy) => Side::Buy,
    };
    touch.map(|touch| if near == Side::Sell { touch.ask } else { touch.bid })
}

/// Whether a fill is more than was ordered, or something else.
fn contradicts(order: &Order, report: &OrderReport) -> bool {
    let ReportKind::Filled(fill) = &report.kind else { return false };
    order.filled() > order.request().quantity
        || (fill.side, fill.instrument) != (order.side(), order.instrument())
}

fn changed(order: &Order, time: Timestamp) -> Record<'static> {
    let (status, filled) = (order.status(), order.filled());
    Record::OrderChanged(OrderChanged { order: order.id(), status, filled, time })
}
