//! Ticks and lots: stated ones, and those that the data tell.

use domain::{Price, Qty};
use rust_decimal::Decimal;

use crate::{
    kind::{Meaning, Row},
    number::{Number, fixed_text},
    part::Scales,
};

/// What rounding keeps when no step is stated.
const ROUNDED_DECIMALS: u8 = 8;

/// A stated step: `mantissa x 10^-decimals`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    number: Number,
    mantissa: i64,
    decimals: u8,
}

impl Step {
    fn new(step: Decimal) -> Result<Self, String> {
        let number = Number::from_decimal(step);
        let decimals = number.decimals();
        let mantissa = number.at(decimals)?;
        if mantissa <= 0 || decimals > 18 {
            return Err(format!("the step {step} must be above zero, with at most 18 decimals"));
        }
        Ok(Self { number, mantissa, decimals })
    }
}

/// The steps of an instrument, as far as they are stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Steps {
    tick: Option<Step>,
    lot: Option<Step>,
    round: bool,
}

impl Steps {
    pub(super) fn new(tick: Option<Price>, lot: Option<Qty>, round: bool) -> Result<Self, String> {
        let tick = tick.map(|tick| Step::new(tick.decimal())).transpose()?;
        let lot = lot.map(|lot| Step::new(lot.decimal())).transpose()?;
        Ok(Self { tick, lot, round })
    }

    pub(super) const fn tick_stated(&self) -> bool {
        self.tick.is_some()
    }

    pub(super) const fn lot_stated(&self) -> bool {
        self.lot.is_some()
    }

    /// The decimals that the stated steps need.
    pub(super) fn stated_scales(&self) -> Scales {
        Scales {
            price: self.tick.map_or(0, |step| step.decimals),
            quantity: self.lot.map_or(0, |step| step.decimals),
        }
    }

    /// The tick and lot of an instrument whose data need these decimals.
    pub(super) fn sizes(&self, scales: Scales) -> (Decimal, Decimal) {
        let size = |step: Option<Step>, decimals: u8| match step {
            Some(step) => Decimal::new(step.mantissa, u32::from(step.decimals)),
            None => Decimal::new(1, u32::from(decimals)),
        };
        (size(self.tick, scales.price), size(self.lot, scales.quantity))
    }

    const fn step(&self, meaning: Meaning) -> Option<Step> {
        match meaning {
            Meaning::Price => self.tick,
            Meaning::Quantity => self.lot,
            _ => None,
        }
    }

    /// A number as it is kept: as it is, rounded where that was asked for, or refused.
    pub(super) fn adjusted(&self, meaning: Meaning, number: Number) -> Result<Number, String> {
        if let Meaning::Fixed(decimals) = meaning {
            let too_fine = self.round && number.decimals() > decimals;
            return if too_fine { number.rounded(power(decimals)) } else { Ok(number) };
        }
        let Some(step) = self.step(meaning) else {
            let too_fine = self.round && number.decimals() > ROUNDED_DECIMALS;
            return if too_fine { number.rounded(power(ROUNDED_DECIMALS)) } else { Ok(number) };
        };
        let fits = number.decimals() <= step.decimals
            && number.at(step.decimals).is_ok_and(|value| value % step.mantissa == 0);
        if fits {
            return Ok(number);
        }
        if self.round {
            return number.rounded(step.number);
        }
        let (flag, name) =
            if meaning == Meaning::Price { ("--tick", "tick") } else { ("--lot", "lot") };
        let size = fixed_text(i128::from(step.mantissa), step.decimals);
        Err(format!(
            "not a multiple of the {name} {size}; state a finer {flag}, or --round to round to it"
        ))
    }

    /// Whether a row that is kept with these decimals lies on the stated steps.
    pub(super) fn hold(&self, meaning: Meaning, value: i64, decimals: u8) -> bool {
        let Some(step) = self.step(meaning) else { return true };
        let power = 10_i64.checked_pow(u32::from(decimals.saturating_sub(step.decimals)));
        power
            .and_then(|power| step.mantissa.checked_mul(power))
            .is_some_and(|step| value % step == 0)
    }
}

fn power(decimals: u8) -> Number {
    Number::from_decimal(Decimal::new(1, u32::from(decimals)))
}

/// Brings a row's prices and quantities to more decimals; the place of the column that does
/// not fit otherwise.
pub(crate) fn rescale(
    columns: &[crate::kind::Column],
    row: &mut Row,
    from: Scales,
    to: Scales,
) -> Result<(), usize> {
    if from == to {
        return Ok(());
    }
    for (place, column) in columns.iter().enumerate() {
        let (from, to) = match column.meaning {
            Meaning::Price => (from.price, to.price),
            Meaning::Quantity => (from.quantity, to.quantity),
            _ => continue,
        };
        row.values[place] = crate::number::rescaled(row.values[place], from, to).ok_or(place)?;
    }
    Ok(())
}
