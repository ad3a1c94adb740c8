//! Short recordings: the first lines of a real one, or of one that `record` has just made.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};

use super::{Program, config, text, venue};

/// The shortest recorded file; about 100 seconds of one market.
pub(crate) const SHORT: &str = "binance-raw/usdm_btcusdt_20230404_markprice.txt.zst";

/// The first lines of [`SHORT`]; `None` where the recordings are not available.
pub(crate) fn first_lines(count: usize) -> Option<Vec<String>> {
    let path = testkit::recorded(SHORT)?;
    let packed = fs::File::open(path).expect("it exists");
    let plain = zstd::Decoder::new(packed).expect("it is zstd");
    let lines = BufReader::new(plain).lines().take(count);
    Some(lines.collect::<Result<_, _>>().expect("it is text"))
}

/// Records `seconds` of a simulated market into `folder`.
pub(crate) fn made_in(folder: &Path, seconds: u64) -> PathBuf {
    let venue = venue::simulated(5);
    let file = folder.join("made.txt.zst");
    Program::line("record --config")
        .and(config("sandbox.toml"))
        .and("--out")
        .and(text(&file))
        .and("--seconds")
        .and(seconds.to_string())
        .inside(folder)
        .at(&venue)
        .run()
        .exits(0);
    file
}
