//! The pessimistic model: nothing but trades through the limit.

use domain::Lots;

use super::Reach;

/// There is nothing to remember.
#[derive(Debug)]
pub(in crate::paper) struct ThroughPlace;

impl ThroughPlace {
    pub(super) const fn on_trade(reach: Reach, volume: Lots) -> Lots {
        match reach {
            Reach::Short | Reach::At => Lots::ZERO,
            Reach::Through => volume,
        }
    }
}
