"""What routes say of themselves in the OpenAPI document: their bodies, parameters, statuses, and examples whose answers come from the library."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from typing import Any

from mews_newtt import __version__
from mews_newtt.chart.catalogue import load_chart
from mews_newtt.episode.asked import follow_json
from mews_newtt.errors import MewsNewttError
from mews_newtt.scoring.reference import score
from mews_newtt_service.answers import course_text, minimal_text, score_text
from mews_newtt_service.contract.components import CHART_HEADERS, Document, headers, ref
from mews_newtt_service.problems import MEDIA_TYPE, problem_document, status_of

MARK = "x-example"
PROBLEM: Document = {"description": "what is wrong, where, and what to do", "content": {MEDIA_TYPE: {"schema": ref("Problem")}}}
TOKEN_ERROR: Document = {
    "description": "OAuth 2.0 error",
    "content": {"application/json": {"schema": ref("TokenError")}, MEDIA_TYPE: {"schema": ref("Problem")}},
}
NOT_MODIFIED: dict[int | str, Document] = {304: {"description": "unchanged since the ETag that was sent", "headers": headers("ETag")}}
_MIDDLEWARE = (400, 401, 403, 405, 408, 421, 429, 503)
GET_RESPONSES: dict[int | str, Document] = dict.fromkeys((*_MIDDLEWARE, 404, 406), PROBLEM)
POST_RESPONSES: dict[int | str, Document] = dict.fromkeys((*_MIDDLEWARE, 404, 406, 409, 413, 415, 422), PROBLEM)
LONG_RESPONSES: dict[int | str, Document] = {**POST_RESPONSES, 500: PROBLEM, 507: PROBLEM}
VERSION_SAYS = "that version only; or a day such as 2026-01-31: the version that was in force on it"
BY_DATE_SAYS = f"{VERSION_SAYS}; or `by-date`: of each set the version that was in force on the day of its `observed_at`"
PIN = [
    {"name": "version", "in": "query", "required": False, "schema": {"type": "string"}, "description": VERSION_SAYS},
    {"name": "sha256", "in": "query", "required": False, "schema": {"type": "string"}, "description": "409 unless the chart has this content hash"},
]
PIN_BY_DATE = [{**PIN[0], "description": BY_DATE_SAYS}, PIN[1]]


def answer(model: str | Document, *names: str, says: str = "the answer", more: tuple[str, ...] = ()) -> Document:
    """A JSON answer of this model (or schema), with the examples of these names and with these headers."""
    schema = ref(model) if isinstance(model, str) else model
    media: Document = {"schema": schema, **({MARK: list(names)} if names else {})}
    return {"description": says, "content": {"application/json": media}, **({"headers": headers(*more)} if more else {})}


def chart_answer(model: str | Document, *names: str, says: str = "the answer", more: tuple[str, ...] = ()) -> Document:
    """The same for an answer that rests on a chart, which its headers name."""
    return answer(model, *names, says=says, more=(*CHART_HEADERS, *more))


ACCEPTED = chart_answer("Job", says="under way: poll the path in Content-Location", more=("Content-Location", "Preference-Applied"))


def body(*names: str, schema: Document) -> Document:
    """A JSON body with these examples."""
    return {"required": True, "content": {"application/json": {"schema": schema, MARK: list(names)}}}


def header(name: str, says: str, schema: Document | None = None) -> Document:
    """A header that a request may have."""
    return {"name": name, "in": "header", "required": False, "schema": schema or {"type": "string"}, "description": says}


ASYNC = header("Prefer", "`respond-async`: 202 and a path to poll, instead of waiting for the result")
LEAST = header("Prefer", "`return=minimal`: the result without rows, reasons and words")
PREFER = header("Prefer", "`respond-async` (files): 202 and a path to poll; `return=minimal` (JSON): results without rows, reasons and words")
KEY = header(
    "Idempotency-Key",
    "with `respond-async`: the same request under the same key is the same job; another request under it is 409",
    {"type": "string", "pattern": "^[!-~]{1,200}$"},
)
CONDITIONAL: Document = {"parameters": [header("If-None-Match", "an ETag: 304 without a body while the content is the same")]}


@lru_cache(maxsize=1)
def sample() -> dict[str, Any]:
    """The observation sets of the examples, from samples.json."""
    found: dict[str, Any] = json.loads(resources.files("mews_newtt_service").joinpath("samples.json").read_text(encoding="utf-8"))
    return found


@lru_cache(maxsize=1)
def worked_examples() -> dict[str, Any]:
    """Every example by its name. The answers are computed by the library."""
    given = sample()
    chart = load_chart(given["chart"])
    found: dict[str, Any] = {name: given[name] for name in given if name != "chart"}
    for name in ("", "_partial"):
        found[f"score{name}"] = json.loads(score_text(score(chart, given[f"set{name}"])))
    found["course"] = json.loads(course_text(follow_json(chart, given["course_request"])))
    found["score_minimal"] = json.loads(minimal_text(score(chart, given["set_partial"])))
    try:
        score(chart, given["set_impossible"])
    except MewsNewttError as refusal:
        found["problem"] = problem_document(status_of(refusal), refusal.problems)
    found["health"] = {"status": "ok", "version": __version__, "engine_version": __version__}
    return found
