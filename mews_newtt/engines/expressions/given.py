"""What a column gives for a parameter, as expressions: the number of each row, and the class of each row that has no number.

Also the one way in which numbers and classes become values: `Given.pick`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import narwhals as nw

from mews_newtt.compiled import ReadingClasses
from mews_newtt.engines.expressions.parts import Part, choose

ODD = -1  # in place of a class: the cell holds something that expressions cannot read


class Numbers(NamedTuple):
    """A numeric column. `cuts` are the cuts between the classes: where each class begins, and whether only beyond that number."""

    number: nw.Expr  # float64; null where there is no number
    cuts: tuple[tuple[float, bool], ...]  # floats of the column's own width
    single: bool  # float32: `number` is not the float64 of the same shortest decimal
    noisy: Part  # whether the number is a recordable value with float noise
    finer: Part  # whether it lies between recordable values
    read: nw.Expr  # the number as it is read: without float noise


@dataclass(frozen=True)
class Given:
    """One parameter in a frame.

    without : the class of a row that has no number, null where it has one; a plain number where all rows without a number are of one class
    possible : the classes that `without` can have, ODD among them
    numbers : None for categories, and where the parameter has no column
    """

    classes: ReadingClasses
    without: Part
    possible: tuple[int, ...]
    numbers: Numbers | None = None

    def pick(self, values: Sequence[int | bool]) -> Part:
        """The value of each row by its class; `values` has one for every class. Between classes with the same value nothing is compared."""
        unread = self._without_number(values)
        if self.numbers is None:
            return unread
        number, readings = self.numbers.number, values[: self.classes.readings]
        above = [
            (number > cut if beyond else number >= cut, value)
            for (cut, beyond), (value, before) in zip(self.numbers.cuts, ((after, before) for before, after in pairwise(readings)), strict=True)
            if value != before
        ]
        if not above and not isinstance(unread, nw.Expr) and unread == readings[0]:
            return unread
        return choose([(number.is_null(), unread), *reversed(above)], readings[0])

    def _without_number(self, values: Sequence[int | bool]) -> Part:
        if not isinstance(self.without, nw.Expr):
            return values[self.without]
        groups: dict[int | bool, list[int]] = {}
        for one in self.possible:
            groups.setdefault(values[self.classes.fault if one == ODD else one], []).append(one)
        *rare, (most, _) = sorted(groups.items(), key=lambda group: len(group[1]))
        cases = []
        for value, ones in rare:
            condition = self.without == ones[0]
            for one in ones[1:]:
                condition = condition | (self.without == one)
            cases.append((condition, value))
        return choose(cases, most)

    @property
    def odd(self) -> Part:
        """Whether the cell holds something that expressions cannot read."""
        return _is(self.without, ODD) if ODD in self.possible else False


def _is(part: Part, number: int) -> Part:
    return (part == number).fill_null(False) if isinstance(part, nw.Expr) else part == number
