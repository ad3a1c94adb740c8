//! `data`: recorded data for back-tests.
//!
//! The work is done by `history`; here the command line becomes its options, and its results
//! become text or JSON. Recordings of raw frames are read by `venues`, which `history` does not
//! know, so the two meet here.

mod check;
mod download;
mod export;
mod frames;
mod import;
mod list;
mod show;
mod web;

use anyhow::Error;
use history::{Catalogue, ImportError, Listed, ReadError, SqliteBars, Store, Window};

use super::Failure;
use crate::cli::{DataCommand, StoreArgs};

pub(super) fn execute(command: &DataCommand) -> Result<(), Failure> {
    match command {
        DataCommand::Import(arguments) => import::execute(arguments),
        DataCommand::Download(arguments) => download::execute(arguments),
        DataCommand::List(arguments) => list::execute(arguments),
        DataCommand::Show(arguments) => show::execute(arguments),
        DataCommand::Check(arguments) => check::execute(arguments),
        DataCommand::Export(arguments) => export::execute(arguments),
    }
}

/// The catalogue or the database of a command.
enum Opened {
    Catalogue(Catalogue),
    Sqlite(SqliteBars),
}

impl Opened {
    fn open(arguments: &StoreArgs) -> Result<Self, Failure> {
        let opened = match &arguments.sqlite {
            Some(file) => SqliteBars::open(file).map(Self::Sqlite),
            None => Catalogue::open(&arguments.data).map(Self::Catalogue),
        };
        opened.map_err(failed)
    }

    fn store(&self) -> &dyn Store {
        match self {
            Self::Catalogue(catalogue) => catalogue,
            Self::Sqlite(bars) => bars,
        }
    }

    fn list(&self) -> Result<Vec<Listed>, Failure> {
        match self {
            Self::Catalogue(catalogue) => catalogue.list(),
            Self::Sqlite(bars) => bars.list(),
        }
        .map_err(failed)
    }
}

/// What is not there was asked for wrongly; everything else failed.
fn failed(error: ReadError) -> Failure {
    match error {
        ReadError::NotThere(text) => Failure::Usage(format!("error: {text}")),
        other => Failure::Failed(Error::from(other)),
    }
}

fn not_imported(error: ImportError) -> Failure {
    match error {
        ImportError::Unstated { .. } | ImportError::Columns { .. } => {
            Failure::Usage(format!("error: {error}"))
        }
        other => Failure::Failed(Error::from(other)),
    }
}

fn window(from: Option<domain::Timestamp>, to: Option<domain::Timestamp>) -> Window {
    Window {
        from: from.map_or(i64::MIN, domain::Timestamp::as_nanos),
        to: to.map_or(i64::MAX, domain::Timestamp::as_nanos),
    }
}

/// A moment for people: to the second, or finer where there is more.
fn shown_time(nanos: i64) -> String {
    history::iso(domain::Timestamp::from_nanos(nanos))
}
