//! What a client that follows Binance's documentation meets.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "prices in cents and counts of samples are far from the limits"
)]

mod client;

use std::time::{Duration, Instant};

use client::{Client, get};
use sandbox::{
    MarketSource, Mischief, Sandbox, SandboxConfig, SandboxError, SandboxHandle, SandboxUrls,
};
use serde_json::{Value, json};

fn start() -> SandboxHandle {
    Sandbox::start(SandboxConfig::default()).unwrap()
}

fn connect(base: &str, path: &str) -> Client {
    Client::connect(&format!("{base}{path}"))
}

#[test]
fn raw_streams_are_bare_and_combined_ones_are_wrapped() {
    let sandbox = start();
    let SandboxUrls { spot_ws, futures_ws_public, .. } = sandbox.urls();
    let mut raw = connect(spot_ws, "/ws/btcusdt@bookTicker");
    let ticker = raw.json();
    assert_eq!(ticker["s"], "BTCUSDT");
    assert!(ticker.get("e").is_none(), "spot tickers have no type");
    assert_eq!(ticker["b"].as_str().unwrap().split('.').next_back().unwrap().len(), 8);

    let mut combined = connect(spot_ws, "/stream?streams=btcusdt@depth@100ms/ethusdt@depth");
    let depth = combined.until(|frame| frame["stream"] == "btcusdt@depth@100ms");
    assert_eq!(depth["data"]["e"], "depthUpdate");
    combined.until(|frame| frame["stream"] == "ethusdt@depth" && frame["data"]["s"] == "ETHUSDT");

    let mut futures = connect(futures_ws_public, "/stream?streams=btcusdt@depth@0ms");
    let depth = futures.json();
    assert_eq!(depth["stream"], "btcusdt@depth@0ms");
    assert!(depth["data"]["pu"].is_u64() && depth["data"]["T"].is_i64());
    let mut several = connect(spot_ws, "/ws/btcusdt@depth@100ms/ethusdt@depth@100ms");
    several.until(|frame| frame["s"] == "ETHUSDT");
    several.until(|frame| frame["s"] == "BTCUSDT");
}

#[test]
fn subscriptions_come_and_go_and_are_listed() {
    let sandbox = start();
    let mut client = connect(&sandbox.urls().spot_ws, "/ws");
    let subscribe = r#"{"method":"SUBSCRIBE","params":["btcusdt@bookTicker","none@trade"],"id":1}"#;
    assert_eq!(client.ask(subscribe), json!({"result": null, "id": 1}));
    client.until(|frame| frame["s"] == "BTCUSDT");
    let list = client.ask(r#"{"method":"LIST_SUBSCRIPTIONS","id":"abc"}"#);
    assert_eq!(list, json!({"result": ["btcusdt@bookTicker", "none@trade"], "id": "abc"}));
    let leave = r#"{"method":"UNSUBSCRIBE","params":["btcusdt@bookTicker"],"id":-3}"#;
    assert_eq!(client.ask(leave), json!({"result": null, "id": -3}));
    let list = client.ask(r#"{"method":"LIST_SUBSCRIPTIONS","id":4}"#);
    assert_eq!(list, json!({"result": ["none@trade"], "id": 4}));
    // Whatever was queued before the answer has been read; now nothing may follow.
    client.web.get_ref().set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(client.web.read().is_err());
}

#[test]
fn the_combined_property_can_be_read_and_changed() {
    let sandbox = start();
    let mut client = connect(&sandbox.urls().spot_ws, "/ws/btcusdt@depth@100ms");
    let asked = r#"{"method":"GET_PROPERTY","params":["combined"],"id":2}"#;
    assert_eq!(client.ask(asked), json!({"result": false, "id": 2}));
    let set = r#"{"method":"SET_PROPERTY","params":["combined",true],"id":5}"#;
    assert_eq!(client.ask(set), json!({"result": null, "id": 5}));
    client.until(|frame| frame["stream"] == "btcusdt@depth@100ms");
    assert_eq!(client.ask(asked), json!({"result": true, "id": 2}));
}

#[test]
fn requests_that_are_wrong_get_the_documented_errors() {
    let sandbox = start();
    let cases = [
        (r#"{"method":"SET_PROPERTY","params":["combined",1]}"#, 1, "expected Boolean"),
        (r#"{"method":"SET_PROPERTY","params":["colour",true],"id":5}"#, 0, "Unknown property"),
        (r#"{"method":"DANCE","id":6}"#, 2, "Invalid request: unknown variant DANCE"),
        (r#"{"method":"SUBSCRIBE","id":7}"#, 2, "Invalid request"),
        (r#"{"method":"SUBSCRIBE","params":["a b"],"id":7}"#, 2, "Invalid request"),
        (r#"{"method":"SUBSCRIBE","params":["a"],"id":1.5}"#, 2, "Invalid request"),
        ("[1]", 2, "Invalid request"),
        ("hello", 3, "Invalid JSON: expected value at line 1 column 1"),
    ];
    for (request, code, message) in cases {
        // A connection each: more than five messages a second would be too many.
        let answer = connect(&sandbox.urls().spot_ws, "/ws").ask(request);
        assert_eq!(answer["code"], code, "{request}");
        assert!(answer["msg"].as_str().unwrap().contains(message), "{request}: {answer}");
        let id = serde_json::from_str::<Value>(request).ok().and_then(|v| v.get("id").cloned());
        let echoed = id.filter(Value::is_i64);
        assert_eq!(answer.get("id").cloned(), echoed, "{request}");
    }
}

#[test]
fn a_stream_asked_for_on_the_wrong_root_stays_silent() {
    let sandbox = start();
    let urls = sandbox.urls();
    let wrong = [
        (&urls.futures_ws_public, "btcusdt@aggTrade"),
        (&urls.futures_ws_public, "btcusdt@markPrice@1s"),
        (&urls.futures_ws_market, "btcusdt@depth@100ms"),
        (&urls.futures_ws_market, "btcusdt@bookTicker"),
        (&urls.futures_ws_private, "btcusdt@depth@100ms"),
        (&urls.spot_ws, "btcusdt@markPrice@1s"),
        (&urls.spot_ws, "BTCUSDT@bookTicker"),
    ];
    let mut clients: Vec<_> = wrong
        .iter()
        .map(|(base, name)| connect(base, &format!("/stream?streams={name}")))
        .collect();
    // The right ones speak within the same time.
    let mut right = connect(&urls.futures_ws_market, "/stream?streams=btcusdt@markPrice@1s");
    right.until(|frame| frame["data"]["e"] == "markPriceUpdate");
    let mut trades = connect(&urls.futures_ws_market, "/ws/btcusdt@aggTrade");
    trades.until(|frame| frame["e"] == "aggTrade");
    for client in &mut clients {
        client.web.get_ref().set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        assert!(client.web.read().is_err());
    }
}

#[test]
fn talking_too_much_ends_the_connection() {
    let sandbox = start();
    let mut client = connect(&sandbox.urls().spot_ws, "/ws");
    for id in 0..6 {
        client.send(&format!("{{\"method\":\"LIST_SUBSCRIPTIONS\",\"id\":{id}}}"));
    }
    let mut answers = 0;
    while client.text().is_some() {
        answers += 1;
    }
    assert_eq!(answers, 5);
}

#[test]
fn more_than_1024_streams_end_the_connection() {
    let sandbox = start();
    let mut client = connect(&sandbox.urls().spot_ws, "/ws");
    let names = |range: std::ops::Range<usize>| -> Vec<String> {
        range.map(|index| format!("none{index}@trade")).collect()
    };
    let ask = |names: Vec<String>| json!({"method": "SUBSCRIBE", "params": names, "id": 1});
    assert_eq!(client.ask(&ask(names(0..1024)).to_string())["result"], Value::Null);
    client.send(&ask(names(1024..1025)).to_string());
    assert_eq!(client.text(), None);
}

#[test]
fn rest_answers_and_complains_like_the_venue() {
    let sandbox = start();
    let SandboxUrls { spot_rest, futures_rest, .. } = sandbox.urls();
    assert_eq!(get(&format!("{spot_rest}/api/v3/ping")).body, json!({}));
    assert!(get(&format!("{futures_rest}/fapi/v1/time")).body["serverTime"].is_i64());

    let info = get(&format!("{spot_rest}/api/v3/exchangeInfo?symbols=%5B%22ETHUSDT%22%5D")).body;
    assert_eq!(info["symbols"].as_array().unwrap().len(), 1);
    assert_eq!(info["symbols"][0]["filters"][0]["tickSize"], "0.01000000");
    let info = get(&format!("{futures_rest}/fapi/v1/exchangeInfo")).body;
    assert_eq!(info["symbols"][0]["filters"][1]["stepSize"], "0.001");
    assert_eq!(info["symbols"][0]["filters"][2]["notional"], "100");

    let complaint = |path: &str| {
        let reply = get(&format!("{spot_rest}{path}"));
        (reply.status, reply.body["code"].as_i64().unwrap())
    };
    assert_eq!(complaint("/api/v3/depth"), (400, -1102));
    assert_eq!(complaint("/api/v3/depth?symbol=NOSUCH"), (400, -1121));
    assert_eq!(complaint("/api/v3/depth?symbol=btcusdt"), (400, -1100));
    assert_eq!(complaint("/api/v3/depth?symbol=BTCUSDT&limit=x"), (400, -1100));
    assert_eq!(complaint("/fapi/v1/depth?symbol=BTCUSDT&limit=7"), (400, -4021));
    assert_eq!(complaint("/api/v3/exchangeInfo?symbol=NOSUCH"), (400, -1121));
    let message = get(&format!("{spot_rest}/api/v3/depth?symbol=NOSUCH")).body["msg"].clone();
    assert_eq!(message, "Invalid symbol.");

    let premium = get(&format!("{futures_rest}/fapi/v1/premiumIndex?symbol=BTCUSDT")).body;
    assert!(premium["nextFundingTime"].is_i64() && premium["markPrice"].is_string());
    let all = get(&format!("{futures_rest}/fapi/v1/premiumIndex")).body;
    assert_eq!(all.as_array().unwrap().len(), 2);
}

#[test]
fn weights_are_counted_and_enforced() {
    let sandbox = start();
    let url = format!("{}/api/v3/depth?symbol=BTCUSDT&limit=5000", sandbox.urls().spot_rest);
    let mut before = None;
    for _ in 0..60 {
        let reply = get(&url);
        if reply.status == 429 {
            assert_eq!(reply.body["code"], -1003);
            assert!((1..=60).contains(&reply.retry_after.unwrap()));
            return;
        }
        let used = reply.used_weight.unwrap();
        // The minute may end in between, once.
        assert!(before.is_none_or(|before| used == before + 250 || used == 250));
        before = Some(used);
    }
    panic!("60 requests of weight 250 were answered");
}

/// The venue's own recipe for a spot book, checked against a second snapshot later.
#[test]
fn stream_and_snapshot_fit_each_other_on_spot_as_documented() {
    let sandbox = start();
    let mut client = connect(&sandbox.urls().spot_ws, "/ws/btcusdt@depth@100ms");
    let url = format!("{}/api/v3/depth?symbol=BTCUSDT&limit=5000", sandbox.urls().spot_rest);
    let mut buffered = vec![client.json()];
    let snapshot = get(&url).body;
    let mut id = snapshot["lastUpdateId"].as_u64().unwrap();
    assert!(id >= buffered[0]["U"].as_u64().unwrap());
    let mut book = Book::from(&snapshot);
    let mut first = true;
    for round in 0..30 {
        let event = if buffered.is_empty() { client.json() } else { buffered.remove(0) };
        let (begin, end) = (event["U"].as_u64().unwrap(), event["u"].as_u64().unwrap());
        if end <= id {
            continue;
        }
        if first {
            assert!(begin <= id + 1, "the first event must bracket the snapshot");
        } else {
            assert_eq!(begin, id + 1);
        }
        first = false;
        id = end;
        book.apply(&event);
        assert!(!book.is_crossed(), "round {round}");
    }
    // Whoever follows the stream up to a later snapshot has the same book.
    let later = get(&url).body;
    let target = later["lastUpdateId"].as_u64().unwrap();
    loop {
        let event = client.json();
        if event["u"].as_u64().unwrap() >= target {
            // This batch brackets the snapshot: with it on top both ways lead to one book.
            book.apply(&event);
            let mut other = Book::from(&later);
            other.apply(&event);
            assert_eq!(book.top(50), other.top(50));
            break;
        }
        book.apply(&event);
    }
}

#[test]
fn stream_and_snapshot_fit_each_other_on_futures_as_documented() {
    let sandbox = start();
    let urls = sandbox.urls();
    let mut client = connect(&urls.futures_ws_public, "/ws/btcusdt@depth@100ms");
    let mut buffered = vec![client.json()];
    let snapshot = get(&format!("{}/fapi/v1/depth?symbol=BTCUSDT&limit=1000", urls.futures_rest));
    let id = snapshot.body["lastUpdateId"].as_u64().unwrap();
    let mut book = Book::from(&snapshot.body);
    let mut previous: Option<u64> = None;
    let mut applied = 0;
    while applied < 20 {
        let event = if buffered.is_empty() { client.json() } else { buffered.remove(0) };
        let (begin, end) = (event["U"].as_u64().unwrap(), event["u"].as_u64().unwrap());
        if end < id {
            continue;
        }
        match previous {
            None => assert!(begin <= id && id <= end, "{begin} {id} {end}"),
            Some(previous) => assert_eq!(event["pu"].as_u64().unwrap(), previous),
        }
        previous = Some(end);
        book.apply(&event);
        assert!(!book.is_crossed());
        applied += 1;
    }
}

#[test]
fn a_reader_that_falls_behind_is_cut_off_and_others_are_not() {
    let source = MarketSource::Simulated { seed: 1, rate: 20_000 };
    let sandbox = Sandbox::start(SandboxConfig { source, ..SandboxConfig::default() }).unwrap();
    let all = "/stream?streams=btcusdt@bookTicker/ethusdt@bookTicker/btcusdt@trade/ethusdt@trade";
    let lazy = connect(&sandbox.urls().spot_ws, all);
    let mut eager = connect(&sandbox.urls().spot_ws, all);
    let deadline = Instant::now() + Duration::from_mins(1);
    while sandbox.stats().slow_consumers == 0 {
        assert!(eager.text().is_some());
        assert!(Instant::now() < deadline, "{:?}", sandbox.stats());
    }
    assert!(eager.text().is_some());
    assert_eq!(sandbox.stats().slow_consumers, 1);
    drop(lazy);
}

#[test]
fn a_stop_is_announced_on_spot_and_ends_every_connection() {
    let sandbox = start();
    let urls = sandbox.urls().clone();
    let mut raw = connect(&urls.spot_ws, "/ws/btcusdt@depth@100ms");
    let mut combined = connect(&urls.spot_ws, "/stream?streams=btcusdt@depth@100ms");
    let mut futures = connect(&urls.futures_ws_public, "/ws/btcusdt@depth@100ms");
    raw.json();
    combined.json();
    futures.json();
    let reader = std::thread::spawn(move || {
        raw.until(|frame| frame["e"] == "serverShutdown");
        assert_eq!(raw.text(), None);
        combined.until(|frame| frame["stream"] == "!serverShutdown");
        assert_eq!(combined.text(), None);
        while let Some(text) = futures.text() {
            assert!(!text.contains("serverShutdown"));
        }
    });
    sandbox.stop();
    reader.join().unwrap();
    assert!(std::net::TcpStream::connect(urls.spot_ws.trim_start_matches("ws://")).is_err());
}

#[test]
fn a_port_in_use_is_an_error_that_names_the_address() {
    let first = start();
    let config = SandboxConfig { listen: first.address(), ..SandboxConfig::default() };
    let error = Sandbox::start(config).err().unwrap();
    assert!(matches!(error, SandboxError::AddressInUse { .. }));
    assert!(error.to_string().contains(&first.address().to_string()));
}

#[test]
fn hang_ups_and_garbage_come_only_when_asked_for() {
    let mischief =
        Mischief { hang_up_every: Some(Duration::from_millis(1500)), garbage_every: Some(3) };
    let sandbox = Sandbox::start(SandboxConfig { mischief, ..SandboxConfig::default() }).unwrap();
    for _ in 0..2 {
        let mut client = connect(&sandbox.urls().spot_ws, "/ws/btcusdt@depth@100ms");
        let (mut good, mut bad) = (0, 0);
        while let Some(text) = client.text() {
            match serde_json::from_str::<Value>(&text) {
                Ok(frame) if frame["e"] == "depthUpdate" => good += 1,
                _ => bad += 1,
            }
        }
        assert!(good >= 3 && bad == good / 3, "{good} good, {bad} bad");
    }
    let calm = start();
    let mut client = connect(&calm.urls().spot_ws, "/ws/btcusdt@depth@100ms");
    for _ in 0..20 {
        assert_eq!(client.json()["e"], "depthUpdate");
    }
}

/// A book of decimal text, as any client could keep it.
#[derive(Clone, Default)]
struct Book([std::collections::BTreeMap<i64, String>; 2]);

impl Book {
    fn from(snapshot: &Value) -> Self {
        let mut book = Self::default();
        book.levels(0, &snapshot["bids"]);
        book.levels(1, &snapshot["asks"]);
        book
    }

    fn apply(&mut self, event: &Value) {
        self.levels(0, &event["b"]);
        self.levels(1, &event["a"]);
    }

    fn levels(&mut self, side: usize, levels: &Value) {
        for level in levels.as_array().unwrap() {
            let price: f64 = level[0].as_str().unwrap().parse().unwrap();
            let (cents, quantity) = ((price * 100.0).round() as i64, level[1].as_str().unwrap());
            if quantity.bytes().all(|byte| byte == b'0' || byte == b'.') {
                self.0[side].remove(&cents);
            } else {
                self.0[side].insert(cents, quantity.to_owned());
            }
        }
    }

    fn is_crossed(&self) -> bool {
        let (bid, ask) =
            (self.0[0].last_key_value().unwrap(), self.0[1].first_key_value().unwrap());
        bid.0 >= ask.0
    }

    fn top(&self, levels: usize) -> Vec<(i64, String)> {
        let bids = self.0[0].iter().rev().take(levels);
        bids.chain(self.0[1].iter().take(levels)).map(|(p, q)| (*p, q.clone())).collect()
    }
}
