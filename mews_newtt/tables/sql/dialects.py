"""What differs between databases: how a column is read as a number or as text, and how names are quoted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.tokens import Tokenizer

from mews_newtt.errors import FileError, Problem

# {0} is the column. Text in a column of numbers is never read as 0: the database stops with an error, or the row is refused by way of an
# impossible number. NaN is no reading.
_NAN = "NULLIF(CAST({0} AS DOUBLE), CAST('NaN' AS DOUBLE))"


DialectName = Literal["postgres", "sqlserver", "snowflake", "bigquery", "databricks", "duckdb", "sqlite"]  # the keys of DIALECTS, for type checkers


class Dialect(NamedTuple):
    """One database. The two patterns are written in its own SQL."""

    title: str
    sqlglot: str
    number: str
    text: str
    unprintable: str  # whether a text holds other letters than those of ASCII
    folds_to_upper: bool = False
    keeps: bool = False  # whether parts must be marked MATERIALIZED: without that, the planner writes each of them out wherever it is used


DIALECTS: Mapping[str, Dialect] = {
    "postgres": Dialect(
        "PostgreSQL",
        "postgres",
        "NULLIF(CAST({0} AS DOUBLE PRECISION), CAST('NaN' AS DOUBLE PRECISION))",
        "CAST({0} AS TEXT)",
        "{0} ~ '[^ -~]'",
        keeps=True,
    ),
    "sqlserver": Dialect(
        "SQL Server 2022 or newer",
        "tsql",
        "CASE WHEN CAST(SQL_VARIANT_PROPERTY({0}, 'BaseType') AS NVARCHAR(128)) NOT LIKE '%char' THEN CAST({0} AS FLOAT)"
        " WHEN NOT {0} IS NULL THEN 1E300 END",
        "CAST({0} AS NVARCHAR(4000))",
        "{0} LIKE '%[^ -~]%' COLLATE Latin1_General_BIN",
    ),
    "snowflake": Dialect("Snowflake", "snowflake", _NAN, "CAST({0} AS VARCHAR)", "REGEXP_LIKE({0}, '.*[^ -~].*', 's')", folds_to_upper=True),
    "bigquery": Dialect(
        "BigQuery",
        "bigquery",
        "IF(IS_NAN(CAST({0} AS FLOAT64)), NULL, CAST({0} AS FLOAT64))",
        "CAST({0} AS STRING)",
        "REGEXP_CONTAINS({0}, '[^ -~]')",
    ),
    "databricks": Dialect(
        "Databricks",
        "databricks",
        "CASE WHEN TYPEOF({0}) <> 'string' THEN " + _NAN + " WHEN NOT {0} IS NULL THEN 1E300 END",
        "CAST({0} AS STRING)",
        "{0} RLIKE '[^ -~]'",
    ),
    "duckdb": Dialect("DuckDB", "duckdb", _NAN, "CAST({0} AS TEXT)", "REGEXP_MATCHES({0}, '[^ -~]')"),
    "sqlite": Dialect(
        "SQLite 3.35 or newer",
        "sqlite",
        "CASE WHEN TYPEOF({0}) IN ('integer', 'real') THEN CAST({0} AS REAL) WHEN TRIM({0}) <> '' THEN 1E300 END",
        "CAST({0} AS TEXT)",
        "{0} GLOB '*[^ -~]*'",
        keeps=True,
    ),
}

_SIMPLE = re.compile(r"[a-z_][a-z0-9_]*")
_SIMPLE_UPPER = re.compile(r"[A-Z_][A-Z0-9_]*")
# Words that are values without quotes in some dialect, so that a column of this name would be read as something else.
_VALUES = frozenset(
    (
        "user", "current_user", "session_user", "system_user", "current_date", "current_time", "current_timestamp", "localtime",
        "localtimestamp", "current_role", "current_catalog", "current_schema", "rowid", "oid", "ctid", "xmin", "xmax", "cmin", "cmax",
        "tableoid", "true", "false", "null", "date", "time", "timestamp"
    )
)


def dialect_named(name: str) -> Dialect:
    """The dialect, or FileError."""
    if name not in DIALECTS:
        raise FileError(Problem("unknown_dialect", f"--dialect {name}", "is no dialect that SQL is written for", "use one of " + ", ".join(DIALECTS)))
    return DIALECTS[name]


def identifier(name: str, dialect: Dialect) -> exp.Identifier:
    """A name of the database's own: as it is where every database takes it so, else in quotes, exactly as it was given."""
    simple = _SIMPLE.fullmatch(name) or (dialect.folds_to_upper and _SIMPLE_UPPER.fullmatch(name))
    return exp.to_identifier(name, quoted=not (simple and _is_plain_word(name, dialect)))


def _is_plain_word(name: str, dialect: Dialect) -> bool:
    if name.casefold() in _VALUES:
        return False
    try:
        found = parse_one(f"SELECT {name} FROM {name}", read=dialect.sqlglot)
    except SqlglotError:
        return False
    column = found.selects[0] if isinstance(found, exp.Select) and len(found.selects) == 1 else None
    return isinstance(column, exp.Column) and Tokenizer().tokenize(name)[0].token_type.name == "VAR"  # no keyword


def column(name: str, dialect: Dialect) -> exp.Column:
    return exp.Column(this=identifier(name, dialect))


def read_with(pattern: str, name: str, dialect: Dialect) -> exp.Expression:
    """A pattern of a dialect with the column in it."""
    return parse_one(pattern.format("mews_newtt_column"), read=dialect.sqlglot).transform(
        lambda node: column(name, dialect) if isinstance(node, exp.Column) and node.name == "mews_newtt_column" else node
    )


_PART = re.compile(r'"((?:[^"]|"")*)"|([^".]+)')


def table_parts(name: str) -> list[str]:
    """`schema.table` as its parts; a part in double quotes may hold dots. Raises FileError for what is no name of a table."""
    found, place, ended = [], 0, False
    mend = 'write it as table, schema.table or catalog.schema.table; put a part that holds dots in double quotes, as in \'ward."obs.2024"\''
    while True:
        part = _PART.match(name, place)
        if part is None:
            break
        found.append(part[2] if part[1] is None else part[1].replace('""', '"'))
        place = part.end()
        if name[place : place + 1] != ".":
            ended = place == len(name)
            break
        place += 1
    if not ended or len(found) > 3 or any(not part.strip() or not part.isprintable() for part in found):
        raise FileError(Problem("table_name", f"--table {name!r}", "is not the name of a table", mend))
    return found
