"""$ews-score-many: the observations of many persons in, a score for each person out. No reading of one person ever counts for another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from mews_newtt.chart.choosing import BY_DATE
from mews_newtt.errors import ChartNotFound, ObservationError, Problem
from mews_newtt.fhir.bundle import Collected, Content, FoundObservation, Loose, collect, resources_of, same_person
from mews_newtt.fhir.by_date import Find
from mews_newtt.fhir.jsontext import Model, Resource, plain
from mews_newtt.fhir.operations import Answer, Request, score_person
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
    _count(len(groups))
    own = _own_faults(groups, faults)
    laid = {id(problem) for each in own for problem in each}
    rest = Faults(problem for problem in faults if id(problem) not in laid)
    rest.raise_errors()
    nobody = Content((), (), None, sets[0][1] if sets else {})
    named = request.named(groups[0].content if groups else nobody)
    if named.version != BY_DATE:
        find(*named)  # an unknown chart is a fault of the request, not of each person
    return [_scored(find, group, request, each, now) for group, each in zip(groups, own, strict=True)]


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
    _count(len(keys))
    alike: dict[str, list[str]] = {}  # by the last part of the address: only these can be one person
    for key in keys:
        alike.setdefault(key.rpartition("/")[2], []).append(key)
    near = {key: alike[key.rpartition("/")[2]] for key in keys}
    fullest = {key: [other for other in near[key] if len(other) > len(key) and key and same_person(key, other)] for key in keys}
    meant = {key: others[0] if len(others := fullest[key]) == 1 else key for key in keys}
    for key in keys:
        meant[key] = meant[meant[key]]
    groups: dict[str, list[FoundObservation]] = {}
    for each in found.observations:
        groups.setdefault(meant[each.subject], []).append(each)
    for key, observations in groups.items():
        subject = next((found.subjects[each.subject] for each in observations if each.subject in found.subjects), None)
        yield _Group(Content(tuple(observations), tuple(found.patients), subject, found.texts), len(fullest[key]) > 1)


def _count(persons: int) -> None:
    if persons > MOST_PERSONS:
        what = f"holds observations of {persons:,} persons; at most {MOST_PERSONS:,} are scored in one request"
        raise ObservationError(Problem("too_many_persons", "resource", what, "send fewer in one request"))


def _own_faults(groups: list[_Group], faults: Faults) -> list[Faults]:
    """For each person, the faults that lie in their observations, and those of the group itself."""
    own = [Faults() for _ in groups]
    whose = {found.place: number for number, group in enumerate(groups) for found in group.content.observations}
    for problem in faults:
        number = _place_of(problem.where, whose)
        if number is not None:
            own[number].append(problem)
    for group, each in zip(groups, own, strict=True):
        place = f"{group.content.observations[0].place}.subject"
        if not group.content.observations[0].subject:
            each.add("subject_missing", place, "is missing: nobody knows whose observation this is", "say whose observation it is")
        if group.ambiguous:
            each.add("subjects_differ", place, "may be a patient of several servers here", "give the whole address of the patient")
    return own


def _place_of(where: str, whose: Mapping[str, int]) -> int | None:
    """Whose observation a path lies in: the path itself, or one of its beginnings at a dot, is the place of one."""
    parts = where.split(".")
    return next((whose[start] for length in range(len(parts), 0, -1) if (start := ".".join(parts[:length])) in whose), None)


def _scored(find: Find, group: _Group, request: Request, faults: Faults, now: datetime | None) -> PersonScore:
    subject = group.content.subject
    try:
        return PersonScore(subject, score_person(group.content, find, request, faults, now))
    except (ObservationError, ChartNotFound) as refusal:  # with `by-date`, no version may be in force on this person's day
        return PersonScore(subject, None, refusal.problems)
