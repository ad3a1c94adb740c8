//! One round for any number of products: each node sends one element for each.
//!
//! Source: Araki, Furukawa, Lindell, Nof, Ohara, CCS 2016. A node that lies adds an error of
//! its choice and learns nothing; the check finds it later.

use super::{
    Engine, Mode, RunError,
    log::{Entry, Products},
};
use crate::{
    field::{
        Fe, PrimeField, encode,
        planes::{last_mask, pack, unpack, words},
    },
    net::FrameKind,
    share::{Numbers, Planes},
};

/// Words of products of bits that wait for a check; a longer log is checked at once, so that a
/// run's memory is bounded whatever it computes: 2^20 products take about 24 MB in the check.
const LONGEST_BIT_LOG: usize = 1 << 14;
/// The same for pairs of field elements, which take about 250 bytes each.
const LONGEST_FIELD_LOG: u64 = 1 << 17;

impl Engine<'_> {
    /// Products, pair by pair. One round, 16 bytes a product.
    ///
    /// # Errors
    /// [`RunError`]; the run is over.
    pub fn multiply(&mut self, x: &Numbers, y: &Numbers) -> Result<Numbers, RunError> {
        self.inner_products(x, y, 1)
    }

    /// Inner products of neighbouring runs of so many terms. One round, 16 bytes a run.
    ///
    /// # Errors
    /// [`RunError`]; the run is over.
    ///
    /// # Panics
    /// When the lists do not consist of such runs.
    pub fn inner_products(
        &mut self,
        x: &Numbers,
        y: &Numbers,
        terms: usize,
    ) -> Result<Numbers, RunError> {
        assert!(terms > 0 && x.len() == y.len() && x.len().is_multiple_of(terms), "whole runs");
        let gates = x.len() / terms;
        if gates == 0 {
            return Ok(Numbers::zeros(0));
        }
        self.count_terms(x.len(), gates)?;
        let mask_own = self.streams.own.product.numbers(gates);
        let mask_next = self.streams.next.product.numbers(gates);
        let z_own: Vec<Fe> = (0..gates)
            .map(|gate| {
                let run = gate * terms..(gate + 1) * terms;
                let mut sum = <Fe as PrimeField>::Sum::default();
                for index in run {
                    Fe::accumulate(&mut sum, x.own[index], y.own[index] + y.next[index]);
                    Fe::accumulate(&mut sum, x.next[index], y.own[index]);
                }
                Fe::settle(sum) + mask_own[gate] - mask_next[gate]
            })
            .collect();
        let z_next = self.swap_numbers(&z_own)?;
        let mut result = Numbers::new(z_own.clone(), z_next.clone());
        result.unchecked = self.one_deeper(x.unchecked.with(y.unchecked));
        if self.mode == Mode::Malicious {
            self.field.push(Entry::Products(Products {
                terms,
                x_own: x.own.clone(),
                x_next: x.next.clone(),
                y_own: y.own.clone(),
                y_next: y.next.clone(),
                z_own,
                z_next,
                mask_own,
                mask_next,
            }));
            if self.field.terms > LONGEST_FIELD_LOG {
                self.check()?;
            }
        }
        Ok(result)
    }

    /// Products of bits, plane by plane. One round, one bit a product.
    ///
    /// # Errors
    /// [`RunError`]; the run is over.
    ///
    /// # Panics
    /// When the shapes differ.
    pub fn and(&mut self, x: &Planes, y: &Planes) -> Result<Planes, RunError> {
        assert_eq!((x.items, x.own.len()), (y.items, y.own.len()), "one shape");
        let (items, count) = (x.items, x.own.len());
        if count == 0 {
            return Ok(Planes::none(items));
        }
        self.count_bits(count)?;
        let width = words(items);
        let mut masks = [vec![0; count], vec![0; count]];
        self.streams.own.product.fill(&mut masks[0]);
        self.streams.next.product.fill(&mut masks[1]);
        let unused = last_mask(items);
        for mask in &mut masks {
            mask.chunks_mut(width).for_each(|plane| plane[width - 1] &= unused);
        }
        let [mask_own, mask_next] = masks;
        let z_own: Vec<u64> = (0..count)
            .map(|word| {
                let crossed =
                    (x.own[word] & (y.own[word] ^ y.next[word])) ^ (x.next[word] & y.own[word]);
                crossed ^ mask_own[word] ^ mask_next[word]
            })
            .collect();
        let mut payload = Vec::new();
        pack(&z_own, items, &mut payload);
        self.send(self.me.previous(), FrameKind::Data, count, &payload)?;
        let payload = self.receive(self.me.next(), FrameKind::Data, count)?;
        self.statistics.rounds += 1;
        let z_next = unpack(&payload, count / width, items)
            .ok_or(RunError::cheated(self.me.next(), "products of bits of the wrong length"))?;
        if self.mode == Mode::Malicious {
            let log = &mut self.bits;
            log.x_own.extend_from_slice(&x.own);
            log.x_next.extend_from_slice(&x.next);
            log.y_own.extend_from_slice(&y.own);
            log.y_next.extend_from_slice(&y.next);
            log.z_own.extend_from_slice(&z_own);
            log.z_next.extend_from_slice(&z_next);
            log.mask_own.extend_from_slice(&mask_own);
            log.mask_next.extend_from_slice(&mask_next);
            if log.words() > LONGEST_BIT_LOG {
                self.check()?;
            }
        }
        Ok(Planes::new(items, z_own, z_next))
    }

    /// Secrets that nobody knows, uniform in the field. No round.
    pub fn random(&mut self, count: usize) -> Numbers {
        let own = self.streams.own.random.numbers(count);
        Numbers::new(own, self.streams.next.random.numbers(count))
    }

    /// Secrets whose components are uniform below two to the power of their `bits`. No round.
    pub(crate) fn random_each(&mut self, bits: &[u32]) -> Numbers {
        let own = bits.iter().map(|bits| self.streams.own.random.bounded(*bits)).collect();
        let next = bits.iter().map(|bits| self.streams.next.random.bounded(*bits)).collect();
        Numbers::new(own, next)
    }

    /// Sends to the node before and receives from the node after: the way of all products.
    fn swap_numbers(&mut self, values: &[Fe]) -> Result<Vec<Fe>, RunError> {
        self.send(self.me.previous(), FrameKind::Data, values.len(), &encode(values))?;
        let payload = self.receive(self.me.next(), FrameKind::Data, values.len())?;
        self.statistics.rounds += 1;
        read_numbers(&payload, values.len())
            .ok_or(RunError::cheated(self.me.next(), "products that are no field elements"))
    }

    fn count_bits(&mut self, words: usize) -> Result<(), RunError> {
        self.statistics.bit_gates += 64 * words as u64;
        let limit = self.limits.bit_gates;
        if self.statistics.bit_gates > limit {
            return Err(RunError::TooLarge { what: "products of bits", limit });
        }
        Ok(())
    }

    pub(super) fn count_terms(&mut self, terms: usize, gates: usize) -> Result<(), RunError> {
        self.statistics.field_gates += gates as u64;
        self.statistics.field_terms += terms as u64;
        let limit = self.limits.field_terms;
        if self.statistics.field_terms > limit {
            return Err(RunError::TooLarge { what: "products of field elements", limit });
        }
        Ok(())
    }
}

/// Reads exactly so many elements.
pub(super) fn read_numbers(bytes: &[u8], count: usize) -> Option<Vec<Fe>> {
    if bytes.len() != 16 * count {
        return None;
    }
    bytes.chunks(16).map(Fe::read).collect()
}
