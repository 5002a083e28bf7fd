"""Example sets, lessons and sample files are made from the chart, and show what they say."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mews_newtt import Chart, charts, load_chart, score
from mews_newtt.validation.cases import recordable
from mews_newtt.validation.cases.lessons import MOST_SEED, SETS, lesson
from mews_newtt.validation.cases.shown import examples
from mews_newtt.validation.packs.samples import course_file, faulty_file, right_file
from tests.strategies import Made, made_charts

each_chart = pytest.mark.parametrize("chart", charts(), ids=lambda chart: f"{chart.id}-{chart.version}")


@each_chart
def test_examples_show_what_they_say(chart: Chart) -> None:
    found = {shown.id: shown for shown in examples(chart)}
    assert len(found) == len(examples(chart)) >= 3
    calm = score(chart, found["nothing-raised"].given)
    assert calm.status == "complete" and not calm.warnings and not calm.reasons
    missing = score(chart, found["one-missing"].given)
    assert missing.status == "partial" and missing.total is None and len(missing.missing) >= 1
    for shown in found.values():
        result = score(chart, shown.given, raise_refused=False)
        assert shown.title and shown.says.endswith(".")
        if shown.id.startswith("level-"):
            level = next(level for level in chart.levels if level.id == result.level)
            assert shown.title.startswith(level.title) and result.status == "complete"
            assert "by total" not in shown.title or str(result.total) in shown.says
        if shown.id.startswith("trigger-"):
            assert [reason.parameters for reason in result.reasons] == [(shown.id.removeprefix("trigger-"),)]
        if shown.id == "wrong-unit":
            assert result.status == "refused" or any("implausible" in flag for flag in result.flags)


@given(made_charts())
def test_examples_of_any_chart_are_scored_as_they_say(made: Made) -> None:
    for shown in examples(made.chart):
        result = score(made.chart, shown.given, raise_refused=False)
        if shown.id.startswith("level-"):
            assert result.status == "complete" and shown.id.startswith(f"level-{result.level}")
        if shown.id == "one-missing":
            assert result.status == "partial" and result.total is None


@each_chart
def test_a_lesson_is_ten_sets_that_a_person_can_read(chart: Chart) -> None:
    sets = lesson(chart, 7)
    assert len(sets) == SETS and sets == lesson(chart, 7) != lesson(chart, 8)
    results = [score(chart, given) for given in sets]
    assert not any(result.warnings for result in results)
    assert {result.status for result in results} == {"complete", "partial"}
    assert all(recordable(chart.by_id[name], text) for given in sets for name, text in given.items())


@given(st.integers(1, MOST_SEED - 1))
def test_no_seed_makes_a_set_that_cannot_be_scored(seed: int) -> None:
    chart = load_chart("mews", "0.2")
    assert {score(chart, each, raise_refused=False).status for each in lesson(chart, seed)} <= {"complete", "partial"}


def test_a_faulty_file_disagrees_and_a_right_one_does_not() -> None:
    chart = load_chart("mews", "0.2")
    right, faulty = right_file(chart), faulty_file(chart)
    assert right.faults == () and len(faulty.faults) == 2
    for sample, wrong in ((right, False), (faulty, True)):
        rows = list(csv.DictReader(io.StringIO(sample.text)))
        stated = [(row["expected_total"], row["expected_level"]) for row in rows]
        given = [{name: text for name, text in row.items() if text and name in chart.by_id} for row in rows]
        truth = [(str(result.total), result.level) for result in (score(chart, each) for each in given)]
        assert len(rows) > 100 and (stated != truth) is wrong


def test_a_course_has_times_in_order_and_rises() -> None:
    chart = load_chart("mews", "0.2")
    rows = list(csv.DictReader(io.StringIO(course_file(chart).text)))
    times = [row["observed_at"] for row in rows]
    assert times == sorted(set(times)) and len(rows) >= 4
    assert all(Decimal(row["heart_rate"]) > 0 for row in rows if row["heart_rate"])
