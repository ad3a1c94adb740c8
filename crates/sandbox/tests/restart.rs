//! Accounts, orders and trades survive a restart of the sandbox, torn files included.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::{fs, path::Path, time::Duration};

use hmac::{Hmac, Mac as _};
use sandbox::{EXAMPLE_KEY, EXAMPLE_SECRET, Keys, Sandbox, SandboxConfig, SandboxHandle};
use serde_json::Value;
use sha2::Sha256;

fn start(folder: &Path) -> SandboxHandle {
    let store = Some(folder.to_owned());
    Sandbox::start(SandboxConfig { store, ..SandboxConfig::default() }).unwrap()
}

/// A signed call over the real wire.
fn call(sandbox: &SandboxHandle, method: &str, path: &str, query: &str) -> (u16, Value) {
    call_with(sandbox, EXAMPLE_KEY, method, path, query)
}

/// The same with another key of the same secret.
fn call_with(
    sandbox: &SandboxHandle,
    key: &str,
    method: &str,
    path: &str,
    query: &str,
) -> (u16, Value) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(20)))
        .build()
        .into();
    let rest = &sandbox.urls().spot_rest;
    let mut answer = agent.get(format!("{rest}/api/v3/time")).call().unwrap();
    let time: Value = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
    let and = if query.is_empty() { "" } else { "&" };
    let payload = format!("{query}{and}timestamp={}", time["serverTime"]);
    let mut mac = Hmac::<Sha256>::new_from_slice(EXAMPLE_SECRET.as_bytes()).unwrap();
    mac.update(payload.as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    let url = format!("{rest}{path}?{payload}&signature={signature}");
    let mut answer = match method {
        "POST" => agent.post(url).header("X-MBX-APIKEY", key).send_empty(),
        "DELETE" => agent.delete(url).header("X-MBX-APIKEY", key).call(),
        _ => agent.get(url).header("X-MBX-APIKEY", key).call(),
    }
    .unwrap();
    let body = answer.body_mut().read_to_string().unwrap();
    (answer.status().as_u16(), serde_json::from_str(&body).unwrap())
}

fn ok(sandbox: &SandboxHandle, method: &str, path: &str, query: &str) -> Value {
    let (status, body) = call(sandbox, method, path, query);
    assert_eq!(status, 200, "{method} {path}: {body}");
    body
}

const ORDER: &str = "/api/v3/order";
const RESTING: &str = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.5&price=50000&newClientOrderId=r";

#[test]
fn open_orders_balances_positions_and_trades_are_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = start(folder.path());
    let filled = ok(&sandbox, "POST", ORDER, "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.01");
    ok(&sandbox, "POST", ORDER, RESTING);
    ok(&sandbox, "POST", "/fapi/v1/order", "symbol=ETHUSDT&side=SELL&type=MARKET&quantity=1");
    let balances = ok(&sandbox, "GET", "/api/v3/account", "")["balances"].clone();
    sandbox.stop();
    let sandbox = start(folder.path());
    assert_eq!(ok(&sandbox, "GET", "/api/v3/account", "")["balances"], balances);
    let list = ok(&sandbox, "GET", "/api/v3/myTrades", "symbol=BTCUSDT");
    assert_eq!(list[0]["orderId"], filled["orderId"]);
    let risk = ok(&sandbox, "GET", "/fapi/v3/positionRisk", "");
    assert_eq!(
        (&risk[0]["symbol"], &risk[0]["positionAmt"]),
        (&"ETHUSDT".into(), &"-1.000".into())
    );
    // It is not only listed: it can be cancelled, and numbers go on where they were.
    assert_eq!(ok(&sandbox, "GET", "/api/v3/openOrders", "").as_array().unwrap().len(), 1);
    let gone = ok(&sandbox, "DELETE", ORDER, "symbol=BTCUSDT&origClientOrderId=r");
    assert_eq!(gone["status"], "CANCELED");
    let next = ok(&sandbox, "POST", ORDER, RESTING);
    assert!(next["orderId"].as_u64() > gone["orderId"].as_u64());
}

#[test]
fn an_account_that_did_nothing_keeps_its_money_when_another_one_trades() {
    let folder = tempfile::tempdir().unwrap();
    let account = |name: &str, key: &str| {
        format!(
            "[[account]]\nname = \"{name}\"\nspot = {{ USDT = \"1000\" }}\n\
             [[account.key]]\nkey = \"{key}\"\nsecret = \"{EXAMPLE_SECRET}\"\n"
        )
    };
    let start = |file: &str| {
        let (store, keys) = (Some(folder.path().to_owned()), Keys::read(file).unwrap());
        Sandbox::start(SandboxConfig { store, keys, ..SandboxConfig::default() }).unwrap()
    };
    let small = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.001&price=50000";
    let first = account("first", "first");
    let sandbox = start(&first);
    assert_eq!(call_with(&sandbox, "first", "POST", ORDER, small).0, 200);
    sandbox.stop();
    // Two more accounts open at a later start, and only one of them trades.
    let file = first + &account("idle", "idle") + &account("busy", EXAMPLE_KEY);
    let sandbox = start(&file);
    ok(&sandbox, "POST", ORDER, small);
    sandbox.stop();
    let sandbox = start(&file);
    let (status, told) = call_with(&sandbox, "idle", "GET", "/api/v3/account", "");
    let list = told["balances"].as_array().unwrap();
    let dollars = list.iter().find(|one| one["asset"] == "USDT").unwrap();
    assert_eq!((status, &dollars["free"]), (200, &"1000.00000000".into()), "{told}");
}

#[test]
fn a_torn_tail_costs_only_what_was_torn() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = start(folder.path());
    ok(&sandbox, "POST", ORDER, RESTING);
    let path = folder.path().join("venue.log");
    let before = fs::read(&path).unwrap().len();
    ok(&sandbox, "DELETE", ORDER, "symbol=BTCUSDT&origClientOrderId=r");
    sandbox.stop();
    let whole = fs::read(&path).unwrap();
    assert!(whole.len() > before);
    // Wherever the last change is torn, the order is open again and its money is set aside.
    for length in [before + 1, before + 40, usize::midpoint(before, whole.len()), whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        let sandbox = start(folder.path());
        let order = ok(&sandbox, "GET", ORDER, "symbol=BTCUSDT&origClientOrderId=r");
        assert_eq!(order["status"], "NEW", "torn at {length}");
        let account = ok(&sandbox, "GET", "/api/v3/account", "omitZeroBalances=true");
        let list = account["balances"].as_array().unwrap();
        let dollars = list.iter().find(|one| one["asset"] == "USDT").unwrap();
        assert_eq!(dollars["locked"], "25000.00000000", "torn at {length}");
    }
    let mut damaged = whole.clone();
    damaged[before + 30] ^= 1;
    fs::write(&path, &damaged).unwrap();
    let sandbox = start(folder.path());
    assert_eq!(ok(&sandbox, "GET", ORDER, "symbol=BTCUSDT&origClientOrderId=r")["status"], "NEW");
}

#[test]
fn the_control_endpoint_adds_faults_and_money() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = start(folder.path());
    let rest = &sandbox.urls().spot_rest;
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let rule = r#"{"kind":"timeout_after_execution","times":1}"#;
    let added = agent.post(format!("{rest}/sandbox/faults")).send(rule).unwrap();
    assert_eq!(added.status().as_u16(), 200);
    assert_eq!(call(&sandbox, "POST", ORDER, RESTING).0, 504);
    assert_eq!(ok(&sandbox, "GET", ORDER, "symbol=BTCUSDT&origClientOrderId=r")["status"], "NEW");
    let wrong = agent.post(format!("{rest}/sandbox/faults")).send(r#"{"kind":"none"}"#).unwrap();
    assert_eq!(wrong.status().as_u16(), 400);
    let money = r#"{"asset":"USDT","amount":"123.5"}"#;
    agent.post(format!("{rest}/sandbox/deposit")).send(money).unwrap();
    let account = ok(&sandbox, "GET", "/api/v3/account", "omitZeroBalances=true");
    let list = account["balances"].as_array().unwrap();
    let dollars = list.iter().find(|one| one["asset"] == "USDT").unwrap();
    assert_eq!(dollars["free"], "975123.50000000");
    let mut told = agent.get(format!("{rest}/sandbox/faults")).call().unwrap();
    let told: Value = serde_json::from_str(&told.body_mut().read_to_string().unwrap()).unwrap();
    assert_eq!((&told[0]["on"], &told[0]["count"]), (&"POST /api/v3/order".into(), &1.into()));
}
