"""Faults in how inputs are read: rounded, truncated, in the wrong unit, exchanged, taken for another category, or scored though impossible."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction

from mews_newtt.chart.contexts import distinguishable_values
from mews_newtt.chart.model import Chart, Number, Parameter, number
from mews_newtt.validation.faults import Change, Fault, row_name
from mews_newtt.validation.mutants_sheet import MISSING, READ, REFUSED, SKIPPED, Cell, Sheet

Turn = Callable[[Fraction], Fraction]
HALF = Fraction(1, 2)


def reading_faults(chart: Chart) -> Iterator[Fault]:
    numeric = [p for p in chart.parameters if p.observation.numeric and p.role != "recorded" and any(table.bands for table in p.tables)]
    yield from _rounded(chart, numeric)
    for parameter in numeric:
        yield from _units(chart, parameter)
        partner = parameter.observation.recorded_with
        if partner is not None and parameter.id < partner and partner in chart.by_id:
            says = f"{row_name(parameter)} and {row_name(chart.by_id[partner])} seem to be exchanged"
            yield Fault(f"exchanged:{parameter.id}", "exchanged", says, (parameter.id, partner), chart, _exchange(parameter.id, partner))
        says = f"{row_name(parameter)}: impossible readings seem to be scored instead of refused"
        yield Fault(f"impossible:{parameter.id}", "impossible_scored", says, (parameter.id,), chart, _cells((parameter.id,), _possible))
    everything = tuple(p.id for p in numeric)
    says = "impossible readings seem to be scored instead of refused"
    yield Fault("impossible:*", "impossible_scored", says, (), chart, _cells(everything, _possible))
    for name in chart.context_ids:
        yield from _contexts(chart, chart.by_id[name])
    yield from _levels_of_what_is_there(chart)


def _rounded(chart: Chart, numeric: list[Parameter]) -> Iterator[Fault]:
    """Rounded or cut off to the recording step or to whole numbers: one row, and all."""
    ways: list[tuple[str, str, Callable[[Fraction], int]]] = [
        ("half-up", "rounded", lambda x: math.floor(x + HALF)),
        ("half-even", "rounded (halves to the even neighbour)", round),
        ("down", "cut off", math.floor),
        ("up", "rounded up", math.ceil),
    ]
    for mark, says, way in ways:
        for whole in (False, True):
            rows = [p for p in numeric if not whole or p.observation.step % 1]
            if not rows:
                continue
            grid = "whole numbers" if whole else "the recording step"
            turns = {p.id: _turn(way, Fraction(1) if whole else Fraction(p.observation.step)) for p in rows}
            kind = "truncated" if mark == "down" else "rounded"
            for parameter in rows:
                yield Fault(
                    f"{mark}:{parameter.id}:{'whole' if whole else 'step'}",
                    kind,
                    f"{row_name(parameter)}: readings seem to be {says} to {grid} before scoring",
                    (parameter.id,),
                    chart,
                    _numbers({parameter.id: turns[parameter.id]}),
                )
            if len(rows) > 1:
                every = tuple(p.id for p in rows)
                text = f"readings seem to be {says} to {grid} before scoring, in every row"
                yield Fault(f"{mark}:*:{'whole' if whole else 'step'}", kind, text, every, chart, _numbers(turns))


def _linear(scale: Fraction, offset: Fraction) -> Turn:
    return lambda x: x * scale + offset


def _turn(way: Callable[[Fraction], int], step: Fraction) -> Turn:
    return lambda x: way(x / step) * step


def _units(chart: Chart, parameter: Parameter) -> Iterator[Fault]:
    own = parameter.observation.unit
    for unit in parameter.observation.other_units:
        scale, offset = unit.scale, unit.offset
        name = row_name(parameter)
        faults: list[tuple[str, str, Turn]] = [
            ("taken", f"numbers in {own} seem to be taken for {unit.ucum}", _linear(scale, offset)),
            ("scored", f"readings seem to be scored as numbers in {unit.ucum} on edges in {own}", _linear(1 / scale, -offset / scale)),
        ]
        for mark, says, turn in faults:
            yield Fault(
                f"unit:{parameter.id}:{unit.ucum}:{mark}", "unit_mixed", f"{name}: {says}", (parameter.id,), chart, _numbers({parameter.id: turn})
            )
    if parameter.observation.other_units:
        says = f"{row_name(parameter)}: the unit of a reading seems to be ignored, its number taken for {own}"
        yield Fault(f"unit:{parameter.id}:ignored", "unit_mixed", says, (parameter.id,), chart, _cells((parameter.id,), _as_written))


def _contexts(chart: Chart, parameter: Parameter) -> Iterator[Fault]:
    """One category of a context read as another, always the same one, or one taken where none is given."""
    for value in distinguishable_values(chart, parameter.id):
        if value != parameter.assumed:
            says = f"{row_name(parameter)}: where it is not given, {_value(parameter, value)} seems to be taken"
            yield Fault(f"assumed:{parameter.id}:{value}", "context_assumed", says, (parameter.id,), chart, _cells((parameter.id,), _filled(value)))
    if parameter.observation.numeric:
        return
    for wanted in parameter.category_ids:
        says = f"{row_name(parameter)} seems always to be taken for {wanted.replace('_', ' ')}"
        yield Fault(f"always:{parameter.id}:{wanted}", "context_ignored", says, (parameter.id,), chart, _cells((parameter.id,), _always(wanted)))
        for given in parameter.category_ids if len(parameter.category_ids) > 2 else ():
            if given != wanted:
                says = f"{row_name(parameter)}: {given.replace('_', ' ')} seems to be taken for {wanted.replace('_', ' ')}"
                change = _cells((parameter.id,), _taken(given, wanted))
                yield Fault(f"taken:{parameter.id}:{given}:{wanted}", "context_mixed", says, (parameter.id,), chart, change)


def _levels_of_what_is_there(chart: Chart) -> Iterator[Fault]:
    """A set stays partial, and its level is that of the readings it has: another one only where a missing row cannot count for nothing."""
    rows = [p for p in chart.parameters if p.role == "scored" and p.required]
    least = [min(chart.severity(band) for band in table.bands) for p in rows for table in p.tables if table.applies and table.bands]
    if len(set(least)) > 1:  # somewhere another than the quietest band is the least
        says = "the level of a set that lacks a reading seems to be that of the readings it has, though what is missing gives points in any case"
        names = tuple(p.id for p in rows)
        yield Fault("level-of-what-is-there", "partial_level", says, names, chart, _cells(names, _counted_as_nothing))


def _counted_as_nothing(cell: Cell) -> Cell:
    return cell._replace(nothing=True) if cell.kind in (MISSING, SKIPPED) else cell


def _value(parameter: Parameter, value: Number | str) -> str:
    return value.replace("_", " ") if isinstance(value, str) else number(value, parameter.observation.unit)


def _filled(value: Number | str) -> Callable[[Cell], Cell]:
    taken = value if isinstance(value, str) else Fraction(value)
    return lambda cell: Cell(READ, taken) if cell.kind == MISSING else cell


def filled_contexts(chart: Chart) -> Change | None:
    """Every context that counts as well, taken for its quiet answer where it is not given; None where there is none."""
    rows = [chart.by_id[name] for name in chart.context_ids if chart.by_id[name].role == "scored" and not chart.by_id[name].observation.numeric]
    taken = {p.id: min((band for t in p.tables for band in t.bands), key=chart.severity).categories[0] for p in rows if p.assumed is None}
    if not taken:
        return None

    def change(sheet: Sheet) -> Sheet:
        return Sheet({**sheet.columns, **{name: sheet.column(name).with_values(_filled(value)) for name, value in taken.items()}}, sheet.rows)

    return change


def _always(wanted: str) -> Callable[[Cell], Cell]:
    return lambda cell: cell._replace(value=wanted) if cell.kind == READ else cell


def _taken(given: str, wanted: str) -> Callable[[Cell], Cell]:
    return lambda cell: cell._replace(value=wanted) if cell.kind == READ and cell.value == given else cell


def _possible(cell: Cell) -> Cell:
    return cell._replace(kind=READ, value=cell.raw) if cell.kind == REFUSED and cell.raw is not None else cell


def _as_written(cell: Cell) -> Cell:
    return cell._replace(value=cell.raw) if cell.kind == READ and cell.raw is not None else cell


def _turned(turn: Turn) -> Callable[[Cell], Cell]:
    return lambda cell: cell._replace(value=turn(cell.value)) if isinstance(cell.value, Fraction) else cell


def _numbers(turns: dict[str, Turn]) -> Change:
    def change(sheet: Sheet) -> Sheet:
        columns = dict(sheet.columns)
        for name, turn in turns.items():
            columns[name] = sheet.column(name).with_values(_turned(turn))
        return Sheet(columns, sheet.rows)

    return change


def _cells(names: Iterable[str], turn: Callable[[Cell], Cell]) -> Change:
    def change(sheet: Sheet) -> Sheet:
        columns = dict(sheet.columns)
        for name in names:
            columns[name] = sheet.column(name).with_values(turn)
        return Sheet(columns, sheet.rows)

    return change


def _exchange(one: str, other: str) -> Change:
    def change(sheet: Sheet) -> Sheet:
        columns = dict(sheet.columns)
        columns[one], columns[other] = sheet.column(other), sheet.column(one)
        return Sheet(columns, sheet.rows)

    return change


def both(first: Fault, second: Fault, chart: Chart) -> Fault | None:
    """Two faults at once; None where they change the same thing."""
    from mews_newtt.validation.faults_join import joined_chart

    joined = joined_chart(chart, first.chart, second.chart)
    if joined is None:
        return None
    changes = [fault.change for fault in (first, second) if fault.change is not None]

    def change(sheet: Sheet) -> Sheet:
        for one in changes:
            sheet = one(sheet)
        return sheet

    return Fault(
        f"{first.id} + {second.id}",
        "pair",
        f"{first.words}; and {second.words}",
        tuple(dict.fromkeys((*first.parameters, *second.parameters))),
        joined,
        change if changes else None,
        (first.id, second.id),
    )
