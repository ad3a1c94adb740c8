//! The channel of one run over mutually authenticated TLS.
//!
//! Two connections per pair of nodes, one each way. Whatever is not exactly the frame that is due
//! ends the run: the first error is kept, told to the others, and returned ever after.

use std::time::{Duration, Instant};

use zeroize::{Zeroize as _, Zeroizing};

use super::{
    Channel, ChannelError, FrameKind, NodeIndex, Step,
    frame::{HEADER_BYTES, Header},
    link::{Link, LinkError},
    sender::Sender,
    traffic::{Traffic, nanoseconds},
};

const LONGEST_REASON_BYTES: usize = 300;

/// How much is read from a closed connection to find out why.
const LAST_FRAMES: usize = 8;
const LAST_WAIT: Duration = Duration::from_millis(50);

/// The two connections to one other node, after the hellos.
pub(super) struct Pair {
    pub(super) node: NodeIndex,
    /// This node dialled it and sends on it.
    pub(super) outgoing: Link,
    /// The other node dialled it and sends on it.
    pub(super) incoming: Link,
}

/// What a channel is told about its run.
#[derive(Clone, Copy)]
pub(super) struct RunFrame {
    pub(super) me: NodeIndex,
    pub(super) session: u64,
    pub(super) function: u32,
    pub(super) step_limit: Duration,
    pub(super) run_limit: Duration,
    pub(super) max_bytes: u64,
}

struct Peer {
    node: NodeIndex,
    sender: Sender,
    receiver: Link,
    next_sent: u32,
    next_received: u32,
    key: Zeroizing<[u8; 32]>,
}

/// A [`Channel`] to two other processes.
pub struct TlsChannel {
    run: RunFrame,
    deadline: Instant,
    peers: [Peer; 2],
    traffic: Traffic,
    last: Instant,
    sent_since_receiving: bool,
    stopped: Option<ChannelError>,
}

impl TlsChannel {
    pub(super) fn new(run: RunFrame, pairs: [Pair; 2]) -> Result<Self, ChannelError> {
        let [first, second] = pairs;
        let now = Instant::now();
        Ok(Self {
            run,
            deadline: now + run.run_limit,
            peers: [Peer::new(&run, first)?, Peer::new(&run, second)?],
            traffic: Traffic::default(),
            last: now,
            sent_since_receiving: false,
            stopped: None,
        })
    }

    /// A secret that only this node and that one know, new in each run and bound to both
    /// certificates and the session.
    #[must_use]
    pub fn pair_key(&self, with: NodeIndex) -> Option<&[u8; 32]> {
        self.peers.iter().find(|peer| peer.node == with).map(|peer| &*peer.key)
    }

    /// What the run has cost so far.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// Ends the run for everybody: the other nodes are told the reason.
    pub fn abort(&mut self, reason: &str) {
        if self.stopped.is_some() {
            return;
        }
        let error = ChannelError::Aborted { from: self.run.me, reason: reason.to_owned() };
        self.stop(error, reason);
    }

    /// Ends a run that went well: everything that waits is written, the connections are closed.
    ///
    /// # Errors
    /// [`ChannelError`] when a node was gone before it had everything.
    pub fn finish(mut self) -> Result<Traffic, ChannelError> {
        if let Some(error) = self.stopped.clone() {
            return Err(error);
        }
        // Nothing to tell any more when the channel is dropped.
        self.stopped = Some(ChannelError::Closed { from: self.run.me });
        for peer in &mut self.peers {
            peer.sender.close().map_err(|error| from_link(peer.node, &error))?;
        }
        Ok(self.traffic)
    }

    fn stop(&mut self, error: ChannelError, reason: &str) {
        self.stopped = Some(error);
        let mut cut = reason.len().min(LONGEST_REASON_BYTES);
        while !reason.is_char_boundary(cut) {
            cut -= 1;
        }
        let reason = if cut == 0 { "no reason given" } else { &reason[..cut] };
        for peer in &mut self.peers {
            let header = header(&self.run, FrameKind::Abort, peer.next_sent, 1);
            peer.sender.send_last(&header, reason.as_bytes());
        }
    }

    fn failed(&mut self, error: ChannelError) -> ChannelError {
        if self.stopped.is_none() {
            let reason = error.to_string();
            self.stop(error.clone(), &reason);
        }
        error
    }

    fn running(&self) -> Result<(), ChannelError> {
        self.stopped.clone().map_or(Ok(()), Err)
    }

    fn position(&self, node: NodeIndex) -> Result<usize, ChannelError> {
        self.peers.iter().position(|peer| peer.node == node).ok_or(ChannelError::Unexpected {
            from: node,
            what: "a node has no channel to itself".to_owned(),
        })
    }

    fn send_frame(
        &mut self,
        to: NodeIndex,
        kind: FrameKind,
        items: u32,
        payload: &[u8],
    ) -> Result<(), ChannelError> {
        let position = self.position(to)?;
        let peer = &mut self.peers[position];
        let header = header(&self.run, kind, peer.next_sent, items);
        let bytes = match peer.sender.send(&header, payload) {
            // A node that stopped has said why before it closed.
            Err(LinkError::Closed) => return Err(peer.last_words()),
            other => other.map_err(|error| from_link(to, &error))?,
        };
        peer.next_sent = next_step(to, peer.next_sent)?;
        let counters = self.traffic.of(kind);
        counters.sent_frames += 1;
        counters.sent_bytes += bytes as u64;
        self.sent_since_receiving = true;
        self.pass_time(kind);
        check_bytes(to, self.traffic.total().sent_bytes, self.run.max_bytes)
    }

    fn receive_frame(
        &mut self,
        from: NodeIndex,
        kind: FrameKind,
        items: u32,
        payload: &mut Vec<u8>,
    ) -> Result<(), ChannelError> {
        let position = self.position(from)?;
        let start = Instant::now();
        let rest = self.deadline.saturating_duration_since(start);
        if rest.is_zero() {
            return Err(run_over(from, self.run.run_limit));
        }
        let peer = &mut self.peers[position];
        let limit = rest.min(self.run.step_limit);
        let header = match peer.receiver.receive(payload, limit) {
            Err(LinkError::Late { .. }) if limit == rest => {
                return Err(run_over(from, self.run.run_limit));
            }
            other => other.map_err(|error| from_link(from, &error))?,
        };
        judge(&self.run, peer, &header, payload, (kind, items))?;
        peer.next_received = next_step(from, peer.next_received)?;
        let counters = self.traffic.of(kind);
        counters.received_frames += 1;
        counters.received_bytes += (HEADER_BYTES + payload.len()) as u64;
        counters.waited_ns += nanoseconds(start.elapsed());
        if std::mem::take(&mut self.sent_since_receiving) {
            counters.rounds += 1;
        }
        self.pass_time(kind);
        check_bytes(from, self.traffic.total().received_bytes, self.run.max_bytes)
    }

    fn pass_time(&mut self, kind: FrameKind) {
        let now = Instant::now();
        self.traffic.of(kind).elapsed_ns += nanoseconds(now - self.last);
        self.last = now;
    }
}

impl Channel for TlsChannel {
    fn me(&self) -> NodeIndex {
        self.run.me
    }

    fn send(
        &mut self,
        to: NodeIndex,
        kind: FrameKind,
        items: u32,
        payload: &[u8],
    ) -> Result<(), ChannelError> {
        self.running()?;
        if kind == FrameKind::Abort {
            self.abort(&reason_in(payload));
            return Ok(());
        }
        self.send_frame(to, kind, items, payload).map_err(|error| self.failed(error))
    }

    fn receive(
        &mut self,
        from: NodeIndex,
        kind: FrameKind,
        items: u32,
        payload: &mut Vec<u8>,
    ) -> Result<(), ChannelError> {
        self.running()?;
        let received = self.receive_frame(from, kind, items, payload);
        received.map_err(|error| {
            payload.zeroize();
            self.failed(error)
        })
    }
}

impl Drop for TlsChannel {
    fn drop(&mut self) {
        self.abort("the run ended early");
    }
}

impl Peer {
    fn new(run: &RunFrame, pair: Pair) -> Result<Self, ChannelError> {
        let node = pair.node;
        // Both ends take the key from the same one of the two connections.
        let shared = if run.me < node { &pair.outgoing } else { &pair.incoming };
        let mut context = run.session.to_le_bytes().to_vec();
        context.extend_from_slice(&run.function.to_le_bytes());
        let key = shared
            .export_key(b"EXPORTER-algopioneer-mpc-pair", &context)
            .map_err(|error| from_link(node, &error))?;
        let name = format!("mpc-{}-to-{node}", run.me);
        let sender = Sender::start(pair.outgoing, &name, run.step_limit)
            .map_err(|error| from_link(node, &error))?;
        // The hellos had step 0 in either direction.
        Ok(Self { node, sender, receiver: pair.incoming, next_sent: 1, next_received: 1, key })
    }
}

impl Peer {
    /// Why a peer is gone: the reason that it gave, if it did.
    fn last_words(&mut self) -> ChannelError {
        let mut payload = Vec::new();
        for _ in 0..LAST_FRAMES {
            match self.receiver.receive(&mut payload, LAST_WAIT) {
                Ok(header) if header.kind == FrameKind::Abort => {
                    return ChannelError::Aborted { from: self.node, reason: reason_in(&payload) };
                }
                Ok(_) => {}
                Err(_) => break,
            }
        }
        ChannelError::Closed { from: self.node }
    }
}

fn reason_in(payload: &[u8]) -> String {
    let cut = payload.len().min(LONGEST_REASON_BYTES);
    String::from_utf8_lossy(&payload[..cut]).into_owned()
}

fn header(run: &RunFrame, kind: FrameKind, step: u32, items: u32) -> Header {
    Header { kind, session: run.session, function: run.function, step: Step(step), items }
}

fn next_step(node: NodeIndex, step: u32) -> Result<u32, ChannelError> {
    step.checked_add(1).ok_or_else(|| unexpected(node, "the steps are used up".to_owned()))
}

fn check_bytes(from: NodeIndex, bytes: u64, limit: u64) -> Result<(), ChannelError> {
    if bytes <= limit {
        return Ok(());
    }
    Err(unexpected(from, format!("the run exceeds its limit of {limit} bytes per direction")))
}

/// Whether this is exactly the frame that is due.
fn judge(
    run: &RunFrame,
    peer: &Peer,
    header: &Header,
    payload: &[u8],
    (kind, items): (FrameKind, u32),
) -> Result<(), ChannelError> {
    let refuse = |what: String| Err(unexpected(peer.node, what));
    if header.session != run.session || header.function != run.function {
        return refuse(format!(
            "a frame of session {}, function {} in a run of session {}, function {}",
            header.session, header.function, run.session, run.function
        ));
    }
    let (found, due) = (header.step.0, peer.next_received);
    if found < due {
        return refuse(format!("repeated frame: step {found} came again, step {due} is due"));
    }
    if found > due {
        return refuse(format!("skipped frame: step {found} came, step {due} is due"));
    }
    if header.kind == FrameKind::Abort {
        return Err(ChannelError::Aborted { from: peer.node, reason: reason_in(payload) });
    }
    if header.kind != kind || header.items != items {
        return refuse(format!(
            "{:?} of {} items at step {due}, where {kind:?} of {items} items is due",
            header.kind, header.items
        ));
    }
    Ok(())
}

fn unexpected(from: NodeIndex, what: String) -> ChannelError {
    ChannelError::Unexpected { from, what }
}

fn run_over(from: NodeIndex, limit: Duration) -> ChannelError {
    let limit_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
    ChannelError::Late { from, limit_ms }
}

pub(super) fn from_link(from: NodeIndex, error: &LinkError) -> ChannelError {
    match error {
        LinkError::Closed => ChannelError::Closed { from },
        LinkError::Late { limit_ms } => ChannelError::Late { from, limit_ms: *limit_ms },
        other => unexpected(from, other.to_string()),
    }
}
