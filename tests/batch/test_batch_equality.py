"""The batch path gives what the reference gives: every column, every chart, every column type, every cut into slices."""

from __future__ import annotations

import threading
from collections import Counter
from random import Random
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pytest
from batch_support import assert_same, edges_of, expected, numbers_near, random_columns
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mews_newtt.chart.catalogue import charts, load_chart
from mews_newtt.chart.model import Chart
from mews_newtt.engines import arrow
from mews_newtt.engines.base import StringPool
from mews_newtt.engines.numba import columns, engine, program
from mews_newtt.engines.packed import exact
from mews_newtt.tables.table import score_table
from tests.strategies import made_chart

SHIPPED = [f"{chart.id}@{chart.version}" for chart in charts()]


def _check(chart: Chart, rng: Random, rows: int) -> None:
    """However few or many columns share a table, by the wide layout and without it, and in blocks of any size."""
    table, cells = random_columns(chart, rows, rng, missing=rng.choice([0.02, 0.15, 0.4]))
    with (
        patch.object(program, "MOST_ENTRIES", rng.choice([1, 60, 1 << 12, 1 << 12])),
        patch.object(engine, "MANY", rng.choice([0, 1 << 10])),
        patch.object(engine, "SAMPLE", rng.choice([3, 1 << 12])),
        patch.object(columns, "BLOCK", rng.choice([7, 1 << 14])),
        patch.object(columns, "DENSE", rng.choice([0, 3])),
    ):
        assert_same(chart, table, cells)


@pytest.mark.parametrize("kind", ["float64", "float32"])
def test_rows_finer_than_recorded_do_not_need_the_slow_path(kind: str) -> None:
    """Many of them are scored by the wide layout; a few are not worth it."""
    chart = load_chart("news2")
    for rows, share, slow in ((20_000, 1.0, 0), (20_000, 0.01, 200), (500, 1.0, 500)):
        fine = int(rows * share)
        heat = pa.array([36.8123 + n % 50 / 10 for n in range(fine)] + [36.8] * (rows - fine), kind)
        table = pa.table({"temperature": heat, "heart_rate": pa.array([80.0] * rows)})
        counted = 0

        def count(_self: object, found: object, *_: object) -> None:
            nonlocal counted
            counted += len(found)  # type: ignore[arg-type]

        with patch.object(exact.ExactRows, "write", count):
            score_table(chart, table)
        assert counted == slow, (rows, share)
        one = score_table(chart, table, threads=1).to_pylist()
        assert one == score_table(chart, table, threads=2).to_pylist()
        for place in range(0, rows, rows // 50):
            assert {name: one[place][name] for name in one[place] if name not in table.column_names} == {
                name: cell for name, cell in expected(chart, table.slice(place, 1).to_pylist()[0] if kind == "float64" else _as_single(table, place)).items() if not name.startswith("points_")
            }


def _as_single(table: pa.Table, place: int) -> dict[str, object]:
    return {"temperature": np.float32(table.column("temperature")[place].as_py()), "heart_rate": 80.0}


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_made_charts(seed: int) -> None:
    rng = Random(seed)
    _check(made_chart(rng), rng, 40)


@pytest.mark.parametrize("most", [1, 1 << 12])
def test_groups_of_which_one_has_no_column(most: int) -> None:
    """Also where the other one's table is chosen by a context that other columns give."""
    found = 0
    for seed in range(120):
        rng = Random(seed)
        chart = made_chart(rng)
        if chart.groups and chart.context_ids and found < 10:
            table, cells = random_columns(chart, 30, rng, skips=False)
            gone = {rng.choice(group.parameters) for group in chart.groups}
            kept = [name for name in table.column_names if name not in gone]
            with patch.object(program, "MOST_ENTRIES", most):
                assert_same(chart, table.select(kept), [{name: cell for name, cell in row.items() if name in kept} for row in cells])
            found += 1
    assert found == 10


@pytest.mark.deep
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_many_made_charts(seed: int) -> None:
    rng = Random(seed)
    _check(made_chart(rng), rng, 80)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_charts(name: str) -> None:
    for seed in range(6):
        _check(load_chart(name), Random(seed), 80)


@pytest.mark.deep
@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_charts_deep(name: str) -> None:
    for seed in range(100, 115):
        _check(load_chart(name), Random(seed), 200)


def test_random_rows_are_often_complete_and_sometimes_not() -> None:
    """Equality on sets that all lack something would prove little: of shipped and of made-up charts at least 40% are complete."""
    for of in (lambda seed: load_chart(SHIPPED[seed % len(SHIPPED)]), lambda seed: made_chart(Random(seed))):
        found: Counter[str] = Counter()
        for seed in range(24):
            chart = of(seed)
            table, _ = random_columns(chart, 60, Random(seed))
            found.update(score_table(chart, table).column("score_status").to_pylist())
        assert found["complete"] >= 0.4 * found.total(), found
        assert min(found["partial"], found["refused"]) >= 0.02 * found.total(), found


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("kind", ["float64", "float32", "text", "decimal"])
def test_every_edge_in_every_type(name: str, kind: str) -> None:
    """At each edge, one step and one whisker beside it, in each type: the float32 trap and its relatives."""
    import numpy as np

    chart = load_chart(name)
    for parameter in chart.parameters:
        if not parameter.observation.numeric:
            continue
        step = parameter.observation.step
        values = [edge + step * place / 2 for edge in edges_of(chart, parameter.id) for place in range(-3, 4)]
        values += [edge + side * step / 1000 * near for edge in edges_of(chart, parameter.id) for side in (-1, 1) for near in (1, 2)]
        if kind == "text":
            column, cells = pa.array([f"{value:f}" for value in values]), [f"{value:f}" for value in values]
        elif kind == "decimal":
            column = pa.array(values, pa.decimal128(30, 9))
            cells = column.to_pylist()
        else:
            cells = [np.dtype(kind).type(float(value)) for value in values]
            column = pa.array(cells, kind)
        assert_same(chart, pa.table({parameter.id: column}), [{parameter.id: cell} for cell in cells])


@pytest.mark.parametrize("name", ["news2", "npews", "mewt"])
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_and_chunks_change_nothing(name: str, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "SLICE", 64)
    monkeypatch.setattr(exact, "SLICE", 64)
    monkeypatch.setattr(exact, "ROWS", 37)
    monkeypatch.setattr(engine, "SMALL_CHUNK", 1)
    monkeypatch.setattr(arrow, "SMALL_CHUNK", 1)
    chart = load_chart(name)
    table, cells = random_columns(chart, 700, Random(5))
    cut = pa.concat_tables([table.slice(0, 3), table.slice(3, 0), table.slice(3, 300), table.slice(303, 397)])
    assert_same(chart, cut, cells, threads=threads)
    assert_same(chart, table.slice(13, 500), cells[13:513], threads=threads)


def test_one_thread_numbers_the_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads that number at once give two texts one number; and whoever comes first must not change the dictionaries of a result."""
    monkeypatch.setattr(engine, "SLICE", 64)
    monkeypatch.setattr(exact, "SLICE", 64)
    callers: set[int] = set()
    number = StringPool.code

    def code(pool: StringPool, text: str) -> int:
        callers.add(threading.get_ident())
        return number(pool, text)

    monkeypatch.setattr(StringPool, "code", code)
    chart = load_chart("npews")
    table, _ = random_columns(chart, 700, Random(5))
    found = [score_table(chart, table, threads=5).drop_columns(table.column_names) for _ in range(3)]
    assert callers == {threading.get_ident()}
    dictionaries = [[column.chunk(0).dictionary.to_pylist() for column in one.columns if pa.types.is_dictionary(column.type)] for one in found]
    assert dictionaries[0] == dictionaries[1] == dictionaries[2]


def test_blocks_end_anywhere() -> None:
    chart = load_chart("news2")
    rng = Random(1)
    table, cells = random_columns(chart, 4099, rng, missing=0.02, skips=False)
    assert_same(chart, table, cells)


def test_no_rows_no_columns_and_columns_of_nothing() -> None:
    chart = load_chart("news2")
    assert_same(chart, pa.table({"heart_rate": pa.array([], pa.float64())}), [])
    assert_same(chart, pa.table({"skip_heart_rate": pa.nulls(2, pa.string())}), [{}, {}])
    assert_same(chart, pa.table({"heart_rate": pa.nulls(3), "temperature": [36.8] * 3}), [{"temperature": 36.8}] * 3)


def test_a_chart_with_whiskers_around_everything() -> None:
    """Values a thousandth of a step around every recordable value near an edge."""
    chart = load_chart("news2")
    rng = Random(3)
    values = [float(numbers_near(chart, "temperature", rng)) for _ in range(2000)]
    assert_same(chart, pa.table({"temperature": values}), [{"temperature": value} for value in values])
