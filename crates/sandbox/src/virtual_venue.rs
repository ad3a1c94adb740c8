//! The whole venue without sockets and without a clock, for simulations.
//!
//! The caller says what time it is; the same seed, times, bytes and faults give the same
//! bytes. Frames of public streams and of accounts travel the same way.

use std::collections::BTreeMap;

use domain::{Instruments, Span, Timestamp, instrument::InstrumentSpec};
use serde_json::Value;

use crate::{
    archive::Past,
    binance::{
        control::{self, Command},
        core::{Core, Reply},
        faults::{FaultRule, FaultScript, Faults},
        http::HttpRequest,
        keys::Keys,
        sockets::{Outgoing, Sent},
        streams::{self, DepthPace, Root},
    },
    config::default_instruments,
    error::SandboxError,
    market::{Floor, Nobody, Outlet, Stream},
    simulated::{Simulation, SimulationConfig},
    trading::{Exchange, State, account::Account, account::Balance},
};

/// Numbers of public connections begin here; those of accounts are smaller.
const FIRST_PUBLIC: u64 = 1 << 32;

/// What belongs to the core, apart from its market.
pub(crate) struct Setup<'a> {
    pub(crate) keys: &'a Keys,
    pub(crate) faults: FaultScript,
    pub(crate) seed: u64,
    pub(crate) past: Option<Past>,
}

/// Puts accounts, keys and faults on a market.
pub(crate) fn core(
    instruments: &Instruments,
    floor: Box<dyn Floor>,
    setup: Setup<'_>,
    state: Option<State>,
) -> Result<Core, SandboxError> {
    let keys = setup.keys.unlock().map_err(SandboxError::Keys)?;
    let mut state = state.unwrap_or_default();
    let known = state.accounts.len();
    for entry in setup.keys.account.iter().skip(known) {
        let balance = |(asset, free): (&String, &rust_decimal::Decimal)| {
            (asset.clone(), Balance { free: *free, ..Balance::default() })
        };
        state.accounts.push(Account {
            name: entry.name.clone(),
            spot: entry.spot.iter().map(balance).collect(),
            wallets: entry.futures.clone(),
            ..Account::default()
        });
    }
    let faults = Faults::new(setup.faults, setup.seed, floor.now().as_millis());
    let mut exchange = Exchange::new(instruments.clone(), floor, state);
    // Whatever an account does later, its first money is kept.
    exchange.changes.accounts = (known..exchange.state.accounts.len()).collect();
    exchange.reopen(&mut Nobody);
    Ok(Core::new(exchange, setup.past, keys, faults))
}

/// How a virtual venue is set up.
#[derive(Clone, Debug)]
pub struct VirtualConfig {
    /// Decides everything random.
    pub seed: u64,
    /// Book changes a second and instrument, roughly.
    pub rate: u32,
    /// Its first moment.
    pub start: Timestamp,
    /// What is traded; empty for the default ones.
    pub instruments: Vec<InstrumentSpec>,
    /// Accounts and keys.
    pub keys: Keys,
    /// What goes wrong.
    pub faults: FaultScript,
}

/// A public connection.
#[derive(Debug)]
struct Listener {
    root: Root,
    combined: bool,
    names: BTreeMap<String, Option<Stream>>,
}

/// The public frames of one step.
struct Frames<'a> {
    listeners: &'a BTreeMap<u64, Listener>,
    frames: Vec<(Stream, String)>,
}

impl Outlet for Frames<'_> {
    fn wants(&self, stream: Stream) -> bool {
        self.listeners.values().any(|one| one.names.values().any(|name| *name == Some(stream)))
    }

    fn publish(&mut self, stream: Stream, frame: &str) {
        self.frames.push((stream, frame.to_owned()));
    }
}

/// The venue as a state machine.
///
/// ```
/// use domain::Timestamp;
/// use sandbox::{FaultScript, Keys, VirtualConfig, VirtualVenue};
/// let start = Timestamp::from_millis(1_700_000_000_000);
/// let mut venue = VirtualVenue::new(VirtualConfig {
///     seed: 1, rate: 50, start, instruments: Vec::new(),
///     keys: Keys::default(), faults: FaultScript::default(),
/// })?;
/// let reply = venue.handle(b"GET /api/v3/ping HTTP/1.1\r\n\r\n", start);
/// assert_eq!((reply.response.status, reply.response.body.as_str()), (200, "{}"));
/// # Ok::<(), sandbox::SandboxError>(())
/// ```
pub struct VirtualVenue {
    core: Core,
    instruments: Instruments,
    start: Timestamp,
    listeners: BTreeMap<u64, Listener>,
    next: u64,
    ready: Vec<Outgoing>,
}

impl VirtualVenue {
    /// A venue in its first moment.
    ///
    /// # Errors
    /// [`SandboxError::Keys`], [`SandboxError::Instruments`].
    pub fn new(config: VirtualConfig) -> Result<Self, SandboxError> {
        let VirtualConfig { seed, rate, start, instruments, keys, faults } = config;
        let specs = if instruments.is_empty() { default_instruments() } else { instruments };
        let instruments = Instruments::new(specs)?;
        let market = Simulation::new(SimulationConfig { seed, rate, start }, &instruments);
        let setup = Setup { keys: &keys, faults, seed, past: Some(Past { seed }) };
        let core = core(&instruments, Box::new(market), setup, None)?;
        let (listeners, next) = (BTreeMap::new(), FIRST_PUBLIC);
        Ok(Self { core, instruments, start, listeners, next, ready: Vec::new() })
    }

    fn with_core<T>(&mut self, work: impl FnOnce(&mut Core, &mut dyn Outlet) -> T) -> T {
        let mut outlet = Frames { listeners: &self.listeners, frames: Vec::new() };
        let result = work(&mut self.core, &mut outlet);
        let frames = outlet.frames;
        for (stream, frame) in frames {
            self.publish(stream, &frame);
        }
        self.ready.append(&mut self.core.sockets.outgoing);
        self.core.exchange.settle_changes();
        result
    }

    fn publish(&mut self, stream: Stream, frame: &str) {
        let now = self.core.exchange.now();
        let bent = self.core.faults.bend(stream.channel.name(), frame, now);
        let mut gone = Vec::new();
        for (connection, listener) in &self.listeners {
            let names = listener.names.iter().filter(|(_, own)| **own == Some(stream));
            for (name, _) in names {
                for (after_millis, frame) in &bent.frames {
                    let text = if listener.combined {
                        format!("{{\"stream\":\"{name}\",\"data\":{frame}}}")
                    } else {
                        frame.clone()
                    };
                    let (connection, after_millis) = (*connection, *after_millis);
                    self.ready.push(Outgoing { connection, sent: Sent::Text(text), after_millis });
                }
                if bent.hang_up {
                    gone.push(*connection);
                }
            }
        }
        for connection in gone {
            self.listeners.remove(&connection);
            self.ready.push(Outgoing { connection, sent: Sent::HangUp, after_millis: 0 });
        }
    }

    /// Lets time pass. Returns what connections are sent, in order.
    pub fn advance(&mut self, now: Timestamp) -> Vec<Outgoing> {
        self.pass_time(now);
        std::mem::take(&mut self.ready)
    }

    /// Lets time pass; what is sent waits for [`Self::advance`].
    fn pass_time(&mut self, now: Timestamp) {
        let elapsed = now.since(self.start).max(Span::ZERO);
        self.with_core(|core, outlet| core.run_until(elapsed, outlet));
    }

    /// Answers the bytes of one whole HTTP/1.1 request. Frames it causes come with the next
    /// [`Self::advance`].
    pub fn handle(&mut self, request: &[u8], now: Timestamp) -> Reply {
        let Some(request) = HttpRequest::read(request) else {
            let mut reply = Reply::default();
            reply.response.status = 400;
            return reply;
        };
        self.request(&request, now)
    }

    /// As [`Self::handle`], for a request that was parsed.
    pub fn request(&mut self, request: &HttpRequest, now: Timestamp) -> Reply {
        self.pass_time(now);
        self.with_core(|core, outlet| core.handle(request, outlet))
    }

    /// Opens a WebSocket connection for a path with its query, `/ws-api/v3` for one. `None`
    /// when the venue turns it away.
    pub fn connect(&mut self, target: &str, now: Timestamp) -> Option<u64> {
        self.pass_time(now);
        if let Some(connection) = self.core.open(target) {
            return Some(connection);
        }
        if now.as_millis() < self.core.sockets.refuse_until {
            return None;
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let roots =
            [("/public", Root::Public), ("/market", Root::Market), ("/coin", Root::CoinMargined)];
        let found =
            roots.iter().find_map(|(prefix, root)| Some((path.strip_prefix(prefix)?, *root)));
        let (rest, root) = found.unwrap_or((path, Root::Spot));
        let (combined, names) = if rest == "/stream" {
            (true, query.split_once("streams=").map_or("", |(_, names)| names))
        } else {
            (false, rest.strip_prefix("/ws")?.trim_start_matches('/'))
        };
        self.next += 1;
        let mut listener = Listener { root, combined, names: BTreeMap::new() };
        for name in names.split('/').filter(|name| !name.is_empty()) {
            let stream = streams::find(name, root, &self.instruments, DepthPace::Batched);
            listener.names.insert(name.to_owned(), stream);
        }
        self.listeners.insert(self.next, listener);
        Some(self.next)
    }

    /// Takes a text from a connection; answers come with the next [`Self::advance`].
    pub fn receive(&mut self, connection: u64, text: &str, now: Timestamp) {
        self.pass_time(now);
        if connection > FIRST_PUBLIC {
            self.subscribe(connection, text);
        } else {
            self.with_core(|core, outlet| core.text(connection, text, outlet));
        }
    }

    /// The client ends a connection.
    pub fn disconnect(&mut self, connection: u64) {
        self.listeners.remove(&connection);
        self.core.sockets.close(connection);
        self.ready.retain(|outgoing| outgoing.connection != connection);
    }

    /// Adds a fault.
    pub fn add_fault(&mut self, rule: FaultRule) {
        self.core.faults.add(rule);
    }

    /// No more faults from here on.
    pub fn stop_faults(&mut self) {
        self.core.faults.clear();
    }

    /// How often each kind of fault struck each kind of message.
    #[must_use]
    pub fn faults_struck(&self) -> Vec<(crate::FaultKind, String, u64)> {
        let struck = self.core.faults.struck().iter();
        struck.map(|((kind, on), count)| (*kind, on.clone(), *count)).collect()
    }

    /// The truth about accounts and orders, as JSON: for comparing with what a client believes.
    #[must_use]
    pub fn truth(&self) -> Value {
        serde_json::to_value(&self.core.exchange.state).unwrap_or_default()
    }

    fn subscribe(&mut self, connection: u64, text: &str) {
        let Some(listener) = self.listeners.get_mut(&connection) else { return };
        let answer = match control::read(text) {
            Err(complaint) => complaint,
            Ok((command, id)) => {
                let result = match command {
                    Command::Subscribe(names) => {
                        for name in names {
                            let root = listener.root;
                            let stream =
                                streams::find(&name, root, &self.instruments, DepthPace::Batched);
                            listener.names.insert(name, stream);
                        }
                        Value::Null
                    }
                    Command::Unsubscribe(names) => {
                        listener.names.retain(|name, _| !names.contains(name));
                        Value::Null
                    }
                    Command::List => listener.names.keys().cloned().collect::<Vec<_>>().into(),
                    Command::SetCombined(combined) => {
                        listener.combined = combined;
                        Value::Null
                    }
                    Command::GetCombined => listener.combined.into(),
                };
                control::answer(&result, &id)
            }
        };
        self.ready.push(Outgoing { connection, sent: Sent::Text(answer), after_millis: 0 });
    }
}
