"""Faults worked out from a chart: each is what it says, and the rapid scorer of mutated charts is the reference, set by set."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mews_newtt.chart.catalogue import catalogue, charts, load_chart
from mews_newtt.chart.model import Chart
from mews_newtt.scoring.reference import score
from mews_newtt.validation.faults import Fault, all_answers, both, faults_of
from mews_newtt.validation.mutants import COMPLETE, NO_POINTS, REFUSED, MutantScorer, sheet_of_sets
from mews_newtt.validation.packs import pack_faults
from tests.batch.batch_support import random_columns
from tests.strategies import made_chart
from tests.validation.misread import Misreader
from tests.validation.mutant_checks import assert_answers, sheet_of
from tests.validation.test_pack_counted import random_sets

SHIPPED = [f"{chart.id}@{chart.version}" for chart in charts()]


def named(chart: Chart, fault_id: str) -> Fault:
    return next(fault for fault in faults_of(chart) if fault.id == fault_id)


def check(chart: Chart, rng: Random, rows: int, amount: int) -> None:
    table, cells = random_columns(chart, rows, rng)
    scorer = MutantScorer(chart, sheet_of(chart, table))
    assert_answers(scorer, None, cells)
    faults = [fault for fault in faults_of(chart) if fault.change is None]
    for fault in rng.sample(faults, min(amount, len(faults))):
        assert_answers(scorer, fault.chart, cells)


def check_every_kind(chart: Chart, rng: Random, rows: int, of_each: int) -> None:
    """Faults of every kind that the chart has, also those that change readings, show what the reference shows of the changed set."""
    columns = random_sets(chart, rng, rows)
    sets = [{name: text for name in columns if (text := columns[name][row]) is not None} for row in range(rows)]
    scorer = MutantScorer(chart, sheet_of_sets(sets, chart.observations))
    by_kind: dict[str, list[Fault]] = {}
    for fault in pack_faults(chart, ()):
        by_kind.setdefault(fault.kind, []).append(fault)
    for faults in by_kind.values():
        for fault in rng.sample(faults, min(of_each, len(faults))):
            platform, found = Misreader(chart, fault), all_answers(scorer, fault)
            for row, readings in enumerate(sets):
                total = int(found.total[row]) if found.status[row] == COMPLETE and found.total[row] != NO_POINTS else None
                shown = (True, None, None) if found.status[row] == REFUSED else (False, total, chart.levels[found.level[row]].id)
                assert shown == platform.shows(readings), f"{fault.id}: {readings}"


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_faults_of_every_kind_answer_as_the_reference_does(seed: int) -> None:
    rng = Random(seed)
    check_every_kind(made_chart(rng), rng, 25, 2)


def test_a_changed_reading_also_changes_what_a_missing_context_can_be() -> None:
    """The platform reads green for black, and the chart refuses green with some months: the set is complete though the months are not given."""
    rng = Random(33554429)
    check_every_kind(made_chart(rng), rng, 40, 4)


@pytest.mark.deep
@settings(max_examples=14, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_faults_of_every_kind_of_many_made_charts(seed: int) -> None:
    rng = Random(seed)
    check_every_kind(made_chart(rng), rng, 40, 4)


@pytest.mark.parametrize("name", SHIPPED)
def test_faults_of_every_kind_of_shipped_charts(name: str) -> None:
    check_every_kind(load_chart(name), Random(5), 30, 2)


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_mutants_of_made_charts_are_scored_as_the_reference_does(seed: int) -> None:
    rng = Random(seed)
    check(made_chart(rng), rng, 30, 8)


@pytest.mark.deep
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_mutants_of_many_made_charts(seed: int) -> None:
    rng = Random(seed)
    check(made_chart(rng), rng, 40, 10)


@pytest.mark.parametrize("name", SHIPPED)
def test_mutants_of_shipped_charts_are_scored_as_the_reference_does(name: str) -> None:
    check(load_chart(name), Random(11), 40, 15)


def test_an_edge_moved_is_told_in_words_and_does_what_it_says() -> None:
    chart = load_chart("mews", "0.1")
    fault = named(chart, "edge:heart_rate.0.2:+3")
    assert fault.words == "heart rate: 1 point seems to start at 110 /min instead of 107 /min"
    points = {rate: score(fault.chart, {"heart_rate": rate}).points()["heart_rate"] for rate in (106, 107, 109, 110, 115, 116)}
    assert points == {106: 0, 107: 0, 109: 0, 110: 1, 115: 1, 116: 2}


def test_an_edge_on_the_low_side() -> None:
    chart = load_chart("mews", "0.1")
    fault = named(chart, "edge:systolic_bp.0.0:-2")
    assert fault.words == "systolic blood pressure: 2 points seem to reach up to 87 mmHg instead of 89 mmHg"
    assert [score(fault.chart, {"systolic_bp": value}).points()["systolic_bp"] for value in (87, 88, 89, 90)] == [2, 1, 1, 1]


def test_inclusive_taken_for_exclusive() -> None:
    chart = load_chart("newtt2", "0.1")
    fault = named(chart, "side:temperature.0.3:down")
    assert fault.words.startswith("temperature: exactly 38.0 °C seems to give 1 point")
    right, wrong = ({text: score(one, {"temperature": Decimal(text)}).points()["temperature"] for text in ("37.9", "38.0", "38.1")} for one in (chart, fault.chart))
    assert (right, wrong) == ({"37.9": 1, "38.0": 2, "38.1": 2}, {"37.9": 1, "38.0": 1, "38.1": 2})


def answered(chart: Chart, fault: Fault, *sets: dict[str, str]) -> list[tuple[int, int, int]]:
    found = all_answers(MutantScorer(chart, sheet_of_sets(list(sets), catalogue().observations)), fault)
    return [(int(a), int(b), int(c)) for a, b, c in zip(found.status, found.total, found.level, strict=True)]


NORMAL = {"respiratory_rate": "16", "oxygen_saturation": "97", "temperature": "36.8", "heart_rate": "80", "systolic_bp": "118", "diastolic_bp": "70", "consciousness": "alert", "concern": "none"}


@pytest.mark.parametrize(
    ("fault_id", "changed", "answer"),
    [
        ("missing:heart_rate", {"heart_rate": ""}, (0, 0, 0)),
        ("missing:*", {"heart_rate": "", "systolic_bp": ""}, (0, 0, 0)),
        ("ignored:concern", {"concern": "present"}, (0, 0, 0)),
        ("down:temperature:whole", {"temperature": "37.9"}, (0, 0, 0)),
        ("half-up:temperature:whole", {"temperature": "37.5"}, (0, 2, 1)),
        ("between:temperature", {"temperature": "37.35"}, (0, 0, 0)),
        ("unit:temperature:[degF]:taken", {"temperature": "36.8"}, (0, 2, 1)),
        ("unit:temperature:[degF]:taken", {"temperature": "98.2"}, (0, 0, 0)),
        ("unit:temperature:[degF]:taken", {"temperature": "398.2"}, (2, 0, 0)),
        ("unit:temperature:ignored", {"temperature": "98.2[degF]"}, (0, 2, 1)),
        ("exchanged:diastolic_bp", {"systolic_bp": "120", "diastolic_bp": "80"}, (0, 4, 1)),
        ("impossible:temperature", {"temperature": "98.6"}, (0, 2, 1)),
        ("level:escalate:total:+1", {"heart_rate": "118"}, (0, 2, 0)),
        ("band:consciousness.0.1:level=None", {"consciousness": "confusion"}, (0, 0, 0)),
    ],
)
def test_what_each_kind_of_fault_answers(fault_id: str, changed: dict[str, str], answer: tuple[int, int, int]) -> None:
    """(status: 0 complete; total; level: 0 routine) of a set near the normal one."""
    chart = load_chart("mews", "0.1")
    given = {name: text for name, text in {**NORMAL, **changed}.items() if text}
    assert answered(chart, named(chart, fault_id), given) == [answer]


def test_oxygen_ignored_and_the_wrong_spo2_scale() -> None:
    chart = load_chart("news2")
    given = {"respiratory_rate": "16", "oxygen_saturation": "90", "air_or_oxygen": "oxygen", "spo2_scale": "2", "systolic_bp": "120", "heart_rate": "80", "consciousness": "alert", "temperature": "37.0"}
    right = score(chart, given)
    assert right.total == 2
    assert answered(chart, named(chart, "ignored:air_or_oxygen"), given)[0][:2] == (0, 0)
    assert answered(chart, named(chart, "always:spo2_scale:1"), given)[0][:2] == (0, 5)


def test_another_chart_altogether_is_among_the_faults() -> None:
    chart = load_chart("news2")
    ids = [fault.id for fault in faults_of(chart, None) if fault.kind == "other_chart"]
    assert any(name.startswith("chart:modified-ews@") for name in ids)
    assert not any(name.startswith("chart:news2@") for name in ids)


def test_two_faults_at_once() -> None:
    chart = load_chart("mews", "0.1")
    pair = both(named(chart, "edge:heart_rate.0.2:+3"), named(chart, "level:escalate:total:+1"), chart)
    assert pair is not None
    assert answered(chart, pair, {**NORMAL, "heart_rate": "108"}, {**NORMAL, "heart_rate": "118"}) == [(0, 0, 0), (0, 2, 0)]
    same_row = both(named(chart, "edge:heart_rate.0.2:+3"), named(chart, "edge:heart_rate.0.1:+2"), chart)
    assert same_row is not None
    assert answered(chart, same_row, {**NORMAL, "heart_rate": "108"}, {**NORMAL, "heart_rate": "64"}) == [(0, 0, 0), (0, 1, 0)]
    assert both(named(chart, "edge:heart_rate.0.2:+3"), named(chart, "edge:heart_rate.0.2:+2"), chart) is None


def test_every_fault_has_its_own_name_and_words() -> None:
    for name in SHIPPED:
        faults = faults_of(load_chart(name), None)
        assert len({fault.id for fault in faults}) == len(faults)
        assert all(fault.words and not fault.words.endswith(".") for fault in faults)
