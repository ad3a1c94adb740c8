//! Columns of whole numbers in files, as `benches/peers` writes them, and what describes them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};
use domain::{Market, Money, Price, Qty, instrument::InstrumentSpec};
use serde::Deserialize;

/// What `case.json` says, as far as a replay needs it.
#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the names in case.json")]
pub(super) struct Case {
    pub(super) format: u32,
    pub(super) case: String,
    pub(super) events: usize,
    pub(super) tick_size: Price,
    pub(super) lot_size: Qty,
    pub(super) order_lots: i64,
    pub(super) fee_bps: i64,
    #[serde(default)]
    pub(super) fast: u32,
    #[serde(default)]
    pub(super) slow: u32,
    #[serde(default)]
    pub(super) start_cash: i64,
    #[serde(default)]
    pub(super) bar_ns: i64,
    #[serde(default)]
    pub(super) snapshot_rows: usize,
    #[serde(default)]
    pub(super) first_quote_ns: i64,
    #[serde(default)]
    pub(super) quote_every_ns: i64,
    #[serde(default)]
    pub(super) order_latency_ns: i64,
    #[serde(default)]
    pub(super) report_latency_ns: i64,
}

/// A folder with one case.
#[derive(Debug)]
pub(super) struct CaseFolder {
    folder: PathBuf,
    pub(super) case: Case,
}

impl CaseFolder {
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let path = folder.join("case.json");
        let text = fs::read_to_string(&path).with_context(|| {
            format!("cannot read {} (benches/peers/run makes it)", path.display())
        })?;
        let case: Case = serde_json::from_str(&text)
            .with_context(|| format!("{} does not describe a case", path.display()))?;
        ensure!(case.format == 1, "{} has format {}, not 1", path.display(), case.format);
        Ok(Self { folder: folder.to_owned(), case })
    }

    /// A column as many long as there are events.
    pub(super) fn column(&self, name: &str) -> Result<Vec<i64>> {
        let path = self.folder.join(format!("{name}.npy"));
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let values = numbers(&bytes).with_context(|| format!("cannot use {}", path.display()))?;
        let rows = self.case.events;
        ensure!(values.len() == rows, "{} has {} rows, not {rows}", path.display(), values.len());
        Ok(values)
    }

    /// The one instrument of the case.
    pub(super) fn instrument(&self) -> InstrumentSpec {
        InstrumentSpec {
            venue: "bench".into(),
            market: Market::Spot,
            symbol: self.case.case.to_uppercase(),
            base: "BASE".into(),
            quote: "QUOTE".into(),
            tick_size: self.case.tick_size,
            lot_size: self.case.lot_size,
            min_quantity: Qty::ZERO,
            max_quantity: Qty::ZERO,
            min_notional: Money::ZERO,
        }
    }
}

/// The values of a `.npy` file with one dimension of little-endian 64-bit integers.
fn numbers(bytes: &[u8]) -> Result<Vec<i64>> {
    let Some(rest) = bytes.strip_prefix(b"\x93NUMPY\x01\x00") else {
        bail!("it is no .npy file of version 1.0");
    };
    let Some((length, rest)) = rest.split_first_chunk::<2>() else {
        bail!("it ends within its header");
    };
    let length = usize::from(u16::from_le_bytes(*length));
    ensure!(rest.len() >= length, "it ends within its header");
    let (header, values) = rest.split_at(length);
    let header = String::from_utf8_lossy(header);
    ensure!(header.contains("'<i8'"), "its values are not 64-bit integers: {}", header.trim());
    let (values, rest) = values.as_chunks::<8>();
    ensure!(rest.is_empty(), "it ends within a value");
    Ok(values.iter().map(|value| i64::from_le_bytes(*value)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, values: &[u8]) -> Vec<u8> {
        let length = u16::try_from(header.len()).unwrap().to_le_bytes();
        [b"\x93NUMPY\x01\x00".as_slice(), &length, header.as_bytes(), values].concat()
    }

    #[test]
    fn values_come_back_and_damage_is_named() {
        let values = [7_i64.to_le_bytes(), (-2_i64).to_le_bytes()].concat();
        assert_eq!(numbers(&file("{'descr': '<i8'}", &values)).unwrap(), [7, -2]);
        let fault = |bytes: &[u8]| numbers(bytes).unwrap_err().to_string();
        assert!(fault(&file("{'descr': '<f8'}", &values)).contains("64-bit integers"));
        assert!(fault(&file("{'descr': '<i8'}", &values[..15])).contains("within a value"));
        assert!(fault(b"PK").contains("no .npy"));
        assert!(fault(&file("", &[])[..9]).contains("header"));
    }
}
