"""The components of the OpenAPI document: the models as schemas, the headers of answers, and what the parameters of paths mean."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, RootModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from mews_newtt.chart.model import Observation
from mews_newtt_service.contract.charts import ChartList, ChartVersions, WholeChart
from mews_newtt_service.contract.courses import Course, CourseEvent, course_request
from mews_newtt_service.contract.jobs import Job, JobList
from mews_newtt_service.contract.packs import Pack, PackRequest
from mews_newtt_service.contract.parts import Problem
from mews_newtt_service.contract.running import Health, Readiness, Resource, SmartConfiguration, Token, TokenError, TokenRequest
from mews_newtt_service.contract.scores import ManyMinimalScores, ManyScores, MinimalScore, OneScore, Score
from mews_newtt_service.contract.sets import row_model, set_model
from mews_newtt_service.contract.verify import Validation, Verdict, stated_set_model

Document = dict[str, Any]
ANSWERS: tuple[type[BaseModel], ...] = (
    *(ChartList, ChartVersions, WholeChart, OneScore, MinimalScore, Score, ManyScores, ManyMinimalScores, Verdict, Validation, Pack, Job, JobList),
    *(Course, CourseEvent),
    *(Token, TokenError, SmartConfiguration, Health, Readiness, Problem),
)
REQUESTS: tuple[type[BaseModel], ...] = (PackRequest, TokenRequest, Resource)


def request_models(observations: Iterable[Observation]) -> dict[str, type[BaseModel]]:
    """The models of requests by name, with the observations that a set may hold."""
    sets = set_model(observations)
    return {model.__name__: model for model in (*REQUESTS, sets, row_model(sets), stated_set_model(sets), course_request(sets))}


def schemas(observations: Iterable[Observation]) -> Document:
    """Every model as a JSON schema, by name."""
    modes: list[tuple[type[BaseModel], JsonSchemaMode]] = [(model, "validation") for model in request_models(observations).values()]
    modes += [(model, "serialization") for model in ANSWERS]
    _, made = models_json_schema(modes, ref_template="#/components/schemas/{model}")
    found: Document = made["$defs"]
    for model in ANSWERS:
        if issubclass(model, RootModel):
            found[model.__name__].pop("title", None)
    return dict(sorted(found.items()))


def ref(name: str) -> Document:
    """A schema of the document by the name of its model."""
    return {"$ref": f"#/components/schemas/{name}"}


def headers(*names: str) -> Document:
    """Headers of an answer, each described in `HEADERS`."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _header(says: str, kind: str = "string", **more: Any) -> Document:
    return {"description": says, "schema": {"type": kind, **more}}


HEADERS: Document = {
    "X-Request-ID": _header("the id of this request in the log: yours, or one of ours"),
    "X-Correlation-ID": _header("sent back as it came"),
    "Mews-Newtt-Chart": _header("the chart behind the answer: id@version"),
    "Mews-Newtt-Chart-Status": _header("its status"),
    "Mews-Newtt-Chart-Sha256": _header("its content hash"),
    "Mews-Newtt-Engine": _header("version of the software that answered"),
    "Mews-Newtt-Columns-Not-Read": _header("columns of the file that were not read: a JSON list"),
    "Mews-Newtt-Columns-In-Doubt": _header("those of them that may hold readings: a JSON list"),
    "Mews-Newtt-Codes-Not-Read": _header("codes that a reading plan did not read: a JSON list"),
    "ETag": _header("of this content; send it as If-None-Match"),
    "Content-Location": _header("path of the job: poll it"),
    "Retry-After": _header("seconds to wait", "integer", minimum=0),
    "X-Progress": _header("how far the job is, in words"),
    "Preference-Applied": _header("which preference of the header Prefer was followed"),
    "Allow": _header("the methods that are offered here"),
    "WWW-Authenticate": _header("how to sign in"),
    "Link": _header('the next page: <path>; rel="next"'),
    "Content-Range": _header("which bytes of the file these are, or how many it has"),
    "Accept-Ranges": _header("bytes: a part of the file can be asked for with Range"),
}
OF_STATUS = {  # beside what a route itself declares
    "202": ("Retry-After",),
    "401": ("WWW-Authenticate",),
    "405": ("Allow",),
    "429": ("Retry-After",),
    "503": ("Retry-After",),
}
CHART_HEADERS = ("Mews-Newtt-Chart", "Mews-Newtt-Chart-Status", "Mews-Newtt-Chart-Sha256", "Mews-Newtt-Engine")
PATH_PARAMETERS = {
    "chart_id": "id or alias of a chart, such as `news2`",
    "version": "a version of the chart, such as `2017.1`",
    "job_id": "id of a job of yours",
    "name": "name of one of the files or resources",
    "service_id": "id of a chart",
}
SECURITY: Document = {
    "key": {"type": "http", "scheme": "bearer", "description": "an API key or a token of /oauth/token"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
