//! Recorded data and a sink for tests of the feed.

#![allow(unreachable_pub, dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "test support")]

use std::path::PathBuf;

use domain::{InstrumentId, Instruments, MarketData, MarketEvent, Timestamp, event::BookLoss};
use market::book::OrderBook;
use venues::{MarketSink, Request, capture::EventSink};

/// The recordings of `binance-raw`, each with the number of frames in it.
pub const RECORDINGS: [(&str, u64); 7] = [
    ("usdm_btcusdt_20240808.txt.zst", 93_953),
    ("usdm_ethusdt_20240808.txt.zst", 74_654),
    ("spot_btcusdt_20240808.txt.zst", 41_248),
    ("spot_ethusdt_20240808.txt.zst", 33_617),
    ("cm_btcusd_perp_20240808.txt.zst", 48_269),
    ("cm_ethusd_perp_20240808.txt.zst", 40_453),
    ("usdm_btcusdt_20230404_markprice.txt.zst", 13_383),
];

/// Where recorded data are; `None`, with a remark, where there are none.
///
/// # Panics
/// In continuous integration, where they must be there.
pub fn data(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("ALGOPIONEER_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    let found = root.join(path);
    if found.exists() {
        return Some(found);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{} is missing", found.display());
    println!("skipped: {} is not here", found.display());
    None
}

/// All instruments of the recordings.
pub fn known() -> Instruments {
    Instruments::new(venues::binance::known_instruments()).unwrap()
}

/// Best bid and ask as price and quantity counts.
pub type Top = [(i64, i64); 2];

/// Keeps one book for each instrument and remembers its best prices after each change.
#[derive(Default)]
pub struct Books {
    by_instrument: Vec<OrderBook>,
    pub in_sync: Vec<bool>,
    /// By instrument: the update id of a change and the best prices after it.
    pub tops: Vec<Vec<(u64, Top)>>,
    /// By instrument: the update id of a quote and its prices.
    pub quotes: Vec<Vec<(u64, Top)>>,
    pub losses: Vec<(InstrumentId, BookLoss)>,
    pub snapshots: u64,
    pub trades: u64,
    pub marks: u64,
    pub silences: u64,
    pub requests: Vec<Request>,
}

impl Books {
    pub fn new(instruments: usize) -> Self {
        Self {
            by_instrument: (0..instruments).map(|_| OrderBook::new()).collect(),
            in_sync: vec![false; instruments],
            tops: vec![Vec::new(); instruments],
            quotes: vec![Vec::new(); instruments],
            ..Self::default()
        }
    }

    fn note_top(&mut self, at: usize, update_id: u64) {
        let book = &self.by_instrument[at];
        assert!(!book.is_crossed(), "the book of instrument {at} is crossed at {update_id}");
        let (Some(bid), Some(ask)) = (book.best_bid(), book.best_ask()) else { return };
        let top = [bid, ask].map(|level| (level.price.get(), level.quantity.get()));
        self.tops[at].push((update_id, top));
    }

    /// How many best prices differ from the quote with the largest update id not above
    /// theirs, and how many were compared.
    pub fn differences(&self, at: usize) -> (usize, usize) {
        let mut quotes = self.quotes[at].clone();
        quotes.sort_by_key(|(update_id, _)| *update_id);
        let (mut differ, mut compared) = (0, 0);
        for (update_id, top) in &self.tops[at] {
            let behind = quotes.partition_point(|(quoted, _)| quoted <= update_id);
            let Some((_, quote)) = behind.checked_sub(1).map(|place| &quotes[place]) else {
                continue;
            };
            compared += 1;
            differ += usize::from(quote != top);
        }
        (differ, compared)
    }
}

impl MarketSink for Books {
    fn event(&mut self, event: MarketEvent<'_>) {
        let at = event.instrument.index();
        match event.data {
            MarketData::BookSnapshot { update_id, bids, asks } => {
                self.by_instrument[at].load(&bids, &asks);
                self.in_sync[at] = true;
                self.snapshots += 1;
                self.note_top(at, update_id);
            }
            MarketData::BookDiff { last_update_id, bids, asks, .. } => {
                assert!(self.in_sync[at], "a change of a book that is out of sync");
                self.by_instrument[at].apply(&bids, &asks);
                self.note_top(at, last_update_id);
            }
            MarketData::BookLost(loss) => {
                assert!(self.in_sync[at], "a book was lost twice");
                self.in_sync[at] = false;
                self.losses.push((event.instrument, loss));
            }
            MarketData::Quote(quote) => {
                let top = [quote.bid, quote.ask];
                let top = top.map(|level| (level.price.get(), level.quantity.get()));
                self.quotes[at].push((quote.update_id, top));
            }
            MarketData::Trade(_) | MarketData::AggregateTrade(_) => self.trades += 1,
            MarketData::Mark(_) => self.marks += 1,
            MarketData::Bar(_)
            | MarketData::Funding(_)
            | MarketData::Split(_)
            | MarketData::Dividend(_) => panic!("a live feed tells no history"),
            MarketData::FeedSilent | MarketData::FeedLive => self.silences += 1,
        }
    }

    fn request(&mut self, request: Request) {
        self.requests.push(request);
    }
}

impl EventSink for Books {
    fn event(&mut self, _received: Timestamp, event: MarketEvent<'_>) {
        MarketSink::event(self, event);
    }
}
