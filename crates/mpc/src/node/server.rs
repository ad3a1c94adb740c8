//! A node at work: its door, the requests of participants, the calls of other nodes, and the
//! clock that starts runs.
//!
//! Threads block and every wait has an end. The sessions belong to the board, behind one lock that
//! is never held while something is sent or waited for.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{SocketAddr, TcpListener, TcpStream},
    os::fd::AsFd as _,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::{
    board::Board,
    config::{NodeConfig, UnusableSetting},
    exchange::{Refusal, Reply, Request},
    log::{Event, Log, LogError},
    program::Programs,
    run::Surroundings,
    session::RunOrder,
};
use crate::net::{
    FrameKind, NodeIndex, Step,
    frame::Header,
    identity::{Fingerprint, Identity, IdentityError},
    link::{Link, LinkError},
    meeting,
    tls::{Acceptor, Dialer},
};

/// How often waiting threads look whether the node shall stop.
const GLANCE_MS: u16 = 100;

/// Longest wait for a result in one request.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Room for everything in a request that is not a share.
const REQUEST_BYTES: usize = 256 << 10;

/// Why a node cannot work.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// Correct the configuration.
    #[error(transparent)]
    Setting(#[from] UnusableSetting),
    /// Correct the certificates.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Correct a session in the configuration.
    #[error("`sessions`: session {session}: {refusal}")]
    Session {
        /// Which one.
        session: u64,
        /// Why it cannot be opened.
        refusal: Refusal,
    },
    /// Look after the log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// Choose another address, or give the system more room.
    #[error("cannot {action}: {source}")]
    System {
        /// What was tried.
        action: String,
        /// Why it failed.
        source: std::io::Error,
    },
}

/// Asks a node to stop, from any thread or signal handler.
#[derive(Clone, Debug, Default)]
pub struct Shutdown(Arc<AtomicBool>);

impl Shutdown {
    /// One that shares a flag, such as the one that a signal handler sets.
    #[must_use]
    pub fn sharing(flag: Arc<AtomicBool>) -> Self {
        Self(flag)
    }

    /// Lets the node finish its runs and stop.
    pub fn request(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn is_requested(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// A node that listens but does not work yet.
pub struct NodeServer {
    listener: TcpListener,
    shared: Arc<Shared>,
}

struct Shared {
    me: NodeIndex,
    config: NodeConfig,
    dialer: Dialer,
    acceptor: Acceptor,
    participants: BTreeMap<Fingerprint, (String, bool)>,
    board: Mutex<Board>,
    changed: Condvar,
    connections: AtomicUsize,
    runs: AtomicUsize,
    shutdown: Shutdown,
}

/// Unix time in milliseconds.
pub(super) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Runs a node until it is asked to stop.
///
/// # Errors
/// [`NodeError`] when it cannot begin to work.
pub fn serve(config: NodeConfig, programs: Programs, shutdown: Shutdown) -> Result<(), NodeError> {
    NodeServer::bind(config, programs, shutdown)?.run()
}

impl NodeServer {
    /// Reads certificates and log, opens the configured sessions, and listens.
    ///
    /// # Errors
    /// [`NodeError`].
    pub fn bind(
        config: NodeConfig,
        programs: Programs,
        shutdown: Shutdown,
    ) -> Result<Self, NodeError> {
        let me = config.check()?;
        let identity =
            Arc::new(Identity::read(&config.authority, &config.certificate, &config.key)?);
        if identity.fingerprint() != config.nodes[me.get()].fingerprint {
            let reason = format!("{me} is pinned to another certificate than `certificate`");
            return Err(UnusableSetting { setting: "nodes", reason }.into());
        }
        let known: BTreeSet<Fingerprint> = (config.nodes.iter().map(|node| node.fingerprint))
            .chain(config.participants.iter().map(|one| one.fingerprint))
            .collect();
        let participants = config
            .participants
            .iter()
            .map(|one| (one.fingerprint, (one.name.clone(), one.may_open)))
            .collect();
        let board = open_board(me, &config, programs, &identity)?;
        let listener = TcpListener::bind(&config.listen).map_err(|source| NodeError::System {
            action: format!("listen on {}", config.listen),
            source,
        })?;
        let system = |source| NodeError::System { action: "listen".to_owned(), source };
        listener.set_nonblocking(true).map_err(system)?;
        let shared = Shared {
            me,
            dialer: Dialer::new(identity.clone())?,
            acceptor: Acceptor::new(&identity, known)?,
            participants,
            board: Mutex::new(board),
            changed: Condvar::new(),
            connections: AtomicUsize::new(0),
            runs: AtomicUsize::new(0),
            shutdown,
            config,
        };
        Ok(Self { listener, shared: Arc::new(shared) })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// [`NodeError::System`].
    pub fn address(&self) -> Result<SocketAddr, NodeError> {
        let system = |source| NodeError::System { action: "find the address".to_owned(), source };
        self.listener.local_addr().map_err(system)
    }

    /// Works until it is asked to stop. Runs that have begun are finished first.
    ///
    /// # Errors
    /// [`NodeError::System`].
    pub fn run(self) -> Result<(), NodeError> {
        let clock = spawn("mpc-clock", {
            let shared = self.shared.clone();
            move || shared.start_runs()
        })?;
        let worked = self.take_connections();
        self.shared.shutdown.request();
        self.shared.changed.notify_all();
        if clock.join().is_err() {
            let source = std::io::Error::other("it failed");
            return Err(NodeError::System { action: "keep the clock running".to_owned(), source });
        }
        worked
    }

    fn take_connections(&self) -> Result<(), NodeError> {
        let system = |source| NodeError::System { action: "take connections".to_owned(), source };
        while !self.shared.shutdown.is_requested() {
            let mut waiting = [PollFd::new(self.listener.as_fd(), PollFlags::POLLIN)];
            match poll(&mut waiting, PollTimeout::from(GLANCE_MS)) {
                Ok(0) | Err(nix::errno::Errno::EINTR) => continue,
                Ok(_) => {}
                Err(error) => return Err(system(error.into())),
            }
            match self.listener.accept() {
                Ok((socket, _)) => self.take(socket),
                // The caller was gone before it was let in, or there are too many of them.
                Err(error) => tracing::debug!(%error, "a connection was not taken"),
            }
        }
        Ok(())
    }

    fn take(&self, socket: TcpStream) {
        let Some(slot) = Slot::take(&self.shared) else {
            tracing::warn!("a connection was refused: all slots are taken");
            return;
        };
        let spawned = spawn("mpc-visitor", move || {
            if let Err(error) = slot.0.attend(socket) {
                tracing::info!(%error, "a connection ended");
            }
        });
        if let Err(error) = spawned {
            tracing::warn!(%error, "a connection was refused");
        }
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, NodeError> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(|source| NodeError::System { action: format!("start the thread {name}"), source })
}

fn open_board(
    me: NodeIndex,
    config: &NodeConfig,
    programs: Programs,
    identity: &Identity,
) -> Result<Board, NodeError> {
    let mut board = Board::new(me, config.clone(), programs, Log::open(&config.folder)?);
    let now = now_ms();
    let certificate = identity.fingerprint().to_string();
    board.note(Event::Started { node: config.node, certificate }, now)?;
    for terms in &config.sessions {
        let session = terms.session;
        match board.open(terms.clone(), now) {
            // Sessions of an earlier life of this node stay where they are: over.
            Ok(_) | Err(Refusal::Replayed(_) | Refusal::Closed(_)) => {}
            Err(refusal) => return Err(NodeError::Session { session, refusal }),
        }
    }
    Ok(board)
}

/// One of a limited number of connections.
struct Slot(Arc<Shared>);

impl Slot {
    fn take(shared: &Arc<Shared>) -> Option<Self> {
        let most = shared.config.limits.connections;
        let taken = shared.connections.fetch_add(1, Ordering::AcqRel);
        let slot = Self(shared.clone());
        (taken < most).then_some(slot)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Shared {
    /// Every change of the board is complete before anything can fail, so a lock that was held
    /// by a thread that failed is as good as any other.
    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start_runs(self: &Arc<Self>) {
        let mut threads: Vec<JoinHandle<()>> = Vec::new();
        while !self.shutdown.is_requested() {
            let free = self.config.limits.runs.saturating_sub(self.runs.load(Ordering::Acquire));
            let mut board = self.board();
            let orders = board.start_due(now_ms(), free);
            if orders.is_empty() {
                let rest = board.next_deadline().map(|at| at.saturating_sub(now_ms()).max(1));
                let rest = rest.unwrap_or(u64::MAX).min(GLANCE_MS.into());
                drop(self.changed.wait_timeout(board, Duration::from_millis(rest)));
            } else {
                drop(board);
                // Sessions may have ended without a run.
                self.changed.notify_all();
            }
            for order in orders {
                threads.extend(self.start_run(order));
            }
            threads.retain(|thread| !thread.is_finished());
        }
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a run failed unexpectedly");
            }
        }
    }

    fn start_run(self: &Arc<Self>, order: RunOrder) -> Option<JoinHandle<()>> {
        let session = order.terms.session;
        self.runs.fetch_add(1, Ordering::AcqRel);
        let started = spawn("mpc-run", {
            let shared = self.clone();
            move || shared.run(order)
        });
        match started {
            Ok(thread) => Some(thread),
            Err(error) => {
                self.runs.fetch_sub(1, Ordering::AcqRel);
                self.board().fail(session, &error.to_string(), now_ms());
                None
            }
        }
    }

    fn run(&self, order: RunOrder) {
        let session = order.terms.session;
        let surroundings = Surroundings {
            me: self.me,
            config: &self.config,
            dialer: &self.dialer,
            board: &self.board,
        };
        // A mistake in one function must not keep its session, and its place, occupied for ever.
        let done = catch_unwind(AssertUnwindSafe(|| surroundings.run(order)));
        let mut board = self.board();
        match done {
            Ok(Ok(finished)) => board.finish(session, finished, now_ms()),
            Err(_) => {
                tracing::error!(session, "a run failed unexpectedly");
                board.fail(session, "the node failed unexpectedly", now_ms());
            }
            Ok(Err(error)) => {
                tracing::warn!(session, %error, "a run ended without a result");
                board.fail(session, &error.to_string(), now_ms());
            }
        }
        drop(board);
        self.runs.fetch_sub(1, Ordering::AcqRel);
        self.changed.notify_all();
    }

    fn request_limit(&self) -> Duration {
        Duration::from_millis(self.config.limits.request_ms.into())
    }

    fn attend(&self, socket: TcpStream) -> Result<(), LinkError> {
        socket.set_nonblocking(false).map_err(LinkError::Io)?;
        let mut link = self.acceptor.accept(socket, self.request_limit())?;
        let peer = link.peer();
        let node = NodeIndex::ALL
            .into_iter()
            .find(|node| self.config.nodes[node.get()].fingerprint == peer);
        if let Some(node) = node.filter(|node| *node != self.me) {
            match meeting::greet(link, node, self.request_limit()) {
                Ok(caller) => self.board().call(caller),
                Err(error) => tracing::info!(%error, "a node's call was not understood"),
            }
            return Ok(());
        }
        let Some((name, may_open)) = self.participants.get(&peer) else { return Ok(()) };
        link.limit_payload(self.config.limits.submission_bytes + REQUEST_BYTES);
        self.answer_requests(link, name, *may_open)
    }

    fn answer_requests(&self, mut link: Link, name: &str, may_open: bool) -> Result<(), LinkError> {
        let mut payload = zeroize::Zeroizing::new(Vec::new());
        for step in 0..u32::MAX {
            let header = match link.receive(&mut payload, self.request_limit()) {
                Err(LinkError::Closed | LinkError::Late { .. }) => break,
                other => other?,
            };
            let expected = Header {
                kind: FrameKind::Data,
                session: 0,
                function: 0,
                step: Step(step),
                items: 1,
            };
            let reply = if header == expected {
                self.answer(&payload, name, may_open)
            } else {
                let text = format!("frame {header:?} where {expected:?} is due");
                Reply::Refused(Refusal::Unreadable(text))
            };
            link.send(&expected, &reply.encode(), self.request_limit())?;
            if header != expected || self.shutdown.is_requested() {
                break;
            }
        }
        link.close();
        Ok(())
    }

    fn answer(&self, payload: &[u8], name: &str, may_open: bool) -> Reply {
        let request = match Request::decode(payload) {
            Ok(request) => request,
            Err(error) => return Reply::Refused(Refusal::Unreadable(error.0)),
        };
        let done = match request {
            Request::Sessions => Ok(Reply::Sessions(self.board().views(name))),
            Request::Open(_) if !may_open => Err(Refusal::NotAllowed),
            Request::Open(terms) => self.board().open(*terms, now_ms()).map(Reply::Noted),
            Request::Submit(submission) => {
                self.board().submit(name, *submission, now_ms()).map(Reply::Noted)
            }
            Request::Result { session, wait_ms } => self.result(session, name, wait_ms),
            Request::Log { from } => self
                .board()
                .log_lines(from)
                .map(Reply::Log)
                .map_err(|error| Refusal::NoLog(error.to_string())),
        };
        self.changed.notify_all();
        done.unwrap_or_else(Reply::Refused)
    }

    /// Waits a little for a run to end, then tells what there is.
    fn result(&self, session: u64, name: &str, wait_ms: u32) -> Result<Reply, Refusal> {
        let wait = Duration::from_millis(wait_ms.into()).min(LONGEST_WAIT);
        let end = Instant::now() + wait;
        let mut board = self.board();
        while board.is_pending(session) && !self.shutdown.is_requested() {
            let rest = end.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                break;
            }
            let glance = rest.min(Duration::from_millis(GLANCE_MS.into()));
            let waited = self.changed.wait_timeout(board, glance);
            board = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        board.collect(session, name, now_ms())
    }
}
