//! The database as a witness: what its rows say, digit for digit.

use std::path::{Path, PathBuf};

use domain::{Fill, OrderId, instrument::InstrumentSpec};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    exact::{self, Exact, Execution, Holding, shown},
    examiner::{AccountKey, AuditedOrder},
};
use crate::{
    DatabaseError,
    fact::Watermark,
    sqlite::{is_empty, open_read_only, watermark_of},
};

/// What differs, what it should be, what it is.
type Found = Option<(String, String, String)>;

/// One consistent view of the database, however much is written meanwhile.
pub(super) struct Tables {
    connection: Connection,
    path: PathBuf,
    watermark: Watermark,
}

impl Tables {
    /// `None` for a database that has no tables yet.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, DatabaseError> {
        let failed = |error| DatabaseError::from_sqlite(path.to_path_buf(), error);
        let connection = open_read_only(path)?;
        connection.execute_batch("BEGIN").map_err(failed)?;
        if is_empty(&connection).map_err(failed)? {
            return Ok(None);
        }
        let watermark = watermark_of(&connection).map_err(failed)?;
        Ok(Some(Self { connection, path: path.to_path_buf(), watermark }))
    }

    pub(super) const fn watermark(&self) -> Watermark {
        self.watermark
    }

    /// Compares the number of rows of a table.
    pub(super) fn count(&self, table: &str, expected: usize) -> Result<Found, DatabaseError> {
        let query = format!("SELECT COUNT(*) FROM {table}");
        let found: i64 = self
            .connection
            .query_row(&query, [], |row| row.get(0))
            .map_err(|error| self.failed(error))?;
        let differs = usize::try_from(found) != Ok(expected);
        let what = || format!("the number of rows in {table}");
        Ok(differs.then(|| (what(), expected.to_string(), found.to_string())))
    }

    /// Compares a row of `trades`.
    pub(super) fn trade(
        &self,
        fill: &Fill,
        strategy: &str,
        spec: &InstrumentSpec,
        execution: &Execution,
    ) -> Result<Found, DatabaseError> {
        let size = if execution.quantity < exact::whole(0) {
            -&execution.quantity
        } else {
            execution.quantity.clone()
        };
        let expected = vec![
            Cell::text("order_id", &fill.order.get()),
            Cell::text("strategy_id", strategy),
            Cell::text("symbol", &spec.symbol),
            Cell::text("market", &spec.market),
            Cell::text("venue", &spec.venue),
            Cell::text("side", &fill.side),
            Cell::number("price", &execution.price),
            Cell::number("quantity", &size),
            Cell::number("fee", &execution.fee),
            Cell::text("timestamp_ns", &fill.time.as_nanos()),
            Cell::text("liquidity", crate::sqlite::liquidity_name(fill.liquidity)),
        ];
        let name = format!("trade {}", fill.trade);
        let id = fill.trade.get().cast_signed();
        self.row(&name, "trades WHERE trade_id = ?1", params![id], &expected)
    }

    /// Compares a row of `orders`.
    pub(super) fn order(&self, id: OrderId, order: &AuditedOrder) -> Result<Found, DatabaseError> {
        let average = (order.filled != exact::whole(0))
            .then(|| exact::average(&order.notional, &order.filled));
        let expected = vec![
            Cell::text("strategy_id", &order.strategy),
            Cell::number("quantity", &order.quantity),
            Cell::number("filled_quantity", &order.filled),
            Cell::number("filled_notional", &order.notional),
            Cell { column: "avg_fill_price", value: Value::Number(average) },
            Cell::text("status", &order.status),
        ];
        let number = id.get().cast_signed();
        let name = format!("order {id}");
        self.row(&name, "orders WHERE order_id = ?1", params![number], &expected)
    }

    /// Compares a row of `positions`.
    pub(super) fn position(
        &self,
        key: &AccountKey,
        holding: &Holding,
    ) -> Result<Found, DatabaseError> {
        let (strategy, symbol, market, venue) = key;
        let expected = vec![
            Cell::number("quantity", &holding.quantity),
            Cell::number("cost_basis", &holding.cost),
            Cell::number("realized_pnl", &holding.realized),
            Cell::number("fees", &holding.fees),
            Cell::number("carry", &holding.carry),
        ];
        self.row(
            &format!("the position of {strategy} in {symbol}"),
            "positions WHERE strategy_id = ?1 AND symbol = ?2 AND market = ?3 AND venue = ?4",
            params![strategy, symbol, market, venue],
            &expected,
        )
    }

    fn row(
        &self,
        name: &str,
        source: &str,
        key: &[&dyn rusqlite::ToSql],
        expected: &[Cell],
    ) -> Result<Found, DatabaseError> {
        let columns: Vec<_> =
            expected.iter().map(|cell| format!("CAST({} AS TEXT)", cell.column)).collect();
        let query = format!("SELECT {} FROM {source}", columns.join(", "));
        let read = |row: &Row<'_>| -> rusqlite::Result<Vec<Option<String>>> {
            (0..expected.len()).map(|column| row.get(column)).collect()
        };
        let found = self
            .connection
            .query_row(&query, key, read)
            .optional()
            .map_err(|error| self.failed(error))?;
        let Some(found) = found else {
            return Ok(Some((format!("the row of {name}"), "there".into(), "missing".into())));
        };
        Ok(expected.iter().zip(found).find_map(|(cell, found)| {
            let differs = !cell.value.equals(found.as_deref());
            differs.then(|| {
                let found = found.unwrap_or_else(|| "NULL".into());
                (format!("{} of {name} in the database", cell.column), cell.value.shown(), found)
            })
        }))
    }

    fn failed(&self, error: rusqlite::Error) -> DatabaseError {
        DatabaseError::from_sqlite(self.path.clone(), error)
    }
}

/// What a column should hold.
struct Cell {
    column: &'static str,
    value: Value,
}

enum Value {
    Text(String),
    /// Equal in value, however it is written; `None` for NULL.
    Number(Option<Exact>),
}

impl Cell {
    fn text(column: &'static str, value: &(impl ToString + ?Sized)) -> Self {
        Self { column, value: Value::Text(value.to_string()) }
    }

    fn number(column: &'static str, value: &Exact) -> Self {
        Self { column, value: Value::Number(Some(value.clone())) }
    }
}

impl Value {
    fn equals(&self, found: Option<&str>) -> bool {
        match (self, found) {
            (Self::Text(expected), Some(found)) => expected == found,
            (Self::Number(Some(expected)), Some(found)) => {
                exact::of_text(found).as_ref() == Some(expected)
            }
            (Self::Number(None), None) => true,
            _ => false,
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.as_ref().map_or_else(|| "NULL".into(), shown),
        }
    }
}
