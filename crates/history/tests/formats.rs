//! Each origin's files are recognised, and mean what that origin means.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![allow(clippy::format_push_string, clippy::format_collect, reason = "small tables")]

mod support;

use domain::{MarketData, Side};
use history::{BarTime, Content, Kind, ReadOptions, iso};
use support::{KEY, Place, named};

/// Imports one file by its name alone and exports the only series.
fn read(name: &str, content: Content, text: &str) -> (String, String) {
    read_as(name, &ReadOptions::new(content), text)
}

fn read_as(name: &str, options: &ReadOptions, text: &str) -> (String, String) {
    let place = Place::new();
    let file = place.file(name, text);
    let report = place.import(&[file], options).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(report.series.len(), 1, "{report:?}");
    let series = report.series[0].series.clone();
    let table = place.exported(&series.instrument.to_string(), series.kind);
    (series.to_string(), table)
}

#[test]
fn binance_klines_are_milliseconds_before_2025_and_microseconds_since() {
    let old = "1704067200000,10,12,9,11,5,1704067259999,50,3,1,10,0\n\
        1704067260000,11,11,11,11,0,1704067319999,0,0,0,0,0\n";
    let new = "1735689600000000,10,12,9,11,5,1735689659999999,50,3,1,10,0\n";
    let (series, table) = read("BTCUSDT-1m-2024-01-01.csv", Content::Bars, old);
    assert_eq!(series, "binance:spot:BTCUSDT bars_1m");
    // The second one is of no trades: it only repeats the price.
    assert_eq!(table.lines().count(), 2);
    assert!(table.contains("2024-01-01T00:00:00Z,2024-01-01T00:01:00Z,10,12,9,11,5"), "{table}");
    let (_, table) = read("BTCUSDT-1m-2025-01-01.csv", Content::Bars, new);
    assert!(table.contains("2025-01-01T00:00:00Z,2025-01-01T00:01:00Z"), "{table}");
    let futures = format!(
        "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,\
         taker_buy_quote_volume,ignore\n{old}"
    );
    let (series, _) =
        read("data/futures/um/daily/BTCUSDT-1m-2024-01-01.csv", Content::Bars, &futures);
    assert_eq!(series, "binance:linear_perpetual:BTCUSDT bars_1m");
}

#[test]
fn binance_trades_know_their_taker() {
    let text = "7,10.5,2,21,1704067200000,true,true\n8,10.6,1,10.6,1704067200000,false,true\n";
    let (series, table) = read("BTCUSDT-trades-2024-01-01.csv", Content::Trades, text);
    assert_eq!(series, "binance:spot:BTCUSDT trades");
    assert!(table.contains(",0,7,10.5,2,0\n") && table.contains(",0,8,10.6,1,1\n"), "{table}");
    let text = "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n\
        5,10.5,2,7,8,1704067200000,true\n";
    let (series, _) = read("um/BTCUSDT-aggTrades-2024-01-01.csv", Content::AggregateTrades, text);
    assert_eq!(series, "binance:linear_perpetual:BTCUSDT aggregate_trades");
    let text = "calc_time,funding_interval_hours,last_funding_rate\n1704067200000,8,0.0001\n";
    let (series, table) = read("BTCUSDT-fundingRate-2024-01.csv", Content::Funding, text);
    assert_eq!(series, "binance:linear_perpetual:BTCUSDT funding");
    assert!(table.contains("2024-01-01T00:00:00Z,0.000100000000000000,\n"), "{table}");
}

#[test]
fn a_name_that_says_something_else_than_the_command_is_an_error() {
    let place = Place::new();
    let file = place.file("BTCUSDT-trades-2024-01-01.csv", "7,10.5,2,21,1704067200000,true,true\n");
    let error = place.import(&[file], &ReadOptions::new(Content::Bars)).unwrap_err().to_string();
    assert!(error.contains("holds Trades"), "{error}");
}

#[test]
fn candles_of_coinbase_are_newest_first_and_low_before_high() {
    let product = named(Content::Bars);
    let list = "[[1704067320, 9, 12, 10, 11, 5.5], [1704067260, 8, 11, 9, 10, 1]]";
    let (series, table) = read_as("candles.json", &product, list);
    assert_eq!(series, "coinbase:spot:TEST-USD bars_1m");
    let first = table.lines().nth(1).unwrap();
    assert_eq!(first, "2024-01-01T00:01:00Z,2024-01-01T00:02:00Z,9,11,8,10,1.0");
    let objects = r#"{"candles":[
        {"start":"1704067320","low":"9","high":"12","open":"10","close":"11","volume":"5.5"},
        {"start":"1704067260","low":"8","high":"11","open":"9","close":"10","volume":"1"}]}"#;
    assert_eq!(read_as("candles.json", &product, objects).1, table);
    let csv = ReadOptions { format: history::Format::Coinbase, ..product };
    let text = "1704067320,9,12,10,11,5.5\n1704067260,8,11,9,10,1\n";
    assert_eq!(read_as("candles.csv", &csv, text).1, table);
}

#[test]
fn the_archive_of_kraken_names_symbol_and_minutes() {
    let text = "1704067200,10,12,9,11,5.5,3\n1704070800,11,12,9,11,1,1\n";
    let (series, table) = read("XBTUSD_60.csv", Content::Bars, text);
    assert_eq!(series, "kraken:spot:XBTUSD bars_1h");
    assert!(table.contains("2024-01-01T00:00:00Z,2024-01-01T01:00:00Z,10,12,9,11,5.5"), "{table}");
    let error = r#"{"error":["EGeneral:Too many requests"],"result":null}"#;
    let place = Place::new();
    let file = place.file("answer.json", error);
    let options =
        ReadOptions { format: history::Format::Kraken, ..ReadOptions::new(Content::Bars) };
    let error = place.import(&[file], &options).unwrap_err().to_string();
    assert!(error.contains("Too many requests"), "{error}");
}

#[test]
fn rows_of_tardis_at_one_moment_are_one_change_of_the_book() {
    let text = "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount
deribit,BTC-PERPETUAL,1704067200000000,1704067200100000,true,bid,10,5
deribit,BTC-PERPETUAL,1704067200000000,1704067200100000,true,ask,11,6
deribit,BTC-PERPETUAL,1704067200200000,1704067200300000,false,bid,10,0
deribit,BTC-PERPETUAL,1704067200200000,1704067200300000,false,bid,9,4
";
    let place = Place::new();
    let file = place.file("deribit_incremental_book_L2.csv", text);
    let options = ReadOptions { venue: Some("deribit".into()), ..ReadOptions::new(Content::Depth) };
    place.import(&[file], &options).unwrap();
    let all = place.events("deribit:spot:BTC-PERPETUAL", &[Kind::Depth]);
    assert_eq!(all.len(), 2);
    assert_eq!(iso(all[0].0), "2024-01-01T00:00:00.1Z");
    let MarketData::BookSnapshot { update_id, bids, asks } = &all[0].1 else { panic!("{all:?}") };
    assert_eq!((*update_id, bids.len(), asks.len()), (1, 1, 1));
    let MarketData::BookDiff { first_update_id, bids, asks, .. } = &all[1].1 else {
        panic!("{all:?}")
    };
    assert_eq!((*first_update_id, bids.len(), asks.len()), (2, 2, 0));
    assert!(bids[0].quantity.is_zero());
}

#[test]
fn trades_quotes_and_tickers_of_tardis_have_two_times() {
    let text = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount
binance,BTCUSDT,1704067200000000,1704067200100000,abc,sell,10.5,5
";
    let (_, table) = read("binance_trades.csv", Content::Trades, text);
    assert!(table.contains("00:00:00.1Z,2024-01-01T00:00:00Z,0,0,10.5,5,0"), "{table}");
    let text = "exchange,symbol,timestamp,local_timestamp,ask_amount,ask_price,bid_price,bid_amount
binance,BTCUSDT,1704067200000000,1704067200100000,6,11,10,5
binance,BTCUSDT,1704067200000001,1704067200100001,,,10,5
";
    let (_, table) = read("binance_quotes.csv", Content::Quotes, text);
    assert_eq!(table.lines().count(), 2, "a quote of one side is left out: {table}");
    assert!(table.contains(",10,5,11,6\n"), "{table}");
    let text = "exchange,symbol,timestamp,local_timestamp,funding_timestamp,funding_rate,\
        predicted_funding_rate,open_interest,last_price,index_price,mark_price
binance,BTCUSDT,1704067200000000,1704067200100000,1704096000000000,0.0001,,,10,10.25,10.5
";
    let (_, table) = read("binance_derivative_ticker.csv", Content::Marks, text);
    assert!(
        table.contains("10.5000000000,10.2500000000,0.000100000000000000,2024-01-01T08:00:00Z")
    );
}

#[test]
fn options_explain_an_unusual_table() {
    let text = "01.5;x;2/1/2024\n02.5;y;3/1/2024\n";
    let options = ReadOptions {
        header: Some(["Last", "Note", "When"].map(str::to_owned).to_vec()),
        columns: vec![("time".into(), "When".into()), ("close".into(), "Last".into())],
        delimiter: Some(';'),
        day_first: true,
        ..named(Content::Bars)
    };
    let (series, table) = read_as("odd.txt", &options, text);
    assert_eq!(series, format!("{KEY} bars_1d"));
    assert!(table.contains("2024-01-02T00:00:00Z,2024-01-03T00:00:00Z,1.5"), "{table}");
    let text = "time,open,high,low,close\n2024-01-01 01:00,1,1,1,1\n2024-01-01 02:00,1,1,1,1\n";
    let closing = ReadOptions {
        bar_time: BarTime::Close,
        interval: Some("1h".parse().unwrap()),
        ..named(Content::Bars)
    };
    let (_, table) = read_as("closing.csv", &closing, text);
    assert!(table.contains("2024-01-01T00:00:00Z,2024-01-01T01:00:00Z"), "{table}");
}

#[test]
fn rows_out_of_order_are_sorted_on_request() {
    let text = "time,price,quantity,side\n1704067202,10,1,buy\n1704067200,11,1,sell\n";
    let options = ReadOptions { unsorted: true, ..named(Content::Trades) };
    let place = Place::new();
    let file = place.file("trades.csv", text);
    place.import(&[file], &options).unwrap();
    let all = place.events(KEY, &[Kind::Trades]);
    assert!(all[0].0 < all[1].0);
    let MarketData::Trade(trade) = &all[0].1 else { panic!("a trade") };
    assert_eq!((trade.price.get(), trade.aggressor), (11, Side::Sell));
}
