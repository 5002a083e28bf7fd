"""What another platform claims for each row, and whether an answer agrees with it."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from copy import copy
from typing import Any

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.model import Chart
from mews_newtt.scoring.columns import EXPECTED_POINTS_PREFIX, ColumnMap
from mews_newtt.validation.expected import STATUSES, UNREADABLE, is_blank, level_names, plain, whole
from mews_newtt.validation.mutants import COMPLETE, PARTIAL, REFUSED, Answers
from mews_newtt.validation.mutants_rows import NO_POINTS
from mews_newtt.validation.mutants_sheet import Flags, distinct_values

NONE = -(1 << 30)
Numbers = npt.NDArray[np.int32]
Shown = Mapping[str, npt.NDArray[np.int16]]


class Claims:
    """Expected totals, levels and points as numbers; NONE where a cell is blank and claims nothing.

    A filled total agrees only with the total of a complete set, a filled level with the level certainly reached; whatever is filled beside a
    set that cannot be scored disagrees. `silent` are rows whose blank total says that there is none.
    """

    def __init__(self, chart: Chart, table: Any, ours: Sequence[str], column_map: ColumnMap):
        self.rows, self._names = table.num_rows, tuple(ours)
        place = {name: number for number, name in enumerate(ours)}
        self.foreign: dict[str, int] = {}
        self.total = self._read(table, place.get("expected_total"), column_map, whole)
        names = level_names(chart)

        def level(text: str) -> int:
            known = names.get(plain(text))
            return known if known is not None else self.foreign.setdefault(plain(text), 1000 + len(self.foreign))

        self.level = self._read(table, place.get("expected_level"), column_map, level, names)
        statuses = dict(zip(STATUSES, (COMPLETE, PARTIAL, REFUSED), strict=True))
        self.status = self._read(table, place.get("expected_status"), column_map, lambda text: statuses.get(text.casefold(), UNREADABLE))
        self.points: dict[str, Numbers] = {}
        for parameter in chart.parameters:
            name = EXPECTED_POINTS_PREFIX + parameter.id
            if name in place and parameter.role == "scored":
                found = self._read(table, place[name], column_map, whole)
                if (found != NONE).any():
                    self.points[parameter.id] = found
        self.silent: Flags = np.zeros(self.rows, np.bool_)
        self.any: Flags = (self.total != NONE) | (self.level != NONE) | (self.status != NONE)
        for claimed in self.points.values():
            self.any |= claimed != NONE

    def _read(self, table: Any, place: int | None, column_map: ColumnMap, meaning: Any, names: Container[str] = ()) -> Numbers:
        if place is None:
            return np.full(self.rows, NONE, np.int32)
        raws, codes = distinct_values(table.column(place))
        marks = column_map.marks(self._names[place])
        found = [NONE if is_blank(raw, marks, names) else meaning(str(raw).strip()) for raw in raws]
        return np.array(found, np.int32)[codes]

    def without_levels(self, rows: Flags) -> Claims:
        """The same without what is claimed for the levels of these rows."""
        found = copy(self)
        found.level = np.where(rows, NONE, self.level).astype(np.int32)
        found.any = (self.total != NONE) | (found.level != NONE) | (self.status != NONE)
        for claimed in self.points.values():
            found.any |= claimed != NONE
        return found

    def with_silence(self, base: Answers) -> Claims:
        """The same, with what a blank total beside a level says where no complete set lacks its total: that the set has none."""
        found = copy(self)
        silent = (self.total == NONE) & (self.level != NONE)
        complete = base.status == COMPLETE
        told = (complete & (self.total != NONE)).any() and not (complete & silent).any()
        found.silent = silent if told else np.zeros(self.rows, np.bool_)
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
        """What is answered in the cells that claim something, by row; the same for answers that the claims cannot tell apart."""
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
