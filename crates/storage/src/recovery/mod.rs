//! Finding out where the last run ended, however it ended.
//!
//! Every start reads the journal from the last good checkpoint to its end and thereby knows
//! the accounts, the open orders and where the next record goes. There is no other way to
//! start, so the recovery from a crash is exercised every time.

mod account;
mod checkpoint;
mod snapshot_file;
mod state;
#[cfg(test)]
mod tests;
mod trade_ids;

use std::{path::Path, sync::Arc};

pub use account::Account;
pub use state::{LastSession, OpenOrder, State};

pub(crate) use checkpoint::Checkpoint;
pub(crate) use snapshot_file::save_for_people;

use crate::{
    Fact, JournalError,
    journal::{self, Disk, Folder, JournalEnd, Reader, TornTail},
};

/// What reading a journal to its end has shown.
#[derive(Debug)]
pub(crate) struct Recovery {
    /// The state at the end.
    pub(crate) state: State,
    /// Where the next record goes.
    pub(crate) end: JournalEnd,
    /// What a crash left behind the end.
    pub(crate) torn: Option<TornTail>,
    /// How many records were read to know this.
    pub(crate) records_read: u64,
}

/// Reads a journal from its last good checkpoint on.
pub(crate) fn recover(disk: &Arc<dyn Disk>) -> Result<Recovery, JournalError> {
    if let Some(checkpoint) = Checkpoint::load(disk.as_ref())
        && let Some(reader) = Reader::resume(Arc::clone(disk), &checkpoint.position)?
    {
        return read_on(reader, checkpoint.state);
    }
    read_on(Reader::new(Arc::clone(disk)), State::default())
}

/// The state at the end of the journal of `data_dir`, without changing anything.
///
/// # Errors
/// [`JournalError`] when the journal is damaged or cannot be read.
pub fn read_state(data_dir: &Path) -> Result<State, JournalError> {
    let disk: Arc<dyn Disk> = Arc::new(Folder::at(&journal::folder(data_dir)));
    Ok(recover(&disk)?.state)
}

fn read_on(mut reader: Reader, mut state: State) -> Result<Recovery, JournalError> {
    let mut records_read = 0;
    while let Some(entry) = reader.next()? {
        records_read += 1;
        let kind = entry.kind();
        if kind.is_input() {
            state.next_input();
        }
        if kind.is_fact()
            && let Some(fact) = Fact::of(entry.record()?)
        {
            state.apply(&fact);
        }
    }
    state.settle();
    Ok(Recovery { state, end: reader.end(), torn: reader.torn().cloned(), records_read })
}
