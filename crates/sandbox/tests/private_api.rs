//! The spot WebSocket API, its user data, and faults.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod trader;

use std::fmt::Write as _;

use sandbox::{FaultKind, FaultRule, FaultScript, Keys, Sent};
use serde_json::{Value, json};
use trader::Trader;

const ORDER: &str = "/api/v3/order";
const MARKET_BUY: &str = "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.01";
const RESTING: &str = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price=50000&newClientOrderId=r";

fn trader() -> Trader {
    Trader::new(FaultScript::default())
}

fn with_fault(rule: FaultRule) -> Trader {
    let mut trader = trader();
    trader.venue.add_fault(rule);
    trader
}

#[test]
fn a_session_signs_once_and_then_trades_and_listens() {
    let mut trader = trader();
    let api = trader.connect("/ws-api/v3");
    let order = json!({"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"});
    let mut unsigned = order.clone();
    unsigned["timestamp"] = trader.now.into();
    assert_eq!(trader.ask(api, "order.place", &unsigned)["error"]["code"], -2014);
    let by_hmac = trader.sign(json!({}), false);
    assert_eq!(trader.ask(api, "session.logon", &by_hmac)["error"]["code"], -4056);
    let by_ed25519 = trader.sign(json!({}), true);
    let logon = trader.ask(api, "session.logon", &by_ed25519);
    assert_eq!(
        (&logon["status"], &logon["result"]["apiKey"]),
        (&json!(200), &json!(sandbox::EXAMPLE_ED25519_KEY))
    );
    let listening = trader.ask(api, "userDataStream.subscribe", &json!({}));
    assert_eq!(listening["result"], json!({"subscriptionId": 0}));
    let placed = trader.ask(api, "order.place", &unsigned);
    assert_eq!((&placed["status"], &placed["result"]["status"]), (&json!(200), &json!("FILLED")));
    assert!(placed["rateLimits"].as_array().unwrap().iter().any(|one| one["count"] == 1));
    let reports = trader.events(api, "executionReport");
    let kinds: Vec<&Value> = reports.iter().map(|report| &report["x"]).collect();
    assert_eq!((kinds[0], *kinds.last().unwrap()), (&json!("NEW"), &json!("TRADE")));
    let last = reports.last().unwrap();
    assert_eq!((&last["X"], &last["i"]), (&json!("FILLED"), &placed["result"]["orderId"]));
    let wrapped =
        trader.frames(api).into_iter().find(|frame| frame["event"]["e"] == "executionReport");
    assert_eq!(wrapped.unwrap()["subscriptionId"], 0);
    let held = trader.events(api, "outboundAccountPosition");
    assert_eq!(held.last().unwrap()["B"][0]["f"], "10.00999000");
    // After logging out a request needs its own signature again.
    trader.ask(api, "session.logout", &json!({}));
    assert_eq!(trader.ask(api, "order.place", &unsigned)["error"]["code"], -2014);
    let signed = trader.sign(order, false);
    assert_eq!(trader.ask(api, "order.place", &signed)["result"]["status"], "FILLED");
}

#[test]
fn orders_are_placed_asked_for_and_cancelled_with_signed_requests() {
    let mut trader = trader();
    let api = trader.connect("/ws-api/v3");
    let subscribe = trader.sign(json!({}), false);
    let told = trader.ask(api, "userDataStream.subscribe.signature", &subscribe);
    assert_eq!(told["result"]["subscriptionId"], 0);
    let order = trader.sign(json!({"symbol": "BTCUSDT", "side": "SELL", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01000000", "price": "90000.00", "newClientOrderId": "äh"}), false);
    assert_eq!(trader.ask(api, "order.place", &order)["error"]["code"], -1100);
    let order = trader.sign(json!({"symbol": "BTCUSDT", "side": "SELL", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01000000", "price": "90000.00", "newClientOrderId": "w"}), false);
    assert_eq!(trader.ask(api, "order.place", &order)["result"]["clientOrderId"], "w");
    let name = trader.sign(json!({"symbol": "BTCUSDT", "origClientOrderId": "w"}), false);
    assert_eq!(trader.ask(api, "order.status", &name)["result"]["status"], "NEW");
    let all = trader.sign(json!({}), false);
    assert_eq!(trader.ask(api, "openOrders.status", &all)["result"].as_array().unwrap().len(), 1);
    assert_eq!(trader.ask(api, "order.cancel", &name)["result"]["status"], "CANCELED");
    let cancelled = trader.events(api, "executionReport").pop().unwrap();
    assert_eq!((&cancelled["x"], &cancelled["C"]), (&json!("CANCELED"), &json!("w")));
    let again = trader.ask(api, "order.cancel", &name);
    assert_eq!((&again["status"], &again["error"]["code"]), (&json!(400), &json!(-2011)));
    let mut forged = all.clone();
    forged["signature"] = "00".into();
    assert_eq!(trader.ask(api, "account.status", &forged)["error"]["code"], -1022);
    assert_eq!(trader.ask(api, "nothing.such", &json!({}))["error"]["code"], -1104);
}

#[test]
fn an_error_or_a_time_out_can_hide_an_order_that_was_carried_out() {
    for (kind, status, code) in [
        (FaultKind::TimeoutAfterExecution, 504, -1007),
        (FaultKind::ErrorAfterExecution, 500, -1001),
    ] {
        let mut trader = with_fault(FaultRule::once(kind).on("POST /api/v3/order"));
        let told = trader.call("POST", ORDER, &format!("{MARKET_BUY}&newClientOrderId=x"));
        assert_eq!((told.status, told.complaint().1), (status, code));
        let found = trader.ok("GET", ORDER, "symbol=BTCUSDT&origClientOrderId=x");
        assert_eq!(found["status"], "FILLED");
    }
    let mut trader = with_fault(FaultRule::once(FaultKind::ErrorBeforeExecution).on("POST"));
    assert_eq!(trader.call("POST", ORDER, RESTING).status, 500);
    assert_eq!(
        trader.call("GET", ORDER, "symbol=BTCUSDT&origClientOrderId=r").complaint().1,
        -2013
    );
    let mut trader = with_fault(FaultRule::once(FaultKind::Disconnect).on("POST"));
    assert!(trader.call("POST", ORDER, RESTING).reply.hang_up);
    assert_eq!(trader.ok("GET", ORDER, "symbol=BTCUSDT&origClientOrderId=r")["status"], "NEW");
}

#[test]
fn acknowledgements_and_events_can_come_late() {
    let mut trader =
        with_fault(FaultRule { millis: Some(7_000), ..FaultRule::once(FaultKind::LateAck) });
    let told = trader.call("POST", ORDER, RESTING);
    assert_eq!((told.status, told.reply.after_millis), (200, 7_000));
    trader
        .venue
        .add_fault(FaultRule { millis: Some(900), ..FaultRule::once(FaultKind::LateEvents) });
    let api = trader.connect("/ws-api/v3");
    let subscribe = trader.sign(json!({}), false);
    trader.ask(api, "userDataStream.subscribe.signature", &subscribe);
    trader.ok("POST", ORDER, MARKET_BUY);
    trader.pass(0);
    let late = trader.mail.iter().filter(|one| one.after_millis == 900).count();
    assert!(late >= 3, "a report of the order, one of its trade, and the balances");
}

#[test]
fn a_cancellation_can_be_refused_or_come_too_late() {
    let mut trader = trader();
    trader.ok("POST", ORDER, RESTING);
    trader.venue.add_fault(FaultRule::once(FaultKind::CancelReject));
    let name = "symbol=BTCUSDT&origClientOrderId=r";
    assert_eq!(trader.call("DELETE", ORDER, name).complaint().1, -2011);
    assert_eq!(trader.ok("GET", ORDER, name)["status"], "NEW");
    trader.venue.add_fault(FaultRule::once(FaultKind::FillAfterCancel));
    assert_eq!(trader.ok("DELETE", ORDER, name)["status"], "CANCELED");
    let order = trader.ok("GET", ORDER, name);
    assert_eq!(
        (&order["status"], &order["executedQty"]),
        (&json!("CANCELED"), &json!("0.00001000"))
    );
}

#[test]
fn limits_maintenance_and_clocks_can_go_wrong() {
    let mut trader = with_fault(FaultRule::once(FaultKind::RateLimited));
    let told = trader.call("GET", "/api/v3/account", "");
    assert!(told.status == 429 && told.header("retry-after").is_some());
    trader.venue.add_fault(FaultRule::once(FaultKind::CancelOnly));
    trader.ok("POST", ORDER, RESTING);
    trader.pass(2_000);
    assert_eq!(
        trader.call("POST", ORDER, MARKET_BUY).complaint().2,
        "Only cancels are allowed for this symbol."
    );
    trader.ok("DELETE", ORDER, "symbol=BTCUSDT&origClientOrderId=r");
    trader.pass(12_000);
    trader.ok("POST", ORDER, MARKET_BUY);
    trader.venue.add_fault(FaultRule::once(FaultKind::ClockJump));
    trader.pass(2_000);
    assert_eq!(trader.call("GET", "/api/v3/account", "").complaint().1, -1021);
    let told = trader.raw("GET", "/api/v3/time", None);
    assert_eq!(told.body["serverTime"].as_i64().unwrap() - trader.now, 3_600_000);
    trader.venue.stop_faults();
    trader.venue.add_fault(FaultRule::once(FaultKind::Banned));
    assert_eq!(trader.call("GET", "/api/v3/account", "").status, 418);
    trader.pass(121_000);
    trader.venue.add_fault(FaultRule::once(FaultKind::KeyRevoked));
    trader.pass(1_000);
    assert_eq!(trader.call("GET", "/api/v3/account", "").complaint().1, -2015);
}

#[test]
fn a_restart_can_lose_orders_and_ends_every_connection() {
    let mut trader = trader();
    let api = trader.connect("/ws-api/v3");
    for index in 0..10 {
        trader.ok("POST", ORDER, &format!("{RESTING}{index}"));
    }
    trader.venue.add_fault(FaultRule::once(FaultKind::RestartLostOrders));
    trader.pass(1_500);
    assert_eq!(trader.ok("GET", "/api/v3/openOrders", "").as_array().unwrap().len(), 5);
    assert!(trader.mail.iter().any(|one| one.connection == api && one.sent == Sent::HangUp));
}

#[test]
fn public_frames_can_be_lost_doubled_torn_and_crossed() {
    let mut trader = trader();
    let depth = trader.connect("/stream?streams=btcusdt@depth@100ms/btcusdt@bookTicker");
    for (kind, on) in [
        (FaultKind::Garbage, "depth"),
        (FaultKind::Gap, "depth"),
        (FaultKind::CrossedBook, "bookTicker"),
        (FaultKind::UnknownMessage, "bookTicker"),
        (FaultKind::WrongSymbol, "bookTicker"),
        (FaultKind::Disconnect, "depth"),
    ] {
        let mut rule = FaultRule::once(kind).on(on);
        rule.after = 8;
        trader.venue.add_fault(rule);
    }
    trader.pass(5_000);
    let own = trader.mail.iter().filter(|one| one.connection == depth);
    let texts: Vec<&str> = own
        .clone()
        .filter_map(|one| match &one.sent {
            Sent::Text(text) => Some(text.as_str()),
            Sent::HangUp => None,
        })
        .collect();
    assert!(texts.iter().any(|text| text.contains("502 Bad Gateway")));
    assert!(texts.iter().any(|text| text.contains("neverSeen")));
    assert!(texts.iter().any(|text| text.contains("NOSUCHUSDT")));
    assert_eq!(own.clone().next_back().unwrap().sent, Sent::HangUp);
    assert_eq!(trader.venue.faults_struck().len(), 6);
}

#[test]
fn streams_can_fall_silent_and_the_venue_can_be_out_of_reach() {
    let mut trader = trader();
    let ticker = trader.connect("/ws/btcusdt@bookTicker");
    trader.pass(2_000);
    assert!(!trader.frames(ticker).is_empty());
    let rule = FaultRule { millis: Some(20_000), ..FaultRule::once(FaultKind::Silence) };
    trader.venue.add_fault(rule);
    trader.pass(1_000);
    trader.mail.clear();
    trader.pass(18_000);
    assert_eq!(trader.mail, [], "neither frames nor a hang-up");
    trader.pass(4_000);
    assert!(!trader.frames(ticker).is_empty());
    trader.venue.add_fault(FaultRule::once(FaultKind::ConnectRefused));
    trader.pass(1_500);
    assert!(trader.call("POST", ORDER, RESTING).reply.hang_up);
    assert_eq!(trader.venue.connect("/ws-api/v3", trader.time()), None);
    trader.pass(6_000);
    assert_eq!(trader.ok("GET", "/api/v3/openOrders", ""), json!([]));
}

/// A session under a storm: everything that was answered and sent, as one text.
fn stormy(seed: u64) -> (String, Value, usize) {
    let mut trader = Trader::with(seed, Keys::default(), FaultScript::storm());
    let mut told = String::new();
    for round in 0..150 {
        trader.pass(1_700);
        let own = trader.venue.connect("/ws-api/v3", trader.time());
        let query = format!("{RESTING}{round}");
        for (method, path, query) in [
            ("POST", ORDER, query.as_str()),
            ("POST", ORDER, MARKET_BUY),
            ("POST", "/fapi/v1/order", MARKET_BUY),
            ("DELETE", "/api/v3/openOrders", "symbol=BTCUSDT"),
        ] {
            told += &trader.call(method, path, query).reply.response.body;
        }
        if let Some(own) = own {
            trader.venue.disconnect(own);
        }
    }
    for outgoing in &trader.mail {
        write!(told, "{outgoing:?}").unwrap();
    }
    let struck = trader.venue.faults_struck();
    let kinds: std::collections::BTreeSet<FaultKind> = struck.iter().map(|one| one.0).collect();
    (told, trader.venue.truth(), kinds.len())
}

#[test]
fn a_storm_is_the_same_storm_for_the_same_seed() {
    let (first, truth, kinds) = stormy(11);
    let (second, same, _) = stormy(11);
    assert!(first == second && truth == same);
    assert!(kinds >= 12, "{kinds} kinds in four minutes");
    assert!(stormy(12).0 != first);
}

#[test]
fn fault_files_are_read_and_mistakes_are_named() {
    let script = FaultScript::read(
        "[[fault]]\nkind = \"late_ack\"\non = \"POST\"\nprobability = 0.5\nmillis = 2000\n",
    );
    assert_eq!(script.unwrap().rules[0].kind, FaultKind::LateAck);
    let wrong = FaultScript::read("[[fault]]\nkind = \"earthquake\"\n").unwrap_err();
    assert!(wrong.contains("line 2") && wrong.contains("earthquake"), "{wrong}");
    let wrong = FaultScript::read("[[fault]]\nkind = \"drop\"\nprobability = 2\n").unwrap_err();
    assert!(wrong.contains("fault 1: probability"), "{wrong}");
    assert!(
        Keys::read("[[account]]\nname = \"a\"\n[[account.key]]\nkey = \"k\"\n")
            .unwrap_err()
            .contains("key 1")
    );
}
