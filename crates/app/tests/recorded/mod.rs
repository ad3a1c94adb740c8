//! What the tests on recorded data share: the recordings, replays through the binary and
//! through the library, damaged copies, and an independent reading of the journal.

#![allow(unreachable_pub, dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "test support")]

pub mod damage;
pub mod journal;
pub mod session;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;
use venues::capture::CaptureReader;

/// USD-M BTC of 2024, the largest recording.
pub const USDM_BTC: &str = "usdm_btcusdt_20240808.txt.zst";
/// USD-M ETH of 2024.
pub const USDM_ETH: &str = "usdm_ethusdt_20240808.txt.zst";
/// Spot BTC of 2024.
pub const SPOT_BTC: &str = "spot_btcusdt_20240808.txt.zst";
/// Spot ETH of 2024.
pub const SPOT_ETH: &str = "spot_ethusdt_20240808.txt.zst";
/// COIN-M BTC of 2024: observed, never traded.
pub const COINM_BTC: &str = "cm_btcusd_perp_20240808.txt.zst";
/// COIN-M ETH of 2024: observed, never traded.
pub const COINM_ETH: &str = "cm_ethusd_perp_20240808.txt.zst";
/// USD-M BTC of 2023, with mark prices.
pub const USDM_BTC_2023: &str = "usdm_btcusdt_20230404_markprice.txt.zst";

/// The recordings of one evening on one host, which may be merged.
pub const EVENING: [&str; 6] = [USDM_BTC, USDM_ETH, SPOT_BTC, SPOT_ETH, COINM_BTC, COINM_ETH];
/// Every recording.
pub const ALL: [&str; 7] =
    [USDM_BTC, USDM_ETH, SPOT_BTC, SPOT_ETH, COINM_BTC, COINM_ETH, USDM_BTC_2023];
/// Those whose instruments can be traded and that were recorded together.
pub const TRADED: [&str; 4] = [USDM_BTC, USDM_ETH, SPOT_BTC, SPOT_ETH];

/// The configuration that every recording fits.
pub const CONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/replay.toml");

/// Where these recordings are; `None`, after saying so, where they are absent.
pub fn recordings(names: &[&str]) -> Option<Vec<PathBuf>> {
    names.iter().map(|name| testkit::recorded(format!("binance-raw/{name}"))).collect()
}

/// Lines of recordings that are messages of a stream, that is, all but the depth snapshots.
pub fn messages(captures: &[PathBuf]) -> u64 {
    let mut messages = 0;
    for path in captures {
        let mut reader = CaptureReader::open(path).unwrap();
        while let Some(line) = reader.next_line().unwrap() {
            messages += u64::from(line.text.starts_with(br#"{"stream""#));
        }
    }
    messages
}

/// One run of `algopioneer replay`.
#[derive(Clone, Debug)]
pub struct Replay {
    arguments: Vec<OsString>,
}

impl Replay {
    /// Of these recordings, merged.
    pub fn of(captures: &[PathBuf]) -> Self {
        let mut arguments: Vec<OsString> =
            ["replay", "--json", "--config", CONFIG].map(Into::into).into();
        for path in captures {
            arguments.extend(["--capture".into(), path.into()]);
        }
        Self { arguments }
    }

    /// With more arguments.
    pub fn with(mut self, more: &[&str]) -> Self {
        self.arguments.extend(more.iter().map(Into::into));
        self
    }

    /// With settings over those of the file.
    pub fn set(self, settings: &[&str]) -> Self {
        settings.iter().fold(self, |replay, setting| replay.with(&["--set", setting]))
    }

    /// Writing a journal and a database.
    pub fn into_dir(mut self, data_dir: &Path) -> Self {
        self.arguments.extend(["--data-dir".into(), data_dir.into()]);
        self
    }

    /// Runs it to its end.
    pub fn run(&self) -> Summary {
        let output = Command::new(env!("CARGO_BIN_EXE_algopioneer"))
            .args(&self.arguments)
            .env("RUST_LOG", "error")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{:?}: {}\n{errors}", self.arguments, output.status);
        assert_eq!(errors, "", "nothing to complain about in {:?}", self.arguments);
        Summary(serde_json::from_slice(&output.stdout).unwrap())
    }
}

/// The JSON document of a session.
#[derive(Debug)]
pub struct Summary(Value);

impl Summary {
    /// A count, by its path.
    pub fn count(&self, pointer: &str) -> u64 {
        let value = self.0.pointer(pointer).and_then(Value::as_u64);
        value.unwrap_or_else(|| panic!("no number at {pointer} in {}", self.0))
    }

    /// The sum of all counts in a table, such as `/rejected`.
    pub fn sum(&self, pointer: &str) -> u64 {
        let table = self.0.pointer(pointer).and_then(Value::as_object);
        let table = table.unwrap_or_else(|| panic!("no table at {pointer} in {}", self.0));
        table.values().map(|value| value.as_u64().unwrap()).sum()
    }

    /// The fingerprint of commands and fills.
    pub fn fingerprint(&self) -> &str {
        self.0["commands_sha256"].as_str().unwrap()
    }

    /// What a reader should know.
    pub fn notes(&self) -> Vec<&str> {
        self.0["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap()).collect()
    }

    /// Notes about books that were not in sync at the end.
    pub fn lost_books(&self) -> usize {
        self.notes().iter().filter(|note| note.contains("not in sync at the end")).count()
    }
}
