//! Orders of tests, written the short way.

use domain::{
    InstrumentId, Lots, NewOrder, OrderId, OrderType, PositionEffect, Side, StrategyId, Ticks,
    Timestamp,
};

use super::{INSTRUMENT, RUN};

/// An order about to be sent.
#[derive(Clone, Copy)]
pub(super) struct Draft(pub(super) NewOrder);

impl Draft {
    pub(super) fn new(side: Side, order_type: OrderType, quantity: i64) -> Self {
        Self(NewOrder {
            id: OrderId::new(RUN, 0),
            strategy: StrategyId::new(0),
            instrument: INSTRUMENT,
            side,
            order_type,
            quantity: Lots::new(quantity),
            limit: None,
            trigger: None,
            effect: PositionEffect::Any,
            created: Timestamp::EPOCH,
        })
    }

    pub(super) fn at(self, limit: i64) -> Self {
        Self(NewOrder { limit: Some(Ticks::new(limit)), ..self.0 })
    }

    pub(super) fn from(self, trigger: i64) -> Self {
        Self(NewOrder { trigger: Some(Ticks::new(trigger)), ..self.0 })
    }

    pub(super) fn reducing(self) -> Self {
        Self(NewOrder { effect: PositionEffect::ReduceOnly, ..self.0 })
    }

    pub(super) fn by(self, strategy: u16) -> Self {
        Self(NewOrder { strategy: StrategyId::new(strategy), ..self.0 })
    }

    pub(super) fn of(self, instrument: InstrumentId) -> Self {
        Self(NewOrder { instrument, ..self.0 })
    }
}

pub(super) fn buy(quantity: i64) -> Draft {
    Draft::new(Side::Buy, OrderType::Market, quantity)
}

pub(super) fn sell(quantity: i64) -> Draft {
    Draft::new(Side::Sell, OrderType::Market, quantity)
}

pub(super) fn limit(side: Side, quantity: i64, price: i64) -> Draft {
    Draft::new(side, OrderType::Limit, quantity).at(price)
}

pub(super) fn stop(side: Side, quantity: i64, trigger: i64) -> Draft {
    Draft::new(side, OrderType::Stop, quantity).from(trigger)
}
