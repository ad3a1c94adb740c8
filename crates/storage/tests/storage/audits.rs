//! The audit agrees with what is right and finds what is wrong.

use domain::{Event, MarketData, Money, Record, ReportKind, Stamped, Timestamp};
use proptest::prelude::*;
use rusqlite::{Connection, OpenFlags};

use crate::{rig::Rig, support::Desk};

/// A run with its records changed before they are written.
fn tampered(seed: u64, tamper: impl FnOnce(&mut Vec<Record<'static>>)) -> Rig {
    let rig = Rig::new();
    let mut desk = Desk::new(seed);
    desk.next_run(domain::RunNumber::FIRST, false);
    let mut records = desk.trade(200);
    records.push(desk.end());
    tamper(&mut records);
    rig.abandon(&mut Desk::new(seed), &records, false);
    rig
}

/// What the audit says first about a run changed like this.
fn first_difference(tamper: impl FnOnce(&mut Vec<Record<'static>>)) -> String {
    let report = tampered(1, tamper).audit();
    report.first_difference.map_or_else(|| "none".into(), |first| first.to_string())
}

/// Changes the first record for which `change` has something to change.
fn change_first(records: &mut [Record<'static>], change: impl FnMut(&mut Record<'static>) -> bool) {
    assert!(records.iter_mut().any(change));
}

fn change_account(
    records: &mut [Record<'static>],
    change: impl Fn(&mut domain::record::AccountRecord),
) {
    change_first(records, |record| {
        let Record::Account(account) = record else { return false };
        change(account);
        true
    });
}

#[test]
fn an_untouched_run_agrees() {
    assert_eq!(first_difference(|_| {}), "none");
}

#[test]
fn a_wrong_atto_of_cash_is_found() {
    let found = first_difference(|records| {
        change_account(records, |account| account.cash += Money::from_atto(1));
    });
    assert!(found.contains("the cash of"), "{found}");
}

#[test]
fn a_wrong_position_cost_profit_or_fee_is_found() {
    let fields = ["position", "cost basis", "realised profit", "fees", "carry"];
    for (field, name) in fields.iter().enumerate() {
        let found = first_difference(|records| {
            let atto = Money::from_atto(1);
            change_account(records, |account| match field {
                0 => account.position = -account.position,
                1 => account.cost_basis += atto,
                2 => account.realized_pnl += atto,
                3 => account.fees += atto,
                _ => account.carry += atto,
            });
        });
        assert!(found.contains(name), "{found}");
    }
}

#[test]
fn an_amount_that_the_account_does_not_show_is_found() {
    let found = first_difference(|records| {
        change_first(records, |record| {
            let Record::Input(Stamped { event: Event::Account(event), .. }) = record else {
                return false;
            };
            event.amount += Money::from_atto(1);
            true
        });
    });
    assert!(found.contains("carry") || found.contains("liquidation"), "{found}");
}

#[test]
fn a_position_that_does_not_follow_from_the_ratio_of_a_split_is_found() {
    let found = first_difference(|records| {
        change_first(records, |record| {
            let Record::Input(Stamped { event: Event::Market(market), .. }) = record else {
                return false;
            };
            let MarketData::Split(split) = &mut market.data else { return false };
            split.ratio = domain::Rate::new("3".parse().unwrap());
            true
        });
    });
    assert!(found.contains("after a split"), "{found}");
}

#[test]
fn a_missing_account_is_found() {
    let found = first_difference(|records| {
        let place = records.iter().position(|record| matches!(record, Record::Account(_)));
        records.remove(place.unwrap());
    });
    assert!(found.contains("the account after a fill"), "{found}");
}

#[test]
fn a_lost_input_is_found() {
    let found = first_difference(|records| {
        let clock = |record: &Record<'_>| {
            matches!(record, Record::Input(Stamped { event: Event::Clock, .. }))
        };
        records.remove(records.iter().position(clock).unwrap());
    });
    assert!(found.contains("the number of an input"), "{found}");
}

#[test]
fn an_order_id_given_twice_is_found() {
    let found = first_difference(|records| {
        let again = records.iter().find(|record| matches!(record, Record::Placed(_))).cloned();
        records.insert(records.len() - 1, again.unwrap());
    });
    assert!(found.contains("an order id"), "{found}");
}

#[test]
fn a_fill_beyond_the_order_is_found() {
    let found = first_difference(|records| {
        change_first(records, |record| {
            let Record::Input(Stamped { event: Event::Report(report), .. }) = record else {
                return false;
            };
            let ReportKind::Filled(fill) = &mut report.kind else { return false };
            fill.quantity = domain::Lots::new(1_000_000);
            true
        });
    });
    assert!(found.contains("what is filled of order"), "{found}");
}

#[test]
fn a_fill_of_an_unknown_order_is_found() {
    let found = first_difference(|records| {
        let placed = records.iter().position(|record| matches!(record, Record::Placed(_)));
        records.remove(placed.unwrap());
    });
    assert!(found.contains("known"), "{found}");
}

#[test]
fn wrong_totals_at_the_end_are_found() {
    let found = first_difference(|records| {
        change_first(records, |record| {
            let Record::SessionEnded(ended) = record else { return false };
            ended.fills += 1;
            true
        });
    });
    assert!(found.contains("all fills"), "{found}");
}

#[test]
fn a_changed_row_of_any_table_is_found() {
    let changes = [
        (
            "UPDATE trades SET price = price || '1' WHERE rowid = (SELECT MAX(rowid) FROM trades)",
            "price",
        ),
        ("UPDATE trades SET fee = '0' WHERE rowid = (SELECT MIN(rowid) FROM trades)", "fee"),
        ("UPDATE trades SET side = 'none'", "side"),
        ("DELETE FROM trades WHERE rowid = (SELECT MIN(rowid) FROM trades)", "the row of trade"),
        ("UPDATE orders SET status = 'open' WHERE status = 'filled'", "status"),
        ("UPDATE orders SET avg_fill_price = '1' WHERE filled_quantity <> '0'", "avg_fill_price"),
        ("DELETE FROM orders WHERE order_id = (SELECT MAX(order_id) FROM orders)", "orders"),
        ("UPDATE positions SET cost_basis = '1e3'", "cost_basis"),
        (
            "INSERT INTO positions VALUES ('x', 'y', 'z', 'v', '0', '0', '0', '0', '0', 0)",
            "positions",
        ),
        ("UPDATE positions SET carry = '1e3'", "carry"),
        (
            "DELETE FROM account_events WHERE rowid = (SELECT MIN(rowid) FROM account_events)",
            "account_events",
        ),
        ("UPDATE projection SET hash = zeroblob(16)", "the journal"),
        ("UPDATE projection SET sequence = 1000000", "the last record"),
    ];
    for (change, name) in changes {
        let rig = tampered(2, |_| {});
        rig.assert_sound();
        assert!(rig.connect().execute(change, []).unwrap() > 0, "{change}");
        let report = rig.audit();
        let found = report.first_difference.unwrap_or_else(|| panic!("{change} is not found"));
        assert!(found.to_string().contains(name), "{change}: {found}");
    }
}

#[test]
fn a_report_reads_well_and_is_json() {
    let rig = tampered(3, |_| {});
    let report = rig.audit();
    let text = report.to_string();
    for part in ["run 1", "demo", "everything agrees to the last digit", "0 facts behind"] {
        assert!(text.contains(part), "{text}");
    }
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["first_difference"], serde_json::Value::Null);
    assert_eq!(json["database"]["lag"], 0);
    assert_eq!(json["cash"], report.cash);
    assert!(json["orders"].as_u64().unwrap() > 10);
}

#[test]
fn an_empty_directory_agrees_with_nothing() {
    let rig = Rig::new();
    let report = storage::audit(rig.path(), None).unwrap();
    assert_eq!((report.records, report.agrees()), (0, true));
}

#[test]
fn accounts_may_be_flat_and_still_be_compared() {
    let rig = Rig::new();
    let mut desk = Desk::new(4);
    rig.run(&mut desk, 300, false);
    let report = rig.audit();
    let liquidations = rig.ask("SELECT COUNT(*) FROM account_events WHERE trade_id > 0").unwrap();
    let filled = desk.fills() - liquidations.parse::<u64>().unwrap();
    assert_eq!(report.accounts_compared, filled + report.account_events);
    assert!(report.account_events > 5 && report.carry != "0", "{report}");
    assert!(report.database.as_ref().unwrap().positions > 3);
    assert_ne!(report.cash, "100000");
    assert_eq!(desk.session().time, Timestamp::from_nanos(1_700_000_001_000_000_000));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_chain_of_runs_agrees_to_the_last_digit(
        seed in any::<u64>(), runs in prop::collection::vec((1_usize..120, any::<bool>()), 1..4),
    ) {
        let rig = Rig::new();
        let mut desk = Desk::new(seed);
        for (steps, continued) in runs {
            rig.run(&mut desk, steps, continued);
        }
        let report = rig.audit();
        prop_assert!(report.agrees(), "{}", report);
        prop_assert_eq!(report.database_lag(), Some(0));
    }
}

#[test]
fn a_database_that_a_killed_first_start_left_half_made_is_not_compared() {
    let rig = tampered(4, |_| {});
    std::fs::write(rig.database(), b"").unwrap();
    let report = rig.audit();
    assert!(report.agrees() && report.database.is_none(), "{report}");

    // A change that has reached the file, and the log that takes it back.
    let elsewhere = Rig::new();
    let maker = Connection::open(elsewhere.database()).unwrap();
    maker.execute_batch("PRAGMA cache_size = 1; VACUUM; BEGIN; CREATE TABLE half (made)").unwrap();
    maker.execute("INSERT INTO half VALUES (zeroblob(1000000))", []).unwrap();
    for suffix in ["", "-journal"] {
        let [from, to] = [&elsewhere, &rig].map(|rig| {
            let mut name = rig.database().into_os_string();
            name.push(suffix);
            name
        });
        std::fs::copy(from, to).unwrap();
    }
    let readable = Connection::open_with_flags(rig.database(), OpenFlags::SQLITE_OPEN_READ_ONLY)
        .and_then(|file| file.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())));
    assert!(readable.is_err(), "SQLite does not read past such a change");
    let report = rig.audit();
    assert!(report.agrees() && report.database.is_none(), "{report}");
}
