"""Each stated column is diagnosed for itself, then all together; and what the contrast table shows and proposes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from mews_newtt import load_chart, score
from mews_newtt.chart.model import Chart
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.validation.compare import diagnosed, validate
from mews_newtt.validation.comparer import Comparer
from mews_newtt.validation.diagnose import Diagnosis, diagnose, verdict
from mews_newtt.validation.diagnose.claims import Claims
from mews_newtt.validation.diagnose.plainness import plainness
from mews_newtt.validation.diagnose.screen import Screen
from mews_newtt.validation.diagnose.search import Search, Trials
from mews_newtt.validation.faults import Fault, answer_faults_of, both, faults_of
from mews_newtt.validation.mutants import MutantScorer, sheet_of_sets
from tests.validation.platforms import NORMAL, content_of, one_set

NEWS2 = load_chart("news2")
ROWS = 700
Answer = dict[str, Any]
COLUMNS = ("total", "level", "points")


@cache
def news2_faults() -> dict[str, Fault]:
    return {fault.id: fault for fault in [*faults_of(NEWS2, None), *answer_faults_of(NEWS2)]}


@cache
def news2_sets() -> tuple[dict[str, str], ...]:
    rng, content = Random(8), content_of("news2")
    return tuple({name: str(value) for name, value in one_set(content, rng).items()} for _ in range(ROWS))


def fault(*ids: str) -> Fault:
    found = news2_faults()[ids[0]]
    for each in ids[1:]:
        joined = both(found, news2_faults()[each], NEWS2)
        assert joined is not None
        found = joined
    return found


def table_of(
    used: Chart, after: Callable[[Answer], Answer] = lambda answer: answer, holds: tuple[str, ...] = COLUMNS, sets: Any = None
) -> pa.Table:
    """What a platform states that follows another chart and then changes its answer."""
    sets = news2_sets() if sets is None else sets
    answers = []
    for given in sets:
        found = score(used, dict(given), raise_refused=False)
        answers.append(after({"total": found.total, "level": found.level, "points": found.points()}))
    names = dict.fromkeys(name for given in sets for name in given)
    columns = {name: pa.array([given.get(name) for given in sets], pa.string()) for name in names}
    if "total" in holds:
        columns["expected_total"] = pa.array([answer["total"] for answer in answers], pa.int64())
    if "level" in holds:
        columns["expected_level"] = pa.array([answer["level"] for answer in answers], pa.string())
    for parameter in NEWS2.parameters if "points" in holds else ():
        if parameter.role == "scored":
            columns[f"expected_points_{parameter.id}"] = pa.array([answer["points"].get(parameter.id) for answer in answers], pa.int64())
    return pa.table(columns)


def named(found: Diagnosis) -> set[str]:
    first = found.findings[0].faults[0]
    return {each.id for each in first.joined or (first,)}


def whole(found: Diagnosis) -> bool:
    return (found.findings[0].explains, found.findings[0].breaks) == (found.disagreements, 0)


RATE, HIGH = "band:respiratory_rate.0.4:points=1", "level:high:total:-1"


def without_heart_rate(answer: Answer) -> Answer:
    return answer if answer["total"] is None else {**answer, "total": answer["total"] - (answer["points"].get("heart_rate") or 0)}


def test_three_faults_are_each_named_by_the_column_that_shows_them() -> None:
    found = diagnose(NEWS2, table_of(fault(RATE, HIGH).chart, without_heart_rate))
    assert named(found) == {RATE, HIGH, "total:without:heart_rate"}
    assert whole(found) and not found.certain
    assert found.words.startswith("3 faults at once: (1) respiratory rate, 25 or more: seems to give 1 point instead of 3 points; (2) the total")
    told = {name: (column.against, [one.faults[0].id for one in column.findings[:1]]) for name, column in found.by_column.items() if column.findings}
    assert told == {
        "expected_points_respiratory_rate": ("the chart", [RATE]),
        "expected_total": ("the stated points", ["total:without:heart_rate"]),
        "expected_level": ("the stated points", [HIGH]),
    }


def test_totals_and_levels_that_follow_from_wrong_points_need_no_fault_of_their_own() -> None:
    found = diagnose(NEWS2, table_of(fault("ignored:consciousness").chart))
    assert named(found) == {"ignored:consciousness"} and whole(found) and found.certain
    assert all(column.certain for column in found.by_column.values() if column.disagreements)


@pytest.mark.parametrize("holds", [("total",), ("total", "level"), ("total", "points"), COLUMNS], ids="+".join)
@pytest.mark.parametrize("fault_id", [RATE, "missing:heart_rate", "unit:temperature:[degF]:taken", "ignored:consciousness", "down:temperature:whole"])
def test_more_evidence_never_gives_a_worse_verdict(fault_id: str, holds: tuple[str, ...]) -> None:
    used = fault(fault_id)
    if used.kind not in ("unit_mixed", "truncated"):
        table = table_of(used.chart, holds=holds)
    else:
        changed = [changed_by(used, given) for given in news2_sets()]
        right = table_of(NEWS2, holds=(), sets=news2_sets())
        stated = table_of(NEWS2, holds=holds, sets=changed)
        table = right
        for name in stated.column_names:
            table = table.append_column(name, stated.column(name)) if name.startswith("expected_") else table
    found = diagnose(NEWS2, table)
    assert found.disagreements > 2
    assert whole(found) and fault_id in {each.id for one in found.findings[:1] for each in one.faults}, found.words


def changed_by(used: Fault, given: dict[str, str]) -> dict[str, str]:
    """A set as a platform with one of the faults above reads it."""
    changed = dict(given)
    if "temperature" in given and used.kind == "unit_mixed":
        changed["temperature"] = str(round((float(given["temperature"]) - 32) * 5 / 9, 6))
        if not 20 <= float(changed["temperature"]) <= 50:
            changed["temperature"] = "25"  # impossible numbers are told apart elsewhere; both are far below every band
    if "temperature" in given and used.kind == "truncated":
        changed["temperature"] = str(int(float(given["temperature"])))
    return changed


def test_another_chart_is_recognised_beside_levels_of_the_right_one() -> None:
    """Totals of modified-ews, with the levels that news2 gives for such totals."""
    used = next(each for each in news2_faults().values() if each.id.startswith("chart:modified-ews@"))
    levels = [(level.id, int(level.total.low)) for level in NEWS2.levels if level.total is not None and level.total.low is not None]

    def answer(found: Answer) -> Answer:
        total = found["total"]
        return {**found, "level": None if total is None else max((start, name) for name, start in levels if start <= total)[1] if total else "none"}

    alone = diagnose(NEWS2, table_of(used.chart, holds=("total",)))
    assert used.id in {each.id for each in alone.findings[0].faults}
    beside = diagnose(NEWS2, table_of(used.chart, answer, holds=("total", "level")))
    assert used.id in {part.id for one in beside.findings[0].faults for part in one.joined or (one,)}, beside.words


# The contrast table


def pulses(change: Callable[[int, int], int], values: range = range(30, 160), holds: str = "total") -> pa.Table:
    """Otherwise normal sets with each heart rate twice, and what a platform states that gives other points for some."""
    sets = [{**NORMAL, "heart_rate": str(value)} for value in values for _ in range(2)]
    rates = iter([value for value in values for _ in range(2)])

    def answer(found: Answer) -> Answer:
        before = found["points"]["heart_rate"]
        points = change(next(rates), before)
        return {**found, "total": found["total"] - before + points, "points": {**found["points"], "heart_rate": points}}

    return table_of(NEWS2, answer, holds=("total", "points") if holds == "points" else (holds,), sets=sets)


@pytest.mark.parametrize("holds", ["total", "points"])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rate, points: 0 if rate >= 140 else points, "from 140 /min up readings seem to give 0 points instead of 3 points"),
        (lambda rate, points: 0 if 95 <= rate <= 99 else points, "95 to 99 /min seems to give 0 points instead of 1"),
        (lambda rate, points: 2 if rate == 77 else points, "77 /min seems to give 2 points instead of 0"),
        (lambda rate, points: 1 if 91 <= rate <= 124 else points, "2 points seem to start at 125 /min instead of 111 /min"),
    ],
    ids=["open band ends", "wrong range", "wrong cell", "far edge"],
)
def test_what_no_list_of_faults_holds_is_proposed_by_the_contrast_table(change: Any, words: str, holds: str) -> None:
    found = diagnose(NEWS2, pulses(change, holds=holds))
    assert whole(found) and words in found.words, found.words


def test_several_wrong_ranges_of_one_table_are_one_fault() -> None:
    wrong = {50: 2, 51: 2, 77: 2, 95: 3, 96: 3}
    found = diagnose(NEWS2, pulses(lambda rate, points: wrong.get(rate, points)))
    assert found.words.startswith(
        "Heart rate: the table seems to be another one: 50 to 51 /min gives 2 points instead of 0 or 1, 77 /min gives 2 points instead of 0, "
        "95 to 96 /min gives 3 points instead of 1; explains 10 of 10 disagreements"
    ), found.words


@pytest.mark.parametrize("holds", ["total", "points"])
def test_the_contrast_table_is_data_for_the_report(holds: str) -> None:
    found = diagnose(NEWS2, pulses(lambda rate, points: 0 if rate >= 140 else points, holds=holds))
    table = next(one for one in found.contrast if one.parameter == "heart_rate")
    assert (table.title, table.unit, table.stated) == ("Heart rate", "/min", holds == "points")
    differing = [stretch for stretch in table.stretches if stretch.difference]
    assert [(one.low, one.high, one.points, one.difference, one.mean, one.rows, one.wrong) for one in differing] == [("140", "159", 3, -3, -3.0, 40, 40)]
    assert sum(stretch.rows for stretch in table.stretches) == 260
    written = found.to_dict()["contrast"]
    assert written[[one["parameter"] for one in written].index("heart_rate")]["stretches"][-1]["low"] == "140"


def test_two_tables_are_taken_out_of_the_totals_one_after_the_other() -> None:
    found = diagnose(NEWS2, table_of(fault(RATE, "band:heart_rate.0.4:points=0").chart, holds=("total",)))
    shown = {table.parameter: sum(one.wrong for one in table.stretches if one.difference == -2 and one.rows > 1) for table in found.contrast}
    assert {name for name, wrong in shown.items() if wrong >= 4} == {"respiratory_rate", "heart_rate"}, shown


# How sure, and in which words


def test_the_plainest_of_equals_is_the_headline() -> None:
    whole_band, far_edge = (news2_faults()[name] for name in (RATE, "edge:respiratory_rate.0.3:+10"))
    assert plainness(whole_band) < plainness(far_edge._replace(by=40))
    found = diagnose(NEWS2, pulses(lambda rate, points: 0 if rate >= 131 else points))
    assert found.words.startswith("Heart rate, 131 or more: seems to give 0 points instead of 3 points"), found.words


def test_noise_stays_without_a_verdict() -> None:
    rng = Random(3)
    found = diagnose(NEWS2, table_of(NEWS2, lambda one: {**one, "total": rng.randrange(12) if rng.random() < 0.05 else one["total"]}, holds=("total",)))
    assert found.disagreements > 15 and not found.certain
    assert found.words.startswith("No fault known here explains"), found.words


def test_a_fault_that_leaves_many_rows_is_not_put_first() -> None:
    rng = Random(5)

    def answer(one: Answer) -> Answer:
        return {**one, "total": one["total"] + rng.randrange(1, 9) if one["total"] is not None and rng.random() < 0.03 else one["total"]}

    found = diagnose(NEWS2, table_of(fault("ignored:consciousness").chart, answer, holds=("total",)))
    first = found.findings[0]
    assert 0.6 < first.explains / first.of < 0.9
    assert found.words.startswith("No fault known here explains all of the") and "unexplained" in found.words, found.words


def test_few_rows_are_said_first() -> None:
    found = diagnose(NEWS2, pulses(lambda rate, points: points + (rate == 77), range(60, 90)))
    assert found.words.startswith("Only 2 rows show it: ") and not found.certain


def test_no_verdict_is_certain_beside_an_equal() -> None:
    for found in (diagnose(NEWS2, pulses(lambda rate, points: 0 if rate >= 131 else points)), diagnose(NEWS2, table_of(fault(RATE).chart))):
        assert not (found.certain and found.ties)


# Nothing is left out that could explain something, and a fault of the diagnosis costs nothing


def test_a_fault_that_is_left_out_before_it_is_scored_explains_nothing() -> None:
    table = table_of(fault(RATE, "edge:heart_rate.0.2:+3").chart)
    comparer = Comparer(NEWS2, table.column_names, ColumnMap(), False)
    claims = Claims(comparer, comparer.compare(pl.DataFrame(table)), np.arange(ROWS))
    scorer = MutantScorer(NEWS2, sheet_of_sets([dict(given) for given in news2_sets()], NEWS2.observations))
    search = Search(scorer, claims)
    screen, trials = Screen(scorer, claims, search.wrong), Trials(scorer, {"": search})
    left_out = [each for each in faults_of(NEWS2, ()) if not screen.may_explain(each)]
    assert len(left_out) > 100
    trials.consider(Random(1).sample(left_out, 100))
    assert all(one.explains == 0 for one in search.tried.values())


@pytest.mark.parametrize("place", ["contrasts_of", "layers_of", "all_faults"])
def test_a_part_that_fails_never_costs_the_comparison(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("heart rate 70 of a patient")

    monkeypatch.setattr(verdict, place, fails)
    found = diagnosed(validate(NEWS2, table_of(fault(RATE, HIGH).chart, without_heart_rate)))
    assert found.verdict == "disagrees" and found.disagreed > 0
    assert found.diagnosis is not None and "ZeroDivisionError" in found.diagnosis.words and "patient" not in found.diagnosis.words
