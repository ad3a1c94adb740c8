//! Taking liquidity: the walk through the levels of the opposite side.
//!
//! It knows neither books nor orders, only levels from the best outwards, so every
//! pretend venue can use it.

use domain::{Level, Lots, Side, Ticks};

/// Whether somebody who trades on `side` may trade at `price`. No limit takes any price.
#[must_use]
pub fn accepts(side: Side, limit: Option<Ticks>, price: Ticks) -> bool {
    match (side, limit) {
        (_, None) => true,
        (Side::Buy, Some(limit)) => price <= limit,
        (Side::Sell, Some(limit)) => price >= limit,
    }
}

/// Takes up to `quantity` out of `levels`, which run from the best outwards, as far as the
/// limit allows. Hands each part taken, at its level's price, to `taken` and gives back what
/// is left of the quantity.
///
/// ```
/// use domain::{Level, Lots, Side, Ticks};
/// use engine::paper::matching;
///
/// let asks = [Level::new(100, 2), Level::new(101, 5), Level::new(103, 9)];
/// let mut taken = Vec::new();
/// let limit = Some(Ticks::new(102));
/// let left = matching::walk(asks, Side::Buy, limit, Lots::new(8), |part| taken.push(part));
/// assert_eq!(taken, [Level::new(100, 2), Level::new(101, 5)]);
/// assert_eq!(left, Lots::new(1));
/// ```
pub fn walk(
    levels: impl IntoIterator<Item = Level>,
    side: Side,
    limit: Option<Ticks>,
    quantity: Lots,
    mut taken: impl FnMut(Level),
) -> Lots {
    let mut left = quantity;
    for level in levels {
        if left <= Lots::ZERO || !accepts(side, limit, level.price) {
            break;
        }
        let part = level.quantity.min(left);
        if part > Lots::ZERO {
            taken(Level { price: level.price, quantity: part });
            left = left.minus(part);
        }
    }
    left
}
