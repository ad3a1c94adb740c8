//! What markets did before: a catalogue of recorded data, and ways in and out of it.
//!
//! A [`Catalogue`] is a folder of Parquet files that other tools read as they are. [`import`]
//! fills it from files of many origins, [`EventIntake`] from events; both happen as a whole or
//! not at all. A [`Selection`] of it gives events in the order of time, in constant memory.
//! [`check`](check::check) says what is missing or odd, [`export`](export::export) writes
//! tables. What an event means for a strategy, and where venues' files are fetched from, is
//! left to others.

mod catalogue;
pub mod check;
pub mod download;
mod error;
pub mod export;
mod history;
mod instrument_file;
mod intake;
mod kind;
mod moment;
mod number;
mod part;
mod place;
mod read;
mod spool;
mod sqlite;
mod status;
mod store;

pub use catalogue::{Catalogue, Listed};
pub use error::{ImportError, ReadError};
pub use history::{History, Selection};
pub use instrument_file::{ImportedFile, InstrumentFile};
pub use intake::{EventIntake, ImportReport, ImportedSeries, Intake, IntakeSettings, Target};
pub use kind::{Interval, Kind};
pub use moment::{Zone, iso, parse_time};
pub use part::{Batch, Scales};
pub use place::{InstrumentKey, Series, market_from};
pub use read::{BarTime, Content, Format, Progress, ReadOptions, import};
pub use sqlite::SqliteBars;
pub use store::{Rows, Store, Window};
