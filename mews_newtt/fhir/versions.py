"""The versions of each Observation, as in a history: which version counts, and what a set was before a correction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from mews_newtt.fhir.bundle import Loose, same_person, times_in
from mews_newtt.fhir.jsontext import Resource, write_json
from mews_newtt.fhir.times import is_instant, moment
from mews_newtt.reading.fhir_parts import VOID, Faults, Holder, subject_key, tail_of

CORRECTED = ("amended", "corrected")


class Version(NamedTuple):
    """One version of an Observation, and when it was recorded: `issued`, or `meta.lastUpdated` where that alone tells versions apart."""

    loose: Loose
    recorded: datetime | None

    @property
    def place(self) -> str:
        return self.loose[0]

    @property
    def body(self) -> Resource:
        return self.loose[1]

    @property
    def void(self) -> bool:
        return self.body.get("status") in VOID


class State(NamedTuple):
    """What a set was from a time on: the version of each of its Observations that counted. No time: nothing says when it was recorded."""

    recorded: datetime | None
    versions: tuple[Version, ...]


class Versions:
    """The Observations of a request by their names, each with its versions in order; and the other resources."""

    def __init__(self, loose: Iterable[Loose], faults: Faults):
        self.others = []
        found: dict[str, dict[str, Loose]] = {}
        every = list(loose)
        names = _names(every)
        for one, name in zip(every, names, strict=True):
            if name is None:
                self.others.append(one)
            else:
                found.setdefault(name, {}).setdefault(write_json(one[1]), one)  # the same, letter by letter, counts once
        self.by_name = {name: _in_order(list(several.values()), faults) for name, several in found.items()}
        self.name_at = {version.place: name for name, several in self.by_name.items() for version in several}
        _tell_lonely(self.by_name, faults)

    def latest(self) -> list[Loose]:
        """The last version of each Observation, without those that were entered in error."""
        return [several[-1].loose for several in self.by_name.values() if not several[-1].void]

    def void(self) -> dict[str, tuple[datetime | None, bool]]:
        """The Observations that were entered in error, by name, each with its time and whether the time of day is known."""
        return {name: _when(several) for name, several in self.by_name.items() if several[-1].void}

    def states(self, names: Iterable[str]) -> list[State]:
        """What a set of these Observations was, from the time when all were recorded until its last correction."""
        several = [self.by_name[name] for name in names]
        begin = max((each[0].recorded for each in several if each[0].recorded), default=None)
        changes = {version.recorded for each in several for version in each[1:] if version.recorded}
        times = [begin, *sorted(time for time in changes if begin is not None and time > begin)]
        states = [State(time, tuple(_at(each, time) for each in several)) for time in times]
        if len(states) == 1 and any(each[-1].recorded is None for each in several):
            return [states[0]._replace(recorded=None)]  # one reading is not known to be as old as the others
        return states

    def subjects(self, faults: Faults) -> Iterator[tuple[str, str]]:
        """The place and the person of every version."""
        for several in self.by_name.values():
            for version in several:
                about = faults.object(version.body, "subject", version.place)
                key = subject_key(about, Holder(version.body, {}), f"{version.place}.subject", faults)
                if key and not key.startswith("#"):
                    yield version.place, key


def require_same_person(versions: Versions, subjects: Mapping[str, object], faults: Faults) -> None:
    """Refuse earlier or void versions of another person than the versions that count: a set would mix two persons."""
    known = {*subjects}
    for place, key in versions.subjects(faults):
        if not known:
            known.add(key)
        elif not any(same_person(key, other) for other in known):
            what = "is another person than in other Observations, or in other versions of it"
            faults.add("subjects_differ", f"{place}.subject", what, "send the observations of one person")
            return


def _names(every: list[Loose]) -> list[str | None]:
    """One name for all versions of an Observation: `Observation/1`, or its whole address where two servers have an Observation/1."""
    addresses: dict[str, set[str]] = {}
    for _, body, full_url in every:
        if full_url and not full_url.startswith("urn:"):
            addresses.setdefault(tail_of(body), set()).add(full_url.split("/_history/")[0])
    names: list[str | None] = []
    for number, (_, body, full_url) in enumerate(every):
        tail = tail_of(body)
        plain = full_url.split("/_history/")[0]
        if body.get("resourceType") != "Observation":
            names.append(None)
        elif tail and len(addresses.get(tail, ())) < 2:
            names.append(tail)
        else:
            names.append(plain or tail or f"#{number}")
    return names


def _in_order(several: list[Loose], faults: Faults) -> list[Version]:
    issued = [_time(one, one[1].get("issued"), "issued", faults) for one in several]
    if len(several) == 1:
        return [Version(several[0], issued[0])]
    updated = [_time(one, faults.object(one[1], "meta", one[0]).get("lastUpdated"), "meta.lastUpdated", faults) for one in several]
    for times in (issued, updated):
        known = [time for time in times if time is not None]
        if len(known) == len(several) == len(set(known)):
            return [Version(one, time) for time, one in sorted(zip(known, several, strict=True), key=lambda each: each[0])]
    what = f"has {len(several)} versions here, and neither issued nor meta.lastUpdated says which is the last"
    faults.add("correction_order", several[0][0], what, "give each version its own meta.lastUpdated")
    return [Version(one, None) for one in several]


def _time(one: Loose, text: object, name: str, faults: Faults) -> datetime | None:
    if text is None:
        return None
    if isinstance(text, str) and is_instant(text):
        return moment(text)
    faults.add("not_a_time", f"{one[0]}.{name}", "is not a FHIR instant", "write it like 2026-11-22T09:30:00Z")
    return None


def _at(several: list[Version], time: datetime | None) -> Version:
    """The version that counted at a time. The first one counts from the start."""
    known = [version for version in several if time is None or version.recorded is None or version.recorded <= time]
    return known[-1] if known else several[0]


def _when(several: list[Version]) -> tuple[datetime | None, bool]:
    """When an Observation was taken, by its last version that says so."""
    for version in reversed(several):
        times = list(times_in(version.body, version.place, Faults()))
        if times:
            text = max(times, key=moment)
            return moment(text), is_instant(text)
    return None, False


def _tell_lonely(by_name: Mapping[str, list[Version]], faults: Faults) -> None:
    lonely = [several[0] for several in by_name.values() if len(several) == 1 and several[0].body.get("status") in CORRECTED]
    if lonely:
        what = f"{len(lonely)} of the Observations were corrected, and what they said before is not here"
        faults.add("corrected_before", lonely[0].place, what, "send their earlier versions too, to see the sets before the correction", warning=True)
