"""Writes docs/fhir-guide.md and the examples in examples/fhir from the code and the rules: `python -m tests.fhir.guide`. A test holds them to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mews_newtt import charts
from mews_newtt.chart.catalogue import catalogue
from mews_newtt.fhir.capability import OPERATIONS, operation_definition
from mews_newtt.fhir.codes import OTHER_PANELS, PRESSURE_PANEL_KEYS
from mews_newtt.fhir.course import ews_track
from mews_newtt.fhir.jsontext import Resource, read_json, write_json
from mews_newtt.fhir.many import Request, ews_score_many, many_resource
from mews_newtt.fhir.operations import ews_score, ews_verify
from mews_newtt.fhir.profiles import BY_NAME as BY_ID
from mews_newtt.reading.fhir_parts import LOINC, MDC, SNOMED
from tests.fhir.support import ADULT, RR, TIME, bundle, find, observation, quantity

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "fhir-guide.md"
EXAMPLES = ROOT / "examples" / "fhir"
BASE = "https://scores.example/fhir/R4"
NAMES = {SNOMED: "SNOMED CT", LOINC: "LOINC", MDC: "IEEE 11073"}


def examples() -> dict[str, Resource]:
    """Every example by its file's name: requests, and the answers to them."""
    local = observation({"coding": [{"system": "http://hospital.example/codes", "code": "R12", "display": "Respirations"}]}, valueQuantity=quantity(21, "/min"))
    rest = [each for each in ADULT if each is not RR]
    score = _parameters(bundle(*ADULT))
    by_text = _parameters(bundle(local, *rest))
    people = [*_of("a", *ADULT), *_of("b", RR)]
    course = _course()
    stated = read_json((EXAMPLES / "news2_stated_wrong.json").read_bytes())
    return {
        "score_request.json": score,
        "score_answer.json": ews_score(score, find).resource,
        "local_code_request.json": by_text,
        "local_code_answer.json": ews_score(by_text, find).resource,
        "many_request.json": bundle(*people),
        "many_answer.json": many_resource(ews_score_many(bundle(*people), find, Request(chart="news2"))),
        "course_request.json": course,
        "course_answer.json": ews_track(course, find).resource,
        "verify_answer.json": ews_verify(stated, find, charts()).resource,
    }


def _parameters(observations: Resource) -> Resource:
    given = (("chart", "valueString", "news2"), ("issued", "valueInstant", "2026-11-22T09:31:00Z"), ("end", "valueInstant", "2026-11-22T09:31:00Z"))
    parameters: list[Resource] = [{"name": name, kind: value} for name, kind, value in given]
    parameters += [{"name": "lookback", "valuePositiveInt": 60}, {"name": "observations", "resource": observations}]
    return {"resourceType": "Parameters", "parameter": parameters}


def _of(person: str, *several: Resource) -> list[Resource]:
    subject = {"reference": f"Patient/{person}"}
    return [{**each, "id": f"{person}{number}", "subject": subject, "effectiveDateTime": TIME} for number, each in enumerate(several)]


def _course() -> Resource:
    """Two rounds, and a heart rate of the first that was corrected later."""
    first = [{**each, "id": f"a{number}", "issued": "2026-11-22T09:32:00Z"} for number, each in enumerate(ADULT)]
    mended = {**first[1], "status": "corrected", "valueQuantity": quantity(135, "/min"), "issued": "2026-11-22T10:10:00Z"}
    second = [{**each, "id": f"b{number}", "effectiveDateTime": "2026-11-22T10:40:00+00:00", "issued": "2026-11-22T10:42:00Z"} for number, each in enumerate(ADULT)]
    parameters: list[Resource] = [{"name": "chart", "valueString": "news2"}, {"name": "now", "valueInstant": "2026-11-22T12:00:00Z"}]
    parameters.append({"name": "observations", "resource": bundle(*first, mended, *second, kind="history")})
    return {"resourceType": "Parameters", "parameter": parameters}


PROFILES = """
# FHIR guide: profiles, operations, codes, examples

Made by `python -m tests.fhir.guide` from the code and the rules, and held to them by a test. What is read and why: [fhir.md](fhir.md). FHIR R4 (4.0.1). Not a registered medical device.

## Profiles

A score claims UK Core's profile where it keeps all its rules. Everything that is written keeps the rules of our own StructureDefinitions, also partial and preliminary scores. They are at `/fhir/R4/StructureDefinition/{name}`, and below. The service shows this guide at `/fhir`.

| resource | profile | rules beyond it |
| --- | --- | --- |
| a reading that is sent in: Observation | none is asked for; UK Core and US Core vital signs fit | `code` with a code of the table below; `valueQuantity` with a unit, or an answer; `effective[x]` with a zone; `subject` the same person everywhere |
| a complete, certain score: Observation | `UKCore-Observation-EarlyWarningTotalScore` 1.0.0 | `status` final, `valueQuantity` in `{ScoreOf}`, `component` sub-scores, `derivedFrom` the readings, `interpretation` the level, contained Device with versions and hash |
| any other score: Observation | none is claimed | `status` preliminary; no value but `dataAbsentReason` where it is partial; component `<chart>-total-bounds` as `valueRange`; the first `note` says why it is not final |
| every score: Observation | `ews-score` | below |
| a proposed response: Task | `ews-response` | below; nothing is ordered |
| a concern: Condition | `ews-concern` | below |
| warnings and errors: OperationOutcome | base | `details.coding` our code, `details.text` what, `diagnostics` what to do, `expression` where |
"""


def guide() -> str:
    """The whole page."""
    return "\n".join([PROFILES.strip(), "", *_profiles(), *_operations(), *_codes(), *_examples(), ""])


def _profiles() -> Iterator[str]:
    for profile in BY_ID.values():
        yield from (f"### {profile.id}", "", f"{profile.title}, a profile of {profile.resource}. {profile.says}", "", "| element | how often | must be | |", "| --- | --- | --- | --- |")
        for rule in profile.rules:
            often = "" if rule.least is None and rule.most is None else f"{'' if rule.least is None else rule.least}..{rule.most or ''}"
            must = " or ".join(rule.types) or ("" if rule.pattern is None else f"`{write_json(rule.pattern)}`")
            yield f"| `{rule.path}` | {often} | {must} | {rule.says} |"
        yield ""


def _operations() -> Iterator[str]:
    yield "## Operations"
    yield ""
    yield "At the system level, without side effects. Their OperationDefinitions are at `/fhir/R4/OperationDefinition/{name}`, and the CapabilityStatement names them."
    for name in OPERATIONS:
        found = operation_definition(name, BASE) or {}
        yield from ("", f"### ${name}", "", found["description"], "", "| | parameter | how often | type | |", "| --- | --- | --- | --- | --- |")
        for each in found["parameter"]:
            yield _row(each["use"], f"`{each['name']}`", each)
            for part in each.get("part", ()):
                yield _row(each["use"], f"`{each['name']}.{part['name']}`", part)
    yield ""


def _row(use: str, name: str, each: Resource) -> str:
    says = each["documentation"].replace("|", "\\|")
    return f"| {use} | {name} | {each['min']}..{each['max']} | {each.get('type', 'parts')} | {says} |"


def _codes() -> Iterator[str]:
    yield from ("## Codes that are read", "", "From `rules/parameters.toml`, which names their sources. The first code of a system is the one that is written.", "")
    yield from ("| parameter | SNOMED CT | LOINC | IEEE 11073 | units |", "| --- | --- | --- | --- | --- |")
    known = catalogue().observations.values()
    for each in known:
        if each.snomed or each.loinc or each.mdc:
            units = ", ".join(f"`{unit}`" for unit in (each.unit, *(other.ucum for other in each.other_units)) if unit) or "an answer"
            yield f"| {each.title} | {', '.join(each.snomed)} | {', '.join(each.loinc)} | {', '.join(each.mdc)} | {units} |"
    panels = {system: ", ".join(code for each, code in (*PRESSURE_PANEL_KEYS, *OTHER_PANELS) if each == system) for system in NAMES}
    yield f"| panel of both blood pressures | {panels[SNOMED]} | {panels[LOINC]} | {panels[MDC]} | components |"
    yield from ("", "| answer | SNOMED CT | LOINC |", "| --- | --- | --- |")
    for each in known:
        for answer in each.categories:
            if answer.snomed or answer.loinc:
                yield f"| {each.title}: {answer.title} | {answer.snomed or ''} | {answer.loinc or ''} |"
    without = [each.title for each in known if not (each.snomed or each.loinc or each.mdc or any(answer.snomed for answer in each.categories))]
    yield from ("", f"No public code was found that sources agree on, so these have codes of our own only: {', '.join(without)}.", "")


def _examples() -> Iterator[str]:
    says = {
        "score_request.json": "`$ews-score`: readings of the last hour, in Parameters",
        "score_answer.json": "its answer: total 5, a proposed Task",
        "local_code_request.json": "the same with a hospital's own code for respiratory rate",
        "local_code_answer.json": "its answer: the same total, `preliminary`, and said so",
        "many_request.json": "`$ews-score-many?chart=news2`: two persons",
        "many_answer.json": "its answer: a score for each",
        "course_request.json": "`$ews-track`: two rounds, the heart rate of the first corrected later",
        "course_answer.json": "its answer: two sets that count, and one as it was before the correction",
        "news2_stated_wrong.json": "`$ews-verify`: UK Core's own published example, whose total is wrong",
        "verify_answer.json": "its answer: disagrees",
        "newborn_partial.json": "a partial set of a newborn",
    }
    yield from ("## Examples", "", "Each is held to R4B's models by a test, and each answer to the software's own.", "", "| file | |", "| --- | --- |")
    for name, words in says.items():
        yield f"| [`examples/fhir/{name}`](../examples/fhir/{name}) | {words} |"


def main() -> None:
    """Write the page and the examples."""
    for name, resource in examples().items():
        (EXAMPLES / name).write_text(write_json(resource, indent=2), encoding="utf-8")
    GUIDE.write_text(guide(), encoding="utf-8")


if __name__ == "__main__":
    main()
