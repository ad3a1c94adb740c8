//! A small case of `benches/peers`: bars in columns, as the script there makes them.

use std::{fmt::Write as _, fs, path::Path};

/// Writes `bars` bars that rise and fall in waves, so that averages cross.
pub(crate) fn made_in(folder: &Path, bars: i64) {
    type Value = fn(i64, i64, i64) -> i64;
    fs::create_dir_all(folder).unwrap();
    let close = |at: i64| 10_000 + (at % 120 - 60).abs() * 10;
    let columns: [(&str, Value); 6] = [
        ("open_time_ns", |at, _, _| 1_700_000_040_000_000_000 + at * 60_000_000_000),
        ("open_ticks", |_, before, _| before),
        ("high_ticks", |_, before, now| before.max(now) + 3),
        ("low_ticks", |_, before, now| before.min(now) - 3),
        ("close_ticks", |_, _, now| now),
        ("volume_lots", |_, _, _| 5_000_000),
    ];
    for (name, value) in columns {
        let values: Vec<i64> =
            (0..bars).map(|at| value(at, close((at - 1).max(0)), close(at))).collect();
        fs::write(folder.join(format!("{name}.npy")), column(&values)).unwrap();
    }
    let case = format!(
        r#"{{"format": 1, "case": "sma", "events": {bars}, "bar_ns": 60000000000,
            "tick_size": "0.01", "lot_size": "0.001", "order_lots": 1000, "fee_bps": 5,
            "fast": 10, "slow": 40, "start_cash": 10000000}}"#
    );
    fs::write(folder.join("case.json"), case).unwrap();
}

fn column(values: &[i64]) -> Vec<u8> {
    let mut header = String::new();
    let shape = values.len();
    write!(header, "{{'descr': '<i8', 'fortran_order': False, 'shape': ({shape},), }}").unwrap();
    let padded = format!("{header:<117}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(padded.len()).unwrap().to_le_bytes());
    bytes.extend(padded.as_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}
