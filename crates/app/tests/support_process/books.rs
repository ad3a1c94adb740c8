//! What a journal and a database say, read here once more and with other eyes than the audit.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use domain::{Event, InstrumentId, MarketData, Record, ReportKind};
use rusqlite::{Connection, OpenFlags};
use storage::Reader;

/// Orders and fills of one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RunCounts {
    pub(crate) orders: u64,
    pub(crate) fills: u64,
    pub(crate) ended: bool,
}

/// What a journal holds.
#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) orders: BTreeSet<u64>,
    pub(crate) trades: BTreeSet<u64>,
    pub(crate) runs: BTreeMap<u32, RunCounts>,
    /// Runs that took over a position that was not zero.
    pub(crate) carried_over: usize,
    /// Books lost and snapshots taken, over all instruments.
    pub(crate) lost: usize,
    pub(crate) snapshots: usize,
}

/// Whether one instrument may be traded.
#[derive(Clone, Copy, Debug, Default)]
struct Feed {
    synced: bool,
    silent: bool,
}

impl Books {
    /// Reads a journal, which may have a torn end.
    ///
    /// # Panics
    /// When an id comes twice, or an order left while its book was out of sync or silent.
    pub(crate) fn read(data_dir: &Path) -> Self {
        let mut books = Self::default();
        let mut reader = Reader::open(data_dir);
        let mut run = 0;
        let mut feeds: BTreeMap<InstrumentId, Feed> = BTreeMap::new();
        let mut positions = BTreeMap::new();
        while let Some(entry) = reader.next().expect("a sound journal") {
            match entry.record().expect("a readable record") {
                Record::SessionStarted(started) => {
                    run = started.run.get();
                    let known = books.runs.insert(run, RunCounts::default());
                    assert!(known.is_none(), "run {run} began twice");
                    feeds.clear();
                    if !started.continued {
                        positions.clear();
                    }
                    books.carried_over += usize::from(positions.values().any(|&held| held != 0));
                }
                Record::Input(stamped) => match &stamped.event {
                    Event::Market(market) => {
                        let feed = feeds.entry(market.instrument).or_default();
                        match &market.data {
                            MarketData::BookLost(_) => {
                                books.lost += usize::from(feed.synced);
                                feed.synced = false;
                            }
                            MarketData::BookSnapshot { .. } => {
                                books.snapshots += 1;
                                feed.synced = true;
                            }
                            MarketData::FeedSilent => feed.silent = true,
                            MarketData::FeedLive => feed.silent = false,
                            _ => {}
                        }
                    }
                    Event::Report(report) => {
                        if let ReportKind::Filled(fill) = &report.kind {
                            let id = fill.trade.get();
                            assert!(books.trades.insert(id), "trade {} came twice", fill.trade);
                            books.runs.entry(run).or_default().fills += 1;
                        }
                    }
                    Event::Account(_) | Event::Control(_) | Event::Clock => {}
                },
                Record::Placed(order) => {
                    assert!(books.orders.insert(order.id.get()), "order {} came twice", order.id);
                    let feed = feeds.get(&order.instrument).copied().unwrap_or_default();
                    let tradable = feed.synced && !feed.silent;
                    assert!(tradable, "order {} left on a book that is {feed:?}", order.id);
                    books.runs.entry(run).or_default().orders += 1;
                }
                Record::Account(account) => {
                    positions.insert(account.instrument, account.position.get());
                }
                Record::SessionEnded(_) => books.runs.entry(run).or_default().ended = true,
                _ => {}
            }
        }
        books
    }
}

/// The ids in a database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rows {
    pub(crate) orders: BTreeSet<u64>,
    pub(crate) trades: BTreeSet<u64>,
}

impl Rows {
    /// Reads a database while somebody writes it. `None` before it has tables.
    pub(crate) fn read(database: &Path) -> Option<Self> {
        if !database.exists() {
            return None;
        }
        let connection =
            Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
        let ids = |query: &str| -> Option<BTreeSet<u64>> {
            let mut statement = connection.prepare(query).ok()?;
            let rows = statement.query_map([], |row| row.get::<_, i64>(0)).ok()?;
            rows.map(|id| id.ok().map(i64::cast_unsigned)).collect()
        };
        Some(Self {
            orders: ids("SELECT order_id FROM orders")?,
            trades: ids("SELECT trade_id FROM trades")?,
        })
    }
}
