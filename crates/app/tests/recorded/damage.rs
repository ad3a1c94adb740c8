//! Damaged copies of recordings, and the snapshots a venue would have sent afterwards.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs::File,
    io::{BufWriter, Write as _},
    path::Path,
};

use rust_decimal::Decimal;
use serde_json::Value;
use venues::capture::CaptureReader;

/// What happens to one book change of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    Keep,
    Drop,
    Duplicate,
    /// Its line and that of the next change change places.
    Swap,
}

/// Copies a recording. `edit` is asked about each book change, by its place from 0. With
/// `snapshot_after`, so many changes after each break a depth snapshot stands in the copy.
pub fn copy(
    from: &Path,
    to: &Path,
    snapshot_after: Option<u64>,
    mut edit: impl FnMut(u64) -> Edit,
) {
    let mut reader = CaptureReader::open(from).unwrap();
    let mut out = BufWriter::new(File::create(to).unwrap());
    let mut line_out = |time: i64, text: &[u8]| {
        write!(out, "{time:019} ").unwrap();
        out.write_all(text).unwrap();
        out.write_all(b"\n").unwrap();
    };
    let mut book = Book::default();
    let (mut change, mut held_back, mut snapshot_at) = (0, None, None);
    while let Some(line) = reader.next_line().unwrap() {
        let time = line.time.as_nanos();
        if !is_change(line.text) {
            if !line.text.starts_with(br#"{"stream""#) {
                book.load(line.text);
            }
            line_out(time, line.text);
            continue;
        }
        if snapshot_after.is_some() {
            book.change(line.text);
        }
        let late: Option<Vec<u8>> = held_back.take();
        let done = edit(change);
        match done {
            Edit::Keep => line_out(time, line.text),
            Edit::Drop => {}
            Edit::Duplicate => {
                line_out(time, line.text);
                line_out(time, line.text);
            }
            Edit::Swap => held_back = Some(line.text.to_vec()),
        }
        if let Some(late) = late {
            assert_ne!(done, Edit::Swap, "two swaps must not touch");
            line_out(time, &late);
        }
        if matches!(done, Edit::Drop | Edit::Swap) {
            snapshot_at = snapshot_after.map(|wait| change + wait);
        }
        if snapshot_at == Some(change) {
            line_out(time, &book.answer());
            snapshot_at = None;
        }
        change += 1;
    }
    out.flush().unwrap();
}

/// Copies the first lines of a recording: all within `nanos` of the first one.
pub fn beginning(from: &Path, to: &Path, nanos: i64) {
    let mut reader = CaptureReader::open(from).unwrap();
    let mut out = BufWriter::new(File::create(to).unwrap());
    let mut end = None;
    while let Some(line) = reader.next_line().unwrap() {
        let time = line.time.as_nanos();
        if time > *end.get_or_insert(time + nanos) {
            break;
        }
        write!(out, "{time:019} ").unwrap();
        out.write_all(line.text).unwrap();
        out.write_all(b"\n").unwrap();
    }
    out.flush().unwrap();
}

/// How many book changes a recording has.
pub fn changes(path: &Path) -> u64 {
    let mut reader = CaptureReader::open(path).unwrap();
    let mut changes = 0;
    while let Some(line) = reader.next_line().unwrap() {
        changes += u64::from(is_change(line.text));
    }
    changes
}

fn is_change(text: &[u8]) -> bool {
    text.starts_with(br#"{"stream""#)
        && text.windows(13).take(200).any(|window| window == br#""depthUpdate""#)
}

/// The undamaged book: by price, the texts of price and quantity.
#[derive(Default)]
struct Book {
    bids: BTreeMap<Decimal, String>,
    asks: BTreeMap<Decimal, String>,
    update_id: Option<u64>,
    /// Changes that came before the recorded snapshot.
    early: Vec<Value>,
}

impl Book {
    fn load(&mut self, text: &[u8]) {
        let snapshot: Value = serde_json::from_slice(text).unwrap();
        self.update_id = snapshot["lastUpdateId"].as_u64();
        set(&mut self.bids, &snapshot["bids"]);
        set(&mut self.asks, &snapshot["asks"]);
        for change in std::mem::take(&mut self.early) {
            self.apply(&change);
        }
    }

    fn change(&mut self, text: &[u8]) {
        let message: Value = serde_json::from_slice(text).unwrap();
        let change = message["data"].clone();
        if self.update_id.is_some() { self.apply(&change) } else { self.early.push(change) }
    }

    fn apply(&mut self, change: &Value) {
        if change["u"].as_u64() <= self.update_id {
            return;
        }
        self.update_id = change["u"].as_u64();
        set(&mut self.bids, &change["b"]);
        set(&mut self.asks, &change["a"]);
    }

    fn answer(&self) -> Vec<u8> {
        let id = self.update_id.expect("a snapshot before the first break");
        let mut text = format!(r#"{{"lastUpdateId":{id},"bids":["#);
        write_levels(&mut text, self.bids.iter().rev());
        text.push_str(r#"],"asks":["#);
        write_levels(&mut text, self.asks.iter());
        text.push_str("]}");
        text.into_bytes()
    }
}

fn write_levels<'a>(text: &mut String, levels: impl Iterator<Item = (&'a Decimal, &'a String)>) {
    for (place, (price, quantity)) in levels.enumerate() {
        let comma = if place == 0 { "" } else { "," };
        write!(text, r#"{comma}["{price}","{quantity}"]"#).unwrap();
    }
}

fn set(side: &mut BTreeMap<Decimal, String>, levels: &Value) {
    for level in levels.as_array().unwrap() {
        let price = level[0].as_str().unwrap().parse().unwrap();
        let quantity = level[1].as_str().unwrap();
        if quantity.parse::<Decimal>().unwrap().is_zero() {
            side.remove(&price);
        } else {
            side.insert(price, quantity.to_owned());
        }
    }
}
