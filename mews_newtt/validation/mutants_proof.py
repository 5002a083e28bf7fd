"""Whether a mutant can ever be told from its chart by what a platform shows: proved by going through every way to count, or shown by a set.

For each way the contexts can stand, every row's readings are reduced to what they can count for, on the chart and on the mutant, at every
edge and between all recordable values around it. If those are the same the two are one (by structure). If not, all sums over all rows
are gone through: a sum that the two treat differently gives a set that tells them apart; where there is none, none exists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from mews_newtt.chart.contexts import matches, table_for
from mews_newtt.chart.model import Band, Chart, Group, Parameter
from mews_newtt.scoring.levels import level_rules
from mews_newtt.scoring.observations import SKIP_PREFIX
from mews_newtt.validation.cases_values import Given, Setting, as_text, settings
from mews_newtt.validation.faults import Fault
from mews_newtt.validation.mutants_rows import COUNTS, LEVEL, POINTS, SETTLED, ZONE, Worths, cell_worths, group_worths
from mews_newtt.validation.mutants_sheet import MISSING, NO_READING, READ, SKIPPED, Cell, Column, Flags, Sheet

Counter = tuple[int, int, int]  # points or zone, threshold, how many matter at most
Worth = tuple[int, ...]  # points, level, open, and each counter
PROVABLE = ("rounded", "truncated")  # readings changed by steps: exhausted by quarters of a step
MOST_STATES = 5_000
MOST_CELLS = 6_000


class Proof(NamedTuple):
    """`how` is "structure" or "enumeration" where the mutant is proven equivalent; else a set that may tell, or neither."""

    how: str | None = None
    witness: Given | None = None


class Option(NamedTuple):
    """One way a unit can count: on the chart, on the mutant, and readings that do it."""

    worth: Worth
    mutant: Worth
    given: Given


class Prover:
    """One chart's rows, reduced once and compared with each mutant's."""

    def __init__(self, chart: Chart):
        self.chart = chart
        self.settings = settings(chart)
        grouped = {name for group in chart.groups for name in group.parameters}
        counted = (p for p in chart.parameters if p.id not in grouped and (p.role != "recorded" or p.tables))
        self.units: list[Group | Parameter] = [*chart.groups, *counted]
        self._known: dict[tuple[object, ...], list[Option]] = {}
        self._grids: dict[tuple[str, frozenset[Fraction]], Column] = {}
        self.columns = {p.id: self._column(p) for p in chart.parameters}

    def _column(self, parameter: Parameter, more: Parameter | None = None) -> Column:
        """Every cell that can be told apart: categories, quarter steps across the edges, no reading, each skip."""
        cells = [NO_READING, Cell(SKIPPED, skip="-"), *(Cell(SKIPPED, skip=skip.code.casefold()) for skip in parameter.skips)]
        if not parameter.observation.numeric:
            return Column([*(Cell(READ, name) for name in parameter.category_ids), *cells], _none())
        edges = _edges(parameter) | _edges(more or parameter)
        key = (parameter.id, frozenset(edges))
        if key not in self._grids:
            self._grids[key] = Column([*(Cell(READ, value) for value in self._grid(parameter, edges)), *cells], _none())
        return self._grids[key]

    def _grid(self, parameter: Parameter, edges: set[Fraction]) -> list[Fraction]:
        """Recordable values first."""
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
        """Equivalent or not; a witness is to be scored before it is believed."""
        mutant = fault.chart
        same = [p.id for p in mutant.parameters] == [p.id for p in self.chart.parameters]
        if not same or any(getattr(mutant, part) != getattr(self.chart, part) for part in ("groups", "scope", "zones", "has_points")):
            return Proof()
        if self._reads_alike(fault):
            return Proof(how="structure")
        if fault.change is not None and (fault.kind not in PROVABLE or set(fault.parameters) & set(self.chart.context_ids)):
            return Proof()
        if any(
            [t.when for t in p.tables] != [t.when for t in mutant.by_id[p.id].tables] or p.assumed != mutant.by_id[p.id].assumed
            for p in self.chart.parameters
            if p.role != "recorded" and mutant.by_id[p.id].tables
        ):
            return Proof()
        counters = _counters(self.chart, mutant)
        if mutant.levels == self.chart.levels:
            touched = [unit for unit in self.units if self._touched(unit, fault)]
            every = (option for setting in self.settings for unit in touched for option in self._options(unit, setting, fault, counters))
            if all(option.worth == option.mutant for option in every):
                return Proof(how="structure")
        for setting in self.settings:
            options = [self._options(unit, setting, fault, counters) for unit in self.units]
            seen, given = self._search(mutant, options, counters)
            if seen is None:
                return Proof()
            if seen:
                return Proof(witness={**setting.given, **given})
        return Proof(how="enumeration")

    def _reads_alike(self, fault: Fault) -> bool:
        """Whether the chart makes no difference between a reading and what it is taken for."""
        if fault.change is None or fault.chart is not self.chart:
            return False
        if fault.kind in ("rounded", "truncated", "unit_mixed"):
            rows = [self.chart.by_id[name] for name in fault.parameters]
            tables = [table for row in rows for table in row.tables]
            chosen = {name for name, _ in (when for p in self.chart.parameters for t in p.tables for when in t.when)}
            asked = chosen | {name for rule in self.chart.scope for name, _ in rule.when}
            return asked.isdisjoint(fault.parameters) and all(_shown_alike(self.chart, table.bands) for table in tables)
        if fault.kind != "context_mixed":
            return False
        name, given, wanted = fault.id.split(":")[1:]
        conditions = [c for p in self.chart.parameters for t in p.tables for other, c in t.when if other == name]
        conditions += [c for rule in self.chart.scope for other, c in rule.when if other == name]
        bands = [b for table in self.chart.by_id[name].tables for b in table.bands if {given, wanted}.intersection(b.categories)]
        return all(matches(c, given) == matches(c, wanted) for c in conditions) and _shown_alike(self.chart, bands)

    def _options(self, unit: Group | Parameter, setting: Setting, fault: Fault, counters: list[Counter]) -> list[Option]:
        """The distinct ways a unit can count in one setting."""
        names = unit.parameters if isinstance(unit, Group) else (unit.id,)
        key = (names, *(id(setting.tables[name]) for name in names), *(setting.given.get(name) for name in names), tuple(counters))
        if not self._touched(unit, fault, setting):
            if key not in self._known:
                self._known[key] = self._reduce(unit, names, setting, fault, counters)
            return self._known[key]
        return self._reduce(unit, names, setting, fault, counters)

    def _touched(self, unit: Group | Parameter, fault: Fault, setting: Setting | None = None) -> bool:
        """Whether a unit may count differently on the mutant, in one setting or in any."""
        names = unit.parameters if isinstance(unit, Group) else (unit.id,)
        if fault.change is not None and not set(names).isdisjoint(fault.parameters):
            return True
        for name in names:
            own, new = self.chart.by_id[name], fault.chart.by_id[name]
            if own is not new:
                if setting is None or own._replace(tables=()) != new._replace(tables=()):
                    return True
                if table_for(new, setting.values) != setting.tables[name]:
                    return True
        return False

    def _reduce(self, unit: Group | Parameter, names: tuple[str, ...], setting: Setting, fault: Fault, counters: list[Counter]) -> list[Option]:
        """Cells of each member that count alike as one; of a group then every combination."""
        columns, base, other = [], [], []
        for name in names:
            column = self._cells(name, setting, fault)
            changed = fault.change(Sheet({name: column}, 0)).column(name) if fault.change is not None else column
            here = self._worths(self.chart, name, setting, column)
            there = self._worths(fault.chart, name, setting, changed)
            _, firsts = np.unique(_numbered(np.concatenate([here, there, column.kinds[None, :] == READ])), return_index=True)
            firsts.sort()
            columns.append(Column([column.cells[place] for place in firsts.tolist()], _none()))
            base.append(here[:, firsts])
            other.append(there[:, firsts])
        if isinstance(unit, Group):
            places = np.indices([len(column.cells) for column in columns]).reshape(len(columns), -1)
            given = [column.kinds[at] == READ for column, at in zip(columns, places, strict=True)]
            one = self._grouped(unit, [worth[:, at] for worth, at in zip(base, places, strict=True)], given)
            two = self._grouped(unit, [worth[:, at] for worth, at in zip(other, places, strict=True)], given)
        else:
            one, two = base[0], other[0]
        by_name = dict(zip(names, columns, strict=True))
        joint = np.concatenate([_reduced(one, counters), _reduced(two, counters)])
        _, firsts = np.unique(_numbered(joint), return_index=True)
        size = len(joint) // 2
        rows = ((place, joint[:, place].tolist()) for place in sorted(firsts.tolist()))
        return [Option(tuple(row[:size]), tuple(row[size:]), _given(names, by_name, place)) for place, row in rows]

    def _cells(self, name: str, setting: Setting, fault: Fault) -> Column:
        own, new = self.chart.by_id[name], fault.chart.by_id[name]
        if name not in setting.values:
            return self.columns[name] if own.tables == new.tables else self._column(own, new)
        value = setting.values[name]  # a context that counts too: as it stands here, given or supposed
        taken = value if isinstance(value, str) else Fraction(value)
        return Column([Cell(READ, taken), Cell(MISSING, supposed=taken)], _none())

    def _worths(self, chart: Chart, name: str, setting: Setting, column: Column) -> Worths:
        parameter = chart.by_id[name]
        return cell_worths(chart, parameter, table_for(parameter, setting.values), column)

    def _grouped(self, group: Group, members: list[Worths], given: list[Flags]) -> Worths:
        found = group_worths(group, members, given)
        if group.kind == "one_of":  # two given are refused
            both = np.stack(given).sum(axis=0) > 1
            found[:, both] = 0
            found[SETTLED, both] = 1
        return found

    def _search(self, mutant: Chart, options: list[list[Option]], counters: list[Counter]) -> tuple[bool | None, Given]:
        """Whether the two treat any sum differently (None: too many to go through), and a set that has it."""
        nothing = (0, 0, 0, *(0 for _ in counters))
        layers: list[dict[tuple[Worth, Worth], tuple[tuple[Worth, Worth], Option] | None]] = [{(nothing, nothing): None}]
        for unit in options:
            layer: dict[tuple[Worth, Worth], tuple[tuple[Worth, Worth], Option] | None] = {}
            for state in layers[-1]:
                for option in unit:
                    after = (_added(state[0], option.worth, counters), _added(state[1], option.mutant, counters))
                    if after not in layer:
                        layer[after] = (state, option)
            if len(layer) > MOST_STATES:
                return None, {}
            layers.append(layer)
        for state in layers[-1]:
            if _shown(self.chart, state[0], counters) != _shown(mutant, state[1], counters):
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


def _shown_alike(chart: Chart, bands: Sequence[Band]) -> bool:
    """Zones show only where a level counts them."""
    zones = any(count.zone is not None for level in chart.levels for count in level.counts)
    return len({(points, zone if zones else 0, level) for points, zone, level in map(chart.severity, bands)}) < 2


def _edges(parameter: Parameter) -> set[Fraction]:
    intervals = (band.interval for table in parameter.tables for band in table.bands if band.interval is not None)
    return {Fraction(edge) for interval in intervals for edge in (interval.low, interval.high) if edge is not None}


def _numbered(columns: np.typing.NDArray[Any]) -> np.typing.NDArray[np.int64]:
    """A number for each column, the same only for equal columns."""
    found = np.zeros(columns.shape[1], np.int64)
    for row in columns.astype(np.int64):
        found = np.unique(found * (int(row.max()) - int(row.min()) + 1) + row - int(row.min()), return_inverse=True)[1]
    return found


def _none() -> np.typing.NDArray[np.int32]:
    return np.zeros(0, np.int32)


def _counters(chart: Chart, mutant: Chart) -> list[Counter]:
    """What the level rules of both look at, and up to how many."""
    most: dict[tuple[int, int], int] = {}
    for one in (chart, mutant):
        for rule in level_rules(one):
            for place, threshold, at_least, _ in rule.counts:
                key = (ZONE if place else POINTS, threshold)
                most[key] = max(most.get(key, 0), at_least)
    return [(kind, threshold, many) for (kind, threshold), many in sorted(most.items())]


def _reduced(worths: Worths, counters: list[Counter]) -> np.typing.NDArray[np.int64]:
    there = worths[COUNTS] > 0
    rows = [worths[POINTS] * there, worths[LEVEL] * there, (worths[SETTLED] == 0) & there]
    rows += [(worths[kind] >= threshold) & there for kind, threshold, _ in counters]
    return np.stack(rows).astype(np.int64)


def _added(state: Worth, worth: Worth, counters: list[Counter]) -> Worth:
    counted = (min(a + b, most) for a, b, (_, _, most) in zip(state[3:], worth[3:], counters, strict=True))
    return (state[0] + worth[0], max(state[1], worth[1]), state[2] | worth[2], *counted)


def _shown(chart: Chart, state: Worth, counters: list[Counter]) -> tuple[int, int]:
    """The plain total (-1 for none) and the level."""
    level = state[1]
    place = {(kind, threshold): 3 + n for n, (kind, threshold, _) in enumerate(counters)}
    for rule in level_rules(chart):
        if rule.rank <= level:
            break
        counts = ((ZONE if kind else POINTS, threshold, many) for kind, threshold, many, _ in rule.counts)
        if (rule.total is not None and state[0] >= rule.total) or any(state[place[kind, threshold]] >= many for kind, threshold, many in counts):
            level = rule.rank
    return (-1 if state[2] or not chart.has_points else state[0], level)


def _given(names: tuple[str, ...], columns: Mapping[str, Column], place: int) -> Given:
    found: Given = {}
    at = np.unravel_index(place, [len(columns[name].cells) for name in names])
    for name, code in zip(names, at, strict=True):
        cell = columns[name].cells[int(code)]
        if cell.kind == READ and cell.value is not None:
            found[name] = as_text(cell.value)
        elif cell.kind == SKIPPED:
            found[SKIP_PREFIX + name] = cell.skip if cell.skip != "-" else "not done"
    return found
