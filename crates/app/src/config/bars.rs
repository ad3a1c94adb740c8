//! When a bar ends, as people write it: `1m`, `500 ticks`, `12.5 volume`.

use std::{fmt, str::FromStr};

use domain::{Instrument, NumberError, Qty, Span};
use market::bars::BarRule;
use serde::Deserialize;

/// When a bar ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum BarsRule {
    /// After this time, at its whole multiples since 1970, UTC.
    Time(Span),
    /// After so many trades.
    Ticks(u32),
    /// After this quantity, in units of the base asset.
    Volume(Qty),
}

impl BarsRule {
    /// The rule in the units of an instrument, a volume rounded down to its lots.
    ///
    /// # Errors
    /// [`NumberError::Overflow`] for a volume that does not fit.
    pub fn of(self, instrument: &Instrument) -> Result<BarRule, NumberError> {
        Ok(match self {
            Self::Time(span) => BarRule::Time(span),
            Self::Ticks(count) => BarRule::Ticks(count),
            Self::Volume(quantity) => BarRule::Volume(instrument.lots_floor(quantity)?),
        })
    }
}

impl fmt::Display for BarsRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(span) => write!(f, "{}s", span.as_nanos() / 1_000_000_000),
            Self::Ticks(count) => write!(f, "{count} ticks"),
            Self::Volume(quantity) => write!(f, "{quantity} volume"),
        }
    }
}

/// Why a text says nothing about bars.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BarsRuleError {
    /// Write a number and a unit.
    #[error("there is no unit: `s`, `m`, `h`, `d`, `ticks` or `volume`")]
    NoUnit,
    /// Use a known unit.
    #[error("`{0}` is no unit: use `s`, `m`, `h`, `d`, `ticks` or `volume`")]
    UnknownUnit(String),
    /// Write a number that fits, above zero.
    #[error("`{0}` must be a number above zero that fits, whole except for `volume`")]
    NotANumber(String),
}

impl FromStr for BarsRule {
    type Err = BarsRuleError;

    fn from_str(text: &str) -> Result<Self, BarsRuleError> {
        let text = text.trim();
        let place = text.find(|one: char| one.is_ascii_alphabetic());
        let (number, unit) = text.split_at(place.ok_or(BarsRuleError::NoUnit)?);
        let number = number.trim();
        let wrong = || BarsRuleError::NotANumber(number.to_owned());
        let seconds = |each: i64| {
            let count: i64 = number.parse().map_err(|_| wrong())?;
            let nanos = count.checked_mul(each).and_then(|all| all.checked_mul(1_000_000_000));
            let span = nanos.filter(|nanos| *nanos > 0).ok_or_else(wrong)?;
            Ok(Self::Time(Span::from_nanos(span)))
        };
        match unit {
            "s" => seconds(1),
            "m" => seconds(60),
            "h" => seconds(3_600),
            "d" => seconds(86_400),
            "ticks" => {
                let count = number.parse().ok().filter(|count| *count > 0);
                count.map(Self::Ticks).ok_or_else(wrong)
            }
            "volume" => {
                let quantity = number.parse().ok().filter(|quantity| *quantity > Qty::ZERO);
                quantity.map(Self::Volume).ok_or_else(wrong)
            }
            unit => Err(BarsRuleError::UnknownUnit(unit.to_owned())),
        }
    }
}

impl TryFrom<String> for BarsRule {
    type Error = BarsRuleError;
    fn try_from(text: String) -> Result<Self, BarsRuleError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_shown_as_it_can_be_written() {
        for (text, shown) in [("15s", "15s"), ("4h", "14400s"), ("500 ticks", "500 ticks")] {
            let rule: BarsRule = text.parse().unwrap();
            assert_eq!(rule.to_string(), shown);
            assert_eq!(rule.to_string().parse(), Ok(rule));
        }
        let volume: BarsRule = "12.5 volume".parse().unwrap();
        assert_eq!(volume.to_string().parse(), Ok(volume));
    }
}
