"""Databases that a statement really runs in: a table is written, scored there, and read back beside the reference."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from decimal import Decimal
from importlib.util import find_spec
from random import Random
from typing import Any, Protocol

from mews_newtt.chart.model import Chart
from mews_newtt.tables.sql import IDENTITY, chart_sql
from tests.batch.batch_support import random_value, tidy_row
from tests.engines_expressions.backends import spark_session
from tests.every_engine import reference_row
from tests.postgres import PostgreSQL as Server
from tests.tools import need

Row = dict[str, Any]
KINDS = {  # of the columns of each dialect
    "duckdb": {"float": "DOUBLE", "whole": "BIGINT", "decimal": "DECIMAL(30, 9)", "text": "TEXT"},
    "sqlite": {"float": "REAL", "whole": "INTEGER", "text": "TEXT"},
    "databricks": {"float": "DOUBLE", "whole": "BIGINT", "decimal": "DECIMAL(30, 9)", "text": "STRING"},
    "postgres": {"float": "DOUBLE PRECISION", "whole": "BIGINT", "decimal": "NUMERIC", "text": "TEXT"},
}


class Database(Protocol):
    dialect: str

    def run(self, statement: str) -> None: ...

    def insert(self, table: str, rows: Sequence[Sequence[Any]]) -> None: ...

    def rows(self, statement: str) -> list[Row]: ...


class DuckDB:
    dialect = "duckdb"

    def __init__(self) -> None:
        import duckdb

        self.connection = duckdb.connect()
        self.connection.execute("SET threads = 1")

    def run(self, statement: str) -> None:
        self.connection.execute(statement)

    def insert(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        self.connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)

    def rows(self, statement: str) -> list[Row]:
        return self.connection.sql(statement).to_arrow_table().to_pylist()


class SQLite:
    dialect = "sqlite"

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:")
        self.connection.row_factory = sqlite3.Row

    def run(self, statement: str) -> None:
        self.connection.execute(statement)

    def insert(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        self.connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)

    def rows(self, statement: str) -> list[Row]:
        return [dict(row) for row in self.connection.execute(statement).fetchall()]


class PostgreSQL:
    """A connection to a server of its own."""

    dialect = "postgres"

    def __init__(self) -> None:
        import psycopg

        self.server = Server()
        self.connection = psycopg.connect(self.server.url, autocommit=True)

    def __enter__(self) -> PostgreSQL:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()
        self.server.__exit__()

    def run(self, statement: str) -> None:
        self.connection.execute(statement)

    def insert(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        self.connection.cursor().executemany(f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(rows[0]))})", rows)

    def rows(self, statement: str) -> list[Row]:
        from psycopg.rows import dict_row

        return self.connection.cursor(row_factory=dict_row).execute(statement).fetchall()


class Spark:
    """Spark in this process: it runs the SQL of Databricks."""

    dialect = "databricks"

    def __init__(self) -> None:
        need("pyspark", find_spec("pyspark"))
        need("Java", shutil.which("java"))
        self.session = spark_session()
        self.schema = ""

    def run(self, statement: str) -> None:
        if statement.startswith("CREATE TABLE"):
            self.schema = statement.partition("(")[2].removesuffix(")")

    def insert(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        self.session.createDataFrame([tuple(row) for row in rows], self.schema).createOrReplaceTempView(table)

    def rows(self, statement: str) -> list[Row]:
        return [row.asDict() for row in self.session.sql(statement.rstrip().removesuffix(";")).collect()]


def score_rows(database: Database, chart: Chart, columns: Mapping[str, str], rows: Sequence[Row], **options: Any) -> list[Row]:
    """The rows with their scores, from a table with these kinds of columns, in the order in which they were given."""
    kinds = KINDS[database.dialect]
    database.run("DROP TABLE IF EXISTS observations")
    database.run(f"CREATE TABLE observations (case_id INTEGER, {', '.join(f'{name} {kinds[kind]}' for name, kind in columns.items())})")
    database.insert("observations", [(place, *(row.get(name) for name in columns)) for place, row in enumerate(rows)])
    written = chart_sql(chart, database.dialect, columns=("case_id", *columns), **options)
    return sorted(database.rows(written.sql), key=lambda row: row["case_id"])


def check_rows(database: Database, chart: Chart, columns: Mapping[str, str], rows: Sequence[Row], **options: Any) -> None:
    """Every row has the reference's results; of a refusal, whether there is one."""
    found = score_rows(database, chart, columns, rows, points=True, **options)
    assert len(found) == len(rows)
    for got, row in zip(found, rows, strict=True):
        wanted = reference_row(chart, row)
        said = {name: got[name] for name in wanted}
        assert bool(said.pop("error")) == bool(wanted.pop("error")), (row, got)
        assert said == wanted, (row, got)
        assert tuple(got[name] for name in IDENTITY) == (chart.id, chart.version, chart.status, chart.sha256)


def random_rows(chart: Chart, count: int, rng: Random, dialect: str) -> tuple[dict[str, str], list[Row]]:
    """Columns of several kinds, and rows that are tidy, lack something, or hold anything."""
    rows: list[Row] = [tidy_row(chart, rng) if rng.random() < 0.6 else {} for _ in range(count)]
    columns: dict[str, str] = {}
    for parameter in chart.parameters:
        name, numeric = parameter.id, parameter.observation.numeric
        if rng.random() < 0.05:
            for row in rows:
                row.pop(name, None)
            continue
        kind = rng.choice([one for one in KINDS[dialect] if one != "text"]) if numeric else "text"
        columns[name] = kind
        lacking = rng.choice([0.0, 0.15, 0.9])
        for row in rows:
            if name not in row:
                row[name] = None if rng.random() < lacking else random_value(chart, name, rng)
            elif rng.random() < 0.05:
                row[name] = None
            row[name] = _as_kind(row[name], kind)
        if rng.random() < 0.3:
            columns[f"skip_{name}"] = "text"
            reasons = [*(skip.code.lower() for skip in parameter.skips), "refused", " asleep "]
            for row in rows:
                likely = 0.5 if row[name] is None else 0.02
                row[f"skip_{name}"] = rng.choice(reasons) if rng.random() < likely else rng.choice([None, ""])
    if not columns:
        return random_rows(chart, count, rng, dialect)
    return columns, rows


def _as_kind(value: Any, kind: str) -> Any:
    if value is None or kind == "text":
        return value
    if kind == "whole":
        return int(value)
    return float(value) if kind == "float" else Decimal(value)
