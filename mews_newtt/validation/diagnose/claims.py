"""What a platform states for each row (its claims), and whether other answers agree with that."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy

import numpy as np
import numpy.typing as npt

from mews_newtt.validation.comparer import Compared, Comparer
from mews_newtt.validation.expected import AGREED, CODES, EMPTY, STATUS
from mews_newtt.validation.mutants import COMPLETE, NO_POINTS, REFUSED, Answers, Flags, Rows, Stated
from mews_newtt.validation.stated import NONE, UNKNOWN

Numbers = npt.NDArray[np.int32]
Shown = Mapping[str, npt.NDArray[np.int16]]
FOREIGN = 1000  # the first code for a level that the chart does not have


class Claims:
    """Stated totals, levels, points and statuses of some rows; NONE where nothing is stated, or nothing that a fault can explain.

    They are the cells that the comparison read, so that the diagnosis cannot contradict it. A stated total agrees only with the total of a
    complete set, a stated level with the level certainly reached, and nothing agrees with a set that cannot be scored.
    `silent` rows have a blank total that means "no total". A blank level or blank points say nothing about how a platform scores.
    """

    def __init__(self, comparer: Comparer, compared: Compared, rows: npt.NDArray[np.int64]):
        self.rows = len(rows)
        self.foreign: dict[str, int] = {}
        self.points: dict[str, Numbers] = {}
        self.silent: Flags = np.zeros(self.rows, np.bool_)
        found = {"total": np.full(self.rows, NONE, np.int32)}
        found |= {"level": found["total"].copy(), "status": found["total"].copy()}
        stated_status = compared.values[STATUS][rows] if STATUS in compared.values else found["status"]
        answers = (stated_status == NONE) | (stated_status == COMPLETE)
        self.wrong: Flags = np.zeros(self.rows, np.bool_)  # rows that disagree by the comparison
        for column in comparer.expected:
            values, kinds = compared.values[column.name][rows].copy(), compared.kinds[column.name][rows]
            self.wrong |= kinds > AGREED
            values[(kinds == EMPTY) | (kinds == CODES["parts_do_not_add_up"])] = NONE
            if column.holds == "level":
                for index in np.flatnonzero(values == UNKNOWN).tolist():
                    name = comparer.reader.foreign(column, compared.frame.get_column(column.theirs)[int(rows[index])])
                    values[index] = self.foreign.setdefault(name, FOREIGN + len(self.foreign))
            if column.holds == "points":
                if (values != NONE).any():
                    self.points[column.parameter] = values
                continue
            found[column.holds] = values
            if column.holds == "total" and comparer.reader.blanks_disagree and comparer.chart.has_points:
                self.silent = answers & (values == NONE)
        self.total, self.level, self.status = found["total"], found["level"], found["status"]
        self.any: Flags = self._any()

    def _any(self) -> Flags:
        found: Flags = (self.total != NONE) | (self.level != NONE) | (self.status != NONE) | self.silent
        for claimed in self.points.values():
            found |= claimed != NONE
        return found

    def columns(self) -> list[str]:
        """The columns that state something: `points:<parameter>`, then `total` and `level`."""
        found = [f"points:{name}" for name, claimed in self.points.items() if (claimed != NONE).any()]
        found += ["total"] if (self.total != NONE).any() or self.silent.any() else []
        return [*found, "level"] if (self.level != NONE).any() else found

    def only(self, column: str) -> Claims:
        """The claims of one column alone."""
        found, nothing = copy(self), np.full(self.rows, NONE, np.int32)
        kind, _, name = column.partition(":")
        found.points = {name: self.points[name]} if kind == "points" else {}
        found.total, found.level = self.total if kind == "total" else nothing, self.level if kind == "level" else nothing
        found.silent, found.status = self.silent & (kind == "total"), nothing
        found.any = found._any()
        return found

    def among(self, rows: Flags) -> Claims:
        """The same, where the other rows state nothing."""
        found = copy(self)
        found.total, found.level, found.status = (np.where(rows, each, NONE).astype(np.int32) for each in (self.total, self.level, self.status))
        found.points = {name: np.where(rows, each, NONE).astype(np.int32) for name, each in self.points.items()}
        found.silent = self.silent & rows
        found.any = found._any()
        return found

    def take(self, rows: Rows) -> Claims:
        """The claims of some rows, by their numbers."""
        found = copy(self)
        found.rows = len(rows)
        found.total, found.level, found.status = self.total[rows], self.level[rows], self.status[rows]
        found.points = {name: each[rows] for name, each in self.points.items()}
        found.silent, found.wrong, found.any = self.silent[rows], self.wrong[rows], self.any[rows]
        return found

    @property
    def stated(self) -> Stated:
        """Totals, levels and points, for faults whose answers follow from them."""
        return Stated(self.total, self.level, self.points)

    def without_levels(self, rows: Flags) -> Claims:
        """The same without the levels of these rows."""
        found = copy(self)
        found.level = np.where(rows, NONE, self.level).astype(np.int32)
        found.any = found._any()
        return found

    def of_scores(self) -> Claims:
        """Only totals, levels and points: without statuses, and without the meaning of blanks."""
        found = copy(self)
        found.status = np.full(self.rows, NONE, np.int32)
        found.silent = np.zeros(self.rows, np.bool_)
        found.any = found._any()
        return found

    def with_silence(self, base: Answers) -> Claims:
        """The same, where a blank total next to a level means "no total": if every complete set with a level has its total."""
        found = copy(self)
        silent = (self.total == NONE) & (self.level != NONE)
        complete = base.status == COMPLETE
        told = (complete & (self.total != NONE)).any() and not (complete & silent).any()
        found.silent = self.silent | silent if told else self.silent
        return found

    def agree(self, answers: Answers, shown: Shown) -> Flags:
        """Which of the answered rows agree; `shown` are the points of every parameter in those rows."""
        rows = answers.rows
        total, level = self.total[rows], self.level[rows]
        wrong = (total != NONE) & ((answers.status != COMPLETE) | (answers.total != total))
        wrong |= self.silent[rows] & (answers.status == COMPLETE)
        wrong |= (level != NONE) & ((answers.status == REFUSED) | (answers.level != level))
        wrong |= (self.status[rows] != NONE) & (answers.status != self.status[rows])
        for name, claimed in self.points.items():
            here = claimed[rows]
            wrong |= (here != NONE) & ((answers.status == REFUSED) | (shown[name] != here))
        return np.asarray(~wrong)

    def predictions(self, answers: Answers, shown: Shown) -> npt.NDArray[np.int32]:
        """The answers in the cells that state something, by row: equal for answers that the claims cannot tell apart."""
        rows = answers.rows
        scored = answers.status != REFUSED
        columns = [
            np.where((self.total[rows] != NONE) & (answers.status == COMPLETE), answers.total, NO_POINTS),
            np.where((self.level[rows] != NONE) & scored, answers.level, NO_POINTS),
            np.where(self.status[rows] != NONE, answers.status, NO_POINTS),
            np.where(self.silent[rows], answers.status == COMPLETE, NO_POINTS),
        ]
        columns += [np.where((claimed[rows] != NONE) & scored, shown[name], NO_POINTS) for name, claimed in self.points.items()]
        return np.stack(columns).astype(np.int32)
