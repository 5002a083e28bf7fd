"""Reads and compares FHIR dates and times; never reads a clock."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

_DAY = r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01])"
_CLOCK = r"T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?"  # FHIR asks for seconds; without them the minute is still one minute
_TIME = re.compile(rf"{_DAY}({_CLOCK}(Z|[+-](0\d|1[0-4]):[0-5]\d))?)?)?", re.ASCII)
_NO_ZONE = re.compile(rf"{_DAY}{_CLOCK}))", re.ASCII)
_NO_SECONDS = re.compile(r"(T\d\d:\d\d)(Z|[+-])")


def is_time(text: str) -> bool:
    """Whether it says when: a year, a month, a day, or an instant with its zone. Seconds may be left out."""
    return bool(_TIME.fullmatch(text)) and _start(text) is not None


def is_instant(text: str) -> bool:
    """Whether it says the moment, with its zone."""
    return "T" in text and is_time(text)


def lacks_zone(text: str) -> bool:
    """Whether it is a time of day whose zone is not given, so that it names no moment."""
    return bool(_NO_ZONE.fullmatch(text))


def fhir_time(text: str) -> str:
    """The same time as FHIR writes it: with seconds."""
    return _NO_SECONDS.sub(r"\1:00\2", text)


def _start(text: str) -> datetime | None:
    """The first moment of what a dateTime says (the zone of a date is not known: UTC is taken, to sort only)."""
    filled = text + "0001-01-01"[len(text) :] if len(text) < 10 else text
    try:
        if "T" in filled:
            return datetime.fromisoformat(filled)
        return datetime.combine(date.fromisoformat(filled), datetime.min.time(), UTC)
    except (ValueError, OverflowError):
        return None


def moment(text: str) -> datetime:
    """A FHIR dateTime as a moment that can be compared."""
    found = _start(text)
    if found is None:
        raise ValueError("no FHIR dateTime")
    return found


def span(times: Sequence[str]) -> tuple[str, str] | None:
    """The earliest and the latest; None where there is none. Two texts of one moment, in two zones, are one time."""
    if not times:
        return None
    ordered = sorted(dict.fromkeys(times), key=lambda text: (moment(text), text))
    first, last = ordered[0], ordered[-1]
    return (first, first) if moment(first) == moment(last) and is_instant(first) == is_instant(last) else (first, last)


def later(text: str, minutes: int) -> str | None:
    """So many minutes after an instant, in its own zone; None where the text names no moment."""
    if not is_instant(text):
        return None
    try:
        return (moment(text) + timedelta(minutes=minutes)).isoformat()
    except OverflowError:
        return None


def minutes_between(one: datetime, other: datetime) -> int:
    """Whole minutes from one moment to a later one; negative where it is earlier."""
    return int((other - one) / timedelta(minutes=1))


def in_words(minutes: int) -> str:
    """A length of time as people say it: `25 min`, `14 h`, `3 h 20 min`, `9 days`."""
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        hours, rest = divmod(minutes, 60)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{minutes // (24 * 60)} days"


def completed_years(birth: str, on: str) -> int | None:
    """Age in completed years on a day; None where either says less than a day."""
    if len(birth) < 10 or len(on) < 10 or not is_time(birth) or not is_time(on):
        return None
    born, day = date.fromisoformat(birth[:10]), date.fromisoformat(on[:10])
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
