//! What a run cost at one node: time, bytes and rounds, by phase.

use serde::{Deserialize, Serialize};

use crate::net::traffic::{KindTraffic, Traffic};

/// One phase of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phase {
    /// `meet`, `agree`, `compute` or `confirm`; within `compute`, the kinds of messages.
    pub name: String,
    /// Nanoseconds from start to end.
    pub elapsed_ns: u64,
    /// What was sent and received, before encryption.
    pub traffic: KindTraffic,
}

/// How much a function computed, and what it revealed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// Products of bits.
    pub bit_products: u64,
    /// Products and inner products of field elements.
    pub field_products: u64,
    /// Checks against cheaters that passed.
    pub checks: u64,
    /// Nanoseconds in checks.
    pub check_ns: u64,
    /// Nanoseconds in openings.
    pub open_ns: u64,
    /// How many values were opened or delivered under each name.
    pub revealed: Vec<(String, u64)>,
}

/// What a run cost at one node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStatistics {
    /// The phases in order.
    pub phases: Vec<Phase>,
    /// The traffic of the phase `compute` by kind of message: products are `data`, the check is
    /// `proof` and `challenge`, revealing is `open`.
    pub compute: Traffic,
    /// What was computed in that phase.
    pub work: Work,
}

impl RunStatistics {
    /// Sum over all phases.
    #[must_use]
    pub fn total(&self) -> Phase {
        let mut total =
            Phase { name: "total".to_owned(), elapsed_ns: 0, traffic: KindTraffic::default() };
        for phase in &self.phases {
            total.elapsed_ns += phase.elapsed_ns;
            total.traffic.sent_frames += phase.traffic.sent_frames;
            total.traffic.sent_bytes += phase.traffic.sent_bytes;
            total.traffic.received_frames += phase.traffic.received_frames;
            total.traffic.received_bytes += phase.traffic.received_bytes;
            total.traffic.rounds += phase.traffic.rounds;
            total.traffic.elapsed_ns += phase.traffic.elapsed_ns;
            total.traffic.waited_ns += phase.traffic.waited_ns;
        }
        total
    }
}
