//! USD-M orders, positions, algo orders and user streams through the bytes of the wire.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod trader;

use sandbox::{FaultKind, FaultRule, FaultScript, Sent};
use serde_json::{Value, json};
use trader::Trader;

const ORDER: &str = "/fapi/v1/order";

fn trader() -> Trader {
    Trader::new(FaultScript::default())
}

fn number(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

#[test]
fn a_position_opens_and_closes_and_the_wallet_keeps_the_difference() {
    let mut trader = trader();
    let told = trader.ok(
        "POST",
        ORDER,
        "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.5&newClientOrderId=in",
    );
    assert_eq!(
        (&told["status"], &told["executedQty"]),
        (&json!("NEW"), &json!("0.000")),
        "an acknowledgement"
    );
    let order = trader.ok("GET", ORDER, "symbol=BTCUSDT&origClientOrderId=in");
    assert_eq!((&order["status"], &order["executedQty"]), (&json!("FILLED"), &json!("0.500")));
    let risk = trader.ok("GET", "/fapi/v3/positionRisk", "");
    assert_eq!(
        (&risk[0]["positionAmt"], &risk[0]["positionSide"]),
        (&json!("0.500"), &json!("BOTH"))
    );
    let (entry, liquidation) =
        (number(&risk[0]["entryPrice"]), number(&risk[0]["liquidationPrice"]));
    assert!(entry > 50_000.0 && liquidation.abs() < 1e-9, "a million carries this: {risk}");
    let out = trader.ok(
        "POST",
        ORDER,
        "symbol=BTCUSDT&side=SELL&type=MARKET&quantity=0.5&reduceOnly=true&newOrderRespType=RESULT",
    );
    assert_eq!(out["status"], "FILLED");
    assert_eq!(trader.ok("GET", "/fapi/v3/positionRisk", ""), json!([]));
    let told = trader.call(
        "POST",
        ORDER,
        "symbol=BTCUSDT&side=SELL&type=MARKET&quantity=0.5&reduceOnly=true",
    );
    assert_eq!(told.complaint(), (400, -2022, "ReduceOnly Order is rejected.".into()));
    let incomes = trader.ok("GET", "/fapi/v1/income", "symbol=BTCUSDT&limit=1000");
    let sum: f64 = incomes.as_array().unwrap().iter().map(|one| number(&one["income"])).sum();
    let balance = trader.ok("GET", "/fapi/v3/balance", "");
    assert!((number(&balance[0]["balance"]) - 1_000_000.0 - sum).abs() < 1e-6);
    let fills = trader.ok("GET", "/fapi/v1/userTrades", "symbol=BTCUSDT");
    assert!(fills.as_array().unwrap().len() >= 2);
}

#[test]
fn refusals_carry_the_codes_of_usd_m() {
    let mut trader = trader();
    let limit = "symbol=BTCUSDT&side=BUY&type=LIMIT";
    for (query, code) in [
        (format!("{limit}&timeInForce=GTC&quantity=0&price=60000"), -4003),
        (format!("{limit}&timeInForce=GTC&quantity=0.01&price=60000.05"), -4014),
        (format!("{limit}&timeInForce=GTC&quantity=0.0105&price=60000"), -1111),
        (format!("{limit}&timeInForce=GTC&quantity=0.001&price=60000"), -4164),
        (format!("{limit}&timeInForce=GTC&quantity=0.01&price=90000"), -4131),
        (format!("{limit}&timeInForce=GTC&quantity=2000&price=60000"), -4005),
        (format!("{limit}&timeInForce=GTX&quantity=0.01&price=61000"), -5022),
        (format!("{limit}&timeInForce=FOK&quantity=100&price=59000"), -5021),
        (format!("{limit}&timeInForce=GTC&quantity=999&price=60000"), -2019),
        (format!("{limit}&timeInForce=GTD&quantity=0.01&price=60000"), -1102),
        (
            format!(
                "{limit}&timeInForce=GTD&quantity=0.01&price=60000&goodTillDate={}",
                trader.now + 1_000
            ),
            -5040,
        ),
        (format!("{limit}&quantity=0.01&price=60000"), -1102),
        (format!("{limit}&timeInForce=GTC&quantity=0.01&price=60000&positionSide=LONG"), -4061),
        ("symbol=BTCUSDT&side=SELL&type=STOP_MARKET&quantity=0.01&stopPrice=50000".into(), -4120),
    ] {
        let told = trader.call("POST", ORDER, &query);
        assert_eq!((told.status, told.complaint().1), (400, code), "{query}: {}", told.body);
    }
    trader.ok(
        "POST",
        ORDER,
        &format!("{limit}&timeInForce=GTC&quantity=0.01&price=58000&newClientOrderId=a"),
    );
    let told = trader.call(
        "POST",
        ORDER,
        &format!("{limit}&timeInForce=GTC&quantity=0.01&price=58000&newClientOrderId=a"),
    );
    assert_eq!(told.complaint(), (400, -4116, "ClientOrderId is duplicated.".into()));
    assert_eq!(
        trader.call("POST", "/fapi/v1/positionSide/dual", "dualSidePosition=true").status,
        400
    );
    assert_eq!(
        trader
            .call("POST", "/fapi/v1/marginType", "symbol=ETHUSDT&marginType=CROSSED")
            .complaint()
            .1,
        -4046
    );
}

#[test]
fn orders_are_changed_listed_batched_and_cancelled() {
    let mut trader = trader();
    let limit = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01";
    let placed = trader.ok("POST", ORDER, &format!("{limit}&price=58000"));
    let id = placed["orderId"].clone();
    let changed = trader.ok(
        "PUT",
        ORDER,
        &format!("symbol=BTCUSDT&orderId={id}&side=BUY&quantity=0.02&price=58100"),
    );
    assert_eq!((&changed["price"], &changed["origQty"]), (&json!("58100.00"), &json!("0.020")));
    let list = r#"[{"symbol":"BTCUSDT","side":"BUY","type":"LIMIT","timeInForce":"GTC","quantity":"0.01","price":"58000"},{"symbol":"BTCUSDT","side":"BUY","type":"LIMIT","timeInForce":"GTC","quantity":"0","price":"58000"}]"#;
    let encoded = format!(
        "%{}",
        hex::encode(list)
            .as_bytes()
            .chunks(2)
            .map(|two| std::str::from_utf8(two).unwrap())
            .collect::<Vec<_>>()
            .join("%")
    );
    let batch = trader.ok("POST", "/fapi/v1/batchOrders", &format!("batchOrders={encoded}"));
    assert_eq!((&batch[0]["status"], &batch[1]["code"]), (&json!("NEW"), &json!(-4003)));
    assert_eq!(
        trader.ok("GET", "/fapi/v1/openOrders", "symbol=BTCUSDT").as_array().unwrap().len(),
        2
    );
    let margin = trader.ok("GET", "/fapi/v3/account", "");
    assert!(number(&margin["totalOpenOrderInitialMargin"]) > 0.0);
    let gone = trader.ok(
        "DELETE",
        "/fapi/v1/batchOrders",
        &format!("symbol=BTCUSDT&orderIdList=%5B{id},77%5D"),
    );
    assert_eq!((&gone[0]["status"], &gone[1]["code"]), (&json!("CANCELED"), &json!(-2011)));
    assert_eq!(trader.ok("DELETE", "/fapi/v1/allOpenOrders", "symbol=BTCUSDT")["code"], 200);
    assert_eq!(trader.ok("GET", "/fapi/v1/openOrders", ""), json!([]));
}

#[test]
fn the_dead_mans_switch_cancels_unless_it_is_held() {
    let mut trader = trader();
    let switch = "/fapi/v1/countdownCancelAll";
    trader.ok(
        "POST",
        ORDER,
        "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price=58000",
    );
    for _ in 0..4 {
        trader.ok("POST", switch, "symbol=BTCUSDT&countdownTime=3000");
        trader.pass(2_000);
        assert_eq!(trader.ok("GET", "/fapi/v1/openOrders", "").as_array().unwrap().len(), 1);
    }
    trader.pass(1_200);
    assert_eq!(trader.ok("GET", "/fapi/v1/openOrders", ""), json!([]));
}

#[test]
fn the_listen_key_carries_fills_and_the_account_until_it_expires() {
    let mut trader = trader();
    let key = trader.key.clone();
    let told = trader.raw("POST", "/fapi/v1/listenKey", Some(&key));
    let listen = told.body["listenKey"].as_str().unwrap().to_owned();
    let all = trader.connect(&format!("/private/ws/{listen}"));
    let some = trader.connect(&format!("/private/ws?listenKey={listen}&events=ACCOUNT_UPDATE"));
    let stranger = trader.connect("/private/ws/nobody");
    trader.ok(
        "POST",
        ORDER,
        "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.01&newClientOrderId=heard",
    );
    trader.pass(10);
    let orders = trader.events(all, "ORDER_TRADE_UPDATE");
    let kinds: Vec<&Value> = orders.iter().map(|event| &event["o"]["x"]).collect();
    assert_eq!(kinds.first(), Some(&&json!("NEW")));
    let last = orders.last().unwrap();
    assert_eq!((&last["o"]["X"], &last["o"]["c"]), (&json!("FILLED"), &json!("heard")));
    let lite = trader.events(all, "TRADE_LITE");
    assert_eq!(lite.last().unwrap()["t"], last["o"]["t"]);
    let account = trader.events(some, "ACCOUNT_UPDATE");
    assert_eq!(account.last().unwrap()["a"]["P"][0]["pa"], "0.010");
    assert_eq!(trader.events(some, "ORDER_TRADE_UPDATE"), Vec::<Value>::new());
    assert_eq!(trader.frames(stranger), Vec::<Value>::new());
    trader.venue.add_fault(FaultRule::once(FaultKind::ListenKeyExpiry));
    trader.pass(2_500);
    assert_eq!(trader.events(all, "listenKeyExpired")[0]["listenKey"], listen.as_str());
    assert_eq!(trader.raw("PUT", "/fapi/v1/listenKey", Some(&key)).complaint().1, -1125);
}

#[test]
fn a_conditional_order_triggers_and_becomes_an_ordinary_one_with_a_new_number() {
    let mut trader = trader();
    let key = trader.key.clone();
    let told = trader.raw("POST", "/fapi/v1/listenKey", Some(&key));
    let user = trader.connect(&format!("/private/ws/{}", told.body["listenKey"].as_str().unwrap()));
    trader.ok("POST", ORDER, "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.01");
    let (bid, ask) = trader.best("/fapi/v1", "BTCUSDT");
    let algo = "/fapi/v1/algoOrder";
    let stop = "symbol=BTCUSDT&side=SELL&algoType=CONDITIONAL&type=STOP_MARKET";
    let told =
        trader.call("POST", algo, &format!("{stop}&quantity=0.01&triggerPrice={:.1}", ask + 50.0));
    assert_eq!(told.complaint(), (400, -2021, "Order would immediately trigger.".into()));
    let placed = trader.ok(
        "POST",
        algo,
        &format!("{stop}&closePosition=true&triggerPrice={:.1}&clientAlgoId=stop", bid - 3.0),
    );
    assert_eq!((&placed["algoStatus"], &placed["closePosition"]), (&json!("NEW"), &json!(true)));
    let away = trader.ok("POST", algo, &format!("symbol=BTCUSDT&side=SELL&algoType=CONDITIONAL&type=TAKE_PROFIT&quantity=0.01&price={0:.1}&triggerPrice={0:.1}", ask + 5_000.0));
    assert_eq!(trader.ok("GET", "/fapi/v1/openAlgoOrders", "").as_array().unwrap().len(), 2);
    for _ in 0..3_600 {
        trader.pass(1_000);
        if trader.ok("GET", algo, "clientAlgoId=stop")["algoStatus"] == "FINISHED" {
            break;
        }
    }
    let finished = trader.ok("GET", algo, "clientAlgoId=stop");
    assert_eq!(finished["algoStatus"], "FINISHED");
    let id = finished["actualOrderId"].as_str().unwrap();
    assert_ne!(id, finished["algoId"].to_string());
    let order = trader.ok("GET", ORDER, &format!("symbol=BTCUSDT&orderId={id}"));
    assert_eq!((&order["status"], &order["origType"]), (&json!("FILLED"), &json!("STOP_MARKET")));
    assert_eq!(trader.ok("GET", "/fapi/v3/positionRisk", ""), json!([]));
    let told = trader.events(user, "ALGO_UPDATE");
    let states: Vec<&Value> =
        told.iter().filter(|one| one["o"]["caid"] == "stop").map(|one| &one["o"]["X"]).collect();
    assert_eq!(states, ["NEW", "TRIGGERED", "FINISHED"]);
    trader.ok("DELETE", algo, &format!("algoId={}", away["algoId"]));
    assert_eq!(trader.ok("GET", "/fapi/v1/openAlgoOrders", ""), json!([]));
}

#[test]
fn leverage_and_isolated_margin_change_what_is_needed_and_where_it_ends() {
    let mut trader = trader();
    assert_eq!(
        trader.ok("POST", "/fapi/v1/leverage", "symbol=BTCUSDT&leverage=50")["leverage"],
        50
    );
    assert_eq!(
        trader.call("POST", "/fapi/v1/leverage", "symbol=BTCUSDT&leverage=200").complaint().1,
        -4028
    );
    trader.ok("POST", "/fapi/v1/marginType", "symbol=BTCUSDT&marginType=ISOLATED");
    trader.ok("POST", ORDER, "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.1");
    let risk = trader.ok("GET", "/fapi/v3/positionRisk", "symbol=BTCUSDT")[0].clone();
    let (entry, ends) = (number(&risk["entryPrice"]), number(&risk["liquidationPrice"]));
    // 2 % of margin less 0.4 % of maintenance: about 1.6 % below the entry.
    assert!((0.983..0.985).contains(&(ends / entry)), "{risk}");
    assert!((number(&risk["isolatedWallet"]) - entry * 0.1 / 50.0).abs() < 0.1);
    assert_eq!(
        trader
            .call("POST", "/fapi/v1/marginType", "symbol=BTCUSDT&marginType=CROSSED")
            .complaint()
            .1,
        -4047
    );
    trader.venue.add_fault(FaultRule::once(FaultKind::AutoDeleverage));
    trader.pass(2_000);
    assert_eq!(trader.ok("GET", "/fapi/v3/positionRisk", ""), json!([]));
    let orders = trader.ok("GET", "/fapi/v1/allOrders", "symbol=BTCUSDT");
    let last = orders.as_array().unwrap().last().unwrap();
    assert_eq!(last["clientOrderId"], "adl_autoclose");
    let hung_up = trader.mail.iter().any(|one| one.sent == Sent::HangUp);
    assert!(!hung_up);
}
