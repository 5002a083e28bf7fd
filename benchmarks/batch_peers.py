"""The column peers of `batch_scoring.py`: the same scores by other means, with the chart's own cut points, so that no number stands here.

The peers that count are those that do the same work: totals, bounds and both levels, of sets that may lack readings. The others are marked.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from mews_newtt.chart.model import Chart

NUMBERS = ("respiratory_rate", "oxygen_saturation", "systolic_bp", "heart_rate", "temperature")
CATEGORIES = ("air_or_oxygen", "consciousness", "spo2_scale")
THREADS = os.cpu_count() or 1
Cuts = list[tuple[float, int]]  # from this value on, these points
Columns = dict[str, Any]
ALL = ("total", "total_min", "total_max", "level", "level_max")


class Peer(NamedTuple):
    """An engine, and how many rows it is given; it answers result columns by name."""

    name: str
    work: Callable[[int], Columns]
    rows: int
    same_work: bool = False


def cuts(chart: Chart, name: str, table: int = 0) -> Cuts:
    """Lower edges and points of a table of closed bands."""
    return [
        (-np.inf if band.interval.low is None else float(band.interval.low), band.points)
        for band in chart.by_id[name].tables[table].bands
        if band.interval
    ]


def level_of(chart: Chart) -> tuple[list[int], list[int]]:
    """Level by total alone, and the level that a single 3 raises to: as tables."""
    highest = 40
    by_total = [max(rank for rank, level in enumerate(chart.levels) if level.total and level.total.low <= total) for total in range(highest)]
    single = next(rank for rank, level in enumerate(chart.levels) if level.counts)
    return by_total, [max(rank, single) for rank in by_total]


def column_peers(chart: Chart, table: pa.Table) -> list[Peer]:
    """Engines that take whole columns."""
    by_total, raised = (np.array(levels, np.int8) for levels in level_of(chart))
    frame = pl.from_arrow(table)
    plain = {name: table.column(name).combine_chunks() for name in CATEGORIES}
    numbers = {name: table.column(name).to_numpy() for name in NUMBERS}
    codes = {name: np.asarray(plain[name].indices) for name in CATEGORIES}
    pandas_frame = pd.DataFrame(numbers, copy=False)
    category_points = {
        name: np.array(
            [next(b.points for b in chart.by_id[name].tables[0].bands if c in b.categories) for c in chart.by_id[name].category_ids], np.int8
        )
        for name in CATEGORIES[:2]
    }

    def finish(parts: list[Any]) -> Columns:
        total = sum(part.astype(np.int16) for part in parts)
        worst = np.maximum.reduce(parts)
        return {"total": total, "level": np.where(worst >= 3, raised[total], by_total[total])}

    def columnar(points: Callable[[str, int, int], Any]) -> Callable[[int], Columns]:
        def run(rows: int) -> Columns:
            air, scale = codes["air_or_oxygen"][:rows], codes["spo2_scale"][:rows]
            parts = [points(name, 0, rows) for name in NUMBERS if name != "oxygen_saturation"]
            parts.append(
                np.where(
                    scale == 0,
                    points("oxygen_saturation", 0, rows),
                    np.where(air == 0, points("oxygen_saturation", 1, rows), points("oxygen_saturation", 2, rows)),
                )
            )
            return finish([*parts, category_points["air_or_oxygen"][air], category_points["consciousness"][codes["consciousness"][:rows]]])

        return run

    def by_searchsorted(name: str, which: int, rows: int) -> Any:
        edges, points = zip(*cuts(chart, name, which), strict=True)
        return np.array(points, np.int8)[np.searchsorted(np.array(edges[1:]).astype(numbers[name].dtype), numbers[name][:rows], side="right")]

    def by_cut(name: str, which: int, rows: int) -> Any:
        edges, points = zip(*cuts(chart, name, which), strict=True)
        typed = np.array(edges[1:]).astype(numbers[name].dtype)
        return np.array(points, np.int8)[pd.cut(pandas_frame[name][:rows], [-np.inf, *typed, np.inf], right=False, labels=False).to_numpy()]

    def polars_points(name: str, which: int = 0) -> Any:
        found: Any = None
        column = pl.col(name)
        kind = frame.schema[name]
        for edge, points in reversed(cuts(chart, name, which)[1:]):
            found = (pl if found is None else found).when(column >= pl.lit(edge, kind)).then(pl.lit(points, pl.Int8))
        return found.otherwise(pl.lit(cuts(chart, name, which)[0][1], pl.Int8))

    def polars_parts() -> list[Any]:
        air, scale = pl.col("air_or_oxygen") == "air", pl.col("spo2_scale") == "1"
        parts = [polars_points(name) for name in NUMBERS if name != "oxygen_saturation"]
        parts.append(
            pl.when(scale)
            .then(polars_points("oxygen_saturation"))
            .when(air)
            .then(polars_points("oxygen_saturation", 1))
            .otherwise(polars_points("oxygen_saturation", 2))
        )
        for name in CATEGORIES[:2]:
            zero = [c for c, p in zip(chart.by_id[name].category_ids, category_points[name], strict=True) if p == 0]
            most = int(category_points[name].max())
            parts.append(pl.when(pl.col(name) == zero[0]).then(pl.lit(0, pl.Int8)).otherwise(pl.lit(most, pl.Int8)))
        return parts

    def polars_level(total: str, worst: str) -> Any:
        level: Any = pl
        for rank in range(len(chart.levels) - 1, 0, -1):
            least, single = int(np.argmax(by_total >= rank)), int(raised[0])
            reached = pl.col(total) >= least if (by_total >= rank).any() else pl.lit(False)
            level = level.when((reached | (pl.col(worst) >= 3)) if rank <= single else reached).then(pl.lit(rank, pl.Int8))
        return level.otherwise(pl.lit(0, pl.Int8))

    def polars_plan(rows: int, bounds: bool) -> pl.LazyFrame:
        names = [f"p{place}" for place in range(7)]
        parts = [part.alias(name) for name, part in zip(names, polars_parts(), strict=True)]
        if not bounds:
            sums = [pl.sum_horizontal(pl.col(name).cast(pl.Int16) for name in names).alias("total"), pl.max_horizontal(names).alias("worst")]
            return frame.lazy().head(rows).select(parts).select(sums).select("total", polars_level("total", "worst").alias("level"))
        order = [*(name for name in NUMBERS if name != "oxygen_saturation"), "oxygen_saturation", *CATEGORIES[:2]]
        most = [max(b.points or 0 for t in chart.by_id[name].tables for b in t.bands) for name in order]
        known = [
            pl.when(pl.any_horizontal(pl.col(one).is_null() for one in ([name, *CATEGORIES[::2]] if len(chart.by_id[name].tables) > 1 else [name])))
            .then(pl.lit(None, pl.Int8))
            .otherwise(part)
            .alias(name_of)
            for name, name_of, part in zip(order, names, polars_parts(), strict=True)
        ]
        low = [pl.col(name).fill_null(0) for name in names]
        high = [pl.col(name).fill_null(pl.lit(top, pl.Int8)) for name, top in zip(names, most, strict=True)]
        sums = [
            pl.any_horizontal(pl.col(name).is_null() for name in names).alias("partial"),
            pl.sum_horizontal(one.cast(pl.Int16) for one in low).alias("total_min"),
            pl.sum_horizontal(one.cast(pl.Int16) for one in high).alias("total_max"),
            pl.max_horizontal(low).alias("worst_min"),
            pl.max_horizontal(high).alias("worst_max"),
        ]
        return (
            frame.lazy()
            .head(rows)
            .select(known)
            .select(sums)
            .select(
                pl.when(pl.col("partial")).then(pl.lit(None, pl.Int16)).otherwise(pl.col("total_min")).alias("total"),
                "total_min",
                "total_max",
                polars_level("total_min", "worst_min").alias("level"),
                polars_level("total_max", "worst_max").alias("level_max"),
            )
        )

    def polars_run(engine: Any, bounds: bool) -> Callable[[int], Columns]:
        def run(rows: int) -> Columns:
            return dict(polars_plan(rows, bounds).collect(engine=engine).to_dict())

        return run

    def case(name: str, which: int = 0) -> str:
        kind = "FLOAT" if numbers[name].dtype == np.float32 else "DOUBLE"
        whens = " ".join(f"WHEN {name} >= {edge}::{kind} THEN {points}" for edge, points in reversed(cuts(chart, name, which)[1:]))
        return f"(CASE {whens} ELSE {cuts(chart, name, which)[0][1]} END)"

    def duck(rows: int) -> Columns:
        parts = {f"p{n}": case(name) for n, name in enumerate(NUMBERS) if name != "oxygen_saturation"}
        parts["ps"] = (
            f"(CASE WHEN spo2_scale = '1' THEN {case('oxygen_saturation')} WHEN air_or_oxygen = 'air' THEN {case('oxygen_saturation', 1)} "
            f"ELSE {case('oxygen_saturation', 2)} END)"
        )
        for name in CATEGORIES[:2]:
            parts[f"p_{name}"] = f"(CASE WHEN {name} = '{chart.by_id[name].category_ids[0]}' THEN 0 ELSE {category_points[name].max()} END)"
        order = [*(name for name in NUMBERS if name != "oxygen_saturation"), "oxygen_saturation", *CATEGORIES[:2]]
        most = [max(b.points or 0 for t in chart.by_id[name].tables for b in t.bands) for name in order]
        needs = [[name, *CATEGORIES[::2]] if len(chart.by_id[name].tables) > 1 else [name] for name in order]
        guards = [" OR ".join(f"{one} IS NULL" for one in names) for names in needs]
        inner = ", ".join(
            f"(CASE WHEN {guard} THEN NULL ELSE {sql} END)::TINYINT AS {name}" for guard, (name, sql) in zip(guards, parts.items(), strict=True)
        )
        low = [f"coalesce({name}, 0)" for name in parts]
        high = [f"coalesce({name}, {top})" for name, top in zip(parts, most, strict=True)]

        def level(total: str, worst: str) -> str:
            def ranks(chosen: range) -> str:
                return " ".join(f"WHEN {total} >= {int(np.argmax(by_total >= rank))} THEN {rank}" for rank in chosen)

            above, below = ranks(range(len(chart.levels) - 1, raised[0], -1)), ranks(range(raised[0] - 1, 0, -1))
            return f"(CASE {above} WHEN {worst} >= 3 THEN {raised[0]} {below} ELSE 0 END)::TINYINT"

        sql = (
            f"SELECT CASE WHEN partial THEN NULL ELSE total_min END AS total, total_min, total_max, {level('total_min', 'worst_min')} AS level, "
            f"{level('total_max', 'worst_max')} AS level_max FROM (SELECT ({' OR '.join(f'{name} IS NULL' for name in parts)}) AS partial, "
            f"({' + '.join(low)})::SMALLINT AS total_min, ({' + '.join(high)})::SMALLINT AS total_max, greatest({', '.join(low)}) AS worst_min, "
            f"greatest({', '.join(high)}) AS worst_max FROM (SELECT {inner} FROM t LIMIT {rows}))"
        )
        connection = duckdb.connect()
        connection.execute(f"SET threads = {THREADS}")
        connection.register("t", table)
        found = connection.sql(sql).to_arrow_table()
        return {name: found.column(name).to_numpy() for name in ALL}

    def loop(rows: int) -> Columns:
        tables = {name: list(reversed(cuts(chart, name))) for name in NUMBERS}
        spo2 = [list(reversed(cuts(chart, "oxygen_saturation", which))) for which in range(3)]
        totals, levels = [], []
        columns = [numbers[name][:rows].tolist() for name in NUMBERS] + [codes[name][:rows].tolist() for name in CATEGORIES]
        air_points, mind = category_points["air_or_oxygen"].tolist(), category_points["consciousness"].tolist()
        for *values, air, awake, scale in zip(*columns, strict=True):
            points = [air_points[air], mind[awake]]
            for name, value in zip(NUMBERS, values, strict=True):
                bands = spo2[0 if scale == 0 else 1 + air] if name == "oxygen_saturation" else tables[name]
                points.append(next(given for edge, given in bands if value >= edge))
            total = sum(points)
            totals.append(total)
            levels.append(raised[total] if max(points) >= 3 else by_total[total])
        return {"total": np.array(totals), "level": np.array(levels)}

    rows = table.num_rows
    return [
        Peer("Polars when/then, streaming", polars_run("streaming", True), rows, True),
        Peer("Polars when/then, in memory", polars_run("in-memory", True), rows, True),
        Peer("DuckDB CASE", duck, rows, True),
        Peer("Polars when/then, streaming, total and level of complete sets only", polars_run("streaming", False), rows),
        Peer("numpy searchsorted, total and level only", columnar(by_searchsorted), rows),
        Peer("pandas.cut, total and level only", columnar(by_cut), min(rows, 2_000_000)),
        Peer("hand-written Python loop, total and level only", loop, min(rows, 100_000)),
    ]
