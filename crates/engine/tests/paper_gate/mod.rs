//! A risk gate with nothing against anything, as only the gate can make a command.

use domain::{Instruments, NewOrder, Ticks, Timestamp};
use engine::{
    Command, RiskConfig,
    risk::{Exposure, Facts, RiskGate, Touch},
};

/// Approves whatever makes sense.
pub(crate) struct OpenGate {
    gate: RiskGate,
    instruments: Instruments,
}

impl OpenGate {
    /// `largest` is the largest position and order that fits every instrument's lots.
    pub(crate) fn new(instruments: &Instruments, largest: &str) -> Self {
        let generous = RiskConfig {
            max_position_size: largest.parse().unwrap(),
            max_order_size: largest.parse().unwrap(),
            max_notional_exposure: "1000000000000000".parse().unwrap(),
            max_orders_per_second: 1_000,
            price_collar: domain::Bps::new("1000000".parse().unwrap()),
            ..RiskConfig::default()
        };
        Self {
            gate: RiskGate::new(generous, instruments).unwrap(),
            instruments: instruments.clone(),
        }
    }

    pub(crate) fn command(&mut self, order: NewOrder, now: Timestamp, price: Ticks) -> Command {
        let facts = Facts {
            now,
            instrument: self.instruments.get(order.instrument),
            touch: Some(Touch { bid: price, ask: price }),
            last_data: Some(now),
            // Whether there is something to reduce is the broker's concern here.
            held: order.quantity.signed(order.side.opposite()),
            exposure: Exposure::default(),
            open_orders: 0,
        };
        Command::Place(self.gate.approve(order, &facts).unwrap())
    }
}
