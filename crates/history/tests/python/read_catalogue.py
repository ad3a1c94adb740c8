"""Reads a catalogue with pandas, polars and DuckDB, as it is, and prints what each saw.

Usage: read_catalogue.py DIR. The catalogue holds bars, funding and trades; see tests/others.rs.
"""

import json
import sys
from decimal import Decimal

import duckdb
import pandas
import polars

catalogue = sys.argv[1]
bars = catalogue + "/venue=local/market=spot/kind=bars_1m"
seen = {}

frame = pandas.read_parquet(bars, dtype_backend="pyarrow")
frame = frame.sort_values(["symbol", "start"])
assert str(frame["start"].dtype) == "timestamp[ns, tz=UTC][pyarrow]", frame.dtypes
assert isinstance(frame["close"].iloc[0], Decimal), type(frame["close"].iloc[0])
seen["pandas"] = [len(frame), str(frame["close"].sum()), frame["start"].iloc[0].isoformat()]

frame = polars.scan_parquet(bars + "/**/*.parquet", hive_partitioning=True).collect()
assert frame["start"].dtype == polars.Datetime("ns", "UTC"), frame.schema
assert frame["close"].dtype.is_decimal(), frame.schema
first = frame.sort(["symbol", "start"])["start"][0]
seen["polars"] = [len(frame), str(frame["close"].sum()), first.isoformat()]

query = duckdb.sql(
    f"SELECT count(*), sum(close), min(start) AT TIME ZONE 'UTC' "
    f"FROM read_parquet('{bars}/**/*.parquet', hive_partitioning = true)"
)
count, total, first = query.fetchone()
assert isinstance(total, Decimal), type(total)
seen["duckdb"] = [count, str(total), first.isoformat() + "+00:00"]

# A whole folder of any kind, with absent fields.
for kind in ["funding", "trades"]:
    folder = f"{catalogue}/venue=local/market=spot/kind={kind}"
    lengths = {
        len(pandas.read_parquet(folder)),
        len(polars.read_parquet(folder + "/**/*.parquet")),
        duckdb.sql(f"SELECT count(*) FROM '{folder}/**/*.parquet'").fetchone()[0],
    }
    assert len(lengths) == 1, lengths
    seen[kind] = lengths.pop()

print(json.dumps(seen))
