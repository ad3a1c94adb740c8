//! Tables back into memory: what a new connection must know to go on.

use std::{fmt::Display, str::FromStr, sync::Arc};

use domain::{Instruments, OrderId, RunNumber, Timestamp, TradeId, instrument::InstrumentSpec};
use rusqlite::{Connection, OptionalExtension, Row, types::Type};

use super::memory::{Archive, Memory, OrderRow, RowError, Session};
use crate::{fact::Watermark, journal::Hash};

const ORDER_COLUMNS: &str = "order_id, strategy_id, symbol, venue, market, side, order_type, \
    quantity, price, trigger_price, reduce_only, status, filled_quantity, filled_notional, created_at, updated_at";
const UNFINISHED: &str = "status NOT IN ('filled', 'cancelled', 'rejected', 'expired')";

/// How far the database has come.
pub(super) fn watermark(connection: &Connection) -> rusqlite::Result<Watermark> {
    connection.query_row("SELECT sequence, fact_number, hash FROM projection", [], |row| {
        Ok(Watermark {
            sequence: row.get::<_, i64>(0)?.cast_unsigned(),
            number: row.get::<_, i64>(1)?.cast_unsigned(),
            hash: row.get::<_, Hash>(2)?,
        })
    })
}

/// The last session and its unfinished orders.
pub(super) fn memory(connection: &Connection) -> rusqlite::Result<Memory> {
    let mut memory = Memory {
        session: connection
            .query_row(
                "SELECT run, strategies, instruments FROM sessions ORDER BY run DESC LIMIT 1",
                [],
                session,
            )
            .optional()?
            .map(Arc::new),
        ..Memory::default()
    };
    let query = format!("SELECT {ORDER_COLUMNS} FROM orders WHERE {UNFINISHED}");
    for row in connection.prepare(&query)?.query_map([], order)? {
        let row = row?;
        memory.orders.insert(row.id, row);
    }
    Ok(memory)
}

fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    let instruments: Vec<InstrumentSpec> = json(row, 2)?;
    Ok(Session {
        run: RunNumber::new(row.get(0)?),
        strategies: json(row, 1)?,
        instruments: Instruments::new(instruments).map_err(|error| unreadable(2, error))?,
    })
}

fn order(row: &Row<'_>) -> rusqlite::Result<OrderRow> {
    Ok(OrderRow {
        id: OrderId::from_raw(row.get::<_, i64>(0)?.cast_unsigned()),
        strategy: row.get(1)?,
        symbol: row.get(2)?,
        venue: row.get(3)?,
        market: row.get(4)?,
        side: row.get(5)?,
        order_type: row.get(6)?,
        quantity: parsed(row, 7)?,
        price: row.get::<_, Option<String>>(8)?.map(|text| parse(8, &text)).transpose()?,
        trigger: row.get::<_, Option<String>>(9)?.map(|text| parse(9, &text)).transpose()?,
        reduce_only: row.get(10)?,
        status: row.get(11)?,
        filled: parsed(row, 12)?,
        notional: parsed(row, 13)?,
        created: Timestamp::from_nanos(row.get(14)?),
        updated: Timestamp::from_nanos(row.get(15)?),
    })
}

fn parsed<T: FromStr<Err: Display>>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    parse(column, &row.get::<_, String>(column)?)
}

fn parse<T: FromStr<Err: Display>>(column: usize, text: &str) -> rusqlite::Result<T> {
    text.parse().map_err(|error| unreadable(column, error))
}

fn json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    serde_json::from_str(&row.get::<_, String>(column)?).map_err(|error| unreadable(column, error))
}

fn unreadable(column: usize, error: impl Display) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.to_string().into())
}

/// The tables as the place where finished orders and old trades are looked up.
pub(super) struct Tables<'a>(pub(super) &'a Connection);

impl Archive for Tables<'_> {
    fn order(&self, id: OrderId) -> Result<Option<OrderRow>, RowError> {
        let query = format!("SELECT {ORDER_COLUMNS} FROM orders WHERE order_id = ?1");
        self.0
            .query_row(&query, [id.get().cast_signed()], order)
            .optional()
            .map_err(RowError::Table)
    }

    fn has_trade(&self, id: TradeId) -> Result<bool, RowError> {
        self.0
            .query_row(
                "SELECT EXISTS (SELECT 1 FROM trades WHERE trade_id = ?1)",
                [id.get().cast_signed()],
                |row| row.get(0),
            )
            .map_err(RowError::Table)
    }
}
