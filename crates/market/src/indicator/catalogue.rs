//! Every indicator: its name, what it is for, what it takes and gives, and how it is made.

use super::{
    Atr, BollingerBands, Ema, Indicator, IndicatorError, MAX_PERIOD, Macd, MacdPeriods, Rsi, Sma,
    StandardDeviation, Stochastic, StochasticPeriods, TrueRange, Vwap, ZScore, adapter::boxed,
};

/// What a parameter may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// A whole number of bars from 1 to [`MAX_PERIOD`].
    Period,
    /// A number above zero and at most a million.
    Multiplier,
}

/// A parameter and what it is unless told otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter {
    /// Its name in configurations.
    pub name: &'static str,
    /// What it may be.
    pub kind: ParameterKind,
    /// What it is when it is not given.
    pub default: f64,
}

impl Parameter {
    const fn period(name: &'static str, default: f64) -> Self {
        Self { name, kind: ParameterKind::Period, default }
    }

    const fn multiplier(name: &'static str, default: f64) -> Self {
        Self { name, kind: ParameterKind::Multiplier, default }
    }
}

/// Which fields of a candle are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inputs {
    /// The close.
    Close,
    /// High, low and close.
    HighLowClose,
    /// High, low, close and volume.
    HighLowCloseVolume,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct IndicatorRow {
    /// The name in configurations.
    pub name: &'static str,
    /// What it is for.
    pub purpose: &'static str,
    /// Its parameters.
    pub parameters: &'static [Parameter],
    /// Which fields of a candle it reads.
    pub inputs: Inputs,
    /// The names of its outputs, in the order in which they are given.
    pub outputs: &'static [&'static str],
    /// Makes one from a value for each parameter, in their order.
    make: fn(&Values<'_>) -> Result<Box<dyn Indicator>, IndicatorError>,
}

impl IndicatorRow {
    /// Makes one from parameters by name; those not given have their defaults.
    ///
    /// ```
    /// # use market::indicator::{Candle, IndicatorError, find};
    /// let row = find("sma").expect("it is in the table");
    /// let mut sma = row.build(&[("period", 2.0)])?;
    /// assert_eq!((sma.warm_up(), row.outputs), (2, &["sma"][..]));
    /// let close = |close| Candle { close, ..Candle::default() };
    /// assert_eq!(sma.update(&close(1.0)), [None]);
    /// assert_eq!(sma.update(&close(2.0)), [Some(1.5)]);
    /// # Ok::<(), IndicatorError>(())
    /// ```
    ///
    /// # Errors
    /// [`IndicatorError`] for an unknown parameter, one given twice, and values that are not
    /// allowed.
    pub fn build(&self, given: &[(&str, f64)]) -> Result<Box<dyn Indicator>, IndicatorError> {
        for (index, (name, _)) in given.iter().enumerate() {
            let Some(parameter) = self.parameters.iter().find(|one| one.name == *name) else {
                return Err(self.unknown(name));
            };
            if given[..index].iter().any(|(earlier, _)| earlier == name) {
                let (indicator, parameter) = (self.name, parameter.name);
                return Err(IndicatorError::ParameterTwice { indicator, parameter });
            }
        }
        (self.make)(&Values { parameters: self.parameters, given })
    }

    /// How many usable bars it takes until every output has had the chance of a value.
    ///
    /// # Errors
    /// Those of [`IndicatorRow::build`].
    pub fn warm_up(&self, given: &[(&str, f64)]) -> Result<u32, IndicatorError> {
        self.build(given).map(|indicator| indicator.warm_up())
    }

    fn unknown(&self, parameter: &str) -> IndicatorError {
        let names: Vec<_> = self.parameters.iter().map(|parameter| parameter.name).collect();
        let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        IndicatorError::UnknownParameter {
            indicator: self.name,
            parameter: parameter.to_owned(),
            known,
        }
    }
}

/// What was given, and what to take where nothing was.
struct Values<'a> {
    parameters: &'static [Parameter],
    given: &'a [(&'a str, f64)],
}

impl Values<'_> {
    /// The parameter at a place of the row, and its value.
    fn at(&self, index: usize) -> (&'static str, f64) {
        let Parameter { name, default, .. } = self.parameters[index];
        let given = self.given.iter().find(|(given, _)| *given == name);
        (name, given.map_or(default, |(_, value)| *value))
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in range")]
    fn period(&self, index: usize) -> Result<u32, IndicatorError> {
        let (parameter, value) = self.at(index);
        if value == 0.0 {
            Err(IndicatorError::PeriodZero { parameter })
        } else if value.fract() == 0.0 && (1.0..=f64::from(MAX_PERIOD)).contains(&value) {
            Ok(value as u32)
        } else {
            Err(IndicatorError::PeriodNotWhole { parameter, value })
        }
    }
}

const PERIOD_14: &[Parameter] = &[Parameter::period("period", 14.0)];
const PERIOD_20: &[Parameter] = &[Parameter::period("period", 20.0)];

/// All indicators, by name.
pub const CATALOGUE: [IndicatorRow; 11] = [
    IndicatorRow {
        name: "atr",
        purpose: "how far the price moves in a bar, smoothed",
        parameters: PERIOD_14,
        inputs: Inputs::HighLowClose,
        outputs: &["atr", "true_range", "percent"],
        make: |values| Ok(boxed(Atr::new(values.period(0)?)?)),
    },
    IndicatorRow {
        name: "bollinger",
        purpose: "a band of standard deviations around a moving average",
        parameters: &[Parameter::period("period", 20.0), Parameter::multiplier("multiplier", 2.0)],
        inputs: Inputs::Close,
        outputs: &["middle", "upper", "lower", "percent_b", "z_score", "width"],
        make: |values| Ok(boxed(BollingerBands::new(values.period(0)?, values.at(1).1)?)),
    },
    IndicatorRow {
        name: "ema",
        purpose: "a moving average that weighs recent prices more",
        parameters: PERIOD_20,
        inputs: Inputs::Close,
        outputs: &["ema"],
        make: |values| Ok(boxed(Ema::new(values.period(0)?)?)),
    },
    IndicatorRow {
        name: "macd",
        purpose: "the distance of a fast and a slow average, and its own average",
        parameters: &[
            Parameter::period("fast", 12.0),
            Parameter::period("slow", 26.0),
            Parameter::period("signal", 9.0),
        ],
        inputs: Inputs::Close,
        outputs: &["macd", "signal", "histogram", "fast", "slow"],
        make: |values| {
            let (fast, slow) = (values.period(0)?, values.period(1)?);
            Ok(boxed(Macd::new(MacdPeriods { fast, slow, signal: values.period(2)? })?))
        },
    },
    IndicatorRow {
        name: "rsi",
        purpose: "how much of the recent movement was upward, from 0 to 100",
        parameters: PERIOD_14,
        inputs: Inputs::Close,
        outputs: &["rsi"],
        make: |values| Ok(boxed(Rsi::new(values.period(0)?)?)),
    },
    IndicatorRow {
        name: "sma",
        purpose: "the mean of the latest prices",
        parameters: PERIOD_20,
        inputs: Inputs::Close,
        outputs: &["sma"],
        make: |values| Ok(boxed(Sma::new(values.period(0)?)?)),
    },
    IndicatorRow {
        name: "standard_deviation",
        purpose: "how widely the latest prices are spread",
        parameters: PERIOD_14,
        inputs: Inputs::Close,
        outputs: &["deviation", "mean", "z_score"],
        make: |values| Ok(boxed(StandardDeviation::new(values.period(0)?)?)),
    },
    IndicatorRow {
        name: "stochastic",
        purpose: "where the close lies in the recent range, from 0 to 100",
        parameters: &[
            Parameter::period("lookback", 14.0),
            Parameter::period("smooth", 3.0),
            Parameter::period("signal", 3.0),
        ],
        inputs: Inputs::HighLowClose,
        outputs: &["k", "d", "j"],
        make: |values| {
            let (lookback, smooth) = (values.period(0)?, values.period(1)?);
            let periods = StochasticPeriods { lookback, smooth, signal: values.period(2)? };
            Ok(boxed(Stochastic::new(periods)?))
        },
    },
    IndicatorRow {
        name: "true_range",
        purpose: "the range of a bar with the gap before it",
        parameters: &[],
        inputs: Inputs::HighLowClose,
        outputs: &["true_range"],
        make: |_| Ok(boxed(TrueRange::new())),
    },
    IndicatorRow {
        name: "vwap",
        purpose: "the mean price since the first bar, weighted by volume",
        parameters: &[],
        inputs: Inputs::HighLowCloseVolume,
        outputs: &["vwap"],
        make: |_| Ok(boxed(Vwap::new())),
    },
    IndicatorRow {
        name: "z_score",
        purpose: "the distance from the recent mean in standard deviations",
        parameters: PERIOD_14,
        inputs: Inputs::Close,
        outputs: &["z_score"],
        make: |values| Ok(boxed(ZScore::new(values.period(0)?)?)),
    },
];

/// Finds an indicator by name.
#[must_use]
pub fn find(name: &str) -> Option<&'static IndicatorRow> {
    CATALOGUE.iter().find(|row| row.name == name)
}
