//! Whatever a client sends, the venue answers, keeps its books, and does not fall over.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod trader;

use domain::Timestamp;
use proptest::prelude::{
    Just, ProptestConfig, Strategy, any, prop, prop_assert, prop_oneof, proptest,
};
use sandbox::{FaultScript, HttpRequest};
use serde_json::Value;
use trader::Trader;

const CALLS: [(&str, &str); 20] = [
    ("POST", "/api/v3/order"),
    ("POST", "/api/v3/order/test"),
    ("POST", "/api/v3/order/cancelReplace"),
    ("PUT", "/api/v3/order/amend/keepPriority"),
    ("DELETE", "/api/v3/order"),
    ("GET", "/api/v3/order"),
    ("DELETE", "/api/v3/openOrders"),
    ("GET", "/api/v3/allOrders"),
    ("GET", "/api/v3/myTrades"),
    ("POST", "/fapi/v1/order"),
    ("PUT", "/fapi/v1/order"),
    ("DELETE", "/fapi/v1/order"),
    ("POST", "/fapi/v1/batchOrders"),
    ("DELETE", "/fapi/v1/batchOrders"),
    ("POST", "/fapi/v1/algoOrder"),
    ("POST", "/fapi/v1/leverage"),
    ("POST", "/fapi/v1/marginType"),
    ("POST", "/fapi/v1/countdownCancelAll"),
    ("GET", "/fapi/v1/income"),
    ("GET", "/fapi/v1/leverageBracket"),
];

const NAMES: [&str; 24] = [
    "symbol",
    "side",
    "type",
    "timeInForce",
    "quantity",
    "price",
    "stopPrice",
    "triggerPrice",
    "quoteOrderQty",
    "newClientOrderId",
    "orderId",
    "origClientOrderId",
    "reduceOnly",
    "closePosition",
    "selfTradePreventionMode",
    "goodTillDate",
    "algoType",
    "callbackRate",
    "newQty",
    "cancelReplaceMode",
    "leverage",
    "marginType",
    "countdownTime",
    "limit",
];

/// Words of the venue, numbers of all sizes, and things that are neither.
fn value() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "BTCUSDT",
        "ETHUSDT",
        "BUY",
        "SELL",
        "LIMIT",
        "MARKET",
        "LIMIT_MAKER",
        "STOP_LOSS",
        "STOP_LOSS_LIMIT",
        "TAKE_PROFIT",
        "STOP_MARKET",
        "TRAILING_STOP_MARKET",
        "GTC",
        "IOC",
        "FOK",
        "GTX",
        "GTD",
        "true",
        "false",
        "CONDITIONAL",
        "STOP_ON_FAILURE",
        "ISOLATED",
    ]);
    let numbers = prop::sample::select(vec![
        "0",
        "1",
        "0.001",
        "0.01",
        "60000",
        "60000.10",
        "999999999999999",
        "0.00000001",
        "99999999999999999999",
        "-1",
        "1e9",
        "9223372036854775807",
        "18446744073709551615",
        "123456789012345.12345678",
    ]);
    prop_oneof![
        3 => words.prop_map(str::to_owned),
        3 => numbers.prop_map(str::to_owned),
        1 => "[ -~]{0,12}",
        1 => Just(String::new()),
    ]
}

/// A whole order more often than chance would make one.
fn query() -> impl Strategy<Value = Vec<(String, String)>> {
    let pair = (prop::sample::select(NAMES.to_vec()), value());
    let pair = pair.prop_map(|(name, value)| (name.to_owned(), value));
    let order = (0.000_1_f64..2.0, 50_000_u32..70_000, any::<bool>(), any::<bool>());
    let order = order.prop_map(|(quantity, price, buys, limit)| {
        let side = if buys { "BUY" } else { "SELL" };
        let mut fields = vec![
            ("symbol".to_owned(), "BTCUSDT".to_owned()),
            ("side".to_owned(), side.to_owned()),
            ("type".to_owned(), if limit { "LIMIT" } else { "MARKET" }.to_owned()),
            ("quantity".to_owned(), format!("{quantity:.3}")),
        ];
        if limit {
            fields.push(("timeInForce".to_owned(), "GTC".to_owned()));
            fields.push(("price".to_owned(), price.to_string()));
        }
        fields
    });
    (prop_oneof![Just(Vec::new()), order], prop::collection::vec(pair, 0..6)).prop_map(
        |(mut first, more)| {
            first.extend(more);
            first
        },
    )
}

fn encoded(pairs: &[(String, String)]) -> String {
    let code = |text: &str| -> String {
        let hex = hex::encode(text);
        hex.as_bytes()
            .chunks(2)
            .map(|two| ["%", std::str::from_utf8(two).unwrap()].concat())
            .collect()
    };
    let pairs: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{name}={}", code(value))).collect();
    pairs.join("&")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_signed_request_gets_an_answer_and_no_balance_goes_below_zero(
        requests in prop::collection::vec((prop::sample::select(CALLS.to_vec()), query()), 1..30),
    ) {
        let mut trader = Trader::new(FaultScript::default());
        for ((method, path), pairs) in requests {
            trader.pass(150);
            let told = trader.call(method, path, &encoded(&pairs));
            prop_assert!(told.status == 200 || told.body["code"].as_i64().is_some(), "{}", told.body);
            prop_assert!(told.status < 500, "{method} {path} {pairs:?}: {}", told.body);
        }
        let truth = trader.venue.truth();
        for (asset, balance) in truth["accounts"][0]["spot"].as_object().unwrap() {
            for part in ["free", "locked"] {
                prop_assert!(!balance[part].as_str().unwrap().starts_with('-'), "{asset} {balance}");
            }
        }
    }

    #[test]
    fn any_bytes_get_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,80}") {
        let mut trader = Trader::new(FaultScript::default());
        let now = Timestamp::from_millis(trader.now);
        prop_assert!(trader.venue.handle(&bytes, now).response.status >= 400);
        let api = trader.connect("/ws-api/v3");
        trader.venue.receive(api, &text, now);
        trader.pass(0);
        let answers = trader.frames(api);
        prop_assert!(answers.len() == 1 && answers[0]["error"]["code"].is_i64());
    }

    #[test]
    fn a_request_cut_anywhere_is_not_yet_a_request(length in 0_usize..200) {
        let whole = b"POST /api/v3/order?a=1&b=%20x HTTP/1.1\r\nHost: h\r\nContent-Length: 7\r\nX-MBX-APIKEY: k\r\n\r\nc=3&d=4";
        let part = &whole[..length.min(whole.len())];
        let read = HttpRequest::read(part);
        prop_assert!(read.is_some() == (part.len() == whole.len()));
        if let Some(read) = read {
            prop_assert!(read.query == "a=1&b=%20x" && read.body == b"c=3&d=4");
            prop_assert!(read.header("x-mbx-apikey") == Some("k"));
        }
    }
}

#[test]
fn parameters_in_the_body_are_signed_with_those_of_the_query() {
    let mut trader = Trader::new(FaultScript::default());
    let query = "symbol=BTCUSDT&side=BUY&type=MARKET";
    let body = format!("quantity=0.01&timestamp={}", trader.now);
    // No separator between the two: that is what the venue signs.
    let signature = trader::hmac(&trader.secret, &format!("{query}{body}"));
    let mut request = HttpRequest {
        method: "POST".into(),
        path: "/api/v3/order".into(),
        query: query.into(),
        headers: vec![("x-mbx-apikey".into(), trader.key.clone())],
        body: format!("{body}&signature={signature}").into_bytes(),
    };
    let now = trader.time();
    let reply = trader.venue.request(&request, now);
    let told: Value = serde_json::from_str(&reply.response.body).unwrap();
    assert_eq!((reply.response.status, &told["status"]), (200, &"FILLED".into()), "{told}");
    request.query = query.replace("BUY", "SELL");
    assert_eq!(trader.venue.request(&request, now).response.status, 400);
}
