//! Moving-average crossover: long while the fast average is above the slow one.
//!
//! The averages are simple or exponential, over closes of bars or over the middle of quotes.
//! The stance is taken as soon as both averages exist, not only when they cross; while they
//! are equal it stays. The documents give no windows: 5 and 20 decide within the sixty bars
//! of their back-test command.

#[cfg(test)]
mod tests;

use market::indicator::{Candle, Ema, IndicatorError, Sma};

use crate::{
    InstrumentCount, ParamValues, Parameter, SetupError, StrategyRow, exit,
    rule::{self, Rule, Stance},
    sizing,
};

/// Its place in the catalogue.
pub(crate) const ROW: StrategyRow = StrategyRow {
    name: "moving_average",
    purpose: "is long while a fast moving average is above a slow one, and short below",
    instruments: InstrumentCount::AtLeastOne,
    parameters: &[PARAMETERS, rule::PARAMETERS, sizing::PARAMETERS, exit::PARAMETERS],
    needs: rule::needs,
    build: |setup| rule::follow(setup, Crossover::new),
};

const PARAMETERS: &[Parameter] = &[
    Parameter::choice("average", &["ema", "sma"], "sma", "Simple or exponential averages."),
    Parameter::whole("fast", (1, 100_000), "5", "Bars or quotes of the fast average.")
        .below("slow"),
    Parameter::whole("slow", (2, 1_000_000), "20", "Bars or quotes of the slow average."),
];

/// Two averages of one price.
#[derive(Debug)]
enum Crossover {
    Simple { fast: Sma, slow: Sma },
    Exponential { fast: Ema, slow: Ema },
}

impl Crossover {
    fn new(params: &ParamValues) -> Result<Self, SetupError> {
        let period = |name| u32::try_from(params.whole(name)).unwrap_or(u32::MAX);
        let (fast, slow) = (period("fast"), period("slow"));
        let averages = match params.choice("average") {
            "ema" => Ema::new(fast).and_then(|fast| {
                Ok::<_, IndicatorError>(Self::Exponential { fast, slow: Ema::new(slow)? })
            }),
            _ => Sma::new(fast).and_then(|fast| Ok(Self::Simple { fast, slow: Sma::new(slow)? })),
        };
        Ok(averages?)
    }

    fn push(&mut self, price: f64) -> (Option<f64>, Option<f64>) {
        match self {
            Self::Simple { fast, slow } => (fast.push(price), slow.push(price)),
            Self::Exponential { fast, slow } => (fast.push(price), slow.push(price)),
        }
    }
}

impl Rule for Crossover {
    fn decide(&mut self, candle: &Candle) -> Option<Stance> {
        let (Some(fast), Some(slow)) = self.push(candle.close) else { return None };
        if fast > slow {
            Some(Stance::Long)
        } else if fast < slow {
            Some(Stance::Short)
        } else {
            None
        }
    }
}
