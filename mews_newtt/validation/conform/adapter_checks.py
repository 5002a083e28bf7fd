"""Finds every fault of an adapter before anything is sent: names, paths, placeholders, words, headers and limits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from mews_newtt.chart.model import Chart
from mews_newtt.errors import Problem, did_you_mean
from mews_newtt.reading.values import SKIP_PREFIX
from mews_newtt.validation.conform.json_paths import find, put, steps_of
from mews_newtt.validation.conform.placeholders import OF_A_READING, OF_A_REQUEST, OF_A_RUN, faults_in, names_in
from mews_newtt.validation.conform.request import starts_with_a_list
from mews_newtt.validation.conform.settings import JSON, QUERY, VARIABLE, Settings
from mews_newtt.validation.stated import STATUSES, level_names, plain

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
CREDENTIALS = ("authorization", "proxy-authorization", "cookie", "x-api-key", "api-key", "ocp-apim-subscription-key")
PARAMETER = "{parameter}"
_ANYWHERE = (*OF_A_REQUEST, *OF_A_RUN)


def faults_of_adapter(adapter: Settings, where: str, chart: Chart) -> list[Problem]:
    """Every fault of an adapter for a chart.

    Parameters
    ----------
    where : the file, as messages name it
    """
    parts = (_names, _places, _placeholders, _values, _units, _words, _headers, _paths, _flat, _settings)
    return [problem for part in parts for problem in part(adapter, where, chart)]


def _names(adapter: Settings, where: str, chart: Chart) -> Iterator[Problem]:
    """Parameters and values that the chart does not have."""
    known = [p.id for p in chart.parameters] + [SKIP_PREFIX + p.id for p in chart.parameters]
    as_text = () if isinstance(adapter.numbers_as_text, bool) else sorted(adapter.numbers_as_text)
    bare = [name.partition("=")[0] for name in adapter.cannot_send]
    tables = (adapter.fields, adapter.leave_out, bare, adapter.values, adapter.sent_names, adapter.names, adapter.units, adapter.points_at, as_text)
    for name in dict.fromkeys(name for table in tables for name in table):
        if name not in known:
            near = did_you_mean(name, known)
            mend = f"did you mean {near!r}?" if near else f"use the names of `mews-newtt charts show {chart.id}`"
            yield Problem("unknown_parameter", f"{where}, {name}", f"is not a parameter of {chart.id}", mend)
    for name, _, value in (entry.partition("=") for entry in adapter.cannot_send):
        yield from _unknown_values(chart, f"{where}, cannot_send", name, [value] if value else [])


def _unknown_values(chart: Chart, where: str, name: str, values: Iterable[str]) -> Iterator[Problem]:
    parameter = chart.by_id.get(name)
    if parameter is None or parameter.observation.numeric:
        return
    for value in values:
        if value not in parameter.observation.category_ids:
            near = did_you_mean(value, parameter.observation.category_ids)
            mend = f"did you mean {near!r}?" if near else "use one of: " + ", ".join(parameter.observation.category_ids)
            yield Problem("unknown_value", f"{where}, {name}, {value}", f"is not a value of {parameter.title}", mend)


def _places(adapter: Settings, where: str, chart: Chart) -> Iterator[Problem]:
    """Parameters without a place in the request."""
    if adapter.reading and PARAMETER not in adapter.reading:
        mend = 'write it as "observations[code={parameter}].value"'
        yield Problem("placeholder_missing", f"{where}, reading", "has no {parameter}: every reading would have the same path", mend)
    if adapter.fields and not adapter.reading:
        sent = {*adapter.fields, *adapter.leave_out, *adapter.cannot_send}
        for parameter in chart.parameters:
            if parameter.id not in sent:
                mend = "add it, or name it in leave_out or cannot_send"
                yield Problem("field_missing", f"{where}, [request.fields]", f"has no path for {parameter.id}", mend)
    for name in adapter.always:
        if name not in adapter.constants:
            yield Problem("unknown_constant", f"{where}, always, {name}", "is not a path of [request.constants]", "write it as it is written there")


def _placeholders(adapter: Settings, where: str, chart: Chart) -> Iterator[Problem]:
    places: list[tuple[str, Any, tuple[str, ...]]] = [("path", adapter.path, _ANYWHERE)]
    places += [(f"headers, {name}", text, _ANYWHERE) for name, text in adapter.headers.items()]
    for path, constant in adapter.constants.items():
        beside = (*_ANYWHERE, *OF_A_READING) if PARAMETER in path else _ANYWHERE
        places += [(f"constants, {path!r}", constant, beside), (f"constants, {path!r}", path, ("parameter",))]
        if PARAMETER in path and not (adapter.reading or not adapter.fields):
            mend = 'write reading = "...{parameter}...", or one constant for each reading'
            yield Problem("placeholder_useless", f"{where}, constants, {path!r}", "has {parameter}, and no reading has a path with it", mend)
    places += [("reading", adapter.reading, ("parameter",)), ("points", adapter.points, ("parameter",))]
    places += [(f"response, {path!r}", path, ()) for path in (adapter.total, adapter.level, adapter.status, adapter.error)]
    for place, text, allowed in places:
        if not place.startswith("headers") and VARIABLE.search(str(text)):
            says = "has a ${VARIABLE}, which is filled in only in headers"
            yield Problem("variable_useless", f"{where}, {place}", says, "put the credential into a header, or behind the ? of --url")
        for fault in faults_in(text, allowed):
            mend = "use " + ", ".join(f"{{{name}}}" for name in allowed) if allowed else "take it out"
            yield Problem("unknown_placeholder", f"{where}, {place}", fault, f"{mend}; a brace that is no placeholder is written twice: {{{{")


def _values(adapter: Settings, where: str, chart: Chart) -> Iterator[Problem]:
    """Value maps with values that a parameter does not have, and maps to true, false or numbers that leave a value out."""
    for name, table in adapter.values.items():
        parameter = chart.by_id.get(name)
        if parameter is None or parameter.observation.numeric:
            continue
        yield from _unknown_values(chart, f"{where}, values", name, table)
        left = [c for c in parameter.category_ids if c not in table and f"{name}={c}" not in adapter.cannot_send]
        if left and name not in adapter.cannot_send and any(not isinstance(theirs, str) for theirs in table.values()):
            says = f"has no entry for {', '.join(left)}, which would be sent as text beside values that are not text"
            yield Problem("value_missing", f"{where}, values, {name}", says, f'add it, or name "{name}={left[0]}" in cannot_send')


def _units(adapter: Settings, where: str, chart: Chart) -> Iterator[Problem]:
    """Units that are not those in which readings are sent."""
    for name, unit in adapter.units.items():
        parameter = chart.by_id.get(name)
        if parameter is None:
            continue
        named = parameter.observation.unit_named(unit)
        if named is not None and named != parameter.observation.unit:
            says = f"{unit!r} is another unit: {parameter.title} is sent in {parameter.observation.unit}"
            yield Problem("other_unit", f"{where}, units, {name}", says, f"write the platform's word for {parameter.observation.unit}")
    if adapter.units and not any("unit" in names_in(constant) for constant in adapter.constants.values()):
        mend = 'add a constant such as "observations[code={parameter}].unit" = "{unit}"'
        yield Problem("units_useless", f"{where}, [request.units]", "are sent nowhere: no constant has {unit}", mend)


def _words(adapter: Settings, where: str, chart: Chart) -> Iterator[Problem]:
    """Levels and statuses that we do not have, and levels that have no word."""
    ids = [level.id for level in chart.levels]
    for theirs, ours in adapter.levels.items():
        if ours not in ids:
            near = did_you_mean(ours, ids)
            mend = f"did you mean {near!r}?" if near else "allowed: " + ", ".join(ids)
            yield Problem("unknown_level", f"{where}, levels, {theirs}", f"{ours!r} is not a level of {chart.id}", mend)
    ours_too = {level_names(chart).get(plain(theirs)) for theirs in adapter.levels}
    for rank, level in enumerate(chart.levels):
        if adapter.levels and level.id not in adapter.levels.values() and rank not in ours_too:
            mend = f'add "their word" = "{level.id}", or "{level.id}" = "{level.id}" if the platform uses the chart\'s word or never says this level'
            yield Problem("level_missing", f"{where}, [response.levels]", f"has no word for the level {level.id}", mend)
    for theirs, ours in adapter.statuses.items():
        if ours not in STATUSES:
            yield Problem("unknown_status", f"{where}, statuses, {theirs}", f"{ours!r} is not a status", "allowed: " + ", ".join(STATUSES))


def _headers(adapter: Settings, where: str, chart: Chart) -> Iterator[Problem]:
    for name, text in adapter.headers.items():
        if not (_TOKEN.fullmatch(name) and text.isascii() and text.isprintable()):
            mend = "use letters, digits and -, and plain text after it"
            yield Problem("bad_header", f"{where}, headers, {name}", "is not a valid header", mend)
        if name.casefold() in CREDENTIALS and not VARIABLE.search(text):
            mend = f'write {name} = "${{A_VARIABLE}}" and set the variable'
            yield Problem("credential_in_file", f"{where}, headers, {name}", "must come from the environment", mend)


def _paths(adapter: Settings, where: str, chart: Chart) -> Iterator[Problem]:
    """Paths that are none, and those of the request that overwrite or cross each other."""
    places = {p.id: adapter.place(p.id) for p in chart.parameters if p.id not in adapter.leave_out and adapter.place(p.id)}
    places |= {name: path for name, path in adapter.fields.items() if name not in places}
    response = [adapter.total, adapter.level, adapter.status, adapter.error]
    response += [adapter.points_path(p.id) for p in chart.parameters if p.role == "scored"]
    constants = [path.replace(PARAMETER, "x") for path in adapter.constants]
    bad = [path for path in dict.fromkeys((*places.values(), *constants, *filter(None, response))) if not is_path(path)]
    for path in bad:
        mend = "write it as a.b, list[0] or list[id=x].value; put a name with dots or brackets in quotes: 'a.b'.value"
        yield Problem("bad_path", f"{where}, {path!r}", "is not a path into JSON", mend)
    if not bad:
        yield from _crossing(adapter, where, chart, places)


def _flat(adapter: Settings, where: str, chart: Chart) -> Iterator[Problem]:
    """Nested places and values in a request that can only hold names and values."""
    if adapter.body == JSON:
        return
    places = [adapter.place(p.id) for p in chart.parameters if p.id not in adapter.leave_out and adapter.place(p.id)]
    for path in dict.fromkeys((*places, *adapter.constants)):
        if is_path(path) and [type(step) for step in steps_of(path)] != [str]:
            yield Problem(
                "not_flat", f"{where}, {path!r}", f'is a nested path, and body = "{adapter.body}" has names and values only', "write one name"
            )
    values = [*adapter.constants.items(), *((name, theirs) for name, table in adapter.values.items() for theirs in table.values())]
    for name, value in values:
        if isinstance(value, (dict, list)):
            yield Problem("not_flat", f"{where}, {name}", f'is a table or list, which body = "{adapter.body}" cannot hold', "write one value")


def is_path(path: str) -> bool:
    """Whether a text is a path into JSON."""
    try:
        return bool(steps_of(path))
    except ValueError:
        return False


def _crossing(adapter: Settings, where: str, chart: Chart, places: dict[str, str]) -> Iterator[Problem]:
    """Every reading must be found again at its path."""
    document: Any = [] if starts_with_a_list(adapter, chart) else {}
    taken = set(places.values())
    wanted: list[tuple[str, str, Any]] = []
    for path, constant in adapter.constants.items():
        everywhere = [path.replace(PARAMETER, adapter.sent_names.get(name, name)) for name in places] if PARAMETER in path else [path]
        wanted += [(path, each, constant) for each in everywhere if each not in taken]
    wanted += [(name, path, object()) for name, path in places.items()]
    put_there = []
    for name, path, value in wanted:
        try:
            put(document, path, value)
            put_there.append((name, path, value))
        except ValueError:
            says = "cannot be put into the request: the path crosses another one, ends in [...=...], starts with [, or counts too far"
            yield Problem("paths_cross", f"{where}, {name} = {path!r}", says, "give every reading its own path, such as vitals.heart_rate")
    for name, path, value in put_there:
        if name in places and find(document, path).value is not value:
            says = "is overwritten: another reading has the same path"
            yield Problem("paths_cross", f"{where}, {name} = {path!r}", says, "give every reading its own path")


def _settings(adapter: Settings, where: str, chart: Chart) -> Iterator[Problem]:
    if adapter.method not in ("POST", "PUT", "PATCH") and (adapter.method, adapter.body) != ("GET", QUERY):
        mend = 'use POST, PUT or PATCH; GET is for body = "query"'
        yield Problem("bad_method", f"{where}, method", f"{adapter.method!r} sends no body", mend)
    if adapter.path and not adapter.path.startswith(("/", "?")):
        yield Problem(
            "bad_address", f"{where}, path", f"{adapter.path!r} does not start with /", f'write "/{adapter.path}"; the host belongs to --url'
        )
    if not 0 <= adapter.minutes_between <= 10_080:
        yield Problem("bad_limits", f"{where}, minutes_between", "is out of range", "allowed: 0 to 10080, which is a week")
    if not (adapter.total or adapter.level or adapter.points or adapter.points_at):
        yield Problem("nothing_to_read", f"{where}, [response]", "names neither total, level nor points", "give the path of at least one of them")
    limits = adapter.limits
    if not (0 < limits.per_second <= 1000 and 1 <= limits.at_once <= 32 and 0 < limits.timeout_seconds <= 600 and 0 <= limits.retries <= 10):
        allowed = "per_second up to 1000, at_once 1 to 32, timeout_seconds up to 600, retries 0 to 10"
        yield Problem("bad_limits", f"{where}, [limits]", "are out of range", f"allowed: {allowed}")
