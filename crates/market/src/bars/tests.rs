//! When bars begin and end, what is late, and what is refused.

use domain::{Lots, Span, Ticks, Timestamp, event::Bar};

use super::{
    Arrival, BarBuilder, BarError, BarRule, LateTrades, MAX_BARS_PER_TRADE, Resampler, resample,
};

const MINUTE: Span = Span::from_secs(60);

const fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1_000)
}

fn builder(rule: BarRule) -> BarBuilder {
    BarBuilder::new(rule).unwrap()
}

/// Puts in (seconds, price, quantity).
fn feed(builder: &mut BarBuilder, trades: &[(i64, i64, i64)]) -> Vec<Bar> {
    let mut bars = Vec::new();
    for &(time, price, quantity) in trades {
        let counted = builder.push(at(time), Ticks::new(price), Lots::new(quantity), &mut bars);
        assert_eq!(counted, Ok(Arrival::Counted), "the trade at {time}");
    }
    bars
}

fn push(builder: &mut BarBuilder, time: Timestamp, quantity: i64) -> Result<Arrival, BarError> {
    let mut bars = Vec::new();
    let result = builder.push(time, Ticks::new(7), Lots::new(quantity), &mut bars);
    assert!(bars.is_empty() || result.is_ok());
    result
}

/// Seconds and prices: start, end, then open, high, low, close, then volume.
fn bar((start, end): (i64, i64), [open, high, low, close]: [i64; 4], volume: i64) -> Bar {
    let [open, high, low, close] = [open, high, low, close].map(Ticks::new);
    Bar { start: at(start), end: at(end), open, high, low, close, volume: Lots::new(volume) }
}

#[test]
fn a_minute_ends_with_the_first_trade_of_a_later_one_and_empty_minutes_make_no_bar() {
    let mut builder = builder(BarRule::Time(MINUTE));
    let trades = [(61, 10, 1), (75, 14, 2), (90, 8, 3), (119, 9, 4), (300, 20, 5)];
    let bars = feed(&mut builder, &trades);
    assert_eq!(bars, [bar((60, 120), [10, 14, 8, 9], 10)]);
    assert_eq!(builder.current(), Some(bar((300, 360), [20; 4], 5)));
    assert_eq!(builder.close(), Some(bar((300, 360), [20; 4], 5)));
    assert_eq!((builder.close(), builder.current()), (None, None));
}

#[test]
fn a_trade_at_the_end_belongs_to_the_next_bar() {
    let mut builder = builder(BarRule::Time(MINUTE));
    let bars = feed(&mut builder, &[(60, 1, 1), (120, 2, 1), (180, 3, 1)]);
    let expected = [bar((60, 120), [1; 4], 1), bar((120, 180), [2; 4], 1)];
    assert_eq!(bars, expected);
}

#[test]
fn times_before_the_epoch_lie_on_the_same_grid() {
    let mut builder = builder(BarRule::Time(MINUTE));
    let bars = feed(&mut builder, &[(-61, 1, 1), (-60, 2, 1), (-1, 3, 1), (0, 4, 1)]);
    assert_eq!(bars, [bar((-120, -60), [1; 4], 1), bar((-60, 0), [2, 3, 2, 3], 2)]);
}

#[test]
fn passing_time_gives_the_bar_at_its_end_and_not_before() {
    let mut builder = builder(BarRule::Time(MINUTE));
    feed(&mut builder, &[(70, 5, 1)]);
    assert_eq!(builder.pass_time(at(119)), None);
    assert_eq!(builder.pass_time(at(120)), Some(bar((60, 120), [5; 4], 1)));
    assert_eq!(builder.pass_time(at(1_000)), None);
    assert_eq!(push(&mut builder, at(959), 3), Ok(Arrival::Late), "its minute is over");
    assert_eq!(push(&mut builder, at(960), 3), Ok(Arrival::Counted));
    assert_eq!(builder.pass_time(at(0)), None, "time does not go back");
    assert_eq!(builder.late(), LateTrades { count: 1, volume: Lots::new(3) });
}

#[test]
fn trades_out_of_order_count_while_their_bar_is_open_and_are_reported_afterwards() {
    let mut builder = builder(BarRule::Time(MINUTE));
    feed(&mut builder, &[(100, 3, 1), (110, 4, 1), (90, 9, 1), (105, 1, 1)]);
    assert_eq!(builder.current(), Some(bar((60, 120), [9, 9, 1, 4], 4)));
    feed(&mut builder, &[(120, 2, 1)]);
    assert_eq!(push(&mut builder, at(119), 6), Ok(Arrival::Late));
    assert_eq!(push(&mut builder, at(0), i64::MAX), Ok(Arrival::Late));
    assert_eq!(builder.late(), LateTrades { count: 2, volume: Lots::new(i64::MAX) });
    assert_eq!(builder.current(), Some(bar((120, 180), [2; 4], 1)));
}

#[test]
fn a_bar_by_ticks_spans_its_first_and_its_last_trade() {
    let mut builder = builder(BarRule::Ticks(2));
    let bars = feed(&mut builder, &[(5, 10, 1), (9, 11, 1), (9, 12, 4), (20, 13, 1), (30, 1, 1)]);
    let expected = [bar((5, 9), [10, 11, 10, 11], 2), bar((9, 20), [12, 13, 12, 13], 5)];
    assert_eq!(bars, expected);
    assert_eq!(builder.pass_time(at(1_000_000)), None);
    assert_eq!(push(&mut builder, at(19), 1), Ok(Arrival::Late));
    assert_eq!(feed(&mut builder, &[(25, 8, 1)]), [bar((25, 30), [8, 8, 1, 1], 2)]);
}

#[test]
fn a_large_trade_is_split_over_bars_of_exactly_the_volume() {
    let mut builder = builder(BarRule::Volume(Lots::new(10)));
    let bars = feed(&mut builder, &[(1, 5, 4), (2, 6, 27), (3, 9, 9)]);
    let expected = [
        bar((1, 2), [5, 6, 5, 6], 10),
        bar((2, 2), [6; 4], 10),
        bar((2, 2), [6; 4], 10),
        bar((2, 3), [6, 9, 6, 9], 10),
    ];
    assert_eq!(bars, expected);
    assert_eq!(builder.current(), None);
}

#[test]
fn what_cannot_be_counted_is_refused_and_changes_nothing() {
    let mut minutes = builder(BarRule::Time(MINUTE));
    feed(&mut minutes, &[(0, 7, i64::MAX - 1)]);
    let before = minutes.current();
    for quantity in [0, -1, i64::MIN] {
        let refusal = BarError::NoQuantity { quantity: Lots::new(quantity) };
        assert_eq!(push(&mut minutes, at(1), quantity), Err(refusal));
    }
    assert_eq!(push(&mut minutes, at(1), 2), Err(BarError::VolumeOverflow { start: at(0) }));
    let time = Timestamp::MAX;
    assert_eq!(push(&mut minutes, time, 1), Err(BarError::TimeOutOfRange { time }));
    assert_eq!((minutes.current(), minutes.late()), (before, LateTrades::default()));

    let mut ticks = builder(BarRule::Ticks(5));
    feed(&mut ticks, &[(0, 7, i64::MAX)]);
    assert_eq!(push(&mut ticks, at(1), 1), Err(BarError::VolumeOverflow { start: at(0) }));

    let mut volume = builder(BarRule::Volume(Lots::new(1)));
    let quantity = MAX_BARS_PER_TRADE + 1;
    let refusal = BarError::TooManyBars { quantity: Lots::new(quantity), bars: quantity };
    assert_eq!(push(&mut volume, at(1), quantity), Err(refusal));
    assert!(matches!(push(&mut volume, at(1), i64::MAX), Err(BarError::TooManyBars { .. })));
    assert_eq!(push(&mut volume, at(1), MAX_BARS_PER_TRADE), Ok(Arrival::Counted));
}

#[test]
fn the_first_time_of_all_is_outside_the_grid() {
    let mut minutes = builder(BarRule::Time(MINUTE));
    let time = Timestamp::from_nanos(i64::MIN);
    assert_eq!(push(&mut minutes, time, 1), Err(BarError::TimeOutOfRange { time }));
    assert_eq!(minutes.pass_time(time), None);
    assert_eq!(push(&mut minutes, at(0), 1), Ok(Arrival::Counted));
}

#[test]
fn rules_of_nothing_are_refused() {
    let rules = [
        BarRule::Time(Span::ZERO),
        BarRule::Time(Span::from_secs(-1)),
        BarRule::Ticks(0),
        BarRule::Volume(Lots::ZERO),
        BarRule::Volume(Lots::new(-5)),
    ];
    for rule in rules {
        assert_eq!(BarBuilder::new(rule).unwrap_err(), BarError::EmptyRule { rule });
    }
    assert!(Resampler::new(Span::ZERO).is_err());
}

#[test]
fn merged_bars_span_their_whole_interval_whichever_parts_are_missing() {
    let minutes = [
        bar((120, 180), [5, 9, 4, 6], 1),
        bar((240, 300), [6, 7, 1, 2], 2),
        bar((300, 360), [3, 3, 3, 3], 4),
        bar((3_600, 3_660), [8, 9, 7, 8], 8),
    ];
    let five = resample(&minutes, Span::from_secs(300)).unwrap();
    let expected = [
        bar((0, 300), [5, 9, 1, 2], 3),
        bar((300, 600), [3; 4], 4),
        bar((3_600, 3_900), [8, 9, 7, 8], 8),
    ];
    assert_eq!(five, expected);
    let day = resample(&five, Span::from_secs(86_400)).unwrap();
    assert_eq!(day, [bar((0, 86_400), [5, 9, 1, 8], 15)]);
    assert_eq!(resample(&minutes, MINUTE).unwrap(), minutes);
}

#[test]
fn a_merged_bar_is_given_when_time_passes_and_its_parts_are_refused_afterwards() {
    let mut resampler = Resampler::new(Span::from_secs(300)).unwrap();
    assert_eq!(resampler.push(&bar((0, 60), [1; 4], 1)), Ok(None));
    assert_eq!(resampler.pass_time(at(299)), None);
    assert_eq!(resampler.pass_time(at(300)), Some(bar((0, 300), [1; 4], 1)));
    let refusal = BarError::OutOfOrder { start: at(60), previous_end: at(300) };
    assert_eq!(resampler.push(&bar((60, 120), [1; 4], 1)), Err(refusal));
}

#[test]
fn bars_that_do_not_fit_into_longer_ones_are_refused_and_change_nothing() {
    let mut resampler = Resampler::new(Span::from_secs(90)).unwrap();
    resampler.push(&bar((0, 60), [1; 4], i64::MAX)).unwrap();
    let (start, end, span) = (at(60), at(120), Span::from_secs(90));
    let crossing = resampler.push(&bar((60, 120), [1; 4], 1));
    assert_eq!(crossing, Err(BarError::CrossesGrid { start, end, span }));
    let too_much = resampler.push(&bar((60, 90), [1; 4], 1));
    assert_eq!(too_much, Err(BarError::VolumeOverflow { start: at(0) }));
    let again = resampler.push(&bar((0, 60), [1; 4], 1));
    assert_eq!(again, Err(BarError::OutOfOrder { start: at(0), previous_end: at(60) }));
    assert!(resampler.push(&bar((70, 65), [1; 4], 1)).is_err(), "it ends before it begins");
    assert_eq!(resampler.close(), Some(bar((0, 90), [1; 4], i64::MAX)));
}
