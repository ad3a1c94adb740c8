"""Makes the market data of the three cases, once, the same on every machine.

Only integer arithmetic on a counter-based generator (splitmix64, Steele, Lea and Flood 2014) is used: no
floating-point function and no library's own random stream, so every byte is the same under any version of
numpy on any processor. README.md describes the files; `case.json` carries their SHA-256.
"""

import argparse
import hashlib
import json
import os
import sys
from pathlib import Path

import numpy as np

FORMAT = 1
START_NS = 1_700_000_000_000_000_000


def random_words(stream, count):
    """`count` words of 64 random bits; the same `stream` gives the same words."""
    with np.errstate(over="ignore"):
        z = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z += np.uint64(stream) * np.uint64(0xD1B54A32D192ED03)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def random_integers(stream, count, low, high):
    """`count` integers, each of `low..=high` equally likely (to within 2**-32)."""
    span = np.uint64(high - low + 1)
    return ((random_words(stream, count) >> np.uint64(32)) * span >> np.uint64(32)).astype(np.int64) + low


def write_case(folder, case, columns):
    """Writes one `.npy` a column, and `case.json` last: a folder that has it is complete."""
    folder.mkdir(parents=True, exist_ok=True)
    described = {}
    for name, (meaning, values) in columns.items():
        path = folder / f"{name}.npy"
        with path.open("wb") as file:
            np.lib.format.write_array(file, np.ascontiguousarray(values, dtype="<i8"), version=(1, 0))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        described[name] = {"dtype": "<i8", "meaning": meaning, "sha256": digest}
    case = {"format": FORMAT, **case, "columns": described}
    unfinished = folder / "case.json.tmp"
    unfinished.write_text(json.dumps(case, indent=2) + "\n")
    os.replace(unfinished, folder / "case.json")


def make_sma(folder, count):
    """One-minute bars of a random walk of eight steps a bar, about 2 bps a minute."""
    steps_a_bar, largest_step = 8, 367
    steps = random_integers(101, count * steps_a_bar, -largest_step, largest_step)
    path = (3_000_000 + np.cumsum(steps)).reshape(count, steps_a_bar)
    close = path[:, -1]
    refuse_doubtful_bars(path.min(), close)
    columns = {
        "open_time_ns": ("first nanosecond of the bar", START_NS + 60_000_000_000 * np.arange(count)),
        "open_ticks": ("first price", path[:, 0]),
        "high_ticks": ("highest price", path.max(axis=1)),
        "low_ticks": ("lowest price", path.min(axis=1)),
        "close_ticks": ("last price", close),
        "volume_lots": ("traded quantity, above zero", random_integers(102, count, 1, 100_000)),
    }
    case = {
        "case": "sma", "rows": count, "events": count, "bar_ns": 60_000_000_000,
        "tick_size": "0.01", "ticks_per_unit": 100, "lot_size": "0.001", "lots_per_unit": 1000,
        "fast": 50, "slow": 200, "order_lots": 1000, "fee_bps": 5, "start_cash": 10_000_000,
    }
    write_case(folder, case, columns)


def refuse_doubtful_bars(lowest, close):
    """Where the two averages are equal, rounding would decide: such data would compare rounding, not engines."""
    if lowest <= 0:
        sys.exit("make_data: sma: the walk reached zero; choose another stream")
    sums = np.concatenate(([0], np.cumsum(close)))
    fast, slow = sums[200:] - sums[150:-50], sums[200:] - sums[:-200]
    ties = int(np.count_nonzero(fast * 4 == slow))
    if ties:
        sys.exit(f"make_data: sma: the averages are equal on {ties} bars; choose another stream")


def make_quotes(folder, count):
    """Best bid and ask of a random walk of -1, 0, 0 or +1 ticks, spread one to three ticks."""
    steps = np.array([-1, 0, 0, 1])[random_integers(201, count, 0, 3)]
    bid = 3_000_000 + np.cumsum(steps)
    gaps = random_integers(202, count, 2, 1_999_998)
    columns = {
        "time_ns": ("exchange time, strictly rising", START_NS + np.cumsum(gaps)),
        "bid_ticks": ("best bid", bid),
        "ask_ticks": ("best ask", bid + random_integers(203, count, 1, 3)),
        "bid_lots": ("quantity at the best bid", random_integers(204, count, 1_000, 20_000)),
        "ask_lots": ("quantity at the best ask", random_integers(205, count, 1_000, 20_000)),
    }
    case = {
        "case": "quotes", "rows": count, "events": count,
        "tick_size": "0.01", "ticks_per_unit": 100, "lot_size": "0.001", "lots_per_unit": 1000,
        "fast": 20, "slow": 200, "order_lots": 1000, "fee_bps": 5, "start_cash": 10_000_000,
    }
    write_case(folder, case, columns)


LEVEL, TRADE = 0, 1
BID, ASK = 0, 1
LOWEST_TICK, HIGHEST_TICK = 290_000, 310_000
LEVELS_AT_START = 50


class Ladder:
    """An order book that is never crossed, and the rows that tell its story."""

    def __init__(self):
        size = HIGHEST_TICK - LOWEST_TICK + 1
        self.lots = [[0] * size, [0] * size]
        self.best = [size // 2 - 1, size // 2]
        self.depth = [0, 0]
        self.now = START_NS
        self.changes = 0
        self.rows = []

    def write(self, gap, kind, side, tick, lots):
        """Adds a row. No stamp is a whole microsecond, so none ever coincides with an order's arrival."""
        self.now += gap
        if self.now % 1000 == 0:
            self.now += 1
        self.rows.append((self.now, kind, side, LOWEST_TICK + tick, lots))

    def set_level(self, gap, side, tick, lots):
        """Changes one level, and moves the best price where that is what happened."""
        levels, outward = self.lots[side], -1 if side == BID else 1
        self.depth[side] += (lots > 0) - (levels[tick] > 0)
        levels[tick] = lots
        self.changes += 1
        self.write(gap, LEVEL, side, tick, lots)
        if lots and (tick - self.best[side]) * outward < 0:
            self.best[side] = tick
        while not levels[self.best[side]]:
            self.best[side] += outward

    def trade(self, gap, gap_to_book, resting, lots):
        """An aggressor takes from the best level of side `resting`; the book follows in a row of its own."""
        tick = self.best[resting]
        shown = self.lots[resting][tick]
        taken = min(lots, shown)
        self.write(gap, TRADE, 1 - resting, tick, taken)
        self.set_level(gap_to_book, resting, tick, shown - taken)


def make_l2(folder, changes):
    """Level changes at a geometric distance from the touch, a quarter of them deletions, and trades."""
    ladder = Ladder()
    streams = [random_words(300 + stream, changes).tolist() for stream in range(3)]
    for tick in range(LEVELS_AT_START):
        for side, outward in ((BID, -1), (ASK, 1)):
            ladder.set_level(1, side, ladder.best[side] + outward * tick, 1_000_000 + 10_007 * tick)
    for words in zip(*streams):
        if ladder.changes >= changes:
            break
        step(ladder, *words)
    rows = np.array(ladder.rows, dtype=np.int64).T
    write_l2(folder, rows, ladder.changes)


def step(ladder, choice, amount, timing):
    """One thing that happens: a trade, or a change of one level."""
    side, action, place = choice & 1, (choice >> 1) % 1000, choice >> 12
    lots = 20_000 + (amount % 1999) * (amount // 4096 % 1009)
    gap = 2 + timing % 1_999_990 if timing >> 60 else 2 + timing % 1_000
    if action < 90 and ladder.depth[side] > 20:
        ladder.trade(gap, 2 + (timing >> 32) % 900, side, lots)
        return
    outward, best = (-1 if side == BID else 1), ladder.best[side]
    distance = min((place & -place).bit_length() * 2 - 2 + (place >> 40) % 3, 40)
    if action < 340 and ladder.best[ASK] - ladder.best[BID] > 1:
        ladder.set_level(gap, side, best - outward, lots)
        return
    tick = best + outward * distance
    shown = ladder.lots[side][tick]
    if not 0 < tick < len(ladder.lots[side]) - 1:
        sys.exit("make_data: l2: the walk left the price range; choose another stream")
    if not shown or ladder.depth[side] <= 20:
        ladder.set_level(gap, side, tick, shown + lots)
    elif action < 500:
        ladder.set_level(gap, side, tick, 0)
    elif action < 750:
        ladder.set_level(gap, side, tick, shown - shown * (1 + amount % 97) // 128)
    else:
        ladder.set_level(gap, side, tick, shown + lots)


def write_l2(folder, rows, changes):
    time, kind, side, ticks, lots = rows
    columns = {
        "time_ns": ("exchange time, strictly rising, never a whole microsecond", time),
        "kind": ("0: a level changed; 1: a trade", kind),
        "side": ("level: 0 bid, 1 ask; trade: the aggressor, 0 buy, 1 sell", side),
        "price_ticks": ("the level's, or the trade's", ticks),
        "quantity_lots": ("level: what it shows now, 0 = gone; trade: what was traded", lots),
    }
    case = {
        "case": "l2", "rows": len(time), "events": len(time),
        "level_changes": changes, "trades": int(np.count_nonzero(kind == TRADE)),
        "snapshot_rows": 2 * LEVELS_AT_START, "lowest_tick": LOWEST_TICK, "highest_tick": HIGHEST_TICK,
        "tick_size": "0.1", "ticks_per_unit": 10, "lot_size": "0.000001", "lots_per_unit": 1_000_000,
        "order_lots": 1, "first_quote_ns": START_NS + 100_000_000, "quote_every_ns": 100_000_000,
        "order_latency_ns": 1_000_000, "report_latency_ns": 1_000_000, "fee_bps": 0,
    }
    write_case(folder, case, columns)


MAKERS = {"sma": make_sma, "quotes": make_quotes, "l2": make_l2}
FULL_SIZE = {"sma": 1_000_000, "quotes": 1_000_000, "l2": 2_000_000}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", choices=MAKERS)
    parser.add_argument("folder", type=Path, help="where the columns and case.json go")
    parser.add_argument("--size", type=int, help="bars, quotes or level changes; default: the full size")
    arguments = parser.parse_args()
    size = arguments.size or FULL_SIZE[arguments.case]
    if size < 10_000:
        parser.error(f"--size {size}: at least 10000, so that there is something to trade")
    MAKERS[arguments.case](arguments.folder, size)


if __name__ == "__main__":
    main()
