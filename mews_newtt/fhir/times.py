"""FHIR dates and times: read, compared, and never taken from a clock."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

_TIME = re.compile(
    r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01])(T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-](0\d|1[0-4]):[0-5]\d))?)?)?", re.ASCII
)


def is_time(text: str) -> bool:
    """Whether it is a FHIR dateTime: a year, a month, a day, or an instant with its zone."""
    return bool(_TIME.fullmatch(text)) and _start(text) is not None


def is_instant(text: str) -> bool:
    """Whether it says the moment, with its zone."""
    return "T" in text and is_time(text)


def _start(text: str) -> datetime | None:
    """The first moment of what a dateTime says (a date's zone is not known: UTC is taken, to sort only)."""
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
    """The earliest and the latest; None where there is none."""
    if not times:
        return None
    ordered = sorted(dict.fromkeys(times), key=lambda text: (moment(text), text))
    return ordered[0], ordered[-1]


def later(text: str, minutes: int) -> str | None:
    """So many minutes after an instant, in its own zone; None where the text names no moment."""
    if not is_instant(text):
        return None
    try:
        return (moment(text) + timedelta(minutes=minutes)).isoformat()
    except OverflowError:
        return None


def completed_years(birth: str, on: str) -> int | None:
    """Age in completed years on a day; None where either says less than a day."""
    if len(birth) < 10 or len(on) < 10 or not is_time(birth) or not is_time(on):
        return None
    born, day = date.fromisoformat(birth[:10]), date.fromisoformat(on[:10])
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
