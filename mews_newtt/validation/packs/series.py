"""A short series of sets of one person, which shows a platform that carries readings or answers over from set to set."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from mews_newtt.chart.model import Chart, Parameter
from mews_newtt.validation.cases import Given, Pool, middle
from mews_newtt.validation.faults import Fault, series_of
from mews_newtt.validation.faults.memory import faults_of_series
from mews_newtt.validation.packs.case import Case, expected_of
from mews_newtt.validation.packs.killed import killers_of, scorer_of
from mews_newtt.validation.wording import row_name

START = datetime(2025, 1, 6, 8, 0, tzinfo=UTC)  # any time does: no chart scores it
APART = timedelta(minutes=30)
Step = tuple[Given, str]


class Series(NamedTuple):
    """The cases in their order, the faults of memory that they show, and those that they do not."""

    cases: list[Case]
    shown: list[Fault]
    not_shown: list[Fault]


def make_series(pool: Pool, start: int) -> Series:
    """Sets of one person in the order of their times.

    Parameters
    ----------
    start : the number of the first case
    """
    chart = pool.chart
    if not pool.settings:
        return Series([], [], [])
    steps = _steps(pool)
    cases = []
    for place, (given, why) in enumerate(steps):
        says = f"series of one person, set {place + 1}: {why}"
        taken_at = (START + place * APART).strftime("%Y-%m-%dT%H:%M:%SZ")
        cases.append(Case(f"{chart.id}-{start + place:03d}", dict(given), expected_of(chart, given), says, f"{chart.id}-series", taken_at))
    shown = _shown(chart, [given for given, _ in steps])
    return Series(cases, [fault for fault, seen in shown if seen], [fault for fault, seen in shown if not seen])


def _shown(chart: Chart, sets: Sequence[Given], kind: str = "", row: str = "") -> list[tuple[Fault, bool]]:
    """The faults of memory of a chart, or those of one kind and row, and whether a platform that has it answers some set of a series wrongly."""
    orders = [order for order in series_of(len(sets), ["one"] * len(sets)) if order.id == "person"]
    faults = [fault for fault in faults_of_series(chart, orders) if not kind or (fault.kind == kind and fault.parameters == (row,))]
    scorer = scorer_of(chart, list(sets))
    return [(fault, len(killers_of(scorer, fault)) > 0) for fault in faults]


def _steps(pool: Pool) -> list[Step]:
    setting, baseline = pool.settings[0], pool.baselines[0]
    rows = [p for p in pool.chart.parameters if p.id in baseline and p.role != "recorded"]
    raisable = [p for p in rows if p.id not in setting.given and setting.tables[p.id] is not None]
    found: list[Step] = [(dict(baseline), "every reading scores as little as it can")]
    for names in (raisable[::2], raisable[1::2]):
        given = dict(baseline)
        for row in names:
            given = pool.put(given, row, _worst(pool, row))
        found.append((given, f"as bad as it can be: {', '.join(row_name(row) for row in names)}"))
    found.append((dict(baseline), "every reading scores as little as it can again"))
    for row in rows:
        lacking: Step = ({name: text for name, text in baseline.items() if name != row.id}, f"{row_name(row)} is missing, and the set before had it")
        found += _least(pool, found, row, "carried_forward", [[lacking], [_bad(pool, row), lacking]] if row in raisable else [[lacking]])
    for row in raisable:
        found += _least(pool, found, row, "averaged", [[], [_bad(pool, row), (dict(baseline), "every reading scores as little as it can again")]])
    return found


def _worst(pool: Pool, row: Parameter) -> str:
    table = pool.settings[0].tables[row.id]
    return middle(row, max(table.bands if table is not None else (), key=pool.chart.severity))


def _bad(pool: Pool, row: Parameter) -> Step:
    return pool.put(pool.baselines[0], row, _worst(pool, row)), f"{row_name(row)} is as bad as it can be"


def _least(pool: Pool, before: Sequence[Step], row: Parameter, kind: str, ways: Sequence[Sequence[Step]]) -> Sequence[Step]:
    """The first of some ways to go on that shows a fault of memory of one row; nothing where none does."""
    for way in ways:
        if all(seen for _, seen in _shown(pool.chart, [given for given, _ in (*before, *way)], kind, row.id)):
            return way
    return []
