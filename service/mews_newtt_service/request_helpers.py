"""What routes ask of a request: its body, its query, the media type it sends and the one it wants."""

from __future__ import annotations

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive

from mews_newtt_service.problems import refuse


async def read_body(receive: Receive) -> bytes:
    """The whole body. `Request.body` does the same more slowly. Raises ClientDisconnect if the caller goes away."""
    found: bytes = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        found += message.get("body", b"")
        if not message.get("more_body"):
            return found


def query(request: Request, *known: str) -> dict[str, str]:
    """The query parameters. An unknown or repeated one is refused, so that a misspelt `version` is never ignored."""
    if not request.scope.get("query_string"):
        return {}
    found: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in known:
            raise refuse(
                400, "unknown_parameter_of_query", f"query {name[:60]}", "is not a parameter of this path", "known: " + (", ".join(known) or "none")
            )
        if name in found:
            raise refuse(400, "query_twice", f"query {name}", "is given twice", "give it once")
        found[name] = value
    return found


def one_of(found: dict[str, str], name: str, allowed: tuple[str, ...]) -> str:
    """A query parameter that may have one of these values; the first is the default."""
    value = found.get(name, allowed[0])
    if value not in allowed:
        raise refuse(400, "bad_parameter", f"query {name}", f"is {value[:60]!r}", "write one of: " + ", ".join(allowed))
    return value


def yes(found: dict[str, str], name: str) -> bool:
    """A query parameter that is true or false; false if it is not given."""
    return one_of(found, name, ("false", "true")) == "true"


def prefers(request: Request, wanted: str) -> bool:
    """Whether the caller asks for this with the header Prefer (RFC 7240), such as `respond-async` or `return=minimal`."""
    if b"prefer" not in request.scope["header_map"]:
        return False
    return any(wanted in value.replace(" ", "").replace('"', "").lower().split(",") for value in request.headers.getlist("prefer"))


def media_type(request: Request) -> str:
    """The Content-Type without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def accepted(request: Request, *offered: str) -> str:
    """The offered media type that the caller likes best (Accept). Raises ServiceError: 406 if it takes none."""
    wanted = request.scope["header_map"].get(b"accept", b"")  # see `middleware.request_ids`
    if wanted in (b"", b"*/*"):
        return offered[0]
    liked = qualities(wanted.decode("latin-1"))
    best, best_quality = None, 0.0
    for name in offered:
        group = name.partition("/")[0] + "/*"
        quality = liked.get(name, liked.get(group, liked.get("*/*", 0.0)))
        if quality > best_quality:
            best, best_quality = name, quality
    if best is None:
        raise refuse(406, "not_acceptable", "Accept", "asks for nothing that is offered here", "offered: " + ", ".join(offered))
    return best


def qualities(wanted: str) -> dict[str, float]:
    """How much each of a list is liked, from 0 to 1, as headers such as Accept write it."""
    found: dict[str, float] = {}
    for part in wanted.split(",")[:50]:
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    quality = float(parameter[2:])
                except ValueError:
                    quality = 0.0
        found[name] = max(quality, found.get(name, 0.0))
    return found


def require_json(request: Request) -> None:
    """Raise ServiceError (415) unless the headers say that the body is JSON, and not packed."""
    headers = request.scope["header_map"]
    if headers.get(b"content-type") != b"application/json" and media_type(request) != "application/json":
        kind = request.headers.get("content-type", "")
        raise refuse(415, "unsupported_media_type", "Content-Type", f"is {kind[:60]!r}", "send application/json", Accept="application/json")
    packed = headers.get(b"content-encoding", b"identity").decode("latin-1")
    if packed.lower() != "identity":
        raise refuse(415, "unsupported_encoding", "Content-Encoding", f"is {packed[:60]!r}", "send JSON as it is", Accept_Encoding="identity")
