//! Real requests, the real clock and Ctrl-C for downloads.
//!
//! `history` plans and checks; here are the socket and the clock that it is given.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::Context as _;
use history::download::{Answer, Http, Surroundings};
use ureq::{
    Agent,
    http::HeaderMap,
    tls::{TlsConfig, TlsProvider},
};

use crate::command::Failure;

const CONNECT: Duration = Duration::from_secs(10);
/// Until the head of an answer is there.
const HEAD: Duration = Duration::from_secs(30);
/// Until the last byte of a file is there; a month of trades has gigabytes.
const BODY: Duration = Duration::from_hours(2);
/// How often a wait looks whether somebody interrupts.
const LOOK: Duration = Duration::from_millis(50);
/// How long an interrupted download may take to end in order.
const GRACE: Duration = Duration::from_secs(1);

/// Asks over the network.
pub(super) struct Web {
    agent: Agent,
}

impl Web {
    pub(super) fn new() -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(provider)
            .build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(HEAD))
            .timeout_recv_body(Some(BODY))
            .user_agent(concat!("algopioneer/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Self { agent }
    }
}

impl Http for Web {
    fn get(&mut self, url: &str) -> Result<Answer, String> {
        let response = self.agent.get(url).call().map_err(|error| error.to_string())?;
        let status = response.status().as_u16();
        let headers = response.headers();
        let retry_after = number(headers, "retry-after").map(Duration::from_secs);
        let used = number(headers, "x-mbx-used-weight-1m");
        let used_weight = used.map(|used| u32::try_from(used).unwrap_or(u32::MAX));
        let body = Box::new(response.into_body().into_reader());
        Ok(Answer { status, retry_after, used_weight, body })
    }
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// The clock of this machine, and a person at the keyboard.
pub(super) struct Real {
    start: Instant,
    interrupt: Interrupt,
}

impl Real {
    pub(super) fn new(interrupt: Interrupt) -> Self {
        Self { start: Instant::now(), interrupt }
    }
}

impl Surroundings for Real {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn wait(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while !self.stopped() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            thread::sleep(left.min(LOOK));
        }
    }

    fn jitter(&mut self, most: Duration) -> Duration {
        // Enough to keep machines that failed together from coming back together.
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().subsec_nanos();
        most.mul_f64(f64::from(nanos % 1_000_000) / 1e6)
    }

    fn stopped(&self) -> bool {
        self.interrupt.asked.load(Ordering::Relaxed)
    }
}

/// Whether somebody pressed Ctrl-C, and whether the catalogue is being written.
#[derive(Clone, Default)]
pub(super) struct Interrupt {
    asked: Arc<AtomicBool>,
    importing: Arc<AtomicBool>,
}

impl Interrupt {
    /// Listens for SIGINT and SIGTERM. A venue that does not answer holds nobody up: files are
    /// complete or have no name, so that the process may end at any moment outside an import.
    pub(super) fn listen() -> Result<Self, Failure> {
        let interrupt = Self::default();
        let names = [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM];
        let mut signals =
            signal_hook::iterator::Signals::new(names).context("cannot listen for signals")?;
        let heard = interrupt.clone();
        thread::Builder::new()
            .name("interrupts".into())
            .spawn(move || {
                if signals.forever().next().is_some() {
                    heard.end();
                }
            })
            .context("cannot start a thread")?;
        Ok(interrupt)
    }

    pub(super) fn importing(&self, importing: bool) {
        self.importing.store(importing, Ordering::SeqCst);
    }

    fn end(&self) {
        self.asked.store(true, Ordering::SeqCst);
        thread::sleep(GRACE);
        while self.importing.load(Ordering::SeqCst) {
            thread::sleep(LOOK);
        }
        // The command itself ends in order, unless it waits for the venue.
        thread::sleep(LOOK);
        std::process::exit(i32::from(Failure::Interrupted.exit_code()));
    }
}
