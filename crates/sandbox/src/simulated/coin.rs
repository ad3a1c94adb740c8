//! What a coin is worth, and where it is about to go.
//!
//! The worth moves in jumps, a few a second, so that prices stand still in between as they
//! do in real markets. A hidden lean (a mean-reverting process, two seconds long) makes the
//! next jumps more likely up or down. Traders feel the lean before the price follows it:
//! that is what makes the order book informative.

use domain::Span;

use super::dice::Dice;

/// Jumps a second of a coin's worth.
const JUMPS_PER_SECOND: f64 = 4.0;
/// How long the lean lasts.
const LEAN_SECONDS: f64 = 2.0;
/// How much a lean of one shifts the chance of the next jump's direction.
const LEAN_ON_JUMPS: f64 = 0.35;
const SECONDS_PER_YEAR: f64 = 31_536_000.0;

#[derive(Debug)]
pub(super) struct Coin {
    pub(super) name: String,
    worth: f64,
    lean: f64,
    leaned_at: Span,
    jump_size: f64,
    dice: Dice,
}

impl Coin {
    pub(super) fn new(name: String, worth: f64, annual_volatility: f64, dice: Dice) -> Self {
        let per_second = annual_volatility / SECONDS_PER_YEAR.sqrt();
        let jump_size = per_second / JUMPS_PER_SECOND.sqrt();
        Self { name, worth, lean: 0.0, leaned_at: Span::ZERO, jump_size, dice }
    }

    /// In quote currency.
    pub(super) const fn worth(&self) -> f64 {
        self.worth
    }

    /// Standard normal in the long run; positive when the price is about to rise.
    pub(super) fn lean(&mut self, now: Span) -> f64 {
        let seconds = now.as_secs_f64() - self.leaned_at.as_secs_f64();
        if seconds > 0.0 {
            let keep = (-seconds / LEAN_SECONDS).exp();
            self.lean = self.lean * keep + (1.0 - keep * keep).sqrt() * self.dice.normal();
            self.leaned_at = now;
        }
        self.lean
    }

    /// Moves the worth; returns the time to the next jump in nanoseconds.
    pub(super) fn jump(&mut self, now: Span) -> i64 {
        let up = 0.5 + 0.5 * (LEAN_ON_JUMPS * self.lean(now)).tanh();
        let direction = if self.dice.chance(up) { 1.0 } else { -1.0 };
        let size = self.jump_size * self.dice.normal().abs();
        self.worth *= (direction * size).exp();
        self.next_jump()
    }

    /// The time to the next jump in nanoseconds.
    pub(super) fn next_jump(&mut self) -> i64 {
        self.dice.wait_nanos(JUMPS_PER_SECOND)
    }
}
