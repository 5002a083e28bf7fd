"""$ews-track: makes sets from one person's Observations and follows them with `mews_newtt.episode`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from mews_newtt.chart.model import Chart
from mews_newtt.episode.entries import Entry
from mews_newtt.episode.find_policy import policy_named, schedules_named
from mews_newtt.episode.follow import BIRTH, Episode, FollowedSet, follow
from mews_newtt.episode.policy import Policy
from mews_newtt.errors import ObservationError, Problem
from mews_newtt.fhir.all_rounds import Round, all_rounds
from mews_newtt.fhir.asked import asked_for, asked_of
from mews_newtt.fhir.bundle import Content, content_of, own_patients, resources_of
from mews_newtt.fhir.by_date import Find
from mews_newtt.fhir.by_text import read_by_text
from mews_newtt.fhir.cds import population
from mews_newtt.fhir.codes import Codes, codes_of
from mews_newtt.fhir.jsontext import Model, Resource, plain
from mews_newtt.fhir.operations import Request
from mews_newtt.fhir.outcome import operation_outcome
from mews_newtt.fhir.readings import Readings, notes_of, read_set, score_readings
from mews_newtt.fhir.rounds import window_of
from mews_newtt.fhir.scored import score_observation
from mews_newtt.fhir.times import is_instant, moment
from mews_newtt.fhir.versions import State, Versions, require_same_person
from mews_newtt.reading.fhir_parts import HISTORY, READABLE, Faults, Holder, subject_key
from mews_newtt.reading.sets import ObservationSet
from mews_newtt.scoring.result import Score

BIRTH_TIME = "http://hl7.org/fhir/StructureDefinition/patient-birthTime"
BUNDLES = (*READABLE, HISTORY)
OWN = ("policy", "schedule", "born", "now")  # parameters that the other operations do not have
FindPolicy = Callable[[str], Policy]


class TrackRequest(NamedTuple):
    """What a caller asks in addition to the resource, as `Request` does. The resource may hold the same parameters."""

    request: Request = Request()
    policies: Sequence[str] = ()
    schedules: Sequence[str] = ()
    born: str | None = None
    now: str | None = None


class Course(NamedTuple):
    """The course of one person, and the readings behind each of its sets.

    readings : by the set's id; None for a set that cannot be read
    notes : warnings about the whole request
    """

    episode: Episode
    subject: Resource | None
    readings: Mapping[str, Readings | None]
    notes: tuple[Problem, ...]

    @property
    def resource(self) -> Resource:
        """As Parameters: `to_dict` of the episode part by part, with each set's score as an Observation."""
        told: dict[str, Any] = dict(self.episode.to_dict())
        chart = told.pop("chart")
        parameters: list[Resource] = [{"name": "chart", "valueString": f"{chart['id']}|{chart['version']}"}]
        parameters += [{"name": "policy", "valueString": f"{one['id']}|{one['version']}"} for one in told.pop("policies")]
        parameters += [{"name": "subject", "valueReference": self.subject}] if self.subject else []
        del told["sets"]
        parameters += [{"name": "set", "part": self._parts(one)} for one in self.episode.sets]
        parameters += [part for name, value in told.items() for part in parts_of(name, value)]
        if self.notes:
            parameters.append({"name": "outcome", "resource": operation_outcome(self.notes)})
        return {"resourceType": "Parameters", "parameter": parameters}

    def _parts(self, one: FollowedSet) -> list[Resource]:
        told: dict[str, Any] = dict(one.to_dict())
        del told["score"]
        changes = [{"parameter": name, "before": pair[0], "after": pair[1]} for name, pair in told.pop("points_change").items()]
        readings = self.readings[one.entry.id or ""]
        parts = [*parts_of("id", told.pop("id")), {"name": "status", "valueCode": one.score.status}]
        if readings is not None and one.score.status != "refused":
            parts.append({"name": "score", "resource": score_observation(one.score, readings)})
        notes = [*one.score.problems, *(readings.notes if readings is not None else ())]
        parts += [{"name": "outcome", "resource": operation_outcome(notes)}] if notes else []
        return [*parts, *(part for name, value in told.items() for part in parts_of(name, value)), *parts_of("points_change", changes)]


def parts_of(name: str, value: object) -> list[Resource]:
    """Plain data as parameters: an object has parts, a list comes again and again, and what is null or empty is left out."""
    if value is None or value in ("", [], {}):
        return []
    if isinstance(value, Mapping):
        inner = [part for key, each in value.items() for part in parts_of(key, each)]
        return [{"name": name, "part": inner}] if inner else []
    if isinstance(value, list):
        return [part for each in value for part in parts_of(name, each)]
    if isinstance(value, bool):
        return [{"name": name, "valueBoolean": value}]
    if isinstance(value, int):
        return [{"name": name, "valueInteger": value}]
    if isinstance(value, float):
        return [{"name": name, "valueDecimal": value}]
    text = str(value)
    return [{"name": name, "valueInstant" if is_instant(text) else "valueString": text}]


def ews_track(
    resource: Mapping[str, Any] | Model,
    find: Find,
    asked: TrackRequest | None = None,
    *,
    find_policy: FindPolicy = policy_named,
    now: datetime | None = None,
) -> Course:
    """Score and follow every round of one person's Observations on one chart.

    Parameters
    ----------
    resource : a Bundle of Observations (also `history`: several versions of one), or Parameters that hold one. A version with a later `issued`
        replaces the one before; `entered-in-error` takes it out. `issued` is the time of recording. A Patient with the birthTime extension gives
        the time of birth on charts for newborns
    find, find_policy : give a chart, and a policy, by their names
    asked : what is asked beside the resource
    now : the time by the caller's clock, where neither `asked` nor the resource names another

    Returns
    -------
    The course. A round whose readings cannot be read is a refused set with its problems; the other sets are followed.

    Raises
    ------
    ObservationError  several persons; versions that cannot be put in order; an Observation whose time cannot be read; nothing to follow; as `follow`
    ChartNotFound     no such chart, version or hash
    FileError         no such policy, or one that does not fit the chart
    """
    asked = asked or TrackRequest()
    faults = Faults()
    own: dict[str, list[str]] = {name: [] for name in OWN}
    loose, texts = resources_of(plain(resource), faults, kinds=BUNDLES, also=own)
    versions = Versions(loose, faults)
    given = content_of([*versions.others, *versions.latest()], texts, faults)
    require_same_person(versions, {found.subject: None for found in given.observations if found.subject}, faults)
    faults.raise_errors()
    nobody = given._replace(texts={name: text for name, text in texts.items() if name in ("chart", "version", "sha256")})
    chart = asked.request.chart_of(nobody, find)
    codes = codes_of(chart)
    moment_asked = _instant("now", own["now"], asked.now, faults) or now
    born = _instant("born", own["born"], asked.born, faults) or _birth_time(chart, given, faults)
    policies = [find_policy(name) for name in dict.fromkeys([*own["policy"], *asked.policies])]
    schedules = schedules_named([*own["schedule"], *asked.schedules])
    wanted = {name: value for name in ("start", "end", "lookback", "encounter") if (value := asked.request.value(name, given)) is not None}
    window = window_of(asked.request.value("window", given))
    for name in ("effective", "issued"):
        if name in texts:
            faults.add("unknown_input", name, "is not an input of $ews-track", "leave it out; every Observation says when it was taken")
    faults.raise_errors()
    given = read_by_text(codes, given)
    if wanted:
        given = asked_for(codes, given, asked_of(wanted, moment_asked), faults)
    maker = _Maker(chart, codes, versions, faults)
    entries = maker.entries(all_rounds(codes, given, faults, window=window), window, whole=not wanted)
    if not entries:
        _refuse_nothing(chart, faults)
    schedule_at_birth = any(start is None for start in schedules.values())
    episode = follow(
        chart,
        entries,
        policies=policies,
        schedules=schedules,
        born=born if BIRTH in chart.by_id or schedule_at_birth else None,
        now=moment_asked,
        score_set=maker.score,
    )
    readings = {one.entry.id or "": maker.read[_key(one.entry)][0] for one in episode.sets}
    return Course(episode, given.subject or _subject(versions), readings, notes_of(faults))


class _Maker:
    """Makes the entries of a course from its rounds, and keeps what was read for each."""

    def __init__(self, chart: Chart, codes: Codes, versions: Versions, faults: Faults):
        self.chart, self.codes, self.versions, self.faults = chart, codes, versions, faults
        self.read: dict[tuple[str | None, datetime | None], tuple[Readings | None, tuple[Problem, ...]]] = {}

    def entries(self, rounds: Sequence[Round], window: int, *, whole: bool) -> list[Entry]:
        """Every version of every set. Where only a period or an encounter is asked for, sets that are void throughout are left out."""
        void = self.versions.void()
        of_round, alone = _voids_by_round(rounds, void, window)
        found: list[Entry] = []
        for number, one in enumerate(rounds):
            names = [self.versions.name_at[each.place] for each in one.content.observations if each.place in self.versions.name_at]
            found += self._versions_of_set(one.first, one.last, dict.fromkeys([*names, *of_round[number]]), one.content)
        if whole:
            for several in _void_rounds(alone, void, window):
                times = [when for name in several if (when := void[name][0]) is not None]
                found += self._versions_of_set(min(times), max(times), several, None)
        unplaced = [name for name in alone if void[name][0] is None or not void[name][1]]
        if unplaced:
            place = self.versions.by_name[unplaced[0]][-1].place
            what = f"{len(unplaced)} of the Observations were entered in error and do not say when they were taken"
            self.faults.add("void_without_time", place, what, "nothing to do, unless they hide a set that was taken out", warning=True)
        return found

    def _versions_of_set(self, first: datetime, last: datetime, names: Iterable[str], content: Content | None) -> list[Entry]:
        """A set as it counts now, after what it was before each correction."""
        states = self.versions.states(names)
        name = first.isoformat()
        found: list[Entry] = []
        for number, state in enumerate(states):
            valid = [version.loose for version in state.versions if not version.void]
            if number == len(states) - 1 and content is not None:
                found.append(self._entry(name, last, state.recorded, content))
            elif valid:
                found.append(self._entry(name, last, state.recorded, self._content(state, content)))
            elif number == len(states) - 1:
                found.append(Entry({}, last, state.recorded, name, void=True))
        return found

    def _content(self, state: State, content: Content | None) -> Content:
        """What a set held before a correction. Faults of it are not told: it no longer counts."""
        valid = [version.loose for version in state.versions if not version.void]
        made = read_by_text(self.codes, content_of([*self.versions.others, *valid], {}, Faults()))
        return made if content is None else made._replace(unplaced=content.unplaced)

    def _entry(self, name: str, last: datetime, recorded: datetime | None, content: Content) -> Entry:
        faults = Faults()
        readings: Readings | None = None
        problems: tuple[Problem, ...] = ()
        try:
            readings = read_set(self.chart, content, faults)
        except ObservationError as refusal:
            problems = refusal.problems
        taken = moment(readings.effective[1]) if readings is not None and readings.effective is not None else last
        entry = Entry(dict(readings.raw) if readings is not None else {}, taken, recorded, name)
        self.read[_key(entry)] = (readings, problems)
        return entry

    def score(self, entry: Entry, given: Mapping[str, Any]) -> Score:
        """The score of a set as $ews-score has it: what may be an unread reading counts as missing."""
        readings, problems = self.read[_key(entry)]
        if readings is None:
            return Score(self.chart, "refused", problems=problems)
        try:
            if BIRTH in given and BIRTH not in readings.raw:
                readings = readings._replace(set=ObservationSet(given, observations=self.codes.observations))
            return score_readings(self.chart, readings)
        except ObservationError as refusal:
            return Score(self.chart, "refused", problems=tuple(readings.at(problem) for problem in refusal.problems))


def _key(entry: Entry) -> tuple[str | None, datetime | None]:
    return entry.id, entry.recorded_at


def _voids_by_round(rounds: Sequence[Round], void: Mapping[str, tuple[datetime | None, bool]], window: int) -> tuple[list[list[str]], list[str]]:
    """The Observations that were entered in error: those of each round, and those of none."""
    of_round: list[list[str]] = [[] for _ in rounds]
    alone: list[str] = []
    for name, (when, exact) in void.items():
        near = [number for number, one in enumerate(rounds) if when is not None and exact and one.may_hold(when, window)]
        if near and when is not None:
            time = when
            of_round[min(near, key=lambda number: abs(rounds[number].last - time))].append(name)
        else:
            alone.append(name)
    return of_round, alone


def _void_rounds(names: Iterable[str], void: Mapping[str, tuple[datetime | None, bool]], window: int) -> list[list[str]]:
    """Rounds of which everything was entered in error."""
    timed = sorted((when, name) for name in names if (when := void[name][0]) is not None and void[name][1])
    groups: list[list[tuple[datetime, str]]] = []
    for when, name in timed:
        if groups and when - groups[-1][0][0] <= timedelta(minutes=window):
            groups[-1].append((when, name))
        else:
            groups.append([(when, name)])
    return [[name for _, name in group] for group in groups]


def _birth_time(chart: Chart, given: Content, faults: Faults) -> datetime | None:
    """The time of birth of the person, on a chart for newborns. On other charts it is the birth of the person's baby that counts."""
    if population(chart) != "newborn":
        return None
    for place, patient in own_patients(given):
        told = faults.object(patient, "_birthDate", place)
        for where, extension in faults.objects(told, "extension", f"{place}._birthDate"):
            text = extension.get("valueDateTime")
            if extension.get("url") != BIRTH_TIME:
                continue
            if isinstance(text, str) and is_instant(text):
                return moment(text)
            faults.add("not_a_time", f"{where}.valueDateTime", "is not a time with its zone", "write it like 2026-11-22T09:30:00Z")
    return None


def _instant(name: str, told: list[str], here: str | None, faults: Faults) -> datetime | None:
    """A parameter that is an instant, from the resource or from the caller."""
    every = dict.fromkeys([*told, *([here] if here is not None else [])])
    if len(every) > 1:
        faults.add("parameter_twice", name, "is given twice, differently", "give it once")
    for text in every:
        plain_text = text.replace(" ", "+")  # a plus sign in a query is a blank
        if is_instant(plain_text):
            return moment(plain_text)
        faults.add("not_a_time", name, "is not a FHIR instant", "write it like 2026-11-22T09:30:00Z")
    return None


def _subject(versions: Versions) -> Resource | None:
    """The person of a course in which everything was entered in error."""
    for several in versions.by_name.values():
        about = Faults().object(several[-1].body, "subject", "")
        key = subject_key(about, Holder(several[-1].body, {}), "", Faults())
        if key and isinstance(about.get("reference"), str):
            return {"reference": about["reference"]}
    return None


def _refuse_nothing(chart: Chart, faults: Faults) -> None:
    told = [note.what for note in faults if note.warning][:10]
    why = f": {'; '.join(told)}" if told else ""
    what = f"no Observation here with a time of day is a reading of {chart.short_title}{why}"
    raise ObservationError(Problem("nothing_read", "", what, "use the codes of docs/fhir.md, and say when each was observed"))
