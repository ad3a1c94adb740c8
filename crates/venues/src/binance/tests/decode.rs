//! Frames become messages, by both readers alike.

use domain::{
    Level, Lots, Market, MarketData, MarketEvent, Price, Rate, Side, Ticks, Timestamp,
    event::{MarkPrice, Quote, Trade},
};
use proptest::prelude::*;

use super::{SPOT, USDM, known};
use crate::binance::{
    decode::{Decoder, Reader},
    message::{DepthDiff, Message},
    read_snapshot,
};

fn spot() -> Decoder {
    Decoder::new(Market::Spot, &known())
}

fn usdm() -> Decoder {
    Decoder::new(Market::LinearPerpetual, &known())
}

/// Reads by both readers, which must agree, and says which one was enough.
fn read(decoder: &mut Decoder, frame: &str) -> (Message, Reader) {
    let slow = decoder.decode_slow(frame.as_bytes()).unwrap();
    let slow_levels = decoder.levels().clone();
    let (message, reader) = decoder.decode(frame.as_bytes()).unwrap();
    assert_eq!(message, slow);
    if matches!(message, Message::Depth(_)) {
        assert_eq!(*decoder.levels(), slow_levels);
    }
    (message, reader)
}

fn refused(decoder: &mut Decoder, frame: &str) -> String {
    decoder.decode(frame.as_bytes()).unwrap_err().to_string()
}

fn event(instrument: domain::InstrumentId, millis: i64, data: MarketData<'static>) -> Message {
    let exchange_time = (millis > 0).then(|| Timestamp::from_millis(millis));
    Message::Market(MarketEvent { instrument, exchange_time, data })
}

const DEPTH: &str = r#"{"e":"depthUpdate","E":123456789,"T":123456788,"s":"BTCUSDT","ps":"BTCUSDT","st":1,"U":157,"u":160,"pu":149,"b":[["0.10","10"],["61793.40","0.000"]],"a":[["100000.00","0.001"]]}"#;

#[test]
fn a_change_of_a_book_is_read_in_ticks_and_lots() {
    let mut decoder = usdm();
    let (message, reader) = read(&mut decoder, DEPTH);
    let expected = DepthDiff {
        instrument: USDM,
        exchange_time: Timestamp::from_millis(123_456_789),
        first: 157,
        last: 160,
        previous: Some(149),
    };
    assert_eq!((message, reader), (Message::Depth(expected), Reader::Fast));
    assert_eq!(decoder.levels().bids, [Level::new(1, 10_000), Level::new(617_934, 0)]);
    assert_eq!(decoder.levels().asks, [Level::new(1_000_000, 1)]);
}

#[test]
fn a_combined_frame_says_the_same_as_a_bare_one() {
    let mut decoder = usdm();
    let bare = read(&mut decoder, DEPTH);
    let levels = decoder.levels().clone();
    for frame in [
        format!(r#"{{"stream":"btcusdt@depth@100ms","data":{DEPTH}}}"#),
        format!(r#"{{"data":{DEPTH},"stream":"btcusdt@depth@100ms","generated":true}}"#),
    ] {
        assert_eq!(read(&mut decoder, &frame), bare);
        assert_eq!(*decoder.levels(), levels);
    }
}

#[test]
fn levels_before_the_symbol_are_read_all_the_same() {
    let mut decoder = usdm();
    let frame = r#"{"a":[],"b":[["100.10","2.5"]],"pu":1,"U":2,"u":3,"s":"BTCUSDT","E":5,"e":"depthUpdate"}"#;
    let (message, reader) = read(&mut decoder, frame);
    assert!(matches!(message, Message::Depth(DepthDiff { first: 2, last: 3, .. })));
    assert_eq!(reader, Reader::Fast);
    assert_eq!(decoder.levels().bids, [Level::new(1_001, 2_500)]);
}

#[test]
fn unknown_members_of_any_shape_are_skipped() {
    let mut decoder = usdm();
    let plain = r#""x":{"e":[1,-2.50,{"y":null}],"s":"no"},"news":[true,false,[]],"z":{}"#;
    let frame = DEPTH.replacen('{', &format!("{{{plain},"), 1);
    assert_eq!(read(&mut decoder, &frame).1, Reader::Fast);
    // Escapes and exponents are skipped as well, only not as fast.
    let odd = r#""x":"a \"quoted\" \u0041","n":1e-7,"d":{"\n":[]}"#;
    let frame = DEPTH.replacen('{', &format!("{{{odd},"), 1);
    let (message, reader) = read(&mut decoder, &frame);
    assert!(matches!(message, Message::Depth(_)));
    assert_eq!(reader, Reader::Slow);
}

#[test]
fn spaces_and_escapes_only_cost_time() {
    let mut decoder = usdm();
    let fast = read(&mut decoder, DEPTH).0;
    for frame in [
        DEPTH.replace(':', " : ").replace(',', "\n, "),
        DEPTH.replace("depthUpdate", "depth\\u0055pdate"),
        DEPTH.replace("\"s\"", "\"\\u0073\""),
        DEPTH.replace("0.001", "\\u0030.001"),
    ] {
        assert_eq!(read(&mut decoder, &frame), (fast.clone(), Reader::Slow));
    }
}

#[test]
fn a_spot_quote_has_neither_event_nor_time() {
    let frame = r#"{"u":400900217,"s":"BTCUSDT","b":"25.35000000","B":"31.21000000","a":"25.36000000","A":"0.00001000"}"#;
    let quote = Quote {
        update_id: 400_900_217,
        bid: Level::new(2_535, 3_121_000),
        ask: Level::new(2_536, 1),
    };
    let expected = event(SPOT, 0, MarketData::Quote(quote));
    assert_eq!(read(&mut spot(), frame), (expected, Reader::Fast));
}

#[test]
fn a_quote_with_an_empty_side_is_ignored() {
    let frame =
        r#"{"u":1,"s":"BTCUSDT","b":"0.00000000","B":"0.00000000","a":"25.36","A":"40.66"}"#;
    assert_eq!(read(&mut spot(), frame).0, Message::Ignored);
}

#[test]
fn the_buyer_being_maker_means_that_the_seller_took() {
    let frame = r#"{"e":"trade","E":1672515782136,"s":"BTCUSDT","t":12345,"p":"0.01","q":"100","T":1672515782136,"m":true,"M":true}"#;
    let trade = Trade {
        id: 12_345,
        price: Ticks::new(1),
        quantity: Lots::new(10_000_000),
        aggressor: Side::Sell,
    };
    let expected = event(SPOT, 1_672_515_782_136, MarketData::Trade(trade));
    assert_eq!(read(&mut spot(), frame), (expected, Reader::Fast));
    let bought = read(&mut spot(), &frame.replace("\"m\":true", "\"m\":false")).0;
    let data = MarketData::Trade(Trade { aggressor: Side::Buy, ..trade });
    assert_eq!(bought, event(SPOT, 1_672_515_782_136, data));
}

#[test]
fn an_aggregate_trade_has_its_own_id_or_in_old_frames_its_last_trades() {
    let frame = r#"{"e":"aggTrade","E":123456789,"a":5933014,"s":"BTCUSDT","p":"0.1","q":"100","f":100,"l":105,"T":123456785,"m":true,"st":1}"#;
    let id = |message| match message {
        Message::Market(MarketEvent { data: MarketData::AggregateTrade(trade), .. }) => trade.id,
        other => panic!("not an aggregate trade: {other:?}"),
    };
    let (message, reader) = read(&mut usdm(), frame);
    assert_eq!((id(message), reader), (5_933_014, Reader::Fast));
    assert_eq!(id(read(&mut usdm(), &frame.replace(r#""a":5933014,"#, "")).0), 105);
}

#[test]
fn take_overs_by_the_insurance_fund_are_not_trades_in_the_book() {
    let frame = |cause| {
        format!(
            r#"{{"e":"trade","E":1,"T":1,"s":"BTCUSDT","t":1,"p":"7.60","q":"0.04","X":"{cause}","m":true}}"#
        )
    };
    assert_eq!(read(&mut usdm(), &frame("INSURANCE_FUND")).0, Message::Ignored);
    assert_eq!(read(&mut usdm(), &frame("NA")).0, Message::Ignored);
    assert!(matches!(read(&mut usdm(), &frame("MARKET")).0, Message::Market(_)));
}

#[test]
fn a_mark_price_keeps_all_its_decimals() {
    let frame = r#"{"e":"markPriceUpdate","E":1562305380000,"s":"BTCUSDT","p":"11794.15000000","i":"11784.62659091","P":"11784.25641265","r":"0.00038167","T":1562306400000,"st":1}"#;
    let mark = MarkPrice {
        mark: "11794.15".parse::<Price>().unwrap(),
        index: Some("11784.62659091".parse().unwrap()),
        funding_rate: Some(Rate::new("0.00038167".parse().unwrap())),
        next_funding: Some(Timestamp::from_millis(1_562_306_400_000)),
    };
    let expected = event(USDM, 1_562_305_380_000, MarketData::Mark(mark));
    assert_eq!(read(&mut usdm(), frame), (expected, Reader::Fast));
}

#[test]
fn without_a_next_funding_there_is_no_funding() {
    let frame = r#"{"e":"markPriceUpdate","E":1,"s":"BTCUSDT","p":"31799.2773","i":"0.00000000","r":"","T":0}"#;
    let Message::Market(MarketEvent { data: MarketData::Mark(mark), .. }) =
        read(&mut usdm(), frame).0
    else {
        panic!("not a mark price");
    };
    assert_eq!((mark.index, mark.funding_rate, mark.next_funding), (None, None, None));
}

#[test]
fn answers_and_announcements_are_told_apart() {
    let mut decoder = spot();
    assert_eq!(read(&mut decoder, r#"{"result":null,"id":1}"#).0, Message::Reply);
    assert_eq!(read(&mut decoder, r#"{"result":["a@b"],"id":"x"}"#).0, Message::Reply);
    let refused = Message::Refused { code: 2, reason: "Invalid \"request\"".into() };
    assert_eq!(read(&mut decoder, r#"{"code":2,"msg":"Invalid \"request\"","id":5}"#).0, refused);
    assert_eq!(
        read(&mut decoder, r#"{"error":{"code":2,"msg":"Invalid \"request\""},"id":5}"#).0,
        refused
    );
    let shutdown = r#"{"e":"serverShutdown","E":1770123456789}"#;
    assert_eq!(read(&mut decoder, shutdown).0, Message::Shutdown);
    let combined = format!(r#"{{"stream":"!serverShutdown","data":{shutdown}}}"#);
    assert_eq!(read(&mut decoder, &combined).0, Message::Shutdown);
    let liquidation = r#"{"e":"forceOrder","E":1,"o":{"s":"BTCUSDT","S":"SELL"}}"#;
    assert_eq!(read(&mut decoder, liquidation), (Message::Ignored, Reader::Fast));
}

#[test]
fn a_symbol_nobody_asked_for_is_ignored() {
    let frame = DEPTH.replace(r#""s":"BTCUSDT""#, r#""s":"DOGEUSDT""#);
    assert_eq!(read(&mut usdm(), &frame), (Message::Ignored, Reader::Fast));
}

#[test]
fn what_makes_no_sense_is_refused_with_the_reason() {
    let mut decoder = usdm();
    for (from, to, reason) in [
        (r#""E":123456789,"#, "", "cannot read depth: E is missing"),
        (r#""pu":149,"#, "", "cannot read depth: pu is missing"),
        (r#""U":157"#, r#""U":161"#, "cannot read depth: U is above u"),
        ("61793.40", "-61793.4", "a level without price or below zero"),
        ("61793.40", "0", "a level without price or below zero"),
        ("61793.40", "6e4", "is not a plain decimal number"),
        (r#""0.000""#, "0", "invalid type: integer"),
        (r#","10""#, r#","10","x""#, "trailing characters"),
        (r#""s":"BTCUSDT","#, "", "s is missing"),
        ("}", "", "EOF while parsing"),
        ("]]}", "]]}}", "trailing characters"),
    ] {
        let shown = refused(&mut decoder, &DEPTH.replacen(from, to, 1));
        assert!(shown.contains(reason), "{from} -> {to}: {shown}");
    }
    for frame in ["", "null", "[]", "{", "{}x", "\u{feff}{}", r#"{"e":5}"#] {
        assert!(decoder.decode(frame.as_bytes()).is_err(), "{frame:?} was accepted");
    }
}

#[test]
fn a_quantity_finer_than_the_lot_counts_whole_lots_and_at_least_one() {
    let frame = r#"{"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":2,"b":[["200000.00000000","25.42618900"],["1.00","0.00000100"],["2.00","0.00000000"]],"a":[]}"#;
    let mut decoder = spot();
    assert_eq!(read(&mut decoder, frame).1, Reader::Slow);
    let expected = [Level::new(20_000_000, 2_542_618), Level::new(100, 1), Level::new(200, 0)];
    assert_eq!(decoder.levels().bids, expected);
    assert_eq!(decoder.levels().off_grid, 2);
}

#[test]
fn a_price_between_two_ticks_is_left_out() {
    let mut decoder = usdm();
    let frame = DEPTH.replace("61793.40", "61793.45");
    assert!(matches!(read(&mut decoder, &frame), (Message::Depth(_), Reader::Slow)));
    assert_eq!(decoder.levels().bids, [Level::new(1, 10_000)]);
    assert_eq!(decoder.levels().off_grid, 1);
    let quote = r#"{"e":"bookTicker","u":7,"s":"BTCUSDT","b":"25.35","B":"1","a":"25.4","A":"1"}"#;
    assert_eq!(read(&mut decoder, quote).0, Message::Ignored);
}

#[test]
fn a_snapshot_that_hardly_fits_the_steps_is_refused() {
    let instruments = known();
    let body = |levels: &[&str]| {
        let levels: Vec<String> =
            levels.iter().map(|price| format!(r#"["{price}","1"]"#)).collect();
        format!(r#"{{"lastUpdateId":5,"bids":[{}],"asks":[]}}"#, levels.join(","))
    };
    let half = ["1", "2", "9.91", "10.05"];
    let (_, levels) = read_snapshot(body(&half).as_bytes(), instruments.get(USDM)).unwrap();
    assert_eq!((levels.bids.len(), levels.off_grid), (2, 2));
    let error = read_snapshot(body(&half[1..]).as_bytes(), instruments.get(USDM)).unwrap_err();
    let expected = "cannot read depth snapshot: 2 of 3 levels do not fit tick 0.10 and lot 0.001";
    assert_eq!(error.to_string(), expected);
}

/// A side of a book with up to 40 levels, in ticks and lots.
fn side() -> impl Strategy<Value = Vec<Level>> {
    let level = (1_i64..100_000_000, 0_i64..10_000_000_000);
    prop::collection::vec(level.prop_map(|(price, lots)| Level::new(price, lots)), 0..40)
}

proptest! {
    #[test]
    fn reading_inverts_writing(
        bids in side(),
        asks in side(),
        ids in prop::array::uniform3(0_u64..1_000_000_000_000_000),
        order in Just((0..8).collect::<Vec<usize>>()).prop_shuffle(),
    ) {
        let instruments = known();
        let instrument = instruments.get(USDM);
        let write = |levels: &[Level]| {
            let level = |level: &Level| {
                let (price, quantity) = (instrument.price(level.price), instrument.quantity(level.quantity));
                format!(r#"["{price}0","{quantity}"]"#)
            };
            levels.iter().map(level).collect::<Vec<_>>().join(",")
        };
        let (first, last) = (ids[0].min(ids[1]), ids[0].max(ids[1]));
        let members = [
            r#""e":"depthUpdate""#.to_owned(),
            r#""E":1700000000000"#.to_owned(),
            r#""s":"BTCUSDT""#.to_owned(),
            format!(r#""U":{first}"#),
            format!(r#""u":{last}"#),
            format!(r#""pu":{}"#, ids[2]),
            format!(r#""b":[{}]"#, write(&bids)),
            format!(r#""a":[{}]"#, write(&asks)),
        ];
        let members: Vec<&str> = order.iter().map(|place| members[*place].as_str()).collect();
        let mut decoder = usdm();
        let (message, reader) = read(&mut decoder, &format!("{{{}}}", members.join(",")));
        let exchange_time = Timestamp::from_millis(1_700_000_000_000);
        let previous = Some(ids[2]);
        let diff = DepthDiff { instrument: USDM, exchange_time, first, last, previous };
        prop_assert_eq!(message, Message::Depth(diff));
        prop_assert_eq!(reader, Reader::Fast);
        prop_assert_eq!(&decoder.levels().bids, &bids);
        prop_assert_eq!(&decoder.levels().asks, &asks);
    }
}
