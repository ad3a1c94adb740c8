//! The trading desk: turns wishes into approved orders, and reports into accounts.
//!
//! It alone owns orders, accounts and the risk gate, so an order exists exactly if it was
//! approved, recorded, counted and sent, in one function.

mod booking;
mod protect;
mod quote;

use domain::{
    Instrument, InstrumentId, Instruments, Money, NewOrder, NumberError, OrderStatus, OrderType,
    Record, RunNumber, Side, StrategyId, Ticks, Timestamp, record::OrderChanged,
};
use market::signal::Suppression;

use crate::{
    Command, Outputs,
    counters::{Counters, Tally},
    digest::CommandDigest,
    instrument_state::InstrumentState,
    intent::{Intent, Intents, LimitPolicy},
    order::{Applied, Order, OrderManager, PendingValue, Purpose},
    portfolio::{OpeningAccount, Portfolio},
    protection::{Guard, Guards},
    risk::{Exposure, Facts, RiskConfig, RiskGate, RiskRule, Touch, Wanted},
    wish::{Step, Wish, Wishes, next_step},
};

/// Where the next step of a wish or of a protection is worked out.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) instruments: &'a Instruments,
    /// The market of the instrument that it is about.
    pub(crate) market: &'a InstrumentState,
    /// How many times of bars the session has seen.
    pub(crate) bar_round: u64,
    pub(crate) now: Timestamp,
}

/// Orders, accounts and the gate.
#[derive(Debug)]
pub(crate) struct Desk {
    orders: OrderManager,
    portfolio: Portfolio,
    gate: RiskGate,
    wishes: Wishes,
    guards: Guards,
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
        // A protection has two orders, and two more while these are replaced.
        let protections = 4 * strategies * instruments.len();
        let capacity = gate.config().max_open_orders.saturating_add(protections);
        Ok(Self {
            orders: OrderManager::new(run, opening.next_order, capacity),
            portfolio: Portfolio::new(strategies, instruments.len(), opening)?,
            gate,
            wishes: Wishes::new(strategies, instruments.len()),
            guards: Guards::new(strategies, instruments.len()),
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
                        !order.protects()
                            && order.strategy() == strategy
                            && order.instrument() == instrument
                    };
                    self.withdraw(own, now, out);
                }
                Intent::Quote { .. } | Intent::Protect { .. } => {}
            }
        }
        if intents.wishes().is_empty() {
            return;
        }
        // The position that a protection is for is that of the wishes at the same event.
        for intent in intents.wishes() {
            if let Intent::Protect { instrument, protection } = *intent {
                self.protect(strategy, instrument, protection);
            }
        }
    }

    /// Takes the next step toward a strategy's wish in an instrument, then brings what protects
    /// its position in line: an exit goes before the stop that guards what is left.
    #[inline]
    pub(crate) fn pursue(
        &mut self,
        strategy: StrategyId,
        id: InstrumentId,
        scene: Scene<'_>,
        out: &mut Outputs,
    ) {
        if !self.has_what_it_wishes(strategy, id) {
            self.pursue_wish(strategy, id, scene, out);
        }
        if self.guards.of(strategy, id).is_active() {
            self.bring_in_line(strategy, id, scene, out);
        }
    }

    /// Whether nothing is wished for, or just that is held and nothing is under way: the usual
    /// case, in which there is no next step.
    #[inline]
    fn has_what_it_wishes(&self, strategy: StrategyId, id: InstrumentId) -> bool {
        self.wishes.of(strategy, id).target.is_none_or(|(target, _)| {
            self.orders.is_empty() && self.portfolio.position(strategy, id).quantity == target
        })
    }

    fn pursue_wish(
        &mut self,
        strategy: StrategyId,
        id: InstrumentId,
        scene: Scene<'_>,
        out: &mut Outputs,
    ) {
        let Scene { instruments, market, now, .. } = scene;
        let wish = self.wishes.of(strategy, id);
        let Some((target, style)) = wish.target else { return };
        let held = self.portfolio.position(strategy, id).quantity;
        let pending = self.orders.pending(strategy, id);
        match next_step(target, held, pending) {
            Step::Nothing => {}
            Step::Withdraw(side) => {
                let surplus = |order: &Order| {
                    order.serves_wish()
                        && order.strategy() == strategy
                        && order.instrument() == id
                        && order.side() == side
                };
                self.withdraw(surplus, now, out);
            }
            Step::Order(side, _) if wish.is_paused(side, now) => {}
            Step::Order(side, quantity) => {
                let limit = match style.order_type {
                    OrderType::Market => None,
                    // Without a price there is no order: the wish waits for the market.
                    _ => match price_of(style.limit, side, market.touch()) {
                        None => return,
                        price => price,
                    },
                };
                let exposure = self.exposure(instruments.get(id), instruments);
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
                    effect: self.effect_of_exit(strategy, id, side),
                    created: now,
                };
                let placed = self.place(order, Purpose::Wish, scene, exposure, out);
                let wish = self.wishes.of_mut(strategy, id);
                if placed { wish.unpause() } else { wish.refused(side, now) }
            }
        }
    }

    /// Sends an order if the gate lets it through, and says whether it did.
    fn place(
        &mut self,
        order: NewOrder,
        purpose: Purpose,
        scene: Scene<'_>,
        exposure: Exposure,
        out: &mut Outputs,
    ) -> bool {
        let facts = Facts {
            now: scene.now,
            instrument: scene.instruments.get(order.instrument),
            touch: scene.market.touch(),
            last_data: scene.market.last_data(scene.now, scene.bar_round),
            held: self.portfolio.position(order.strategy, order.instrument).quantity,
            exposure,
            open_orders: self.orders.len(),
        };
        let reserve_price = self.gate.reserve_price(&order, facts.touch);
        let approved = match (self.gate.approve(order, &facts), reserve_price) {
            (Ok(approved), Some(price)) => Ok((approved, price)),
            (Ok(_), None) => Err(RiskRule::NotionalLimit),
            (Err(rule), _) => Err(rule),
        };
        let (approved, reserve_price) = match approved {
            Ok(approved) => approved,
            Err(rule) => {
                self.counters.rejected[rule.index()] += 1;
                return false;
            }
        };
        self.orders.open(approved, purpose, reserve_price);
        out.records.push(Record::Placed(order));
        if let Applied::Changed(sent) = self.orders.sent(order.id) {
            out.records.push(changed(&sent, facts.now));
        }
        out.commands.push(Command::Place(approved));
        self.digest.order(&order);
        self.counters.orders += 1;
        self.tallies[order.strategy.index()].orders += 1;
        true
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

    /// Withdraws what rests for a wish in an instrument whose market cannot be trusted. What
    /// protects a position stays: it is for the time when nobody looks.
    pub(crate) fn withdraw_from(&mut self, id: InstrumentId, now: Timestamp, out: &mut Outputs) {
        self.withdraw(|order| !order.protects() && order.instrument() == id, now, out);
    }

    /// Turns the kill switch on: everything is withdrawn, every wish and every protection
    /// forgotten, and every later one refused.
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
        self.guards.in_instrument(instrument).for_each(Guard::unpause);
    }

    fn unpause_all(&mut self) {
        self.wishes.all().for_each(Wish::unpause);
        self.guards.all().for_each(Guard::unpause);
    }

    fn forget_wishes(&mut self) {
        self.wishes.all().for_each(|wish| wish.target = None);
        self.guards.all().for_each(Guard::forget);
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

fn changed(order: &Order, time: Timestamp) -> Record<'static> {
    let (status, filled) = (order.status(), order.filled());
    Record::OrderChanged(OrderChanged { order: order.id(), status, filled, time })
}
