//! The walk through the journal that redoes the books.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

use domain::{
    AccountEvent, AccountEventKind, Event, Fill, InstrumentId, MarketData, Money, NewOrder,
    OrderId, OrderStatus, Rate, Record, ReportKind, Stamped, StrategyId, TradeId,
    instrument::InstrumentSpec,
    record::{AccountRecord, OrderChanged, SessionEnded, SessionStarted},
};

use super::{
    database::Tables,
    exact::{self, Exact, Execution, Holding, shown, whole},
    report::{AuditReport, Difference, SessionAudit},
};
use crate::{Entry, StorageError, TornTail};

/// Whose position in what: strategy, symbol, market, venue.
pub(super) type AccountKey = (String, String, String, String);

/// An order as the journal tells its story.
#[derive(Clone, Debug)]
pub(super) struct AuditedOrder {
    pub(super) strategy: String,
    pub(super) quantity: Exact,
    pub(super) filled: Exact,
    pub(super) notional: Exact,
    pub(super) status: OrderStatus,
    /// One lot, as it was when the order was placed.
    lot: Exact,
    side: domain::Side,
}

/// The books as redone so far.
#[derive(Default)]
pub(super) struct Examiner {
    report: AuditReport,
    tables: Option<Tables>,
    sequence: u64,
    /// The tables of the running session.
    session: Option<SessionStarted>,
    inputs: u64,
    cash: Exact,
    holdings: BTreeMap<AccountKey, Holding>,
    /// The holdings as of the last account record of each: what the database shows.
    recorded: BTreeMap<AccountKey, Holding>,
    orders: BTreeMap<OrderId, AuditedOrder>,
    trades: BTreeSet<TradeId>,
    splits: Splits,
    /// The account that must be written down before the next input.
    owed: Option<AccountKey>,
}

/// Splits of the running session that the market and the accounts tell of, whichever first.
#[derive(Default)]
struct Splits {
    market: BTreeMap<InstrumentId, Rate>,
    accounts: Vec<SplitAccount>,
}

/// What a split did to a position.
struct SplitAccount {
    key: AccountKey,
    instrument: InstrumentId,
    before: Exact,
    after: Exact,
}

impl Examiner {
    pub(super) fn new(tables: Option<Tables>) -> Result<Self, StorageError> {
        let mut examiner = Self { tables, ..Self::default() };
        if let Some(tables) = &examiner.tables {
            let is_new = tables.watermark().sequence == 0;
            examiner.report.database = Some(super::DatabaseAudit::default());
            if is_new {
                examiner.compare_at_watermark()?;
            }
        }
        Ok(examiner)
    }

    pub(super) fn examine(&mut self, entry: &Entry<'_>) -> Result<(), StorageError> {
        self.sequence = entry.sequence();
        self.report.records += 1;
        let before = self.is_in_database();
        match entry.record()? {
            Record::SessionStarted(started) => self.start(*started),
            Record::Input(stamped) => self.input(&stamped)?,
            Record::Placed(order) => self.place(&order),
            Record::OrderChanged(change) => self.change(change),
            Record::Account(account) => self.account(&account),
            Record::SessionEnded(ended) => self.end(&ended),
            Record::CancelRequested { order, .. } => {
                self.expect(self.orders.contains_key(&order), "a withdrawn order", "known", order);
            }
            Record::StrategySnapshot(_) | Record::Performance(_) => {}
        }
        let Some(tables) = &self.tables else { return Ok(()) };
        if entry.kind().is_fact() && !before {
            self.report.database.get_or_insert_default().lag += 1;
        }
        if self.sequence == tables.watermark().sequence {
            if entry.hash() != tables.watermark().hash {
                self.differ("the journal the database was made from", "this one", "another one");
            }
            self.compare_at_watermark()?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self, torn: Option<TornTail>) -> AuditReport {
        if let Some(tables) = &self.tables {
            let seen = tables.watermark().sequence;
            if seen > self.sequence {
                self.differ("the last record of the database", self.sequence, seen);
            }
        }
        let sum = |part: fn(&Holding) -> &Exact| {
            self.holdings.values().fold(whole(0), |sum, holding| sum + part(holding))
        };
        self.report.fees = shown(&sum(|holding| &holding.fees));
        self.report.realized_pnl = shown(&sum(|holding| &holding.realized));
        self.report.carry = shown(&sum(|holding| &holding.carry));
        self.report.cash = shown(&self.cash);
        self.report.torn = torn;
        self.report
    }

    fn start(&mut self, started: SessionStarted) {
        let last_run = self.report.sessions.last().map_or(0, |session| session.run);
        self.expect(started.run.get() > last_run, "a run number", "new", started.run.get());
        let opening = exact::of_money(started.opening_cash);
        if !started.continued {
            self.holdings.clear();
            self.recorded.clear();
        } else if last_run > 0 && opening != self.cash {
            self.differ("the opening cash", shown(&self.cash), shown(&opening));
        }
        self.cash = opening;
        self.inputs = 0;
        // A program that is stopped between a fill and its account owes nothing any more.
        self.owed = None;
        self.splits = Splits::default();
        self.report.sessions.push(SessionAudit {
            run: started.run.get(),
            command: started.command.clone(),
            inputs: 0,
            orders: 0,
            fills: 0,
            ended: false,
        });
        self.session = Some(started);
    }

    fn input(&mut self, stamped: &Stamped<'_>) -> Result<(), StorageError> {
        if let Some((strategy, symbol, ..)) = self.owed.take() {
            self.differ(
                "the account after a fill or an account event",
                format!("{strategy} in {symbol}"),
                "missing",
            );
        }
        self.inputs += 1;
        if stamped.sequence != self.inputs {
            self.differ("the number of an input", self.inputs, stamped.sequence);
            self.inputs = stamped.sequence;
        }
        if let Some(session) = self.report.sessions.last_mut() {
            session.inputs = self.inputs;
        }
        match &stamped.event {
            Event::Report(report) => match &report.kind {
                ReportKind::Filled(fill) => self.fill(fill),
                _ => Ok(()),
            },
            Event::Account(event) => self.account_event(event),
            Event::Market(market) => {
                if let MarketData::Split(split) = &market.data {
                    self.market_split(market.instrument, split.ratio);
                }
                Ok(())
            }
            Event::Control(_) | Event::Clock => Ok(()),
        }
    }

    fn place(&mut self, order: &NewOrder) {
        self.report.orders += 1;
        if let Some(session) = self.report.sessions.last_mut() {
            session.orders += 1;
        }
        let run = self.session.as_ref().map(|session| session.run);
        self.expect(run == Some(order.id.run()), "an order's run", "this one", order.id);
        self.expect(!self.orders.contains_key(&order.id), "an order id", "new", order.id);
        let Some(spec) = self.spec(order.instrument) else { return };
        let lot = exact::of_decimal(spec.lot_size.decimal());
        let quantity = whole(order.quantity.get()) * &lot;
        self.expect(quantity > whole(0), "an order's quantity", "above zero", shown(&quantity));
        let has_limit = order.limit.is_some() == order.order_type.has_limit();
        self.expect(has_limit, "the limit of an order", order.order_type, order.id);
        let audited = AuditedOrder {
            strategy: self.strategy(order.strategy),
            quantity,
            filled: whole(0),
            notional: whole(0),
            status: OrderStatus::Created,
            lot,
            side: order.side,
        };
        self.orders.insert(order.id, audited);
    }

    fn change(&mut self, change: OrderChanged) {
        let Some(order) = self.orders.get(&change.order).cloned() else {
            self.differ("a changed order", "known", change.order);
            return;
        };
        let filled = whole(change.filled.get()) * &order.lot;
        let what = format!("what is filled of order {}", change.order);
        self.expect(filled == order.filled, &what, shown(&order.filled), shown(&filled));
        let what = format!("the state of order {}", change.order);
        let revived = order.status.is_final() && !change.status.is_final();
        self.expect(!revived, &what, order.status, change.status);
        let complete = order.filled == order.quantity;
        let is_filled = change.status == OrderStatus::Filled;
        self.expect(complete || !is_filled, &what, "not filled", change.status);
        if let Some(order) = self.orders.get_mut(&change.order) {
            order.status = change.status;
        }
    }

    fn fill(&mut self, fill: &Fill) -> Result<(), StorageError> {
        if !self.trades.insert(fill.trade) {
            self.report.duplicate_fills += 1;
            return Ok(());
        }
        self.report.fills += 1;
        if let Some(session) = self.report.sessions.last_mut() {
            session.fills += 1;
        }
        let Some(spec) = self.spec(fill.instrument).cloned() else { return Ok(()) };
        let Some(mut order) = self.orders.get(&fill.order).cloned() else {
            self.differ("the order of a fill", "known", fill.order);
            return Ok(());
        };
        self.expect(fill.side == order.side, "the side of a fill", order.side, fill.side);
        let execution = Execution::of(fill, &spec);
        let size = whole(fill.quantity.get()) * exact::of_decimal(spec.lot_size.decimal());
        self.expect(size > whole(0), "the size of a fill", "above zero", shown(&size));
        order.filled += &size;
        order.notional += &size * &execution.price;
        let what = format!("what is filled of order {}", fill.order);
        let most = format!("at most {}", shown(&order.quantity));
        self.expect(order.filled <= order.quantity, &what, most, shown(&order.filled));

        let key = account_key(&order.strategy, &spec);
        self.holdings.entry(key.clone()).or_default().book(&execution);
        self.cash += execution.cash();
        self.compare_trade(fill, &order.strategy, &spec, &execution)?;
        self.orders.insert(fill.order, order);
        self.owed = Some(key);
        Ok(())
    }

    fn account_event(&mut self, event: &AccountEvent) -> Result<(), StorageError> {
        if let AccountEventKind::Liquidation { fill } = &event.kind
            && !self.trades.insert(fill.trade)
        {
            self.report.duplicate_fills += 1;
            return Ok(());
        }
        self.report.account_events += 1;
        let Some(spec) = self.spec(event.instrument).cloned() else { return Ok(()) };
        let strategy = self.strategy(event.strategy);
        let key = account_key(&strategy, &spec);
        if let AccountEventKind::Liquidation { fill } = &event.kind {
            self.liquidation(event, fill, &strategy, &spec)?;
        } else {
            let amount = exact::of_money(event.amount);
            self.cash += &amount;
            self.holdings.entry(key.clone()).or_default().carry += amount;
        }
        if let AccountEventKind::Split { position } = event.kind {
            let lot = exact::of_decimal(spec.lot_size.decimal());
            let after = whole(position.get()) * lot;
            let holding = self.holdings.entry(key.clone()).or_default();
            let before = holding.quantity.clone();
            holding.split(after.clone());
            let instrument = event.instrument;
            self.account_split(SplitAccount { key: key.clone(), instrument, before, after });
        }
        self.owed = Some(key);
        Ok(())
    }

    fn liquidation(
        &mut self,
        event: &AccountEvent,
        fill: &Fill,
        strategy: &str,
        spec: &InstrumentSpec,
    ) -> Result<(), StorageError> {
        self.report.fills += 1;
        if let Some(session) = self.report.sessions.last_mut() {
            session.fills += 1;
        }
        let same = (fill.instrument, event.amount) == (event.instrument, Money::ZERO);
        self.expect(same, "a liquidation", "a fill in its instrument and no amount", fill.trade);
        let execution = Execution::of(fill, spec);
        self.holdings.entry(account_key(strategy, spec)).or_default().book(&execution);
        self.cash += execution.cash();
        self.compare_trade(fill, strategy, spec, &execution)
    }

    fn market_split(&mut self, instrument: InstrumentId, ratio: Rate) {
        let told: Vec<_> =
            self.splits.accounts.extract_if(.., |one| one.instrument == instrument).collect();
        if told.is_empty() {
            self.splits.market.insert(instrument, ratio);
        }
        for split in told {
            self.compare_split(&split, ratio);
        }
    }

    fn account_split(&mut self, split: SplitAccount) {
        match self.splits.market.get(&split.instrument).copied() {
            Some(ratio) => self.compare_split(&split, ratio),
            None => self.splits.accounts.push(split),
        }
    }

    /// What a position must be after a split of the market's ratio.
    fn compare_split(&mut self, split: &SplitAccount, ratio: Rate) {
        let Some(spec) = self.spec(split.instrument) else { return };
        let lot = exact::of_decimal(spec.lot_size.decimal());
        let ratio = exact::of_decimal(ratio.decimal());
        let expected = exact::after_split(&split.before, &ratio, &lot);
        let what = format!("the position of {} in {} after a split", split.key.0, split.key.1);
        self.expect(expected == split.after, &what, shown(&expected), shown(&split.after));
    }

    fn account(&mut self, account: &AccountRecord) {
        self.report.accounts_compared += 1;
        let Some(spec) = self.spec(account.instrument).cloned() else { return };
        let key = account_key(&self.strategy(account.strategy), &spec);
        if self.owed.as_ref() == Some(&key) {
            self.owed = None;
        }
        let holding = self.holdings.get(&key).cloned().unwrap_or_default();
        let lot = exact::of_decimal(spec.lot_size.decimal());
        let of = |what: &str| format!("the {what} of {} in {}", key.0, key.1);
        let pairs = [
            ("position", &holding.quantity, whole(account.position.get()) * lot),
            ("cost basis", &holding.cost, exact::of_money(account.cost_basis)),
            ("realised profit", &holding.realized, exact::of_money(account.realized_pnl)),
            ("fees", &holding.fees, exact::of_money(account.fees)),
            ("carry", &holding.carry, exact::of_money(account.carry)),
            ("cash", &self.cash.clone(), exact::of_money(account.cash)),
        ];
        self.recorded.insert(key.clone(), holding.clone());
        for (what, expected, found) in pairs {
            self.expect(*expected == found, &of(what), shown(expected), shown(&found));
        }
    }

    fn end(&mut self, ended: &SessionEnded) {
        let Some(session) = self.report.sessions.last_mut() else { return };
        session.ended = true;
        let session = session.clone();
        self.expect(ended.inputs == session.inputs, "all inputs", session.inputs, ended.inputs);
        self.expect(ended.orders == session.orders, "all orders", session.orders, ended.orders);
        self.expect(ended.fills == session.fills, "all fills", session.fills, ended.fills);
    }

    /// Whether the database claims to hold the current record.
    fn is_in_database(&self) -> bool {
        self.tables.as_ref().is_some_and(|tables| self.sequence <= tables.watermark().sequence)
    }

    fn compare_trade(
        &mut self,
        fill: &Fill,
        strategy: &str,
        spec: &InstrumentSpec,
        execution: &Execution,
    ) -> Result<(), StorageError> {
        if !self.is_in_database() {
            return Ok(());
        }
        let Some(tables) = &self.tables else { return Ok(()) };
        let found = tables.trade(fill, strategy, spec, execution)?;
        self.report.database.get_or_insert_default().trades += 1;
        self.note(found);
        Ok(())
    }

    /// Compares orders and positions with the database as it is after the current record.
    fn compare_at_watermark(&mut self) -> Result<(), StorageError> {
        let Some(tables) = &self.tables else { return Ok(()) };
        let events = usize::try_from(self.report.account_events).unwrap_or(usize::MAX);
        let mut found = vec![
            tables.count("trades", self.trades.len())?,
            tables.count("orders", self.orders.len())?,
            tables.count("positions", self.recorded.len())?,
            tables.count("account_events", events)?,
        ];
        for (id, order) in &self.orders {
            found.push(tables.order(*id, order)?);
        }
        for (key, holding) in &self.recorded {
            found.push(tables.position(key, holding)?);
        }
        let database = self.report.database.get_or_insert_default();
        database.orders = self.orders.len() as u64;
        database.positions = self.recorded.len() as u64;
        for found in found {
            self.note(found);
        }
        Ok(())
    }

    fn spec(&mut self, id: InstrumentId) -> Option<&InstrumentSpec> {
        let known = self.session.as_ref().is_some_and(|one| id.index() < one.instruments.len());
        self.expect(known, "an instrument", "in the session's table", id.index());
        self.session.as_ref()?.instruments.get(id.index())
    }

    fn strategy(&self, id: StrategyId) -> String {
        let name = self.session.as_ref().and_then(|session| session.strategies.get(id.index()));
        name.cloned().unwrap_or_else(|| format!("#{}", id.index()))
    }

    fn expect(&mut self, holds: bool, what: &str, expected: impl Display, found: impl Display) {
        if !holds {
            self.differ(what, expected, found);
        }
    }

    fn differ(&mut self, what: &str, expected: impl Display, found: impl Display) {
        self.note(Some((what.to_owned(), expected.to_string(), found.to_string())));
    }

    fn note(&mut self, difference: Option<(String, String, String)>) {
        let Some((what, expected, found)) = difference else { return };
        self.report.differences += 1;
        let sequence = self.sequence;
        let first = &mut self.report.first_difference;
        first.get_or_insert(Difference { sequence, what, expected, found });
    }
}

fn account_key(strategy: &str, spec: &InstrumentSpec) -> AccountKey {
    (strategy.to_owned(), spec.symbol.clone(), spec.market.to_string(), spec.venue.clone())
}
