//! What was written is read again, whatever it is.

use proptest::prelude::*;

use super::*;
use crate::kind::{Interval, Kind, Meaning, Row};

const SCALES: Scales = Scales { price: 2, quantity: 8 };

fn written(kind: Kind, rows: &[Row]) -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a/part-0.parquet");
    let mut writer = PartWriter::create(&path, kind, SCALES).unwrap();
    for row in rows {
        writer.push(row).unwrap();
    }
    writer.finish().unwrap();
    (dir, path)
}

fn read(kind: Kind, path: &std::path::Path, most: usize) -> Vec<Row> {
    let mut reader = PartReader::open(path, kind).unwrap();
    assert_eq!(reader.scales().price, if kind == Kind::Funding { 0 } else { SCALES.price });
    let (mut batch, mut rows) = (Batch::default(), Vec::new());
    loop {
        reader.read(most, &mut batch).unwrap();
        if batch.rows == 0 {
            return rows;
        }
        rows.extend((0..batch.rows).map(|row| batch.row(row)));
    }
}

fn row(kind: Kind) -> impl Strategy<Value = Row> {
    let digits = 999_999_999_999_999_999_i64;
    (prop::array::uniform11(-digits..digits), any::<u16>()).prop_map(move |(values, holes)| {
        let mut row = Row::default();
        for (place, column) in kind.columns().iter().enumerate() {
            let hole = !column.required && holes & (1 << place) != 0;
            let flag = column.meaning == Meaning::Flag;
            let value = if flag { values[place] & 1 } else { values[place] };
            row.set(place, (!hole).then_some(value));
        }
        row
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn every_kind_of_row_survives_the_file(
        depth in prop::collection::vec(row(Kind::Depth), 1..300),
        marks in prop::collection::vec(row(Kind::Marks), 1..300),
        most in 1_usize..400,
    ) {
        for (kind, rows) in [(Kind::Depth, &depth), (Kind::Marks, &marks)] {
            let (_dir, path) = written(kind, rows);
            if kind == Kind::Depth {
                prop_assert_eq!(&read(kind, &path, most), rows);
            } else {
                let mut reader = PartReader::open(&path, kind).unwrap();
                let mut batch = Batch::default();
                reader.read(usize::MAX, &mut batch).unwrap();
                let again: Vec<_> = (0..batch.rows).map(|row| batch.row(row)).collect();
                prop_assert_eq!(&again, rows);
            }
        }
    }
}

#[test]
fn groups_before_a_time_are_left_out_and_the_end_of_the_file_tells_its_span() {
    let kind = Kind::Bars(Interval::MINUTE);
    let minute = 60_000_000_000;
    let rows: Vec<_> =
        (0..70_000).map(|n| Row::of(&[n * minute, (n + 1) * minute, 1, 1, 1, 1, 5])).collect();
    let (_dir, path) = written(kind, &rows);
    let mut reader = PartReader::open(&path, kind).unwrap();
    let facts = reader.facts();
    assert_eq!((facts.rows, facts.times), (70_000, Some((minute, 70_000 * minute))));
    reader.skip_before(69_000 * minute);
    assert_eq!(reader.next_row(), 65_537);
    let mut batch = Batch::default();
    reader.read(10, &mut batch).unwrap();
    assert_eq!(batch.row(0), rows[65_536]);
}

#[test]
fn a_file_that_was_cut_short_or_is_of_another_kind_is_named() {
    let kind = Kind::Bars(Interval::MINUTE);
    let (_dir, path) = written(kind, &[Row::of(&[0, 1, 1, 1, 1, 1, 1])]);
    let error = PartReader::open(&path, Kind::Quotes).err().unwrap().to_string();
    assert!(error.contains("part-0.parquet") && error.contains("quotes have 8"), "{error}");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 3]).unwrap();
    let error = PartReader::open(&path, kind).err().unwrap().to_string();
    assert!(error.contains("part-0.parquet") && error.contains("damaged"), "{error}");
}

#[test]
fn a_file_with_a_broken_page_is_named() {
    let kind = Kind::Bars(Interval::MINUTE);
    let rows: Vec<_> =
        (0..5_000).map(|n| Row::of(&[n, n + 1, n * 7919 % 97, 1, 1, 1, 5])).collect();
    let (_dir, path) = written(kind, &rows);
    let mut bytes = std::fs::read(&path).unwrap();
    for byte in &mut bytes[40..80] {
        *byte ^= 0x5a;
    }
    std::fs::write(&path, bytes).unwrap();
    let mut reader = PartReader::open(&path, kind).unwrap();
    let error = reader.read(5_000, &mut Batch::default()).unwrap_err().to_string();
    assert!(error.contains("part-0.parquet") && error.contains("damaged"), "{error}");
}
