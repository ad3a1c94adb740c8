//! What an exit policy wants.

use domain::{Side, Ticks};
use engine::Protection;

/// What has to happen to a position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Where orders should stand at the venue.
    pub protection: Protection,
    /// Close it now.
    pub leave: bool,
    /// The strategy's own wish to leave has to wait.
    pub stay: bool,
}

impl Verdict {
    /// Nothing has to happen.
    pub const NONE: Self = Self { protection: Protection::NONE, leave: false, stay: false };

    /// A stop order at this price, if there is one.
    #[must_use]
    pub const fn stop(price: Option<Ticks>) -> Self {
        Self { protection: Protection { stop: price, target: None }, ..Self::NONE }
    }

    /// A limit order at this price, if there is one.
    #[must_use]
    pub const fn target(price: Option<Ticks>) -> Self {
        Self { protection: Protection { stop: None, target: price }, ..Self::NONE }
    }

    /// Both at once: of two stops and of two targets the one that the market reaches first.
    #[must_use]
    pub fn and(self, other: Self, held: Side) -> Self {
        let first = |one: Option<Ticks>, two: Option<Ticks>, higher: bool| match (one, two) {
            (Some(one), Some(two)) if higher => Some(one.max(two)),
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
        let (mine, its, long) = (self.protection, other.protection, held == Side::Buy);
        Self {
            protection: Protection {
                stop: first(mine.stop, its.stop, long),
                target: first(mine.target, its.target, !long),
            },
            leave: self.leave || other.leave,
            stay: self.stay || other.stay,
        }
    }
}
