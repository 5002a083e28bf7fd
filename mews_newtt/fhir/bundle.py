"""Takes a request apart: a Bundle, or Parameters that hold one, into Observations with their paths in the request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mews_newtt.errors import ObservationError, Problem, at_most
from mews_newtt.fhir.codes import Key, key_of
from mews_newtt.fhir.jsontext import Resource, write_json
from mews_newtt.fhir.times import is_time, lacks_zone

READABLE = ("collection", "searchset", "transaction", "document", "batch", "message")
VOID = ("entered-in-error", "cancelled")
RULES = ("modifierExtension", "implicitRules")  # may change the meaning of a resource
TEXTS = ("chart", "version", "sha256", "effective", "issued", "window")  # simple input parameters
MOST_OBSERVATIONS = 10_000  # one person at one time has far fewer
MOST_LISTED = 100  # problems of one request that are listed
_SAYS = {dict: "an object", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}


class Faults(list[Problem]):
    """The problems of a request, collected so that all are reported at once; and its parts, each checked for its type."""

    def add(self, code: str, where: str, what: str, mend: str, warning: bool = False) -> None:
        self.append(Problem(code, where, what, mend, warning))

    def wrong_type(self, where: str, found: object, wanted: str) -> None:
        self.add("wrong_type", where, f"is {_SAYS.get(type(found), 'something else')}, not {wanted}", "send FHIR R4 JSON")

    def objects(self, body: Mapping[str, Any], key: str, where: str) -> Iterator[tuple[str, Resource]]:
        """The objects of a list, each with its place."""
        found = body.get(key)
        if found is None:
            return
        if not isinstance(found, list):
            self.wrong_type(f"{where}.{key}", found, "a list")
            return
        for number, item in enumerate(found):
            if isinstance(item, dict):
                yield f"{where}.{key}[{number}]", item
            else:
                self.wrong_type(f"{where}.{key}[{number}]", item, "an object")

    def object(self, body: Mapping[str, Any], key: str, where: str) -> Resource:
        found = body.get(key)
        if found is None or isinstance(found, dict):
            return found or {}
        self.wrong_type(f"{where}.{key}", found, "an object")
        return {}

    def text(self, body: Mapping[str, Any], key: str, where: str) -> str:
        found = body.get(key)
        if found is None or isinstance(found, str):
            return found or ""
        self.wrong_type(f"{where}.{key}", found, "text")
        return ""

    def other_rules(self, body: Mapping[str, Any], where: str) -> bool:
        """Whether something here may change the meaning of the resource; each such thing is a problem."""
        found = [key for key in RULES if key in body]
        for key in found:
            self.add("modifier_extension", f"{where}.{key}", "may change the meaning and is not known here", "leave out what carries it")
        return bool(found)

    def raise_errors(self) -> None:
        """Raise ObservationError with all problems but warnings."""
        errors = [problem for problem in self if not problem.warning]
        if errors:
            raise ObservationError(listed(errors))


def listed(problems: Sequence[Problem]) -> Sequence[Problem]:
    """The problems that an answer lists. In FHIR the last one, which counts the others, has its own code."""
    return at_most(problems, "the request", MOST_LISTED, "more_faults")


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


def take_apart(resource: Mapping[str, Any], faults: Faults) -> Content:
    """Every Observation of a Bundle or of Parameters, contained ones too; entered-in-error and cancelled ones are left out.

    A problem that leaves nothing to read is raised at once; the others are added to `faults`.
    """
    kind = resource.get("resourceType")
    if kind == "Parameters":
        faults.other_rules(resource, kind)
    texts: dict[str, str] = {}
    loose: list[tuple[str, Resource, str]] = []
    if kind == "Bundle":
        loose += _entries(resource, "Bundle", faults)
    elif kind == "Parameters":
        for place, parameter in faults.objects(resource, "parameter", "Parameters"):
            _take_parameter(place, parameter, texts, loose, faults)
    else:
        shown = repr(kind[:60]) if isinstance(kind, str) else "no resource type"
        raise ObservationError(Problem("not_a_bundle", "resource", f"is {shown}", "send a Bundle of Observations, or Parameters that hold one"))
    observations: list[FoundObservation] = []
    patients: list[tuple[str, Resource, frozenset[str]]] = []
    subjects: dict[str, Resource] = {}
    aliases = {name: _tail(body) for _, body, name in loose if name and _tail(body)}
    void: set[str] = set()
    _count(loose)
    for place, body, full_url in loose:
        if body.get("resourceType") == "Observation" and body.get("status") in VOID:
            void |= {full_url, _tail(body)} - {""}
        elif body.get("resourceType") != "Observation" and _holds_observations(body):
            what = "holds Observations inside it, which are not read there"
            faults.add("observations_inside", f"{place}.contained", what, "send them as entries of the Bundle")
        elif body.get("resourceType") == "Patient":
            patients.append((place, body, frozenset(name for name in (full_url, _tail(body)) if name)))
        elif body.get("resourceType") == "Observation":
            observations += _with_contained(place, body, full_url, _Holder(body, aliases), subjects, faults)
    for found in observations:
        if not void.isdisjoint(found.names):
            faults.add(
                "observation_void", found.place, "is also in the request as entered in error or cancelled", "send only the version that is valid"
            )
    _one_version(observations, faults)
    _one_subject(observations, faults)
    return Content(tuple(observations), tuple(patients), next(iter(subjects.values()), None), texts)


def _holds_observations(body: Resource) -> bool:
    inside = body.get("contained")
    return isinstance(inside, list) and any(isinstance(one, dict) and one.get("resourceType") == "Observation" for one in inside)


def _count(loose: Iterable[tuple[str, Resource, str]]) -> None:
    many = 0
    for _, body, _ in loose:
        inside = body.get("contained")
        many += 1 + (len(inside) if isinstance(inside, list) else 0)
    if many > MOST_OBSERVATIONS:
        what = f"holds {many:,} resources; at most {MOST_OBSERVATIONS:,} are read in one request"
        raise ObservationError(Problem("too_many_observations", "resource", what, "send one person's observations of one time"))


def _one_version(observations: Iterable[FoundObservation], faults: Faults) -> None:
    """Refuse an Observation in two versions, as a history holds them: this software cannot know which one is true."""
    seen: dict[str, FoundObservation] = {}
    for found in observations:
        first = seen.setdefault(found.address, found) if found.address else found
        if first.body != found.body:
            faults.add("observation_twice", found.place, f"is another version of {first.place}", "send only the version that is valid")


def _take_parameter(place: str, parameter: Resource, texts: dict[str, str], loose: list[tuple[str, Resource, str]], faults: Faults) -> None:
    name = faults.text(parameter, "name", place)
    values = [key for key in parameter if key.startswith("value")]
    if name == "window" and len(values) == 1 and type(parameter[values[0]]) is int:
        parameter = {**parameter, values[0]: str(parameter[values[0]])}
    if name in TEXTS and len(values) == 1 and isinstance(parameter[values[0]], str):
        if texts.setdefault(name, parameter[values[0]]) != parameter[values[0]]:
            faults.add("parameter_twice", place, f"{name} is given twice, differently", "give it once")
    elif name in ("observations", "observation") and isinstance(parameter.get("resource"), dict):
        body = parameter["resource"]
        if body.get("resourceType") == "Bundle":
            loose += _entries(body, f"{place}.resource", faults)
        else:
            loose.append((f"{place}.resource", body, ""))
    else:
        faults.add(
            "unknown_input",
            place,
            f"{name[:60]!r} is not an input, or not of this type",
            f"give {', '.join(TEXTS)} as text, observations as a Bundle",
        )


def _entries(bundle: Mapping[str, Any], where: str, faults: Faults) -> Iterator[tuple[str, Resource, str]]:
    kind = faults.text(bundle, "type", where)
    if kind not in READABLE:
        faults.add("bundle_type", f"{where}.type", f"{kind[:60]!r} is not read here", "send one of: " + ", ".join(READABLE))
        return
    faults.other_rules(bundle, where)
    if any(link.get("relation") == "next" for _, link in faults.objects(bundle, "link", where)):
        faults.add("bundle_incomplete", f"{where}.link", "names a next page: readings may be missing here", "send every page, in one Bundle")
    for place, entry in faults.objects(bundle, "entry", where):
        faults.other_rules(entry, place)
        body = faults.object(entry, "resource", place)
        if faults.text(body, "resourceType", f"{place}.resource") == "Bundle":
            faults.add("bundle_nested", f"{place}.resource", "is a Bundle in a Bundle", "send the Observations of one person in one Bundle")
        elif body:
            if not body.get("resourceType"):
                faults.add("resource_type_missing", f"{place}.resource", "does not say what it is", "send its resourceType, such as Observation")
            yield f"{place}.resource", body, faults.text(entry, "fullUrl", place)


def _tail(body: Mapping[str, Any]) -> str:
    kind, name = body.get("resourceType"), body.get("id")
    return f"{kind}/{name}" if isinstance(kind, str) and isinstance(name, str) and name else ""


class _Holder:
    """The resource around a reference: `#p` refers to a resource contained in it, and only there."""

    def __init__(self, body: Mapping[str, Any], aliases: Mapping[str, str]):
        self.aliases = aliases
        inside = body.get("contained")
        every = [one for one in inside if isinstance(one, dict) and isinstance(one.get("id"), str)] if isinstance(inside, list) else []
        self._inside: dict[str, Resource] = {}
        for one in every:
            self._inside.setdefault(f"#{one['id']}", one)
        self._keys: dict[str, str] = {}

    def contained(self, reference: str) -> Resource:
        return self._inside.get(reference, {})

    def key(self, reference: str, place: str) -> str:
        """A key for a contained person: everything that is said of them."""
        person = self.contained(reference)
        if not person:
            return f"{place}{reference}"
        if reference not in self._keys:
            self._keys[reference] = f"#{write_json(person)}"
        return self._keys[reference]


def _with_contained(
    place: str, body: Resource, full_url: str, holder: _Holder, subjects: dict[str, Resource], faults: Faults, outer: FoundObservation | None = None
) -> Iterator[FoundObservation]:
    """An Observation and those contained in it, which are about the same person."""
    if faults.text(body, "status", place) in VOID:
        return
    own = faults.object(body, "subject", place)
    subject = _subject_key(own, holder, f"{place}.subject", faults) or (outer.subject if outer else "")
    for link_place, link in faults.objects(body, "focus", place):
        if not _same_person(_subject_key(link, holder, link_place, faults), subject):
            faults.add("focus_elsewhere", link_place, "is not the patient: this Observation was left out", "nothing to do", warning=True)
            return
    about = _reference(own, holder)
    if about and subject:
        subjects.setdefault(subject, about)
    tail = _tail(body)
    reference = full_url if full_url.startswith("urn:") else tail or full_url
    names = frozenset(name for name in (full_url, tail, f"#{body.get('id')}") if name)
    times = tuple(_times(body, place, faults)) or (outer.effective if outer else ())
    found = FoundObservation(place, body, outer.reference if outer else reference, subject, times, names, "" if outer else full_url or tail)
    yield found
    if outer is None:
        for inner_place, inner in faults.objects(body, "contained", place):
            if inner.get("resourceType") == "Observation":
                yield from _with_contained(inner_place, inner, "", holder, subjects, faults, found)


def _reference(subject: Resource, holder: _Holder) -> Resource:
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


def _subject_key(subject: Resource, holder: _Holder, place: str, faults: Faults) -> str:
    """A key for a person. A person contained twice is the same one where everything said of them is the same."""
    reference, identifier = faults.text(subject, "reference", place), subject.get("identifier")
    if reference.startswith("#"):
        return holder.key(reference, place)
    if reference:
        plain = reference.split("/_history/")[0]
        return holder.aliases.get(plain, plain)
    if isinstance(identifier, dict) and isinstance(identifier.get("value"), str):
        return f"{identifier.get('system')}|{identifier['value']}"
    return ""


def _same_person(one: str, other: str) -> bool:
    """Patient/1 and https://server/Patient/1 are the same person; patients of two servers are not."""
    return one == other or one.endswith(f"/{other}") or other.endswith(f"/{one}")


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
    others = [one for one in named if not _same_person(one, fullest)]
    if others:
        first = next(iter(named))
        place = named[fullest if fullest != first and first in others else others[0]].place
        what = "is another person than in other Observations"
        faults.add("subjects_differ", f"{place}.subject", what, "send one person's observations; send a mother's and a baby's separately")
        return
    for found in observations:
        if named and not found.subject:
            faults.add("subject_missing", f"{found.place}.subject", "is missing, but other Observations name a person", "say whose observation it is")


def _times(body: Mapping[str, Any], place: str, faults: Faults) -> Iterator[str]:
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


def codings(body: Mapping[str, Any], key: str, place: str, faults: Faults) -> list[Key]:
    """The codes of a CodeableConcept, as far as they name their system."""
    found = faults.object(body, key, place)
    keys = (key_of(coding) for _, coding in faults.objects(found, "coding", f"{place}.{key}"))
    return [each for each in keys if each is not None]
