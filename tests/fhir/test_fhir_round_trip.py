"""Any observation set, written as a Bundle and read back, gives the same Score: on every shipped chart, on a made-up one, and for every case of a pack."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mews_newtt import Chart, ObservationError, ObservationSet, charts, load_chart, score
from mews_newtt.chart.model import Parameter
from mews_newtt.fhir.jsontext import read_json, write_json
from mews_newtt.fhir.operations import ews_verify
from mews_newtt.fhir.packs import pack_bundles
from mews_newtt.fhir.write import observations_bundle
from mews_newtt.scoring.result import Score
from mews_newtt.validation.packs import Case, Pack
from tests.fhir.support import MEWS, MOTHER, TIME, assert_r4, find, parts, scored

SHIPPED = [f"{chart.id}@{chart.version}" for chart in charts()]


def readings(parameter: Parameter) -> st.SearchStrategy[Any]:
    """Text of a reading: about the bands' edges, finer than recorded, in other units, impossible; or any category."""
    observation = parameter.observation
    if not observation.numeric:
        return st.sampled_from(observation.category_ids)
    bands = [band.interval for table in parameter.tables for band in table.bands if band.interval]
    edges = sorted({edge for band in bands for edge in (band.low, band.high) if edge is not None}) or [Decimal(1), Decimal(10)]
    near = st.builds(lambda edge, steps: edge + steps * observation.step / 2, st.sampled_from(edges), st.integers(-3, 3))
    numbers = near.filter(lambda number: number >= 0).map(lambda number: format(number, "f"))
    others = [st.builds(lambda number, unit=unit: {"value": number, "unit": unit.ucum}, numbers) for unit in observation.other_units]
    return st.one_of(numbers, numbers, *others, st.just("1000"))


@st.composite
def sets(draw: st.DrawFn, chart: Chart) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for parameter in chart.parameters:
        kind = draw(st.integers(0, 9))
        codes = [skip.code for skip in parameter.skips]
        if kind < 7:
            found[parameter.id] = draw(readings(parameter))
        elif kind == 7:
            found[f"skip_{parameter.id}"] = draw(st.sampled_from([*codes, "asleep", "refused: \u201cnot now\u201d"]))
    return found


def outcome(chart: Chart, observations: dict[str, Any]) -> tuple[Score, set[str]]:
    result = score(chart, observations, raise_refused=False)
    return result, {problem.code for problem in result.problems}


@pytest.mark.parametrize("name", SHIPPED)
@settings(max_examples=25)
@given(data=st.data())
def test_a_set_comes_back_as_it_went(name: str, data: st.DataObject) -> None:
    chart = load_chart(name)
    observations = data.draw(sets(chart))
    wanted, codes = outcome(chart, observations)
    sent = observations_bundle(chart, observations, subject=MOTHER, effective=TIME)
    assert_r4(sent)
    if wanted.status == "refused":
        with pytest.raises(ObservationError) as refusal:
            scored(sent, name)
        assert {problem.code for problem in refusal.value.problems} == codes
        assert all(problem.where.startswith("Bundle.entry[") for problem in refusal.value.problems)
        return
    answer = scored(sent, name)
    assert answer.result.to_dict() == wanted.to_dict()
    assert_r4(answer.resource)


@pytest.mark.parametrize("warm", ["98.6 [degF]", {"value": 98.6, "unit": "[degF]"}, "98.6 °F", "37.0", 37.0])
def test_a_set_that_was_read_already_is_written_as_well(warm: Any) -> None:
    read = ObservationSet({"temperature": warm, "consciousness": "A", "skip_concern": "asleep"})
    answer = scored(observations_bundle(load_chart("mews", "0.1"), read), MEWS)
    assert answer.result.points() == score(load_chart("mews", "0.1"), read).points()
    assert answer.result.skipped == ("concern",)


def test_a_charts_own_observations_need_no_code_but_ours() -> None:
    demo = load_chart("tortoise", folders=[Path(__file__).parents[1] / "made_up"])
    well = {"age_winters": 3, "tick_rate": 61, "shell_warmth": "75.2 [degF]", "left_wheel": 8, "right_wheel": 8, "gait": "steady", "keeper_concern": "none"}
    sent = observations_bundle(demo, well, subject=MOTHER, effective=TIME)
    from mews_newtt.fhir.operations import ews_score

    answer = ews_score(read_json(write_json(sent)), lambda name, version, sha256: demo, chart=demo.id)
    assert (answer.result.total, answer.result.level) == (score(demo, well).total, score(demo, well).level)
    assert_r4(answer.resource)


def made_pack(chart: Chart, cases: list[dict[str, Any]]) -> Pack:
    """A pack of these sets, expected as the reference has them."""
    found = []
    for number, observations in enumerate(cases, 1):
        result = score(chart, observations, raise_refused=False)
        told = {"expected_status": result.status, "expected_total": "" if result.total is None else str(result.total), "expected_level": result.level or ""}
        told |= {f"expected_points_{name}": "" if points is None else str(points) for name, points in result.points().items()}
        found.append(Case(f"case {number}", {name: str(raw) for name, raw in observations.items()}, told, "made by a test"))
    return Pack(chart, 0, True, found, 0, 0)


@pytest.mark.parametrize("name", SHIPPED)
@settings(max_examples=12)
@given(data=st.data())
def test_a_pack_as_bundles_verifies_as_right(name: str, data: st.DataObject) -> None:
    chart = load_chart(name)
    plain = sets(chart).map(lambda found: {key: raw for key, raw in found.items() if not isinstance(raw, dict)})
    pack = made_pack(chart, [data.draw(plain)])
    for case, sent in zip(pack.cases, pack_bundles(pack, chart, effective=TIME), strict=True):
        assert_r4(sent)
        assert sent["identifier"]["value"] == case.id
        try:
            answer = ews_verify(read_json(write_json(sent)), find, charts())
        except ObservationError:
            assert case.expected["expected_status"] == "refused"
            continue
        assert parts(answer.resource, "verdict") == ["agrees" if case.expected["expected_level"] else "nothing_compared"]


def test_a_pack_case_with_a_wrong_expectation_is_found() -> None:
    chart = load_chart("mews", "0.1")
    pack = made_pack(chart, [{"respiratory_rate": "24", "concern": "present"}])
    pack.cases[0].expected["expected_points_respiratory_rate"] = "9"
    answer = ews_verify(read_json(write_json(next(iter(pack_bundles(pack, chart))))), find, charts())
    assert [(each["kind"], each["stated"]) for each in parts(answer.resource, "difference")] == [("points", "9")]


def test_text_that_is_no_number_stays_text_and_is_refused() -> None:
    chart = load_chart("mews", "0.1")
    for raw in ("36,8", "n/a", "36..8"):
        sent = observations_bundle(chart, {"temperature": raw})
        assert sent["entry"][0]["resource"]["valueString"] == raw
        with pytest.raises(ObservationError, match="not a measurement"):
            scored(sent, MEWS)
    with pytest.raises(ObservationError, match="allowed units"):
        scored(observations_bundle(chart, {"temperature": "37 furlongs"}), MEWS)
