"""How sure a diagnosis can be: whether the table shows enough of a fault, and which other faults fit equally well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from mews_newtt.chart.model import Band, Chart, Interval, Table
from mews_newtt.reading.values import SKIP_PREFIX
from mews_newtt.validation.cases import Pool
from mews_newtt.validation.faults import OF_MEMORY, Fault, all_answers
from mews_newtt.validation.mutants import COMPLETE, READ, Flags, MutantScorer, Rows, Sheet, answer_words, differ, sheet_of_sets

MOST_CHANGED = 500  # readings of a changed range that are looked at
OF_READINGS = ("edge_moved", "edge_side", "edge_typed", "band_worth", "range_worth", "open_end")  # faults that change what some readings give
BAND_NEEDS = 2  # different readings of a changed band that must have been answered wrongly
ROWS_NEEDED = 3  # rows that a certain verdict needs
MOST_FAULTS = 60  # faults whose own edges are tried; all faults are compared
RANDOM = 1200  # random sets
FINE = 1000  # what a reading finer than recorded adds to a set's distance from a baseline

COARSE = ("rounded", "truncated")
FINE_GRIDS = ("step", "whole", "half")  # of `faults.rounding`: readings are moved by less than one recording step, or nearly so

# Whether the table shows enough


def enough(chart: Chart, fault: Fault, sheet: Sheet, explained: Rows) -> bool:
    """Whether the rows that a fault explains show all of the fault.

    One row may be wrong for any reason. For a moved edge, the platform must have answered wrongly on every recordable reading that the move
    changes; for a band that gives something else, on two of its readings. A wrong answer to a single reading would look the same.
    """
    if len(explained) < ROWS_NEEDED:
        return False
    if fault.kind in COARSE and fault.after not in FINE_GRIDS:
        return _both_ways(fault, sheet, explained)
    if fault.kind not in OF_READINGS or len(fault.parameters) != 1:
        return True
    parameter = chart.by_id[fault.parameters[0]]
    if not parameter.observation.numeric:
        return True
    column = sheet.column(parameter.id)
    seen = {column.cells[code].value for code in set(column.codes[explained].tolist())}
    changed = fault.chart.by_id[parameter.id].tables
    readings: set[Fraction] = set()
    for before, after in zip(parameter.tables, changed, strict=True):
        if before != after:
            readings |= set(_changed(chart, before, after, parameter.observation.step, parameter.observation.impossible))
    if fault.kind in ("band_worth", "open_end"):
        return len(readings & seen) >= min(BAND_NEEDS, len(readings))
    if fault.kind != "range_worth":
        return readings <= seen
    step = Fraction(parameter.observation.step)
    shown = {cell.value for cell in column.cells}
    beside = {reading + by for reading in readings for by in (-step, step)} - readings  # a range ends where its neighbours were seen to agree
    return readings <= seen and beside <= shown


def _both_ways(fault: Fault, sheet: Sheet, explained: Rows) -> bool:
    """Whether rows show readings raised and readings lowered: a constant added to each reading would look like one of the two alone."""
    if fault.change is None:
        return True
    changed, ways = fault.change(sheet), set()
    for name in fault.parameters or tuple(sheet.columns):
        before, after = sheet.column(name), changed.column(name)
        for code in set(before.codes[explained].tolist()):
            old, new = before.cells[code].value, after.cells[code].value
            if isinstance(old, Fraction) and isinstance(new, Fraction) and old != new:
                ways.add(new > old)
    return len(ways) > 1


def partial_rows(scorer: MutantScorer) -> Flags:
    """Rows that are not complete on the chart, and rows without a trigger that it requires."""
    found: Flags = scorer.base.status != COMPLETE
    for parameter in scorer.chart.parameters:
        if parameter.role == "trigger" and parameter.required and parameter.assumed is None:
            column = scorer.sheet.column(parameter.id)
            found = found | (column.kinds != READ)[column.codes]
    return found


def finer_readings(chart: Chart, sheet: Sheet) -> frozenset[str]:
    """The parameters with readings finer than recorded in the table."""
    found = set()
    for parameter in chart.parameters:
        if parameter.observation.numeric and parameter.role != "recorded":
            step = Fraction(parameter.observation.step)
            if any(cell.value % step for cell in sheet.column(parameter.id).cells if isinstance(cell.value, Fraction)):
                found.add(parameter.id)
    return frozenset(found)


def _changed(chart: Chart, before: Table, after: Table, step: Decimal, possible: Interval) -> Iterator[Fraction]:
    """Recordable readings that contribute something else after a change: those between the edges that moved, or of the changed band."""
    ends = set()
    for one, other in zip(before.bands, after.bands, strict=False):
        if one != other:
            ends |= {end for band in (one, other) if band.interval for end in (band.interval.low, band.interval.high) if end is not None}
    if not ends:
        return
    value = max(min(ends), possible.low) if possible.low is not None else min(ends)
    highest = min(max(ends), possible.high) if possible.high is not None else max(ends)
    value -= value % step
    for _ in range(MOST_CHANGED):
        if value > highest:
            return
        if _contribution(chart, before, value) != _contribution(chart, after, value):
            yield Fraction(value)
        value += step


def _contribution(chart: Chart, table: Table, value: Decimal) -> tuple[int, ...] | None:
    band: Band | None = next((band for band in table.bands if band.interval is not None and band.interval.contains(value)), None)
    return None if band is None else chart.severity(band)


# Faults that fit equally well


class EquallyGood(NamedTuple):
    """Faults that answer some set differently from the first: a recordable set, or only one with a reading finer than recorded."""

    recordable: list[Fault]
    finer: list[Fault]
    distinguishing_case: dict[str, Any] | None  # the plainest such set, and what the first and the other fault answer


def equally_good(chart: Chart, equal: Sequence[Fault]) -> EquallyGood:
    """Of faults that fit a table equally well, those with another effect than the first."""
    if len(equal) < 2:
        return EquallyGood([], [], None)
    pool = Pool(chart, [fault.chart for fault in _mixed(equal)[: MOST_FAULTS + 1]], random=RANDOM)
    scorer = MutantScorer(chart, sheet_of_sets(pool.sets, chart.observations))
    recordable: list[Fault] = []
    finer: list[Fault] = []
    case: dict[str, Any] | None = None
    first = all_answers(scorer, equal[0])
    steps = {p.id: p.observation.step for p in chart.parameters if p.observation.numeric}
    distance = np.array([_distance(given, pool.baselines[0], steps) for given in pool.sets])
    for fault in equal[1:]:
        if fault.kind in OF_MEMORY or equal[0].kind in OF_MEMORY:
            recordable.append(fault)  # single sets cannot tell them apart
            continue
        answers = all_answers(scorer, fault)
        rows = np.flatnonzero(differ(first, answers))
        if not len(rows):
            continue
        row = int(rows[np.argmin(distance[rows])])
        if distance[row] < FINE:
            wanted = not recordable  # a recordable case is worth more than a finer one
            recordable.append(fault)
        else:
            wanted = case is None
            finer.append(fault)
        if wanted:
            answered = [answer_words(chart, each, row) for each in (first, answers)]
            given = ", ".join(f"{_title(chart, name)} {text}" for name, text in pool.sets[row].items())
            case = {"given": pool.sets[row], "answers": answered, "says": f"{given} ({answered[0]} by the first, {answered[1]} by the other)"}
    return EquallyGood(recordable, finer, case)


def _mixed(faults: Sequence[Fault]) -> list[Fault]:
    """One fault of each kind and parameter in turn, so that the many moves of one edge do not use up all the room."""
    turns: dict[tuple[str, ...], int] = {}
    order = []
    for fault in faults:
        key = (fault.kind, *fault.parameters)
        turns[key] = turns.get(key, -1) + 1
        order.append(turns[key])
    return [faults[index] for index in sorted(range(len(faults)), key=lambda index: order[index])]


def _distance(given: dict[str, str], baseline: dict[str, str], steps: dict[str, Decimal]) -> int:
    """How far a set is from a baseline: parameters changed or missing; readings finer than recorded count most."""
    fine = sum(Decimal(text) % steps[name] != 0 for name, text in given.items() if name in steps)
    changed = sum(baseline.get(name) != text for name, text in given.items()) + sum(name not in given for name in baseline)
    return fine * FINE + changed


def _title(chart: Chart, name: str) -> str:
    parameter = chart.by_id.get(name.removeprefix(SKIP_PREFIX))
    if parameter is None:
        return name
    return parameter.title if name in chart.by_id else f"Reason for no {parameter.title}"
