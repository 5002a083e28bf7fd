"""A short series of sets of one person, which shows a platform that carries readings or answers over from set to set."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from mews_newtt.chart.model import Parameter
from mews_newtt.validation.cases import Given, Pool, middle
from mews_newtt.validation.packs.case import Case, expected_of
from mews_newtt.validation.packs.memory import MemoryFault, memory_faults, shown_by
from mews_newtt.validation.wording import row_name

START = datetime(2025, 1, 6, 8, 0, tzinfo=UTC)  # any time does: no chart scores it
APART = timedelta(minutes=30)


class Series(NamedTuple):
    """The cases in their order, the faults of memory that they show, and those that no series tried shows."""

    cases: list[Case]
    shown: list[MemoryFault]
    not_shown: list[MemoryFault]


def make_series(pool: Pool, start: int) -> Series:
    """Sets of one person in the order of their times.

    Parameters
    ----------
    start : the number of the first case
    """
    chart = pool.chart
    faults = memory_faults(chart)
    if not pool.settings:
        return Series([], [], faults)
    steps = _steps(pool, faults)
    person = f"{chart.id}-series"
    cases = []
    for place, (given, why) in enumerate(steps):
        says = f"series of one person, set {place + 1}: {why}"
        cases.append(Case(f"{chart.id}-{start + place:03d}", dict(given), expected_of(chart, given), says, person, time_of(place)))
    shown = {id(fault) for fault in shown_by(chart, faults, [given for given, _ in steps])}
    return Series(cases, [f for f in faults if id(f) in shown], [f for f in faults if id(f) not in shown])


def time_of(place: int) -> str:
    """When a set of the series was taken."""
    return (START + place * APART).strftime("%Y-%m-%dT%H:%M:%SZ")


def _steps(pool: Pool, faults: Sequence[MemoryFault]) -> list[tuple[Given, str]]:
    chart, setting, baseline = pool.chart, pool.settings[0], pool.baselines[0]
    rows = [p for p in chart.parameters if p.id in baseline and p.role != "recorded"]
    raisable = [p for p in rows if p.id not in setting.given and setting.tables[p.id] is not None]
    found: list[tuple[Given, str]] = [(dict(baseline), "every reading scores as little as it can")]
    for names in (raisable[::2], raisable[1::2]):
        given = dict(baseline)
        for row in names:
            given = pool.put(given, row, _worst(pool, row))
        found.append((given, f"as bad as it can be: {', '.join(row_name(row) for row in names)}"))
    found.append((dict(baseline), "every reading scores as little as it can again"))
    for row in rows:
        found += _missing(pool, row, faults, found)
    for row in raisable:
        found += _alone(pool, row, faults, found)
    return found


def _worst(pool: Pool, row: Parameter) -> str:
    table = pool.settings[0].tables[row.id]
    bands = table.bands if table is not None else ()
    return middle(row, max(bands, key=pool.chart.severity))


def _missing(pool: Pool, row: Parameter, faults: Sequence[MemoryFault], before: list[tuple[Given, str]]) -> list[tuple[Given, str]]:
    """A set without the row, after one in which it is bad where nothing less shows that it is carried over; nothing where nothing shows it."""
    chart, baseline = pool.chart, pool.baselines[0]
    lacking = ({name: text for name, text in baseline.items() if name != row.id}, f"{row_name(row)} is missing, and the set before had it")
    own = [fault for fault in faults if fault.kind == "carried_forward" and fault.words.startswith(f"{row.title}:")]
    ways = [[lacking]]
    if row.id not in pool.settings[0].given and pool.settings[0].tables[row.id] is not None:
        bad = (pool.put(baseline, row, _worst(pool, row)), f"{row_name(row)} is as bad as it can be")
        ways.append([bad, lacking])
    past = [given for given, _ in before]
    return next((way for way in ways if any(shown_by(chart, own, [*past, *(given for given, _ in way)]))), [])


def _alone(pool: Pool, row: Parameter, faults: Sequence[MemoryFault], before: list[tuple[Given, str]]) -> list[tuple[Given, str]]:
    """Sets in which one row alone goes up and comes back, where the series before does not show that its readings are averaged."""
    chart, baseline = pool.chart, pool.baselines[0]
    past = [given for given, _ in before]
    own = [fault for fault in faults if fault.kind == "mean" and fault.words.startswith(f"{row.title}:")]
    if len(list(shown_by(chart, own, past))) == len(own):
        return []
    way = [
        (pool.put(baseline, row, _worst(pool, row)), f"{row_name(row)} is as bad as it can be"),
        (dict(baseline), "every reading scores as little as it can again"),
    ]
    return way if len(list(shown_by(chart, own, [*past, *(given for given, _ in way)]))) > len(list(shown_by(chart, own, past))) else []
