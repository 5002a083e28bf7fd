"""Questions about what two people may both have left out or mistyped. The sheets must answer them before a chart is written.

A doubt is a question, not a fault: the print may really say so. Both sheets then say it under [Chart] as `as printed | <the doubt>`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from mews_newtt.adoption.words import AS_PRINTED
from mews_newtt.chart.catalogue import best_of
from mews_newtt.chart.check_rows import is_quiet
from mews_newtt.chart.compare import compare
from mews_newtt.chart.model import Chart, Condition, Interval, Observation
from mews_newtt.errors import Problem

OF_CHECKS = ("row_gives_nothing", "no_normal_reading", "nothing_required")  # warnings of `check` that adopting asks about
FAR = 3  # ours, for plausibility only: points more than so many times the next smaller ones are asked about


def doubts(chart: Chart, found: Sequence[Problem], before: Chart | None, confirmed: Collection[str]) -> list[Problem]:
    """The questions that are still open; `found` are the warnings of the chart's checks, `before` the chart that this one follows."""
    return [
        problem._replace(mend=f"check the print; if it says so, both write under [Chart]: {AS_PRINTED} | {key}", warning=False)
        for key, problem in asked(chart, found, before).items()
        if key not in confirmed
    ]


def asked(chart: Chart, found: Sequence[Problem], before: Chart | None = None) -> dict[str, Problem]:
    """Every question by the words that answer it."""
    every = {f"{problem.code} {_row_of(problem.where)}".strip(): problem for problem in found if problem.code in OF_CHECKS}
    for key, where, what in [*_far_points(chart), *_for_nobody(chart), *(_left_out(before, chart) if before is not None else ())]:
        every.setdefault(key, Problem(key.partition(" ")[0], where, what, ""))
    return every


def _row_of(where: str) -> str:
    """The parameter that a place names."""
    return where.partition("parameter ")[2].partition(",")[0]


def chart_before(chart: Chart, others: Sequence[Chart]) -> Chart | None:
    """The chart whose place the new one takes: the version it supersedes, else the best of the same name."""
    same = [other for other in others if other.id == chart.id and other.version != chart.version and Path(other.origin).is_file()]
    named = [other for other in same if other.version == chart.supersedes]
    return best_of(named or same) if same else None


def _points(chart: Chart) -> list[tuple[str, int]]:
    """All points above 0 of a chart's bands and skips, each with its parameter."""
    rows = [(p.id, band.points) for p in chart.parameters for table in p.tables for band in table.bands]
    rows += [(p.id, skip.points) for p in chart.parameters for skip in p.skips]
    return [(name, points) for name, points in rows if points]


def _for_nobody(chart: Chart) -> Iterator[tuple[str, str, str]]:
    """Rows of [Scope] that hold for everybody of whom the reading is known."""
    for number, rule in enumerate(chart.scope, start=1):
        if rule.when and all(_holds_always(chart.by_id[name].observation, wanted) for name, wanted in rule.when if name in chart.by_id):
            name = rule.when[0][0]
            yield f"scope_holds_for_all {name}", f"scope[{number}]", f"holds for everybody whose {chart.by_id[name].title} is known"


def _holds_always(observation: Observation, wanted: Condition) -> bool:
    if not isinstance(wanted, Interval):
        return set(observation.category_ids) <= set(wanted)
    possible = observation.impossible
    low = wanted.low is None or (possible.low is not None and wanted.low <= possible.low and wanted.low_included)
    high = wanted.high is None or (possible.high is not None and wanted.high >= possible.high and wanted.high_included)
    return low and high


def _far_points(chart: Chart) -> Iterator[tuple[str, str, str]]:
    """Points far above all others on the chart, such as 20 for 2."""
    rows = _points(chart)
    for smaller, larger in pairwise(sorted({points for _, points in rows})):
        if larger > FAR * smaller:
            for name in dict.fromkeys(name for name, points in rows if points >= larger):
                yield f"points_far {name}", f"parameter {name}", f"gives {larger} points or more; the next smaller on the chart are {smaller}"


def _left_out(before: Chart, chart: Chart) -> Iterator[tuple[str, str, str]]:
    """What the previous chart has and this one lacks."""
    said = f"{before.id} {before.version}"
    for old in before.parameters:
        new, place = chart.by_id.get(old.id), f"parameter {old.id}"
        if new is None or (old.role != "recorded" and new.role == "recorded"):
            yield (
                f"row_left_out {old.id}",
                place,
                f"is {old.role} in {said}, and {'is not on this chart' if new is None else 'is recorded only here'}",
            )
            continue
        if old.required and not new.required and old.role != "recorded":
            yield f"row_not_required {old.id}", place, f"is required in {said}, and is not here"
        lost = sorted(set(old.category_ids) - set(new.category_ids)) if not old.observation.numeric else []
        if lost:
            yield f"category_left_out {old.id}", place, f"has no band for {', '.join(lost)}, which {said} has"
        for skip in old.skips:
            if skip.code not in {other.code for other in new.skips}:
                yield f"skip_left_out {old.id} {skip.code}", place, f"has no skip {skip.code}, which {said} has"
        raised, raises = (any(band.level for table in row.tables for band in table.bands) for row in (old, new))
        if old.observation.numeric and raised and not raises:
            yield f"trigger_left_out {old.id}", place, f"raises a level by some of its bands in {said}, and by none here"
        if len(new.tables) < len(old.tables):
            yield f"table_left_out {old.id}", place, f"has {len(old.tables)} tables in {said}, and {len(new.tables)} here"
        if is_quiet(before, old) and new.tables and not is_quiet(chart, new):
            yield f"no_normal_reading {old.id}", place, "every reading of a table gives points, a zone or a level: no reading is normal"
    for kind, olds, news in (
        ("group", before.groups, chart.groups),
        ("level", before.levels, chart.levels),
        ("zone", before.zones, chart.zones),
    ):
        for name in [one.id for one in olds if one.id not in {other.id for other in news}]:
            yield f"{kind}_left_out {name}", f"{kind} {name}", f"is on {said} and not on this chart"
    yield from _of_levels(before, chart)
    for rule in before.scope:
        if all(other.when != rule.when for other in chart.scope):
            names = " and ".join(name for name, _ in rule.when)
            yield f"scope_left_out {names}", "[Scope]", f"does not say for whom the chart is not as {said} does: {rule.says}"
    yield from _triggers(before, chart)


def _of_levels(before: Chart, chart: Chart) -> Iterator[tuple[str, str, str]]:
    """Totals and counts that reached a level in the previous chart only, and points greater than all of its points."""
    said = f"{before.id} {before.version}"
    for level in chart.levels:
        old = next((one for one in before.levels if one.id == level.id), None)
        if old is not None and old.total is not None and level.total is None:
            yield f"total_left_out {level.id}", f"level {level.id}", f"is reached by a total in {said}, and by none here"
        if old is not None and old.counts and not level.counts:
            yield f"counts_left_out {level.id}", f"level {level.id}", f"is reached by a count of rows in {said}, and by none here"
    most = max((points for _, points in _points(before)), default=0)
    for name in dict.fromkeys(name for name, points in _points(chart) if most and points > most):
        yield f"points_new {name}", f"parameter {name}", f"gives more points than any row of {said}, where {most} are the most"


def _triggers(before: Chart, chart: Chart) -> Iterator[tuple[str, str, str]]:
    """Answers that raised a level in one of the two charts only."""
    rows: dict[str, list[str]] = {}
    for change in compare(before, chart).readings:
        was, now = change.before, change.after
        if was is None or now is None or before.by_id[change.parameter].observation.numeric:
            continue
        if bool(was.level) != bool(now.level):
            rows.setdefault(change.parameter, []).append(f"{change.first} {'raises' if now.level else 'does not raise'} a level")
        elif not any((was.points, was.level)) and now.points:
            rows.setdefault(change.parameter, []).append(f"{change.first} gives {now.points} points")
    for name, says in rows.items():
        yield f"answers_changed {name}", f"parameter {name}", f"{'; '.join(says)}: not so in {before.id} {before.version}"
