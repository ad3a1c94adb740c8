//! How much to hold on a signal.

use domain::{Instrument, Lots, Money, NetLots, NumberError, Qty, Side, Ticks};
use market::signal::SignalStrength;

use super::ImbalanceParams;

/// Steps that a strength is cut into before it sizes an order: sizes stay integers.
const STRENGTH_STEPS: i64 = 1_000_000_000;

/// The position of the strongest signal in one instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizing {
    full: Lots,
}

impl Sizing {
    /// `max_position_size x order_size_fraction`, rounded down to a lot.
    ///
    /// # Errors
    /// [`NumberError::Overflow`] when that does not fit the instrument's lots.
    pub fn new(params: &ImbalanceParams, instrument: &Instrument) -> Result<Self, NumberError> {
        let (max, fraction) = (params.max_position_size, params.order_size_fraction);
        let product = max.decimal().checked_mul(fraction.decimal());
        let product = product.ok_or(NumberError::Overflow { what: "the size of an order" })?;
        Ok(Self { full: instrument.lots_floor(Qty::new(product)?)? })
    }

    /// The position a signal is worth: its strength times the full one, rounded toward zero
    /// to a lot, but not less than the smallest order the venue takes at this price and not
    /// more than the full one. Flat without strength.
    #[must_use]
    pub fn position(
        &self,
        strength: SignalStrength,
        instrument: &Instrument,
        price: Ticks,
    ) -> NetLots {
        let side = match strength.value() {
            value if value > 0.0 => Side::Buy,
            value if value < 0.0 => Side::Sell,
            _ => return NetLots::ZERO,
        };
        let wanted = share(self.full, strength);
        let smallest = smallest_order(instrument, price).unwrap_or(self.full);
        wanted.max(smallest).min(self.full).signed(side)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a strength is within one")]
fn share(full: Lots, strength: SignalStrength) -> Lots {
    #[expect(clippy::cast_precision_loss, reason = "1e9 is exact")]
    let steps = (strength.value().abs() * STRENGTH_STEPS as f64) as i64;
    let product = i128::from(full.get()) * i128::from(steps) / i128::from(STRENGTH_STEPS);
    Lots::new(product as i64)
}

/// The venue's smallest order in lots: at least one lot, its minimum quantity and its
/// minimum value at this price. `None` when that does not fit.
fn smallest_order(instrument: &Instrument, price: Ticks) -> Option<Lots> {
    let spec = instrument.spec();
    let floor = instrument.lots_floor(spec.min_quantity).ok()?;
    let off_grid = instrument.quantity(floor) != spec.min_quantity.decimal();
    let by_quantity = floor.get() + i64::from(off_grid);
    let one_lot = instrument.notional(price, Lots::new(1)).ok()?;
    let by_value = match spec.min_notional {
        Money::ZERO => 0,
        least if one_lot > Money::ZERO => {
            let lots = (least.atto() + one_lot.atto() - 1) / one_lot.atto();
            i64::try_from(lots).ok()?
        }
        _ => return None,
    };
    Some(Lots::new(1.max(by_quantity).max(by_value)))
}
