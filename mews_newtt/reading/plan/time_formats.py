"""Which formats of times a plan may give: those that say a day, and the whole of a time or none of it."""

from __future__ import annotations

import re

from mews_newtt.reading.plan.model import COUNTED

_PART = re.compile(r"%(?:[:#]{0,3}z|\.[369]?f|[369]f|-?[A-Za-z%]|.?)")
YEAR, MONTH, DAY, HOUR, MINUTE, HALF = "a year", "a month", "a day", "an hour", "a minute", "AM or PM"
# What each part of a format says. Python's own names; those of other languages' libraries are refused rather than passed over.
_SAYS = {
    "%Y": (YEAR,), "%y": (YEAR,), "%m": (MONTH,), "%b": (MONTH,), "%B": (MONTH,), "%h": (MONTH,), "%d": (DAY,), "%e": (DAY,), "%j": (MONTH, DAY),
    "%D": (YEAR, MONTH, DAY), "%F": (YEAR, MONTH, DAY), "%H": (HOUR,), "%k": (HOUR,), "%I": (HOUR, HALF), "%l": (HOUR, HALF), "%M": (MINUTE,),
    "%R": (HOUR, MINUTE), "%T": (HOUR, MINUTE), "%S": (), "%p": (), "%P": (), "%a": (), "%A": (), "%%": (), "%n": (), "%t": (),
    "%z": (), "%:z": (), "%#z": (), "%.f": (), "%.3f": (), "%.6f": (), "%.9f": (), "%3f": (), "%6f": (), "%9f": (),
}  # fmt: skip
_IN_WORDS = {
    "%Y": "year", "%y": "year in two digits", "%m": "month", "%b": "month as three letters", "%B": "month in letters", "%h": "month as three letters",
    "%d": "day", "%e": "day", "%j": "day of the year", "%D": "month/day/year", "%F": "year-month-day", "%H": "hour", "%k": "hour", "%I": "hour",
    "%l": "hour", "%M": "minute", "%R": "hour:minute", "%T": "hour:minute:second", "%S": "second", "%p": "AM or PM", "%P": "am or pm",
    "%a": "day of the week", "%A": "day of the week", "%z": "offset", "%:z": "offset", "%#z": "offset", "%.f": " and its fraction",
}  # fmt: skip
_INSTEAD = {
    "%s": 'write format = "epoch seconds"',
    "%Z": "take it out of the format as letters, such as EST, and give zone; or %z for +01:00",
    "%f": "write %.f for a fraction with its point, or %3f for three digits",
}


def counted(form: str) -> str | None:
    """One of COUNTED, if a format is called so."""
    return next((name for name in COUNTED if form.strip().casefold() == name.casefold()), None)


def in_words(form: str) -> str:
    """A format of times as people say it: `%d/%m/%Y %H:%M` is day/month/year hour:minute."""
    return _PART.sub(lambda part: _IN_WORDS.get(part[0].replace("-", "", 1), "fraction" if part[0].endswith("f") else " "), in_our_parts(form))


def in_our_parts(form: str) -> str:
    """A format with a fraction of seconds as Python writes it (`%S.%f`) in the form that reads one of any length."""
    return form.replace(".%f", "%.f")


def format_fault(form: str) -> tuple[str, str] | None:
    """What is wrong with a format, and what to do; None where it says a whole time."""
    if counted(form):
        return None
    if "%" not in form:
        return f"{form!r} holds no part of a time", f'write it as "%d/%m/%Y %H:%M", or one of {", ".join(COUNTED)}'
    if "\0" in form:
        return f"{form!r} holds a character that no text has", "take it out"
    parts = [part if part in _SAYS else part.replace("-", "", 1) for part in _PART.findall(in_our_parts(form))]
    unknown = next((part for part in parts if part not in _SAYS), None)
    if unknown is not None:
        mend = _INSTEAD.get(unknown, "write it with %Y %m %d %H %M %S, %b, %I and %p, %.f, %z")
        return f"{unknown!r} in {form!r} is no part of a time that is read", mend
    says = [thing for part in parts for thing in _SAYS[part]]
    missing = next((thing for thing in (YEAR, MONTH, DAY) if thing not in says), None)
    if missing:
        return f"{form!r} does not say {missing}", "write the whole date; date and time in two columns are joined by [times] columns"
    if (HOUR in says) != (MINUTE in says):
        return f"{form!r} says {HOUR if HOUR in says else MINUTE} alone", "write hour and minute, such as %H:%M"
    has_half = "%p" in parts or "%P" in parts
    if has_half != (HALF in says):
        what = "says AM or PM beside an hour of 24" if has_half else "says an hour of 12 without AM or PM"
        return f"{form!r} {what}", "write %I:%M %p, or %H:%M"
    twice = next((thing for thing in (YEAR, MONTH, DAY, HOUR, MINUTE) if says.count(thing) > 1), None)
    return (f"{form!r} says {twice} twice", "say it once") if twice else None
