//! Rows into tables: a few prepared multi-row statements for each batch.

use std::collections::BTreeMap;

use domain::{
    AccountEventKind, Liquidity, OrderId, RunNumber,
    record::{MarketSource, SessionEnded, SessionStarted},
};
use rusqlite::{Transaction, params, params_from_iter, types::Value};
use rust_decimal::Decimal;

use super::{
    average::average_price,
    memory::{
        AccountEventRow, OrderRow, PerformanceRow, PositionKey, PositionRow, Rows, SnapshotRow,
        TradeRow,
    },
};
use crate::fact::Watermark;

/// SQLite prepares a statement per number of rows; more rows than this bring little.
const ROWS_PER_STATEMENT: usize = 64;

/// Writes all rows of a batch and the watermark, inside one transaction.
pub(super) fn write(
    transaction: &Transaction<'_>,
    rows: &Rows,
    orders: &BTreeMap<OrderId, OrderRow>,
    watermark: Watermark,
) -> rusqlite::Result<()> {
    for started in &rows.sessions {
        insert_session(transaction, started)?;
    }
    if rows.clears_positions {
        transaction.execute("DELETE FROM positions", [])?;
    }
    insert(transaction, "INSERT OR IGNORE INTO trades", rows.trades.iter().map(trade))?;
    insert(
        transaction,
        "INSERT INTO account_events",
        rows.account_events.iter().map(account_event),
    )?;
    let changed = rows.orders.iter().filter_map(|id| orders.get(id));
    insert(transaction, "REPLACE INTO orders", changed.map(order))?;
    insert(transaction, "REPLACE INTO positions", rows.positions.iter().map(position))?;
    insert(transaction, "REPLACE INTO strategy_snapshots", rows.snapshots.iter().map(snapshot))?;
    let figures = rows.performance.iter().map(performance);
    insert(transaction, "REPLACE INTO performance_metrics", figures)?;
    for (run, cash) in &rows.cash {
        transaction.execute(
            "UPDATE sessions SET cash = ?2 WHERE run = ?1",
            params![run.get(), cash.to_string()],
        )?;
    }
    for (run, ended) in &rows.ends {
        end_session(transaction, *run, ended)?;
    }
    transaction.execute(
        "UPDATE projection SET sequence = ?1, fact_number = ?2, hash = ?3",
        params![
            watermark.sequence.cast_signed(),
            watermark.number.cast_signed(),
            watermark.hash.as_slice()
        ],
    )?;
    Ok(())
}

fn insert<const COLUMNS: usize>(
    transaction: &Transaction<'_>,
    verb: &str,
    rows: impl Iterator<Item = [Value; COLUMNS]>,
) -> rusqlite::Result<()> {
    let rows: Vec<_> = rows.collect();
    let placeholders = format!("({})", ["?"; COLUMNS].join(","));
    for chunk in rows.chunks(ROWS_PER_STATEMENT) {
        let values = vec![placeholders.as_str(); chunk.len()].join(",");
        let mut statement = transaction.prepare(&format!("{verb} VALUES {values}"))?;
        statement.execute(params_from_iter(chunk.iter().flatten()))?;
    }
    Ok(())
}

fn insert_session(transaction: &Transaction<'_>, started: &SessionStarted) -> rusqlite::Result<()> {
    let json = |result: serde_json::Result<String>| {
        result.map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
    };
    transaction.execute(
        "REPLACE INTO sessions (run, started_at, command, source, seed, build, config_sha256,
            config, instruments, strategies, continued, opening_cash, cash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12)",
        params![
            started.run.get(),
            started.time.as_nanos(),
            started.command,
            source_name(started.source),
            started.seed.to_string(),
            started.build,
            started.config_sha256,
            started.config,
            json(serde_json::to_string(&started.instruments))?,
            json(serde_json::to_string(&started.strategies))?,
            started.continued,
            started.opening_cash.to_string(),
        ],
    )?;
    Ok(())
}

fn end_session(
    transaction: &Transaction<'_>,
    run: RunNumber,
    ended: &SessionEnded,
) -> rusqlite::Result<()> {
    transaction.execute(
        "UPDATE sessions SET ended_at = ?2, commands_sha256 = ?3, inputs = ?4, orders = ?5,
            fills = ?6 WHERE run = ?1",
        params![
            run.get(),
            ended.time.as_nanos(),
            ended.commands_sha256,
            ended.inputs.cast_signed(),
            ended.orders.cast_signed(),
            ended.fills.cast_signed(),
        ],
    )?;
    Ok(())
}

fn trade(row: &TradeRow) -> [Value; 13] {
    let fill = &row.fill;
    [
        count(fill.trade.get()),
        count(fill.order.get()),
        text(&row.strategy),
        text(&row.symbol),
        text(&fill.side),
        decimal(row.price),
        decimal(row.quantity),
        Value::Integer(fill.time.as_nanos()),
        text(&fill.fee),
        text(&liquidity_name(fill.liquidity)),
        text(&row.venue),
        text(&row.market),
        count(u64::from(fill.trade.run().get())),
    ]
}

fn account_event(row: &AccountEventRow) -> [Value; 11] {
    let (kind, trade) = match &row.event.kind {
        AccountEventKind::Funding => ("funding", None),
        AccountEventKind::Borrow => ("borrow", None),
        AccountEventKind::Dividend => ("dividend", None),
        AccountEventKind::Split { .. } => ("split", None),
        AccountEventKind::Liquidation { fill } => ("liquidation", Some(fill.trade)),
    };
    [
        Value::Null,
        count(u64::from(row.run.get())),
        text(&row.strategy),
        text(&row.symbol),
        text(&row.market),
        text(&row.venue),
        Value::Integer(row.event.time.as_nanos()),
        Value::Text(kind.to_owned()),
        text(&row.event.amount),
        row.quantity.map_or(Value::Null, decimal),
        trade.map_or(Value::Null, |trade| count(trade.get())),
    ]
}

fn order(row: &OrderRow) -> [Value; 19] {
    [
        count(row.id.get()),
        text(&row.id.client_order_id(&row.strategy)),
        text(&row.strategy),
        text(&row.symbol),
        text(&row.side),
        text(&row.order_type),
        decimal(row.quantity),
        row.price.map_or(Value::Null, decimal),
        row.trigger.map_or(Value::Null, decimal),
        Value::Integer(i64::from(row.reduce_only)),
        text(&row.status),
        decimal(row.filled),
        text(&row.notional),
        average_price(row.notional, row.filled).map_or(Value::Null, |price| text(&price)),
        Value::Integer(row.created.as_nanos()),
        Value::Integer(row.updated.as_nanos()),
        text(&row.venue),
        text(&row.market),
        count(u64::from(row.id.run().get())),
    ]
}

fn position((key, row): (&PositionKey, &PositionRow)) -> [Value; 10] {
    let (strategy, symbol, market, venue) = key;
    [
        text(strategy),
        text(symbol),
        text(market),
        text(venue),
        decimal(row.quantity),
        text(&row.account.cost_basis),
        text(&row.account.realized_pnl),
        text(&row.account.fees),
        text(&row.account.carry),
        Value::Integer(row.account.time.as_nanos()),
    ]
}

fn snapshot(row: &SnapshotRow) -> [Value; 15] {
    let picture = &row.snapshot;
    [
        count(u64::from(row.run.get())),
        text(&row.strategy),
        Value::Integer(picture.time.as_nanos()),
        count(picture.signals),
        count(picture.suppressed),
        count(picture.orders),
        count(picture.fills),
        text(&picture.realized_pnl),
        text(&picture.unrealized_pnl),
        text(&picture.fees),
        text(&picture.carry),
        text(&picture.equity),
        text(&picture.max_drawdown),
        count(picture.wins),
        count(picture.losses),
    ]
}

fn performance(row: &PerformanceRow) -> [Value; 27] {
    let figures = &row.figures;
    let total = figures
        .realized_pnl
        .checked_add(figures.unrealized_pnl)
        .and_then(|profit| profit.checked_add(figures.carry))
        .and_then(|profit| profit.checked_sub(figures.fees));
    let real = |figure: Option<f64>| figure.map_or(Value::Null, Value::Real);
    [
        count(u64::from(row.run.get())),
        text(&row.strategies),
        Value::Integer(figures.time.as_nanos()),
        total.map_or(Value::Null, |total| text(&total)),
        text(&figures.realized_pnl),
        text(&figures.unrealized_pnl),
        text(&figures.fees),
        text(&figures.carry),
        real(figures.total_return),
        real(figures.annual_return),
        real(figures.volatility),
        real(figures.sharpe_ratio),
        real(figures.sortino_ratio),
        real(figures.calmar_ratio),
        Value::Real(figures.max_drawdown),
        text(&figures.max_drawdown_amount),
        Value::Real(figures.max_drawdown_seconds),
        real(figures.win_rate),
        real(figures.profit_factor),
        real(figures.expectancy),
        // The documented name of the same figure.
        real(figures.expectancy),
        count(figures.num_trades),
        real(figures.turnover),
        real(figures.exposure),
        real(figures.tail_ratio),
        real(figures.value_at_risk),
        real(figures.ulcer_index),
    ]
}

fn count(number: u64) -> Value {
    Value::Integer(number.cast_signed())
}

fn text(value: &impl ToString) -> Value {
    Value::Text(value.to_string())
}

fn decimal(number: Decimal) -> Value {
    Value::Text(number.normalize().to_string())
}

pub(crate) const fn liquidity_name(liquidity: Liquidity) -> &'static str {
    match liquidity {
        Liquidity::Maker => "maker",
        Liquidity::Taker => "taker",
    }
}

const fn source_name(source: MarketSource) -> &'static str {
    match source {
        MarketSource::Simulated => "simulated",
        MarketSource::Recorded => "recorded",
        MarketSource::Live => "live",
    }
}
