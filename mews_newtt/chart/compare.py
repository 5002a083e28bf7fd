"""Two versions of a chart: what changed in print, and which recordable readings now score differently."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import product
from typing import Any, NamedTuple

from mews_newtt.chart.bands import find_band
from mews_newtt.chart.contexts import Value, contexts_of, distinguishable_values, table_for
from mews_newtt.chart.load import canonical
from mews_newtt.chart.model import Chart, Parameter, Table, number

Worth = tuple[int | None, str | None, str | None, str | None]  # points, zone, level, prompt


class Change(NamedTuple):
    """One thing said differently: where, and what it was and is (None: it did not or does not stand there)."""

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
    before: Worth | None
    after: Worth | None

    @property
    def says(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        if self.first is None:
            run = f"{self.last}{unit} and under" if self.last is not None else "every reading"
        elif self.last is None:
            run = f"{self.first}{unit} and over"
        else:
            run = f"{self.first}{unit}" if self.first == self.last else f"{self.first} to {self.last}{unit}"
        where = f" ({self.context})" if self.context else ""
        return f"{self.title}{where} {run}: {worth_says(self.before)} -> {worth_says(self.after)}"


class Comparison(NamedTuple):
    """Everything that differs between two charts; empty lists where they say the same."""

    before: Chart
    after: Chart
    changes: list[Change]
    readings: list[ReadingChange]

    @property
    def same(self) -> bool:
        return not self.changes and not self.readings

    def to_dict(self) -> dict[str, Any]:
        return {
            "before": {"id": self.before.id, "version": self.before.version, "status": self.before.status, "sha256": self.before.sha256},
            "after": {"id": self.after.id, "version": self.after.version, "status": self.after.status, "sha256": self.after.sha256},
            "changes": [{"where": c.where, "before": c.before, "after": c.after} for c in self.changes],
            "readings": [r._asdict() for r in self.readings],
        }


def worth_says(worth: Worth | None) -> str:
    """What a band gives, in words."""
    if worth is None:
        return "not read"
    points, zone, level, prompt = worth
    says = [f"{points} point" + ("" if points == 1 else "s")] if points is not None else []
    says += [text for text in (zone and f"{zone} zone", level and f"raises to {level}", prompt) if text]
    return ", ".join(says) or "gives nothing"


def compare(before: Chart, after: Chart) -> Comparison:
    """What changed from one chart to another: every printed fact, and every recordable reading that scores differently."""
    changes = list(_differences("", canonical(before), canonical(after)))
    readings = [change for parameter in _rows(before, after) for change in _reading_changes(before, after, parameter)]
    return Comparison(before, after, changes, readings)


def _differences(where: str, before: Any, after: Any) -> Iterator[Change]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*before, *after]):
            yield from _differences(f"{where}, {key}" if where else str(key), before.get(key), after.get(key))
    elif isinstance(before, list) and isinstance(after, list):
        yield from _list_differences(where, before, after)
    elif before != after:
        yield Change(where, _plain(before), _plain(after))


def _list_differences(where: str, before: list[Any], after: list[Any]) -> Iterator[Change]:
    """Items with a name are paired by it, others by their place."""
    old, new = _named(before), _named(after)
    if old is not None and new is not None and (old or new):
        for name in dict.fromkeys([*old, *new]):
            yield from _differences(f"{where} {name}", old.get(name), new.get(name))
        if [n for n in old if n in new] != [n for n in new if n in old]:
            yield Change(f"{where}, order", ", ".join(old), ", ".join(new))
        return
    for place in range(max(len(before), len(after))):
        one = before[place] if place < len(before) else None
        other = after[place] if place < len(after) else None
        yield from _differences(f"{where}[{place + 1}]", one, other)


def _named(items: list[Any]) -> dict[str, Any] | None:
    names = []
    for item in items:
        if not isinstance(item, Mapping):
            return None
        name = item.get("id") or (item.get("observation") or {}).get("id")
        if name is None:
            return None
        names.append(name)
    return dict(zip(names, items, strict=True))


def _plain(value: Any) -> Any:
    """A changed item as short text; None stays None."""
    if isinstance(value, Mapping):
        kept = {key: _plain(item) for key, item in value.items() if item not in (None, "", [], {})}
        return ", ".join(f"{key} {item}" for key, item in kept.items())
    if isinstance(value, list):
        return "; ".join(str(_plain(item)) for item in value)
    return value


def _rows(before: Chart, after: Chart) -> list[str]:
    return list(dict.fromkeys([*before.by_id, *after.by_id]))


def _reading_changes(before: Chart, after: Chart, name: str) -> Iterator[ReadingChange]:
    old, new = before.by_id.get(name), after.by_id.get(name)
    parameter = new or old
    if parameter is None or (not _banded(old) and not _banded(new)):
        return
    for context in _contexts(before, after, old, new):
        one, other = _table(old, context), _table(new, context)
        if one is other:
            continue
        says = ", ".join(f"{key} {value}" for key, value in context.items())
        values = recordable_values(parameter, [table for table in (one, other) if table is not None])
        runs = _runs([(value, _worth(before, one, value), _worth(after, other, value)) for value in values], parameter.observation.numeric)
        for first, last, was, is_ in runs:
            yield ReadingChange(name, parameter.title, number("", parameter.observation.unit).strip(), says, first, last, was, is_)


def _runs(
    worths: list[tuple[Value, Worth | None, Worth | None]], numeric: bool
) -> Iterator[tuple[str | None, str | None, Worth | None, Worth | None]]:
    """Neighbouring readings that changed alike, as one run; at the ends of the scale a run is open."""
    start = 0
    while start < len(worths):
        value, was, is_ = worths[start]
        end = start
        while numeric and end + 1 < len(worths) and worths[end + 1][1:] == (was, is_):
            end += 1
        if was != is_:
            open_low, open_high = numeric and start == 0, numeric and end == len(worths) - 1
            yield (None if open_low else number(value)), (None if open_high else number(worths[end][0])), was, is_
        start = end + 1


def _banded(parameter: Parameter | None) -> bool:
    return parameter is not None and any(table.bands for table in parameter.tables)


def _contexts(before: Chart, after: Chart, old: Parameter | None, new: Parameter | None) -> Iterator[dict[str, Value]]:
    """Every distinguishable context of either chart."""
    values: dict[str, dict[Value, None]] = {}
    for chart, parameter in ((before, old), (after, new)):
        if parameter is not None:
            for name in contexts_of(parameter):
                values.setdefault(name, {}).update(dict.fromkeys(distinguishable_values(chart, name)))
    for chosen in product(*values.values()):
        yield dict(zip(values, chosen, strict=True))


def _table(parameter: Parameter | None, context: Mapping[str, Value]) -> Table | None:
    table = table_for(parameter, context) if parameter is not None else None
    return table if table is not None and table.applies else None


def recordable_values(parameter: Parameter, tables: list[Table]) -> list[Value]:
    """Every category, or every multiple of the recording step from three steps below the lowest edge to three above the highest."""
    observation = parameter.observation
    if not observation.numeric:
        return list(dict.fromkeys(c for table in tables for band in table.bands for c in band.categories))
    edges = [
        edge for table in tables for band in table.bands if band.interval for edge in (band.interval.low, band.interval.high) if edge is not None
    ]
    step = observation.step
    if not edges:
        return [Decimal(0)]
    lowest, highest = min(edges) // step - 3, max(edges) // step + 4
    values = [count * step for count in range(int(lowest), int(highest) + 1)]
    possible = observation.impossible
    return [value for value in values if possible.contains(value)]


def _worth(chart: Chart, table: Table | None, value: Value) -> Worth | None:
    if table is None:
        return None
    if isinstance(value, str) and not any(value in band.categories for band in table.bands):
        return None
    band = find_band(chart, table, value)[0]
    return band.points, band.zone, band.level, band.prompt
