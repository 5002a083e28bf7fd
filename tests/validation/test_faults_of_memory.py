"""Faults of memory answer as the reference does on the sets that a forgetful platform takes them for, one set after another."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import numpy as np
import pyarrow as pa
import pytest

from mews_newtt.chart.catalogue import load_chart
from mews_newtt.chart.model import Chart
from mews_newtt.validation.diagnose import diagnose
from mews_newtt.validation.faults import Fault, all_answers, faults_of_series, series_of
from mews_newtt.validation.faults.typed import slips
from mews_newtt.validation.mutants import COMPLETE, NO_POINTS, REFUSED, MutantScorer, sheet_of_sets
from tests.validation.misread import Misreader, Shown, decimal
from tests.validation.test_pack_counted import random_sets

Given = dict[str, str]


def earlier(people: list[str] | None, row: int) -> list[int]:
    """The rows before a row, of the file or of the same person, the last one first."""
    return [other for other in range(row - 1, -1, -1) if people is None or people[other] == people[row]]


def later(people: list[str] | None, row: int, rows: int) -> list[int]:
    return [other for other in range(row + 1, rows) if people is None or people[other] == people[row]]


def remembered(platform: Misreader, fault: Fault, sets: list[Given], people: list[str], row: int) -> Shown:
    """What a forgetful platform shows of one row."""
    kind, series, site, *rest = fault.id.split(":")
    whose = people if series == "person" else None
    before, own = earlier(whose, row), dict(sets[row])
    beside = before if rest[-1:] != ["+1"] else later(whose, row, len(sets))
    names = [site] if site != "*" else list(fault.parameters) or [p.id for p in platform.chart.parameters]
    right = platform.shown(platform.chart, sets[row])
    if kind == "before" and site == "*":
        return platform.shown(platform.chart, sets[beside[0]]) if beside else right
    if kind == "stale":
        whole = next((shown for other in before if (shown := platform.shown(platform.chart, sets[other]))[1] is not None), None)
        return whole if right[1] is None and not right[0] and whole is not None else right
    if kind == "held":
        shown = [right, *(platform.shown(platform.chart, sets[other]) for other in before)]
        if rest == ["total"]:
            return right if right[1] is None else (right[0], max(each[1] for each in shown if each[1] is not None), right[2])
        ranks = [platform.chart.level_rank[each[2]] for each in shown if each[2] is not None]
        return right if right[0] else (right[0], right[1], platform.chart.levels[max(ranks)].id)
    taken: dict[str, object] = dict(own)
    for name in names:
        if kind == "before" and beside:
            for key in (name, f"skip_{name}"):
                taken.pop(key, None)
                taken |= {key: sets[beside[0]][key]} if key in sets[beside[0]] else {}
        last = next((sets[other][name] for other in before if name in sets[other]), None)
        row_of_chart = platform.chart.by_id[name]
        if rest == ["numbers"] and not (row_of_chart.observation.numeric and row_of_chart.role != "recorded"):
            continue
        if kind == "carried" and name not in own and last is not None:
            taken.pop(f"skip_{name}", None)
            taken[name] = last
        if kind == "averaged" and name in own and row_of_chart.observation.numeric and row_of_chart.role != "recorded":
            used = [sets[other][name] for other in [row, *before][: int(rest[0]) if rest else 2] if name in sets[other]]
            taken[name] = decimal(sum((platform.value(name, text) for text in used), Fraction(0)) / len(used)) if len(used) > 1 else own[name]
    return platform.shown(platform.mutant, taken)


def check(chart: Chart, rng: Random, rows: int) -> None:
    columns = random_sets(chart, rng, rows)
    sets = [{name: text for name in columns if (text := columns[name][row]) is not None} for row in range(rows)]
    sets = [given for given in sets if not Misreader(chart, next(faults_of_series(chart, series_of(1)))).shown(chart, given)[0]]
    people = [rng.choice("abc") for _ in sets]
    scorer = MutantScorer(chart, sheet_of_sets(sets, chart.observations))
    faults = [fault for fault in faults_of_series(chart, series_of(len(sets), people)) if fault.kind != "sorted"]
    old = [fault for fault in faults if fault.kind in ("stale", "held")]
    for fault in [*old, *rng.sample(faults, min(len(faults), 25))]:
        platform, found = Misreader(chart, fault), all_answers(scorer, fault)
        for row in range(len(sets)):
            total = int(found.total[row]) if found.status[row] == COMPLETE and found.total[row] != NO_POINTS else None
            shown = (True, None, None) if found.status[row] == REFUSED else (False, total, chart.levels[found.level[row]].id)
            assert shown == remembered(platform, fault, sets, people, row), f"{fault.id}, row {row}: {sets}"


@pytest.mark.parametrize("name", ["mews", "newtt2", "npews"])
def test_faults_of_memory_answer_as_the_reference_does(name: str) -> None:
    check(load_chart(name), Random(7), 18)


def test_a_person_s_sets_follow_by_time() -> None:
    times = ["2026-01-01 10:00", "2026-01-01 09:00", "2026-01-01 08:00", "2026-01-02 08:00"]
    file, person = series_of(4, ["a", "b", "a", "a"], times)
    assert file.neighbour(-1).tolist() == [-1, 0, 1, 2]
    assert person.neighbour(-1).tolist() == [2, -1, -1, 0]
    assert person.neighbour(1).tolist() == [3, -1, 0, -1]
    assert person.last_with(np.array([False, True, True, False])).tolist() == [2, 1, 2, 2]


def test_a_correction_has_the_person_and_the_time_of_the_set_before() -> None:
    times = ["2026-01-01 08:00", "2026-01-01 08:00", "2026-01-01 08:00", "2026-01-01 09:00"]
    _, person = series_of(4, ["a", "b", "a", "a"], times)
    assert person.order.tolist() == [0, 2, 3, 1] and person.again is not None and person.again.tolist() == [False, True, False, False]
    assert all(one.again is None for one in series_of(4, ["a", "b", "a", "a"]))


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("stale:person:*", "last complete set"),
        ("held:person:*:total", "never to fall"),
        ("corrected:person:*", "version before it"),
    ],
)
def test_a_platform_that_shows_old_answers_is_found(fault: str, says: str) -> None:
    """Sets of many people in mixed order, with answers that a forgetful platform gives: the diagnosis names the fault."""
    chart, rng = load_chart("news2"), Random(11)
    rows: list[dict[str, str]] = []
    for person in range(12):
        for number in range(6):
            row = {"patient_id": f"made-up-{person}", "observed_at": f"2026-11-0{1 + number} 08:00"}
            row |= {"respiratory_rate": rng.choice(["9", "16", "22", "28"]), "oxygen_saturation": rng.choice(["90", "93", "95", "98"])}
            row |= {"air_or_oxygen": "air", "systolic_bp": rng.choice(["85", "95", "105", "130"]), "heart_rate": rng.choice(["45", "70", "95", "120", "140"])}
            row |= {"consciousness": "alert", "temperature": rng.choice(["35.5", "37.0", "38.5", "39.5"])}
            if rng.random() < 0.15:
                row["temperature"] = ""
            rows.append(row)
            if fault.startswith("corrected") and rng.random() < 0.3:
                rows.append({**row, "heart_rate": rng.choice(["45", "95", "120", "140"]), "temperature": "37.0"})
    if not fault.startswith("corrected"):
        rng.shuffle(rows)
    given = [{name: text for name, text in row.items() if name in chart.by_id and text} for row in rows]
    scorer = MutantScorer(chart, sheet_of_sets(given, chart.observations))
    orders = series_of(len(rows), [row["patient_id"] for row in rows], [row["observed_at"] for row in rows])
    shown = all_answers(scorer, next(each for each in faults_of_series(chart, orders) if each.id == fault))
    for row, status, total, level in zip(rows, shown.status, shown.total, shown.level, strict=True):
        row["expected_total"] = str(total) if status == COMPLETE else ""
        row["expected_level"] = chart.levels[level].id
    found = diagnose(chart, pa.Table.from_pylist(rows))
    assert says in found.words, found.words


def test_rows_that_are_not_in_the_table_end_an_order() -> None:
    gap = np.array([False, False, True])
    (file,) = series_of(3, ["a", "a", "a"], after_gap=gap)
    assert file.neighbour(-1).tolist() == [-1, 0, -1]


def test_slips_of_the_hand() -> None:
    found = slips("110")
    assert found["101"] == "two digits exchanged"
    assert found["11"] == found["10"] == "a digit lost"
    assert found["120"] == "a wrong digit"
    assert found["1110"] == "a digit doubled"
    assert "110" not in found
    assert slips("37.5")["375"] == "the point lost"


def test_a_fault_of_one_table_s_order_changes_nothing_in_another_table() -> None:
    chart = load_chart("newtt2")
    scorer = MutantScorer(chart, sheet_of_sets([{"temperature": "37.0"}, {"temperature": "39.0"}], chart.observations))
    for fault in faults_of_series(chart, series_of(3, ["a", "a", "a"])):
        if fault.kind != "sorted":
            found = all_answers(scorer, fault)
            assert (found.status == scorer.base.status).all() and (found.level == scorer.base.level).all()
