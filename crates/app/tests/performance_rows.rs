//! The account's performance is the same in the summary, in the database and after a rebuild.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod support_cli;

use std::path::Path;

use rusqlite::{Connection, types::Value as Cell};
use serde_json::Value;
use support_cli::{Program, config, folder, recording};

/// Columns of `performance_metrics` and where the summary has them.
const SAME: [(&str, &str); 19] = [
    ("total_return", "/total_return"),
    ("annual_return", "/annual_return"),
    ("volatility", "/annual_volatility"),
    ("sharpe_ratio", "/sharpe"),
    ("sortino_ratio", "/sortino"),
    ("calmar_ratio", "/calmar"),
    ("max_drawdown", "/max_drawdown"),
    ("max_drawdown_seconds", "/longest_drawdown_seconds"),
    ("win_rate", "/trades/win_rate"),
    ("profit_factor", "/trades/profit_factor"),
    ("expectancy", "/trades/expectancy"),
    ("avg_trade_pnl", "/trades/expectancy"),
    ("num_trades", "/trades/count"),
    ("turnover", "/turnover"),
    ("exposure", "/exposure"),
    ("tail_ratio", "/tail_ratio"),
    ("value_at_risk", "/value_at_risk"),
    ("ulcer_index", "/ulcer_index"),
    ("CAST(max_drawdown_amount AS REAL)", "/max_drawdown_amount"),
];

fn open(dir: &Path) -> Connection {
    Connection::open(dir.join("d/strategy.db")).unwrap()
}

fn cell(database: &Connection, column: &str) -> Option<f64> {
    let last = "FROM performance_metrics ORDER BY timestamp_ns DESC LIMIT 1";
    match database.query_row(&format!("SELECT {column} {last}"), [], |row| row.get(0)).unwrap() {
        Cell::Null => None,
        Cell::Real(number) => Some(number),
        Cell::Integer(count) => Some(f64::from(i32::try_from(count).unwrap())),
        other => panic!("{column} is {other:?}"),
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str().map(|text| text.parse().unwrap()))
}

/// All rows, as text.
fn rows(dir: &Path) -> Vec<String> {
    let database = open(dir);
    let mut all = database.prepare("SELECT * FROM performance_metrics ORDER BY 1, 2, 3").unwrap();
    let columns = all.column_count();
    let shown = all.query_map([], |row| {
        (0..columns).map(|one| row.get::<_, Cell>(one)).collect::<Result<Vec<_>, _>>()
    });
    shown.unwrap().map(|row| format!("{:?}", row.unwrap())).collect()
}

#[test]
fn the_last_row_of_a_replay_has_the_figures_of_its_summary_and_a_rebuild_has_all_rows() {
    let dir = folder();
    let made = recording::made_in(dir.path(), 4);
    let replay = Program::line("replay --json --data-dir d --config").and(config("replay.toml"));
    let summary = replay
        .and("--set=strategy.persistence.snapshot_interval_ms=500")
        .and("--capture")
        .and(&made)
        .inside(dir.path())
        .run()
        .exits(0)
        .document();
    assert!(summary["fills"].as_u64() > Some(0), "there is something to compare: {summary}");
    let performance = &summary["performance"];
    let database = open(dir.path());
    for (column, place) in SAME {
        let said = number(performance.pointer(place).unwrap_or(&Value::Null));
        let stored = cell(&database, column);
        let same = match (said, stored) {
            (None, None) => true,
            (Some(said), Some(stored)) => (said - stored).abs() <= 1e-12 * said.abs(),
            _ => false,
        };
        assert!(same, "{column}: {stored:?} in the database, {said:?} in {performance}");
    }
    assert!(cell(&database, "exposure") > Some(0.0), "{performance}");
    assert_eq!(cell(&database, "sharpe_ratio"), None, "seconds say nothing about a year");
    let names = "SELECT strategy_id FROM performance_metrics LIMIT 1";
    let name: String = database.query_row(names, [], |row| row.get(0)).unwrap();
    assert_eq!(name, "imbalance_replay");
    drop(database);

    let before = rows(dir.path());
    assert!(before.len() > 3, "one each half second: {before:#?}");
    Program::line("rebuild --data-dir d").inside(dir.path()).run().exits(0);
    assert_eq!(rows(dir.path()), before);
    Program::line("audit --data-dir d").inside(dir.path()).run().exits(0);
}
