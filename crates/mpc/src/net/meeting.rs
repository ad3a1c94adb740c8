//! How three nodes come together for one run.
//!
//! Each dials the two others and is dialled by them. On every connection the dialler says what it
//! believes to run, and the other answers with what it believes; only if all four hellos of a node
//! agree with its own view is there a channel. Otherwise everybody is told the reason.

use std::{
    io::ErrorKind,
    net::{Shutdown, TcpStream},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use super::{
    FrameKind, NodeIndex, Step,
    frame::Header,
    hello::{Agreement, Hello, Mismatch},
    identity::Fingerprint,
    link::{Link, LinkError},
    tls::Dialer,
    tls_channel::{Pair, RunFrame, TlsChannel},
};

/// Between two attempts to reach a node that is not there yet.
const RETRY: Duration = Duration::from_millis(20);

/// How often the waiting node looks whether its own calls have failed.
const GLANCE: Duration = Duration::from_millis(10);

/// Where a node is and how it is recognised.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeAddress {
    /// `host:port`.
    pub address: String,
    /// SHA-256 of its certificate.
    pub fingerprint: Fingerprint,
}

/// A connection from another node that has said hello and waits for the answer.
pub struct Caller {
    /// Who it is, by its certificate.
    pub from: NodeIndex,
    /// What it said.
    pub hello: Hello,
    /// Of the hello: session and function.
    pub header: Header,
    link: Link,
}

/// Why a run did not begin. Nothing was sent that depends on a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MeetingError {
    /// Start the node, or correct its address.
    #[error("{node} at {address} cannot be reached within {limit_ms} ms: {reason}")]
    Unreachable {
        /// Which node.
        node: NodeIndex,
        /// Where it should be.
        address: String,
        /// How long was tried.
        limit_ms: u64,
        /// The last failure.
        reason: String,
    },
    /// Correct certificates or the pinned fingerprints.
    #[error("{node} is not the node with the pinned certificate, or refuses ours: {reason}")]
    Untrusted {
        /// Which node.
        node: NodeIndex,
        /// What the handshake said.
        reason: String,
    },
    /// The other node will not run this.
    #[error("{node} refuses the run: {reason}")]
    Refused {
        /// Which node.
        node: NodeIndex,
        /// What it says.
        reason: String,
    },
    /// This node will not run what the other one wants.
    #[error("the run with {node} is refused: {mismatch}")]
    Different {
        /// Which node.
        node: NodeIndex,
        /// On what they differ.
        mismatch: Mismatch,
    },
    /// The other node never came.
    #[error("{node} did not come to the run within {limit_ms} ms")]
    Missing {
        /// Which node.
        node: NodeIndex,
        /// How long was waited.
        limit_ms: u64,
    },
    /// The connection broke, or carried something else than a hello.
    #[error("{node} cannot be talked to: {reason}")]
    Broken {
        /// Which node.
        node: NodeIndex,
        /// What happened.
        reason: String,
    },
}

/// Reads the hello on a connection that a node has opened.
///
/// # Errors
/// [`MeetingError::Broken`]; the connection is closed.
pub fn greet(mut link: Link, from: NodeIndex, limit: Duration) -> Result<Caller, MeetingError> {
    let mut payload = Vec::new();
    let header = match link.receive(&mut payload, limit) {
        Ok(header) => header,
        Err(error) => return Err(broken(from, &error)),
    };
    if header.kind != FrameKind::Hello || header.step != Step(0) {
        link.close();
        return Err(MeetingError::Broken { node: from, reason: "no hello came first".to_owned() });
    }
    match Hello::decode(&header, &payload) {
        Ok(hello) => Ok(Caller { from, hello, header, link }),
        Err(mismatch) => Err(MeetingError::Different { node: from, mismatch }),
    }
}

impl Caller {
    /// Sends the caller away with a reason.
    pub fn refuse(mut self, reason: &str) {
        let header = Header { kind: FrameKind::Abort, items: 1, step: Step(0), ..self.header };
        let told = self.link.send(&header, reason.as_bytes(), Duration::from_secs(1));
        if let Err(error) = told {
            tracing::debug!(from = %self.from, %error, "a refused node could not be told why");
        }
        self.link.close();
    }

    /// Tells the caller what this node believes, and keeps its connection.
    ///
    /// # Errors
    /// [`MeetingError::Broken`].
    pub fn answer(mut self, hello: &Hello, limit: Duration) -> Result<Link, MeetingError> {
        let header = Header { kind: FrameKind::Hello, items: 1, step: Step(0), ..self.header };
        match self.link.send(&header, &hello.encode(), limit) {
            Ok(()) => Ok(self.link),
            Err(error) => Err(broken(self.from, &error)),
        }
    }
}

/// What a node brings to a meeting.
pub struct Meeting<'a> {
    /// Which node this is.
    pub me: NodeIndex,
    /// What it believes to run.
    pub agreement: &'a Agreement,
    /// Where the nodes are.
    pub nodes: &'a [NodeAddress; 3],
    /// With which identity it calls.
    pub dialer: &'a Dialer,
    /// The newest hash of its log.
    pub log_head: [u8; 32],
    /// How long it waits for the others.
    pub limit: Duration,
}

/// What two nodes said their logs' newest hashes are, in the order of the nodes.
pub type LogHeads = [(NodeIndex, [u8; 32]); 2];

struct Attempt {
    deadline: Instant,
    /// Set when the meeting has failed for another reason.
    given_up: AtomicBool,
    failure: Mutex<Option<MeetingError>>,
    /// Connections whose answer is being waited for.
    waiting: Mutex<Vec<TcpStream>>,
}

impl Meeting<'_> {
    /// Connects to both others and lets them connect. `callers` brings the connections that came
    /// to this node for this session.
    ///
    /// # Errors
    /// [`MeetingError`], about the first thing that went wrong. Callers were told.
    pub fn hold(&self, callers: &Receiver<Caller>) -> Result<(TlsChannel, LogHeads), MeetingError> {
        let others = [self.me.next(), self.me.previous()];
        let attempt = Attempt {
            deadline: Instant::now() + self.limit,
            given_up: AtomicBool::new(false),
            failure: Mutex::new(None),
            waiting: Mutex::new(Vec::new()),
        };
        let (incoming, outgoing) = thread::scope(|scope| {
            let calls = others.map(|node| {
                let attempt = &attempt;
                scope.spawn(move || {
                    let called = self.call(node, attempt);
                    if let Err(error) = &called {
                        attempt.fail(error);
                    }
                    called
                })
            });
            let incoming = self.receive_callers(callers, &attempt);
            if incoming.is_err() {
                attempt.give_up();
            }
            let outgoing = calls.map(thread::ScopedJoinHandle::join);
            (incoming, outgoing)
        });
        let incoming = incoming?;
        let mut pairs = Vec::with_capacity(2);
        for ((node, called), (hello, incoming)) in others.into_iter().zip(outgoing).zip(incoming) {
            let reason = || "the calling thread failed".to_owned();
            let outgoing =
                called.map_err(|_| MeetingError::Broken { node, reason: reason() })??;
            pairs.push((Pair { node, outgoing, incoming }, (node, hello.log_head)));
        }
        self.open_channel(pairs)
    }

    fn open_channel(
        &self,
        pairs: Vec<(Pair, (NodeIndex, [u8; 32]))>,
    ) -> Result<(TlsChannel, LogHeads), MeetingError> {
        let limits = self.agreement.limits;
        let run = RunFrame {
            me: self.me,
            session: self.agreement.session,
            function: self.agreement.function,
            step_limit: Duration::from_millis(limits.step_ms.into()),
            run_limit: Duration::from_millis(limits.run_ms.into()),
            max_bytes: limits.max_bytes,
        };
        let (pairs, heads): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        let node = self.me.next();
        let two = || MeetingError::Missing { node, limit_ms: 0 };
        let mut heads: LogHeads = heads.try_into().map_err(|_| two())?;
        heads.sort_by_key(|(node, _)| *node);
        let channel = TlsChannel::new(run, pairs.try_into().map_err(|_| two())?)
            .map_err(|error| MeetingError::Broken { node, reason: error.to_string() })?;
        Ok((channel, heads))
    }

    fn receive_callers(
        &self,
        callers: &Receiver<Caller>,
        attempt: &Attempt,
    ) -> Result<[(Hello, Link); 2], MeetingError> {
        let mut next = None;
        let mut previous = None;
        while next.is_none() || previous.is_none() {
            if let Some(error) = attempt.failed() {
                self.dismiss(callers, &error);
                return Err(error);
            }
            let Some(rest) = attempt.rest() else {
                let node = if next.is_none() { self.me.next() } else { self.me.previous() };
                return Err(MeetingError::Missing { node, limit_ms: self.limit_ms() });
            };
            let caller = match callers.recv_timeout(rest.min(GLANCE)) {
                Ok(caller) => caller,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => {
                    let reason = "this node is shutting down".to_owned();
                    return Err(MeetingError::Broken { node: self.me, reason });
                }
            };
            let seat = if caller.from == self.me.next() { &mut next } else { &mut previous };
            if seat.is_some() {
                caller.refuse("this node has already a connection from you for this session");
                continue;
            }
            *seat = Some(self.welcome(caller, rest)?);
        }
        match (next, previous) {
            (Some(next), Some(previous)) => Ok([next, previous]),
            _ => Err(MeetingError::Missing { node: self.me.next(), limit_ms: self.limit_ms() }),
        }
    }

    fn welcome(&self, caller: Caller, limit: Duration) -> Result<(Hello, Link), MeetingError> {
        let node = caller.from;
        if let Err(mismatch) = caller.hello.check(self.agreement, self.me, node) {
            caller.refuse(&mismatch.to_string());
            return Err(MeetingError::Different { node, mismatch });
        }
        let hello = caller.hello.clone();
        let link = caller.answer(&self.hello_to(node), limit)?;
        Ok((hello, link))
    }

    /// Those who come to a meeting that has failed hear why.
    fn dismiss(&self, callers: &Receiver<Caller>, error: &MeetingError) {
        for caller in callers.try_iter() {
            caller.refuse(&format!("{} gave up: {error}", self.me));
        }
    }

    fn hello_to(&self, node: NodeIndex) -> Hello {
        Hello::new(self.agreement.clone(), self.me, node, self.log_head)
    }

    fn limit_ms(&self) -> u64 {
        u64::try_from(self.limit.as_millis()).unwrap_or(u64::MAX)
    }

    fn call(&self, node: NodeIndex, attempt: &Attempt) -> Result<Link, MeetingError> {
        let mut link = self.reach(node, attempt)?;
        let (session, function) = (self.agreement.session, self.agreement.function);
        let header = Header { kind: FrameKind::Hello, session, function, step: Step(0), items: 1 };
        attempt.watch(&link);
        let missing = || MeetingError::Missing { node, limit_ms: self.limit_ms() };
        let rest = attempt.rest().ok_or_else(missing)?;
        link.send(&header, &self.hello_to(node).encode(), rest)
            .map_err(|error| untrusted_or_broken(node, &error))?;
        let mut payload = Vec::new();
        let answer = match link.receive(&mut payload, rest) {
            Err(LinkError::Late { .. }) => return Err(missing()),
            other => other.map_err(|error| untrusted_or_broken(node, &error))?,
        };
        let different = |mismatch| MeetingError::Different { node, mismatch };
        match answer.kind {
            FrameKind::Hello if answer.step == Step(0) => {
                let hello = Hello::decode(&answer, &payload).map_err(different)?;
                hello.check(self.agreement, self.me, node).map_err(different)?;
                Ok(link)
            }
            FrameKind::Abort => {
                let reason = String::from_utf8_lossy(&payload).into_owned();
                Err(MeetingError::Refused { node, reason })
            }
            _ => Err(MeetingError::Broken { node, reason: "no hello came back".to_owned() }),
        }
    }

    /// Dials until the node is there. A wrong certificate is not tried twice.
    fn reach(&self, node: NodeIndex, attempt: &Attempt) -> Result<Link, MeetingError> {
        let place = &self.nodes[node.get()];
        let mut last = "no attempt was made".to_owned();
        while let Some(rest) = attempt.rest() {
            match self.dialer.dial(&place.address, place.fingerprint, rest) {
                Ok(link) => return Ok(link),
                Err(LinkError::Io(error)) if error.kind() == ErrorKind::InvalidInput => {
                    last = error.to_string();
                    break;
                }
                Err(error @ LinkError::Tls(_)) => return Err(untrusted_or_broken(node, &error)),
                Err(error) => last = error.to_string(),
            }
            thread::sleep(RETRY.min(rest));
        }
        let (address, limit_ms) = (place.address.clone(), self.limit_ms());
        Err(MeetingError::Unreachable { node, address, limit_ms, reason: last })
    }
}

impl Attempt {
    fn rest(&self) -> Option<Duration> {
        let rest = self.deadline.saturating_duration_since(Instant::now());
        let over = rest.is_zero() || self.given_up.load(Ordering::Acquire);
        (!over).then_some(rest)
    }

    /// Lets nobody wait for an answer that is of no use any more.
    fn give_up(&self) {
        self.given_up.store(true, Ordering::Release);
        for socket in
            self.waiting.lock().into_iter().flat_map(|mut waiting| std::mem::take(&mut *waiting))
        {
            let _closed = socket.shutdown(Shutdown::Both);
        }
    }

    fn watch(&self, link: &Link) {
        if let (Ok(handle), Ok(mut waiting)) = (link.handle(), self.waiting.lock()) {
            waiting.push(handle);
        }
        if self.given_up.load(Ordering::Acquire) {
            self.give_up();
        }
    }

    fn fail(&self, error: &MeetingError) {
        if let Ok(mut failure) = self.failure.lock() {
            failure.get_or_insert_with(|| error.clone());
        }
    }

    fn failed(&self) -> Option<MeetingError> {
        self.failure.lock().ok().and_then(|failure| failure.clone())
    }
}

fn broken(node: NodeIndex, error: &LinkError) -> MeetingError {
    MeetingError::Broken { node, reason: error.to_string() }
}

fn untrusted_or_broken(node: NodeIndex, error: &LinkError) -> MeetingError {
    match error {
        LinkError::Tls(reason) => MeetingError::Untrusted { node, reason: reason.to_string() },
        other => broken(node, other),
    }
}
