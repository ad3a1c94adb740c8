//! A channel that lies: for tests and for showing that the honest nodes notice.
//!
//! It changes one message on its way out. What the two other nodes make of it is their business.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{Channel, ChannelError, FrameKind, NodeIndex};

/// In which way a message is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheatKind {
    /// The lowest bit is flipped.
    Flip,
    /// The first byte is one higher, with carry.
    Add,
    /// The two halves change places.
    Swap,
    /// The message before is sent once more instead.
    Replay,
    /// The message is not sent.
    Drop,
    /// The last byte is missing.
    Truncate,
    /// The message is sent twice.
    Duplicate,
}

const KINDS: [(&str, CheatKind); 7] = [
    ("flip", CheatKind::Flip),
    ("add", CheatKind::Add),
    ("swap", CheatKind::Swap),
    ("replay", CheatKind::Replay),
    ("drop", CheatKind::Drop),
    ("truncate", CheatKind::Truncate),
    ("duplicate", CheatKind::Duplicate),
];

/// Which message of a run is changed, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cheat {
    /// How.
    pub kind: CheatKind,
    /// Number of the outgoing message, from 0, counted from the function's start.
    #[serde(default)]
    pub message: u32,
}

/// Who cheats and how, as written on a command line: `node=1,kind=flip,message=3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheatingNode {
    /// Who.
    pub node: NodeIndex,
    /// How.
    pub cheat: Cheat,
}

/// Text that does not say how to cheat.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not like `node=1,kind=flip,message=0`: {reason}")]
pub struct NotACheat {
    text: String,
    reason: String,
}

impl FromStr for CheatingNode {
    type Err = NotACheat;

    fn from_str(text: &str) -> Result<Self, NotACheat> {
        let refuse = |reason: String| NotACheat { text: text.to_owned(), reason };
        let (mut node, mut kind, mut message) = (None, None, 0);
        for part in text.split(',') {
            match part.trim().split_once('=') {
                Some(("node", value)) => node = value.parse().ok().and_then(NodeIndex::new),
                Some(("kind", value)) => {
                    kind = KINDS.iter().find(|(name, _)| *name == value).map(|(_, kind)| *kind);
                    if kind.is_none() {
                        let names = KINDS.map(|(name, _)| name).join(", ");
                        return Err(refuse(format!("kinds are {names}")));
                    }
                }
                Some(("message", value)) => {
                    message = value
                        .parse()
                        .map_err(|_| refuse(format!("`{value}` is not a message's number")))?;
                }
                _ => return Err(refuse(format!("`{part}` is unknown"))),
            }
        }
        let node = node.ok_or_else(|| refuse("a node is 0, 1 or 2".to_owned()))?;
        let kind = kind.ok_or_else(|| refuse("a kind is missing".to_owned()))?;
        Ok(Self { node, cheat: Cheat { kind, message } })
    }
}

impl fmt::Display for CheatingNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cheat { kind, message } = self.cheat;
        let name = KINDS.iter().find(|(_, one)| *one == kind).map_or("", |(name, _)| *name);
        write!(f, "node={},kind={name},message={message}", self.node.get())
    }
}

/// A channel whose owner cheats once.
pub struct CheatingChannel<'a> {
    inner: &'a mut dyn Channel,
    cheat: Cheat,
    sent: u32,
    before: Vec<u8>,
}

impl<'a> CheatingChannel<'a> {
    /// Sends honestly but for one message.
    pub fn new(inner: &'a mut dyn Channel, cheat: Cheat) -> Self {
        Self { inner, cheat, sent: 0, before: Vec::new() }
    }

    fn twice(
        &mut self,
        to: NodeIndex,
        kind: FrameKind,
        items: u32,
        payload: &[u8],
    ) -> Result<(), ChannelError> {
        self.inner.send(to, kind, items, payload)?;
        self.inner.send(to, kind, items, payload)
    }
}

impl Channel for CheatingChannel<'_> {
    fn me(&self) -> NodeIndex {
        self.inner.me()
    }

    fn send(
        &mut self,
        to: NodeIndex,
        kind: FrameKind,
        items: u32,
        payload: &[u8],
    ) -> Result<(), ChannelError> {
        let due = self.sent == self.cheat.message;
        self.sent = self.sent.saturating_add(1);
        if !due {
            self.before = payload.to_vec();
            return self.inner.send(to, kind, items, payload);
        }
        let mut changed = payload.to_vec();
        match self.cheat.kind {
            CheatKind::Drop => return Ok(()),
            CheatKind::Duplicate => return self.twice(to, kind, items, payload),
            CheatKind::Flip => changed.iter_mut().take(1).for_each(|byte| *byte ^= 1),
            CheatKind::Add => add_one(&mut changed),
            CheatKind::Swap => changed.rotate_left(payload.len() / 2),
            // The first message has none before it.
            CheatKind::Replay if self.before.is_empty() => {
                return self.twice(to, kind, items, payload);
            }
            CheatKind::Replay => changed.clone_from(&self.before),
            CheatKind::Truncate => {
                changed.pop();
            }
        }
        self.inner.send(to, kind, items, &changed)
    }

    fn receive(
        &mut self,
        from: NodeIndex,
        kind: FrameKind,
        items: u32,
        payload: &mut Vec<u8>,
    ) -> Result<(), ChannelError> {
        self.inner.receive(from, kind, items, payload)
    }
}

fn add_one(bytes: &mut [u8]) {
    for byte in bytes {
        let (next, carry) = byte.overflowing_add(1);
        *byte = next;
        if !carry {
            return;
        }
    }
}
