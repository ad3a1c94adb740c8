//! Standing in the book on both sides at once, as a market maker does.
//!
//! Unlike a target, which the desk pursues until it is held, quotes are the strategy's own to renew:
//! they are sent once, each time it wishes for them, and nothing is repeated that was refused.

use domain::{InstrumentId, NewOrder, OrderType, PositionEffect, Side, StrategyId};

use super::{Desk, Scene};
use crate::{
    Outputs,
    intent::{QuotedSide, Quotes, Requote},
    order::{Order, Purpose},
};

impl Desk {
    /// Withdraws the quotes before and sends the new ones in the same breath.
    pub(crate) fn quote(
        &mut self,
        strategy: StrategyId,
        instrument: InstrumentId,
        quotes: &Quotes,
        scene: Scene<'_>,
        out: &mut Outputs,
    ) {
        let sides = [(Side::Buy, quotes.bid), (Side::Sell, quotes.ask)];
        let stands = sides.map(|(side, wanted)| {
            let same = |order: &Order| {
                quotes.requote == Requote::WhenMoved
                    && wanted.is_some_and(|wanted| is_at(order, side, wanted))
            };
            let mut own = self.orders.quotes(strategy, instrument);
            own.find(|order| !order.cancel_requested() && same(order)).map(Order::id)
        });
        let goes = |order: &Order| {
            order.purpose() == Purpose::Quote
                && order.strategy() == strategy
                && order.instrument() == instrument
                && !stands.contains(&Some(order.id()))
        };
        self.withdraw(goes, scene.now, out);
        for ((side, wanted), stands) in sides.into_iter().zip(stands) {
            let Some(wanted) = wanted.filter(|_| stands.is_none()) else { continue };
            let order = NewOrder {
                id: self.orders.next_id(),
                strategy,
                instrument,
                side,
                order_type: OrderType::PostOnly,
                quantity: wanted.quantity,
                limit: Some(wanted.price),
                trigger: None,
                effect: PositionEffect::Any,
                created: scene.now,
            };
            let exposure = self.exposure(scene.instruments.get(instrument), scene.instruments);
            self.place(order, Purpose::Quote, scene, exposure, out);
        }
    }
}

/// Whether an order already is what is wanted.
fn is_at(order: &Order, side: Side, wanted: QuotedSide) -> bool {
    order.side() == side
        && order.request().limit == Some(wanted.price)
        && order.remaining() == wanted.quantity
}
