//! Tests of execution in bars: a small stage where each bar is a minute.

mod arriving;
mod carried;
mod costs;
mod covered;
mod extremes;
mod ranges;

use domain::{AccountEvent, Bar, NetLots};

use super::{draft::*, *};
use crate::PriceSource;

const MINUTE: Span = Span::from_secs(60);
const OTHER: InstrumentId = InstrumentId::new(1);

fn in_bars() -> PaperConfig {
    PaperConfig { prices: PriceSource::Bars, ..PaperConfig::new(RUN, 7) }
}

/// Two instruments of one kind, ticks of 0.01 and lots of 0.001.
fn two(market: Market) -> Instruments {
    let one = instruments(market).get(INSTRUMENT).spec().clone();
    let other = InstrumentSpec { symbol: "ETHUSDT".into(), base: "ETH".into(), ..one.clone() };
    Instruments::new([one, other]).unwrap()
}

/// No books at all.
struct NoBooks;

impl Books for NoBooks {
    fn book(&self, _id: InstrumentId) -> Option<&OrderBook> {
        None
    }
}

/// A broker that hears of bars alone.
struct BarStage {
    broker: PaperBroker,
    empty: OrderBook,
    /// The end of the last bar.
    now: Timestamp,
    orders: u64,
    reports: Vec<OrderReport>,
    events: Vec<AccountEvent>,
}

impl BarStage {
    fn new(config: &PaperConfig) -> Self {
        Self::in_market(config, Market::LinearPerpetual)
    }

    fn in_market(config: &PaperConfig, market: Market) -> Self {
        Self {
            broker: PaperBroker::new(config, &two(market)).unwrap(),
            empty: OrderBook::with_window(256),
            now: ms(3_600_000),
            orders: 0,
            reports: Vec::new(),
            events: Vec::new(),
        }
    }

    /// Sends an order, decided at the end of the last bar.
    fn send(&mut self, draft: Draft) -> OrderId {
        self.orders += 1;
        let id = OrderId::new(RUN, self.orders);
        let order = NewOrder { id, created: self.now, ..draft.0 };
        self.broker.submit(&Command::Place(Approved::unchecked(order)), self.now);
        id
    }

    fn cancel(&mut self, order: OrderId) {
        self.broker.submit(&Command::Cancel { order, instrument: INSTRUMENT }, self.now);
    }

    /// The next minute: open, high, low, close, volume.
    fn bar(&mut self, prices: [i64; 4], volume: i64) {
        self.bars_of(&[INSTRUMENT], prices, volume);
    }

    /// The next minute of several instruments, all alike, one after the other.
    fn bars_of(&mut self, instruments: &[InstrumentId], prices: [i64; 4], volume: i64) {
        let (start, end) = (self.now, self.now + MINUTE);
        let [open, high, low, close] = prices.map(Ticks::new);
        let volume = Lots::new(volume);
        self.now = end;
        for &instrument in instruments {
            let bar = Bar { start, end, open, high, low, close, volume };
            self.happen(instrument, MarketData::Bar(bar));
        }
    }

    /// A minute in which the price stays where it is.
    fn quiet(&mut self, price: i64) {
        self.bar([price; 4], 1_000);
    }

    /// Something else at the end of the last bar.
    fn event(&mut self, data: MarketData<'static>) {
        self.happen(INSTRUMENT, data);
    }

    fn happen(&mut self, instrument: InstrumentId, data: MarketData<'static>) {
        let event = MarketEvent { instrument, exchange_time: None, data };
        self.broker.before_market(&event, self.now, &NoBooks);
        self.listen();
        self.broker.on_market(&event, self.now, &self.empty);
        self.listen();
    }

    /// Every answer must be due at once.
    fn listen(&mut self) {
        while let Some((due, answer)) = self.broker.next_answer(self.now) {
            assert_eq!(due, self.now);
            match answer {
                Event::Report(report) => self.reports.push(report),
                Event::Account(event) => self.events.push(event),
                other => panic!("an exchange does not answer with {other:?}"),
            }
        }
        assert_eq!(self.broker.earliest_due(), None);
    }

    fn kinds(&mut self) -> Vec<ReportKind> {
        self.reports.drain(..).map(|report| report.kind).collect()
    }

    fn fills(&mut self) -> Vec<Fill> {
        let fill = |kind| if let ReportKind::Filled(fill) = kind { Some(fill) } else { None };
        self.kinds().into_iter().filter_map(fill).collect()
    }

    /// The fills so far that were not read yet, as (price, quantity).
    fn traded(&mut self) -> Vec<(i64, i64)> {
        self.fills().into_iter().map(|fill| (fill.price.get(), fill.quantity.get())).collect()
    }

    /// What happened to one order, fills as their prices.
    fn story(&self, order: OrderId) -> Vec<Result<i64, ReportKind>> {
        let own = self.reports.iter().filter(|report| report.order == order);
        let told = own.map(|report| match report.kind {
            ReportKind::Filled(fill) => Ok(fill.price.get()),
            other => Err(other),
        });
        told.collect()
    }

    fn position(&self) -> i64 {
        self.broker.position(StrategyId::new(0), INSTRUMENT).get()
    }

    /// Holds a position, bought or sold at a price without any cost.
    fn holding(mut self, position: i64, price: i64) -> Self {
        let draft = if position > 0 { buy(position) } else { sell(-position) };
        self.send(draft);
        self.quiet(price);
        assert_eq!(self.broker.position(StrategyId::new(0), INSTRUMENT), NetLots::new(position));
        self.reports.clear();
        self
    }
}
