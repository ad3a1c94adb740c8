//! The limits a session runs under.

use domain::{Bps, Instrument, Lots, Money, NumberError, Qty, Span};
use rust_decimal::Decimal;

/// The limits. The numbers of [`RiskConfig::default`] are the documented ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RiskConfig {
    /// Largest position per instrument, long or short, in units of the base asset, with all
    /// open orders of a side counted as done.
    pub max_position_size: Qty,
    /// Largest single order in units of the base asset.
    pub max_order_size: Qty,
    /// Largest sum over all instruments of what positions and open orders may come to.
    pub max_notional_exposure: Money,
    /// Orders approved in any one second of event time.
    pub max_orders_per_second: u32,
    /// Largest value of a single order; `None` for the same as the exposure.
    pub max_order_notional: Option<Money>,
    /// Longest silence of an instrument's book and trades before its data count as stale.
    pub stale_after: Span,
    /// How far from the middle price a limit may be.
    pub price_collar: Bps,
    /// Orders that may be open at once, over all instruments.
    pub max_open_orders: usize,
}

impl Default for RiskConfig {
    fn default() -> Self {
        let half = Qty::new(Decimal::new(5, 1)).expect("one half is not negative");
        Self {
            max_position_size: Qty::new(Decimal::ONE).expect("one is not negative"),
            max_order_size: half,
            max_notional_exposure: Money::from_atto(100_000 * Money::ATTO_PER_UNIT),
            max_orders_per_second: 10,
            max_order_notional: None,
            stale_after: Span::from_secs(2),
            price_collar: Bps::new(Decimal::ONE_HUNDRED),
            max_open_orders: 64,
        }
    }
}

/// The limits of one instrument in its own counts, worked out once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InstrumentLimits {
    /// Rounded down to a lot.
    pub(crate) max_position: Lots,
    /// Rounded down to a lot.
    pub(crate) max_order: Lots,
    /// The venue's smallest order, rounded up to a lot.
    pub(crate) venue_min: Lots,
    /// The venue's largest order, `None` for no such limit.
    pub(crate) venue_max: Option<Lots>,
}

impl InstrumentLimits {
    pub(crate) fn new(config: &RiskConfig, instrument: &Instrument) -> Result<Self, NumberError> {
        let spec = instrument.spec();
        let min_floor = instrument.lots_floor(spec.min_quantity)?;
        let on_grid = instrument.quantity(min_floor) == spec.min_quantity.decimal();
        Ok(Self {
            max_position: instrument.lots_floor(config.max_position_size)?,
            max_order: instrument.lots_floor(config.max_order_size)?,
            venue_min: Lots::new(min_floor.get() + i64::from(!on_grid)),
            venue_max: if spec.max_quantity == Qty::ZERO {
                None
            } else {
                Some(instrument.lots_floor(spec.max_quantity)?)
            },
        })
    }
}

/// The collar as an integer fraction, worked out once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Collar {
    /// Hundred-millionths of a basis point.
    scaled: i128,
}

impl Collar {
    const ONE: i128 = 10_000 * 100_000_000;

    pub(crate) fn new(collar: Bps) -> Result<Self, NumberError> {
        let collar = collar.decimal().normalize();
        if collar.scale() > 8 {
            let (text, step) = (collar.to_string(), "0.00000001".into());
            return Err(NumberError::TooFine { text, step });
        }
        let scaled = collar.mantissa().checked_mul(10_i128.pow(8 - collar.scale()));
        scaled.map(|scaled| Self { scaled }).ok_or(NumberError::Overflow { what: "the collar" })
    }

    /// Whether `price` is further from the middle of `bid` and `ask` than the collar allows.
    /// Arithmetic that does not fit counts as outside.
    pub(crate) fn excludes(self, price: i64, bid: i64, ask: i64) -> bool {
        let twice_mid = i128::from(bid) + i128::from(ask);
        let distance = (2 * i128::from(price) - twice_mid).abs();
        match (distance.checked_mul(Self::ONE), twice_mid.abs().checked_mul(self.scaled)) {
            (Some(distance), Some(allowed)) => distance > allowed,
            _ => true,
        }
    }

    /// The highest price a market order is reckoned at: `touch` plus the collar, rounded up
    /// to a tick, `None` when it does not fit.
    pub(crate) fn above(self, touch: i64) -> Option<i64> {
        let step = i128::from(touch).abs().checked_mul(self.scaled.abs())?;
        let up = step / Self::ONE + i128::from(step % Self::ONE != 0);
        i64::try_from(i128::from(touch) + up).ok()
    }
}
