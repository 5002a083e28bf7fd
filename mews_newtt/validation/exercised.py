"""What a file exercises of a chart, and where on the chart its rows disagree: the one counter of `validate`, `coverage` and the reports.

It counts bands, both sides of edges (of readings, and of the totals where a level starts), settings of the contexts, levels of complete sets,
missing readings, skip reasons and refusals. `tally.py` counts rows into it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

from mews_newtt.chart.bands import find_band
from mews_newtt.chart.model import Band, Chart, Number, Parameter, number
from mews_newtt.validation.cases import Setting, first_in, last_in, settings
from mews_newtt.validation.wording import band_words, gives, row_name

BandKey = tuple[str, int, int]  # parameter, index of its table, index of the band; for an edge that of the band above it
MOST_KEPT = 1 << 16  # values whose band is remembered
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
class RowCounts:
    """Rows that exercise something, and how many of them disagree."""

    rows: int = 0
    disagreed: int = 0

    def add(self, rows: int, disagreed: int) -> None:
        self.rows += rows
        self.disagreed += disagreed


@dataclass
class Edge:
    """Rows at an edge between two bands: on the last recordable value below it, on the first above it, and rows whose nearest edge it is."""

    last_below: RowCounts = field(default_factory=RowCounts)
    first_above: RowCounts = field(default_factory=RowCounts)
    near_below: RowCounts = field(default_factory=RowCounts)
    near_above: RowCounts = field(default_factory=RowCounts)


class Item(NamedTuple):
    """One thing of a chart that rows may exercise, and how many rows do."""

    kind: str
    says: str
    rows: int
    disagreed: int

    def to_dict(self) -> dict[str, Any]:
        return self._asdict()


class Location(NamedTuple):
    """Where a reading is in a table: its band, the nearest edge and whether it is above that, and the edges that it is next to."""

    band: int
    nearest: int | None = None
    above: bool = False
    next_to: tuple[int, ...] = ()


@dataclass
class Exercised:
    """Counts of rows for everything on a chart.

    `known` are the parameters whose points were stated: only there a disagreement is certainly the parameter's own.
    """

    chart: Chart
    bands: dict[BandKey, RowCounts] = field(default_factory=dict)
    edges: dict[BandKey, Edge] = field(default_factory=dict)
    levels: dict[str, RowCounts] = field(default_factory=dict)
    skips: dict[tuple[str, str], RowCounts] = field(default_factory=dict)
    missing: dict[str, RowCounts] = field(default_factory=dict)
    rows: dict[str, RowCounts] = field(default_factory=dict)
    settings: list[tuple[Setting, RowCounts]] = field(default_factory=list)
    totals: dict[int, RowCounts] = field(default_factory=dict)  # the last total below each level that a total starts, and its first
    refused: RowCounts = field(default_factory=RowCounts)  # for a reading
    scope: dict[int, RowCounts] = field(default_factory=dict)  # by the chart's rule of scope
    known: set[str] = field(default_factory=set)
    _where: dict[tuple[str, int, Number | str], Location] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, chart: Chart) -> Exercised:
        """All counts at zero."""
        made = cls(chart, levels={level.id: RowCounts() for level in chart.levels})
        made.settings = [(setting, RowCounts()) for setting in settings(chart)] if chart.context_ids else []
        made.totals = {total: RowCounts() for _, start in _starts(chart) for total in (start - 1, start)}
        made.scope = {index: RowCounts() for index, rule in enumerate(chart.scope) if rule.refuse}
        for parameter in chart.parameters:
            made.rows[parameter.id] = RowCounts()
            if parameter.required and parameter.role == "scored":
                made.missing[parameter.id] = RowCounts()
            made.skips |= {(parameter.id, skip.code.casefold()): RowCounts() for skip in parameter.skips}
            for index, table in enumerate(parameter.tables):
                for at in range(len(table.bands) if table.applies else 0):
                    made.bands[parameter.id, index, at] = RowCounts()
                    if at and parameter.observation.numeric:
                        made.edges[parameter.id, index, at] = Edge()
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
            self._where[key] = _locate(self.chart, parameter, table, value)
        where = self._where[key]
        self.bands[parameter.id, table, where.band].add(rows, disagreed)
        if where.nearest is not None:
            edge = self.edges[parameter.id, table, where.nearest]
            (edge.near_above if where.above else edge.near_below).add(rows, disagreed)
        for at in where.next_to:
            edge = self.edges[parameter.id, table, at]
            (edge.first_above if at == where.band else edge.last_below).add(rows, disagreed)

    def every_count(self) -> Iterator[RowCounts]:
        """All counts, in an order that is the same for every Exercised of the chart."""
        yield from self.bands.values()
        for edge in self.edges.values():
            yield from vars(edge).values()
        for counts in (self.levels, self.skips, self.missing, self.rows, self.totals, self.scope):
            yield from counts.values()
        yield from (counts for _, counts in self.settings)
        yield self.refused

    def items(self) -> list[Item]:
        """Everything that could be exercised, in chart order."""
        return [*self._bands_and_edges(), *self._others()]

    def _bands_and_edges(self) -> Iterator[Item]:
        chart = self.chart
        for parameter in chart.parameters:
            for index, table in enumerate(parameter.tables):
                if not table.applies:
                    continue
                name = row_name(parameter, table)
                here = [self.bands[parameter.id, index, at] for at in range(len(table.bands))]
                for band, counts in zip(table.bands, here, strict=True):
                    kind = "trigger" if band.level is not None else "band"
                    yield Item(kind, f"{name}, {band_words(band)}: {gives(chart, band)}", counts.rows, counts.disagreed)
                for at in range(1, len(table.bands)):
                    edge = self.edges.get((parameter.id, index, at))
                    for value, side, words in _sides(parameter, table.bands[at - 1], table.bands[at], edge):
                        says = f"{name} {number(value, parameter.observation.unit)}, {words} the edge to {gives(chart, table.bands[at])}"
                        yield Item("edge", says, side.rows, side.disagreed)

    def _others(self) -> Iterator[Item]:
        chart = self.chart
        for setting, counts in self.settings:
            yield Item("context", f"a set like {setting.says}", counts.rows, counts.disagreed)
        for level in chart.levels:
            yield Item("level", level.title, self.levels[level.id].rows, self.levels[level.id].disagreed)
        for title, start in _starts(chart):
            for total, side in ((start - 1, "the last below"), (start, "the first of")):
                yield Item("edge", f"a total of {total}, {side} level {title}", self.totals[total].rows, self.totals[total].disagreed)
        for name, counts in self.missing.items():
            yield Item("missing", f"{chart.by_id[name].title} missing", counts.rows, counts.disagreed)
        for parameter in chart.parameters:
            for skip in parameter.skips:
                counts = self.skips[parameter.id, skip.code.casefold()]
                yield Item("skip", f"{parameter.title} not taken, {skip.code} ({skip.says})", counts.rows, counts.disagreed)
        yield Item("refused", "an impossible or unreadable reading", self.refused.rows, self.refused.disagreed)
        for index, counts in self.scope.items():
            yield Item("refused", f"a set the chart is not for: {chart.scope[index].says}", counts.rows, counts.disagreed)

    def by_parameter(self) -> list[dict[str, Any]]:
        """Where rows disagree, by parameter; edges and bands without a disagreement are left out."""
        return [
            {
                "parameter": parameter.id,
                "title": parameter.title,
                "known": parameter.id in self.known,
                "rows": self.rows[parameter.id].rows,
                "disagreed": self.rows[parameter.id].disagreed,
                "edges": [self._edge(parameter, key, edge) for key, edge in self.edges.items() if key[0] == parameter.id and _bad(edge)],
                "bands": [self._band(parameter, key, counts) for key, counts in self.bands.items() if key[0] == parameter.id and counts.disagreed],
            }
            for parameter in self.chart.parameters
            if parameter.role != "recorded"
        ]

    def _edge(self, parameter: Parameter, key: BandKey, edge: Edge) -> dict[str, Any]:
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

    def _band(self, parameter: Parameter, key: BandKey, counts: RowCounts) -> dict[str, Any]:
        table = parameter.tables[key[1]]
        says = f"{row_name(parameter, table)}, {band_words(table.bands[key[2]])}: {gives(self.chart, table.bands[key[2]])}"
        return {"table": key[1], "band": key[2], "says": says, "rows": counts.rows, "disagreed": counts.disagreed}

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


def _sides(parameter: Parameter, low: Band, high: Band, edge: Edge | None) -> Iterator[tuple[Number, RowCounts, str]]:
    if edge is not None:
        for value, side, words in (
            (last_in(parameter, low), edge.last_below, "last below"),
            (first_in(parameter, high), edge.first_above, "first above"),
        ):
            if value is not None:
                yield value, side, words


def _locate(chart: Chart, parameter: Parameter, table: int, value: Number | str) -> Location:
    bands = parameter.tables[table].bands
    band, _ = find_band(chart, parameter.tables[table], value)
    at = next(index for index, each in enumerate(bands) if each is band)
    if isinstance(value, str):
        return Location(at)
    exact = Fraction(value)
    first, last = (None if end is None else Fraction(end) for end in (first_in(parameter, band), last_in(parameter, band)))
    next_to = tuple(edge for edge, end in ((at, first), (at + 1, last)) if end == exact and 0 < edge < len(bands))
    to_low = abs(exact - first) if first is not None and at > 0 else None
    to_high = abs(last - exact) if last is not None and at + 1 < len(bands) else None
    if to_low is None and to_high is None:
        return Location(at, next_to=next_to)
    nearest = at if to_high is None or (to_low is not None and to_low <= to_high) else at + 1
    return Location(at, nearest, nearest == at, next_to)


def gaps(items: Iterable[Item]) -> dict[str, tuple[int, int]]:
    """For each kind of thing how many are exercised, and of how many."""
    found: dict[str, tuple[int, int]] = {}
    for item in items:
        seen, of = found.get(item.kind, (0, 0))
        found[item.kind] = (seen + (item.rows > 0), of + 1)
    return found
