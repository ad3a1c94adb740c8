//! An independent reading of a journal: books, orders and positions from its records alone.
//!
//! Nothing here calls the engine. What it believes about the market and the account is
//! built again from what entered and what left.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use domain::{
    Event, Fill, Instruments, Level, MarketData, MarketEvent, NewOrder, OrderId, Record,
    ReportKind, Side, Timestamp, record::OrderChanged,
};
use storage::Reader;

/// Reads a journal from end to end. Says how many records it has.
pub fn read(data_dir: &Path, mut look: impl FnMut(Record<'_>)) -> u64 {
    let mut reader = Reader::open(data_dir);
    while let Some(entry) = reader.next().unwrap() {
        look(entry.record().unwrap());
    }
    assert_eq!(reader.torn(), None);
    reader.sequence()
}

/// What a journal says was done.
pub fn ledger(data_dir: &Path) -> Ledger {
    let mut ledger = Ledger::default();
    read(data_dir, |record| ledger.take(&record));
    ledger
}

/// A book of counts, and whether it may be decided on.
#[derive(Debug, Default)]
pub struct Book {
    bids: BTreeMap<i64, i64>,
    asks: BTreeMap<i64, i64>,
    pub in_sync: bool,
    pub silent: bool,
    /// Best bid and ask when it was last in sync.
    pub touch: Option<(i64, i64)>,
}

impl Book {
    fn take(&mut self, bids: &[Level], asks: &[Level]) {
        for (side, levels) in [(&mut self.bids, bids), (&mut self.asks, asks)] {
            for level in levels {
                match level.quantity.get() {
                    0 => side.remove(&level.price.get()),
                    quantity => side.insert(level.price.get(), quantity),
                };
            }
        }
        let best = |price: Option<(&i64, &i64)>| price.map(|(price, _)| *price);
        let (bid, ask) = (best(self.bids.last_key_value()), best(self.asks.first_key_value()));
        if let (Some(bid), Some(ask)) = (bid, ask) {
            assert!(bid < ask, "a crossed book: {bid} against {ask}");
            self.touch = Some((bid, ask));
        }
    }

    fn apply(&mut self, data: &MarketData<'_>) {
        match data {
            MarketData::BookSnapshot { bids, asks, .. } => {
                (self.bids, self.asks) = (BTreeMap::new(), BTreeMap::new());
                self.in_sync = true;
                self.take(bids, asks);
            }
            MarketData::BookDiff { bids, asks, .. } => {
                assert!(self.in_sync, "a change of a lost book was passed on");
                self.take(bids, asks);
            }
            MarketData::BookLost(_) => self.in_sync = false,
            MarketData::FeedSilent => self.silent = true,
            MarketData::FeedLive => self.silent = false,
            _ => {}
        }
    }
}

/// An order that may still trade.
#[derive(Clone, Copy, Debug)]
pub struct OpenOrder {
    pub order: NewOrder,
    /// The unfilled rest.
    pub rest: i64,
    pub withdrawn: bool,
}

/// One instrument as the journal tells it.
#[derive(Debug, Default)]
pub struct Holding {
    pub book: Book,
    pub position: i64,
    pub open: BTreeMap<OrderId, OpenOrder>,
}

impl Holding {
    /// The unfilled rest of all open orders of a side.
    pub fn open_lots(&self, side: Side) -> i64 {
        self.open.values().filter(|one| one.order.side == side).map(|one| one.rest).sum()
    }

    /// The longest and the shortest position that the open orders could lead to.
    pub fn reach(&self) -> (i64, i64) {
        (self.position + self.open_lots(Side::Buy), self.position - self.open_lots(Side::Sell))
    }
}

/// What a session did, record by record.
#[derive(Debug, Default)]
pub struct Ledger {
    pub instruments: Option<Instruments>,
    pub holdings: Vec<Holding>,
    /// When each order was placed.
    pub placed: Vec<Timestamp>,
    pub fills: u64,
    pub losses: u64,
    pub resyncs: u64,
    ids: BTreeSet<OrderId>,
}

impl Ledger {
    /// Takes one record in. Checks on the way what must hold at every one of them.
    pub fn take(&mut self, record: &Record<'_>) {
        match record {
            Record::SessionStarted(started) => {
                let instruments = Instruments::new(started.instruments.iter().cloned()).unwrap();
                self.holdings = instruments.iter().map(|_| Holding::default()).collect();
                self.instruments = Some(instruments);
            }
            Record::Input(input) => {
                self.assert_lost_books_hold_no_orders();
                match &input.event {
                    Event::Market(event) => self.market(event),
                    Event::Report(report) => {
                        if let ReportKind::Filled(fill) = &report.kind {
                            self.filled(fill);
                        }
                    }
                    Event::Account(event) => {
                        panic!("spot and perpetuals carry nothing yet: {event:?}")
                    }
                    Event::Control(_) | Event::Clock => {}
                }
            }
            Record::Placed(order) => self.placed(order),
            Record::CancelRequested { order, .. } => {
                for holding in &mut self.holdings {
                    if let Some(open) = holding.open.get_mut(order) {
                        open.withdrawn = true;
                    }
                }
            }
            Record::OrderChanged(OrderChanged { order, status, .. }) if status.is_final() => {
                for holding in &mut self.holdings {
                    holding.open.remove(order);
                }
            }
            _ => {}
        }
    }

    fn market(&mut self, event: &MarketEvent<'_>) {
        let book = &mut self.holdings[event.instrument.index()].book;
        let was_lost = book.touch.is_some() && !book.in_sync;
        book.apply(&event.data);
        match event.data {
            MarketData::BookLost(_) => self.losses += 1,
            MarketData::BookSnapshot { .. } => self.resyncs += u64::from(was_lost),
            _ => {}
        }
    }

    fn placed(&mut self, order: &NewOrder) {
        assert!(self.ids.insert(order.id), "order id {} was used twice", order.id);
        let holding = &mut self.holdings[order.instrument.index()];
        assert!(
            holding.book.in_sync && !holding.book.silent,
            "an order was sent on a book that is out of sync: {order:?}"
        );
        let rest = order.quantity.get();
        holding.open.insert(order.id, OpenOrder { order: *order, rest, withdrawn: false });
        self.placed.push(order.created);
    }

    fn filled(&mut self, fill: &Fill) {
        self.fills += 1;
        let lots = fill.quantity.get();
        let holding = &mut self.holdings[fill.instrument.index()];
        holding.position += if fill.side == Side::Buy { lots } else { -lots };
        let open = holding.open.get_mut(&fill.order).expect("a fill of an order that is open");
        open.rest -= lots;
        assert!(open.rest >= 0, "more was filled than ordered: {fill:?}");
    }

    /// Called between two inputs, when everything that follows from the first is written.
    fn assert_lost_books_hold_no_orders(&self) {
        for holding in self.holdings.iter().filter(|one| !one.book.in_sync || one.book.silent) {
            let left = holding.open.values().find(|one| !one.withdrawn);
            assert!(left.is_none(), "an order was left on a lost book: {left:?}");
        }
    }
}
