"""ccxt, unchanged, trades on the sandbox: spot and USD-M, orders, balances, errors."""

import os
import ccxt

REST = os.environ["SANDBOX_REST"]


def client(default_type):
    exchange = ccxt.binance({
        "apiKey": os.environ["SANDBOX_KEY"],
        "secret": os.environ["SANDBOX_SECRET"],
        "enableRateLimit": False,
        "options": {
            "defaultType": default_type,
            "fetchCurrencies": False,
            "fetchMarkets": ["spot"] if default_type == "spot" else ["linear"],
        },
    })
    for name in list(exchange.urls["api"]):
        url = exchange.urls["api"][name]
        if isinstance(url, str):
            path = url.split("//", 1)[1].partition("/")[2]
            exchange.urls["api"][name] = REST + "/" + path
    return exchange


def refused(kind, action):
    try:
        action()
    except kind as error:
        return str(error)
    raise AssertionError("no " + kind.__name__)


spot = client("spot")
spot.load_markets()
market = spot.market("BTC/USDT")
assert market["precision"]["price"] == 0.01, market["precision"]
before = spot.fetch_balance()["BTC"]["free"]

order = spot.create_order("BTC/USDT", "market", "buy", 0.01)
assert order["status"] == "closed" and order["filled"] == 0.01, order
assert spot.fetch_balance()["BTC"]["free"] > before
assert spot.fetch_my_trades("BTC/USDT")[-1]["order"] == order["id"]

low = round(spot.fetch_order_book("BTC/USDT", 5)["bids"][0][0] * 0.9, 2)
resting = spot.create_order("BTC/USDT", "limit", "buy", 0.01, low, {"clientOrderId": "mine-1"})
assert spot.fetch_order(resting["id"], "BTC/USDT")["status"] == "open"
assert [one["id"] for one in spot.fetch_open_orders("BTC/USDT")] == [resting["id"]]
assert spot.fetch_balance()["USDT"]["used"] > 0
assert spot.cancel_order(resting["id"], "BTC/USDT")["status"] == "canceled"
assert spot.fetch_open_orders("BTC/USDT") == []

refused(ccxt.OrderNotFound, lambda: spot.cancel_order(resting["id"], "BTC/USDT"))
refused(ccxt.OrderNotFound, lambda: spot.fetch_order("999999", "BTC/USDT"))
refused(ccxt.InsufficientFunds, lambda: spot.create_order("BTC/USDT", "market", "sell", 50))
assert "NOTIONAL" in refused(
    ccxt.BadRequest, lambda: spot.create_order("BTC/USDT", "limit", "buy", 0.00001, low))
stranger = client("spot")
stranger.secret = "wrong"
refused(ccxt.AuthenticationError, stranger.fetch_balance)
late = client("spot")
late.nonce = lambda: spot.milliseconds() - 60_000
refused(ccxt.InvalidNonce, late.fetch_balance)

swap = client("future")
swap.load_markets()
swap.set_leverage(10, "BTC/USDT:USDT")
assert swap.fetch_balance()["USDT"]["total"] > 0
opened = swap.create_order("BTC/USDT:USDT", "market", "buy", 0.01)
assert swap.fetch_order(opened["id"], "BTC/USDT:USDT")["status"] == "closed"
[position] = swap.fetch_positions(["BTC/USDT:USDT"])
assert position["contracts"] == 0.01 and position["side"] == "long", position
closed = swap.create_order("BTC/USDT:USDT", "market", "sell", 0.01, None, {"reduceOnly": True})
assert swap.fetch_order(closed["id"], "BTC/USDT:USDT")["status"] == "closed"
assert not [one for one in swap.fetch_positions(["BTC/USDT:USDT"]) if one["contracts"]]
assert len(swap.fetch_my_trades("BTC/USDT:USDT")) >= 2
assert "-2022" in refused(ccxt.ExchangeError, lambda: swap.create_order(
    "BTC/USDT:USDT", "market", "sell", 0.01, None, {"reduceOnly": True}))
swap.set_leverage(2, "BTC/USDT:USDT")
assert "-2019" in refused(
    ccxt.ExchangeError, lambda: swap.create_order("BTC/USDT:USDT", "market", "buy", 100))
print("ccxt is content")
