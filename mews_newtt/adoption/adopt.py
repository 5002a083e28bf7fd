"""Turns filled sheets into a chart version: compares them, checks them, and writes the chart only when there is no problem."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from mews_newtt import __version__
from mews_newtt.adoption.building import Built, build
from mews_newtt.adoption.comparing import Difference, differences, share_head
from mews_newtt.adoption.doubts import OF_CHECKS, chart_before, doubts
from mews_newtt.adoption.layout import DOCUMENT
from mews_newtt.adoption.new_observations import write_observations
from mews_newtt.adoption.placing import clashes, place_chart
from mews_newtt.adoption.plausible import implausible_edges
from mews_newtt.adoption.reading import Sheet, read_sheet
from mews_newtt.adoption.words import plain
from mews_newtt.chart.catalogue import Catalogue
from mews_newtt.chart.checks import check_chart
from mews_newtt.chart.model import Chart
from mews_newtt.chart.sign_offs import is_same_person
from mews_newtt.errors import FileError, Problem

MOST_CELLS = 6  # that one message names
_CELL = re.compile(r".*, cell ([A-Z]+\d+)")
_BROKEN = ("not_a_sheet", "section_missing", "section_twice", "unknown_section", "column_missing", "column_misspelt", "column_twice")


_MENDS = {  # in the words of the sheet
    "context_overlap": (
        "let only one table hold: say the group too, such as `postnatal and up to 48 hours after birth`; "
        "or say under [Scope] what does not go together: both in `when`, then `not for`"
    ),
    "context_hole": "add the rows for it under [Bands]; or say under [Scope] whom the chart is not for",
}


class Adoption(NamedTuple):
    """The outcome of an adoption. `chart` is None where a problem or a difference prevents writing it."""

    chart: Chart | None
    path: Path | None
    differences: list[Difference]
    problems: list[Problem]  # faults, then warnings

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        named = ("id", "version", "status", "sha256")
        return {
            "chart": {name: getattr(self.chart, name) for name in named} if self.chart else None,
            "file": str(self.path) if self.path else None,
            "differences": [difference._asdict() for difference in self.differences],
            "problems": [{**problem.to_dict(), "warning": problem.warning} for problem in self.problems],
        }


def adopt(
    sheets: Sequence[Path],
    folder: Path,
    shelf: Catalogue,
    *,
    source: str | None = None,
    licence: str | None = None,
    document: Path | None = None,
    today: date | None = None,
    write: bool = True,
) -> Adoption:
    """Read one or two filled sheets and write the chart they describe into the site's folder, if nothing speaks against it.

    Parameters
    ----------
    sheets : two sheets filled apart by two people (status `verified`), or one (status `transcribed`)
    folder : the site's folder of charts; it must exist
    shelf : the charts there are, with their observations; the site's folder among them
    source, licence : citation of the printed document and terms of its content, where the sheets leave them out
    document : the printed document as a file; its hash is kept in the record beside the chart
    today : for dates that lie ahead; the day it is where none is given
    write : False only tries: the chart is given, and nothing is written

    Raises
    ------
    FileError  a sheet that cannot be read at all, or a folder that cannot be written
    """
    if len(sheets) not in (1, 2):
        raise FileError(Problem("sheet_count", "adopt", f"was given {len(sheets)} sheets", "give the two filled sheets, or one"))
    alike = len({path.name for path in sheets}) < len(sheets)  # A/sheet.xlsx and B/sheet.xlsx
    names = [str(path) if alike else path.name for path in sheets]
    read = [read_sheet(path, shelf.observations, name) for path, name in zip(sheets, names, strict=True)]
    new = {name: one for sheet in reversed(read) for name, one in sheet.new.items()}
    known = {**shelf.observations, **new}
    if new:  # one of the sheets may name what the other defines
        read = [sheet if sheet.new else read_sheet(path, known, name) for sheet, path, name in zip(read, sheets, names, strict=True)]
    status = "verified" if len(read) == 2 else "transcribed"
    problems = _of_people(read, today or date.today())
    broken = [problem for sheet in read for problem in sheet.problems if problem.code in _BROKEN]
    if broken:  # cells cannot be assigned; any further message would only follow from that
        return Adoption(None, None, [], [*broken, *problems])
    if len(read) == 2:
        share_head(*read)
    differing = differences(*read) if len(read) == 2 else []
    built = []
    for sheet in read:
        problems += sheet.problems + _options_differ(sheet, source, licence)
        own: list[Problem] = []
        built.append(build(sheet, known, own, source=source, licence=licence, status=status))
        problems += own
    differing = _but_faulty(differing, read)
    torn = [sheet.name for sheet in read if any(not problem.warning and problem.where.startswith(sheet.name) for problem in problems)]
    for sheet, one in zip(read, built, strict=True):
        if sheet.name not in torn and (one is built[0] or differing):
            problems += checked(sheet, one, shelf, folder)
    faults = [problem for problem in problems if not problem.warning]
    warnings = list(dict.fromkeys(problem for problem in problems if problem.warning))
    if not faults and not differing:
        chart = _finished(built[0], read, status)
        faults = clashes(chart, shelf, folder)
        if not faults and not write:
            return Adoption(chart, None, [], warnings)
        if not faults:
            if new:
                folder.mkdir(exist_ok=True)
                write_observations(folder, new.values())
            written, path = place_chart(chart, folder, known, _record(chart, built[0], read, document))
            return Adoption(written, path, [], warnings)
    return Adoption(None, None, differing, together([*dict.fromkeys(faults), *warnings]))


def _but_faulty(differing: list[Difference], read: Sequence[Sheet]) -> list[Difference]:
    """The differences that are more than the consequence of a cell that cannot be read: that has a message of its own."""
    faulty = [{found[1] for problem in sheet.problems if not problem.warning and (found := _CELL.fullmatch(problem.where))} for sheet in read]
    return [one for one in differing if not any(place in cells for place, cells in zip((one.address_a, one.address_b), faulty, strict=False))]


def together(problems: Sequence[Problem]) -> list[Problem]:
    """The same fault of many cells of a sheet, such as those of a hidden column, as one message."""
    found: dict[Problem, list[str]] = {}
    for problem in problems:
        cell = _CELL.fullmatch(problem.where)
        alone = problem._replace(where=problem.where.removesuffix(f"cell {cell[1]}") if cell else problem.where)
        found.setdefault(alone, []).extend([cell[1]] if cell else [])
    told = []
    for problem, cells in found.items():
        more = f" and {len(cells) - MOST_CELLS} more" if len(cells) > MOST_CELLS else ""
        says = f"cell{'s' if len(cells) > 1 else ''} {', '.join(cells[:MOST_CELLS])}{more}" if cells else ""
        what = re.sub(r"^(is|holds)\b", lambda verb: {"is": "are", "holds": "hold"}[verb[1]], problem.what) if len(cells) > 1 else problem.what
        told.append(problem._replace(where=problem.where + says, what=what))
    return told


def checked(sheet: Sheet, built: Built, shelf: Catalogue, folder: Path) -> list[Problem]:
    """All checks of a chart and of adopting, with the rows of the sheet. A doubt that the sheet does not confirm is a fault."""
    chart = built.chart
    found = check_chart(chart, "", built.may_fall)
    if not any(not problem.warning for problem in found):
        found += implausible_edges(chart, built.unusual, shelf.folders)
        found += doubts(chart, found, chart_before(chart, shelf.charts(filling=folder)), built.as_printed)
    told = []
    for problem in found:
        if problem.warning and problem.code in OF_CHECKS:
            continue  # a doubt asks about it, or the sheet confirms it
        odd = problem.code == "points_fall_outwards"
        mend = "check the rows; if the print says so, both write the parameter under [Chart] as `points may fall`" if odd else problem.mend
        mend = _MENDS.get(problem.code, mend)
        mend = re.sub(r"\[\[(\w+)\]\]", lambda found: f"[{found[1].capitalize()}]", mend)  # a section of the sheet, not of a chart file
        told.append(problem._replace(where=_placed(sheet, built, problem.where), mend=mend, warning=problem.warning and not odd))
    for item, names in (("points may fall", built.may_fall), ("unusual edges", built.unusual)):
        told += [
            Problem("unknown_parameter", f"{sheet.name}, [Chart], {item}", f"{name!r} is not on this chart", "mend the name")
            for name in sorted(names - set(chart.by_id))
        ]
    return told


def _placed(sheet: Sheet, built: Built, where: str) -> str:
    """A place such as `parameter heart_rate, band 2 (...)` with the rows of the sheet it came from."""
    where = where.removeprefix(", ")
    key = max((key for key in built.rows if where == key or where.startswith(f"{key}, ")), key=len, default=None)
    if key is None:
        return f"{sheet.name}, {where}"
    rows = built.rows[key]
    band = re.match(r", band (\d+)", where[len(key) :])
    if band and int(band[1]) <= len(rows):
        return f"{sheet.name}, cell {rows[int(band[1]) - 1].address('reading')}, {where}"
    lines = [row.line + 1 for row in rows]
    says = f"row {lines[0]}" if len(lines) == 1 else f"rows {min(lines)} to {max(lines)}"
    return f"{sheet.name}, {says}, {where}"


def _of_people(read: Sequence[Sheet], today: date) -> list[Problem]:
    """Faults in who filled the sheets, and when."""
    found = []
    if len(read) == 2:
        a, b = read
        if a.sha256 == b.sha256:
            found.append(Problem("same_sheet", f"{a.name} and {b.name}", "are the same file", "two people must each fill a sheet of their own"))
        if a.by and b.by and is_same_person(a.by, b.by):
            found.append(
                Problem(
                    "same_person",
                    f"{a.name} and {b.name}",
                    f"were both filled by {a.by if a.by == b.by else f'{a.by} ({b.by})'}",
                    "let another person fill one, apart; write whole names",
                )
            )
    for sheet in read:
        on = sheet.item(DOCUMENT, "transcribed on")
        if on is not None and on > today.isoformat():
            found.append(Problem("date_ahead", f"{sheet.name}, [Document], transcribed on", f"{on} lies ahead", "write the day it was done"))
    return found


def _options_differ(sheet: Sheet, source: str | None, licence: str | None) -> list[Problem]:
    found = []
    for option, given, item in (("--source", source, "document"), ("--licence", licence, "licence")):
        said = sheet.item(DOCUMENT, item)
        if given and said and plain(given) != plain(said):
            what = f"{said!r} is not what {option} says"
            found.append(Problem("option_differs", f"{sheet.name}, [Document], {item}", what, "leave the option out, or mend the sheet"))
    return found


def _finished(built: Built, read: Sequence[Sheet], status: str) -> Chart:
    """The chart with the people who transcribed it, its status and the reason for the status."""
    chart = built.chart
    people = tuple((str(sheet.by), str(sheet.item(DOCUMENT, "transcribed on"))) for sheet in read)
    document = chart.sources[0]
    names = " and ".join(f"{by} ({on})" for by, on in people)
    says = f"Transcribed {'twice, apart,' if len(people) == 2 else 'once'} from the printed document ({document.id}) by {names}"
    says += "; the two agree cell by cell." if len(people) == 2 else "; a second transcription would make it verified."
    others = [p.id for p in chart.parameters if p.role != "recorded" and p.source != document.id]
    others += [f"level {level.id}" for level in chart.levels if level.source != document.id]
    if others:
        says += f" Not from that document but from the sources they name: {', '.join(others)}."
    notes = chart.notes
    if built.unusual:
        notes += (f"Edges outside what is usual, as printed, confirmed by the transcriber: {', '.join(sorted(built.unusual))}.",)
    return replace(chart, status=status, status_says=says, notes=notes, sources=(replace(document, transcribed=people), *chart.sources[1:]))


def _record(chart: Chart, built: Built, read: Sequence[Sheet], document: Path | None) -> dict[str, Any]:
    """What the chart was made from: names, dates and hashes, for auditors. It proves the status of the chart."""
    source = chart.sources[0]
    return {
        "chart": {"id": chart.id, "version": chart.version, "status": chart.status, "content_sha256": chart.sha256},
        "document": {"cite": source.cite, "licence": chart.licence, "sha256": _hash_of(document) if document else None},
        "confirmed_as_printed": sorted(built.as_printed),
        "sheets": [
            {"name": sheet.name, "sha256": sheet.sha256, "by": by, "on": on} for sheet, (by, on) in zip(read, source.transcribed, strict=True)
        ],
        "made_by": f"mews-newtt {__version__}",
    }


def _hash_of(document: Path) -> str:
    try:
        with document.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as fault:
        raise FileError(Problem("file_unreadable", str(document), fault.strerror or "cannot be read", "check the path of the document")) from None
