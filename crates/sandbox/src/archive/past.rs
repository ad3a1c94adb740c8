//! Prices of the past: any minute of any day, from the seed, without the minutes before it.
//!
//! The price of a minute is a sum of slow waves and a little noise, all of whole numbers, so
//! that every machine makes the same. A bar opens where the one before it closed.

use domain::Instrument;
use rust_decimal::{Decimal, RoundingStrategy};

pub(crate) const MINUTE_MILLIS: i64 = 60_000;
pub(crate) const FUNDING_MILLIS: i64 = 8 * 3_600_000;
const MILLION: i64 = 1_000_000;
/// Period in minutes and height in millionths of each wave.
const WAVES: [(i64, i64); 4] = [(43_200, 80_000), (7_777, 20_000), (1_013, 6_000), (97, 1_500)];
/// Noise of a minute's price, and how far highs and lows reach, in millionths.
const NOISE: u64 = 300;

/// Made-up history.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Past {
    pub(crate) seed: u64,
}

/// A bar; prices in millionths of the instrument's usual one, volume in lots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candle {
    pub(crate) open: i64,
    pub(crate) high: i64,
    pub(crate) low: i64,
    pub(crate) close: i64,
    pub(crate) volume: u64,
    pub(crate) trades: u64,
}

impl Past {
    /// The bar of so many minutes from a minute since the epoch.
    pub(crate) fn candle(self, coin: &str, first: i64, minutes: i64) -> Candle {
        let mut bar = self.minute(coin, first);
        for minute in first + 1..first + minutes {
            let next = self.minute(coin, minute);
            bar.high = bar.high.max(next.high);
            bar.low = bar.low.min(next.low);
            bar.close = next.close;
            bar.volume += next.volume;
            bar.trades += next.trades;
        }
        bar
    }

    fn minute(self, coin: &str, minute: i64) -> Candle {
        let (open, close) = (self.level(coin, minute - 1), self.level(coin, minute));
        let reach = |salt| i64::try_from(self.chance(coin, minute, salt) % NOISE).unwrap_or(0);
        Candle {
            open,
            high: open.max(close) + reach(2),
            low: open.min(close) - reach(3),
            close,
            volume: 1 + self.chance(coin, minute, 4) % 5_000,
            trades: 1,
        }
    }

    /// The price at the end of a minute.
    pub(crate) fn level(self, coin: &str, minute: i64) -> i64 {
        let shift = i64::try_from(self.chance(coin, 0, 0) % 43_200).unwrap_or(0);
        let waves: i64 = WAVES
            .iter()
            .map(|(period, height)| triangle(minute + shift, *period) * height / MILLION)
            .sum();
        let noise = i64::try_from(self.chance(coin, minute, 1) % NOISE).unwrap_or(0);
        MILLION + waves + noise
    }

    /// The rate of a settlement, in hundred-millionths.
    pub(crate) fn funding(self, coin: &str, settlement: i64) -> i64 {
        i64::try_from(self.chance(coin, settlement, 5) % 20_000).unwrap_or(0) - 5_000
    }

    /// Mixes seed, name and time. Source: Steele, Lea and Flood (2014), `SplitMix64`.
    fn chance(self, coin: &str, time: i64, salt: u64) -> u64 {
        let named = coin.bytes().fold(self.seed, |sum, byte| mix(sum ^ u64::from(byte)));
        mix(mix(named ^ salt) ^ time.cast_unsigned())
    }
}

fn mix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// From minus to plus a million and back.
fn triangle(time: i64, period: i64) -> i64 {
    let phase = time.rem_euclid(period) * 4 * MILLION / period;
    if phase < 2 * MILLION { phase - MILLION } else { 3 * MILLION - phase }
}

/// The minutes of a length as venues write it; `None` for one that is not served.
pub(crate) fn minutes_of(length: &str) -> Option<i64> {
    let unit = match length.bytes().last()? {
        b'm' => 1,
        b'h' => 60,
        b'd' => 1_440,
        b'w' => 10_080,
        _ => return None,
    };
    let count: i64 = length[..length.len() - 1].parse().ok()?;
    (1..=60).contains(&count).then_some(count * unit)
}

/// The beginning of the first bar at or after a moment, in minutes. Weeks begin on Monday.
pub(crate) fn first_bar(at_or_after_millis: i64, minutes: i64) -> i64 {
    // The epoch was a Thursday.
    let shift = if minutes == 10_080 { 4 * 1_440 } else { 0 };
    let minute = at_or_after_millis.div_euclid(MINUTE_MILLIS)
        + i64::from(at_or_after_millis.rem_euclid(MINUTE_MILLIS) > 0);
    let over = (minute - shift).rem_euclid(minutes);
    if over == 0 { minute } else { minute + minutes - over }
}

/// What millionths and lots are for an instrument.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    usual: Decimal,
    tick: Decimal,
    lot: Decimal,
}

impl Scale {
    pub(crate) fn new(base: &str, tick: Decimal, lot: Decimal) -> Self {
        let usual = match base {
            "BTC" => 42_000,
            "ETH" => 2_300,
            _ => 100,
        };
        Self { usual: Decimal::from(usual), tick, lot }
    }

    pub(crate) fn of(instrument: &Instrument) -> Self {
        let spec = instrument.spec();
        Self::new(&spec.base, spec.tick_size.decimal(), spec.lot_size.decimal())
    }

    pub(crate) fn price(&self, millionths: i64) -> Decimal {
        let exact = self.usual * Decimal::new(millionths, 6) / self.tick;
        exact.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero) * self.tick
    }

    pub(crate) fn quantity(&self, lots: u64) -> Decimal {
        Decimal::from(lots) * self.lot
    }
}
