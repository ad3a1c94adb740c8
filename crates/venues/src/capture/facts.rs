//! What a recording is a recording of.

use std::{collections::BTreeSet, path::Path};

use domain::{Market, instrument::InstrumentSpec};
use serde::Deserialize;

use super::{CaptureError, CaptureReader, sidecar};

/// Lines looked at.
const LINES: usize = 5_000;

/// Market and symbol of a recording, and more where it has a file beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptureFacts {
    /// The market, told by the shape of its frames.
    pub market: Market,
    /// The venue's symbol.
    pub symbol: String,
    /// Steps and limits, as far as the recorder left them beside the recording.
    pub spec: Option<InstrumentSpec>,
    /// The kinds of streams it begins with, as in a stream's name: `depth`, `trade`, ...
    pub streams: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Envelope {
    stream: String,
    data: Payload,
}

/// The keys that tell the markets apart; what else there is does not matter here.
#[derive(Deserialize)]
struct Payload {
    e: Option<String>,
    s: Option<String>,
    ps: Option<String>,
    pu: Option<u64>,
    #[serde(rename = "U")]
    first: Option<u64>,
    u: Option<u64>,
}

impl CaptureFacts {
    /// Looks into the beginning of a recording.
    ///
    /// # Errors
    /// [`CaptureError`] of its lines, [`CaptureError::Unrecognised`] when none of them tells.
    pub fn read(path: &Path) -> Result<Self, CaptureError> {
        let specs = sidecar::read(path)?;
        let mut reader = CaptureReader::open(path)?;
        let (mut told, mut streams) = (None, BTreeSet::new());
        for _ in 0..LINES {
            // What is wrong further on is for whoever plays it.
            let line = match reader.next_line() {
                Ok(Some(line)) => line,
                Err(error) if told.is_none() => return Err(error),
                Ok(None) | Err(_) => break,
            };
            let Ok(Envelope { stream, data }) = serde_json::from_slice(line.text) else { continue };
            streams.extend(stream.split('@').nth(1).map(str::to_owned));
            told = told.or_else(|| data.tell());
        }
        let Some((market, symbol)) = told else {
            let reason = "no depth or best-price frame in its first lines tells market and symbol";
            let path = path.to_owned();
            return Err(CaptureError::Unrecognised { path, reason: reason.to_owned() });
        };
        let is_it = |one: &InstrumentSpec| one.market == market && one.symbol == symbol;
        let spec = specs.into_iter().find(is_it);
        Ok(Self { market, symbol, spec, streams })
    }
}

impl Payload {
    fn tell(self) -> Option<(Market, String)> {
        let symbol = self.s?;
        let is_depth = self.e.as_deref() == Some("depthUpdate") && self.first.is_some();
        // Best prices carry an event type on futures only.
        let is_quote = self.u.is_some() && matches!(self.e.as_deref(), None | Some("bookTicker"));
        if !is_depth && !is_quote {
            return None;
        }
        let futures = if is_depth { self.pu.is_some() } else { self.e.is_some() };
        let inverse = symbol.contains('_') && self.ps.is_some_and(|pair| pair != symbol);
        let market = match (futures, inverse) {
            (false, _) => Market::Spot,
            (true, false) => Market::LinearPerpetual,
            (true, true) => Market::InversePerpetual,
        };
        Some((market, symbol))
    }
}
