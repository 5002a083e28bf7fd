"""Faults with missing readings that become a number: a blank is read as 0 and scored, or its row gets 0 points."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

import numpy as np

from mews_newtt.chart.bands import find_band
from mews_newtt.chart.model import Chart, Parameter
from mews_newtt.validation.faults.contexts import filled
from mews_newtt.validation.faults.fault import Example, Fault, Site, change_cells, change_each, telling_parameters, with_parameter
from mews_newtt.validation.mutants import NO_POINTS, REFUSED, Answers, MutantScorer
from mews_newtt.validation.wording import row_name

KINDS = {
    "missing_read_as_0": "a missing reading is read as the number 0, which is scored, for one parameter or for all",
    "missing_shown_as_normal": "a missing reading shows 0 points of its own and passes for normal, for one parameter or for all",
}
EXAMPLES = (
    Example("null:left_wheel", {"left_wheel": None}, "no total, level at least Watch", "total 2, level Watch"),
    Example("null:*", {"left_wheel": None, "tick_rate": None}, "no total, level at least Watch", "total 4, level Oil"),
    Example("normal:shell_warmth", {"shell_warmth": None}, "no total, level at least Watch", "total 0, level Watch"),
)
ZERO = Decimal(0)  # the number that a blank becomes


def faults(chart: Chart) -> Iterator[Fault]:
    numeric = [p for p in telling_parameters(chart) if p.id not in chart.context_ids and _counts_at_zero(chart, p)]
    says = "a missing reading seems to be read as the number 0 and scored"
    for parameter in numeric:
        change = change_cells((parameter.id,), filled(ZERO))
        words = f"{row_name(parameter)}: {says}"
        yield Fault("missing_read_as_0", "null:{site}", words, (parameter.id,), chart, Site(parameter.id), change=change)
    if len(numeric) > 1:
        single = [p for p in numeric if chart.group_of.get(p.id) is None or chart.group_of[p.id].kind != "one_of"]
        change = change_each({p.id: filled(ZERO) for p in single})
        yield Fault("missing_read_as_0", "null:{site}", f"{says}, in every row", tuple(p.id for p in single), chart, Site("*"), change=change)


def _counts_at_zero(chart: Chart, parameter: Parameter) -> bool:
    """Whether a reading of 0 gives more than the least band: else it is a missing reading that counts as nothing, which is a kind of its own."""
    tables = [table for table in parameter.tables if table.applies and table.bands]
    return any(chart.severity(find_band(chart, table, ZERO)[0]) > min(map(chart.severity, table.bands)) for table in tables)


def answer_faults(chart: Chart) -> Iterator[Fault]:
    """Missing readings with 0 points beside them: what `missing_as_zero` does, seen in the stated points."""
    rows = [p for p in chart.parameters if p.role == "scored" and p.required and p.id not in chart.context_ids]
    says = "a missing reading seems to get 0 points of its own, so that a partial set passes for complete"
    for parameter in rows:
        yield _shown(chart, [parameter], f"{row_name(parameter)}: {says}", parameter.id)
    if len(rows) > 1:
        yield _shown(chart, rows, f"{says}, in every row", "*")


def _shown(chart: Chart, rows: list[Parameter], says: str, site: str) -> Fault:
    used = chart
    for parameter in rows:
        used = with_parameter(used, replace(parameter, required=False))
    names = tuple(p.id for p in rows)
    return Fault("missing_shown_as_normal", "normal:{site}", says, names, chart, Site(site), answers=_with_zero_points(used, names))


def _with_zero_points(used: Chart, names: tuple[str, ...]) -> Callable[[MutantScorer], Answers]:
    def answers(scorer: MutantScorer) -> Answers:
        found = scorer.differs(used)
        points = dict(found.points)
        for name in names:
            own = points.get(name, scorer.base.points[name][found.rows])
            unread = scorer.sheet.column(name).unread_rows[found.rows] & (found.status != REFUSED)
            points[name] = np.where(unread & (own == NO_POINTS), 0, own).astype(np.int16)
        return Answers(found.rows, found.status, found.total, found.level, points)

    return answers
