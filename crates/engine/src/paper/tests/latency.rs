//! When things happen, and what happens around losses and restarts.

use domain::NumberError;

use super::*;
use crate::paper::PaperConfigError;

#[test]
fn an_order_meets_the_book_as_it_stands_before_the_first_event_at_its_arrival() {
    let slow = PaperConfig { order_latency: Span::from_millis(2), ..config(FillModel::Queue) };
    let mut stage = Stage::with(&slow);
    stage.send(Side::Buy, OrderType::Limit, 1, Some(105));
    assert_eq!(stage.broker.earliest_arrival(), Some(stage.now + Span::from_millis(2)));
    stage.diff(&[], &[(101, 0)]);
    assert_eq!(stage.traded(), [], "one millisecond is too early");
    stage.diff(&[], &[(102, 0)]);
    assert_eq!(stage.traded(), [(102, 1)], "101 has gone by then, 102 has not");
    assert_eq!(stage.broker.earliest_arrival(), None);
}

#[test]
fn only_without_latency_an_order_meets_the_market_it_was_decided_on() {
    let trades_at_once = |order_latency| {
        let mut stage = Stage::with(&PaperConfig { order_latency, ..config(FillModel::Queue) });
        stage.send(Side::Buy, OrderType::Market, 1, None);
        stage.broker.after_submit(stage.now, &stage.market);
        let fills = stage.fills();
        assert!(fills.iter().all(|fill| fill.time == stage.now && fill.price.get() == 101));
        fills.len()
    };
    assert_eq!(trades_at_once(Span::ZERO), 1);
    assert_eq!(trades_at_once(Span::from_nanos(1)), 0);
}

#[test]
fn a_report_carries_the_time_of_its_event_and_is_due_one_latency_later() {
    let mut stage = Stage::with(&config(FillModel::Queue));
    stage.limit(Side::Buy, 1, 101);
    let due = stage.now + Span::from_millis(1);
    assert_eq!(stage.broker.earliest_due(), Some(due));
    assert_eq!(stage.broker.next_answer(due - Span::from_nanos(1)), None);
    let (told, answer) = stage.broker.next_answer(due).unwrap();
    assert_eq!(told, due);
    let report = report_of(&answer).unwrap();
    assert_eq!(report.time, stage.now);
    assert_eq!(stage.broker.earliest_due(), None);
}

#[test]
fn a_cancel_ends_a_waiting_order_and_nothing_trades_with_it_any_more() {
    let mut stage = Stage::with(&config(FillModel::Queue));
    let id = stage.limit(Side::Buy, 1, 98);
    stage.cancel(id);
    stage.seller_takes(97, 50);
    assert_eq!(stage.kinds(), [ReportKind::Accepted, ReportKind::Cancelled]);
    assert_eq!(stage.broker.open_orders(), 0);
}

#[test]
fn a_cancel_that_arrives_after_the_fill_is_refused() {
    let slow = PaperConfig { order_latency: Span::from_millis(1), ..config(FillModel::Queue) };
    let mut stage = Stage::with(&slow);
    let id = stage.send(Side::Buy, OrderType::Limit, 1, Some(98));
    stage.diff(&[], &[]);
    stage.seller_takes(97, 1);
    stage.cancel(id);
    stage.diff(&[], &[]);
    let kinds = stage.kinds();
    assert!(matches!(kinds[1], ReportKind::Filled(_)));
    assert_eq!(kinds[2], ReportKind::CancelRejected(Refusal::UnknownOrder));
}

#[test]
fn an_order_that_arrives_while_the_book_is_lost_is_rejected() {
    let mut stage = Stage::with(&config(FillModel::Queue));
    stage.lose_book();
    stage.limit(Side::Buy, 1, 101);
    stage.send(Side::Buy, OrderType::PostOnly, 1, Some(90));
    stage.arrive();
    assert_eq!(stage.kinds(), [ReportKind::Rejected(Refusal::NoLiquidity); 2]);
}

#[test]
fn a_waiting_order_can_be_cancelled_while_the_book_is_lost() {
    let mut stage = Stage::with(&config(FillModel::Queue));
    let id = stage.limit(Side::Buy, 1, 99);
    stage.lose_book();
    stage.cancel(id);
    stage.arrive();
    assert_eq!(stage.kinds(), [ReportKind::Accepted, ReportKind::Cancelled]);
}

#[test]
fn a_restarted_venue_has_forgotten_the_orders_of_earlier_runs_only() {
    let second = RunNumber::new(2);
    let mut stage = Stage::with(&PaperConfig { run: second, ..config(FillModel::Queue) });
    let (old, new) = (OrderId::new(RUN, 9), OrderId::new(second, 1));
    stage.broker.restart([(old, INSTRUMENT), (new, INSTRUMENT)], stage.now);
    let [report] = stage.reports()[..] else { panic!("one report") };
    let kind = ReportKind::Expired(Refusal::VenueRestarted);
    assert_eq!(report, OrderReport { order: old, instrument: INSTRUMENT, time: stage.now, kind });
}

#[test]
fn a_setting_out_of_range_is_named() {
    let refused = |change: fn(&mut PaperConfig)| {
        let mut config = config(FillModel::Queue);
        change(&mut config);
        PaperBroker::new(&config, &instruments(Market::Spot)).unwrap_err()
    };
    let latency = Span::from_nanos(-1);
    let error = refused(|config| config.order_latency = Span::from_nanos(-1));
    assert_eq!(error, PaperConfigError::OrderLatency { latency });
    let error = refused(|config| config.report_latency = Span::ZERO);
    assert_eq!(error, PaperConfigError::ReportLatency { latency: Span::ZERO });
    let error = refused(|config| config.slippage = bps("-1"));
    assert_eq!(error, PaperConfigError::Slippage { slippage: bps("-1") });
    let error = refused(|config| config.taker_fee = bps("0.0000000001"));
    assert!(matches!(error, PaperConfigError::Fee { source: NumberError::TooFine { .. } }));
    for wrong in [1.1, -0.1, f64::NAN] {
        let model = FillModel::Touch { queue_position: wrong, base_probability: 0.5 };
        let config = PaperConfig { fill_model: model, ..config(FillModel::Queue) };
        let error = PaperBroker::new(&config, &instruments(Market::Spot)).unwrap_err();
        assert!(matches!(error, PaperConfigError::Probability { .. }));
    }
}
