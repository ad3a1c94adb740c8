//! Ways in which the archive and the REST interface of the past can misbehave.

/// Faults of answers about the past. None by default. Counts run down as requests come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArchiveFaults {
    /// So many requests are answered with status 429.
    pub throttle: u32,
    /// What those answers say in `Retry-After`, in seconds.
    pub retry_after_secs: u64,
    /// So many answers end in the middle.
    pub cut: u32,
    /// The archive's checksums are those of other files.
    pub wrong_checksums: bool,
    /// Files whose path contains one of these are not there.
    pub missing: Vec<String>,
    /// After so many requests there are no answers any more, until faults are set again.
    pub hold_after: Option<u32>,
}
