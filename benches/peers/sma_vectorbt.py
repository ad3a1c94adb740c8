"""Case `sma` in vectorbt: whole columns at once. PEER_ENGINE names its engine: `numba`, or `auto`.

`auto` is its default: compiled Rust (package vectorbt-rust) for what that supports, numba for the rest; `rust`
alone refuses the shift of the signals by one bar.
"""

import os

import pandas as pd
import vectorbt as vbt

import measure

OPTIONS = measure.arguments()
CASE = measure.Case(OPTIONS.data)
ENGINE = os.environ.get("PEER_ENGINE", "auto")
FEE = CASE["fee_bps"] / 10_000
UNITS = CASE["order_lots"] // CASE["lots_per_unit"]


def load():
    index = pd.to_datetime(CASE.column("open_time_ns"))
    return [pd.Series(CASE.prices(f"{name}_ticks"), index=index) for name in ("open", "close")]


def run(prices):
    first, last = prices
    vbt.settings["engine"] = ENGINE
    fast, slow = vbt.MA.run(last, CASE["fast"]), vbt.MA.run(last, CASE["slow"])
    # A signal is known at the close of its bar, so it trades at the open of the next one.
    entries = fast.ma_crossed_above(slow).vbt.signals.fshift(1)
    exits = fast.ma_crossed_below(slow).vbt.signals.fshift(1)
    portfolio = vbt.Portfolio.from_signals(
        last, entries, exits, price=first, size=UNITS, fees=FEE, init_cash=CASE["start_cash"], freq="1min")
    return portfolio.trades.records, portfolio.final_value()


def closed_trades(result):
    records, _ = result
    closed = records[records["status"] == 1]
    return zip(closed["entry_idx"].tolist(), closed["exit_idx"].tolist())


def totals(result):
    records, final_value = result
    return {"trades": int((records["status"] == 1).sum()), "final_equity": float(final_value)}


if __name__ == "__main__":
    packages = ["vectorbt", "numba", "pandas", "numpy"] + (["vectorbt-rust"] if ENGINE == "auto" else [])
    measure.report(f"vectorbt ({ENGINE})", packages, CASE, OPTIONS, load, run, closed_trades, totals)
