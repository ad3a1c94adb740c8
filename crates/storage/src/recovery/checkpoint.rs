//! A shortcut for the next start: the state at one record, and proof of which record.
//!
//! It is only ever an optimisation. One that is missing, unreadable or not about this
//! journal is passed over, and the start reads everything.

use std::{io, io::Read as _};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::State;
use crate::journal::{Disk, Position};

const NAME: &str = "checkpoint.json";
const DRAFT: &str = "checkpoint.draft";
const FORMAT: u32 = 2;
/// Hex digits of the hash in the first line.
const HASH_DIGITS: usize = 64;

/// The state right after the record at `position`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    format: u32,
    pub(crate) position: Position,
    pub(crate) state: State,
}

impl Checkpoint {
    pub(crate) const fn new(position: Position, state: State) -> Self {
        Self { format: FORMAT, position, state }
    }

    /// Puts this checkpoint in the place of the last one, all at once.
    pub(crate) fn save(&self, disk: &dyn Disk) -> io::Result<()> {
        let body = serde_json::to_string(self)?;
        let mut file = disk.append_to(DRAFT)?;
        file.truncate(0)?;
        file.append(format!("{}\n{body}", hex_sha256(body.as_bytes())).as_bytes())?;
        file.sync()?;
        disk.replace(DRAFT, NAME)
    }

    /// The saved checkpoint, `None` when there is none that can be used.
    pub(crate) fn load(disk: &dyn Disk) -> Option<Self> {
        let mut text = String::new();
        disk.read(NAME, 0).ok()?.read_to_string(&mut text).ok()?;
        let (hash, body) = text.split_once('\n')?;
        if hash.len() != HASH_DIGITS || hash != hex_sha256(body.as_bytes()) {
            return None;
        }
        serde_json::from_str::<Self>(body).ok().filter(|found| found.format == FORMAT)
    }
}

fn hex_sha256(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes).iter().fold(String::with_capacity(HASH_DIGITS), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
