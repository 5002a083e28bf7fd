"""Two versions of a chart: what changed in print, and which recordable readings and totals now mean something else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from mews_newtt.chart.bands import find_band
from mews_newtt.chart.content import canonical
from mews_newtt.chart.contexts import Value
from mews_newtt.chart.model import Chart, Condition, Interval, Parameter, Table, number
from mews_newtt.chart.words import conditions_by_id, gives

Conditions = dict[str, Condition]


class BandGives(NamedTuple):
    """What a reading gives."""

    points: int | None
    zone: str | None
    level: str | None
    prompt: str | None


class Change(NamedTuple):
    """One difference: where it is, and its content before and after (None: not there)."""

    where: str
    before: Any
    after: Any

    @property
    def says(self) -> str:
        if self.before is None:
            return f"{self.where}: new: {self.after}"
        if self.after is None:
            return f"{self.where}: gone: {self.before}"
        return f"{self.where}: {self.before} -> {self.after}"


class ReadingChange(NamedTuple):
    """A run of recordable readings (or a category) that scores differently in a context; no first or last: and all beyond."""

    parameter: str
    title: str
    unit: str
    context: str
    first: str | None
    last: str | None
    before: BandGives | None
    after: BandGives | None

    @property
    def says(self) -> str:
        unit = "%" if self.unit == "%" else f" {self.unit}" if self.unit not in ("", "1") else ""
        where = f" ({self.context})" if self.context else ""
        return f"{self.title}{where} {_run_says(self.first, self.last, unit)}: {band_gives_says(self.before)} -> {band_gives_says(self.after)}"

    def to_dict(self) -> dict[str, Any]:
        return {**self._asdict(), "before": self.before and self.before._asdict(), "after": self.after and self.after._asdict()}


class TotalChange(NamedTuple):
    """A run of totals that reaches another level; no last: and all beyond. A level of None: the chart has no totals."""

    first: int
    last: int | None
    before: str | None
    after: str | None

    @property
    def says(self) -> str:
        run = _run_says(str(self.first), None if self.last is None else str(self.last), "")
        return f"a total of {run}: {self.before or 'no total'} -> {self.after or 'no total'}"


class Comparison(NamedTuple):
    """Everything that differs between two charts; empty lists where they say the same."""

    before: Chart
    after: Chart
    changes: list[Change]
    readings: list[ReadingChange]
    totals: list[TotalChange]

    @property
    def same(self) -> bool:
        return not (self.changes or self.readings or self.totals)

    def to_dict(self) -> dict[str, Any]:
        named = ("id", "version", "status", "sha256")
        return {
            **{side: {name: getattr(chart, name) for name in named} for side, chart in (("before", self.before), ("after", self.after))},
            "changes": [change._asdict() for change in self.changes],
            "readings": [reading.to_dict() for reading in self.readings],
            "totals": [total._asdict() for total in self.totals],
        }


def band_gives_says(given: BandGives | None) -> str:
    """What a reading gives, in words."""
    if given is None:
        return "not read"
    return ", ".join(gives(given.points, given.zone and f"{given.zone} zone", given.level, given.prompt)) or "gives nothing"


def compare(before: Chart, after: Chart) -> Comparison:
    """What changed from one chart to another: every printed fact, every recordable reading and every total that now means something else."""
    changes = list(_differences("", canonical(before), canonical(after)))
    names = dict.fromkeys([*before.by_id, *after.by_id])
    readings = [change for name in names for change in _reading_changes(before, after, name)]
    return Comparison(before, after, changes, readings, list(_total_changes(before, after)))


def _run_says(first: str | None, last: str | None, unit: str) -> str:
    if first is None:
        return f"{last}{unit} and under" if last is not None else "every reading"
    if last is None:
        return f"{first}{unit} and over"
    return f"{first}{unit}" if first == last else f"{first} to {last}{unit}"


# What the files say.


def _differences(where: str, before: Any, after: Any) -> Iterator[Change]:
    if _is_interval(before) or _is_interval(after):
        if before != after:
            yield Change(where, _plain(before), _plain(after))
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*before, *after]):
            place, one, other = (f"{where}, {key}" if where else str(key)), before.get(key), after.get(key)
            if key == "tables":
                yield from _table_differences(where, one or [], other or [])
            elif key == "when":
                if one != other:
                    yield Change(place, _when_says(one), _when_says(other))
            else:
                yield from _differences(place, one, other)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _list_differences(where, before, after)
    elif before != after:
        yield Change(where, *(None if value == "" else _plain(value) for value in (before, after)))


def _list_differences(where: str, before: list[Any], after: list[Any]) -> Iterator[Change]:
    """Items with a name are paired by it, texts by what they say, others by their place."""
    old, new = _named(before), _named(after)
    if old is not None and new is not None:
        for name in dict.fromkeys([*old, *new]):
            yield from _differences(f"{where.removesuffix('s')} {name}", old.get(name), new.get(name))
        if [n for n in old if n in new] != [n for n in new if n in old]:
            yield Change(f"{where}, order", ", ".join(old), ", ".join(new))
    elif all(isinstance(item, str) for item in (*before, *after)):
        yield from (Change(where, item, None) for item in before if item not in after)
        yield from (Change(where, None, item) for item in after if item not in before)
        if before != after and sorted(before) == sorted(after):
            yield Change(f"{where}, order", "; ".join(before), "; ".join(after))
    else:
        for place in range(max(len(before), len(after))):
            one, other = (items[place] if place < len(items) else None for items in (before, after))
            yield from _differences(f"{where}[{place + 1}]", one, other)


def _table_differences(where: str, before: list[Any], after: list[Any]) -> Iterator[Change]:
    """Tables are paired by their context, or else by their title."""
    left = list(after)
    for table in before:
        alike = [other for key in ("when", "title") for other in left if other[key] == table[key] and (key == "when" or table[key])]
        place = _table_place(where, table)
        if not alike:
            yield Change(place, _bands_say(table), None)
            continue
        left.remove(alike[0])
        yield from _differences(place, *({key: item for key, item in each.items() if key != "bands"} for each in (table, alike[0])))
        yield from _band_differences(place, table["bands"], alike[0]["bands"])
    yield from (Change(_table_place(where, table), None, _bands_say(table)) for table in left)


def _table_place(where: str, table: Mapping[str, Any]) -> str:
    name = table["title"] or _when_says(table["when"])
    return f"{where}, table {name!r}" if name else where


def _bands_say(table: Mapping[str, Any]) -> str:
    return "; ".join(_band_says(band) for band in table["bands"]) or "not read"


def _band_differences(where: str, before: list[Any], after: list[Any]) -> Iterator[Change]:
    """Bands of the same range are compared; changed neighbours are paired where as many came as went."""
    old_ranges, new_ranges = ([_range_says(band) for band in bands] for bands in (before, after))
    for change, i, j, k, m in SequenceMatcher(None, old_ranges, new_ranges, autojunk=False).get_opcodes():
        old, new = before[i:j], after[k:m]
        if change == "equal":
            for one, other in zip(old, new, strict=True):
                place = f"{where}, band {_range_says(one)}"
                if _gives_of(one) != _gives_of(other):
                    yield Change(place, band_gives_says(_gives_of(one)), band_gives_says(_gives_of(other)))
                if one["printed"] != other["printed"]:
                    yield Change(f"{place}, printed", one["printed"], other["printed"])
        elif len(old) == len(new):
            yield from (Change(f"{where}, band", _band_says(one), _band_says(other)) for one, other in zip(old, new, strict=True))
        else:
            yield from (Change(f"{where}, band", _band_says(band), None) for band in old)
            yield from (Change(f"{where}, band", None, _band_says(band)) for band in new)


def _range_says(band: Mapping[str, Any]) -> str:
    return str(_plain(band["interval"])) if band["interval"] else " or ".join(band["categories"])


def _gives_of(band: Mapping[str, Any]) -> BandGives:
    return BandGives(*(band[name] for name in BandGives._fields))


def _band_says(band: Mapping[str, Any]) -> str:
    return f"{_range_says(band)} ({band_gives_says(_gives_of(band))})"


def _named(items: list[Any]) -> dict[str, Any] | None:
    """Items by their id; None where some have none."""
    tables = [item if isinstance(item, Mapping) else {} for item in items]
    names = [item.get("id") or item.get("code") or item.get("observation", {}).get("id") for item in tables]
    return dict(zip(names, items, strict=True)) if all(names) else None


def _is_interval(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) == set(Interval.__slots__)


def _plain(value: Any) -> Any:
    """A changed item as short text; None stays None."""
    if _is_interval(value):
        low, high = (None if value[edge] is None else Decimal(value[edge]) for edge in ("low", "high"))
        return str(Interval(low, value["low_included"], high, value["high_included"]))
    if isinstance(value, Mapping):
        if "bands" in value:
            return _bands_say(value)
        kept = {
            key: _when_says(item) if key == "when" else _plain(item)
            for key, item in value.items()
            if item is not None and item not in ("", []) and key not in ("id", "code", "observation")  # said already, where the item is
        }
        return ", ".join(f"{key} {item}" for key, item in kept.items())
    if isinstance(value, list):
        return "; ".join(str(_plain(item)) for item in value)
    return value


def _when_says(when: list[Any] | None) -> str | None:
    """A context of canonical content in words."""
    if when is None:
        return None
    return conditions_by_id((name, frozenset(wanted) if isinstance(wanted, list) else _plain(wanted)) for name, wanted in when)


# Which readings score differently.


def _reading_changes(before: Chart, after: Chart, name: str) -> Iterator[ReadingChange]:
    old, new = before.by_id.get(name), after.by_id.get(name)
    parameter = new or old
    if parameter is None or not (_banded(old) or _banded(new)):
        return
    unit, numeric = number("", parameter.observation.unit).strip(), parameter.observation.numeric
    for when, one, other in _contexts(old, new):
        values = recordable_values(parameter, [table for table in (one, other) if table is not None])
        runs = _runs([(value, _gives_at(before, one, value), _gives_at(after, other, value)) for value in values], numeric)
        says = conditions_by_id(sorted(when.items()))
        for first, last, was, is_ in runs:
            yield ReadingChange(name, parameter.title, unit, says, first, last, was, is_)


def _runs(
    pairs: list[tuple[Value, BandGives | None, BandGives | None]], numeric: bool
) -> Iterator[tuple[str | None, str | None, BandGives | None, BandGives | None]]:
    """Neighbouring readings that changed alike, as one run; at the ends of the scale a run is open."""
    start = 0
    while start < len(pairs):
        value, was, is_ = pairs[start]
        end = start
        while numeric and end + 1 < len(pairs) and pairs[end + 1][1:] == (was, is_):
            end += 1
        if was != is_:
            open_low, open_high = numeric and start == 0, numeric and end == len(pairs) - 1
            yield (None if open_low else number(value)), (None if open_high else number(pairs[end][0])), was, is_
        start = end + 1


def _banded(parameter: Parameter | None) -> bool:
    return parameter is not None and any(table.bands for table in parameter.tables)


def _contexts(old: Parameter | None, new: Parameter | None) -> Iterator[tuple[Conditions, Table | None, Table | None]]:
    """Every context in which one pair of tables is read, and that pair.

    The tables of a parameter split its contexts, so pairs of tables whose conditions meet split those of both charts.
    """
    olds, news = _tables(old), _tables(new)
    for when, one in olds:
        for other_when, other in news:
            met = _meet(when, other_when)
            if met is not None:
                yield met, _read(one), _read(other)
    for mine, theirs, flip in ((olds, news, False), (news, olds, True)):  # categories of a context that only one of the charts knows
        for when, table in mine:
            for name, wanted in when.items():
                known = [conditions[name] for conditions, _ in theirs if name in conditions]
                own = wanted.difference(*(c for c in known if isinstance(c, frozenset))) if known and isinstance(wanted, frozenset) else None
                if own:
                    lone = {**when, name: own}
                    yield (lone, None, _read(table)) if flip else (lone, _read(table), None)


def _tables(parameter: Parameter | None) -> list[tuple[Conditions, Table | None]]:
    if parameter is None or not parameter.tables:
        return [({}, None)]
    return [(dict(table.when), table) for table in parameter.tables]


def _read(table: Table | None) -> Table | None:
    return table if table is not None and table.applies and table.bands else None


def _meet(one: Conditions, other: Conditions) -> Conditions | None:
    """The conditions under which both hold; None where they never do."""
    met = dict(one)
    for name, wanted in other.items():
        mine = met.get(name)
        if mine is None:
            met[name] = wanted
        elif isinstance(mine, frozenset) and isinstance(wanted, frozenset):
            if not mine & wanted:
                return None
            met[name] = mine & wanted
        elif isinstance(mine, Interval) and isinstance(wanted, Interval):
            both = overlap(mine, wanted)
            if both is None:
                return None
            met[name] = both
    return met


def overlap(one: Interval, other: Interval) -> Interval | None:
    """The numbers in both ranges; None where there are none."""
    lows = [(each.low, not each.low_included) for each in (one, other) if each.low is not None]
    highs = [(each.high, each.high_included) for each in (one, other) if each.high is not None]
    low, above = max(lows, default=(None, False))
    high, included = min(highs, default=(None, True))
    if low is not None and high is not None and (low > high or (low == high and (above or not included))):
        return None
    return Interval(low, not above, high, included)


def recordable_values(parameter: Parameter, tables: list[Table]) -> list[Value]:
    """Every category, or every multiple of the recording step from below the lowest edge to above the highest, as far as possible."""
    observation = parameter.observation
    if not observation.numeric:
        return list(dict.fromkeys(c for table in tables for band in table.bands for c in band.categories))
    intervals = [band.interval for table in tables for band in table.bands if band.interval]
    edges = [edge for interval in intervals for edge in (interval.low, interval.high) if edge is not None]
    step = observation.step
    if not edges:
        return [Decimal(0)] if tables else []
    lowest, highest = min(edges) // step - 3, max(edges) // step + 4
    values = [count * step for count in range(int(lowest), int(highest) + 1)]
    return [value for value in values if observation.impossible.contains(value)]


def _gives_at(chart: Chart, table: Table | None, value: Value) -> BandGives | None:
    if table is None or (isinstance(value, str) and not any(value in band.categories for band in table.bands)):
        return None
    band = find_band(chart, table, value)[0]
    return BandGives(band.points, band.zone, band.level, band.prompt)


# Which totals reach another level.


def _total_changes(before: Chart, after: Chart) -> Iterator[TotalChange]:
    old, new = _levels_by_total(before), _levels_by_total(after)
    runs: list[TotalChange] = []
    for first in sorted({*old, *new}):
        was, is_ = (levels[max(start for start in levels if start <= first)] if levels else None for levels in (old, new))
        if not runs or (runs[-1].before, runs[-1].after) != (was, is_):
            runs[-1:] = [run._replace(last=first - 1) for run in runs[-1:]]
            runs.append(TotalChange(first, None, was, is_))
    yield from (run for run in runs if run.before != run.after)


def _levels_by_total(chart: Chart) -> dict[int, str]:
    """The level that each total starts to reach by itself; the first one needs no total, and later ones start higher."""
    if not chart.has_points:
        return {}
    return {0: chart.levels[0].id, **{int(level.total.low or 0): level.id for level in chart.levels[1:] if level.total is not None}}
