//! The frames of a measurement, in memory before it begins.

use std::{fmt, path::Path};

use anyhow::{Context, Result};
use domain::{Instruments, Span, Timestamp};
use sandbox::{
    default_instruments,
    market::{Channel, DepthLevel, Market as _, Outlet, Progress, Stream},
    simulated::{Simulation, SimulationConfig},
};
use venues::capture::CaptureReader;

use super::super::{Failure, replay};
use crate::config::Config;

/// Where simulated frames begin in time.
const START: Timestamp = Timestamp::from_millis(1_700_000_000_000);

/// One received text.
pub(super) struct Frame {
    pub(super) time: Timestamp,
    pub(super) text: Vec<u8>,
}

/// Frames and what they are about.
pub(super) struct Frames {
    instruments: Instruments,
    /// The body of the depth snapshot, and before which frame it arrived.
    pub(super) snapshot: (usize, Vec<u8>),
    pub(super) all: Vec<Frame>,
    source: String,
}

impl Frames {
    /// Reads at most `limit` frames of a recording, or simulates as many.
    pub(super) fn load(config: &Config, capture: Option<&Path>, limit: usize) -> Result<Self> {
        match capture {
            Some(path) => Self::recorded(config, path, limit),
            None => Self::simulated(limit),
        }
    }

    fn recorded(config: &Config, path: &Path, limit: usize) -> Result<Self> {
        let (instruments, _) = replay::instruments(config, &[path]).map_err(Failure::into_error)?;
        let mut reader = CaptureReader::open(path)?;
        let mut all = Vec::new();
        let mut snapshot = None;
        while let Some(line) = reader.next_line()? {
            let is_message = line.text.starts_with(b"{\"stream\"");
            if !is_message {
                snapshot = Some((all.len(), line.text.to_vec()));
            } else if all.len() < limit {
                all.push(Frame { time: line.time, text: line.text.to_vec() });
            } else {
                break;
            }
        }
        let snapshot = snapshot.context("the recording has no depth snapshot at its beginning")?;
        Ok(Self { instruments, snapshot, all, source: format!("RECORDED, {}", path.display()) })
    }

    fn simulated(limit: usize) -> Result<Self> {
        const SEED: u64 = 7;
        let perpetual = default_instruments()
            .into_iter()
            .find(|spec| spec.market == domain::Market::LinearPerpetual)
            .context("the sandbox has no perpetual")?;
        let instruments = Instruments::new([perpetual])?;
        let id = domain::InstrumentId::new(0);
        let config = SimulationConfig { seed: SEED, rate: 2_000, start: START };
        let mut simulation = Simulation::new(config, &instruments);
        let mut outlet = Collector { all: Vec::new(), symbol: "btcusdt", now: START };
        simulation.run_until(Span::from_secs(1), &mut Deaf);
        let depth = simulation.depth(id, 1_000).context("the simulated book is empty")?;
        let side = |levels: &[DepthLevel]| -> Vec<[String; 2]> {
            levels.iter().map(|one| [one.price.to_string(), one.quantity.to_string()]).collect()
        };
        let snapshot = serde_json::to_vec(&serde_json::json!({
            "lastUpdateId": depth.last_update_id,
            "bids": side(&depth.bids),
            "asks": side(&depth.asks),
        }))?;
        let mut elapsed = Span::from_secs(1);
        while outlet.all.len() < limit {
            elapsed = Span::from_nanos(elapsed.as_nanos() + 1_000_000);
            outlet.now = START + elapsed;
            if simulation.run_until(elapsed, &mut outlet) == Progress::Finished {
                break;
            }
        }
        outlet.all.truncate(limit);
        let source = format!("SIMULATED, seed {SEED}");
        Ok(Self { instruments, snapshot: (0, snapshot), all: outlet.all, source })
    }

    pub(super) const fn instruments(&self) -> &Instruments {
        &self.instruments
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// What they are, in one line.
    pub(super) fn describe(&self) -> String {
        let bytes: usize = self.all.iter().map(|frame| frame.text.len()).sum();
        let mean = bytes / self.all.len().max(1);
        format!("{} frames of {mean} bytes on average, {}", self.all.len(), self.source)
    }
}

impl fmt::Display for Frames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "frames   {}", self.describe())
    }
}

/// Hears nothing: for the time before the measurement.
struct Deaf;

impl Outlet for Deaf {
    fn wants(&self, _stream: Stream) -> bool {
        false
    }

    fn publish(&mut self, _stream: Stream, _frame: &str) {}
}

/// Keeps the frames that a session would subscribe to.
struct Collector {
    all: Vec<Frame>,
    symbol: &'static str,
    now: Timestamp,
}

impl Outlet for Collector {
    fn wants(&self, stream: Stream) -> bool {
        matches!(
            stream.channel,
            Channel::Depth { millis: 100 } | Channel::AggregateTrade | Channel::BookTicker
        )
    }

    fn publish(&mut self, stream: Stream, frame: &str) {
        let name = match stream.channel {
            Channel::Depth { .. } => "depth@100ms",
            Channel::AggregateTrade => "aggTrade",
            _ => "bookTicker",
        };
        let text = format!("{{\"stream\":\"{}@{name}\",\"data\":{frame}}}", self.symbol);
        self.all.push(Frame { time: self.now, text: text.into_bytes() });
    }
}
