"""A pack as files: CSV and NDJSON for machines, a sheet for people who type the cases in, and pack.json with the kill rate."""

from __future__ import annotations

import csv
import io
import json
import os
from html import escape
from pathlib import Path

from mews_newtt.chart.model import Chart
from mews_newtt.drawn import stamp_css, stamp_html
from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.values import SKIP_PREFIX
from mews_newtt.scoring.wording import count
from mews_newtt.tables.atomic import whole_folder
from mews_newtt.validation.packs.case import Case
from mews_newtt.validation.packs.pack import Pack, is_typed
from mews_newtt.validation.packs.sheets import answers_csv, answers_xlsx, given_names, harmless, how_to, owner_names, owner_of

WORKBOOK = "answers.xlsx"
NAMES = ("cases.csv", "cases.ndjson", "sheet.html", "pack.json", "answers.csv", "how-to.txt", WORKBOOK)


def check_folder(folder: Path | str) -> Path:
    """The folder for a pack, checked before the pack is made. Raises FileError."""
    folder = Path(os.path.realpath(folder))
    if not folder.parent.is_dir():
        raise FileError(Problem("folder_missing", str(folder.parent), "is not a folder", "make it, or write elsewhere"))
    if folder.exists() and not folder.is_dir():
        raise FileError(Problem("output_is_file", str(folder), "is a file", "name a folder"))
    if not os.access(folder.parent, os.W_OK | os.X_OK):
        raise FileError(Problem("folder_read_only", str(folder.parent), "cannot be written to", "write elsewhere, or change its permissions"))
    if folder.is_dir() and (strange := sorted(path.name for path in folder.iterdir() if path.name not in NAMES)):
        raise FileError(
            Problem("folder_not_empty", str(folder), f"holds a file that is not part of a pack: {strange[0]}", "name a new or an empty folder")
        )
    return folder


def write_pack(pack: Pack, folder: Path | str, *, points: bool = False) -> list[Path]:
    """Write the pack's files. The folder appears, or changes, only when all files are written.

    Parameters
    ----------
    points : the answer sheet asks for the points of each row as well

    Returns the files written: all of `NAMES`; without the workbook where openpyxl is not installed.

    Raises
    ------
    FileError  the folder's parent is missing, or the folder holds other files
    """
    folder = check_folder(folder)
    texts = (as_csv(pack), as_ndjson(pack), as_sheet(pack), as_json(pack), answers_csv(pack, points), how_to(pack, points))
    contents = {name: text.encode("utf-8") for name, text in zip(NAMES, texts, strict=False)}
    workbook = answers_xlsx(pack, points)
    if workbook is not None:
        contents[WORKBOOK] = workbook
    with whole_folder(folder) as beside:
        for name, content in contents.items():
            (beside / name).write_bytes(content)
    return [folder / name for name in contents]


def as_csv(pack: Pack) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    given = given_names(pack.chart, [case.given for case in pack.cases])
    expected = list(dict.fromkeys(name for case in pack.cases for name in case.expected))
    writer.writerow(["case_id", *owner_names(pack), *given, *expected, "why"])
    for case in pack.cases:
        cells = [*owner_of(pack, case), *(case.given.get(name, "") for name in given), *(case.expected.get(name, "") for name in expected)]
        writer.writerow([harmless(case.id), *cells, harmless(case.why)])
    return out.getvalue()


def as_ndjson(pack: Pack) -> str:
    return "".join(json.dumps(case.to_dict(), ensure_ascii=False) + "\n" for case in pack.cases)


def as_json(pack: Pack) -> str:
    return json.dumps(pack.to_dict(), ensure_ascii=False, indent=2) + "\n"


STYLE = """
@page { size: A4 landscape; margin: 10mm }
* { box-sizing: border-box }
body { font: 14px/1.4 system-ui, sans-serif; margin: 1.5rem; color: #1a1a1a; background: #fff }
h1 { font-size: 1.4rem; margin: 0 0 .3rem }
p { margin: .2rem 0; max-width: 75rem }
.warning { border-left: .3rem solid #b00020; padding-left: .6rem; font-weight: 600 }
table { border-collapse: collapse; margin-top: 1rem; width: 100%; font-variant-numeric: tabular-nums }
caption { text-align: left; font-weight: 600; padding-bottom: .3rem }
th, td { border: 1px solid #767676; padding: .2rem .35rem; text-align: left; vertical-align: top }
thead th { background: #eee; vertical-align: bottom; font-size: .85em; hyphens: auto }
tbody th { white-space: nowrap }
td.none { color: #595959 }
td.changed { font-weight: 700; background: #fff3c4 }
td.expected { background: #e8f1fb }
td.got { min-width: 3.5rem }
td.why { font-size: .85em; min-width: 11rem }
tr { break-inside: avoid }
.finer { break-before: page }
tr:has(+ tr.because) { break-after: avoid }
tr.because td { border-bottom-width: 2px; color: #404040 }
thead { display: table-header-group }
@media print {
  * { print-color-adjust: exact }
  body { margin: 0; font-size: 9px }
  th, td { padding: .1rem .15rem }
  td.got { min-width: 2rem }
  td.why { min-width: 7rem }
}
"""


def as_sheet(pack: Pack) -> str:
    """A page to print: what to type in, what the platform must show, and room for what it showed."""
    chart = pack.chart
    names = given_names(chart, [case.given for case in pack.cases])
    first = pack.cases[0].given if pack.cases else {}
    typed = [case for case in pack.cases if case.person or is_typed(chart, case.given)]
    finer = [case for case in pack.cases if case not in typed]
    note = (
        f"<p>{count(len(finer), 'case')} with readings finer than people record {'is' if len(finer) == 1 else 'are'} on "
        '<a href="#finer">a sheet of its own</a> at the end.</p>\n'
        if finer
        else ""
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Test cases: {escape(chart.short_title)} {escape(chart.version)}</title>
<style>{STYLE}{stamp_css()}</style>
</head>
<body>
{stamp_html([chart])}
<main>
<h1>Test cases: {escape(chart.title)}</h1>
<p>Version {escape(chart.version)}, status {escape(chart.status)}: {escape(chart.trust_says)}
sha256 {escape(chart.sha256[:12])}. Seed {pack.seed}.</p>
<p>{escape(pack.says)}.</p>
<p class="warning">Made-up observations for testing a platform. Not for care.</p>
<p>Type in each row exactly as printed. A dash means: leave it empty. Shaded readings differ from the first case.</p>
<p>Platform: ____________________ Version: ____________ Tester: ____________________ Date: ____________</p>
{note}{_table(chart, typed, names, first, count(len(typed), "case"))}
{_finer(chart, finer, names, first)}</main>
</body>
</html>
"""


def _finer(chart: Chart, cases: list[Case], names: list[str], first: dict[str, str]) -> str:
    """The sheet of cases that people cannot type; empty where there are none."""
    if not cases:
        return ""
    says = "People do not record such readings. Send these cases where a machine can; leave them out where the platform takes whole steps only."
    table = _table(chart, cases, names, first, count(len(cases), "case"))
    return f'<section class="finer" id="finer">\n<h2>Readings finer than people record</h2>\n<p>{says}</p>\n{table}\n</section>\n'


def _table(chart: Chart, cases: list[Case], names: list[str], first: dict[str, str], caption: str) -> str:
    head = "".join(f'<th scope="col">{escape(_column(chart, name))}</th>' for name in names)
    totals = '<th scope="col">Expected total</th>' if chart.has_points else ""
    got = '<th scope="col">Total shown</th>' if chart.has_points else ""
    rows = "\n".join(_row(chart, case, names, first) for case in cases)
    return f"""<table>
<caption>{caption}</caption>
<thead><tr><th scope="col">Case</th>{head}{totals}<th scope="col">Expected level</th>{got}
<th scope="col">Level shown</th>{"" if _wide(names) else '<th scope="col">Why</th>'}</tr></thead>
<tbody>
{rows}
</tbody>
</table>"""


def _column(chart: Chart, name: str) -> str:
    parameter = chart.by_id[name.removeprefix(SKIP_PREFIX)]
    if name.startswith(SKIP_PREFIX):
        return f"{parameter.title}: reason for no reading"
    unit = {"Cel": "°C", "mm[Hg]": "mmHg", "a": "years"}.get(parameter.observation.unit, parameter.observation.unit)
    return f"{parameter.title} ({unit})" if unit else parameter.title


def _row(chart: Chart, case: Case, names: list[str], first: dict[str, str]) -> str:
    cells = []
    for name in names:
        text = case.given.get(name, "")
        kind = "changed" if text != first.get(name, "") else "none" if not text else ""
        cells.append(f"<td{f' class={chr(34)}{kind}{chr(34)}' if kind else ''}>{escape(_category(chart, name, text)) or '–'}</td>")
    status, level = case.expected["expected_status"], case.expected["expected_level"]
    titles = {level.id: level.title for level in chart.levels}
    if status == "refused":
        total, says = "no score", "no score"
    else:
        total = case.expected["expected_total"] or "no total"
        says = titles.get(level, level) if status == "complete" else f"at least {titles.get(level, level)}"
    totals = f'<td class="expected">{escape(total)}</td>' if chart.has_points else ""
    got = '<td class="got"></td>' if chart.has_points else ""
    row = f'<tr><th scope="row">{escape(case.id)}</th>{"".join(cells)}{totals}<td class="expected">{escape(says)}</td>{got}<td class="got"></td>'
    if not _wide(names):
        return f'{row}<td class="why">{escape(case.why)}</td></tr>'
    return f'{row}</tr><tr class="because"><td class="why" colspan="{len(names) + 3 + 2 * chart.has_points}">{escape(case.why)}</td></tr>'


def _wide(names: list[str]) -> bool:
    """Whether there is no room for another column; the reason then has its own line."""
    return len(names) > 11


def _category(chart: Chart, name: str, text: str) -> str:
    categories = () if name.startswith(SKIP_PREFIX) else chart.by_id[name].observation.categories
    return next((category.title for category in categories if category.id == text), text)
