//! Numbers at the ends of their ranges: nothing panics, wraps or fills too much.

use domain::event::{Dividend, FundingSettlement, MarkPrice, Split};
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::paper::{MarginConfig, MarginMode};

fn any_count() -> impl Strategy<Value = i64> {
    prop_oneof![Just(i64::MAX), Just(i64::MIN), Just(0), Just(1), 1_i64..200, any::<i64>()]
}

fn any_decimal() -> impl Strategy<Value = Decimal> {
    prop_oneof![
        Just(Decimal::MAX),
        Just(Decimal::MIN),
        Just(Decimal::new(1, 28)),
        (any::<i64>(), 0_u32..28).prop_map(|(mantissa, scale)| Decimal::new(mantissa, scale)),
    ]
}

#[derive(Clone, Debug)]
enum Happening {
    Bar([i64; 4], i64),
    Order(Side, OrderType, i64, i64, bool),
    Event(MarketData<'static>),
    Sleep(i64),
}

fn happening() -> impl Strategy<Value = Happening> {
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    let kind = prop_oneof![
        Just(OrderType::Market),
        Just(OrderType::Limit),
        Just(OrderType::Stop),
        Just(OrderType::FillOrKill),
    ];
    let mark = |(mark, rate): (Decimal, Decimal)| MarkPrice {
        mark: domain::Price::new(mark.abs().max(Decimal::new(1, 28))).unwrap(),
        index: None,
        funding_rate: Some(Rate::new(rate)),
        next_funding: None,
    };
    prop_oneof![
        4 => ([any_count(), any_count(), any_count(), any_count()], any_count()).prop_map(
            |(mut prices, volume)| {
                prices.sort_unstable();
                let [low, open, close, high] = prices;
                Happening::Bar([open, high, low, close], volume.saturating_abs())
            }
        ),
        4 => (side, kind, any_count(), any_count(), any::<bool>()).prop_map(
            |(side, kind, quantity, price, reduces)| {
                Happening::Order(side, kind, quantity, price, reduces)
            }
        ),
        1 => any_decimal().prop_map(|rate| {
            let rate = Rate::new(rate);
            Happening::Event(MarketData::Funding(FundingSettlement { rate, price: None }))
        }),
        1 => any::<i128>().prop_map(|atto| {
            let per_unit = Money::from_atto(atto >> 1);
            Happening::Event(MarketData::Dividend(Dividend { per_unit }))
        }),
        1 => any_decimal().prop_map(|ratio| {
            Happening::Event(MarketData::Split(Split { ratio: Rate::new(ratio) }))
        }),
        1 => (any_decimal(), any_decimal())
            .prop_map(move |pair| Happening::Event(MarketData::Mark(mark(pair)))),
        1 => (0_i64..1_000_000).prop_map(Happening::Sleep),
    ]
}

proptest! {
    #[test]
    fn no_number_breaks_the_account(
        happenings in prop::collection::vec(happening(), 1..60),
        market in prop_oneof![Just(Market::Spot), Just(Market::LinearPerpetual)],
        mode in prop::option::of(prop_oneof![Just(MarginMode::Cross), Just(MarginMode::Isolated)]),
    ) {
        let margin =
            mode.map(|mode| MarginConfig::flat(mode, rate("0.1"), rate("0.05"), bps("1.5")));
        let costly = PaperConfig {
            maker_fee: bps("-1.5"),
            taker_fee: bps("7.5"),
            slippage: bps("3"),
            borrow: BorrowConfig::flat(Some(rate("99"))),
            bars: BarConfig {
                half_spread: bps("20"),
                impact: rate("900"),
                volume_share: Some(rate("0.123456789")),
                delay: 0,
            },
            costs: CostRecording::On,
            margin,
            ..in_bars()
        };
        let mut stage = BarStage::in_market(&costly, market);
        let mut asked = 0_i128;
        for happening in happenings {
            match happening {
                Happening::Bar(prices, volume) => stage.bar(prices, volume),
                Happening::Order(side, kind, quantity, price, reduces) => {
                    let draft = Draft::new(side, kind, quantity);
                    let draft = if kind.has_limit() { draft.at(price) } else { draft };
                    let draft = if kind.has_trigger() { draft.from(price) } else { draft };
                    stage.send(if reduces { draft.reducing() } else { draft });
                    asked += i128::from(quantity.max(0));
                }
                Happening::Event(data) => stage.event(data),
                Happening::Sleep(seconds) => stage.now = stage.now + Span::from_secs(seconds),
            }
        }
        let filled: i128 = stage.fills().iter().map(|fill| i128::from(fill.quantity.get())).sum();
        prop_assert!(filled <= asked);
    }
}
