//! Starting and stopping: the listener, the runtime and the market's thread.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    thread::{self, JoinHandle},
    time::Duration,
};

use axum::{
    Router,
    extract::{Path, Query, State, WebSocketUpgrade},
    http::{HeaderValue, header::SERVER},
    middleware::{from_fn_with_state, map_response},
    response::Response,
    routing::get,
};
use domain::{Instruments, Timestamp};
use tokio::{net::TcpListener, runtime::Runtime, sync::oneshot};

use crate::{
    archive::{self, ArchiveFaults, Past},
    binance::{
        faults::FaultRule,
        hub::{Hub, WhenFull},
        rest,
        session::{self, Entry},
        streams::{DepthPace, Root},
    },
    config::{MarketSource, SandboxConfig, Speed, default_instruments},
    error::SandboxError,
    market::Floor,
    pacing::{self, Begin, Signal},
    recorded::Recording,
    simulated::{Simulation, SimulationConfig},
    store::Store,
    venue::{Parts, Venue, wall_millis},
    virtual_venue::{self, Setup},
};

/// The base addresses of a running sandbox, as a client is configured with them.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SandboxUrls {
    /// Spot REST.
    pub spot_rest: String,
    /// Spot streams.
    pub spot_ws: String,
    /// USD-M REST.
    pub futures_rest: String,
    /// USD-M books and quotes.
    pub futures_ws_public: String,
    /// USD-M trades and mark prices.
    pub futures_ws_market: String,
    /// USD-M user data, by listen key.
    pub futures_ws_private: String,
    /// Spot requests and user data.
    pub spot_ws_api: String,
    /// COIN-M REST.
    pub coin_rest: String,
    /// COIN-M streams.
    pub coin_ws: String,
}

impl SandboxUrls {
    fn new(address: SocketAddr) -> Self {
        let rest = format!("http://{address}");
        let root = |path: &str| format!("ws://{address}{path}");
        Self {
            spot_rest: rest.clone(),
            spot_ws: root(""),
            futures_rest: rest.clone(),
            futures_ws_public: root("/public"),
            futures_ws_market: root("/market"),
            futures_ws_private: root("/private"),
            spot_ws_api: root("/ws-api/v3"),
            coin_rest: rest,
            coin_ws: root("/coin"),
        }
    }
}

/// How the sandbox names itself in the `server` header of every answer; `simulated seed=N` or
/// `recorded` follows.
pub const SERVER_NAME: &str = "algopioneer-sandbox";

/// Counts of a sandbox since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct SandboxStats {
    /// Connections accepted.
    pub connections: u64,
    /// Frames handed to connections.
    pub frames: u64,
    /// Connections cut off because they read too slowly.
    pub slow_consumers: u64,
}

/// Starts sandboxes.
pub struct Sandbox;

impl Sandbox {
    /// Starts a venue and returns when it accepts connections.
    ///
    /// # Errors
    /// [`SandboxError`]; nothing runs then.
    pub fn start(config: SandboxConfig) -> Result<SandboxHandle, SandboxError> {
        let listen = config.listen;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .max_blocking_threads(8)
            .thread_name("sandbox")
            .enable_all()
            .build()
            .map_err(SandboxError::NoThread)?;
        let listener = runtime
            .block_on(TcpListener::bind(listen))
            .map_err(|error| cannot_listen(listen, error))?;
        let address = listener.local_addr().map_err(|error| cannot_listen(listen, error))?;
        let label = label(&config.source);
        let (venue, pace) = build(config)?;
        let venue = Arc::new(venue);
        let signal = Arc::new(Signal::default());
        let (stop_serving, stopped) = oneshot::channel::<()>();
        let past = from_fn_with_state(Arc::clone(&venue.archive), archive::guard);
        let router =
            routes(&venue).layer(past).layer(map_response(move |mut response: Response| {
                response.headers_mut().insert(SERVER, label.clone());
                std::future::ready(response)
            }));
        runtime.spawn(async move {
            let server = axum::serve(listener, router);
            tokio::select! {
                biased;
                _ = stopped => {}
                result = std::future::IntoFuture::into_future(server) => {
                    if let Err(error) = result {
                        tracing::error!(%error, "the sandbox stopped listening");
                    }
                }
            }
        });
        let market = thread::Builder::new()
            .name("sandbox-market".into())
            .spawn({
                let (venue, signal) = (Arc::clone(&venue), Arc::clone(&signal));
                move || pacing::run(&venue, pace.speed, pace.begin, &signal)
            })
            .map_err(SandboxError::NoThread)?;
        Ok(SandboxHandle {
            urls: SandboxUrls::new(address),
            address,
            venue,
            signal,
            market: Some(market),
            stop_serving: Some(stop_serving),
            runtime: Some(runtime),
        })
    }
}

/// What the sandbox calls itself in every answer, so that nobody takes it for a real venue.
fn label(source: &MarketSource) -> HeaderValue {
    let market = match source {
        MarketSource::Simulated { seed, .. } => format!("simulated seed={seed}"),
        MarketSource::Capture { .. } => "recorded".to_owned(),
    };
    HeaderValue::try_from(format!("{SERVER_NAME} {market}"))
        .unwrap_or(HeaderValue::from_static(SERVER_NAME))
}

fn cannot_listen(address: SocketAddr, source: io::Error) -> SandboxError {
    if source.kind() == io::ErrorKind::AddrInUse {
        SandboxError::AddressInUse { address }
    } else {
        SandboxError::CannotListen { address, source }
    }
}

struct Pace {
    speed: Speed,
    begin: Begin,
}

fn build(config: SandboxConfig) -> Result<(Venue, Pace), SandboxError> {
    let past = match &config.source {
        MarketSource::Simulated { seed, .. } => Some(Past { seed: *seed }),
        MarketSource::Capture { .. } => None,
    };
    let (instruments, market, when_full, depth_pace, pace): (_, Box<dyn Floor>, _, _, _) =
        match config.source {
            MarketSource::Simulated { seed, rate } => {
                let specs = config.instruments;
                let specs = if specs.is_empty() { default_instruments() } else { specs };
                let instruments = Instruments::new(specs)?;
                let start = config.start.unwrap_or_else(|| Timestamp::from_millis(wall_millis()));
                let setup = SimulationConfig { seed, rate, start };
                let market = Box::new(Simulation::new(setup, &instruments));
                let pace = Pace { speed: Speed::Times(1.0), begin: Begin::Now };
                (instruments, market, WhenFull::CutOff, DepthPace::Batched, pace)
            }
            MarketSource::Capture { files, speed, repeat } => {
                let recording = Recording::open(&files, &config.instruments, repeat)?;
                let full = if speed == Speed::Max { WhenFull::Wait } else { WhenFull::CutOff };
                let pace = Pace { speed, begin: Begin::WithListeners };
                let instruments = recording.instruments().clone();
                (instruments, Box::new(recording), full, DepthPace::AsRecorded, pace)
            }
        };
    if instruments.is_empty() {
        return Err(SandboxError::NoInstrument);
    }
    let hub = Hub::new(when_full);
    let mischief = config.mischief;
    let seed = past.map_or(0, |past| past.seed);
    let setup = Setup { keys: &config.keys, faults: config.faults, seed, past };
    let (store, state) = match &config.store {
        None => (None, None),
        Some(folder) => {
            let (store, state) = Store::open(folder)
                .map_err(|source| SandboxError::Store { folder: folder.clone(), source })?;
            (Some(store), state)
        }
    };
    let core = virtual_venue::core(&instruments, market, setup, state)?;
    let parts = Parts { instruments, core, store, hub, depth_pace, mischief, past };
    Ok((Venue::new(parts), pace))
}

fn routes(venue: &Arc<Venue>) -> Router {
    let mut router = rest::routes(venue)
        .merge(archive::file_routes(venue))
        .merge(archive::coinbase_routes(venue));
    for (prefix, root) in [
        ("", Root::Spot),
        ("/public", Root::Public),
        ("/market", Root::Market),
        ("/coin", Root::CoinMargined),
    ] {
        let bare = move |upgrade: WebSocketUpgrade, State(venue): State<Arc<Venue>>| async move {
            enter(upgrade, venue, Entry { root, combined: false, names: Vec::new() })
        };
        let raw = move |upgrade: WebSocketUpgrade,
                        Path(names): Path<String>,
                        State(venue): State<Arc<Venue>>| async move {
            enter(upgrade, venue, Entry { root, combined: false, names: split(&names) })
        };
        let combined = move |upgrade: WebSocketUpgrade,
                             Query(pairs): Query<Vec<(String, String)>>,
                             State(venue): State<Arc<Venue>>| async move {
            let streams = pairs.iter().find(|(key, _)| key == "streams");
            let names = streams.map_or_else(Vec::new, |(_, names)| split(names));
            enter(upgrade, venue, Entry { root, combined: true, names })
        };
        router = router.merge(
            Router::new()
                .route(&format!("{prefix}/ws"), get(bare))
                .route(&format!("{prefix}/ws/{{*names}}"), get(raw))
                .route(&format!("{prefix}/stream"), get(combined))
                .with_state(Arc::clone(venue)),
        );
    }
    router
}

fn split(names: &str) -> Vec<String> {
    names.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn enter(upgrade: WebSocketUpgrade, venue: Arc<Venue>, entry: Entry) -> Response {
    upgrade
        .max_message_size(64 << 10)
        .on_upgrade(move |socket| session::serve(socket, venue, entry))
}

/// A running sandbox. Dropping it stops it.
pub struct SandboxHandle {
    urls: SandboxUrls,
    address: SocketAddr,
    venue: Arc<Venue>,
    signal: Arc<Signal>,
    market: Option<JoinHandle<()>>,
    stop_serving: Option<oneshot::Sender<()>>,
    runtime: Option<Runtime>,
}

impl SandboxHandle {
    /// Where to connect.
    #[must_use]
    pub const fn urls(&self) -> &SandboxUrls {
        &self.urls
    }

    /// The address it listens on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What is traded.
    #[must_use]
    pub fn instruments(&self) -> &Instruments {
        &self.venue.instruments
    }

    /// Whether a recording has been played to its end.
    #[must_use]
    pub fn finished(&self) -> bool {
        self.signal.is_finished()
    }

    /// Why a recording ended before its end, if it did.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.signal.failure()
    }

    /// Counts since the start.
    #[must_use]
    pub fn stats(&self) -> SandboxStats {
        let counts = &self.venue.hub.counts;
        SandboxStats {
            connections: counts.connections.load(Ordering::Relaxed),
            frames: counts.frames.load(Ordering::Relaxed),
            slow_consumers: counts.slow_consumers.load(Ordering::Relaxed),
        }
    }

    /// Changes how answers about the past misbehave.
    pub fn set_archive_faults(&self, faults: ArchiveFaults) {
        self.venue.archive.set(faults);
    }

    /// The latest requests about the past, oldest first: paths with their queries.
    #[must_use]
    pub fn asked_about_the_past(&self) -> Vec<String> {
        self.venue.archive.asked()
    }

    /// Adds a fault to the script; it strikes as its rule says.
    pub fn add_fault(&self, rule: FaultRule) {
        self.venue.with_core(|core, _| core.faults.add(rule));
    }

    /// Announces a shutdown on spot connections, as the venue does some time before it ends
    /// them. Nothing else happens.
    pub fn announce_shutdown(&self) {
        self.venue.hub.announce_shutdown(wall_millis());
    }

    /// Announces the end, says goodbye on every connection and stops everything.
    pub fn stop(mut self) {
        self.halt();
    }

    fn halt(&mut self) {
        self.announce_shutdown();
        self.signal.stop();
        self.venue.hub.close_all();
        self.venue.close_mail();
        if let Some(stop) = self.stop_serving.take() {
            // An error means that the server has ended by itself.
            let _ = stop.send(());
        }
        if let Some(runtime) = self.runtime.take() {
            runtime.block_on(goodbyes(&self.venue));
            runtime.shutdown_timeout(Duration::from_secs(1));
        }
        if let Some(market) = self.market.take()
            && market.join().is_err()
        {
            tracing::error!("the market's thread panicked");
        }
    }
}

/// Gives the sessions a moment to say goodbye.
async fn goodbyes(venue: &Venue) {
    let everybody_left = async {
        while venue.hub.sessions() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    // Those who do not read are not waited for.
    let _ = tokio::time::timeout(Duration::from_secs(1), everybody_left).await;
}

impl Drop for SandboxHandle {
    fn drop(&mut self) {
        self.halt();
    }
}
