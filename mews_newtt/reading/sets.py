"""An observation set: what was observed of one person at one time, each value read once and exactly.

`reading/values.py` reads each value. Nothing here knows a chart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mews_newtt.chart.builtin import builtin_observations
from mews_newtt.chart.model import Number, Observation
from mews_newtt.errors import ObservationError, Problem, at_most, short
from mews_newtt.reading.column_names import meant_parameter
from mews_newtt.reading.json_text import read_object
from mews_newtt.reading.values import LABELS, SKIP_PREFIX, Reading, is_missing, read, read_reason

MOST_REMEMBERED = 2_000  # readings of one observation
LONGEST_REMEMBERED = 40  # characters of a raw value
MOST_HINTS = 10  # unknown names of one set that are compared with every known one
_MEMOISED = frozenset((int, str, float, bool))  # hashable, and equal values of one type read the same


class ObservationSet:
    """Readings of one person at one time.

    Parameters
    ----------
    given : parameter id to value. A value is a number, text, None or NaN (no reading), `{"value": 98.6, "unit": "[degF]"}`
        or `{"skipped": "reason"}`; `skip_<parameter>` gives a skip reason too. `case_id`, `patient_id`, `observed_at`
        and `recorded_at` are kept as labels.
    observations : the definitions to read by, such as `chart.observations`. Without them those of the package are used, which are read from
        its files the first time; `score` always gives those of its chart
    values : more of the same as keywords

    Raises
    ------
    ObservationError  naming every fault at once: unknown parameter, text that is not a number, unknown category or unit,
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
        """Read a JSON object; numbers keep the digits they are written with. A name given twice is a fault; NaN is a missing value."""
        return cls(read_object(text, "observation set", 'send {"respiratory_rate": 18, ...}', nan=True), observations=observations)

    def __repr__(self) -> str:
        given = {name: reading.given for name, reading in self.readings.items()}
        return f"ObservationSet({given | {SKIP_PREFIX + name: reason for name, reason in self.skipped.items()}})"


def _read_other(
    name: str, raw: Any, known: Mapping[str, Observation], skipped: dict[str, str], labels: dict[str, str], problems: list[Problem]
) -> None:
    parameter = name.removeprefix(SKIP_PREFIX) if isinstance(name, str) else name
    if name in LABELS:
        if not is_missing(raw):
            labels[name] = str(raw)
    elif parameter != name and parameter in known:
        _read_reason(parameter, raw, skipped, problems)
    else:
        problems.append(unknown_parameter(str(name), known, hint=len(problems) < MOST_HINTS))


def _read_reason(parameter: str, raw: Any, skipped: dict[str, str], problems: list[Problem]) -> None:
    """Why there is no reading: a text or a code."""
    if isinstance(raw, (Mapping, list, tuple)):
        problems.append(Problem("not_a_reason", f"{parameter}, skipped", f"is {short(str(raw))}", "give the reason as text"))
    elif reason := read_reason(raw):
        skipped[parameter] = reason


def unknown_parameter(name: str, known: Mapping[str, Observation], *, hint: bool = True) -> Problem:
    near = meant_parameter(name, known) if hint else None
    return Problem(
        "unknown_parameter",
        short(name),
        "is not a parameter of any chart",
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
    return value if is_missing(unit) or is_missing(value) else (value, str(unit).strip())
