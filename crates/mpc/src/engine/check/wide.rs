//! The first stage for bits: four products at once, by counting.
//!
//! With bits a, c, e at the left verifier and b, d, f at the right one, a product was right
//! when `ab + cd + e + f` is even. Over any field that is one inner product of four terms:
//! `(1-2e)(1, -2a, -2c, 4ac)` with `(1-2f)(1, b, d, bd)` is 1 when it was right and -1 when it
//! was not, so that over all products the sum must be their number. A vector of four products
//! has only few different values: the prover counts how often each combination of two
//! products occurs, instead of multiplying, and folding is looking up. The tables have 64
//! entries; the look-ups are indexed by the node's own share bits, which the design allows.

use super::{polynomial::Lagrange, proof::Tables};
use crate::{
    engine::log::{BitLog, Role},
    field::{PrimeField, planes::turn},
};

/// Elements to a chunk: four products of four terms.
pub(crate) const WIDE: usize = 16;
/// Values of the product of two polynomials through such a chunk.
pub(crate) const WIDE_PROOF: usize = 2 * WIDE - 1;
/// Chunks in a word of 64 products.
const CHUNKS: usize = 16;

/// Four terms for each three bits.
type Terms = [[i64; 4]; 8];

/// The left verifier's terms for `a + 2c + 4e`.
const LEFT: Terms = terms(-2, 4);
/// The right verifier's terms for `b + 2d + 4f`.
const RIGHT: Terms = terms(1, 1);

const fn terms(single: i64, both: i64) -> Terms {
    let mut terms = [[0; 4]; 8];
    let mut bits = 0;
    while bits < 8 {
        let first = if bits & 1 == 1 { 1 } else { 0 };
        let second = if bits & 2 == 2 { 1 } else { 0 };
        let negative = if bits & 4 == 4 { 1 } else { 0 };
        let sign = 1 - 2 * negative;
        terms[bits] =
            [sign, sign * single * first, sign * single * second, sign * both * first * second];
        bits += 1;
    }
    terms
}

/// Weights for the wide stage.
pub(crate) struct WideTables<F> {
    chunk: Lagrange<F>,
    pub(crate) proof: Lagrange<F>,
    /// The weights for the values at 16, 17, ..., 30.
    beyond: Vec<Vec<F>>,
}

impl<F: PrimeField> WideTables<F> {
    pub(crate) fn new() -> Self {
        let chunk = Lagrange::new(WIDE);
        let place = |point: usize| F::from_signed(i64::try_from(point).expect("few points"));
        let beyond = (WIDE..WIDE_PROOF).map(|point| chunk.at(place(point))).collect();
        Self { chunk, proof: Lagrange::new(WIDE_PROOF), beyond }
    }
}

/// The verifiers' six bits of each two products.
pub(crate) struct Pairs(Vec<u8>);

impl Drop for Pairs {
    fn drop(&mut self) {
        use zeroize::Zeroize as _;
        self.0.as_mut_slice().zeroize();
    }
}

impl Pairs {
    /// What the left verifier of a prover knows; the prover itself and that verifier can tell.
    pub(crate) fn left(log: &BitLog, role: Role) -> Self {
        let (x, y, z, mask) = match role {
            Role::Prover => (&log.x_own, &log.y_own, &log.z_own, &log.mask_own),
            _ => (&log.x_next, &log.y_next, &log.z_next, &log.mask_next),
        };
        let rest = |word: usize| z[word] ^ (x[word] & y[word]) ^ mask[word];
        Self::of(x.len(), |word| [x[word], y[word], rest(word)])
    }

    /// What the right verifier of a prover knows; the prover itself and that verifier can tell.
    pub(crate) fn right(log: &BitLog, role: Role) -> Self {
        let (x, y, mask) = match role {
            Role::Prover => (&log.x_next, &log.y_next, &log.mask_next),
            _ => (&log.x_own, &log.y_own, &log.mask_own),
        };
        Self::of(x.len(), |word| [y[word], x[word], mask[word]])
    }

    fn of(words: usize, bits: impl Fn(usize) -> [u64; 3]) -> Self {
        let mut pairs = Vec::with_capacity(32 * words);
        for word in 0..words {
            let bits = bits(word);
            for group in 0..4 {
                let mut square = 0;
                for (row, bits) in bits.iter().enumerate() {
                    square |= (bits >> (8 * group) & 0xFF) << (8 * row);
                    square |= (bits >> (8 * group + 32) & 0xFF) << (8 * row + 24);
                }
                pairs.extend_from_slice(&turn(square).to_le_bytes());
            }
        }
        Self(pairs)
    }

    /// 32 of them for each word; pair k and pair k+16 make a chunk.
    fn words(&self) -> impl Iterator<Item = &[u8; 2 * CHUNKS]> {
        self.0.as_chunks().0.iter()
    }

    /// Every chunk's polynomial at the challenge.
    pub(crate) fn fold<F: PrimeField>(&self, weights: &Folding<F>) -> Vec<F> {
        let [first, second] = &weights.0;
        let mut folded = Vec::with_capacity(self.0.len() / 2);
        for word in self.words() {
            let at = |pair: usize| usize::from(word[pair] & 63);
            folded.extend((0..CHUNKS).map(|pair| first[at(pair)] + second[at(pair + CHUNKS)]));
        }
        folded
    }
}

/// The value of each half chunk at a challenge, by its six bits.
pub(crate) struct Folding<F>([[F; 64]; 2]);

impl<F: PrimeField> Folding<F> {
    fn new(terms: &Terms, weights: &[F]) -> Self {
        let value = |bits: usize, weights: &[F]| {
            let parts = terms[bits].iter().zip(weights);
            parts.fold(F::ZERO, |sum, (term, weight)| sum + F::from_signed(*term) * *weight)
        };
        let half = |half: usize| {
            let weights = &weights[8 * half..8 * half + 8];
            let single = |product: usize| -> [F; 8] {
                std::array::from_fn(|bits| value(bits, &weights[4 * product..]))
            };
            let (first, second) = (single(0), single(1));
            std::array::from_fn(|bits| first[bits & 7] + second[bits >> 3])
        };
        Self([half(0), half(1)])
    }

    pub(crate) fn left(tables: &WideTables<F>, challenge: F) -> Self {
        Self::new(&LEFT, &tables.chunk.at(challenge))
    }

    pub(crate) fn right(tables: &WideTables<F>, challenge: F) -> Self {
        Self::new(&RIGHT, &tables.chunk.at(challenge))
    }
}

/// How often six bits on the left met six bits on the right.
type Counts = [u32; 64 * 64];

/// The prover's values: the sum over all chunks of the product of both polynomials.
pub(crate) fn products<F: PrimeField>(
    tables: &WideTables<F>,
    left: &Pairs,
    right: &Pairs,
) -> Vec<F> {
    let counts = count(left, right);
    let mut matrix = [[F::ZERO; WIDE]; WIDE];
    for (halves, counts) in counts.iter().enumerate() {
        add_counts(counts, halves / 2, halves % 2, &mut matrix);
    }
    let on_points = (0..WIDE).map(|point| matrix[point][point]);
    let beyond = tables.beyond.iter().map(|weights| {
        let rows: Vec<F> = matrix.iter().map(|row| F::dot(row, weights)).collect();
        F::dot(&rows, weights)
    });
    on_points.chain(beyond).collect()
}

/// For both halves on the left with both on the right.
fn count(left: &Pairs, right: &Pairs) -> Vec<Counts> {
    let mut counts = vec![[0; 64 * 64]; 4];
    let [a, b, c, d] = counts.as_mut_slice() else { unreachable!("four were just made") };
    for (left, right) in left.words().zip(right.words()) {
        for pair in 0..CHUNKS {
            let at = |pairs: &[u8; 2 * CHUNKS], pair: usize| usize::from(pairs[pair] & 63);
            let (first, second) = (at(left, pair) << 6, at(left, pair + CHUNKS) << 6);
            let (other_first, other_second) = (at(right, pair), at(right, pair + CHUNKS));
            a[first | other_first] += 1;
            b[first | other_second] += 1;
            c[second | other_first] += 1;
            d[second | other_second] += 1;
        }
    }
    counts
}

/// Adds up which terms met, for the two products in each half.
fn add_counts<F: PrimeField>(
    counts: &Counts,
    half: usize,
    other_half: usize,
    matrix: &mut [[F; WIDE]; WIDE],
) {
    let mut rows = [[[0_u32; 64]; 8]; 2];
    for (bits, row) in counts.chunks_exact(64).enumerate() {
        for (product, bits) in [(0, bits & 7), (1, bits >> 3)] {
            for (sum, count) in rows[product][bits].iter_mut().zip(row) {
                *sum += count;
            }
        }
    }
    for (product, rows) in rows.iter().enumerate() {
        for other in 0..2 {
            let start = (8 * half + 4 * product, 8 * other_half + 4 * other);
            let mut single = [[0_i64; 8]; 8];
            for (single, row) in single.iter_mut().zip(rows) {
                for (bits, count) in row.iter().enumerate() {
                    single[(bits >> (3 * other)) & 7] += i64::from(*count);
                }
            }
            let met = met(&single);
            for (line, sums) in met.iter().enumerate() {
                for (column, sum) in sums.iter().enumerate() {
                    matrix[start.0 + line][start.1 + column] = F::from_signed(*sum);
                }
            }
        }
    }
}

/// How often each term of one product met each term of the other, with its sign and factor.
fn met(counts: &[[i64; 8]; 8]) -> [[i64; 4]; 4] {
    let mut met = [[0; 4]; 4];
    for (left, counts) in LEFT.iter().zip(counts) {
        for (right, count) in RIGHT.iter().zip(counts) {
            for (line, left) in met.iter_mut().zip(left) {
                for (sum, right) in line.iter_mut().zip(right) {
                    *sum += left * right * count;
                }
            }
        }
    }
    met
}

/// All tables of one field.
pub(crate) struct AllTables<F> {
    pub(crate) narrow: Tables<F>,
    pub(crate) wide: WideTables<F>,
}

impl<F: PrimeField> AllTables<F> {
    pub(crate) fn new() -> Self {
        Self { narrow: Tables::new(), wide: WideTables::new() }
    }
}
