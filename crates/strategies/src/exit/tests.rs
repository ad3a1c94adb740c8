//! Exits alone, and around a strategy in an engine with the paper broker.

use domain::{InstrumentId, NetLots, Rate, Side, Span, Ticks, Timestamp};
use engine::{Protection, portfolio::Position};
use proptest::prelude::*;
use testkit::instruments::{btc_perpetual, instruments};

use super::{
    Composite, ExitPolicy, Holding, MinimumProfit, StopLoss, TakeProfit, TimeLimit, TrailingStop,
    Verdict, read,
};
use crate::{
    ParamValues, find,
    room::{BAR, Decision, Dice, FIRST, Happening, Protecting, Room, bars},
};

fn rate(text: &str) -> Rate {
    Rate::new(text.parse().unwrap())
}

/// A position of so many lots of 0.001 at an average of so many ticks of 0.1.
fn holding(lots: i64, average: i64) -> Holding {
    let table = instruments([btc_perpetual()]);
    let instrument = table.get(InstrumentId::new(0));
    let quantity = NetLots::new(lots);
    let cost_basis = instrument.signed_notional(Ticks::new(average), quantity).unwrap();
    let position = Position { quantity, cost_basis, ..Position::default() };
    let (opened, now) = (Timestamp::from_millis(1_000), Timestamp::from_millis(61_000));
    Holding::of(&position, instrument, opened, now).unwrap()
}

fn stop(policy: &dyn ExitPolicy, holding: &Holding) -> Option<i64> {
    policy.judge(holding).protection.stop.map(Ticks::get)
}

fn target(policy: &dyn ExitPolicy, holding: &Holding) -> Option<i64> {
    policy.judge(holding).protection.target.map(Ticks::get)
}

#[test]
fn nothing_held_is_no_holding() {
    let table = instruments([btc_perpetual()]);
    let time = Timestamp::from_millis(0);
    let instrument = table.get(InstrumentId::new(0));
    assert_eq!(Holding::of(&Position::default(), instrument, time, time), None);
}

#[test]
fn stops_and_targets_lie_at_a_share_of_the_cost() {
    let five = StopLoss::new(rate("0.05"));
    assert_eq!(stop(&five, &holding(7, 600_000)), Some(570_000));
    assert_eq!(stop(&five, &holding(-7, 600_000)), Some(630_000));
    let ten = TakeProfit::new(rate("0.1"));
    assert_eq!(target(&ten, &holding(7, 600_000)), Some(660_000));
    assert_eq!(target(&ten, &holding(-7, 600_000)), Some(540_000));
}

#[test]
fn levels_between_two_ticks_are_rounded_in_favour_of_the_position() {
    let third = StopLoss::new(rate("0.333"));
    // 1001 less a third is 667.667, and a third more is 1334.333.
    assert_eq!(stop(&third, &holding(1, 1_001)), Some(668));
    assert_eq!(stop(&third, &holding(-1, 1_001)), Some(1_334));
    let third = TakeProfit::new(rate("0.333"));
    assert_eq!(target(&third, &holding(1, 1_001)), Some(1_335));
    assert_eq!(target(&third, &holding(-1, 1_001)), Some(667));
}

#[test]
fn a_price_that_cannot_be_has_no_order() {
    assert_eq!(target(&TakeProfit::new(rate("1")), &holding(-1, 1_000)), None);
    assert_eq!(target(&TakeProfit::new(rate("100")), &holding(1, 1_000)), Some(101_000));
}

#[test]
fn a_trailing_stop_follows_the_best_price() {
    let policy = TrailingStop::new(rate("0.1"));
    let long = holding(1, 1_000);
    assert_eq!(stop(&policy, &long), Some(900));
    assert_eq!(stop(&policy, &Holding { best: Ticks::new(1_500), ..long }), Some(1_350));
    let short = holding(-1, 1_000);
    assert_eq!(stop(&policy, &short), Some(1_100));
    assert_eq!(stop(&policy, &Holding { best: Ticks::new(505), ..short }), Some(555));
}

#[test]
fn a_time_limit_leaves_when_the_time_is_over() {
    let held = holding(1, 1_000);
    assert!(TimeLimit::new(Span::from_secs(60)).judge(&held).leave);
    assert!(!TimeLimit::new(Span::from_secs(61)).judge(&held).leave);
}

#[test]
fn a_minimum_profit_stays_until_it_is_made() {
    let policy = MinimumProfit::new(rate("0.02"));
    let stays = |holding: Holding, price: i64| {
        policy.judge(&Holding { price: Some(Ticks::new(price)), ..holding }).stay
    };
    assert!(stays(holding(5, 1_000), 1_019) && !stays(holding(5, 1_000), 1_020));
    assert!(stays(holding(-5, 1_000), 981) && !stays(holding(-5, 1_000), 980));
    assert!(policy.judge(&holding(5, 1_000)).stay, "nobody knows the price");
}

#[test]
fn of_several_policies_the_one_the_market_reaches_first_counts() {
    let policies: Vec<Box<dyn ExitPolicy>> = vec![
        Box::new(StopLoss::new(rate("0.2"))),
        Box::new(TrailingStop::new(rate("0.1"))),
        Box::new(TakeProfit::new(rate("0.5"))),
        Box::new(TimeLimit::new(Span::from_secs(60))),
    ];
    let all = Composite::new(policies);
    let verdict = |lots| all.judge(&holding(lots, 1_000));
    let at = |stop, target| Protection {
        stop: Some(Ticks::new(stop)),
        target: Some(Ticks::new(target)),
    };
    assert_eq!(verdict(1), Verdict { protection: at(900, 1_500), leave: true, stay: false });
    assert_eq!(verdict(-1), Verdict { protection: at(1_100, 500), leave: true, stay: false });
    let two =
        Verdict::target(Some(Ticks::new(7))).and(Verdict::target(Some(Ticks::new(9))), Side::Buy);
    assert_eq!(two.protection.target, Some(Ticks::new(7)));
}

/// The crossover of one and two bars with a hundred units.
fn params(settings: &[(&str, &str)]) -> ParamValues {
    let mut params = find("moving_average").unwrap().defaults();
    let small = [("fast", "1"), ("slow", "2"), ("sizing", "fixed"), ("max_position_size", "100")];
    for (name, text) in small.iter().chain(settings) {
        params.set(name, text).unwrap();
    }
    params
}

fn room(settings: &[(&str, &str)]) -> Room {
    Room::new(find("moving_average").unwrap(), &params(settings), &[FIRST])
}

fn sides(room: &Room) -> Vec<(usize, Side)> {
    room.decisions.iter().map(|one: &Decision| (one.event, one.side)).collect()
}

fn bar(prices: [i64; 4]) -> [Happening; 2] {
    [Happening::Wait(BAR), Happening::Bar(FIRST, prices)]
}

#[test]
fn without_exits_there_is_no_policy() {
    assert!(read(&params(&[])).is_none());
    assert!(read(&params(&[("stop_loss", "0.1")])).is_some());
    assert!(read(&find("dual_leg").unwrap().defaults()).is_none());
}

#[test]
fn a_stop_and_a_target_stand_at_the_venue_from_the_fill_on() {
    let room =
        room(&[("stop_loss", "0.1"), ("take_profit", "0.2")]).live(&bars(&[900, 1_000, 1_000]));
    assert_eq!(room.held(FIRST).get(), 100_000);
    assert_eq!(
        room.protections,
        [
            Protecting { event: 3, stop: Some(900), target: None },
            Protecting { event: 3, stop: None, target: Some(1_200) },
        ]
    );
}

#[test]
fn what_a_stop_closed_is_not_opened_again_until_the_strategy_changed_its_mind() {
    let room = room(&[("stop_loss", "0.1")]).live(&bars(&[900, 1_000, 1_000]));
    // The bar dips to the stop and closes higher: the crossover is still long.
    let room = room.live(&bar([1_000, 1_050, 880, 1_040])).live(&bars(&[1_050, 1_060, 1_070]));
    assert!(room.held(FIRST).is_zero());
    assert_eq!(sides(&room), [(2, Side::Buy)]);
    // It turns to flat and back: that is a new opinion.
    let room = room.live(&bars(&[1_000, 1_010, 1_020]));
    assert_eq!(sides(&room), [(2, Side::Buy), (9, Side::Buy)]);
    assert_eq!(room.held(FIRST).get(), 100_000);
}

#[test]
fn a_trailing_stop_is_moved_up_and_never_down() {
    let room = room(&[("trailing_stop", "0.1"), ("fast", "1"), ("slow", "5")]);
    let room = room.live(&bars(&[900, 900, 900, 900, 1_000, 1_000, 1_100, 1_050, 1_200]));
    let stops: Vec<Option<i64>> = room.protections.iter().map(|one| one.stop).collect();
    assert_eq!(stops, [Some(900), Some(990), Some(1_080)]);
}

#[test]
fn a_position_is_left_after_its_time() {
    let room = room(&[("max_holding_ms", "120000")]);
    let room = room.live(&bars(&[900, 1_000, 1_001, 1_002, 1_003, 1_004, 1_005, 1_006]));
    // Filled with the third bar, two minutes old with the fifth.
    assert_eq!(sides(&room), [(2, Side::Buy), (5, Side::Sell)]);
    assert!(room.held(FIRST).is_zero());
}

#[test]
fn the_wish_to_leave_waits_for_the_minimum_profit() {
    let closes = [900, 1_000, 1_000, 990, 1_010, 1_000, 1_060, 1_050];
    let plain = room(&[]).live(&bars(&closes));
    assert_eq!(sides(&plain)[..2], [(2, Side::Buy), (4, Side::Sell)]);
    // It wants out at 990 and 1000, below the cost of 1000, and at 1050, five percent above.
    let patient = room(&[("min_profit", "0.04")]).live(&bars(&closes));
    assert_eq!(sides(&patient), [(2, Side::Buy), (8, Side::Sell)]);
}

#[test]
fn a_wish_that_waited_is_carried_out_once_the_profit_is_there() {
    // The crossover is short from the fourth bar on; its own wish is to hold nothing.
    let settings = [("min_profit", "0.04"), ("fast", "2"), ("slow", "6")];
    let closes = [900, 900, 900, 900, 900, 1_000, 1_000, 800, 700, 1_030, 1_050, 1_050];
    let room = room(&settings).live(&bars(&closes));
    assert_eq!(sides(&room)[0], (6, Side::Buy));
    let sold: Vec<usize> =
        sides(&room).iter().filter(|one| one.1 == Side::Sell).map(|one| one.0).collect();
    assert!(sold.iter().all(|event| *event >= 11), "{sold:?}");
}

#[test]
fn a_split_moves_the_levels_along() {
    let settings = [("trailing_stop", "0.1"), ("fast", "1"), ("slow", "2")];
    let room = room(&settings).live(&bars(&[900, 1_000, 1_000]));
    let room =
        room.live(&[Happening::Wait(BAR), Happening::Split(FIRST, 2)]).live(&bars(&[501, 502]));
    assert_eq!(room.held(FIRST).get(), 200_000, "neither sold nor stopped");
    assert_eq!(room.protections.last().unwrap().stop, Some(452));
}

proptest! {
    #[test]
    fn a_level_loses_at_most_and_gains_at_least_its_share(
        lots in 1_i64..100_000, long in any::<bool>(), average in 1_000_i64..10_000_000,
        share in 1_i64..900_000_000,
    ) {
        let held = holding(if long { lots } else { -lots }, average);
        let worth = |price: Ticks| i128::from(price.get()) * held.tick_worth.atto();
        let gain = |price: Ticks| {
            let gain = worth(price) - held.cost.atto();
            if long { gain } else { -gain }
        };
        let part = held.cost.share_toward_zero(share, 1_000_000_000).unwrap().atto();
        let tick = held.tick_worth.atto();
        let stop = held.at_gain(-share).unwrap();
        prop_assert!((-part - 1..tick - part).contains(&gain(stop)));
        if let Some(target) = held.at_gain(share) {
            prop_assert!((part..part + tick + 1).contains(&gain(target)));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Loss per position: the stop, and what the market jumps over. In the bar it was opened in
    /// nothing protects it yet, so the close of that one may be beyond the stop already.
    #[test]
    fn no_position_loses_more_than_its_stop_and_the_gap(seed in 1_u64.., share in 1_i64..20) {
        const GAP: i64 = 200;
        let mut dice = Dice(seed);
        let (mut close, mut happenings, mut closes) = (100_000_i64, Vec::new(), Vec::new());
        for _ in 0..200 {
            let open = close + dice.below(2 * GAP + 1) - GAP;
            close = open + dice.below(6_001) - 3_000;
            let (low, high) = (open.min(close) - dice.below(2_000), open.max(close) + dice.below(2_000));
            happenings.extend(bar([open, high, low, close]));
            closes.push(close);
        }
        let stop_loss = format!("0.{share:02}");
        let room = room(&[("stop_loss", &stop_loss), ("direction", "long_short")]).live(&happenings);
        prop_assert!(room.fills.len() > 20);
        for trip in room.fills.chunks_exact(2) {
            let (entry, exit) = (trip[0], trip[1]);
            prop_assert_eq!(entry.side, exit.side.opposite());
            let down = if entry.side == Side::Buy { 1 } else { -1 };
            let loss = (entry.price - exit.price) * down;
            let at_first_close = (entry.price - closes[entry.event - 1]) * down;
            let stop = entry.price * share / 100;
            prop_assert!(loss <= stop.max(at_first_close) + GAP, "{trip:?}");
        }
    }
}
