//! What a protocol needs from the outside: ordered, authenticated messages between three nodes.

use std::fmt;

/// One of the three nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeIndex(u8);

impl NodeIndex {
    /// All of them in order.
    pub const ALL: [Self; 3] = [Self(0), Self(1), Self(2)];

    /// Node 0, 1 or 2; `None` for anything else.
    #[must_use]
    pub const fn new(index: u8) -> Option<Self> {
        if index < 3 { Some(Self(index)) } else { None }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0 as usize
    }

    /// The node after this one, in a ring.
    #[must_use]
    pub const fn next(self) -> Self {
        Self((self.0 + 1) % 3)
    }

    /// The node before this one, in a ring.
    #[must_use]
    pub const fn previous(self) -> Self {
        Self((self.0 + 2) % 3)
    }
}

impl fmt::Display for NodeIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "P{}", self.0)
    }
}

/// The number of a message within its run and direction, from 0 without holes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Step(pub u32);

/// What a message carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FrameKind {
    /// Shares of products and shuffles.
    Data,
    /// A part of a proof of correct products.
    Proof,
    /// A part of a joint challenge.
    Challenge,
    /// A share of a value that is opened.
    Open,
    /// A hash that both senders of a value must agree on.
    Hash,
    /// The sender stops, and says why.
    Abort,
    /// Who the sender is and what it believes to run.
    Hello,
}

/// Messages to and from the two other nodes.
///
/// Steps count up by one per direction; a repeated, skipped, mistyped or oversized message is
/// an error, after which the run is over. Receiving waits until the message is there, at most
/// as long as the channel was made to wait.
pub trait Channel {
    /// Which node this is.
    fn me(&self) -> NodeIndex;

    /// Hands a message over for sending. Does not wait for its arrival.
    ///
    /// # Errors
    /// [`ChannelError`]; the run is over.
    fn send(
        &mut self,
        to: NodeIndex,
        kind: FrameKind,
        items: u32,
        payload: &[u8],
    ) -> Result<(), ChannelError>;

    /// Waits for the next message of a node and puts its payload into `payload`, which is
    /// emptied first.
    ///
    /// # Errors
    /// [`ChannelError`] when it is missing, late, or not of this kind and number of items.
    fn receive(
        &mut self,
        from: NodeIndex,
        kind: FrameKind,
        items: u32,
        payload: &mut Vec<u8>,
    ) -> Result<(), ChannelError>;
}

/// Why a message could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    /// The run is over: the other node is gone.
    #[error("{from} closed the connection")]
    Closed {
        /// Who.
        from: NodeIndex,
    },
    /// The run is over: the other node did not answer in time.
    #[error("{from} did not answer within {limit_ms} ms")]
    Late {
        /// Who.
        from: NodeIndex,
        /// How long we waited.
        limit_ms: u64,
    },
    /// The run is over: what came is not what the protocol expects here.
    #[error("{from} sent something else than expected: {what}")]
    Unexpected {
        /// Who.
        from: NodeIndex,
        /// In which way.
        what: String,
    },
    /// The run is over: the other node stopped.
    #[error("{from} stopped: {reason}")]
    Aborted {
        /// Who.
        from: NodeIndex,
        /// Its reason, as it told.
        reason: String,
    },
}
