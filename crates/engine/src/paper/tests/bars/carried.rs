//! Funding, interest, dividends and splits.

use domain::{
    AccountEventKind,
    event::{Dividend, FundingSettlement, MarkPrice, Split},
};

use super::*;
use crate::paper::PaperProblem;

const HOUR: Span = Span::from_secs(3_600);

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn funding(rate_text: &str, price: Option<&str>) -> MarketData<'static> {
    let price = price.map(|text| text.parse().unwrap());
    MarketData::Funding(FundingSettlement { rate: rate(rate_text), price })
}

fn mark(
    price: &str,
    rate_text: Option<&str>,
    next_funding: Option<Timestamp>,
) -> MarketData<'static> {
    MarketData::Mark(MarkPrice {
        mark: price.parse().unwrap(),
        index: None,
        funding_rate: rate_text.map(rate),
        next_funding,
    })
}

fn amounts(stage: &mut BarStage) -> Vec<Money> {
    stage.events.drain(..).map(|event| event.amount).collect()
}

#[test]
fn a_long_pays_funding_and_a_short_receives_it_at_the_price_of_the_settlement() {
    for (position, expected) in [(2_000, "-0.000246"), (-2_000, "0.000246")] {
        let mut stage = BarStage::new(&in_bars()).holding(position, 100);
        let before = stage.broker.cash();
        stage.event(funding("0.0001", Some("1.23")));
        let [event] = stage.events[..] else { panic!("one event") };
        assert_eq!((event.kind, event.amount), (AccountEventKind::Funding, money(expected)));
        assert_eq!((event.time, event.instrument), (stage.now, INSTRUMENT));
        assert_eq!(stage.broker.cash(), before + event.amount);
    }
}

#[test]
fn funding_is_rounded_down_to_the_last_digit_that_money_has() {
    let mut stage = BarStage::new(&in_bars()).holding(1, 100);
    stage.event(funding("0.0000000000000001", Some("1.23")));
    stage.event(funding("-0.0000000000000001", Some("1.23")));
    // 0.001 x 1.23 x 1e-16 is 1.23e-19.
    assert_eq!(amounts(&mut stage), [Money::from_atto(-1), Money::ZERO]);
}

#[test]
fn without_a_price_of_its_own_funding_uses_the_mark_and_else_the_last_close() {
    let mut stage = BarStage::new(&in_bars()).holding(1_000, 100);
    stage.event(funding("0.01", None));
    stage.event(mark("2.5", None, None));
    stage.event(funding("0.01", None));
    assert_eq!(amounts(&mut stage), [money("-0.01"), money("-0.025")]);
}

#[test]
fn funding_without_any_price_is_a_problem_and_not_zero() {
    let opening = OpeningPosition {
        strategy: StrategyId::new(0),
        instrument: INSTRUMENT,
        position: NetLots::new(5),
        cost_basis: Money::ZERO,
        realized_pnl: Money::ZERO,
        fees: Money::ZERO,
        carry: Money::ZERO,
    };
    let mut stage = BarStage::new(&PaperConfig { opening_positions: vec![opening], ..in_bars() });
    stage.event(funding("0.01", None));
    assert_eq!(amounts(&mut stage), []);
    let time = stage.now;
    let problem = PaperProblem::NoPrice { instrument: INSTRUMENT, time, what: "funding" };
    assert_eq!(stage.broker.problems(), [problem]);
}

#[test]
fn a_mark_stream_settles_the_last_rate_once_when_its_time_has_come() {
    let mut stage = BarStage::new(&in_bars()).holding(1_000, 100);
    let due = stage.now + HOUR;
    stage.event(mark("1", Some("0.01"), Some(due)));
    stage.event(mark("2", Some("0.02"), Some(due)));
    stage.quiet(150);
    assert_eq!(amounts(&mut stage), [], "it is not time yet");
    stage.now = due + MINUTE;
    // The mark that tells of the next interval is not part of this one.
    stage.event(mark("4", Some("0.5"), Some(due + HOUR)));
    let [event] = stage.events[..] else { panic!("one settlement: {:?}", stage.events) };
    assert_eq!((event.amount, event.time), (money("-0.04"), due));
    stage.event(mark("4", Some("0.5"), Some(due)));
    stage.quiet(150);
    assert_eq!(stage.events.len(), 1, "a mark that is late names a settlement that is over");
    stage.now = due + HOUR;
    stage.quiet(100);
    assert_eq!(amounts(&mut stage), [money("-0.04"), money("-2")]);
    assert_eq!(stage.broker.problems(), []);
}

#[test]
fn a_settlement_of_which_no_rate_is_known_is_missing() {
    let mut stage = BarStage::new(&in_bars()).holding(1_000, 100);
    // It is just past one o'clock; funding is due at eight.
    stage.now = ms(8 * 3_600_000);
    stage.quiet(100);
    stage.now = ms(13 * 3_600_000);
    stage.quiet(100);
    let missing = PaperProblem::MissingFunding { instrument: INSTRUMENT, time: ms(8 * 3_600_000) };
    assert_eq!(stage.broker.problems(), std::slice::from_ref(&missing));
    assert_eq!(stage.broker.problem_count(), 1);
    assert!(missing.to_string().contains("instrument 0 at 28800000 ms"));
    assert_eq!(amounts(&mut stage), []);
}

#[test]
fn a_mark_stream_without_a_rate_is_missing_one_when_it_is_due() {
    let mut stage = BarStage::new(&in_bars()).holding(1_000, 100);
    let due = stage.now + HOUR;
    stage.event(mark("1", None, Some(due)));
    stage.now = due;
    stage.quiet(100);
    let missing = PaperProblem::MissingFunding { instrument: INSTRUMENT, time: due };
    assert_eq!(stage.broker.problems(), [missing]);
}

#[test]
fn nothing_is_missing_where_nothing_is_held_or_the_settlement_came() {
    let mut stage = BarStage::new(&in_bars());
    stage.now = ms(30 * 3_600_000);
    stage.quiet(100);
    let mut stage = stage.holding(1_000, 100);
    for hour in [32, 40, 48] {
        stage.now = ms(hour * 3_600_000);
        stage.event(funding("0.01", None));
        stage.quiet(100);
    }
    assert_eq!(stage.broker.problems(), []);
    assert_eq!(amounts(&mut stage).len(), 3);
}

#[test]
fn the_schedule_can_be_another_one_for_each_instrument() {
    let every = Some(Span::from_secs(8 * 3_600));
    let by_instrument = vec![(INSTRUMENT, Some(HOUR))];
    let funding = FundingConfig { every, by_instrument };
    let mut stage = BarStage::new(&PaperConfig { funding, ..in_bars() }).holding(1_000, 100);
    stage.now = ms(2 * 3_600_000 + 1_800_000);
    stage.quiet(100);
    assert_eq!(stage.broker.problem_count(), 1, "{:?}", stage.broker.problems());
    let mut stage = BarStage::new(&in_bars()).holding(1_000, 100);
    stage.now = ms(2 * 3_600_000 + 1_800_000);
    stage.quiet(100);
    assert_eq!(stage.broker.problem_count(), 0);
}

#[test]
fn marks_with_a_rate_and_no_time_are_settled_by_the_schedule() {
    let mut stage = BarStage::new(&in_bars()).holding(1_000, 100);
    stage.event(mark("1", Some("0.01"), None));
    stage.now = ms(8 * 3_600_000);
    stage.quiet(100);
    assert_eq!(amounts(&mut stage), [money("-0.01")]);
}

#[test]
fn short_spot_pays_interest_for_every_hour_it_is_held_into() {
    let borrow = BorrowConfig::flat(Some(rate("0.876")));
    let config = PaperConfig { borrow, ..in_bars() };
    let mut stage = BarStage::in_market(&config, Market::Spot).holding(-1_000, 100);
    stage.quiet(100);
    assert_eq!(amounts(&mut stage), [], "no full hour has passed");
    stage.now = ms(4 * 3_600_000 - 60_000);
    stage.quiet(200);
    assert!(stage.events.iter().all(|event| event.kind == AccountEventKind::Borrow));
    // Two hours before the bar and one at its end, a ten-thousandth each, of one unit at the
    // close before.
    assert_eq!(amounts(&mut stage), [money("-0.0002"), money("-0.0001")]);
    stage.send(buy(1_000));
    stage.now = ms(5 * 3_600_000);
    stage.quiet(200);
    assert_eq!(amounts(&mut stage), [money("-0.0002")], "closed at the open of five");
    stage.now = ms(9 * 3_600_000);
    stage.quiet(200);
    assert_eq!(amounts(&mut stage), []);
}

#[test]
fn a_perpetual_and_a_long_pay_no_interest() {
    let borrow = BorrowConfig::flat(Some(rate("0.5")));
    let config = PaperConfig { borrow, ..in_bars() };
    for (market, position) in [(Market::LinearPerpetual, -5), (Market::Spot, 5)] {
        let mut stage = BarStage::in_market(&config, market).holding(position, 100);
        stage.now = ms(5 * 3_600_000);
        stage.quiet(100);
        assert_eq!(amounts(&mut stage), []);
    }
}

#[test]
fn a_long_receives_a_dividend_and_a_short_pays_it() {
    for (position, expected) in [(1_500, "0.33"), (-1_500, "-0.33")] {
        let mut stage = BarStage::in_market(&in_bars(), Market::Spot).holding(position, 100);
        stage.send(buy(1_000));
        stage.event(MarketData::Dividend(Dividend { per_unit: money("0.22") }));
        let [event] = stage.events[..] else { panic!("one event") };
        assert_eq!((event.kind, event.amount), (AccountEventKind::Dividend, money(expected)));
    }
}

#[test]
fn a_split_multiplies_the_position_and_pays_the_fraction() {
    // 7 lots times 1.5 are 10.5: half a new lot is a third of an old one, at 0.9.
    for (position, after, expected) in [(7, 10, "0.0003"), (-7, -10, "-0.0003")] {
        let mut stage = BarStage::in_market(&in_bars(), Market::Spot).holding(position, 90);
        let before = stage.broker.cash();
        stage.event(MarketData::Split(Split { ratio: rate("1.5") }));
        let [event] = stage.events[..] else { panic!("one event") };
        let kind = AccountEventKind::Split { position: NetLots::new(after) };
        assert_eq!((event.kind, event.amount), (kind, money(expected)));
        assert_eq!((stage.position(), stage.broker.cash()), (after, before + event.amount));
    }
}

#[test]
fn a_reverse_split_may_leave_nothing_but_cash() {
    let mut stage = BarStage::in_market(&in_bars(), Market::Spot).holding(7, 90);
    stage.event(MarketData::Split(Split { ratio: rate("0.1") }));
    assert_eq!((stage.position(), amounts(&mut stage)), (0, vec![money("0.0063")]));
}

#[test]
fn a_split_ends_open_orders_and_those_on_their_way() {
    let mut stage = BarStage::in_market(&in_bars(), Market::Spot);
    let waiting = stage.send(limit(Side::Buy, 5, 50));
    let away = stage.send(stop(Side::Buy, 5, 150));
    stage.quiet(100);
    let late = stage.send(buy(5));
    stage.event(MarketData::Split(Split { ratio: rate("2") }));
    let reason = Refusal::RemainderCancelled;
    for id in [waiting, away] {
        assert_eq!(stage.story(id), [Err(ReportKind::Accepted), Err(ReportKind::Expired(reason))]);
    }
    assert_eq!(stage.story(late), [Err(ReportKind::Rejected(reason))]);
    stage.quiet(50);
    assert_eq!((stage.position(), stage.broker.open_orders()), (0, 0));
}
