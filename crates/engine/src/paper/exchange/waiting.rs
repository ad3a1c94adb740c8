//! Orders that wait, and what the market gives them.

use domain::{Level, Liquidity, Lots, Refusal, ReportKind, Side, Ticks, event::Trade};

use super::{
    super::{costs::Path, fill_model::Reach, resting::RestingOrder},
    Depth, Desk, Exchange,
    matching::accepts,
    taking::{ahead, liquidity},
};

impl Exchange {
    /// The market is back, or new: everybody starts again at the back.
    pub(super) fn rejoin_queues<D: Depth>(&mut self, depth: &D) {
        for side in [Side::Buy, Side::Sell] {
            for resting in self.resting.side(side) {
                resting.place.rejoin(ahead(depth, side, resting.limit));
                resting.guessed = depth.shown_at(side, resting.limit).is_none();
            }
        }
    }

    /// The market's quantities changed: queues move, quotes through our limits trade, and stop
    /// orders may go off.
    pub(super) fn meet_depth<D: Depth>(&mut self, depth: &D, desk: &mut Desk) {
        if !self.in_sync {
            return;
        }
        if !self.resting.is_empty() {
            for side in [Side::Buy, Side::Sell] {
                let count = self.resting.side(side).len();
                for index in 0..count {
                    let resting = &mut self.resting.side(side)[index];
                    see_level(resting, side, depth);
                    if resting.place.meets_quotes() {
                        self.meet_quotes(side, index, depth, desk);
                    }
                    self.meet_touch(side, index, depth, desk);
                }
                if count > 0 {
                    self.resting.remove_done(side);
                }
            }
        }
        self.meet_stops(None, depth, desk);
    }

    /// Trades a waiting order with opposite levels at or through its limit, at its limit.
    fn meet_quotes<D: Depth>(&mut self, side: Side, index: usize, depth: &D, desk: &mut Desk) {
        let Self { resting, consumed, .. } = self;
        let resting = &mut resting.side(side)[index];
        // Nearly always the other side is not there.
        let best = depth.best(side.opposite());
        if !best.is_some_and(|best| accepts(side, Some(resting.limit), best.price)) {
            return;
        }
        let (parts, left) =
            liquidity(depth, consumed, side, Some(resting.limit), resting.remaining);
        for part in parts {
            consumed.take(side.opposite(), part);
        }
        trade_passively(resting, resting.remaining.minus(left), depth, desk);
    }

    /// Lets the fill model decide about a waiting order that is at the touch of its own side or
    /// before it.
    pub(super) fn meet_touch<D: Depth>(
        &mut self,
        side: Side,
        index: usize,
        depth: &D,
        desk: &mut Desk,
    ) {
        let Self { resting, granted, .. } = self;
        let resting = &mut resting.side(side)[index];
        if !resting.place.meets_touch() {
            return;
        }
        let Some(touch) = depth.best(side) else { return };
        let reached = Reach::of(touch.price, side, resting.limit, desk.slippage);
        if matches!(reached, Some(Reach::At | Reach::Through)) && !resting.remaining.is_zero() {
            let shown = granted.rest_of(side, touch).quantity;
            if resting.place.on_touch(&mut desk.luck) {
                let quantity = shown.min(resting.remaining);
                granted.take(side, Level { price: touch.price, quantity });
                trade_passively(resting, quantity, depth, desk);
            }
        }
    }

    /// Others traded: what came as far as our limits is shared out in price-time priority.
    pub(super) fn meet_trade<D: Depth>(&mut self, trade: &Trade, depth: &D, desk: &mut Desk) {
        if !self.in_sync || self.resting.is_empty() {
            return;
        }
        let side = trade.aggressor.opposite();
        let mut volume = trade.quantity;
        for resting in self.resting.side(side) {
            let Some(reach) = Reach::of(trade.price, side, resting.limit, desk.slippage) else {
                break;
            };
            let ours = resting.place.on_trade(reach, volume, &mut desk.luck);
            let quantity = ours.min(resting.remaining);
            volume = volume.minus(quantity);
            trade_passively(resting, quantity, depth, desk);
        }
        self.resting.remove_done(side);
    }
}

/// Shows a waiting order what stands at its price. Where it could not be seen for a while, the
/// order starts again at the back as soon as it can.
fn see_level<D: Depth>(resting: &mut RestingOrder, side: Side, depth: &D) {
    match depth.shown_at(side, resting.limit) {
        Some(shown) if resting.guessed => {
            resting.place.rejoin(shown);
            resting.guessed = false;
        }
        Some(shown) => resting.place.on_level(shown),
        None => resting.guessed = true,
    }
}

/// Books a passive execution at the order's own limit, as far as its account lets it trade.
fn trade_passively<D: Depth>(
    resting: &mut RestingOrder,
    quantity: Lots,
    depth: &D,
    desk: &mut Desk,
) {
    if quantity.is_zero() || resting.remaining.is_zero() {
        return;
    }
    let room = desk.account.room(&resting.order);
    let quantity = room.map_or(quantity, |room| quantity.min(room.quantity));
    let is_done = quantity.is_zero() || fill_passively(resting, quantity, depth.twice_mid(), desk);
    let exhausted = room.filter(|room| is_done && room.quantity == quantity);
    let reason = match exhausted {
        _ if !is_done => Refusal::NotFillable,
        Some(room) if !resting.remaining.is_zero() => room.beyond,
        _ => return,
    };
    resting.remaining = Lots::ZERO;
    desk.report(&resting.order, ReportKind::Expired(reason), desk.now());
}

/// Whether the account could book it.
fn fill_passively(
    resting: &mut RestingOrder,
    quantity: Lots,
    twice_mid: Option<Ticks>,
    desk: &mut Desk,
) -> bool {
    let instrument = &desk.account.holding(resting.order.instrument).instrument;
    let path = Path::at(resting.limit, twice_mid);
    let execution = desk
        .execution(instrument, Liquidity::Maker, resting.limit, quantity, path)
        .expect("the fee of a larger quantity was computed when the order came to rest");
    let is_booked = desk.fill(&resting.order, &execution, desk.now()).is_ok();
    if is_booked {
        resting.remaining = resting.remaining.minus(quantity);
    }
    is_booked
}
