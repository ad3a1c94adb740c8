//! The crossover on bars and quotes made by hand.

use domain::{Side, Span};
use testkit::events::quote;

use crate::{
    ParamValues, find,
    room::{Decision, FIRST, Happening, Room, SECOND, bars},
};

fn params(settings: &[(&str, &str)]) -> ParamValues {
    let mut params = find("moving-average").unwrap().defaults();
    let small = [("fast", "2"), ("slow", "3"), ("sizing", "fixed"), ("max_position_size", "0.01")];
    for (name, text) in small.iter().chain(settings) {
        params.set(name, text).unwrap();
    }
    params
}

fn decisions(settings: &[(&str, &str)], happenings: &[Happening]) -> Vec<Decision> {
    let row = find("moving_average").unwrap();
    Room::new(row, &params(settings), &[FIRST]).live(happenings).decisions
}

fn decided(event: usize, side: Side, lots: i64) -> Decision {
    Decision { event, instrument: FIRST, side, lots }
}

/// From the third on, the average of two is equal to that of three, then twice above it, twice
/// below and twice above.
const CLOSES: [i64; 9] = [10_000, 10_000, 10_000, 10_300, 10_300, 9_700, 9_600, 11_000, 11_000];

#[test]
fn it_is_long_while_the_fast_average_is_above() {
    assert_eq!(
        decisions(&[], &bars(&CLOSES)),
        [decided(4, Side::Buy, 10), decided(6, Side::Sell, 10), decided(8, Side::Buy, 10)]
    );
}

#[test]
fn both_sides_turn_and_the_short_side_alone_mirrors_the_long_one() {
    assert_eq!(
        decisions(&[("direction", "long_short")], &bars(&CLOSES)),
        [
            decided(4, Side::Buy, 10),
            decided(6, Side::Sell, 10),
            decided(7, Side::Sell, 10),
            decided(8, Side::Buy, 10),
            decided(9, Side::Buy, 10),
        ],
        "a turn stops at flat"
    );
    assert_eq!(
        decisions(&[("direction", "short_only")], &bars(&CLOSES)),
        [decided(6, Side::Sell, 10), decided(8, Side::Buy, 10)]
    );
}

#[test]
fn exponential_averages_react_earlier() {
    // After the fall the simple averages are 9500 and 9667, the exponential ones 9778 and 9750.
    let closes = [10_000, 10_000, 10_000, 9_000, 10_000];
    let short = [("direction", "long_only")];
    assert_eq!(decisions(&short, &bars(&closes)), []);
    let made = decisions(&[short[0], ("average", "ema")], &bars(&closes));
    assert_eq!(made, [decided(5, Side::Buy, 10)]);
}

#[test]
fn the_stance_is_taken_as_soon_as_both_averages_exist() {
    assert_eq!(decisions(&[], &bars(&[100, 200, 300])), [decided(3, Side::Buy, 10)]);
    assert_eq!(decisions(&[], &bars(&[100, 200])), []);
    assert_eq!(decisions(&[], &bars(&[300, 200, 100])), [], "flat is what it is already");
}

#[test]
fn a_size_that_follows_the_equity_is_reckoned_at_the_entry_and_kept() {
    // Nine tenths of 100,000 at 103 are 873.786 units.
    let sized = [("sizing", "equity_fraction"), ("max_position_size", "1000")];
    let room = Room::new(find("moving_average").unwrap(), &params(&sized), &[FIRST]);
    let room = room.live(&bars(&CLOSES[..5]));
    assert_eq!(room.decisions, [decided(4, Side::Buy, 873_786)]);
    assert_eq!(room.held(FIRST).get(), 873_786);
}

#[test]
fn instruments_are_followed_on_their_own() {
    let row = find("moving_average").unwrap();
    let pair = |price: [i64; 2]| {
        let [first, second] = price;
        [
            Happening::Wait(crate::room::BAR),
            Happening::Bar(FIRST, [first; 4]),
            Happening::Bar(SECOND, [second; 4]),
        ]
    };
    let prices = [[100, 300], [100, 200], [100, 100], [200, 100], [100, 500]];
    let happenings: Vec<Happening> = prices.into_iter().flat_map(pair).collect();
    let made = Room::new(row, &params(&[]), &[FIRST, SECOND]).live(&happenings).decisions;
    let decided = |event, instrument, side| Decision { event, instrument, side, lots: 10 };
    assert_eq!(made, [decided(7, FIRST, Side::Buy), decided(10, SECOND, Side::Buy)]);
}

#[test]
fn on_quotes_it_follows_the_middle() {
    let quoted = |middle: i64| {
        let event = quote(FIRST, (middle - 1, 1_000), (middle + 1, 1_000));
        [Happening::Wait(Span::from_millis(10)), Happening::Other(event)]
    };
    let happenings: Vec<Happening> = CLOSES.into_iter().flat_map(quoted).collect();
    let made = decisions(&[("on", "quotes"), ("average", "ema")], &happenings);
    assert_eq!(
        made,
        [decided(4, Side::Buy, 10), decided(6, Side::Sell, 10), decided(8, Side::Buy, 10)]
    );
    assert_eq!(decisions(&[("on", "bars")], &happenings), [], "there is no bar");
}
