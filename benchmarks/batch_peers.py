"""The peers of `batch_scoring.py`: the same scores by other means, with the chart's own cut points, so that no number stands here."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from mews_newtt.chart.model import Chart
from mews_newtt.scoring.reference import score

NUMBERS = ("respiratory_rate", "oxygen_saturation", "systolic_bp", "heart_rate", "temperature")
CATEGORIES = ("air_or_oxygen", "consciousness", "spo2_scale")
THREADS = os.cpu_count() or 1
Cuts = list[tuple[float, int]]  # from this value on, these points


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


def peers(chart: Chart, table: pa.Table) -> dict[str, tuple[Callable[[int], tuple[Any, Any]], int]]:
    """Name to a function of how many rows, and how many rows it is given; it answers totals and levels (or None)."""
    by_total, raised = (np.array(levels, np.int8) for levels in level_of(chart))
    frame = pl.from_arrow(table)
    plain = {name: table.column(name).combine_chunks() for name in CATEGORIES}
    numbers = {name: table.column(name).to_numpy() for name in NUMBERS}
    codes = {name: np.asarray(plain[name].indices) for name in CATEGORIES}
    pandas_frame = pd.DataFrame(numbers)
    category_points = {
        name: np.array(
            [next(b.points for b in chart.by_id[name].tables[0].bands if c in b.categories) for c in chart.by_id[name].category_ids], np.int8
        )
        for name in CATEGORIES[:2]
    }

    def finish(parts: list[Any]) -> tuple[Any, Any]:
        total = sum(part.astype(np.int16) for part in parts)
        worst = np.maximum.reduce(parts)
        return total, np.where(worst >= 3, raised[total], by_total[total])

    def columnar(points: Callable[[str, int, int], Any]) -> Callable[[int], tuple[Any, Any]]:
        def run(rows: int) -> tuple[Any, Any]:
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

    def polars_plan(rows: int) -> pl.LazyFrame:
        air, scale = pl.col("air_or_oxygen") == "air", pl.col("spo2_scale") == "1"
        parts = [polars_points(name).alias(f"p{place}") for place, name in enumerate(NUMBERS) if name != "oxygen_saturation"]
        parts.append(
            pl.when(scale)
            .then(polars_points("oxygen_saturation"))
            .when(air)
            .then(polars_points("oxygen_saturation", 1))
            .otherwise(polars_points("oxygen_saturation", 2))
            .alias("p_spo2")
        )
        for name in CATEGORIES[:2]:
            zero = [c for c, p in zip(chart.by_id[name].category_ids, category_points[name], strict=True) if p == 0]
            parts.append(
                pl.when(pl.col(name) == zero[0])
                .then(pl.lit(0, pl.Int8))
                .otherwise(pl.lit(int(category_points[name].max()), pl.Int8))
                .alias(f"p_{name}")
            )
        names = [part.meta.output_name() for part in parts]
        scored = (
            frame.lazy()
            .head(rows)
            .select(parts)
            .select(pl.sum_horizontal(pl.col(name).cast(pl.Int16) for name in names).alias("total"), pl.max_horizontal(names).alias("worst"))
        )
        level: Any = pl
        for rank in range(len(chart.levels) - 1, 0, -1):
            least, single = int(np.argmax(by_total >= rank)), int(raised[0])
            reached = pl.col("total") >= least if (by_total >= rank).any() else pl.lit(False)
            level = level.when((reached | (pl.col("worst") >= 3)) if rank <= single else reached).then(pl.lit(rank, pl.Int8))
        return scored.select("total", level.otherwise(pl.lit(0, pl.Int8)).alias("level"))

    def polars_run(engine: str) -> Callable[[int], tuple[Any, Any]]:
        def run(rows: int) -> tuple[Any, Any]:
            found = polars_plan(rows).collect(engine=engine)  # type: ignore[call-overload]
            return found["total"], found["level"]

        return run

    def case(name: str, which: int = 0) -> str:
        kind = "FLOAT" if numbers[name].dtype == np.float32 else "DOUBLE"
        whens = " ".join(f"WHEN {name} >= {edge}::{kind} THEN {points}" for edge, points in reversed(cuts(chart, name, which)[1:]))
        return f"(CASE {whens} ELSE {cuts(chart, name, which)[0][1]} END)"

    def duck(rows: int) -> tuple[Any, Any]:
        parts = {f"p{n}": case(name) for n, name in enumerate(NUMBERS) if name != "oxygen_saturation"}
        parts["ps"] = (
            f"(CASE WHEN spo2_scale = '1' THEN {case('oxygen_saturation')} WHEN air_or_oxygen = 'air' THEN {case('oxygen_saturation', 1)} "
            f"ELSE {case('oxygen_saturation', 2)} END)"
        )
        for name in CATEGORIES[:2]:
            parts[f"p_{name}"] = f"(CASE WHEN {name} = '{chart.by_id[name].category_ids[0]}' THEN 0 ELSE {category_points[name].max()} END)"
        inner = ", ".join(f"{sql}::TINYINT AS {name}" for name, sql in parts.items())
        ranks = " ".join(f"WHEN total >= {int(np.argmax(by_total >= rank))} THEN {rank}" for rank in range(len(chart.levels) - 1, raised[0], -1))
        rest = " ".join(f"WHEN total >= {int(np.argmax(by_total >= rank))} THEN {rank}" for rank in range(raised[0] - 1, 0, -1))
        sql = (
            f"SELECT total, (CASE {ranks} WHEN worst >= 3 THEN {raised[0]} {rest} ELSE 0 END)::TINYINT AS level FROM "
            f"(SELECT ({' + '.join(parts)})::SMALLINT AS total, greatest({', '.join(parts)}) AS worst FROM (SELECT {inner} FROM t LIMIT {rows}))"
        )
        connection = duckdb.connect()
        connection.execute(f"SET threads = {THREADS}")
        connection.register("t", table)
        found = connection.sql(sql).to_arrow_table()
        return found.column("total").to_numpy(), found.column("level").to_numpy()

    def loop(rows: int) -> tuple[Any, Any]:
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
        return np.array(totals), np.array(levels)

    def rows_of(rows: int) -> list[dict[str, Any]]:
        return table.slice(0, rows).to_pylist()

    def reference(rows: int) -> tuple[Any, Any]:
        found = [score(chart, row) for row in rows_of(rows)]
        return np.array([one.total for one in found]), np.array([chart.level_rank[one.level or ""] for one in found])

    def vital(rows: int) -> tuple[Any, Any]:
        from vitalscore import score_news2

        letters = dict(zip(chart.by_id["consciousness"].category_ids, "ACVPU", strict=True))
        return np.array(
            [
                score_news2(
                    int(r["respiratory_rate"]),
                    r["oxygen_saturation"],
                    r["air_or_oxygen"] != "air",
                    int(r["systolic_bp"]),
                    int(r["heart_rate"]),
                    letters[r["consciousness"]],
                    r["temperature"],
                    use_spo2_scale2=r["spo2_scale"] == "2",
                ).total
                for r in rows_of(rows)
            ]
        ), None

    def clin(rows: int) -> tuple[Any, Any]:
        import clincalc

        found = []
        for r in rows_of(rows):
            answer = clincalc.calculate(
                "news2",
                {
                    "respiratory_rate": int(r["respiratory_rate"]),
                    "spo2": int(r["oxygen_saturation"]),
                    "on_oxygen": r["air_or_oxygen"] != "air",
                    "systolic_bp": int(r["systolic_bp"]),
                    "pulse": int(r["heart_rate"]),
                    "temperature": r["temperature"],
                    "spo2_scale": r["spo2_scale"],
                    "consciousness": "alert" if r["consciousness"] == "alert" else "confusion-or-vpu",
                },
            )
            answer = json.loads(answer) if isinstance(answer, str) else answer
            found.append(answer["result"])
        return np.array(found), None

    def zen_engine(rows: int) -> tuple[Any, Any]:
        import zen

        def rule(name: str, which: int, more: str = "") -> list[dict[str, Any]]:
            found, bands = [], cuts(chart, name, which)
            for place, (edge, points) in reversed(list(enumerate(bands))):
                found.append((name, f">= {edge}" if place else "", points, more))
            return found  # type: ignore[return-value]

        nodes: list[dict[str, Any]] = [{"id": "in", "type": "inputNode", "name": "in"}, {"id": "out", "type": "outputNode", "name": "out"}]
        links = []
        for name in NUMBERS:
            tables = [0] if name != "oxygen_saturation" else [0, 1, 2]
            contexts = ["", ""] if len(tables) == 1 else ['"1"', ""]
            rules = []
            for which in tables:
                scale, air = (contexts[0], "") if which == 0 else ('"2"', '"air"' if which == 1 else '"oxygen"')
                for place, (_, condition, points, _) in enumerate(rule(name, which)):  # type: ignore[misc]
                    rules.append({"_id": f"{which}{place}", "v": condition, "s": scale, "a": air, "p": str(points)})
            inputs = [{"id": "v", "name": name, "field": name}]
            inputs += [{"id": "s", "name": "s", "field": "spo2_scale"}, {"id": "a", "name": "a", "field": "air_or_oxygen"}] if len(tables) > 1 else []
            nodes.append(
                {
                    "id": name,
                    "type": "decisionTableNode",
                    "name": name,
                    "content": {"hitPolicy": "first", "inputs": inputs, "outputs": [{"id": "p", "name": "p", "field": f"p_{name}"}], "rules": rules},
                }
            )
            links += [
                {"id": f"i{name}", "sourceId": "in", "targetId": name, "type": "edge"},
                {"id": f"o{name}", "sourceId": name, "targetId": "out", "type": "edge"},
            ]
        decision = zen.ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": links}))
        totals = []
        for place, row in enumerate(rows_of(rows)):
            points = decision.evaluate(row)["result"]
            totals.append(
                sum(points.values())
                + category_points["air_or_oxygen"][codes["air_or_oxygen"][place]]
                + category_points["consciousness"][codes["consciousness"][place]]
            )
        return np.array(totals), None

    rows = table.num_rows
    return {
        "Polars when/then, streaming": (polars_run("streaming"), rows),
        "Polars when/then, in memory": (polars_run("in-memory"), rows),
        "DuckDB CASE": (duck, rows),
        "numpy searchsorted": (columnar(by_searchsorted), rows),
        "pandas.cut": (columnar(by_cut), min(rows, 2_000_000)),
        "Python loop over bands": (loop, min(rows, 100_000)),
        "reference scorer": (reference, min(rows, 20_000)),
        "vitalscore": (vital, min(rows, 20_000)),
        "clincalc": (clin, min(rows, 10_000)),
        "zen-engine": (zen_engine, min(rows, 2_000)),
    }
