//! How much to hold: one answer for every strategy that only knows which way.
//!
//! A strategy whose catalogue row includes [`PARAMETERS`] makes one [`Sizer`] per instrument
//! and asks it for lots when it opens a position. Sizes are exact and rounded down to a lot.
//! What cash and limits allow is the business of risk.

mod volatility;

#[cfg(test)]
mod tests;

use domain::{Instrument, InstrumentId, Lots, Money, NumberError, Rate, Ticks, Timestamp};
use engine::View;
use rust_decimal::Decimal;

use crate::{
    SetupError,
    parameter::{ParamValues, Parameter, Preset, Range},
};
use volatility::Volatility;

/// Parts of the equity that a share is counted in.
pub(crate) const BILLION: i64 = 1_000_000_000;
const SHARE: Range = Range::above(0, 100, 9);

/// What every strategy that is sized can be told.
pub const PARAMETERS: &[Parameter] = &[
    Parameter::choice(
        "sizing",
        &["equity_fraction", "fixed", "volatility_target"],
        "equity_fraction",
        "`fixed`: `max_position_size`. `equity_fraction`: that share of the equity at the entry. \
         `volatility_target`: so much that its yearly volatility is `target_volatility` of the \
         equity, at most `equity_fraction`. Per instrument, kept until the strategy turns.",
    ),
    Parameter::quantity(
        "max_position_size",
        Preset::PositionLimit,
        "Largest position it asks for, in base units. May be smaller than the risk limit, never \
         larger.",
    ),
    Parameter::rate(
        "equity_fraction",
        SHARE,
        "0.9",
        "Share of the account's equity that a position is worth; above 1 is leverage.",
    ),
    Parameter::rate(
        "target_volatility",
        SHARE,
        "0.2",
        "Yearly standard deviation of a position's value for `volatility_target`, as a share of \
         the equity.",
    ),
    Parameter::whole(
        "volatility_window",
        (2, 100_000),
        "20",
        "Returns that the volatility of `volatility_target` is estimated over.",
    ),
];

/// Sizes the positions of one strategy in one instrument.
#[derive(Clone, Debug)]
pub struct Sizer {
    instrument: InstrumentId,
    largest: Lots,
    rule: Rule,
}

#[derive(Clone, Debug)]
enum Rule {
    /// Always the largest position.
    Fixed,
    /// A share of the equity in billionths.
    Fraction(i64),
    Volatility {
        /// Of a year.
        target: f64,
        /// In billionths of the equity.
        most: i64,
        estimate: Volatility,
    },
}

impl Sizer {
    /// As these values say.
    ///
    /// # Errors
    /// [`SetupError::Number`] when the largest position does not fit the instrument's lots.
    pub fn new(params: &ParamValues, instrument: &Instrument) -> Result<Self, SetupError> {
        let fraction = billionths(params.rate("equity_fraction"));
        let rule = match params.choice("sizing") {
            "fixed" => Rule::Fixed,
            "volatility_target" => Rule::Volatility {
                target: to_f64(billionths(params.rate("target_volatility"))),
                most: fraction,
                estimate: Volatility::new(params.whole("volatility_window"))?,
            },
            _ => Rule::Fraction(fraction),
        };
        let largest = instrument.lots_floor(params.quantity("max_position_size"))?;
        Ok(Self { instrument: instrument.id(), largest, rule })
    }

    /// Takes the next price of the series, adjusted for splits and dividends.
    pub fn observe(&mut self, time: Timestamp, price: f64) {
        if let Rule::Volatility { estimate, .. } = &mut self.rule {
            estimate.push(time, price);
        }
    }

    /// The size of a position that is opened now, rounded down to a lot. Zero while there is
    /// no price, no equity or no estimate of the volatility, and where the size does not fit.
    #[must_use]
    pub fn lots(&self, view: &View<'_>) -> Lots {
        let share = match &self.rule {
            Rule::Fixed => return self.largest,
            Rule::Fraction(share) => Some(*share),
            Rule::Volatility { target, most, estimate } => {
                estimate.yearly().map(|volatility| share_for(*target, volatility, *most))
            }
        };
        let lots = || {
            let worth = view.equity().share_toward_zero(share?, BILLION).ok()?;
            let price = price(view, self.instrument)?;
            lots_worth(worth, price, view.instrument(self.instrument)).ok()
        };
        lots().unwrap_or(Lots::ZERO).min(self.largest)
    }
}

/// The largest quantity that is worth at most `worth` at this price; zero for nothing or less.
///
/// # Errors
/// [`NumberError::Overflow`] when it does not fit.
pub fn lots_worth(
    worth: Money,
    price: Ticks,
    instrument: &Instrument,
) -> Result<Lots, NumberError> {
    let overflow = NumberError::Overflow { what: "the size of a position" };
    let one_lot = instrument.notional(price, Lots::new(1))?;
    if one_lot <= Money::ZERO {
        return Err(overflow);
    }
    let lots = worth.atto().max(0) / one_lot.atto();
    i64::try_from(lots).map(Lots::new).map_err(|_| overflow)
}

/// The price that sizes are reckoned at: the best ask, or the last close.
#[must_use]
pub fn price(view: &View<'_>, instrument: InstrumentId) -> Option<Ticks> {
    let quoted = view.best_ask(instrument).map(|ask| ask.price);
    quoted.or_else(|| view.last_bar(instrument).map(|bar| bar.close))
}

/// Billionths of the equity at which a position swings as much as wanted, rounded down.
#[expect(clippy::cast_possible_truncation, reason = "cut to what is allowed before")]
#[expect(clippy::cast_precision_loss, reason = "shares are below 2^53 billionths")]
fn share_for(target: f64, volatility: f64, most: i64) -> i64 {
    let share = target / volatility * BILLION as f64;
    if share < most as f64 { share as i64 } else { most }
}

/// A share in billionths; shares have at most nine decimals.
pub(crate) fn billionths(share: Rate) -> i64 {
    let parts = share.decimal().checked_mul(Decimal::from(BILLION)).map(|parts| parts.floor());
    parts.and_then(|parts| i64::try_from(parts).ok()).unwrap_or(i64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "shares are below 2^53 billionths")]
fn to_f64(billionths: i64) -> f64 {
    billionths as f64 / BILLION as f64
}
