"""One raw value to one reading: the only place that decides what is missing, whether a unit or a name is accepted, and what is impossible.

Rules of reading: docs/reading-rules.md. Units, names and limits: rules/parameters.toml. Nothing here knows a chart.
"""

from __future__ import annotations

import math
import re
import sys
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from mews_newtt.chart.exact import EXACT
from mews_newtt.chart.model import Number, Observation
from mews_newtt.chart.units import unit_said
from mews_newtt.errors import Problem, did_you_mean, short

LABELS = ("case_id", "patient_id", "observed_at", "recorded_at")  # they say whose readings these are, and when they were taken; never scored
SKIP_PREFIX = "skip_"  # `skip_heart_rate` holds the reason why there is no heart rate
NOISE = 1000  # a reading within step / NOISE of a recordable value is that value
MOST_CODE = 10**15  # no code of a category is so large a number
_NUMBER = re.compile(r"[+-]?\d{1,40}(\.\d{1,40})?([eE][+-]?\d{1,3})?", re.ASCII)
_NUMBER_AND_UNIT = re.compile(r"([+-]?[\d.]{1,90}(?:[eE][+-]?\d{1,3})?)\s*((?!/\d|[eE][+-]?\d)[A-Za-z%°\[{/].*)")  # E+9999 is not a unit
_COMPARED = re.compile(r"[<>≤≥]=?\s*\d[\d.,]*.{0,20}")
_TWO_NUMBERS = re.compile(r"\d+([.,]\d+)?\s*[/–-]\s*\d+([.,]\d+)?")
_OTHER_POINT = re.compile(r"[+-]?\d+[,·]\d+")
_MARKED = re.compile(r"[='\"\s]*([+-]?\d{1,9}(?:\.\d{1,9})?)[*'\"\s]*")
LONGEST_HINT = 200  # characters: what a longer text may have meant is not looked for
NOT_READ = "not read: "  # begins a cell that a reading plan could not read; the rest says which cell of the source, and why
MISSING_WORDS = frozenset(("", "nan", "null"))
_MISSING_TYPES = frozenset(("NAType", "NaTType", "MaskedConstant"))  # pandas.NA, pandas.NaT and numpy.ma.masked, known without an import


class Reading(NamedTuple):
    """One value as read: a number in the observation's own unit or a category id."""

    given: str
    value: Number | str
    flags: tuple[str, ...] = ()
    unit_given: str | None = None


def is_missing(raw: Any) -> bool:
    """Whether a raw value gives no reading: None, NaN, blank text, the words NaN and null, and what pandas and numpy use for "no value"."""
    if raw is None:
        return True
    if isinstance(raw, str):
        return raw.strip().casefold() in MISSING_WORDS
    if type(raw).__name__ in _MISSING_TYPES:
        return True
    if isinstance(raw, Decimal):
        return raw.is_nan()
    if isinstance(raw, float):
        return math.isnan(raw)
    return hasattr(raw, "dtype") and str(raw != raw) == "True"  # NaN and NaT of numpy are unequal to themselves


def states_nothing(raw: Any) -> bool:
    """Whether a cell for a stated result (a total, a level) is empty. Platforms also write the word None there; a reading is never None in words."""
    return is_missing(raw) or (isinstance(raw, str) and raw.strip().casefold() == "none")


def read_reason(raw: Any) -> str:
    """The reason for a skipped reading as text; empty where none is given."""
    return "" if is_missing(raw) else str(raw).strip()


def read(observation: Observation, raw: Any) -> Reading | Problem | None:
    """One raw value as a Reading; None where it is missing; a Problem where it cannot be a reading.

    Parameters
    ----------
    observation : its unit, step, limits and categories decide
    raw : a number, text (also with a unit behind the number), or a pair of value and unit (None: the observation's own)

    Source
    ------
    docs/reading-rules.md, rules 1 to 6; limits and units: rules/parameters.toml.
    """
    unit: str | None = None
    if isinstance(raw, tuple):
        if len(raw) != 2 or not (raw[1] is None or isinstance(raw[1], str)):
            mend = "give a number, text, or a pair of value and unit"
            return Problem("not_a_reading", observation.id, f"{short(str(raw))} is not a value with a unit", mend)
        raw, unit = raw
    if is_missing(raw):
        return None
    if isinstance(raw, str) and raw.startswith(NOT_READ):
        return Problem("not_read", observation.id, raw.removeprefix(NOT_READ), "correct the cell, or say in the plan how it is read")
    if hasattr(raw, "dtype"):
        raw = _of_numpy(observation, raw)
        if isinstance(raw, Problem):
            return raw
    if observation.numeric:
        return _read_number(observation, raw, unit)
    if unit:
        return Problem("unit_not_allowed", observation.id, f"is given in {short(unit)!r} but is a category", "leave the unit out")
    return _read_category(observation, raw)


def _of_numpy(observation: Observation, raw: Any) -> Any:
    """One numpy value as a Python value. An array is never a reading, not even an array of one value."""
    numpy = sys.modules.get("numpy")
    if numpy is None or not isinstance(raw, numpy.generic):
        kind = "number" if observation.numeric else "category"
        return Problem("not_a_reading", observation.id, f"an array ({type(raw).__name__}) is not a {kind}", "give one value, such as array[0]")
    narrow = observation.numeric and raw.dtype.name in ("float32", "float16")  # keeps its own shortest decimal
    return str(raw) if narrow or raw.dtype.kind in "mM" else raw.item()  # the item of a time may be a bare number


def _read_category(observation: Observation, raw: Any) -> Reading | Problem:
    if isinstance(raw, (float, Decimal)) and math.isfinite(raw) and -MOST_CODE < raw < MOST_CODE and raw == int(raw):
        raw = int(raw)  # spreadsheets turn a code such as 1 into 1.0
    text = str(raw).strip()
    category = observation.category_by_name.get(text.casefold())
    if category is not None:
        return Reading(text, category)
    near = did_you_mean(text, list(observation.category_by_name))
    mend = (f"did you mean {near!r}? " if near else "") + "allowed: " + ", ".join(observation.category_ids)
    return Problem("unknown_category", observation.id, f"{short(text)!r} is not one of its answers", mend)


def _read_number(observation: Observation, raw: Any, unit: str | None) -> Reading | Problem:
    if isinstance(raw, bool):
        return _no_number(observation, str(raw))
    if isinstance(raw, int) and abs(raw) > 10**40:
        return _no_number(observation, "a number of more than 40 digits")
    text = raw.strip() if isinstance(raw, str) else str(raw)
    if not _NUMBER.fullmatch(text):
        split = _NUMBER_AND_UNIT.fullmatch(text)
        if not split or not _NUMBER.fullmatch(split[1]) or (unit and unit != split[2]):
            return _no_number(observation, text)
        value, unit = Decimal(split[1]), split[2].strip()
    else:
        value = Decimal(text)
    number: Number = value
    flags: tuple[str, ...] = ()
    ucum = observation.unit_named(unit) if unit else observation.unit
    if ucum != observation.unit:
        other = next((each for each in observation.other_units if each.ucum == ucum), None)
        if other is None:
            units = [observation.unit, *(u.ucum for u in observation.other_units)]
            return Problem("unknown_unit", observation.id, f"is given in {short(unit or '')!r}", "allowed units: " + ", ".join(units))
        number = _as_decimal(Fraction(value) * other.scale + other.offset)
        flags = ("converted",)
    else:
        unit = None
    inside = observation.impossible
    number, more = _without_noise(number, observation.step)
    if not inside.contains(number):
        shown = short(text) if not flags else f"{short(text)} ({float(number):g} {unit_said(observation.unit)})"
        hint = "check the reading; if it is in another unit, say so" if observation.other_units else "check the reading"
        return Problem("reading_impossible", observation.id, f"{shown} is impossible; allowed: {inside} {unit_said(observation.unit)}".rstrip(), hint)
    if not observation.implausible.contains(number):
        more = (*more, "implausible")
    return Reading(text, number, flags + more, unit)


def _no_number(observation: Observation, text: str) -> Problem:
    what, mend = "is not a number", "write a number, or leave it blank for no reading"
    if len(text) > LONGEST_HINT:  # the patterns would take long, and nothing that long is one of them
        pass
    elif _COMPARED.fullmatch(text):
        what, mend = (
            "is not a number: it is a limit, and the value itself is not known",
            "write what was measured, or leave it blank for no reading",
        )
    elif _TWO_NUMBERS.fullmatch(text):
        what, mend = (
            "is not a number: it holds two of them",
            "give each its own column (104/66 is a systolic and a diastolic pressure), or write what was measured",
        )
    elif _OTHER_POINT.fullmatch(text):
        mend = f"write the decimal point: {short(re.sub('[,·]', '.', text))}"
    elif marked := _MARKED.fullmatch(text):
        mend = f"write {marked[1]} without the marks around it"
    elif text.casefold() in ("na", "n/a", "none", "-", "--", "missing", "not done", "unknown"):
        mend = "leave it blank for no reading"
    return Problem("not_a_number", observation.id, f"{short(text)!r} {what}", mend)


def _without_noise(value: Number, step: Decimal) -> tuple[Number, tuple[str, ...]]:
    """The nearest recordable value if it is within a thousandth of a step; otherwise the reading as it is. Second: the flags."""
    exact = Fraction(value)
    steps = round(exact / Fraction(step))
    recordable = EXACT.multiply(steps, step)
    distance = abs(exact - Fraction(recordable))
    if distance == 0:
        return recordable, ()
    if distance * NOISE <= Fraction(step):
        return recordable, ("float_noise",)
    return value, ("finer_than_recorded",)


def _as_decimal(value: Fraction) -> Number:
    """A Decimal if the fraction has a finite one (its denominator has only the factors 2 and 5); otherwise the fraction itself."""
    twos = (value.denominator & -value.denominator).bit_length() - 1
    rest, fives = value.denominator >> twos, 0
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    places = max(twos, fives)
    return Decimal(value.numerator * 10**places // value.denominator).scaleb(-places, EXACT) if rest == 1 else value
