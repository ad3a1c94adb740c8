//! Files that others have written or changed: everything odd in them is found, and a reader
//! refuses what would mislead a strategy.

use domain::{Market, Qty};

use super::{Findings, Hours, What, check};
use crate::{
    Catalogue, Interval, Kind, ReadError, Selection, Series, Window,
    instrument_file::{InstrumentFile, path_of, plain_spec},
    kind::Row,
    part::{PartWriter, Scales},
    place::{InstrumentKey, Period},
};

const MINUTE: i64 = 60_000_000_000;
/// A Wednesday.
const START: i64 = 1_704_240_000_000_000_000;

struct Written {
    _dir: tempfile::TempDir,
    catalogue: Catalogue,
    series: Series,
}

/// A catalogue with one file of these rows, whatever they are.
fn written(kind: Kind, rows: &[Row]) -> Written {
    let dir = tempfile::tempdir().unwrap();
    let instrument = InstrumentKey::new("x", Market::Spot, "X").unwrap();
    let series = Series { instrument, kind };
    let path = dir.path().join(series.file(Period::of(kind, START)));
    let mut writer = PartWriter::create(&path, kind, Scales::default()).unwrap();
    for row in rows {
        writer.push(row).unwrap();
    }
    writer.finish().unwrap();
    let one = Qty::new(1.into()).unwrap();
    let file = InstrumentFile {
        spec: plain_spec(&series.instrument, "1".parse().unwrap(), one),
        tick_stated: false,
        lot_stated: false,
        source: None,
        licence: None,
        imports: Vec::new(),
    };
    file.write(&path_of(dir.path(), &series.instrument)).unwrap();
    let catalogue = Catalogue::open(dir.path()).unwrap();
    Written { _dir: dir, catalogue, series }
}

impl Written {
    fn check(&self, hours: Option<Hours>) -> Findings {
        check(&self.catalogue, &self.series, Window::ALWAYS, hours).unwrap()
    }

    fn read(&self) -> Result<u64, ReadError> {
        let selection = Selection {
            instruments: vec![self.series.instrument.clone()],
            kinds: vec![self.series.kind],
            ..Selection::default()
        };
        let mut history = selection.open(&self.catalogue)?;
        let mut count = 0;
        while history.next()?.is_some() {
            count += 1;
        }
        Ok(count)
    }
}

fn bar(minute: i64, price: i64) -> Row {
    let start = START + minute * MINUTE;
    Row::of(&[start, start + MINUTE, price, price, price, price, 1])
}

#[test]
fn rows_twice_and_out_of_order_are_found_and_not_read() {
    let rows = [bar(0, 10), bar(1, 10), bar(1, 11), bar(3, 10), bar(2, 10)];
    let written = written(Kind::Bars(Interval::MINUTE), &rows);
    let found = written.check(None);
    assert_eq!((found.count(What::Duplicate), found.count(What::OutOfOrder)), (1, 1));
    assert!(!found.is_sound());
    assert_eq!(found.oddities[0].row, 3);
    let error = written.read().unwrap_err().to_string();
    assert!(error.contains("part-0.parquet: row 5: end: time goes back"), "{error}");
}

#[test]
fn impossible_and_crossed_prices_are_found_and_the_impossible_not_read() {
    let mut odd = bar(1, 10);
    odd.values[3] = 9;
    let written_bars = written(Kind::Bars(Interval::MINUTE), &[bar(0, 10), odd, bar(2, 0)]);
    let found = written_bars.check(None);
    assert_eq!((found.count(What::Crossed), found.count(What::Impossible)), (1, 4));
    let error = written_bars.read().unwrap_err().to_string();
    assert!(error.contains("row 3: open: 0 is impossible"), "{error}");
    let quote = |second: i64, bid: i64| Row::of(&[START + second, START, 0, 0, bid, 1, 11, 1]);
    let quotes = written(Kind::Quotes, &[quote(0, 10), quote(1, 11), quote(2, 12)]);
    let found = quotes.check(None);
    assert_eq!((found.count(What::Crossed), found.is_sound()), (2, true));
    assert_eq!((found.completeness(), quotes.read().unwrap()), (None, 3));
}

#[test]
fn a_night_is_a_gap_only_where_the_market_is_always_open() {
    // Two trading days of ten minutes, with a hole of two in the second.
    let day = 24 * 60;
    let minutes = (0..10).chain(day..day + 4).chain(day + 6..day + 10);
    let rows: Vec<_> = minutes.map(|minute| bar(minute + 14 * 60, 10)).collect();
    let written = written(Kind::Bars(Interval::MINUTE), &rows);
    let found = written.check(None);
    assert_eq!((found.hours, found.gap_count, found.missing), (Some(Hours::Weekdays), 1, 2));
    let found = written.check(Some(Hours::Always));
    assert_eq!((found.gap_count, found.missing), (2, 2 + 1_430));
}

#[test]
fn missing_ids_changes_and_settlements_are_counted() {
    let trade = |id: i64| Row::of(&[START + id, START, 0, id, 10, 1, 1]);
    let ids = [5_000_000, 5_000_001, 5_000_004];
    let found = written(Kind::Trades, &ids.map(trade)).check(None);
    assert_eq!((found.gap_count, found.missing, found.completeness()), (1, 2, Some(0.6)));

    let level = |time: i64, first: i64, last: i64, status: i64| {
        Row::of(&[START + time, START, 0, 0, first, last, i64::from(time == 0), status, 1, 10, 1])
    };
    let rows = [level(0, 5, 5, 0), level(1, 6, 7, 0), level(2, 10, 11, 0), level(3, 0, 0, 2)];
    let found = written(Kind::Depth, &rows).check(None);
    assert_eq!((found.gap_count, found.missing), (1, 2));
    assert_eq!(found.count(What::Interrupted), 1);

    let hour = 60 * MINUTE;
    let rows = [0, 8, 16, 40, 48].map(|at| {
        let mut row = Row::of(&[START + at * hour + 7_000_000, 1]);
        row.set(2, None);
        row
    });
    let found = written(Kind::Funding, &rows).check(None);
    assert_eq!((found.gap_count, found.missing), (1, 2));
}

#[test]
fn a_price_that_jumps_without_a_split_is_named() {
    let rows = [bar(0, 100), bar(1, 101), bar(2, 50), bar(3, 51)];
    let found = written(Kind::Bars(Interval::MINUTE), &rows).check(None);
    assert_eq!((found.count(What::Jump), found.is_sound()), (1, true));
    assert!(found.oddities[0].text.contains("0.49"), "{found:?}");
}
