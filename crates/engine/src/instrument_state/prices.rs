//! Prices of one instrument as floats, and what splits and dividends do to them.

use domain::{Instrument, Level, Lots, Money, Rate, Ticks, Timestamp, number::Scale};
use market::snapshot::SnapshotView;
use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive as _};

/// From counts to floats, prepared once per instrument.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scales {
    price: Step,
    quantity: Step,
    atto_per_tick: i128,
}

/// The digits of a step over a power of ten, which gives the nearest float where multiplying
/// by 0.1 would not.
#[derive(Clone, Copy, Debug)]
struct Step {
    mantissa: f64,
    divisor: f64,
}

impl Step {
    #[expect(clippy::cast_precision_loss, reason = "a step has few digits; floats are meant")]
    fn new(scale: &Scale) -> Self {
        let divisor = (0..scale.decimals()).fold(1.0, |power, _| power * 10.0);
        Self { mantissa: scale.step().mantissa() as f64, divisor }
    }

    fn value(self, count: i64) -> f64 {
        float(count) * self.mantissa / self.divisor
    }
}

#[expect(clippy::cast_precision_loss, reason = "strategies compute with approximations")]
const fn float(count: i64) -> f64 {
    count as f64
}

impl Scales {
    pub(super) fn new(instrument: &Instrument) -> Self {
        let (price, quantity) = (instrument.price_scale(), instrument.quantity_scale());
        // A scale has at most 18 decimals, as money does.
        let shift = 18_u32.saturating_sub(price.decimals());
        let atto_per_tick = price.step().mantissa().saturating_mul(10_i128.pow(shift));
        Self { price: Step::new(price), quantity: Step::new(quantity), atto_per_tick }
    }

    pub(super) fn price(&self, ticks: Ticks) -> f64 {
        self.price.value(ticks.get())
    }

    pub(super) fn quantity(&self, lots: Lots) -> f64 {
        self.quantity.value(lots.get())
    }

    pub(super) const fn atto_per_tick(&self) -> i128 {
        self.atto_per_tick
    }

    pub(super) fn view(
        &self,
        time: Timestamp,
        bid: Level,
        ask: Level,
        sequence: u64,
    ) -> SnapshotView {
        let (best_bid, best_ask) = (self.price(bid.price), self.price(ask.price));
        let mid_price = f64::midpoint(best_bid, best_ask);
        let (bids, asks) = (self.quantity(bid.quantity), self.quantity(ask.quantity));
        let total = bids + asks;
        let (bid_ticks, ask_ticks) = (float(bid.price.get()), float(ask.price.get()));
        let mid_ticks = f64::midpoint(bid_ticks, ask_ticks);
        let spread_bps = (ask_ticks - bid_ticks) / mid_ticks * 10_000.0;
        SnapshotView {
            timestamp_ns: time.as_nanos().max(0).cast_unsigned(),
            best_bid,
            best_ask,
            mid_price,
            imbalance: if total > 0.0 { (bids - asks) / total } else { 0.0 },
            spread_bps: if mid_ticks > 0.0 { spread_bps } else { 0.0 },
            sequence,
        }
    }
}

pub(super) fn float_of(rate: Rate) -> f64 {
    rate.decimal().to_f64().unwrap_or(f64::NAN)
}

/// A price before a split in the units after it: rounded to the nearest tick, at least one.
/// A ratio that is none leaves it.
pub(crate) fn moved_by_split(price: Ticks, ratio: Rate) -> Ticks {
    if ratio.decimal() <= Decimal::ZERO {
        return price;
    }
    Decimal::from(price.get())
        .checked_div(ratio.decimal())
        .map(|moved| moved.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero))
        .and_then(|moved| moved.to_i64())
        .map_or(price, |moved| Ticks::new(moved.max(1)))
}

/// A price before a dividend as it should be after it: to the nearest tick, at least one.
pub(super) fn less_dividend(price: Ticks, per_unit: Money, atto_per_tick: i128) -> Ticks {
    if atto_per_tick <= 0 {
        return price;
    }
    let half = atto_per_tick / 2;
    let steps = (per_unit.atto().saturating_add(half)).div_euclid(atto_per_tick);
    let left = i128::from(price.get()).saturating_sub(steps).max(1);
    i64::try_from(left).map_or(price, Ticks::new)
}
