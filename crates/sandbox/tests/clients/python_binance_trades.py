"""python-binance, unchanged, trades on the sandbox and hears of its fills."""

import asyncio
import os

from binance import AsyncClient, BinanceSocketManager, Client
from binance.exceptions import BinanceAPIException

REST, WS = os.environ["SANDBOX_REST"], os.environ["SANDBOX_WS"]
KEY, SECRET = os.environ["SANDBOX_KEY"], os.environ["SANDBOX_SECRET"]

for kind in (Client, AsyncClient):
    kind.API_URL = REST + "/api"
    kind.FUTURES_URL = REST + "/fapi"
    kind.WS_API_URL = WS + "/ws-api/v3"
BinanceSocketManager.STREAM_URL = WS + "/"
BinanceSocketManager.FSTREAM_URL = WS + "/private/"


def code(action):
    try:
        action()
    except BinanceAPIException as error:
        return error.status_code, error.code
    raise AssertionError("not refused")


client = Client(KEY, SECRET)
client.API_URL, client.FUTURES_URL = REST + "/api", REST + "/fapi"
filled = client.order_market_buy(symbol="BTCUSDT", quantity="0.01")
assert filled["status"] == "FILLED", filled
low = f"{float(client.get_orderbook_ticker(symbol='BTCUSDT')['bidPrice']) * 0.9:.2f}"
resting = client.order_limit_buy(symbol="BTCUSDT", quantity="0.01", price=low)
assert client.get_order(symbol="BTCUSDT", orderId=resting["orderId"])["status"] == "NEW"
assert len(client.get_open_orders(symbol="BTCUSDT")) == 1
assert client.cancel_order(symbol="BTCUSDT", orderId=resting["orderId"])["status"] == "CANCELED"
assert float(client.get_asset_balance("BTC")["free"]) > 10
assert client.get_my_trades(symbol="BTCUSDT")[-1]["orderId"] == filled["orderId"]
assert client.get_account_api_permissions is not None

assert code(lambda: client.cancel_order(symbol="BTCUSDT", orderId=999999)) == (400, -2011)
assert code(lambda: client.get_order(symbol="BTCUSDT", orderId=999999)) == (400, -2013)
assert code(lambda: client.order_market_sell(symbol="BTCUSDT", quantity="50")) == (400, -2010)
assert code(lambda: client.order_limit_buy(
    symbol="BTCUSDT", quantity="0.01", price=low + "5")) == (400, -1013)
stranger = Client(KEY, "wrong")
stranger.API_URL = REST + "/api"
assert code(stranger.get_account) == (400, -1022)
client.timestamp_offset = -60_000
assert code(client.get_account) == (400, -1021)
client.timestamp_offset = 0

async def streams():
    client = await AsyncClient.create(KEY, SECRET)
    client.API_URL, client.FUTURES_URL = REST + "/api", REST + "/fapi"
    placed = await client.ws_create_order(
        symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.01", newOrderRespType="FULL")
    assert placed["status"] == "FILLED", placed
    asked = await client.ws_get_order(symbol="BTCUSDT", orderId=placed["orderId"])
    assert asked["executedQty"] == "0.01000000", asked
    try:
        await client.ws_cancel_order(symbol="BTCUSDT", orderId=placed["orderId"])
        raise AssertionError("a filled order was cancelled")
    except BinanceAPIException as error:
        assert error.code == -2011, error
    manager = BinanceSocketManager(client)
    async with manager.futures_user_socket() as user:
        order = await client.futures_create_order(
            symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.01")
        kinds = set()
        while not {"ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE"} <= kinds:
            event = await asyncio.wait_for(user.recv(), 10)
            kinds.add(event["e"])
            if event["e"] == "ORDER_TRADE_UPDATE":
                assert event["o"]["i"] == order["orderId"], event
    [held] = [one for one in await client.futures_position_information(symbol="BTCUSDT")
              if float(one["positionAmt"])]
    assert held["positionAmt"] == "0.010", held
    assert float((await client.futures_account())["totalWalletBalance"]) > 0
    await client.close_connection()


asyncio.run(streams())
for _ in range(230):
    answer = None
    try:
        client.order_limit_buy(symbol="BTCUSDT", quantity="0.001", price=low)
    except BinanceAPIException as error:
        answer = error.status_code, error.code
        break
assert answer == (429, -1015), answer
print("python-binance is content")
