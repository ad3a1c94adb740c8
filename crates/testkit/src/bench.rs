//! Two ways to do one thing, timed in turns, so that both meet the same machine.
//!
//! Short batches (about 150 us) mostly escape pre-emption; what counts is the median of
//! the ratios of neighbouring batches, never a number of nanoseconds.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

use std::{process::ExitCode, time::Instant};

const PAIRS: usize = 400;
const BATCH_NS: f64 = 150_000.0;
/// A gate fails beyond its goal times this: the machine is shared.
const SLACK: f64 = 1.25;

/// Compares a product with a reference and says whether the goal was met.
pub struct Duel<'a> {
    /// What is compared.
    pub name: &'a str,
    /// The largest allowed ratio; `None` for information only.
    pub goal: Option<f64>,
}

impl Duel<'_> {
    /// Runs both in turns and prints one line; a failure when the goal was missed by far.
    pub fn run(&self, mut product: impl FnMut(), mut reference: impl FnMut()) -> ExitCode {
        let product_count = calibrate(&mut product);
        let reference_count = calibrate(&mut reference);
        let pairs = (0..PAIRS)
            .map(|_| (time(&mut product, product_count), time(&mut reference, reference_count)))
            .collect();
        self.judge(pairs)
    }

    /// Prints one line about neighbouring batches: nanoseconds of the product and of the
    /// reference. A failure when the goal was missed by far.
    ///
    /// # Panics
    /// Without any pair.
    pub fn judge(&self, mut pairs: Vec<(f64, f64)>) -> ExitCode {
        let count = pairs.len();
        let mut ratios: Vec<f64> = pairs.iter().map(|pair| pair.0 / pair.1).collect();
        ratios.sort_by(f64::total_cmp);
        let (least, quarter, median) = (ratios[0], ratios[count / 4], ratios[count / 2]);
        pairs.sort_by(|left, right| left.0.total_cmp(&right.0));
        let product_ns = pairs[count / 2].0;
        pairs.sort_by(|left, right| left.1.total_cmp(&right.1));
        let reference_ns = pairs[count / 2].1;
        let missed = self.goal.is_some_and(|goal| median > goal * SLACK);
        let goal = self.goal.map_or("for information".into(), |goal| format!("goal <= {goal}"));
        println!(
            "{:<58} {product_ns:>8.1} ns / {reference_ns:>8.1} ns  ratio median {median:.3} \
             p25 {quarter:.3} min {least:.3}  {goal}{}",
            self.name,
            if missed { "  MISSED" } else { "" }
        );
        if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }
}

/// The worst of several results.
pub fn all(codes: impl IntoIterator<Item = ExitCode>) -> ExitCode {
    let bad = codes.into_iter().find(|code| *code != ExitCode::SUCCESS);
    bad.unwrap_or(ExitCode::SUCCESS)
}

/// How many calls make a batch, after warming up.
fn calibrate(call: &mut impl FnMut()) -> u32 {
    time(call, 2_000);
    let each = time(call, 2_000).max(0.1);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small, positive")]
    let count = (BATCH_NS / each) as u32;
    count.max(1)
}

/// Nanoseconds per call.
fn time(call: &mut impl FnMut(), count: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..count {
        call();
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(count)
}

/// A small seeded generator: the same inputs in every run.
pub struct Random(u64);

impl Random {
    /// Starts at a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 1).cast_signed() % limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_the_same_in_every_run_and_below_their_limit() {
        let draw = || {
            let mut random = Random::new(7);
            (0..1_000).map(|_| random.below(10)).collect::<Vec<_>>()
        };
        let numbers = draw();
        assert_eq!(numbers, draw());
        assert!((0..10).all(|number| numbers.contains(&number)), "{numbers:?}");
        assert!(numbers.iter().all(|number| (0..10).contains(number)));
    }

    #[test]
    fn one_missed_goal_fails_the_whole_table() {
        let fine = || ExitCode::SUCCESS;
        assert_eq!(all([fine(), fine()]), ExitCode::SUCCESS);
        assert_ne!(all([fine(), ExitCode::FAILURE, fine()]), ExitCode::SUCCESS);
    }

    #[test]
    fn a_duel_calls_both_sides_and_fails_a_goal_that_nobody_can_meet() {
        let (mut ours, mut theirs) = (0_u64, 0_u64);
        let slow = || (0..200).fold(0_u64, |sum, step| std::hint::black_box(sum + step));
        let duel = Duel { name: "slow against idle", goal: Some(0.001) };
        let verdict = duel.run(
            || {
                ours += std::hint::black_box(slow()).min(1);
            },
            || theirs += 1,
        );
        assert_ne!(verdict, ExitCode::SUCCESS);
        assert!(ours > 0 && theirs > 0);
    }
}
