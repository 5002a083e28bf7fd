"""Faults in how a context (such as air or oxygen) is read: taken for another one, always for the same one, or assumed where it is missing."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import permutations

import numpy as np

from mews_newtt.chart.contexts import distinguishable_values, matches
from mews_newtt.chart.model import Chart, Number, Parameter, number
from mews_newtt.validation.faults.fault import Change, ChangeCell, Example, Fault, Site, change_cells
from mews_newtt.validation.mutants import MISSING, READ, UNUSABLE, Cell, CellColumn, Sheet
from mews_newtt.validation.wording import row_name

KINDS = {
    "context_ignored": "a context is always taken for the same answer, such as air",
    "context_mixed": "one answer of a context or of a trigger, or several that count alike, are taken for another one",
    "context_follows": "a context follows from another one, such as SpO2 scale 2 for everybody on oxygen",
    "context_assumed": "an answer is assumed where the context is missing",
}
MOST_FOLLOWING = 30  # pairs of answers of two contexts
EXAMPLES = (
    Example("follows:gait:steady:spring:new", {"tick_rate": "25"}, "total 0, level Watch", "total 1, level Watch"),
    Example("always:spring:old", {"spring": "new", "tick_rate": "61"}, "total 0, level Watch", "total 3, level Rewind"),
    Example("taken:gait:stuck:wobbly", {"gait": "stuck", "oil_drops": "1"}, "total 4, level Rewind", "total 2, level Watch"),
    Example("assumed:gait:steady", {"gait": None}, "no total, level at least Watch", "total 0, level Watch"),
)


def faults(chart: Chart) -> Iterator[Fault]:
    for name in chart.context_ids:
        parameter = chart.by_id[name]
        yield from _assumed(chart, parameter)
        if not parameter.observation.numeric:
            yield from _mistaken(chart, parameter)
            yield from _several_mistaken(chart, parameter)
    for parameter in chart.parameters:
        if parameter.role == "trigger" and parameter.id not in chart.context_ids and not parameter.observation.numeric:
            yield from _any_answer_raises(chart, parameter)
    words = [chart.by_id[name] for name in chart.context_ids if not chart.by_id[name].observation.numeric]
    for one, other in permutations(words, 2):
        yield from _following(chart, one, other)


def filled(value: Number | str) -> ChangeCell:
    """A missing reading taken for a value."""
    taken = value if isinstance(value, str) else Fraction(value)
    return lambda cell: Cell(READ, taken) if cell.kind == MISSING else cell


def _assumed(chart: Chart, parameter: Parameter) -> Iterator[Fault]:
    name = parameter.id
    for value in distinguishable_values(chart, name):
        if value != parameter.assumed:
            words = value.replace("_", " ") if isinstance(value, str) else number(value, parameter.observation.unit)
            says = f"{row_name(parameter)}: {words} seems to be assumed where it is missing"
            change = change_cells((name,), filled(value))
            yield Fault("context_assumed", "assumed:{site}:{after}", says, (name,), chart, Site(name), after=value, change=change)


def _mistaken(chart: Chart, parameter: Parameter) -> Iterator[Fault]:
    name, title = parameter.id, row_name(parameter)
    for after in parameter.category_ids:
        words = after.replace("_", " ")
        says, change = f"{title} seems always to be taken for {words}", change_cells((name,), _taken_for(after))
        yield Fault("context_ignored", "always:{site}:{after}", says, (name,), chart, Site(name), after=after, change=change)
        for before in parameter.category_ids if len(parameter.category_ids) > 2 else ():
            if before != after:
                says, change = f"{title}: {before.replace('_', ' ')} seems to be taken for {words}", change_cells((name,), _taken_for(after, before))
                yield Fault(
                    "context_mixed", "taken:{site}:{before}:{after}", says, (name,), chart, Site(name), before=before, after=after, change=change
                )


def _any_answer_raises(chart: Chart, parameter: Parameter) -> Iterator[Fault]:
    """The one answer of a trigger that raises nothing, taken for one that does: whatever is written in the field then raises a level."""
    bands = [band for table in parameter.tables for band in table.bands]
    quiet = [category for band in bands if band.level is None for category in band.categories]
    raising = {band.level: band.categories[0] for band in reversed(bands) if band.level is not None}
    for after in raising.values() if len(quiet) == 1 else ():
        name, words = parameter.id, after.replace("_", " ")
        says = f"{row_name(parameter)}: {quiet[0].replace('_', ' ')} seems to be taken for {words}"
        change, form = change_cells((name,), _taken_for(after, quiet[0])), "taken:{site}:{before}:{after}"
        yield Fault("context_mixed", form, says, (name,), chart, Site(name), before=quiet[0], after=after, change=change)


def _several_mistaken(chart: Chart, parameter: Parameter) -> Iterator[Fault]:
    """Answers that count alike, all taken for another one, such as three devices that are not known."""
    alike: dict[object, list[str]] = {}
    asked = [wanted for p in chart.parameters for t in p.tables for name, wanted in t.when if name == parameter.id]
    for category in parameter.category_ids:
        bands = [chart.severity(band) for table in parameter.tables for band in table.bands if category in band.categories]
        chosen = [matches(wanted, category) for wanted in asked]
        alike.setdefault((tuple(bands), tuple(chosen)), []).append(category)
    for group in alike.values():
        for after in parameter.category_ids if 1 < len(group) < len(parameter.category_ids) else ():
            if after not in group:
                names = [name.replace("_", " ") for name in group]
                says = f"{row_name(parameter)}: {', '.join(names[:-1])} and {names[-1]} seem to be taken for {after.replace('_', ' ')}"
                change, form = change_cells((parameter.id,), _all_taken_for(after, frozenset(group))), "all-taken:{site}:{before}:{after}"
                before = "+".join(group)
                yield Fault("context_mixed", form, says, (parameter.id,), chart, Site(parameter.id), before=before, after=after, change=change)


def _all_taken_for(after: str, before: frozenset[str]) -> ChangeCell:
    return lambda cell: cell._replace(value=after) if cell.kind == READ and cell.value in before else cell


def _following(chart: Chart, one: Parameter, other: Parameter) -> Iterator[Fault]:
    """Whoever has one answer of the first context is given one of the second."""
    for given in one.category_ids if len(one.category_ids) * len(other.category_ids) <= MOST_FOLLOWING else ():
        for after in other.category_ids:
            told = f"{row_name(one)} is {given.replace('_', ' ')}"
            says = f"{row_name(other)} {after.replace('_', ' ')} seems to be used wherever {told}, whatever is given"
            form, change = "follows:{site}:{before}:{value}:{after}", _followed(one.id, given, other.id, after)
            about = (one.id, other.id)
            yield Fault("context_follows", form, says, about, chart, Site(one.id), other.id, before=given, after=after, change=change)


def _followed(one: str, given: str, other: str, after: str) -> Change:
    def change(sheet: Sheet) -> Sheet:
        first, second = sheet.column(one), sheet.column(other)
        rows = np.array([cell.kind == READ and cell.value == given for cell in first.cells], np.bool_)[first.codes]
        codes = np.where(rows & (second.kinds != UNUSABLE)[second.codes], len(second.cells), second.codes).astype(np.int32)
        return Sheet({**sheet.columns, other: CellColumn([*second.cells, Cell(READ, after)], codes)}, sheet.rows)

    return change


def _taken_for(after: str, before: str | None = None) -> ChangeCell:
    """Any answer, or one of them, taken for another."""
    return lambda cell: cell._replace(value=after) if cell.kind == READ and before in (None, cell.value) else cell
