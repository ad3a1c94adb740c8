//! Making secrets known: never before the check of everything they may depend on.
//!
//! Each node lacks one component. One neighbour sends it, the other a hash of it, so that a
//! single liar can stop the run but not change what is read.

use super::{Engine, Mode, RunError, hash, products::read_numbers};
use crate::{
    field::{
        Fe, encode,
        planes::{pack, unpack, words},
    },
    net::FrameKind,
    share::{Numbers, Planes},
};

impl Engine<'_> {
    /// Opens numbers to all nodes, after a check.
    ///
    /// # Errors
    /// [`RunError`]; the run is over, and nothing was opened when it is the check that failed.
    pub fn open(&mut self, label: &'static str, numbers: &Numbers) -> Result<Vec<Fe>, RunError> {
        self.ledger.record(label, numbers.len())?;
        self.check()?;
        let start = self.clock.now_ns();
        let values = self.exchange_numbers(numbers, label.as_bytes());
        self.statistics.open_ns += self.clock.now_ns().saturating_sub(start);
        values
    }

    /// Opens bits to all nodes, after a check; planes as they are.
    ///
    /// # Errors
    /// [`RunError`]; the run is over, and nothing was opened when it is the check that failed.
    pub fn open_bits(&mut self, label: &'static str, bits: &Planes) -> Result<Vec<u64>, RunError> {
        self.ledger.record(label, bits.planes() * bits.items())?;
        self.check()?;
        let start = self.clock.now_ns();
        let values = self.exchange_bits(bits, label.as_bytes());
        self.statistics.open_ns += self.clock.now_ns().saturating_sub(start);
        values
    }

    /// Opens numbers that were hidden behind a bounded mask.
    ///
    /// A single layer of products may be unchecked: an error in it is a shift that the liar
    /// knows. Deeper down an error may have been multiplied by a secret, and would show
    /// through the mask; so there a check comes first.
    pub(crate) fn open_masked(&mut self, masked: &Numbers) -> Result<Vec<Fe>, RunError> {
        if masked.unchecked.epoch == self.epoch && masked.unchecked.depth > 1 {
            self.check()?;
        }
        self.statistics.masked_openings += masked.len() as u64;
        self.exchange_numbers(masked, b"masked")
    }

    fn exchange_numbers(&mut self, numbers: &Numbers, purpose: &[u8]) -> Result<Vec<Fe>, RunError> {
        let (own, next) = (encode(&numbers.own), encode(&numbers.next));
        let payload = self.exchange_component(&own, &next, numbers.len(), purpose)?;
        let missing = read_numbers(&payload, numbers.len())
            .ok_or(RunError::cheated(self.me.previous(), "opened values of a wrong form"))?;
        Ok((0..numbers.len())
            .map(|index| numbers.own[index] + numbers.next[index] + missing[index])
            .collect())
    }

    fn exchange_bits(&mut self, bits: &Planes, purpose: &[u8]) -> Result<Vec<u64>, RunError> {
        let packed = |planes: &[u64]| {
            let mut bytes = Vec::new();
            pack(planes, bits.items(), &mut bytes);
            bytes
        };
        let (own, next) = (packed(&bits.own), packed(&bits.next));
        let count = bits.planes() * words(bits.items());
        let payload = self.exchange_component(&own, &next, count, purpose)?;
        let missing = unpack(&payload, bits.planes(), bits.items())
            .ok_or(RunError::cheated(self.me.previous(), "opened bits of a wrong form"))?;
        Ok((0..count).map(|word| bits.own[word] ^ bits.next[word] ^ missing[word]).collect())
    }

    /// Gives the own component to the node after and a hash of the next one to the node
    /// before; returns the missing component.
    fn exchange_component(
        &mut self,
        own: &[u8],
        next: &[u8],
        items: usize,
        purpose: &[u8],
    ) -> Result<Vec<u8>, RunError> {
        self.statistics.rounds += 1;
        self.send(self.me.next(), FrameKind::Open, items, own)?;
        let checked = self.mode == Mode::Malicious;
        let run = self.run;
        if checked {
            let digest = hash(b"open", &[&run, purpose, next]);
            self.send(self.me.previous(), FrameKind::Hash, items, &digest)?;
        }
        let missing = self.receive(self.me.previous(), FrameKind::Open, items)?;
        if checked {
            let told = self.receive(self.me.next(), FrameKind::Hash, items)?;
            if told != hash(b"open", &[&run, purpose, &missing]) {
                return Err(RunError::cheated(
                    self.me.previous(),
                    "an opened value is not what its other holder says",
                ));
            }
        }
        Ok(missing)
    }
}
