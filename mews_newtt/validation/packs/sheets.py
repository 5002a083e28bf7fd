"""The blank answer sheet of a pack: case, readings and empty answer columns, as CSV and as a workbook. It holds no right answer."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import datetime
from importlib import import_module
from typing import Any

from mews_newtt.chart.model import Chart
from mews_newtt.reading.columns import EXPECTED_POINTS_PREFIX
from mews_newtt.reading.values import SKIP_PREFIX
from mews_newtt.validation.cases import Given
from mews_newtt.validation.packs.case import Case
from mews_newtt.validation.packs.pack import Pack

RISKY = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run text that starts with these
OWNERS = ("patient_id", "observed_at")
SAVED = (1980, 1, 1, 0, 0, 0)  # the date in the parts of a workbook: the same pack is the same file
MOST_LISTED = 250  # characters of a list of words that a spreadsheet offers


def harmless(text: str) -> str:
    """Text that a spreadsheet does not run."""
    return f"'{text}" if text.startswith(RISKY) else text


def given_names(chart: Chart, sets: list[Given]) -> list[str]:
    """The columns of the readings, in chart order, then those of reasons for no reading."""
    used = {name for given in sets for name in given}
    ours = [p.id for p in chart.parameters]
    return [name for name in (*ours, *(SKIP_PREFIX + parameter for parameter in ours)) if name in used]


def owner_names(pack: Pack) -> list[str]:
    """The columns that say whose set it is and when it was taken, where a series of the pack needs them."""
    return list(OWNERS) if pack.series else []


def owner_of(pack: Pack, case: Case) -> list[str]:
    """The cells of those columns. Every case that is no part of the series is another person."""
    first = pack.series[0].taken_at if pack.series else ""
    return [case.person or case.id, case.taken_at or first] if pack.series else []


def answer_names(chart: Chart, points: bool) -> list[str]:
    """The columns to fill in."""
    rows = [EXPECTED_POINTS_PREFIX + p.id for p in chart.parameters if p.role == "scored"] if points and chart.has_points else []
    return [*(["expected_total"] if chart.has_points else []), "expected_level", *rows, "expected_status"]


def how_to(pack: Pack, points: bool) -> str:
    """The instruction beside the sheet, and what the pack does not test."""
    chart = pack.chart
    total = "expected_total   the total that the platform shows; blank where it shows no total (a reading is missing)\n" if chart.has_points else ""
    rows = f"{EXPECTED_POINTS_PREFIX}...   the points that the platform shows for each row\n" if points and chart.has_points else ""
    order = "\nGive the cases in their order. The last ones are sets of one person (patient_id) in the order of their times." if pack.series else ""
    lacks = "\n".join(f"- {sentence}" for sentence in pack.not_tested)
    return f"""Made-up observations for testing a platform. Not for care.

Answer sheet for {chart.title}, version {chart.version}: answers.csv, and the same as a workbook, answers.xlsx.
Give each case to the platform exactly as printed; leave empty what is blank.{order}
Write what the platform shows, not what you expect, into these columns:

{total}expected_level   the level that the platform shows: {", ".join(level.title for level in chart.levels)}
{rows}expected_status   only where it shows neither a total nor a level: "partial" if it says that readings are missing, "refused" if it
                  does not accept the set or gives no answer; else leave it blank

Then run:   mews-newtt validate {chart.id} answers.csv
cases.csv holds the right answers. Do not send it to those who are tested.

Not tested by this pack:
{lacks}
"""


def _rows(pack: Pack, points: bool) -> tuple[list[str], list[list[str]], int]:
    """Headings, rows without answers, and how many columns are given."""
    names = given_names(pack.chart, [case.given for case in pack.cases])
    heading = ["case_id", *owner_names(pack), *names]
    rows = [[case.id, *owner_of(pack, case), *(case.given.get(name, "") for name in names)] for case in pack.cases]
    return [*heading, *answer_names(pack.chart, points)], rows, len(heading)


def answers_csv(pack: Pack, points: bool = False) -> str:
    """The sheet as CSV."""
    heading, rows, given = _rows(pack, points)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(heading)
    for row in rows:
        writer.writerow([harmless(row[0]), *row[1:], *([""] * (len(heading) - given))])
    return out.getvalue()


def answers_xlsx(pack: Pack, points: bool = False) -> bytes | None:
    """The sheet as a workbook; None where openpyxl is not installed. Numbers are numbers, everything else is text, nothing is a formula."""
    try:
        openpyxl, styles = import_module("openpyxl"), import_module("openpyxl.styles")
        validation = import_module("openpyxl.worksheet.datavalidation")
    except ImportError:
        return None
    heading, rows, given = _rows(pack, points)
    chart = pack.chart
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Answers"
    asked = styles.PatternFill("solid", fgColor="FFF3C4")
    for place, name in enumerate(heading, start=1):
        cell = _put(sheet.cell(1, place), name)
        cell.font = styles.Font(bold=True)
        cell.alignment = styles.Alignment(wrap_text=True, vertical="top")
        sheet.column_dimensions[cell.column_letter].width = 14
        if place > given:
            cell.fill = asked
    for r, row in enumerate(rows, start=2):
        for place, text in enumerate(row, start=1):
            name = heading[place - 1]
            _put(sheet.cell(r, place), text, number=name in chart.by_id and chart.by_id[name].observation.numeric)
        for place in range(given + 1, len(heading) + 1):
            sheet.cell(r, place).fill = asked
    sheet.freeze_panes = "B2"
    _prompt(sheet, validation, chart, heading, len(rows))
    book.properties.creator, book.properties.created = "mews_newtt", datetime(*SAVED)
    return _packed(book)


def _put(cell: Any, text: str, number: bool = False) -> Any:
    if text and number:
        cell.value = float(text) if "." in text else int(text)
    elif text:
        cell.value, cell.data_type, cell.number_format = text, "s", "@"
    return cell


def _prompt(sheet: Any, validation: Any, chart: Chart, heading: list[str], rows: int) -> None:
    """What to write, shown beside the chosen cell; the chart's levels are offered, and other words are allowed."""
    says = {
        "expected_total": "The total that the platform shows. Leave it blank where it shows none.",
        "expected_level": "The level that the platform shows.",
        "expected_status": "Only where it shows neither total nor level: partial (it says that readings are missing), or refused (no answer).",
    }
    levels = ",".join(level.title.replace(",", " ").replace('"', "") for level in chart.levels)
    for place, name in enumerate(heading, start=1):
        if name not in says:
            continue
        words = {"expected_level": levels, "expected_status": "partial,refused"}.get(name, "")
        offered = bool(words) and len(words) <= MOST_LISTED and "," not in "".join(level.title for level in chart.levels)
        rule = validation.DataValidation(type="list", formula1=f'"{words}"') if offered else validation.DataValidation()
        rule.allowBlank, rule.showErrorMessage, rule.showInputMessage, rule.prompt, rule.promptTitle = True, False, True, says[name], name
        letter = sheet.cell(1, place).column_letter
        rule.add(f"{letter}2:{letter}{rows + 1}")
        sheet.add_data_validation(rule)


def _packed(book: Any) -> bytes:
    """The workbook's bytes, with fixed dates."""
    made, out = io.BytesIO(), io.BytesIO()
    book.save(made)
    with zipfile.ZipFile(made) as parts, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for part in parts.infolist():
            content = parts.read(part)
            if part.filename == "docProps/core.xml":  # openpyxl writes the time of saving here
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>1980-01-01T00:00:00Z", content)
            packed.writestr(zipfile.ZipInfo(part.filename, SAVED), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
