"""Errors as RFC 9457 problem details, with the code, where, what and mend of the library's problems."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from http import HTTPStatus
from typing import Any

from starlette.responses import Response
from starlette.types import Scope

from mews_newtt import __version__
from mews_newtt.errors import ChartError, ChartNotFound, FileError, MewsNewttError, ObservationError, Problem, at_most

MEDIA_TYPE = "application/problem+json"
MOST_PROBLEMS = 100  # in one answer
TYPE = "urn:mews-newtt:problem:"
# Codes of what cannot be read (400). What can be read but not scored is 422.
MALFORMED = frozenset(
    (
        "column_unnamed",
        "file_empty",
        "format_packed",
        "format_unknown",
        "json_too_deep",
        "malformed_multipart",
        "not_an_array",
        "not_an_object",
        "not_csv",
        "not_json",
        "not_readable",
        "not_text",
        "not_utf8",
        "row_ragged",
    )
)
TOO_LARGE = frozenset(("body_too_large", "too_many_rows", "too_many_columns", "unpacked_too_large", "line_too_long"))


class ServiceError(MewsNewttError):
    """A request that the service itself refuses, with the HTTP status and headers of the answer."""

    def __init__(self, status: int, problems: Problem | Iterable[Problem], headers: Mapping[str, str] | None = None):
        super().__init__(problems)
        self.status = status
        self.headers = dict(headers or {})


def refuse(status: int, code: str, where: str, what: str, mend: str, **headers: str) -> ServiceError:
    """A ServiceError of one problem; a header is named with underscores (`Retry_After="5"`)."""
    return ServiceError(status, Problem(code, where, what, mend), {name.replace("_", "-"): value for name, value in headers.items()})


def status_of(fault: MewsNewttError) -> int:
    """The HTTP status of an error: 400 cannot be read, 404 not found, 413 too large, 422 cannot be scored, 500 a faulty chart file."""
    if isinstance(fault, ServiceError):
        return fault.status
    codes = {problem.code for problem in fault.problems}
    if codes & TOO_LARGE:
        return 413
    if isinstance(fault, (ObservationError, FileError)) and codes & MALFORMED:
        return 400
    if isinstance(fault, ChartNotFound):
        return 404
    if isinstance(fault, ChartError):
        return 500  # a chart file of the operator is faulty, not the request
    return 422


def problem_document(status: int, problems: Iterable[Problem], request_id: str | None = None) -> dict[str, Any]:
    """The body of an error. The first problem is at the top, all of them are in `problems`."""
    every = list(problems)
    first = every[0]
    document: dict[str, Any] = {
        "type": TYPE + first.code,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": "\n".join(f"{problem.where}: {problem.what}" for problem in every[:20]),
        **first.to_dict(),
        "problems": [problem.to_dict() for problem in every],
        "engine_version": __version__,
    }
    if request_id:
        document["instance"] = f"urn:mews-newtt:request:{request_id}"
    return document


def noted(scope: MutableMapping[str, Any], problems: Sequence[Problem]) -> None:
    """Write into the scope why a request is refused, for the counts and the log: the code of the first problem, which never holds a reading."""
    scope["refused_because"] = problems[0].code


def problem_response(scope: Scope, status: int, problems: Iterable[Problem], headers: Mapping[str, str] | None = None) -> Response:
    """An error as a response: problem details, or for a FHIR path an OperationOutcome."""
    every = at_most(list(problems), "the request", MOST_PROBLEMS)
    noted(scope, every)
    app = scope.get("app")
    for prefix, (render, media_type) in (app.state.outcomes if app is not None else {}).items():
        if scope["path"].startswith(prefix):
            return Response(render(status, every), status, headers, media_type)
    text = json.dumps(problem_document(status, every, scope.get("request_id")), ensure_ascii=False, allow_nan=False)
    return Response(text.encode("utf-8", "replace"), status, headers, MEDIA_TYPE)


def error_response(scope: Scope, fault: MewsNewttError) -> Response:
    """Any error of this package as a response."""
    return problem_response(scope, status_of(fault), fault.problems, fault.headers if isinstance(fault, ServiceError) else None)
