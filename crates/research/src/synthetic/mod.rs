//! A made-up market of bars, for trying things out where there are no data.
//!
//! It is no evidence of anything: whoever uses it must say so. The same seed gives the same bars on
//! every machine (all mathematics is done by portable code).
//!
//! The model, per bar of length `dt`, with `s0 = annual_volatility * sqrt(dt / year)`:
//!
//! - **Regimes**: a Markov chain of four (quiet, rising, falling, stormy) with drifts 0, +0.12, -0.12
//!   and 0 times `s0` and volatility multiples 0.6, 0.9, 1.2 and 2.0. A regime ends at each bar
//!   with probability 1/240; the next one is drawn evenly from the other three.
//! - **Volatility clustering**: GARCH(1,1) around the regime's level,
//!   `v' = 0.02 * level + 0.08 * shock^2 + 0.90 * v` (Bollerslev, 1986, J. Econometrics 31).
//! - **Jumps**: with probability 1/2000 a bar gets one of normal size `8 * s0` (Merton, 1976).
//! - Within a bar the price takes eight steps; open, high, low and close are read off them. There is
//!   no gap between bars.
//! - **Volume** is lognormal and grows with the size of the move.
//! - **Two symbols are cointegrated**: `ln B = intercept + 0.9 * ln A + spread`, the spread an
//!   Ornstein-Uhlenbeck process with a half-life of 90 bars and a stationary deviation of
//!   `20 * s0`. With any other number of symbols each is on its own.

mod asset;

#[cfg(test)]
mod tests;

use domain::{Bar, InstrumentId, Instruments, MarketData, MarketEvent, Span, Timestamp};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng as _};

use self::asset::{Leader, Path, Spread};
use crate::{History, history::Infallible};

/// What market to make up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SyntheticConfig {
    /// The seed of everything.
    pub seed: u64,
    /// When the first bar starts.
    pub start: Timestamp,
    /// The length of a bar; above zero.
    pub interval: Span,
    /// How many bars of each instrument.
    pub bars: u64,
    /// The typical standard deviation of a year's log return, such as 0.6.
    pub annual_volatility: f64,
}

/// Why a market cannot be made up.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum SyntheticError {
    /// Give bars a length.
    #[error("the interval of synthetic bars must be longer than nothing")]
    NoInterval,
    /// Choose a volatility that is a number from 0.0001 to 10.
    #[error("an annual volatility of {volatility} is not within 0.0001 to 10")]
    Volatility {
        /// As asked for.
        volatility: f64,
    },
    /// Start with a price of at least a thousand ticks of a coarser instrument, or choose a finer
    /// tick: the moves of this market could not be seen.
    #[error("a starting price of {price} is too coarse for ticks of {tick}")]
    Coarse {
        /// As asked for.
        price: f64,
        /// The instrument's tick.
        tick: f64,
    },
    /// Name as many starting prices as instruments.
    #[error("{prices} starting prices for {instruments} instruments")]
    Prices {
        /// How many prices.
        prices: usize,
        /// How many instruments.
        instruments: usize,
    },
}

/// How one instrument's numbers become counts.
#[derive(Clone, Copy, Debug)]
struct Grid {
    tick: f64,
    lot: f64,
    unit_volume: f64,
}

/// Made-up bars as a history: at each moment one bar of each instrument, in their order.
#[derive(Clone, Debug)]
pub struct Synthetic {
    config: SyntheticConfig,
    grids: Vec<Grid>,
    dice: ChaCha8Rng,
    leaders: Vec<Leader>,
    spread: Option<Spread>,
    paths: Vec<Path>,
    /// Bars finished so far.
    bar: u64,
    /// Instruments told of the current bar.
    told: usize,
    event: MarketEvent<'static>,
    time: Timestamp,
}

impl Synthetic {
    /// A market of all `instruments`, which start at `prices` in quote currency.
    ///
    /// # Errors
    /// [`SyntheticError`] says what to change.
    pub fn new(
        config: SyntheticConfig,
        instruments: &Instruments,
        prices: &[f64],
    ) -> Result<Self, SyntheticError> {
        if config.interval <= Span::ZERO {
            return Err(SyntheticError::NoInterval);
        }
        let volatility = config.annual_volatility;
        if !(0.000_1..=10.0).contains(&volatility) {
            return Err(SyntheticError::Volatility { volatility });
        }
        if prices.len() != instruments.len() {
            let (prices, instruments) = (prices.len(), instruments.len());
            return Err(SyntheticError::Prices { prices, instruments });
        }
        let grids: Vec<Grid> = instruments
            .iter()
            .zip(prices)
            .map(|(one, price)| {
                let (tick, lot) = (one.price_scale().to_f64(1), one.quantity_scale().to_f64(1));
                // About a million of quote currency an hour.
                let hours = config.interval.as_secs_f64() / 3_600.0;
                Grid { tick, lot, unit_volume: 1e6 * hours / price }
            })
            .collect();
        for (grid, price) in grids.iter().zip(prices) {
            if price.is_nan() || *price < 1_000.0 * grid.tick {
                return Err(SyntheticError::Coarse { price: *price, tick: grid.tick });
            }
        }
        let bar_deviation = volatility * libm::sqrt(config.interval.as_secs_f64() / YEAR_SECONDS);
        let paired = instruments.len() == 2;
        let leading = if paired { &prices[..1] } else { prices };
        Ok(Self {
            config,
            grids,
            dice: ChaCha8Rng::seed_from_u64(config.seed),
            leaders: leading.iter().map(|price| Leader::new(*price, bar_deviation)).collect(),
            spread: paired.then(|| Spread::new(prices[0], prices[1], bar_deviation)),
            paths: Vec::with_capacity(instruments.len()),
            bar: 0,
            told: instruments.len(),
            event: MarketEvent {
                instrument: InstrumentId::new(0),
                exchange_time: None,
                data: MarketData::FeedLive,
            },
            time: config.start,
        })
    }

    fn next_bar(&mut self) {
        self.paths.clear();
        for leader in &mut self.leaders {
            self.paths.push(leader.next_bar(&mut self.dice));
        }
        if let Some(spread) = &mut self.spread {
            let path = spread.follow(&self.paths[0], &mut self.dice);
            self.paths.push(path);
        }
        self.bar += 1;
        self.told = 0;
    }

    fn tell(&mut self) {
        let (path, grid) = (&self.paths[self.told], &self.grids[self.told]);
        let length = self.config.interval.as_nanos();
        let done = i64::try_from(self.bar).unwrap_or(i64::MAX);
        let end = self.config.start + Span::from_nanos(length.saturating_mul(done));
        let bar = Bar {
            start: end - self.config.interval,
            end,
            open: grid.ticks(path.open),
            high: grid.ticks(path.high),
            low: grid.ticks(path.low),
            close: grid.ticks(path.close),
            volume: grid.lots(path.activity),
        };
        self.time = end;
        self.event = MarketEvent {
            instrument: InstrumentId::new(u16::try_from(self.told).unwrap_or(u16::MAX)),
            exchange_time: Some(end),
            data: MarketData::Bar(bar),
        };
        self.told += 1;
    }
}

impl Grid {
    #[expect(clippy::cast_possible_truncation, reason = "prices stay far below 2^53 ticks")]
    fn ticks(&self, log_price: f64) -> domain::Ticks {
        domain::Ticks::new((libm::round(libm::exp(log_price) / self.tick) as i64).max(1))
    }

    #[expect(clippy::cast_possible_truncation, reason = "volumes stay far below 2^53 lots")]
    fn lots(&self, activity: f64) -> domain::Lots {
        domain::Lots::new(((activity * self.unit_volume / self.lot) as i64).max(1))
    }
}

/// Seconds in a mean Gregorian year.
const YEAR_SECONDS: f64 = 365.242_5 * 86_400.0;

impl History for Synthetic {
    type Error = Infallible;

    fn advance(&mut self) -> Result<bool, Infallible> {
        if self.told == self.grids.len() {
            if self.bar == self.config.bars || self.grids.is_empty() {
                return Ok(false);
            }
            self.next_bar();
        }
        self.tell();
        Ok(true)
    }

    fn current(&self) -> (Timestamp, &MarketEvent<'_>) {
        (self.time, &self.event)
    }
}
