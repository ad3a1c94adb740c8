//! The check over fields so small that cheating sometimes succeeds: it must succeed exactly as
//! often as the bound says. A check that checks nothing, or less than it should, shows here.

use std::ops::{Add, Mul, Neg, Sub};

use sha2::Digest as _;

use super::{
    Role, Side,
    proof::{self, Closing, Prover, Tables, Transcript, Vector, Verifier},
    wide::{self, Folding, Pairs, WIDE, WIDE_PROOF, WideTables},
};
use crate::{engine::log::BitLog, field::PrimeField, share::randomness::Stream};

/// Integers modulo a small prime.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Toy<const P: u64>(u64);

impl<const P: u64> zeroize::DefaultIsZeroes for Toy<P> {}

impl<const P: u64> Add for Toy<P> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self((self.0 + other.0) % P)
    }
}

impl<const P: u64> Sub for Toy<P> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self((self.0 + P - other.0) % P)
    }
}

impl<const P: u64> Mul for Toy<P> {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self(self.0 * other.0 % P)
    }
}

impl<const P: u64> Neg for Toy<P> {
    type Output = Self;
    fn neg(self) -> Self {
        Self::ZERO - self
    }
}

impl<const P: u64> PrimeField for Toy<P> {
    const ZERO: Self = Self(0);
    const ONE: Self = Self(1);
    const BYTES: usize = 8;
    type Sum = Self;

    fn accumulate(sum: &mut Self, left: Self, right: Self) {
        *sum = *sum + left * right;
    }

    fn settle(sum: Self) -> Self {
        sum
    }

    fn from_signed(value: i64) -> Self {
        Self(value.rem_euclid(P.cast_signed()).cast_unsigned())
    }

    fn inverse(self) -> Self {
        (0..64).rev().fold(Self::ONE, |product, bit| {
            let square = product * product;
            if (P - 2) >> bit & 1 == 1 { square * self } else { square }
        })
    }

    fn draw(words: &mut impl FnMut() -> u64) -> Self {
        Self(words() % P)
    }

    fn write(self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.0.to_le_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let value = u64::from_le_bytes(bytes.try_into().ok()?);
        (value < P).then_some(Self(value))
    }

    fn same(self, other: Self) -> bool {
        self == other
    }
}

fn stream(run: u64, purpose: u8) -> Stream {
    let mut seed = [purpose; 32];
    seed[..8].copy_from_slice(&run.to_le_bytes());
    Stream::new(&seed)
}

fn numbers<const P: u64>(stream: &mut Stream, count: usize) -> Vec<Toy<P>> {
    (0..count).map(|_| Toy::draw(&mut || stream.word())).collect()
}

fn transcript(run: u64) -> Transcript {
    Transcript::new(&[&run.to_le_bytes()])
}

/// A polynomial with as many zeros as its degree allows, whose values at the first places add
/// up to what the liar needs. Zeros are at places that a challenge may be.
fn lie<const P: u64>(needed: Toy<P>, chunk: usize, values: usize) -> Vec<Toy<P>> {
    let at = |start: u64, place: u64| {
        let roots = (0..values as u64 - 1).map(|root| Toy::<P>(place) - Toy((start + root) % P));
        roots.fold(Toy::ONE, |product, factor| product * factor)
    };
    for start in chunk as u64.. {
        let raw: Vec<Toy<P>> = (0..values as u64).map(|place| at(start, place)).collect();
        let sum = raw[..chunk].iter().fold(Toy::ZERO, |sum, value| sum + *value);
        let last_root = (start + values as u64 - 2) % P;
        if sum != Toy::ZERO && last_root >= chunk as u64 {
            let factor = needed * sum.inverse();
            return raw.into_iter().map(|value| value * factor).collect();
        }
    }
    unreachable!("the sum is not zero for every start")
}

fn added<const P: u64>(values: &[Toy<P>], lie: &[Toy<P>]) -> Vec<Toy<P>> {
    values.iter().zip(lie).map(|(value, lie)| *value + *lie).collect()
}

/// The value of a polynomial given by its first values.
fn value_at<const P: u64>(values: &[Toy<P>], place: Toy<P>) -> Toy<P> {
    let weights = super::polynomial::Lagrange::new(values.len()).at(place);
    Toy::dot(values, &weights)
}

/// Proves a sum that is too large by `off`, lying again whenever the challenge finds the lie.
fn prove_wrongly<const P: u64>(
    prover: &mut Prover<'_, Toy<P>>,
    u: Vec<Toy<P>>,
    v: Vec<Toy<P>>,
    mut off: Toy<P>,
) {
    let (mut u, mut v) = (Vector::new(u), Vector::new(v));
    while u.length > proof::CHUNK {
        let honest = proof::products(u.chunks(), v.chunks());
        let lie = lie(off, proof::CHUNK, proof::PROOF);
        let challenge = prover.stage(&added(&honest, &lie), 0);
        off = value_at(&lie, challenge);
        let weights = prover.tables.chunk.at(challenge);
        u.fold(&weights);
        v.fold(&weights);
    }
    let u = u.masked(Toy::draw(&mut || prover.left.word()));
    let v = v.masked(Toy::draw(&mut || prover.right.word()));
    let values = 2 * proof::CHUNK + 1;
    let honest: Vec<Toy<P>> = (0..values as u64)
        .map(|place| value_at(&*u, Toy(place)) * value_at(&*v, Toy(place)))
        .collect();
    prover.stage(&added(&honest, &lie(off, proof::CHUNK, values)), proof::CHUNK);
}

fn closing<const P: u64>(
    run: u64,
    side: Side,
    tables: &Tables<Toy<P>>,
    told: &[u8],
    rest: Toy<P>,
    vector: Vec<Toy<P>>,
) -> Closing<Toy<P>> {
    let mut stream = stream(run, if side == Side::Left { 1 } else { 2 });
    let verifier = Verifier {
        tables,
        transcript: transcript(run),
        side,
        stream: &mut stream,
        told,
        rest,
        sums: sha2::Sha256::new(),
    };
    verifier.follow(vector).unwrap()
}

/// Whether a proof about random vectors convinces, for a sum that is too large by `off`.
fn convinces<const P: u64>(run: u64, tables: &Tables<Toy<P>>, length: usize, off: Toy<P>) -> bool {
    let mut random = stream(run, 0);
    let u = numbers::<P>(&mut random, length);
    let v = numbers::<P>(&mut random, length);
    let left_rest = Toy::draw(&mut || random.word());
    let right_rest = Toy::dot(&u, &v) + off - left_rest;
    let (mut left, mut right) = (stream(run, 1), stream(run, 2));
    let mut prover = Prover {
        tables,
        transcript: transcript(run),
        left: &mut left,
        right: &mut right,
        to_left: Vec::new(),
        to_right: Vec::new(),
    };
    if off == Toy::ZERO {
        prover.prove(u.clone(), v.clone());
    } else {
        prove_wrongly(&mut prover, u.clone(), v.clone(), off);
    }
    let (to_left, to_right) = (prover.to_left, prover.to_right);
    assert_eq!((to_left.len(), to_right.len()), proof::lengths::<Toy<P>>(length));
    let ours = closing(run, Side::Left, tables, &to_left, left_rest, u);
    let theirs = closing(run, Side::Right, tables, &to_right, right_rest, v);
    assert_eq!(ours.agrees(&theirs), theirs.agrees(&ours));
    ours.agrees(&theirs)
}

fn share_of(successes: u32, runs: u32) -> f64 {
    f64::from(successes) / f64::from(runs)
}

/// Within five standard deviations.
fn near(found: f64, expected: f64, runs: u32) -> bool {
    (found - expected).abs() < 5.0 * (expected * (1.0 - expected) / f64::from(runs)).sqrt()
}

#[test]
fn honest_proofs_always_convince() {
    let tables = Tables::<Toy<31>>::new();
    for length in [1, 2, 4, 5, 16, 17, 63, 64, 65, 300] {
        for run in 0..40 {
            assert!(convinces(run, &tables, length, Toy(0)), "length {length}, run {run}");
        }
    }
}

#[test]
fn the_best_liar_succeeds_exactly_as_often_as_the_bound_says() {
    let tables = Tables::<Toy<31>>::new();
    let runs = 1_500;
    for (length, stages) in [(4, 0), (16, 1), (64, 2), (256, 3)] {
        let found = (0..runs).filter(|run| convinces(u64::from(*run), &tables, length, Toy(7)));
        let found = share_of(u32::try_from(found.count()).unwrap(), runs);
        // Six zeros of 31 places in each stage, eight of 27 in the last.
        let expected = 1.0 - (25.0_f64 / 31.0).powi(stages) * (19.0 / 27.0);
        assert!(near(found, expected, runs), "length {length}: {found} instead of {expected}");
    }
}

#[test]
fn the_same_liar_has_no_luck_in_a_larger_field() {
    let tables = Tables::<Toy<2_147_483_647>>::new();
    for run in 0..300 {
        assert!(!convinces(run, &tables, 64, Toy(7)), "run {run}");
    }
}

/// Both verifiers' and the prover's view of random products of bits; in the left verifier's
/// view the first `wrong` products are flipped.
fn bit_views(run: u64, words: usize, wrong: u32) -> [BitLog; 3] {
    let mut random = stream(run, 3);
    let mut column = || -> Vec<u64> { (0..words).map(|_| random.word()).collect() };
    let (x, x_next, y, y_next) = (column(), column(), column(), column());
    let (mask, mask_next) = (column(), column());
    let z: Vec<u64> = (0..words)
        .map(|w| (x[w] & y[w]) ^ (x[w] & y_next[w]) ^ (x_next[w] & y[w]) ^ mask[w] ^ mask_next[w])
        .collect();
    let mut sent = z.clone();
    for product in 0..wrong {
        sent[product as usize / 64] ^= 1 << (product % 64);
    }
    let nothing = vec![0; words];
    let log = |own: [&Vec<u64>; 4], next: [&Vec<u64>; 4]| BitLog {
        x_own: own[0].clone(),
        y_own: own[1].clone(),
        z_own: own[2].clone(),
        mask_own: own[3].clone(),
        x_next: next[0].clone(),
        y_next: next[1].clone(),
        z_next: next[2].clone(),
        mask_next: next[3].clone(),
    };
    let unknown = [&nothing; 4];
    [
        log([&x, &y, &z, &mask], [&x_next, &y_next, &nothing, &mask_next]),
        log(unknown, [&x, &y, &sent, &mask]),
        log([&x_next, &y_next, &nothing, &mask_next], unknown),
    ]
}

/// Whether a proof about bits convinces when so many products were wrong.
fn bits_convince<const P: u64>(
    run: u64,
    tables: &(Tables<Toy<P>>, WideTables<Toy<P>>),
    words: usize,
    wrong: u32,
) -> bool {
    let (narrow, tables) = tables;
    let [prover_log, left_log, right_log] = bit_views(run, words, wrong);
    let (mut left, mut right) = (stream(run, 1), stream(run, 2));
    let mut prover = Prover {
        tables: narrow,
        transcript: transcript(run),
        left: &mut left,
        right: &mut right,
        to_left: Vec::new(),
        to_right: Vec::new(),
    };
    // A liar folds what the left verifier believes, and makes the sum right by a lie.
    let u = Pairs::left(if wrong == 0 { &prover_log } else { &left_log }, role_of(wrong));
    let v = Pairs::right(&prover_log, Role::Prover);
    let mut values = wide::products(tables, &u, &v);
    let off = Toy::from_signed(2 * i64::from(wrong));
    let lie = if wrong == 0 { vec![Toy::ZERO; WIDE_PROOF] } else { lie(off, WIDE, WIDE_PROOF) };
    values = added(&values, &lie);
    let challenge = prover.stage(&values, 0);
    let u = u.fold(&Folding::left(tables, challenge));
    let v = v.fold(&Folding::right(tables, challenge));
    match value_at(&lie, challenge) {
        Toy(0) => prover.prove(u, v),
        off => prove_wrongly(&mut prover, u, v, off),
    }
    let (to_left, to_right) = (prover.to_left, prover.to_right);
    let close = |side: Side, told: &[u8]| {
        let mut stream = stream(run, if side == Side::Left { 1 } else { 2 });
        let mut verifier = Verifier {
            tables: narrow,
            transcript: transcript(run),
            side,
            stream: &mut stream,
            told,
            rest: if side == Side::Left { Toy(64 * words as u64 % P) } else { Toy(0) },
            sums: sha2::Sha256::new(),
        };
        let challenge = verifier.stage(WIDE_PROOF, WIDE, 0, &tables.proof).unwrap();
        let vector = match side {
            Side::Left => {
                Pairs::left(&left_log, Role::Left).fold(&Folding::left(tables, challenge))
            }
            Side::Right => {
                Pairs::right(&right_log, Role::Right).fold(&Folding::right(tables, challenge))
            }
        };
        verifier.follow(vector).unwrap()
    };
    close(Side::Left, &to_left).agrees(&close(Side::Right, &to_right))
}

const fn role_of(wrong: u32) -> Role {
    if wrong == 0 { Role::Prover } else { Role::Left }
}

#[test]
fn honest_proofs_about_bits_always_convince() {
    let tables = (Tables::<Toy<8_191>>::new(), WideTables::new());
    for words in [1, 2, 3, 16, 17] {
        for run in 0..20 {
            assert!(bits_convince(run, &tables, words, 0), "{words} words, run {run}");
        }
    }
}

#[test]
fn the_best_liar_about_bits_succeeds_exactly_as_often_as_the_bound_says() {
    let tables = (Tables::<Toy<257>>::new(), WideTables::new());
    let runs = 1_500;
    for wrong in [1, 5, 64] {
        let found = (0..runs).filter(|run| bits_convince(u64::from(*run), &tables, 4, wrong));
        let found = share_of(u32::try_from(found.count()).unwrap(), runs);
        // 64 chunks: two more stages, then the last.
        let survive = (227.0_f64 / 257.0) * (251.0_f64 / 257.0).powi(2) * (245.0 / 253.0);
        assert!(near(found, 1.0 - survive, runs), "{wrong} wrong: {found}");
    }
}

#[test]
fn a_liar_about_bits_who_does_not_lie_in_the_proof_never_convinces() {
    let tables = (Tables::<Toy<8_191>>::new(), WideTables::<Toy<8_191>>::new());
    for run in 0..200 {
        let [mut prover_log, left_log, _] = bit_views(run, 2, 1);
        prover_log.z_own.clone_from(&left_log.z_next);
        let u = Pairs::left(&prover_log, Role::Prover);
        let v = Pairs::right(&prover_log, Role::Prover);
        let values: Vec<Toy<8_191>> = wide::products(&tables.1, &u, &v);
        let sum = values[..WIDE].iter().fold(Toy::ZERO, |sum, value| sum + *value);
        assert_eq!(sum, Toy(128) - Toy(2), "one wrong product takes two from the sum");
    }
}
