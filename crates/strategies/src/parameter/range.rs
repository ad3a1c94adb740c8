//! The range of a decimal setting.

use rust_decimal::Decimal;

/// From where to where a decimal may lie, and how many decimals it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    low: i64,
    low_is_allowed: bool,
    high: i64,
    high_is_allowed: bool,
    decimals: u32,
}

impl Range {
    /// Above `low`, up to `high`.
    #[must_use]
    pub const fn above(low: i64, high: i64, decimals: u32) -> Self {
        Self { low_is_allowed: false, ..Self::from(low, high, decimals) }
    }

    /// Above `low`, below `high`.
    #[must_use]
    pub const fn between(low: i64, high: i64, decimals: u32) -> Self {
        Self { high_is_allowed: false, ..Self::above(low, high, decimals) }
    }

    /// From `low` to `high`, both allowed.
    #[must_use]
    pub const fn from(low: i64, high: i64, decimals: u32) -> Self {
        Self { low, low_is_allowed: true, high, high_is_allowed: true, decimals }
    }

    /// From `low`, below `high`.
    #[must_use]
    pub const fn below(low: i64, high: i64, decimals: u32) -> Self {
        Self { high_is_allowed: false, ..Self::from(low, high, decimals) }
    }

    /// Whether a number lies inside. Says nothing about its decimals.
    #[must_use]
    pub fn contains(&self, number: Decimal) -> bool {
        let (low, high) = (Decimal::from(self.low), Decimal::from(self.high));
        let above = if self.low_is_allowed { number >= low } else { number > low };
        above && if self.high_is_allowed { number <= high } else { number < high }
    }

    /// The most decimals a number may have.
    #[must_use]
    pub const fn decimals(&self) -> u32 {
        self.decimals
    }

    /// The smallest number inside.
    #[must_use]
    pub fn lowest(&self) -> Decimal {
        let low = Decimal::from(self.low);
        if self.low_is_allowed { low } else { low + self.step() }
    }

    /// The largest number inside.
    #[must_use]
    pub fn highest(&self) -> Decimal {
        let high = Decimal::from(self.high);
        if self.high_is_allowed { high } else { high - self.step() }
    }

    fn step(&self) -> Decimal {
        Decimal::new(1, self.decimals)
    }

    /// The range in words.
    #[must_use]
    pub fn describe(&self) -> String {
        let (low, high) = (self.low, self.high);
        match (self.low_is_allowed, self.high_is_allowed) {
            (true, true) => format!("from {low} to {high}"),
            (true, false) => format!("from {low} to below {high}"),
            (false, true) => format!("above {low} and at most {high}"),
            (false, false) => format!("above {low} and below {high}"),
        }
    }
}
