"""Faults of memory: a platform that lets earlier sets of a person change the answer for a set. Single sets cannot show them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from mews_newtt.chart.model import Chart, Parameter
from mews_newtt.scoring.reference import score
from mews_newtt.validation.cases import Given, as_text

Shown = tuple[str, int | None, str | None]  # "refused" or "", the total, and the level
MEANS = (2, 3)  # sets that a platform may average over


class MemoryFault(NamedTuple):
    """What a platform does, in words, and what it shows for the sets of one person in their order."""

    kind: str
    words: str
    answers: Callable[[Sequence[Given]], list[Shown]]


def right_answers(chart: Chart, sets: Sequence[Given]) -> list[Shown]:
    """What the chart answers: each set for itself."""
    results = [score(chart, dict(given), raise_refused=False) for given in sets]
    return [("refused" if found.status == "refused" else "", found.total, found.level) for found in results]


def memory_faults(chart: Chart) -> list[MemoryFault]:
    """The faults of memory of a chart: of every row at once, and of single rows."""
    rows = [p for p in chart.parameters if p.role != "recorded"]
    numbers = [p for p in rows if p.observation.numeric and p.id not in chart.context_ids]
    found = [
        MemoryFault("carried_forward", "a missing reading is taken from the set before", _changed(chart, lambda sets: _carried(sets, chart, rows))),
        *(_one_carried(chart, row) for row in rows),
        _from_right(chart, "stale", "a set without a total shows the total and the level of the set before", _stale),
        _from_right(chart, "lag", "each set shows the answer of the set before", _lag),
        _from_right(chart, "first_kept", "every set shows the answer of the person's first set", _first),
        _from_right(chart, "level_kept", "the level never goes down", lambda right: _highest(chart, right)),
    ]
    for many in MEANS:
        found.append(_mean(chart, f"readings are the mean of the last {many}", numbers, many))
        found += [_mean(chart, f"{row.title}: the mean of the last {many} readings", [row], many) for row in numbers]
    return found


def _changed(chart: Chart, change: Callable[[Sequence[Given]], list[Given]]) -> Callable[[Sequence[Given]], list[Shown]]:
    """The answers of a platform that scores rightly, but other readings."""
    return lambda sets: right_answers(chart, change(sets))


def _one_carried(chart: Chart, row: Parameter) -> MemoryFault:
    words = f"{row.title}: a missing reading is taken from the set before"
    return MemoryFault("carried_forward", words, _changed(chart, lambda sets: _carried(sets, chart, [row])))


def _mean(chart: Chart, words: str, rows: Sequence[Parameter], many: int) -> MemoryFault:
    return MemoryFault("mean", words, _changed(chart, lambda sets: _means(sets, rows, many)))


def _from_right(chart: Chart, kind: str, words: str, change: Callable[[Sequence[Shown]], list[Shown]]) -> MemoryFault:
    """A platform that scores rightly and shows answers of other sets."""
    return MemoryFault(kind, words, lambda sets: change(right_answers(chart, sets)))


def _carried(sets: Sequence[Given], chart: Chart, rows: Sequence[Parameter]) -> list[Given]:
    last: Given = {}
    found = []
    for given in sets:
        full = dict(given)
        for row in rows:
            group = chart.group_of.get(row.id)
            answered = group is not None and group.kind == "one_of" and any(name in full for name in group.parameters)
            if row.id not in full and row.id in last and not answered and f"skip_{row.id}" not in full:
                full[row.id] = last[row.id]
        last |= {name: text for name, text in given.items() if name in chart.by_id}
        found.append(full)
    return found


def _means(sets: Sequence[Given], rows: Sequence[Parameter], many: int) -> list[Given]:
    past: dict[str, list[Decimal]] = {}
    found = []
    for given in sets:
        averaged = dict(given)
        for row in rows:
            if row.id in given:
                past.setdefault(row.id, []).append(Decimal(given[row.id]))
                last = past[row.id][-many:]
                averaged[row.id] = as_text(sum(last, Decimal(0)) / len(last))
        found.append(averaged)
    return found


def _stale(right: Sequence[Shown]) -> list[Shown]:
    found: list[Shown] = []
    for answer in right:
        found.append(found[-1] if answer[1] is None and found else answer)
    return found


def _lag(right: Sequence[Shown]) -> list[Shown]:
    return [*right[:1], *right[:-1]]


def _first(right: Sequence[Shown]) -> list[Shown]:
    return [right[0]] * len(right)


def _highest(chart: Chart, right: Sequence[Shown]) -> list[Shown]:
    found: list[Shown] = []
    highest: str | None = None
    for refused, total, level in right:
        highest = max((each for each in (highest, level) if each is not None), key=chart.level_rank.__getitem__, default=None)
        found.append((refused, total, highest))
    return found


def shown_by(chart: Chart, faults: Sequence[MemoryFault], sets: Sequence[Given]) -> Iterator[MemoryFault]:
    """The faults that answer some set of a series wrongly."""
    right = right_answers(chart, sets)
    return (fault for fault in faults if fault.answers(sets) != right)
