//! What a run cost, by phase.

/// What was opened or delivered under one label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// From the function's list of leaks.
    pub label: &'static str,
    /// How many values.
    pub values: u64,
}

/// Counts and times of one node's side of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Times that all nodes sent and then received.
    pub rounds: u64,
    /// Payload bytes sent to both other nodes.
    pub bytes_sent: u64,
    /// Products of bits.
    pub bit_gates: u64,
    /// Products and inner products of field elements, and elements shuffled.
    pub field_gates: u64,
    /// Pairs of field elements that were multiplied.
    pub field_terms: u64,
    /// Checks that passed.
    pub checks: u64,
    /// Values opened behind a mask.
    pub masked_openings: u64,
    /// Values opened or delivered, by label.
    pub openings: Vec<Opened>,
    /// Nanoseconds from start to end, waiting for other nodes included.
    pub total_ns: u64,
    /// Of those, on rules about inputs, their checks and openings included.
    pub rules_ns: u64,
    /// Of all, in checks.
    pub check_ns: u64,
    /// Of all, in openings, checks left out.
    pub open_ns: u64,
}
