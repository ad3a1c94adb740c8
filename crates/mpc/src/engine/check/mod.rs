//! The check: each node proves to both others that all it sent was right. Two rounds.
//!
//! First every node sends its proofs, one about bits and one about field elements; then the
//! two verifiers of each node compare what is left. A node that is convinced of both others
//! goes on; it needs nobody's word for it, since at most one node cheats, and a cheat is seen
//! by both of its verifiers alike.

mod polynomial;
mod proof;
mod wide;

use std::sync::OnceLock;

use sha2::Sha256;

use super::{
    Engine, Mode, RunError,
    log::{Role, Side},
};
use crate::{
    field::{Fe, PrimeField},
    net::{FrameKind, NodeIndex},
    share::Unchecked,
};
use proof::{Closing, Prover, Transcript, Verifier};
use wide::{AllTables, Folding, Pairs, WIDE, WIDE_PROOF};

/// Tables that depend on nothing, made once for a process.
fn tables() -> &'static AllTables<Fe> {
    static TABLES: OnceLock<AllTables<Fe>> = OnceLock::new();
    TABLES.get_or_init(AllTables::new)
}

/// What a proof is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    Bits,
    Field,
}

/// Length of one closing.
const CLOSING: usize = 2 * 16 + 32;

impl Engine<'_> {
    /// What a result depends on that was made from something unchecked.
    pub(super) fn one_deeper(&self, unchecked: Unchecked) -> Unchecked {
        let depth = if unchecked.epoch == self.epoch { unchecked.depth } else { 0 };
        Unchecked { epoch: self.epoch, depth: depth.saturating_add(1) }
    }

    /// Convinces this node that all products since the last check were right. Two rounds,
    /// none when there were no products.
    ///
    /// # Errors
    /// [`RunError::Cheated`] when one was not; the run is over.
    pub fn check(&mut self) -> Result<(), RunError> {
        if self.mode == Mode::SemiHonest || self.subjects().is_empty() {
            return Ok(());
        }
        let start = self.clock.now_ns();
        let result = self.prove_and_verify();
        self.bits.clear();
        self.field.clear();
        self.statistics.check_ns += self.clock.now_ns().saturating_sub(start);
        result?;
        self.epoch += 1;
        self.statistics.checks += 1;
        Ok(())
    }

    /// All nodes logged the same products, so all know what is to be proved.
    fn subjects(&self) -> Vec<Subject> {
        let bits = (self.bits.words() > 0).then_some(Subject::Bits);
        let field = (!self.field.is_empty()).then_some(Subject::Field);
        bits.into_iter().chain(field).collect()
    }

    fn prove_and_verify(&mut self) -> Result<(), RunError> {
        let (next, previous) = (self.me.next(), self.me.previous());
        let subjects = self.subjects();
        let (mut to_left, mut to_right) = (Vec::new(), Vec::new());
        for subject in &subjects {
            let (left, right) = self.prove(*subject);
            to_left.extend(left);
            to_right.extend(right);
        }
        let items = subjects.len();
        self.send(next, FrameKind::Proof, items, &to_right)?;
        self.send(previous, FrameKind::Proof, items, &to_left)?;
        let from_next = self.receive(next, FrameKind::Proof, items)?;
        let from_previous = self.receive(previous, FrameKind::Proof, items)?;
        let ours_left = self.verify(Side::Left, &subjects, &from_next)?;
        let ours_right = self.verify(Side::Right, &subjects, &from_previous)?;
        // The other verifier of the next node is the previous one, and the other way round.
        self.send(previous, FrameKind::Proof, items, &closing_bytes(&ours_left))?;
        self.send(next, FrameKind::Proof, items, &closing_bytes(&ours_right))?;
        let theirs_right = self.receive(previous, FrameKind::Proof, items)?;
        let theirs_left = self.receive(next, FrameKind::Proof, items)?;
        self.statistics.rounds += 2;
        compare(&ours_left, &theirs_right, next)?;
        compare(&ours_right, &theirs_left, previous)
    }

    /// This node's proof: for the node before, for the node after.
    fn prove(&mut self, subject: Subject) -> (Vec<u8>, Vec<u8>) {
        let (left, right) = match subject {
            Subject::Bits => (self.bits.messages(Role::Prover), [0; 32]),
            Subject::Field => {
                let [left, right] = self.field.messages(Role::Prover);
                (left.unwrap_or_default(), right.unwrap_or_default())
            }
        };
        let transcript = self.transcript(subject, self.me, &left, &right);
        let mut prover = Prover {
            tables: &tables().narrow,
            transcript,
            left: &mut self.streams.own.proof_left,
            right: &mut self.streams.next.proof_right,
            to_left: right.to_vec(),
            to_right: left.to_vec(),
        };
        match subject {
            Subject::Bits => {
                let tables = &tables().wide;
                let (left, right) =
                    (Pairs::left(&self.bits, Role::Prover), Pairs::right(&self.bits, Role::Prover));
                let challenge = prover.stage(&wide::products(tables, &left, &right), 0);
                let u = left.fold(&Folding::left(tables, challenge));
                prover.prove(u, right.fold(&Folding::right(tables, challenge)));
            }
            Subject::Field => {
                let equation =
                    self.field.equation(Role::Prover, prover.transcript.challenge::<Fe>(1));
                prover.prove(equation.left, equation.right);
            }
        }
        (prover.to_left, prover.to_right)
    }

    /// Follows the proofs of the node on the other side: a left verifier's prover is the next
    /// node.
    fn verify(
        &mut self,
        side: Side,
        subjects: &[Subject],
        told: &[u8],
    ) -> Result<Vec<Closing<Fe>>, RunError> {
        let prover = match side {
            Side::Left => self.me.next(),
            Side::Right => self.me.previous(),
        };
        let wrong = RunError::cheated(prover, "a proof of the wrong form");
        let mut rest = told;
        let mut closings = Vec::new();
        for subject in subjects {
            let (to_left, to_right) = self.proof_lengths(*subject, side);
            let length = 32 + if side == Side::Left { to_left } else { to_right };
            let told = rest.split_off(..length).ok_or_else(|| wrong.clone())?;
            closings.push(self.verify_one(side, *subject, prover, told).ok_or(wrong.clone())?);
        }
        if rest.is_empty() { Ok(closings) } else { Err(wrong) }
    }

    fn verify_one(
        &mut self,
        side: Side,
        subject: Subject,
        prover: NodeIndex,
        mut told: &[u8],
    ) -> Option<Closing<Fe>> {
        let role = if side == Side::Left { Role::Left } else { Role::Right };
        let other = *told.split_off(..32)?.first_chunk::<32>()?;
        let [left, right] = match (subject, side) {
            (Subject::Bits, Side::Left) => [self.bits.messages(role), other],
            (Subject::Bits, Side::Right) => [other, [0; 32]],
            (Subject::Field, _) => {
                self.field.messages(role).map(|messages| messages.unwrap_or(other))
            }
        };
        let transcript = self.transcript(subject, prover, &left, &right);
        let mut verifier = Verifier {
            tables: &tables().narrow,
            transcript,
            side,
            stream: match side {
                Side::Left => &mut self.streams.next.proof_left,
                Side::Right => &mut self.streams.own.proof_right,
            },
            told,
            rest: Fe::ZERO,
            sums: <Sha256 as sha2::Digest>::new(),
        };
        match subject {
            Subject::Bits => {
                let tables = &tables().wide;
                if side == Side::Left {
                    verifier.rest = Fe::small(64 * self.bits.words() as u128);
                }
                let challenge = verifier.stage(WIDE_PROOF, WIDE, 0, &tables.proof)?;
                let vector = match side {
                    Side::Left => {
                        let folding = Folding::left(tables, challenge);
                        Pairs::left(&self.bits, role).fold(&folding)
                    }
                    Side::Right => {
                        let folding = Folding::right(tables, challenge);
                        Pairs::right(&self.bits, role).fold(&folding)
                    }
                };
                verifier.follow(vector)
            }
            Subject::Field => {
                let base = verifier.transcript.challenge::<Fe>(1);
                let equation = self.field.equation(role, base);
                verifier.rest = equation.rest;
                verifier.follow(match side {
                    Side::Left => equation.left,
                    Side::Right => equation.right,
                })
            }
        }
    }

    /// Lengths of a proof after its first hash; all nodes know them.
    fn proof_lengths(&self, subject: Subject, side: Side) -> (usize, usize) {
        match subject {
            Subject::Bits => {
                let (left, right) = proof::lengths::<Fe>(16 * self.bits.words());
                (left + 32, right + 32 + WIDE_PROOF * Fe::BYTES)
            }
            Subject::Field => proof::lengths::<Fe>(self.field.length(side)),
        }
    }

    fn transcript(
        &self,
        subject: Subject,
        prover: NodeIndex,
        left: &[u8; 32],
        right: &[u8; 32],
    ) -> Transcript {
        let head = [u8::from(subject == Subject::Bits), u8::try_from(prover.get()).unwrap_or(3)];
        Transcript::new(&[&self.run, &self.epoch.to_le_bytes(), &head, left, right])
    }
}

fn closing_bytes(closings: &[Closing<Fe>]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(CLOSING * closings.len());
    for closing in closings {
        closing.write(&mut bytes);
    }
    bytes
}

fn compare(ours: &[Closing<Fe>], theirs: &[u8], prover: NodeIndex) -> Result<(), RunError> {
    let right_length = theirs.len() == CLOSING * ours.len();
    let agree = |(ours, theirs): (&Closing<Fe>, &[u8])| {
        Closing::read(theirs).is_some_and(|theirs| ours.agrees(&theirs))
    };
    if right_length && ours.iter().zip(theirs.chunks(CLOSING)).all(agree) {
        Ok(())
    } else {
        Err(RunError::cheated(prover, "its proof of correct products does not hold"))
    }
}

#[cfg(test)]
mod tests;
