"""The record-by-record peers of `batch_scoring.py`: other people's calculators and a generic decision-table engine."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from batch_peers import CATEGORIES, NUMBERS, Columns, Peer, cuts

from mews_newtt.chart.model import Chart
from mews_newtt.scoring.reference import score

LETTERS = "ACVPU"


def record_peers(chart: Chart, table: pa.Table) -> list[Peer]:
    """Engines that take one set at a time, or a list of them."""

    def rows_of(rows: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = table.slice(0, rows).to_pylist()
        return found

    def reference(rows: int) -> Columns:
        found = [score(chart, row) for row in rows_of(rows)]
        ranks = [[chart.level_rank[level or ""] for level in (one.level, one.level_max)] for one in found]
        totals = np.array([(one.total, one.total_min, one.total_max) for one in found]).T
        return dict(zip(("total", "total_min", "total_max", "level", "level_max"), [*totals, *np.array(ranks).T], strict=True))

    def vital(rows: int) -> Columns:
        from vitalscore import score_news2

        letters = dict(zip(chart.by_id["consciousness"].category_ids, LETTERS, strict=True))
        found = [
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
        return {"total": np.array(found)}

    def clinical(row: dict[str, Any]) -> dict[str, Any]:
        return {
            "respiratory_rate": int(row["respiratory_rate"]),
            "spo2": int(row["oxygen_saturation"]),
            "on_oxygen": row["air_or_oxygen"] != "air",
            "systolic_bp": int(row["systolic_bp"]),
            "pulse": int(row["heart_rate"]),
            "temperature": row["temperature"],
            "spo2_scale": row["spo2_scale"],
            "consciousness": "alert" if row["consciousness"] == "alert" else "confusion-or-vpu",
        }

    def clin(rows: int) -> Columns:
        import clincalc

        answers = [clincalc.calculate("news2", clinical(row)) for row in rows_of(rows)]
        return {"total": np.array([(json.loads(a) if isinstance(a, str) else a)["result"] for a in answers])}

    clinical_frame = pd.DataFrame([clinical(row) for row in rows_of(10_000)])

    def clin_batch(rows: int) -> Columns:
        import clincalc

        found: Any = clincalc.batch("news2", clinical_frame[:rows])
        return {"total": found["result"].to_numpy()}

    graph = json.dumps(_decision_graph(chart))

    def zen_one(rows: int) -> Columns:
        import zen

        decision = zen.ZenEngine().create_decision(graph)
        return {"total": np.array([sum(decision.evaluate(row)["result"].values()) for row in rows_of(rows)])}

    def zen_batch(rows: int) -> Columns:
        import zen

        engine = zen.ZenEngine({"loader": lambda key: graph})
        answers = engine.evaluate_batch([{"key": "news2", "context": row} for row in rows_of(rows)])
        return {"total": np.array([sum(answer["data"]["result"].values()) for answer in answers])}

    return [
        Peer("mews_newtt, the reference scorer one by one", reference, 20_000),
        Peer("vitalscore score_news2", vital, 20_000),
        Peer("clincalc calculate", clin, 10_000),
        Peer("clincalc batch", clin_batch, 10_000),
        Peer("zen-engine evaluate", zen_one, 2_000),
        Peer("zen-engine evaluate_batch", zen_batch, 5_000),
    ]


def _decision_graph(chart: Chart) -> dict[str, Any]:
    """The chart's tables as a graph of decision tables, one per parameter."""
    nodes: list[dict[str, Any]] = [{"id": "in", "type": "inputNode", "name": "in"}, {"id": "out", "type": "outputNode", "name": "out"}]
    links = []

    def add(name: str, inputs: list[str], rules: list[dict[str, str]]) -> None:
        for place, rule in enumerate(rules):
            rule["_id"] = f"{name}{place}"
        table = {
            "hitPolicy": "first",
            "inputs": [{"id": field, "name": field, "field": field} for field in inputs],
            "outputs": [{"id": "p", "name": "p", "field": f"p_{name}"}],
            "rules": rules,
        }
        nodes.append({"id": name, "type": "decisionTableNode", "name": name, "content": table})
        links.extend([{"id": f"i{name}", "sourceId": "in", "targetId": name, "type": "edge"}])
        links.extend([{"id": f"o{name}", "sourceId": name, "targetId": "out", "type": "edge"}])

    for name in NUMBERS:
        rules = []
        for which, table in enumerate(chart.by_id[name].tables):
            when = dict(table.when)
            given = {field: ", ".join(f'"{one}"' for one in _names(wanted)) for field, wanted in when.items()}
            for place, (edge, points) in reversed(list(enumerate(cuts(chart, name, which)))):
                rules.append(
                    {name: f">= {edge}" if place else "", "p": str(points), **{f: given.get(f, "") for f in ("spo2_scale", "air_or_oxygen")}}
                )
        contexts = ["spo2_scale", "air_or_oxygen"] if len(chart.by_id[name].tables) > 1 else []
        add(name, [name, *contexts], [{k: v for k, v in rule.items() if k in (name, "p", *contexts)} for rule in rules])
    for name in CATEGORIES[:2]:
        bands = chart.by_id[name].tables[0].bands
        add(name, [name], [{name: ", ".join(f'"{c}"' for c in band.categories), "p": str(band.points)} for band in bands])
    return {"nodes": nodes, "edges": links}


def _names(wanted: Any) -> list[str]:
    return [wanted] if isinstance(wanted, str) else list(wanted)
