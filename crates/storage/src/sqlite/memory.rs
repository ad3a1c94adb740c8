//! What the database thread keeps in mind between batches, and how facts become rows.
//!
//! Pure: facts and a way to look up old rows in, rows out. A batch works on a copy, so a
//! transaction that fails leaves nothing behind.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
    sync::Arc,
};

use domain::{
    AccountEvent, AccountEventKind, Fill, Instrument, InstrumentId, Instruments, Money, NewOrder,
    OrderId, OrderStatus, PositionEffect, RunNumber, StrategyId, Timestamp, TradeId,
    record::{
        AccountRecord, OrderChanged, PerformanceRecord, SessionEnded, SessionStarted,
        StrategySnapshot,
    },
};
use rust_decimal::Decimal;

use crate::Fact;

/// The run that facts belong to.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) run: RunNumber,
    pub(super) strategies: Vec<String>,
    pub(super) instruments: Instruments,
}

impl Session {
    pub(super) fn strategy(&self, id: StrategyId) -> String {
        self.strategies.get(id.index()).cloned().unwrap_or_else(|| format!("#{}", id.index()))
    }

    fn instrument(&self, id: InstrumentId) -> Result<&Instrument, RowError> {
        if id.index() < self.instruments.len() {
            Ok(self.instruments.get(id))
        } else {
            Err(RowError::Unfit(format!("instrument {} is not in the session", id.index())))
        }
    }
}

/// One row of `orders`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct OrderRow {
    pub(super) id: OrderId,
    pub(super) strategy: String,
    pub(super) symbol: String,
    pub(super) venue: String,
    pub(super) market: String,
    pub(super) side: String,
    pub(super) order_type: String,
    pub(super) quantity: Decimal,
    pub(super) price: Option<Decimal>,
    pub(super) trigger: Option<Decimal>,
    pub(super) reduce_only: bool,
    pub(super) status: String,
    pub(super) filled: Decimal,
    pub(super) notional: Money,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
}

impl OrderRow {
    pub(super) fn is_finished(&self) -> bool {
        use OrderStatus::{Cancelled, Expired, Filled, Rejected};
        [Filled, Cancelled, Rejected, Expired].iter().any(|last| last.to_string() == self.status)
    }
}

/// One row of `trades`.
#[derive(Clone, Debug)]
pub(super) struct TradeRow {
    pub(super) fill: Fill,
    pub(super) strategy: String,
    pub(super) symbol: String,
    pub(super) venue: String,
    pub(super) market: String,
    pub(super) price: Decimal,
    pub(super) quantity: Decimal,
}

/// One row of `account_events`.
#[derive(Clone, Debug)]
pub(super) struct AccountEventRow {
    pub(super) run: RunNumber,
    pub(super) strategy: String,
    pub(super) symbol: String,
    pub(super) venue: String,
    pub(super) market: String,
    pub(super) event: AccountEvent,
    /// The position after a split.
    pub(super) quantity: Option<Decimal>,
}

/// One row of `positions`.
#[derive(Clone, Debug)]
pub(super) struct PositionRow {
    pub(super) quantity: Decimal,
    pub(super) account: AccountRecord,
}

/// Primary key of `positions`: strategy, symbol, market, venue.
pub(super) type PositionKey = (String, String, String, String);

/// One row of `strategy_snapshots`.
#[derive(Clone, Debug)]
pub(super) struct SnapshotRow {
    pub(super) run: RunNumber,
    pub(super) strategy: String,
    pub(super) snapshot: StrategySnapshot,
}

/// One row of `performance_metrics`: the whole account, so all strategies of the run.
#[derive(Clone, Debug)]
pub(super) struct PerformanceRow {
    pub(super) run: RunNumber,
    pub(super) strategies: String,
    pub(super) figures: PerformanceRecord,
}

/// What a batch changes in the database.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) sessions: Vec<SessionStarted>,
    pub(super) ends: Vec<(RunNumber, SessionEnded)>,
    pub(super) cash: BTreeMap<RunNumber, Money>,
    /// All positions are closed before those below are written.
    pub(super) clears_positions: bool,
    pub(super) trades: Vec<TradeRow>,
    pub(super) account_events: Vec<AccountEventRow>,
    pub(super) orders: BTreeSet<OrderId>,
    pub(super) positions: BTreeMap<PositionKey, PositionRow>,
    pub(super) snapshots: Vec<SnapshotRow>,
    pub(super) performance: Vec<PerformanceRow>,
}

/// Why a fact did not become a row.
#[derive(Debug)]
pub(super) enum RowError {
    /// The fact makes no sense here.
    Unfit(String),
    /// An old row could not be looked up.
    Table(rusqlite::Error),
}

fn unfit(what: impl Display) -> RowError {
    RowError::Unfit(what.to_string())
}

/// Old rows that a fact may refer to.
pub(super) trait Archive {
    fn order(&self, id: OrderId) -> Result<Option<OrderRow>, RowError>;
    fn has_trade(&self, id: TradeId) -> Result<bool, RowError>;
}

/// What is known without asking the database.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    pub(super) session: Option<Arc<Session>>,
    pub(super) orders: BTreeMap<OrderId, OrderRow>,
}

impl Memory {
    /// Takes in one fact and notes what it changes.
    pub(super) fn apply(
        &mut self,
        fact: &Fact,
        archive: &dyn Archive,
        rows: &mut Rows,
    ) -> Result<(), RowError> {
        if let Fact::SessionStarted(started) = fact {
            return self.start(started, rows);
        }
        let Some(session) = self.session.clone() else {
            return Err(RowError::Unfit("nothing can come before the first session".into()));
        };
        match fact {
            Fact::SessionStarted(_) | Fact::Control(_) => {}
            Fact::AccountEvent(event) => account_event(&session, event, archive, rows)?,
            Fact::Filled { fill, .. } => self.fill(&session, fill, archive, rows)?,
            Fact::Placed(order) => self.place(&session, order, rows)?,
            Fact::OrderChanged(change) => self.change(change, archive, rows)?,
            Fact::Account(account) => book(&session, account, rows)?,
            Fact::StrategySnapshot(snapshot) => rows.snapshots.push(SnapshotRow {
                run: session.run,
                strategy: session.strategy(snapshot.strategy),
                snapshot: (**snapshot).clone(),
            }),
            Fact::Performance(figures) => rows.performance.push(PerformanceRow {
                run: session.run,
                strategies: session.strategies.join(","),
                figures: (**figures).clone(),
            }),
            Fact::SessionEnded(ended) => rows.ends.push((session.run, ended.clone())),
        }
        Ok(())
    }

    /// Forgets orders that can hardly change any more; the archive has them.
    pub(super) fn forget_finished(&mut self) {
        self.orders.retain(|_, order| !order.is_finished());
    }

    fn start(&mut self, started: &SessionStarted, rows: &mut Rows) -> Result<(), RowError> {
        let instruments = Instruments::new(started.instruments.clone()).map_err(unfit)?;
        let strategies = started.strategies.clone();
        self.session = Some(Arc::new(Session { run: started.run, strategies, instruments }));
        if !started.continued {
            rows.clears_positions = true;
            rows.positions.clear();
        }
        rows.sessions.push(started.clone());
        Ok(())
    }

    fn place(
        &mut self,
        session: &Session,
        order: &NewOrder,
        rows: &mut Rows,
    ) -> Result<(), RowError> {
        let instrument = session.instrument(order.instrument)?;
        let spec = instrument.spec();
        let row = OrderRow {
            id: order.id,
            strategy: session.strategy(order.strategy),
            symbol: spec.symbol.clone(),
            venue: spec.venue.clone(),
            market: spec.market.to_string(),
            side: order.side.to_string(),
            order_type: order.order_type.to_string(),
            quantity: instrument.quantity(order.quantity),
            price: order.limit.map(|limit| instrument.price(limit)),
            trigger: order.trigger.map(|trigger| instrument.price(trigger)),
            reduce_only: order.effect == PositionEffect::ReduceOnly,
            status: OrderStatus::Created.to_string(),
            filled: Decimal::ZERO,
            notional: Money::ZERO,
            created: order.created,
            updated: order.created,
        };
        self.orders.insert(order.id, row);
        rows.orders.insert(order.id);
        Ok(())
    }

    fn change(
        &mut self,
        change: &OrderChanged,
        archive: &dyn Archive,
        rows: &mut Rows,
    ) -> Result<(), RowError> {
        if let Some(order) = self.order(change.order, archive)? {
            order.status = change.status.to_string();
            order.updated = order.updated.max(change.time);
            rows.orders.insert(change.order);
        }
        Ok(())
    }

    fn fill(
        &mut self,
        session: &Session,
        fill: &Fill,
        archive: &dyn Archive,
        rows: &mut Rows,
    ) -> Result<(), RowError> {
        if is_known(fill.trade, archive, rows)? {
            return Ok(());
        }
        let instrument = session.instrument(fill.instrument)?;
        let quantity = instrument.quantity(fill.quantity);
        let notional = instrument.notional(fill.price, fill.quantity).map_err(unfit)?;
        let mut strategy = String::from("unknown");
        if let Some(order) = self.order(fill.order, archive)? {
            let sums = order.filled.checked_add(quantity).zip(order.notional.checked_add(notional));
            (order.filled, order.notional) =
                sums.ok_or_else(|| unfit("the order's fills do not fit"))?;
            order.updated = order.updated.max(fill.time);
            strategy.clone_from(&order.strategy);
            rows.orders.insert(fill.order);
        }
        rows.trades.push(trade(fill, strategy, instrument));
        Ok(())
    }

    fn order(
        &mut self,
        id: OrderId,
        archive: &dyn Archive,
    ) -> Result<Option<&mut OrderRow>, RowError> {
        if !self.orders.contains_key(&id)
            && let Some(order) = archive.order(id)?
        {
            self.orders.insert(id, order);
        }
        Ok(self.orders.get_mut(&id))
    }
}

fn is_known(trade: TradeId, archive: &dyn Archive, rows: &Rows) -> Result<bool, RowError> {
    Ok(rows.trades.iter().any(|row| row.fill.trade == trade) || archive.has_trade(trade)?)
}

fn trade(fill: &Fill, strategy: String, instrument: &Instrument) -> TradeRow {
    let spec = instrument.spec();
    TradeRow {
        fill: *fill,
        strategy,
        symbol: spec.symbol.clone(),
        venue: spec.venue.clone(),
        market: spec.market.to_string(),
        price: instrument.price(fill.price),
        quantity: instrument.quantity(fill.quantity),
    }
}

/// A liquidation is a row of its own and a trade whose order is none of ours.
fn account_event(
    session: &Session,
    event: &AccountEvent,
    archive: &dyn Archive,
    rows: &mut Rows,
) -> Result<(), RowError> {
    let instrument = session.instrument(event.instrument)?;
    let strategy = session.strategy(event.strategy);
    let mut quantity = None;
    match &event.kind {
        AccountEventKind::Liquidation { fill } => {
            if is_known(fill.trade, archive, rows)? {
                return Ok(());
            }
            rows.trades.push(trade(fill, strategy.clone(), instrument));
        }
        AccountEventKind::Split { position } => {
            quantity = Some(instrument.net_quantity(*position));
        }
        AccountEventKind::Funding | AccountEventKind::Borrow | AccountEventKind::Dividend => {}
    }
    let spec = instrument.spec();
    rows.account_events.push(AccountEventRow {
        run: session.run,
        strategy,
        symbol: spec.symbol.clone(),
        venue: spec.venue.clone(),
        market: spec.market.to_string(),
        event: *event,
        quantity,
    });
    Ok(())
}

fn book(session: &Session, account: &AccountRecord, rows: &mut Rows) -> Result<(), RowError> {
    let instrument = session.instrument(account.instrument)?;
    let spec = instrument.spec();
    let key = (
        session.strategy(account.strategy),
        spec.symbol.clone(),
        spec.market.to_string(),
        spec.venue.clone(),
    );
    let quantity = instrument.net_quantity(account.position);
    rows.positions.insert(key, PositionRow { quantity, account: *account });
    rows.cash.insert(session.run, account.cash);
    Ok(())
}
