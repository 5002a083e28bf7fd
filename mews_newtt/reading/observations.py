"""An observation set: what was observed, read once and exactly. The impossible is refused, the implausible flagged.

Rules of reading: docs/reading-rules.md. Nothing here knows a chart.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, NamedTuple

from mews_newtt.chart.builtin import builtin_observations
from mews_newtt.chart.exact import EXACT
from mews_newtt.chart.model import Number, Observation
from mews_newtt.errors import ObservationError, Problem, at_most, did_you_mean, short
from mews_newtt.reading.column_names import meant_parameter

LABELS = ("case_id", "patient_id", "observed_at", "recorded_at")  # say whose and when; never scored
SKIP_PREFIX = "skip_"
NOISE = 1000  # a reading within step / NOISE of a recordable value is that value
MOST_CODE = 10**15  # no code of a category is so large a number
MOST_REMEMBERED = 2_000  # readings of one observation
LONGEST_REMEMBERED = 40  # characters of a raw value
MOST_HINTS = 10  # unknown names of one set that are compared with every known one
_MEMOISED = frozenset((int, str, float, bool))  # hashable, and equal values of one type read the same
_NUMBER = re.compile(r"[+-]?\d{1,40}(\.\d{1,40})?([eE][+-]?\d{1,3})?", re.ASCII)
_NUMBER_AND_UNIT = re.compile(r"([+-]?[\d.]+(?:[eE][+-]?\d{1,3})?)\s*((?!/\d|[eE][+-]?\d)[A-Za-z%°\[{/].*)")  # E+9999 is no unit
_COMPARED = re.compile(r"[<>≤≥]=?\s*\d[\d.,]*.{0,20}")
_TWO_NUMBERS = re.compile(r"\d+([.,]\d+)?\s*[/–-]\s*\d+([.,]\d+)?")
_OTHER_POINT = re.compile(r"[+-]?\d+[,·]\d+")
_MARKED = re.compile(r"[='\"\s]*([+-]?\d{1,9}(?:\.\d{1,9})?)[*'\"\s]*")
_NOTHING = frozenset(("", "nan", "null"))
_MARKS = frozenset(("NAType", "NaTType", "MaskedConstant"))  # pandas.NA, pandas.NaT and numpy.ma.masked, known without an import


class Reading(NamedTuple):
    """One value as read: a number in the observation's own unit or a category id."""

    given: str
    value: Number | str
    flags: tuple[str, ...] = ()
    unit_given: str | None = None


class ObservationSet:
    """Readings of one person at one time.

    Parameters
    ----------
    given : parameter id to value. A value is a number, text, None or NaN (no reading), `{"value": 98.6, "unit": "[degF]"}`
        or `{"skipped": "reason"}`; `skip_<parameter>` gives a skip reason too. `case_id`, `patient_id`, `observed_at`
        and `recorded_at` are kept as labels.
    observations : the definitions to read by, such as `chart.observations`; the built-in ones where none are given
    values : more of the same as keywords

    Raises
    ------
    ObservationError  naming every fault at once: unknown parameter, text that is no number, unknown category or unit,
        impossible value, reading and skip reason together
    """

    __slots__ = ("labels", "readings", "skipped", "values")

    def __init__(self, given: Mapping[str, Any] | None = None, /, *, observations: Mapping[str, Observation] | None = None, **values: Any):
        if given is not None and not isinstance(given, Mapping):
            kind = type(given).__name__
            raise ObservationError(Problem("not_a_set", "observation set", f"is a {kind}", 'give a dict: {"respiratory_rate": 18, ...}'))
        known = builtin_observations() if observations is None else observations
        readings: dict[str, Reading] = {}
        skipped: dict[str, str] = {}
        labels: dict[str, str] = {}
        problems: list[Problem] = []
        for name, raw in ({**given, **values} if given and values else given or values).items():
            observation = known.get(name)
            if observation is None:
                _read_other(name, raw, known, skipped, labels, problems)
                continue
            kind = raw.__class__
            if kind is dict or isinstance(raw, Mapping):
                raw = _unwrap(observation, raw, skipped, problems)
                kind = raw.__class__
            if kind in _MEMOISED:
                if kind is float and raw == 0:
                    raw = 0.0  # -0.0 equals 0.0 and would share its memory
                memo = observation.memo
                reading = memo.get((kind, raw))
                if reading is None:
                    reading = read(observation, raw)
                    if isinstance(reading, Reading) and (kind is not str or len(raw) <= LONGEST_REMEMBERED):
                        if len(memo) >= MOST_REMEMBERED:
                            memo.clear()
                        memo[kind, raw] = reading
            else:
                reading = read(observation, raw)
            if isinstance(reading, Reading):
                readings[name] = reading
            elif reading is not None:
                problems.append(reading)
        problems += (
            [
                Problem(
                    "reading_and_skip",
                    name,
                    f"has a reading ({short(readings[name].given)}) and a skip reason ({short(skipped[name])})",
                    "keep the one that is true",
                )
                for name in skipped.keys() & readings.keys()
            ]
            if skipped
            else []
        )
        if problems:
            raise ObservationError(at_most(problems, "observation set"))
        self.readings = readings
        self.values: dict[str, Number | str] = {name: reading.value for name, reading in readings.items()}
        self.skipped = skipped
        self.labels = labels

    @classmethod
    def from_json(cls, text: str | bytes, *, observations: Mapping[str, Observation] | None = None) -> ObservationSet:
        """Read a JSON object; numbers keep the digits they are written with. A name given twice is a fault."""
        return cls(parse_json(text), observations=observations)

    def __repr__(self) -> str:
        given = {name: reading.given for name, reading in self.readings.items()}
        return f"ObservationSet({given | {SKIP_PREFIX + name: reason for name, reason in self.skipped.items()}})"


def parse_json(text: str | bytes) -> dict[str, Any]:
    """A JSON object with exact decimals; raises ObservationError for anything else."""
    try:
        found = json.loads(text, parse_float=Decimal, object_pairs_hook=_no_doubles)
    except (ValueError, RecursionError, InvalidOperation) as fault:
        if isinstance(fault, ObservationError):
            raise
        says = "a number is too large" if isinstance(fault, InvalidOperation) else fault
        raise ObservationError(Problem("not_json", "observation set", f"is not JSON: {says}", "send one JSON object")) from None
    if not isinstance(found, dict):
        raise ObservationError(Problem("not_an_object", "observation set", "is not a JSON object", 'send {"respiratory_rate": 18, ...}'))
    return found


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ObservationError(Problem("name_twice", short(doubled(pairs)), "is given twice", "give each name once"))
    return found


def doubled(pairs: list[tuple[str, Any]]) -> str:
    """The first name of an object that is there before."""
    return next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)


def _read_other(
    name: str, raw: Any, known: Mapping[str, Observation], skipped: dict[str, str], labels: dict[str, str], problems: list[Problem]
) -> None:
    parameter = name.removeprefix(SKIP_PREFIX) if isinstance(name, str) else name
    if name in LABELS:
        if not is_nothing(raw):
            labels[name] = str(raw)
    elif parameter != name and parameter in known:
        _read_reason(parameter, raw, skipped, problems)
    else:
        problems.append(unknown_parameter(str(name), known, hint=len(problems) < MOST_HINTS))


def _read_reason(parameter: str, raw: Any, skipped: dict[str, str], problems: list[Problem]) -> None:
    """Why there is no reading: a text or a code."""
    if isinstance(raw, (Mapping, list, tuple)):
        problems.append(Problem("not_a_reason", f"{parameter}, skipped", f"is {short(str(raw))}", "give the reason as text"))
    elif not is_nothing(raw):
        skipped[parameter] = str(raw).strip()


def unknown_parameter(name: str, known: Mapping[str, Observation], *, hint: bool = True) -> Problem:
    near = meant_parameter(name, known) if hint else None
    return Problem(
        "unknown_parameter",
        short(name),
        "is no parameter of any chart",
        f"did you mean {near!r}?" if near else "see `mews-newtt charts show CHART` for the names",
    )


def _unwrap(observation: Observation, raw: Mapping[str, Any], skipped: dict[str, str], problems: list[Problem]) -> Any:
    """{"value": 98.6, "unit": "[degF]"} or {"skipped": "U4"} to what `read` takes."""
    extra = raw.keys() - {"value", "unit", "skipped"}
    if extra:
        problems.append(
            Problem("unknown_key", f"{observation.id}, {short(min(map(str, extra)))}", "is not a key of a reading", "use value, unit or skipped")
        )
    _read_reason(observation.id, raw.get("skipped"), skipped, problems)
    unit = raw.get("unit")
    value = raw.get("value")
    return value if is_nothing(unit) or is_nothing(value) else (value, str(unit).strip())


def is_nothing(raw: Any) -> bool:
    """None, NaN and blank text (also the words NaN and null) are no reading; nor are the marks that pandas and numpy have for it."""
    if raw is None:
        return True
    if isinstance(raw, str):
        return raw.strip().casefold() in _NOTHING
    if type(raw).__name__ in _MARKS:
        return True
    if isinstance(raw, Decimal):
        return raw.is_nan()
    if isinstance(raw, float):
        return math.isnan(raw)
    return hasattr(raw, "dtype") and str(raw != raw) == "True"  # NaN and NaT of numpy are unequal to themselves


def read(observation: Observation, raw: Any) -> Reading | Problem | None:
    """One raw value as a Reading; None where there is none; a Problem where it cannot be one.

    `raw` may be a pair of value and unit, or text with a unit behind the number.
    """
    unit: str | None = None
    if isinstance(raw, tuple):
        if len(raw) != 2 or not (raw[1] is None or isinstance(raw[1], str)):
            mend = "give a number, text, or a pair of value and unit"
            return Problem("not_a_reading", observation.id, f"{short(str(raw))} is no value and unit", mend)
        raw, unit = raw
    if is_nothing(raw):
        return None
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
    """One numpy value as Python has it. An array is no reading, however few values it holds."""
    numpy = sys.modules.get("numpy")
    if numpy is None or not isinstance(raw, numpy.generic):
        kind = "number" if observation.numeric else "category"
        return Problem("not_a_reading", observation.id, f"an array ({type(raw).__name__}) is no {kind}", "give one value, such as array[0]")
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
    return Problem("unknown_category", observation.id, f"{short(text)!r} is no category of it", mend)


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
        shown = short(text) if not flags else f"{short(text)} ({float(number):g} {observation.unit})"
        hint = "check the reading; if it is in another unit, say so" if observation.other_units else "check the reading"
        return Problem("reading_impossible", observation.id, f"{shown} is impossible; allowed: {inside} {observation.unit}".rstrip(), hint)
    if not observation.implausible.contains(number):
        more = (*more, "implausible")
    return Reading(text, number, flags + more, unit)


def _no_number(observation: Observation, text: str) -> Problem:
    what, mend = "is no number", "write a number, or leave it blank for no reading"
    marked = _MARKED.fullmatch(text)
    if _COMPARED.fullmatch(text):
        what, mend = (
            "is no number: it is a limit, and the value itself is not known",
            "write what was measured, or leave it blank for no reading",
        )
    elif _TWO_NUMBERS.fullmatch(text):
        what, mend = (
            "is no number: it holds two of them",
            "give each its own column (104/66 is a systolic and a diastolic pressure), or write what was measured",
        )
    elif _OTHER_POINT.fullmatch(text):
        mend = f"write the decimal point: {short(re.sub('[,·]', '.', text))}"
    elif marked:
        mend = f"write {marked[1]} without the marks around it"
    elif text.casefold() in ("na", "n/a", "none", "-", "--", "missing", "not done", "unknown"):
        mend = "leave it blank for no reading"
    return Problem("not_a_number", observation.id, f"{short(text)!r} {what}", mend)


def _without_noise(value: Number, step: Decimal) -> tuple[Number, tuple[str, ...]]:
    """The recordable value nearest to the reading where it is within a thousandth of a step, else the reading itself."""
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
    """A Decimal where the fraction is one (its denominator has no factor but 2 and 5), else the fraction itself."""
    twos = (value.denominator & -value.denominator).bit_length() - 1
    rest, fives = value.denominator >> twos, 0
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    places = max(twos, fives)
    return Decimal(value.numerator * 10**places // value.denominator).scaleb(-places, EXACT) if rest == 1 else value
