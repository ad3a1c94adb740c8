//! Helper threads that open `WebSocket`s.
//!
//! Each stage has its own time limit. A finished socket (or the reason why there is none)
//! comes back through a bounded channel, and the polling thread is woken.

use std::{
    io,
    net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use domain::Span;
use mio::Waker;
use rustls::{ClientConfig, ClientConnection, StreamOwned, pki_types::ServerName};
use tungstenite::{HandshakeError, WebSocket, client::client_with_config, http::Response};

use super::{
    DialStage, Socket, SocketLimits, TrustedRoots, WireError,
    address::Address,
    stream::{Stream, Tcp},
};

/// How long each stage of opening a connection may take.
#[derive(Clone, Copy, Debug)]
pub struct DialLimits {
    /// Turning the name into addresses.
    pub resolve: Duration,
    /// The TCP connection, each address tried.
    pub connect: Duration,
    /// The TLS handshake.
    pub tls: Duration,
    /// The WebSocket upgrade.
    pub upgrade: Duration,
}

impl Default for DialLimits {
    fn default() -> Self {
        let five = Duration::from_secs(5);
        Self { resolve: five, connect: five, tls: five, upgrade: five }
    }
}

/// One connection to open.
#[derive(Debug)]
pub(super) struct Dial {
    /// Comes back with the answer.
    pub(super) ticket: u64,
    pub(super) url: String,
    pub(super) messages_per_second: u32,
}

/// How it went.
#[derive(Debug)]
pub(super) struct Dialed {
    pub(super) ticket: u64,
    pub(super) result: Result<Socket, WireError>,
}

/// What every dial needs.
#[derive(Clone)]
pub(super) struct DialSetup {
    pub(super) limits: DialLimits,
    pub(super) socket: SocketLimits,
    pub(super) tls: Arc<ClientConfig>,
}

impl DialSetup {
    pub(super) fn new(
        limits: DialLimits,
        socket: SocketLimits,
        roots: &TrustedRoots,
    ) -> Result<Self, WireError> {
        Ok(Self { limits, socket, tls: roots.client_config()? })
    }

    /// Opens one connection, waiting for it.
    pub(super) fn dial(&self, url: &str, messages_per_second: u32) -> Result<Socket, WireError> {
        let address = Address::parse(url)?;
        let tcp = self.connect(&address)?;
        let mut stream = if address.secure {
            Stream::Tls(Box::new(self.secure(&address, tcp)?))
        } else {
            Stream::Plain(Tcp::waiting_until(tcp, Instant::now() + self.limits.upgrade))
        };
        stream.wait_until(Instant::now() + self.limits.upgrade);
        let mut web = self.upgrade(&address, stream)?;
        web.get_mut()
            .stop_waiting()
            .map_err(|source| unreachable_at(&address, DialStage::Upgrade, source))?;
        Ok(Socket::new(web, self.socket, messages_per_second))
    }

    fn connect(&self, address: &Address) -> Result<TcpStream, WireError> {
        let failed = |source| unreachable_at(address, DialStage::Connect, source);
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for target in resolve(address, self.limits.resolve)? {
            match TcpStream::connect_timeout(&target, self.limits.connect) {
                Ok(tcp) => {
                    tcp.set_nodelay(true).map_err(failed)?;
                    return Ok(tcp);
                }
                Err(error) => last = error,
            }
        }
        Err(failed(last))
    }

    fn secure(
        &self,
        address: &Address,
        tcp: TcpStream,
    ) -> Result<StreamOwned<ClientConnection, Tcp>, WireError> {
        let failed = |source| unreachable_at(address, DialStage::Tls, source);
        let name = ServerName::try_from(address.host.clone())
            .map_err(|error| failed(io::Error::new(io::ErrorKind::InvalidInput, error)))?;
        let connection = ClientConnection::new(Arc::clone(&self.tls), name)
            .map_err(|error| failed(io::Error::other(error)))?;
        let tcp = Tcp::waiting_until(tcp, Instant::now() + self.limits.tls);
        let mut stream = StreamOwned::new(connection, tcp);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock).map_err(|error| tls_error(address, error))?;
        }
        Ok(stream)
    }

    fn upgrade(&self, address: &Address, stream: Stream) -> Result<WebSocket<Stream>, WireError> {
        let config = Some(self.socket.web_socket_config());
        match client_with_config(address.url.as_str(), stream, config) {
            Ok((web, _response)) => Ok(web),
            Err(HandshakeError::Interrupted(_)) => {
                let source = io::ErrorKind::TimedOut.into();
                Err(unreachable_at(address, DialStage::Upgrade, source))
            }
            Err(HandshakeError::Failure(error)) => Err(upgrade_error(address, error)),
        }
    }
}

/// Looks the name up on a thread of its own, because the system's resolver knows no time limit.
fn resolve(address: &Address, limit: Duration) -> Result<Vec<SocketAddr>, WireError> {
    if let Ok(ip) = address.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, address.port)]);
    }
    let failed = |source| unreachable_at(address, DialStage::Resolve, source);
    let (answer, answers) = sync_channel(1);
    let (host, port) = (address.host.clone(), address.port);
    let lookup = move || {
        let found = (host.as_str(), port).to_socket_addrs().map(Iterator::collect::<Vec<_>>);
        // Nobody listens any more when the limit has passed.
        let _ = answer.send(found);
    };
    thread::Builder::new().name("wire-resolve".into()).spawn(lookup).map_err(failed)?;
    match answers.recv_timeout(limit) {
        Ok(found) => found.map_err(failed),
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
            Err(failed(io::ErrorKind::TimedOut.into()))
        }
    }
}

fn unreachable_at(address: &Address, stage: DialStage, source: io::Error) -> WireError {
    WireError::Unreachable { host: address.shown(), stage, source }
}

fn tls_error(address: &Address, error: io::Error) -> WireError {
    let host = address.shown();
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(cause @ rustls::Error::InvalidCertificate(_)) => {
            WireError::Untrusted { host, source: cause.clone() }
        }
        _ => WireError::Unreachable { host, stage: DialStage::Tls, source: error },
    }
}

fn upgrade_error(address: &Address, error: tungstenite::Error) -> WireError {
    match error {
        tungstenite::Error::Http(response) => WireError::Refused {
            host: address.shown(),
            status: response.status().as_u16(),
            retry_after: retry_after(&response),
        },
        tungstenite::Error::Io(source) => unreachable_at(address, DialStage::Upgrade, source),
        other => unreachable_at(address, DialStage::Upgrade, io::Error::other(other)),
    }
}

fn retry_after<T>(response: &Response<T>) -> Option<Span> {
    let seconds = response.headers().get("retry-after")?.to_str().ok()?.trim().parse().ok()?;
    Some(Span::from_secs(seconds))
}

/// A few threads that dial.
pub(super) struct Dialer {
    requests: SyncSender<Dial>,
    answers: Receiver<Dialed>,
}

impl Dialer {
    /// Starts the threads; `most` is how many dials may be under way or unanswered.
    pub(super) fn start(
        setup: &DialSetup,
        threads: usize,
        most: usize,
        waker: &Arc<Waker>,
    ) -> Result<Self, WireError> {
        let (requests, inbox) = sync_channel::<Dial>(most.max(1));
        let (outbox, answers) = sync_channel::<Dialed>(most.max(1));
        let inbox = Arc::new(Mutex::new(inbox));
        for index in 0..threads.max(1) {
            let (setup, inbox) = (setup.clone(), Arc::clone(&inbox));
            let (outbox, waker) = (outbox.clone(), Arc::clone(waker));
            thread::Builder::new()
                .name(format!("wire-dial-{index}"))
                .spawn(move || serve(&setup, &inbox, &outbox, &waker))
                .map_err(|source| WireError::System { action: "start a thread", source })?;
        }
        Ok(Self { requests, answers })
    }

    /// Asks for a connection. Gives the request back when too many are under way.
    pub(super) fn dial(&self, dial: Dial) -> Result<(), Dial> {
        self.requests.try_send(dial).map_err(|error| match error {
            std::sync::mpsc::TrySendError::Full(dial)
            | std::sync::mpsc::TrySendError::Disconnected(dial) => dial,
        })
    }

    /// A finished dial, if there is one.
    pub(super) fn finished(&self) -> Result<Option<Dialed>, WireError> {
        match self.answers.try_recv() {
            Ok(dialed) => Ok(Some(dialed)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(WireError::HelperGone("dialler")),
        }
    }
}

/// Runs until the dialer is dropped.
fn serve(
    setup: &DialSetup,
    inbox: &Mutex<Receiver<Dial>>,
    outbox: &SyncSender<Dialed>,
    waker: &Waker,
) {
    loop {
        let next = inbox.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(dial) = next else { return };
        let result = setup.dial(&dial.url, dial.messages_per_second);
        if outbox.send(Dialed { ticket: dial.ticket, result }).is_err() {
            return;
        }
        // A waker that fails costs one poll interval, nothing else.
        let _ = waker.wake();
    }
}
