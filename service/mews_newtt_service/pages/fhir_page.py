"""/fhir: profiles, operations and codes of the FHIR endpoint for people, drawn from the same definitions that it serves to programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from mews_newtt.chart.model import Observation
from mews_newtt.fhir.capability import FHIR_VERSION, OPERATIONS, code_systems, operation_definition
from mews_newtt.fhir.jsontext import Resource
from mews_newtt.fhir.profiles import PROFILES, Rule
from mews_newtt.fhir.scored import PROFILE
from mews_newtt_service.pages.render import page, shows_faults
from mews_newtt_service.request_helpers import query
from mews_newtt_service.routes.fhir import BASE, worked


async def fhir_page(request: Request) -> Response:
    query(request)
    charts = request.app.state.charts.charts()
    observations = {name: one for chart in charts for name, one in chart.observations.items()}
    operations = [found for name in OPERATIONS if (found := operation_definition(name, BASE)) is not None]
    return page(
        request,
        "fhir.html",
        title="FHIR guide",
        base=BASE,
        version=FHIR_VERSION,
        uk_core=PROFILE,
        profiles=[{**one._asdict(), "rows": [_rule(rule) for rule in one.rules]} for one in PROFILES],
        operations=[{**one, "rows": list(_rows(one["parameter"]))} for one in operations],
        codes=[_codes(one) for one in observations.values() if one.snomed or one.loinc or one.mdc],
        local=[one.title for one in observations.values() if not (one.snomed or one.loinc or one.mdc)],
        systems=list(code_systems(charts).values()),
        examples=_examples(),
    )


def add_to(routes: APIRouter) -> None:
    routes.add_api_route("/fhir", shows_faults(fhir_page), methods=["GET"])


def _rule(rule: Rule) -> dict[str, str]:
    often = "" if rule.least is None and rule.most is None else f"{'' if rule.least is None else rule.least}..{rule.most or ''}"
    return {"path": rule.path, "often": often, "must": " or ".join(rule.types) or _pattern(rule.pattern), "says": rule.says}


def _pattern(pattern: Any) -> str:
    """What an element must hold, in short: the StructureDefinition has it whole."""
    if pattern is None or isinstance(pattern, str):
        return pattern or ""
    coding = pattern.get("coding", [pattern])[0]
    if "system" not in coding:
        return json.dumps(pattern)
    return " of ".join(part for part in (coding.get("code", "a code"), coding["system"].rpartition("/")[2]) if part)


def _rows(parameters: list[Resource], before: str = "") -> Iterator[dict[str, str]]:
    """The parameters of an operation, each followed by its parts."""
    for one in parameters:
        name = f"{before}{one['name']}"
        often = f"{one['min']}..{one['max']}"
        yield {"use": one["use"], "name": name, "often": often, "type": one.get("type", "parts"), "says": one["documentation"]}
        yield from _rows(one.get("part", []), f"{name}.")


def _codes(one: Observation) -> dict[str, Any]:
    units = [unit for unit in (one.unit, *(other.ucum for other in one.other_units)) if unit]
    return {"title": one.title, "snomed": one.snomed, "loinc": one.loinc, "mdc": one.mdc, "units": units}


@lru_cache(maxsize=1)
def _examples() -> list[tuple[str, str]]:
    found = worked()
    return [
        (f"{says} of $ews-score", json.dumps(found[name], indent=2, ensure_ascii=False))
        for name, says in (("request", "Request"), ("answer", "Answer"))
    ]
