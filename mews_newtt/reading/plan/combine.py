"""Several cells of one set to one reading: several columns of one sign, and air or oxygen from an amount. Each distinct combination is read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from mews_newtt.chart.model import Observation
from mews_newtt.errors import Problem
from mews_newtt.reading.oxygen import AIR, AIR_PERCENT, OXYGEN
from mews_newtt.reading.plan.model import OXYGEN_READING, Several
from mews_newtt.reading.plan.numbers import digits_after_point, rounded
from mews_newtt.reading.values import NOT_READ, Reading, read


def chosen(several: Several, observation: Observation, cells: Sequence[str | None]) -> str | None:
    """One reading from the cells of several columns. `equal`: two that were measured in different units are equal if one of them, converted and
    rounded to the digits of the other, is the other. The first column's own text is what is scored.
    """
    given = [(source.where, cell) for source, cell in zip(several.sources, cells, strict=True) if cell is not None]
    if not given:
        return None
    if several.choose == "first":
        return given[0][1]
    for _, cell in given:
        if cell.startswith(NOT_READ):
            return cell
    (where, first), rest = given[0], given[1:]
    for other, cell in rest:
        if not _equal(observation, first, cell):
            return f"{NOT_READ}{first} in {where.says} and {cell} in {other.says} are not equal, and the plan says that they must be"
    return first


def _equal(observation: Observation, one: str, other: str) -> bool:
    first, second = read(observation, one), read(observation, other)
    if not isinstance(first, Reading) or not isinstance(second, Reading):
        return one == other
    if first.value == second.value:
        return True
    if first.unit_given == second.unit_given or isinstance(first.value, str) or isinstance(second.value, str):
        return False
    return _rounds_to(observation, first, second, other) or _rounds_to(observation, second, first, one)


def _rounds_to(observation: Observation, one: Reading, other: Reading, written: str) -> bool:
    """Whether `one`, in the unit of `other` and with its digits, is `other` as it was written."""
    unit = next((unit for unit in observation.other_units if unit.ucum == observation.unit_named(other.unit_given or "")), None)
    value = Fraction(one.value)
    back = (value - unit.offset) / unit.scale if unit else value
    stated = read(observation, written)
    assert isinstance(stated, Reading)
    shown = Fraction(stated.value) if not isinstance(stated.value, str) else Fraction(0)
    shown = (shown - unit.offset) / unit.scale if unit else shown
    digits = digits_after_point(written)
    as_decimal = Decimal(back.numerator) / Decimal(back.denominator)
    return Fraction(rounded(as_decimal, digits)) == shown


def oxygen_answer(known: Mapping[str, Observation], names: Sequence[str], cells: Sequence[str | None]) -> str | None:
    """Air or oxygen, from what was stated (the first of the cells) and from amounts. Answers that contradict refuse the set.

    A flow of 0 and the percentage of air say air; more says oxygen; so does every device but none.
    """
    for cell in cells:
        if cell is not None and cell.startswith(NOT_READ):
            return cell
    answers: dict[str, str] = {}
    if cells[0] is not None:
        answers[f"{OXYGEN_READING} {cells[0]}"] = cells[0]
    for name, cell in zip(names, cells[1:], strict=True):
        if cell is None:
            continue
        found = read(known[name], cell)
        if isinstance(found, Problem):
            return f"{NOT_READ}{name}: {found.what}"
        if found is None:
            continue
        if isinstance(found.value, str):
            answers[f"{name} {cell}"] = AIR if found.value == AIR else OXYGEN
        elif name == "oxygen_percent":
            if found.value < AIR_PERCENT:
                return f"{NOT_READ}{name} {cell} is less than air holds, so that it does not say air or oxygen"
            answers[f"{name} {cell}"] = OXYGEN if found.value > AIR_PERCENT else AIR
        else:
            answers[f"{name} {cell}"] = OXYGEN if found.value > 0 else AIR
    if len(set(answers.values())) > 1:
        return NOT_READ + " and ".join(f"{place} ({answer})" for place, answer in answers.items()) + " contradict each other"
    return next(iter(answers.values()), None)
