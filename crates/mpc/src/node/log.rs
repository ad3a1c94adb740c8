//! The node's memory: an append-only file in which every entry carries the hash of the one before.
//!
//! A session's number is burnt by an entry, so it stays burnt after a restart. Participants get the
//! hash of the entry about their submission; whoever has it can prove that the log was changed.
//! There are no secrets in it. What happens in a session is decided elsewhere.
//!
//! A line is the entry's hash in hexadecimal, a space, and the entry in JSON. The hash is SHA-256
//! over a fixed prefix and exactly that JSON text, which contains the previous hash.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{BufRead as _, BufReader, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::terms::SessionTerms;

const FILE: &str = "mpc.log";
const HASH_DIGITS: usize = 64;
const MAX_LINE_BYTES: usize = 4 << 20;

/// Something that happened at a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The node began to work.
    Started {
        /// Its number.
        node: u8,
        /// Fingerprint of its certificate.
        certificate: String,
    },
    /// A session can be submitted to.
    Opened {
        /// Its terms.
        terms: SessionTerms,
        /// Their hash.
        terms_hash: String,
    },
    /// A participant's shares are here. The session's number is burnt from here on.
    Submitted {
        /// Which session.
        session: u64,
        /// Who.
        participant: String,
        /// Hash of the commitments to all three components.
        commitment: String,
    },
    /// The node goes to the meeting of the three.
    RunStarted {
        /// Which session.
        session: u64,
        /// How many submissions are here.
        submissions: usize,
    },
    /// The nodes met and agreed who counts.
    Agreed {
        /// Which session.
        session: u64,
        /// Who counts.
        contributors: Vec<String>,
        /// The newest hashes of the two other nodes' logs, as they told.
        other_logs: [String; 2],
    },
    /// There is a result.
    Finished {
        /// Which session.
        session: u64,
        /// Hash of the public part.
        public_hash: String,
        /// Bytes sent.
        sent_bytes: u64,
        /// Rounds of messages.
        rounds: u64,
    },
    /// There is no result, and never will be.
    Aborted {
        /// Which session.
        session: u64,
        /// Why.
        reason: String,
    },
    /// A participant fetched its result for the first time.
    Collected {
        /// Which session.
        session: u64,
        /// Who.
        participant: String,
    },
}

/// An event at its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// From 0 without holes.
    pub index: u64,
    /// Unix time in milliseconds.
    pub at_ms: u64,
    /// Hash of the entry before, in hexadecimal; zeros at the start.
    pub previous: String,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// Proof that something stands in a node's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPlace {
    /// Number of the entry.
    pub index: u64,
    /// Its hash.
    pub hash: String,
}

/// Why a log cannot be used or believed.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Repair the file system or the configuration.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// Another process works in this folder: stop it first.
    #[error("{} is in use by another process", path.display())]
    InUse {
        /// The log.
        path: PathBuf,
    },
    /// The log was changed: do not trust the node.
    #[error("line {line} of the log: {what}")]
    Broken {
        /// From 1.
        line: u64,
        /// What is wrong.
        what: String,
    },
    /// The node told somebody else something else: do not trust it.
    #[error("entry {index} of the log is not the one that was promised")]
    Replaced {
        /// Which entry.
        index: u64,
    },
}

/// What became of a session's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Opened, and nobody has submitted.
    Untouched,
    /// Used: it cannot be opened again.
    Burnt,
}

/// A chain of entries, checked one by one.
struct Chain {
    next: u64,
    head: String,
}

impl Chain {
    fn new() -> Self {
        Self { next: 0, head: "0".repeat(HASH_DIGITS) }
    }

    fn take(&mut self, line: &str) -> Result<Entry, LogError> {
        let number = self.next + 1;
        let broken = |what: &str| LogError::Broken { line: number, what: what.to_owned() };
        let (hash, rest) = line.split_at_checked(HASH_DIGITS).ok_or_else(|| broken("too short"))?;
        let json = rest.strip_prefix(' ').ok_or_else(|| broken("no space after the hash"))?;
        if hash_of(json) != hash {
            return Err(broken("the text does not have the hash that stands before it"));
        }
        let entry: Entry = serde_json::from_str(json)
            .map_err(|error| LogError::Broken { line: number, what: error.to_string() })?;
        if entry.index != self.next {
            return Err(broken("its number is not the next one"));
        }
        if entry.previous != self.head {
            return Err(broken("it does not follow the entry before"));
        }
        self.next += 1;
        hash.clone_into(&mut self.head);
        Ok(entry)
    }
}

fn hash_of(json: &str) -> String {
    let hash = Sha256::new_with_prefix(b"algopioneer mpc log 1").chain_update(json).finalize();
    hex::encode(hash)
}

/// Checks a whole log, and that it still contains what was promised.
///
/// # Errors
/// [`LogError::Broken`] with the first bad line, [`LogError::Replaced`] with the first promise that
/// was not kept.
pub fn verify<'a>(
    lines: impl IntoIterator<Item = &'a str>,
    promised: &[LogPlace],
) -> Result<Vec<Entry>, LogError> {
    let mut chain = Chain::new();
    let mut entries = Vec::new();
    let mut hashes = Vec::new();
    for line in lines {
        entries.push(chain.take(line)?);
        hashes.push(chain.head.clone());
    }
    let kept = |place: &&LogPlace| {
        usize::try_from(place.index).ok().and_then(|at| hashes.get(at)) == Some(&place.hash)
    };
    match promised.iter().find(|place| !kept(place)) {
        Some(place) => Err(LogError::Replaced { index: place.index }),
        None => Ok(entries),
    }
}

/// A node's log, locked against other processes.
pub struct Log {
    file: Flock<File>,
    path: PathBuf,
    chain: Chain,
    fates: BTreeMap<u64, Fate>,
    /// Where each entry starts, for those who ask for a part.
    starts: Vec<u64>,
    end: u64,
}

impl Log {
    /// Opens the log in a folder, or starts one, after a check of everything in it. A last line
    /// without an end was never promised to anybody, and is cut off.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn open(folder: &Path) -> Result<Self, LogError> {
        let path = folder.join(FILE);
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&path)
            .map_err(|source| file_error("open", &path, source))?;
        let file = Flock::lock(file, FlockArg::LockExclusiveNonblock)
            .map_err(|_| LogError::InUse { path: path.clone() })?;
        let fates = BTreeMap::new();
        let mut log = Self { file, path, chain: Chain::new(), fates, starts: Vec::new(), end: 0 };
        log.replay()?;
        Ok(log)
    }

    fn replay(&mut self) -> Result<(), LogError> {
        let copy = self.file.try_clone().map_err(|source| self.failed("read", source))?;
        let mut reader = BufReader::new(copy);
        let mut line = String::new();
        loop {
            line.clear();
            let count =
                reader.read_line(&mut line).map_err(|source| self.failed("read", source))?;
            let Some(whole) = line.strip_suffix('\n') else {
                if count > 0 {
                    self.file.set_len(self.end).map_err(|source| self.failed("cut", source))?;
                }
                return Ok(());
            };
            let entry = self.chain.take(whole)?;
            self.starts.push(self.end);
            self.end += count as u64;
            self.remember(&entry.event);
        }
    }

    fn remember(&mut self, event: &Event) {
        match event {
            Event::Opened { terms, .. } => {
                self.fates.entry(terms.session).or_insert(Fate::Untouched);
            }
            Event::Submitted { session, .. }
            | Event::RunStarted { session, .. }
            | Event::Agreed { session, .. }
            | Event::Finished { session, .. }
            | Event::Aborted { session, .. }
            | Event::Collected { session, .. } => {
                self.fates.insert(*session, Fate::Burnt);
            }
            Event::Started { .. } => {}
        }
    }

    /// What became of a session's number; nothing if it was never opened.
    #[must_use]
    pub fn fate(&self, session: u64) -> Option<Fate> {
        self.fates.get(&session).copied()
    }

    /// The newest hash.
    ///
    /// # Panics
    /// Never: the head is a hash in hexadecimal from the start.
    #[must_use]
    pub fn head(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        // The head is made by `hash_of` or is all zeros.
        hex::decode_to_slice(&self.chain.head, &mut bytes).expect("a hash in hexadecimal");
        bytes
    }

    /// Adds an event and returns when it is on disk.
    ///
    /// # Errors
    /// [`LogError::File`]; the event is not in the log, and must not be acted on.
    pub fn append(&mut self, at_ms: u64, event: Event) -> Result<LogPlace, LogError> {
        let index = self.chain.next;
        let entry = Entry { index, at_ms, previous: self.chain.head.clone(), event };
        let json = serde_json::to_string(&entry)
            .map_err(|error| self.failed("write", std::io::Error::other(error)))?;
        let hash = hash_of(&json);
        let line = format!("{hash} {json}\n");
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data());
        if let Err(source) = written {
            // Half a line would make the whole log unreadable.
            let _cut = self.file.set_len(self.end);
            return Err(self.failed("write", source));
        }
        self.starts.push(self.end);
        self.end += line.len() as u64;
        self.chain = Chain { next: index + 1, head: hash.clone() };
        self.remember(&entry.event);
        Ok(LogPlace { index, hash })
    }

    /// Lines from an entry on, as many as fit into so many bytes (but at least one).
    ///
    /// # Errors
    /// [`LogError::File`].
    pub fn lines(&self, from: u64, max_bytes: usize) -> Result<Vec<String>, LogError> {
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let Some(&start) = self.starts.get(from) else { return Ok(Vec::new()) };
        let mut file = File::open(&self.path).map_err(|source| self.failed("read", source))?;
        file.seek(SeekFrom::Start(start)).map_err(|source| self.failed("read", source))?;
        let mut lines = Vec::new();
        let mut taken = 0;
        for line in BufReader::new(file).lines().take(self.starts.len() - from) {
            let line = line.map_err(|source| self.failed("read", source))?;
            taken += line.len();
            if !lines.is_empty() && taken > max_bytes.min(MAX_LINE_BYTES) {
                break;
            }
            lines.push(line);
        }
        Ok(lines)
    }

    fn failed(&self, action: &'static str, source: std::io::Error) -> LogError {
        file_error(action, &self.path, source)
    }
}

fn file_error(action: &'static str, path: &Path, source: std::io::Error) -> LogError {
    LogError::File { action, path: path.to_owned(), source }
}
