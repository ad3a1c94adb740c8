//! Rule: instruments settled in their base asset are watched, not traded: their profit
//! would need accounts in another currency.

use domain::Market;

use super::case::Case;

pub(super) fn breaks(case: &Case<'_>) -> bool {
    case.facts.instrument.spec().market == Market::InversePerpetual
}
