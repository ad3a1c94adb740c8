//! What a bar's open and its range give to one order.

use domain::{Bar, Liquidity, Lots, NewOrder, OrderType, Refusal, Side, Ticks, Timestamp};

use super::{
    super::{FillModel, costs::Path, desk::Desk, exchange::reaches, fill_model::Reach, matching},
    BarExchange, Budget, Moment, Waiting,
};

/// Where the market is when an order takes.
#[derive(Clone, Copy)]
struct Occasion<'a> {
    bar: &'a Bar,
    reference: Ticks,
    time: Timestamp,
}

impl BarExchange {
    /// Whether the open's opposite quote is within an order's limit.
    pub(super) fn is_marketable(&self, order: &NewOrder, bar: &Bar) -> bool {
        let quote = self.rules.spread.apply(bar.open, order.side);
        matching::accepts(order.side, order.limit, quote)
    }

    /// At the open: takes, waits or ends.
    pub(super) fn at_open(
        &self,
        one: &mut Waiting,
        bar: &Bar,
        budget: &mut Budget,
        desk: &mut Desk,
    ) {
        let has_volume = bar.volume > Lots::ZERO;
        if has_volume && one.order.order_type == OrderType::Stop && reaches(&one.order, bar.open) {
            one.triggered = true;
        }
        // Post-only never takes: an open that jumped over it trades at its limit, in the range.
        let may_take =
            one.order.order_type.has_limit() && one.order.order_type != OrderType::PostOnly;
        let takes = one.takes_any_price() || (may_take && self.is_marketable(&one.order, bar));
        if !takes || !has_volume {
            return match one.order.order_type {
                OrderType::FillOrKill => one.end(Refusal::NotFillable, bar.start, desk),
                _ => one.wait(bar.start, desk),
            };
        }
        let wanted = one.wanted(budget, desk);
        let falls_short = wanted.0 < one.remaining;
        if one.order.order_type == OrderType::FillOrKill
            && falls_short
            && wanted.1.is_none_or(|room| room.quantity > wanted.0)
        {
            return one.end(Refusal::NotFillable, bar.start, desk);
        }
        let occasion = Occasion { bar, reference: bar.open, time: bar.start };
        let at = self.taking(&one.order, wanted.0, occasion, budget, desk);
        one.trade(wanted, &at, budget, desk);
    }

    /// Within the range: a stop order that it reaches takes at its trigger.
    pub(super) fn stop_in_range(
        &self,
        one: &mut Waiting,
        bar: &Bar,
        budget: &mut Budget,
        desk: &mut Desk,
    ) {
        let Some(trigger) = one.order.trigger.filter(|_| !one.triggered && !one.is_done()) else {
            return;
        };
        let far_end = match one.order.side {
            Side::Buy => bar.high,
            Side::Sell => bar.low,
        };
        if reaches(&one.order, far_end) {
            one.triggered = true;
            let wanted = one.wanted(budget, desk);
            let occasion = Occasion { bar, reference: trigger, time: bar.end };
            let at = self.taking(&one.order, wanted.0, occasion, budget, desk);
            one.trade(wanted, &at, budget, desk);
        }
    }

    /// Within the range: a limit order may trade at its limit.
    pub(super) fn limit_in_range(
        &self,
        one: &mut Waiting,
        bar: &Bar,
        budget: &mut Budget,
        desk: &mut Desk,
    ) {
        let Some(limit) = one.order.limit.filter(|_| !one.is_done()) else { return };
        if self.range_gives(one.order.side, limit, bar, desk) {
            let (liquidity, time) = (Liquidity::Maker, bar.end);
            let at = Moment { price: limit, path: Path::at(limit, None), liquidity, time };
            let wanted = one.wanted(budget, desk);
            one.trade(wanted, &at, budget, desk);
        }
    }

    /// Whether the bar went as far as the fill model asks of it.
    fn range_gives(&self, side: Side, limit: Ticks, bar: &Bar, desk: &mut Desk) -> bool {
        let far_end = match side {
            Side::Buy => bar.low,
            Side::Sell => bar.high,
        };
        let reach = Reach::of(far_end, side, limit, desk.slippage);
        match desk.model {
            FillModel::Touch { .. } => match reach {
                Some(Reach::Through) => true,
                Some(Reach::At) => desk.luck.strikes(),
                Some(Reach::Short) | None => false,
            },
            FillModel::Queue => reach == Some(Reach::Through),
            FillModel::Through => {
                let quote = self.rules.spread.apply(far_end, side);
                Reach::of(quote, side, limit, desk.slippage) == Some(Reach::Through)
            }
        }
    }

    /// The prices of an order that takes `quantity`.
    fn taking(
        &self,
        order: &NewOrder,
        quantity: Lots,
        occasion: Occasion<'_>,
        budget: &Budget,
        desk: &Desk,
    ) -> Moment {
        let Occasion { bar, reference, time } = occasion;
        let side = order.side;
        let within = |price: Ticks| match (side, order.limit) {
            (_, None) => price,
            (Side::Buy, Some(limit)) => price.min(limit),
            (Side::Sell, Some(limit)) => price.max(limit),
        };
        // Each order pays for what was taken before it in the same bar.
        let taken = budget.taken.checked_add(quantity).unwrap_or(quantity);
        let touch = within(self.rules.spread.apply(reference, side));
        let level = self.rules.impact.apply(touch, side, taken, bar, self.ranges);
        let level = within(level);
        let price = within(desk.slippage.apply(level, side));
        let twice_mid = reference.get().checked_mul(2).map(Ticks::new);
        let path = Path { twice_mid, touch, level };
        Moment { price, path, liquidity: Liquidity::Taker, time }
    }
}
