"""Describes the FHIR endpoint in resources of FHIR: CapabilityStatement, OperationDefinitions, and the CodeSystems of our own codes."""

from __future__ import annotations

from collections.abc import Iterable

from mews_newtt import __version__
from mews_newtt.chart.model import Chart
from mews_newtt.fhir.codes import CATEGORY, LEVEL, OTHER, PARAMETER, SCORE, SKIP, codes_of, total_code
from mews_newtt.fhir.jsontext import Resource
from mews_newtt.validation.stated import KINDS

FHIR_VERSION = "4.0.1"
MEDIA_TYPE = "application/fhir+json"
WRITTEN = "2026-11-26"  # when these definitions were last changed
_Parameter = tuple[str, int, str, str, str]  # name, least, most, type, what it is
_NOT_A_DEVICE = "Not a registered medical device."
_INPUTS = (
    ("chart", 0, "1", "string", "Chart id or alias, or id|version"),
    ("version", 0, "1", "string", "Version of the chart; without it the best status, then the newest"),
    ("sha256", 0, "1", "string", "Content hash that the chart must have"),
    ("effective", 0, "1", "dateTime", "When the set was observed, where the Observations do not say or differ"),
    ("issued", 0, "1", "instant", "When the score is issued, put into the answer as it is given"),
    ("window", 0, "1", "unsignedInt", "How long one round of observations may last, in minutes; 30 where it is not given"),
    ("observations", 0, "*", "Bundle", "One person's Observations; the newest round of them is the set"),
    ("observation", 0, "*", "Observation", "The same, one by one"),
)
_ASKED = (
    ("start", 0, "1", "instant", "Readings before it are left out, with a warning"),
    ("end", 0, "1", "instant", "Readings after it are left out, with a warning"),
    ("lookback", 0, "1", "positiveInt", "The same as a start so many minutes before the end, or before now"),
    ("encounter", 0, "1", "Reference", "Readings of other encounters are left out; what has no encounter may belong to it, and counts as missing"),
)
_PERSON = (
    ("subject", "Reference", "Whose observations they are; not there where nobody is named"),
    ("status", "code", "complete, partial or refused"),
    ("result", "Bundle", "As $ews-score returns it; not there where the set was refused"),
    ("outcome", "OperationOutcome", "Why the set was refused; not there where it was scored"),
)
_DIFFERENCE = (
    ("kind", "code", f"{', '.join(KINDS)}, or table"),
    ("where", "string", "Place in the request"),
    ("what", "string", "total, level, or the parameters of the sub-score"),
    ("stated", "string", "What the request states"),
    ("computed", "string", "What the chart gives"),
    ("says", "string", "The difference in words"),
)
_OPERATIONS = {
    "ews-score": (
        "Score a set of observations",
        "Scores one person's observations on one chart. Nothing is stored. A partial set is answered with the range its total must lie in.",
        (
            (
                "return",
                1,
                "1",
                "Bundle",
                "The score Observation, a proposed Task, concerns for the problem list, and an OperationOutcome with warnings",
            ),
        ),
    ),
    "ews-score-many": (
        "Score the observations of many persons",
        "Scores the newest round of each person's observations on one chart. No reading of one person counts for another. Nothing is stored. "
        "As NDJSON (application/fhir+ndjson) the resources come a line each, and the answer has a line for each person.",
        (("person", 0, "*", "", "One person: a score, or why there is none"),),
    ),
    "ews-verify": (
        "Verify a stated score",
        "Compares the score in a Bundle with the chart and the readings of the same Bundle. Nothing is stored.",
        (
            ("verdict", 1, "1", "code", "agrees, disagrees or nothing_compared"),
            ("chart", 1, "1", "string", "Chart and version, id|version"),
            ("difference", 0, "*", "", "One stated value that differs from the chart"),
            ("computed", 1, "1", "Observation", "The score as the chart gives it"),
            ("outcome", 0, "1", "OperationOutcome", "Warnings: what was left out"),
        ),
    ),
}
OPERATIONS = tuple(_OPERATIONS)


def capability_statement(base: str, *, token: str | None = None, cors: bool = False) -> Resource:
    """The CapabilityStatement of an endpoint at that address.

    Parameters
    ----------
    token : the address where clients get their tokens; None where nobody has to sign in
    cors : whether pages of other sites may call
    """
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": WRITTEN,
        "kind": "instance",
        "description": f"Scores early-warning observation charts. {_NOT_A_DEVICE}",
        "software": {"name": "mews_newtt", "version": __version__},
        "implementation": {"description": "mews_newtt scoring service", "url": base},
        "fhirVersion": FHIR_VERSION,
        "format": [MEDIA_TYPE, "json", "application/fhir+ndjson"],
        "rest": [
            {
                "mode": "server",
                "security": _security(token, cors),
                "resource": [
                    {"type": "OperationDefinition", "interaction": [{"code": "read"}]},
                    {"type": "CodeSystem", "interaction": [{"code": "read"}]},
                ],
                "operation": [{"name": name, "definition": f"{base}/OperationDefinition/{name}"} for name in _OPERATIONS],
            }
        ],
    }


def _security(token: str | None, cors: bool) -> Resource:
    if token is None:
        return {"cors": cors, "description": "Nobody has to sign in; only this machine is served."}
    address = {"url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris", "extension": [{"url": "token", "valueUri": token}]}
    service = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/restful-security-service", "code": "SMART-on-FHIR"}]}
    says = "A key, or a token for a signed assertion (SMART Backend Services); see .well-known/smart-configuration under the base."
    return {"extension": [address], "cors": cors, "service": [service], "description": says}


def subsetted(code_system: Resource) -> Resource:
    """The summary of a CodeSystem: without its concepts, and marked so."""
    tag = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}
    kept = {name: value for name, value in code_system.items() if name not in ("resourceType", "concept")}
    return {"resourceType": code_system["resourceType"], "meta": {"tag": [tag]}, **kept}


def operation_definition(name: str, base: str) -> Resource | None:
    """The OperationDefinition of one operation; None where there is none of that name."""
    if name not in _OPERATIONS:
        return None
    title, says, outputs = _OPERATIONS[name]
    inputs: tuple[_Parameter, ...] = _INPUTS if name == "ews-verify" else (*_INPUTS, *_ASKED)
    if name == "ews-score-many":
        inputs = tuple((*each[:4], "Observations of many persons, and their Patients") if each[0] == "observations" else each for each in inputs)
    parameters: list[Resource] = [_parameter(*each, use="in") for each in inputs]
    for each in outputs:
        parameter = _parameter(*each, use="out")
        if not each[3]:
            parts, least = (_PERSON, 0) if each[0] == "person" else (_DIFFERENCE, 1)
            parameter["part"] = [_parameter(part, least, "1", kind, words, use="out") for part, kind, words in parts]
        parameters.append(parameter)
    return {
        "resourceType": "OperationDefinition",
        "id": name,
        "url": f"{base}/OperationDefinition/{name}",
        "version": __version__,
        "name": "".join(part.capitalize() for part in name.split("-")),
        "title": title,
        "status": "active",
        "kind": "operation",
        "date": WRITTEN,
        "description": f"{says} {_NOT_A_DEVICE}",
        "affectsState": False,
        "code": name,
        "system": True,
        "type": False,
        "instance": False,
        "parameter": parameters,
    }


def _parameter(name: str, least: int, most: str, kind: str, says: str, use: str) -> Resource:
    return {"name": name, "use": use, "min": least, "max": most, "documentation": says, **({"type": kind} if kind else {})}


def code_systems(charts: Iterable[Chart]) -> dict[str, Resource]:
    """The code systems of our own, by their ids, with every code in use by these charts."""
    every = list(charts)
    observations = {name: o for chart in every for name, o in codes_of(chart).observations.items()}
    scores: dict[str, str] = {}
    levels: dict[str, str] = {}
    skips: dict[str, str] = {OTHER: "Another reason, given as text"}
    for chart in every:
        scores.setdefault(total_code(chart), f"{chart.title} - {'total score' if chart.has_points else 'level'}")
        if chart.has_points:
            scores.setdefault(f"{chart.id}-total-bounds", f"{chart.title} - least and greatest possible total")
        for parameter in chart.parameters:
            if parameter.role == "scored":
                scores.setdefault(f"{chart.id}-{parameter.id}", f"{chart.title} - {parameter.title}")
            for skip in parameter.skips:
                skips.setdefault(skip.code, skip.says)
        for level in chart.levels:
            levels.setdefault(f"{chart.id}-{level.id}", f"{chart.title} - {level.title}")
    contents = {
        PARAMETER: (
            "What is observed: used where we know no public code, and beside public codes",
            {name: o.title for name, o in observations.items()},
        ),
        CATEGORY: (
            "Answers of categorical observations",
            {f"{o.id}.{c.id}": f"{o.title}: {c.title}" for o in observations.values() for c in o.categories},
        ),
        SCORE: ("Totals and sub-scores of charts without SNOMED CT codes", scores),
        LEVEL: ("Escalation levels of charts", levels),
        SKIP: ("Why no reading was taken, as charts code it", skips),
    }
    return {url.rpartition(":")[2]: _code_system(url, says, concepts) for url, (says, concepts) in contents.items()}


def _code_system(url: str, says: str, concepts: dict[str, str]) -> Resource:
    name = url.rpartition(":")[2]
    return {
        "resourceType": "CodeSystem",
        "id": name,
        "url": url,
        "version": __version__,
        "name": "MewsNewtt" + "".join(part.capitalize() for part in name.split("-")),
        "title": f"mews_newtt: {name}",
        "status": "active",
        "experimental": False,
        "date": WRITTEN,
        "description": f"{says}. Local codes of this software, for use until SNOMED CT has them.",
        "caseSensitive": True,
        "content": "complete",
        "count": len(concepts),
        "concept": [{"code": code, "display": display} for code, display in concepts.items()],
    }
