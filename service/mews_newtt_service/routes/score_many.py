"""POST /v1/charts/{id}/score-many: scores a JSON array, an NDJSON stream or a file. Every row is answered, also one that cannot be scored."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mews_newtt import __version__
from mews_newtt.chart.choosing import BY_DATE
from mews_newtt.chart.model import Chart
from mews_newtt.errors import MewsNewttError, ObservationError, Problem
from mews_newtt.scoring.reference import score
from mews_newtt.scoring.result import Score
from mews_newtt.tables import formats
from mews_newtt.tables.summary import Summary
from mews_newtt_service.answers import ENGINE, MINIMAL, JSONParts, chart_headers, minimal_text, score_text
from mews_newtt_service.contract.components import ref
from mews_newtt_service.jobs.submit import accepted_answer, direct_answer, submit, wants_async
from mews_newtt_service.jobs.unread import CODES, IN_DOUBT, NOT_READ
from mews_newtt_service.jobs.uploads import Upload, receive_upload
from mews_newtt_service.json_in import array_items, is_array, strict_json, strict_object
from mews_newtt_service.openapi import ACCEPTED, ASYNC, KEY, LONG_RESPONSES, PIN, PIN_BY_DATE, PREFER, body, chart_answer
from mews_newtt_service.problems import ServiceError, refuse
from mews_newtt_service.request_helpers import accepted, media_type, one_of, prefers, query, require_json, yes
from mews_newtt_service.routing import plain_router
from mews_newtt_service.settings import Settings

NDJSON = "application/x-ndjson"
OUTPUTS = {formats.KINDS[name].media_types[0]: name for name in formats.WRITTEN}
AT_ONCE = 16  # lines that are sent together
UNREAD = (NOT_READ, IN_DOUBT, CODES)
FILE_BODY = {"schema": {"type": "string", "format": "binary"}}
FORM_BODY = {
    "schema": {
        "type": "object",
        "required": ["file"],
        "properties": {
            "file": {
                "type": "string",
                "format": "binary",
                "description": "CSV, NDJSON or Parquet; with a plan also .xlsx, .ods, .json, FHIR (.json, .ndjson) or .hl7, named by its suffix",
            },
            "map": {"type": "string", "description": "the TOML text of a map file; not beside a plan"},
            "plan": {
                "type": "string",
                "description": "the TOML text of a reading plan (docs/plans.md): how the file becomes observation sets. Everything that is wrong "
                "with the plan, or with the file under it, is named in one 422 answer; so are open questions of a proposed plan",
            },
        },
    }
}
OPTIONS = [
    {"name": "points", "in": "query", "required": False, "schema": {"enum": ["false", "true"]}, "description": "files: add points_<parameter>"},
    {
        "name": "on_bad_row",
        "in": "query",
        "required": False,
        "schema": {"enum": ["report", "error"]},
        "description": "a row that cannot be scored is kept as refused (report), or refuses the whole (error)",
    },
]
ANSWER = chart_answer(
    {"anyOf": [ref("ManyScores"), ref("ManyMinimalScores")]},
    says="the same rows in the same order, and their scores",
    more=(*UNREAD, "Preference-Applied"),
)
ANSWER["content"][NDJSON] = {"schema": {"type": "string", "description": "lines, each a score as the results of an array are"}}
FILE_ANSWER = {**ANSWER, "description": "the file with its scores", "content": dict.fromkeys(OUTPUTS, FILE_BODY)}
FILE = {"required": True, "content": {"multipart/form-data": FORM_BODY, **dict.fromkeys(OUTPUTS, FILE_BODY)}}


MANY = body("sets", schema={"type": "array", "items": ref("Set")})
MANY["content"][NDJSON] = {"schema": {"type": "string", "description": "lines, each a set"}}


def router(settings: Settings) -> APIRouter:
    """The route of many scores."""
    routes = plain_router()

    @routes.post(
        "/v1/charts/{chart_id}/score-many",
        summary="Score many observation sets",
        description="JSON array in, JSON out. NDJSON in, NDJSON out, line by line. `on_bad_row=report` (the default) keeps a set that cannot be "
        "scored, as refused. Files are taken here too, as score-file takes them. "
        "With `version=by-date` each result names its own chart, and `chart` is the one in force today.",
        tags=["scores"],
        responses={**LONG_RESPONSES, 200: ANSWER, 202: ACCEPTED},
        openapi_extra={"requestBody": MANY, "parameters": [*PIN_BY_DATE, *OPTIONS, PREFER, KEY]},
    )
    async def score_many(request: Request) -> Response:
        options = query(request, "version", "sha256", "points", "on_bad_row")
        on_bad_row, points = one_of(options, "on_bad_row", ("report", "error")), yes(options, "points")
        kind = media_type(request)
        charts: Charts = Charts(request, options.get("version"), options.get("sha256"))
        if kind == "application/json":
            require_json(request)
            accepted(request, "application/json")
            return await _array(request, charts, settings, on_bad_row)
        if kind == NDJSON and not wants_async(request) and request.headers.get("content-encoding", "identity") == "identity":
            accepted(request, NDJSON)
            if on_bad_row == "error":
                raise refuse(
                    400,
                    "bad_parameter",
                    "query on_bad_row",
                    "is 'error', but a stream answers each line as it comes",
                    "leave it out, or send a JSON array",
                )
            return Lines(request, charts, settings)
        return await _file(request, charts.one(), on_bad_row, points)

    @routes.post(
        "/v1/charts/{chart_id}/score-file",
        summary="Score a file",
        description="CSV, NDJSON or Parquet, as the body or as the part `file` of a form, with a map file as part `map`, or a reading plan as part "
        "`plan`, which also reads workbooks, FHIR and HL7. The answer is the scored file; `Prefer: respond-async` gives a path to poll instead. "
        "`on_bad_row=report` (the default) keeps a row that cannot be scored, as refused. The header Mews-Newtt-Columns-Not-Read and summary.json "
        "name the columns that were not read.",
        tags=["scores"],
        responses={**LONG_RESPONSES, 200: FILE_ANSWER, 202: ACCEPTED},
        openapi_extra={"requestBody": FILE, "parameters": [*PIN, *OPTIONS, ASYNC, KEY]},
    )
    async def score_file(request: Request) -> Response:
        options = query(request, "version", "sha256", "points", "on_bad_row")
        on_bad_row, points = one_of(options, "on_bad_row", ("report", "error")), yes(options, "points")
        chart: Chart = request.app.state.charts.find(request.path_params["chart_id"], options.get("version"), options.get("sha256"))
        return await _file(request, chart, on_bad_row, points)

    return routes


class Charts:
    """The chart of each set of a request: one for all, or with the version `by-date` that of the set's own day.

    `head` is the chart that the answer names: with `by-date` the one in force today; each result names its own.
    """

    def __init__(self, request: Request, version: str | None, sha256: str | None):
        self._charts, self._name, self._version, self._sha256 = request.app.state.charts, request.path_params["chart_id"], version, sha256
        self.by_date = version == BY_DATE
        self.head: Chart = self._charts.find(self._name, None if self.by_date else version, None if self.by_date else sha256)

    def one(self) -> Chart:
        """The one chart of all sets. Raises ChartNotFound for `by-date`."""
        found: Chart = self._charts.find(self._name, self._version, self._sha256)
        return found

    def score(self, given: Mapping[str, Any]) -> Score:
        """The score of one set; refused where no version is in force on its day."""
        if not self.by_date:
            return score(self.head, given, raise_refused=False)
        try:
            chart = self._charts.find_for(self._name, self._version, self._sha256, given)
        except MewsNewttError as fault:
            return Score(self.head, "refused", problems=fault.problems)
        return score(chart, given, raise_refused=False)


async def _file(request: Request, chart: Chart, on_bad_row: str, points: bool) -> Response:
    """Score an uploaded file: its scores, or the job that makes them."""
    with request.app.state.concurrency.slot(request.scope["client_id"]):
        upload = await receive_upload(request)
        wanted = output_of(request, upload)
        job = await submit(request, "score", chart, upload=upload, parameters={"output_format": wanted, "points": points, "on_bad_row": on_bad_row})
        if wants_async(request):
            return accepted_answer(job, chart)
        return await direct_answer(request, job, chart, f"scores{formats.KINDS[wanted].suffix}")


def output_of(request: Request, upload: Upload) -> str:
    """A kind of `formats.WRITTEN`: as Accept says, else as it came."""
    same_first = sorted(OUTPUTS, key=lambda name: OUTPUTS[name] != upload.format)
    try:
        return OUTPUTS[accepted(request, *same_first)]
    except ServiceError:
        request.app.state.queue.drop_folder(upload.job_id)
        raise


async def _array(request: Request, charts: Charts, settings: Settings, on_bad_row: str) -> Response:
    body = await request.body()
    if not is_array(body):
        strict_json(body[: settings.json_bytes], settings.json_depth)  # so that text that is not JSON gets the error for that
        raise refuse(400, "not_an_array", "body", "is not a JSON array", "send [{...}, {...}], or one set to /score")
    minimal = prefers(request, MINIMAL)
    text = minimal_text if minimal else score_text
    chart = charts.head
    summary = Summary(chart.identity())
    counts = Counts()
    problems: list[Problem] = []

    def texts() -> Iterator[bytes]:
        for place, given in enumerate(sets_of(body, settings)):
            result = _one(charts, given)
            if on_bad_row == "error":
                problems.extend(Problem(p.code, f"[{place}].{p.where}", p.what, p.mend) for p in result.problems)
            summary.add(result)
            counts.add(result)
            yield f"{', ' if place else ''}{text(result)}".encode()

    results = await request.app.state.slices.list_of(texts())
    if problems:
        raise ObservationError(problems)
    counts.tell(request)
    head = json.dumps({"chart": chart.identity(), ENGINE: __version__, "summary": summary.to_dict()}, ensure_ascii=False)
    return JSONParts([f'{head[:-1]}, "results": ['.encode(), *results, b"]}"], {**chart_headers(chart), **_applied(minimal)})


def sets_of(body: bytes, settings: Settings) -> Iterator[Any]:
    """The sets of a JSON array, within the limits of settings: 413 beyond them."""
    for place, given in enumerate(array_items(body, settings.json_depth, settings.line_bytes)):
        if place == settings.array_rows:
            raise refuse(413, "too_many_rows", "body", f"holds more than {settings.array_rows:,} sets", "send NDJSON or a file")
        yield given


def _one(charts: Charts, given: Any) -> Score:
    if not isinstance(given, dict):
        problem = Problem("not_an_object", "observation set", "is not a JSON object", 'send {"respiratory_rate": 18, ...}')
        return Score(charts.head, "refused", problems=(problem,))
    return charts.score(given)


def _applied(minimal: bool) -> dict[str, str]:
    return {"Preference-Applied": MINIMAL} if minimal else {}


class Counts:
    """How many sets were scored on which chart, by status: for the metrics."""

    def __init__(self) -> None:
        self._rows: Counter[tuple[str, str]] = Counter()
        self._charts: dict[str, Chart] = {}

    def add(self, result: Score) -> None:
        self._charts[result.chart.sha256] = result.chart
        self._rows[result.chart.sha256, result.status] += 1

    def tell(self, request: Request) -> None:
        for (sha256, status), rows in self._rows.items():
            request.app.state.metrics.scored(self._charts[sha256], status, rows)


class Lines(Response):
    """Answers an NDJSON stream line by line while it comes. If the client does not read the answers, we stop reading its lines."""

    def __init__(self, request: Request, charts: Charts, settings: Settings):
        self._text = minimal_text if (minimal := prefers(request, MINIMAL)) else score_text
        super().__init__(None, 200, {**chart_headers(charts.head), **_applied(minimal)}, NDJSON)
        self.request, self.charts, self.settings = request, charts, settings
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self.request.app.state.concurrency.slot(scope["client_id"]):
            groups = self._groups()
            group = await anext(groups, None)  # read before the answer starts: if the first line is too long, the answer is still an error
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            counts = Counts()
            try:
                while group is not None:
                    out = await self.request.app.state.slices.list_of(self._answer(line, counts) for line in group)
                    await send({"type": "http.response.body", "body": "".join(out).encode(), "more_body": True})
                    group = await anext(groups, None)
                await send({"type": "http.response.body", "body": b""})
            finally:  # also where the client goes away: what was scored counts
                counts.tell(self.request)

    def _answer(self, line: bytes, counts: Counts) -> str:
        try:
            result = self.charts.score(strict_object(line, self.settings.json_depth, "line"))
        except ServiceError as fault:
            result = Score(self.charts.head, "refused", problems=fault.problems)
        counts.add(result)
        return self._text(result) + "\n"

    async def _groups(self) -> AsyncIterator[list[bytes]]:
        """The lines that are not blank, a few at a time. A line that is too long ends the stream."""
        rest = b""
        async for chunk in self.request.stream():
            *whole, rest = (rest + chunk).split(b"\n")
            if len(rest) > self.settings.line_bytes or any(len(line) > self.settings.line_bytes for line in whole):
                raise refuse(413, "line_too_long", "body", f"has a line longer than {self.settings.line_bytes:,} bytes", "send one set a line")
            filled = [line for line in whole if line.strip()]
            for start in range(0, len(filled), AT_ONCE):
                yield filled[start : start + AT_ONCE]
        if rest.strip():
            yield [rest]
