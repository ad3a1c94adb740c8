//! Every product since the last check: inputs, result, masks.
//!
//! For each message that a node sent there is one equation. Its left verifier (the node
//! before) knows one factor of every term, its right verifier (the node after) the other, and
//! what is left over splits into a part that either of them knows. Writing node i's components
//! as x and x', a product z = x y + x y' + x' y + mask - mask' becomes
//! x y' + y x' = (z - x y - mask) + mask', and a message of a shuffle becomes a sum of the
//! hidden old components in the weights' shuffled order.

use zeroize::Zeroize as _;

use super::hash;
use crate::field::{Fe, PrimeField as _, encode};

/// From whose point of view an equation is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The sender: knows both factors.
    Prover,
    /// The node before the sender: its next node proves.
    Left,
    /// The node after the sender: its previous node proves.
    Right,
}

/// Which of a prover's two verifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Side {
    /// The node before the prover.
    Left,
    /// The node after the prover.
    Right,
}

/// Products of bits, 64 to a word.
#[derive(Default)]
pub(super) struct BitLog {
    pub(super) x_own: Vec<u64>,
    pub(super) x_next: Vec<u64>,
    pub(super) y_own: Vec<u64>,
    pub(super) y_next: Vec<u64>,
    pub(super) z_own: Vec<u64>,
    pub(super) z_next: Vec<u64>,
    pub(super) mask_own: Vec<u64>,
    pub(super) mask_next: Vec<u64>,
}

impl BitLog {
    pub(super) fn words(&self) -> usize {
        self.z_own.len()
    }

    fn columns(&mut self) -> [&mut Vec<u64>; 8] {
        [
            &mut self.x_own,
            &mut self.x_next,
            &mut self.y_own,
            &mut self.y_next,
            &mut self.z_own,
            &mut self.z_next,
            &mut self.mask_own,
            &mut self.mask_next,
        ]
    }

    /// Forgets and erases everything.
    pub(super) fn clear(&mut self) {
        for column in self.columns() {
            column.as_mut_slice().zeroize();
            column.clear();
        }
    }

    /// A hash of all results that one node sent to the node before it.
    pub(super) fn messages(&self, role: Role) -> [u8; 32] {
        let words = match role {
            Role::Prover => &self.z_own,
            Role::Left => &self.z_next,
            Role::Right => return [0; 32],
        };
        let mut bytes = Vec::with_capacity(8 * words.len());
        for word in words {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        hash(b"bit messages", &[&bytes])
    }
}

impl Drop for BitLog {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Inner products of field elements, all of the same number of terms.
pub(super) struct Products {
    pub(super) terms: usize,
    pub(super) x_own: Vec<Fe>,
    pub(super) x_next: Vec<Fe>,
    pub(super) y_own: Vec<Fe>,
    pub(super) y_next: Vec<Fe>,
    pub(super) z_own: Vec<Fe>,
    pub(super) z_next: Vec<Fe>,
    pub(super) mask_own: Vec<Fe>,
    pub(super) mask_next: Vec<Fe>,
}

/// What a node does in one pass of a shuffle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Knows the order, with the node after it.
    First,
    /// Knows the order, with the node before it.
    Second,
    /// Does not know the order.
    Outside,
}

/// One pass of a shuffle.
pub(super) struct Pass {
    pub(super) part: Part,
    /// Element `order[k]` went to place k; empty outside.
    pub(super) order: Vec<usize>,
    pub(super) old_own: Vec<Fe>,
    pub(super) old_next: Vec<Fe>,
    pub(super) new_own: Vec<Fe>,
    pub(super) new_next: Vec<Fe>,
    pub(super) sent: Vec<Fe>,
    pub(super) received: Vec<Fe>,
}

/// One step that was logged.
pub(super) enum Entry {
    Products(Products),
    Pass(Pass),
}

/// Everything about field elements.
#[derive(Default)]
pub(super) struct FieldLog {
    pub(super) entries: Vec<Entry>,
    pub(super) terms: u64,
}

/// The factors of an equation that one role knows, and its part of the rest.
#[derive(Default)]
pub(super) struct Equation {
    /// What the left verifier knows; empty for the right one.
    pub(super) left: Vec<Fe>,
    /// What the right verifier knows; empty for the left one.
    pub(super) right: Vec<Fe>,
    /// This role's part of the rest; not used by the prover.
    pub(super) rest: Fe,
}

impl FieldLog {
    pub(super) fn push(&mut self, entry: Entry) {
        self.terms += match &entry {
            Entry::Products(products) => products.x_own.len(),
            Entry::Pass(pass) => pass.old_own.len(),
        } as u64;
        self.entries.push(entry);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Forgets and erases everything.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.terms = 0;
    }

    /// How many terms the equation has whose verifier is on this side.
    pub(super) fn length(&self, side: Side) -> usize {
        let terms = |entry: &Entry| match (entry, side) {
            (Entry::Products(products), _) => 2 * products.x_own.len(),
            // The prover does not know the order of this pass.
            (Entry::Pass(Pass { part: Part::Second, .. }), Side::Left)
            | (Entry::Pass(Pass { part: Part::First, .. }), Side::Right) => 0,
            (Entry::Pass(pass), _) => pass.old_own.len(),
        };
        self.entries.iter().map(terms).sum()
    }

    /// Hashes of all that the prover sent to its left and to its right verifier, as far as
    /// this role knows.
    pub(super) fn messages(&self, role: Role) -> [Option<[u8; 32]>; 2] {
        let (mut left, mut right) = (Vec::new(), Vec::new());
        for entry in &self.entries {
            match (entry, role) {
                (Entry::Products(products), Role::Prover) => left.extend(&products.z_own),
                (Entry::Products(products), Role::Left) => left.extend(&products.z_next),
                (Entry::Products(_), Role::Right) => {}
                (Entry::Pass(pass), role) => {
                    let (to_left, to_right) = pass.messages(role);
                    left.extend(to_left);
                    right.extend(to_right);
                }
            }
        }
        [(role != Role::Right).then(|| digest(&left)), (role != Role::Left).then(|| digest(&right))]
    }

    /// The sum of all equations about one prover's messages, weighted with powers.
    pub(super) fn equation(&self, role: Role, base: Fe) -> Equation {
        let mut equation = Equation::default();
        let mut power = Fe::ONE;
        for entry in &self.entries {
            let count = match entry {
                Entry::Products(products) => products.z_own.len(),
                Entry::Pass(pass) => pass.old_own.len(),
            };
            let weights: Vec<Fe> = (0..count)
                .map(|_| {
                    power = power * base;
                    power
                })
                .collect();
            match entry {
                Entry::Products(products) => products.add(role, &weights, &mut equation),
                Entry::Pass(pass) => pass.add(role, &weights, &mut equation),
            }
        }
        equation
    }
}

fn digest(values: &[Fe]) -> [u8; 32] {
    hash(b"field messages", &[&encode(values)])
}

impl Products {
    fn add(&self, role: Role, weights: &[Fe], equation: &mut Equation) {
        let weighted = |values: &[Fe], left: &mut Vec<Fe>| {
            for (run, weight) in values.chunks(self.terms).zip(weights) {
                left.extend(run.iter().map(|value| *value * *weight));
            }
        };
        match role {
            Role::Prover => {
                weighted(&self.x_own, &mut equation.left);
                weighted(&self.y_own, &mut equation.left);
                equation.right.extend_from_slice(&self.y_next);
                equation.right.extend_from_slice(&self.x_next);
            }
            Role::Left => {
                weighted(&self.x_next, &mut equation.left);
                weighted(&self.y_next, &mut equation.left);
                let runs = self.x_next.chunks(self.terms).zip(self.y_next.chunks(self.terms));
                for (gate, (x, y)) in runs.enumerate() {
                    let rest = self.z_next[gate] - Fe::dot(x, y) - self.mask_next[gate];
                    equation.rest += weights[gate] * rest;
                }
            }
            Role::Right => {
                equation.right.extend_from_slice(&self.y_own);
                equation.right.extend_from_slice(&self.x_own);
                equation.rest += Fe::dot(weights, &self.mask_own);
            }
        }
    }
}

impl Drop for Products {
    fn drop(&mut self) {
        for column in [
            &mut self.x_own,
            &mut self.x_next,
            &mut self.y_own,
            &mut self.y_next,
            &mut self.z_own,
            &mut self.z_next,
            &mut self.mask_own,
            &mut self.mask_next,
        ] {
            column.as_mut_slice().zeroize();
        }
    }
}

impl Pass {
    /// What the prover sent to the left and to the right in this pass.
    fn messages(&self, role: Role) -> (&[Fe], &[Fe]) {
        match (role, self.part) {
            (Role::Prover, Part::First) => (&[], &self.sent),
            (Role::Prover, Part::Second) => (&self.sent, &[]),
            // The prover is the node after this one.
            (Role::Left, Part::First) => (&self.received, &[]),
            // The prover is the node before this one.
            (Role::Right, Part::Second) => (&[], &self.received),
            _ => (&[], &[]),
        }
    }

    /// The weights, each moved to where its element came from.
    fn moved(&self, weights: &[Fe]) -> Vec<Fe> {
        let mut moved = vec![Fe::ZERO; weights.len()];
        for (place, weight) in weights.iter().enumerate() {
            moved[self.order[place]] = *weight;
        }
        moved
    }

    /// The first node sent `order(x + x') - new`, the second one `order(x'') - new''`.
    fn add(&self, role: Role, weights: &[Fe], equation: &mut Equation) {
        match (role, self.part) {
            (Role::Prover, Part::First) => {
                equation.left.extend_from_slice(&self.old_own);
                equation.right.extend(self.moved(weights));
            }
            (Role::Left, Part::Outside) => {
                equation.left.extend_from_slice(&self.old_next);
                equation.rest += Fe::dot(weights, &self.new_next);
            }
            (Role::Right, Part::Second) => {
                let moved = self.moved(weights);
                equation.rest += Fe::dot(weights, &self.received) - Fe::dot(&moved, &self.old_own);
                equation.right.extend(moved);
            }
            (Role::Prover, Part::Second) => {
                equation.left.extend(self.moved(weights));
                equation.right.extend_from_slice(&self.old_next);
            }
            (Role::Left, Part::First) => {
                equation.left.extend(self.moved(weights));
                equation.rest += Fe::dot(weights, &self.received);
            }
            (Role::Right, Part::Outside) => {
                equation.right.extend_from_slice(&self.old_own);
                equation.rest += Fe::dot(weights, &self.new_own);
            }
            // The node that does not know the order sends nothing.
            (Role::Prover, Part::Outside)
            | (Role::Left, Part::Second)
            | (Role::Right, Part::First) => {}
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        for column in [
            &mut self.old_own,
            &mut self.old_next,
            &mut self.new_own,
            &mut self.new_next,
            &mut self.sent,
            &mut self.received,
        ] {
            column.as_mut_slice().zeroize();
        }
        self.order.as_mut_slice().zeroize();
    }
}
