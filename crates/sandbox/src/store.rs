//! Remembers accounts, orders and trades across restarts.
//!
//! One file, appended to: each line is a checksum and a change, as JSON. A line that is torn
//! or damaged ends the file; what follows it is cut off. At each start the file is written
//! anew with what it said.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::trading::{
    Exchange, State,
    account::Account,
    order::{Algo, Fill, Income, Order},
};

const FILE: &str = "venue.log";

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Change {
    Account(usize, Box<Account>),
    Order(Box<Order>),
    Algo(Box<Algo>),
    Fill(Box<Fill>),
    Income(Box<Income>),
    House(Vec<(String, Decimal)>),
    NextId(u64),
}

/// The open file.
pub(crate) struct Store {
    file: File,
    path: PathBuf,
    failed: bool,
}

/// Checksum of a line (FNV-1a, 64 bits): tells a torn line from a whole one.
fn checksum(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn line(change: &Change) -> io::Result<String> {
    let text = serde_json::to_string(change)?;
    Ok(format!("{:016x} {text}\n", checksum(&text)))
}

fn read_line(line: &str) -> Option<Change> {
    let (sum, text) = line.split_once(' ')?;
    let sum = u64::from_str_radix(sum, 16).ok()?;
    if sum == checksum(text) { serde_json::from_str(text).ok() } else { None }
}

fn apply(state: &mut State, change: Change) {
    match change {
        Change::Account(index, account) => {
            if state.accounts.len() <= index {
                state.accounts.resize_with(index + 1, Account::default);
            }
            state.accounts[index] = *account;
        }
        Change::Order(order) => {
            state.orders.insert(order.id, *order);
        }
        Change::Algo(algo) => {
            state.algos.insert(algo.id, *algo);
        }
        Change::Fill(fill) => state.fills.push(*fill),
        Change::Income(income) => state.incomes.push(*income),
        Change::House(house) => state.house = house.into_iter().collect(),
        Change::NextId(next) => state.next_id = next,
    }
}

/// What is there, or what became of it: each row is written, and the number ends the batch.
struct Batch<'a> {
    state: &'a State,
    accounts: Vec<usize>,
    orders: Vec<u64>,
    algos: Vec<u64>,
    /// The first of the fills and of the incomes that belong to it.
    fills: usize,
    incomes: usize,
}

impl<'a> Batch<'a> {
    fn everything(state: &'a State) -> Self {
        Self {
            state,
            accounts: (0..state.accounts.len()).collect(),
            orders: state.orders.keys().copied().collect(),
            algos: state.algos.keys().copied().collect(),
            fills: 0,
            incomes: 0,
        }
    }

    /// What changed since the last batch; `None` when nothing did.
    fn pending(exchange: &'a Exchange) -> Option<Self> {
        let (state, seen) = (&exchange.state, &exchange.changes);
        let quiet = seen.orders.is_empty()
            && seen.algos.is_empty()
            && seen.accounts.is_empty()
            && seen.fills == state.fills.len()
            && seen.incomes == state.incomes.len();
        (!quiet).then(|| Self {
            state,
            accounts: seen.accounts.iter().copied().collect(),
            orders: seen.orders.iter().copied().collect(),
            algos: seen.algos.iter().copied().collect(),
            fills: seen.fills,
            incomes: seen.incomes,
        })
    }

    fn write(&self, out: &mut impl io::Write) -> io::Result<()> {
        let state = self.state;
        let mut write = |change: Change| out.write_all(line(&change)?.as_bytes());
        for index in &self.accounts {
            write(Change::Account(*index, Box::new(state.accounts[*index].clone())))?;
        }
        for order in self.orders.iter().filter_map(|id| state.orders.get(id)) {
            write(Change::Order(Box::new(order.clone())))?;
        }
        for algo in self.algos.iter().filter_map(|id| state.algos.get(id)) {
            write(Change::Algo(Box::new(algo.clone())))?;
        }
        for fill in &state.fills[self.fills..] {
            write(Change::Fill(Box::new(fill.clone())))?;
        }
        for income in &state.incomes[self.incomes..] {
            write(Change::Income(Box::new(income.clone())))?;
        }
        write(Change::House(state.house.clone().into_iter().collect()))?;
        write(Change::NextId(state.next_id))
    }
}

impl Store {
    /// Opens the folder and reads what an earlier life left; `None` when there was none.
    pub(crate) fn open(folder: &Path) -> io::Result<(Self, Option<State>)> {
        fs::create_dir_all(folder)?;
        let path = folder.join(FILE);
        let mut state = State::default();
        let mut lines = 0_usize;
        match fs::read(&path) {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                // A change counts only when all of its batch is there: the number ends it.
                let mut batch = Vec::new();
                for piece in text.split_inclusive('\n') {
                    let whole = piece.strip_suffix('\n').and_then(read_line);
                    let Some(change) = whole else {
                        tracing::warn!(path = %path.display(), "a torn line ends the file");
                        break;
                    };
                    let ends = matches!(change, Change::NextId(_));
                    batch.push(change);
                    if ends {
                        lines += batch.len();
                        batch.drain(..).for_each(|change| apply(&mut state, change));
                    }
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        // Written beside the old one and renamed: a crash here leaves one of the two whole.
        let fresh = folder.join("venue.log.new");
        let file = File::create(&fresh)?;
        if lines > 0 {
            let mut lines = io::BufWriter::new(&file);
            Batch::everything(&state).write(&mut lines)?;
            lines.flush()?;
        }
        file.sync_all()?;
        fs::rename(&fresh, &path)?;
        let file = OpenOptions::new().append(true).open(&path)?;
        let store = Self { file, path, failed: false };
        Ok((store, (lines > 0).then_some(state)))
    }

    /// Appends what changed. After a failure nothing more is written: half a file is worse.
    pub(crate) fn keep(&mut self, exchange: &mut Exchange) {
        let Some(batch) = Batch::pending(exchange) else { return };
        if !self.failed {
            let mut lines = Vec::new();
            let written = batch.write(&mut lines).and_then(|()| self.file.write_all(&lines));
            if let Err(error) = written {
                self.failed = true;
                tracing::error!(path = %self.path.display(), %error, "the venue's state is not kept any more");
            }
        }
        exchange.settle_changes();
    }
}
