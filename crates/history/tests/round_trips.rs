//! What goes in comes out: the same rows, in the order of time, however they were imported.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![allow(clippy::format_push_string, clippy::format_collect, reason = "small tables")]

mod support;

use domain::{MarketData, Timestamp, event::Bar};
use history::{
    Content, IntakeSettings, Interval, Kind, ReadOptions, SqliteBars, Target, iso, parse_time,
};
use proptest::prelude::*;
use support::{KEY, Place, events, exported, files_below, named, select};

const MINUTE: Kind = Kind::Bars(Interval::MINUTE);
/// A day and a half of minutes around midnight, as `(minute, price)`.
type Minutes = Vec<(i64, i64)>;

fn table(minutes: &[(i64, i64)]) -> String {
    let mut text = String::from("time,open,high,low,close,volume\n");
    for (minute, price) in minutes {
        let time = 1_704_067_200 + minute * 60;
        text += &format!("{time},{price}.5,{price}.75,{price}.25,{price}.5,{}.125\n", price % 7);
    }
    text
}

fn minutes() -> impl Strategy<Value = Minutes> {
    prop::collection::btree_map(0_i64..2_000, 1_i64..1_000, 1..80)
        .prop_map(|map| map.into_iter().collect())
}

fn by_minute() -> ReadOptions {
    ReadOptions { interval: Some(Interval::MINUTE), ..named(Content::Bars) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn overlapping_files_in_any_order_give_what_one_file_gives(
        all in minutes(),
        cuts in (0_usize..80, 0_usize..80),
        backwards in any::<bool>(),
    ) {
        let (first, second) = (cuts.0.min(all.len()), cuts.1.min(all.len()));
        let whole = Place::new();
        let file = whole.file("all.csv", table(&all));
        whole.import(&[file], &by_minute()).unwrap();
        let parts = Place::new();
        let mut files: Vec<_> = [&all[first.min(second)..], &all[..first.max(second)]]
            .iter()
            .enumerate()
            .filter(|(_, rows)| !rows.is_empty())
            .map(|(number, rows)| parts.file(&format!("{number}.csv"), table(rows)))
            .collect();
        if backwards {
            files.reverse();
        }
        for file in files {
            parts.import(&[file], &by_minute()).unwrap();
        }
        prop_assert_eq!(whole.exported(KEY, MINUTE), parts.exported(KEY, MINUTE));
        let digest = |place: &Place| {
            select(&[KEY], &[MINUTE]).open(&place.catalogue()).unwrap().content_sha256()
        };
        prop_assert_eq!(digest(&whole), digest(&parts));
    }

    #[test]
    fn importing_again_changes_no_byte(all in minutes()) {
        let place = Place::new();
        let file = place.file("all.csv", table(&all));
        let report = place.import(std::slice::from_ref(&file), &by_minute()).unwrap();
        prop_assert_eq!(report.series[0].added, all.len() as u64);
        let before = files_below(&place.path());
        let report = place.import(&[file], &by_minute()).unwrap();
        prop_assert_eq!((report.series[0].added, report.series[0].known), (0, all.len() as u64));
        prop_assert_eq!(files_below(&place.path()), before);
    }

    #[test]
    fn a_table_that_was_exported_is_imported_as_the_same(all in minutes()) {
        let place = Place::new();
        let file = place.file("all.csv", table(&all));
        place.import(&[file], &by_minute()).unwrap();
        let text = place.exported(KEY, MINUTE);
        let again = Place::new();
        let file = again.file("again.csv", &text);
        again.import(&[file], &by_minute()).unwrap();
        prop_assert_eq!(again.exported(KEY, MINUTE), text);
    }

    #[test]
    fn the_database_holds_the_same_bars_as_the_catalogue(all in minutes(), more in minutes()) {
        let place = Place::new();
        let file = place.file("all.csv", table(&all));
        place.import(std::slice::from_ref(&file), &by_minute()).unwrap();
        let database = place.dir.path().join("bars.db");
        let target = Target::Sqlite(database.clone());
        let settings = IntakeSettings::default();
        let import = |file, settings: &IntakeSettings| {
            history::import(&[file], &by_minute(), target.clone(), settings.clone(), &mut |_| {})
        };
        import(file.clone(), &settings).unwrap();
        prop_assert_eq!(import(file, &settings).unwrap().series[0].added, 0);
        let bars = SqliteBars::open(&database).unwrap();
        prop_assert_eq!(exported(&bars, KEY, MINUTE), place.exported(KEY, MINUTE));
        prop_assert_eq!(events(&bars, &[KEY], &[MINUTE]), place.events(KEY, &[MINUTE]));
        // A second import with finer prices brings the first one's to more decimals.
        let finer = table(&more).replace(".5,", ".5000001,").replace(".75,", ".7500001,");
        let file = place.file("more.csv", finer);
        let replace = IntakeSettings { replace: true, ..settings };
        place.import_with(std::slice::from_ref(&file), &by_minute(), replace.clone()).unwrap();
        import(file, &replace).unwrap();
        let bars = SqliteBars::open(&database).unwrap();
        prop_assert_eq!(exported(&bars, KEY, MINUTE), place.exported(KEY, MINUTE));
        prop_assert_eq!(events(&bars, &[KEY], &[MINUTE]), place.events(KEY, &[MINUTE]));
    }

    #[test]
    fn events_of_several_series_come_in_the_order_of_time_and_kind(
        one in minutes(),
        other in minutes(),
        window in (0_i64..2_000, 0_i64..2_000),
    ) {
        let place = Place::new();
        let mut rates = String::from("time,rate\n");
        for (name, rows) in [("ONE", &one), ("OTHER", &other)] {
            let options = ReadOptions { symbol: Some(name.into()), ..by_minute() };
            let file = place.file(name, table(rows));
            place.import(&[file], &options).unwrap();
        }
        for (minute, price) in &one {
            rates += &format!("{},0.000{price:03}\n", 1_704_067_200 + minute * 60);
        }
        let options = ReadOptions { symbol: Some("ONE".into()), ..ReadOptions::new(Content::Funding) };
        let file = place.file("rates.csv", rates);
        place.import(&[file], &options).unwrap();
        let keys = ["local:spot:OTHER", "local:spot:ONE"];
        let mut selection = select(&keys, &[Kind::Funding, MINUTE]);
        let at = |minute: i64| Timestamp::from_nanos((1_704_067_200 + minute * 60) * 1_000_000_000);
        let (from, to) = (window.0.min(window.1), window.0.max(window.1));
        (selection.from, selection.to) = (Some(at(from)), Some(at(to)));
        let mut history = selection.open(&place.catalogue()).unwrap();
        let mut found = Vec::new();
        while let Some((time, event)) = history.next().unwrap() {
            let rank = i32::from(matches!(event.data, MarketData::Funding(_)));
            found.push((time, rank, event.instrument.index()));
        }
        let bars = |rows: &Minutes, index| {
            rows.iter()
                .filter(|(minute, _)| *minute >= from && *minute < to)
                .map(|(minute, _)| (at(minute + 1), 0, index))
                .collect::<Vec<_>>()
        };
        let funding = one.iter().filter(|(minute, _)| *minute >= from && *minute < to);
        let funding = funding.map(|(minute, _)| (at(*minute), 1, 1)).collect();
        let mut expected = [bars(&other, 0), bars(&one, 1), funding].concat();
        expected.sort_unstable();
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn bars_keep_their_digits_and_happen_at_their_end() {
    let place = Place::new();
    place.text(Content::Bars, &table(&[(0, 10), (1, 11)])).unwrap();
    let spec = place.catalogue().instrument(&KEY.parse().unwrap()).unwrap().spec;
    assert_eq!(
        (spec.tick_size.to_string(), spec.lot_size.to_string()),
        ("0.01".into(), "0.001".into())
    );
    let all = place.events(KEY, &[MINUTE]);
    assert_eq!(iso(all[0].0), "2024-01-01T00:01:00Z");
    let MarketData::Bar(Bar { open, high, low, close, volume, start, .. }) = all[0].1 else {
        panic!("a bar")
    };
    let prices = [open, high, low, close].map(domain::Ticks::get);
    assert_eq!((prices, volume.get()), ([1_050, 1_075, 1_025, 1_050], 3_125));
    assert_eq!(start, parse_time("2024-01-01").unwrap());
}

#[test]
fn finer_prices_later_bring_the_older_files_to_more_decimals_too() {
    let place = Place::new();
    place.text(Content::Bars, &table(&[(0, 10), (1, 11)])).unwrap();
    let later = table(&[(3_000, 10), (3_001, 11)]).replace(".25,", ".25001,");
    place.text(Content::Bars, &later).unwrap();
    let exported = place.exported(KEY, MINUTE);
    assert!(exported.contains("10.50000,10.75000,10.25000"), "{exported}");
    assert!(exported.contains("10.50000,10.75000,10.25001"), "{exported}");
}

#[test]
fn a_whole_market_with_everything_it_can_do_is_exported_and_imported_again() {
    let place = Place::new();
    let tables = [
        (Content::Trades, Kind::Trades, "time,exchange_time,sequence,id,price,quantity,taker_buys
2024-01-01T00:00:00.000000001Z,2024-01-01T00:00:00Z,0,7,10.5,1.25,1
2024-01-01T00:00:00.000000001Z,,1,8,10.0,0.75,0
"),
        (Content::Quotes, Kind::Quotes, "time,exchange_time,sequence,update_id,bid_price,bid_quantity,ask_price,ask_quantity
2024-01-01T00:00:00.000000001Z,,2,7,10.5,1.25,10.6,2.00
"),
        (Content::Depth, Kind::Depth, "time,exchange_time,sequence,level,first_update_id,last_update_id,snapshot,status,bid,price,quantity
2024-01-01T00:00:00.000000002Z,,0,0,5,5,1,0,1,10.5,1.25
2024-01-01T00:00:00.000000002Z,,0,1,5,5,1,0,0,10.6,0.50
2024-01-01T00:00:00.000000003Z,,0,0,6,8,0,0,1,10.5,0.00
2024-01-01T00:00:00.000000003Z,,1,0,0,0,0,2,0,0.0,0.00
"),
        (Content::Marks, Kind::Marks, "time,exchange_time,sequence,mark,index,funding_rate,next_funding
2024-01-01T00:00:00.000000001Z,,3,10.5500000000,,0.000100000000000000,2024-01-01T08:00:00Z
"),
        (Content::Funding, Kind::Funding, "time,rate,price
2024-01-01T00:00:00Z,-0.000223940000000000,10.5500000000
2024-01-01T08:00:00Z,0.000100000000000000,
"),
        (Content::Actions, Kind::Actions, "time,order,split_ratio,dividend
2024-01-01T00:00:00Z,0,0.100000000,
2024-01-01T00:00:00Z,1,,0.820000000
"),
    ];
    for (content, kind, text) in tables {
        let result = place.text(content, text);
        result.unwrap_or_else(|error| panic!("{kind}: {error}"));
        assert_eq!(place.exported(KEY, kind), text, "{kind}");
    }
    let kinds = tables.map(|(_, kind, _)| kind);
    let all = place.events(KEY, &kinds);
    let kinds: Vec<_> = all
        .iter()
        .map(|(time, data)| {
            let name = format!("{data:?}");
            let end = name.find([' ', '(']).unwrap_or(name.len());
            format!("{} {}", time.as_nanos() % 1_000_000_000, &name[..end])
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "0 Funding",
            "0 Split",
            "0 Dividend",
            "1 Trade",
            "1 Trade",
            "1 Quote",
            "1 Mark",
            "2 BookSnapshot",
            "3 BookDiff",
            "3 BookLost",
            "0 Funding",
        ]
    );
}
