"""The cases that people who know a chart wrote down, on every engine: tests/spec/<chart>/<version>.toml, each a sentence, an input, an output."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mews_newtt import charts, load_chart
from tests.every_engine import EngineUnderTest

SPEC = Path(__file__).parent / "spec"


def _cases(path: Path) -> list[dict[str, Any]]:
    """The cases of one file. A case gives its whole set, or says with `but` how it differs from the file's `well` set."""
    content = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    return [{"given": {**content.get("well", {}), **case.get("but", {})}, **case} for case in content["case"]]


CASES = [
    pytest.param(path.parent.name, path.stem, case, id=f"{path.parent.name} {path.stem}: {case['says']}")
    for path in sorted(SPEC.glob("*/*.toml"))
    for case in _cases(path)
]


@pytest.mark.parametrize(("chart_id", "version", "case"), CASES)
def test_case(engine: EngineUnderTest, chart_id: str, version: str, case: dict[str, Any]) -> None:
    found = engine.one(load_chart(chart_id, version), case["given"])
    lists = {name: found[name].split(";") if found[name] else [] for name in ("missing", "flags")}
    for name, wanted in case["gives"].items():
        if name == "points":
            assert {parameter: found[f"points_{parameter}"] for parameter in wanted} == wanted
        else:
            assert (lists[name] if name in lists else found["score_status" if name == "status" else name]) == wanted, name


def test_every_chart_has_cases_and_every_case_asserts_something() -> None:
    assert {(path.parent.name, path.stem) for path in SPEC.glob("*/*.toml")} == {(chart.id, chart.version) for chart in charts()}
    assert all(case.values[2]["gives"] for case in CASES)
