"""What the models of the contract share: how a model becomes a schema, and the few parts that many answers hold."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from mews_newtt.chart.model import STATUSES


def _tidy(schema: dict[str, Any]) -> None:
    """A schema without titles made from names. A property that may be absent is never null: its default only says that it may be absent."""
    schema.pop("title", None)
    required = schema.get("required", ())
    for name, one in schema.get("properties", {}).items():
        one.pop("title", None)
        if name not in required and one.get("default", 0) is None:
            del one["default"]
            left = [choice for choice in one.pop("anyOf", ()) if choice != {"type": "null"}]
            one.update(left[0] if len(left) == 1 else {"anyOf": left})


def _tidy_request(schema: dict[str, Any]) -> None:
    """A schema without titles and defaults: some generators of clients take a field with a default for one that must be given."""
    schema.pop("title", None)
    for one in schema.get("properties", {}).values():
        one.pop("title", None)
        one.pop("default", None)


class Answer(BaseModel):
    """Part of an answer. A field without a default always comes; a field whose default is None may be absent, and is then never null."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra=_tidy)


class Request(BaseModel):
    """Part of a request. What may be left out may also be null."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_tidy_request)


Engine = Annotated[str, Field(description="version of the software that answered")]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="content hash of the chart: the same for the same meaning")]
Count = Annotated[int, Field(ge=0)]
ParameterId = Annotated[str, Field(description="id of an observation, such as `heart_rate`")]
# Of both the texts are data; a type checker cannot see them.
ChartStatus = Annotated[str, Field(json_schema_extra={"enum": list(STATUSES)}, description="how far the chart's numbers can be trusted, least first")]


class ChartIdentity(Answer):
    """Which chart an answer rests on."""

    id: str
    title: str
    version: str
    status: ChartStatus
    sha256: Sha256
    signed: Annotated[
        str | None, Field(description="of a site's own chart: who signed it off, that it waits, or that its status has no proof")
    ] = None


class Fault(Answer):
    """One thing that is wrong: where, what, and what to do."""

    code: Annotated[str, Field(description="stable; programs may rely on it")]
    where: str
    what: str
    mend: str


class Problem(Answer):
    """An error (RFC 9457). `code`, `where`, `what` and `mend` are those of the first fault; `problems` holds every one."""

    type: Annotated[str, Field(description="urn:mews-newtt:problem: and the code")]
    title: Annotated[str, Field(description="the words of the HTTP status")]
    status: Annotated[int, Field(ge=400, le=599)]
    detail: Annotated[str, Field(description="place and fault, one line for each of the first 20")]
    instance: Annotated[str | None, Field(description="the request id of this answer")] = None
    code: str
    where: str
    what: str
    mend: str
    problems: Annotated[list[Fault], Field(min_length=1)]
    engine_version: Engine


class Timing(Answer):
    """A time in the source's words and, where the source gives one, its longest length."""

    says: str
    within_minutes: Count | None


ScoreStatus = Literal["complete", "partial", "refused"]
