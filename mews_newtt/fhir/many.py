"""$ews-score-many: the observations of many persons in, a score for each person out. No reading of one person ever counts for another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from mews_newtt.chart.model import Chart
from mews_newtt.errors import ObservationError, Problem
from mews_newtt.fhir.bundle import Collected, Content, FoundObservation, Loose, collect, resources_of, same_person
from mews_newtt.fhir.jsontext import Model, Resource, plain
from mews_newtt.fhir.operations import Answer, Find, Request, score_content
from mews_newtt.fhir.outcome import operation_outcome
from mews_newtt.reading.fhir_parts import Faults, entries

MOST_RESOURCES = 100_000  # of one request
MOST_PERSONS = 1_000


class PersonScore(NamedTuple):
    """What became of one person's observations: an answer, or the problems for which there is none."""

    subject: Resource | None  # None where no person is named
    answer: Answer | None
    problems: tuple[Problem, ...] = ()

    @property
    def resource(self) -> Resource:
        """As Parameters: `subject`, `status` (complete, partial or refused), `result` (the Bundle of $ews-score) or `outcome`."""
        return {"resourceType": "Parameters", "parameter": self._parts()}

    def _parts(self) -> list[Resource]:
        status = self.answer.result.status if self.answer else "refused"
        parts: list[Resource] = [{"name": "subject", "valueReference": self.subject}] if self.subject else []
        parts.append({"name": "status", "valueCode": status})
        if self.answer:
            return [*parts, {"name": "result", "resource": self.answer.resource}]
        return [*parts, {"name": "outcome", "resource": operation_outcome(self.problems)}]


def ews_score_many(
    resource: Mapping[str, Any] | Model | Iterable[Mapping[str, Any] | Model],
    find: Find,
    request: Request | None = None,
    *,
    now: datetime | None = None,
) -> list[PersonScore]:
    """Score the newest round of every person's observations on one chart.

    Parameters
    ----------
    resource : a Bundle of Observations of many persons, or Parameters that hold one; or an iterable of resources, as the lines of NDJSON:
        Observations and Patients, which belong together, and Bundles, each of which is a set of its own (so one person may have several)
    find, request, now : as `ews_score` has them

    Returns
    -------
    One PersonScore for each person in the order of the request. A person whose set cannot be scored has problems; the others are scored all the same.

    Raises
    ------
    ObservationError  the request cannot be read, or a fault cannot be laid to one person
    """
    request = request or Request()
    faults = Faults()
    sets = _sets_of(resource, faults)
    groups = [group for loose, texts in sets for group in _persons(collect(loose, texts, faults, most=MOST_RESOURCES), faults)]
    if len(groups) > MOST_PERSONS:
        what = f"holds observations of {len(groups):,} persons; at most {MOST_PERSONS:,} are scored in one request"
        raise ObservationError(Problem("too_many_persons", "resource", what, "send fewer in one request"))
    own = [_faults_of(group, faults) for group in groups]
    laid = {id(problem) for each in own for problem in each}
    rest = Faults(problem for problem in faults if id(problem) not in laid)
    rest.raise_errors()
    nobody = Content((), (), None, sets[0][1] if sets else {})
    chart = request.chart_of(groups[0].content if groups else nobody, find)
    return [_scored(chart, group, request, each, now) for group, each in zip(groups, own, strict=True)]


def many_resource(scores: Iterable[PersonScore]) -> Resource:
    """The scores as one Parameters: a `person` for each, with parts `subject`, `status`, and `result` or `outcome`."""
    people = [{"name": "person", "part": each.resource["parameter"]} for each in scores]
    return {"resourceType": "Parameters", **({"parameter": people} if people else {})}


def _sets_of(resource: Mapping[str, Any] | Model | Iterable[Mapping[str, Any] | Model], faults: Faults) -> list[tuple[list[Loose], dict[str, str]]]:
    if isinstance(resource, (Mapping, Model)):
        return [resources_of(plain(resource), faults)]
    return list(_sets_of_lines(map(plain, resource), faults))


def _sets_of_lines(lines: Iterable[Mapping[str, Any]], faults: Faults) -> Iterator[tuple[list[Loose], dict[str, str]]]:
    together: list[Loose] = []
    for number, body in enumerate(lines, 1):
        place = f"line {number}"
        if body.get("resourceType") == "Bundle":
            yield list(entries(body, place, faults)), {}
        elif not body.get("resourceType"):
            faults.add("resource_type_missing", place, "does not say what it is", "send its resourceType, such as Observation")
        else:
            together.append((place, dict(body), ""))
    if together:
        yield together, {}


class _Group(NamedTuple):
    content: Content
    ambiguous: bool  # the name of the person is that of several


def _persons(found: Collected, faults: Faults) -> Iterator[_Group]:
    """The observations by person. `Patient/1` is the same person as `https://server/Patient/1`, where no other server has a Patient/1."""
    keys = list(dict.fromkeys(each.subject for each in found.observations))
    fullest = {key: [other for other in keys if len(other) > len(key) and key and same_person(key, other)] for key in keys}
    meant = {key: others[0] if len(others := fullest[key]) == 1 else key for key in keys}
    for key in keys:
        meant[key] = meant[meant[key]]
    groups: dict[str, list[FoundObservation]] = {}
    for each in found.observations:
        groups.setdefault(meant[each.subject], []).append(each)
    for key, observations in groups.items():
        subject = next((found.subjects[each.subject] for each in observations if each.subject in found.subjects), None)
        yield _Group(Content(tuple(observations), tuple(found.patients), subject, found.texts), len(fullest[key]) > 1)


def _faults_of(group: _Group, faults: Faults) -> Faults:
    """The faults that lie in this person's observations, and those of the group itself."""
    places = tuple(found.place for found in group.content.observations)
    known = frozenset(places)
    own = Faults(problem for problem in faults if _inside(problem.where, known))
    if not group.content.observations[0].subject:
        own.add("subject_missing", f"{places[0]}.subject", "is missing: nobody knows whose observation this is", "say whose observation it is")
    if group.ambiguous:
        own.add("subjects_differ", f"{places[0]}.subject", "may be a patient of several servers here", "give the whole address of the patient")
    return own


def _inside(where: str, places: frozenset[str]) -> bool:
    """Whether a path lies in one of these places: itself, or one of its beginnings at a dot, is one."""
    parts = where.split(".")
    return any(".".join(parts[:length]) in places for length in range(1, len(parts) + 1))


def _scored(chart: Chart, group: _Group, request: Request, faults: Faults, now: datetime | None) -> PersonScore:
    subject = group.content.subject
    try:
        return PersonScore(subject, score_content(chart, group.content, request, faults, now))
    except ObservationError as refusal:
        return PersonScore(subject, None, refusal.problems)
