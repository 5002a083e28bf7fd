"""Every kind of fault has examples, which do what they say; docs/diagnosis.md lists every kind with its first example.

    python -m tests.validation.test_fault_examples     # write the list again
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from mews_newtt import Chart, load_chart, score
from mews_newtt.validation.faults import (
    EXAMPLES,
    KINDS,
    NOT_IN_SINGLE_SETS,
    Example,
    Fault,
    all_answers,
    answer_faults_of,
    answers_of,
    both,
    faults_of,
    faults_of_series,
    levels_from_total,
    series_of,
    typed_edges,
)
from mews_newtt.validation.mutants import MutantScorer, Stated, answer_words, sheet_of_sets
from tests.test_made_up_chart import FOLDER, WELL

PAGE = Path(__file__).resolve().parents[2] / "docs" / "diagnosis.md"
START, END = "<!-- kinds of fault: made by tests/validation/test_fault_examples.py -->\n", "<!-- end -->\n"


@cache
def demo() -> Chart:
    return load_chart("tortoise", folders=[FOLDER])


@cache
def faults() -> dict[str, Fault]:
    """The faults of the made-up chart; the other chart is a second version of it."""
    chart = demo()
    warmth = chart.by_id["shell_warmth"]
    table = warmth.tables[0]
    warm = replace(table, bands=(table.bands[0], replace(table.bands[1], points=2)))
    other = replace(chart, version="2.0", parameters=tuple(replace(p, tables=(warm,)) if p is warmth else p for p in chart.parameters))
    own = MutantScorer(chart, sheet_of_sets([{}] * 3, chart.observations))  # a platform that starts its levels at totals of 2 and 9
    own.stated = Stated(np.array([0, 2, 9], np.int32), np.array([0, 1, 2], np.int32), {})
    proposed = [*typed_edges(chart), *levels_from_total(own)]
    return {fault.id: fault for fault in [*faults_of(chart, [other]), *answer_faults_of(chart), *proposed]}


def fault_of(example: Example) -> Fault:
    first, _, second = example.id.partition(" + ")
    if example.earlier:
        rows = 1 + len(example.earlier)
        return next(fault for fault in faults_of_series(demo(), series_of(rows, ["one"] * rows, ["2026-01-01 08:00"] * rows)) if fault.id == first)
    found = faults()[first] if not second else both(faults()[first], faults()[second], demo())
    assert found is not None and found.id == example.id
    return found


def sets_of(example: Example) -> list[dict[str, str]]:
    """The earlier sets, and at last the one that shows the fault."""
    well = {name: str(value) for name, value in WELL.items()}
    return [{name: text for name, text in (well | changed).items() if text is not None} for changed in (*example.earlier, example.given)]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.id)
def test_an_example_does_what_it_says(example: Example) -> None:
    fault, sets = fault_of(example), sets_of(example)
    scorer = MutantScorer(demo(), sheet_of_sets(sets, demo().observations))
    last = len(sets) - 1
    if example.points:
        assert points_words(scorer, fault, faulty=False) == example.before
        assert points_words(scorer, fault, faulty=True) == example.after
        return
    assert answer_words(demo(), scorer.base, last) == example.before
    assert answer_words(demo(), all_answers(scorer, fault), last) == example.after
    assert example.before != example.after
    by_reference = score(demo(), sets[-1], raise_refused=False)
    assert ("no score" if by_reference.status == "refused" else f"level {by_reference.level}") in example.before.lower().replace("at least ", "")


def points_words(scorer: MutantScorer, fault: Fault, faulty: bool) -> str:
    found = answers_of(scorer, fault).points if faulty else {}
    return "points " + " and ".join(str(found.get(name, scorer.base.points[name])[0]) for name in fault.parameters)


def test_every_kind_of_fault_has_an_example() -> None:
    assert {fault_of(example).kind for example in EXAMPLES} == set(KINDS)


def test_kinds_that_no_single_set_shows_are_named_as_they_are() -> None:
    shown_by_series = {fault_of(example).kind for example in EXAMPLES if example.earlier or example.points}
    assert shown_by_series <= set(NOT_IN_SINGLE_SETS)
    assert {kind for kind in NOT_IN_SINGLE_SETS if not kind.startswith("within_")} <= set(KINDS)


def kinds_of_fault() -> str:
    """The list of docs/diagnosis.md."""
    first = {fault_of(example).kind: example for example in reversed(EXAMPLES)}
    lines = ["| kind | what the platform does wrong | an example, on the made-up chart of the tests |", "| --- | --- | --- |"]
    for kind, says in KINDS.items():
        example = first[kind]
        changed = [f"{name} {text}" if text is not None else f"no {name}" for name, text in example.given.items()]
        earlier = [f"{name} {text} the set before, now " for one in example.earlier for name, text in one.items()]
        answers = f"{''.join(earlier)}{', '.join(changed)}: {example.after} instead of {example.before}"
        lines.append(f"| `{kind}` | {says} | {fault_of(example).words} ({answers}) |")
    return "\n".join(lines) + "\n"


def test_the_page_lists_every_kind() -> None:
    listed = PAGE.read_text(encoding="utf-8").partition(START)[2].partition(END)[0]
    assert listed == kinds_of_fault(), "stale: run `python -m tests.validation.test_fault_examples`"


if __name__ == "__main__":
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    PAGE.write_text(before + START + kinds_of_fault() + END + rest.partition(END)[2], encoding="utf-8")
