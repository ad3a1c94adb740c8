//! The pretend exchange of one instrument: it takes orders in and matches what waits.
//!
//! What orders take is in `taking`, what waiting ones get in `waiting`. Where prices come from
//! bars there is no book to match with; that is [`super::bars`].

mod taking;
mod waiting;

use domain::{
    Instrument, Level, Lots, Market, MarketData, NewOrder, OrderId, OrderType, Refusal, ReportKind,
    Side, StrategyId, Ticks, event::BookLoss,
};
use market::OrderBook;

use super::{
    PriceSource,
    consumed::Consumed,
    depth::{Depth, TouchOnly},
    desk::Desk,
    matching,
    resting::Resting,
};

/// Our orders in one instrument, and what they did to its market.
#[derive(Debug)]
pub(super) struct Exchange {
    instrument: Instrument,
    prices: PriceSource,
    resting: Resting,
    /// Stop orders that wait for their trigger, in order of arrival.
    stops: Vec<NewOrder>,
    /// What our orders took out of levels of the opposite side.
    consumed: Consumed,
    /// What chance let waiting orders trade at levels of their own side.
    granted: Consumed,
    in_sync: bool,
    /// The last quote, where prices come from quotes.
    touch: Option<TouchOnly>,
    /// Whether single trades are reported; aggregate trades would then count twice.
    sees_single_trades: bool,
}

impl Exchange {
    pub(super) fn new(instrument: Instrument, prices: PriceSource) -> Self {
        Self {
            instrument,
            prices,
            resting: Resting::default(),
            stops: Vec::new(),
            consumed: Consumed::default(),
            granted: Consumed::default(),
            in_sync: false,
            touch: None,
            sees_single_trades: false,
        }
    }

    pub(super) fn open_orders(&self) -> usize {
        self.resting.len() + self.stops.len()
    }

    /// An order arrives. `book` is `None` while it is out of sync.
    pub(super) fn place(&mut self, order: &NewOrder, book: Option<&OrderBook>, desk: &mut Desk) {
        match self.prices {
            PriceSource::Quotes => {
                let touch = self.touch;
                self.arrive(order, touch.as_ref(), desk);
            }
            PriceSource::Book | PriceSource::Bars => self.arrive(order, book, desk),
        }
    }

    /// A request to withdraw an order arrives.
    pub(super) fn cancel(&mut self, id: OrderId, desk: &mut Desk) {
        let stop = self.stops.iter().position(|stop| stop.id == id);
        let was_there = match stop {
            Some(index) => {
                self.stops.remove(index);
                true
            }
            None => self.resting.remove(id).is_some(),
        };
        let kind = if was_there {
            ReportKind::Cancelled
        } else {
            ReportKind::CancelRejected(Refusal::UnknownOrder)
        };
        desk.tell(id, self.instrument.id(), kind, desk.now());
    }

    /// Ends waiting orders by the exchange's rules: of one strategy, or of all.
    pub(super) fn end_orders(
        &mut self,
        strategy: Option<StrategyId>,
        reason: Refusal,
        desk: &mut Desk,
    ) {
        let ends = |order: &NewOrder| strategy.is_none_or(|whose| order.strategy == whose);
        let mut ended: Vec<NewOrder> = self.stops.extract_if(.., |stop| ends(stop)).collect();
        for side in [Side::Buy, Side::Sell] {
            let orders = self.resting.side(side);
            ended.extend(orders.extract_if(.., |one| ends(&one.order)).map(|one| one.order));
        }
        ended.sort_by_key(|order| order.id);
        for order in ended {
            desk.report(&order, ReportKind::Expired(reason), desk.now());
        }
    }

    /// Whether the market can change nothing here: no order waits, and nothing was taken.
    #[inline]
    const fn is_idle(&self) -> bool {
        self.resting.is_empty()
            && self.stops.is_empty()
            && self.consumed.is_empty()
            && self.granted.is_empty()
    }

    /// Something happened in the market; `book` has taken it in.
    #[inline]
    pub(super) fn on_market(&mut self, data: &MarketData<'_>, book: &OrderBook, desk: &mut Desk) {
        match self.prices {
            PriceSource::Book => self.on_book_market(data, book, desk),
            PriceSource::Quotes => self.on_quote_market(data, desk),
            PriceSource::Bars => {}
        }
    }

    fn on_book_market(&mut self, data: &MarketData<'_>, book: &OrderBook, desk: &mut Desk) {
        match data {
            MarketData::BookSnapshot { .. } => {
                self.in_sync = true;
                self.consumed.clear();
                self.granted.clear();
                self.rejoin_queues(book);
                self.meet_depth(book, desk);
            }
            MarketData::BookDiff { .. } if self.is_idle() => {}
            MarketData::BookDiff { bids, asks, .. } => {
                self.forget(Side::Buy, bids);
                self.forget(Side::Sell, asks);
                self.meet_depth(book, desk);
            }
            MarketData::BookLost(_) => self.in_sync = false,
            _ => self.on_trade(data, book, desk),
        }
    }

    fn on_quote_market(&mut self, data: &MarketData<'_>, desk: &mut Desk) {
        match data {
            MarketData::Quote(quote) if self.is_idle() => {
                self.touch = TouchOnly::of(quote);
                self.in_sync = self.touch.is_some();
            }
            MarketData::Quote(quote) => {
                let before = std::mem::replace(&mut self.touch, TouchOnly::of(quote));
                self.in_sync = self.touch.is_some();
                let Some(touch) = self.touch else { return };
                for side in [Side::Buy, Side::Sell] {
                    if let Some(changed) = touch.changes(before.as_ref(), side) {
                        self.forget(side, &changed);
                    }
                }
                if before.is_none() {
                    self.rejoin_queues(&touch);
                }
                self.meet_depth(&touch, desk);
            }
            MarketData::BookLost(BookLoss::Disconnected) => {
                self.touch = None;
                self.in_sync = false;
            }
            _ => {
                if let Some(touch) = self.touch {
                    self.on_trade(data, &touch, desk);
                }
            }
        }
    }

    fn on_trade<D: Depth>(&mut self, data: &MarketData<'_>, depth: &D, desk: &mut Desk) {
        let trade = match data {
            MarketData::Trade(trade) => {
                self.sees_single_trades = true;
                trade
            }
            MarketData::AggregateTrade(trade) if !self.sees_single_trades => trade,
            _ => return,
        };
        self.meet_trade(trade, depth, desk);
        self.meet_stops(Some(trade.price), depth, desk);
    }

    /// The market changed these levels itself, so that they are fresh.
    fn forget(&mut self, side: Side, changed: &[Level]) {
        self.consumed.forget(side, changed);
        self.granted.forget(side, changed);
    }

    /// Lets the stop orders go off that the touch or a trade has reached.
    ///
    /// A buy goes off when the best ask or a trade is at its trigger or above, a sell when the best
    /// bid or a trade is at its trigger or below. It then takes like a market order.
    #[inline]
    fn meet_stops<D: Depth>(&mut self, trade: Option<Ticks>, depth: &D, desk: &mut Desk) {
        if self.stops.is_empty() || !self.in_sync {
            return;
        }
        let mut index = 0;
        while let Some(order) = self.stops.get(index) {
            if is_reached(order, trade, depth) {
                let order = self.stops.remove(index);
                self.go_off(&order, depth, desk);
            } else {
                index += 1;
            }
        }
    }
}

/// Whether the touch, or a trade, is at a stop order's trigger or beyond it.
fn is_reached<D: Depth>(order: &NewOrder, trade: Option<Ticks>, depth: &D) -> bool {
    let touch = depth.best(order.side.opposite()).map(|level| level.price);
    [touch, trade].into_iter().flatten().any(|price| reaches(order, price))
}

/// Whether a price is at a stop order's trigger or beyond it.
pub(super) fn reaches(order: &NewOrder, price: Ticks) -> bool {
    match (order.trigger, order.side) {
        (None, _) => false,
        (Some(trigger), Side::Buy) => price >= trigger,
        (Some(trigger), Side::Sell) => price <= trigger,
    }
}

/// Whether an order can be understood at all.
pub(super) fn is_well_formed(order: &NewOrder, instrument: &Instrument) -> bool {
    instrument.spec().market != Market::InversePerpetual
        && order.quantity > Lots::ZERO
        && order.limit.is_some() == order.order_type.has_limit()
        && order.trigger.is_some() == order.order_type.has_trigger()
}

/// What a triggered stop order does from then on.
pub(super) const fn as_market(order: &NewOrder) -> NewOrder {
    NewOrder { order_type: OrderType::Market, trigger: None, ..*order }
}
