"""Limits how large the body of a request may be, and how slowly it may come."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable

from starlette.datastructures import State
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mews_newtt_service.auth.access import OPEN
from mews_newtt_service.problems import ServiceError, refuse
from mews_newtt_service.settings import Settings

SLOWEST = 1024  # bytes a second: a body that comes more slowly is given up
_SINGLE_SCORE = re.compile(r"/v1/charts/[^/]+/score")
_UPLOAD = re.compile(r"/v1/charts/[^/]+/(score-many|score-file|verify|verify-file)|/workbench/(validate|plan)")


class BodyLimits:
    """Raises ServiceError: 413 for a body that is too large.

    `body_is_read` in the scope says whether the body was read to its end; it is not there before this layer. (The scope must not hold the
    limited `receive` itself: they would refer to each other, and only the garbage collector could free them.)
    """

    def __init__(self, app: ASGIApp, state: State):
        self.app = app
        self._settings: Settings = state.settings

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        headers = scope["header_map"]
        limited = _LimitedReceive(self._settings, scope, receive, self._limit(scope, headers))
        scope["body_is_read"] = False
        return self.app(scope, limited, send)

    def _limit(self, scope: Scope, headers: dict[bytes, bytes]) -> int:
        path = scope["path"]
        if path in OPEN or (scope["method"] == "POST" and _SINGLE_SCORE.fullmatch(path)):
            return self._settings.json_bytes
        if not _UPLOAD.fullmatch(path):
            return self._settings.array_bytes
        is_json = headers.get(b"content-type", b"").partition(b";")[0].strip().lower() == b"application/json"
        return self._settings.array_bytes if is_json else self._settings.upload_bytes  # JSON is read into memory, a file onto the disk


class _LimitedReceive:
    """`receive` that refuses a body of more than `limit` bytes (413), or one that is too slow (408)."""

    __slots__ = ("_limit", "_receive", "_scope", "_settings", "_size", "_waited")

    def __init__(self, settings: Settings, scope: Scope, receive: Receive, limit: int):
        self._settings, self._scope, self._receive, self._limit = settings, scope, receive, limit
        self._size, self._waited = 0, 0.0
        length = scope["header_map"].get(b"content-length")
        if length is not None and length.isdigit() and int(length) > limit:
            raise self._too_large()

    async def __call__(self) -> Message:
        if self._scope["body_is_read"]:
            return await self._receive()
        if getattr(getattr(self._receive, "__self__", None), "more_body", True):
            message = await self._in_time()
        else:  # uvicorn has the whole body already, as for most single scores: a timer would cost more than the rest of this layer
            message = await self._receive()
        if message["type"] != "http.request":
            self._scope["body_is_read"] = True
            return message
        self._size += len(message.get("body", b""))
        if self._size > self._limit:
            raise self._too_large()
        self._scope["body_is_read"] = not message.get("more_body")
        return message

    async def _in_time(self) -> Message:
        settings = self._settings
        began = time.monotonic()
        left = settings.body_seconds + self._size / SLOWEST - self._waited
        try:
            async with asyncio.timeout(min(settings.body_seconds, max(left, 0.001))):
                message = await self._receive()
        except TimeoutError:
            raise refuse(408, "body_too_slow", "body", "did not come in time", "send it in one go", Connection="close") from None
        self._waited += time.monotonic() - began
        return message

    def _too_large(self) -> ServiceError:
        return refuse(
            413, "body_too_large", "body", f"is larger than {self._limit:,} bytes", "send less at once, or a file to score-file", Connection="close"
        )
