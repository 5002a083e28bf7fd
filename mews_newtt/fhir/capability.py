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
    ("version", 0, "1", "string", "Version of the chart; or a day: the one in force on it; or `by-date`: on the day of the round. Else that of now"),
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
_FOLLOWED = (
    ("policy", 0, "*", "string", "Policy that holds beside the chart: its id, or id|version"),
    ("schedule", 0, "*", "string", "Schedule of a policy that holds for this person; with its start as id|instant if it does not start at birth"),
    ("born", 0, "1", "instant", "Time of the birth, where no Patient with the birthTime extension says it; for a mother that of her baby"),
    ("now", 0, "1", "instant", "Time at which the question is asked, for what is overdue; the time of the call where it is not given"),
)
_COURSE = ("observations", 0, "*", "Bundle", "One person's Observations of any time, also as a Bundle of type history with their versions")
_REASON = (
    ("at", 1, "1", "instant", "The time that this source gives"),
    ("says", 1, "1", "string", "In the words of the source"),
    ("source", 1, "1", "string", "Its citation"),
)
_DUE = (
    ("at", 1, "1", "instant", "The earliest of the times"),
    ("reasons", 1, "*", "", "Every source that gives a time"),
)
_SET = (
    ("id", 1, "1", "string", "Which set: the time of its first reading"),
    ("status", 1, "1", "code", "complete, partial or refused"),
    ("score", 0, "1", "Observation", "As $ews-score has it; not there where the set is refused"),
    ("outcome", 0, "1", "OperationOutcome", "Why the set is refused, and warnings about its readings"),
    ("observed_at", 1, "1", "instant", "When its last reading was taken"),
    ("recorded_at", 0, "1", "instant", "When it was recorded (issued), where every reading says so"),
    ("level_change", 0, "1", "integer", "Ranks up (above 0) or down from the last scored set"),
    ("minutes_since_last", 0, "1", "decimal", "Since the set before"),
    ("due", 0, "1", "", "When the next set is due; not there where no source gives a time"),
    ("due_at_worst", 0, "1", "", "When it is due if what is missing reaches the highest level possible"),
    ("late_by_minutes", 0, "1", "decimal", "How much later than due it was taken; 0 in time"),
    ("review_due", 0, "1", "", "Until when somebody should come"),
    ("retrospective", 0, "1", "boolean", "Entered later than a policy allows"),
    ("worst_level", 0, "1", "string", "Highest level so far"),
    ("doubts", 0, "*", "string", "A clock that ran ahead: observed_after_recorded, observed_after_now, recorded_after_now"),
    ("points_change", 0, "*", "", "One parameter whose points changed since the last scored set"),
)
_CHANGE = (
    ("parameter", 1, "1", "string", "Its id"),
    ("before", 0, "1", "integer", "Points before; not there where it had none"),
    ("after", 0, "1", "integer", "Points now; not there where it has none"),
)
_ENTRY = (
    ("id", 1, "1", "string", "Which set"),
    ("observed_at", 1, "1", "instant", "When it was taken"),
    ("recorded_at", 0, "1", "instant", "When it was recorded"),
)
_PERSON = (
    ("subject", 0, "1", "Reference", "Whose observations they are; not there where nobody is named"),
    ("status", 0, "1", "code", "complete, partial or refused"),
    ("result", 0, "1", "Bundle", "As $ews-score returns it; not there where the set was refused"),
    ("outcome", 0, "1", "OperationOutcome", "Why the set was refused; not there where it was scored"),
)
_DIFFERENCE = (
    ("kind", 1, "1", "code", f"{', '.join(KINDS)}, or table"),
    ("where", 1, "1", "string", "Place in the request"),
    ("what", 1, "1", "string", "total, level, or the parameters of the sub-score"),
    ("stated", 1, "1", "string", "What the request states"),
    ("computed", 1, "1", "string", "What the chart gives"),
    ("says", 1, "1", "string", "The difference in words"),
)
_PARTS: dict[str, tuple[_Parameter, ...]] = {
    "person": _PERSON,
    "difference": _DIFFERENCE,
    "set": _SET,
    "superseded": _ENTRY,
    "void": _ENTRY,
    **dict.fromkeys(("due", "due_at_worst", "review_due"), _DUE),
    "reasons": _REASON,
    "points_change": _CHANGE,
}
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
    "ews-track": (
        "Follow the sets of one person",
        "Scores every round of one person's observations in order of time, and says what changed, when the next set is due and why, and what is "
        "late or overdue. Corrections (a later version, entered-in-error) replace a set and never hide it. Without a source there is no due time. "
        "Nothing is stored.",
        (
            ("chart", 1, "1", "string", "Chart and version, id|version"),
            ("policy", 0, "*", "string", "Policies that were used, id|version"),
            ("subject", 0, "1", "Reference", "Whose observations they are"),
            ("set", 0, "*", "", "One set that counts, in order of time. Parts beyond these are those of docs/episodes.md"),
            ("superseded", 0, "*", "", "A set as it was before a correction"),
            ("void", 0, "*", "", "A set that was entered in error"),
            ("doubles", 1, "1", "integer", "Sets that came twice"),
            ("now", 0, "1", "instant", "Time to which `overdue_by_minutes` is counted"),
            ("due", 0, "1", "", "When the next set is due after the last scored one"),
            ("overdue_by_minutes", 0, "1", "decimal", "How long it has been due; 0 where it is not yet"),
            ("without_due", 0, "1", "string", "Why no due time is known"),
            ("outcome", 0, "1", "OperationOutcome", "Warnings: what was left out"),
        ),
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
                    {"type": "StructureDefinition", "interaction": [{"code": "read"}]},
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
    if name == "ews-track":
        inputs = (*(each for each in inputs if each[0] not in ("effective", "issued", "observations")), _COURSE, *_FOLLOWED)
    if name == "ews-score-many":
        inputs = tuple((*each[:4], "Observations of many persons, and their Patients") if each[0] == "observations" else each for each in inputs)
    parameters: list[Resource] = [_parameter(*each, use="in") for each in inputs]
    parameters += [_parameter(*each, use="out") for each in outputs]
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
    parts = [_parameter(*part, use=use) for part in _PARTS[name]] if not kind else []
    made: Resource = {"name": name, "use": use, "min": least, "max": most, "documentation": says}
    return made | ({"type": kind} if kind else {"part": parts})


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
