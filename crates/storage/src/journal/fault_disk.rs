//! A disk in memory that fails on command and can show every state a crash may leave.
//!
//! It writes down each operation. [`FaultDisk::after_crash`] replays the first of them and
//! loses what a killed process or a loss of power may lose of the rest.

use std::{
    collections::BTreeMap,
    io::{self, Read},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard},
};

use super::disk::{AppendFile, Disk};

const SECTOR: usize = 512;

#[derive(Clone, Debug)]
enum Operation {
    Create(String),
    Append(String, Vec<u8>),
    Truncate(String, u64),
    Sync(String),
    Replace(String, String),
}

/// What the crash takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crash {
    /// The program is killed: what the operating system has stays, the last write may be cut.
    Process,
    /// The power fails: of what was not synced, any part and any sector may be missing.
    Power,
}

#[derive(Debug, Default)]
struct Inside {
    /// What was there before the first operation.
    base: BTreeMap<String, Vec<u8>>,
    files: BTreeMap<String, Vec<u8>>,
    log: Vec<Operation>,
    /// The operation that fails, and how.
    fail_at: Option<(usize, io::ErrorKind)>,
    failed: usize,
}

/// The disk. Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct FaultDisk(Arc<Mutex<Inside>>);

impl FaultDisk {
    /// Makes the operation after the next `count` ones fail, and all after it.
    pub(crate) fn fail_after(&self, count: usize, kind: io::ErrorKind) {
        let mut inside = self.lock();
        inside.fail_at = Some((inside.log.len() + count, kind));
    }

    /// How many operations were done.
    pub(crate) fn operations(&self) -> usize {
        self.lock().log.len()
    }

    /// How many operations were refused.
    pub(crate) fn refusals(&self) -> usize {
        self.lock().failed
    }

    /// The bytes of a file.
    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        self.lock().files.get(name).cloned().unwrap_or_default()
    }

    /// A disk with these bytes in a file.
    pub(crate) fn with_file(&self, name: &str, bytes: Vec<u8>) -> Self {
        let mut files = self.lock().files.clone();
        files.insert(name.to_owned(), bytes);
        Self::holding(files)
    }

    fn holding(files: BTreeMap<String, Vec<u8>>) -> Self {
        let base = files.clone();
        Self(Arc::new(Mutex::new(Inside { base, files, ..Inside::default() })))
    }

    /// The disk as found after a crash in the middle of operation `operations + 1`.
    pub(crate) fn after_crash(&self, operations: usize, crash: Crash, seed: u64) -> Self {
        let inside = self.lock();
        let mut chance = Chance(seed | 1);
        let mut image = Image { safe: inside.base.clone(), ..Image::default() };
        for operation in &inside.log[..operations] {
            image.apply(operation, crash);
        }
        if let Some(Operation::Append(name, bytes)) = inside.log.get(operations) {
            let cut = chance.below(bytes.len() + 1);
            image.apply(&Operation::Append(name.clone(), bytes[..cut].to_vec()), crash);
        }
        Self::holding(image.settle(&mut chance))
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap()
    }

    fn run(&self, operation: Operation) -> io::Result<()> {
        let mut inside = self.lock();
        if let Some((at, kind)) = inside.fail_at
            && inside.log.len() >= at
        {
            // A full disk takes the part of a write that still fits.
            if let Operation::Append(name, bytes) = &operation
                && inside.failed == 0
            {
                let half = bytes[..bytes.len() / 2].to_vec();
                inside.files.entry(name.clone()).or_default().extend(half);
            }
            inside.failed += 1;
            return Err(kind.into());
        }
        apply(&mut inside.files, &operation);
        inside.log.push(operation);
        Ok(())
    }
}

fn apply(files: &mut BTreeMap<String, Vec<u8>>, operation: &Operation) {
    match operation {
        Operation::Create(name) => drop(files.entry(name.clone()).or_default()),
        Operation::Append(name, bytes) => {
            files.entry(name.clone()).or_default().extend_from_slice(bytes);
        }
        Operation::Truncate(name, length) => {
            let length = usize::try_from(*length).unwrap();
            files.entry(name.clone()).or_default().truncate(length);
        }
        Operation::Sync(_) => {}
        Operation::Replace(from, to) => {
            let bytes = files.remove(from).unwrap();
            files.insert(to.clone(), bytes);
        }
    }
}

/// Files with what is safe in them and what is not yet.
#[derive(Default)]
struct Image {
    safe: BTreeMap<String, Vec<u8>>,
    unsafe_operations: BTreeMap<String, Vec<Operation>>,
}

impl Image {
    fn apply(&mut self, operation: &Operation, crash: Crash) {
        match operation {
            Operation::Append(name, _) | Operation::Truncate(name, _) if crash == Crash::Power => {
                self.unsafe_operations.entry(name.clone()).or_default().push(operation.clone());
            }
            Operation::Sync(name) => {
                for waiting in self.unsafe_operations.remove(name).unwrap_or_default() {
                    apply(&mut self.safe, &waiting);
                }
            }
            _ => apply(&mut self.safe, operation),
        }
    }

    /// Lets chance decide what becomes of everything that is not safe.
    fn settle(mut self, chance: &mut Chance) -> BTreeMap<String, Vec<u8>> {
        for (name, waiting) in self.unsafe_operations {
            let kept = chance.below(waiting.len() + 1);
            for operation in &waiting[..kept] {
                let before = self.safe.get(&name).map_or(0, Vec::len);
                apply(&mut self.safe, operation);
                let bytes = self.safe.entry(name.clone()).or_default();
                let from = before.min(bytes.len());
                for sector in bytes[from..].chunks_mut(SECTOR) {
                    if chance.below(4) == 0 {
                        sector.fill(0);
                    }
                }
            }
        }
        self.safe
    }
}

struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

impl Disk for FaultDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.lock().files.keys().cloned().collect())
    }

    fn append_to(&self, name: &str) -> io::Result<Box<dyn AppendFile>> {
        if !self.lock().files.contains_key(name) {
            self.run(Operation::Create(name.into()))?;
        }
        Ok(Box::new(FaultFile { disk: self.clone(), name: name.into() }))
    }

    fn read(&self, name: &str, offset: u64) -> io::Result<Box<dyn Read + Send>> {
        let inside = self.lock();
        let bytes = inside.files.get(name).ok_or(io::ErrorKind::NotFound)?;
        let start = usize::try_from(offset).unwrap().min(bytes.len());
        Ok(Box::new(io::Cursor::new(bytes[start..].to_vec())))
    }

    fn replace(&self, from: &str, to: &str) -> io::Result<()> {
        self.run(Operation::Replace(from.into(), to.into()))
    }

    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from("memory").join(name)
    }
}

struct FaultFile {
    disk: FaultDisk,
    name: String,
}

impl AppendFile for FaultFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.disk.run(Operation::Append(self.name.clone(), bytes.to_vec()))
    }

    fn sync(&mut self) -> io::Result<()> {
        self.disk.run(Operation::Sync(self.name.clone()))
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.disk.run(Operation::Truncate(self.name.clone(), length))
    }
}
