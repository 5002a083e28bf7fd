"""Every cut of every shipped chart from both sides, as float64, float32, whole numbers, decimals and text, in every context."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import product
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mews_newtt import charts, load_chart
from mews_newtt.chart.model import Chart
from mews_newtt.compiled import Cut, compile_chart
from mews_newtt.engines.floats import first_float, first_single, has_passed
from tests.engines_expressions.backends import check_rows

SHIPPED = [f"{chart.id}@{chart.version}" for chart in charts()]


def numbers(chart: Chart, name: str, part: int = 0, parts: int = 1) -> list[Decimal]:
    """Every cut of a parameter, or one part of them, the recordable values around it, and what lies between."""
    own = compile_chart(chart).parameters[name]
    step = own.parameter.observation.step
    found = {Decimal(0)}
    for cut in own.classes.cuts[part::parts]:
        at = Decimal(cut.at)
        found |= {at, at + step / 1000, at - step / 1000, at + step / 2, at + step / 7, at - step / 3000, at + 2 * step, at.quantize(step)}
    return sorted(value.quantize(Decimal("1e-9")) for value in found)


def doubles(values: Iterable[Decimal]) -> list[float]:
    """The floats nearest to some decimals, and their neighbours."""
    return [near for value in values for x in [float(value)] for near in (math.nextafter(x, -math.inf), x, math.nextafter(x, math.inf))]


def singles(values: Iterable[Decimal]) -> list[np.float32]:
    low, high = np.float32(-np.inf), np.float32(np.inf)
    return [near for value in values for x in [np.float32(float(value))] for near in (np.nextafter(x, low), x, np.nextafter(x, high))]


def contexts(chart: Chart, name: str) -> list[Mapping[str, Any]]:
    """Every way that the contexts of a parameter can be, none of them given among them."""
    compiled = compile_chart(chart)
    own = [one for one in compiled.parameters[name].contexts if one != name]
    ways = [[None, *compiled.contexts[one].values] for one in own]
    return [dict(zip(own, way, strict=True)) for way in product(*ways)]


def table_of(chart: Chart, name: str, column: pa.Array, cells: list[Any], around: Mapping[str, Any]) -> tuple[pa.Table, list[dict[str, Any]]]:
    columns = {name: column}
    for other, value in around.items():
        kind = pa.float64() if chart.by_id[other].observation.numeric else pa.string()
        columns[other] = pa.array([None if value is None else float(value) if kind == pa.float64() else value] * len(cells), kind)
    rows = [{name: cell, **{other: columns[other][0].as_py() for other in around}} for cell in cells]
    return pa.table(columns), rows


def kinds(values: list[Decimal]) -> Mapping[str, tuple[pa.Array, list[Any]]]:
    double, single = [*doubles(values), math.nan, math.inf, -math.inf, -0.0], [*singles(values), np.float32("nan")]
    whole = sorted({math.floor(value) for value in values} | {math.ceil(value) for value in values})
    texts = [*(f"{value:f}" for value in values), "", " ", "NaN", "null", "\t7 ", "7.0", "-0"]
    return {
        "float64": (pa.array(double, pa.float64(), from_pandas=False), double),
        "float32": (pa.array(single, pa.float32(), from_pandas=False), single),
        "int64": (pa.array([*whole, 2**60, None]), [*whole, 2**60, None]),
        "decimal": (pa.array(values, pa.decimal128(30, 9)), pa.array(values, pa.decimal128(30, 9)).to_pylist()),
        "text": (pa.array(texts), texts),
    }


def check_edges(backend: str, chart: Chart, name: str, most_contexts: int) -> int:
    """In a context where none is given, and in some others; where there are several contexts, each has its part of the cuts."""
    odd, ways = 0, contexts(chart, name)
    chosen = [*ways[:1], *Random(name).sample(ways[1:], min(most_contexts, len(ways) - 1))]
    for part, around in enumerate(chosen):
        values = numbers(chart, name, part % 4, min(len(chosen), 4))
        for column, cells in kinds(values).values():
            odd += check_rows(backend, chart, *table_of(chart, name, column, cells, around))
    return odd


def numeric(chart: Chart) -> list[str]:
    return [p.id for p in chart.parameters if p.observation.numeric]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_cut_from_both_sides(name: str) -> None:
    chart = load_chart(*name.split("@"))
    odd = sum(check_edges("polars", chart, one, 1) for one in numeric(chart)[::3])
    assert odd <= 2 * len(numeric(chart)) * 20


@pytest.mark.deep
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "backend"), [*((name, "duckdb") for name in SHIPPED), ("mews@0.2", "pyarrow"), ("npews@2023.1", "polars streaming")])
def test_every_cut_from_both_sides_at_length(name: str, backend: str) -> None:
    chart = load_chart(*name.split("@"))
    for one in numeric(chart):
        check_edges(backend, chart, one, 3)


@given(st.decimals(-1000, 1000, places=4), st.booleans())
def test_the_first_float_that_has_passed_a_cut(at: Decimal, beyond: bool) -> None:
    cut = Cut(at, beyond)
    double, single = first_float(cut), np.float32(first_single(cut))
    assert has_passed(cut, double)
    assert not has_passed(cut, math.nextafter(double, -math.inf))
    assert has_passed(cut, single)
    assert not has_passed(cut, np.nextafter(single, np.float32(-np.inf)))


def noisy_singles(chart: Chart, name: str, most: int) -> list[np.float32]:
    """float32 around both ends of the noise of every recordable value, as far as the limits go."""
    observation = chart.by_id[name].observation
    step, limits = observation.step, observation.impossible
    low = 0 if limits.low is None else math.ceil(limits.low / step)
    high = low + most if limits.high is None else math.floor(limits.high / step)
    every = range(low, high + 1, max(1, (high - low) // most))
    return singles(k * step + sign * step / 1000 for k in every for sign in (-1, 1))


@pytest.mark.parametrize(
    ("name", "most"), [("news2", 100), pytest.param("npews", 1500, marks=pytest.mark.deep), pytest.param("mews", 1500, marks=pytest.mark.deep)]
)
def test_float_noise_of_float32(name: str, most: int) -> None:
    chart = load_chart(name)
    for one in numeric(chart):
        cells = noisy_singles(chart, one, most)
        check_rows("polars", chart, pa.table({one: pa.array(cells, pa.float32())}), [{one: cell} for cell in cells])
