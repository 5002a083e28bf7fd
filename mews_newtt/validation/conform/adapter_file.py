"""Reads an adapter file: TOML, without code. Credentials are named in it and come from the environment."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from mews_newtt.chart.model import Chart
from mews_newtt.chart.toml import TableReader, read_toml
from mews_newtt.errors import FileError, Problem
from mews_newtt.validation.conform.adapter import Adapter
from mews_newtt.validation.conform.adapter_checks import faults_of_adapter
from mews_newtt.validation.conform.settings import EACH, FORM, JSON, ONE, QUERY, Limits

NOW = "now"


def read_adapter(path: Path, chart: Chart) -> Adapter:
    """An adapter file, checked. Raises FileError with every fault."""
    problems: list[Problem] = []
    content = read_toml(path, problems)
    if content is None:
        raise FileError(problems)
    reader = TableReader(content, str(path), problems)
    base = Adapter()
    request = TableReader(reader.take("request", dict, {}), f"{path}, [request]", problems)
    response = TableReader(reader.take("response", dict, {}), f"{path}, [response]", problems)
    limits = TableReader(reader.take("limits", dict, {}), f"{path}, [limits]", problems)
    names = reader.text_table("names")
    points, points_at = _points(response, base.points)
    made = Adapter(
        name=reader.take("name", str, path.stem),
        method=request.take("method", str, base.method).upper(),
        body=_one_of(request, "body", (JSON, FORM, QUERY)),
        path=request.take("path", str, base.path),
        headers=request.text_table("headers"),
        fields=request.text_table("fields"),
        reading=request.take("reading", str, base.reading),
        sent_names={**names, **request.text_table("names")},
        constants={at: _as_json(request, f"constants, {at}", value) for at, value in request.take("constants", dict, {}).items()},
        always=request.texts("always"),
        units=request.text_table("units"),
        values=_values(request),
        leave_out=request.texts("leave_out"),
        cannot_send=request.texts("cannot_send"),
        numbers_as_text=_numbers_as_text(request),
        nulls=_one_of(request, "missing", ("left out", "null")) == "null",
        person=_one_of(request, "person", (EACH, ONE)),
        first_time=_first_time(request),
        minutes_between=request.take("minutes_between", int, base.minutes_between),
        total=response.take("total", str, base.total),
        level=response.take("level", str, base.level),
        status=response.take("status", str, base.status),
        error=response.take("error", str, base.error),
        points=points,
        points_at=points_at,
        names={**names, **response.text_table("names")},
        levels=response.text_table("levels"),
        statuses=response.text_table("statuses"),
        refused_codes=_codes(response, base.refused_codes),
        refuses_partial=response.take("refuses_partial", bool, False),
        limits=Limits(
            float(limits.take("per_second", Decimal, base.limits.per_second)),
            limits.take("at_once", int, base.limits.at_once),
            float(limits.take("timeout_seconds", Decimal, base.limits.timeout_seconds)),
            limits.take("retries", int, base.limits.retries),
        ),
        stated=frozenset(response.content),
    )
    reader.take("note", str)
    for part in (request, response, limits, reader):
        part.finish()
    problems += faults_of_adapter(made, str(path), chart)
    if problems:
        raise FileError(problems)
    return made


def _points(response: TableReader, usual: str) -> tuple[str, dict[str, str]]:
    """The path of the points: one for all parameters, or a table of them."""
    if isinstance(response.content.get("points"), dict):
        return "", response.text_table("points")
    return response.take("points", str, usual), {}


def _values(request: TableReader) -> dict[str, dict[str, Any]]:
    """Our values and theirs, which keep their type of TOML: true, 1 and "1" are three values."""
    found = {}
    for name, table in request.take("values", dict, {}).items():
        if isinstance(table, dict):
            found[name] = {ours: _as_json(request, f"values, {name}, {ours}", theirs) for ours, theirs in table.items()}
        else:
            request.fault("wrong_type", f"is {table!r}", "write a table: our value = theirs", f"values, {name}")
    return found


def _numbers_as_text(request: TableReader) -> bool | frozenset[str]:
    """Whether numbers are sent as text: all of them, or those of the parameters named."""
    if isinstance(request.content.get("numbers_as_text"), list):
        return frozenset(request.texts("numbers_as_text"))
    as_text: bool = request.take("numbers_as_text", bool, False)
    return as_text


def _one_of(reader: TableReader, key: str, words: tuple[str, ...]) -> str:
    """One of some words; the first where the file has none."""
    said: str = reader.take(key, str, words[0])
    if said not in words:
        reader.fault("wrong_word", f"is {said!r}", "write " + " or ".join(f'"{word}"' for word in words), key)
    return said


def _first_time(request: TableReader) -> datetime | None:
    """The time of the first request; None for now. A time without a zone is UTC."""
    request.known.append("first_time")
    said = request.content.get("first_time", Adapter().first_time)
    if said == NOW:
        return None
    if isinstance(said, str):
        try:
            said = datetime.fromisoformat(said)
        except ValueError:
            said = None
    if not isinstance(said, datetime) or not 1900 <= said.year <= 2200:
        request.fault("wrong_type", "is not a time of the years 1900 to 2200", 'write it as 2026-01-31T08:00:00Z, or "now"', "first_time")
        return Adapter().first_time
    return said if said.tzinfo else said.replace(tzinfo=UTC)


def _codes(response: TableReader, usual: tuple[int, ...]) -> tuple[int, ...]:
    """HTTP codes that refuse a set."""
    codes = response.take("refused_codes", list, list(usual))
    for code in codes:
        if isinstance(code, bool) or not isinstance(code, int) or not 200 <= code <= 599:
            response.fault("wrong_type", f"holds {code!r}, which is no code of HTTP", "write codes such as 422", "refused_codes")
    return tuple(code for code in codes if isinstance(code, int))


def _as_json(reader: TableReader, where: str, value: Any) -> Any:
    """A value of TOML as one of JSON; TOML has more types."""
    if isinstance(value, dict):
        return {name: _as_json(reader, where, inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_as_json(reader, where, inner) for inner in value]
    if isinstance(value, Decimal) and value.is_finite():
        return int(value) if value == value.to_integral_value() else float(value)
    if not isinstance(value, (str, int, bool)):
        reader.fault("wrong_type", f"is {value!s}, which JSON cannot hold", "write it in quotes, as the platform takes it", where)
    return value
