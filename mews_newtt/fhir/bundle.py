"""Takes a request apart: a Bundle, or Parameters that hold one, into Observations with their paths in the request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from mews_newtt.errors import ObservationError, Problem
from mews_newtt.fhir.jsontext import Resource
from mews_newtt.fhir.times import is_time, lacks_zone
from mews_newtt.reading.fhir_parts import READABLE, VOID, Faults, Holder, entries, subject_key, tail_of

TEXTS = ("chart", "version", "sha256", "effective", "issued", "window", "start", "end", "lookback", "encounter")  # simple input parameters
NUMBERS = ("window", "lookback")  # of them, in minutes
MOST_OBSERVATIONS = 10_000  # one person at one time has far fewer


Loose = tuple[str, Resource, str]  # place, resource, fullUrl


class FoundObservation(NamedTuple):
    """An Observation, its path in the request, and how others refer to it."""

    place: str
    body: Resource
    reference: str  # "" where others cannot refer to it
    subject: str  # "" where it names none
    effective: tuple[str, ...]
    names: frozenset[str]  # every way in which others may refer to it
    address: str  # what no other Observation may have; "" for one that is contained, or has neither fullUrl nor id


class Content(NamedTuple):
    """A request taken apart."""

    observations: tuple[FoundObservation, ...]
    patients: tuple[tuple[str, Resource, frozenset[str]], ...]
    subject: Resource | None
    texts: Mapping[str, str]  # the simple input parameters that are given
    unplaced: frozenset[str] = frozenset()  # parameters with a reading that was left out but may belong to this round
    by_text: Mapping[str, str] = MappingProxyType({})  # place of a value that is read by the text of its Observation, and that text


class Collected(NamedTuple):
    """Everything in a request, of one person or of several; `subjects` are References by the keys of the persons."""

    observations: list[FoundObservation]
    patients: list[tuple[str, Resource, frozenset[str]]]
    subjects: Mapping[str, Resource]
    texts: Mapping[str, str]


def take_apart(resource: Mapping[str, Any], faults: Faults) -> Content:
    """Every Observation of a Bundle or of Parameters, contained ones too; entered-in-error and cancelled ones are left out.

    A problem that leaves nothing to read is raised at once; the others are added to `faults`.
    """
    return content_of(*resources_of(resource, faults), faults)


def content_of(loose: list[Loose], texts: Mapping[str, str], faults: Faults) -> Content:
    """The Observations and Patients of one person among resources."""
    found = collect(loose, texts, faults, most=MOST_OBSERVATIONS)
    _one_subject(found.observations, faults)
    return Content(tuple(found.observations), tuple(found.patients), next(iter(found.subjects.values()), None), texts)


def resources_of(
    resource: Mapping[str, Any], faults: Faults, *, kinds: Sequence[str] = READABLE, also: Mapping[str, list[str]] = MappingProxyType({})
) -> tuple[list[Loose], dict[str, str]]:
    """The resources in a Bundle or in Parameters, and the simple parameters.

    Parameters
    ----------
    kinds : the types of Bundle that are read
    also : parameters of this operation alone, which may come more than once; their texts are added to these lists
    """
    kind = resource.get("resourceType")
    if kind == "Parameters":
        faults.other_rules(resource, kind)
    texts: dict[str, str] = {}
    loose: list[Loose] = []
    if kind == "Bundle":
        loose += entries(resource, "Bundle", faults, kinds)
    elif kind == "Parameters":
        for place, parameter in faults.objects(resource, "parameter", "Parameters"):
            _take_parameter(place, parameter, texts, loose, faults, kinds, also)
    else:
        shown = repr(kind[:60]) if isinstance(kind, str) else "no resource type"
        raise ObservationError(Problem("not_a_bundle", "resource", f"is {shown}", "send a Bundle of Observations, or Parameters that hold one"))
    return loose, texts


def collect(loose: list[Loose], texts: Mapping[str, str], faults: Faults, *, most: int) -> Collected:
    """The Observations and Patients among resources; at most so many resources are read."""
    observations: list[FoundObservation] = []
    patients: list[tuple[str, Resource, frozenset[str]]] = []
    subjects: dict[str, Resource] = {}
    aliases = {name: tail_of(body) for _, body, name in loose if name and tail_of(body)}
    void: set[str] = set()
    _count(loose, most)
    for place, body, full_url in loose:
        if body.get("resourceType") == "Observation" and body.get("status") in VOID:
            void |= {full_url, tail_of(body)} - {""}
        elif body.get("resourceType") != "Observation" and _holds_observations(body):
            what = "holds Observations inside it, which are not read there"
            faults.add("observations_inside", f"{place}.contained", what, "send them as entries of the Bundle")
        elif body.get("resourceType") == "Patient":
            patients.append((place, body, frozenset(name for name in (full_url, tail_of(body)) if name)))
        elif body.get("resourceType") == "Observation":
            observations += _with_contained(place, body, full_url, Holder(body, aliases), subjects, faults)
    for found in observations:
        if not void.isdisjoint(found.names):
            faults.add(
                "observation_void", found.place, "is also in the request as entered in error or cancelled", "send only the version that is valid"
            )
    _one_version(observations, faults)
    return Collected(observations, patients, subjects, texts)


def _holds_observations(body: Resource) -> bool:
    inside = body.get("contained")
    return isinstance(inside, list) and any(isinstance(one, dict) and one.get("resourceType") == "Observation" for one in inside)


def _count(loose: Iterable[Loose], most: int) -> None:
    many = 0
    for _, body, _ in loose:
        inside = body.get("contained")
        many += 1 + (len(inside) if isinstance(inside, list) else 0)
    if many > most:
        what = f"holds {many:,} resources; at most {most:,} are read in one request"
        raise ObservationError(Problem("too_many_observations", "resource", what, "send fewer in one request"))


def _one_version(observations: Iterable[FoundObservation], faults: Faults) -> None:
    """Refuse an Observation in two versions, as a history holds them: this software cannot know which one is true."""
    seen: dict[str, FoundObservation] = {}
    for found in observations:
        first = seen.setdefault(found.address, found) if found.address else found
        if first.body != found.body:
            faults.add("observation_twice", found.place, f"is another version of {first.place}", "send only the version that is valid")


def _take_parameter(
    place: str,
    parameter: Resource,
    texts: dict[str, str],
    loose: list[Loose],
    faults: Faults,
    kinds: Sequence[str],
    also: Mapping[str, list[str]],
) -> None:
    name = faults.text(parameter, "name", place)
    values = [key for key in parameter if key.startswith("value")]
    if name in NUMBERS and len(values) == 1 and type(parameter[values[0]]) is int:
        parameter = {**parameter, values[0]: str(parameter[values[0]])}
    if name == "encounter" and values == ["valueReference"] and isinstance(parameter["valueReference"], dict):
        parameter = {**parameter, "valueReference": parameter["valueReference"].get("reference")}
    if name in also and len(values) == 1 and isinstance(parameter[values[0]], str):
        also[name].append(parameter[values[0]])
    elif name in TEXTS and len(values) == 1 and isinstance(parameter[values[0]], str):
        if texts.setdefault(name, parameter[values[0]]) != parameter[values[0]]:
            faults.add("parameter_twice", place, f"{name} is given twice, differently", "give it once")
    elif name in ("observations", "observation") and isinstance(parameter.get("resource"), dict):
        body = parameter["resource"]
        if body.get("resourceType") == "Bundle":
            loose += entries(body, f"{place}.resource", faults, kinds)
        else:
            loose.append((f"{place}.resource", body, ""))
    else:
        faults.add(
            "unknown_input",
            place,
            f"{name[:60]!r} is not an input, or not of this type",
            f"give {', '.join((*TEXTS, *also))} as text, observations as a Bundle",
        )


def _with_contained(
    place: str, body: Resource, full_url: str, holder: Holder, subjects: dict[str, Resource], faults: Faults, outer: FoundObservation | None = None
) -> Iterator[FoundObservation]:
    """An Observation and those contained in it, which are about the same person."""
    if faults.text(body, "status", place) in VOID:
        return
    own = faults.object(body, "subject", place)
    subject = subject_key(own, holder, f"{place}.subject", faults) or (outer.subject if outer else "")
    for link_place, link in faults.objects(body, "focus", place):
        if not same_person(subject_key(link, holder, link_place, faults), subject):
            faults.add("focus_elsewhere", link_place, "is not the patient: this Observation was left out", "nothing to do", warning=True)
            return
    about = _reference(own, holder)
    if about and subject:
        subjects.setdefault(subject, about)
    tail = tail_of(body)
    reference = full_url if full_url.startswith("urn:") else tail or full_url
    names = frozenset(name for name in (full_url, tail, f"#{body.get('id')}") if name)
    times = tuple(times_in(body, place, faults)) or (outer.effective if outer else ())
    found = FoundObservation(place, body, outer.reference if outer else reference, subject, times, names, "" if outer else full_url or tail)
    yield found
    if outer is None:
        for inner_place, inner in faults.objects(body, "contained", place):
            if inner.get("resourceType") == "Observation":
                yield from _with_contained(inner_place, inner, "", holder, subjects, faults, found)


def _reference(subject: Resource, holder: Holder) -> Resource:
    """A Reference as results repeat it: who it is, and nothing else (above all no name). A contained person goes by an identifier."""
    found = {name: subject[name] for name in ("reference", "type") if isinstance(subject.get(name), str) and subject[name]}
    identifier = subject.get("identifier")
    if found.get("reference", "").startswith("#"):
        del found["reference"]
        several = holder.contained(subject["reference"]).get("identifier")
        identifier = next((each for each in several if isinstance(each, dict)), None) if isinstance(several, list) else identifier
    if isinstance(identifier, dict):
        kept = {name: identifier[name] for name in ("system", "value") if isinstance(identifier.get(name), str) and identifier[name]}
        found |= {"identifier": kept} if kept else {}
    return found if found.keys() - {"type"} else {}


def same_person(one: str, other: str) -> bool:
    """Patient/1 and https://server/Patient/1 are the same person; patients of two servers are not."""
    return one == other or one.endswith(f"/{other}") or other.endswith(f"/{one}")


def own_patients(given: Content) -> Iterator[tuple[str, Resource]]:
    """The Patients of the request that are the person of the Observations, each with its place."""
    about = {found.subject for found in given.observations if found.subject}
    ends = {"/".join(one.rsplit("/", 2)[-2:]) for one in about}
    for place, patient, names in given.patients:
        elsewhere = any("://" in name for name in names)  # another server's Patient of the same id is somebody else
        if not about.isdisjoint(names) or (not elsewhere and not ends.isdisjoint(names)):
            yield place, patient


def refers_to(reference: str, names: Mapping[str, Any] | set[str] | frozenset[str]) -> bool:
    """Whether a reference means one of these names: the whole reference, or its last two parts (`Observation/1`)."""
    plain = reference.split("/_history/")[0]
    return plain in names or "/".join(plain.rsplit("/", 2)[-2:]) in names


def _one_subject(observations: list[FoundObservation], faults: Faults) -> None:
    """Refuse observations of several persons. All addresses of one person are ends of the longest, so each is compared with that one."""
    named: dict[str, FoundObservation] = {}
    for found in observations:
        if found.subject:
            named.setdefault(found.subject, found)
    fullest = max(named, key=len, default="")
    others = [one for one in named if not same_person(one, fullest)]
    if others:
        first = next(iter(named))
        place = named[fullest if fullest != first and first in others else others[0]].place
        what = "is another person than in other Observations"
        mend = "send one person's observations, a mother's and a baby's separately; or use $ews-score-many"
        faults.add("subjects_differ", f"{place}.subject", what, mend)
        return
    for found in observations:
        if named and not found.subject:
            faults.add("subject_missing", f"{found.place}.subject", "is missing, but other Observations name a person", "say whose observation it is")


def times_in(body: Mapping[str, Any], place: str, faults: Faults) -> Iterator[str]:
    """The times of an Observation: one time, both ends of a period, or the events of a timing."""
    texts = [(f"{place}.effective", faults.text(body, key, place)) for key in ("effectiveDateTime", "effectiveInstant")]
    period = faults.object(body, "effectivePeriod", place)
    texts += [(f"{place}.effective.{end}", faults.text(period, end, place)) for end in ("start", "end")]
    events = faults.object(body, "effectiveTiming", place).get("event")
    texts += [(f"{place}.effective.event", event) for event in events if isinstance(event, str)] if isinstance(events, list) else []
    for where, text in texts:
        if text and is_time(text):
            yield text
        elif lacks_zone(text):
            faults.add("not_a_time", where, "is a time without a time zone", "add the zone, such as Z or +01:00")
        elif text:
            faults.add("not_a_time", where, "is not a FHIR date or time", "write it like 2026-11-22T09:30:00+00:00")
