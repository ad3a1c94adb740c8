//! Compares our best prices with the venue's own, after every change of a book.
//!
//! The venue sends its best bid and ask in a stream of their own, numbered like the book
//! changes. After each change, our best prices and quantities must equal the venue's last
//! ones up to that number. As the two streams race each other, a change waits until the
//! venue's prices have passed it.

use std::collections::VecDeque;

use domain::{Instruments, Level, MarketData, MarketEvent, Timestamp, event::Quote};
use market::book::OrderBook;
use runtime::{Intake, Stamp};

use crate::report::summary::TopCheck;

/// Differences that are kept in words.
const DIFFERENCES_KEPT: usize = 5;
/// Prices and changes that may wait for each other; a stream without the other is let go.
const MOST_WAITING: usize = 1 << 16;

/// The check over all instruments of a session.
pub struct TopChecker {
    instruments: Instruments,
    books: Vec<Follower>,
    result: TopCheck,
}

/// One instrument: our own book and what still waits for the venue's prices.
#[derive(Default)]
struct Follower {
    book: OrderBook,
    in_sync: bool,
    waiting: VecDeque<Top>,
    /// The venue's prices that may still be compared, oldest first.
    quotes: VecDeque<Quote>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Top {
    update_id: u64,
    bid: Option<Level>,
    ask: Option<Level>,
}

impl TopChecker {
    /// A check for these instruments.
    #[must_use]
    pub fn new(instruments: Instruments) -> Self {
        let books = instruments.iter().map(|_| Follower::default()).collect();
        Self { instruments, books, result: TopCheck::default() }
    }

    /// The result. Changes whose prices the recording no longer contains are not counted.
    #[must_use]
    pub fn finish(self) -> TopCheck {
        self.result
    }

    /// Looks at one event.
    pub fn look(&mut self, event: &MarketEvent<'_>) {
        let follower = &mut self.books[event.instrument.index()];
        match &event.data {
            MarketData::BookSnapshot { update_id, bids, asks } => {
                follower.book.load(bids, asks);
                follower.in_sync = true;
                follower.note(*update_id);
            }
            MarketData::BookDiff { last_update_id, bids, asks, .. } if follower.in_sync => {
                follower.book.apply(bids, asks);
                follower.note(*last_update_id);
            }
            MarketData::BookLost(_) => {
                follower.in_sync = false;
                follower.waiting.clear();
            }
            MarketData::Quote(quote) => follower.quotes.push_back(*quote),
            _ => return,
        }
        while let Some((top, quote)) = follower.next_pair() {
            self.result.compared += 1;
            if (top.bid, top.ask) == (Some(quote.bid), Some(quote.ask)) {
                self.result.equal += 1;
            } else if self.result.differences.len() < DIFFERENCES_KEPT {
                let name = self.instruments.get(event.instrument);
                self.result.differences.push(format!(
                    "{name} at update {}: book {:?}/{:?}, venue {:?}/{:?} (in ticks and lots)",
                    top.update_id, top.bid, top.ask, quote.bid, quote.ask
                ));
            }
        }
    }
}

impl Follower {
    fn note(&mut self, update_id: u64) {
        let (bid, ask) = (self.book.best_bid(), self.book.best_ask());
        self.waiting.push_back(Top { update_id, bid, ask });
    }

    /// The next change whose prices are known, with those prices. They are known once the
    /// venue's numbers have passed the change: either stream may be ahead of the other.
    fn next_pair(&mut self) -> Option<(Top, Quote)> {
        if self.quotes.len() > MOST_WAITING || self.waiting.len() > MOST_WAITING {
            self.quotes.clear();
            self.waiting.clear();
        }
        loop {
            let top = *self.waiting.front()?;
            self.quotes.back().filter(|newest| newest.update_id > top.update_id)?;
            while self.quotes.get(1).is_some_and(|next| next.update_id <= top.update_id) {
                self.quotes.pop_front();
            }
            self.waiting.pop_front();
            let quote = *self.quotes.front()?;
            if quote.update_id <= top.update_id {
                return Some((top, quote));
            }
        }
    }
}

/// Passes events on after the check has seen them.
pub(super) struct Checked<'a> {
    /// Who gets the events.
    pub(super) intake: &'a mut dyn Intake,
    /// Who looks first; `None` when nobody asked for it.
    pub(super) checker: Option<&'a mut TopChecker>,
}

impl Intake for Checked<'_> {
    fn market(&mut self, event: &MarketEvent<'_>, time: Timestamp, arrival: Stamp) {
        if let Some(checker) = &mut self.checker {
            checker.look(event);
        }
        self.intake.market(event, time, arrival);
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use domain::InstrumentId;

    use super::*;

    const BTC: InstrumentId = InstrumentId::new(0);

    fn spec() -> domain::instrument::InstrumentSpec {
        serde_json::from_str(
            r#"{"venue":"binance","market":"spot","symbol":"BTCUSDT","base":"BTC",
                "quote":"USDT","tick_size":"0.01","lot_size":"0.00001"}"#,
        )
        .unwrap()
    }

    fn look(checker: &mut TopChecker, data: MarketData<'_>) {
        checker.look(&MarketEvent { instrument: BTC, exchange_time: None, data });
    }

    fn diff(update_id: u64, bid: (i64, i64)) -> MarketData<'static> {
        MarketData::BookDiff {
            first_update_id: update_id,
            last_update_id: update_id,
            bids: Cow::Owned(vec![Level::new(bid.0, bid.1)]),
            asks: Cow::Owned(vec![Level::new(20, 1)]),
        }
    }

    fn quote(update_id: u64, bid: (i64, i64)) -> MarketData<'static> {
        let (bid, ask) = (Level::new(bid.0, bid.1), Level::new(20, 1));
        MarketData::Quote(Quote { update_id, bid, ask })
    }

    fn started() -> TopChecker {
        let mut checker = TopChecker::new(Instruments::new([spec()]).unwrap());
        let snapshot = MarketData::BookSnapshot {
            update_id: 1,
            bids: Cow::Owned(vec![Level::new(10, 1)]),
            asks: Cow::Owned(vec![Level::new(20, 1)]),
        };
        look(&mut checker, snapshot);
        checker
    }

    #[test]
    fn a_change_is_compared_with_the_last_price_up_to_its_number_even_if_that_comes_later() {
        let mut checker = started();
        look(&mut checker, quote(1, (10, 1)));
        look(&mut checker, diff(5, (11, 2)));
        look(&mut checker, quote(4, (11, 2)));
        look(&mut checker, quote(6, (12, 9)));
        let result = checker.finish();
        assert_eq!((result.compared, result.equal), (2, 2), "{result:?}");
    }

    #[test]
    fn prices_that_run_ahead_of_the_book_are_not_taken_for_its_own() {
        let mut checker = started();
        look(&mut checker, quote(4, (11, 2)));
        look(&mut checker, quote(6, (12, 9)));
        look(&mut checker, diff(5, (11, 2)));
        let result = checker.finish();
        assert_eq!((result.compared, result.equal), (1, 1), "{result:?}");
    }

    #[test]
    fn a_wrong_quantity_is_a_difference_and_is_described() {
        let mut checker = started();
        look(&mut checker, diff(5, (11, 2)));
        look(&mut checker, quote(5, (11, 3)));
        look(&mut checker, quote(9, (11, 3)));
        let result = checker.finish();
        assert_eq!((result.compared, result.equal), (1, 0));
        assert!(result.differences[0].contains("update 5"), "{result:?}");
    }
}
