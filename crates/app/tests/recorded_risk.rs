//! Tight limits on recorded markets, checked from the journal by other arithmetic than the
//! engine's: no order ever took the worst case beyond a limit, or came too soon.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod recorded;

use domain::{Instruments, NewOrder, Record, Side, Ticks};
use recorded::{
    Replay, TRADED, USDM_BTC_2023,
    journal::{self, Holding, Ledger},
    recordings,
    session::SECOND,
};
use rust_decimal::Decimal;

/// The limits of a run, as they are written in a configuration.
struct Limits {
    position: Decimal,
    order: Decimal,
    exposure: Decimal,
    order_value: Decimal,
    orders_per_second: usize,
    open_orders: usize,
}

/// The price collar in the configuration, which market orders are reckoned with.
const COLLAR_BPS: Decimal = Decimal::ONE_HUNDRED;

impl Limits {
    fn settings(&self) -> Vec<String> {
        let limit = |name: &str, value: String| format!("strategy.risk_limits.{name}={value}");
        vec![
            limit("max_position_size", self.position.to_string()),
            limit("max_order_size", self.order.to_string()),
            limit("max_notional_exposure", self.exposure.to_string()),
            limit("max_order_notional", self.order_value.to_string()),
            limit("max_orders_per_second", self.orders_per_second.to_string()),
            limit("max_open_orders", self.open_orders.to_string()),
            limit("price_collar_bps", COLLAR_BPS.to_string()),
        ]
    }

    /// Positions never pass their limit, whatever is filled, whenever one looks.
    fn assert_positions(&self, ledger: &Ledger) {
        let Some(instruments) = &ledger.instruments else { return };
        for (holding, instrument) in ledger.holdings.iter().zip(instruments.iter()) {
            let (long, short) = holding.reach();
            for lots in [long, short] {
                let reached = instrument.net_quantity(domain::NetLots::new(lots));
                assert!(reached.abs() <= self.position, "{instrument} may reach {reached}");
            }
        }
    }

    /// An order that is already among the open ones keeps every limit.
    fn assert_order(&self, ledger: &Ledger, order: &NewOrder) {
        let instruments = ledger.instruments.as_ref().unwrap();
        let instrument = instruments.get(order.instrument);
        let holding = &ledger.holdings[order.instrument.index()];
        let size = instrument.quantity(order.quantity);
        assert!(size <= self.order, "{size} ordered at once: {order:?}");
        let open: usize = ledger.holdings.iter().map(|one| one.open.len()).sum();
        assert!(open <= self.open_orders, "{open} orders open: {order:?}");
        if only_reduces(holding, order) {
            return;
        }
        let value = value(instruments, holding, order, order.quantity.get());
        assert!(value <= self.order_value, "an order of {value}: {order:?}");
        let worst = worst_case(ledger);
        assert!(worst <= self.exposure, "it may come to {worst}: {order:?}");
    }

    fn assert_rate(&self, ledger: &Ledger) {
        let limit = self.orders_per_second;
        for window in ledger.placed.windows(limit + 1) {
            let took = window[limit].since(window[0]);
            assert!(took >= SECOND, "{} orders within {took}, from {:?}", limit + 1, window[0]);
        }
    }
}

/// Whether all open orders of the order's side together cannot turn the position around.
fn only_reduces(holding: &Holding, order: &NewOrder) -> bool {
    let (long, short) = holding.reach();
    match order.side {
        Side::Buy => holding.position < 0 && long <= 0,
        Side::Sell => holding.position > 0 && short >= 0,
    }
}

/// What so many lots of an order may cost: at its limit, or at the touch and the collar.
fn value(instruments: &Instruments, holding: &Holding, order: &NewOrder, lots: i64) -> Decimal {
    let instrument = instruments.get(order.instrument);
    let step = instrument.spec().tick_size.decimal();
    let price = order.limit.map_or_else(
        || {
            let (bid, ask) = holding.book.touch.unwrap();
            let near = Ticks::new(if order.side == Side::Buy { ask } else { bid });
            let above =
                instrument.price(near) * (Decimal::ONE + COLLAR_BPS / Decimal::from(10_000));
            (above / step).ceil() * step
        },
        |limit| instrument.price(limit),
    );
    price * instrument.net_quantity(domain::NetLots::new(lots))
}

/// All instruments together, each with either all its buys done or all its sells.
fn worst_case(ledger: &Ledger) -> Decimal {
    let instruments = ledger.instruments.as_ref().unwrap();
    let of_one = |(holding, instrument): (&Holding, &domain::Instrument)| {
        let middle = holding.book.touch.map_or(Decimal::ZERO, |(bid, ask)| {
            (instrument.price(Ticks::new(bid)) + instrument.price(Ticks::new(ask))) / Decimal::TWO
        });
        let held = middle * instrument.net_quantity(domain::NetLots::new(holding.position));
        let open = |side| -> Decimal {
            let orders = holding.open.values().filter(|one| one.order.side == side);
            orders.map(|one| value(instruments, holding, &one.order, one.rest)).sum()
        };
        (held + open(Side::Buy)).abs().max((held - open(Side::Sell)).abs())
    };
    ledger.holdings.iter().zip(instruments.iter()).map(of_one).sum()
}

/// Replays with these limits; says which rules refused something.
fn check(names: &[&str], limits: &Limits, more: &[&str]) -> Option<Vec<&'static str>> {
    let captures = recordings(names)?;
    let dir = tempfile::tempdir().unwrap();
    let settings = limits.settings();
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    let replay = Replay::of(&captures).set(&settings).set(more).into_dir(dir.path());
    let summary = replay.run();
    let mut ledger = Ledger::default();
    journal::read(dir.path(), |record| {
        ledger.take(&record);
        match &record {
            Record::Placed(order) => {
                limits.assert_order(&ledger, order);
                limits.assert_positions(&ledger);
            }
            Record::Input(_) | Record::OrderChanged(_) => limits.assert_positions(&ledger),
            _ => {}
        }
    });
    limits.assert_rate(&ledger);
    assert_eq!(ledger.placed.len() as u64, summary.count("/orders"));
    assert!(ledger.fills > 10, "only {} fills: {names:?}", ledger.fills);
    let rules = ["notional_limit", "order_rate", "open_orders", "position_limit"];
    let refused = |rule: &&str| summary.count(&format!("/rejected/{rule}")) > 0;
    Some(rules.into_iter().filter(refused).collect())
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn the_worst_case_of_four_markets_never_passes_tight_limits() {
    let limits = Limits {
        position: decimal("0.5"),
        order: decimal("0.01"),
        exposure: decimal("2000"),
        order_value: decimal("650"),
        orders_per_second: 2,
        open_orders: 2,
    };
    let eager = ["strategy.params.imbalance_threshold=0.1", "strategy.params.strength_mode=seed"];
    let Some(refused) = check(&TRADED, &limits, &eager) else { return };
    assert!(refused.contains(&"notional_limit"), "the limits were felt: {refused:?}");
    assert!(refused.contains(&"order_rate"), "the limits were felt: {refused:?}");
}

#[test]
fn passive_orders_that_wait_in_the_book_never_pass_tight_limits() {
    let limits = Limits {
        position: decimal("0.02"),
        order: decimal("0.008"),
        exposure: decimal("1000"),
        order_value: decimal("600"),
        orders_per_second: 3,
        open_orders: 1,
    };
    let eager = [
        "strategy.params.imbalance_threshold=0.05",
        "strategy.params.order_style=passive",
        "paper.fill_model=touch",
        "paper.order_latency_ms=40",
        "paper.report_latency_ms=40",
    ];
    let Some(refused) = check(&TRADED, &limits, &eager) else { return };
    assert!(refused.contains(&"order_rate"), "the limits were felt: {refused:?}");
    assert!(refused.contains(&"open_orders"), "the limits were felt: {refused:?}");
}

#[test]
fn slow_reports_in_the_market_of_another_year_let_no_order_pass_tight_limits() {
    let limits = Limits {
        position: decimal("0.5"),
        order: decimal("0.01"),
        exposure: decimal("1500"),
        order_value: decimal("400"),
        orders_per_second: 5,
        open_orders: 3,
    };
    let eager = [
        "strategy.params.imbalance_threshold=0.1",
        "strategy.params.strength_mode=seed",
        "paper.order_latency_ms=15",
        "paper.report_latency_ms=60",
    ];
    let Some(refused) = check(&[USDM_BTC_2023], &limits, &eager) else { return };
    assert!(!refused.is_empty(), "no limit was felt");
}
