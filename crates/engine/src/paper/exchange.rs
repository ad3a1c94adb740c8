//! The pretend exchange of one instrument: it takes orders in and matches what waits.

use domain::{
    Instrument, Level, Liquidity, Lots, Market, MarketData, NewOrder, NumberError, OrderId,
    OrderReport, OrderType, Refusal, ReportKind, Side, Ticks, Timestamp, event::Trade,
};
use market::OrderBook;

use super::{
    consumed::Consumed,
    desk::{Desk, Execution},
    fill_model::{Place, Reach},
    matching,
    resting::{Resting, RestingOrder},
};

/// Our orders in one instrument, and what they did to its market.
#[derive(Debug)]
pub(super) struct Exchange {
    instrument: Instrument,
    resting: Resting,
    /// What our orders took out of levels of the opposite side.
    consumed: Consumed,
    /// What chance let waiting orders trade at levels of their own side.
    granted: Consumed,
    in_sync: bool,
    /// Whether single trades are reported; aggregate trades would then count twice.
    sees_single_trades: bool,
}

/// What an order that is not refused does on arrival.
struct Admission {
    /// Parts of the opposite side's levels that it takes, and at what price.
    takes: Vec<(Level, Execution)>,
    /// What it does not take.
    left: Lots,
}

impl Exchange {
    pub(super) fn new(instrument: Instrument) -> Self {
        Self {
            instrument,
            resting: Resting::default(),
            consumed: Consumed::default(),
            granted: Consumed::default(),
            in_sync: false,
            sees_single_trades: false,
        }
    }

    pub(super) const fn open_orders(&self) -> usize {
        self.resting.len()
    }

    /// An order arrives. `book` is `None` while it is out of sync.
    pub(super) fn place(
        &mut self,
        order: &NewOrder,
        book: Option<&OrderBook>,
        desk: &mut Desk,
        now: Timestamp,
    ) {
        let admitted = book
            .ok_or(Refusal::NoLiquidity)
            .and_then(|book| self.admit(order, book, desk).map(|admission| (admission, book)));
        match admitted {
            Ok((admission, book)) => self.carry_out(order, &admission, book, desk, now),
            Err(refusal) => desk.report(order, ReportKind::Rejected(refusal), now),
        }
    }

    /// A request to withdraw an order arrives.
    pub(super) fn cancel(&mut self, id: OrderId, desk: &mut Desk, now: Timestamp) {
        let kind = match self.resting.remove(id) {
            Some(_) => ReportKind::Cancelled,
            None => ReportKind::CancelRejected(Refusal::UnknownOrder),
        };
        let instrument = self.instrument.id();
        desk.reports.send(OrderReport { order: id, instrument, time: now, kind });
    }

    /// Something happened in the market; `book` has taken it in.
    pub(super) fn on_market(
        &mut self,
        data: &MarketData<'_>,
        book: &OrderBook,
        desk: &mut Desk,
        now: Timestamp,
    ) {
        match data {
            MarketData::BookSnapshot { .. } => {
                self.in_sync = true;
                self.consumed.clear();
                self.granted.clear();
                self.rejoin_queues(book);
                self.meet_book(book, desk, now);
            }
            MarketData::BookDiff { bids, asks, .. } => {
                for used in [&mut self.consumed, &mut self.granted] {
                    used.forget(Side::Buy, bids);
                    used.forget(Side::Sell, asks);
                }
                self.meet_book(book, desk, now);
            }
            MarketData::BookLost(_) => self.in_sync = false,
            MarketData::Trade(trade) => {
                self.sees_single_trades = true;
                self.meet_trade(trade, desk, now);
            }
            MarketData::AggregateTrade(trade) if !self.sees_single_trades => {
                self.meet_trade(trade, desk, now);
            }
            MarketData::AggregateTrade(_)
            | MarketData::Quote(_)
            | MarketData::Mark(_)
            | MarketData::Bar(_)
            | MarketData::Funding(_)
            | MarketData::Split(_)
            | MarketData::Dividend(_)
            | MarketData::FeedSilent
            | MarketData::FeedLive => {}
        }
    }

    /// Decides about an order without changing anything.
    fn admit(&self, order: &NewOrder, book: &OrderBook, desk: &Desk) -> Result<Admission, Refusal> {
        if !self.is_well_formed(order) {
            return Err(Refusal::NotFillable);
        }
        let best = book.levels(order.side.opposite()).next();
        let is_marketable =
            best.is_some_and(|best| matching::accepts(order.side, order.limit, best.price));
        if is_marketable && order.order_type == OrderType::PostOnly {
            return Err(Refusal::WouldTake);
        }
        let (parts, left) =
            liquidity(book, &self.consumed, order.side, order.limit, order.quantity);
        match order.order_type {
            OrderType::FillOrKill if !left.is_zero() => return Err(Refusal::NotFillable),
            OrderType::Market if parts.is_empty() => return Err(Refusal::NoLiquidity),
            _ => {}
        }
        self.price(order, parts, left, desk).map_err(|_overflow| Refusal::NotFillable)
    }

    fn is_well_formed(&self, order: &NewOrder) -> bool {
        self.instrument.spec().market != Market::InversePerpetual
            && order.quantity > Lots::ZERO
            && order.limit.is_some() == order.order_type.has_limit()
    }

    /// Prices what the order takes, and makes sure that what may come to rest can be charged too.
    fn price(
        &self,
        order: &NewOrder,
        parts: Vec<Level>,
        left: Lots,
        desk: &Desk,
    ) -> Result<Admission, NumberError> {
        let execute = |part: Level| {
            let worse = desk.slippage.apply(part.price, order.side);
            let price = match (order.side, order.limit) {
                (_, None) => worse,
                (Side::Buy, Some(limit)) => worse.min(limit),
                (Side::Sell, Some(limit)) => worse.max(limit),
            };
            desk.execution(&self.instrument, Liquidity::Taker, price, part.quantity)
                .map(|execution| (part, execution))
        };
        let takes = parts.into_iter().map(execute).collect::<Result<Vec<_>, _>>()?;
        if let Some(limit) = order.limit {
            desk.execution(&self.instrument, Liquidity::Maker, limit, left)?;
        }
        Ok(Admission { takes, left })
    }

    /// Reports what an admitted order does and lets its rest wait or end.
    fn carry_out(
        &mut self,
        order: &NewOrder,
        admission: &Admission,
        book: &OrderBook,
        desk: &mut Desk,
        now: Timestamp,
    ) {
        let Admission { takes, left } = admission;
        let rests = !left.is_zero() && order.order_type.may_rest();
        if rests {
            desk.report(order, ReportKind::Accepted, now);
        }
        for (part, execution) in takes {
            self.consumed.take(order.side.opposite(), *part);
            desk.fill(order, *execution, now);
        }
        match order.limit {
            Some(limit) if rests => {
                let place = Place::join(desk.model, book.quantity_at(order.side, limit));
                let resting = RestingOrder { order: *order, limit, remaining: *left, place };
                let index = self.resting.insert(resting);
                self.meet_touch(order.side, index, book, desk, now);
                self.resting.remove_done(order.side);
            }
            _ if left.is_zero() => {}
            _ => desk.report(order, ReportKind::Expired(Refusal::RemainderCancelled), now),
        }
    }

    fn rejoin_queues(&mut self, book: &OrderBook) {
        for side in [Side::Buy, Side::Sell] {
            for resting in self.resting.side(side) {
                resting.place.rejoin(book.quantity_at(side, resting.limit));
            }
        }
    }

    /// The book changed: queues move, and quotes through our limits trade.
    fn meet_book(&mut self, book: &OrderBook, desk: &mut Desk, now: Timestamp) {
        if !self.in_sync || self.resting.is_empty() {
            return;
        }
        for side in [Side::Buy, Side::Sell] {
            for index in 0..self.resting.side(side).len() {
                let resting = &mut self.resting.side(side)[index];
                resting.place.on_level(book.quantity_at(side, resting.limit));
                if resting.place.meets_quotes() {
                    self.meet_quotes(side, index, book, desk, now);
                }
                self.meet_touch(side, index, book, desk, now);
            }
            self.resting.remove_done(side);
        }
    }

    /// Trades a waiting order with opposite levels at or through its limit, at its limit.
    fn meet_quotes(
        &mut self,
        side: Side,
        index: usize,
        book: &OrderBook,
        desk: &mut Desk,
        now: Timestamp,
    ) {
        let Self { instrument, resting, consumed, .. } = self;
        let resting = &mut resting.side(side)[index];
        let (parts, left) = liquidity(book, consumed, side, Some(resting.limit), resting.remaining);
        for part in parts {
            consumed.take(side.opposite(), part);
        }
        trade_passively(instrument, resting, resting.remaining.minus(left), desk, now);
    }

    /// Lets the fill model decide about a waiting order that is at the touch of its own side or
    /// before it.
    fn meet_touch(
        &mut self,
        side: Side,
        index: usize,
        book: &OrderBook,
        desk: &mut Desk,
        now: Timestamp,
    ) {
        let Self { instrument, resting, granted, .. } = self;
        let resting = &mut resting.side(side)[index];
        let Some(touch) = book.levels(side).next() else { return };
        let reached = Reach::of(touch.price, side, resting.limit, desk.slippage);
        if matches!(reached, Some(Reach::At | Reach::Through)) && !resting.remaining.is_zero() {
            let shown = granted.rest_of(side, touch).quantity;
            if resting.place.on_touch(&mut desk.luck) {
                let quantity = shown.min(resting.remaining);
                granted.take(side, Level { price: touch.price, quantity });
                trade_passively(instrument, resting, quantity, desk, now);
            }
        }
    }

    /// Others traded: what came as far as our limits is shared out in price-time priority.
    fn meet_trade(&mut self, trade: &Trade, desk: &mut Desk, now: Timestamp) {
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
            trade_passively(&self.instrument, resting, quantity, desk, now);
        }
        self.resting.remove_done(side);
    }
}

/// What somebody who trades on `side` can still take, level by level, and what is left of
/// the quantity after that. Allocates only where there is something to take.
fn liquidity(
    book: &OrderBook,
    consumed: &Consumed,
    side: Side,
    limit: Option<Ticks>,
    quantity: Lots,
) -> (Vec<Level>, Lots) {
    let opposite = side.opposite();
    let mut parts = Vec::new();
    let levels = book.levels(opposite).map(|level| consumed.rest_of(opposite, level));
    let left = matching::walk(levels, side, limit, quantity, |part| parts.push(part));
    (parts, left)
}

/// Books a passive execution at the order's own limit.
fn trade_passively(
    instrument: &Instrument,
    resting: &mut RestingOrder,
    quantity: Lots,
    desk: &mut Desk,
    now: Timestamp,
) {
    if quantity.is_zero() {
        return;
    }
    resting.remaining = resting.remaining.minus(quantity);
    let execution = desk
        .execution(instrument, Liquidity::Maker, resting.limit, quantity)
        .expect("the fee of a larger quantity was computed when the order came to rest");
    desk.fill(&resting.order, execution, now);
}
