"""The reference scorer: one chart, one observation set, one Score, in exact decimals. It defines what is right.

It reads the chart itself, as a person would, and knows no engine; every engine is held to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any, NamedTuple

from mews_newtt.chart.contexts import Value, contexts_of, distinguishable_values, matches, table_for
from mews_newtt.chart.model import Band, Chart, CountRule, Level, Number, Parameter, Table
from mews_newtt.errors import ObservationError, Problem
from mews_newtt.scoring import wording
from mews_newtt.scoring.observations import ObservationSet, Reading
from mews_newtt.scoring.result import ParameterScore, Reason, Score

Severity = tuple[int, int, int]  # points, zone rank, level rank: what a row counts for
NOTHING: Severity = (0, 0, 0)


class Extent(NamedTuple):
    """The least and the most that a row, or a group that counts once, can count for; settled: nothing is missing."""

    names: tuple[str, ...]
    least: Severity
    most: Severity
    settled: bool = True


def score(chart: Chart, observations: ObservationSet | Mapping[str, Any], *, raise_refused: bool = True) -> Score:
    """Score one observation set on one chart and explain every point.

    Parameters
    ----------
    chart : the chart, as `load_chart` gives it
    observations : an ObservationSet, or what makes one: parameter id to number, text, `{"value", "unit"}` or None
    raise_refused : False to get a Score of status `refused` with its problems instead of an error

    Raises
    ------
    ObservationError  the set cannot be scored; every fault is named

    Source
    ------
    The chart file: its bands, groups, levels and reading rules. No rule lives in this function.
    """
    try:
        given = observations if isinstance(observations, ObservationSet) else ObservationSet(
            observations, observations=_definitions(chart))
        problems = _problems(chart, given)
        if problems:
            raise ObservationError(problems)
    except ObservationError as refusal:
        if raise_refused:
            raise
        return Score(chart, "refused", problems=refusal.problems)
    return _score(chart, given)


def _definitions(chart: Chart) -> Mapping[str, Any] | None:
    """The catalogue's observations, and the chart's own where it comes from elsewhere."""
    from mews_newtt.chart.catalogue import catalogue

    known = catalogue().observations
    own = {p.id: p.observation for p in chart.parameters if known.get(p.id) is not p.observation}
    return {**known, **own} if own else known


def _problems(chart: Chart, given: ObservationSet) -> list[Problem]:
    """Why this chart cannot score this set."""
    values = {name: reading.value for name, reading in given.readings.items()}
    found = []
    for name, value in values.items():
        parameter = chart.by_id.get(name)
        if parameter is not None and isinstance(value, str) and value not in parameter.category_ids:
            found.append(Problem("category_not_on_chart", name, f"{value!r} is no category of {chart.title}",
                                 "allowed: " + ", ".join(parameter.category_ids)))
    for group in chart.groups:
        both = [name for name in group.parameters if name in values]
        if group.kind == "one_of" and len(both) > 1:
            found.append(Problem("only_one_of", " and ".join(both), f"{group.title}: only one of them may be given", "keep the one that was observed"))
    for rule in chart.scope:
        if rule.refuse and _holds(rule.when, values):
            name = rule.when[0][0]
            found.append(Problem("out_of_scope", name, f"{given.readings[name].given!r}: {rule.says}", "use the chart made for this person"))
    return found


def _holds(when: Iterable[tuple[str, Any]], values: Mapping[str, Value]) -> bool:
    return all(name in values and matches(wanted, values[name]) for name, wanted in when)


def _score(chart: Chart, given: ObservationSet) -> Score:
    values: dict[str, Value] = {name: reading.value for name, reading in given.readings.items()}
    assumed = [p.id for p in chart.parameters if p.assumed is not None and p.id not in values]
    for name in assumed:
        values[name] = chart.by_id[name].assumed or ""
    unknown = [name for name in chart.context_ids if name not in values]
    possible = [values | dict(zip(unknown, chosen, strict=True))
                for chosen in product(*(distinguishable_values(chart, name) for name in unknown))]
    views = [_view(chart, given, context) for context in possible]
    rows = _join_rows([view.rows for view in views])
    needed, by_scored = _needed_contexts(chart, given, possible, unknown)
    rows = [row._replace(missing=True) if row.id in needed and row.skipped is None else row for row in rows]
    least = min(view.total_least for view in views)
    most = max(view.total_most for view in views)
    quietest = min(views, key=lambda view: (view.level_least, view.total_least))
    complete = not by_scored and all(view.complete for view in views)
    return Score(
        chart=chart,
        status="complete" if complete else "partial",
        total=least if complete and chart.has_points else None,
        total_min=least if chart.has_points else None,
        total_max=most if chart.has_points else None,
        level=chart.levels[quietest.level_least].id,
        level_max=chart.levels[max(view.level_most for view in views)].id,
        reasons=_reasons(chart, quietest, least, complete),
        parameters=tuple(rows),
        missing=tuple(row.id for row in rows if row.missing),
        skipped=tuple(row.id for row in rows if row.skipped is not None),
        flags=tuple(_flags(chart, given, rows, values, assumed)),
        not_on_chart=tuple(name for name in given.readings if name not in chart.by_id),
    )


class _View(NamedTuple):
    """The set as it counts in one possible context."""

    rows: list[ParameterScore]
    extents: list[Extent]
    total_least: int
    total_most: int
    level_least: int
    level_most: int
    complete: bool


def _view(chart: Chart, given: ObservationSet, context: Mapping[str, Value]) -> _View:
    rows: list[ParameterScore] = []
    by_id: dict[str, Extent] = {}
    for parameter in chart.parameters:
        row, extent = _row(chart, parameter, given, context)
        rows.append(row)
        if extent is not None:
            by_id[parameter.id] = extent
    extents = _grouped(chart, rows, by_id) if chart.groups else list(by_id.values())
    total_least = sum(extent.least[0] for extent in extents)
    total_most = sum(extent.most[0] for extent in extents)
    return _View(
        rows, extents, total_least, total_most,
        _level(chart, total_least, [extent.least for extent in extents]),
        _level(chart, total_most, [extent.most for extent in extents]),
        all(extent.settled for extent in extents),
    )


def _row(
    chart: Chart, parameter: Parameter, given: ObservationSet, context: Mapping[str, Value]
) -> tuple[ParameterScore, Extent | None]:
    """One row of the chart: its reading, its band, and what it counts for; no extent where it counts for nothing."""
    observation, name = parameter.observation, parameter.id
    row = ParameterScore(name, observation.title, parameter.role, observation.unit)
    reading = given.readings.get(name)
    table = table_for(parameter, context)
    if reading is not None:
        row = row._replace(given=reading.given, value=reading.value, unit_given=reading.unit_given)
        if table is None:
            return row._replace(flags=_own_flags(parameter, reading)), None
        if not table.applies:
            return row._replace(table=table, flags=("not_read",)), None
        band, between = find_band(chart, table, reading.value)
        flags = _own_flags(parameter, reading)
        worth = chart.severity(band)
        points = band.points
        return row._replace(
            points=points, points_min=points, points_max=points, band=band, table=table,
            flags=(*flags, "between_bands") if between else flags,
        ), Extent((name,), worth, worth)
    if name in given.skipped:
        return _skipped_row(chart, parameter, row, given.skipped[name], table, context)
    if table is None:
        return row, None  # a context that is not given and chooses nothing by its own bands
    if not table.applies or not parameter.required:
        return row, None
    return _open_row(chart, parameter, row._replace(missing=True), table, context)


def _skipped_row(
    chart: Chart, parameter: Parameter, row: ParameterScore, reason: str, table: Table | None,
    context: Mapping[str, Value],
) -> tuple[ParameterScore, Extent | None]:
    coded = next((skip for skip in parameter.skips if skip.code.casefold() == reason.casefold()), None)
    says = f"{coded.code}: {coded.says}" if coded else reason
    row = row._replace(skipped=says, table=table, flags=("skipped",))
    if coded is not None and coded.points is not None:
        worth = (coded.points, 0, 0)
        return row._replace(points=coded.points, points_min=coded.points, points_max=coded.points), Extent((parameter.id,), worth, worth)
    if table is None or not table.applies or not parameter.required:
        return row, None
    return _open_row(chart, parameter, row, table, context)


def _open_row(
    chart: Chart, parameter: Parameter, row: ParameterScore, table: Table, context: Mapping[str, Value]
) -> tuple[ParameterScore, Extent | None]:
    """A row without a reading, as wide as its table; as one band where it is the context supposed here."""
    if parameter.id in context:
        least = most = chart.severity(find_band(chart, table, context[parameter.id])[0])
    else:
        least, most = _bounds(chart, table)
    if parameter.role == "scored" and chart.has_points:
        row = row._replace(points_min=least[0], points_max=most[0])
    return row._replace(table=table), Extent((parameter.id,), least, most, settled=parameter.role != "scored")


def _own_flags(parameter: Parameter, reading: Reading) -> tuple[str, ...]:
    if parameter.role != "recorded":
        return reading.flags
    return tuple(flag for flag in reading.flags if flag != "finer_than_recorded")  # a context is not printed in steps


def find_band(chart: Chart, table: Table, value: Number | str) -> tuple[Band, bool]:
    """The band that a value is in; between two bands the worse of them, and True to say so."""
    previous: Band | None = None
    for band in table.bands:
        if isinstance(value, str):
            if value in band.categories:
                return band, False
        elif band.interval is not None:
            if band.interval.contains(value):
                return band, False
            if band.interval.is_above(value):
                if previous is None or chart.severity(band) >= chart.severity(previous):
                    return band, True
                return previous, True
            previous = band
    raise LookupError(f"no band for {value!r}")  # the chart's checks leave no value without a band


def _bounds(chart: Chart, table: Table) -> tuple[Severity, Severity]:
    """The least and the most that any reading of a table counts for."""
    worths = [chart.severity(band) for band in table.bands] or [NOTHING]
    return _columns(min, worths), _columns(max, worths)


def _columns(pick: Any, worths: Iterable[Severity]) -> Severity:
    points, zones, levels = zip(*worths, strict=True)
    return pick(points), pick(zones), pick(levels)


def _grouped(chart: Chart, rows: list[ParameterScore], by_id: dict[str, Extent]) -> list[Extent]:
    """Groups counted once: the worst of `either`, the given one of `one_of`."""
    extents = [extent for name, extent in by_id.items() if name not in chart.group_of]
    for group in chart.groups:
        members = [by_id[name] for name in group.parameters if name in by_id]
        if not members:
            continue
        if group.kind == "either":
            least, most = _columns(max, (m.least for m in members)), _columns(max, (m.most for m in members))
        else:
            answered = [by_id[row.id] for row in rows if row.id in group.parameters and row.id in by_id and by_id[row.id].settled]
            if answered:
                for place, row in enumerate(rows):
                    if row.id in group.parameters and row.missing:
                        rows[place] = row._replace(missing=False, points_min=None, points_max=None)
                members = answered
            least, most = _columns(min, (m.least for m in members)), _columns(max, (m.most for m in members))
        extents.append(Extent(group.parameters, least, most, all(m.settled for m in members)))
    return extents


def _level(chart: Chart, total: int, worths: list[Severity]) -> int:
    """The rank of the highest level that a total and what the rows count for reach."""
    by_band = max((worth[2] for worth in worths), default=0)
    for rank in range(len(chart.levels) - 1, by_band, -1):
        level = chart.levels[rank]
        if _total_reaches(chart, level, total) or any(_counted(chart, rule, worths) >= rule.at_least for rule in level.counts):
            return rank
    return by_band


def _total_reaches(chart: Chart, level: Level, total: int) -> bool:
    return chart.has_points and level.total is not None and total >= (level.total.low or 0)


def _counted(chart: Chart, rule: CountRule, worths: Iterable[Severity]) -> int:
    return sum(_counts(chart, rule, worth) for worth in worths)


def _counts(chart: Chart, rule: CountRule, worth: Severity) -> bool:
    if rule.points is not None:
        return worth[0] >= rule.points
    return worth[1] >= chart.zone_rank[rule.zone or ""]


def _reasons(chart: Chart, view: _View, total: int, certain: bool) -> tuple[Reason, ...]:
    """Every cause of a level above the first, worst first."""
    found: list[Reason] = []
    rows = {row.id: row for row in view.rows}
    for level in reversed(chart.levels[1:]):
        if level.total is not None and chart.has_points and level.total.contains(total):
            scoring = tuple(extent.names[0] if len(extent.names) == 1 else _answered(extent, rows)
                            for extent in view.extents if extent.least[0] > 0)
            found.append(Reason(level.id, "total", scoring, wording.total_reason(total, level, certain)))
        for rule in level.counts:
            names = [n for e in view.extents if _counts(chart, rule, e.least) for n in (_answered(e, rows),)]
            if len(names) >= rule.at_least:
                found.append(Reason(level.id, "count", tuple(names), wording.count_reason(chart, rule, names)))
        for row in view.rows:
            if row.band is not None and row.band.level == level.id:
                found.append(Reason(level.id, "trigger", (row.id,), wording.trigger_reason(row.title, wording.number(row.value, row.unit))))
    return tuple(found)


def _answered(extent: Extent, rows: Mapping[str, ParameterScore]) -> str:
    """The row that an extent's worth comes from: of a group, its worst answered row."""
    answered = [rows[name] for name in extent.names if rows[name].band is not None]
    return max(answered, key=lambda row: row.points or 0).id if answered else extent.names[0]


def _join_rows(views: list[list[ParameterScore]]) -> list[ParameterScore]:
    """Rows as all possible contexts allow: what differs between them is not known, points keep their bounds."""
    if len(views) == 1:
        return views[0]
    joined = []
    for rows in zip(*views, strict=True):
        if all(row == rows[0] for row in rows):
            joined.append(rows[0])
            continue
        known = [row for row in rows if row.points_min is not None]
        same_points = len(known) == len(rows) and len({row.points for row in rows}) == 1
        joined.append(rows[0]._replace(
            points=rows[0].points if same_points else None,
            points_min=min((row.points_min or 0 for row in rows), default=None) if known else None,
            points_max=max((row.points_max or 0 for row in rows), default=None) if known else None,
            band=rows[0].band if all(row.band == rows[0].band for row in rows) else None,
            table=rows[0].table if all(row.table == rows[0].table for row in rows) else None,
            flags=tuple(flag for flag in rows[0].flags if all(flag in row.flags for row in rows)),
            missing=any(row.missing for row in rows),
        ))
    return joined


def _needed_contexts(
    chart: Chart, given: ObservationSet, possible: list[dict[str, Value]], unknown: list[str]
) -> tuple[set[str], bool]:
    """The contexts not given that a row's table hangs on, and whether any of those rows is scored."""
    needed: set[str] = set()
    by_scored = False
    for name in unknown:
        for parameter in chart.parameters:
            counts = parameter.role != "recorded" and (parameter.required or parameter.id in given.readings)
            if not counts or name not in contexts_of(parameter):
                continue
            by_rest: dict[tuple[Value, ...], set[int]] = {}
            for context in possible:
                rest = tuple(context[other] for other in unknown if other != name)
                by_rest.setdefault(rest, set()).add(id(table_for(parameter, context)))
            if any(len(tables) > 1 for tables in by_rest.values()):
                needed.add(name)
                by_scored = by_scored or parameter.role == "scored"
    return needed, by_scored


def _flags(
    chart: Chart, given: ObservationSet, rows: list[ParameterScore], values: Mapping[str, Value], assumed: list[str]
) -> Iterable[str]:
    for row in rows:
        for flag in row.flags:
            yield f"{flag}:{row.id}"
        if row.id in assumed:
            yield f"assumed:{row.id}"
        counterpart = chart.by_id[row.id].observation.recorded_with
        if row.value is not None and counterpart in chart.by_id and counterpart not in given.readings:
            yield f"lone:{row.id}"
    for rule in chart.scope:
        if not rule.refuse and _holds(rule.when, values):
            yield f"out_of_scope:{rule.when[0][0]}"
