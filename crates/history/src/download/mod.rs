//! Fetches what venues publish about the past and takes it into the catalogue.
//!
//! An [`Order`] says what is wanted. Days that the catalogue has are left out, the others
//! become as few files or pages as the venue allows, which wait below `_downloads` until all of
//! a batch are complete and then go through [`import`](crate::import). Whatever interrupts this,
//! the next run carries on. Sockets and the clock are left to whoever implements [`Http`] and
//! [`Surroundings`].

mod catalogued;
mod day;
mod error;
mod fetcher;
mod ledger;
mod limiter;
mod order;
mod page;
mod plan;
mod run;
mod shelf;
#[cfg(test)]
mod tests;
mod transport;

pub use day::Day;
pub use error::DownloadError;
pub use limiter::{Allowance, Limiter};
pub use order::{Order, Origin, What};
pub use run::{Absent, Outcome, Settings, Step, download};
pub use transport::{Answer, Http, Surroundings};
