"""Every backend gives what the reference gives: shipped charts and made-up charts, columns of many kinds, rows of every kind."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from random import Random

import pytest

from mews_newtt import charts, load_chart
from tests.batch.batch_support import random_columns
from tests.engines_expressions.backends import check_rows
from tests.strategies import made_chart
from tests.tools import need

SHIPPED = [f"{chart.id}@{chart.version}" for chart in charts()]
QUICK = ("polars", "polars lazy", "polars streaming", "pyarrow")
DATABASES = ("duckdb", "ibis", "pandas", "pandas arrow")


def check_shipped(kind: str, name: str, rows: int, turn: int = 0) -> None:
    chart, rng = load_chart(*name.split("@")), Random(f"{name}{turn}")
    check_rows(kind, chart, *random_columns(chart, rows, rng, missing=rng.choice([0.02, 0.15, 0.4])))


def check_made(kind: str, seed: int, rows: int) -> None:
    rng = Random(seed)
    chart = made_chart(rng)
    check_rows(kind, chart, *random_columns(chart, rows, rng, missing=rng.choice([0.02, 0.15, 0.4])))


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("kind", QUICK)
def test_shipped_charts(kind: str, name: str) -> None:
    check_shipped(kind, name, 60)


@pytest.mark.filterwarnings("ignore")  # pandas and Ibis warn of what narwhals calls
@pytest.mark.parametrize("name", ["news2@2017.1", "meows@2012.1", "mewt@2016.1"])
@pytest.mark.parametrize("kind", DATABASES)
def test_some_charts_on_slow_backends(kind: str, name: str) -> None:
    check_shipped(kind, name, 40)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("kind", ["polars lazy", "pyarrow"])
def test_made_charts(kind: str, seed: int) -> None:
    check_made(kind, seed, 40)


@pytest.mark.deep
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("kind", [*QUICK, *DATABASES])
def test_shipped_charts_at_length(kind: str, name: str) -> None:
    check_shipped(kind, name, 300, 1)


@pytest.mark.deep
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(100, 112))
@pytest.mark.parametrize("kind", ["polars lazy", "polars streaming", "pyarrow", "duckdb"])
def test_made_charts_at_length(kind: str, seed: int) -> None:
    check_made(kind, seed, 100)


@pytest.mark.deep
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_charts_on_spark(name: str) -> None:
    need("pyspark", find_spec("pyspark"))
    need("Java", shutil.which("java"))
    check_shipped("spark", name, 100)
