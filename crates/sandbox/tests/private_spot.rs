//! Spot orders, balances and errors through the bytes of the wire.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod trader;

use sandbox::{EXAMPLE_ED25519_KEY, EXAMPLE_KEY, EXAMPLE_SECRET, FaultScript, Keys};
use serde_json::{Value, json};
use trader::{START, Trader, ed25519, hmac};

fn trader() -> Trader {
    Trader::new(FaultScript::default())
}

/// Enough money to empty a whole level.
fn rich() -> Trader {
    let file = format!(
        "[[account]]\nname = \"rich\"\nspot = {{ USDT = \"90000000\", BTC = \"1000\" }}\n\
         futures = {{ USDT = \"90000000\" }}\n\
         [[account.key]]\nkey = \"{EXAMPLE_KEY}\"\nsecret = \"{EXAMPLE_SECRET}\"\n"
    );
    Trader::with(1, Keys::read(&file).unwrap(), FaultScript::default())
}

const ORDER: &str = "/api/v3/order";

#[test]
fn the_published_signatures_are_accepted_and_altered_ones_are_not() {
    let mut trader = trader();
    // The documentation's own payload; its time is long past, so only the code tells.
    let payload = "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559";
    assert_eq!(
        hmac(&trader.secret, payload),
        "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
    );
    let query = format!("symbol=BTCUSDT&timestamp={START}");
    let (key, right) = (trader.key.clone(), hmac(&trader.secret, &query));
    let path = "/api/v3/openOrders";
    let told = trader.raw("GET", &format!("{path}?{query}&signature={right}"), Some(&key));
    assert_eq!(told.status, 200);
    // Upper-case hex is the same signature; another payload is not the same.
    let upper = right.to_uppercase();
    assert_eq!(
        trader.raw("GET", &format!("{path}?{query}&signature={upper}"), Some(&key)).status,
        200
    );
    let told = trader.raw("GET", &format!("{path}?{query}1&signature={right}"), Some(&key));
    assert_eq!(told.complaint().1, -1021);
    let other = query.replace("BTC", "ETH");
    let told = trader.raw("GET", &format!("{path}?{other}&signature={right}"), Some(&key));
    let text = "Signature for this request is not valid.".to_owned();
    assert_eq!(told.complaint(), (400, -1022, text));
    let signature = ed25519(&query).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let target = format!("{path}?{query}&signature={signature}");
    assert_eq!(trader.raw("GET", &target, Some(EXAMPLE_ED25519_KEY)).status, 200);
    assert_eq!(trader.raw("GET", &target, Some(&key)).complaint().1, -1022);
}

#[test]
fn a_key_that_may_not_trade_places_nothing_however_the_request_counts() {
    let file = format!(
        "[[account]]\nname = \"a\"\nspot = {{ USDT = \"100000\" }}\n[[account.key]]\n\
         key = \"{EXAMPLE_KEY}\"\nsecret = \"{EXAMPLE_SECRET}\"\ntrade = false\n"
    );
    let mut trader = Trader::with(1, Keys::read(&file).unwrap(), FaultScript::default());
    let order = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.001&price=50000";
    for more in ["", "&batchOrders=[]", "&batchOrders=nonsense"] {
        let told = trader.call("POST", "/api/v3/order", &format!("{order}{more}"));
        assert_eq!((told.status, told.complaint().1), (401, -2015), "{more}: {}", told.body);
    }
    assert_eq!(trader.ok("GET", "/api/v3/openOrders", ""), serde_json::json!([]));
}

#[test]
fn times_beyond_all_bounds_are_refused() {
    let mut trader = Trader::new(FaultScript::default());
    for time in [i64::MIN, i64::MIN + 1] {
        let payload = format!("timestamp={time}");
        let target =
            format!("/api/v3/account?{payload}&signature={}", hmac(EXAMPLE_SECRET, &payload));
        let told = trader.raw("GET", &target, Some(EXAMPLE_KEY));
        assert_eq!((told.status, told.complaint().1), (400, -1021), "{}", told.body);
    }
    let range = format!("symbol=BTCUSDT&startTime={}&endTime={}", i64::MIN, i64::MAX);
    let told = trader.call("GET", "/api/v3/myTrades", &range);
    assert_eq!((told.status, told.complaint().1), (400, -1127), "{}", told.body);
}

#[test]
fn keys_and_times_are_refused_with_the_venues_words() {
    let mut trader = trader();
    let target = format!("/api/v3/account?timestamp={START}&signature=00");
    let told = trader.raw("GET", &target, None);
    assert_eq!(told.complaint(), (401, -2014, "API-key format invalid.".into()));
    let told = trader.raw("GET", &target, Some("nobody"));
    let text = "Invalid API-key, IP, or permissions for action.".to_owned();
    assert_eq!(told.complaint(), (401, -2015, text));
    let key = trader.key.clone();
    let told = trader.raw("GET", &format!("/api/v3/account?timestamp={START}"), Some(&key));
    assert_eq!(told.complaint().1, -1102);
    for (shift, words) in [(-5_001, "outside of the recvWindow"), (1_000, "1000ms ahead")] {
        trader.now = START + shift;
        let query = format!("timestamp={}", trader.now);
        trader.now = START;
        let signature = hmac(&trader.secret, &query);
        let told = trader.raw(
            "GET",
            &format!("/api/v3/account?{query}&signature={signature}"),
            Some(&key),
        );
        assert_eq!((told.status, told.complaint().1), (400, -1021));
        assert!(told.complaint().2.contains(words), "{:?}", told.complaint());
    }
    let told = trader.call("GET", "/api/v3/account", "recvWindow=60001");
    assert_eq!(told.complaint().1, -1131);
}

#[test]
fn a_market_order_fills_at_once_and_the_balances_say_so() {
    let mut trader = trader();
    let body = trader.ok(
        "POST",
        ORDER,
        "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.01&newClientOrderId=first",
    );
    assert_eq!((&body["status"], &body["executedQty"]), (&json!("FILLED"), &json!("0.01000000")));
    let fills = body["fills"].as_array().unwrap();
    let sum = |name: &str| -> f64 {
        fills.iter().map(|fill| fill[name].as_str().unwrap().parse::<f64>().unwrap()).sum()
    };
    assert!((sum("qty") - 0.01).abs() < 1e-12 && (sum("commission") - 0.000_01).abs() < 1e-12);
    assert_eq!(fills[0]["commissionAsset"], "BTC");
    assert_eq!(trader.balance("BTC"), ("10.00999000".into(), "0.00000000".into()));
    let list = trader.ok("GET", "/api/v3/myTrades", "symbol=BTCUSDT");
    assert_eq!(list.as_array().unwrap().len(), fills.len());
    assert_eq!(list[0]["id"], fills[0]["tradeId"]);
    let paid: f64 = body["cummulativeQuoteQty"].as_str().unwrap().parse().unwrap();
    let free: f64 = trader.balance("USDT").0.parse().unwrap();
    assert!((free + paid - 1_000_000.0).abs() < 1e-6);
}

#[test]
fn an_order_by_value_spends_no_more_than_that() {
    let mut trader = trader();
    let body = trader.ok("POST", ORDER, "symbol=BTCUSDT&side=BUY&type=MARKET&quoteOrderQty=1000");
    assert_eq!(body["status"], "FILLED");
    let spent: f64 = body["cummulativeQuoteQty"].as_str().unwrap().parse().unwrap();
    assert!((999.0..=1_000.0).contains(&spent), "{spent}");
}

#[test]
fn a_standing_order_locks_money_is_listed_and_gives_it_back() {
    let mut trader = trader();
    let placed = trader.ok("POST", ORDER, "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.5&price=50000&newClientOrderId=low");
    assert_eq!((&placed["status"], &placed["fills"]), (&json!("NEW"), &json!([])));
    assert_eq!(trader.balance("USDT"), ("975000.00000000".into(), "25000.00000000".into()));
    let open = trader.ok("GET", "/api/v3/openOrders", "symbol=BTCUSDT");
    assert_eq!((open.as_array().unwrap().len(), &open[0]["clientOrderId"]), (1, &json!("low")));
    let told = trader.call("POST", ORDER, "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.5&price=50000&newClientOrderId=low");
    assert_eq!(told.complaint(), (400, -2010, "Duplicate order sent.".into()));
    let query = "symbol=BTCUSDT&origClientOrderId=low";
    assert_eq!(trader.ok("GET", ORDER, query)["status"], "NEW");
    let gone = trader.ok("DELETE", ORDER, &format!("{query}&newClientOrderId=bye"));
    assert_eq!((&gone["status"], &gone["origClientOrderId"]), (&json!("CANCELED"), &json!("low")));
    assert_eq!(gone["clientOrderId"], "bye");
    assert_eq!(trader.balance("USDT"), ("1000000.00000000".into(), "0.00000000".into()));
    let told = trader.call("DELETE", ORDER, query);
    assert_eq!(told.complaint(), (400, -2011, "Unknown order sent.".into()));
    let told = trader.call("GET", ORDER, "symbol=BTCUSDT&orderId=99");
    assert_eq!(told.complaint(), (400, -2013, "Order does not exist.".into()));
    // The name is free again, and the newest order of that name is the one found.
    trader.ok("POST", ORDER, "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.5&price=50000&newClientOrderId=low");
    assert_eq!(trader.ok("GET", ORDER, query)["status"], "NEW");
    assert_eq!(
        trader.ok("GET", "/api/v3/allOrders", "symbol=BTCUSDT").as_array().unwrap().len(),
        2
    );
}

#[test]
fn filters_and_parameters_are_refused_with_the_venues_codes() {
    let mut trader = trader();
    let limit = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC";
    let expected: [(&str, i64, &str); 14] = [
        ("quantity=0.5&price=50000.001", -1013, "Filter failure: PRICE_FILTER"),
        ("quantity=0.500001&price=50000", -1013, "Filter failure: LOT_SIZE"),
        ("quantity=0&price=50000", -1013, "Filter failure: LOT_SIZE"),
        ("quantity=0.00001&price=50000", -1013, "Filter failure: NOTIONAL"),
        ("quantity=0.5&price=1000", -1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
        (
            "quantity=20&price=60000",
            -2010,
            "Account has insufficient balance for requested action.",
        ),
        ("quantity=0.5&price=50000.000000001", -1111, "Parameter 'price' has too much precision."),
        (
            "quantity=1e3&price=50000",
            -1100,
            "Illegal characters found in parameter 'quantity'; legal range is '^([0-9]{1,20})(\\.[0-9]{1,20})?$'.",
        ),
        (
            "quantity=0.5",
            -1102,
            "Mandatory parameter 'price' was not sent, was empty/null, or malformed.",
        ),
        (
            "quantity=0.5&price=50000&stopPrice=1",
            -1106,
            "Parameter 'stopPrice' sent when not required.",
        ),
        (
            "quantity=0.5&price=50000&newClientOrderId=a%20b",
            -1100,
            "Illegal characters found in parameter 'newClientOrderId'; legal range is '^[a-zA-Z0-9-_]{1,36}$'.",
        ),
        ("quantity=0.5&price=0", -1013, "Filter failure: PRICE_FILTER"),
        (
            "quantity=0.5&price=50000&selfTradePreventionMode=MAYBE",
            -1100,
            "Illegal characters found in parameter 'selfTradePreventionMode'.",
        ),
        (
            "quantity=0.5&price=-1",
            -1100,
            "Illegal characters found in parameter 'price'; legal range is '^([0-9]{1,20})(\\.[0-9]{1,20})?$'.",
        ),
    ];
    for (rest, code, text) in expected {
        for path in [ORDER, "/api/v3/order/test"] {
            let told = trader.call("POST", path, &format!("{limit}&{rest}"));
            assert_eq!(told.complaint(), (400, code, text.to_owned()), "{rest}");
        }
    }
    for (query, code) in [
        ("symbol=NOSUCH&side=BUY&type=MARKET&quantity=1", -1121),
        ("symbol=BTCUSDT&side=HOLD&type=MARKET&quantity=1", -1117),
        ("symbol=BTCUSDT&side=BUY&type=MAGIC&quantity=1", -1116),
        ("symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=NOW&quantity=1&price=1", -1115),
        ("symbol=BTCUSDT&side=SELL&type=MARKET&quantity=100", -2010),
    ] {
        assert_eq!(trader.call("POST", ORDER, query).complaint().1, code, "{query}");
    }
    assert_eq!(trader.ok("GET", "/api/v3/allOrders", "symbol=BTCUSDT"), json!([]));
    let fine = format!("{limit}&quantity=0.5&price=50000");
    assert_eq!(trader.ok("POST", "/api/v3/order/test", &fine), json!({}));
}

#[test]
fn post_only_immediate_and_all_or_nothing_orders_keep_their_promises() {
    let mut trader = rich();
    let (_, ask) = trader.best("/api/v3", "BTCUSDT");
    let told = trader.call(
        "POST",
        ORDER,
        &format!("symbol=BTCUSDT&side=BUY&type=LIMIT_MAKER&quantity=0.1&price={:.2}", ask + 5.0),
    );
    assert_eq!(told.complaint(), (400, -2010, "Order would immediately match and take.".into()));
    let rest = trader.ok(
        "POST",
        ORDER,
        "symbol=BTCUSDT&side=BUY&type=LIMIT_MAKER&quantity=0.1&price=50000",
    );
    assert!(rest.get("status").is_none(), "an acknowledgement says no more: {rest}");
    let none = trader.ok(
        "POST",
        ORDER,
        "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=IOC&quantity=0.1&price=50000",
    );
    assert_eq!((&none["status"], &none["executedQty"]), (&json!("EXPIRED"), &json!("0.00000000")));
    // More than the book holds: all or nothing is nothing, immediate is a part.
    let much = format!("symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=100&price={ask:.2}");
    let nothing = trader.ok("POST", ORDER, &format!("{much}&timeInForce=FOK"));
    assert_eq!(
        (&nothing["status"], &nothing["executedQty"]),
        (&json!("EXPIRED"), &json!("0.00000000"))
    );
    let part = trader.ok("POST", ORDER, &format!("{much}&timeInForce=IOC"));
    assert_eq!(part["status"], "EXPIRED");
    assert_ne!(part["executedQty"], "0.00000000");
    assert_eq!(trader.balance("USDT").1, "5000.00000000", "only the post-only order holds money");
}

#[test]
fn the_crowd_fills_an_order_that_stands_at_the_touch() {
    let mut trader = trader();
    let (bid, _) = trader.best("/api/v3", "BTCUSDT");
    let query = format!(
        "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.02&price={bid:.2}&newClientOrderId=wait"
    );
    assert_eq!(trader.ok("POST", ORDER, &query)["status"], "NEW");
    for _ in 0..600 {
        trader.pass(1_000);
        let order = trader.ok("GET", ORDER, "symbol=BTCUSDT&origClientOrderId=wait");
        if order["status"] == "FILLED" {
            let list = trader.ok("GET", "/api/v3/myTrades", "symbol=BTCUSDT");
            assert!(list.as_array().unwrap().iter().all(|trade| trade["isMaker"] == json!(true)));
            return;
        }
    }
    panic!("ten minutes at the touch without a fill");
}

#[test]
fn a_stop_waits_for_its_price_and_then_sells() {
    let mut trader = trader();
    let (bid, ask) = trader.best("/api/v3", "BTCUSDT");
    let told = trader.call(
        "POST",
        ORDER,
        &format!(
            "symbol=BTCUSDT&side=SELL&type=STOP_LOSS&quantity=0.1&stopPrice={:.2}",
            ask + 10.0
        ),
    );
    assert_eq!(told.complaint(), (400, -2010, "Stop price would trigger immediately.".into()));
    let stop = format!(
        "symbol=BTCUSDT&side=SELL&type=STOP_LOSS_LIMIT&timeInForce=GTC&quantity=0.1&price={:.2}&stopPrice={:.2}&newClientOrderId=stop",
        bid - 30.0,
        bid - 5.0
    );
    trader.ok("POST", ORDER, &stop);
    assert_eq!(trader.balance("BTC").1, "0.10000000");
    assert_eq!(
        trader.ok("GET", ORDER, "symbol=BTCUSDT&origClientOrderId=stop")["isWorking"],
        json!(false)
    );
    // The seller pushes the price through the stop.
    let push = format!(
        "symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=IOC&quantity=9&price={:.2}",
        bid - 6.0
    );
    trader.ok("POST", ORDER, &push);
    trader.pass(1_000);
    let order = trader.ok("GET", ORDER, "symbol=BTCUSDT&origClientOrderId=stop");
    assert_eq!(order["isWorking"], json!(true));
}

#[test]
fn an_account_does_not_trade_with_itself() {
    for (mode, maker, taker) in [
        ("EXPIRE_MAKER", "EXPIRED_IN_MATCH", "NEW"),
        ("EXPIRE_TAKER", "NEW", "EXPIRED_IN_MATCH"),
        ("EXPIRE_BOTH", "EXPIRED_IN_MATCH", "EXPIRED_IN_MATCH"),
        ("DECREMENT", "EXPIRED_IN_MATCH", "NEW"),
    ] {
        let mut trader = rich();
        let (_, ask) = trader.best("/api/v3", "BTCUSDT");
        trader.ok(
            "POST",
            ORDER,
            &format!(
                "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=IOC&quantity=100&price={ask:.2}"
            ),
        );
        trader.ok("POST", ORDER, &format!("symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=GTC&quantity=0.1&price={ask:.2}&newClientOrderId=maker"));
        trader.ok("POST", ORDER, &format!("symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.2&price={ask:.2}&newClientOrderId=taker&selfTradePreventionMode={mode}"));
        let status = |trader: &mut Trader, name: &str| -> Value {
            trader.ok("GET", ORDER, &format!("symbol=BTCUSDT&origClientOrderId={name}"))["status"]
                .clone()
        };
        assert_eq!(status(&mut trader, "maker"), maker, "{mode}");
        assert_eq!(status(&mut trader, "taker"), taker, "{mode}");
        let list = trader.ok("GET", "/api/v3/myTrades", "symbol=BTCUSDT");
        assert!(list.as_array().unwrap().iter().all(|trade| trade["isBuyer"] == json!(true)));
    }
}

#[test]
fn cancel_and_replace_says_of_each_half_what_came_of_it() {
    let mut trader = trader();
    let path = "/api/v3/order/cancelReplace";
    let new = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.1&price=50000";
    let told = trader.call(
        "POST",
        path,
        &format!("{new}&cancelReplaceMode=STOP_ON_FAILURE&cancelOrderId=5"),
    );
    assert_eq!((told.status, told.body["code"].as_i64()), (400, Some(-2022)));
    assert_eq!(told.body["data"]["newOrderResult"], "NOT_ATTEMPTED");
    let told = trader.call(
        "POST",
        path,
        &format!("{new}&cancelReplaceMode=ALLOW_FAILURE&cancelOrderId=5"),
    );
    assert_eq!((told.status, told.body["code"].as_i64()), (409, Some(-2021)));
    let id = told.body["data"]["newOrderResponse"]["orderId"].clone();
    let both = trader.ok(
        "POST",
        path,
        &format!("{new}&cancelReplaceMode=STOP_ON_FAILURE&cancelOrderId={id}"),
    );
    assert_eq!(both["cancelResponse"]["status"], "CANCELED");
    assert_eq!(trader.ok("GET", "/api/v3/openOrders", "").as_array().unwrap().len(), 1);
}

#[test]
fn an_amended_order_keeps_its_place_and_gives_money_back() {
    let mut trader = trader();
    let placed = trader.ok(
        "POST",
        ORDER,
        "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.5&price=50000",
    );
    let id = placed["orderId"].clone();
    let path = "/api/v3/order/amend/keepPriority";
    trader.ok("PUT", path, &format!("symbol=BTCUSDT&orderId={id}&newQty=0.2"));
    assert_eq!(trader.balance("USDT"), ("990000.00000000".into(), "10000.00000000".into()));
    assert_eq!(
        trader.call("PUT", path, &format!("symbol=BTCUSDT&orderId={id}&newQty=0.3")).complaint().1,
        -2038
    );
}

#[test]
fn weights_are_told_and_those_who_do_not_listen_are_banned() {
    let mut trader = trader();
    let told = trader.call("GET", "/api/v3/account", "");
    assert_eq!(told.header("x-mbx-used-weight-1m"), Some("20"));
    let mut refused = None;
    for _ in 0..400 {
        let told = trader.call("GET", "/api/v3/openOrders", "");
        if told.status == 429 {
            refused = Some(told);
            break;
        }
    }
    let told = refused.expect("6,000 a minute are allowed");
    assert_eq!(told.complaint().1, -1003);
    assert!(told.header("retry-after").unwrap().parse::<i64>().unwrap() <= 60);
    let mut status = 429;
    for _ in 0..40 {
        status = trader.call("GET", "/api/v3/openOrders", "").status;
    }
    assert_eq!(status, 418);
    let told = trader.call("GET", "/api/v3/ping", "");
    assert_eq!(told.header("retry-after"), Some("120"));
    assert_eq!(trader.call("GET", "/fapi/v3/balance", "").status, 200, "USD-M counts for itself");
    trader.pass(120_000);
    assert_eq!(trader.call("GET", "/api/v3/account", "").status, 200);
}

#[test]
fn too_many_orders_in_ten_seconds_are_refused() {
    let mut trader = trader();
    let order = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.001&price=50000";
    for count in 1..=100 {
        let told = trader.call("POST", ORDER, order);
        assert_eq!(
            (told.status, told.header("x-mbx-order-count-10s")),
            (200, Some(count.to_string().as_str()))
        );
    }
    let told = trader.call("POST", ORDER, order);
    let text = "Too many new orders; current limit is 100 orders per 10 SECOND.".to_owned();
    assert_eq!(told.complaint(), (429, -1015, text));
    trader.pass(10_000);
    assert_eq!(trader.call("POST", ORDER, order).status, 200);
    let gone = trader.ok("DELETE", "/api/v3/openOrders", "symbol=BTCUSDT");
    assert_eq!(gone.as_array().unwrap().len(), 101);
}
