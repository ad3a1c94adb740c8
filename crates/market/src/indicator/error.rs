//! Why an indicator could not be made.

/// The longest period. A window of it takes some ten megabytes.
pub const MAX_PERIOD: u32 = 1_000_000;

/// What to correct in the parameters of an indicator.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum IndicatorError {
    /// Give a period of one or more.
    #[error("{parameter} is 0; a period is at least 1")]
    PeriodZero {
        /// The parameter.
        parameter: &'static str,
    },
    /// Give a shorter period.
    #[error("{parameter} is {period}; a period is at most {MAX_PERIOD}")]
    PeriodTooLong {
        /// The parameter.
        parameter: &'static str,
        /// What it was.
        period: u32,
    },
    /// Make the fast period the shorter one.
    #[error("the fast period {fast} must be below the slow period {slow}")]
    FastNotBelowSlow {
        /// The fast period.
        fast: u32,
        /// The slow period.
        slow: u32,
    },
    /// Give a number above zero and at most a million.
    #[error("{parameter} is {value}; it must be above 0 and at most 1000000")]
    MultiplierOutOfRange {
        /// The parameter.
        parameter: &'static str,
        /// What it was.
        value: f64,
    },
    /// Give a whole number of bars.
    #[error("{parameter} is {value}; a period is a whole number from 1 to {MAX_PERIOD}")]
    PeriodNotWhole {
        /// The parameter.
        parameter: &'static str,
        /// What it was.
        value: f64,
    },
    /// Correct the name of the parameter.
    #[error("the indicator {indicator} has no parameter {parameter}; it has {known}")]
    UnknownParameter {
        /// The indicator's name in the catalogue.
        indicator: &'static str,
        /// What was given.
        parameter: String,
        /// What there is.
        known: String,
    },
    /// Give each parameter once.
    #[error("the parameter {parameter} of the indicator {indicator} is given twice")]
    ParameterTwice {
        /// The indicator's name in the catalogue.
        indicator: &'static str,
        /// The parameter.
        parameter: &'static str,
    },
}

/// The period when it is allowed.
pub(super) const fn period(parameter: &'static str, period: u32) -> Result<u32, IndicatorError> {
    match period {
        0 => Err(IndicatorError::PeriodZero { parameter }),
        1..=MAX_PERIOD => Ok(period),
        _ => Err(IndicatorError::PeriodTooLong { parameter, period }),
    }
}

/// The factor when it is above zero and no absurdity.
pub(super) fn multiplier(parameter: &'static str, value: f64) -> Result<f64, IndicatorError> {
    if value > 0.0 && value <= 1e6 {
        Ok(value)
    } else {
        Err(IndicatorError::MultiplierOutOfRange { parameter, value })
    }
}
