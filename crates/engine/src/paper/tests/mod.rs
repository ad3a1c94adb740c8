//! Tests of the paper broker through its public methods: a small stage with one book.

mod arriving;
mod bars;
mod draft;
mod extremes;
mod latency;
mod queue;
mod quotes;
mod settings;
mod slippage;
mod stops;
mod touch;
mod waiting;

use std::borrow::Cow;

use domain::{
    Bps, Event, Fill, InstrumentId, Instruments, Level, Lots, Market, MarketData, MarketEvent,
    Money, NewOrder, OrderId, OrderReport, OrderType, Qty, Rate, Refusal, ReportKind, RunNumber,
    Side, Span, StrategyId, Ticks, Timestamp,
    event::{BookLoss, Trade},
    instrument::InstrumentSpec,
};
use market::OrderBook;

use self::draft::Draft;
use super::{
    BarConfig, Books, BorrowConfig, CostRecording, FeeTier, FillModel, FundingConfig,
    InstrumentFee, PaperBroker, PaperConfig,
};
use crate::{Command, OpeningPosition, risk::Approved};

const RUN: RunNumber = RunNumber::FIRST;
const INSTRUMENT: InstrumentId = InstrumentId::new(0);
const CERTAIN_TOUCH: FillModel = FillModel::Touch { queue_position: 1.0, base_probability: 1.0 };

/// Tick 0.01, lot 0.001.
fn instruments(market: Market) -> Instruments {
    let spec = InstrumentSpec {
        venue: "binance".into(),
        market,
        symbol: "BTCUSDT".into(),
        base: "BTC".into(),
        quote: "USDT".into(),
        tick_size: "0.01".parse().unwrap(),
        lot_size: "0.001".parse().unwrap(),
        min_quantity: Qty::ZERO,
        max_quantity: Qty::ZERO,
        min_notional: Money::ZERO,
    };
    Instruments::new([spec]).unwrap()
}

fn bps(text: &str) -> Bps {
    Bps::new(text.parse().unwrap())
}

fn rate(text: &str) -> Rate {
    Rate::new(text.parse().unwrap())
}

fn ms(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// No order latency, so that an order meets the book before the next event.
fn config(fill_model: FillModel) -> PaperConfig {
    PaperConfig { fill_model, order_latency: Span::ZERO, ..PaperConfig::new(RUN, 7) }
}

const fn report_of(answer: &Event<'_>) -> Option<OrderReport> {
    if let Event::Report(report) = answer { Some(*report) } else { None }
}

fn levels(pairs: &[(i64, i64)]) -> Cow<'static, [Level]> {
    pairs.iter().map(|(price, quantity)| Level::new(*price, *quantity)).collect()
}

fn trade(price: i64, quantity: i64, aggressor: Side) -> Trade {
    Trade { id: 0, price: Ticks::new(price), quantity: Lots::new(quantity), aggressor }
}

/// The market's book as the engine would keep it.
struct OneBook {
    book: OrderBook,
    in_sync: bool,
}

impl Books for OneBook {
    fn book(&self, _id: InstrumentId) -> Option<&OrderBook> {
        self.in_sync.then_some(&self.book)
    }
}

impl OneBook {
    fn take_in(&mut self, data: &MarketData<'_>) {
        match data {
            MarketData::BookSnapshot { bids, asks, .. } => {
                self.book.load(bids, asks);
                self.in_sync = true;
            }
            MarketData::BookDiff { bids, asks, .. } => self.book.apply(bids, asks),
            MarketData::BookLost(_) => {
                self.book.clear();
                self.in_sync = false;
            }
            _ => {}
        }
    }
}

/// The broker and one market; each event happens one millisecond after the one before.
struct Stage {
    broker: PaperBroker,
    market: OneBook,
    now: Timestamp,
    orders: u64,
}

impl Stage {
    /// Bids 99 x 5, 98 x 10; asks 101 x 4, 102 x 6, 104 x 20.
    fn with(config: &PaperConfig) -> Self {
        let mut stage = Self::in_market(config, Market::LinearPerpetual);
        stage.snapshot(&[(99, 5), (98, 10)], &[(101, 4), (102, 6), (104, 20)]);
        stage
    }

    /// No book yet.
    fn in_market(config: &PaperConfig, market: Market) -> Self {
        let broker = PaperBroker::new(config, &instruments(market)).unwrap();
        let market = OneBook { book: OrderBook::with_window(256), in_sync: false };
        Self { broker, market, now: ms(1_000), orders: 0 }
    }

    fn event(&mut self, data: MarketData<'_>) {
        self.now = self.now + Span::from_millis(1);
        let event = MarketEvent { instrument: INSTRUMENT, exchange_time: None, data };
        self.broker.before_market(&event, self.now, &self.market);
        self.market.take_in(&event.data);
        self.broker.on_market(&event, self.now, &self.market.book);
    }

    /// Lets the requests arrive that are due by now.
    fn arrive(&mut self) {
        self.broker.before_event(self.now, &self.market);
    }

    fn snapshot(&mut self, bids: &[(i64, i64)], asks: &[(i64, i64)]) {
        let (bids, asks) = (levels(bids), levels(asks));
        self.event(MarketData::BookSnapshot { update_id: 1, bids, asks });
    }

    fn diff(&mut self, bids: &[(i64, i64)], asks: &[(i64, i64)]) {
        let (bids, asks) = (levels(bids), levels(asks));
        self.event(MarketData::BookDiff { first_update_id: 1, last_update_id: 1, bids, asks });
    }

    fn lose_book(&mut self) {
        self.event(MarketData::BookLost(BookLoss::Gap));
    }

    fn seller_takes(&mut self, price: i64, quantity: i64) {
        self.event(MarketData::Trade(trade(price, quantity, Side::Sell)));
    }

    fn buyer_takes(&mut self, price: i64, quantity: i64) {
        self.event(MarketData::Trade(trade(price, quantity, Side::Buy)));
    }

    /// Sends an order that arrives before the next event.
    fn send(
        &mut self,
        side: Side,
        order_type: OrderType,
        quantity: i64,
        limit: Option<i64>,
    ) -> OrderId {
        let draft = Draft::new(side, order_type, quantity);
        self.place(limit.into_iter().fold(draft, Draft::at))
    }

    fn place(&mut self, draft: Draft) -> OrderId {
        self.orders += 1;
        let id = OrderId::new(RUN, self.orders);
        let order = NewOrder { id, created: self.now, ..draft.0 };
        self.broker.submit(&Command::Place(Approved::unchecked(order)), self.now);
        id
    }

    /// An order that has arrived.
    fn arrived(&mut self, draft: Draft) -> OrderId {
        let id = self.place(draft);
        self.arrive();
        id
    }

    fn cancel(&mut self, order: OrderId) {
        self.broker.submit(&Command::Cancel { order, instrument: INSTRUMENT }, self.now);
    }

    /// A limit order that has arrived.
    fn limit(&mut self, side: Side, quantity: i64, limit: i64) -> OrderId {
        let id = self.send(side, OrderType::Limit, quantity, Some(limit));
        self.arrive();
        id
    }

    /// Every report so far that was not read yet.
    fn reports(&mut self) -> Vec<OrderReport> {
        let answers = std::iter::from_fn(|| self.broker.next_answer(Timestamp::MAX));
        answers.filter_map(|(_, answer)| report_of(&answer)).collect()
    }

    fn kinds(&mut self) -> Vec<ReportKind> {
        self.reports().into_iter().map(|report| report.kind).collect()
    }

    fn fills(&mut self) -> Vec<Fill> {
        let fill = |kind| if let ReportKind::Filled(fill) = kind { Some(fill) } else { None };
        self.kinds().into_iter().filter_map(fill).collect()
    }

    /// The fills so far that were not read yet, as (price, quantity).
    fn traded(&mut self) -> Vec<(i64, i64)> {
        self.fills().into_iter().map(|fill| (fill.price.get(), fill.quantity.get())).collect()
    }
}
