"""Proves that a mutant is equivalent to its chart (no set can kill it), or finds a set that may kill it.

For each setting of the contexts, the readings of every parameter are reduced to what they contribute, on the chart and on the mutant: at every
edge and at every quarter of a step around it. Equal contributions everywhere prove it "by structure". Else all sums of contributions are tried:
a sum that the two treat differently gives a set that may kill the mutant; where there is none, it is equivalent "by enumeration".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import reduce
from itertools import pairwise, product
from typing import NamedTuple

import numpy as np

from mews_newtt.chart.contexts import can_occur, contexts_of, distinguishable_values, matches, table_for
from mews_newtt.chart.model import Chart, Group, Number, Parameter
from mews_newtt.compiled import Member, ReadingClasses, classes_of, contribution_of, count_group, level_rules, member_of
from mews_newtt.reading.values import SKIP_PREFIX
from mews_newtt.validation.cases import MOST_CONTEXTS, Given, Setting, as_text, refused_alone, settings
from mews_newtt.validation.faults import Fault
from mews_newtt.validation.mutants import MISSING, NO_READING, READ, SKIPPED, Cell, CellColumn, Sheet, counting_nothing
from mews_newtt.validation.packs.alike import age_alike, exchanged_alike, shown_alike
from mews_newtt.validation.packs.sums import Counters, Sum, add, counters_of, shown, sum_of

PROVABLE = ("rounded", "truncated", "partial_level", "missing_read_as_0")  # quarters of a step show all that rounding can do
MISTAKEN = ("context_mixed", "context_ignored")  # a category of a context taken for another
OTHER_NUMBERS = ("rounded", "truncated", "unit_mixed", "edges_shifted", "ten_times", "part_of_a_minute")  # a number is taken for another one
SAME = ("scope", "zones", "has_points")  # what the proof needs to be equal
MOST_STATES = 5_000
MOST_CELLS = 6_000


class Proof(NamedTuple):
    """`how` is "structure" or "enumeration" where the mutant is equivalent; else `witness` is a set that may kill it, or None."""

    how: str | None = None
    witness: Given | None = None


class Option(NamedTuple):
    """One contribution of a part: on the chart, on the mutant, and the readings that make it."""

    chart: Sum
    mutant: Sum
    given: Given


class Prover:
    """A chart, reduced once and compared with each mutant."""

    def __init__(self, chart: Chart):
        self.chart = chart
        self.settings = settings(chart, hypothetical=True)
        grouped = {name for group in chart.groups for name in group.parameters}
        counted = (p for p in chart.parameters if p.id not in grouped and (p.role != "recorded" or p.tables))
        self.parts: list[Group | Parameter] = [*chart.groups, *counted]
        self._known: dict[tuple[object, ...], list[Option]] = {}
        self._grids: dict[tuple[str, frozenset[Fraction]], CellColumn] = {}
        self._known_classes: dict[tuple[int, str, Number | str | None], ReadingClasses] = {}  # of the chart, and of one mutant
        self._tried: dict[str, tuple[CellColumn, CellColumn]] = {}  # with one mutant
        self.columns = {p.id: self._column(p) for p in chart.parameters}

    def _column(self, parameter: Parameter, more: Parameter | None = None) -> CellColumn:
        """Every cell that the two may treat differently: categories, quarter steps across the edges, no reading, each skip."""
        cells = [NO_READING, Cell(SKIPPED, skip="-"), *(Cell(SKIPPED, skip=skip.code.casefold()) for skip in parameter.skips)]
        if not parameter.observation.numeric:
            return CellColumn([*(Cell(READ, name) for name in parameter.category_ids), *cells], _none())
        edges = _edges(parameter) | _edges(more or parameter)
        key = (parameter.id, frozenset(edges))
        if key not in self._grids:
            self._grids[key] = CellColumn([*(Cell(READ, value) for value in self._grid(parameter, edges)), *cells], _none())
        return self._grids[key]

    def _grid(self, parameter: Parameter, edges: set[Fraction]) -> list[Fraction]:
        """The edges and the quarter steps around them, recordable values first."""
        values = set(edges) or {Fraction(0)}
        step, low, high = Fraction(parameter.observation.step), min(values), max(values)
        reach = max(Fraction(2), 3 * step)
        if (high - low + 2 * reach) / step * 4 <= MOST_CELLS:
            first, last = int((low - reach) / step * 4) - 1, int((high + reach) / step * 4) + 1
            values |= {n * step / 4 for n in range(first, last + 1)}
        ordered = sorted(values)
        values |= {(a + b) / 2 for a, b in pairwise(ordered)}
        possible = parameter.observation.impossible
        return sorted((value for value in values if possible.contains(value)), key=lambda v: (v % step != 0, v))

    def prove(self, fault: Fault) -> Proof:
        """A proof, or a witness: it must be scored before it counts, since the search ignores some rules."""
        mutant = fault.chart
        if fault.answers is not None:  # of a platform that changes its answers only this is proved
            return Proof(how="structure" if fault.column == "level" and len(self.chart.levels) == 1 else None)
        self._known_classes = {key: classes for key, classes in self._known_classes.items() if key[0] == id(self.chart)}
        self._tried = {}
        same = [p.id for p in mutant.parameters] == [p.id for p in self.chart.parameters]
        if not same or len(self.settings) >= MOST_CONTEXTS or any(getattr(mutant, part) != getattr(self.chart, part) for part in SAME):
            return Proof()
        if any(group.kind == "one_of" and group not in mutant.groups for group in self.chart.groups):
            return Proof()
        for own in self.chart.parameters:
            for word in set(own.category_ids).symmetric_difference(mutant.by_id[own.id].category_ids):
                return Proof(witness={own.id: word})  # one of the two refuses it
        if self._reads_alike(fault):
            return Proof(how="structure")
        if fault.change is not None and not self._provable(fault):
            return Proof()
        if any(_waits_otherwise(self.chart, p, mutant.by_id[p.id]) for p in self.chart.parameters):
            return Proof()
        counters = counters_of(self.chart, mutant)
        if mutant.levels == self.chart.levels:
            touched = [part for part in self.parts if self._touched(part, fault)]
            every = (option for setting in self.settings for part in touched for option in self._options(part, setting, fault, counters))
            if all(option.chart == option.mutant for option in every):
                return Proof(how="structure")
        for setting in self.settings:
            options = [self._options(part, setting, fault, counters) for part in self.parts]
            seen, given = self._search(mutant, options, counters)
            if seen is None:
                return Proof()
            if seen:
                return Proof(witness={**self._stated(setting), **given})
        return Proof(how="enumeration")

    def _provable(self, fault: Fault) -> bool:
        """Whether trying every setting shows all that a changed reading can do."""
        contexts, refusing = self.chart.context_ids, [name for rule in self.chart.scope if rule.refuse for name, _ in rule.when]
        if fault.kind not in MISTAKEN:
            return fault.kind == "partial_level" or (fault.kind in PROVABLE and {*contexts, *refusing}.isdisjoint(fault.parameters))
        if self.chart.has_points and len(contexts) > 1:
            return False  # whether a set is partial may depend on the other contexts
        asked = [wanted for rule in self.chart.scope if rule.refuse for name, wanted in rule.when if name in fault.parameters]
        return all(matches(c, before) == matches(c, after) for s in self.settings for before, after in _taken(fault, s) for c in asked)

    def _stated(self, setting: Setting) -> Given:
        """The contexts of a setting that choose tables and do not score: those that score are parts themselves."""
        own = {p.id for p in self.parts if isinstance(p, Parameter)}
        chosen = {name: text for name, text in setting.given.items() if name not in own}
        return {name: text for name, text in chosen.items() if not refused_alone(self.chart, name, setting.values[name])}

    def _reads_alike(self, fault: Fault) -> bool:
        """Whether the chart treats a reading and what it is taken for alike."""
        if fault.change is None or fault.chart is not self.chart:
            return False
        if fault.kind in ("exchanged", "columns_exchanged"):
            return exchanged_alike(self.chart, fault)
        if fault.kind == "age_rounded":
            return age_alike(self.chart, fault)
        if fault.kind in OTHER_NUMBERS or (fault.kind == "decimal_lost" and fault.after == "scored"):
            rows = [self.chart.by_id[name] for name in fault.parameters]
            tables = [table for row in rows for table in row.tables]
            chosen = {name for name, _ in (when for p in self.chart.parameters for t in p.tables for when in t.when)}
            asked = chosen | {name for rule in self.chart.scope for name, _ in rule.when}
            return asked.isdisjoint(fault.parameters) and all(shown_alike(self.chart, table.bands) for table in tables)
        if fault.kind == "context_assumed":
            return self._assumed_alike(fault.parameters[0], str(fault.after))
        if fault.kind != "context_mixed":
            return False
        name, given, wanted = fault.parameters[0], str(fault.before), str(fault.after)
        conditions = [c for p in self.chart.parameters for t in p.tables for other, c in t.when if other == name]
        conditions += [c for rule in self.chart.scope if rule.refuse for other, c in rule.when if other == name]
        bands = [b for table in self.chart.by_id[name].tables for b in table.bands if {given, wanted}.intersection(b.categories)]
        return all(matches(c, given) == matches(c, wanted) for c in conditions) and shown_alike(self.chart, bands)

    def _assumed_alike(self, name: str, taken: str) -> bool:
        """Whether a category assumed for a missing context changes nothing, whatever is known of the other contexts."""
        chart, parameter = self.chart, self.chart.by_id[name]
        asked = {other for rule in chart.scope if rule.refuse and rule not in chart.context_refusals for other, _ in rule.when}
        if parameter.tables or parameter.observation.numeric or name in asked:
            return False
        others = [other for other in chart.context_ids if other != name and chart.by_id[other].assumed is None]
        values = {other: distinguishable_values(chart, other) for other in others}
        fixed = {p.id: p.assumed for p in chart.parameters if p.assumed is not None and p.id != name}
        for stands in product(*([None, *values[other]] for other in others)):
            known = fixed | {other: value for other, value in zip(others, stands, strict=True) if value is not None}
            unknown = [other for other in others if other not in known]
            ways = [known | dict(zip(unknown, chosen, strict=True)) for chosen in product(*(values[other] for other in unknown))]
            without = [way | {name: value} for way in ways for value in distinguishable_values(chart, name)]
            filled = [way | {name: taken} for way in ways]
            if not any(can_occur(chart, way) for way in filled):
                return False
            if _ways_to_count(chart, without) != _ways_to_count(chart, filled):
                return False
        return True

    def _options(self, part: Group | Parameter, setting: Setting, fault: Fault, counters: Counters) -> list[Option]:
        """The distinct contributions of a part in one setting."""
        names = part.parameters if isinstance(part, Group) else (part.id,)
        key = (names, *(id(setting.tables[name]) for name in names), *(setting.given.get(name) for name in names), tuple(counters.items()))
        if not self._touched(part, fault, setting):
            if key not in self._known:
                self._known[key] = self._reduce(part, names, setting, fault, counters)
            return self._known[key]
        return self._reduce(part, names, setting, fault, counters)

    def _touched(self, part: Group | Parameter, fault: Fault, setting: Setting | None = None) -> bool:
        """Whether a part may contribute differently on the mutant, in one setting or in any."""
        names = part.parameters if isinstance(part, Group) else (part.id,)
        if fault.change is not None and not set(names).isdisjoint(fault.parameters):
            return True
        if isinstance(part, Group) and part not in fault.chart.groups:
            return True
        for name in names:
            own, new = self.chart.by_id[name], fault.chart.by_id[name]
            if own is not new:
                if setting is None or replace(own, tables=()) != replace(new, tables=()):
                    return True
                if table_for(new, setting.values) != setting.tables[name]:
                    return True
            if fault.kind in MISTAKEN and (setting is None or table_for(new, _mistaken(fault, setting)) != setting.tables[name]):
                return True
        return False

    def _reduce(self, part: Group | Parameter, names: tuple[str, ...], setting: Setting, fault: Fault, counters: Counters) -> list[Option]:
        """Cells that contribute alike, as one option each; for a group every combination of its members' cells."""
        columns: list[list[Cell]] = []
        members: list[list[tuple[Member, Member]]] = []  # of each cell, on the chart and on the mutant
        for name in names:
            column, changed = self._cells(name, setting, fault)
            own, new = self._classes(self.chart, name, setting), self._classes(fault.chart, name, setting)
            before, after = column.classes(own), changed.classes(new)
            table, taken = table_for(own.parameter, setting.values), table_for(new.parameter, _mistaken(fault, setting))
            _, firsts = np.unique(before.astype(np.int64) * len(new) + after, return_index=True)
            distinct: dict[tuple[Member, Member], Cell] = {}
            for place in sorted(firsts.tolist()):
                here = contribution_of(self.chart, own.parameter, own.classes[before[place]], table)
                there = contribution_of(fault.chart, new.parameter, new.classes[after[place]], taken)
                there = counting_nothing(there) if changed.nothing else there
                distinct.setdefault((member_of(here), member_of(there)), column.cells[place])
            columns.append(list(distinct.values()))
            members.append(list(distinct))
        found: dict[tuple[Sum, Sum], Option] = {}
        for cells, pairs in zip(product(*columns), product(*members), strict=True):
            one = _sum(part, [pair[0] for pair in pairs], self.chart, counters)
            two = _sum(part, [pair[1] for pair in pairs], fault.chart, counters)
            if one is not None and two is not None and (one, two) not in found:
                found[one, two] = Option(one, two, _given(dict(zip(names, cells, strict=True))))
        return list(found.values())

    def _classes(self, chart: Chart, name: str, setting: Setting) -> ReadingClasses:
        """The classes of a parameter. A context has those of its value in this setting as well, which is hypothetical where it is missing."""
        value = setting.values.get(name)
        key = (id(chart), name, value)
        if key not in self._known_classes:
            hypothetical = () if value is None else (value,)
            self._known_classes[key] = classes_of(chart, chart.by_id[name], hypothetical, refuse_impossible=False)
        return self._known_classes[key]

    def _cells(self, name: str, setting: Setting, fault: Fault) -> tuple[CellColumn, CellColumn]:
        """The cells that are tried, and as what the mutant takes them."""
        if name in setting.values:
            value = setting.values[name]  # a context that scores: as it is in this setting, given or hypothetical
            taken = value if isinstance(value, str) else Fraction(value)
            cells = [Cell(MISSING, hypothetical=0)] if fault.kind not in MISTAKEN else []
            column = CellColumn(cells if refused_alone(self.chart, name, value) else [Cell(READ, taken), *cells], _none())
            return column, _changed(fault, name, column)
        if name not in self._tried:
            own, new = self.chart.by_id[name], fault.chart.by_id[name]
            column = self.columns[name] if own.tables == new.tables else self._column(own, new)
            self._tried[name] = column, _changed(fault, name, column)
        return self._tried[name]

    def _search(self, mutant: Chart, options: list[list[Option]], counters: Counters) -> tuple[bool | None, Given]:
        """Whether the two treat any sum differently (None: there are too many sums), and a set with such a sum."""
        nothing = (0, 0, 0, *(0 for _ in counters))
        layers: list[dict[tuple[Sum, Sum], tuple[tuple[Sum, Sum], Option] | None]] = [{(nothing, nothing): None}]
        for part in options:
            layer: dict[tuple[Sum, Sum], tuple[tuple[Sum, Sum], Option] | None] = {}
            for state in layers[-1]:
                for option in part:
                    after = (add(state[0], option.chart, counters), add(state[1], option.mutant, counters))
                    if after not in layer:
                        layer[after] = (state, option)
            if len(layer) > MOST_STATES:
                return None, {}
            layers.append(layer)
        own, new = level_rules(self.chart), level_rules(mutant)
        for state in layers[-1]:
            if shown(self.chart, own, state[0], counters) != shown(mutant, new, state[1], counters):
                given: Given = {}
                at = state
                for layer in reversed(layers[1:]):
                    step = layer[at]
                    if step is None:
                        break
                    at = step[0]
                    given |= step[1].given
                return True, given
        return False, {}


def _changed(fault: Fault, name: str, column: CellColumn) -> CellColumn:
    return column if fault.change is None else fault.change(Sheet({name: column}, 0)).column(name)


def _sum(part: Group | Parameter, members: Sequence[Member], chart: Chart, counters: Counters) -> Sum | None:
    """What members contribute together on one chart; None where the set is refused."""
    if part in chart.groups and isinstance(part, Group):
        group = count_group(part, members)
        return None if group.refused else sum_of(group.bounds, counters)
    return reduce(lambda state, more: add(state, more, counters), (sum_of(member.bounds, counters) for member in members))


def _ways_to_count(chart: Chart, contexts: Sequence[Mapping[str, Number | str]]) -> set[tuple[object, ...]]:
    """The combinations of tables in these contexts. A table counts as its bands, or as itself where its choice alone can leave a set partial."""
    found: set[tuple[object, ...]] = set()
    for values in contexts:
        if can_occur(chart, values):
            tables = [(p, table_for(p, values)) for p in chart.parameters if p.tables]
            by_table = [any(chart.by_id[name].required for name in contexts_of(p)) for p, _ in tables]
            found.add(tuple(id(t) if alone or t is None else (t.bands, t.applies) for (_, t), alone in zip(tables, by_table, strict=True)))
    return found


def _mistaken(fault: Fault, setting: Setting) -> Mapping[str, Number | str]:
    """The contexts of a setting as a platform with the fault takes them."""
    values = dict(setting.values)
    for _, after in _taken(fault, setting) if fault.kind in MISTAKEN else ():
        values[fault.parameters[0]] = after
    return values


def _taken(fault: Fault, setting: Setting) -> Iterator[tuple[Number | str, Number | str]]:
    """What a context is, and what it is taken for."""
    stated = setting.values[fault.parameters[0]]
    if fault.after is not None and fault.before in (None, stated):
        yield stated, str(fault.after)


def _waits_otherwise(chart: Chart, own: Parameter, new: Parameter) -> bool:
    """Whether a parameter may depend on other contexts: a set without one of them may then be complete on one of the two charts only."""
    if own.assumed != new.assumed:
        return True
    hangs = chart.has_points and own.role == "scored"
    conditions = [table.when for table in own.tables]
    changed = [table.when for table in new.tables]
    if changed != conditions:
        return hangs or any(when and when not in conditions for when in changed)
    return hangs and own.required != new.required and sum(not table.applies for table in own.tables) > 1


def _edges(parameter: Parameter) -> set[Fraction]:
    intervals = (band.interval for table in parameter.tables for band in table.bands if band.interval is not None)
    return {Fraction(edge) for interval in intervals for edge in (interval.low, interval.high) if edge is not None}


def _none() -> np.typing.NDArray[np.int32]:
    return np.zeros(0, np.int32)


def _given(cells: Mapping[str, Cell]) -> Given:
    found: Given = {}
    for name, cell in cells.items():
        if cell.kind == READ and cell.value is not None:
            found[name] = as_text(cell.value)
        elif cell.kind == SKIPPED:
            found[SKIP_PREFIX + name] = cell.skip if cell.skip != "-" else "not done"
    return found
