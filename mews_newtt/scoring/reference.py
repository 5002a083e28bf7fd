"""The reference scorer: one chart, one observation set, one Score, in exact decimals. It defines what is right.

It reads the chart as a person would. It knows no engine; tests compare every engine with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from mews_newtt.chart.bands import find_band
from mews_newtt.chart.contexts import Value, contexts_of, holds, table_for
from mews_newtt.chart.model import Chart, Group, Observation, Parameter, ScopeRule, Table, is_above, require_chart
from mews_newtt.errors import ObservationError, Problem
from mews_newtt.reading.sets import ObservationSet
from mews_newtt.reading.values import Reading
from mews_newtt.scoring.levels import highest_level
from mews_newtt.scoring.partial import join_rows, needed_contexts, possible_contexts
from mews_newtt.scoring.parts import NO_CONTRIBUTION, Bounds, Contribution, Evidence
from mews_newtt.scoring.result import ParameterScore, Score

MOST_REMEMBERED = 2_000  # rows of one parameter
LONGEST_REMEMBERED = 40  # characters of a reading


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
    ChartError        the chart is a name or something else

    Source
    ------
    The chart file: its bands, groups, levels and reading rules. No rule lives in this function.
    """
    plan = _plan(require_chart(chart))
    try:
        if observations is None:
            raise ObservationError(Problem("not_a_set", "observation set", "is None", 'give a dict: {"respiratory_rate": 18, ...}'))
        given = observations if isinstance(observations, ObservationSet) else ObservationSet(observations, observations=plan.observations)
        problems = _problems(plan, given, given.values)
        if problems:
            raise ObservationError(problems)
    except ObservationError as refusal:
        if raise_refused:
            raise
        return Score(chart, "refused", problems=refusal.problems)
    return _score(plan, given, given.values)


class _Plan(NamedTuple):
    """What follows from the chart alone; computed once for each chart."""

    chart: Chart
    observations: Mapping[str, Observation]
    names: frozenset[str]
    levels: tuple[str, ...]
    has_points: bool
    contexts: tuple[str, ...]
    rows: tuple[tuple[Parameter, str, bool, Table | None, dict[Any, Any]], ...]  # whether contexts choose, else its table; rows already read
    narrowed: tuple[Parameter, ...]  # rows that do not read every category of their observation
    one_of: tuple[Group, ...]
    refusals: tuple[ScopeRule, ...]
    cautions: tuple[ScopeRule, ...]
    assumed: tuple[tuple[str, str], ...]
    counterparts: tuple[tuple[str, str], ...]
    above: tuple[tuple[str, str], ...]  # a row and one that it must be above


def _plan(chart: Chart) -> _Plan:
    plan = chart.memo.get("plan")
    if plan is None:
        pairs = ((p.id, p.observation.recorded_with) for p in chart.parameters)
        plan = chart.memo["plan"] = _Plan(
            chart=chart,
            observations=chart.observations,
            names=frozenset(chart.by_id),
            levels=tuple(level.id for level in chart.levels),
            has_points=chart.has_points,
            contexts=chart.context_ids,
            rows=tuple((p, p.id, bool(contexts_of(p)), p.tables[0] if p.tables else None, {}) for p in chart.parameters),
            narrowed=tuple(p for p in chart.parameters if set(p.category_ids) != set(p.observation.category_ids)),
            one_of=tuple(group for group in chart.groups if group.kind == "one_of"),
            refusals=tuple(rule for rule in chart.scope if rule.refuse),
            cautions=tuple(rule for rule in chart.scope if not rule.refuse),
            assumed=tuple((p.id, p.assumed) for p in chart.parameters if p.assumed is not None),
            counterparts=tuple((name, other) for name, other in pairs if other in chart.by_id),
            above=chart.above_pairs,
        )
    return plan


def _problems(plan: _Plan, given: ObservationSet, values: Mapping[str, Value]) -> list[Problem]:
    """Why this chart cannot score this set."""
    found = []
    for parameter in plan.narrowed:
        value = values.get(parameter.id)
        if value is not None and value not in parameter.category_ids:
            found.append(
                Problem(
                    "category_not_on_chart",
                    parameter.id,
                    f"{value!r} is not a category of {plan.chart.title}",
                    "allowed: " + ", ".join(parameter.category_ids),
                )
            )
    for group in plan.one_of:
        both = [name for name in group.parameters if name in values]
        if len(both) > 1:
            found.append(
                Problem("only_one_of", " and ".join(both), f"{group.title}: only one of them may be given", "keep the one that was observed")
            )
    for rule in plan.refusals:
        if holds(rule, values):
            names = [name for name, _ in rule.when]
            readings = " and ".join(repr(given.readings[name].given) for name in names)
            mend = "use the chart made for this person" if len(names) == 1 else "correct the one that is wrong, or use the chart made for this person"
            found.append(Problem("out_of_scope", " and ".join(names), f"{readings}: {rule.says}", mend))
    return found


def _score(plan: _Plan, given: ObservationSet, values: dict[str, Value]) -> Score:
    chart = plan.chart
    assumed = [name for name, _ in plan.assumed if name not in values]
    context: dict[str, Value] = {**values, **{name: value for name, value in plan.assumed if name not in values}} if assumed else values
    unknown = [name for name in plan.contexts if name not in context]
    if not unknown:
        view = _view(plan, given, context)
        rows, complete = view.rows, view.complete
        least, most, level, level_max = view.total_least, view.total_most, view.level_least, view.level_most
    else:
        possible = possible_contexts(chart, context, unknown)
        views = [_view(plan, given, hypothetical) for hypothetical in possible]
        needed, by_scored = needed_contexts(chart, given, possible, [view.rows for view in views], unknown)
        rows = [replace(row, missing=True) if row.id in needed and row.skipped is None else row for row in join_rows([view.rows for view in views])]
        complete = not by_scored and all(view.complete for view in views)
        view = min(views, key=lambda view: (view.level_least, view.total_least))
        least, most = min(view.total_least for view in views), max(view.total_most for view in views)
        level, level_max = view.level_least, max(view.level_most for view in views)
    pointed = plan.has_points
    plain = view.plain and not unknown
    return Score(
        chart,
        "complete" if complete else "partial",
        least if complete and pointed else None,
        least if pointed else None,
        most if pointed else None,
        plan.levels[level],
        plan.levels[level_max],
        tuple(rows),
        () if plain else tuple([row.id for row in rows if row.missing]),
        () if plain else tuple([row.id for row in rows if row.skipped is not None]),
        _flags(plan, () if plain else rows, values, assumed),
        () if values.keys() <= plan.names else tuple([name for name in values if name not in plan.names]),
        (),
        Evidence(view.rows, view.bounds, least, complete),
    )


class _View(NamedTuple):
    """The set as it counts in one possible context."""

    rows: list[ParameterScore]
    bounds: list[Bounds]
    total_least: int
    total_most: int
    level_least: int
    level_most: int
    complete: bool
    plain: bool  # nothing missing, skipped or flagged in any row


def _view(plan: _Plan, given: ObservationSet, context: Mapping[str, Value]) -> _View:
    chart, readings, skipped = plan.chart, given.readings, given.skipped
    rows: list[ParameterScore] = []
    bounds: list[Bounds] = []
    plain = not chart.groups
    for parameter, name, chosen, table, seen in plan.rows:
        reading = readings.get(name)
        key: Any = reading
        if chosen:
            table = table_for(parameter, context)
            key = (id(table), reading)  # the plan holds the chart, and the chart its tables
        if reading is None and (name in skipped or (table is not None and name in context)):
            row, row_bounds = _unread_row(chart, parameter, given, table, context)
            plain = plain and row_bounds is None and row.skipped is None
        else:
            # Equal readings, or none, in the same table always give the same row.
            known = seen.get(key)
            if known is None:
                row, row_bounds = (
                    _unread_row(chart, parameter, given, table, context) if reading is None else _read_row(chart, parameter, table, reading)
                )
                known = (row, row_bounds, row.missing or bool(row.flags))
                if reading is None or len(reading.given) <= LONGEST_REMEMBERED:
                    if len(seen) >= MOST_REMEMBERED:
                        seen.clear()
                    seen[key] = known
            row, row_bounds, remarkable = known
            if remarkable:
                plain = False
        rows.append(row)
        if row_bounds is not None:
            bounds.append(row_bounds)
    if chart.groups:
        bounds = _grouped(chart, rows, bounds)
    least_of_each = [each.least for each in bounds]
    total = sum([contribution[0] for contribution in least_of_each])
    level = highest_level(chart, total, least_of_each)
    if plain:
        return _View(rows, bounds, total, total, level, level, True, True)
    most_of_each = [each.most for each in bounds]
    total_most = sum([contribution[0] for contribution in most_of_each])
    return _View(rows, bounds, total, total_most, level, highest_level(chart, total_most, most_of_each), all(each.resolved for each in bounds), False)


def _unread_row(
    chart: Chart, parameter: Parameter, given: ObservationSet, table: Table | None, context: Mapping[str, Value]
) -> tuple[ParameterScore, Bounds | None]:
    """A row without a reading: skipped, missing, or not required."""
    row = ParameterScore(parameter.id, parameter.observation.title, parameter.role, parameter.observation.unit)
    reason = given.skipped.get(parameter.id)
    if reason is not None:
        return _skipped_row(chart, parameter, row, reason, table, context)
    if table is None or not table.applies or not parameter.required:
        return row, None
    return _open_row(chart, parameter, replace(row, missing=True), table, context)


def _read_row(chart: Chart, parameter: Parameter, table: Table | None, reading: Reading) -> tuple[ParameterScore, Bounds | None]:
    """A row with a reading: its band, and what the band gives."""
    row = ParameterScore(
        parameter.id,
        parameter.observation.title,
        parameter.role,
        parameter.observation.unit,
        given=reading.given,
        value=reading.value,
        unit_given=reading.unit_given,
    )
    flags = reading.flags
    if parameter.role == "recorded":  # charts print no step for contexts
        flags = tuple(flag for flag in flags if flag != "finer_than_recorded")
    if table is None:
        return replace(row, flags=flags), None
    if not table.applies:
        return replace(row, table=table, flags=("not_read",)), None
    band, between = find_band(chart, table, reading.value)
    contribution, points = chart.severity(band), band.points
    return replace(
        row,
        points=points,
        points_min=points,
        points_max=points,
        band=band,
        table=table,
        flags=(*flags, "between_bands") if between else flags,
    ), Bounds((parameter.id,), contribution, contribution)


def _skipped_row(
    chart: Chart,
    parameter: Parameter,
    row: ParameterScore,
    reason: str,
    table: Table | None,
    context: Mapping[str, Value],
) -> tuple[ParameterScore, Bounds | None]:
    coded = next((skip for skip in parameter.skips if skip.code.casefold() == reason.casefold()), None)
    says = f"{coded.code}: {coded.says}" if coded else reason
    row = replace(row, skipped=says, table=table, flags=("skipped",))
    if coded is not None and coded.points is not None:
        contribution = (coded.points, 0, 0)
        return replace(row, points=coded.points, points_min=coded.points, points_max=coded.points), Bounds(
            (parameter.id,), contribution, contribution
        )
    if table is None or not table.applies or not parameter.required:
        return row, None
    return _open_row(chart, parameter, row, table, context)


def _open_row(
    chart: Chart, parameter: Parameter, row: ParameterScore, table: Table, context: Mapping[str, Value]
) -> tuple[ParameterScore, Bounds | None]:
    """A row without a reading: any band of its table is possible. If it is a context, only the band of the value that this view assumes."""
    if parameter.id in context:
        least = most = chart.severity(find_band(chart, table, context[parameter.id])[0])
    else:
        least, most = _bounds(chart, table)
    if parameter.role == "scored" and chart.has_points:
        row = replace(row, points_min=least[0], points_max=most[0])
    return replace(row, table=table), Bounds((parameter.id,), least, most, resolved=parameter.role != "scored")


def _bounds(chart: Chart, table: Table) -> tuple[Contribution, Contribution]:
    """The least and the most that any reading of a table counts for."""
    contributions = [chart.severity(band) for band in table.bands] or [NO_CONTRIBUTION]
    return _columns(min, contributions), _columns(max, contributions)


def _columns(pick: Any, contributions: Iterable[Contribution]) -> Contribution:
    points, zones, levels = zip(*contributions, strict=True)
    return pick(points), pick(zones), pick(levels)


def _grouped(chart: Chart, rows: list[ParameterScore], single: list[Bounds]) -> list[Bounds]:
    """The bounds of all rows, each group counted once: the worst row of `either`, the given row of `one_of`."""
    by_id = {each.names[0]: each for each in single}
    bounds = [each for name, each in by_id.items() if name not in chart.group_of]
    for group in chart.groups:
        members = [by_id[name] for name in group.parameters if name in by_id]
        if not members:
            continue
        if group.kind == "either":
            least, most = _columns(max, (m.least for m in members)), _columns(max, (m.most for m in members))
        else:
            answered = _answers(group, rows, by_id)
            if answered:
                for index, row in enumerate(rows):
                    if row.id in group.parameters and row.missing:
                        rows[index] = replace(row, missing=False, points_min=None, points_max=None)
                members = answered
                least = most = _columns(max, (m.least for m in members))
            else:
                least, most = _columns(min, (m.least for m in members)), _columns(max, (m.most for m in members))
        bounds.append(Bounds(group.parameters, least, most, all(m.resolved for m in members)))
    return bounds


def _answers(group: Group, rows: list[ParameterScore], by_id: Mapping[str, Bounds]) -> list[Bounds]:
    """The rows that answer a `one_of` group: the one with a reading; without one, the skips that give points."""
    members = [row for row in rows if row.id in group.parameters and row.id in by_id and by_id[row.id].resolved]
    readings = [by_id[row.id] for row in members if row.value is not None]
    return readings or [by_id[row.id] for row in members]


def _flags(plan: _Plan, rows: Iterable[ParameterScore], values: Mapping[str, Value], assumed: list[str]) -> tuple[str, ...]:
    """`code:parameter`: each row's own in chart order, then what was assumed, lone pressures, pairs the wrong way round, and scope."""
    found = [f"{flag}:{row.id}" for row in rows if row.flags for flag in row.flags]
    found += [f"assumed:{name}" for name in assumed]
    found += [f"lone:{name}" for name, other in plan.counterparts if name in values and other not in values]
    found += dict.fromkeys([f"not_above:{name}" for name, other in plan.above if not is_above(values.get(name), values.get(other))])
    found += [f"out_of_scope:{rule.when[0][0]}" for rule in plan.cautions if holds(rule, values)]
    return tuple(found)
