"""Our SQL for NEWS2 beside a CASE statement as one writes it by hand, in DuckDB and PostgreSQL: equal answers are asserted before anything is timed.

    python benchmarks/sql.py [--rows 2000000] [--postgres-rows 200000] [--quick] [--write]

The statement by hand knows whole sets with clean numbers and SpO2 scale 1 alone: it has no missing readings, no float noise, no limits, no flags.
That is the least that scoring in SQL can cost. PostgreSQL is left out where it is not installed. The table is in memory, the result is written
to a table.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from mews_newtt.chart.catalogue import load_chart
from mews_newtt.tables.sql import chart_sql

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))
from batch_scoring import data
from measure import machine, medians, write_section

from tests.sql.databases import PostgreSQL

CHART = load_chart("news2")
READ = ("respiratory_rate", "oxygen_saturation", "air_or_oxygen", "systolic_bp", "heart_rate", "consciousness", "temperature")
BY_HAND = """
SELECT *, CASE WHEN total >= 7 THEN 4 WHEN total >= 5 THEN 3 WHEN three THEN 2 WHEN total >= 1 THEN 1 ELSE 0 END AS level_rank
FROM (
  SELECT *, rr + sat + air + bp + pulse + acvpu + temp AS total, 3 IN (rr, sat, bp, pulse, acvpu, temp) AS three
  FROM (
    SELECT case_id,
      CASE WHEN respiratory_rate <= 8 THEN 3 WHEN respiratory_rate <= 11 THEN 1 WHEN respiratory_rate <= 20 THEN 0
        WHEN respiratory_rate <= 24 THEN 2 ELSE 3 END AS rr,
      CASE WHEN oxygen_saturation <= 91 THEN 3 WHEN oxygen_saturation <= 93 THEN 2 WHEN oxygen_saturation <= 95 THEN 1 ELSE 0 END AS sat,
      CASE WHEN air_or_oxygen = 'oxygen' THEN 2 ELSE 0 END AS air,
      CASE WHEN systolic_bp <= 90 THEN 3 WHEN systolic_bp <= 100 THEN 2 WHEN systolic_bp <= 110 THEN 1 WHEN systolic_bp <= 219 THEN 0
        ELSE 3 END AS bp,
      CASE WHEN heart_rate <= 40 THEN 3 WHEN heart_rate <= 50 THEN 1 WHEN heart_rate <= 90 THEN 0 WHEN heart_rate <= 110 THEN 1
        WHEN heart_rate <= 130 THEN 2 ELSE 3 END AS pulse,
      CASE WHEN consciousness = 'alert' THEN 0 ELSE 3 END AS acvpu,
      CASE WHEN temperature <= 35.0 THEN 3 WHEN temperature <= 36.0 THEN 1 WHEN temperature <= 38.0 THEN 0 WHEN temperature <= 39.0 THEN 1
        ELSE 2 END AS temp
    FROM observations
  ) AS points
) AS totals
"""


def rows_of(count: int) -> pa.Table:
    """Whole sets with recordable numbers, so that the statement by hand can score them."""
    table = data(CHART, count, "float64", "float64").select(READ)
    complete = pc.and_kleene(*[pc.is_valid(table.column(name)) for name in READ[:2]])
    for name in READ[2:]:
        complete = pc.and_kleene(complete, pc.is_valid(table.column(name)))
    table = table.filter(complete)
    columns = [pc.cast(column, pa.string()) if pa.types.is_dictionary(column.type) else column for column in table.columns]
    return pa.table([pa.array(range(table.num_rows)), *columns], ["case_id", *READ])


def statements(dialect: str) -> dict[str, str]:
    """What is timed. The first is the floor."""
    whole, short = (chart_sql(CHART, dialect, columns=("case_id", *READ), flags=flags).sql.rstrip().removesuffix(";") for flags in (True, False))
    return {"by hand: total and level": BY_HAND, "ours without flags": short, "ours, every result": whole}


def measured(title: str, rows: int, run: Callable[[str], Any], ask: Callable[[str], list[Any]], dialect: str, rounds: int) -> list[str]:
    found = statements(dialect)
    wanted = ask(f"SELECT case_id, total, level_rank FROM ({found['by hand: total and level']}) AS hand ORDER BY case_id")
    for name, statement in found.items():
        got = ask(f"SELECT case_id, total, level_rank FROM ({statement}) AS ours ORDER BY case_id")
        assert [tuple(row) for row in got] == [tuple(row) for row in wanted], f"{title}, {name}: other answers"

    def work(statement: str) -> Callable[[], None]:
        def write() -> None:
            run("DROP TABLE IF EXISTS scored")
            run(f"CREATE TEMPORARY TABLE scored AS {statement}")

        return write

    times = medians({name: work(statement) for name, statement in found.items()}, rounds)
    floor = next(iter(times.values()))
    return [f"| {title} | {name} | {rows / taken / 1e6:.2f} | {taken / floor:.1f} |" for name, taken in times.items()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--postgres-rows", type=int, default=200_000)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true", help="write the section of RESULTS.md")
    options = parser.parse_args()
    if options.quick:
        options.rows, options.postgres_rows = 50_000, 10_000
    rounds = 2 if options.quick else 5
    lines = [f"{machine()}; NEWS2, whole sets. Million rows a second, and the time beside that of the statement by hand.", ""]
    lines += ["| database | statement | million rows/s | times by hand |", "| --- | --- | --- | --- |"]

    table = rows_of(options.rows)
    connection = duckdb.connect()
    connection.register("given_rows", table)
    connection.execute("CREATE TABLE observations AS SELECT * FROM given_rows")
    title = f"DuckDB {duckdb.__version__}, {table.num_rows:,} rows"
    lines += measured(title, table.num_rows, connection.execute, lambda sql: connection.execute(sql).fetchall(), "duckdb", rounds)

    if sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        lines += on_postgres(rows_of(options.postgres_rows), rounds)
    else:
        print("PostgreSQL is not installed: left out")
    print("\n".join(lines))
    if options.write:
        write_section("sql", "SQL: rows a second where the data is", lines)


def on_postgres(table: pa.Table, rounds: int) -> list[str]:
    with PostgreSQL() as server:
        kinds = ", ".join(f"{name} {'TEXT' if pa.types.is_string(table.schema.field(name).type) else 'DOUBLE PRECISION'}" for name in READ)
        server.run(f"CREATE TABLE observations (case_id INTEGER, {kinds})")
        text = io.BytesIO()
        pyarrow.csv.write_csv(table, text, pyarrow.csv.WriteOptions(include_header=False))
        with server.connection.cursor().copy("COPY observations FROM STDIN WITH (FORMAT csv)") as copy:
            copy.write(text.getvalue())
        server.run("ANALYZE observations")
        title = f"PostgreSQL {server.connection.info.server_version // 10000}, {table.num_rows:,} rows"
        return measured(title, table.num_rows, server.run, lambda sql: server.connection.execute(sql).fetchall(), "postgres", rounds)


if __name__ == "__main__":
    main()
