//! The three cases: their events in our own types, and the parts that replay them.

use std::borrow::Cow;

use anyhow::{Context as _, Result, bail, ensure};
use domain::{
    Bar, InstrumentId, Instruments, Level, Lots, MarketData, MarketEvent, Money, RunNumber, Side,
    Span, Ticks, Timestamp,
    event::{Quote, Trade},
    number::{Bps, Qty},
};
use engine::{
    Engine, EngineConfig, OpeningAccount, PriceSource, RiskConfig, Strategy,
    paper::{FillModel, PaperBroker, PaperConfig},
};
use research::{Silence, history::Infallible};
use rust_decimal::Decimal;

use super::{columns::CaseFolder, strategies};

/// The only instrument.
const INSTRUMENT: InstrumentId = InstrumentId::new(0);

/// Which of the cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CaseKind {
    Bars,
    Quotes,
    Book,
}

/// A case in memory, ready to be replayed again and again.
pub(super) struct Prepared {
    pub(super) kind: CaseKind,
    pub(super) folder: CaseFolder,
    pub(super) instruments: Instruments,
    events: Events,
}

/// The events of a case, as small as they can be.
enum Events {
    Bars(Vec<Bar>),
    Quotes(Vec<(i64, Quote)>),
    Book { snapshot: (Vec<Level>, Vec<Level>), rows: Vec<Row> },
}

/// One row of the book's history.
#[derive(Clone, Copy)]
struct Row {
    time: i64,
    level: Level,
    side: Side,
    trades: bool,
}

impl Prepared {
    pub(super) fn load(folder: CaseFolder) -> Result<Self> {
        let instruments = Instruments::new([folder.instrument()])?;
        let (kind, events) = match folder.case.case.as_str() {
            "sma" => (CaseKind::Bars, bars(&folder)?),
            "quotes" => (CaseKind::Quotes, quotes(&folder)?),
            "l2" => (CaseKind::Book, book(&folder)?),
            other => bail!("there is no case `{other}`: the cases are sma, quotes and l2"),
        };
        Ok(Self { kind, folder, instruments, events })
    }

    /// A new engine and a new exchange.
    pub(super) fn parts(&self) -> Result<(Engine, PaperBroker)> {
        let case = &self.folder.case;
        let funds = Money::from_decimal(Decimal::from(case.start_cash.max(10_000_000)))?;
        let prices = match self.kind {
            CaseKind::Bars => PriceSource::Bars,
            CaseKind::Quotes => PriceSource::Quotes,
            CaseKind::Book => PriceSource::Book,
        };
        let config = EngineConfig {
            run: RunNumber::FIRST,
            risk: boundless()?,
            prices,
            bars: None,
            features: None,
            snapshot_interval: Span::from_secs(1 << 40),
        };
        let opening = OpeningAccount::with_cash(funds);
        let engine =
            Engine::new(config, self.instruments.clone(), vec![self.strategy()?], opening)?;
        // No latency at all: the order meets the very quote that it was decided on.
        let (order_latency, report_latency) = match self.kind {
            CaseKind::Bars | CaseKind::Quotes => (Span::ZERO, Span::from_nanos(1)),
            CaseKind::Book => {
                (Span::from_nanos(case.order_latency_ns), Span::from_nanos(case.report_latency_ns))
            }
        };
        let broker = PaperConfig {
            prices,
            fill_model: FillModel::Queue,
            order_latency,
            report_latency,
            maker_fee: Bps::new(case.fee_bps.into()),
            taker_fee: Bps::new(case.fee_bps.into()),
            opening_cash: funds,
            ..PaperConfig::new(RunNumber::FIRST, 1)
        };
        Ok((engine, PaperBroker::new(&broker, &self.instruments)?))
    }

    fn strategy(&self) -> Result<Box<dyn Strategy>> {
        let case = &self.folder.case;
        let unit = Lots::new(case.order_lots);
        Ok(match self.kind {
            CaseKind::Bars => strategies::of_bars(case.fast, case.slow, unit)?,
            CaseKind::Quotes => strategies::of_quotes(case.fast, case.slow, unit),
            CaseKind::Book => {
                let first = Timestamp::from_nanos(case.first_quote_ns);
                strategies::of_book(first, Span::from_nanos(case.quote_every_ns), unit)
            }
        })
    }

    pub(super) fn silence(&self) -> Silence {
        match self.kind {
            CaseKind::Bars | CaseKind::Quotes => Silence::Skipped,
            CaseKind::Book => Silence::Every(Span::from_nanos(self.folder.case.quote_every_ns)),
        }
    }

    pub(super) fn history(&self) -> CaseHistory<'_> {
        let event =
            MarketEvent { instrument: INSTRUMENT, exchange_time: None, data: MarketData::FeedLive };
        CaseHistory { events: &self.events, place: 0, time: Timestamp::EPOCH, event }
    }
}

/// Limits that never bind: all of them are checked all the same.
fn boundless() -> Result<RiskConfig> {
    let amount = Qty::new(Decimal::from(1_000_000_000))?;
    Ok(RiskConfig {
        max_position_size: amount,
        max_order_size: amount,
        max_notional_exposure: Money::from_decimal(Decimal::from(1_000_000_000_000_i64))?,
        max_orders_per_second: 1_000_000,
        max_order_notional: None,
        stale_after: Span::from_secs(3_600),
        price_collar: Bps::new(Decimal::from(5_000)),
        max_open_orders: 64,
    })
}

fn bars(folder: &CaseFolder) -> Result<Events> {
    let names = ["open_time_ns", "open_ticks", "high_ticks", "low_ticks", "close_ticks"];
    let [start, open, high, low, close] = names.map(|name| folder.column(name));
    let (start, open, high, low, close) = (start?, open?, high?, low?, close?);
    let volume = folder.column("volume_lots")?;
    let length = folder.case.bar_ns;
    ensure!(length > 0, "case.json has no length of bars (bar_ns)");
    let bar = |at: usize| Bar {
        start: Timestamp::from_nanos(start[at]),
        end: Timestamp::from_nanos(start[at] + length),
        open: Ticks::new(open[at]),
        high: Ticks::new(high[at]),
        low: Ticks::new(low[at]),
        close: Ticks::new(close[at]),
        volume: Lots::new(volume[at]),
    };
    Ok(Events::Bars((0..folder.case.events).map(bar).collect()))
}

fn quotes(folder: &CaseFolder) -> Result<Events> {
    let time = folder.column("time_ns")?;
    let (bid, ask) = (folder.column("bid_ticks")?, folder.column("ask_ticks")?);
    let (bids, asks) = (folder.column("bid_lots")?, folder.column("ask_lots")?);
    let quote = |at: usize| Quote {
        update_id: at as u64,
        bid: Level::new(bid[at], bids[at]),
        ask: Level::new(ask[at], asks[at]),
    };
    Ok(Events::Quotes((0..folder.case.events).map(|at| (time[at], quote(at))).collect()))
}

fn book(folder: &CaseFolder) -> Result<Events> {
    let (time, kind) = (folder.column("time_ns")?, folder.column("kind")?);
    let (side, price) = (folder.column("side")?, folder.column("price_ticks")?);
    let quantity = folder.column("quantity_lots")?;
    let row = |at: usize| Row {
        time: time[at],
        level: Level::new(price[at], quantity[at]),
        // A level says 0 for a bid, a trade 0 for a buyer who took.
        side: if side[at] == 0 { Side::Buy } else { Side::Sell },
        trades: kind[at] == 1,
    };
    let rows: Vec<Row> = (0..folder.case.events).map(row).collect();
    let shown = rows.get(..folder.case.snapshot_rows).context("more snapshot rows than rows")?;
    let of = |side| shown.iter().filter(move |row| row.side == side).map(|row| row.level).collect();
    let snapshot = (of(Side::Buy), of(Side::Sell));
    Ok(Events::Book { snapshot, rows: rows[folder.case.snapshot_rows..].to_vec() })
}

/// A case as a history.
pub(super) struct CaseHistory<'a> {
    events: &'a Events,
    place: usize,
    time: Timestamp,
    event: MarketEvent<'a>,
}

impl research::History for CaseHistory<'_> {
    type Error = Infallible;

    #[inline]
    fn advance(&mut self) -> Result<bool, Infallible> {
        let place = self.place;
        self.place += 1;
        // Every kind writes its event in place: the way through an option would copy it twice.
        match self.events {
            Events::Bars(bars) => {
                let Some(bar) = bars.get(place) else { return Ok(false) };
                self.time = bar.end;
                self.event.data = MarketData::Bar(*bar);
            }
            Events::Quotes(quotes) => {
                let Some((time, quote)) = quotes.get(place) else { return Ok(false) };
                self.time = Timestamp::from_nanos(*time);
                self.event.data = MarketData::Quote(*quote);
            }
            Events::Book { snapshot: (bids, asks), rows } if place == 0 => {
                self.time = Timestamp::from_nanos(rows.first().map_or(0, |row| row.time - 1));
                let (bids, asks) = (Cow::Borrowed(&bids[..]), Cow::Borrowed(&asks[..]));
                self.event.data = MarketData::BookSnapshot { update_id: 0, bids, asks };
            }
            Events::Book { rows, .. } => {
                let Some(row) = rows.get(place - 1) else { return Ok(false) };
                self.time = Timestamp::from_nanos(row.time);
                self.event.data = row.data(place as u64);
            }
        }
        Ok(true)
    }

    #[inline]
    fn current(&self) -> (Timestamp, &MarketEvent<'_>) {
        (self.time, &self.event)
    }
}

impl Row {
    #[inline]
    fn data(&self, number: u64) -> MarketData<'_> {
        if self.trades {
            let Level { price, quantity } = self.level;
            return MarketData::Trade(Trade { id: number, price, quantity, aggressor: self.side });
        }
        let level = Cow::Borrowed(std::slice::from_ref(&self.level));
        let none = Cow::Borrowed(&[][..]);
        let (bids, asks) = if self.side == Side::Buy { (level, none) } else { (none, level) };
        MarketData::BookDiff { first_update_id: number, last_update_id: number, bids, asks }
    }
}
