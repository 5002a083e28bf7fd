"""Numbers as somebody else writes them: decimal comma, mark between thousands, signs around them, and ranges such as `<35` or `80-90`."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from mews_newtt.errors import Problem, short
from mews_newtt.reading.plan.model import Numbers

_BEGINS = re.compile(r"([+-]?)(\d[\d.,·'’ \u00a0\u202f]*(?<=\d)|\d)(.*)", re.DOTALL | re.ASCII)
_LIMIT = re.compile(r"(<=|>=|=<|=>|<|>|≤|≥)\s*(.+)", re.DOTALL)
_FROM_TO = re.compile(r"([+-]?\d[\d.,·]*)\s*(?:-|–|—|to)\s*(\d.*)", re.DOTALL | re.ASCII)
MARK_NAMES = {",": "a comma", ".": "a point", "·": "a middle dot"}


class Range(NamedTuple):
    """What is known of a value that was not written itself: its bounds, as texts that are numbers; None for no bound."""

    low: str | None
    low_included: bool
    high: str | None
    high_included: bool


@lru_cache(maxsize=64)
def _form(numbers: Numbers) -> re.Pattern[str]:
    whole = r"\d+"
    if numbers.thousands:
        mark = r"[ \u00a0\u202f]" if numbers.thousands.isspace() else re.escape(numbers.thousands)
        whole = rf"(?:\d{{1,3}}(?:{mark}\d{{3}})+|\d+)"
    return re.compile(rf"({whole})(?:[{re.escape(''.join(numbers.decimal))}](\d+))?", re.ASCII)


def in_our_form(text: str, numbers: Numbers, parameter: str) -> str | Problem:
    """A cell with its number written as our reading rules want it (1234.5). Text that does not begin with a number stays as it is."""
    given = text.strip()
    text = _stripped(given, numbers.strip)
    if given and not text:
        what, mend = f"{short(given)!r} holds only signs that the plan takes off", "name it under [missing] if it means no reading"
        return Problem("number_marks", parameter, what, mend)
    begins = _BEGINS.fullmatch(text)
    if begins is None:
        return text
    sign, number, rest = begins.groups()
    found = _form(numbers).fullmatch(number)
    if found is None:
        if rest.strip() or _FROM_TO.fullmatch(text):
            return text  # words, a range or two numbers: the rules of reading say what is wrong with it
        marks = " or ".join(MARK_NAMES[mark] for mark in numbers.decimal)
        what = f"{short(text)!r} is not written as the plan says: the decimal mark is {marks}"
        return Problem("number_marks", parameter, what, "name every decimal mark that occurs: [numbers] decimal, and thousands")
    whole, fraction = found.groups()
    digits = "".join(letter for letter in whole if letter.isdigit())
    return f"{sign}{digits}{'.' + fraction if fraction else ''}{rest}"


def _stripped(text: str, marks: tuple[str, ...]) -> str:
    """The text without signs around it. A sign inside a number stays."""
    start, end, moved = 0, len(text), bool(marks)
    while moved:  # the text is cut once, at the end: a cell may be millions of signs
        moved = False
        for mark in marks:
            if text.startswith(mark, start, end):
                start, moved = start + len(mark), True
            if text.endswith(mark, start, end):
                end, moved = end - len(mark), True
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
    return text[start:end]


def range_of(text: str, numbers: Numbers, parameter: str) -> Range | None:
    """The bounds of a cell such as `<35`, `>= 220` or `80-90`; None where it is none."""
    text = _stripped(text.strip(), numbers.strip)
    limit = _LIMIT.fullmatch(text)
    if limit:
        bound = in_our_form(limit[2], numbers, parameter)
        if isinstance(bound, Problem):
            return None
        included = "=" in limit[1] or limit[1] in "≤≥"
        below = limit[1][0] in "<≤" or limit[1] == "=<"
        return Range(None, False, bound, included) if below else Range(bound, included, None, False)
    pair = _FROM_TO.fullmatch(text)
    if pair:
        low, high = (in_our_form(one, numbers, parameter) for one in pair.groups())
        if not isinstance(low, Problem) and not isinstance(high, Problem):
            return Range(low, True, high, True)
    return None


def digits_after_point(text: str) -> int:
    """How many digits a number was written with behind the point."""
    found = re.match(r"[+-]?\d+(?:\.(\d+))?", text.strip(), re.ASCII)
    return len(found[1] or "") if found else 0


def rounded(value: Decimal, digits: int) -> Decimal:
    """For a comparison only: a reading is never rounded before it is scored."""
    return value.quantize(Decimal(1).scaleb(-digits))
