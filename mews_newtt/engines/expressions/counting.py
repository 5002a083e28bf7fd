"""What a row, or a group of rows that counts once, adds to the set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mews_newtt.compiled import Counter
from mews_newtt.engines.expressions.parts import Part, added, all_of, any_of, at_least, difference, if_else, least_of, most_of, negated
from mews_newtt.engines.expressions.rows import View
from mews_newtt.engines.expressions.stages import Stages

FAR = 10_000  # more than any points, zones or levels


@dataclass(frozen=True)
class Counted:
    """What is added, which rows stay missing, and whether the set is refused."""

    least: Mapping[Counter, Part]
    spread: Mapping[Counter, Part]  # how much more it could be
    open: Part
    missing: Mapping[str, Part]
    refused: Part = False


def count_row(name: str, row: View) -> Counted:
    return Counted(row.least, row.spread, row.open, {name: row.missing})


def count_either(rows: Mapping[str, View]) -> Counted:
    """The worst of the rows counts."""
    views = list(rows.values())
    least = {counter: most_of(row.least[counter] for row in views) for counter in views[0].least}
    most = {counter: most_of(added([row.least[counter], row.spread[counter]]) for row in views) for counter in least}
    spread = {counter: difference(most[counter], least[counter]) for counter in least}
    return Counted(least, spread, any_of(row.open for row in views), {name: row.missing for name, row in rows.items()})


def count_one_of(rows: Mapping[str, View]) -> Counted:
    """The given row counts; without one, a skip that scores. Two given rows refuse the set."""
    views = list(rows.values())
    answers = [all_of([row.counts, negated(row.open)]) for row in views]
    readings = [all_of([answer, row.given]) for answer, row in zip(answers, views, strict=True)]
    any_reading, answered = any_of(readings), any_of(answers)
    counts = [if_else(any_reading, reading, answer) for reading, answer in zip(readings, answers, strict=True)]

    def of_answers(counter: Counter) -> Part:
        return most_of(if_else(count, row.least[counter], 0) for count, row in zip(counts, views, strict=True))

    def of_open_rows(counter: Counter) -> tuple[Part, Part]:
        least = least_of(if_else(row.counts, row.least[counter], FAR) for row in views)
        return if_else(at_least(least, FAR), 0, least), most_of(added([row.least[counter], row.spread[counter]]) for row in views)

    least: dict[Counter, Part] = {}
    spread: dict[Counter, Part] = {}
    for counter in views[0].least:
        lowest, highest = of_open_rows(counter)
        least[counter] = if_else(answered, of_answers(counter), lowest)
        spread[counter] = if_else(answered, 0, difference(highest, lowest))
    return Counted(
        least,
        spread,
        all_of([negated(answered), any_of(row.open for row in views)]),
        {name: all_of([negated(answered), row.missing]) for name, row in rows.items()},
        at_least(added(if_else(row.given, 1, 0) for row in views), 2),
    )


def kept(stages: Stages, label: str, counted: Counted) -> Counted:
    """What a group adds, as columns."""
    ends = {
        end: {counter: stages.add(f"{end}_of:{label}:{counter.name}", part) for counter, part in getattr(counted, end).items()}
        for end in ("least", "spread")
    }
    missing = {name: stages.add(f"missing_of:{label}:{name}", part) for name, part in counted.missing.items()}
    opened, refused = stages.add(f"open_of:{label}", counted.open), stages.add(f"refused_of:{label}", counted.refused)
    return Counted(ends["least"], ends["spread"], opened, missing, refused)


def add_up(counted: Sequence[Counted], counter: Counter, end: str) -> Part:
    """The sum of one counter over all rows and groups."""
    return added(getattr(one, end)[counter] for one in counted)
