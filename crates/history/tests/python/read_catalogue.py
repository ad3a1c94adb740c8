"""Reads a catalogue with pandas, polars and DuckDB, as it is, and prints what each saw.

Usage: read_catalogue.py DIR. The catalogue holds bars, funding and trades; see tests/others.rs.

Prices have the decimals of their instrument. pandas and polars do not join decimals of different
scales by themselves, so they read one symbol at a time; DuckDB joins them.
"""

import json
import pathlib
import sys
from decimal import Decimal

import duckdb
import pandas
import polars

catalogue = sys.argv[1]
bars = catalogue + "/venue=local/market=spot/kind=bars_1m"
seen = {}

symbols = sorted(path.name for path in pathlib.Path(bars).iterdir())
assert symbols == ["symbol=OTHER", "symbol=TEST-USD"], symbols

frames = [pandas.read_parquet(f"{bars}/{one}", dtype_backend="pyarrow") for one in symbols]
for frame in frames:
    assert str(frame["start"].dtype) == "timestamp[ns, tz=UTC][pyarrow]", frame.dtypes
    assert isinstance(frame["close"].iloc[0], Decimal), type(frame["close"].iloc[0])
total = sum((frame["close"].sum() for frame in frames), Decimal(0))
first = frames[0]["start"].iloc[0].isoformat()
seen["pandas"] = [sum(len(frame) for frame in frames), str(total), first]

frames = [
    polars.scan_parquet(f"{bars}/{one}/**/*.parquet", hive_partitioning=True).collect()
    for one in symbols
]
for frame in frames:
    assert frame["start"].dtype == polars.Datetime("ns", "UTC"), frame.schema
    assert frame["close"].dtype.is_decimal(), frame.schema
total = sum((frame["close"].sum() for frame in frames), Decimal(0))
seen["polars"] = [sum(len(frame) for frame in frames), str(total), frames[0]["start"][0].isoformat()]

query = duckdb.sql(
    f"SELECT count(*), sum(close), min(start) AT TIME ZONE 'UTC' "
    f"FROM read_parquet('{bars}/**/*.parquet', hive_partitioning = true, union_by_name = true)"
)
count, total, first = query.fetchall()[0]
assert isinstance(total, Decimal), type(total)
seen["duckdb"] = [count, str(total), first.isoformat() + "+00:00"]

# A whole folder of any kind, with absent fields.
for kind in ["funding", "trades"]:
    folder = f"{catalogue}/venue=local/market=spot/kind={kind}"
    lengths = {
        len(pandas.read_parquet(folder)),
        len(polars.read_parquet(folder + "/**/*.parquet")),
        duckdb.sql(f"SELECT count(*) FROM '{folder}/**/*.parquet'").fetchall()[0][0],
    }
    assert len(lengths) == 1, lengths
    seen[kind] = lengths.pop()

print(json.dumps(seen))
