"""Sign-offs: who took responsibility for which content of a chart, and who retired it. They are in a file beside the chart file.

An adopted chart is in force from a sign-off of its content by somebody who did not transcribe it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import NamedTuple

from mews_newtt.chart.model import Chart
from mews_newtt.chart.toml import TableReader, read_toml
from mews_newtt.errors import ChartError, Problem

SIGN_OFF_SUFFIX = ".signoff.toml"
_TITLES = frozenset(("dr", "prof", "professor", "mr", "mrs", "ms", "miss", "mx", "sister", "nurse", "midwife", "matron"))


class SignOff(NamedTuple):
    """One person's sign-off of one content; where the chart was retired afterwards, by whom and why."""

    name: str
    role: str
    on: str
    sha256: str
    retired_on: str = ""
    retired_by: str = ""
    retired_because: str = ""

    def holds_for(self, chart: Chart) -> bool:
        """Whether the sign-off is of the content that the chart has now."""
        return self.sha256 == chart.sha256

    @property
    def says(self) -> str:
        """The sign-off in words."""
        said = f"signed off by {self.name}, {self.role}, on {self.on}"
        because = f": {self.retired_because}" if self.retired_because else ""
        return said + (f"; retired on {self.retired_on} by {self.retired_by}{because}" if self.retired_on else "")


def sign_off_path(chart_file: Path) -> Path:
    """The file of the sign-offs of a chart file."""
    return chart_file.with_name(chart_file.stem + SIGN_OFF_SUFFIX)


def sign_offs(chart_file: Path) -> list[SignOff]:
    """The sign-offs of a chart file, oldest first. Raises ChartError if their file is damaged."""
    path = sign_off_path(chart_file)
    if not path.is_file():
        return []
    problems: list[Problem] = []
    top = TableReader(read_toml(path, problems) or {}, str(path), problems)
    found = []
    for entry in top.tables("sign_off"):
        needed = (entry.take(key, str, "", required=True) for key in SignOff._fields[:4])
        found.append(SignOff(*needed, *(entry.take(key, str, "") for key in SignOff._fields[4:])))
        entry.finish()
    top.finish()
    if problems:
        raise ChartError(problems)
    return found


def is_same_person(one: str, other: str) -> bool:
    """Whether two names may be of one person: in any order, with or without a title, a middle name, or with initials for first names."""
    few, many = sorted((_words(one), _words(other)), key=len)
    left = list(many)
    whole = False
    for word in sorted(few, key=len, reverse=True):
        match = next((w for w in left if w == word), None) or next((w for w in left if 1 in (len(w), len(word)) and w[0] == word[0]), None)
        if match is None:
            return False
        whole |= match == word and len(word) > 1
        left.remove(match)
    return whole


def _words(name: str) -> list[str]:
    words = re.findall(r"[^\W_]+", name.casefold())
    return [word for word in words if word not in _TITLES] or words


def why_not(one: SignOff, chart: Chart, transcribed: Iterable[tuple[str, str]], today: date) -> str | None:
    """Why a sign-off does not put the chart in force; None if it does.

    Parameters
    ----------
    transcribed : who transcribed the chart, each with the day as 2026-01-31
    today : a sign-off of a later day counts for nothing
    """
    if not one.holds_for(chart):
        return f"the sign-off by {one.name} is of another content (sha256 {one.sha256[:12]}), not of this one ({chart.sha256[:12]})"
    people = list(transcribed)
    for name, on in people:
        if is_same_person(one.name, name):
            return f"{one.name} transcribed this chart ({name}); somebody else must sign it off"
        if one.on < on:
            return f"the sign-off is of {one.on}, before {name} transcribed the chart on {on}"
    try:
        day = date.fromisoformat(one.on)
    except ValueError:
        return f"{one.on!r} is not a day such as 2026-01-31"
    return f"the sign-off is of {one.on}, which is not yet" if day > today else None
