"""Traps that measurements and other people's issue trackers showed, one test each."""

from __future__ import annotations

import inspect
import io
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pytest
from batch_support import NORMAL, assert_same, random_columns
from pyarrow import csv

from mews_newtt.chart.catalogue import charts, load_chart
from mews_newtt.chart.load import read_chart
from mews_newtt.engines import engine_of
from mews_newtt.engines.arrow import plain_text
from mews_newtt.engines.numba import cache, factorize, fusion, kernels, program
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.tables import json_bytes, quotes
from mews_newtt.tables.table import score_table


def test_float32_keeps_a_reading_at_its_edge() -> None:
    """35.1 as float32 is 35.09999847: numpy, pandas and pyarrow put it below the edge. (Every edge, every type: test_batch_equality.)"""
    values = [35.0, 35.1, 36.0, 36.1, 38.0, 38.1, 39.0, 39.1]
    both = [
        score_table(load_chart("news2"), pa.table({"temperature": pa.array(values, kind)}), points=True).column("points_temperature").to_pylist()
        for kind in (pa.float32(), pa.float64())
    ]
    assert both[0] == both[1]


def test_float32_between_steps_is_read_as_its_shortest_decimal() -> None:
    """Off the recordable values too: every digit count, both sides of steps, by the rule that text is read by."""
    rng = np.random.default_rng(2)
    values = np.concatenate([rng.uniform(30, 45, 3000), rng.uniform(0, 1e-4, 50), 10.0 ** rng.uniform(-6, 9, 300), [4194304.5, 2.0**23 + 1]])
    numbers = values.astype(np.float32)
    exact = np.empty(len(numbers))
    unknown = factorize.shortest_of_singles(numbers, exact)
    known = ~np.isnan(exact)
    assert unknown == (~known).sum() < len(numbers) / 4
    assert exact[known].tolist() == [float(str(number)) for number in numbers[known]]
    assert_same(load_chart("news2"), pa.table({"temperature": numbers}), [{"temperature": number} for number in numbers])


def test_one_set_of_compile_options() -> None:
    """Numba's disk cache leaves options out of its key: two wrappers of one name share machine code. And parallel=True can abort."""
    assert re.findall(r"\bnjit\((.*)\)\(", inspect.getsource(cache)) == ["nogil=True"]
    for module, made_by in ((kernels, "kernel"), (factorize, "kernel"), (quotes, "Loop"), (json_bytes, "Loop")):
        source = inspect.getsource(module)
        assert "njit" not in source and set(re.findall(r"^@(?!intrinsic)(.*)$", source, re.M)) == {made_by}
        assert "parallel" not in source
        assert "fastmath" not in source


def test_many_threads_at_once_give_what_one_gives() -> None:
    """Numba's own threads abort the process when two callers meet; ours must not, and must not share anything."""
    work = [(load_chart(name), random_columns(load_chart(name), 300, Random(place))[0]) for place, name in enumerate(("news2", "npews") * 4)]
    alone = [score_table(*one, threads=1) for one in work]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda one: score_table(*one, threads=3), work))
    assert [one.drop_columns(t.column_names).to_pylist() for one, (_, t) in zip(alone, work, strict=True)] == [
        one.drop_columns(t.column_names).to_pylist() for one, (_, t) in zip(together, work, strict=True)
    ]


@pytest.mark.parametrize("nothing", ["", " ", "nan", "NULL", None])
def test_empty_text_is_missing(nothing: str | None) -> None:
    table = pa.table({name: pa.array([nothing if name == "consciousness" else value]) for name, value in NORMAL.items()})
    result = score_table(load_chart("news2"), table)
    assert result.column("missing").to_pylist() == ["consciousness"]
    assert result.column("total").to_pylist() == [None]
    assert result.column("score_status").to_pylist() == ["partial"]


def test_an_empty_cell_as_pyarrow_reads_it() -> None:
    """pyarrow reads an empty CSV text cell as "", not null: a missing ACVPU once scored 3."""
    lines = [",".join("" if name == left_out else str(value) for name, value in NORMAL.items()) for left_out in ("consciousness", "")]
    table = csv.read_csv(io.BytesIO("\n".join([",".join(NORMAL), *lines]).encode()))
    assert table.column("consciousness").to_pylist() == ["", "alert"]
    assert score_table(load_chart("news2"), table).column("missing").to_pylist() == ["consciousness", ""]


def test_unknown_keys_in_rule_files_are_faults(tmp_path: Path) -> None:
    """A key that nothing reads froze 103 rules elsewhere."""
    chart = load_chart("news2")
    text = Path(chart.origin).read_text("utf-8")
    place = tmp_path / "news2" / f"{chart.version}.toml"
    place.parent.mkdir()
    place.write_text(text.replace("[chart]", "[chart]\nbandz = 3", 1), "utf-8")
    _, problems = read_chart(place, {p.id: p.observation for p in chart.parameters})
    assert any("bandz" in str(problem) and not problem.warning for problem in problems)


@pytest.mark.parametrize("name", [f"{chart.id}@{chart.version}" for chart in charts()])
def test_missing_is_never_normal(name: str) -> None:
    """A table of nothing has no total and no certain normal; it lists what is missing."""
    loaded = load_chart(name)
    result = score_table(loaded, pa.table({loaded.parameters[0].id: pa.nulls(2)}))
    assert result.column("score_status").to_pylist() == ["partial"] * 2
    assert result.column("total").null_count == 2
    if len(loaded.levels) > 1:
        assert result.column("level_max").to_pylist()[0] != loaded.levels[0].id
    assert result.column("missing").to_pylist()[0]


def test_each_missing_reading_leaves_the_set_partial() -> None:
    for name in NORMAL.keys() - {"spo2_scale"}:
        result = score_table(load_chart("news2"), pa.table({one: [None if one == name else value] for one, value in NORMAL.items()}))
        assert result.column("total").to_pylist() == [None], name
        assert result.column("total_max").to_pylist()[0] > result.column("total_min").to_pylist()[0] == 0, name
        assert result.column("missing").to_pylist() == [name]


@pytest.mark.parametrize(("name", "value", "points"), [("respiratory_rate", 8.5, 3), ("temperature", 36.05, 1), ("temperature", 35.05, 3)])
def test_gaps_between_printed_bands_take_the_higher(name: str, value: float, points: int) -> None:
    result = score_table(load_chart("news2"), pa.table({name: [value]}), points=True)
    assert result.column(f"points_{name}").to_pylist() == [points]
    assert f"between_bands:{name}" in result.column("flags").to_pylist()[0]


@pytest.mark.parametrize("most", [1, 40, 1 << 15])
def test_fused_tables_do_not_explode(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nested CASEs multiply elsewhere; tables fused here stay within their bound, and fusing changes no answer."""
    monkeypatch.setattr(program, "MOST_ENTRIES", most)
    for place, chart in enumerate(charts()):
        loaded = load_chart(chart.id)
        table, cells = random_columns(loaded, 60, Random(place), skips=False)
        assert_same(loaded, table, cells)
        engine = engine_of(loaded)
        columns, _ = engine.encode({name: table.column(name).combine_chunks() for name in table.column_names if name != "ward"}, ColumnMap())
        present = [fusion.parameter_column(engine.fast.layout, n, c.states.parameter.id, c.lookup) for n, c in enumerate(columns) if c.present]
        fused = fusion.Fusion(engine.fast.layout, present, [c.states.parameter.id for c in columns if not c.present], most)
        assert all(one.entries <= most or len(one.columns) == 1 for one in fused.tables())


def test_no_row_borrows_from_its_neighbours() -> None:
    """Stale readings shown as current killed trust elsewhere: nothing is carried forward, in any order of rows."""
    chart = load_chart("news2")
    table, _ = random_columns(chart, 500, Random(8))
    table = pa.table({name: plain_text(table.column(name).combine_chunks()) for name in table.column_names})  # Arrow cannot take rows of text views
    order = np.random.default_rng(1).permutation(500)
    names = [name for name in score_table(chart, table.slice(0, 1)).column_names if name not in table.column_names]
    straight = score_table(chart, table).select(names).take(pa.array(order)).to_pylist()
    assert score_table(chart, table.take(pa.array(order))).select(names).to_pylist() == straight
