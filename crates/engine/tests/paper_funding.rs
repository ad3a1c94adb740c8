//! A published back-test of collecting funding, reproduced by the paper broker from its raw data.
//!
//! On 2023-01-01 it buys spot and sells the perpetual in twelve pairs at three venues, and holds for
//! 18 months; each funding payment was published. Two of its habits are followed here: contracts
//! margined in the coin count as if they were margined in the quote currency, and each fee is charged
//! on the amount set aside for a trade, while what is bought with the rest earns the funding.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail")]

mod paper_gate;

use std::collections::BTreeMap;

use domain::{
    AccountEventKind, Bar, Bps, Event, Fill, InstrumentId, Instruments, Lots, Market, MarketData,
    MarketEvent, Money, NewOrder, OrderId, OrderType, PositionEffect, Price, Qty, Rate, ReportKind,
    RunNumber, Side, Span, StrategyId, Timestamp, event::FundingSettlement,
};
use engine::{
    Command, PriceSource,
    paper::{Books, InstrumentFee, PaperBroker, PaperConfig},
};
use market::OrderBook;
use rust_decimal::Decimal;

use paper_gate::OpenGate;

const EIGHT_HOURS: Span = Span::from_secs(8 * 3_600);
const COLLECTOR: StrategyId = StrategyId::new(0);

/// A row of a table by the names of its columns.
type Row = BTreeMap<String, String>;

/// Venue and pair.
type Key = (String, String);

fn table(name: &str) -> Option<Vec<Row>> {
    let path = testkit::recorded(format!("funding/{name}"))?;
    #[expect(clippy::disallowed_methods, reason = "a test reads recorded data")]
    let packed = std::fs::read(path).unwrap();
    let text = String::from_utf8(zstd::decode_all(&packed[..]).unwrap()).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned));
    let header: Vec<String> = lines.next().unwrap().collect();
    Some(lines.map(|line| header.iter().cloned().zip(line).collect()).collect())
}

/// London's clock to UTC. Everything happens at 0, 8 and 16 o'clock UTC, so a clock that shows one
/// hour more is that of the summer.
fn utc(row: &Row) -> Timestamp {
    let number = |range: std::ops::Range<usize>| row["time"][range].parse::<i64>().unwrap();
    let (year, month, day, hour) = (number(0..4), number(5..7), number(8..10), number(11..13));
    assert!(row["time"].ends_with(":00:00"));
    // Days since 1970 of the civil calendar, with years that begin in March.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days =
        year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 719_469;
    let summer = i64::from(hour % 8 == 1);
    let hours = days * 24 + hour - summer;
    assert_eq!(hours % 8, 0, "{row:?}");
    Timestamp::from_millis(hours * 3_600_000)
}

fn decimal(row: &Row, column: &str) -> Decimal {
    let text = &row[column];
    text.parse().or_else(|_| Decimal::from_scientific(text)).unwrap()
}

fn key(row: &Row) -> Key {
    (row["exchange"].clone(), row["pair"].clone())
}

struct NoBooks;

impl Books for NoBooks {
    fn book(&self, _id: InstrumentId) -> Option<&OrderBook> {
        None
    }
}

/// The published data.
struct Published {
    bars: Vec<Row>,
    trades: Vec<Row>,
    keys: Vec<Key>,
    instruments: Instruments,
}

impl Published {
    fn load() -> Option<Self> {
        let bars = table("spot_perp_8h_3venues_2023-2024.csv.zst")?;
        let trades = table("hold-and-collect/trades_log.csv.zst")?;
        let contracts: BTreeMap<Key, bool> =
            bars.iter().map(|row| (key(row), row["contract"] == "spot")).collect();
        let specs = contracts.iter().map(|((venue, pair), is_spot)| {
            let market = if *is_spot { Market::Spot } else { Market::LinearPerpetual };
            let pair = if *is_spot { pair.clone() } else { pair.replace("USDT", "/USDT") };
            let pair = pair.replace("USDCM", "/USDCM");
            // Quantities were published with all the digits of a float.
            let spec = testkit::instruments::spec(market, &pair, "0.01", "0.000000000000001");
            domain::instrument::InstrumentSpec { venue: venue.clone(), ..spec }
        });
        let instruments = Instruments::new(specs).unwrap();
        let keys = contracts.into_keys().collect();
        Some(Self { bars, trades, keys, instruments })
    }

    fn id(&self, key: &Key) -> InstrumentId {
        let place = self.keys.iter().position(|one| one == key).unwrap();
        InstrumentId::new(u16::try_from(place).unwrap())
    }

    /// The rates that the trades were charged.
    fn fees(&self) -> Vec<InstrumentFee> {
        let fee = |row: &Row| {
            let instrument = self.id(&key(row));
            let rate = Bps::new(decimal(row, "transaction_cost_pct") * Decimal::from(10_000));
            InstrumentFee { instrument, maker: rate, taker: rate }
        };
        self.trades.iter().map(fee).collect()
    }
}

/// The broker, and what it answered.
struct Run<'a> {
    published: &'a Published,
    broker: PaperBroker,
    empty: OrderBook,
    fills: Vec<Fill>,
    payments: BTreeMap<(Timestamp, InstrumentId), Money>,
}

impl<'a> Run<'a> {
    fn new(published: &'a Published) -> Self {
        let config = PaperConfig {
            prices: PriceSource::Bars,
            instrument_fees: published.fees(),
            ..PaperConfig::new(RunNumber::FIRST, 1)
        };
        Self {
            published,
            broker: PaperBroker::new(&config, &published.instruments).unwrap(),
            empty: OrderBook::with_window(256),
            fills: Vec::new(),
            payments: BTreeMap::new(),
        }
    }

    /// Sends the 24 opening orders of these sizes.
    fn open(&mut self, size: impl Fn(&Row) -> Decimal, now: Timestamp) {
        let mut gate = OpenGate::new(&self.published.instruments, "9000");
        for (number, row) in (1..).zip(&self.published.trades) {
            let instrument = self.published.id(&key(row));
            let scale = self.published.instruments.get(instrument);
            let order = NewOrder {
                id: OrderId::new(RunNumber::FIRST, number),
                strategy: COLLECTOR,
                instrument,
                side: if row["position_type"] == "long" { Side::Buy } else { Side::Sell },
                order_type: OrderType::Market,
                quantity: scale.lots_floor(Qty::new(size(row)).unwrap()).unwrap(),
                limit: None,
                trigger: None,
                effect: PositionEffect::Any,
                created: now,
            };
            let price = scale.ticks(Price::new(decimal(row, "open_price")).unwrap()).unwrap();
            let command: Command = gate.command(order, now, price);
            self.broker.submit(&command, now);
        }
    }

    fn happen(&mut self, instrument: InstrumentId, data: MarketData<'static>, now: Timestamp) {
        let event = MarketEvent { instrument, exchange_time: None, data };
        self.broker.before_market(&event, now, &NoBooks);
        while let Some((_, answer)) = self.broker.next_answer(now) {
            match answer {
                Event::Report(report) => {
                    let ReportKind::Filled(fill) = report.kind else { panic!("{report:?}") };
                    self.fills.push(fill);
                }
                Event::Account(event) => {
                    assert_eq!(event.kind, AccountEventKind::Funding);
                    let earlier =
                        self.payments.insert((event.time, event.instrument), event.amount);
                    assert_eq!(earlier, None, "one payment a settlement");
                }
                other => panic!("{other:?}"),
            }
        }
        self.broker.on_market(&event, now, &self.empty);
    }

    /// Settlement and bar of one row: funding is settled at its opening time.
    fn settle(&mut self, row: &Row) {
        let price = Price::new(decimal(row, "open")).unwrap();
        let funding =
            FundingSettlement { rate: Rate::new(decimal(row, "funding rate")), price: Some(price) };
        self.happen(self.published.id(&key(row)), MarketData::Funding(funding), utc(row));
    }

    fn bar(&mut self, row: &Row) {
        let id = self.published.id(&key(row));
        let instrument = self.published.instruments.get(id);
        let price = |column| instrument.ticks(Price::new(decimal(row, column)).unwrap()).unwrap();
        let volume = Qty::new(decimal(row, "volume")).unwrap();
        let (start, end) = (utc(row), utc(row) + EIGHT_HOURS);
        let bar = Bar {
            start,
            end,
            open: price("open"),
            high: price("high"),
            low: price("low"),
            close: price("close"),
            // Lots this small do not count as far as the larger volumes go.
            volume: instrument.lots_floor(volume).unwrap_or(Lots::new(i64::MAX)),
        };
        self.happen(id, MarketData::Bar(bar), end);
    }
}

fn by_time(rows: &[Row]) -> BTreeMap<Timestamp, Vec<&Row>> {
    let mut times: BTreeMap<Timestamp, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        times.entry(utc(row)).or_default().push(row);
    }
    times
}

#[test]
fn the_clock_of_london_becomes_utc_without_a_hole() {
    let Some(published) = Published::load() else { return };
    let times: Vec<Timestamp> = by_time(&published.bars).into_keys().collect();
    assert_eq!(times.len(), 1_642);
    assert!(times.windows(2).all(|pair| pair[1].since(pair[0]) == EIGHT_HOURS));
    assert_eq!(times[0].as_millis(), 1_672_531_200_000, "the first of January 2023");
}

#[test]
fn the_24_opening_fees_are_the_published_ones() {
    let Some(published) = Published::load() else { return };
    let mut run = Run::new(&published);
    let times = by_time(&published.bars);
    let (start, first) = times.first_key_value().unwrap();
    run.open(|row| decimal(row, "position_size") / decimal(row, "open_price"), *start);
    for row in first {
        run.bar(row);
    }
    assert_eq!(run.fills.len(), 24);
    for fill in &run.fills {
        let row = &published.trades[usize::try_from(fill.order.counter()).unwrap() - 1];
        // Published as floats: 494.50500000000005 is 494.505.
        let fee = decimal(row, "open_transaction_cost").round_dp(8);
        assert_eq!(fill.fee, Money::from_decimal(fee).unwrap(), "{row:?}");
        let price = published.instruments.get(fill.instrument).price(fill.price);
        assert_eq!(price, decimal(row, "open_price"), "executed at the open");
    }
}

#[test]
fn all_19_692_funding_payments_are_the_published_ones() {
    let Some(published) = Published::load() else { return };
    let log = table("hold-and-collect/funding_log.csv.zst").unwrap();
    let mut run = Run::new(&published);
    let times = by_time(&published.bars);
    run.open(|row| decimal(row, "quantity"), *times.first_key_value().unwrap().0);
    for rows in times.values() {
        for row in rows.iter().filter(|row| row["contract"] != "spot") {
            run.settle(row);
        }
        for row in rows {
            run.bar(row);
        }
    }
    assert_eq!((log.len(), run.payments.len()), (19_692, 19_692));
    for row in &log {
        let paid = run.payments[&(utc(row), published.id(&key(row)))];
        let expected = decimal(row, "funding payment");
        let paid = Decimal::from_i128_with_scale(paid.atto(), 18);
        let distance = (paid - expected).abs();
        let allowed = expected.abs() * Decimal::new(1, 12);
        assert!(distance <= allowed, "{paid} instead of {expected}: {row:?}");
    }
    assert_eq!(run.broker.problems(), []);
    let spent: Money = run
        .fills
        .iter()
        .map(|fill| {
            let traded = fill.quantity.signed(fill.side);
            let instrument = published.instruments.get(fill.instrument);
            instrument.signed_notional(fill.price, traded).unwrap() + fill.fee
        })
        .sum();
    let received: Money = run.payments.values().copied().sum();
    assert_eq!(run.broker.cash(), received - spent);
}
