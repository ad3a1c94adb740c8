//! The first frame of a connection between nodes: what the sender believes to run.
//!
//! Two nodes that disagree about anything that matters must find out before a share is sent. The
//! session and the function stand in the frame's header, everything else in this payload.

use serde::{Deserialize, Serialize};

use super::{NodeIndex, frame::Header, identity::Fingerprint};

/// Of the protocol above the frames. It changes whenever two builds could not compute together.
pub const PROTOCOL_VERSION: u16 = 1;

/// What the nodes do about a cheater among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Every product is checked before anything is revealed. The only mode for real use.
    #[default]
    Malicious,
    /// Nothing is checked: for benchmarks, and for nodes with one owner.
    SemiHonest,
}

impl Mode {
    const fn number(self) -> u8 {
        match self {
            Self::Malicious => 1,
            Self::SemiHonest => 2,
        }
    }
}

/// How large and how long a run may become. All nodes keep the same limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RunLimits {
    /// Products of bits, at about three bytes each until they are checked. Products of numbers
    /// count as sixteen.
    pub max_gates: u64,
    /// Bytes that a node may send or receive in a run.
    pub max_bytes: u64,
    /// Longest wait for one message.
    pub step_ms: u32,
    /// Longest duration of a run.
    pub run_ms: u32,
}

impl Default for RunLimits {
    fn default() -> Self {
        Self { max_gates: 1 << 24, max_bytes: 1 << 30, step_ms: 5_000, run_ms: 60_000 }
    }
}

/// Everything that the three nodes of a run must have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// Which session.
    pub session: u64,
    /// Which function.
    pub function: u32,
    /// Hash of the session's terms: parameters, deadline, input rules.
    pub parameters: [u8; 32],
    /// Hash of the list of participants with their certificates.
    pub participants: [u8; 32],
    /// The nodes' certificates, in order.
    pub nodes: [Fingerprint; 3],
    /// What is done about cheaters.
    pub mode: Mode,
    /// How large and long the run may become.
    pub limits: RunLimits,
}

/// What one node tells another before a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    version: u16,
    sender: u8,
    receiver: u8,
    mode: u8,
    agreement: Agreement,
    /// The newest hash of the sender's log. It is noted, not compared.
    pub log_head: [u8; 32],
}

/// Why a run is refused before it starts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The payload has not the length of a hello.
    #[error("a hello of {found} bytes where {HELLO_BYTES} are expected")]
    Length {
        /// Its length.
        found: usize,
    },
    /// Both sides must agree on this, and do not.
    #[error("different {what}: {theirs} there, {ours} here")]
    Different {
        /// On what.
        what: &'static str,
        /// What the other node has.
        theirs: String,
        /// What this node has.
        ours: String,
    },
}

/// Length of a hello's payload.
pub const HELLO_BYTES: usize = 2 + 3 + 5 * 32 + 24 + 32;

impl Hello {
    /// What `me` tells `to`.
    #[must_use]
    pub fn new(agreement: Agreement, me: NodeIndex, to: NodeIndex, log_head: [u8; 32]) -> Self {
        Self {
            version: PROTOCOL_VERSION,
            sender: number(me),
            receiver: number(to),
            mode: agreement.mode.number(),
            agreement,
            log_head,
        }
    }

    /// The payload.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let agreement = &self.agreement;
        let mut out = Vec::with_capacity(HELLO_BYTES);
        out.extend_from_slice(&self.version.to_le_bytes());
        out.extend_from_slice(&[self.sender, self.receiver, self.mode]);
        out.extend_from_slice(&agreement.parameters);
        out.extend_from_slice(&agreement.participants);
        for node in &agreement.nodes {
            out.extend_from_slice(node.bytes());
        }
        out.extend_from_slice(&agreement.limits.max_gates.to_le_bytes());
        out.extend_from_slice(&agreement.limits.max_bytes.to_le_bytes());
        out.extend_from_slice(&agreement.limits.step_ms.to_le_bytes());
        out.extend_from_slice(&agreement.limits.run_ms.to_le_bytes());
        out.extend_from_slice(&self.log_head);
        out
    }

    /// Reads a payload; what it says is not judged yet.
    ///
    /// # Errors
    /// [`Mismatch::Length`].
    pub fn decode(header: &Header, payload: &[u8]) -> Result<Self, Mismatch> {
        let bytes: &[u8; HELLO_BYTES] =
            payload.try_into().map_err(|_| Mismatch::Length { found: payload.len() })?;
        let mut rest = Reader(bytes);
        let version = u16::from_le_bytes(rest.take());
        let [sender, receiver, mode] = rest.take();
        let agreement = Agreement {
            session: header.session,
            function: header.function,
            parameters: rest.take(),
            participants: rest.take(),
            nodes: [rest.take(), rest.take(), rest.take()].map(Fingerprint::from_bytes),
            mode: if mode == Mode::SemiHonest.number() {
                Mode::SemiHonest
            } else {
                Mode::Malicious
            },
            limits: RunLimits {
                max_gates: u64::from_le_bytes(rest.take()),
                max_bytes: u64::from_le_bytes(rest.take()),
                step_ms: u32::from_le_bytes(rest.take()),
                run_ms: u32::from_le_bytes(rest.take()),
            },
        };
        Ok(Self { version, sender, receiver, mode, agreement, log_head: rest.take() })
    }

    /// Compares with what this node would have said in the sender's place.
    ///
    /// # Errors
    /// [`Mismatch::Different`], with the first difference.
    pub fn check(&self, own: &Agreement, me: NodeIndex, from: NodeIndex) -> Result<(), Mismatch> {
        let expected = Self::new(own.clone(), from, me, self.log_head);
        let (theirs, ours) = (&self.agreement, &expected.agreement);
        let nodes = |agreement: &Agreement| agreement.nodes.map(|node| shown(node.bytes()));
        let rows = [
            ("protocol versions", self.version.to_string(), expected.version.to_string()),
            ("senders", format!("P{}", self.sender), format!("P{}", expected.sender)),
            ("receivers", format!("P{}", self.receiver), format!("P{}", expected.receiver)),
            ("sessions", theirs.session.to_string(), ours.session.to_string()),
            ("functions", theirs.function.to_string(), ours.function.to_string()),
            ("modes", self.mode.to_string(), expected.mode.to_string()),
            ("limits", format!("{:?}", theirs.limits), format!("{:?}", ours.limits)),
            ("node certificates", nodes(theirs).join(" "), nodes(ours).join(" ")),
            ("participants", shown(&theirs.participants), shown(&ours.participants)),
            ("parameters", shown(&theirs.parameters), shown(&ours.parameters)),
        ];
        for (what, theirs, ours) in rows {
            if theirs != ours {
                return Err(Mismatch::Different { what, theirs, ours });
            }
        }
        Ok(())
    }
}

fn number(node: NodeIndex) -> u8 {
    u8::try_from(node.get()).expect("there are three nodes")
}

fn shown(hash: &[u8; 32]) -> String {
    hex::encode(hash)
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    /// The next `N` bytes. The whole has been measured before.
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (first, rest) = self.0.split_at(N);
        self.0 = rest;
        let mut bytes = [0; N];
        bytes.copy_from_slice(first);
        bytes
    }
}
