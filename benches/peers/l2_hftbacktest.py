"""Case `l2` in hftbacktest: two quotes replaced every 100 ms, with ROIVectorMarketDepth.

The queue model is PowerProbQueueModel with exponent 1; README.md writes its rule down.
"""

import numpy as np
from hftbacktest import (
    BUY_EVENT, DEPTH_EVENT, EXCH_EVENT, FILLED, GTX, LIMIT, LOCAL_EVENT, NEW, SELL_EVENT, TRADE_EVENT,
    BacktestAsset, ROIVectorMarketDepthBacktest,
)
from hftbacktest.order import BUY
from hftbacktest.types import event_dtype
from numba import njit

import measure

OPTIONS = measure.arguments()
CASE = measure.Case(OPTIONS.data)
TICK = float(CASE["tick_size"])
LOT = float(CASE["lot_size"])


def load():
    """The rows as the engine's own events, seen at their exchange time: there is no feed latency."""
    kind, side = CASE.column("kind"), CASE.column("side")
    events = np.zeros(CASE["rows"], dtype=event_dtype)
    events["ev"] = (np.where(kind == 1, TRADE_EVENT, DEPTH_EVENT) | np.where(side == 0, BUY_EVENT, SELL_EVENT)
                    | EXCH_EVENT | LOCAL_EVENT)
    events["exch_ts"] = events["local_ts"] = CASE.column("time_ns")
    events["px"] = CASE.prices("price_ticks")
    events["qty"] = CASE.quantities("quantity_lots")
    return events


@njit
def collect(backtest, fills, count):
    """Notes the orders that were filled since the last look, and forgets those that are over."""
    orders = backtest.orders(0).values()
    while orders.has_next():
        order = orders.get()
        if order.status == FILLED:
            fills[count, 0] = order.exch_timestamp
            fills[count, 1] = order.side
            fills[count, 2] = order.exec_price_tick
            fills[count, 3] = round(order.exec_qty / LOT)
            count += 1
    backtest.clear_inactive_orders(0)
    return count


@njit
def is_live(backtest, number):
    order = backtest.orders(0).get(number)
    return order is not None and order.status == NEW and order.cancellable


@njit
def quote(backtest, first_wait_ns, every_ns, quantity, fills):
    """Wakes at the first quote's time and every 100 ms from then on; returns fills, wakes and refusals."""
    count, wakes, number, refused = 0, 0, 0, 0
    wait_ns = first_wait_ns
    while backtest.elapse(wait_ns) == 0:
        wait_ns = every_ns
        wakes += 1
        count = collect(backtest, fills, count)
        if number > 0:
            for old in (number - 1, number):
                if is_live(backtest, old):
                    refused += backtest.cancel(0, old, False) != 0
        depth = backtest.depth(0)
        bid, ask = depth.best_bid, depth.best_ask
        number += 2
        refused += backtest.submit_buy_order(0, number - 1, bid, quantity, GTX, LIMIT, False) != 0
        refused += backtest.submit_sell_order(0, number, ask, quantity, GTX, LIMIT, False) != 0
    return collect(backtest, fills, count), wakes, refused


def run(events):
    asset = (
        BacktestAsset()
        .data(events)
        .linear_asset(1.0)
        .constant_order_latency(CASE["order_latency_ns"], CASE["report_latency_ns"])
        .power_prob_queue_model(1.0)
        .no_partial_fill_exchange()
        .trading_value_fee_model(0.0, 0.0)
        .tick_size(TICK)
        .lot_size(LOT)
        .roi_lb(CASE["lowest_tick"] / CASE["ticks_per_unit"])
        .roi_ub(CASE["highest_tick"] / CASE["ticks_per_unit"])
    )
    backtest = ROIVectorMarketDepthBacktest([asset])
    every_ns = CASE["quote_every_ns"]
    first_wait_ns = CASE["first_quote_ns"] - int(events["exch_ts"][0])
    most_fills = 2 * (int(events["exch_ts"][-1] - events["exch_ts"][0]) // every_ns + 2)
    fills = np.empty((most_fills, 4), dtype=np.int64)
    count, wakes, refused = quote(backtest, first_wait_ns, every_ns, CASE["order_lots"] * LOT, fills)
    position = backtest.position(0)
    backtest.close()
    if refused:
        raise SystemExit(f"hftbacktest: {refused} requests failed")
    return fills[:count], wakes, position


def fill_rows(result):
    fills, _, _ = result
    for time, side, ticks, lots in fills[np.lexsort((fills[:, 1], fills[:, 0]))].tolist():
        yield time, "buy" if side == BUY else "sell", ticks, lots


def totals(result):
    fills, wakes, position = result
    return {"fills": len(fills), "wakes": wakes, "orders": 2 * wakes,
            "final_position_lots": round(position / LOT)}


if __name__ == "__main__":
    measure.report("hftbacktest", ["hftbacktest", "numba", "numpy"], CASE, OPTIONS,
                   load, run, fill_rows, totals)
