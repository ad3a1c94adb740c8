//! What orders are matched against: quantities at prices, be it a whole book or a touch.
//!
//! The exchange is written once for any of them and compiled for each, so that a book costs
//! nothing more than it did alone.

use domain::{Level, Lots, Side, Ticks, event::Quote};
use market::OrderBook;

/// One state of the market.
pub(super) trait Depth {
    /// The levels of a side, best first.
    fn levels(&self, side: Side) -> impl Iterator<Item = Level>;

    /// What waits at a price of a side; `None` where that cannot be seen.
    fn shown_at(&self, side: Side, price: Ticks) -> Option<Lots>;

    /// The best level of a side.
    fn best(&self, side: Side) -> Option<Level> {
        self.levels(side).next()
    }

    /// Bid plus ask, in ticks: twice the middle. `None` where a side is missing.
    fn twice_mid(&self) -> Option<Ticks> {
        let (bid, ask) = (self.best(Side::Buy)?, self.best(Side::Sell)?);
        bid.price.get().checked_add(ask.price.get()).map(Ticks::new)
    }
}

impl Depth for OrderBook {
    fn levels(&self, side: Side) -> impl Iterator<Item = Level> {
        OrderBook::levels(self, side)
    }

    #[inline]
    fn shown_at(&self, side: Side, price: Ticks) -> Option<Lots> {
        Some(self.quantity_at(side, price))
    }

    #[inline]
    fn best(&self, side: Side) -> Option<Level> {
        match side {
            Side::Buy => self.best_bid(),
            Side::Sell => self.best_ask(),
        }
    }
}

/// Best bid and ask, and nothing behind them.
#[derive(Clone, Copy, Debug)]
pub(super) struct TouchOnly {
    bid: Level,
    ask: Level,
}

impl TouchOnly {
    /// The touch of a quote. `None` for one that says nothing: both sides missing, or the bid
    /// above the ask.
    pub(super) fn of(quote: &Quote) -> Option<Self> {
        let there = |level: Level| level.price.get() > 0 && level.quantity > Lots::ZERO;
        let (bid, ask) = (there(quote.bid), there(quote.ask));
        let crossed = bid && ask && quote.bid.price > quote.ask.price;
        ((bid || ask) && !crossed).then_some(Self { bid: quote.bid, ask: quote.ask })
    }

    const fn side(&self, side: Side) -> Level {
        match side {
            Side::Buy => self.bid,
            Side::Sell => self.ask,
        }
    }

    /// What of a side changed since an earlier quote: its old and its new level, or nothing.
    pub(super) fn changes(&self, before: Option<&Self>, side: Side) -> Option<[Level; 2]> {
        let now = self.side(side);
        let old = before.map_or(now, |before| before.side(side));
        (before.is_none() || old != now).then_some([old, now])
    }
}

impl Depth for TouchOnly {
    fn levels(&self, side: Side) -> impl Iterator<Item = Level> {
        let level = self.side(side);
        let is_there = level.price.get() > 0 && level.quantity > Lots::ZERO;
        is_there.then_some(level).into_iter()
    }

    fn shown_at(&self, side: Side, price: Ticks) -> Option<Lots> {
        let Some(touch) = self.best(side) else { return Some(Lots::ZERO) };
        let is_better = match side {
            Side::Buy => price > touch.price,
            Side::Sell => price < touch.price,
        };
        match (price == touch.price, is_better) {
            (true, _) => Some(touch.quantity),
            (false, true) => Some(Lots::ZERO),
            (false, false) => None,
        }
    }
}
