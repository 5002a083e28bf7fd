"""Gives every request an id for the log: the caller's X-Request-ID, or one of ours. X-Request-ID and X-Correlation-ID go back with the answer.

A valid `traceparent` is kept for the log and for jobs, also without OpenTelemetry.
"""

from __future__ import annotations

import itertools
import re
import secrets
from collections.abc import Awaitable

from starlette.datastructures import State
from starlette.types import ASGIApp, Receive, Scope, Send

from mews_newtt_service.problems import refuse
from mews_newtt_service.trace_ids import HEADER, trace_of_headers

_VALID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")


class RequestIds:
    """Puts `request_id` and `id_headers` into the scope, and `header_map`: the headers by their names in lower case, of a repeated one the last.

    `trace` is there only where the request belongs to a trace.
    """

    def __init__(self, app: ASGIApp, _: State):
        self.app = app
        self._numbers = itertools.count(1)
        self._prefix = secrets.token_hex(6)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        scope["header_map"] = headers = dict(scope["headers"])
        given = headers.get(b"x-request-id")
        is_valid = given is not None and _VALID.fullmatch(given) is not None
        used = given if given is not None and is_valid else f"{self._prefix}-{next(self._numbers):x}".encode()
        scope["request_id"] = used.decode()
        scope["id_headers"] = back = [(b"x-request-id", used)]
        if HEADER in headers and "trace" not in scope:  # `tracing` has put its own span there
            scope["trace"] = trace_of_headers(scope["headers"])
        correlation = headers.get(b"x-correlation-id")
        if correlation is not None and _VALID.fullmatch(correlation):
            back.append((b"x-correlation-id", correlation))
        if given is not None and not is_valid:
            raise refuse(400, "bad_request_id", "X-Request-ID", "is not an id", "send a UUID, or up to 128 letters, digits and . _ : -")
        return self.app(scope, receive, send)
