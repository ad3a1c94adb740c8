//! What a run cost on the wire: messages, bytes, rounds and time, by kind of message.
//!
//! The kinds are the phases of a protocol: products are data, then come the proofs and challenges
//! of the check, then openings. Times are those of the thread that computes.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::FrameKind;

/// Sums over all messages of one kind, as one node saw them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindTraffic {
    /// Frames sent.
    pub sent_frames: u64,
    /// Bytes sent, headers included, encryption not.
    pub sent_bytes: u64,
    /// Frames received.
    pub received_frames: u64,
    /// Bytes received, headers included, encryption not.
    pub received_bytes: u64,
    /// Receptions of this kind that followed a sending.
    pub rounds: u64,
    /// Nanoseconds from the message before to the end of messages of this kind.
    pub elapsed_ns: u64,
    /// Nanoseconds of that spent waiting for a message.
    pub waited_ns: u64,
}

/// One run's traffic at one node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// Shares of products and shuffles.
    pub data: KindTraffic,
    /// The check's proofs.
    pub proof: KindTraffic,
    /// The check's challenges.
    pub challenge: KindTraffic,
    /// Openings.
    pub open: KindTraffic,
    /// Hashes of what must agree.
    pub hash: KindTraffic,
    /// Everything else.
    pub other: KindTraffic,
}

impl Traffic {
    /// The sums of one kind.
    pub fn of(&mut self, kind: FrameKind) -> &mut KindTraffic {
        match kind {
            FrameKind::Data => &mut self.data,
            FrameKind::Proof => &mut self.proof,
            FrameKind::Challenge => &mut self.challenge,
            FrameKind::Open => &mut self.open,
            FrameKind::Hash => &mut self.hash,
            FrameKind::Abort | FrameKind::Hello => &mut self.other,
        }
    }

    /// The kinds with their names.
    #[must_use]
    pub fn kinds(&self) -> [(&'static str, KindTraffic); 6] {
        [
            ("data", self.data),
            ("proof", self.proof),
            ("challenge", self.challenge),
            ("open", self.open),
            ("hash", self.hash),
            ("other", self.other),
        ]
    }

    /// Sum over all kinds.
    #[must_use]
    pub fn total(&self) -> KindTraffic {
        self.kinds().iter().fold(KindTraffic::default(), |sum, (_, kind)| KindTraffic {
            sent_frames: sum.sent_frames + kind.sent_frames,
            sent_bytes: sum.sent_bytes + kind.sent_bytes,
            received_frames: sum.received_frames + kind.received_frames,
            received_bytes: sum.received_bytes + kind.received_bytes,
            rounds: sum.rounds + kind.rounds,
            elapsed_ns: sum.elapsed_ns + kind.elapsed_ns,
            waited_ns: sum.waited_ns + kind.waited_ns,
        })
    }

    /// What came after `earlier`, which must be an earlier state of the same run.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let minus = |now: KindTraffic, then: KindTraffic| KindTraffic {
            sent_frames: now.sent_frames - then.sent_frames,
            sent_bytes: now.sent_bytes - then.sent_bytes,
            received_frames: now.received_frames - then.received_frames,
            received_bytes: now.received_bytes - then.received_bytes,
            rounds: now.rounds - then.rounds,
            elapsed_ns: now.elapsed_ns - then.elapsed_ns,
            waited_ns: now.waited_ns - then.waited_ns,
        };
        Self {
            data: minus(self.data, earlier.data),
            proof: minus(self.proof, earlier.proof),
            challenge: minus(self.challenge, earlier.challenge),
            open: minus(self.open, earlier.open),
            hash: minus(self.hash, earlier.hash),
            other: minus(self.other, earlier.other),
        }
    }
}

/// A duration as whole nanoseconds.
pub(crate) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
