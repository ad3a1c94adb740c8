//! A channel between three threads of one process, with counters and a place for a liar.
//!
//! For tests, rehearsals and measurements without a network. It checks what a real channel
//! checks: steps without holes, kinds and numbers of items.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    time::Duration,
};

use super::{Channel, ChannelError, FrameKind, NodeIndex, Step};

/// A message on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// For whom.
    pub to: NodeIndex,
    /// Its number in this direction.
    pub step: Step,
    /// What it is.
    pub kind: FrameKind,
    /// Items as announced.
    pub items: u32,
    /// The content.
    pub payload: Vec<u8>,
}

/// What becomes of a message that a hook has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It arrives, as the hook left it.
    Deliver,
    /// It never arrives.
    Lose,
    /// It arrives twice.
    Repeat,
}

/// Sees each message that a node sends, with its number among all that it sent, and may
/// change it.
pub type Hook = Box<dyn FnMut(u32, &mut Message) -> Fate + Send>;

/// One node's end.
pub struct MemoryChannel {
    me: NodeIndex,
    limit: Duration,
    to: [Option<Sender<Message>>; 3],
    from: [Option<Receiver<Message>>; 3],
    sent: [u32; 3],
    received: [u32; 3],
    hook: Option<Hook>,
    log: Option<Vec<Message>>,
}

/// Three connected ends. Receiving waits at most `limit`.
#[must_use]
pub fn network(limit: Duration) -> [MemoryChannel; 3] {
    let mut ends = NodeIndex::ALL.map(|me| MemoryChannel {
        me,
        limit,
        to: [None, None, None],
        from: [None, None, None],
        sent: [0; 3],
        received: [0; 3],
        hook: None,
        log: None,
    });
    for from in NodeIndex::ALL {
        for to in [from.next(), from.previous()] {
            let (sender, receiver) = channel();
            ends[from.get()].to[to.get()] = Some(sender);
            ends[to.get()].from[from.get()] = Some(receiver);
        }
    }
    ends
}

impl MemoryChannel {
    /// Lets a hook see and change all that this node sends, except that it aborts.
    pub fn tamper(&mut self, hook: Hook) {
        self.hook = Some(hook);
    }

    /// Keeps a copy of everything received from now on.
    pub fn keep_received(&mut self) {
        self.log = Some(Vec::new());
    }

    /// What was received since [`Self::keep_received`].
    #[must_use]
    pub fn received(&self) -> &[Message] {
        self.log.as_deref().unwrap_or_default()
    }

    /// Messages sent to both others.
    #[must_use]
    pub fn sent(&self) -> u32 {
        self.sent.iter().sum()
    }
}

impl Channel for MemoryChannel {
    fn me(&self) -> NodeIndex {
        self.me
    }

    fn send(
        &mut self,
        to: NodeIndex,
        kind: FrameKind,
        items: u32,
        payload: &[u8],
    ) -> Result<(), ChannelError> {
        let number = self.sent();
        let step = Step(self.sent[to.get()]);
        self.sent[to.get()] += 1;
        let mut message = Message { to, step, kind, items, payload: payload.to_vec() };
        let fate = match &mut self.hook {
            Some(hook) if kind != FrameKind::Abort => hook(number, &mut message),
            _ => Fate::Deliver,
        };
        let sender = self.to[to.get()].as_ref().ok_or(ChannelError::Closed { from: to })?;
        let gone = |_| ChannelError::Closed { from: to };
        match fate {
            Fate::Deliver => sender.send(message).map_err(gone),
            Fate::Lose => Ok(()),
            Fate::Repeat => {
                sender.send(message.clone()).map_err(gone)?;
                sender.send(message).map_err(gone)
            }
        }
    }

    fn receive(
        &mut self,
        from: NodeIndex,
        kind: FrameKind,
        items: u32,
        payload: &mut Vec<u8>,
    ) -> Result<(), ChannelError> {
        let receiver = self.from[from.get()].as_ref().ok_or(ChannelError::Closed { from })?;
        let message = receiver.recv_timeout(self.limit).map_err(|error| match error {
            RecvTimeoutError::Disconnected => ChannelError::Closed { from },
            RecvTimeoutError::Timeout => ChannelError::Late {
                from,
                limit_ms: u64::try_from(self.limit.as_millis()).unwrap_or(u64::MAX),
            },
        })?;
        if message.kind == FrameKind::Abort {
            let reason = String::from_utf8_lossy(&message.payload).into_owned();
            return Err(ChannelError::Aborted { from, reason });
        }
        let expected = Step(self.received[from.get()]);
        self.received[from.get()] += 1;
        if (message.step, message.kind, message.items) != (expected, kind, items) {
            let what = format!(
                "{:?} number {} of {} items instead of {kind:?} number {} of {items}",
                message.kind, message.step.0, message.items, expected.0
            );
            return Err(ChannelError::Unexpected { from, what });
        }
        payload.clear();
        payload.extend_from_slice(&message.payload);
        if let Some(log) = &mut self.log {
            log.push(message);
        }
        Ok(())
    }
}
