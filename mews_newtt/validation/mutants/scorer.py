"""Scores many slightly changed charts (mutants) over one table: a mutant costs only the rows that it changes.

Property tests hold it to the reference: they score every mutant set by set as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.model import Chart, Table
from mews_newtt.compiled import TOTAL, CompiledChart, CompiledParameter, compile_changed, compile_chart, compile_group
from mews_newtt.engines.base import COMPLETE, NO_POINTS, PARTIAL, REFUSED
from mews_newtt.validation.mutants.answers import Answers, Stated
from mews_newtt.validation.mutants.contributions import OPEN, REFUSALS, PackedSums, ParameterArrays, Ranks, counting_nothing
from mews_newtt.validation.mutants.possible_contexts import context_classes, expand, lacking
from mews_newtt.validation.mutants.sheet import CellColumn, Codes, Flags, Rows, Sheet
from mews_newtt.validation.stated import plain

DENSE = 1 << 16  # so many codes are numbered by a table; more only where there are rows enough


class Part:
    """One parameter or group: the distinct combinations of the columns that it depends on, and for each view the index of its combination.

    A view is a row, or a row with one of the possible contexts where a context is missing.
    """

    def __init__(self, names: tuple[str, ...], columns: Mapping[str, CellColumn], rows: int):
        self.names = names
        self.held = tuple(columns[name].codes for name in names)  # kept, since parts are cached by the ids of these arrays
        joint, size = np.zeros(rows, np.int64), 1
        for name in names:
            joint = joint * len(columns[name].cells) + columns[name].codes
            size *= len(columns[name].cells)
            if len(names) > 2 and size > DENSE:  # keep the product small
                distinct, _, joint = _distinct(joint, size)
                size = len(distinct)
        distinct, firsts, inverse = _distinct(joint, size)
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


def _distinct(codes: Rows, size: int) -> tuple[Rows, Rows, Rows]:
    """The distinct codes in order, the first place of each, and for each code its number among them. `size`: all codes are below it."""
    if size > max(DENSE, 4 * len(codes)):
        return np.unique(codes, return_index=True, return_inverse=True)
    first = np.full(size, -1, np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)  # of several places the last that is written stays
    distinct = np.flatnonzero(first >= 0)
    number = np.zeros(size, np.int64)
    number[distinct] = np.arange(len(distinct))
    return distinct, first[distinct], number[codes]


@dataclass
class ScoredPart:
    """What one part contributes on one chart, by combination."""

    part: Part
    made_of: tuple[object, ...]  # the compiled objects and columns that it follows from
    packed: Rows
    shown: dict[str, Ranks]
    deciding: dict[str, Rows]
    effect: Rows  # all of these as one array, [field, combination]
    hangs: Flags | None = None  # by row: whether `deciding` differs between its views; worked out once, where it is asked for


class MutantScorer:
    """The answers of a chart over a sheet (`base`), and how those of mutants differ."""

    compiled: CompiledChart

    def __init__(self, chart: Chart, sheet: Sheet, like: MutantScorer | None = None):
        """like : a scorer of a similar chart, whose parts are used where they are the same."""
        self.chart = chart
        self.sheet = sheet
        known: CompiledChart | None = None if like is None else like.compiled
        # an impossible reading is a cell that refuses; a changed one is scored
        self.compiled = compile_chart(chart, comparable=True, like=known)
        most = max((abs(band.points or 0) for p in chart.parameters for table in p.tables for band in table.bands), default=0)
        most = max([most, *(skip.points or 0 for p in chart.parameters for skip in p.skips)])
        self.sums = PackedSums(self.compiled, most + 8)
        self.columns, self.row_of, self.views_of = expand(self.compiled, sheet)
        self.several = len(self.row_of) > sheet.rows
        self.foreign: dict[str, int] = {}  # codes of levels that only other charts have
        self.stated: Stated | None = None  # what a platform states, row by row in the order of the file; None for sets that were made up
        shares = like is not None and len(self.row_of) == len(like.row_of) == sheet.rows
        self._part_cache: dict[tuple[object, ...], Part] = like._part_cache if like is not None and shares else {}
        self._hanging: npt.NDArray[np.int32] | None = None
        self._others: dict[object, MutantScorer] = {}  # only the last one; it holds the chart and the sheet that its key is made of
        self.parts = self._parts(self.compiled, self.columns, {})
        self.packed = np.zeros((self.sums.words, len(self.row_of)), np.int64)
        for part in self.parts.values():
            self.packed += part.packed[:, part.part.inverse]
        self.out = self._out_of_scope(self.compiled, self.columns)
        self.base = self._answers(self.compiled, np.arange(sheet.rows, dtype=np.int64), self.packed, self.out, self.parts, None)

    def differs(self, chart: Chart, sheet: Sheet | None = None) -> Answers:
        """What a mutant answers in the rows where it may differ. A mutant is another chart, other readings, or both."""
        changed = self.sheet if sheet is None else sheet
        compiled = compile_changed(chart, self.compiled)
        if not self._comparable(compiled, changed):
            key = (id(chart), id(changed))
            other = self._others.get(key) or MutantScorer(chart, changed, like=self)
            self._others = {key: other}
            return other._relative_to(self)
        columns = self.columns if sheet is None else self._changed_columns(sheet)
        parts = self._parts(compiled, columns, self.parts)
        touched = [self._touched(old, parts[names]) for names, old in self.parts.items() if parts[names] is not old]
        out = self.out
        if chart.scope != self.chart.scope or sheet is not None:
            out = self._out_of_scope(compiled, columns)
            touched.append(np.flatnonzero(out != self.out))
        if chart.levels != self.chart.levels:
            touched.append(np.arange(len(self.row_of), dtype=np.int64))
        touching = np.zeros(self.sheet.rows, np.bool_)
        for some in touched:
            touching[self.row_of[some]] = True
        rows = views = np.flatnonzero(touching)
        if self.several:
            many = self.views_of[rows + 1] - self.views_of[rows]
            views = np.repeat(self.views_of[rows] - (np.cumsum(many) - many), many) + np.arange(many.sum())
        packed = self.packed[:, views]
        for names, old in self.parts.items():
            new = parts[names]
            if new is not old:
                packed += new.packed[:, new.part.inverse[views]] - old.packed[:, old.part.inverse[views]]
        return self._answers(compiled, rows, packed, out[views], parts, views)

    def with_chart(self, chart: Chart, sheet: Sheet | None = None) -> MutantScorer:
        """The scorer of a mutant, for all rows: what a second fault can follow from."""
        changed = self.sheet if sheet is None else sheet
        compiled = compile_changed(chart, self.compiled)
        if not self._comparable(compiled, changed):
            return MutantScorer(chart, changed, like=self)
        found = copy(self)
        found._hanging = None
        found.chart, found.sheet, found.compiled = chart, changed, compiled
        found.columns = self.columns if sheet is None else self._changed_columns(sheet)
        found.parts = self._parts(compiled, found.columns, self.parts)
        found.packed = self.packed.copy()
        for names, old in self.parts.items():
            new = found.parts[names]
            if new is not old:
                found.packed += new.packed[:, new.part.inverse] - old.packed[:, old.part.inverse]
        found.out = self._out_of_scope(compiled, found.columns)
        found.base = found._answers(compiled, self.base.rows, found.packed, found.out, found.parts, None)
        found._others = {}
        return found

    def rows_read_in(self, name: str, table: Table) -> tuple[Flags, Codes]:
        """Rows with a reading of a parameter that is read in one of its tables, and each row's class of that parameter."""
        columns = {each: self.sheet.column(each) for each in self.compiled.parameters}
        own, column = self.compiled.parameters[name], columns[name]
        codes = self._context_codes(self.compiled, name, columns, {each: one.codes for each, one in columns.items()})
        chosen = np.array([one is table for one in own.tables])[codes]
        classes = column.classes(own.classes)[column.codes]
        return chosen & (classes < own.classes.readings), classes

    def _comparable(self, compiled: CompiledChart, sheet: Sheet) -> bool:
        """Whether a mutant has the same parameters, groups and counters, so that only what differs must be worked out."""
        chart, own = compiled.chart, self.chart
        if [p.id for p in chart.parameters] != [p.id for p in own.parameters] or (chart.groups, chart.has_points) != (own.groups, own.has_points):
            return False
        if len(chart.levels) != len(own.levels) or any(rule.counter not in self.sums.fields for rule in compiled.level_rules):
            return False
        columns = {name: sheet.column(name) for name in compiled.parameters}
        lacks, changed = lacking(self.compiled, self.sheet.columns), lacking(compiled, columns)
        if lacks.keys() != changed.keys() or any(lacks[name] is not rows and (lacks[name] != rows).any() for name, rows in changed.items()):
            return False  # contexts are missing in other rows
        if any(_unread_otherwise(self.sheet.column(name), columns[name]) for name in lacks):
            return False  # a context that is missing is missing in another way, as with another reason
        ruling = {name for rule in chart.context_refusals for name, _ in rule.when}  # their readings say what a missing context can be
        if lacks and any(sheet.column(name) is not self.sheet.column(name) for name in ruling):
            return False
        return not lacks or _ways_to_lack(compiled) == _ways_to_lack(self.compiled)

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
        self, compiled: CompiledChart, columns: Mapping[str, CellColumn], known: Mapping[tuple[str, ...], ScoredPart]
    ) -> dict[tuple[str, ...], ScoredPart]:
        grouped = {name: group.group.parameters for group in compiled.groups for name in group.group.parameters}
        found: dict[tuple[str, ...], ScoredPart] = {}
        for members in dict.fromkeys(grouped.get(name, (name,)) for name in compiled.parameters):
            own = [compiled.parameters[name] for name in members]
            names = tuple(dict.fromkeys([*members, *(context for each in own for context in each.contexts)]))
            made_of = (*own, *(compiled.contexts.get(name) for name in names), *(columns[name] for name in names))
            old = known.get(members)
            same = old is not None and len(old.made_of) == len(made_of) and all(a is b for a, b in zip(old.made_of, made_of, strict=True))
            found[members] = old if old is not None and same else self._count(compiled, members, names, made_of, columns)
        return found

    def _count(
        self,
        compiled: CompiledChart,
        members: tuple[str, ...],
        names: tuple[str, ...],
        made_of: tuple[object, ...],
        columns: Mapping[str, CellColumn],
    ) -> ScoredPart:
        cached = tuple((name, id(columns[name].codes)) for name in names)
        part = self._part_cache.get(cached)
        if part is None:
            part = self._part_cache[cached] = Part(names, columns, len(self.row_of))
        group = next((one for one in compiled.groups if one.group.parameters == members), None)
        if any(columns[name].nothing for name in members):
            lowered = {name: _counting_nothing(compiled.parameters[name]) if columns[name].nothing else compiled.parameters[name] for name in members}
            compiled = replace(compiled, parameters={**compiled.parameters, **lowered})
            group = group and compile_group(group.group, {name: own.contributions for name, own in lowered.items()})
        codes = {name: self._context_codes(compiled, name, columns, part.codes) for name in members}
        classes = {name: columns[name].classes(compiled.parameters[name].classes)[part.codes[name]] for name in members}
        arrays = {name: ParameterArrays(compiled, compiled.parameters[name], self.sums) for name in members}
        counted = {name: own.of(codes[name], classes[name]) for name, own in arrays.items()}
        packed = counted[members[0]][0]
        asked: dict[str, Flags | None] = dict.fromkeys(members)
        if group is not None:
            places = np.sum([np.array(group.number[name])[codes[name], classes[name]] for name in members], axis=0)
            packed = self.sums.pack(group.contributions)[:, places]
            packed = np.sum([packed, *(self.sums.refusals_of(own) for own, _ in counted.values())], axis=0)
            asked |= {name: np.array([one.missing[number] for one in group.contributions])[places] for number, name in enumerate(members)}
        shown = {name: points for name, (_, points) in counted.items()}
        deciding = {name: own.deciding(codes[name], classes[name], asked[name]) for name, own in arrays.items()}
        return ScoredPart(part, made_of, packed, shown, deciding, np.vstack([packed, *shown.values(), *deciding.values()]))

    @staticmethod
    def _context_codes(compiled: CompiledChart, name: str, columns: Mapping[str, CellColumn], codes: Mapping[str, Codes]) -> Rows:
        """The context code of a parameter in each case."""
        own = compiled.parameters[name]
        found = np.zeros(len(codes[name]), np.int64)
        for context, size in zip(own.contexts, own.shape, strict=True):
            found = found * size + context_classes(compiled, columns, context)[codes[context]]
        return found

    def _touched(self, old: ScoredPart, new: ScoredPart) -> Rows:
        """Views in which a part contributes, refuses or shows something else."""
        if old.part is new.part:
            return new.part.rows_of((old.effect != new.effect).any(axis=0))
        return np.flatnonzero((old.effect[:, old.part.inverse] != new.effect[:, new.part.inverse]).any(axis=0))

    def _out_of_scope(self, compiled: CompiledChart, columns: Mapping[str, CellColumn]) -> Flags:
        """Views that some rule of the chart's scope refuses."""
        out = np.zeros(len(self.row_of), np.bool_)
        for number, rule in enumerate(compiled.chart.scope):
            if rule.refuse:
                holds = np.ones(len(self.row_of), np.bool_)
                for place, (name, _) in enumerate(rule.when):
                    fulfils = np.array([(number, place) in parts for parts in compiled.parameters[name].scope])
                    holds &= fulfils[columns[name].classes(compiled.parameters[name].classes)][columns[name].codes]
                out |= holds
        return out

    def _answers(
        self,
        compiled: CompiledChart,
        rows: Rows,
        packed: Rows,
        out: Flags,
        parts: Mapping[tuple[str, ...], ScoredPart],
        views: Rows | None,
    ) -> Answers:
        """The answers of rows, from the sums of their views. Where the views of a row differ it is partial, with the least total and level."""
        total = self.sums.of(packed, TOTAL)
        level = self.sums.levels(compiled.level_rules, packed)
        open_rows = self.sums.of(packed, OPEN) > 0
        refused = (self.sums.of(packed, REFUSALS) > 0) | out
        same = {name for members, part in self.parts.items() if parts[members] is part for name in members} if views is not None else set()
        at = slice(None) if views is None else views
        points = {name: shown[part.part.inverse[at]] for part in parts.values() for name, shown in part.shown.items() if name not in same}
        if self.several:
            many = self.views_of[rows + 1] - self.views_of[rows]
            firsts = np.cumsum(many) - many
            spread = np.flatnonzero(many > 1)
            inside = np.flatnonzero(np.repeat(many > 1, many))  # the views of rows that have several
            starts = np.cumsum(many[spread]) - many[spread]

            def joined(values: npt.NDArray[Any], how: np.ufunc) -> npt.NDArray[Any]:
                found: npt.NDArray[Any] = values[firsts]
                if len(spread):
                    found[spread] = how.reduceat(values[inside], starts)
                return found

            open_rows = joined(open_rows, np.logical_or) | self._hang(parts, rows, spread, (views[inside] if views is not None else inside), starts)
            refused = joined(refused, np.logical_or)
            total, level = joined(total, np.minimum), joined(level, np.minimum)
            for name, given in points.items():
                low = joined(given, np.minimum)
                points[name] = np.where(low == joined(given, np.maximum), low, NO_POINTS).astype(np.int16)
        status = np.where(refused, REFUSED, np.where(open_rows, PARTIAL, COMPLETE)).astype(np.uint8)
        if not compiled.chart.has_points:
            total = np.full(len(status), NO_POINTS)
        return Answers(rows, status, total.astype(np.int32), level, points)

    def _hang(self, parts: Mapping[tuple[str, ...], ScoredPart], rows: Rows, spread: Rows, views: Rows, starts: Rows) -> Flags:
        """Whether a row's result depends on a context that the row lacks: a part then has different numbers in the views of the row.

        spread : which of the rows have several views; views : all of these views; starts : where each of those rows begins among them
        """
        changed = [members for members, part in self.parts.items() if parts[members] is not part]
        found = np.zeros(len(rows), np.bool_)
        if len(changed) < len(parts) and len(spread):
            if self._hanging is None:
                self._hanging = np.sum([self._hangs_of(part) for part in self.parts.values()], axis=0, dtype=np.int32)
            others = self._hanging[rows] - np.sum([self._hangs_of(self.parts[members])[rows] for members in changed], axis=0, dtype=np.int32)
            found = np.asarray(others > 0, np.bool_)
        if len(spread):
            for members in changed:
                found[spread] |= _differ_within(parts[members], views, starts)
        return found

    def _hangs_of(self, part: ScoredPart) -> Flags:
        """By row, whether the numbers of this part differ between the views of the row."""
        if part.hangs is None:
            part.hangs = _differ_within(part, np.arange(len(self.row_of)), self.views_of[:-1])
        found: Flags = part.hangs
        return found

    def _relative_to(self, base: MutantScorer) -> Answers:
        """The answers for all rows, with levels as ranks of the other chart, -1 for a level that it does not have."""
        rank = base.chart.level_rank
        foreign = [base.foreign.get(plain(level.id), base.foreign.get(plain(level.title), -1)) for level in self.chart.levels]
        names = np.array([rank.get(level.id, code) for level, code in zip(self.chart.levels, foreign, strict=True)], np.int16)
        points = {}
        for p in base.chart.parameters:
            points[p.id] = self.base.points.get(p.id, np.full(self.sheet.rows, NO_POINTS, np.int16))
        return Answers(self.base.rows, self.base.status, self.base.total, names[self.base.level], points)


def _differ_within(part: ScoredPart, views: Rows, starts: Rows) -> Flags:
    """By row, whether the numbers of a part differ between the views of the row; `starts`: where the views of each row begin."""
    found = np.zeros(len(starts), np.bool_)
    for numbers in (each for each in part.deciding.values() if each.any()):
        given = numbers[part.part.inverse[views]]
        found |= np.minimum.reduceat(given, starts) != np.maximum.reduceat(given, starts)
    return found


def _unread_otherwise(old: CellColumn, new: CellColumn) -> bool:
    """Whether the cells without a reading are others."""
    if new.codes is not old.codes:
        return True
    return any(old.cells[place] != new.cells[place] for place in np.flatnonzero(old.unread).tolist())


def _counting_nothing(own: CompiledParameter) -> CompiledParameter:
    return replace(own, contributions=tuple(tuple(one and counting_nothing(one) for one in row) for row in own.contributions))


def _ways_to_lack(compiled: CompiledChart) -> tuple[object, ...]:
    """Which values a context that is missing may have, alone and together with others."""
    values = {name: context.hypothetical for name, context in compiled.contexts.items() if context.parameter.assumed is None}
    return values, compiled.chart.context_refusals
