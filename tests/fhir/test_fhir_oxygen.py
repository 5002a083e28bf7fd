"""Air or oxygen from how much was given: read where it leaves no doubt, refused where it contradicts what was said, told where it is unclear."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mews_newtt import ObservationError
from mews_newtt.fhir.codes import FLOW, PERCENT
from mews_newtt.fhir.oxygen import AIR, OXYGEN, Amount, meant, settle
from mews_newtt.reading.fhir_parts import Faults
from tests.fhir.support import ADULT, Resource, bundle, coded, observation, quantity, resources, scored

WITHOUT = [each for each in ADULT if each is not ADULT[3]]  # nothing said of air or oxygen
FLOW_CODE, PERCENT_CODE = "3151-8", "3150-0"


def amounts(flow: Any = None, percent: Any = None) -> dict[str, Amount]:
    return {name: Amount(Decimal(str(value)), name) for name, value in ((FLOW, flow), (PERCENT, percent)) if value is not None}


@pytest.mark.parametrize(
    ("flow", "percent", "says"),
    [
        (6, None, OXYGEN), ("0.1", None, OXYGEN), (None, 28, OXYGEN), (None, "21.1", OXYGEN), (0, 40, OXYGEN), (6, 40, OXYGEN),
        (0, 21, AIR), (0, 20, AIR), (0, None, None), (None, 21, None), (6, 21, None), (None, None, None),
    ],
)  # fmt: skip
def test_what_amounts_mean(flow: Any, percent: Any, says: str | None) -> None:
    assert meant(amounts(flow, percent)) == says
    faults = Faults()
    assert settle(None, amounts(flow, percent), faults) == says
    assert [(fault.code, fault.warning) for fault in faults] == (
        [] if flow is percent is None else [("oxygen_from_amount" if says else "oxygen_unclear", True)]
    )


@pytest.mark.parametrize(
    ("answer", "flow", "percent", "agrees"),
    [
        (AIR, 0, None, True), (AIR, None, 21, True), (AIR, 0, 21, True), (AIR, 6, None, False), (AIR, None, 28, False), (AIR, 6, 21, False), (AIR, 0, 28, False),
        (OXYGEN, 2, None, True), (OXYGEN, None, 28, True), (OXYGEN, 0, 40, True), (OXYGEN, 0, None, False), (OXYGEN, None, 21, False), (OXYGEN, 0, 21, False),
    ],
)  # fmt: skip
def test_what_was_said_against_how_much(answer: str, flow: Any, percent: Any, agrees: bool) -> None:
    faults = Faults()
    assert settle(answer, amounts(flow, percent), faults) == answer
    assert [(fault.code, fault.warning) for fault in faults] == ([] if agrees else [("codes_disagree", False)])


def flow(value: Any, code: str = FLOW_CODE, unit: str = "L/min") -> Resource:
    return observation(coded(code), valueQuantity=quantity(value, unit))


@pytest.mark.parametrize("sent", [flow(6), flow(28, PERCENT_CODE, "%"), flow("0.28", PERCENT_CODE, "1")])
def test_oxygen_by_its_amount_alone(sent: Resource) -> None:
    within = {**ADULT[2], "component": [{name: sent[name] for name in ("code", "valueQuantity")}]}  # as US Core has it
    for readings in ([*WITHOUT, sent], [each for each in WITHOUT if each is not ADULT[2]] + [within]):
        answer = scored(bundle(*readings))
        assert (answer.result.total, answer.result.status) == (7, "complete")
        assert "read as oxygen" in str(resources(answer, "OperationOutcome"))
        last = {"reference": f"Observation/o{len(readings) - 1}"}
        assert last in resources(answer, "Observation")[0]["derivedFrom"], "the amount is what the answer comes from"


def test_no_flow_is_not_read_as_air() -> None:
    answer = scored(bundle(*WITHOUT, flow(0)))
    assert answer.result.missing == ("air_or_oxygen",)
    assert "0 L/min of oxygen does not say whether it is air or oxygen" in str(resources(answer, "OperationOutcome"))
    assert scored(bundle(*WITHOUT, flow(0), flow(21, PERCENT_CODE, "%"))).result.total == 5


@pytest.mark.parametrize("sent", [flow(6), flow(40, PERCENT_CODE, "%")])
@pytest.mark.parametrize("chart", ["news2", "npews", "mewc"])
def test_air_and_a_flow_contradict_each_other_on_every_chart(sent: Resource, chart: str) -> None:
    with pytest.raises(ObservationError) as refusal:
        scored(bundle(*ADULT, sent), chart)
    assert [(problem.code, problem.where) for problem in refusal.value.problems] == [("codes_disagree", "Bundle.entry[7].resource.value")]


def test_an_amount_that_is_none_is_refused() -> None:
    for bad, code in ((flow(-1), "reading_impossible"), (flow(6, unit="mmHg"), "unknown_unit"), (flow(140, PERCENT_CODE, "%"), "reading_impossible")):
        with pytest.raises(ObservationError) as refusal:
            scored(bundle(*WITHOUT, bad))
        assert [(problem.code, problem.where.startswith("Bundle.entry[6].resource.value")) for problem in refusal.value.problems] == [(code, True)]


def test_two_amounts_of_one_moment_are_refused() -> None:
    with pytest.raises(ObservationError, match="given already"):
        scored(bundle(*WITHOUT, flow(6), flow(8)))


def test_a_chart_whose_rows_are_the_amounts_reads_them() -> None:
    answer = scored(bundle(flow(2)), "npews")
    assert {row.id: row.value for row in answer.result.parameters}["oxygen_flow"] == 2
    assert not resources(answer, "OperationOutcome"), "there is nothing to say of it"


def test_the_amount_is_left_out_where_the_chart_asks_neither() -> None:
    answer = scored(bundle(ADULT[0], flow(2)), "mews@0.1")
    assert "oxygen_flow is not on this chart" in str(resources(answer, "OperationOutcome"))
