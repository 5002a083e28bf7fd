"""JSON answers of the routes. A Score becomes the JSON of `Score.to_dict`, put together from parts that are rendered once, because that is fast."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Message, Receive, Scope, Send

from mews_newtt import __version__
from mews_newtt.chart.model import Chart
from mews_newtt.episode.events import events_of
from mews_newtt.episode.follow import Episode
from mews_newtt.scoring.levels import Reason
from mews_newtt.scoring.result import ParameterScore, Score
from mews_newtt_service.problems import refuse

ENGINE = "engine_version"
MINIMAL = "return=minimal"  # a preference of the caller (header Prefer)
ROWS_KEPT = 20_000  # the scorer gives one row object for one reading, again and again: so many are kept as text
PART_BYTES = 1 << 18
_SCORE_HEADERS: dict[str, list[tuple[bytes, bytes]]] = {}  # by the chart's content hash
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
_quote = json.encoder.encode_basestring
_TAIL = f', "{ENGINE}": {_encode(__version__)}}}'


def chart_headers(chart: Chart) -> dict[str, str]:
    """The chart and the engine behind an answer."""
    return {
        "Mews-Newtt-Chart": f"{chart.id}@{chart.version}",
        "Mews-Newtt-Chart-Status": chart.status,
        "Mews-Newtt-Chart-Sha256": chart.sha256,
        "Mews-Newtt-Engine": __version__,
    }


class JSONAnswer(Response):
    """A body that is JSON already."""

    media_type = "application/json"


class ScoreAnswer(JSONAnswer):
    """A score with the chart in its headers. The headers of a chart are encoded once: that is most of what a Response costs."""

    def __init__(self, text: str, chart: Chart, *, minimal: bool = False):
        known = _SCORE_HEADERS.get(chart.sha256)
        if known is None:
            known = _SCORE_HEADERS[chart.sha256] = Response(None, 204, chart_headers(chart), self.media_type).raw_headers
        self.status_code = 200
        self.background = None
        self.body = text.encode()
        self.raw_headers = [*known, (b"content-length", b"%d" % len(self.body))]
        if minimal:
            self.raw_headers.append((b"preference-applied", MINIMAL.encode()))


class ServedFile(FileResponse):
    """A file, or the part of it that a Range asks for. A Range that cannot be answered is an error like others (400 or 416).

    A Range in another unit than bytes is ignored, as RFC 9110 (14.2) requires.
    """

    chunk_size = 1 << 20

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def checked(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in (400, 416):
                size = dict(message["headers"]).get(b"content-range", b"").decode("latin-1")
                what = "asks for what the file does not have" if size else "is not a range of bytes"
                more = {"Content_Range": size} if size else {}
                raise refuse(message["status"], "bad_range", "Range", what, "send 'Range: bytes=0-99', or leave it out", **more)
            await send(message)

        if any(name == b"range" and _is_other_unit(value) for name, value in scope["headers"]):
            scope = {**scope, "headers": [(name, value) for name, value in scope["headers"] if name != b"range"]}
        await super().__call__(scope, receive, checked)


def _is_other_unit(asked: bytes) -> bool:
    unit, equals, _ = asked.partition(b"=")
    return bool(equals) and unit.strip().lower() != b"bytes"


def is_unchanged(request: Request, tag: str) -> bool:
    """Whether the caller has the content with this ETag already (If-None-Match)."""
    wanted = request.headers.get("if-none-match", "")
    return wanted.strip() == "*" or tag in [part.strip().removeprefix("W/") for part in wanted.split(",")]


class JSONParts(JSONAnswer):
    """A long JSON body that is sent part by part and never put together."""

    def __init__(self, parts: list[bytes], headers: Mapping[str, str]):
        super().__init__(None, 200, headers)
        self._parts = parts
        self.headers["content-length"] = str(sum(map(len, parts)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        waiting = bytearray()
        for part in self._parts:
            waiting += part
            if len(waiting) >= PART_BYTES:
                await send({"type": "http.response.body", "body": bytes(waiting), "more_body": True})
                waiting.clear()
        await send({"type": "http.response.body", "body": bytes(waiting)})


def json_answer(document: Mapping[str, Any], chart: Chart | None = None, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A document, with the engine version in it and the chart in its headers."""
    text = _encode({**document, ENGINE: __version__})
    return JSONAnswer(text.encode("utf-8", "replace"), status, {**(chart_headers(chart) if chart else {}), **(headers or {})})


def score_text(result: Score) -> str:
    """`{**result.to_dict(), "engine_version": ...}` as JSON; a property test holds it to that."""
    chart = result.chart
    parts = chart.memo.get("service_parts")
    if parts is None:
        parts = chart.memo["service_parts"] = _Parts(chart)
    known = parts.rows  # looked up here and not in a function: a score has ten rows, and a call costs more than a look
    rows = [text[1] if (text := known.get(id(row))) is not None else parts.row(row) for row in result.parameters]
    return (
        f'{{"chart": {parts.identity}, "status": "{result.status}", "total": {_number(result.total)}, '
        f'"total_min": {_number(result.total_min)}, "total_max": {_number(result.total_max)}, {parts.level(result)}, '
        f'"reasons": [{", ".join(map(parts.reason, result.reasons))}], "parameters": [{", ".join(rows)}], '
        f'"missing": {_list(result.missing)}, "skipped": {_list(result.skipped)}, '
        f'"flags": {_list(result.flags)}, "float_noise": {result.float_noise}, "warnings": {_list(result.warnings)}, '
        f'"problems": {_encode([one.to_dict() for one in result.problems]) if result.problems else "[]"}, "says": {_quote(result.says)}{_TAIL}'
    )


def minimal_text(result: Score) -> str:
    """The result without rows, reasons and words, for callers that prefer `return=minimal`."""
    chart = result.chart
    return _encode(
        {
            "chart": f"{chart.id}@{chart.version}",
            "status": result.status,
            "total": result.total,
            "total_min": result.total_min,
            "total_max": result.total_max,
            "level": result.level,
            "level_max": result.level_max,
            "missing": list(result.missing),
            "flags": list(result.flags),
            "problems": [one.to_dict() for one in result.problems],
        }
    )


def course_text(episode: Episode) -> str:
    """A course with its events as JSON; each score as every answer has it.

    Sets and events are encoded one by one: the encoder lets no other thread run, and a course may have ten thousand sets.
    """
    told = episode.to_dict()
    sets = ({**one, "score": {**one["score"], ENGINE: __version__}} for one in told["sets"])
    lists: dict[str, Iterable[Any]] = {"sets": sets, "events": (event.to_dict() for event in events_of(episode))}
    document = {**told, **lists, ENGINE: __version__}
    parts = (f"[{', '.join(map(_encode, lists[name]))}]" if name in lists else _encode(value) for name, value in document.items())
    return f"{{{', '.join(f'{_quote(name)}: {part}' for name, part in zip(document, parts, strict=True))}}}"


def _number(value: int | None) -> str:
    return "null" if value is None else str(value)


def _list(found: Any) -> str:
    return f"[{', '.join(map(_quote, found))}]" if found else "[]"


class _Parts:
    """What follows from a chart alone, and rows seen before, as JSON text."""

    def __init__(self, chart: Chart):
        self.identity = _encode(chart.identity())
        self._levels: dict[tuple[str | None, str | None], str] = {}
        self.rows: dict[int, tuple[ParameterScore, str]] = {}
        self._reasons: dict[tuple[object, ...], str] = {}

    def level(self, result: Score) -> str:
        key = (result.level, result.level_max)
        found = self._levels.get(key)
        if found is None:
            whole = Score(result.chart, result.status, level=result.level, level_max=result.level_max).to_dict()
            found = _encode({name: whole[name] for name in ("level", "level_max", "level_detail")})[1:-1]
            self._levels[key] = found
        return found

    def row(self, row: ParameterScore) -> str:
        """A row that is not yet in `rows`. Its tuple holds the row, so that no other row gets the same id."""
        if len(self.rows) >= ROWS_KEPT:
            self.rows.clear()
        text = _encode(row.to_dict())
        self.rows[id(row)] = (row, text)
        return text

    def reason(self, reason: Reason) -> str:
        rule = reason.rule and (reason.rule.at_least, reason.rule.zone, reason.rule.points)
        key = (reason.reached.id, reason.kind, reason.parameters, reason.total, reason.certain, rule, reason.reading)
        found = self._reasons.get(key)
        if found is None:
            if len(self._reasons) >= ROWS_KEPT:
                self._reasons.clear()
            found = self._reasons[key] = _encode(reason.to_dict())
        return found
