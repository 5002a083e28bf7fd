"""The adapter file: how a platform is asked and how its answers are read, in TOML and without code. Credentials come from the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple

from mews_newtt.chart.model import Chart
from mews_newtt.chart.toml import TableReader, read_toml
from mews_newtt.errors import FileError, Problem, did_you_mean
from mews_newtt.reading.values import SKIP_PREFIX
from mews_newtt.validation.conform.json_paths import look_up, put, steps_of

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
HIDDEN = "***"
NO_ANSWER = "no answer"
CREDENTIALS = ("authorization", "proxy-authorization", "cookie", "x-api-key", "api-key", "ocp-apim-subscription-key")


class Limits(NamedTuple):
    """How fast a platform may be asked."""

    per_second: float = 5.0
    at_once: int = 1
    timeout_seconds: float = 10.0
    retries: int = 3


class Answer(NamedTuple):
    """What a platform answered, as text; blank where it does not say. `status` is complete, partial, refused or another word."""

    status: str = ""
    total: str = ""
    level: str = ""
    points: Mapping[str, str] = {}


class Adapter(NamedTuple):
    """The content of an adapter file. The ${VARIABLES} of `headers` are not yet filled in."""

    name: str = "platform"
    method: str = "POST"
    path: str = ""
    headers: Mapping[str, str] = {}
    fields: Mapping[str, str] = {}  # our name: its path in the request
    constants: Mapping[str, Any] = {}
    values: Mapping[str, Mapping[str, str]] = {}
    leave_out: tuple[str, ...] = ()
    cannot_send: tuple[str, ...] = ()
    numbers_as_text: bool = False
    total: str = "total"
    level: str = "level"
    status: str = "status"
    error: str = "error"
    points: str = "points.{parameter}"
    names: Mapping[str, str] = {}
    levels: Mapping[str, str] = {}
    statuses: Mapping[str, str] = {}
    refused_codes: tuple[int, ...] = (400, 422)
    refuses_partial: bool = False
    limits: Limits = Limits()

    def can_send(self, given: Mapping[str, str]) -> bool:
        """Whether the request has a path for every reading of a case, or may leave it out."""
        return all(
            not text or name in self.leave_out or (name not in self.cannot_send and (not self.fields or name in self.fields))
            for name, text in given.items()
        )

    def request(self, given: Mapping[str, str], chart: Chart) -> dict[str, Any]:
        """The JSON document that asks for one case."""
        document: dict[str, Any] = {}
        for path, constant in self.constants.items():
            put(document, path, constant)
        for name, text in given.items():
            if name not in self.leave_out and text != "":
                mapped = self.values.get(name, {}).get(text)
                put(document, self.fields.get(name, name), self._sent(chart, name, text) if mapped is None else mapped)
        return document

    def _sent(self, chart: Chart, name: str, text: str) -> Any:
        parameter = chart.by_id.get(name)
        if parameter is None or not parameter.observation.numeric or self.numbers_as_text:
            return text
        try:
            value = Decimal(text)
        except InvalidOperation:
            return text
        if not value.is_finite():
            return text
        return int(value) if value == value.to_integral_value() else float(value)

    def read(self, document: Any, chart: Chart, secrets: tuple[str, ...] = ()) -> Answer:
        """The answer in a JSON document. A credential that it repeats is hidden."""

        def text(path: str) -> str:
            found = look_up(document, path) if path else None
            if found is None or isinstance(found, (dict, list)) or found != found:  # NaN is not an answer
                return ""
            said = str(found).encode("utf-8", "replace").decode()  # half a surrogate pair cannot be written as UTF-8
            for secret in secrets:
                said = re.sub(re.escape(secret), HIDDEN, said, flags=re.IGNORECASE)
            return said.strip()[:200]

        if not isinstance(document, dict):
            return Answer(f"{NO_ANSWER}: the JSON is not an object")
        total, level = text(self.total), text(self.level)
        level = self.levels.get(level, level)
        points = {}
        if self.points:
            for parameter in chart.parameters:
                if parameter.role == "scored":
                    points[parameter.id] = text(self.points.replace("{parameter}", self.names.get(parameter.id, parameter.id)))
        status = text(self.status)
        status = self.statuses.get(status, status)
        if self.error and look_up(document, self.error) not in (None, "", False, []):
            return Answer("refused")
        if status.casefold() == "refused":
            return Answer("refused", total, level, points)
        if not status and not total and not level:
            status = "refused"
        elif not status and self.total and not total and chart.has_points:
            status = "partial"  # a set without a total is partial
        return Answer(status, total, level, points)


def read_adapter(path: Path, chart: Chart) -> Adapter:
    """An adapter file, checked. Raises FileError with every fault."""
    problems: list[Problem] = []
    reader = TableReader(read_toml(path, problems) or {}, str(path), problems)
    base = Adapter()
    request = TableReader(reader.take("request", dict, {}), f"{path}, [request]", problems)
    response = TableReader(reader.take("response", dict, {}), f"{path}, [response]", problems)
    limits = TableReader(reader.take("limits", dict, {}), f"{path}, [limits]", problems)
    made = Adapter(
        name=reader.take("name", str, path.stem),
        method=request.take("method", str, base.method).upper(),
        path=request.take("path", str, base.path),
        headers=request.text_table("headers"),
        fields=request.text_table("fields"),
        constants={path: _constant(request, path, value) for path, value in request.take("constants", dict, {}).items()},
        values={
            name: TableReader({name: table}, f"{path}, [request.values]", problems).text_table(name)
            for name, table in request.take("values", dict, {}).items()
        },
        leave_out=tuple(request.texts("leave_out")),
        cannot_send=tuple(request.texts("cannot_send")),
        numbers_as_text=request.take("numbers_as_text", bool, False),
        total=response.take("total", str, base.total),
        level=response.take("level", str, base.level),
        status=response.take("status", str, base.status),
        error=response.take("error", str, base.error),
        points=response.take("points", str, base.points),
        names=response.text_table("names"),
        levels=response.text_table("levels"),
        statuses=response.text_table("statuses"),
        refused_codes=tuple(int(code) for code in response.take("refused_codes", list, list(base.refused_codes)) if str(code).isdigit()),
        refuses_partial=response.take("refuses_partial", bool, False),
        limits=Limits(
            float(limits.take("per_second", Decimal, base.limits.per_second)),
            limits.take("at_once", int, base.limits.at_once),
            float(limits.take("timeout_seconds", Decimal, base.limits.timeout_seconds)),
            limits.take("retries", int, base.limits.retries),
        ),
    )
    reader.take("note", str)
    for part in (request, response, limits, reader):
        part.finish()
    problems += _checked(made, str(path), chart)
    if problems:
        raise FileError(problems)
    return made


def _constant(reader: TableReader, path: str, value: Any) -> Any:
    """A constant as a JSON value; TOML has more types."""
    if isinstance(value, dict):
        return {name: _constant(reader, path, inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_constant(reader, path, inner) for inner in value]
    if isinstance(value, Decimal) and value.is_finite():
        return int(value) if value == value.to_integral_value() else float(value)
    if not isinstance(value, (str, int, bool)):
        reader.fault("wrong_type", f"is {value!s}, which JSON cannot hold", "write it in quotes, as the platform takes it", f"constants, {path}")
    return value


def _checked(adapter: Adapter, where: str, chart: Chart) -> list[Problem]:
    problems = []
    known = [p.id for p in chart.parameters] + [SKIP_PREFIX + p.id for p in chart.parameters]
    for name in (*adapter.fields, *adapter.leave_out, *adapter.cannot_send, *adapter.values, *adapter.names):
        if name not in known:
            near = did_you_mean(name, known)
            mend = f"did you mean {near!r}?" if near else f"use the names of `mews-newtt charts show {chart.id}`"
            problems.append(Problem("unknown_parameter", f"{where}, {name}", f"is not a parameter of {chart.id}", mend))
    if adapter.fields:
        sent = {*adapter.fields, *adapter.leave_out, *adapter.cannot_send}
        problems += [
            Problem("field_missing", f"{where}, [request.fields]", f"has no path for {p.id}", "add it, or name it in leave_out or cannot_send")
            for p in chart.parameters
            if p.id not in sent
        ]
    points = [adapter.points.replace("{parameter}", adapter.names.get(p.id, p.id)) for p in chart.parameters if p.role == "scored"]
    response = [adapter.total, adapter.level, adapter.status, adapter.error, *dict.fromkeys(points)]
    bad = [path for path in (*adapter.fields.values(), *adapter.constants, *filter(None, response)) if not _is_path(path)]
    problems += [Problem("bad_path", f"{where}, {path!r}", "is not a path into JSON", "write it as a.b, list[0] or list[id=x].value") for path in bad]
    if not bad:
        problems += _crossing(adapter, where)
    ids = [level.id for level in chart.levels]
    for theirs, ours in adapter.levels.items():
        if ours not in ids:
            problems.append(
                Problem("unknown_level", f"{where}, levels, {theirs}", f"{ours!r} is not a level of {chart.id}", "allowed: " + ", ".join(ids))
            )
    for theirs, ours in adapter.statuses.items():
        if ours not in ("complete", "partial", "refused"):
            problems.append(
                Problem("unknown_status", f"{where}, statuses, {theirs}", f"{ours!r} is not a status", "allowed: complete, partial, refused")
            )
    for name, text in adapter.headers.items():
        if not (_TOKEN.fullmatch(name) and text.isascii() and text.isprintable()):
            problems.append(
                Problem("bad_header", f"{where}, headers, {name}", "is not a valid header", "use letters, digits and -, and plain text after it")
            )
        if name.casefold() in CREDENTIALS and not _VARIABLE.search(text):
            mend = f'write {name} = "${{A_VARIABLE}}" and set the variable'
            problems.append(Problem("credential_in_file", f"{where}, headers, {name}", "must come from the environment", mend))
    if adapter.method not in ("POST", "PUT"):
        problems.append(Problem("bad_method", f"{where}, method", f"{adapter.method!r} sends no JSON", "use POST or PUT"))
    limits = adapter.limits
    if not (0 < limits.per_second <= 1000 and 1 <= limits.at_once <= 32 and 0 < limits.timeout_seconds <= 600 and 0 <= limits.retries <= 10):
        allowed = "per_second up to 1000, at_once 1 to 32, timeout_seconds up to 600, retries 0 to 10"
        problems.append(Problem("bad_limits", f"{where}, [limits]", "are out of range", f"allowed: {allowed}"))
    return problems


def _is_path(path: str) -> bool:
    try:
        return bool(steps_of(path))
    except ValueError:
        return False


def _crossing(adapter: Adapter, where: str) -> list[Problem]:
    """Paths of a request that overwrite or cross each other: every reading must be found again at its path."""
    document: dict[str, Any] = {}
    places = [(path, path) for path in adapter.constants if path not in adapter.fields.values()] + list(adapter.fields.items())
    problems, put_there = [], []
    for number, (name, path) in enumerate(places):
        try:
            put(document, path, number if name in adapter.fields else adapter.constants[path])
            put_there.append((number, name, path))
        except ValueError:
            says = "cannot be put into the request: the path crosses another one, ends in [...=...], starts with [, or counts too far"
            problems.append(Problem("paths_cross", f"{where}, {name} = {path!r}", says, "give every reading its own path, such as vitals.heart_rate"))
    for number, name, path in put_there:
        if name in adapter.fields and look_up(document, path) != number:
            says = "is overwritten: another reading has the same path"
            problems.append(Problem("paths_cross", f"{where}, {name} = {path!r}", says, "give every reading its own path"))
    return problems


def filled_headers(adapter: Adapter) -> tuple[dict[str, str], tuple[str, ...]]:
    """Headers with their variables filled from the environment, and the secrets in them. Messages never contain the values."""
    problems, headers, secrets = [], {}, set()
    for name, text in adapter.headers.items():
        for variable in _VARIABLE.findall(text):
            value = os.environ.get(variable, "")
            if not value:
                problems.append(
                    Problem("variable_missing", f"${{{variable}}}", f"is not set; the header {name} needs it", f"set {variable} in the environment")
                )
            elif not (value.isascii() and value.isprintable()):
                problems.append(
                    Problem("variable_bad", f"${{{variable}}}", "holds characters that a header cannot", "set it again without line ends")
                )
            else:
                secrets.add(value)
        headers[name] = _VARIABLE.sub(lambda found: os.environ.get(found[1], ""), text)
    if problems:
        raise FileError(problems)
    return headers, tuple(sorted(secrets, key=len, reverse=True))
