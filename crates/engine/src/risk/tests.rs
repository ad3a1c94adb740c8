//! Behaviour of the gate: each rule alone, their order, and the law they add up to.

use domain::{
    Instrument, InstrumentId, Instruments, Lots, Money, NetLots, NewOrder, OrderId, OrderType,
    PositionEffect, RunNumber, Side, Span, StrategyId, Ticks, Timestamp,
    instrument::InstrumentSpec,
};
use proptest::prelude::*;
use testkit::instruments::{btc_inverse, btc_perpetual, instruments};

use super::{Exposure, Facts, RULES, RiskConfig, RiskGate, RiskRule, Touch, Wanted};

const NOW: Timestamp = Timestamp::from_millis(1_000_000);
const TOUCH: Touch = Touch { bid: Ticks::new(600_000), ask: Ticks::new(600_001) };

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

/// One instrument at a price of 60,000 and a gate with the documented limits.
struct Bench {
    table: Instruments,
    gate: RiskGate,
    exposure: Exposure,
    touch: Option<Touch>,
    last_data: Option<Timestamp>,
    open_orders: usize,
    now: Timestamp,
}

impl Bench {
    fn with(spec: InstrumentSpec, config: RiskConfig) -> Self {
        let table = instruments([spec]);
        let gate = RiskGate::new(config, &table).unwrap();
        let (exposure, touch, last_data) = (Exposure::default(), Some(TOUCH), Some(NOW));
        Self { table, gate, exposure, touch, last_data, open_orders: 0, now: NOW }
    }

    fn new() -> Self {
        Self::with(btc_perpetual(), RiskConfig::default())
    }

    fn holding(mut self, lots: i64) -> Self {
        self.exposure.position = NetLots::new(lots);
        let value = self.instrument().signed_notional(TOUCH.bid, NetLots::new(lots));
        self.exposure.position_value = value.unwrap();
        self
    }

    fn instrument(&self) -> &Instrument {
        self.table.get(InstrumentId::new(0))
    }

    fn judge(&mut self, order: NewOrder) -> Result<(), RiskRule> {
        let facts = Facts {
            now: self.now,
            instrument: self.table.get(InstrumentId::new(0)),
            touch: self.touch,
            last_data: self.last_data,
            held: self.exposure.position,
            exposure: self.exposure,
            open_orders: self.open_orders,
        };
        self.gate.approve(order, &facts).map(|approved| assert_eq!(approved.get(), order))
    }
}

/// A limit order at the best ask. 500 lots are half a bitcoin.
fn order(side: Side, lots: i64) -> NewOrder {
    NewOrder {
        id: OrderId::new(RunNumber::FIRST, 1),
        strategy: StrategyId::new(0),
        instrument: InstrumentId::new(0),
        side,
        order_type: OrderType::Limit,
        quantity: Lots::new(lots),
        limit: Some(TOUCH.ask),
        trigger: None,
        effect: PositionEffect::Any,
        created: NOW,
    }
}

fn buy(lots: i64) -> NewOrder {
    order(Side::Buy, lots)
}

fn sell(lots: i64) -> NewOrder {
    order(Side::Sell, lots)
}

fn at_market(order: NewOrder) -> NewOrder {
    NewOrder { order_type: OrderType::Market, limit: None, ..order }
}

fn at(price: i64, order: NewOrder) -> NewOrder {
    NewOrder { limit: Some(Ticks::new(price)), ..order }
}

#[test]
fn an_order_within_all_limits_is_approved_unchanged() {
    assert_eq!(Bench::new().judge(buy(500)), Ok(()));
    assert_eq!(Bench::new().judge(at_market(sell(500))), Ok(()));
}

#[test]
fn the_table_lists_every_rule_at_its_index_with_the_documented_texts_first() {
    for (index, row) in RULES.iter().enumerate() {
        assert_eq!((row.rule.index(), row.rule.name()), (index, row.name));
        assert_eq!(serde_name(row.rule), row.name);
    }
    let texts: Vec<_> = RULES.iter().take(5).map(|row| row.rule.text()).collect();
    assert_eq!(
        texts,
        [
            "Kill switch activated",
            "Position limit exceeded",
            "Order size limit exceeded",
            "Notional limit exceeded",
            "Order rate limit exceeded",
        ]
    );
}

/// The name a rule has in JSON, without a JSON library: unit variants print as their name.
fn serde_name(rule: RiskRule) -> String {
    let debug = format!("{rule:?}");
    let mut name = String::new();
    for letter in debug.chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

#[test]
fn the_first_broken_rule_of_the_documented_order_gives_the_reason() {
    let mut bench = Bench::with(
        btc_perpetual(),
        RiskConfig {
            max_orders_per_second: 0,
            max_notional_exposure: money("100"),
            ..RiskConfig::default()
        },
    );
    bench.last_data = None;
    bench.gate.set_killed(true);
    assert_eq!(bench.judge(buy(1_001)), Err(RiskRule::KillSwitch));
    bench.gate.set_killed(false);
    assert_eq!(bench.judge(buy(1_001)), Err(RiskRule::PositionLimit));
    assert_eq!(bench.judge(buy(501)), Err(RiskRule::OrderSize));
    assert_eq!(bench.judge(buy(500)), Err(RiskRule::NotionalLimit));
    assert_eq!(bench.judge(buy(1)), Err(RiskRule::OrderRate));
}

#[test]
fn the_kill_switch_refuses_even_what_would_reduce() {
    let mut bench = Bench::new().holding(500);
    bench.gate.set_killed(true);
    assert_eq!(bench.judge(sell(500)), Err(RiskRule::KillSwitch));
}

#[test]
fn the_position_limit_counts_the_sign_and_the_open_orders_of_the_same_side() {
    let mut long = Bench::new().holding(700);
    assert_eq!(long.judge(buy(300)), Ok(()));
    assert_eq!(long.judge(buy(301)), Err(RiskRule::PositionLimit));
    assert_eq!(long.judge(sell(500)), Ok(()));
    long.exposure.open_buys = Lots::new(200);
    assert_eq!(long.judge(buy(101)), Err(RiskRule::PositionLimit));

    let mut short = Bench::new().holding(-700);
    assert_eq!(short.judge(sell(300)), Ok(()));
    assert_eq!(short.judge(sell(301)), Err(RiskRule::PositionLimit));
    assert_eq!(short.judge(buy(500)), Ok(()));
}

#[test]
fn a_position_beyond_the_limit_can_be_brought_back_but_not_extended() {
    let mut bench = Bench::new().holding(3_000);
    assert_eq!(bench.judge(sell(500)), Ok(()));
    assert_eq!(bench.judge(buy(1)), Err(RiskRule::PositionLimit));
}

#[test]
fn one_order_may_not_be_worth_more_than_its_own_limit() {
    let config = RiskConfig { max_order_notional: Some(money("6000")), ..RiskConfig::default() };
    let mut bench = Bench::with(btc_perpetual(), config);
    assert_eq!(bench.judge(buy(99)), Ok(()));
    assert_eq!(bench.judge(buy(100)), Err(RiskRule::NotionalLimit), "60,000.1 x 0.1 > 6,000");
}

#[test]
fn all_instruments_and_open_orders_count_together_at_worst() {
    let mut bench = Bench::new();
    bench.exposure.elsewhere = money("90000");
    assert_eq!(bench.judge(buy(166)), Ok(()));
    assert_eq!(bench.judge(buy(167)), Err(RiskRule::NotionalLimit));
    bench.exposure.open_buys = Lots::new(100);
    bench.exposure.open_buy_value = money("6000");
    assert_eq!(bench.judge(buy(67)), Err(RiskRule::NotionalLimit));
    assert_eq!(bench.judge(sell(166)), Ok(()), "the other side's worst case is separate");
}

#[test]
fn an_order_that_only_reduces_is_exempt_from_the_value_limit() {
    let mut bench = Bench::new().holding(500);
    bench.exposure.elsewhere = money("100000");
    assert_eq!(bench.judge(sell(500)), Ok(()));
    bench.exposure.open_sells = Lots::new(1);
    assert_eq!(bench.judge(sell(500)), Err(RiskRule::NotionalLimit), "together they turn short");
}

#[test]
fn a_market_order_is_reckoned_at_the_touch_plus_the_collar() {
    let bench = Bench::new();
    let price = |order| bench.gate.reserve_price(&order, Some(TOUCH)).map(Ticks::get);
    assert_eq!(price(at_market(buy(1))), Some(606_002), "600,001 + 1 %, rounded up");
    assert_eq!(price(at_market(sell(1))), Some(606_000));
    assert_eq!(price(buy(1)), Some(600_001));
    assert_eq!(bench.gate.reserve_price(&at_market(buy(1)), None), None);
}

#[test]
fn the_eleventh_order_of_a_second_is_refused_and_a_second_later_it_is_not() {
    let mut bench = Bench::new();
    for millis in 0..10 {
        bench.now = NOW + Span::from_millis(millis);
        assert_eq!(bench.judge(buy(1)), Ok(()));
    }
    bench.now = NOW + Span::from_nanos(999_999_999);
    assert_eq!(bench.judge(buy(1)), Err(RiskRule::OrderRate));
    bench.now = NOW + Span::from_secs(1);
    assert_eq!(bench.judge(buy(1)), Ok(()));
    assert_eq!(bench.judge(buy(1)), Err(RiskRule::OrderRate));
}

#[test]
fn a_refused_order_does_not_count_in_the_order_rate() {
    let mut bench = Bench::new();
    for _ in 0..20 {
        assert_eq!(bench.judge(buy(501)), Err(RiskRule::OrderSize));
    }
    assert_eq!(bench.judge(buy(1)), Ok(()));
}

#[test]
fn no_order_on_old_data_or_without_any() {
    let mut bench = Bench::new();
    bench.now = NOW + Span::from_secs(2);
    assert_eq!(bench.judge(buy(1)), Ok(()));
    bench.now = bench.now + Span::from_nanos(1);
    assert_eq!(bench.judge(buy(1)), Err(RiskRule::StaleData));
    bench.last_data = None;
    assert_eq!(bench.judge(buy(1)), Err(RiskRule::StaleData));
}

#[test]
fn no_order_without_a_two_sided_book_in_sync_not_even_to_reduce() {
    let mut bench = Bench::new().holding(500);
    bench.touch = None;
    assert_eq!(bench.judge(buy(1)), Err(RiskRule::OutOfSync));
    assert_eq!(bench.judge(at_market(sell(1))), Err(RiskRule::OutOfSync));
}

#[test]
fn no_order_while_the_journal_stalls_or_the_session_ends() {
    let mut bench = Bench::new();
    bench.gate.set_journal_stalled(true);
    assert_eq!(bench.judge(buy(1)), Err(RiskRule::JournalStalled));
    bench.gate.set_journal_stalled(false);
    assert_eq!(bench.judge(buy(1)), Ok(()));
    bench.gate.wind_down();
    assert_eq!(bench.judge(buy(1)), Err(RiskRule::WindingDown));
}

#[test]
fn no_more_open_orders_than_there_is_room_for() {
    let mut bench = Bench::new();
    bench.open_orders = 64;
    assert_eq!(bench.judge(buy(1)), Err(RiskRule::OpenOrders));
}

#[test]
fn the_venues_own_limits_hold() {
    let spec = InstrumentSpec {
        min_quantity: "0.0025".parse().unwrap(),
        max_quantity: "0.1".parse().unwrap(),
        min_notional: money("200"),
        ..btc_perpetual()
    };
    let mut bench = Bench::with(spec, RiskConfig::default());
    assert_eq!(bench.judge(buy(0)), Err(RiskRule::Quantity));
    assert_eq!(bench.judge(buy(2)), Err(RiskRule::Quantity), "0.0025 is rounded up to 3 lots");
    assert_eq!(bench.judge(buy(101)), Err(RiskRule::Quantity));
    assert_eq!(bench.judge(buy(3)), Err(RiskRule::OrderValue), "3 lots are worth 180");
    assert_eq!(bench.judge(at_market(buy(3))), Err(RiskRule::OrderValue));
    assert_eq!(bench.judge(buy(4)), Ok(()));
}

#[test]
fn a_small_rest_of_a_perpetual_can_be_closed_and_one_of_a_spot_market_cannot() {
    let min_notional = money("200");
    let perpetual = InstrumentSpec { min_notional, ..btc_perpetual() };
    let mut bench = Bench::with(perpetual.clone(), RiskConfig::default()).holding(3);
    assert_eq!(bench.judge(sell(3)), Ok(()), "it only reduces");
    assert_eq!(bench.judge(buy(3)), Err(RiskRule::OrderValue), "it adds");
    let spot = InstrumentSpec { market: domain::Market::Spot, ..perpetual };
    let mut bench = Bench::with(spot, RiskConfig::default()).holding(3);
    assert_eq!(bench.judge(sell(3)), Err(RiskRule::OrderValue));
}

#[test]
fn a_limit_may_be_one_percent_from_the_middle_on_either_side_and_not_more() {
    let mut bench = Bench::new();
    // The middle is 600,000.5 ticks; one percent of it 6,000.005.
    assert_eq!(bench.judge(at(606_000, buy(1))), Ok(()));
    assert_eq!(bench.judge(at(606_001, buy(1))), Err(RiskRule::PriceCollar));
    assert_eq!(bench.judge(at(594_001, sell(1))), Ok(()));
    assert_eq!(bench.judge(at(594_000, sell(1))), Err(RiskRule::PriceCollar));
}

#[test]
fn an_inverse_instrument_is_not_traded() {
    let mut bench = Bench::with(btc_inverse(), RiskConfig::default());
    assert_eq!(bench.judge(buy(1)), Err(RiskRule::OrderSize), "half a contract is none");
    let config = RiskConfig {
        max_position_size: "1000".parse().unwrap(),
        max_order_size: "1000".parse().unwrap(),
        ..RiskConfig::default()
    };
    let mut bench = Bench::with(btc_inverse(), config);
    assert_eq!(bench.judge(buy(1)), Err(RiskRule::MarketDataOnly));
}

#[test]
fn a_wish_is_cut_to_what_one_order_may_do() {
    let bench = Bench::new().holding(800);
    let cut = |bench: &Bench, side, quantity, under_way| {
        let (quantity, under_way) = (Lots::new(quantity), Lots::new(under_way));
        let wanted = Wanted { instrument: InstrumentId::new(0), side, quantity, under_way };
        bench.gate.clip(wanted, &bench.exposure).map(Lots::get)
    };
    assert_eq!(cut(&bench, Side::Buy, 900, 0), Some(200), "what the position limit leaves");
    assert_eq!(cut(&bench, Side::Sell, 1_800, 0), Some(500), "the order limit");
    assert_eq!(cut(&bench, Side::Sell, 300, 0), Some(300));
    assert_eq!(cut(&bench, Side::Sell, 1_400, 400), Some(100), "one order's worth at once");
    assert_eq!(cut(&bench, Side::Sell, 1_300, 500), None);
    let full = Bench::new().holding(1_000);
    assert_eq!(cut(&full, Side::Buy, 7, 0), Some(7), "with no room the gate names the rule");
}

fn stop(trigger: i64, order: NewOrder) -> NewOrder {
    let trigger = Some(Ticks::new(trigger));
    NewOrder { order_type: OrderType::Stop, limit: None, trigger, ..order }
}

fn reducing(order: NewOrder) -> NewOrder {
    NewOrder { effect: PositionEffect::ReduceOnly, ..order }
}

#[test]
fn a_stop_needs_a_trigger_and_nothing_else_has_one() {
    let mut bench = Bench::new();
    assert_eq!(bench.judge(stop(TOUCH.ask.get() + 50, buy(100))), Ok(()));
    assert_eq!(bench.judge(stop(TOUCH.bid.get() - 9, buy(100))), Ok(()), "it triggers at once");
    let untriggered = NewOrder { trigger: None, ..stop(1, buy(100)) };
    for order in [
        untriggered,
        stop(0, buy(100)),
        NewOrder { limit: Some(TOUCH.ask), ..stop(TOUCH.ask.get(), buy(100)) },
        NewOrder { trigger: Some(TOUCH.ask), ..buy(100) },
    ] {
        assert_eq!(bench.judge(order), Err(RiskRule::Trigger), "{order:?}");
    }
}

#[test]
fn a_stop_may_be_far_from_the_market_and_is_reckoned_beyond_its_trigger() {
    let mut bench = Bench::new();
    let far = stop(TOUCH.ask.get() * 3, buy(100));
    assert_eq!(bench.judge(far), Ok(()));
    let reserve = bench.gate.reserve_price(&far, Some(TOUCH)).unwrap();
    assert!(reserve.get() > TOUCH.ask.get() * 3, "the collar on top");
    let dear = stop(TOUCH.ask.get() * 4, buy(500));
    assert_eq!(bench.judge(dear), Err(RiskRule::NotionalLimit));
}

#[test]
fn an_order_that_may_only_reduce_is_against_the_position_and_not_larger() {
    let mut long = Bench::new().holding(300);
    assert_eq!(long.judge(reducing(at(TOUCH.bid.get(), sell(300)))), Ok(()));
    assert_eq!(long.judge(reducing(sell(301))), Err(RiskRule::ReduceOnly));
    assert_eq!(long.judge(reducing(buy(1))), Err(RiskRule::ReduceOnly));
    assert_eq!(Bench::new().judge(reducing(sell(1))), Err(RiskRule::ReduceOnly));
}

#[test]
fn no_limit_on_what_is_at_stake_stops_an_order_that_may_only_reduce() {
    let mut bench = Bench::new().holding(900);
    bench.open_orders = 1_000;
    bench.exposure.open_sells = Lots::new(5_000);
    bench.exposure.open_sell_value = Money::MAX;
    bench.exposure.elsewhere = Money::MAX;
    let target = reducing(at(TOUCH.ask.get() * 2, sell(900)));
    assert_eq!(bench.judge(target), Ok(()), "nor the collar, nor the largest order");
    assert_eq!(bench.judge(reducing(stop(1, sell(900)))), Ok(()));
    bench.gate.set_killed(true);
    assert_eq!(bench.judge(target), Err(RiskRule::KillSwitch));
}

#[test]
fn orders_that_only_reduce_count_in_the_order_rate_and_are_bound_by_it() {
    let mut bench = Bench::new().holding(900);
    for _ in 0..10 {
        assert_eq!(bench.judge(reducing(stop(1, sell(900)))), Ok(()));
    }
    assert_eq!(bench.judge(reducing(stop(1, sell(900)))), Err(RiskRule::OrderRate));
    assert_eq!(bench.judge(sell(1)), Err(RiskRule::OrderRate));
}

proptest! {
    /// Approvals, fills and cancels in any order: the worst case of position and value never
    /// passes a limit, as long as prices stand still.
    #[test]
    fn no_sequence_of_approved_orders_takes_the_worst_case_beyond_a_limit(
        steps in prop::collection::vec((0..4_u8, any::<bool>(), 1..700_i64), 1..80),
    ) {
        let config = RiskConfig {
            max_orders_per_second: 1_000,
            max_notional_exposure: money("50000"),
            ..RiskConfig::default()
        };
        let mut bench = Bench::with(btc_perpetual(), config);
        let value = |table: &Instruments, lots: i64| {
            table.get(InstrumentId::new(0)).signed_notional(TOUCH.ask, NetLots::new(lots)).unwrap()
        };
        let mut open: Vec<(Side, i64)> = Vec::new();
        let mut position = 0;
        for (what, is_buy, lots) in steps {
            let side = if is_buy { Side::Buy } else { Side::Sell };
            match what {
                0 | 1 => if bench.judge(order(side, lots)).is_ok() {
                    open.push((side, lots));
                },
                2 => if let Some((side, lots)) = open.pop() {
                    position += Lots::new(lots).signed(side).get();
                },
                _ => { open.pop(); }
            }
            let of = |side| open.iter().filter(|one| one.0 == side).map(|one| one.1).sum::<i64>();
            let (buys, sells) = (of(Side::Buy), of(Side::Sell));
            prop_assert!(position + buys <= 1_000 && position - sells >= -1_000);
            bench.exposure = Exposure {
                position: NetLots::new(position),
                open_buys: Lots::new(buys),
                open_sells: Lots::new(sells),
                position_value: value(&bench.table, position),
                open_buy_value: value(&bench.table, buys),
                open_sell_value: value(&bench.table, sells),
                elsewhere: Money::ZERO,
            };
            prop_assert!(bench.exposure.worst_total().unwrap() <= money("50000"));
        }
    }
}
