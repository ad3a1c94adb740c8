//! Who trades with a recording, by the rule stated in the module.

use std::path::PathBuf;

use domain::{InstrumentId, Lots, Side, Span, Ticks};

use crate::{
    config::Repeat,
    market::{Deal, Floor as _, Market as _, Nobody, Offer, Standing},
    recorded::Recording,
};

const FIRST: InstrumentId = InstrumentId::new(0);
const BASE: i64 = 1_723_161_000_000_000_000;

fn line(millis: i64, stream: &str, data: &str) -> String {
    let time = BASE + millis * 1_000_000;
    format!("{time} {{\"stream\":\"btcusdt@{stream}\",\"data\":{data}}}\n")
}

fn diff(millis: i64, id: u64, bids: &str, asks: &str) -> String {
    let data = format!(
        "{{\"e\":\"depthUpdate\",\"E\":1,\"s\":\"BTCUSDT\",\"U\":{id},\"u\":{id},\"b\":[{bids}],\"a\":[{asks}]}}"
    );
    line(millis, "depth@100ms", &data)
}

fn trade(millis: i64, price: &str, quantity: &str, seller_takes: bool) -> String {
    let data = format!(
        "{{\"e\":\"trade\",\"E\":1,\"s\":\"BTCUSDT\",\"t\":1,\"p\":\"{price}\",\"q\":\"{quantity}\",\
         \"T\":1,\"m\":{seller_takes},\"M\":true}}"
    );
    line(millis, "trade", &data)
}

/// A book of 99 bid for 2 and 101 asked for 3, and what follows.
fn recording(rest: &[String]) -> (tempfile::TempDir, Recording) {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("spot_btcusdt.txt");
    let time = BASE;
    let snapshot = format!(
        "{time} {{\"lastUpdateId\":10,\"bids\":[[\"99.00\",\"2.0\"],[\"98.00\",\"5.0\"]],\"asks\":[[\"101.00\",\"3.0\"]]}}\n"
    );
    let first = diff(0, 5, "", "");
    std::fs::write(&path, first + &snapshot + &rest.concat()).unwrap();
    let recording = Recording::open(&[path], &[], Repeat::Once).unwrap();
    (folder, recording)
}

fn bid(cents: i64) -> Standing {
    Standing { instrument: FIRST, side: Side::Buy, price: Ticks::new(cents), owner: 7 }
}

/// One coin in lots.
const COIN: i64 = 100_000;

fn lots(coins: i64) -> Lots {
    Lots::new(coins * COIN)
}

fn play(recording: &mut Recording, millis: i64) -> Vec<(i64, i64, Option<u64>)> {
    recording.run_until(Span::from_millis(millis), &mut Nobody);
    let deal = |deal: Deal| (deal.price.get(), deal.quantity.get(), deal.maker);
    recording.deals().into_iter().map(deal).filter(|deal| deal.2.is_some()).collect()
}

#[test]
fn a_standing_order_waits_behind_what_was_shown_when_it_came() {
    let (_folder, mut recording) = recording(&[
        trade(10, "99.00", "1.5", true),
        trade(20, "99.00", "1.0", true),
        trade(30, "99.00", "9.0", true),
    ]);
    play(&mut recording, 5);
    recording.rest(bid(9_900), lots(1), &mut Nobody);
    assert_eq!(play(&mut recording, 15), [], "two coins are ahead, one and a half are gone");
    assert_eq!(play(&mut recording, 25), [(9_900, COIN / 2, Some(7))]);
    assert_eq!(play(&mut recording, 35), [(9_900, COIN / 2, Some(7))]);
}

#[test]
fn cancellations_before_an_order_bring_it_forward() {
    let (_folder, mut recording) =
        recording(&[diff(10, 11, "[\"99.00\",\"0.25\"]", ""), trade(20, "99.00", "1.0", true)]);
    play(&mut recording, 5);
    recording.rest(bid(9_900), lots(1), &mut Nobody);
    assert_eq!(play(&mut recording, 30), [(9_900, COIN * 3 / 4, Some(7))]);
}

#[test]
fn a_trade_beyond_an_order_or_a_book_that_reaches_it_fills_it() {
    let (_folder, mut first) = recording(&[trade(10, "98.00", "0.4", true)]);
    play(&mut first, 5);
    first.rest(bid(9_900), lots(1), &mut Nobody);
    assert_eq!(play(&mut first, 20), [(9_900, COIN * 2 / 5, Some(7))], "as far as it was large");
    let (_folder, mut second) =
        recording(&[diff(10, 11, "[\"99.00\",\"0\"]", "[\"98.50\",\"0.3\"]")]);
    play(&mut second, 5);
    second.rest(bid(9_900), lots(1), &mut Nobody);
    assert_eq!(play(&mut second, 20), [(9_900, COIN * 3 / 10, Some(7))]);
}

#[test]
fn what_a_taker_took_is_gone_until_the_level_changes() {
    let (_folder, mut recording) = recording(&[diff(50, 11, "", "[\"101.00\",\"4.0\"]")]);
    play(&mut recording, 5);
    let front = |recording: &Recording| recording.front(FIRST, Side::Sell);
    let offer =
        |coins| Some(Offer { price: Ticks::new(10_100), quantity: lots(coins), owner: None });
    assert_eq!(front(&recording), offer(3));
    let deal = recording.take(FIRST, Side::Buy, lots(2), &mut Nobody).unwrap();
    assert_eq!((deal.quantity, deal.aggressor), (lots(2), Side::Buy));
    assert_eq!(front(&recording), offer(1));
    recording.take(FIRST, Side::Buy, lots(1), &mut Nobody).unwrap();
    assert_eq!(front(&recording), None);
    play(&mut recording, 60);
    assert_eq!(front(&recording), offer(4));
}

#[test]
fn a_withdrawn_order_is_not_filled_any_more() {
    let (_folder, mut recording) = recording(&[trade(10, "98.00", "9.0", true)]);
    play(&mut recording, 5);
    recording.rest(bid(9_950), lots(2), &mut Nobody);
    let first = recording.front(FIRST, Side::Buy);
    assert_eq!(first.and_then(|offer| offer.owner), Some(7));
    recording.withdraw(7, lots(1), &mut Nobody);
    recording.withdraw(7, lots(1), &mut Nobody);
    assert_eq!(play(&mut recording, 20), []);
}
