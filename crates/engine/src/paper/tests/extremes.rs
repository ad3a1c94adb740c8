//! Numbers at the ends of their ranges: nothing panics, wraps or fills too much.

use proptest::prelude::*;

use super::*;

fn any_count() -> impl Strategy<Value = i64> {
    prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(0), Just(1), -5_i64..200, any::<i64>()]
}

fn any_model() -> impl Strategy<Value = FillModel> {
    prop_oneof![Just(FillModel::Through), Just(FillModel::Queue), Just(CERTAIN_TOUCH)]
}

#[derive(Clone, Debug)]
enum Happening {
    Bid(i64, i64),
    Ask(i64, i64),
    Sold(i64, i64),
    Bought(i64, i64),
    Resync,
    Order(Side, OrderType, i64, i64),
}

fn happening() -> impl Strategy<Value = Happening> {
    let rung = || (any_count(), any_count().prop_map(i64::saturating_abs));
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    let kind = prop_oneof![Just(OrderType::Market), Just(OrderType::Limit)];
    prop_oneof![
        rung().prop_map(|(price, quantity)| Happening::Bid(price, quantity)),
        rung().prop_map(|(price, quantity)| Happening::Ask(price, quantity)),
        rung().prop_map(|(price, quantity)| Happening::Sold(price, quantity)),
        rung().prop_map(|(price, quantity)| Happening::Bought(price, quantity)),
        Just(Happening::Resync),
        (side, kind, any_count(), any_count()).prop_map(|(side, kind, quantity, limit)| {
            Happening::Order(side, kind, quantity, limit)
        }),
    ]
}

proptest! {
    #[test]
    fn no_number_breaks_the_exchange(
        model in any_model(),
        happenings in prop::collection::vec(happening(), 1..60),
    ) {
        let costly = PaperConfig {
            maker_fee: bps("-1.5"),
            taker_fee: bps("7.5"),
            slippage: bps("3"),
            ..config(model)
        };
        let mut stage = Stage::with(&costly);
        let mut asked = 0_i128;
        for happening in happenings {
            match happening {
                Happening::Bid(price, quantity) => stage.diff(&[(price, quantity)], &[]),
                Happening::Ask(price, quantity) => stage.diff(&[], &[(price, quantity)]),
                Happening::Sold(price, quantity) => stage.seller_takes(price, quantity),
                Happening::Bought(price, quantity) => stage.buyer_takes(price, quantity),
                Happening::Resync => stage.snapshot(&[(99, 5)], &[(101, 5)]),
                Happening::Order(side, kind, quantity, limit) => {
                    stage.send(side, kind, quantity, kind.has_limit().then_some(limit));
                    asked += i128::from(quantity.max(0));
                }
            }
        }
        let filled: i128 = stage.fills().iter().map(|fill| i128::from(fill.quantity.get())).sum();
        prop_assert!(filled <= asked);
    }
}
