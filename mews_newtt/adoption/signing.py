"""Sign-offs: who took responsibility for a chart version. They are in a file beside the chart, with its content hash."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from mews_newtt.adoption.words import Unreadable, read_date
from mews_newtt.chart.catalogue import SIGN_OFF_SUFFIX
from mews_newtt.chart.model import Chart
from mews_newtt.chart.toml import TableReader, read_toml
from mews_newtt.chart.write import text
from mews_newtt.errors import ChartError, FileError, Problem
from mews_newtt.tables.atomic import whole_file


class SignOff(NamedTuple):
    """One person's sign-off of one content."""

    name: str
    role: str
    on: str
    sha256: str

    def holds_for(self, chart: Chart) -> bool:
        """Whether the sign-off is of the content that the chart has now."""
        return self.sha256 == chart.sha256


def sign_off_path(chart_file: Path) -> Path:
    """The file of the sign-offs of a chart file."""
    return chart_file.with_name(chart_file.stem + SIGN_OFF_SUFFIX)


def sign_offs(chart_file: Path) -> list[SignOff]:
    """The sign-offs of a chart file, oldest first; a ChartError if their file is damaged."""
    path = sign_off_path(chart_file)
    if not path.is_file():
        return []
    problems: list[Problem] = []
    top = TableReader(read_toml(path, problems) or {}, str(path), problems)
    found = []
    for entry in top.tables("sign_off"):
        found.append(SignOff(*(entry.take(key, str, "", required=True) for key in SignOff._fields)))
        entry.finish()
    top.finish()
    if problems:
        raise ChartError(problems)
    return found


def sign_off(chart: Chart, chart_file: Path, *, name: str, role: str, on: str) -> SignOff:
    """Add a sign-off of the chart's content as it is now."""
    for what, value in (("--name", name), ("--role", role)):
        if not value.strip():
            raise FileError(Problem("sign_off_empty", what, "is empty", "write who signs, in which role and when"))
    try:
        made = SignOff(name.strip(), role.strip(), read_date(on), chart.sha256)
    except Unreadable as fault:
        raise FileError(Problem("bad_date", "--date", fault.what, fault.mend)) from None
    every = sign_offs(chart_file)
    if made in every:
        return made
    entries = ["\n".join(["[[sign_off]]", *(f"{key} = {text(value)}" for key, value in one._asdict().items())]) for one in [*every, made]]
    with whole_file(sign_off_path(chart_file)) as out:
        out.write(
            "# Sign-offs of the chart file beside this one; sha256 is the content hash of the chart that was signed off.\n\n"
            + "\n\n".join(entries)
            + "\n"
        )
    return made
