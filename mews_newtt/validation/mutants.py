"""Many nearly equal charts scored over one sheet: what a fault leaves unchanged is worked out once, and only the rows it touches again.

Held to the reference scorer by property tests: every mutated chart is also scored set by set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.contexts import contexts_of
from mews_newtt.chart.model import Chart, Group
from mews_newtt.validation.mutants_fields import Fields, Rows
from mews_newtt.validation.mutants_rows import NO_POINTS, POINTS, SETTLED, SHOWN, group_worths, parameter_worths, refused_cells, row_numbers
from mews_newtt.validation.mutants_sheet import READ, Codes, Column, Flags, Sheet
from mews_newtt.validation.mutants_views import expand, needs_views, view_signature
from mews_newtt.validation.stated import plain

COMPLETE, PARTIAL, REFUSED = range(3)


@dataclass
class Answers:
    """What a chart answers for some rows: status, least total, level, and points shown by parameter (NO_POINTS for none)."""

    rows: Rows
    status: npt.NDArray[np.uint8]
    total: npt.NDArray[np.int32]
    level: npt.NDArray[np.int16]
    points: dict[str, npt.NDArray[np.int16]] = field(default_factory=dict)  # only of parameters that may differ


class Unit:
    """A parameter or a group, over the distinct combinations of the columns it looks at."""

    def __init__(self, names: tuple[str, ...], columns: Mapping[str, Column], rows: int):
        self.names = names
        self.held = tuple(columns[name].codes for name in names)  # units are found again by these very arrays
        joint = np.zeros(rows, np.int64)
        for name in names:
            joint = joint * len(columns[name].cells) + columns[name].codes
            if len(names) > 2:  # keep the product small
                joint = np.unique(joint, return_inverse=True)[1]
        distinct, firsts, inverse = np.unique(joint, return_index=True, return_inverse=True)
        self.codes: dict[str, Codes] = {name: columns[name].codes[firsts] for name in names}
        self.inverse = inverse.astype(np.int32)
        self.cases = len(distinct)
        self._order: Rows | None = None
        self._starts: Rows | None = None

    def rows_of(self, cases: Flags) -> Rows:
        """The rows that have one of these combinations."""
        if self._order is None or self._starts is None:
            self._order = np.argsort(self.inverse, kind="stable").astype(np.int64)
            self._starts = np.searchsorted(self.inverse[self._order], np.arange(self.cases + 1)).astype(np.int64)
        at = np.flatnonzero(cases)
        if not len(at):
            return np.zeros(0, np.int64)
        return np.concatenate([self._order[self._starts[c] : self._starts[c + 1]] for c in at.tolist()])


@dataclass
class Counted:
    """One unit scored on one chart."""

    unit: Unit
    key: object
    packed: Rows
    refused: Flags
    shown: dict[str, npt.NDArray[np.int16]]
    tables: dict[str, Rows]  # of scored rows with contexts that count: their tables, or what they count for where the contexts are optional


class Scorer:
    """A chart over a sheet, and how other charts and other readings differ from it."""

    def __init__(self, chart: Chart, sheet: Sheet):
        self.chart = chart
        self.sheet = sheet
        most = max((abs(band.points or 0) for p in chart.parameters for table in p.tables for band in table.bands), default=0)
        most = max([most, *(skip.points or 0 for p in chart.parameters for skip in p.skips)])
        self.fields = Fields(chart, most + 8)
        self.signature = view_signature(chart)
        self.columns, self.row_of, self.views_of = expand(chart, sheet)
        self.several = len(self.row_of) > sheet.rows
        self.foreign: dict[str, int] = {}  # codes of levels that only other charts have
        self._units: dict[tuple[object, ...], Unit] = {}
        self._others: dict[object, Scorer] = {}  # the last one; it holds the chart and the sheet its key is made of
        self.parts = self._parts(chart, self.columns, {})
        self.packed = np.zeros((self.fields.words, len(self.row_of)), np.int64)
        self.refusals = np.zeros(len(self.row_of), np.int16)
        for part in self.parts.values():
            self.packed += part.packed[:, part.unit.inverse]
            self.refusals += part.refused[part.unit.inverse]
        self.out = self._out_of_scope(chart, self.columns)
        self.base = self._answers(chart, np.arange(sheet.rows, dtype=np.int64), self.packed, self.refusals, self.out, self.parts, None)

    def differs(self, chart: Chart, sheet: Sheet | None = None) -> Answers:
        """What another chart (or the same, with readings changed) answers in the rows where it may differ; elsewhere it answers as this one."""
        changed = self.sheet if sheet is None else sheet
        if not self._comparable(chart, changed):
            key = (id(chart), id(changed))
            other = self._others.get(key) or Scorer(chart, changed)
            self._others = {key: other}
            return other._relative_to(self)
        columns = self.columns if sheet is None else self._changed_columns(sheet)
        parts = self._parts(chart, columns, self.parts)
        touched = [self._touched(old, parts[names]) for names, old in self.parts.items() if parts[names] is not old]
        out = self.out
        if chart.scope != self.chart.scope or sheet is not None:
            out = self._out_of_scope(chart, columns)
            touched.append(np.flatnonzero(out != self.out))
        if chart.levels != self.chart.levels:
            touched.append(np.arange(len(self.row_of), dtype=np.int64))
        touching = np.zeros(len(self.row_of), np.bool_)
        for some in touched:
            touching[some] = True
        views = np.flatnonzero(touching)
        rows = views
        if self.several:
            rows = np.flatnonzero(np.logical_or.reduceat(touching, self.views_of[:-1]))
            many = self.views_of[rows + 1] - self.views_of[rows]
            views = np.repeat(self.views_of[rows] - np.concatenate([[0], np.cumsum(many)[:-1]]) if len(rows) else rows, many) + np.arange(many.sum())
        packed, refusals = self.packed[:, views], self.refusals[views]
        for names, old in self.parts.items():
            new = parts[names]
            if new is old:
                continue
            packed += new.packed[:, new.unit.inverse[views]] - old.packed[:, old.unit.inverse[views]]
            refusals = refusals + new.refused[new.unit.inverse[views]] - old.refused[old.unit.inverse[views]].astype(np.int16)
        return self._answers(chart, rows, packed, refusals, out[views], parts, views)

    def _comparable(self, chart: Chart, sheet: Sheet) -> bool:
        """Whether differences from this chart can be summed up: the same rows, groups and counters."""
        same = [p.id for p in chart.parameters] == [p.id for p in self.chart.parameters] and chart.groups == self.chart.groups
        if not same or Fields(chart, 0).shape != self.fields.shape:
            thresholds = {t for level in chart.levels for c in level.counts if (t := c.points) is not None}
            fits = same and len(chart.zones) == len(self.chart.zones) and len(chart.levels) == len(self.chart.levels)
            if not fits or any((POINTS, at) not in self.fields.places for at in thresholds if at > 0):
                return False
        if chart.has_points != self.chart.has_points:
            return False
        if self.several and any((sheet.column(name).kinds != self.sheet.column(name).kinds).any() for name in chart.context_ids):
            return False  # other rows lack a context
        return view_signature(chart) == self.signature or not (self.several or needs_views(chart, sheet))

    def _changed_columns(self, sheet: Sheet) -> dict[str, Column]:
        """Changed readings, spread over the same views."""
        found = dict(self.columns)
        for name in found:
            new, old = sheet.column(name), self.sheet.column(name)
            if new is old:
                continue
            extra = self.columns[name].cells[len(old.cells) :]
            codes = self.columns[name].codes if new.codes is old.codes else new.codes[self.row_of] if self.several else new.codes
            found[name] = Column([*new.cells, *extra] if new.codes is old.codes else list(new.cells), codes)
        return found

    def _parts(self, chart: Chart, columns: Mapping[str, Column], known: Mapping[tuple[str, ...], Counted]) -> dict[tuple[str, ...], Counted]:
        grouped = {name for group in chart.groups for name in group.parameters}
        found: dict[tuple[str, ...], Counted] = {}
        rows: list[Group | str] = [*chart.groups, *(p.id for p in chart.parameters if p.id not in grouped)]
        for group in rows:
            members = group.parameters if isinstance(group, Group) else (group,)
            names = tuple(dict.fromkeys([*members, *(c for name in members for c in contexts_of(chart.by_id[name]))]))
            key = (
                *(chart.by_id[name] for name in members),
                *(chart.by_id[c].assumed if c in chart.by_id else None for c in names),
                *(id(columns[name]) for name in names),
                chart.zones is self.chart.zones,
            )
            old = known.get(members)
            found[members] = old if old is not None and old.key == key else self._count(chart, group, members, names, key, columns)
        return found

    def _count(
        self, chart: Chart, group: Group | str, members: tuple[str, ...], names: tuple[str, ...], key: object, columns: Mapping[str, Column]
    ) -> Counted:
        cached = tuple((name, id(columns[name].codes)) for name in names)
        unit = self._units.get(cached)
        if unit is None:
            unit = self._units[cached] = Unit(names, columns, len(self.row_of))
        worths, tables, refused = [], {}, np.zeros(unit.cases, np.bool_)
        given = []
        for name in members:
            parameter = chart.by_id[name]
            worth, chosen = parameter_worths(chart, parameter, columns, unit.codes)
            worths.append(worth)
            here = columns[name].kinds[unit.codes[name]] == READ
            given.append(here)
            refused |= refused_cells(parameter, columns[name])[unit.codes[name]]
            contexts = [chart.by_id[context] for context in contexts_of(parameter)]
            if parameter.role == "scored" and contexts:
                asked = chosen if any(context.required for context in contexts) else row_numbers(worth)
                tables[name] = np.where(here | parameter.required, asked, -2)
        total = worths[0]
        if isinstance(group, Group):
            total = group_worths(group, worths, given)
            if group.kind == "one_of":
                refused |= np.stack(given).sum(axis=0) > 1
        shown = {name: worth[SHOWN] for name, worth in zip(members, worths, strict=True)}
        return Counted(unit, key, self.fields.pack(total), refused, shown, tables)

    def _touched(self, old: Counted, new: Counted) -> Rows:
        """Views in which a unit counts, refuses or shows something else."""
        if old.unit is new.unit:
            cases = (old.packed != new.packed).any(axis=0) | (old.refused != new.refused)
            for name, shown in new.shown.items():
                cases |= shown != old.shown[name]
            for name, tables in new.tables.items():
                cases |= tables != old.tables.get(name, tables)
            return new.unit.rows_of(cases)
        a, b = old.unit.inverse, new.unit.inverse
        views = (old.packed[:, a] != new.packed[:, b]).any(axis=0) | (old.refused[a] != new.refused[b])
        for name, shown in new.shown.items():
            views |= shown[b] != old.shown[name][a]
        for name in new.tables.keys() | old.tables.keys():
            one, other = old.tables.get(name), new.tables.get(name)
            views |= one[a] != other[b] if one is not None and other is not None else self.several
        return np.flatnonzero(views)

    def _out_of_scope(self, chart: Chart, columns: Mapping[str, Column]) -> Flags:
        out = np.zeros(len(self.row_of), np.bool_)
        for rule in chart.scope:
            if rule.refuse:
                holds = np.ones(len(self.row_of), np.bool_)
                for name, wanted in rule.when:
                    holds &= columns[name].given(wanted)[columns[name].codes]
                out |= holds
        return out

    def _answers(
        self,
        chart: Chart,
        rows: Rows,
        packed: Rows,
        refusals: npt.NDArray[np.int16],
        out: Flags,
        parts: Mapping[tuple[str, ...], Counted],
        views: Rows | None,
    ) -> Answers:
        """Rows from their views."""
        total = self.fields.of(packed, POINTS)
        level = self.fields.levels(chart, packed)
        open_rows = self.fields.of(packed, SETTLED) > 0
        refused = (refusals > 0) | out
        pointed = {name: (part, shown) for part in parts.values() for name, shown in part.shown.items()}
        changed = [name for name in pointed if views is None or not any(name in old and self.parts[old] is parts[old] for old in self.parts)]
        at = slice(None) if views is None else views
        points = {name: pointed[name][1][pointed[name][0].unit.inverse[at]] for name in changed}
        if self.several:
            every = np.arange(len(self.row_of)) if views is None else views
            starts = np.flatnonzero(np.diff(self.row_of[every], prepend=-1))
            if len(starts):
                hangs = np.zeros(len(starts), np.bool_)
                for part in parts.values():
                    for tables in part.tables.values():
                        spread = tables[part.unit.inverse[every]]
                        hangs |= np.minimum.reduceat(spread, starts) != np.maximum.reduceat(spread, starts)
                open_rows = np.logical_or.reduceat(open_rows, starts) | hangs
                refused = np.logical_or.reduceat(refused, starts)
                total, level = np.minimum.reduceat(total, starts), np.minimum.reduceat(level, starts)
                for name, given in points.items():
                    low, high = np.minimum.reduceat(given, starts), np.maximum.reduceat(given, starts)
                    points[name] = np.where(low == high, low, NO_POINTS).astype(np.int16)
        status = np.where(refused, REFUSED, np.where(open_rows, PARTIAL, COMPLETE)).astype(np.uint8)
        if not chart.has_points:
            total = np.full(len(status), NO_POINTS)
        return Answers(rows, status, total.astype(np.int32), level, points)

    def _relative_to(self, base: Scorer) -> Answers:
        """All rows; levels by the names of the other chart's, -1 for one it does not have."""
        rank = base.chart.level_rank
        foreign = [base.foreign.get(plain(level.id), base.foreign.get(plain(level.title), -1)) for level in self.chart.levels]
        names = np.array([rank.get(level.id, code) for level, code in zip(self.chart.levels, foreign, strict=True)], np.int16)
        points = {}
        for p in base.chart.parameters:
            points[p.id] = self.base.points.get(p.id, np.full(self.sheet.rows, NO_POINTS, np.int16))
        return Answers(self.base.rows, self.base.status, self.base.total, names[self.base.level], points)


def _content(chart: Chart, name: str) -> object:
    return chart.by_id[name]
