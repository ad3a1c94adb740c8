//! Every record survives the way to bytes and back, through the whole journal.

use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

use domain::{
    Control, Event, Fill, InstrumentId, Level, Liquidity, Lots, MarketData, MarketEvent, Money,
    NetLots, NewOrder, OrderId, OrderReport, OrderStatus, OrderType, Rate, Record, RecordSink as _,
    Refusal, ReportKind, RunNumber, Side, Stamped, StrategyId, Ticks, Timestamp, TradeId,
    event::{
        AccountEvent, AccountEventKind, Bar, BookLoss, Dividend, FundingSettlement, MarkPrice,
        Quote, Split, Trade,
    },
    record::{
        AccountRecord, MarketSource, OrderChanged, PerformanceRecord, SessionEnded, SessionStarted,
        StrategySnapshot,
    },
};
use proptest::{prelude::*, sample::select};

use super::{Bench, recover};
use crate::{
    Fact, JournalError, RecordKind,
    journal::{Durability, Reader, decode, disk::Disk, encode, fault_disk::FaultDisk},
    support::{Dice, instruments},
};

fn number(dice: &mut Dice) -> u64 {
    let bits = dice.below(53);
    dice.below(1 << bits)
}

fn signed(dice: &mut Dice) -> i64 {
    let size = number(dice).cast_signed();
    if dice.below(2) == 0 { size } else { -size }
}

fn one_of<T: Copy>(dice: &mut Dice, choice: &[T]) -> T {
    choice[usize::try_from(dice.below(choice.len() as u64)).unwrap()]
}

fn time(dice: &mut Dice) -> Timestamp {
    Timestamp::from_nanos(signed(dice))
}

fn money(dice: &mut Dice) -> Money {
    Money::from_atto(i128::from(signed(dice)) * i128::from(signed(dice)))
}

fn levels(dice: &mut Dice) -> Cow<'static, [Level]> {
    (0..dice.below(30)).map(|_| Level::new(signed(dice), signed(dice))).collect()
}

fn trade(dice: &mut Dice) -> Trade {
    Trade {
        id: number(dice),
        price: Ticks::new(signed(dice)),
        quantity: Lots::new(signed(dice)),
        aggressor: one_of(dice, &[Side::Buy, Side::Sell]),
    }
}

fn market_data(dice: &mut Dice) -> MarketData<'static> {
    match dice.below(13) {
        0 => MarketData::BookSnapshot {
            update_id: number(dice),
            bids: levels(dice),
            asks: levels(dice),
        },
        1 => MarketData::BookDiff {
            first_update_id: number(dice),
            last_update_id: number(dice),
            bids: levels(dice),
            asks: levels(dice),
        },
        2 => MarketData::BookLost(one_of(dice, &[BookLoss::Gap, BookLoss::Crossed])),
        3 => MarketData::Quote(Quote {
            update_id: number(dice),
            bid: Level::new(signed(dice), signed(dice)),
            ask: Level::new(signed(dice), signed(dice)),
        }),
        4 => MarketData::Trade(trade(dice)),
        5 => MarketData::AggregateTrade(trade(dice)),
        6 => MarketData::Mark(MarkPrice {
            mark: "61793.40123456".parse().unwrap(),
            index: one_of(dice, &[None, Some("0.00000823".parse().unwrap())]),
            funding_rate: one_of(dice, &[None, Some(Rate::default())]),
            next_funding: one_of(dice, &[None, Some(Timestamp::from_millis(5))]),
        }),
        7 => MarketData::FeedSilent,
        8 => MarketData::Bar(Bar {
            start: time(dice),
            end: time(dice),
            open: Ticks::new(signed(dice)),
            high: Ticks::new(signed(dice)),
            low: Ticks::new(signed(dice)),
            close: Ticks::new(signed(dice)),
            volume: Lots::new(signed(dice)),
        }),
        9 => MarketData::Funding(FundingSettlement {
            rate: Rate::default(),
            price: one_of(dice, &[None, Some("61793.40123456".parse().unwrap())]),
        }),
        10 => MarketData::Split(Split { ratio: Rate::default() }),
        11 => MarketData::Dividend(Dividend { per_unit: money(dice) }),
        _ => MarketData::FeedLive,
    }
}

fn order_id(dice: &mut Dice) -> OrderId {
    OrderId::new(RunNumber::new(3), number(dice))
}

fn instrument(dice: &mut Dice) -> InstrumentId {
    InstrumentId::new(u16::try_from(dice.below(70_000).min(65_535)).unwrap())
}

fn fill(dice: &mut Dice) -> Fill {
    Fill {
        trade: TradeId::from_raw(number(dice)),
        order: order_id(dice),
        instrument: instrument(dice),
        side: one_of(dice, &[Side::Buy, Side::Sell]),
        price: Ticks::new(signed(dice)),
        quantity: Lots::new(signed(dice)),
        fee: money(dice),
        liquidity: one_of(dice, &[Liquidity::Maker, Liquidity::Taker]),
        time: time(dice),
    }
}

fn report_kind(dice: &mut Dice) -> ReportKind {
    match dice.below(6) {
        0 => ReportKind::Accepted,
        1 => ReportKind::Rejected(Refusal::WouldTake),
        2 => ReportKind::Cancelled,
        3 => ReportKind::Expired(Refusal::RemainderCancelled),
        4 => ReportKind::CancelRejected(Refusal::UnknownOrder),
        _ => ReportKind::Filled(fill(dice)),
    }
}

fn event(dice: &mut Dice) -> Event<'static> {
    match dice.below(8) {
        6..=7 => Event::Account(account_event(dice)),
        0 => Event::Clock,
        1 => Event::Control(one_of(dice, &[Control::Kill, Control::Resume, Control::WindDown])),
        2..=3 => Event::Report(OrderReport {
            order: order_id(dice),
            instrument: instrument(dice),
            time: time(dice),
            kind: report_kind(dice),
        }),
        _ => Event::Market(MarketEvent {
            instrument: instrument(dice),
            exchange_time: one_of(dice, &[None, Some(Timestamp::EPOCH)]),
            data: market_data(dice),
        }),
    }
}

fn account_event(dice: &mut Dice) -> AccountEvent {
    let kinds = [
        AccountEventKind::Funding,
        AccountEventKind::Borrow,
        AccountEventKind::Dividend,
        AccountEventKind::Split { position: NetLots::new(signed(dice)) },
        AccountEventKind::Liquidation { fill: fill(dice) },
    ];
    AccountEvent {
        strategy: StrategyId::new(3),
        instrument: instrument(dice),
        time: time(dice),
        amount: money(dice),
        kind: one_of(dice, &kinds),
    }
}

fn session_started(dice: &mut Dice) -> SessionStarted {
    SessionStarted {
        run: RunNumber::new(u32::try_from(dice.below(1 << 24)).unwrap()),
        time: time(dice),
        command: "replay".into(),
        source: one_of(dice, &[MarketSource::Recorded, MarketSource::Live]),
        seed: number(dice),
        build: "algopioneer ✓".into(),
        config_sha256: String::new(),
        config: "[a]\nb = 1\n".repeat(usize::try_from(dice.below(500)).unwrap()),
        instruments: instruments(),
        strategies: vec!["imbalance".into(), String::new()],
        continued: dice.below(2) == 0,
        opening_cash: money(dice),
    }
}

fn account(dice: &mut Dice) -> AccountRecord {
    AccountRecord {
        time: time(dice),
        strategy: StrategyId::new(7),
        instrument: instrument(dice),
        position: NetLots::new(signed(dice)),
        cost_basis: money(dice),
        realized_pnl: money(dice),
        fees: money(dice),
        carry: money(dice),
        cash: money(dice),
    }
}

fn strategy_snapshot(dice: &mut Dice) -> StrategySnapshot {
    StrategySnapshot {
        time: time(dice),
        strategy: StrategyId::new(u16::MAX),
        signals: number(dice),
        suppressed: number(dice),
        orders: number(dice),
        fills: number(dice),
        realized_pnl: money(dice),
        unrealized_pnl: money(dice),
        fees: money(dice),
        carry: money(dice),
        equity: money(dice),
        max_drawdown: money(dice),
        wins: number(dice),
        losses: number(dice),
    }
}

#[expect(clippy::cast_precision_loss, reason = "any float will do")]
fn performance(dice: &mut Dice) -> PerformanceRecord {
    let mut figure = || one_of(dice, &[None, Some(-0.0), Some(f64::MIN_POSITIVE), Some(-1.5e300)]);
    let (total_return, sharpe_ratio, ulcer_index) = (figure(), figure(), figure());
    PerformanceRecord {
        time: time(dice),
        realized_pnl: money(dice),
        unrealized_pnl: money(dice),
        fees: money(dice),
        carry: money(dice),
        total_return,
        sharpe_ratio,
        ulcer_index,
        max_drawdown: number(dice) as f64,
        max_drawdown_amount: money(dice),
        num_trades: number(dice),
        ..PerformanceRecord::default()
    }
}

fn record(seed: u64) -> Record<'static> {
    let dice = &mut Dice::new(seed);
    match dice.below(13) {
        0 => Record::SessionStarted(Box::new(session_started(dice))),
        1 => Record::Placed(NewOrder {
            id: order_id(dice),
            strategy: StrategyId::new(0),
            instrument: instrument(dice),
            side: one_of(dice, &[Side::Buy, Side::Sell]),
            order_type: one_of(dice, &[OrderType::Market, OrderType::FillOrKill]),
            quantity: Lots::new(signed(dice)),
            limit: one_of(dice, &[None, Some(Ticks::new(i64::MIN))]),
            trigger: one_of(dice, &[None, Some(Ticks::new(i64::MAX))]),
            effect: one_of(
                dice,
                &[domain::PositionEffect::Any, domain::PositionEffect::ReduceOnly],
            ),
            created: time(dice),
        }),
        2 => Record::CancelRequested { order: order_id(dice), time: time(dice) },
        3 => Record::OrderChanged(OrderChanged {
            order: order_id(dice),
            status: one_of(dice, &[OrderStatus::Created, OrderStatus::Unknown]),
            filled: Lots::new(signed(dice)),
            time: time(dice),
        }),
        4 => Record::Account(account(dice)),
        5 => Record::StrategySnapshot(strategy_snapshot(dice)),
        6 => Record::SessionEnded(SessionEnded {
            time: time(dice),
            commands_sha256: "cd".repeat(32),
            inputs: number(dice),
            orders: number(dice),
            fills: number(dice),
        }),
        7 => Record::Performance(Box::new(performance(dice))),
        _ => {
            Record::Input(Stamped { sequence: number(dice), time: time(dice), event: event(dice) })
        }
    }
}

#[test]
fn the_generator_makes_every_kind_of_record() {
    let kinds: BTreeSet<_> = (0..2_000).map(|seed| RecordKind::of(&record(seed))).collect();
    assert!(kinds.iter().eq(RecordKind::ALL));
    for kind in kinds {
        assert_eq!(RecordKind::from_byte(kind as u8), Some(kind));
    }
}

#[test]
fn a_kind_is_a_fact_exactly_when_its_records_are() {
    for seed in 0..2_000 {
        let record = record(seed);
        let kind = RecordKind::of(&record);
        assert_eq!(kind.is_fact(), Fact::of(record).is_some(), "{kind:?}");
    }
}

#[test]
fn records_come_back_from_the_journal_as_they_went_in() {
    let mut bench = Bench::open(&FaultDisk::default(), Durability::Buffered);
    let records: Vec<_> = (0..600).map(record).collect();
    bench.write(&records, 50, |_| {});
    let disk: Arc<dyn Disk> = Arc::new(bench.disk.clone());
    let mut reader = Reader::new(disk);
    for expected in &records {
        let entry = reader.next().unwrap().unwrap();
        assert_eq!(entry.record().unwrap(), *expected);
    }
    assert!(reader.next().unwrap().is_none());
    assert_eq!(reader.torn(), None);
}

#[test]
fn a_record_larger_than_every_limit_stops_the_journal() {
    let mut bench = Bench::open(&FaultDisk::default(), Durability::Buffered);
    let mut session = session_started(&mut Dice::new(1));
    session.config = "x".repeat(1 << 20);
    bench.hot.record(&Record::SessionStarted(Box::new(session)));
    assert!(matches!(bench.hot.failed(), Some(JournalError::RecordTooLarge { .. })));
}

#[test]
fn a_book_of_five_thousand_levels_a_side_fits() {
    let levels: Vec<_> =
        (0..5_000).map(|place| Level::new(i64::MAX - place, i64::MAX - place)).collect();
    let data = MarketData::BookSnapshot {
        update_id: 1,
        bids: Cow::Borrowed(&levels),
        asks: Cow::Borrowed(&levels),
    };
    let event =
        Event::Market(MarketEvent { instrument: InstrumentId::new(0), exchange_time: None, data });
    let book = Record::Input(Stamped { sequence: 1, time: Timestamp::EPOCH, event });
    let disk = FaultDisk::default();
    let mut bench = Bench::open(&disk, Durability::Buffered);
    // The ring of 64 KiB is smaller than the record, so it needs a writer at work.
    let writer = std::thread::spawn(move || bench.writer.run());
    bench.hot.record(&book);
    bench.hot.barrier().unwrap();
    drop(bench.hot);
    writer.join().unwrap();
    assert_eq!(recover(&disk).unwrap().end.sequence, 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn decoding_inverts_encoding(seed in any::<u64>()) {
        let record = record(seed);
        let mut scratch = vec![0; 1 << 16];
        let length = encode(&record, &mut scratch).unwrap();
        let kind = RecordKind::of(&record);
        prop_assert_eq!(decode(kind, &scratch[..length]), Some(record));
        prop_assert_eq!(decode(kind, &scratch[..=length]), None);
    }

    #[test]
    fn random_payloads_are_refused_without_a_panic(
        kind in select(RecordKind::ALL), payload in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        if let Some(record) = decode(kind, &payload) {
            prop_assert_eq!(RecordKind::of(&record), kind);
        }
    }
}
