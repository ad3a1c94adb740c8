//! Rows inside JSON documents, as the texts that were written there.

use serde::Deserialize;
use serde_json::value::RawValue;

/// A list of lists, such as candles.
pub(super) type Rows<'a> = Vec<Vec<&'a RawValue>>;

/// A value's text without quotes.
pub(super) fn text(value: &RawValue) -> &str {
    let text = value.get();
    if text == "null" {
        return "";
    }
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

/// The texts of a row.
pub(super) fn texts<'a>(row: &[&'a RawValue]) -> Vec<&'a str> {
    row.iter().map(|value| text(value)).collect()
}

/// Reads a part of a document.
pub(super) fn part<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| format!("not the expected JSON: {error}"))
}
