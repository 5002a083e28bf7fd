"""What is remembered for speed changes no answer and goes nowhere: not into copies, pickles, other processes or other people's results."""

from __future__ import annotations

import copy
import gc
import multiprocessing
import pickle
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from mews_newtt import Chart, ObservationError, ObservationSet, Score, score
from mews_newtt.chart.builtin import builtin_rules
from mews_newtt.chart.catalogue import Catalogue
from mews_newtt.reading import sets as observation_sets
from mews_newtt.scoring import reference

Given = dict[str, Any]
WELL: Given = {
    "respiratory_rate": 18, "oxygen_saturation": 97, "air_or_oxygen": "air", "systolic_bp": 120, "diastolic_bp": 70, "heart_rate": 80,
    "consciousness": "alert", "temperature": "36.8",
}  # fmt: skip
CHARTS = ("news2", "npews")
COPIES: dict[str, Callable[[Chart], Chart]] = {
    **{f"pickle {protocol}": lambda chart, protocol=protocol: pickle.loads(pickle.dumps(chart, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)},
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "replace": lambda chart: replace(chart, title=chart.title),
}


def fresh(name: str = "news2") -> Chart:
    """A chart that has scored nothing yet."""
    return Catalogue([builtin_rules()]).find(name)


def some_sets(amount: int, turn: int = 0) -> list[Given]:
    """Sets that differ in every reading; of two turns no two readings are the same text."""
    found = []
    for n in range(amount):
        part, fine = n / amount, f"{n:04d}{turn}"
        found.append({
            "respiratory_rate": f"{5 + 35 * part:.0f}.{fine}", "heart_rate": f"{30 + 130 * part:.0f}.{fine}", "temperature": f"{34 + 7 * part:.0f}.{fine}",
            "oxygen_saturation": f"{85 + 14 * part:.0f}.{fine}", "systolic_bp": f"{60 + 180 * part:.0f}.{fine}", "consciousness": "AVPU"[n % 4],
            "age_years": f"{18 * part:.0f}.{fine}",
        })  # fmt: skip
    return found


def scored(chart: Chart, given: Given) -> Score:
    return score(chart, given, raise_refused=False)


def answers(chart: Chart, sets: list[Given]) -> list[str]:
    return [scored(chart, one).to_json() for one in sets]


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("how", COPIES)
def test_a_copy_of_a_used_chart_answers_as_a_new_one_does(how: str, name: str) -> None:
    chart = fresh(name)
    answers(chart, some_sets(300))
    other = COPIES[how](chart)
    del chart
    gc.collect()  # the readings of the first sets are gone, and their addresses are given to new ones
    again = list(reversed(some_sets(300, turn=1)))
    assert answers(other, again) == answers(fresh(name), again)


@pytest.mark.parametrize("how", COPIES)
def test_a_copy_holds_the_content_alone(how: str) -> None:
    chart = fresh()
    answers(chart, some_sets(20))
    other = COPIES[how](chart)
    for part in (other, *(p for p in other.parameters if how != "copy" and how != "replace")):
        assert not part.__dict__, "what was remembered came with it"
    assert other == chart and other.sha256 == chart.sha256


def test_no_other_persons_values_leave_with_a_result() -> None:
    chart = fresh()
    for n in range(300):
        score(chart, {**WELL, "temperature": f"40.7{n:03d}", "case_id": "somebody-else", "consciousness": "unresponsive"})
    result, some = score(chart, WELL), ObservationSet(WELL, observations=chart.observations)
    for leaves in (result, chart, some, result.reasons, result.parameters, chart.observations, chart.parameters[0]):
        for content in (pickle.dumps(leaves), pickle.dumps(copy.deepcopy(leaves)), pickle.dumps(copy.copy(leaves))):
            assert b"40.7" not in content and b"somebody-else" not in content
    assert len(pickle.dumps(result)) < 40_000


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_processes(method: str) -> None:
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {method} here")
    chart, sets = fresh(), some_sets(300)
    answers(chart, some_sets(300, turn=1))
    with ProcessPoolExecutor(2, multiprocessing.get_context(method)) as pool:
        there = [one for part in pool.map(answers, [chart] * 3, [sets[n::3] for n in range(3)]) for one in part]
        back = list(pool.map(scored, [chart] * 20, sets[:20]))
    new = fresh()
    assert there == [one for n in range(3) for one in answers(new, sets[n::3])]
    assert [one.to_json() for one in back] == answers(new, sets[:20])


def test_an_error_keeps_its_problems_on_its_way() -> None:
    with pytest.raises(ObservationError) as caught:
        score(fresh(), {"temperature": 98.6, "hr": 80})
    for other in (pickle.loads(pickle.dumps(caught.value)), copy.deepcopy(caught.value)):
        assert (type(other), other.problems, str(other)) == (ObservationError, caught.value.problems, str(caught.value))


@pytest.mark.parametrize("most", [1, 7, 2_000])
def test_threads_share_a_chart(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where so little is remembered that it is forgotten all the time."""
    monkeypatch.setattr(observation_sets, "MOST_REMEMBERED", most)
    monkeypatch.setattr(reference, "MOST_REMEMBERED", most)
    chart, sets = fresh("npews"), some_sets(200)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: answers(chart, sets[n:] + sets[:n]), range(0, 200, 25)))
    right = answers(fresh("npews"), sets)
    assert found == [right[n:] + right[:n] for n in range(0, 200, 25)]


def test_what_is_remembered_is_bounded_in_number_and_length() -> None:
    """Long texts are not remembered at all: 400 refused sets of 1 MB once took 784 MiB for the life of the process."""
    chart = fresh()
    answers(chart, some_sets(50))
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for n in range(40):
        for name, long in (("temperature", " " * 200_000 + f"36.{n}"), ("temperature", f"36.{n}" + " " * 200_000 + "C"), ("temperature", f"{n}" + "x" * 200_000),
                           ("consciousness", f"{n}" + "x" * 200_000), ("consciousness", "alert" + " " * 200_000 + "\t" * n), ("ward", "x" * 200_000)):  # fmt: skip
            result = score(chart, {**WELL, name: long}, raise_refused=False)
            assert sum(len(str(problem)) for problem in result.problems) < 600
    del result, long
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 400_000, "40 sets of each kind, 200 kB each"
    for turn in range(3):
        answers(chart, some_sets(2_500, turn))
    assert all(len(one.memo) <= 2_000 for one in chart.observations.values())
    assert all(len(seen) <= 2_000 for *_, seen in chart.memo["plan"].rows)
