//! Bars that reach nothing cost the paper broker no memory.

use domain::{Bar, InstrumentId, Lots, MarketData, MarketEvent, RunNumber, Span, Ticks, Timestamp};
use engine::{
    PriceSource,
    paper::{Books, PaperBroker, PaperConfig},
};
use market::OrderBook;

struct NoBooks;

impl Books for NoBooks {
    fn book(&self, _id: InstrumentId) -> Option<&OrderBook> {
        None
    }
}

#[test]
fn ten_thousand_quiet_bars_allocate_nothing() {
    let instruments = testkit::instruments::instruments([testkit::instruments::btc_spot()]);
    let config = PaperConfig { prices: PriceSource::Bars, ..PaperConfig::new(RunNumber::FIRST, 1) };
    let mut broker = PaperBroker::new(&config, &instruments).unwrap();
    let book = OrderBook::with_window(256);
    let mut end = Timestamp::from_millis(1_700_000_000_000);
    let counted = allocation_counter::measure(|| {
        for price in (1_000..11_000).map(Ticks::new) {
            let (start, volume) = (end, Lots::new(9));
            end = start + Span::from_secs(60);
            let (open, high, low, close) = (price, price, price, price);
            let bar = Bar { start, end, open, high, low, close, volume };
            let data = MarketData::Bar(bar);
            let event = MarketEvent { instrument: InstrumentId::new(0), exchange_time: None, data };
            broker.before_market(&event, end, &NoBooks);
            assert!(broker.next_answer(end).is_none());
            broker.on_market(&event, end, &book);
        }
    });
    assert_eq!(counted.count_total, 0);
}
