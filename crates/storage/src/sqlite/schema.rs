//! The tables people query.
//!
//! Exact decimals are TEXT; for each table with decimals there is a view `<table>_real` with
//! the same columns as REAL for sums and plots. `trades.trade_id` and `order_id` are whole
//! numbers that never repeat, also not across runs. `account_events.quantity` is the position
//! after a split. `performance_metrics` is about the whole account, so `strategy_id` names all
//! strategies of the run, with commas; what the data do not define is NULL, and
//! `docs/performance-metrics.md` defines the rest.

use rusqlite::Connection;

/// The schema this program writes.
pub(super) const VERSION: i64 = 3;

const TABLES: &str = "
CREATE TABLE sessions (
    run INTEGER PRIMARY KEY,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    command TEXT NOT NULL,
    source TEXT NOT NULL,
    seed TEXT NOT NULL,
    build TEXT NOT NULL,
    config_sha256 TEXT NOT NULL,
    config TEXT NOT NULL,
    instruments TEXT NOT NULL,
    strategies TEXT NOT NULL,
    continued INTEGER NOT NULL,
    opening_cash TEXT NOT NULL,
    cash TEXT NOT NULL,
    commands_sha256 TEXT,
    inputs INTEGER,
    orders INTEGER,
    fills INTEGER
);
CREATE TABLE trades (
    trade_id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL,
    strategy_id TEXT NOT NULL,
    symbol TEXT NOT NULL,
    side TEXT NOT NULL,
    price TEXT NOT NULL,
    quantity TEXT NOT NULL,
    timestamp_ns INTEGER NOT NULL,
    fee TEXT NOT NULL,
    liquidity TEXT NOT NULL,
    venue TEXT NOT NULL,
    market TEXT NOT NULL,
    run INTEGER NOT NULL
);
CREATE TABLE orders (
    order_id INTEGER PRIMARY KEY,
    client_order_id TEXT NOT NULL,
    strategy_id TEXT NOT NULL,
    symbol TEXT NOT NULL,
    side TEXT NOT NULL,
    order_type TEXT NOT NULL,
    quantity TEXT NOT NULL,
    price TEXT,
    trigger_price TEXT,
    reduce_only INTEGER NOT NULL,
    status TEXT NOT NULL,
    filled_quantity TEXT NOT NULL,
    filled_notional TEXT NOT NULL,
    avg_fill_price TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    venue TEXT NOT NULL,
    market TEXT NOT NULL,
    run INTEGER NOT NULL
);
CREATE TABLE positions (
    strategy_id TEXT NOT NULL,
    symbol TEXT NOT NULL,
    market TEXT NOT NULL,
    venue TEXT NOT NULL,
    quantity TEXT NOT NULL,
    cost_basis TEXT NOT NULL,
    realized_pnl TEXT NOT NULL,
    fees TEXT NOT NULL,
    carry TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (strategy_id, symbol, market, venue)
);
CREATE TABLE account_events (
    event_id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    strategy_id TEXT NOT NULL,
    symbol TEXT NOT NULL,
    market TEXT NOT NULL,
    venue TEXT NOT NULL,
    timestamp_ns INTEGER NOT NULL,
    kind TEXT NOT NULL,
    amount TEXT NOT NULL,
    quantity TEXT,
    trade_id INTEGER
);
CREATE TABLE performance_metrics (
    run INTEGER NOT NULL,
    strategy_id TEXT NOT NULL,
    timestamp_ns INTEGER NOT NULL,
    total_pnl TEXT,
    realized_pnl TEXT NOT NULL,
    unrealized_pnl TEXT NOT NULL,
    fees TEXT NOT NULL,
    carry TEXT NOT NULL,
    total_return REAL,
    annual_return REAL,
    volatility REAL,
    sharpe_ratio REAL,
    sortino_ratio REAL,
    calmar_ratio REAL,
    max_drawdown REAL NOT NULL,
    max_drawdown_amount TEXT NOT NULL,
    max_drawdown_seconds REAL NOT NULL,
    win_rate REAL,
    profit_factor REAL,
    expectancy REAL,
    avg_trade_pnl REAL,
    num_trades INTEGER NOT NULL,
    turnover REAL,
    exposure REAL,
    tail_ratio REAL,
    value_at_risk REAL,
    ulcer_index REAL,
    PRIMARY KEY (run, strategy_id, timestamp_ns)
);
CREATE TABLE strategy_snapshots (
    run INTEGER NOT NULL,
    strategy_id TEXT NOT NULL,
    timestamp_ns INTEGER NOT NULL,
    signals INTEGER NOT NULL,
    suppressed INTEGER NOT NULL,
    orders INTEGER NOT NULL,
    fills INTEGER NOT NULL,
    realized_pnl TEXT NOT NULL,
    unrealized_pnl TEXT NOT NULL,
    fees TEXT NOT NULL,
    carry TEXT NOT NULL,
    equity TEXT NOT NULL,
    max_drawdown TEXT NOT NULL,
    wins INTEGER NOT NULL,
    losses INTEGER NOT NULL,
    PRIMARY KEY (run, strategy_id, timestamp_ns)
);
CREATE TABLE projection (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    sequence INTEGER NOT NULL,
    fact_number INTEGER NOT NULL,
    hash BLOB NOT NULL
);
INSERT INTO projection VALUES (1, 0, 0, zeroblob(16));
";

const INDEXES: &str = "
CREATE INDEX trades_by_time ON trades (strategy_id, symbol, timestamp_ns);
CREATE INDEX trades_by_order ON trades (order_id);
CREATE INDEX orders_by_time ON orders (strategy_id, symbol, created_at);
CREATE INDEX orders_unfinished ON orders (order_id)
    WHERE status NOT IN ('filled', 'cancelled', 'rejected', 'expired');
";

const VIEWS: &str = "
CREATE VIEW trades_real AS SELECT trade_id, order_id, strategy_id, symbol, side,
    CAST(price AS REAL) AS price, CAST(quantity AS REAL) AS quantity, timestamp_ns,
    CAST(fee AS REAL) AS fee, liquidity, venue, market, run FROM trades;
CREATE VIEW orders_real AS SELECT order_id, client_order_id, strategy_id, symbol, side,
    order_type, CAST(quantity AS REAL) AS quantity, CAST(price AS REAL) AS price,
    CAST(trigger_price AS REAL) AS trigger_price, reduce_only, status,
    CAST(filled_quantity AS REAL) AS filled_quantity,
    CAST(filled_notional AS REAL) AS filled_notional,
    CAST(avg_fill_price AS REAL) AS avg_fill_price, created_at, updated_at, venue, market, run
    FROM orders;
CREATE VIEW positions_real AS SELECT strategy_id, symbol, market, venue,
    CAST(quantity AS REAL) AS quantity, CAST(cost_basis AS REAL) AS cost_basis,
    CAST(realized_pnl AS REAL) AS realized_pnl, CAST(fees AS REAL) AS fees,
    CAST(carry AS REAL) AS carry, updated_at FROM positions;
CREATE VIEW account_events_real AS SELECT event_id, run, strategy_id, symbol, market, venue,
    timestamp_ns, kind, CAST(amount AS REAL) AS amount, CAST(quantity AS REAL) AS quantity,
    trade_id FROM account_events;
CREATE VIEW performance_metrics_real AS SELECT run, strategy_id, timestamp_ns,
    CAST(total_pnl AS REAL) AS total_pnl, CAST(realized_pnl AS REAL) AS realized_pnl,
    CAST(unrealized_pnl AS REAL) AS unrealized_pnl, CAST(fees AS REAL) AS fees,
    CAST(carry AS REAL) AS carry, total_return, annual_return, volatility, sharpe_ratio,
    sortino_ratio, calmar_ratio, max_drawdown,
    CAST(max_drawdown_amount AS REAL) AS max_drawdown_amount, max_drawdown_seconds, win_rate,
    profit_factor, expectancy, avg_trade_pnl, num_trades, turnover, exposure, tail_ratio,
    value_at_risk, ulcer_index FROM performance_metrics;
CREATE VIEW strategy_snapshots_real AS SELECT run, strategy_id, timestamp_ns, signals,
    suppressed, orders, fills, CAST(realized_pnl AS REAL) AS realized_pnl,
    CAST(unrealized_pnl AS REAL) AS unrealized_pnl, CAST(fees AS REAL) AS fees,
    CAST(carry AS REAL) AS carry, CAST(equity AS REAL) AS equity, CAST(max_drawdown AS REAL) AS max_drawdown, wins, losses
    FROM strategy_snapshots;
";

/// The version of an open database, zero for an empty one.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Makes all tables, indexes and views, or none.
pub(super) fn create(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    for part in [TABLES, INDEXES, VIEWS] {
        transaction.execute_batch(part)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}
