"""The three cases once more, read from README.md alone and written as plainly as possible.

Slow on purpose. It exists to show that the rules in README.md are complete: its lists must be those that the
peers found. `l2` has two readings of the proportional share, with real numbers and rounded down to whole lots.
"""

import argparse
import hashlib
import json
from pathlib import Path

import measure


def sma(case):
    """Whole numbers only: 50-bar and 200-bar sums of ticks, compared after scaling."""
    close = case.column("close_ticks").tolist()
    fast, slow = case["fast"], case["slow"]
    fast_sum, slow_sum = sum(close[slow - fast:slow]), sum(close[:slow])
    was_above, entry = fast_sum * slow > slow_sum * fast, None
    for bar in range(slow, len(close) - 1):
        fast_sum += close[bar] - close[bar - fast]
        slow_sum += close[bar] - close[bar - slow]
        is_above = fast_sum * slow > slow_sum * fast
        if is_above and not was_above:
            entry = bar + 1
        elif was_above and not is_above and entry is not None:
            yield entry, bar + 1
            entry = None
        was_above = is_above


def quotes(case):
    """Both averages start at the first middle price and count from the 200th quote on."""
    fast = slow = was_above = None
    is_long, lots = False, case["order_lots"]
    rows = zip(*(case.column(name).tolist() for name in ("time_ns", "bid_ticks", "ask_ticks")))
    for number, (time, bid, ask) in enumerate(rows, start=1):
        middle = (bid + ask) / 2 / case["ticks_per_unit"]
        fast = middle if fast is None else average(fast, middle, case["fast"])
        slow = middle if slow is None else average(slow, middle, case["slow"])
        if number < case["slow"]:
            continue
        is_above = fast > slow
        if was_above is not None and is_above != was_above:
            if is_above:
                is_long = True
                yield time, "buy", ask, lots
            elif is_long:
                is_long = False
                yield time, "sell", bid, lots
        was_above = is_above


def average(before, sample, span):
    alpha = 2 / (span + 1)
    return alpha * sample + (1 - alpha) * before


class Waiting:
    """An order of ours in the queue of its level."""

    def __init__(self, side, tick, shown, whole_lots):
        self.side, self.tick, self.shown, self.ahead = side, tick, shown, shown
        self.unbooked, self.whole_lots = 0, whole_lots

    def trades_at(self, tick, lots):
        """Whether a trade of others at `tick` trades our one lot as well."""
        if tick != self.tick:
            return (tick < self.tick) == (self.side == 0)
        is_ours = lots >= self.ahead + 1 if self.whole_lots else round(self.ahead - lots) < 0
        self.ahead = max(self.ahead - lots, 0)
        self.unbooked += lots
        return is_ours

    def level_shows(self, lots):
        before = self.shown - self.unbooked if self.whole_lots else self.shown
        cancelled = self.shown - lots - self.unbooked
        if cancelled >= 0 and before > 0:
            share = cancelled * self.ahead
            self.ahead -= share // before if self.whole_lots else share / before
        self.ahead = max(min(self.ahead, lots), 0)
        self.shown, self.unbooked = lots, 0


def l2(case, whole_lots):
    """Rows in order; requests, which never share a stamp with a row, arrive between them."""
    names = ("time_ns", "kind", "side", "price_ticks", "quantity_lots")
    rows = list(zip(*(case.column(name).tolist() for name in names)))
    books, best, waiting = [{}, {}], [None, None], [None, None]
    wake, arrival = case["first_quote_ns"], None
    for time, kind, side, tick, lots in rows:
        while min(wake, arrival or wake) < time:
            if arrival is not None and arrival < wake:
                waiting, arrival = arrive(quoted, books, best, whole_lots), None
            else:
                quoted, arrival = list(best), wake + case["order_latency_ns"]
                wake += case["quote_every_ns"]
        if kind == 1:
            passive = 1 - side
            order = waiting[passive]
            if order and order.trades_at(tick, lots):
                waiting[passive] = None
                yield time, ("buy", "sell")[passive], order.tick, case["order_lots"]
            continue
        change_level(books[side], best, side, tick, lots)
        if waiting[side] and waiting[side].tick == tick:
            waiting[side].level_shows(lots)
        order = waiting[1 - side]
        if order and lots and (tick <= order.tick if side == 1 else tick >= order.tick):
            waiting[1 - side] = None
            yield time, ("buy", "sell")[1 - side], order.tick, case["order_lots"]


def arrive(quoted, books, best, whole_lots):
    """Both old orders go, and both new ones come, unless one would take: post-only orders that cross are refused."""
    waiting = [None, None]
    for side in (0, 1):
        tick = quoted[side]
        crosses = tick >= best[1] if side == 0 else tick <= best[0]
        if not crosses:
            waiting[side] = Waiting(side, tick, books[side].get(tick, 0), whole_lots)
    return waiting


def change_level(book, best, side, tick, lots):
    better = max if side == 0 else min
    if lots:
        book[tick] = lots
        best[side] = tick if best[side] is None else better(best[side], tick)
    else:
        book.pop(tick, None)
        if tick == best[side]:
            best[side] = better(book, default=None)


def readings(case):
    """The lists of a case by the name of the reading."""
    if case["case"] == "l2":
        return {"real shares": l2(case, False), "whole lots": l2(case, True)}
    return {"plain": {"sma": sma, "quotes": quotes}[case["case"]](case)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of the case")
    parser.add_argument("--list", type=Path, required=True, help="a list to compare with")
    arguments = parser.parse_args()
    case = measure.Case(arguments.data)
    theirs = arguments.list.read_text()
    for name, rows in readings(case).items():
        mine = measure.list_text(rows)
        only_theirs = set(theirs.splitlines()) - set(mine.splitlines())
        only_mine = set(mine.splitlines()) - set(theirs.splitlines())
        print(json.dumps({
            "case": case["case"], "reading": name, "rows": mine.count("\n"), "same": mine == theirs,
            "list_sha256": hashlib.sha256(mine.encode()).hexdigest(),
            "only_in_list": len(only_theirs), "only_in_reference": len(only_mine),
        }))


if __name__ == "__main__":
    main()
