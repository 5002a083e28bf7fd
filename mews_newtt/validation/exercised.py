"""What rows try of a chart, and where on it they disagree: the one counter that `validate`, `coverage` and the reports share.

Bands, both sides of edges (of readings and of the totals where a level starts), every way the contexts choose tables, levels of complete
sets, missing readings, skip reasons, refusals. Counted, never listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

from mews_newtt.chart.bands import find_band
from mews_newtt.chart.model import Band, Chart, Number, Parameter, number
from mews_newtt.validation.cases_readable import first_in, last_in
from mews_newtt.validation.cases_values import Setting, settings
from mews_newtt.validation.faults import row_name, worth_words
from mews_newtt.validation.faults_bands import band_words

Place = tuple[str, int, int]  # parameter, which of its tables, which band of that table; for an edge the band above it
MOST_KEPT = 1 << 16  # values whose place is remembered
PLURAL = {
    "band": "bands",
    "trigger": "triggers",
    "edge": "sides of edges",
    "context": "contexts",
    "level": "levels",
    "skip": "skip reasons",
    "missing": "missing readings",
    "refused": "refusals",
}


@dataclass
class Tried:
    """Compared rows at a place, and how many of them disagree."""

    rows: int = 0
    disagreed: int = 0

    def add(self, rows: int, disagreed: int) -> None:
        self.rows += rows
        self.disagreed += disagreed


@dataclass
class Edge:
    """An edge between two bands: rows on the recordable values beside it, and rows whose nearest edge it is."""

    last_below: Tried = field(default_factory=Tried)
    first_above: Tried = field(default_factory=Tried)
    near_below: Tried = field(default_factory=Tried)
    near_above: Tried = field(default_factory=Tried)


class Item(NamedTuple):
    """One thing that rows may try, and how many compared rows do."""

    kind: str
    says: str
    rows: int
    disagreed: int

    def to_dict(self) -> dict[str, Any]:
        return self._asdict()


class Beside(NamedTuple):
    """Where a reading lies in a table: its band; the edge nearest to it and on which side of that it is; whether it is the value beside it."""

    band: int
    nearest: int | None = None
    above: bool = False
    beside: tuple[int, ...] = ()  # edges whose neighbour this value is


@dataclass
class Exercised:
    """Counts by place of a chart. `known` are the parameters whose own points were stated: there a disagreement is the parameter's own."""

    chart: Chart
    bands: dict[Place, Tried] = field(default_factory=dict)
    edges: dict[Place, Edge] = field(default_factory=dict)
    levels: dict[str, Tried] = field(default_factory=dict)
    skips: dict[tuple[str, str], Tried] = field(default_factory=dict)
    missing: dict[str, Tried] = field(default_factory=dict)
    rows: dict[str, Tried] = field(default_factory=dict)
    settings: list[tuple[Setting, Tried]] = field(default_factory=list)
    totals: dict[int, Tried] = field(default_factory=dict)  # the last total below each level that a total starts, and its first
    refused: Tried = field(default_factory=Tried)  # for a reading
    scope: dict[int, Tried] = field(default_factory=dict)  # by the chart's rule of scope
    known: set[str] = field(default_factory=set)
    _where: dict[tuple[str, int, Number | str], Beside] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, chart: Chart) -> Exercised:
        """Nothing tried yet."""
        made = cls(chart, levels={level.id: Tried() for level in chart.levels})
        made.settings = [(setting, Tried()) for setting in settings(chart)] if chart.context_ids else []
        made.totals = {total: Tried() for _, start in _starts(chart) for total in (start - 1, start)}
        made.scope = {place: Tried() for place, rule in enumerate(chart.scope) if rule.refuse}
        for parameter in chart.parameters:
            made.rows[parameter.id] = Tried()
            if parameter.required and parameter.role == "scored":
                made.missing[parameter.id] = Tried()
            made.skips |= {(parameter.id, skip.code.casefold()): Tried() for skip in parameter.skips}
            for place, table in enumerate(parameter.tables):
                for at in range(len(table.bands) if table.applies else 0):
                    made.bands[parameter.id, place, at] = Tried()
                    if at and parameter.observation.numeric:
                        made.edges[parameter.id, place, at] = Edge()
        return made

    def add_reading(self, parameter: Parameter, table: int, value: Number | str, rows: int, disagreed: int) -> None:
        """Rows with one reading of a parameter in one of its tables."""
        self.rows[parameter.id].add(rows, disagreed)
        if not parameter.tables[table].applies:
            return
        key = (parameter.id, table, value)
        if key not in self._where:
            if len(self._where) > MOST_KEPT:
                self._where.clear()
            self._where[key] = _beside(self.chart, parameter, table, value)
        where = self._where[key]
        self.bands[parameter.id, table, where.band].add(rows, disagreed)
        if where.nearest is not None:
            edge = self.edges[parameter.id, table, where.nearest]
            (edge.near_above if where.above else edge.near_below).add(rows, disagreed)
        for at in where.beside:
            edge = self.edges[parameter.id, table, at]
            (edge.first_above if at == where.band else edge.last_below).add(rows, disagreed)

    def items(self) -> list[Item]:
        """Everything that could be tried, in chart order."""
        return [*self._places(), *self._others()]

    def _places(self) -> Iterator[Item]:
        chart = self.chart
        for parameter in chart.parameters:
            for place, table in enumerate(parameter.tables):
                if not table.applies:
                    continue
                name = row_name(parameter, table)
                here = [self.bands[parameter.id, place, at] for at in range(len(table.bands))]
                for band, tried in zip(table.bands, here, strict=True):
                    kind = "trigger" if band.level is not None else "band"
                    yield Item(kind, f"{name}, {band_words(band)}: {worth_words(chart, band)}", tried.rows, tried.disagreed)
                for at in range(1, len(table.bands)):
                    edge = self.edges.get((parameter.id, place, at))
                    for value, side, words in _sides(parameter, table.bands[at - 1], table.bands[at], edge):
                        says = f"{name} {number(value, parameter.observation.unit)}, {words} the edge to {worth_words(chart, table.bands[at])}"
                        yield Item("edge", says, side.rows, side.disagreed)

    def _others(self) -> Iterator[Item]:
        chart = self.chart
        for setting, tried in self.settings:
            yield Item("context", f"a set like {setting.says}", tried.rows, tried.disagreed)
        for level in chart.levels:
            yield Item("level", level.title, self.levels[level.id].rows, self.levels[level.id].disagreed)
        for title, start in _starts(chart):
            for total, side in ((start - 1, "the last below"), (start, "the first of")):
                yield Item("edge", f"a total of {total}, {side} level {title}", self.totals[total].rows, self.totals[total].disagreed)
        for name, tried in self.missing.items():
            yield Item("missing", f"{chart.by_id[name].title} missing", tried.rows, tried.disagreed)
        for parameter in chart.parameters:
            for skip in parameter.skips:
                tried = self.skips[parameter.id, skip.code.casefold()]
                yield Item("skip", f"{parameter.title} not taken, {skip.code} ({skip.says})", tried.rows, tried.disagreed)
        yield Item("refused", "an impossible or unreadable reading", self.refused.rows, self.refused.disagreed)
        for place, tried in self.scope.items():
            yield Item("refused", f"a set the chart is not for: {chart.scope[place].says}", tried.rows, tried.disagreed)

    def by_parameter(self) -> list[dict[str, Any]]:
        """Where rows disagree, parameter by parameter; edges and bands without a disagreement are left out."""
        return [
            {
                "parameter": parameter.id,
                "title": parameter.title,
                "known": parameter.id in self.known,
                "rows": self.rows[parameter.id].rows,
                "disagreed": self.rows[parameter.id].disagreed,
                "edges": [self._edge(parameter, key, edge) for key, edge in self.edges.items() if key[0] == parameter.id and _bad(edge)],
                "bands": [self._band(parameter, key, tried) for key, tried in self.bands.items() if key[0] == parameter.id and tried.disagreed],
            }
            for parameter in self.chart.parameters
            if parameter.role != "recorded"
        ]

    def _edge(self, parameter: Parameter, key: Place, edge: Edge) -> dict[str, Any]:
        below, above = parameter.tables[key[1]].bands[key[2] - 1], parameter.tables[key[1]].bands[key[2]]
        name = row_name(parameter, parameter.tables[key[1]])
        return {
            "table": key[1],
            "band": key[2],
            "says": f"{name}, between {band_words(below)} and {band_words(above)}",
            "rows_below": edge.near_below.rows,
            "disagreed_below": edge.near_below.disagreed,
            "rows_above": edge.near_above.rows,
            "disagreed_above": edge.near_above.disagreed,
        }

    def _band(self, parameter: Parameter, key: Place, tried: Tried) -> dict[str, Any]:
        table = parameter.tables[key[1]]
        says = f"{row_name(parameter, table)}, {band_words(table.bands[key[2]])}: {worth_words(self.chart, table.bands[key[2]])}"
        return {"table": key[1], "band": key[2], "says": says, "rows": tried.rows, "disagreed": tried.disagreed}

    def to_dict(self) -> dict[str, Any]:
        items = self.items()
        seen = sum(item.rows > 0 for item in items)
        return {"exercised": seen, "not_exercised": len(items) - seen, "items": [item.to_dict() for item in items]}


def _starts(chart: Chart) -> list[tuple[str, int]]:
    """The levels that a total starts, and that total."""
    raised = chart.levels[1:] if chart.has_points else ()
    return [(level.title, int(level.total.low)) for level in raised if level.total is not None and level.total.low]


def _bad(edge: Edge) -> int:
    return edge.near_below.disagreed + edge.near_above.disagreed


def _sides(parameter: Parameter, low: Band, high: Band, edge: Edge | None) -> Iterator[tuple[Number, Tried, str]]:
    if edge is not None:
        for value, side, words in (
            (last_in(parameter, low), edge.last_below, "last below"),
            (first_in(parameter, high), edge.first_above, "first above"),
        ):
            if value is not None:
                yield value, side, words


def _beside(chart: Chart, parameter: Parameter, table: int, value: Number | str) -> Beside:
    bands = parameter.tables[table].bands
    band, _ = find_band(chart, parameter.tables[table], value)
    at = next(place for place, one in enumerate(bands) if one is band)
    if isinstance(value, str):
        return Beside(at)
    exact = Fraction(value)
    first, last = (None if end is None else Fraction(end) for end in (first_in(parameter, band), last_in(parameter, band)))
    beside = tuple(edge for edge, end in ((at, first), (at + 1, last)) if end == exact and 0 < edge < len(bands))
    to_low = abs(exact - first) if first is not None and at > 0 else None
    to_high = abs(last - exact) if last is not None and at + 1 < len(bands) else None
    if to_low is None and to_high is None:
        return Beside(at, beside=beside)
    nearest = at if to_high is None or (to_low is not None and to_low <= to_high) else at + 1
    return Beside(at, nearest, nearest == at, beside)


def gaps(items: Iterable[Item]) -> dict[str, tuple[int, int]]:
    """For each kind of thing how many were tried, of how many."""
    found: dict[str, tuple[int, int]] = {}
    for item in items:
        seen, of = found.get(item.kind, (0, 0))
        found[item.kind] = (seen + (item.rows > 0), of + 1)
    return found
