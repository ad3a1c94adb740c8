//! Weights from everybody's forecasts and everybody's covariances, with nothing else shown.
//!
//! A participant submits a factor L of its covariance L L', not the covariance: whatever it
//! submits, the sum is then not negative, and with a public ridge the inverse is bounded. That
//! matters for privacy, since a mask hides only what is bounded: with an indefinite matrix the
//! iteration would grow until secrets show through.

mod reference;

use super::{
    BrokenRule, Function, Outputs, ParameterError, Parameters, PlainOutputs, PublicOutput,
    catalogue::Entry,
    pooled_portfolio::{pool, weights},
};
use crate::{
    circuit::{
        fixed::{FRACTION, multiply_matrices, one, reciprocal, round},
        rules::{Rules, VERDICT},
        sign::{is_negative, negative},
    },
    engine::{Engine, RunError},
    field::{Fe, PrimeField as _},
    share::Numbers,
};

const BOUNDED: &str = "whether the pooled variance is within its public bound";
const IN_RANGE: &str = "whether the sum of raw weights is within its public range";
const WEIGHTS: &str = "the weights";
const LEAKS: &[&str] = &[BOUNDED, IN_RANGE, WEIGHTS, VERDICT];
/// Entries of a factor are from -16 to 16.
const FACTOR_BITS: u32 = FRACTION + 4;
/// Forecasts are from -1 to 1.
const FORECAST_BITS: u32 = FRACTION;
/// Enough for the smallest eigenvalue that the ridge allows: `(1 - 2^-12)^(2^16)` is 1e-7.
const ITERATIONS: usize = 16;

/// What the catalogue shows.
pub(super) const ENTRY: Entry = Entry {
    name: "sealed_portfolio",
    purpose: "weights of the best ratio of return to risk, from pooled forecasts and covariances",
    parameters: "weights: one for each of 3 to 32 participants (1 to 256); assets (2 to 20); \
                 variance_log2: the sum of weighted variances is at most 2 to this (-4 to 12); \
                 ridge: added to each variance, as a share of that bound times 2^24 (2^12 to \
                 2^20); scale_log2: the sum of the bound times the inverse times forecasts is \
                 between 2 to this and a sixteenth of it (-8 to 24)",
    inputs: "the lower triangle, row by row, of a factor L of the covariance L L', times 2^24 \
             (-2^28 to 2^28-1), then a forecast for each asset, times 2^24 (-2^24 to 2^24-1)",
    outputs: "bounded: 1 when the variance is within its bound; in_range: 1 when the sum is in \
              its range; then weights, times 2^24, within 1e-4 of the largest (1e-3 with a ridge \
              below 2^14 and a covariance that needs it)",
    leaks: LEAKS,
    build,
};

fn build(parameters: &Parameters) -> Result<Box<dyn Function>, ParameterError> {
    parameters.only(&["assets", "ridge", "scale_log2", "variance_log2", "weights"])?;
    let ridge = parameters.number("ridge", 1 << 12..=1 << 20, "2^12 to 2^20 is possible")?;
    let exponent = |name, low, high, rule| -> Result<i32, ParameterError> {
        let value = parameters.number(name, low..=high, rule)?;
        Ok(i32::try_from(value).expect("a small exponent"))
    };
    Ok(Box::new(SealedPortfolio {
        weights: weights(parameters)?,
        assets: parameters.count("assets", 2..=20, "2 to 20 are possible")?,
        ridge,
        variance_log2: exponent("variance_log2", -4, 12, "-4 to 12 is possible")?,
        scale_log2: exponent("scale_log2", -8, 24, "-8 to 24 is possible")?,
    }))
}

struct SealedPortfolio {
    weights: Vec<i64>,
    assets: usize,
    ridge: i64,
    variance_log2: i32,
    scale_log2: i32,
}

impl SealedPortfolio {
    fn triangle(&self) -> usize {
        self.assets * (self.assets + 1) / 2
    }
}

impl Function for SealedPortfolio {
    fn input_counts(&self) -> Vec<usize> {
        vec![self.triangle() + self.assets; self.weights.len()]
    }

    fn leaks(&self) -> &'static [&'static str] {
        LEAKS
    }

    fn compute(&self, engine: &mut Engine<'_>, inputs: &[Numbers]) -> Result<Outputs, RunError> {
        let mut rules = Rules::new();
        let split = self.triangle();
        for (participant, numbers) in inputs.iter().enumerate() {
            rules.signed(engine, participant, &numbers.range(0..split), FACTOR_BITS);
            let forecasts = numbers.range(split..numbers.len());
            rules.signed(engine, participant, &forecasts, FORECAST_BITS);
        }
        rules.enforce(engine, inputs.len())?;
        let flag = |name, value: bool| PublicOutput { name, values: vec![i128::from(value)] };
        let mut outputs = Outputs::default();
        let variances = self.pooled_covariance(engine, inputs)?;
        let bounded = self.is_bounded(engine, &variances)?;
        outputs.public.push(flag("bounded", bounded));
        if !bounded {
            return Ok(outputs);
        }
        let inverse = self.invert(engine, &variances)?;
        let forecasts: Vec<Numbers> =
            inputs.iter().map(|numbers| numbers.range(split..numbers.len())).collect();
        let raw = self.raw_weights(engine, &inverse, &pool(&self.weights, &forecasts))?;
        let sum = raw.sums(self.assets);
        let in_range = self.is_in_range(engine, &sum)?;
        outputs.public.push(flag("in_range", in_range));
        if in_range {
            let weights = self.normalise(engine, &raw, &sum)?;
            let values = engine.open(WEIGHTS, &weights)?.into_iter().map(Fe::signed).collect();
            outputs.public.push(PublicOutput { name: "weights", values });
        }
        Ok(outputs)
    }

    fn reference(&self, inputs: &[Vec<i128>]) -> Result<PlainOutputs, BrokenRule> {
        reference::compute(self, inputs)
    }
}

impl SealedPortfolio {
    /// The weighted sum of all covariances over the public bound: one inner product an entry.
    fn pooled_covariance(
        &self,
        engine: &mut Engine<'_>,
        inputs: &[Numbers],
    ) -> Result<Numbers, RunError> {
        let (assets, terms) = (self.assets, self.assets * self.weights.len());
        let split = self.triangle();
        // One more element for what is above the diagonal.
        let plain: Vec<Numbers> = inputs.iter().map(|numbers| numbers.range(0..split)).collect();
        let scaled: Vec<Numbers> = plain
            .iter()
            .zip(&self.weights)
            .map(|(factor, weight)| factor.times_public(Fe::from_signed(*weight)))
            .collect();
        let zero = Numbers::zeros(1);
        let join = |lists: &[Numbers]| {
            Numbers::join(&lists.iter().chain(std::iter::once(&zero)).collect::<Vec<_>>())
        };
        let none = split * self.weights.len();
        let place = |participant: usize, row: usize, column: usize| {
            if column > row { none } else { participant * split + row * (row + 1) / 2 + column }
        };
        let row_of = |row: usize| -> Vec<usize> {
            (0..terms).map(|term| place(term / assets, row, term % assets)).collect()
        };
        let entries = (0..assets).flat_map(|row| (0..assets).map(move |column| (row, column)));
        let (mut left, mut right) = (Vec::new(), Vec::new());
        for (row, column) in entries {
            left.extend(row_of(row));
            right.extend(row_of(column));
        }
        let products =
            engine.inner_products(&join(&scaled).pick(&left), &join(&plain).pick(&right), terms)?;
        let shift = FRACTION.checked_add_signed(self.variance_log2).expect("a small exponent");
        round(engine, &products, shift)
    }

    fn diagonal(&self) -> Vec<usize> {
        (0..self.assets).map(|row| row * (self.assets + 1)).collect()
    }

    fn is_bounded(&self, engine: &mut Engine<'_>, covariance: &Numbers) -> Result<bool, RunError> {
        let trace = covariance.pick(&self.diagonal()).sums(self.assets);
        let room = trace.subtracted_from(engine.me(), one());
        let exceeded = negative(engine, &room, 62)?;
        Ok(engine.open_bits(BOUNDED, &exceeded)?[0] & 1 == 0)
    }

    /// Newton and Schulz: `X (2 - S X)` from 1.
    fn invert(&self, engine: &mut Engine<'_>, covariance: &Numbers) -> Result<Numbers, RunError> {
        let me = engine.me();
        let on_diagonal = |value: Fe| {
            let mut entries = vec![Fe::ZERO; self.assets * self.assets];
            self.diagonal().into_iter().for_each(|place| entries[place] = value);
            Numbers::public(me, &entries)
        };
        let matrix = covariance.plus(&on_diagonal(Fe::from_signed(self.ridge)));
        let two = on_diagonal(one() + one());
        let mut inverse = two.minus(&matrix);
        for _ in 1..ITERATIONS {
            let product = multiply_matrices(engine, &matrix, &inverse, self.assets)?;
            inverse = multiply_matrices(engine, &inverse, &two.minus(&product), self.assets)?;
        }
        Ok(inverse)
    }

    fn raw_weights(
        &self,
        engine: &mut Engine<'_>,
        inverse: &Numbers,
        forecasts: &Numbers,
    ) -> Result<Numbers, RunError> {
        let columns: Vec<usize> = (0..self.assets * self.assets).map(|k| k % self.assets).collect();
        let products = engine.inner_products(inverse, &forecasts.pick(&columns), self.assets)?;
        round(engine, &products, FRACTION)
    }

    /// Two to the scale, as a number with a binary point.
    fn scale_bits(&self) -> u32 {
        FRACTION.checked_add_signed(self.scale_log2).expect("a small exponent")
    }

    fn is_in_range(&self, engine: &mut Engine<'_>, sum: &Numbers) -> Result<bool, RunError> {
        let me = engine.me();
        let (low, high) =
            (Fe::power_of_two(self.scale_bits() - 4), Fe::power_of_two(self.scale_bits()));
        let sides =
            Numbers::join(&[&sum.clone().plus_constant(me, -low), &sum.subtracted_from(me, high)]);
        let outside = is_negative(engine, &sides, 60)?.sums(2);
        let random = engine.random(1);
        let blinded = engine.multiply(&outside, &random)?;
        Ok(engine.open(IN_RANGE, &blinded)?[0] == Fe::ZERO)
    }

    fn normalise(
        &self,
        engine: &mut Engine<'_>,
        raw: &Numbers,
        sum: &Numbers,
    ) -> Result<Numbers, RunError> {
        let share = match self.scale_log2 {
            0.. => round(engine, sum, self.scale_log2.unsigned_abs())?,
            _ => sum.times_public(Fe::power_of_two(self.scale_log2.unsigned_abs())),
        };
        let inverse = reciprocal(engine, &share)?;
        let products = engine.multiply(raw, &inverse.pick(&vec![0; self.assets]))?;
        round(engine, &products, self.scale_bits())
    }
}
