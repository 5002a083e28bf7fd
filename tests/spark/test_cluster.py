"""Spark with executors that are processes of their own: every row as the reference scores it, and a killed executor loses and doubles none."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mews_newtt import load_chart, score_table
from tests.batch.batch_support import random_columns
from tests.engines_expressions.backends import Rows, check_found, plain
from tests.every_engine import reference_row
from tests.spark.clusters import ROOT
from tests.tools import need

pytestmark = pytest.mark.deep
CHARTS = ["news2", "meows"]


def run(what: str, folder: Path) -> dict[str, Any]:
    need("pyspark", find_spec("pyspark"))
    need("Java", shutil.which("java"))
    command = [sys.executable, "-m", "tests.spark.on_cluster", what, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def rows_of(folder: Path) -> Rows:
    return sorted(pq.read_table(folder).to_pylist(), key=lambda row: row["place"])


def test_every_row_is_as_the_reference_scores_it(tmp_path: Path) -> None:
    wanted = {}
    for name in CHARTS:
        chart = load_chart(name)
        table, rows = random_columns(chart, 200, Random(f"{name} on executors"), missing=0.1)
        table = plain(table)
        wanted[name] = [{one: cell for one, cell in row.items() if one in table.column_names} for row in rows]
        pq.write_table(table.append_column("place", pa.array(range(table.num_rows))), tmp_path / f"{name}.parquet")
    saw = run("equal", tmp_path)
    assert saw == {"executors": 2, "without_python": True}  # expressions need no Python there; mapInArrow does
    for name, given in wanted.items():
        chart = load_chart(name)
        odd = check_found("spark", chart, rows_of(tmp_path / f"{name}-expressions"), given)
        assert odd < len(given) / 2  # else little was compared
        found = rows_of(tmp_path / f"{name}-arrow")
        assert len(found) == len(given)
        for got, row in zip(found, given, strict=True):
            want = reference_row(chart, row)
            assert {one: got[one] for one in want} == want


def test_a_killed_executor_loses_and_doubles_no_row(tmp_path: Path) -> None:
    chart, rng, count = load_chart("news2"), Random(8), 24_000
    table, _ = random_columns(chart, 500, rng, missing=0.1, skips=False)
    table = pa.concat_tables([plain(table)] * (count // 500)).append_column("place", pa.array(range(count)))
    pq.write_table(table, tmp_path / "news2.parquet", row_group_size=600, use_dictionary=False, compression="none")
    saw = run("killed", tmp_path)
    assert saw["executors"] == 2 and saw["killed"]
    assert 4 <= saw["done"] < saw["tasks"]  # it was killed in the midst of the work
    found = pq.read_table(tmp_path / "scored").sort_by("place")
    assert found.column("place").to_pylist() == list(range(count))
    mine = score_table(chart, table.slice(0, 500), plain_text=True)
    odd = [error.endswith("score_table gives the reason") for error in found.column("error").slice(0, 500).to_pylist()]
    for name in ("score_status", "total_min", "total_max", "level", "missing"):
        once = found.column(name).slice(0, 500)
        for is_odd, got, want in zip(odd, once.to_pylist(), mine.column(name).to_pylist(), strict=True):
            assert is_odd or got == want
        assert found.column(name).to_pylist() == once.to_pylist() * (count // 500)  # every copy of a row scores alike
    assert sum(odd) < 250
