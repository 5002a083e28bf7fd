"""The proofs on record are of the charts and the engines that there are now."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from mews_newtt import charts
from mews_newtt.chart.model import Chart
from mews_newtt.engines import ENGINES
from mews_newtt.validation.proving.recorded import PARTS, RECORD, WHOLE, recorded

PLACE = "mews_newtt/validation/proving/recorded.json"


@pytest.mark.parametrize("chart", charts(), ids=lambda chart: f"{chart.id}@{chart.version}")
def test_every_chart_has_a_proof_of_its_present_content_by_every_engine(chart: Chart) -> None:
    proof = recorded(chart)
    run = f"run `mews-newtt prove {chart.id}@{chart.version} --json {PLACE}`, then `python tests/test_readme.py`"
    assert proof is not None, f"no proof of {chart.id} {chart.version} as it is now is on record: {run}"
    assert tuple(proof["engines"]) == ENGINES, f"the engines have changed: {run}"
    assert proof["differences"] == 0 and not proof["shown"]
    names = [part["part"] for part in proof["parts"]]
    assert set(names) <= set(PARTS) and {"values", "pairs", "drawn"} <= set(names)
    for part in proof["parts"]:
        assert part["complete"] + part["partial"] + part["refused"] == part["sets"] > 0
        assert 0 < part["by_reference"] <= part["sets"]
        if part["part"] in WHOLE:
            assert part["sets"] == proof["combinations" if part["part"] == "classes" else "combinations_alike"] <= proof["most"]
    assert bool(set(names) & set(WHOLE)) == (proof["combinations_alike"] <= proof["most"])


def test_no_proof_is_of_a_chart_that_is_gone() -> None:
    kept = json.loads(files("mews_newtt.validation.proving").joinpath(RECORD).read_text(encoding="utf-8"))["proofs"]
    assert [one["chart"] for one in kept] == sorted(f"{chart.id}@{chart.version}" for chart in charts())
