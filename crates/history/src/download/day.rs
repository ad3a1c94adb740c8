//! A day of the calendar in UTC, which is how archives and orders count time.

use std::{fmt, str::FromStr};

use domain::Timestamp;
use jiff::civil::Date;

use crate::place::{date_of, days_to};

const SECONDS: i64 = 86_400;
const NANOS: i64 = SECONDS * 1_000_000_000;

/// A day in UTC, between 1970 and 2261.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

impl Day {
    /// The day of a moment.
    #[must_use]
    pub fn of(time: Timestamp) -> Self {
        Self::of_nanos(time.as_nanos())
    }

    pub(crate) fn of_nanos(nanos: i64) -> Self {
        Self(i32::try_from(nanos.div_euclid(NANOS)).expect("64 bits hold 107,000 days"))
    }

    /// The day after.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// Every day from this one to `last`.
    pub(crate) fn to(self, last: Self) -> impl Iterator<Item = Self> {
        (self.0..=last.0).map(Self)
    }

    pub(crate) fn start_secs(self) -> i64 {
        i64::from(self.0) * SECONDS
    }

    pub(crate) fn start_nanos(self) -> i64 {
        i64::from(self.0) * NANOS
    }

    fn date(self) -> Date {
        date_of(self.start_nanos())
    }

    pub(crate) fn first_of_month(self) -> Self {
        Self(days_to(self.date().first_of_month()))
    }

    pub(crate) fn last_of_month(self) -> Self {
        Self(days_to(self.date().last_of_month()))
    }

    /// Such as `2024-01`.
    pub(crate) fn month(self) -> String {
        let date = self.date();
        format!("{:04}-{:02}", date.year(), date.month())
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date().fmt(f)
    }
}

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a day such as 2024-01-31");
        let date: Date =
            if text.len() == 10 { text.parse().ok() } else { None }.ok_or_else(wrong)?;
        if (1970..=2261).contains(&date.year()) {
            Ok(Self(days_to(date)))
        } else {
            Err(format!("{text}: the year must be between 1970 and 2261"))
        }
    }
}
