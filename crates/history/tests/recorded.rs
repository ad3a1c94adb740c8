//! Every recorded set can be imported, and says afterwards what its description says.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod support;

use std::path::PathBuf;

use domain::{Market, MarketData};
use history::{
    Content, Format, IntakeSettings, Interval, Kind, ReadOptions, Series, Window,
    check::{What, check},
    iso,
};
use support::Place;
use testkit::recorded;

/// All files below a folder of the recorded data whose path ends so.
fn files(folder: &str, ending: &str) -> Option<Vec<PathBuf>> {
    let root = recorded(folder)?;
    let all = support::files_below(&root);
    let fits = |path: &PathBuf| path.to_string_lossy().ends_with(ending);
    let files: Vec<_> =
        all.into_iter().map(|(path, _)| path).filter(fits).map(|path| root.join(path)).collect();
    assert!(!files.is_empty(), "{folder} {ending}");
    Some(files)
}

fn options(content: Content) -> ReadOptions {
    ReadOptions::new(content)
}

fn rounding() -> IntakeSettings {
    IntakeSettings { round: true, ..IntakeSettings::default() }
}

#[test]
fn hourly_bars_of_june_2020_have_their_hole_of_three_and_no_bar_is_invented() {
    let Some(file) = recorded("binance-rest/responses.jsonl.zst") else { return };
    let place = Place::new();
    let hourly = ReadOptions {
        symbol: Some("BTCUSDT".into()),
        interval: Some(Interval::HOUR),
        ..options(Content::Bars)
    };
    let report = place.import(&[file], &hourly).unwrap();
    assert_eq!(report.series[0].added, 1_644, "{report:?}");
    let series: Series = Series {
        instrument: "binance:spot:BTCUSDT".parse().unwrap(),
        kind: Kind::Bars(Interval::HOUR),
    };
    let june = Window { from: 1_588_280_400_000_000_000, to: 1_593_572_400_000_000_000 };
    let findings = check(&place.catalogue(), &series, june, None).unwrap();
    assert_eq!((findings.gap_count, findings.missing), (1, 3), "{findings:?}");
    assert_eq!(iso(findings.gaps[0].from), "2020-06-28T02:00:00Z");
    assert_eq!(iso(findings.gaps[0].to), "2020-06-28T05:00:00Z");
    assert!(findings.is_sound());
}

#[test]
fn daily_shares_bring_their_splits_and_dividends() {
    let Some(mut all) = files("equities-daily", ".csv.zst") else { return };
    // The first tenth and the best-known one: the rest is of the same form.
    let chosen = |file: &PathBuf| file.ends_with("AAPL.csv.zst") || file.ends_with("XOM.csv.zst");
    let rest = all.split_off(19);
    all.extend(rest.into_iter().filter(chosen));
    all.dedup();
    let count = all.len();
    let place = Place::new();
    let settings = IntakeSettings { round: true, ..IntakeSettings::default() };
    let bars = ReadOptions { venue: Some("us".into()), ..options(Content::Bars) };
    let report = place.import_with(&all, &bars, settings).unwrap();
    let daily = |one: &&history::ImportedSeries| matches!(one.series.kind, Kind::Bars(_));
    assert!(report.series.iter().filter(daily).map(|one| one.added).sum::<u64>() > 80_000);
    assert_eq!(report.series.iter().filter(daily).count(), count);
    let events = place.events("us:spot:AAPL", &[Kind::Bars(Interval::DAY), Kind::Actions]);
    let splits: Vec<_> = events
        .iter()
        .filter_map(|(time, data)| match data {
            MarketData::Split(split) => {
                Some(format!("{} {}", &iso(*time)[..10], split.ratio.decimal().normalize()))
            }
            _ => None,
        })
        .collect();
    assert_eq!(splits, ["2000-06-21 2", "2005-02-28 2", "2014-06-09 7.000007", "2020-08-31 4"]);
    let place_of_split =
        events.iter().position(|(_, data)| matches!(data, MarketData::Split(_))).unwrap();
    // The bar that ends where the split happens is in old shares and comes before it.
    assert_eq!(events[place_of_split - 1].0, events[place_of_split].0 - domain::Span::ZERO);
    assert!(matches!(events[place_of_split - 1].1, MarketData::Bar(_)));
    let series =
        Series { instrument: "us:spot:AAPL".parse().unwrap(), kind: Kind::Bars(Interval::DAY) };
    let findings = check(&place.catalogue(), &series, Window::ALWAYS, None).unwrap();
    assert_eq!((findings.count(What::SilentSplit), findings.count(What::Jump)), (0, 1));
    assert_eq!(&iso(findings.oddities[0].time)[..10], "2000-09-30", "the profit warning");
    assert_eq!((findings.rows, findings.is_sound()), (5_402, true));
    assert!(findings.completeness().unwrap() > 0.95, "holidays only: {findings:?}");
}

#[test]
fn every_folder_of_bars_of_coins_is_recognised() {
    for (ending, content, rows) in [
        ("_trade.csv.zst", Content::Bars, 20_000),
        ("_quote.csv.zst", Content::Quotes, 15_000),
        (".csv", Content::Funding, 15),
    ] {
        let Some(all) = files("crypto-bars", ending) else { return };
        let place = Place::new();
        let report = place.import_with(&all, &options(content), rounding()).unwrap();
        let added: u64 = report.series.iter().map(|one| one.added).sum();
        assert!(added > rows, "{ending}: {added} {report:?}");
        for listed in place.catalogue().list().unwrap() {
            let findings = check(&place.catalogue(), &listed.series, Window::ALWAYS, None).unwrap();
            assert!(findings.is_sound(), "{findings:?}");
        }
    }
    let Some(all) = files("crypto-bars", "minute/btcusd/20180404_trade.csv.zst") else { return };
    let place = Place::new();
    place.import(&all, &options(Content::Bars)).unwrap();
    let listed = place.catalogue().list().unwrap().remove(0);
    assert_eq!(listed.series.to_string(), "coinbase:spot:BTCUSD bars_1m");
    let findings = check(&place.catalogue(), &listed.series, Window::ALWAYS, None).unwrap();
    assert_eq!(findings.rows, listed.rows);
    assert!(findings.missing > 0 && findings.rows + findings.missing <= 1_440, "{findings:?}");
}

#[test]
fn intraday_shares_are_in_new_york_time_and_dollars() {
    let Some(ticks) = files("equities-intraday/tick/ibm", "_trade.csv.zst") else { return };
    let place = Place::new();
    let report = place.import(&ticks, &options(Content::Trades)).unwrap();
    assert_eq!(report.series[0].added, 24_293 + 33_380 + 27_042 + 1, "{report:?}");
    assert!(report.notes[0].contains("side is not stated"), "{report:?}");
    let (time, first) = place.events("us:spot:IBM", &[Kind::Trades]).swap_remove(24_293);
    // 08:47:49.457 in New York, where the clock is four hours behind in October.
    assert_eq!(iso(time), "2013-10-08T12:47:49.457Z");
    let MarketData::Trade(trade) = first else { panic!("a trade") };
    let spec = place.catalogue().instrument(&"us:spot:IBM".parse().unwrap()).unwrap().spec;
    let price = spec.tick_size.decimal() * rust_decimal::Decimal::from(trade.price.get());
    assert_eq!(price.normalize().to_string(), "182.1");
    let quotes = files("equities-intraday/tick/ibm", "_quote.csv.zst").unwrap();
    let report = place.import(&quotes, &options(Content::Quotes)).unwrap();
    assert!(report.series[0].added > 150_000, "{report:?}");
    for (folder, content) in [("minute", Content::Bars), ("hour", Content::Bars)] {
        let ending = if folder == "hour" { ".csv.zst" } else { "_trade.csv.zst" };
        let all = files(&format!("equities-intraday/{folder}"), ending).unwrap();
        place.import(&all, &options(content)).unwrap();
    }
    let quotes = files("equities-intraday/minute", "_quote.csv.zst").unwrap();
    Place::new().import(&quotes, &options(Content::Quotes)).unwrap();
    let hourly = place.events("us:spot:IBM", &[Kind::Bars(Interval::HOUR)]);
    assert_eq!(iso(hourly[0].0), "1998-01-02T15:00:00Z");
}

#[test]
fn funding_in_other_zones_is_brought_to_utc_and_agrees_between_two_sources() {
    let Some(table) = recorded("funding/spot_perp_8h_3venues_2023-2024.csv.zst") else { return };
    let own =
        recorded("funding/BTC-USDT_binance_2020-01-01_2024-01-01_funding_history.csv.zst").unwrap();
    let pairs = |rows: &[(&str, &str)]| {
        rows.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned())).collect()
    };
    let london = ReadOptions {
        zone: Some("Europe/London".parse().unwrap()),
        filters: pairs(&[("exchange", "binance"), ("pair", "BTCUSDT"), ("contract", "perpetual")]),
        columns: pairs(&[("price", "open")]),
        venue: Some("binance".into()),
        market: Some(Market::LinearPerpetual),
        symbol: Some("BTCUSDT".into()),
        ..options(Content::Funding)
    };
    let place = Place::new();
    let report = place.import(std::slice::from_ref(&table), &london).unwrap();
    assert_eq!(report.series[0].added, 1_642);
    let bars = ReadOptions { content: Content::Bars, ..london.clone() };
    let report = place.import_with(&[table], &bars, rounding()).unwrap();
    assert_eq!(report.series[0].series.kind.to_string(), "bars_8h");
    let moscow = ReadOptions {
        zone: Some("UTC+3".parse().unwrap()),
        filters: Vec::new(),
        columns: Vec::new(),
        ..london
    };
    let other = Place::new();
    let report = other.import(&[own], &moscow).unwrap();
    assert_eq!(report.series[0].added, 4_383);
    let rates = |place: &Place| -> std::collections::BTreeMap<i64, rust_decimal::Decimal> {
        place
            .events("binance:linear_perpetual:BTCUSDT", &[Kind::Funding])
            .into_iter()
            .filter_map(|(time, data)| match data {
                MarketData::Funding(funding) => {
                    Some((time.as_nanos() / 60_000_000_000, funding.rate.decimal()))
                }
                _ => None,
            })
            .collect()
    };
    let (one, other) = (rates(&place), rates(&other));
    let common: Vec<_> = one.iter().filter(|(time, _)| other.contains_key(time)).collect();
    assert_eq!(common.len(), 1_095, "all settlements of 2023");
    assert!(common.iter().all(|(time, rate)| other[time] == **rate));
}

#[test]
fn every_history_of_funding_can_be_read() {
    for (venue, zone, rows) in [
        ("bybit", "+03:00", 3_285),
        ("kucoin", "+03:00", 3_285),
        ("htx", "+03:00", 3_284),
        ("mexc", "+03:00", 3_285),
        ("gate", "UTC", 4_290),
        ("dydx", "UTC", 17_520),
    ] {
        let Some(all) = files("funding", ".csv.zst") else { return };
        let named = |path: &&PathBuf| path.to_string_lossy().contains(&format!("USDT_{venue}_"));
        let file = all.iter().find(named).unwrap().clone();
        let place = Place::new();
        let read = ReadOptions {
            venue: Some(venue.into()),
            market: Some(Market::LinearPerpetual),
            zone: Some(zone.parse().unwrap()),
            ..options(Content::Funding)
        };
        let report = place.import(&[file], &read).unwrap();
        assert_eq!(report.series[0].added, rows, "{venue}");
        if venue == "gate" {
            let series = report.series[0].series.clone();
            let findings = check(&place.catalogue(), &series, Window::ALWAYS, None).unwrap();
            let month = findings.gaps.iter().map(|gap| gap.to.since(gap.from).as_secs_f64());
            let days = month.fold(0.0, f64::max) / 86_400.0;
            assert!((days - 31.0).abs() < 1.0, "{days} days: {findings:?}");
        }
    }
}

#[test]
fn closes_side_by_side_become_one_series_each() {
    let Some(all) = files("pairs", ".csv.zst") else { return };
    let place = Place::new();
    for file in &all {
        let name = file.file_stem().unwrap().to_string_lossy().to_lowercase().replace('.', "-");
        let read = ReadOptions { venue: Some(name), ..options(Content::Bars) };
        place.import_with(std::slice::from_ref(file), &read, rounding()).unwrap();
    }
    assert_eq!(place.catalogue().list().unwrap().len(), 35);
    let gld = place.events("gld_gdx_data-csv:spot:GLD", &[Kind::Bars(Interval::DAY)]);
    assert_eq!((gld.len(), iso(gld[0].0).as_str()), (75, "2015-08-25T00:00:00Z"));
}

#[test]
fn answers_of_kraken_are_read_without_the_candle_that_is_not_over() {
    let Some(candles) = recorded("wire-samples/kraken_rest_OHLC.json.zst") else { return };
    let place = Place::new();
    let report = place.import(&[candles], &options(Content::Bars)).unwrap();
    let one = &report.series[0];
    assert_eq!(one.series.to_string(), "kraken:spot:XBTUSDT bars_1m");
    assert!(one.added < 720, "empty and unfinished candles are left out: {report:?}");
    assert_eq!(report.notes.len(), 2, "{report:?}");
    let trades = recorded("wire-samples/kraken_rest_Trades_XBTUSDT.json.zst").unwrap();
    let report = place.import(&[trades], &options(Content::Trades)).unwrap();
    assert_eq!(report.series[0].added, 1_000);
    let findings =
        check(&place.catalogue(), &report.series[0].series, Window::ALWAYS, None).unwrap();
    assert_eq!((findings.gap_count, findings.completeness()), (0, Some(1.0)));
}

#[test]
fn answers_of_binance_hold_trades_and_funding_too() {
    let Some(file) = recorded("binance-rest/responses.jsonl.zst") else { return };
    let place = Place::new();
    let of = |content, symbol: &str| ReadOptions {
        symbol: Some(symbol.into()),
        format: Format::BinanceRest,
        ..options(content)
    };
    let report = place.import(std::slice::from_ref(&file), &of(Content::Trades, "ETHBTC")).unwrap();
    assert_eq!(report.series[0].added, 1_000);
    let report =
        place.import(std::slice::from_ref(&file), &of(Content::Funding, "BTCUSDT")).unwrap();
    assert!(report.series[0].added > 100, "{report:?}");
    let inverse = ReadOptions {
        market: Some(Market::InversePerpetual),
        ..of(Content::Funding, "BTCUSD_PERP")
    };
    place.import(&[file], &inverse).unwrap();
    assert_eq!(place.catalogue().list().unwrap().len(), 3);
}

#[test]
fn indicator_quotes_are_read_and_the_defective_ones_are_refused_by_row() {
    let Some(folder) = recorded("indicator-vectors/quotes") else { return };
    for name in ["default", "compare", "bitcoin", "longish", "penny", "spx", "msft", "intraday"] {
        let place = Place::new();
        let file = folder.join(format!("{name}.csv"));
        let read = ReadOptions { symbol: Some("X".into()), ..options(Content::Bars) };
        let report = place.import_with(&[file], &read, rounding());
        let report = report.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(report.series[0].added > 400 || name == "penny", "{name} {report:?}");
    }
    for (name, complaint) in [("zeros", "the price is zero"), ("mismatch", "row "), ("bad", "row ")]
    {
        let place = Place::new();
        let file = folder.join(format!("{name}.csv"));
        let read = ReadOptions { symbol: Some("X".into()), ..options(Content::Bars) };
        let error = place.import(&[file], &read).unwrap_err().to_string();
        assert!(error.contains(complaint) && error.contains(name), "{error}");
        assert!(place.catalogue().list().unwrap().is_empty());
    }
}
