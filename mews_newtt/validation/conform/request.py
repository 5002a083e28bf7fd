"""Writes the JSON document of a request: the readings at their places, and the constants that belong to what is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from mews_newtt.chart.model import Chart
from mews_newtt.validation.conform.json_paths import Step, put, steps_of, without_gaps
from mews_newtt.validation.conform.placeholders import Visit, filled, names_in
from mews_newtt.validation.conform.settings import Settings

OF_A_READING = "{parameter}"
_OF_THE_REQUEST = frozenset({"case_id", "person_id", "person_number", "request_id", "number", "run"})


def request_of(adapter: Settings, chart: Chart, given: Mapping[str, str], visit: Visit) -> Any:
    """The JSON document that asks for one case.

    Parameters
    ----------
    given : the readings as text; a blank one is missing
    """
    readings: dict[str, Any] = {}  # by place
    sent: dict[str, str] = {}  # place by parameter
    for name in (*given, *(p.id for p in chart.parameters if adapter.nulls and p.id not in given)):
        text = given.get(name, "")
        place = adapter.place(name)
        if name in adapter.leave_out or not place or (not text and (not adapter.nulls or name in adapter.cannot_send)):
            continue
        readings[place] = value_sent(adapter, chart, name, text) if text else None
        sent[name] = place
    document: Any = [] if starts_with_a_list(adapter, chart) else {}
    for path, constant in constants_beside(adapter, chart, sent):
        if path not in readings:
            put(document, path, filled(constant[0], visit, constant[1]))
    for place, value in readings.items():
        put(document, place, value)
    return without_gaps(document)


def as_pairs(document: Mapping[str, Any]) -> dict[str, str]:
    """A flat document as the names and values of a form or of an address."""
    words = {True: "true", False: "false", None: ""}
    return {name: words[value] if value is None or isinstance(value, bool) else str(value) for name, value in document.items()}


def starts_with_a_list(adapter: Settings, chart: Chart) -> bool:
    """Whether the whole document is a list: then every path starts with [."""
    places = [*adapter.constants, *filter(None, (adapter.place(parameter.id) for parameter in chart.parameters))]
    return bool(places) and all(place.startswith("[") for place in places)


def value_sent(adapter: Settings, chart: Chart, name: str, text: str) -> Any:
    """A reading as JSON: by the adapter's words for it, else as a number where it is one."""
    words = adapter.values.get(name, {})
    if text in words:
        return words[text]
    parameter = chart.by_id.get(name)
    as_text = adapter.numbers_as_text if isinstance(adapter.numbers_as_text, bool) else name in adapter.numbers_as_text
    if parameter is None or not parameter.observation.numeric or as_text:
        return text
    try:
        value = Decimal(text)
    except InvalidOperation:
        return text
    if not value.is_finite():
        return text
    return int(value) if value == value.to_integral_value() else float(value)


def constants_beside(adapter: Settings, chart: Chart, sent: Mapping[str, str]) -> Iterable[tuple[str, tuple[Any, dict[str, str]]]]:
    """The constants to send with these readings: path, and value with what {parameter} and {unit} are there.

    Parameters
    ----------
    sent : the places of the readings that are sent, by parameter
    """
    for path, constant in adapter.constants.items():
        if OF_A_READING in path:
            for name in sent:
                parameter = chart.by_id.get(name)
                if parameter is None or name in adapter.fields:
                    continue
                their = adapter.sent_names.get(name, name)
                unit = adapter.units.get(name, parameter.observation.unit)
                if unit or "unit" not in names_in(constant):
                    yield path.replace(OF_A_READING, their), (constant, {"parameter": their, "unit": unit})
            continue
        owners = owners_of(adapter, chart, path)
        if not owners or any(name in sent for name in owners):
            yield path, (constant, {})


def owners_of(adapter: Settings, chart: Chart, path: str) -> tuple[str, ...]:
    """The parameters that a constant belongs to: those with a place in the innermost object or list item that it shares with a reading.

    Empty: it is sent with every request, because it shares none, `always` names it, or the object is sent anyway, as it holds an id of the request.
    """
    if path in adapter.always:
        return ()
    places = {p.id: steps_of(place) for p in chart.parameters if (place := adapter.place(p.id)) and p.id not in adapter.leave_out}
    steps = steps_of(path)
    for length in range(len(steps) - 1, 0, -1):
        around = steps[:length]
        owners = tuple(name for name, place in places.items() if len(place) > length and place[:length] == around)
        if owners:
            return () if _sent_anyway(adapter, around) else owners
    return ()


def _sent_anyway(adapter: Settings, around: list[Step]) -> bool:
    """Whether an object holds an id of the case, person or request; the items of a list are the readings' own."""
    if not all(isinstance(step, str) for step in around):
        return False
    return any(
        steps_of(path)[: len(around)] == around and (path in adapter.always or names_in(constant) & _OF_THE_REQUEST)
        for path, constant in adapter.constants.items()
        if OF_A_READING not in path
    )
