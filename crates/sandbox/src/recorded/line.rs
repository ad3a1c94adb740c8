//! One line of a recording: what it is, and the parts of it that are needed here.

use serde::Deserialize;
use serde_json::value::RawValue;

/// A line taken apart.
#[derive(Debug)]
pub(super) enum Line<'a> {
    /// A message of a combined stream: its name and its content, verbatim.
    Frame { name: &'a str, data: &'a str },
    /// The answer to a depth request.
    Snapshot(SnapshotLine<'a>),
}

/// Levels as decimal text.
pub(super) type Levels<'a> = Vec<(&'a str, &'a str)>;

#[derive(Debug, Deserialize)]
pub(super) struct SnapshotLine<'a> {
    #[serde(rename = "lastUpdateId")]
    pub(super) last_update_id: u64,
    #[serde(borrow)]
    pub(super) bids: Levels<'a>,
    #[serde(borrow)]
    pub(super) asks: Levels<'a>,
}

/// The parts of a depth frame that change a book.
#[derive(Debug, Deserialize)]
pub(super) struct DiffLine<'a> {
    #[serde(rename = "u")]
    pub(super) last_id: u64,
    #[serde(rename = "b", borrow)]
    pub(super) bids: Levels<'a>,
    #[serde(rename = "a", borrow)]
    pub(super) asks: Levels<'a>,
}

/// The parts of a trade, single or aggregate.
#[derive(Debug, Deserialize)]
pub(super) struct TradeLine<'a> {
    #[serde(rename = "p")]
    pub(super) price: &'a str,
    #[serde(rename = "q")]
    pub(super) quantity: &'a str,
    #[serde(rename = "m")]
    pub(super) buyer_is_maker: bool,
}

/// The parts of a mark price frame.
#[derive(Debug, Deserialize)]
pub(super) struct MarkLine<'a> {
    #[serde(rename = "p")]
    pub(super) mark: &'a str,
    #[serde(rename = "i")]
    pub(super) index: Option<&'a str>,
    #[serde(rename = "r")]
    pub(super) rate: Option<&'a str>,
    #[serde(rename = "T")]
    pub(super) next_funding_millis: Option<i64>,
}

#[derive(Deserialize)]
struct Combined<'a> {
    stream: Option<&'a str>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

/// Reads the JSON part of a line.
pub(super) fn read(json: &str) -> Result<Line<'_>, serde_json::Error> {
    let combined: Combined<'_> = serde_json::from_str(json)?;
    match combined {
        Combined { stream: Some(name), data: Some(data) } => {
            Ok(Line::Frame { name, data: data.get() })
        }
        _ => serde_json::from_str(json).map(Line::Snapshot),
    }
}
