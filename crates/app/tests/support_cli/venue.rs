//! A local venue for `run` and `record`, in the place of the real one.

use sandbox::{MarketSource, Sandbox, SandboxConfig, SandboxHandle};

use super::Program;

/// A simulated market that listens on a free port until it is dropped.
pub(crate) fn simulated(seed: u64) -> SandboxHandle {
    start(SandboxConfig {
        source: MarketSource::Simulated { seed, rate: 300 },
        ..SandboxConfig::default()
    })
}

/// A venue of a test's own making.
pub(crate) fn start(config: SandboxConfig) -> SandboxHandle {
    Sandbox::start(config).expect("loopback has a free port")
}

/// The variables that put this venue in the place of the real one, and the pages on a free port.
pub(crate) fn variables(venue: &SandboxHandle) -> Vec<(&'static str, String)> {
    let urls = venue.urls();
    vec![
        ("ALGOPIONEER__VENUE__BINANCE__SPOT_REST", urls.spot_rest.clone()),
        ("ALGOPIONEER__VENUE__BINANCE__SPOT_WS", urls.spot_ws.clone()),
        ("ALGOPIONEER__VENUE__BINANCE__FUTURES_REST", urls.futures_rest.clone()),
        ("ALGOPIONEER__VENUE__BINANCE__FUTURES_WS_PUBLIC", urls.futures_ws_public.clone()),
        ("ALGOPIONEER__VENUE__BINANCE__FUTURES_WS_MARKET", urls.futures_ws_market.clone()),
        ("ALGOPIONEER__VENUE__BINANCE__FUTURES_WS_PRIVATE", urls.futures_ws_private.clone()),
        ("ALGOPIONEER__HTTP__LISTEN", "127.0.0.1:0".to_owned()),
    ]
}

impl Program {
    /// Connects to this venue.
    pub(crate) fn at(self, venue: &SandboxHandle) -> Self {
        variables(venue).iter().fold(self, |program, (name, value)| program.with(name, value))
    }
}
