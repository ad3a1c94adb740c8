//! One prover, two verifiers: an inner product, folded until little is left.
//!
//! The left verifier knows u, the right one v, the prover both; they want `u.v = t`, of which
//! either verifier knows a part. The vectors are cut into chunks, each chunk read as the values
//! of a polynomial; the prover shares the sum of the products of these polynomials between the
//! verifiers; at a random place everything is four times shorter. At the end either vector gets
//! one random element more, so that what the verifiers then show each other is uniform.
//! Challenges are hashes over all that the prover ever sent: the field is so large that trying
//! proofs is hopeless. Sources: Boyle, Gilboa, Ishai, Nof, CCS 2019; Li et al., USENIX
//! Security 2023; Savage, Thomson, draft-savage-ppm-3phm-mpc.

use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

use super::polynomial::Lagrange;
use crate::{
    engine::{hash, log::Side},
    field::{PrimeField, encode},
    share::randomness::Stream,
};

/// Elements to a chunk.
pub(crate) const CHUNK: usize = 4;
/// Values of a product of two polynomials through a chunk.
pub(crate) const PROOF: usize = 2 * CHUNK - 1;
/// The same at the end, where each chunk has one random element more.
const LAST: usize = 2 * CHUNK + 1;

/// Weights for all sizes of polynomials there are.
pub(crate) struct Tables<F> {
    pub(crate) chunk: Lagrange<F>,
    pub(crate) proof: Lagrange<F>,
    masked: Lagrange<F>,
    last: Lagrange<F>,
}

impl<F: PrimeField> Tables<F> {
    pub(crate) fn new() -> Self {
        Self {
            chunk: Lagrange::new(CHUNK),
            proof: Lagrange::new(PROOF),
            masked: Lagrange::new(CHUNK + 1),
            last: Lagrange::new(LAST),
        }
    }
}

/// A running hash from which challenges are taken.
#[derive(Clone)]
pub(crate) struct Transcript([u8; 32]);

impl Transcript {
    pub(crate) fn new(parts: &[&[u8]]) -> Self {
        Self(hash(b"proof", parts))
    }

    fn absorb(&mut self, left: &[u8; 32], right: &[u8; 32]) {
        self.0 = hash(b"stage", &[&self.0, left, right]);
    }

    /// A challenge, not one of the first `excluded` numbers.
    pub(crate) fn challenge<F: PrimeField>(&self, excluded: usize) -> F {
        let seed = hash(b"challenge", &[&self.0]);
        let mut stream = Stream::new(&seed);
        let number = |value: usize| F::from_signed(i64::try_from(value).expect("few numbers"));
        loop {
            let value = F::draw(&mut || stream.word());
            if !(0..excluded).any(|point| number(point).same(value)) {
                return value;
            }
        }
    }
}

/// A hash over one verifier's part of a proof.
fn digest<F: PrimeField>(values: &[F]) -> [u8; 32] {
    Sha256::digest(encode(values)).into()
}

/// The prover's side.
pub(crate) struct Prover<'a, F> {
    pub(crate) tables: &'a Tables<F>,
    pub(crate) transcript: Transcript,
    /// Shared with the left verifier.
    pub(crate) left: &'a mut Stream,
    /// Shared with the right verifier.
    pub(crate) right: &'a mut Stream,
    /// Hashes of the right verifier's parts.
    pub(crate) to_left: Vec<u8>,
    /// For each stage a hash of the left verifier's part, and the right verifier's part.
    pub(crate) to_right: Vec<u8>,
}

impl<F: PrimeField> Prover<'_, F> {
    /// Splits one stage's values between the verifiers; returns the challenge.
    pub(crate) fn stage(&mut self, values: &[F], excluded: usize) -> F {
        let mut left = Vec::with_capacity(values.len());
        let mut right = Vec::with_capacity(values.len());
        for value in values {
            let part = F::draw(&mut || self.left.word());
            left.push(part);
            right.push(*value - part);
        }
        let (left, right_digest) = (digest(&left), digest(&right));
        self.to_right.extend_from_slice(&left);
        self.to_right.extend(encode(&right));
        self.to_left.extend_from_slice(&right_digest);
        self.transcript.absorb(&left, &right_digest);
        self.transcript.challenge(excluded)
    }

    /// Proves the inner product of two vectors of one length.
    pub(crate) fn prove(&mut self, u: Vec<F>, v: Vec<F>) {
        let (mut u, mut v) = (Vector::new(u), Vector::new(v));
        while u.length > CHUNK {
            let challenge = self.stage(&products(u.chunks(), v.chunks()), 0);
            let weights = self.tables.chunk.at(challenge);
            u.fold(&weights);
            v.fold(&weights);
        }
        let u = u.masked(F::draw(&mut || self.left.word()));
        let v = v.masked(F::draw(&mut || self.right.word()));
        let values: Vec<F> = (0..LAST)
            .map(|point| {
                let number = F::from_signed(i64::try_from(point).expect("few points"));
                let weights = self.tables.masked.at(number);
                F::dot(&*u, &weights) * F::dot(&*v, &weights)
            })
            .collect();
        self.stage(&values, CHUNK);
    }
}

/// What one verifier tells the other at the end.
#[derive(Clone, Copy)]
pub(crate) struct Closing<F> {
    /// The verifier's own vector, folded to one masked element.
    pub(crate) masked: F,
    /// Its part of what the product of both should be.
    pub(crate) part: F,
    /// A hash over the whole proof and all sums that have to agree.
    pub(crate) digest: [u8; 32],
}

impl<F: PrimeField> Closing<F> {
    pub(crate) fn write(&self, bytes: &mut Vec<u8>) {
        self.masked.write(bytes);
        self.part.write(bytes);
        bytes.extend_from_slice(&self.digest);
    }

    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (masked, rest) = bytes.split_at_checked(F::BYTES)?;
        let (part, digest) = rest.split_at_checked(F::BYTES)?;
        let digest = digest.try_into().ok()?;
        Some(Self { masked: F::read(masked)?, part: F::read(part)?, digest })
    }

    /// Whether two verifiers' closings prove the statement.
    pub(crate) fn agrees(&self, other: &Self) -> bool {
        use subtle::ConstantTimeEq as _;
        let product = self.masked * other.masked;
        bool::from(self.digest.ct_eq(&other.digest)) & product.same(self.part + other.part)
    }
}

/// A verifier's side.
pub(crate) struct Verifier<'a, F> {
    pub(crate) tables: &'a Tables<F>,
    pub(crate) transcript: Transcript,
    pub(crate) side: Side,
    /// What this verifier shares with the prover: parts of the proof on the left, one mask on
    /// the right.
    pub(crate) stream: &'a mut Stream,
    /// What the prover sent and was not read yet.
    pub(crate) told: &'a [u8],
    /// This verifier's part of the sum that the next stage must have.
    pub(crate) rest: F,
    /// A hash over how far off each stage's sum is, as the left verifier sees it.
    pub(crate) sums: Sha256,
}

impl<F: PrimeField> Verifier<'_, F> {
    /// Takes this verifier's part of a stage whose first `chunk` values must add up; returns
    /// the challenge. `None` when the proof is too short or not made of field elements.
    pub(crate) fn stage(
        &mut self,
        values: usize,
        chunk: usize,
        excluded: usize,
        table: &Lagrange<F>,
    ) -> Option<F> {
        let other = *self.told.split_off(..32)?.first_chunk::<32>()?;
        let part: Vec<F> = match self.side {
            Side::Left => (0..values).map(|_| F::draw(&mut || self.stream.word())).collect(),
            Side::Right => {
                let bytes = self.told.split_off(..values * F::BYTES)?;
                bytes.chunks(F::BYTES).map(F::read).collect::<Option<_>>()?
            }
        };
        match self.side {
            Side::Left => self.transcript.absorb(&digest(&part), &other),
            Side::Right => self.transcript.absorb(&other, &digest(&part)),
        }
        let sum = part[..chunk].iter().fold(F::ZERO, |sum, value| sum + *value);
        let off = match self.side {
            Side::Left => sum - self.rest,
            Side::Right => self.rest - sum,
        };
        self.sums.update(encode(&[off]));
        let challenge = self.transcript.challenge(excluded);
        self.rest = F::dot(&part, &table.at(challenge));
        Some(challenge)
    }

    /// Follows the proof with the vector that this verifier knows.
    pub(crate) fn follow(mut self, vector: Vec<F>) -> Option<Closing<F>> {
        let mut vector = Vector::new(vector);
        while vector.length > CHUNK {
            let challenge = self.stage(PROOF, CHUNK, 0, &self.tables.proof)?;
            vector.fold(&self.tables.chunk.at(challenge));
        }
        let vector = vector.masked(F::draw(&mut || self.stream.word()));
        let challenge = self.stage(LAST, CHUNK, CHUNK, &self.tables.last)?;
        let masked = F::dot(&*vector, &self.tables.masked.at(challenge));
        let sums: [u8; 32] = self.sums.finalize().into();
        let digest = hash(b"closing", &[&self.transcript.0, &sums]);
        self.told.is_empty().then_some(Closing { masked, part: self.rest, digest })
    }
}

/// Bytes that the prover sends for vectors of such a length: to the left, to the right.
pub(crate) fn lengths<F: PrimeField>(mut length: usize) -> (usize, usize) {
    let mut stages = 0;
    while length > CHUNK {
        length = length.div_ceil(CHUNK);
        stages += 1;
    }
    (32 * (stages + 1), 32 * (stages + 1) + F::BYTES * (stages * PROOF + LAST))
}

/// A vector that gets shorter in its place, and is erased in the end.
pub(crate) struct Vector<F: PrimeField> {
    values: Vec<F>,
    /// How many values still count; zeros follow up to a whole chunk.
    pub(crate) length: usize,
}

impl<F: PrimeField> Vector<F> {
    pub(crate) fn new(mut values: Vec<F>) -> Self {
        let length = values.len();
        values.resize(length.max(1).next_multiple_of(CHUNK), F::ZERO);
        Self { values, length }
    }

    /// All that counts, in whole chunks.
    pub(crate) fn chunks(&self) -> &[[F; CHUNK]] {
        self.values[..self.length.max(1).next_multiple_of(CHUNK)].as_chunks().0
    }

    /// Puts each chunk's polynomial at the challenge in the place of the chunks.
    pub(crate) fn fold(&mut self, weights: &[F]) {
        let weights: &[F; CHUNK] = weights.first_chunk().expect("a weight for each element");
        let chunks = self.length.div_ceil(CHUNK);
        for chunk in 0..chunks {
            let values = self.values[CHUNK * chunk..].first_chunk::<CHUNK>();
            let values = values.expect("chunks are whole");
            let mut sum = F::Sum::default();
            for (value, weight) in values.iter().zip(weights) {
                F::accumulate(&mut sum, *value, *weight);
            }
            self.values[chunk] = F::settle(sum);
        }
        let end = chunks.next_multiple_of(CHUNK).min(self.values.len());
        self.values[chunks..end].fill(F::ZERO);
        self.length = chunks;
    }

    /// The last chunk and one random element.
    pub(crate) fn masked(&self, mask: F) -> Zeroizing<[F; CHUNK + 1]> {
        let mut masked = Zeroizing::new([mask; CHUNK + 1]);
        masked[..CHUNK].copy_from_slice(&self.chunks()[0]);
        masked
    }
}

impl<F: PrimeField> Drop for Vector<F> {
    fn drop(&mut self) {
        // The slice, not the vector: a vector's unused end is erased byte by byte.
        self.values.as_mut_slice().zeroize();
    }
}

/// The sum over all chunks of the product of both polynomials, at 0, 1, ..., 6.
pub(crate) fn products<F: PrimeField>(u: &[[F; CHUNK]], v: &[[F; CHUNK]]) -> [F; PROOF] {
    let mut sums = [F::Sum::default(); PROOF];
    for (u, v) in u.iter().zip(v) {
        let (u, v) = (extend(*u), extend(*v));
        for point in 0..PROOF {
            F::accumulate(&mut sums[point], u[point], v[point]);
        }
    }
    sums.map(F::settle)
}

/// A polynomial's values at 4, 5 and 6 too, by differences.
#[inline]
fn extend<F: PrimeField>(values: [F; CHUNK]) -> [F; PROOF] {
    let [zero, one, two, three] = values;
    let step = three - two;
    let second = step - (two - one);
    let third = second - ((two - one) - (one - zero));
    let (second_4, mut result) = (second + third, [zero, one, two, three, zero, zero, zero]);
    let step_4 = step + second_4;
    result[4] = three + step_4;
    let second_5 = second_4 + third;
    let step_5 = step_4 + second_5;
    result[5] = result[4] + step_5;
    result[6] = result[5] + step_5 + second_5 + third;
    result
}
