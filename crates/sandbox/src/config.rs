//! What a sandbox should be like.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use domain::{Market, Timestamp, instrument::InstrumentSpec};
use venues::binance::known_instruments::known_instruments;

use crate::binance::{faults::FaultScript, keys::Keys};

/// How fast a recording is played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// So many times as fast as it was recorded.
    Times(f64),
    /// As fast as the listeners read; nothing is dropped.
    Max,
}

/// Where the market comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum MarketSource {
    /// Made up.
    Simulated {
        /// Decides everything random.
        seed: u64,
        /// Book changes a second and instrument, roughly.
        rate: u32,
    },
    /// Played from recordings, merged by receive time.
    Capture {
        /// The files.
        files: Vec<PathBuf>,
        /// How fast.
        speed: Speed,
        /// Whether it starts again at the end.
        repeat: Repeat,
    },
}

/// What follows the end of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// The streams are closed.
    Once,
    /// It starts again, after the connections were closed: the sequence numbers go back.
    Forever,
}

/// Faults, for testing clients. None by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mischief {
    /// Every connection is dropped without a goodbye after this time.
    pub hang_up_every: Option<Duration>,
    /// After so many frames an unreadable one is sent.
    pub garbage_every: Option<u32>,
}

/// What a sandbox should be like.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// Where to listen; port 0 chooses a free one.
    pub listen: SocketAddr,
    /// Where the market comes from.
    pub source: MarketSource,
    /// What is traded. Empty: the instruments of the recording, or the four default ones.
    pub instruments: Vec<InstrumentSpec>,
    /// The simulated market's time when it starts; the wall clock's when `None`.
    pub start: Option<Timestamp>,
    /// Faults of connections.
    pub mischief: Mischief,
    /// Accounts and their keys.
    pub keys: Keys,
    /// Faults of everything.
    pub faults: FaultScript,
    /// The folder in which accounts and orders survive a restart.
    pub store: Option<PathBuf>,
}

impl Default for SandboxConfig {
    /// BTC and ETH, spot and USD-M, simulated, on a free port of loopback.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            source: MarketSource::Simulated { seed: 1, rate: 200 },
            instruments: Vec::new(),
            start: None,
            mischief: Mischief::default(),
            keys: Keys::default(),
            faults: FaultScript::default(),
            store: None,
        }
    }
}

/// BTCUSDT and ETHUSDT, spot and USD-M, with the real venue's steps.
#[must_use]
pub fn default_instruments() -> Vec<InstrumentSpec> {
    let tradable = |spec: &InstrumentSpec| spec.market != Market::InversePerpetual;
    known_instruments().into_iter().filter(tradable).collect()
}
