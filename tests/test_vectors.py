"""Outside cases, with their origin: those that hold, and those we hold to be wrong, with the reason."""

from __future__ import annotations

import csv
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mews_newtt import load_chart, score
from mews_newtt.reading.columns import read_map
from mews_newtt.reading.rows import given_of_row
from tests.every_engine import EngineUnderTest

VECTORS = Path(__file__).parent / "vectors"
EXAMPLES = VECTORS.parents[1] / "examples"


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((VECTORS / name).read_text(encoding="utf-8"), parse_float=Decimal)


GDL2 = read("gdl2_news2.toml")
WRONG = read("held_wrong.toml")["case"]


@pytest.mark.parametrize("values", GDL2["cases"], ids=lambda values: values[0])
def test_gdl2_news2(engine: EngineUnderTest, values: list[Any]) -> None:
    case = dict(zip(GDL2["columns"], values, strict=True))
    found = engine.one(load_chart(GDL2["chart"]), {name: case[name] for name in GDL2["columns"] if name not in ("says", "total", "level")})
    assert (found["score_status"], found["total"], found["level"]) == ("complete", case["total"], case["level"])


def said(found: dict[str, Any], name: str, stated: Any) -> Any:
    """What an engine says where a case states something; of points, those that are stated."""
    if name == "points":
        return {row: found[f"points_{row}"] for row in stated}
    return (found[name].split(";") if found[name] else []) if name == "missing" else found["score_status" if name == "status" else name]


@pytest.mark.parametrize("case", WRONG, ids=lambda case: case["says"])
def test_public_artefacts_held_to_be_wrong(engine: EngineUnderTest, case: dict[str, Any]) -> None:
    assert case["origin"] and case["because"]
    found = engine.one(load_chart(case["chart"]), case["given"])
    for name, wanted in case["gives"].items():
        assert said(found, name, wanted) == wanted
    assert any(said(found, name, stated) != stated for name, stated in case["stated"].items()), "it states what the chart gives: not wrong after all"


def test_the_public_set_states_376_totals_that_do_not_follow_from_its_vital_signs() -> None:
    """NHS-R synthetic_news_data (CC0): real material, no answer key."""
    chart, column_map = load_chart("news2"), read_map([str(EXAMPLES / "nhsr_news2_map.toml")])
    read_by_us, agree, noisy = frozenset(chart.by_id), 0, 0
    with (EXAMPLES / "nhsr_synthetic_news.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        ours = {column_map.ours(name): cell for name, cell in row.items() if name not in column_map.ignore}
        result = score(chart, given_of_row(ours, column_map, read_by_us))
        assert result.status == "complete"
        agree += result.total == int(row["NEWS"])
        noisy += result.float_noise
    assert (len(rows), len(rows) - agree) == (1000, 376)
    assert noisy > 100, "the temperatures were published with float32 noise"
