//! A made-up trading desk: journals with orders, fills and correct accounts, from a seed.

#![allow(dead_code, reason = "each test uses its own part of the desk")]

use std::borrow::Cow;

use domain::{
    AccountEvent, AccountEventKind, Control, Event, Fill, InstrumentId, Instruments, Level,
    Liquidity, Lots, Market, MarketData, MarketEvent, Money, NetLots, NewOrder, OrderId,
    OrderReport, OrderStatus, OrderType, Qty, Record, RecordSink, ReportKind, RunNumber, Side,
    Stamped, StrategyId, Ticks, Timestamp, TradeId,
    instrument::InstrumentSpec,
    record::{
        AccountRecord, MarketSource, OrderChanged, PerformanceRecord, SessionEnded, SessionStarted,
        StrategySnapshot,
    },
};

pub(crate) const STRATEGIES: [&str; 2] = ["imbalance", "mean_reversion"];

/// Numbers that look random and repeat for a seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }

    fn lots(&mut self, limit: u64) -> Lots {
        Lots::new(i64::try_from(self.below(limit)).unwrap() + 1)
    }
}

/// Gives records to a sink, one after the other.
pub(crate) fn record_all(sink: &mut impl RecordSink, records: &[Record<'_>]) {
    for record in records {
        sink.record(record);
    }
}

pub(crate) fn spec(market: Market, symbol: &str, tick: &str, lot: &str) -> InstrumentSpec {
    InstrumentSpec {
        venue: "binance".into(),
        market,
        symbol: symbol.into(),
        base: symbol.trim_end_matches("USDT").into(),
        quote: "USDT".into(),
        tick_size: tick.parse().unwrap(),
        lot_size: lot.parse().unwrap(),
        min_quantity: Qty::ZERO,
        max_quantity: Qty::ZERO,
        min_notional: Money::ZERO,
    }
}

pub(crate) fn instruments() -> Vec<InstrumentSpec> {
    vec![
        spec(Market::Spot, "BTCUSDT", "0.01", "0.00001"),
        spec(Market::LinearPerpetual, "BTCUSDT", "0.10", "0.001"),
        spec(Market::Spot, "PEPEUSDT", "0.00000001", "1"),
    ]
}

#[derive(Clone, Copy, Default)]
struct Held {
    position: i64,
    cost: Money,
    realized: Money,
    fees: Money,
    carry: Money,
}

/// The desk: it trades at random and keeps its books right.
pub(crate) struct Desk {
    dice: Dice,
    session: SessionStarted,
    table: Instruments,
    sequence: u64,
    time: i64,
    orders: u64,
    trades: u64,
    cash: Money,
    held: [[Held; 3]; 2],
    out: Vec<Record<'static>>,
}

impl Desk {
    pub(crate) fn new(seed: u64) -> Self {
        let cash: Money = "100000".parse().unwrap();
        let session = SessionStarted {
            run: RunNumber::FIRST,
            time: Timestamp::from_nanos(1_700_000_000_000_000_000),
            command: "demo".into(),
            source: MarketSource::Simulated,
            seed,
            build: "algopioneer 0.1.0".into(),
            config_sha256: "00".repeat(32),
            config: "mode = \"paper\"\n".into(),
            instruments: instruments(),
            strategies: STRATEGIES.map(String::from).to_vec(),
            continued: false,
            opening_cash: cash,
        };
        Self {
            dice: Dice::new(seed),
            table: Instruments::new(instruments()).unwrap(),
            time: session.time.as_nanos(),
            session,
            sequence: 0,
            orders: 0,
            trades: 0,
            cash,
            held: Default::default(),
            out: Vec::new(),
        }
    }

    /// The first record of this run.
    pub(crate) fn session(&self) -> SessionStarted {
        self.session.clone()
    }

    /// Goes on as another run, with its positions or without.
    pub(crate) fn next_run(&mut self, run: RunNumber, continued: bool) {
        self.time += 1_000_000_000;
        (self.sequence, self.orders, self.trades) = (0, 0, 0);
        if !continued {
            self.held = Default::default();
            self.cash = "100000".parse().unwrap();
        }
        self.session = SessionStarted {
            run,
            continued,
            time: Timestamp::from_nanos(self.time),
            opening_cash: self.cash,
            ..self.session.clone()
        };
    }

    /// Takes over what a store has recovered: cash, and of each account the strategy, the
    /// instrument, the position, and its cost, the profit realised, the fees and the carry.
    pub(crate) fn take_over<'a>(
        &mut self,
        cash: Money,
        accounts: impl IntoIterator<Item = (&'a str, &'a InstrumentSpec, NetLots, [Money; 4])>,
    ) {
        self.held = Default::default();
        self.cash = cash;
        self.session.opening_cash = cash;
        for (strategy, spec, position, [cost, realized, fees, carry]) in accounts {
            let strategy = STRATEGIES.iter().position(|name| *name == strategy).unwrap();
            let instrument = instruments().iter().position(|one| one == spec).unwrap();
            let position = position.get();
            self.held[strategy][instrument] = Held { position, cost, realized, fees, carry };
        }
    }

    /// What happens in `steps` steps, without beginning and end.
    pub(crate) fn trade(&mut self, steps: usize) -> Vec<Record<'static>> {
        for _ in 0..steps {
            match self.dice.below(10) {
                0..=4 => self.market(),
                5 => self.account_event(),
                6 => self.input(Event::Clock),
                7..=8 => self.order(),
                _ => self.snapshot(),
            }
        }
        std::mem::take(&mut self.out)
    }

    /// One filled order, step by step.
    pub(crate) fn one_order(&mut self) -> Vec<Record<'static>> {
        self.order();
        std::mem::take(&mut self.out)
    }

    /// The last record of this run.
    pub(crate) fn end(&self) -> Record<'static> {
        Record::SessionEnded(SessionEnded {
            time: Timestamp::from_nanos(self.time),
            commands_sha256: "ab".repeat(32),
            inputs: self.sequence,
            orders: self.orders,
            fills: self.trades,
        })
    }

    pub(crate) fn control(&mut self, control: Control) -> Vec<Record<'static>> {
        self.input(Event::Control(control));
        std::mem::take(&mut self.out)
    }

    pub(crate) fn orders(&self) -> u64 {
        self.orders
    }

    pub(crate) fn fills(&self) -> u64 {
        self.trades
    }

    fn input(&mut self, event: Event<'static>) {
        self.sequence += 1;
        self.time += 1_000;
        let time = Timestamp::from_nanos(self.time);
        self.out.push(Record::Input(Stamped { sequence: self.sequence, time, event }));
    }

    fn market(&mut self) {
        let count = self.dice.below(20);
        let levels: Vec<Level> = (0..count)
            .map(|_| Level::new(6_000_000 + self.dice.lots(9_999).get(), self.dice.lots(500).get()))
            .collect();
        let data = MarketData::BookDiff {
            first_update_id: self.sequence,
            last_update_id: self.sequence + 3,
            bids: Cow::Owned(levels.clone()),
            asks: Cow::Owned(levels),
        };
        let exchange_time = Some(Timestamp::from_nanos(self.time - 7));
        self.input(Event::Market(MarketEvent {
            instrument: InstrumentId::new(0),
            exchange_time,
            data,
        }));
    }

    fn order(&mut self) {
        self.input(Event::Clock);
        self.orders += 1;
        let order = NewOrder {
            id: OrderId::new(self.session.run, self.orders),
            strategy: StrategyId::new(u16::try_from(self.dice.below(2)).unwrap()),
            instrument: InstrumentId::new(u16::try_from(self.dice.below(3)).unwrap()),
            side: if self.dice.below(2) == 0 { Side::Buy } else { Side::Sell },
            order_type: OrderType::Limit,
            quantity: self.dice.lots(50),
            limit: Some(Ticks::new(1_000)),
            trigger: None,
            effect: domain::PositionEffect::Any,
            created: Timestamp::from_nanos(self.time),
        };
        self.out.push(Record::Placed(order));
        let fills = self.dice.below(4);
        let mut filled = 0;
        for _ in 0..fills {
            let left = order.quantity.get() - filled;
            if left == 0 {
                break;
            }
            let quantity = self.dice.lots(left.unsigned_abs());
            filled += quantity.get();
            self.fill(&order, quantity, Lots::new(filled));
        }
        if filled < order.quantity.get() && self.dice.below(4) > 0 {
            self.report(&order, ReportKind::Cancelled);
            self.change(&order, OrderStatus::Cancelled, Lots::new(filled));
        }
    }

    fn report(&mut self, order: &NewOrder, kind: ReportKind) {
        let (order, instrument) = (order.id, order.instrument);
        let time = Timestamp::from_nanos(self.time);
        self.input(Event::Report(OrderReport { order, instrument, time, kind }));
    }

    fn change(&mut self, order: &NewOrder, status: OrderStatus, filled: Lots) {
        let time = Timestamp::from_nanos(self.time);
        self.out.push(Record::OrderChanged(OrderChanged { order: order.id, status, filled, time }));
    }

    fn fill(&mut self, order: &NewOrder, quantity: Lots, filled: Lots) {
        self.trades += 1;
        let fill = Fill {
            trade: TradeId::new(self.session.run, self.trades),
            order: order.id,
            instrument: order.instrument,
            side: order.side,
            price: Ticks::new(900 + self.dice.lots(200).get()),
            quantity,
            fee: Money::from_atto(i128::from(self.dice.below(1_000_000)) * 10_000_000_000),
            liquidity: Liquidity::Taker,
            time: Timestamp::from_nanos(self.time),
        };
        self.report(order, ReportKind::Filled(fill));
        let done = filled == order.quantity;
        let status = if done { OrderStatus::Filled } else { OrderStatus::PartlyFilled };
        self.change(order, status, filled);
        self.book(order.strategy, &fill);
    }

    /// Something that the venue does by itself: money, a split of two for one of what is held,
    /// or a forced execution.
    fn account_event(&mut self) {
        let strategy = StrategyId::new(u16::try_from(self.dice.below(2)).unwrap());
        let instrument = InstrumentId::new(u16::try_from(self.dice.below(3)).unwrap());
        let time = Timestamp::from_nanos(self.time);
        let amount = Money::from_atto(i128::from(self.dice.below(1_000_000)) - 500_000);
        let held = self.held[strategy.index()][instrument.index()];
        let event = |kind| AccountEvent { strategy, instrument, time, amount, kind };
        match self.dice.below(6) {
            0 => self.paid(event(AccountEventKind::Funding)),
            1 => self.paid(event(AccountEventKind::Borrow)),
            2 => self.paid(event(AccountEventKind::Dividend)),
            3 if held.position != 0 => {
                let position = NetLots::new(2 * held.position);
                self.paid(event(AccountEventKind::Split { position }));
                self.split(instrument, "2");
            }
            4 if held.position != 0 => self.merged(&event(AccountEventKind::Funding)),
            _ => self.liquidation(strategy, instrument),
        }
    }

    /// A merger of so many units that nothing is left of a position.
    fn merged(&mut self, event: &AccountEvent) {
        let kind = AccountEventKind::Split { position: NetLots::ZERO };
        self.paid(AccountEvent { kind, ..*event });
        self.split(event.instrument, "0.00000000001");
    }

    fn split(&mut self, instrument: InstrumentId, ratio: &str) {
        let ratio = domain::Rate::new(ratio.parse().unwrap());
        let data = MarketData::Split(domain::event::Split { ratio });
        self.input(Event::Market(MarketEvent { instrument, exchange_time: None, data }));
    }

    fn paid(&mut self, event: AccountEvent) {
        self.input(Event::Account(event));
        let held = &mut self.held[event.strategy.index()][event.instrument.index()];
        held.carry += event.amount;
        self.cash += event.amount;
        if let AccountEventKind::Split { position } = event.kind {
            held.position = position.get();
            if held.position == 0 {
                held.realized -= std::mem::take(&mut held.cost);
            }
        }
        self.write_account(event.strategy, event.instrument, event.time);
    }

    fn liquidation(&mut self, strategy: StrategyId, instrument: InstrumentId) {
        self.trades += 1;
        let time = Timestamp::from_nanos(self.time);
        let fill = Fill {
            trade: TradeId::new(self.session.run, self.trades),
            order: OrderId::new(self.session.run, 9_000_000 + self.trades),
            instrument,
            side: if self.dice.below(2) == 0 { Side::Buy } else { Side::Sell },
            price: Ticks::new(900 + self.dice.lots(200).get()),
            quantity: self.dice.lots(40),
            fee: Money::from_atto(70_000),
            liquidity: Liquidity::Taker,
            time,
        };
        let kind = AccountEventKind::Liquidation { fill };
        let amount = Money::ZERO;
        self.input(Event::Account(AccountEvent { strategy, instrument, time, amount, kind }));
        self.book(strategy, &fill);
    }

    fn book(&mut self, strategy: StrategyId, fill: &Fill) {
        let instrument = self.table.get(fill.instrument);
        let (owner, place) = (strategy.index(), fill.instrument.index());
        let mut held = self.held[owner][place];
        let traded = fill.quantity.signed(fill.side).get();
        let value = |lots| instrument.signed_notional(fill.price, NetLots::new(lots)).unwrap();
        let closed = if held.position.signum() == -traded.signum() {
            traded.signum() * traded.abs().min(held.position.abs())
        } else {
            0
        };
        if closed != 0 {
            let released = held.cost.share_toward_zero(-closed, held.position).unwrap();
            held.realized = held.realized - value(closed) - released;
            held.cost -= released;
        }
        held.cost += value(traded - closed);
        held.position += traded;
        held.fees += fill.fee;
        self.cash = self.cash - value(traded) - fill.fee;
        self.held[owner][place] = held;
        self.write_account(strategy, fill.instrument, fill.time);
    }

    fn write_account(&mut self, strategy: StrategyId, instrument: InstrumentId, time: Timestamp) {
        let held = self.held[strategy.index()][instrument.index()];
        self.out.push(Record::Account(AccountRecord {
            time,
            strategy,
            instrument,
            position: NetLots::new(held.position),
            cost_basis: held.cost,
            realized_pnl: held.realized,
            fees: held.fees,
            carry: held.carry,
            cash: self.cash,
        }));
    }

    fn snapshot(&mut self) {
        self.input(Event::Clock);
        let swing = Money::from_atto(i128::from(self.dice.below(1_000)) * Money::ATTO_PER_UNIT);
        self.out.push(Record::StrategySnapshot(StrategySnapshot {
            time: Timestamp::from_nanos(self.time),
            strategy: StrategyId::new(0),
            signals: self.sequence,
            suppressed: 2,
            orders: self.orders,
            fills: self.trades,
            realized_pnl: swing,
            unrealized_pnl: Money::ZERO - swing,
            fees: Money::ZERO,
            carry: Money::ZERO,
            equity: self.cash + swing,
            max_drawdown: swing,
            wins: self.trades / 2,
            losses: self.trades / 3,
        }));
        let (wins, count) = (self.trades / 2, self.trades / 2 + self.trades / 3);
        let over = |sum: f64| (count > 0).then(|| sum / real(count));
        self.out.push(Record::Performance(Box::new(PerformanceRecord {
            time: Timestamp::from_nanos(self.time),
            realized_pnl: swing,
            unrealized_pnl: Money::ZERO - swing,
            total_return: Some(real(self.sequence) / 1e6),
            max_drawdown: 0.125,
            max_drawdown_amount: swing,
            max_drawdown_seconds: 1.5,
            win_rate: over(real(wins)),
            expectancy: over(swing.to_f64()),
            num_trades: count,
            exposure: Some(0.5),
            ..PerformanceRecord::default()
        })));
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a test")]
fn real(count: u64) -> f64 {
    count as f64
}
