"""Reads ranges, conditions and counts as people write them on a sheet, strictly; and writes them there.

Every reader raises Unreadable with what is wrong and how to mend it; none of them guesses.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from mews_newtt.chart.model import Condition, CountRule, Interval, Observation
from mews_newtt.errors import did_you_mean

AS_PRINTED = "as printed"  # the answer to a doubt: the print really says so
NOTHING = "-"  # written where a cell is meant to say: nothing
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"), "-")
_NUMBER = r"[+-]?\d+(?:[.,]\d+)?"
_THAN_OR_EQUAL = r"than\s+or\s+equal\s+to"
_BELOW = r"<|under|below|less than|lower than|fewer than"
_AT_MOST = rf"≤|<=|=<|up to(?:\s+and\s+including)?|at most|no more than|not more than|not above|(?:less|lower|fewer)\s+{_THAN_OR_EQUAL}"
_ABOVE = r">|over|above|more than|greater than|higher than"
_AT_LEAST = rf"≥|>=|=>|from|at least|no less than|not less than|not below|(?:greater|more|higher)\s+{_THAN_OR_EQUAL}"
_RANGE = re.compile(rf"(?P<low>{_AT_LEAST}|{_ABOVE})?\s*(?P<one>{_NUMBER})\s*(?:-|to|and)\s*(?P<high>{_AT_MOST}|{_BELOW})?\s*(?P<two>{_NUMBER})")
_FIRST = re.compile(rf"(?P<sign>{_AT_LEAST}|{_AT_MOST}|{_ABOVE}|{_BELOW})?\s*(?P<number>{_NUMBER})")
_LAST = re.compile(
    rf"(?P<number>{_NUMBER})\s*(?:(?P<least>\+|(?:or|and)\s+(?:more|over|above|greater|higher|older))|(?P<most>(?:or|and)\s+(?:less|under|below|lower|fewer|younger)))"
)


class Unreadable(ValueError):
    """A cell that cannot be read."""

    def __init__(self, what: str, mend: str):
        super().__init__(what)
        self.what, self.mend = what, mend


def plain(text: str) -> str:
    """A text for comparing: one kind of space and of dash, single spaces, no spaces at the ends."""
    return " ".join(unicodedata.normalize("NFC", text).translate(_DASHES).split())


def read_number(text: str) -> Decimal:
    """A number. A comma is the decimal point, unless it may separate thousands."""
    found = re.fullmatch(r"([+-]?\d+)(?:([.,])(\d+))?", plain(text))
    if found is None:
        raise Unreadable(f"{text!r} is not a number", "write digits, and a point before the decimals")
    whole, mark, decimals = found.groups()
    if mark == "," and len(decimals) == 3:
        raise Unreadable(f"{text!r} may mean thousands or decimals", "write a point before decimals, and nothing between thousands")
    return Decimal(f"{whole}.{decimals}" if decimals else whole)


def read_whole(text: str) -> int:
    """A whole number, also as a spreadsheet writes it: 2 or 2.0."""
    number = read_number(text)
    if number != number.to_integral_value():
        raise Unreadable(f"{text!r} is not a whole number", "write whole points")
    return int(number)


def read_interval(text: str, units: Iterable[str] = ()) -> Interval:
    """A range as people print it: 9-11, ≥ 24, 24+, <8, 8 or less, over 25 to under 30; with or without its unit."""
    said = plain(text).casefold()
    for unit in sorted({plain(unit).casefold() for unit in units if unit}, key=len, reverse=True):
        said = re.sub(rf"(?<=[\d\s]){re.escape(unit)}(?![\w/])", " ", said)
    said = re.sub(r"(?<=[<>=≤≥+-])\s+(?=[<>=])", "", " ".join(said.split()))
    if said == "any":
        return Interval()
    if both := _RANGE.fullmatch(said):
        low, high = read_number(both["one"]), read_number(both["two"])
        if both["low"] is None and both["high"] is None and " and " in said:
            raise Unreadable(f"{text!r} is not a range", "write the lower and the upper edge as 9-11")
        return Interval(low, not _is(both["low"], _ABOVE), high, not _is(both["high"], _BELOW))
    if last := _LAST.fullmatch(said):
        number = read_number(last["number"])
        return Interval(low=number) if last["least"] else Interval(high=number)
    if first := _FIRST.fullmatch(said):
        number, sign = read_number(first["number"]), first["sign"]
        if sign is None:
            return Interval(number, True, number, True)
        if _is(sign, _AT_LEAST) or _is(sign, _ABOVE):
            return Interval(low=number, low_included=_is(sign, _AT_LEAST))
        return Interval(high=number, high_included=_is(sign, _AT_MOST))
    raise Unreadable(f"{text!r} is not a range of numbers", "write it as 9-11, <8, 8 or less, ≥24 or 24+")


def _is(sign: str | None, kind: str) -> bool:
    return sign is not None and re.fullmatch(kind, sign) is not None


def read_total(text: str) -> Interval:
    """A range of totals, which are whole numbers from 0 on: `below 3` is 0 to 2."""
    read = read_interval(text)
    low, high = read.low, read.high
    if low is not None and not read.low_included:
        low = low + 1 if low == low.to_integral_value() else low
    if high is not None and not read.high_included:
        high = high - 1 if high == high.to_integral_value() else high
    return Interval(Decimal(0) if low is None else low, True, high, True)


def read_categories(text: str, observation: Observation) -> tuple[str, ...]:
    """Category ids, from ids, titles or synonyms separated by `or`, a comma, a semicolon or a bar."""
    known = {**{plain(c.title).casefold(): c.id for c in observation.categories}, **observation.category_by_name}
    whole = known.get(plain(text).casefold())
    parts = [text] if whole else [part for part in re.split(r"\s+or\s+|[,;|]", plain(text)) if part.strip()]
    found = []
    for part in parts:
        name = known.get(plain(part).casefold())
        if name is None:
            near = did_you_mean(plain(part), [*observation.category_ids, *known])
            raise Unreadable(
                f"{part.strip()!r} is not a category of {observation.id}",
                f"write {near!r}" if near else "use one of: " + ", ".join(observation.category_ids),
            )
        found.append(name)
    return tuple(found)


def read_reading(text: str, observation: Observation) -> Interval | tuple[str, ...]:
    """The readings of a band: a range of numbers, or categories."""
    if not observation.numeric:
        return read_categories(text, observation)
    read = read_interval(text, (observation.unit, *observation.unit_names))
    possible = observation.impossible  # nothing can be beyond its edges: a range that reaches them is open there
    if read.low is not None and read.low != read.high and read.low_included and read.low == possible.low:
        read = replace(read, low=None)
    if read.high is not None and read.low != read.high and read.high_included and read.high == possible.high:
        read = replace(read, high=None)
    return read


def when_says(when: Iterable[tuple[str, Condition]]) -> str:
    """A context as text that can be read back."""
    return " and ".join(f"{name} = {wanted if isinstance(wanted, Interval) else ' or '.join(sorted(wanted))}" for name, wanted in when)


def read_counts(text: str) -> tuple[CountRule, ...]:
    """Counts: `2 rows in zone red; 1 row at 3 points`."""
    rules = []
    for part in re.split(r"[;\n]", plain(text)):
        if not part.strip():
            continue
        zone = re.fullmatch(r"\s*(\d+)\s*(?:rows?\b)?\s*(?:or more\s*)?(?:in|of)\s+(?:the\s+)?zone\s+(\S+)\s*", part, re.I)
        points = re.fullmatch(r"\s*(\d+)\s*(?:rows?\b)?\s*(?:or more\s*)?(?:at|of|with)\s+(\d+)\s*points?(?: or more)?\s*", part, re.I)
        if zone:
            rules.append(CountRule(int(zone[1]), zone=zone[2]))
        elif points:
            rules.append(CountRule(int(points[1]), points=int(points[2])))
        else:
            raise Unreadable(f"{part.strip()!r} is not a count", "write it as 2 rows in zone red, or 1 row at 3 points; several parted by semicolons")
    return tuple(rules)


def counts_say(counts: Iterable[CountRule]) -> str:
    """Counts as text that can be read back."""
    said = []
    for rule in counts:
        rows = f"{rule.at_least} row{'' if rule.at_least == 1 else 's'}"
        said.append(f"{rows} at {rule.points} point{'' if rule.points == 1 else 's'}" if rule.zone is None else f"{rows} in zone {rule.zone}")
    return "; ".join(said)


def read_yes(text: str) -> bool:
    """Yes or no."""
    known = {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False}
    if plain(text).casefold() not in known:
        raise Unreadable(f"{text!r} is neither yes nor no", "write yes or no")
    return known[plain(text).casefold()]


def read_date(text: str) -> str:
    """A date that can be read one way only: 2026-01-31, 31 Jan 2026, or 31/01/2026 where the first number cannot be a month."""
    said = plain(text)
    for pattern in ("%Y-%m-%d", "%d %b %Y", "%d %B %Y"):
        try:
            return datetime.strptime(said, pattern).date().isoformat()
        except ValueError:
            pass
    numbers = re.fullmatch(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})", said)
    if numbers:
        day, month, year = map(int, numbers.groups())
        if day <= 12 and month <= 12 and day != month:
            raise Unreadable(f"{text!r} may be the {day}th of month {month} or the other way round", "write it as 2026-01-31")
        try:
            return date(year, month, day).isoformat()
        except ValueError:
            pass
    raise Unreadable(f"{text!r} is not a date", "write it as 2026-01-31")
