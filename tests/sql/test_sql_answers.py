"""The statement gives what the reference gives, in databases that really run it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from mews_newtt import charts, load_chart
from mews_newtt.chart.model import Chart
from tests.sql.databases import Database, DuckDB, PostgreSQL, Spark, SQLite, check_rows, random_rows, score_rows
from tests.strategies import made_chart

SHIPPED = [f"{chart.id}@{chart.version}" for chart in charts()]
SPEC = Path(__file__).parents[1] / "spec"


@pytest.fixture(params=["duckdb", "sqlite"])
def database(request: pytest.FixtureRequest) -> Database:
    return DuckDB() if request.param == "duckdb" else SQLite()


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgreSQL]:
    with PostgreSQL() as found:
        yield found


def spec_cases(chart: Chart) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The cases of a chart that a table with typed columns can hold: their sets, and what they give."""
    content = tomllib.loads((SPEC / chart.id / f"{chart.version}.toml").read_text(encoding="utf-8"), parse_float=Decimal)
    given, gives = [], []
    for case in content["case"]:
        row = case.get("given") or {**content.get("well", {}), **case.get("but", {})}
        if any(isinstance(value, dict) for value in row.values()):
            continue  # a unit of its own
        if any(_numeric(chart, name) and isinstance(value, str) and not _is_number(value) for name, value in row.items()):
            continue  # words in a column of numbers
        given.append({name: float(value) if _numeric(chart, name) and value not in ("", None) else value for name, value in row.items()})
        gives.append(case["gives"])
    return given, gives


def _numeric(chart: Chart, name: str) -> bool:
    return name in chart.by_id and chart.by_id[name].observation.numeric


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text == ""
    return True


def check_spec(database: Database, chart: Chart) -> None:
    given, gives = spec_cases(chart)
    assert len(given) >= len(gives) > 0
    names = dict.fromkeys(name for row in given for name in row if name.removeprefix("skip_") in chart.by_id)
    columns = {name: "float" if _numeric(chart, name) else "text" for name in [*chart.by_id, *(one for one in names if one not in chart.by_id)]}
    rows = [{name: None if value == "" and _numeric(chart, name) else value for name, value in row.items()} for row in given]
    for found, row, wanted in zip(score_rows(database, chart, columns, rows, points=True), rows, gives, strict=True):
        for name, value in wanted.items():
            if name == "points":
                assert {one: found[f"points_{one}"] for one in value} == value, row
            elif name in ("missing", "flags"):
                assert (found[name].split(";") if found[name] else []) == value, row
            else:
                assert found["score_status" if name == "status" else name] == value, row


@pytest.mark.parametrize("name", SHIPPED)
def test_every_spec_case(database: Database, name: str) -> None:
    check_spec(database, load_chart(*name.split("@")))


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_charts(database: Database, name: str) -> None:
    chart, rng = load_chart(*name.split("@")), Random(name)
    check_rows(database, chart, *random_rows(chart, 150, rng, database.dialect))


@pytest.mark.parametrize("seed", range(4))
def test_made_charts(database: Database, seed: int) -> None:
    rng = Random(seed)
    chart = made_chart(rng)
    check_rows(database, chart, *random_rows(chart, 60, rng, database.dialect))


@pytest.mark.deep
@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_charts_on_postgres(postgres: PostgreSQL, name: str) -> None:
    chart, rng = load_chart(*name.split("@")), Random(f"postgres {name}")
    check_spec(postgres, chart)
    check_rows(postgres, chart, *random_rows(chart, 300, rng, postgres.dialect))


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(100, 115))
def test_made_charts_on_postgres(postgres: PostgreSQL, seed: int) -> None:
    rng = Random(seed)
    chart = made_chart(rng)
    check_rows(postgres, chart, *random_rows(chart, 60, rng, postgres.dialect))


@pytest.mark.deep
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_charts_on_spark_which_runs_the_sql_of_databricks(name: str) -> None:
    chart, rng, spark = load_chart(*name.split("@")), Random(f"spark {name}"), Spark()
    check_spec(spark, chart)
    check_rows(spark, chart, *random_rows(chart, 100, rng, spark.dialect))


@pytest.mark.deep
@pytest.mark.parametrize("turn", range(3))
@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_charts_at_length(database: Database, name: str, turn: int) -> None:
    chart, rng = load_chart(*name.split("@")), Random(f"{turn} {name}")
    check_rows(database, chart, *random_rows(chart, 500, rng, database.dialect))


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(200, 230))
def test_made_charts_at_length(database: Database, seed: int) -> None:
    rng = Random(seed)
    chart = made_chart(rng)
    check_rows(database, chart, *random_rows(chart, 100, rng, database.dialect))
