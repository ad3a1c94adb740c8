//! Bars come at their end, none is invented, and a cut changes no earlier one.

use domain::{
    Lots, Rate, Side, Ticks,
    event::{Split, Trade},
};
use proptest::prelude::*;

use super::*;
use crate::history::{Cut, Slice};

const ONE: InstrumentId = InstrumentId::new(0);
const TWO: InstrumentId = InstrumentId::new(1);
const MINUTE: Span = Span::from_secs(60);

type Events = Vec<(Timestamp, MarketEvent<'static>)>;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1_000)
}

fn event(
    seconds: i64,
    instrument: InstrumentId,
    data: MarketData<'static>,
) -> (Timestamp, MarketEvent<'static>) {
    (at(seconds), MarketEvent { instrument, exchange_time: None, data })
}

fn trade(seconds: i64, instrument: InstrumentId, price: i64) -> (Timestamp, MarketEvent<'static>) {
    let (price, quantity) = (Ticks::new(price), Lots::new(1));
    let data = Trade { id: 1, price, quantity, aggressor: Side::Buy };
    event(seconds, instrument, MarketData::Trade(data))
}

fn minute(number: i64, instrument: InstrumentId, price: i64) -> (Timestamp, MarketEvent<'static>) {
    let (start, price) = (at(number * 60), Ticks::new(price));
    let end = start + MINUTE;
    let volume = Lots::new(2);
    let bar = Bar { start, end, open: price, high: price, low: price, close: price, volume };
    event(number * 60 + 60, instrument, MarketData::Bar(bar))
}

fn all<H: History>(mut history: H) -> Events {
    let mut seen = Vec::new();
    while history.advance().unwrap() {
        let (time, event) = history.current();
        let data = match &event.data {
            MarketData::Bar(bar) => MarketData::Bar(*bar),
            MarketData::Split(split) => MarketData::Split(*split),
            MarketData::FeedSilent => MarketData::FeedSilent,
            other => panic!("{other:?} was to become a bar"),
        };
        seen.push((time, MarketEvent { data, ..*event }));
    }
    seen
}

fn of_trades(events: &Events) -> BuiltBars<Slice<'_>> {
    let rules = [ONE, TWO].map(|id| (id, BarRule::Time(MINUTE)));
    BuiltBars::of_trades(Slice::new(events), rules).unwrap()
}

fn bars(events: &Events) -> Vec<(InstrumentId, Bar)> {
    let bar = |(_, event): &(Timestamp, MarketEvent<'_>)| match &event.data {
        MarketData::Bar(bar) => Some((event.instrument, *bar)),
        _ => None,
    };
    events.iter().filter_map(bar).collect()
}

#[test]
fn a_bar_comes_at_its_end_before_whatever_lies_behind_it_and_gaps_have_none() {
    let events = vec![
        trade(5, ONE, 100),
        trade(50, TWO, 7),
        trade(59, ONE, 103),
        // Nothing in the second and third minute.
        event(200, TWO, MarketData::FeedSilent),
        trade(201, ONE, 90),
        trade(300, TWO, 8),
    ];
    let seen = all(of_trades(&events));
    let times: Vec<_> = seen.iter().map(|(time, _)| *time).collect();
    assert_eq!(times, [at(60), at(60), at(200), at(240)]);
    let bars = bars(&seen);
    assert_eq!(bars.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [ONE, TWO, ONE]);
    let first = bars[0].1;
    assert_eq!((first.open, first.close), (Ticks::new(100), Ticks::new(103)));
    assert_eq!((first.start, first.volume), (at(0), Lots::new(2)));
    // The last trade's minute was not over when the history ended.
    assert_eq!(bars.len(), 3);
}

#[test]
fn short_bars_become_long_ones_and_the_last_part_belongs_to_them() {
    let events: Events = (0..13)
        .flat_map(|number| [minute(number, ONE, 100 + number), minute(number, TWO, 10)])
        .filter(|(time, event)| *time != at(180) || event.instrument == ONE)
        .collect();
    let built = BuiltBars::of_bars(Slice::new(&events), Span::from_secs(300), [ONE, TWO]).unwrap();
    let seen = bars(&all(built));
    let expected =
        [(ONE, 300, 104, 10), (TWO, 300, 10, 8), (ONE, 600, 109, 10), (TWO, 600, 10, 10)];
    let found: Vec<_> =
        seen.iter().map(|(id, bar)| (*id, bar.end, bar.close.get(), bar.volume.get())).collect();
    assert_eq!(found, expected.map(|(id, end, close, volume)| (id, at(end), close, volume)));
}

#[test]
fn bars_by_ticks_come_with_the_trade_that_completes_them() {
    let events = vec![trade(1, ONE, 1), trade(2, TWO, 5), trade(3, ONE, 2), trade(4, ONE, 3)];
    let rules = [ONE, TWO].map(|id| (id, BarRule::Ticks(2)));
    let seen = bars(&all(BuiltBars::of_trades(Slice::new(&events), rules).unwrap()));
    let [(id, bar)] = seen[..] else { panic!("two trades are one bar: {seen:?}") };
    assert_eq!((id, bar.start, bar.end), (ONE, at(1), at(3)));
}

#[test]
fn a_split_in_the_middle_of_a_bar_is_refused_and_between_bars_passes() {
    let split =
        |seconds| event(seconds, ONE, MarketData::Split(Split { ratio: Rate::new(2.into()) }));
    let between = vec![trade(5, ONE, 100), split(60), trade(61, ONE, 50), trade(130, ONE, 50)];
    let seen = all(of_trades(&between));
    assert!(matches!(seen[1].1.data, MarketData::Split(_)));
    assert_eq!(bars(&seen).len(), 2);
    let inside = vec![trade(5, ONE, 100), split(30)];
    let mut history = of_trades(&inside);
    let error = history.advance().unwrap_err();
    assert!(matches!(error, BuildError::SplitInside { instrument: ONE, .. }), "{error}");
}

#[test]
fn trades_that_go_back_in_time_are_an_error() {
    let events = vec![trade(70, ONE, 1), trade(5, ONE, 2)];
    let mut history = of_trades(&events);
    let error = history.advance().unwrap_err();
    assert!(matches!(error, BuildError::Late { .. }), "{error}");
}

proptest! {
    #[test]
    fn whatever_is_cut_off_changes_no_earlier_bar(
        steps in prop::collection::vec((0_i64..50, any::<bool>(), 1_i64..1_000), 1..200),
        kept in 0_usize..200,
    ) {
        let mut seconds = 0;
        let events: Events = steps
            .iter()
            .map(|(pause, second, price)| {
                seconds += pause;
                trade(seconds, if *second { TWO } else { ONE }, *price)
            })
            .collect();
        let whole = all(of_trades(&events));
        let rules = [ONE, TWO].map(|id| (id, BarRule::Time(MINUTE)));
        let cut = Cut::new(Slice::new(&events), kept as u64);
        let part = all(BuiltBars::of_trades(cut, rules).unwrap());
        prop_assert_eq!(&part[..], &whole[..part.len()]);
        prop_assert!(whole.windows(2).all(|pair| pair[0].0 <= pair[1].0));
        let volume: i64 = bars(&whole).iter().map(|(_, bar)| bar.volume.get()).sum();
        prop_assert!(volume <= i64::try_from(events.len()).unwrap());
    }
}
