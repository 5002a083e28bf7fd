"""How a made-up platform is declared, and how its answers are made."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from tests.platforms.scorer import Answer, Content, Readings, Scorer, Worths, content_of
from tests.platforms.sets import VERSIONS, Row, sets_of

Sees = Callable[[list[Row]], list[Readings]]  # what the platform reads in place of the readings
Edit = Callable[[Content], None]  # what the platform has in place of the chart: changes a copy
Count = Callable[[Readings, Worths], Worths]  # what rows count for in place of what they count for
Turn = Callable[[list[Row], list[Answer]], list[Answer]]  # what the platform writes in place of its answers


@dataclass(frozen=True)
class Says:
    """One thing that a diagnosis must say: the parameters it must name, and words, each as a regular expression."""

    about: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    def said_in(self, text: str, named: frozenset[str]) -> bool:
        """Whether a text says this. A parameter is named by id among `named`, or by its title in the text."""
        return all(name in named or re.search(name.replace("_", "[ _]"), text, re.IGNORECASE) for name in self.about) and all(
            re.search(word, text, re.IGNORECASE) for word in self.words
        )


@dataclass(frozen=True)
class Platform:
    """One made-up platform.

    `right` holds the answers that a diagnosis may give: any of them, each with all its parts. `near` is what is true but not the whole.
    `silence` says that no verdict is right too. `one_row` says that a single row can show the fault. `names` are parameters that a right
    answer may name although it is not about them.
    """

    name: str
    chart: str
    says: str  # what the vendor did, in one sentence
    sees: Sees | None = None
    edit: Edit | None = None
    count: Count | None = None
    turn: Turn | None = None
    where: Callable[[int, Row], bool] | None = None  # only these rows; place in the file as a share of it times 1000
    right: tuple[tuple[Says, ...], ...] = ()
    near: tuple[Says, ...] = ()
    silence: bool = False
    one_row: bool = True
    faulty: bool = True
    names: tuple[str, ...] = ()
    rows: int = 2000

    def answers(self, count: int | None = None) -> tuple[list[Row], list[Answer]]:
        """The sets, and what the platform says of each."""
        rows = list(sets_of(self.chart, count or self.rows, seed=sum(map(ord, self.name)) % 5))
        content = content_of(self.chart, VERSIONS[self.chart])
        if self.edit is not None:
            content = copy.deepcopy(content)
            self.edit(content)
        scorer = Scorer(content)
        seen = self.sees(rows) if self.sees else [row.readings for row in rows]
        said = [scorer.answer(readings, self.count) for readings in seen]
        if self.turn is not None:
            said = self.turn(rows, said)
        if self.where is not None:
            truth = right_answers(self.chart, tuple(rows))
            said = [
                one if self.where(place * 1000 // len(rows), row) else true.copy()
                for place, (row, one, true) in enumerate(zip(rows, said, truth, strict=True))
            ]
        return rows, said


_RIGHT: dict[tuple[str, int, int], list[Answer]] = {}


def right_answers(chart: str, rows: Sequence[Row]) -> list[Answer]:
    """What the chart says of each set."""
    key = (chart, id(rows[0]), len(rows))
    if key not in _RIGHT:
        scorer = scorer_of(chart)
        _RIGHT[key] = [scorer.answer(row.readings) for row in rows]
    return _RIGHT[key]


@cache
def scorer_of(chart: str) -> Scorer:
    return Scorer(content_of(chart, VERSIONS[chart]))
