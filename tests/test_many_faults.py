"""A set or file with thousands of faults is refused quickly, with the first faults and the number of the others."""

from __future__ import annotations

import copy
import pickle
import time

import pytest

from mews_newtt import ObservationError, ObservationSet
from mews_newtt.errors import LONGEST_QUOTE, MOST_PROBLEMS, ColumnError, Problem, at_most, did_you_mean
from mews_newtt.fhir.jsontext import read_json


def faults(given: object) -> tuple[Problem, ...]:
    with pytest.raises(ObservationError) as refused:
        ObservationSet(given)  # type: ignore[arg-type]
    return refused.value.problems


def test_the_first_faults_are_named_and_the_others_counted() -> None:
    found = faults({f"k{number}": 1 for number in range(60_000)})
    assert len(found) == MOST_PROBLEMS + 1
    assert [problem.where for problem in found[:2]] == ["k0", "k1"]
    assert (found[-1].code, found[-1].what) == ("more_problems", f"has {60_000 - MOST_PROBLEMS:,} more faults: unknown_parameter ({60_000 - MOST_PROBLEMS:,})")


def test_as_many_faults_as_are_told_are_told_in_full() -> None:
    assert [problem.code for problem in faults({f"k{number}": 1 for number in range(MOST_PROBLEMS)})] == ["unknown_parameter"] * MOST_PROBLEMS


def test_the_first_unknown_names_have_a_hint() -> None:
    found = faults({f"temperatur{'e' * number}x": 37 for number in range(30)})
    hinted = [problem for problem in found if "did you mean 'temperature'" in problem.mend]
    assert 3 <= len(hinted) <= 10
    assert found[0] in hinted


def test_thousands_of_unknown_names_cost_little() -> None:
    names = {f"skip_k{number}": 1 for number in range(60_000)}
    began = time.process_time()
    faults(names)
    assert time.process_time() - began < 1, "6 s when each was compared with every known name"


@pytest.mark.parametrize("given", [{"x" * 10**6: 1}, {"consciousness": "x" * 10**6}, {"temperature": "x" * 10**6}, {"temperature": (37, "x" * 10**6)},
                                   {"temperature": 37, "skip_temperature": "x" * 10**6}, {"temperature": {"value": 1, "x" * 10**6: 1}}, {"temperature": "1," + "1" * 10**6}])
def test_a_long_text_is_quoted_by_its_start(given: dict[object, object]) -> None:
    for problem in faults(given):
        assert all(len(part) < 5 * LONGEST_QUOTE for part in (problem.where, problem.what, problem.mend))


@pytest.mark.parametrize("word", ["temperature", "temperatur", "temprature", "x" * 30, "temperature_" * 3, "t"])
def test_a_long_word_is_near_no_shorter_one_as_before(word: str) -> None:
    import difflib

    for cutoff in (0.5, 0.75, 0.82):
        near = difflib.get_close_matches(word, ["temperature", "heart_rate"], 1, cutoff)
        assert did_you_mean(word, ["temperature", "heart_rate"], cutoff) == (near[0] if near else None)


@pytest.mark.parametrize("read", [ObservationSet.from_json, read_json])
def test_a_name_given_twice_among_very_many_is_found_at_once(read: object) -> None:
    text = "{" + ",".join(f'"k{number}": 1' for number in range(60_000)) + ', "k59999": 2}'
    began = time.process_time()
    with pytest.raises(ObservationError, match="k59999: is given twice"):
        read(text)  # type: ignore[operator]
    assert time.process_time() - began < 2, "half a minute when every name was counted in all"


def test_an_error_travels_between_processes_with_its_problems() -> None:
    fault = ColumnError([Problem("a", "b", "c", "d"), Problem("e", "f", "g", "h")])
    for again in (pickle.loads(pickle.dumps(fault)), copy.deepcopy(fault)):
        assert (type(again), again.problems, str(again)) == (ColumnError, fault.problems, str(fault))


def test_few_problems_stay_as_they_are() -> None:
    few = [Problem("a", "b", "c", "d")]
    assert at_most(few, "here", 1) is few
