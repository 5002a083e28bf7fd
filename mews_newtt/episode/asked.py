"""A course as plain data asks for it: the sets of one person as JSON, and what holds beside the chart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from mews_newtt.chart.model import Chart
from mews_newtt.episode.entries import Entry
from mews_newtt.episode.find_policy import policy_named
from mews_newtt.episode.follow import Episode, follow
from mews_newtt.episode.policy import Policy
from mews_newtt.errors import ObservationError, Problem, did_you_mean

KEYS = ("sets", "policies", "schedules", "born", "now")
READINGS = "readings"
FLAGS = ("void", "escalated")  # of an entry; what ends in _at is a time, and the rest is text
OF_SET = (READINGS, *(name for name in Entry._fields if name != "given"))
MOST_SETS = 10_000


def follow_json(
    chart: Chart, document: Mapping[str, Any], *, find_policy: Callable[[str], Policy] = policy_named, now: datetime | None = None
) -> Episode:
    """Follow the sets of one person that are plain data, such as JSON.

    Parameters
    ----------
    document : `sets`, a list of objects with `observed_at`, `readings` (as `score` takes them) and the other fields of `Entry`; and, where
        they are wanted, `policies` (names), `schedules` (names, or an object from names to their starts; null starts at birth), `born` and `now`.
        Times are ISO 8601 text
    now : the time to count to, where the document names none

    Raises
    ------
    ObservationError  naming every fault of the document with its place; and as `follow`
    FileError         no such policy, or one that does not fit the chart
    """
    problems: list[Problem] = []
    _known(document, KEYS, "", problems)
    sets = document.get("sets")
    entries: list[Entry] = []
    if not isinstance(sets, list):
        problems.append(Problem("sets_missing", "sets", "is no list", 'send {"sets": [{"observed_at": "...", "readings": {...}}]}'))
    elif len(sets) > MOST_SETS:
        problems.append(Problem("too_many_rows", "sets", f"holds {len(sets):,} sets", f"send at most {MOST_SETS:,} of one person, or a file"))
    else:
        entries = [entry for place, one in enumerate(sets) if (entry := _entry(one, f"sets[{place}]", problems)) is not None]
    policies = _names(document, "policies", problems)
    schedules = _schedules(document.get("schedules"), problems)
    born, asked = (_time(document.get(name), name, problems) for name in ("born", "now"))
    if problems:
        raise ObservationError(problems)
    found = [find_policy(name) for name in dict.fromkeys(policies)]
    return follow(chart, entries, policies=found, schedules=schedules, born=born, now=asked or now)


def _entry(one: object, where: str, problems: list[Problem]) -> Entry | None:
    if not isinstance(one, Mapping):
        problems.append(Problem("not_an_object", where, "is no object", 'send {"observed_at": "...", "readings": {...}}'))
        return None
    _known(one, OF_SET, where, problems)
    readings = one.get(READINGS)
    if readings is not None and not isinstance(readings, Mapping):
        problems.append(Problem("not_an_object", f"{where}.{READINGS}", "is no object", 'send {"respiratory_rate": 18, ...}'))
        return None
    found: dict[str, Any] = {"given": readings or {}}
    for name in OF_SET[1:]:
        value = one.get(name)
        if value is None:
            continue
        if name.endswith("_at"):
            found[name] = _time(value, f"{where}.{name}", problems)
        elif isinstance(value, bool if name in FLAGS else str):
            found[name] = value
        else:
            says = "neither true nor false" if name in FLAGS else "no text"
            problems.append(Problem("wrong_type", f"{where}.{name}", f"is {says}", "write true, false" if name in FLAGS else "write it in quotes"))
    if found.get("observed_at") is None:
        if one.get("observed_at") is None:
            problems.append(Problem("time_missing", f"{where}.observed_at", "is not given", "say when the set was taken: 2026-11-20T08:00:00Z"))
        return None
    return Entry(**found)


def _known(given: Mapping[str, Any], known: tuple[str, ...], where: str, problems: list[Problem]) -> None:
    for name in given:
        if name not in known:
            near = did_you_mean(str(name), known)
            mend = f"did you mean {near!r}?" if near else "known: " + ", ".join(known)
            problems.append(Problem("unknown_key", f"{where}.{str(name)[:60]}".lstrip("."), "is not known here", mend))


def _names(document: Mapping[str, Any], key: str, problems: list[Problem]) -> list[str]:
    given = document.get(key)
    if given is None:
        return []
    if isinstance(given, list) and all(isinstance(one, str) for one in given):
        return given
    problems.append(Problem("wrong_type", key, "is no list of names", 'write ["..."]'))
    return []


def _schedules(given: object, problems: list[Problem]) -> dict[str, datetime | None]:
    if isinstance(given, Mapping):
        return {str(name): _time(start, f"schedules.{str(name)[:60]}", problems) for name, start in given.items()}
    return dict.fromkeys(_names({"schedules": given}, "schedules", problems))


def _time(value: object, where: str, problems: list[Problem]) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, str) and "T" in value.upper().replace(" ", "T"):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
    problems.append(Problem("not_a_time", where, f"is {str(value)[:40]!r}", "write the date and the time of day: 2026-11-20T08:00:00Z"))
    return None
