//! Laws of the paper broker on random markets and random orders.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail")]

mod paper_world;

use std::collections::BTreeMap;

use domain::{
    Bps, Fill, Level, Liquidity, Lots, MarketData, Money, NewOrder, OrderReport, OrderType,
    ReportKind, Side, Ticks,
};
use engine::paper::{CostRecording, ExecutionCost, FillModel, PaperConfig, Slippage};
use proptest::prelude::*;

use paper_world::{Outcome, Reading, World, any_order, config, fills, steps};

const CERTAIN: FillModel = FillModel::Touch { queue_position: 1.0, base_probability: 1.0 };
const CHANCE: FillModel = FillModel::Touch { queue_position: 0.6, base_probability: 0.7 };

fn any_model() -> impl Strategy<Value = FillModel> {
    prop_oneof![Just(FillModel::Through), Just(FillModel::Queue), Just(CHANCE), Just(CERTAIN)]
}

fn any_slippage() -> impl Strategy<Value = Bps> {
    prop_oneof![Just("0"), Just("5"), Just("12.5"), Just("30")].prop_map(paper_world::bps)
}

fn any_config() -> impl Strategy<Value = PaperConfig> {
    (any_model(), any_slippage())
        .prop_map(|(model, slippage)| PaperConfig { slippage, ..config(model) })
}

fn total<'a>(fills: impl IntoIterator<Item = &'a Fill>) -> i64 {
    fills.into_iter().map(|fill| fill.quantity.get()).sum()
}

fn story_of(order: &NewOrder, reports: &[OrderReport]) -> Vec<ReportKind> {
    let own = reports.iter().filter(|report| report.order == order.id);
    let about_it = own.filter(|report| !matches!(report.kind, ReportKind::CancelRejected(_)));
    about_it.map(|report| report.kind).collect()
}

const fn ends_it(kind: &ReportKind) -> bool {
    matches!(kind, ReportKind::Rejected(_) | ReportKind::Cancelled | ReportKind::Expired(_))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_order_gets_more_than_it_asked_for_nor_a_price_beyond_its_limit(
        config in any_config(),
        steps in steps(any_order()),
    ) {
        let world = World::lived_through(&config, Reading::AtOnce, &steps);
        let all = fills(&world.reports);
        for order in &world.orders {
            let own: Vec<&Fill> = all.iter().filter(|fill| fill.order == order.id).collect();
            prop_assert!(total(own.iter().copied()) <= order.quantity.get());
            for fill in own {
                prop_assert!(fill.quantity > Lots::ZERO);
                let Some(limit) = order.limit else { continue };
                match (fill.liquidity, order.side) {
                    (Liquidity::Maker, _) => prop_assert_eq!(fill.price, limit),
                    (Liquidity::Taker, Side::Buy) => prop_assert!(fill.price <= limit),
                    (Liquidity::Taker, Side::Sell) => prop_assert!(fill.price >= limit),
                }
            }
        }
    }

    #[test]
    fn every_order_ends_exactly_once_or_still_waits(
        config in any_config(),
        steps in steps(any_order()),
    ) {
        let world = World::lived_through(&config, Reading::AtOnce, &steps);
        let mut waiting = 0;
        for order in &world.orders {
            let story = story_of(order, &world.reports);
            let filled = total(&fills(&world.reports).into_iter()
                .filter(|fill| fill.order == order.id).collect::<Vec<_>>());
            let is_filled = filled == order.quantity.get();
            let ends = story.iter().filter(|kind| ends_it(kind)).count() + usize::from(is_filled);
            prop_assert!(ends <= 1, "{order:?}: {story:?}");
            prop_assert!(ends == 0 || is_filled || ends_it(story.last().unwrap()), "{story:?}");
            if ends == 0 {
                prop_assert_eq!(story.first(), Some(&ReportKind::Accepted));
                prop_assert!(order.order_type.may_rest());
                waiting += 1;
            }
        }
        prop_assert_eq!(waiting, world.broker.open_orders());
    }

    #[test]
    fn reports_are_the_same_however_and_whenever_they_are_read(
        config in any_config(),
        steps in steps(any_order()),
    ) {
        let told = |reading| World::lived_through(&config, reading, &steps).reports;
        let at_once = told(Reading::AtOnce);
        prop_assert_eq!(&told(Reading::WhenDue), &at_once);
        prop_assert_eq!(&told(Reading::AtTheEnd), &at_once);
        prop_assert!(at_once.is_sorted_by_key(|report| report.time));
        let ids: Vec<u64> = fills(&at_once).iter().map(|fill| fill.trade.counter()).collect();
        let expected: Vec<u64> = (1..=ids.len() as u64).collect();
        prop_assert_eq!(ids, expected);
    }

    #[test]
    fn nobody_takes_more_of_a_level_than_the_market_showed_since_its_last_change(
        model in any_model(),
        steps in steps(any_order()),
    ) {
        let mut world = World::new(&config(model), Reading::AtOnce);
        let mut shown = Shown::default();
        for step in &steps {
            let outcome = world.live(step);
            for fill in outcome.arriving.iter().filter(|fill| fill.liquidity == Liquidity::Taker) {
                let left = shown.take(fill);
                prop_assert!(left >= 0, "{fill:?} is {left} beyond what was shown");
            }
            shown.take_in(&outcome);
            // Stop orders that the event lets go off take from what it left.
            for fill in outcome.waiting.iter().filter(|fill| fill.liquidity == Liquidity::Taker) {
                let left = shown.take(fill);
                prop_assert!(left >= 0, "{fill:?} is {left} beyond what was shown");
            }
        }
    }

    #[test]
    fn costs_and_the_reference_add_up_to_what_was_paid(
        config in any_config(),
        steps in steps(any_order()),
    ) {
        let config = PaperConfig { costs: CostRecording::On, ..config };
        let mut world = World::lived_through(&config, Reading::AtOnce, &steps);
        let costs: Vec<ExecutionCost> = world.broker.take_costs().collect();
        let all = fills(&world.reports);
        prop_assert_eq!(costs.len(), all.len());
        let instruments =
            testkit::instruments::instruments([testkit::instruments::btc_perpetual()]);
        for (cost, fill) in costs.iter().zip(&all) {
            prop_assert_eq!(cost.trade, fill.trade);
            let paid = instruments.get(fill.instrument).notional(fill.price, fill.quantity);
            match fill.side {
                Side::Buy => prop_assert_eq!(cost.reference + cost.total(), paid.unwrap()),
                Side::Sell => prop_assert_eq!(cost.reference - cost.total(), paid.unwrap()),
            }
            prop_assert!(cost.impact >= Money::ZERO && cost.slippage >= Money::ZERO, "{cost:?}");
        }
    }

    #[test]
    fn waiting_orders_get_no_more_than_others_traded_or_quoted(
        model in any_model(),
        steps in steps(any_order()),
    ) {
        let mut world = World::new(&config(model), Reading::AtOnce);
        let mut shown = Shown::default();
        for step in &steps {
            let outcome = world.live(step);
            shown.take_in(&outcome);
            for side in [Side::Buy, Side::Sell] {
                let makers = outcome.waiting.iter().filter(|fill| {
                    fill.side == side && fill.liquidity == Liquidity::Maker
                });
                let got = total(makers);
                let most = match outcome.data {
                    Some(MarketData::Trade(trade) | MarketData::AggregateTrade(trade))
                        if trade.aggressor != side => trade.quantity.get(),
                    Some(MarketData::BookDiff { .. } | MarketData::BookSnapshot { .. }) =>
                        shown.quantity(Side::Buy) + shown.quantity(Side::Sell),
                    _ => 0,
                };
                prop_assert!(got <= most, "{got} of {most}: {outcome:?}");
            }
        }
    }

    #[test]
    fn the_models_are_ordered_by_their_bias(
        slippage in any_slippage(),
        steps in steps(Just(OrderType::PostOnly)),
    ) {
        let filled = |model| {
            let config = PaperConfig { slippage, ..config(model) };
            let world = World::lived_through(&config, Reading::AtOnce, &steps);
            let mut done: BTreeMap<u64, i64> =
                world.orders.iter().map(|order| (order.id.counter(), 0)).collect();
            for fill in fills(&world.reports) {
                *done.get_mut(&fill.order.counter()).unwrap() += fill.quantity.get();
            }
            done
        };
        let [through, queue, touch] = [FillModel::Through, FillModel::Queue, CERTAIN].map(filled);
        for (order, least) in &through {
            prop_assert!(*least <= queue[order], "order {order}: {least} > {}", queue[order]);
            prop_assert!(queue[order] <= touch[order], "order {order} gets most when waiting");
        }
    }

    #[test]
    fn slippage_never_improves_a_price(
        rate in 0_i64..1_000_000_000_000,
        price in 1_i64..i64::MAX,
    ) {
        let rate = Bps::new(rust_decimal::Decimal::new(rate, 8));
        let slippage = Slippage::new(rate).unwrap();
        let price = Ticks::new(price);
        prop_assert!(slippage.apply(price, Side::Buy) >= price);
        let sold = slippage.apply(price, Side::Sell);
        prop_assert!(Ticks::new(1) <= sold && sold <= price);
    }
}

/// What the market shows per level, less what we took since it last changed.
#[derive(Default)]
struct Shown(BTreeMap<(Side, i64), i64>);

impl Shown {
    /// Takes a fill out of the level it names; gives what is left there.
    fn take(&mut self, fill: &Fill) -> i64 {
        let left = self.0.entry((fill.side.opposite(), fill.price.get())).or_default();
        *left -= fill.quantity.get();
        *left
    }

    fn take_in(&mut self, outcome: &Outcome) {
        let (bids, asks) = match &outcome.data {
            Some(MarketData::BookSnapshot { bids, asks, .. }) => {
                self.0.clear();
                (bids, asks)
            }
            Some(MarketData::BookDiff { bids, asks, .. }) => (bids, asks),
            _ => return,
        };
        let mut set = |side, levels: &[Level]| {
            for level in levels {
                self.0.insert((side, level.price.get()), level.quantity.get());
            }
        };
        set(Side::Buy, bids);
        set(Side::Sell, asks);
    }

    fn quantity(&self, side: Side) -> i64 {
        self.0.iter().filter(|((of, _), _)| *of == side).map(|(_, left)| left.max(&0)).sum()
    }
}
