"""Which Observations a caller asks for: of a period of time, of an encounter. What is left out is named, and what may belong to it too."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from mews_newtt.errors import Problem
from mews_newtt.fhir.bundle import Content, FoundObservation, refers_to
from mews_newtt.fhir.codes import Codes
from mews_newtt.fhir.rounds import rows_in, time_of
from mews_newtt.fhir.times import in_words, is_instant, moment
from mews_newtt.reading.fhir_parts import Faults
from mews_newtt.scoring.wording import count

LONGEST = 366 * 24 * 60  # minutes that `lookback` may say: a year
A_DAY = timedelta(hours=24)


class Asked(NamedTuple):
    """The period and the encounter whose readings count; without them, all do."""

    start: datetime | None = None
    end: datetime | None = None
    encounter: str | None = None
    lookback: int | None = None  # the minutes that gave `start`


def asked_of(texts: Mapping[str, str | int | None], now: datetime | None) -> Asked:
    """What the parameters `start`, `end`, `lookback` and `encounter` ask for.

    Raises
    ------
    ObservationError  a time that is no instant, an end before its start, `start` with `lookback`, `lookback` with nothing to count back from
    """
    faults = Faults()
    start, end = (_instant(texts.get(name), name, faults) for name in ("start", "end"))
    lookback = _minutes(texts.get("lookback"), faults)
    if lookback is not None and texts.get("start") is not None:
        faults.add("parameter_twice", "lookback", "is given with `start`, which says the same", "give one of them")
    elif lookback is not None and end is None and now is None:
        faults.add("bad_window", "lookback", "has no time to count back from", "give `end` too")
    elif lookback is not None:
        last = end or now
        start = last - timedelta(minutes=lookback) if last else None
    if start and end and end < start:
        faults.add("bad_window", "end", "is before the start", "exchange the two")
    encounter = texts.get("encounter")
    if encounter is not None and (not isinstance(encounter, str) or not encounter.strip() or len(encounter) > 2000):
        faults.add("bad_window", "encounter", "is not a reference", "write it like Encounter/123")
    faults.raise_errors()
    return Asked(start, end, str(encounter).strip() if encounter is not None else None, lookback)


def _instant(text: object, name: str, faults: Faults) -> datetime | None:
    if text is None:
        return None
    if isinstance(text, str) and is_instant(text.replace(" ", "+")):  # a plus sign in a query is a blank
        return moment(text.replace(" ", "+"))
    faults.add("not_a_time", name, "is not a FHIR instant", "write it like 2026-11-22T09:30:00Z")
    return None


def _minutes(text: object, faults: Faults) -> int | None:
    plain = "" if text is None else str(text).strip()
    if text is None or (plain.isascii() and plain.isdigit() and len(plain) < 7 and 0 < int(plain) <= LONGEST):
        return int(plain) if plain else None
    faults.add("bad_window", "lookback", f"is {plain[:20]!r}", f"give whole minutes, from 1 to {LONGEST}")
    return None


def asked_for(codes: Codes, given: Content, asked: Asked, faults: Faults) -> Content:
    """The content with only the Observations that are asked for. Those whose time or encounter is not known may belong to it: they are left out, and
    the parameters that they are for count as missing where nothing else has a reading of them.
    """
    left: dict[str, list[FoundObservation]] = {"outside_period": [], "other_encounter": [], "encounter_missing": []}
    kept = []
    for found in given.observations:
        why = _other_time(found, asked) or _other_encounter(found, asked)
        if why:
            left[why].append(found)
        else:
            kept.append(found)
    says = {"outside_period": _period(asked), "other_encounter": "of another encounter", "encounter_missing": "without an encounter"}
    mends = {"outside_period": "ask for a longer period where they belong to it", "encounter_missing": "say in which encounter they were taken"}
    unplaced = set(given.unplaced)
    for code, several in left.items():
        rows = list(dict.fromkeys(row for found in several for row in rows_in(codes, found)))
        if code == "encounter_missing":
            unplaced |= set(rows)
        if several:
            titles = ", ".join(codes.observations[row].title for row in rows) or "not known here"
            what = f"{count(len(several), 'observation')} {says[code]} left out: {titles}{_newest(several)}"
            faults.add(code, several[0].place, what, mends.get(code, "nothing to do"), warning=True)
    return given._replace(observations=tuple(kept), unplaced=frozenset(unplaced & codes.chart.by_id.keys()))


def _newest(several: list[FoundObservation]) -> str:
    times = [text for found in several for text in found.effective]
    return f"; the newest is of {max(times, key=moment)}" if times else ""


def _period(asked: Asked) -> str:
    if asked.lookback is not None:
        return f"older than {in_words(asked.lookback)}"
    ends = [f"{word} {when.isoformat()}" for word, when in (("from", asked.start), ("to", asked.end)) if when]
    return f"not {' '.join(ends)}"


def _other_time(found: FoundObservation, asked: Asked) -> str:
    """A date without a time of day is outside where its whole day is, in any zone. An Observation without a time stays: `one_round` judges it."""
    when, exact = time_of(found)
    if when is None:
        return ""
    first, last = (when, when) if exact else (when - A_DAY, when + 2 * A_DAY)
    outside = (asked.start and last < asked.start) or (asked.end and first > asked.end)
    return "outside_period" if outside else ""


def _other_encounter(found: FoundObservation, asked: Asked) -> str:
    if asked.encounter is None:
        return ""
    quiet = Faults()
    told = quiet.object(found.body, "encounter", found.place)
    reference, identifier = told.get("reference"), quiet.object(told, "identifier", found.place).get("value")
    names = {name for name in (reference, identifier) if isinstance(name, str) and name}
    if not names:
        return "encounter_missing"
    wanted = {asked.encounter, f"Encounter/{asked.encounter}"}  # a bare id is one of an Encounter
    same = not wanted.isdisjoint(names) or (isinstance(reference, str) and (refers_to(reference, wanted) or refers_to(asked.encounter, {reference})))
    return "" if same else "other_encounter"


def old_readings(effective: tuple[str, str] | None, now: datetime | None) -> Problem | None:
    """A warning that the newest reading is more than a day old. The score is made all the same: it may be wanted for the record."""
    if now is None or effective is None:
        return None
    if now - moment(effective[1]) <= (A_DAY if is_instant(effective[1]) else 2 * A_DAY):  # a date: its day may have ended just now
        return None
    what = f"the newest reading is of {moment(effective[1]).isoformat()}, more than a day ago"
    return Problem("readings_old", "", what, "take new observations where the score is for care now", True)
