"""What an adapter may write as `{case_id}` or `{time}` into constants, headers and the path: one set of answers for each request.

Everything is made from the number of the case, so that the same command sends the same bytes. Nothing comes from a person.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote

FIRST_TIME = datetime(2026, 1, 1, 8, tzinfo=UTC)
_MARK = re.compile(r"(?<!\$)(\{\{|\}\}|\{([a-z_]+)(?::([^{}]*))?\})")
_WIDTH = re.compile(r"0[1-9][0-9]?")
_IDS = uuid.UUID("6f0f7f0e-6a3c-5b0e-9d0c-5d1a5f3c7a10")  # only keeps these ids apart from those of other programs
NUMBERS = ("number", "person_number", "epoch_seconds", "epoch_milliseconds")
OF_A_REQUEST = ("case_id", "person_id", "request_id", "time", *NUMBERS)
OF_A_RUN = ("chart", "version", "run")
OF_A_READING = ("parameter", "unit")


class Visit(NamedTuple):
    """One request: the number of its case, of its person, and the time it is said to be of."""

    case_id: str = "case"
    number: int = 1
    person: int = 1
    when: datetime = FIRST_TIME
    chart: str = ""
    version: str = ""
    run: str = ""

    def value(self, name: str, form: str | None) -> str | int:
        """What a placeholder becomes."""
        run = f"{self.run}-" if self.run else ""
        made: Mapping[str, Callable[[], str | int]] = {
            "case_id": lambda: self.case_id,
            "person_id": lambda: f"TEST-{run}{self.person:05d}",
            "request_id": lambda: str(uuid.uuid5(_IDS, "|".join((self.chart, self.version, self.run, self.case_id, str(self.number))))),
            "time": lambda: self.when.strftime(form) if form else self.when.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "number": lambda: self.number,
            "person_number": lambda: self.person,
            "epoch_seconds": lambda: int(self.when.timestamp()),
            "epoch_milliseconds": lambda: int(self.when.timestamp()) * 1000,
            "chart": lambda: self.chart,
            "version": lambda: self.version,
            "run": lambda: self.run,
        }
        found = made[name]()
        return format(found, form) if isinstance(found, int) and form else found


def names_in(text: Any) -> set[str]:
    """The placeholders in a text, or in the texts of a table or list."""
    if isinstance(text, Mapping):
        return {name for inner in text.values() for name in names_in(inner)}
    if isinstance(text, list):
        return {name for inner in text for name in names_in(inner)}
    return {found[2] for found in _MARK.finditer(text) if found[2]} if isinstance(text, str) else set()


def faults_in(text: Any, allowed: tuple[str, ...]) -> list[str]:
    """What is wrong with the placeholders of a text, or of the texts of a table or list."""
    if isinstance(text, Mapping):
        return [fault for inner in text.values() for fault in faults_in(inner, allowed)]
    if isinstance(text, list):
        return [fault for inner in text for fault in faults_in(inner, allowed)]
    faults = []
    for _, name, form in _MARK.findall(text) if isinstance(text, str) else ():
        if name and name not in allowed:
            faults.append(f"{{{name}}} is not known here")
        elif form and name in NUMBERS and not _WIDTH.fullmatch(form):
            faults.append(f"{{{name}:{form}}} is not a width such as {{{name}:06}}")
        elif form and name not in ("time", *NUMBERS):
            faults.append(f"{{{name}:{form}}} has a format, which only times and numbers take")
        elif form and name == "time" and "%" not in form:
            faults.append(f"{{time:{form}}} is not a format such as {{time:%Y-%m-%d %H:%M}}")
    return faults


def filled(text: Any, visit: Visit, beside: Mapping[str, str] | None = None) -> Any:
    """A text, or the texts of a table or list, with the placeholders filled in. A text that is one placeholder of a number becomes a number."""
    if isinstance(text, Mapping):
        return {name: filled(inner, visit, beside) for name, inner in text.items()}
    if isinstance(text, list):
        return [filled(inner, visit, beside) for inner in text]
    if not isinstance(text, str):
        return text
    whole = _MARK.fullmatch(text)
    if whole and whole[2] in NUMBERS and not whole[3]:
        return visit.value(whole[2], None)
    return filled_text(text, visit, beside)


def filled_text(text: str, visit: Visit, beside: Mapping[str, str] | None = None, *, in_address: bool = False) -> str:
    """A text with its placeholders filled in.

    Parameters
    ----------
    beside : what `{parameter}` and `{unit}` are, beside a reading
    in_address : the text is part of an address, in which blanks and slashes of ids are written as %20 and %2F
    """
    own = beside or {}

    def one(mark: re.Match[str]) -> str:
        name = mark[2]
        if not name:
            return mark[1][0]
        found = str(own[name] if name in own else visit.value(name, mark[3]))
        return quote(found, safe="") if in_address else found

    return _MARK.sub(one, text)
