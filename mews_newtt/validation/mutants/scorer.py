"""Scores many slightly changed charts (mutants) over one table: a mutant costs only the rows that it changes.

Property tests hold it to the reference: they score every mutant set by set as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.contexts import contexts_of
from mews_newtt.chart.model import Chart, Group
from mews_newtt.engines.base import COMPLETE, PARTIAL, REFUSED
from mews_newtt.validation.mutants.answers import Answers
from mews_newtt.validation.mutants.contributions import (
    NO_POINTS,
    POINTS,
    SETTLED,
    SHOWN,
    PackedSums,
    Rows,
    group_contributions,
    parameter_contributions,
    refused_cells,
    row_numbers,
)
from mews_newtt.validation.mutants.possible_contexts import expand, needs_views, view_signature
from mews_newtt.validation.mutants.sheet import READ, CellColumn, Codes, Flags, Sheet
from mews_newtt.validation.stated import plain


class Part:
    """One parameter or group: the distinct combinations of the columns that it depends on, and for each view the index of its combination.

    A view is a row, or a row with one of the possible contexts where a context is missing.
    """

    def __init__(self, names: tuple[str, ...], columns: Mapping[str, CellColumn], rows: int):
        self.names = names
        self.held = tuple(columns[name].codes for name in names)  # kept, since parts are cached by the ids of these arrays
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
class ScoredPart:
    """What one part contributes on one chart, by combination."""

    part: Part
    key: object
    packed: Rows
    refused: Flags
    shown: dict[str, npt.NDArray[np.int16]]
    tables: dict[str, Rows]  # of scored parameters with contexts: the table, or a number for the contribution where the contexts are optional


class MutantScorer:
    """The answers of a chart over a sheet (`base`), and how those of mutants differ."""

    def __init__(self, chart: Chart, sheet: Sheet):
        self.chart = chart
        self.sheet = sheet
        most = max((abs(band.points or 0) for p in chart.parameters for table in p.tables for band in table.bands), default=0)
        most = max([most, *(skip.points or 0 for p in chart.parameters for skip in p.skips)])
        self.sums = PackedSums(chart, most + 8)
        self.signature = view_signature(chart)
        self.columns, self.row_of, self.views_of = expand(chart, sheet)
        self.several = len(self.row_of) > sheet.rows
        self.foreign: dict[str, int] = {}  # codes of levels that only other charts have
        self._part_cache: dict[tuple[object, ...], Part] = {}
        self._others: dict[object, MutantScorer] = {}  # only the last one; it holds the chart and the sheet that its key is made of
        self.parts = self._parts(chart, self.columns, {})
        self.packed = np.zeros((self.sums.words, len(self.row_of)), np.int64)
        self.refusals = np.zeros(len(self.row_of), np.int16)
        for part in self.parts.values():
            self.packed += part.packed[:, part.part.inverse]
            self.refusals += part.refused[part.part.inverse]
        self.out = self._out_of_scope(chart, self.columns)
        self.base = self._answers(chart, np.arange(sheet.rows, dtype=np.int64), self.packed, self.refusals, self.out, self.parts, None)

    def differs(self, chart: Chart, sheet: Sheet | None = None) -> Answers:
        """What a mutant answers in the rows where it may differ. A mutant is another chart, other readings, or both."""
        changed = self.sheet if sheet is None else sheet
        if not self._comparable(chart, changed):
            key = (id(chart), id(changed))
            other = self._others.get(key) or MutantScorer(chart, changed)
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
            packed += new.packed[:, new.part.inverse[views]] - old.packed[:, old.part.inverse[views]]
            refusals = refusals + new.refused[new.part.inverse[views]] - old.refused[old.part.inverse[views]].astype(np.int16)
        return self._answers(chart, rows, packed, refusals, out[views], parts, views)

    def _comparable(self, chart: Chart, sheet: Sheet) -> bool:
        """Whether a mutant has the same parameters, groups and counters, so that only what differs must be worked out."""
        same = [p.id for p in chart.parameters] == [p.id for p in self.chart.parameters] and chart.groups == self.chart.groups
        if not same or PackedSums(chart, 0).shape != self.sums.shape:
            thresholds = {t for level in chart.levels for c in level.counts if (t := c.points) is not None}
            fits = same and len(chart.zones) == len(self.chart.zones) and len(chart.levels) == len(self.chart.levels)
            if not fits or any((POINTS, at) not in self.sums.fields for at in thresholds if at > 0):
                return False
        if chart.has_points != self.chart.has_points:
            return False
        if self.several and any((sheet.column(name).kinds != self.sheet.column(name).kinds).any() for name in chart.context_ids):
            return False  # contexts are missing in other rows
        return view_signature(chart) == self.signature or not (self.several or needs_views(chart, sheet))

    def _changed_columns(self, sheet: Sheet) -> dict[str, CellColumn]:
        """The changed readings of each view."""
        found = dict(self.columns)
        for name in found:
            new, old = sheet.column(name), self.sheet.column(name)
            if new is old:
                continue
            extra = self.columns[name].cells[len(old.cells) :]
            codes = self.columns[name].codes if new.codes is old.codes else new.codes[self.row_of] if self.several else new.codes
            found[name] = CellColumn([*new.cells, *extra] if new.codes is old.codes else list(new.cells), codes)
        return found

    def _parts(
        self, chart: Chart, columns: Mapping[str, CellColumn], known: Mapping[tuple[str, ...], ScoredPart]
    ) -> dict[tuple[str, ...], ScoredPart]:
        grouped = {name for group in chart.groups for name in group.parameters}
        found: dict[tuple[str, ...], ScoredPart] = {}
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
        self, chart: Chart, group: Group | str, members: tuple[str, ...], names: tuple[str, ...], key: object, columns: Mapping[str, CellColumn]
    ) -> ScoredPart:
        cached = tuple((name, id(columns[name].codes)) for name in names)
        part = self._part_cache.get(cached)
        if part is None:
            part = self._part_cache[cached] = Part(names, columns, len(self.row_of))
        contributions, tables, refused = [], {}, np.zeros(part.cases, np.bool_)
        given = []
        for name in members:
            parameter = chart.by_id[name]
            contribution, chosen = parameter_contributions(chart, parameter, columns, part.codes)
            contributions.append(contribution)
            here = columns[name].kinds[part.codes[name]] == READ
            given.append(here)
            refused |= refused_cells(parameter, columns[name])[part.codes[name]]
            contexts = [chart.by_id[context] for context in contexts_of(parameter)]
            if parameter.role == "scored" and contexts:
                asked = chosen if any(context.required for context in contexts) else row_numbers(contribution)
                tables[name] = np.where(here | parameter.required, asked, -2)
        total = contributions[0]
        if isinstance(group, Group):
            total = group_contributions(group, contributions, given)
            if group.kind == "one_of":
                refused |= np.stack(given).sum(axis=0) > 1
        shown = {name: contribution[SHOWN] for name, contribution in zip(members, contributions, strict=True)}
        return ScoredPart(part, key, self.sums.pack(total), refused, shown, tables)

    def _touched(self, old: ScoredPart, new: ScoredPart) -> Rows:
        """Views in which a part contributes, refuses or shows something else."""
        if old.part is new.part:
            cases = (old.packed != new.packed).any(axis=0) | (old.refused != new.refused)
            for name, shown in new.shown.items():
                cases |= shown != old.shown[name]
            for name, tables in new.tables.items():
                cases |= tables != old.tables.get(name, tables)
            return new.part.rows_of(cases)
        a, b = old.part.inverse, new.part.inverse
        views = (old.packed[:, a] != new.packed[:, b]).any(axis=0) | (old.refused[a] != new.refused[b])
        for name, shown in new.shown.items():
            views |= shown[b] != old.shown[name][a]
        for name in new.tables.keys() | old.tables.keys():
            one, other = old.tables.get(name), new.tables.get(name)
            views |= one[a] != other[b] if one is not None and other is not None else self.several
        return np.flatnonzero(views)

    def _out_of_scope(self, chart: Chart, columns: Mapping[str, CellColumn]) -> Flags:
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
        parts: Mapping[tuple[str, ...], ScoredPart],
        views: Rows | None,
    ) -> Answers:
        """The answers of rows, from the sums of their views. Where the views of a row differ it is partial, with the least total and level."""
        total = self.sums.of(packed, POINTS)
        level = self.sums.levels(chart, packed)
        open_rows = self.sums.of(packed, SETTLED) > 0
        refused = (refusals > 0) | out
        pointed = {name: (part, shown) for part in parts.values() for name, shown in part.shown.items()}
        changed = [name for name in pointed if views is None or not any(name in old and self.parts[old] is parts[old] for old in self.parts)]
        at = slice(None) if views is None else views
        points = {name: pointed[name][1][pointed[name][0].part.inverse[at]] for name in changed}
        if self.several:
            every = np.arange(len(self.row_of)) if views is None else views
            starts = np.flatnonzero(np.diff(self.row_of[every], prepend=-1))
            if len(starts):
                hangs = np.zeros(len(starts), np.bool_)
                for part in parts.values():
                    for tables in part.tables.values():
                        spread = tables[part.part.inverse[every]]
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

    def _relative_to(self, base: MutantScorer) -> Answers:
        """The answers for all rows, with levels as ranks of the other chart, -1 for a level that it does not have."""
        rank = base.chart.level_rank
        foreign = [base.foreign.get(plain(level.id), base.foreign.get(plain(level.title), -1)) for level in self.chart.levels]
        names = np.array([rank.get(level.id, code) for level, code in zip(self.chart.levels, foreign, strict=True)], np.int16)
        points = {}
        for p in base.chart.parameters:
            points[p.id] = self.base.points.get(p.id, np.full(self.sheet.rows, NO_POINTS, np.int16))
        return Answers(self.base.rows, self.base.status, self.base.total, names[self.base.level], points)
