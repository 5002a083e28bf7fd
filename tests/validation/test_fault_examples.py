"""Every kind of fault has examples, which do what they say; docs/diagnosis.md lists every kind with its first example.

    python -m tests.validation.test_fault_examples     # write the list again
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from mews_newtt import Chart, load_chart, score
from mews_newtt.validation.faults import EXAMPLES, KINDS, Example, Fault, all_answers, both, faults_of, partial_sets_refused
from mews_newtt.validation.mutants import MutantScorer, answer_words, sheet_of_sets
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
    return {fault.id: fault for fault in [*faults_of(chart, [other]), partial_sets_refused(chart)]}


def fault_of(example: Example) -> Fault:
    first, _, second = example.id.partition(" + ")
    found = faults()[first] if not second else both(faults()[first], faults()[second], demo())
    assert found is not None and found.id == example.id
    return found


def given_of(example: Example) -> dict[str, str]:
    given = {name: str(value) for name, value in WELL.items()} | example.given
    return {name: text for name, text in given.items() if text is not None}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.id)
def test_an_example_does_what_it_says(example: Example) -> None:
    fault, given = fault_of(example), given_of(example)
    scorer = MutantScorer(demo(), sheet_of_sets([given], demo().observations))
    assert answer_words(demo(), scorer.base, 0) == example.before
    assert answer_words(demo(), all_answers(scorer, fault), 0) == example.after
    assert example.before != example.after
    by_reference = score(demo(), given, raise_refused=False)
    assert ("no score" if by_reference.status == "refused" else f"level {by_reference.level}") in example.before.lower().replace("at least ", "")


def test_every_kind_of_fault_has_an_example() -> None:
    assert {fault_of(example).kind for example in EXAMPLES} == set(KINDS)


def kinds_of_fault() -> str:
    """The list of docs/diagnosis.md."""
    first = {fault_of(example).kind: example for example in reversed(EXAMPLES)}
    lines = ["| kind | what the platform does wrong | an example, on the made-up chart of the tests |", "| --- | --- | --- |"]
    for kind, says in KINDS.items():
        example = first[kind]
        changed = [f"{name} {text}" if text is not None else f"no {name}" for name, text in example.given.items()]
        answers = f"{', '.join(changed)}: {example.after} instead of {example.before}"
        lines.append(f"| `{kind}` | {says} | {fault_of(example).words} ({answers}) |")
    return "\n".join(lines) + "\n"


def test_the_page_lists_every_kind() -> None:
    listed = PAGE.read_text(encoding="utf-8").partition(START)[2].partition(END)[0]
    assert listed == kinds_of_fault(), "stale: run `python -m tests.validation.test_fault_examples`"


if __name__ == "__main__":
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    PAGE.write_text(before + START + kinds_of_fault() + END + rest.partition(END)[2], encoding="utf-8")
