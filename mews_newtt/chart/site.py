"""A site's own folder: what it must hold, and whether its charts are what their files say. A folder that is not whole is an error.

A site's folder gives names a meaning. If the folder is missing, empty or lacks a chart, those names would mean a built-in chart instead: that
must never happen silently. `own_charts.toml` in the folder lists the charts that it must hold; `adopt` and `derive` write it.

An adopted chart first waits. It is in force from a sign-off of its content (`sign_offs.py`), until it is retired.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Literal, NamedTuple

from mews_newtt.chart.builtin import builtin_rules
from mews_newtt.chart.load import read_chart
from mews_newtt.chart.model import Chart
from mews_newtt.chart.sign_offs import SIGN_OFF_SUFFIX as SIGN_OFF_SUFFIX
from mews_newtt.chart.sign_offs import sign_offs, why_not
from mews_newtt.chart.site_file import SITE_FILE
from mews_newtt.chart.toml import TableReader, read_toml
from mews_newtt.errors import ChartError, Problem, SiteError

LIST_FILE = "own_charts.toml"
RECORD_SUFFIX = ".adoption.json"
_NO_CHARTS = frozenset((LIST_FILE, SITE_FILE, "parameters.toml", "reference_ranges.toml", "not_shipped.toml"))
PROVEN_BY_RECORD = ("transcribed", "verified")
# Codes: a name may have lost its chart, or what puts it in force.
GONE = frozenset(
    (
        *("folder_missing", "folder_without_charts", "chart_missing", "site_chart_gone"),
        *("site_name_missing", "site_file_missing", "site_name_not_in_force", "sign_off_missing", "sign_off_unreadable", "site_name_gone"),
    )
)


class Doubt(NamedTuple):
    """A chart file that claims a status without proof; it counts as `local`."""

    claimed: str
    problem: Problem


class Standing(NamedTuple):
    """Where an adopted chart is between its adoption and its end.

    waiting  nobody has signed it off yet: its name does not mean it
    in_force its name may mean it
    retired  it was in force, and is not any more
    stopped  it was in force, and what proves that is gone: its name is an error
    """

    kind: Literal["waiting", "in_force", "retired", "stopped"]
    says: str
    problem: Problem | None = None


class Listed(NamedTuple):
    """What a site's folder says it holds: chart files that must be there, those that wait for their sign-off, and whether there is a site file."""

    charts: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    site_file: bool = False


def is_site(folder: Path) -> bool:
    """Whether a folder is a site's own, not that of the package."""
    return folder != builtin_rules()


def record_path(chart_file: Path) -> Path:
    """Where the record of a chart file's adoption is."""
    return chart_file.with_name(chart_file.stem + RECORD_SUFFIX)


def chart_files(folder: Path) -> list[Path]:
    """The chart files of a folder, `<chart>/<version>.toml`; nothing is read."""
    return [path for path in sorted(folder.glob("*/*.toml")) if path.name not in _NO_CHARTS and not path.name.endswith(SIGN_OFF_SUFFIX)]


def require_folder(folder: Path) -> None:
    """Raise ChartError if a folder that was named is not there."""
    if not folder.is_dir():
        raise ChartError(Problem("folder_missing", str(folder), "is not a folder", "check MEWS_NEWTT_RULES or --rules"))


def require_whole(folder: Path, files: Sequence[Path]) -> None:
    """Raise ChartError if a site's folder holds no chart, or lacks one of those that its list names."""
    require_folder(folder)
    own = listed(folder)
    missing = [name for name in own.charts if not (folder / name).is_file()]
    if missing:
        mend = f"put the file back; if the chart was withdrawn, take it out of {folder / LIST_FILE}"
        raise ChartError([Problem("chart_missing", str(folder / name), f"is listed in {LIST_FILE} and is not there", mend) for name in missing])
    if own.site_file and not (folder / SITE_FILE).is_file():
        mend = f"put the file back; if it was withdrawn, take site_file out of {folder / LIST_FILE}"
        raise ChartError(Problem("site_file_missing", str(folder / SITE_FILE), f"is named in {LIST_FILE} and is not there", mend))
    if not files:
        raise ChartError(Problem("folder_without_charts", str(folder), "holds no chart, as <chart>/<version>.toml", _where_else(folder)))


def _where_else(folder: Path) -> str:
    """What to do about a folder without charts: it may be one too high or one too low."""
    below = sorted({path.parents[1] for path in folder.glob("*/*/*.toml")})
    if below:
        return f"name the folder below it: {below[0]}"
    if any(path.name not in _NO_CHARTS for path in folder.glob("*.toml")):
        return f"name the folder above it: {folder.parent}"
    return "put the charts back, or do not name the folder"


def listed(folder: Path) -> Listed:
    """The chart files that a site's folder says it holds."""
    path = folder / LIST_FILE
    if not path.is_file():
        return Listed()
    problems: list[Problem] = []
    top = TableReader(read_toml(path, problems) or {}, str(path), problems)
    found = Listed(top.texts("charts"), top.texts("waiting"), top.take("site_file", bool, False))
    top.finish()
    if problems:
        raise SiteError(problems)
    return found


def standing(chart: Chart, path: Path, today: date) -> Standing | None:
    """Whether an adopted chart of a site's folder waits, is in force or is retired; None for a chart that needs no sign-off."""
    if chart.status not in PROVEN_BY_RECORD or _is_builtin(chart):
        return None
    name = f"{path.parent.name}/{path.name}"
    try:
        every = sign_offs(path)
        waits = name in listed(path.parent.parent).waiting
    except SiteError:
        raise
    except ChartError as fault:
        unread = fault.problems[0]._replace(code="sign_off_unreadable")
        return Standing("stopped", "its sign-off cannot be read", unread)
    people = transcribers(chart, path)
    said = [(one, why_not(one, chart, people, today)) for one in every if not one.retired_on]
    good = [one for one, why in said if why is None]
    if good:
        return Standing("in_force", "; ".join(one.says for one in good))
    why = "; ".join(why for _, why in said if why) or "nobody has signed it off"
    mend = f'somebody who did not transcribe it signs it off: mews-newtt adopt --sign-off {path} --name "..." --role "..." --date 2026-01-31'
    where = f"chart {chart.id} {chart.version}"
    if not said and every:
        what = f"is not in force any more: it was {every[-1].says}"
        return Standing(
            "retired", every[-1].says, Problem("chart_retired", where, what, f"write {chart.id}@{chart.version} if it is meant all the same")
        )
    if waits:
        return Standing("waiting", f"waits: {why}", Problem("chart_waits", where, f"is not in force yet: {why}", mend))
    what = f"has no sign-off that counts: {why}"
    return Standing("stopped", f"not in force: {why}", Problem("sign_off_missing", str(path), what, f"put its sign-off back, or {mend}"))


def transcribers(chart: Chart, path: Path) -> list[tuple[str, str]]:
    """Who transcribed an adopted chart, and when: those of the record beside the file and those that the chart names."""
    try:
        said: Any = json.loads(record_path(path).read_bytes())
        recorded = [(str(one["by"]), str(one["on"])) for one in said.get("sheets", ())]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        recorded = []  # `proven` reports a record that is missing or damaged
    return list(dict.fromkeys([*recorded, *(person for source in chart.sources[:1] for person in source.transcribed)]))


def proven(chart: Chart, path: Path) -> tuple[Chart, Doubt | None]:
    """The chart of a site's file with the status that it has proof of.

    `verified` and `transcribed` need the record that `adopt` wrote, and the content that was adopted; a copy of a built-in chart needs none.
    """
    if chart.status not in PROVEN_BY_RECORD or _is_builtin(chart):
        return chart, None
    why = _unproven(chart, path)
    if why is None:
        return chart, None
    mend = 'put the adopted file and its record back, adopt the sheets again, or write status = "local"'
    what = f"says {chart.status}, and {why}: it counts as local"
    local = replace(chart, status="local", status_says=f"The file says {chart.status}, and {why}.")
    return local, Doubt(chart.status, Problem("status_not_proven", str(path), what, mend, warning=True))


def _is_builtin(chart: Chart) -> bool:
    twin = builtin_rules() / chart.id / f"{chart.version}.toml"
    if not twin.is_file():
        return False
    known, _ = read_chart(twin, {p.id: p.observation for p in chart.parameters})
    return known is not None and known.sha256 == chart.sha256


def _unproven(chart: Chart, path: Path) -> str | None:
    """Why the record beside a file does not prove its status; None where it does."""
    record = record_path(path)
    try:
        said: Any = json.loads(record.read_bytes())
        of_chart, of_file = said["chart"], said["file"]
        alike = [of_chart[name] for name in ("id", "version", "status")] == [chart.id, chart.version, chart.status]
        same = of_chart["content_sha256"] == chart.sha256 or of_file["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return f"there is no record of its adoption ({record.name})"
    except (OSError, ValueError, KeyError, TypeError):
        return f"the record of its adoption ({record.name}) cannot be read"
    return None if alike and same else "it is not what was adopted"
