//! Questions and answers between a participant and one node, or all three at once.

use std::{
    io::ErrorKind,
    thread,
    time::{Duration, Instant},
};

use zeroize::Zeroizing;

use super::{ClientError, config::ClientConfig};
use crate::{
    net::{
        FrameKind, NodeIndex, Step,
        frame::Header,
        link::{Link, LinkError},
        tls::Dialer,
    },
    node::exchange::{Reply, Request},
};

const RETRY: Duration = Duration::from_millis(50);

/// An open connection to a node.
pub(super) struct Conversation {
    node: NodeIndex,
    link: Link,
    step: u32,
    limit: Duration,
}

impl Conversation {
    /// Connects to a node. One that does not listen yet is tried until the limit.
    pub(super) fn open(
        config: &ClientConfig,
        dialer: &Dialer,
        node: NodeIndex,
    ) -> Result<Self, ClientError> {
        let limit = Duration::from_millis(config.limit_ms.into());
        let place = &config.nodes[node.get()];
        let end = Instant::now() + limit;
        loop {
            let rest = end.saturating_duration_since(Instant::now()).max(RETRY);
            match dialer.dial(&place.address, place.fingerprint, rest) {
                Ok(link) => return Ok(Self { node, link, step: 0, limit }),
                Err(LinkError::Io(error))
                    if error.kind() == ErrorKind::ConnectionRefused && Instant::now() < end =>
                {
                    thread::sleep(RETRY);
                }
                Err(source) => return Err(ClientError::Unreachable { node, source }),
            }
        }
    }

    /// Asks, and waits for the answer; a node may take `extra` longer than usual.
    pub(super) fn ask(&mut self, request: &Request, extra: Duration) -> Result<Reply, ClientError> {
        let node = self.node;
        let unreachable = |source| ClientError::Unreachable { node, source };
        let header = Header {
            kind: FrameKind::Data,
            session: 0,
            function: 0,
            step: Step(self.step),
            items: 1,
        };
        self.step += 1;
        self.link.send(&header, &request.encode(), self.limit).map_err(unreachable)?;
        let mut payload = Zeroizing::new(Vec::new());
        let answered = self.link.receive(&mut payload, self.limit + extra).map_err(unreachable)?;
        let lied = |what: String| ClientError::Misbehaved { node, what };
        if answered != header {
            return Err(lied(format!("it answered {answered:?} where {header:?} is due")));
        }
        match Reply::decode(&payload) {
            Ok(Reply::Refused(refusal)) => Err(ClientError::Refused { node, refusal }),
            Ok(reply) => Ok(reply),
            Err(error) => Err(lied(format!("its answer cannot be read: {error}"))),
        }
    }

    pub(super) fn close(self) {
        self.link.close();
    }
}

/// Does the same with all three nodes at once, and gives all answers or the first failure.
pub(super) fn with_all<T: Send>(
    work: impl Fn(NodeIndex) -> Result<T, ClientError> + Sync,
) -> Result<[T; 3], ClientError> {
    let [first, second, third] = thread::scope(|scope| {
        NodeIndex::ALL
            .map(|node| {
                scope.spawn({
                    let work = &work;
                    move || work(node)
                })
            })
            .map(|thread| match thread.join() {
                Ok(done) => done,
                Err(panic) => std::panic::resume_unwind(panic),
            })
    });
    Ok([first?, second?, third?])
}
