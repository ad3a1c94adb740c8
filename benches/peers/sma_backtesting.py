"""Case `sma` in backtesting.py: one bar at a time, a Python call for each."""

import os
import warnings

os.environ.setdefault("TQDM_DISABLE", "1")

import pandas as pd
from backtesting import Backtest, Strategy
from backtesting.lib import crossover

import measure

OPTIONS = measure.arguments()
CASE = measure.Case(OPTIONS.data)
FEE = CASE["fee_bps"] / 10_000
UNITS = CASE["order_lots"] // CASE["lots_per_unit"]

# The trade that is open at the end stays open and out of the list, as in README.md.
warnings.filterwarnings("ignore", message="Some trades remain open")


def mean(values, span):
    return pd.Series(values).rolling(span).mean()


class Cross(Strategy):
    def init(self):
        self.fast = self.I(mean, self.data.Close, CASE["fast"])
        self.slow = self.I(mean, self.data.Close, CASE["slow"])

    def next(self):
        if crossover(self.fast, self.slow):
            self.buy(size=UNITS)
        elif crossover(self.slow, self.fast):
            self.position.close()


def load():
    columns = {name.capitalize(): CASE.prices(f"{name}_ticks") for name in ("open", "high", "low", "close")}
    columns["Volume"] = CASE.quantities("volume_lots")
    return pd.DataFrame(columns, index=pd.to_datetime(CASE.column("open_time_ns")))


def run(bars):
    return Backtest(bars, Cross, cash=CASE["start_cash"], commission=FEE, finalize_trades=False).run()


def closed_trades(stats):
    trades = stats["_trades"].sort_values("EntryBar")
    return zip(trades["EntryBar"].tolist(), trades["ExitBar"].tolist())


def totals(stats):
    return {"trades": int(stats["# Trades"]), "final_equity": float(stats["Equity Final [$]"])}


if __name__ == "__main__":
    measure.report("backtesting.py", ["backtesting", "pandas", "numpy"], CASE, OPTIONS,
                   load, run, closed_trades, totals)
