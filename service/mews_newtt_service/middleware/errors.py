"""Turns every error of a request into an answer that says what, where and what to do. Only pages and FHIR routes render some of theirs."""

from __future__ import annotations

from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mews_newtt.errors import MewsNewttError, Problem
from mews_newtt_service.logs import Log, places_of, trace_words
from mews_newtt_service.metrics import Metrics
from mews_newtt_service.problems import error_response, problem_response


class Errors:
    def __init__(self, app: ASGIApp, state: State):
        self.app = app
        self._metrics: Metrics = state.metrics
        self._log: Log = state.log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        except MewsNewttError as refusal:
            await _answer(scope, send, error_response(scope, refusal))
        except HTTPException as fault:
            await _answer(scope, send, _framework_error(scope, fault))
        except ClientDisconnect:  # nobody waits for an answer
            return
        except Exception as fault:
            # The message of a fault may hold a reading: the log gets its kind and place only, and the caller none of it.
            self._metrics.faults.inc()
            about = {"request_id": scope["request_id"], **trace_words(scope.get("trace"))}
            self._log.event("error", "fault", **about, kind=type(fault).__name__, places=places_of(fault))
            said = Problem("internal_fault", "the service", "failed on this request", "send the request id to whoever runs the service")
            await _answer(scope, send, problem_response(scope, 500, [said]))


class _CutConnection(ConnectionError):
    """Half an answer went out: the web server cuts the connection, so that nobody takes it for a whole one."""


async def _answer(scope: Scope, send: Send, response: Response) -> None:
    if "status" in scope:
        raise _CutConnection from None
    if not _is_body_read(scope):
        response.headers["connection"] = "close"  # the rest of the body is not read
    await response(scope, _nothing, send)


def _is_body_read(scope: Scope) -> bool:
    headers = scope["header_map"]
    if headers.get(b"content-length", b"0") == b"0" and b"transfer-encoding" not in headers:
        return True
    return bool(scope.get("body_is_read"))


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


def _framework_error(scope: Scope, fault: HTTPException) -> Response:
    """What the router or the form parser refuses, in our form."""
    path = scope["path"][:200]
    problem = {
        404: Problem("not_found", path, "there is nothing here", "see /openapi.json for the paths"),
        405: Problem("method_not_allowed", f"{scope['method']} {path}", "is not offered", "see /openapi.json for the methods"),
    }.get(fault.status_code, Problem("http_error", path, str(fault.detail), "see /openapi.json"))
    headers = dict(fault.headers or {})
    return problem_response(scope, fault.status_code, [problem], headers)
