"""Faults in the rules of a level: a threshold moved, or a rule left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from mews_newtt.chart.model import Chart, CountRule, Level
from mews_newtt.scoring.wording import count
from mews_newtt.validation.faults.fault import Example, Fault, Value

KINDS = {
    "threshold_moved": "a total, a number of rows, a zone or a number of points in a level's rule is moved, or the rule is left out",
    "rule_level": "a rule for single rows or zones raises another level",
}
EXAMPLES = (
    Example("level:oil:total:-1", {"tick_rate": "19"}, "total 2, level Watch", "total 2, level Oil"),
    Example("level:rewind:count0:none", {"tick_rate": "61"}, "total 3, level Rewind", "total 3, level Oil"),
    Example("level:rewind:count0:raises=oil", {"tick_rate": "61"}, "total 3, level Rewind", "total 3, level Oil"),
)


def faults(chart: Chart) -> Iterator[Fault]:
    for level in chart.levels[1:]:
        if level.total is not None and level.total.low is not None and chart.has_points:
            start = int(level.total.low)
            for by in (-1, 1, -2, 2):
                if start + by > 0:
                    changed = replace(level, total=replace(level.total, low=Decimal(start + by)))
                    says = f"level {level.title} seems to start at a total of {start + by} instead of {start}"
                    yield _fault(chart, level, changed, "total:{by:+d}", says, by=by, before=start, after=start + by)
            says = f"level {level.title} seems not to be reached by the total"
            yield _fault(chart, level, replace(level, total=None), "total:none", says, before=start)
        for index, rule in enumerate(level.counts):
            yield from _counts(chart, level, index, rule)
            yield from _of_another_level(chart, level, index, rule)


def _counts(chart: Chart, level: Level, index: int, rule: CountRule) -> Iterator[Fault]:
    """A rule such as "2 rows in the orange zone" with another number of rows, other points or another zone, or left out."""

    def changed(new: CountRule | None, form: str, says: str, after: Value = None) -> Fault:
        counts = (*level.counts[:index], *(() if new is None else (new,)), *level.counts[index + 1 :])
        return _fault(chart, level, replace(level, counts=counts), f"count{index}:{form}", f"level {level.title} {says}", after=after)

    what = _what(rule)
    for rows in (rule.at_least - 1, rule.at_least + 1):
        if rows > 0:
            says = f"seems to need {count(rows, 'row')} with {what} instead of {rule.at_least}"
            yield changed(replace(rule, at_least=rows), "rows={after}", says, rows)
    yield changed(None, "none", f"seems not to be reached by rows with {what}")
    if rule.points is None:
        for zone in chart.zones:
            if zone.id != rule.zone:
                says = f"seems to count rows from the {zone.title.lower()} zone on"
                yield changed(replace(rule, zone=zone.id), "zone={after}", says, zone.id)
        return
    for points in (rule.points - 1, rule.points + 1):
        if points > 0:
            says = f"seems to count rows from {points} points on instead of {rule.points}"
            yield changed(replace(rule, points=points), "points={after}", says, points)


def _of_another_level(chart: Chart, level: Level, index: int, rule: CountRule) -> Iterator[Fault]:
    """A rule that raises another level, as where a hospital's own policy is stricter."""
    without = replace(level, counts=(*level.counts[:index], *level.counts[index + 1 :]))
    for other in chart.levels[1:]:
        if other is not level:
            here = replace(other, counts=(*other.counts, rule))
            levels = tuple(without if each is level else here if each is other else each for each in chart.levels)
            says = f"{count(rule.at_least, 'row')} with {_what(rule)} {_seems(rule.at_least)} to raise level {other.title} instead of {level.title}"
            form = f"level:{{value}}:count{index}:raises={{after}}"
            yield Fault("rule_level", form, says, (), replace(chart, levels=levels), None, level.id, after=other.id)


def _what(rule: CountRule) -> str:
    return f"{rule.points} points or more" if rule.points is not None else f"the {rule.zone} zone or worse"


def _seems(many: int) -> str:
    return "seems" if many == 1 else "seem"


def _fault(chart: Chart, level: Level, new: Level, form: str, says: str, by: int = 0, before: Value = None, after: Value = None) -> Fault:
    levels = tuple(new if each is level else each for each in chart.levels)
    return Fault("threshold_moved", f"level:{{value}}:{form}", says, (), replace(chart, levels=levels), None, level.id, by, before, after)
