//! Helper threads that GET what a translator asks for.
//!
//! Requests of one host keep a distance, and a host that asks us to wait is left alone: until
//! then requests are answered "throttled" at once instead of piling up. A server's failure is
//! "unanswered", never "refused": the outcome decides what the translator does next.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use domain::Span;
use mio::Waker;
use ureq::{
    Agent,
    http::{HeaderMap, Uri},
    tls::{Certificate, RootCerts, TlsConfig, TlsProvider},
};

use super::{TrustedRoots, WireError};
use crate::venue::{FetchError, Request};

/// Bounds of the REST side.
#[derive(Clone, Debug)]
pub struct FetchLimits {
    /// The whole request, from the name look-up to the last byte.
    pub total: Duration,
    /// Opening the connection.
    pub connect: Duration,
    /// Longest body accepted, in bytes.
    pub body_bytes: u64,
    /// Shortest distance between two requests to one host.
    pub min_interval: Duration,
    /// Pause after a refusal for too many requests that does not say how long to wait.
    pub default_pause: Duration,
    /// The response header in which the venue counts our weight of the running minute, and
    /// the count from which on we leave it alone for a while.
    pub used_weight: Option<(String, u64)>,
    /// Most requests waiting; more are answered "unanswered" at once.
    pub waiting: usize,
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self {
            total: Duration::from_secs(10),
            connect: Duration::from_secs(5),
            body_bytes: 16 << 20,
            min_interval: Duration::from_millis(100),
            default_pause: Duration::from_mins(1),
            used_weight: None,
            waiting: 64,
        }
    }
}

/// A request and how it went.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) request: Request,
    pub(super) body: Result<Vec<u8>, FetchError>,
}

/// A few threads that fetch.
pub(super) struct Fetcher {
    requests: SyncSender<(Request, String)>,
    answers: Receiver<Fetched>,
}

impl Fetcher {
    pub(super) fn start(
        limits: &FetchLimits,
        roots: &TrustedRoots,
        threads: usize,
        waker: &Arc<Waker>,
    ) -> Result<Self, WireError> {
        let (requests, inbox) = sync_channel(limits.waiting.max(1));
        let (outbox, answers) = sync_channel(limits.waiting.max(1));
        let inbox = Arc::new(Mutex::new(inbox));
        let worker = Arc::new(Worker::new(limits.clone(), roots));
        for index in 0..threads.max(1) {
            let (worker, inbox) = (Arc::clone(&worker), Arc::clone(&inbox));
            let (outbox, waker) = (outbox.clone(), Arc::clone(waker));
            thread::Builder::new()
                .name(format!("wire-fetch-{index}"))
                .spawn(move || worker.serve(&inbox, &outbox, &waker))
                .map_err(|source| WireError::System { action: "start a thread", source })?;
        }
        Ok(Self { requests, answers })
    }

    /// Asks for `url`. Gives the request back when too many wait.
    pub(super) fn fetch(&self, request: Request, url: String) -> Result<(), Request> {
        self.requests.try_send((request, url)).map_err(|error| match error {
            TrySendError::Full((request, _)) | TrySendError::Disconnected((request, _)) => request,
        })
    }

    /// An answer, if there is one.
    pub(super) fn finished(&self) -> Result<Option<Fetched>, WireError> {
        match self.answers.try_recv() {
            Ok(fetched) => Ok(Some(fetched)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(WireError::HelperGone("fetcher")),
        }
    }
}

/// What a host answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The body.
    pub body: Vec<u8>,
    /// What the host says it is.
    pub server: Option<String>,
}

/// Gets one address and waits for it: for the start of a session, never for a thread that
/// trades.
///
/// # Errors
/// [`FetchError`], by what to do next.
pub fn get_once(
    url: &str,
    limits: &FetchLimits,
    roots: &TrustedRoots,
) -> Result<Answer, FetchError> {
    Worker::new(limits.clone(), roots).ask(url)
}

/// What is known about one host.
#[derive(Clone, Copy, Debug, Default)]
struct Host {
    next_slot: Option<Instant>,
    closed_until: Option<Instant>,
}

/// Carries out requests; shared by the threads.
pub(super) struct Worker {
    agent: Agent,
    limits: FetchLimits,
    hosts: Mutex<BTreeMap<String, Host>>,
}

impl Worker {
    pub(super) fn new(limits: FetchLimits, roots: &TrustedRoots) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(provider);
        if !roots.extra().is_empty() {
            let certificates: Vec<_> = roots
                .extra()
                .iter()
                .map(|certificate| Certificate::from_der(certificate.as_ref()).to_owned())
                .collect();
            tls = tls.root_certs(RootCerts::new_with_certs(&certificates));
        }
        let agent = Agent::config_builder()
            .tls_config(tls.build())
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(limits.total))
            .timeout_connect(Some(limits.connect))
            .user_agent(concat!("algopioneer/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Self { agent, limits, hosts: Mutex::default() }
    }

    /// Runs until the fetcher is dropped.
    fn serve(
        &self,
        inbox: &Mutex<Receiver<(Request, String)>>,
        outbox: &SyncSender<Fetched>,
        waker: &Waker,
    ) {
        loop {
            let next = inbox.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok((request, url)) = next else { return };
            let body = self.get(&url);
            if outbox.send(Fetched { request, body }).is_err() {
                return;
            }
            // A waker that fails costs one poll interval, nothing else.
            let _ = waker.wake();
        }
    }

    /// Gets `url`, waiting for its turn and for the answer.
    pub(super) fn get(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        self.ask(url).map(|answer| answer.body)
    }

    fn ask(&self, url: &str) -> Result<Answer, FetchError> {
        let host = host_of(url)?;
        thread::sleep(self.turn(&host)?);
        let mut response = self.agent.get(url).call().map_err(|error| unanswered(&error))?;
        let status = response.status().as_u16();
        self.note_weight(&host, response.headers());
        let asked_pause = retry_after(response.headers());
        let server = response.headers().get("server").and_then(|value| value.to_str().ok());
        let server = server.map(str::to_owned);
        if matches!(status, 418 | 429) || (status == 503 && asked_pause.is_some()) {
            let pause = asked_pause.unwrap_or(self.limits.default_pause);
            return Err(self.leave_alone(&host, pause));
        }
        let body = response
            .body_mut()
            .with_config()
            .limit(self.limits.body_bytes)
            .read_to_vec()
            .map_err(|error| unanswered(&error))?;
        match status {
            200..=299 => Ok(Answer { body, server }),
            500.. => Err(FetchError::Unanswered { reason: format!("HTTP status {status}") }),
            _ => Err(FetchError::Refused { status, reason: beginning(&body) }),
        }
    }

    /// Books the next slot of a host and says how far away it is.
    fn turn(&self, host: &str) -> Result<Duration, FetchError> {
        let now = Instant::now();
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let state = hosts.entry(host.to_owned()).or_default();
        if let Some(until) = state.closed_until.filter(|until| *until > now) {
            return Err(FetchError::Throttled { retry_after: span(until - now) });
        }
        let slot = state.next_slot.map_or(now, |slot| slot.max(now));
        state.next_slot = Some(slot + self.limits.min_interval);
        Ok(slot - now)
    }

    fn leave_alone(&self, host: &str, pause: Duration) -> FetchError {
        tracing::warn!(host, seconds = pause.as_secs(), "the venue asks us to wait");
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.entry(host.to_owned()).or_default().closed_until = Some(Instant::now() + pause);
        FetchError::Throttled { retry_after: span(pause) }
    }

    fn note_weight(&self, host: &str, headers: &HeaderMap) {
        let Some((name, most)) = &self.limits.used_weight else { return };
        let used = headers.get(name).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if used.is_some_and(|used| used >= *most) {
            // The count is of the running minute, which ends in 60 s at the latest.
            self.leave_alone(host, Duration::from_mins(1));
        }
    }
}

fn host_of(url: &str) -> Result<String, FetchError> {
    let bad = || FetchError::Refused { status: 0, reason: "the address is not a URL".into() };
    let uri: Uri = url.parse().map_err(|_| bad())?;
    uri.authority().map(|authority| authority.as_str().to_owned()).ok_or_else(bad)
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get("retry-after")?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

fn unanswered(error: &ureq::Error) -> FetchError {
    FetchError::Unanswered { reason: error.to_string() }
}

fn span(duration: Duration) -> Span {
    Span::from_nanos(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX))
}

fn beginning(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned()
}
