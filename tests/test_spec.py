"""The cases that people who know a chart wrote down: tests/spec/<chart>/cases.toml, each a sentence, an input, an output."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mews_newtt import charts, load_chart, score

SPEC = Path(__file__).parent / "spec"
CASES = [
    pytest.param(folder.name, case, id=f"{folder.name}: {case['says']}")
    for folder in sorted(SPEC.iterdir()) if folder.is_dir()
    for case in tomllib.loads((folder / "cases.toml").read_text(encoding="utf-8"), parse_float=Decimal)["case"]
]


@pytest.mark.parametrize(("chart_id", "case"), CASES)
def test_case(chart_id: str, case: dict[str, Any]) -> None:
    result = score(load_chart(chart_id), case["given"], raise_refused=False)
    given: dict[str, Any] = {
        "status": result.status, "total": result.total, "total_min": result.total_min, "total_max": result.total_max,
        "level": result.level, "level_max": result.level_max, "missing": list(result.missing), "flags": list(result.flags),
    }
    for name, wanted in case["gives"].items():
        if name == "points":
            points = result.points()
            assert {parameter: points[parameter] for parameter in wanted} == wanted
        elif name == "flags":
            assert set(wanted) <= set(result.flags)
        else:
            assert given[name] == wanted, name


def test_every_chart_has_cases_and_every_case_asserts_something() -> None:
    assert {folder.name for folder in SPEC.iterdir() if folder.is_dir()} == {chart.id for chart in charts()}
    assert all(case.values[1]["gives"] for case in CASES)
