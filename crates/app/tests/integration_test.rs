//! One user's day, end to end: trade, audit, lose the database, rebuild it, stop, go on.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod support_cli;

use std::{collections::BTreeSet, fs};

use serde_json::Value;
use support_cli::{Finished, Program, folder};

/// The order ids in the database of a data directory.
fn order_ids(dir: &std::path::Path) -> Vec<String> {
    let database = rusqlite::Connection::open(dir.join("d/strategy.db")).unwrap();
    let mut query = database.prepare("SELECT order_id FROM orders").unwrap();
    let rows = query.query_map([], |row| row.get::<_, rusqlite::types::Value>(0)).unwrap();
    rows.map(|row| format!("{:?}", row.unwrap())).collect()
}

#[test]
fn what_was_traded_can_be_audited_rebuilt_stopped_and_continued() {
    let dir = folder();
    let at = |line: &str| -> Finished { Program::line(line).inside(dir.path()).run() };
    let demo = |seed: &str| support_cli::traded(dir.path(), &format!("--seed {seed}")).document();

    let first = demo("7");
    assert_eq!(first["run"], 1);
    assert!(first["fills"].as_u64() > Some(0), "{first}");
    let audit = at("audit --json --data-dir d").exits(0).quietly().document();
    assert_eq!(audit["first_difference"], Value::Null, "{audit}");
    let ids = order_ids(dir.path());
    assert_eq!(Some(ids.len() as u64), first["orders"].as_u64());

    // The database is a projection: it can be lost.
    fs::remove_file(dir.path().join("d/strategy.db")).unwrap();
    let rebuilt = at("rebuild --data-dir d").exits(0).quietly();
    assert!(rebuilt.out.contains("d/strategy.db"), "{rebuilt}");
    assert_eq!(order_ids(dir.path()), ids);
    at("audit --data-dir d").exits(0).quietly();

    // Stopped: the next session starts with what is held, and trades nothing.
    at("kill --data-dir d").exits(0).quietly();
    let second = at("demo --seconds 2 --json --data-dir d --seed 8").exits(0).quietly().document();
    assert_eq!(second["run"], 2);
    assert_eq!(second["orders"], 0, "{second}");
    assert_eq!(second["cash"], first["cash"], "{second}");
    assert_eq!(held(&second), held(&first), "{second}");

    // Resumed: it goes on, with new ids.
    at("resume --data-dir d").exits(0).quietly();
    let third = demo("9");
    assert_eq!(third["run"], 3);
    assert!(third["orders"].as_u64() > Some(0), "{third}");
    let all = order_ids(dir.path());
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "an id came twice: {all:?}");
    assert_eq!(Some((all.len() - ids.len()) as u64), third["orders"].as_u64());
    let audit = at("audit --data-dir d").exits(0).quietly();
    assert!(audit.out.contains("3 sessions"), "{audit}");
    assert!(audit.out.contains("agrees to the last digit"), "{audit}");
}

/// Instrument and position of everything held.
fn held(summary: &Value) -> Vec<(Value, Value)> {
    let positions = summary["positions"].as_array().unwrap();
    positions.iter().map(|one| (one["instrument"].clone(), one["position"].clone())).collect()
}
