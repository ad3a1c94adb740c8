//! Laws of the paper broker in bars, on random minutes and random orders.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail")]

mod paper_bar_world;
mod paper_gate;

use domain::{
    Event, InstrumentId, Liquidity, Lots, Money, NetLots, OrderId, OrderType, PositionEffect,
    ReportKind, Side, StrategyId, Timestamp,
};
use engine::{
    OpeningPosition,
    paper::{BarConfig, BorrowConfig, FillModel, MarginConfig, MarginMode, PaperConfig},
};
use proptest::prelude::*;

use paper_bar_world::{BarWorld, Minute, Wish, any_type, bps, config, minutes, rate};

const CHANCE: FillModel = FillModel::Touch { queue_position: 0.6, base_probability: 0.7 };

fn any_config() -> impl Strategy<Value = PaperConfig> {
    let model = prop_oneof![Just(FillModel::Through), Just(FillModel::Queue), Just(CHANCE)];
    let spread = prop_oneof![Just("0"), Just("7.5"), Just("40")].prop_map(bps);
    let slippage = prop_oneof![Just("0"), Just("5"), Just("30")].prop_map(bps);
    let share = prop_oneof![Just(None), Just(Some("0.1")), Just(Some("1"))];
    let impact = prop_oneof![Just("0"), Just("0.7")].prop_map(rate);
    let borrow = prop_oneof![Just(None), Just(Some("0.2"))];
    let margin = prop_oneof![
        2 => Just(None),
        1 => Just(Some(MarginMode::Cross)),
        1 => Just(Some(MarginMode::Isolated)),
    ];
    let costs = (spread, slippage, share, impact);
    (model, costs, borrow, margin, 0_u32..3).prop_map(
        |(fill_model, (half_spread, slippage, share, impact), borrow, margin, delay)| PaperConfig {
            fill_model,
            slippage,
            bars: BarConfig { half_spread, delay, volume_share: share.map(rate), impact },
            borrow: BorrowConfig::flat(borrow.map(rate)),
            margin: margin
                .map(|mode| MarginConfig::flat(mode, rate("0.1"), rate("0.05"), bps("50"))),
            opening_cash: if margin.is_some() { "3".parse().unwrap() } else { Money::ZERO },
            ..config()
        },
    )
}

fn order_of(world: &BarWorld, id: OrderId) -> &domain::NewOrder {
    &world.orders[usize::try_from(id.counter()).unwrap() - 1]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn cash_and_positions_are_what_the_answers_add_up_to(
        config in any_config(),
        minutes in minutes(any_type()),
    ) {
        let world = BarWorld::lived_through(&config, &minutes);
        prop_assert_eq!(world.broker.cash(), world.cash);
        for (strategy, held) in (0_u16..).zip(&world.positions) {
            for (instrument, position) in (0_u16..).zip(held) {
                let (strategy, instrument) =
                    (StrategyId::new(strategy), InstrumentId::new(instrument));
                prop_assert_eq!(world.broker.position(strategy, instrument), *position);
            }
        }
    }

    #[test]
    fn no_price_is_better_than_the_bar_or_worse_than_the_limit(
        config in any_config(),
        minutes in minutes(any_type()),
    ) {
        let world = BarWorld::lived_through(&config, &minutes);
        for one in world.happened.iter().filter(|one| one.fill.order.counter() != 0) {
            let (fill, bar) = (&one.fill, one.bar.expect("only bars fill"));
            prop_assert!(bar.volume > Lots::ZERO, "{fill:?} in a bar without volume");
            match fill.side {
                Side::Buy => prop_assert!(fill.price >= bar.low, "{fill:?} in {bar:?}"),
                Side::Sell => prop_assert!(fill.price <= bar.high, "{fill:?} in {bar:?}"),
            }
            let order = order_of(&world, fill.order);
            prop_assert!(order.created <= bar.start, "decided inside the bar");
            prop_assert!(fill.time == bar.start || fill.time == bar.end);
            match (order.limit, fill.side) {
                (Some(limit), Side::Buy) => prop_assert!(fill.price <= limit),
                (Some(limit), Side::Sell) => prop_assert!(fill.price >= limit),
                (None, _) => prop_assert_eq!(fill.liquidity, Liquidity::Taker),
            }
        }
    }

    #[test]
    fn costs_and_the_reference_add_up_to_what_was_paid(
        config in any_config(),
        minutes in minutes(any_type()),
    ) {
        let world = BarWorld::lived_through(&config, &minutes);
        for one in &world.happened {
            let (fill, cost) = (&one.fill, one.cost.expect("each fill has its cost"));
            let paid = world.instruments.get(fill.instrument);
            let paid = paid.notional(fill.price, fill.quantity).unwrap();
            match fill.side {
                Side::Buy => prop_assert_eq!(cost.reference + cost.total(), paid),
                Side::Sell => prop_assert_eq!(cost.reference - cost.total(), paid),
            }
            for part in [cost.spread, cost.impact, cost.slippage] {
                prop_assert!(part >= Money::ZERO, "better than the reference: {cost:?}");
            }
        }
    }

    #[test]
    fn every_order_ends_exactly_once_or_still_waits(
        config in any_config(),
        minutes in minutes(any_type()),
    ) {
        let world = BarWorld::lived_through(&config, &minutes);
        let mut alive = 0;
        for order in &world.orders {
            let told = world.answers.iter().filter_map(|answer| match answer {
                Event::Report(report) if report.order == order.id => Some(report.kind),
                _ => None,
            });
            let story: Vec<ReportKind> =
                told.filter(|kind| !matches!(kind, ReportKind::CancelRejected(_))).collect();
            let filled: i64 = story.iter().map(|kind| match kind {
                ReportKind::Filled(fill) => fill.quantity.get(),
                _ => 0,
            }).sum();
            prop_assert!(filled <= order.quantity.get());
            let ends = |kind: &ReportKind| matches!(
                kind,
                ReportKind::Rejected(_) | ReportKind::Cancelled | ReportKind::Expired(_)
            );
            let is_filled = filled == order.quantity.get();
            let ended = story.iter().filter(|kind| ends(kind)).count() + usize::from(is_filled);
            prop_assert!(ended <= 1, "{order:?}: {story:?}");
            prop_assert!(ended == 0 || is_filled || ends(story.last().unwrap()), "{story:?}");
            let accepted = story.iter().filter(|kind| **kind == ReportKind::Accepted).count();
            prop_assert!(accepted <= 1);
            if ended == 0 && !story.is_empty() {
                prop_assert_eq!(story[0], ReportKind::Accepted);
                alive += 1;
            }
        }
        prop_assert_eq!(alive, world.broker.open_orders());
    }

    #[test]
    fn an_order_that_may_only_reduce_never_opens_or_turns_a_position(
        config in any_config(),
        minutes in minutes(any_type()),
    ) {
        let world = BarWorld::lived_through(&config, &minutes);
        for one in world.happened.iter().filter(|one| one.fill.order.counter() != 0) {
            if order_of(&world, one.fill.order).effect == PositionEffect::ReduceOnly {
                let after = one.held.get() + one.fill.quantity.signed(one.fill.side).get();
                prop_assert_eq!(one.held.side(), Some(one.fill.side.opposite()));
                prop_assert!(after == 0 || after.signum() == one.held.get().signum());
            }
        }
    }

    #[test]
    fn spot_is_never_short_where_nothing_can_be_borrowed(
        minutes in minutes(any_type()),
        model in prop_oneof![Just(FillModel::Queue), Just(CHANCE)],
    ) {
        let borrow = BorrowConfig::flat(None);
        let config = PaperConfig { borrow, fill_model: model, ..config() };
        let world = BarWorld::lived_through(&config, &minutes);
        for one in world.happened.iter().filter(|one| one.fill.instrument.index() == 1) {
            let after = one.held.get() + one.fill.quantity.signed(one.fill.side).get();
            prop_assert!(after >= 0, "{one:?}");
        }
    }

    #[test]
    fn all_orders_of_a_bar_get_no_more_than_their_share_of_its_volume(
        minutes in minutes(any_type()),
    ) {
        let bars = BarConfig { volume_share: Some(rate("0.3")), ..BarConfig::default() };
        let world = BarWorld::lived_through(&PaperConfig { bars, ..config() }, &minutes);
        for one in &world.happened {
            let bar = one.bar.unwrap();
            let same = world.happened.iter().filter(|other| {
                other.bar == one.bar && other.fill.instrument == one.fill.instrument
            });
            let sum: i64 = same.map(|other| other.fill.quantity.get()).sum();
            prop_assert!(sum * 10 <= bar.volume.get() * 3, "{sum} of {bar:?}");
        }
    }

    #[test]
    fn the_same_input_gives_the_same_answers_and_the_future_changes_none(
        config in any_config(),
        minutes in minutes(any_type()),
        cut in 0_usize..40,
    ) {
        let whole = BarWorld::lived_through(&config, &minutes);
        let again = BarWorld::lived_through(&config, &minutes);
        prop_assert_eq!(&whole.answers, &again.answers);
        let cut = cut % (minutes.len() + 1);
        let prefix = BarWorld::lived_through(&config, &minutes[..cut]);
        prop_assert_eq!(&whole.answers[..prefix.answers.len()], &prefix.answers[..]);
    }

    #[test]
    fn a_run_cut_in_two_ends_with_the_same_account(
        first in minutes(Just(OrderType::Market)),
        second in minutes(Just(OrderType::Market)),
        // Cross margin looks at all instruments at once, and a new run knows no price at first.
        mode in prop_oneof![Just(None), Just(Some(MarginMode::Isolated))],
    ) {
        let margin =
            mode.map(|mode| MarginConfig::flat(mode, rate("0.1"), rate("0.05"), bps("50")));
        let borrow = BorrowConfig::flat(Some(rate("0.2")));
        let bars = BarConfig { half_spread: bps("5"), ..BarConfig::default() };
        let opening_cash = if mode.is_some() { "3".parse().unwrap() } else { Money::ZERO };
        let config = PaperConfig { margin, borrow, bars, opening_cash, ..config() };
        let (mut first, mut second) = (first, second);
        // Withdrawals name orders by their place in the run.
        first.iter_mut().chain(&mut second).for_each(|minute| minute.cancel = None);
        let full = |minute: &mut Minute| for bar in &mut minute.bars { bar.4 += 1 };
        first.iter_mut().for_each(full);
        // A minute without decisions: nothing is under way when the run is cut.
        let calm = Minute { event: None, bars: [(1_000, 1_000, 1_000, 1_000, 5); 2],
            wishes: Vec::new(), cancel: None };
        first.push(calm.clone());
        let whole: Vec<Minute> = first.iter().chain([&calm]).chain(&second).cloned().collect();
        let whole = BarWorld::lived_through(&config, &whole);

        let half = BarWorld::lived_through(&config, &first);
        prop_assert_eq!(half.broker.open_orders(), 0);
        let opening_positions = carried_over(&half);
        let continued = PaperConfig { opening_cash: half.broker.cash(), opening_positions,
            ..config };
        let mut rest = BarWorld::new(&continued, half.now);
        for minute in std::iter::once(&calm).chain(&second) {
            rest.live(minute);
        }
        prop_assert_eq!(rest.broker.cash(), whole.broker.cash());
        prop_assert_eq!(rest.positions, whole.positions);
    }

    #[test]
    fn where_a_bar_touches_stop_and_target_the_stop_happened(
        side in prop_oneof![Just(Side::Buy), Just(Side::Sell)],
        quantity in 1_i64..50,
        (below, above) in (1_i64..40, 1_i64..40),
        (further_down, further_up) in (1_i64..20, 1_i64..20),
        target_first in any::<bool>(),
        model in prop_oneof![Just(FillModel::Through), Just(FillModel::Queue), Just(CHANCE)],
    ) {
        let config = PaperConfig { fill_model: model, ..config() };
        let mut world = BarWorld::new(&config, Timestamp::from_millis(60_000));
        let wish = |order_type, side, price, effect| Wish {
            strategy: 0, instrument: 0, side, order_type, quantity, price, effect,
        };
        let quiet = |price| Minute { event: None, bars: [(price, price, price, price, 100); 2],
            wishes: Vec::new(), cancel: None };
        world.send(&wish(OrderType::Market, side, 0, PositionEffect::Any));
        world.live(&quiet(1_000));
        let (stop, target) = match side {
            Side::Buy => (1_000 - below, 1_000 + above),
            Side::Sell => (1_000 + above, 1_000 - below),
        };
        let reduce = PositionEffect::ReduceOnly;
        let mut both = [
            wish(OrderType::Stop, side.opposite(), stop, reduce),
            wish(OrderType::Limit, side.opposite(), target, reduce),
        ];
        if target_first { both.reverse(); }
        for wish in &both {
            world.send(wish);
        }
        let (low, high) = (1_000 - below - further_down, 1_000 + above + further_up);
        let mut wild = quiet(1_000);
        wild.bars[0] = (1_000, high, low, 1_000, 100);
        world.live(&wild);
        let last = world.happened.last().unwrap();
        prop_assert_eq!(world.happened.len(), 2, "the opening and one closing");
        prop_assert_eq!((last.fill.price.get(), last.fill.liquidity), (stop, Liquidity::Taker));
        prop_assert_eq!(world.positions[0][0], NetLots::ZERO);
        prop_assert_eq!(world.broker.open_orders(), 0);
    }
}

/// What a session would carry over: positions at average cost, as the engine keeps them.
fn carried_over(world: &BarWorld) -> Vec<OpeningPosition> {
    let mut costs = [[Money::ZERO; 2]; 2];
    let mut held = [[NetLots::ZERO; 2]; 2];
    for one in &world.happened {
        let place = (one.strategy.index(), one.fill.instrument.index());
        let instrument = world.instruments.get(one.fill.instrument);
        let before = engine::portfolio::Position {
            // Splits change the quantity and leave the cost.
            quantity: one.held,
            cost_basis: if one.held.is_zero() { Money::ZERO } else { costs[place.0][place.1] },
            ..Default::default()
        };
        let (after, _) = before.after(&one.fill, instrument).unwrap();
        costs[place.0][place.1] = after.cost_basis;
        held[place.0][place.1] = after.quantity;
    }
    let mut carried = Vec::new();
    for (strategy, held) in (0_u16..).zip(&world.positions) {
        for (instrument, position) in (0_u16..).zip(held) {
            let cost_basis = costs[usize::from(strategy)][usize::from(instrument)];
            carried.push(OpeningPosition {
                strategy: StrategyId::new(strategy),
                instrument: InstrumentId::new(instrument),
                position: *position,
                cost_basis: if position.is_zero() { Money::ZERO } else { cost_basis },
                realized_pnl: Money::ZERO,
                fees: Money::ZERO,
                carry: Money::ZERO,
            });
        }
    }
    carried
}
