"""What the batch tests share: expected columns by the reference scorer, random rows for any chart, random charts."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from mews_newtt.chart.contexts import matches
from mews_newtt.chart.model import Chart, Interval
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.reading.rows import given_of_row
from mews_newtt.scoring.reference import score
from mews_newtt.scoring.result_cells import result_cells
from mews_newtt.tables.table import score_table

Row = dict[str, Any]
NORMAL = {  # a set with a total of 0 on news2
    "respiratory_rate": 18,
    "oxygen_saturation": 96,
    "air_or_oxygen": "air",
    "systolic_bp": 120,
    "heart_rate": 80,
    "consciousness": "alert",
    "temperature": 36.8,
    "spo2_scale": "1",
}


def expected(chart: Chart, row: Mapping[str, Any]) -> Row:
    """The result columns of one row, by the reference."""
    given = given_of_row(row, ColumnMap(), frozenset(chart.by_id))
    return result_cells(score(chart, given, raise_refused=False), chart, points=True)


def assert_same(chart: Chart, table: pa.Table, rows: Sequence[Mapping[str, Any]], **options: Any) -> None:
    """Every result column of every row is the reference's, with and without points."""
    wanted = [expected(chart, row) for row in rows]
    for points in (False, True):
        result = score_table(chart, table, points=points, **options)
        assert result.num_rows == len(rows)
        names = [name for name in result.column_names if name not in table.column_names]
        assert names == [name for name in expected(chart, {}) if points or not name.startswith("points_")]
        for name in names:
            found = result.column(name).to_pylist()
            for place, (got, row, want) in enumerate(zip(found, rows, wanted, strict=True)):
                assert got == want[name], (
                    f"{chart.id}, row {place}, {name}: {got!r} where the reference has {want[name]!r}; points={points}\n{row}\n{want}"
                )
        for name in table.column_names:
            assert result.column(name).equals(table.column(name)) or _has_nan(table.column(name))


def _has_nan(column: pa.ChunkedArray) -> bool:
    return pa.types.is_floating(column.type)


def edges_of(chart: Chart, name: str) -> list[Decimal]:
    """Every edge of a parameter anywhere in the chart."""
    parameter = chart.by_id[name]
    ranges: list[Any] = [parameter.observation.impossible, parameter.observation.implausible]
    ranges += [band.interval for table in parameter.tables for band in table.bands]
    for when in [*(t.when for p in chart.parameters for t in p.tables), *(rule.when for rule in chart.scope)]:
        ranges += [wanted for other, wanted in when if other == name]
    return sorted({edge for found in ranges if isinstance(found, Interval) for edge in (found.low, found.high) if edge is not None})


def numbers_near(chart: Chart, name: str, rng: random.Random) -> Decimal:
    """A number where something may happen: at an edge, a step or a whisker beside one, between, or anywhere."""
    step = chart.by_id[name].observation.step
    edge = rng.choice(edges_of(chart, name) or [Decimal(10)])
    beside = rng.choice(
        [
            0,
            0,
            0,
            step,
            -step,
            step / 2,
            -step / 2,
            step / 1000,
            -step / 1000,
            step / 1001,
            -step / 999,
            step * 3,
            -step * 7,
            step / 3,
            step * rng.randint(-40, 40),
        ]
    )
    return (edge + Decimal(beside)).quantize(Decimal("1e-9")).normalize()


def random_value(chart: Chart, name: str, rng: random.Random) -> Any:
    observation = chart.by_id[name].observation
    if observation.numeric:
        return numbers_near(chart, name, rng)
    if rng.random() < 0.1:
        return rng.choice(list(observation.category_by_name)).upper()
    return rng.choice(observation.category_ids)


def tidy_value(chart: Chart, name: str, rng: random.Random) -> Any:
    """A value that the chart can score: possible, recordable as often as not, of a category it reads, within its scope."""
    parameter = chart.by_id[name]
    observation = parameter.observation
    for _ in range(20):
        value: Any
        if observation.numeric:
            value = numbers_near(chart, name, rng) if rng.random() < 0.5 else _recordable_near(chart, name, rng)
            if not observation.impossible.contains(value):
                continue
        else:
            value = rng.choice(parameter.category_ids)
        if not any(rule.refuse and all(other == name and matches(wanted, value) for other, wanted in rule.when) for rule in chart.scope):
            return value
    return None


def _recordable_near(chart: Chart, name: str, rng: random.Random) -> Decimal:
    step = chart.by_id[name].observation.step
    edge = rng.choice(edges_of(chart, name) or [Decimal(10)])
    return (edge // step + rng.randint(-3, 3)) * step


def tidy_row(chart: Chart, rng: random.Random) -> Row:
    """A set that has everything; of a group of which one may be given, one."""
    row = {parameter.id: tidy_value(chart, parameter.id, rng) for parameter in chart.parameters}
    for group in chart.groups:
        if group.kind == "one_of":
            kept = rng.choice(group.parameters)
            row |= {name: None for name in group.parameters if name != kept}
    return row


def random_columns(
    chart: Chart, rows: int, rng: random.Random, missing: float = 0.15, skips: bool = True, tidy: float = 0.6
) -> tuple[pa.Table, list[Row]]:
    """A table with columns of many types, and the same rows as the reference takes them; a share of the rows is tidy, others are anything."""
    columns: dict[str, pa.Array] = {}
    cells: dict[str, list[Any]] = {}
    whole = rng.random() < 0.8
    neat = [tidy_row(chart, rng) if rng.random() < tidy else None for _ in range(rows)]
    for parameter in chart.parameters:
        name, kind = parameter.id, rng.random()
        if kind < 0.08 and not whole:
            continue
        lacking = rng.choice([0.0, missing, missing, 0.9])
        values = [row[name] if row else None if rng.random() < lacking else random_value(chart, name, rng) for row in neat]
        columns[name], cells[name] = as_column(values, parameter.observation.numeric, rng)
        if skips and rng.random() < 0.3:
            reasons = [*(skip.code.lower() for skip in parameter.skips), "refused", "asleep"]
            given = []
            for row, value in zip(neat, values, strict=True):
                skipped = row is None and ((value is None and rng.random() < 0.5) or rng.random() < 0.02)
                given.append(rng.choice(reasons) if skipped else rng.choice([None, ""]))
            columns[f"skip_{name}"], cells[f"skip_{name}"] = pa.array(given, pa.string()), given
    columns["ward"] = pa.array(["A"] * rows)
    return pa.table(columns), [{name: values[row] for name, values in cells.items()} for row in range(rows)]


def as_column(values: list[Any], numeric: bool, rng: random.Random) -> tuple[pa.Array, list[Any]]:
    """Values as an Arrow column of some type, and as what the reference is to see."""
    if not numeric:
        kind = rng.choice(["text", "large", "dictionary", "view"])
        if kind == "dictionary":
            return pa.array(values, pa.string()).dictionary_encode(), values
        return pa.array(values, {"text": pa.string(), "large": pa.large_string(), "view": pa.string_view()}[kind]), values
    kind = rng.choice(["float64", "float64", "float32", "nan", "int64", "uint8", "int16", "text", "decimal", "float16"])
    there = [value for value in values if value is not None]
    if kind in ("int64", "uint8", "int16"):
        low, high = {"int64": (-(10**17), 10**17), "uint8": (0, 255), "int16": (-32768, 32767)}[kind]
        whole = [None if value is None else min(max(int(value), low), high) for value in values]
        return pa.array(whole, kind), whole
    if kind == "text":
        texts = [None if value is None else f"{value:f}" for value in values]
        return pa.array(texts, pa.string()), texts
    if kind == "decimal" and all(abs(value) < 10**15 for value in there):
        column = pa.array(values, pa.decimal128(30, 9))
        return column, column.to_pylist()  # with the column's trailing zeros, as messages show them
    if kind in ("float32", "float16"):
        dtype = np.float32 if kind == "float32" else np.float16
        narrow = [None if value is None else dtype(float(value)) for value in values]
        return pa.array(narrow, kind), narrow
    floats = [None if value is None else float(value) for value in values]
    if kind == "nan":
        floats = [float("nan") if value is None else value for value in floats]
        return pa.array(floats, pa.float64(), from_pandas=False), floats
    return pa.array(floats, pa.float64()), floats
