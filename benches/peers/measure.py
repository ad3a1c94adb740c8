"""What the four peers share: reading a case, timing runs, and the JSON that `run` reads.

A peer gives one function that does one whole run and returns its list of trades or fills. The first run of
the process pays for compilation and cold caches; it is reported as `warm_up_ms` and is in no median.
"""

import argparse
import gc
import hashlib
import json
import platform
import resource
import time
from importlib import metadata
from pathlib import Path

import numpy as np


class Case:
    """A folder that make_data.py wrote."""

    def __init__(self, folder):
        self.folder = folder
        self.values = json.loads((folder / "case.json").read_text())

    def __getitem__(self, key):
        return self.values[key]

    def column(self, name):
        return np.load(self.folder / f"{name}.npy")

    def prices(self, name):
        """Ticks as the nearest double of the decimal price."""
        return self.column(name) / self["ticks_per_unit"]

    def quantities(self, name):
        """Lots as the nearest double of the decimal quantity."""
        return self.column(name) / self["lots_per_unit"]


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True, help="the folder of the case")
    parser.add_argument("--runs", type=int, default=3, help="timed runs after the warm-up")
    parser.add_argument("--list", type=Path, required=True, help="where the trades or fills are written")
    return parser.parse_args()


def peak_rss_bytes():
    """The process's own peak; Linux's ru_maxrss would also count what the parent had before exec."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if platform.system() == "Darwin" else peak * 1024


def timed(run):
    """One run: its result, and its wall and processor time (user and system, all threads) in ms."""
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    result = run()
    return result, (time.perf_counter() - wall) * 1e3, (time.process_time() - cpu) * 1e3


def report(peer, packages, case, options, load, run, as_rows, extra=None):
    """Loads once, runs `1 + runs` times, checks that every run gave the same list, prints one JSON line.

    `load` makes what a run needs; `run` is what is timed; `as_rows` turns a result into the list's rows.
    """
    inputs, load_ms, _ = timed(load)
    result, warm_up_ms, warm_up_cpu_ms = timed(lambda: run(inputs))
    lines = list_text(as_rows(result))
    after_one_run = peak_rss_bytes()
    elapsed_ms, cpu_ms = [], []
    for _ in range(options.runs):
        result = None
        result, wall, cpu = timed(lambda: run(inputs))
        if list_text(as_rows(result)) != lines:
            raise SystemExit(f"{peer}: two runs over the same data gave different lists")
        elapsed_ms.append(round(wall, 3))
        cpu_ms.append(round(cpu, 3))
    options.list.write_text(lines)
    print(json.dumps({
        "case": case["case"], "peer": peer, "versions": {name: metadata.version(name) for name in packages},
        "python": platform.python_version(), "events": case["events"],
        "load_ms": round(load_ms, 3), "warm_up_ms": round(warm_up_ms, 3),
        "warm_up_cpu_ms": round(warm_up_cpu_ms, 3), "elapsed_ms": elapsed_ms, "cpu_ms": cpu_ms,
        "peak_rss_bytes": after_one_run, "peak_rss_all_runs_bytes": peak_rss_bytes(),
        "list_rows": lines.count("\n"), "list_sha256": hashlib.sha256(lines.encode()).hexdigest(),
        **(extra(result) if extra else {}),
    }))


def list_text(rows):
    """A list as text: one row a line, fields joined by commas, no header, a line feed after each."""
    return "".join(",".join(str(field) for field in row) + "\n" for row in rows)
