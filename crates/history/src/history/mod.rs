//! Events of any selection of series, merged in the order of time.
//!
//! Memory does not depend on how much there is: every series is read in batches. Events of
//! the same time come in a fixed order: bars that end then, funding, splits and dividends,
//! then quotes, trades and books; within each of these, instruments in the order of the
//! selection, and within an instrument the order of arrival. A bar comes first because all of
//! it happened before its end; what comes next concerns whoever held at its close.

mod event;
mod lane;

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, binary_heap::PeekMut},
};

use domain::{
    InstrumentId, Instruments, MarketEvent, NumberError, Timestamp, instrument::InstrumentSpec,
};
use lane::{Key, Lane};
use sha2::{Digest as _, Sha256};

use crate::{
    error::ReadError,
    kind::Kind,
    place::{InstrumentKey, Series},
    store::{Store, Window},
};

/// Rows of a batch with few and with many series.
const ROWS: usize = 8_192;
const ROWS_OF_MANY: usize = 1_024;
const MANY: usize = 16;

/// What is to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The instruments; an [`InstrumentId`] of the events is a place in this list.
    pub instruments: Vec<InstrumentKey>,
    /// The kinds; an instrument need not have all of them.
    pub kinds: Vec<Kind>,
    /// The first moment. Bars that begin earlier are left out.
    pub from: Option<Timestamp>,
    /// The moment after the last one. Bars that end later are left out.
    pub to: Option<Timestamp>,
}

impl Selection {
    /// Opens what is selected.
    ///
    /// # Errors
    /// [`ReadError::NotThere`] when an instrument has none of the kinds.
    pub fn open(&self, store: &dyn Store) -> Result<History, ReadError> {
        let window = self.window();
        let there = store.series()?;
        let mut specs = Vec::new();
        let mut selected = Vec::new();
        for (index, key) in self.instruments.iter().enumerate() {
            let spec = store.instrument(key)?.spec;
            let of_it = |kind: &Kind| Series { instrument: key.clone(), kind: *kind };
            let found: Vec<_> =
                self.kinds.iter().map(of_it).filter(|series| there.contains(series)).collect();
            if found.is_empty() {
                return Err(ReadError::NotThere(self.nothing_of(key, &there)));
            }
            let id = u16::try_from(index).map_err(|_| {
                ReadError::NotThere("more than 65,536 instruments cannot be read at once".into())
            })?;
            selected.extend(found.into_iter().map(|series| (InstrumentId::new(id), series)));
            specs.push(spec);
        }
        let instruments =
            Instruments::new(specs.clone()).map_err(|error| bad_instruments(&error))?;
        let rows = if selected.len() > MANY { ROWS_OF_MANY } else { ROWS };
        let mut lanes = Vec::new();
        let mut digests = Vec::new();
        for (id, series) in &selected {
            let reader = store.rows(series, window)?;
            digests.push((series.clone(), store.digest(series, window)?));
            lanes.push(Lane::open(series.kind, instruments.get(*id), reader, window, rows)?);
        }
        let heads = lanes.iter().enumerate();
        let heads = heads.filter_map(|(place, lane)| Some(Reverse((lane.key()?, place))));
        let next = heads.collect();
        Ok(History { specs, selected, digests, lanes, next })
    }

    /// The span of time.
    #[must_use]
    pub fn window(&self) -> Window {
        Window {
            from: self.from.map_or(i64::MIN, Timestamp::as_nanos),
            to: self.to.map_or(i64::MAX, Timestamp::as_nanos),
        }
    }

    fn nothing_of(&self, key: &InstrumentKey, there: &[Series]) -> String {
        let wanted: Vec<_> = self.kinds.iter().map(Kind::to_string).collect();
        let has = there.iter().filter(|one| one.instrument == *key);
        let has: Vec<_> = has.map(|one| one.kind.to_string()).collect();
        format!("there is no {} of {key}; there is {}", wanted.join(", "), has.join(", "))
    }
}

fn bad_instruments(error: &NumberError) -> ReadError {
    ReadError::NotThere(format!("an instrument of the catalogue cannot be used: {error}"))
}

/// Events in the order of time.
pub struct History {
    specs: Vec<InstrumentSpec>,
    selected: Vec<(InstrumentId, Series)>,
    digests: Vec<(Series, [u8; 32])>,
    lanes: Vec<Lane>,
    next: BinaryHeap<Reverse<(Key, usize)>>,
}

impl History {
    /// The instruments in the order of the selection.
    #[must_use]
    pub fn specs(&self) -> &[InstrumentSpec] {
        &self.specs
    }

    /// Every series that is read, with its instrument.
    #[must_use]
    pub fn series(&self) -> &[(InstrumentId, Series)] {
        &self.selected
    }

    /// SHA-256, in hexadecimal, over the names and the bytes of everything that is read: equal
    /// for equal data, whatever the order of the imports that made them.
    #[must_use]
    pub fn content_sha256(&self) -> String {
        let mut hash = Sha256::new();
        for (series, digest) in &self.digests {
            hash.update(series.to_string().as_bytes());
            hash.update(digest);
        }
        hex::encode(hash.finalize())
    }

    /// When the next event happens; `None` at the end.
    #[must_use]
    pub fn next_time(&self) -> Option<Timestamp> {
        self.next.peek().map(|Reverse((key, _))| Timestamp::from_nanos(key.time))
    }

    /// The next event and its time, `None` at the end. Times never go back.
    ///
    /// The event borrows the levels of a book from the reader, so that no event allocates.
    ///
    /// # Errors
    /// [`ReadError`] of the file that cannot be read any further; it names file and row.
    #[expect(clippy::should_implement_trait, reason = "an event borrows from the reader")]
    pub fn next(&mut self) -> Result<Option<(Timestamp, MarketEvent<'_>)>, ReadError> {
        let Some(mut top) = self.next.peek_mut() else { return Ok(None) };
        let Reverse((key, place)) = &mut *top;
        let (time, place) = (Timestamp::from_nanos(key.time), *place);
        let lane = &mut self.lanes[place];
        let taken = lane.take()?;
        match lane.key() {
            Some(next) => *key = next,
            None => {
                PeekMut::pop(top);
            }
        }
        Ok(Some((time, self.lanes[place].event(taken))))
    }
}
