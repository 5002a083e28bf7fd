"""Packs long answers with gzip for callers that take it. A single score is short: packing it would take longer than sending it."""

from __future__ import annotations

import zlib
from collections.abc import Awaitable
from functools import lru_cache

import anyio.to_thread
from starlette.datastructures import State
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mews_newtt_service.request_helpers import qualities

LEAST_BYTES = 8 * 1024
IN_A_THREAD = 64 * 1024  # bytes: a longer part is packed in a thread, so that other requests do not wait for it
HOW_HARD = 4
GZIP_WINDOW = 31  # with this value zlib writes the gzip format
LEAST_STYLE_BYTES = 1024  # styles and scripts go out once for each browser, and every page waits for them
# Not HTML in general: a page may show what somebody else sent, and the length of packed text says something about it.
# A page that is made from charts alone says so by `packs` in its scope.
STYLE_TYPES = (b"text/css", b"text/javascript")
PACKED_TYPES = (
    b"application/json",
    b"application/problem+json",
    b"application/fhir+",
    b"application/xml",
    b"text/csv",
    *STYLE_TYPES,
)
_LEFT_OUT = frozenset((b"content-length", b"accept-ranges", b"etag"))


@lru_cache(maxsize=256)
def takes_gzip(accept_encoding: bytes) -> bool:
    """Whether a header Accept-Encoding allows gzip."""
    found = qualities(accept_encoding[:500].decode("latin-1"))
    return found.get("gzip", found.get("*", 0.0)) > 0


class Compression:
    """Streams stay as they are: their lines go out one by one."""

    def __init__(self, app: ASGIApp, _: State):
        self.app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        wanted = scope["header_map"].get(b"accept-encoding")
        if wanted is None or "sent_method" in scope or not takes_gzip(wanted):
            return self.app(scope, receive, send)
        return self.app(scope, receive, _PackingSend(scope, send))


class _PackingSend:
    """`send` that packs an answer whose headers say that it is long and of a type that packs well."""

    __slots__ = ("_packer", "_scope", "_send")

    def __init__(self, scope: Scope, send: Send):
        self._scope = scope
        self._send = send
        self._packer: zlib._Compress | None = None

    def __call__(self, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            self._start(message)
        elif self._packer is not None:
            return self._pack(message, self._packer)
        return self._send(message)

    def _start(self, message: Message) -> None:
        own = dict(message["headers"])
        kind = own.get(b"content-type", b"")
        least = LEAST_STYLE_BYTES if kind.startswith(STYLE_TYPES) else LEAST_BYTES
        if message["status"] != 200 or b"content-encoding" in own or int(own.get(b"content-length", b"0")) < least:
            return
        if not kind.startswith(PACKED_TYPES) and not (kind.startswith(b"text/html") and "packs" in self._scope):
            return
        self._packer = zlib.compressobj(HOW_HARD, zlib.DEFLATED, GZIP_WINDOW)
        kept = [pair for pair in message["headers"] if pair[0] not in _LEFT_OUT]
        if b"etag" in own:
            kept.append((b"etag", b"W/" + own[b"etag"]))  # the same content, in other bytes
        message["headers"] = [*kept, (b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding")]

    async def _pack(self, message: Message, packer: zlib._Compress) -> None:
        body, more = message.get("body", b""), bool(message.get("more_body"))

        def packed() -> bytes:
            return packer.compress(body) + (b"" if more else packer.flush())

        made = await anyio.to_thread.run_sync(packed) if len(body) > IN_A_THREAD else packed()
        if made or not more:
            await self._send({"type": "http.response.body", "body": made, "more_body": more})
