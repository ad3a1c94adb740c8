//! What the engine asks for.
//!
//! A command that places an order carries the risk gate's approval in its type, so a
//! venue or a paper broker cannot be handed an order that nobody checked.

use domain::{InstrumentId, NewOrder, OrderId};

use crate::risk::Approved;

/// One request to the venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Send this order.
    Place(Approved<NewOrder>),
    /// Withdraw this order.
    Cancel {
        /// Which order.
        order: OrderId,
        /// Its instrument.
        instrument: InstrumentId,
    },
}
