//! Laws of the engine under random markets, wishes, venue answers and operators.
#![allow(clippy::unwrap_used, reason = "tests")]

mod properties_world;
mod support;

use domain::{
    InstrumentId, MarketData, Money, NewOrder, OrderStatus, OrderType, PositionEffect, Record,
    Side, Span,
};
use engine::{
    Command,
    order::{PendingValue, is_legal},
};
use properties_world::{Happening, World, any_happening, limits};
use proptest::prelude::*;
use support::{PUPPET, money};
use testkit::events::market;

impl World {
    fn live(&mut self, happening: &Happening) -> Result<(), TestCaseError> {
        let Some(event) = self.event(happening) else { return Ok(()) };
        let commands = self.stage.happens(event);
        let records = self.stage.records().to_vec();
        self.check_records(&records)?;
        let mut raised = false;
        for command in &commands {
            if let Command::Place(order) = command {
                raised |= !self.check_order(&order.get(), &records)?;
            }
        }
        self.check_stakes(raised)?;
        self.check_money()?;
        if let Happening::Venue { which, kind: 3, .. } = *happening {
            let ratio = domain::Rate::new("0.5".parse().unwrap());
            let data = MarketData::Split(domain::event::Split { ratio });
            self.stage.happens(market(InstrumentId::new(which), data));
            let records = self.stage.records().to_vec();
            self.check_records(&records)?;
        }
        Ok(())
    }

    /// Each order's states follow one another legally, and no order is filled beyond its size.
    fn check_records(&mut self, records: &[Record<'_>]) -> Result<(), TestCaseError> {
        for record in records {
            match record {
                Record::Placed(order) => {
                    let known = self.statuses.insert(order.id, OrderStatus::Created);
                    prop_assert_eq!(known, None, "an id came twice");
                    self.ordered.insert(order.id, order.quantity.get());
                }
                Record::OrderChanged(change) => {
                    let before = self.statuses.insert(change.order, change.status);
                    let before = before.expect("an order is placed before it changes");
                    prop_assert!(is_legal(before, change.status), "{before} to {}", change.status);
                    prop_assert!(change.filled.get() <= self.ordered[&change.order]);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether the order only reduces. Nothing is sent that should not be.
    fn check_order(
        &mut self,
        order: &NewOrder,
        records: &[Record<'_>],
    ) -> Result<bool, TestCaseError> {
        let engine = &self.stage.engine;
        prop_assert!(engine.in_sync(order.instrument), "sent out of sync");
        prop_assert!(!self.silent[order.instrument.index()], "sent while silent");
        prop_assert!(!engine.kill_switch() && !self.stalled, "sent while stopped");
        prop_assert!(records.contains(&Record::Placed(*order)), "sent without a record");
        let instrument = engine.instruments().get(order.instrument);
        let held = engine.portfolio().position(PUPPET, order.instrument).quantity;
        if order.effect == PositionEffect::ReduceOnly {
            prop_assert!(held.side() == Some(order.side.opposite()), "nothing to reduce");
            prop_assert!(order.quantity <= held.size(), "more than is held");
        } else {
            prop_assert!(instrument.quantity(order.quantity) <= limits().max_order_size.decimal());
        }
        let now = self.stage.tape.now();
        self.placed_at.push(now);
        let second = self.placed_at.iter().filter(|at| now.since(**at) < Span::from_secs(1));
        prop_assert!(second.count() <= 5, "too many orders in one second");

        let position = engine.portfolio().net(order.instrument);
        let same_side: i64 = engine
            .open_orders()
            .filter(|open| open.serves_wish() && open.instrument() == order.instrument)
            .filter(|open| open.side() == order.side)
            .map(|open| open.remaining().get())
            .sum();
        let reduces = order.effect == PositionEffect::ReduceOnly
            || position.side() == Some(order.side.opposite()) && same_side <= position.size().get();
        Ok(reduces)
    }

    /// Worst cases, added up here from positions and open orders.
    fn check_stakes(&self, raised: bool) -> Result<(), TestCaseError> {
        let engine = &self.stage.engine;
        let for_wishes = || engine.open_orders().filter(|open| open.serves_wish());
        prop_assert!(for_wishes().count() <= limits().max_open_orders);
        // A stop and a target for each position, and twice that while they are replaced. Those that
        // are withdrawn already, or whose fate is not known, wait for the venue, however many.
        let protects = engine.open_orders().filter(|open| {
            let waits = open.cancel_requested() || open.status() == OrderStatus::Unknown;
            !open.serves_wish() && !waits
        });
        prop_assert!(protects.count() <= 8);
        let mut total = Money::ZERO;
        for instrument in engine.instruments().iter() {
            let (mut lots, mut value) = ([0_i64; 2], PendingValue::default());
            for open in for_wishes().filter(|open| open.instrument() == instrument.id()) {
                let rest = instrument.notional(open.reserve_price(), open.remaining()).unwrap();
                match open.side() {
                    Side::Buy => {
                        (lots[0], value.buys) =
                            (lots[0] + open.remaining().get(), value.buys + rest);
                    }
                    Side::Sell => {
                        (lots[1], value.sells) =
                            (lots[1] + open.remaining().get(), value.sells + rest);
                    }
                }
            }
            let position = engine.portfolio().net(instrument.id()).get();
            let limit = instrument.lots(limits().max_position_size).unwrap().get();
            prop_assert!(position + lots[0] <= limit && position - lots[1] >= -limit);
            let held = engine.portfolio().value(instrument.id());
            total += (held + value.buys).abs().max((held - value.sells).abs());
        }
        prop_assert!(!raised || total <= limits().max_notional_exposure, "worst case {total}");
        Ok(())
    }

    /// Cash and positions are what came in, what was earned and what was paid.
    fn check_money(&self) -> Result<(), TestCaseError> {
        let (engine, opening) = (&self.stage.engine, money("100000"));
        let portfolio = engine.portfolio();
        let held: Money = engine.instruments().iter().map(|one| portfolio.value(one.id())).sum();
        let profit = portfolio.realized_pnl() + portfolio.unrealized_pnl();
        let carried = profit + portfolio.carry() - portfolio.fees();
        prop_assert_eq!(portfolio.cash() + held, opening + carried);
        let by_strategy = portfolio.account(PUPPET, engine.instruments());
        prop_assert_eq!(by_strategy.realized_pnl, portfolio.realized_pnl());
        prop_assert_eq!(by_strategy.fees, portfolio.fees());
        prop_assert_eq!(engine.counters().alarms, 0);
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_limits_hold_money_is_conserved_and_nothing_is_sent_blindly(
        happenings in prop::collection::vec(any_happening(), 1..150),
    ) {
        let mut world = World::new();
        for which in 0..2 {
            world.live(&Happening::Snapshot { which, mid: 600_000 })?;
        }
        for happening in &happenings {
            world.live(happening)?;
        }
    }

    #[test]
    fn when_all_is_settled_what_protects_is_exactly_as_large_as_what_is_held(
        happenings in prop::collection::vec(any_happening(), 1..100),
    ) {
        let mut world = World::new();
        for which in 0..2 {
            world.live(&Happening::Snapshot { which, mid: 600_000 })?;
        }
        for happening in &happenings {
            world.live(happening)?;
        }
        world.settle();
        let engine = &world.stage.engine;
        for instrument in engine.instruments().iter() {
            let held = engine.portfolio().position(PUPPET, instrument.id()).quantity;
            let standing = |kind| {
                let open = engine.open_orders().filter(move |open| {
                    open.instrument() == instrument.id() && open.request().order_type == kind
                });
                open.filter(|open| !open.serves_wish()).collect::<Vec<_>>()
            };
            for orders in [standing(OrderType::Stop), standing(OrderType::Limit)] {
                prop_assert!(orders.len() <= 1, "{orders:?}");
                for order in orders {
                    prop_assert_eq!(order.side().opposite(), held.side().unwrap());
                    prop_assert_eq!(order.remaining(), held.size());
                }
            }
        }
    }

    #[test]
    fn the_same_events_give_the_same_commands_and_records(
        happenings in prop::collection::vec(any_happening(), 1..80),
    ) {
        let play = || {
            let mut world = World::new();
            let mut log = Vec::new();
            for happening in &happenings {
                if let Some(event) = world.event(happening) {
                    world.stage.happens(event);
                    log.push((world.stage.out.commands.clone(), world.stage.records().to_vec()));
                }
            }
            (log, world.stage.engine.commands_sha256(), world.stage.engine.snapshot())
        };
        prop_assert_eq!(play(), play());
    }
}

#[test]
fn the_random_world_really_trades() {
    use proptest::{strategy::ValueTree as _, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let (mut orders, mut fills, mut cancels, mut rejected) = (0, 0, 0, 0);
    for _ in 0..20 {
        let happenings = prop::collection::vec(any_happening(), 150).new_tree(&mut runner).unwrap();
        let mut world = World::new();
        for happening in happenings.current() {
            world.live(&happening).unwrap();
        }
        let counters = world.stage.engine.counters();
        orders += counters.orders;
        fills += counters.fills;
        cancels += counters.cancels;
        rejected += counters.rejected_total();
    }
    assert!(orders > 100 && fills > 50 && cancels > 20 && rejected > 50);
}
