"""The guide for people who fill a sheet; writes it and an empty sheet into a folder."""

from __future__ import annotations

from pathlib import Path

from mews_newtt.adoption.grid import csv_text, read_csv, read_grid
from mews_newtt.adoption.layout import lay_out
from mews_newtt.adoption.xlsx import write_xlsx
from mews_newtt.chart.model import Chart
from mews_newtt.errors import FileError, Problem
from mews_newtt.tables.atomic import whole_file, whole_path

GUIDE = """\
How to fill the transcription sheet

1. Two people fill one sheet each, apart, from the printed document. Neither looks at the other's, nor at a working chart.
2. Take the CSV or the XLSX, whichever suits; they hold the same. Work in the sheet named Transcription.
3. [Document]: cite the printed document, its edition and its licence; write your name and the date (as 2026-01-31).
4. [Chart]: give the chart a version, a title, a short title, and one sentence on who it is for. Leave the chart id as it is.
5. [Bands]: one row for each band or category. The rows of the working chart stand there as a start, their numbers left out:
   add rows where the document prints more, delete rows it does not print. The order of numeric bands does not matter.
   - reading: the range as printed: 9-11, <8, 8 or less, 24+, >25 to <30. A category as it stands there: voice, or: voice or pain.
   - points: a whole number. zone: an id from [Zones]. level: the level that this band raises by itself (a trigger).
   - Where the document prints nothing at all for a band, write - in points or level. An empty row is refused, so that none is forgotten.
   - printed: only where the printed wording must be kept and says more than the reading.
6. [Levels], lowest first: total is a range of totals (0-1, 2 or more); counts such as: 2 rows in zone red; 1 row at 3 points.
7. [Parameters]: role is scored (gives points), trigger (only raises a level) or recorded (only chooses tables or scope);
   required is yes where a set without it is not complete. source stays empty for what the document says itself;
   anything else names an id from [Other sources].
8. If the document really prints points that fall while moving outwards, add a row under [Chart]: points may fall | the parameter.
   If it really prints an edge that is refused as unusual, add: unusual edges | the parameter.
   If a question is asked about what is left out or unusual, and the print really says so, add the line that the question names: as printed | ...
9. A column or cell to the right with your own remarks is not read. Do not merge cells, hide rows, strike out or use formulas.

Then: mews-newtt adopt A.xlsx B.xlsx --rules FOLDER
It compares both sheets cell by cell and runs every check. A chart is written only when nothing speaks against it.
"""


def write_sheet(chart: Chart, folder: Path) -> list[Path]:
    """An empty sheet with the chart's structure, as CSV and XLSX, and the guide; the XLSX only where openpyxl is installed."""
    folder.mkdir(parents=True, exist_ok=True)
    laid = lay_out(chart, filled=False)
    text, book, guide = (folder / f"{chart.id}-{name}" for name in ("sheet.csv", "sheet.xlsx", "guide.txt"))
    empty = csv_text(laid.lines)
    filled = [path for path in (text, book) if path.exists() and read_grid(path).texts != read_csv(text.name, empty.encode()).texts]
    if filled:
        what, mend = "is there already, and not empty", "move it away, or write to another folder"
        raise FileError([Problem("sheet_exists", str(path), what, mend) for path in filled])
    with whole_file(text) as out:
        out.write(empty)
    with whole_file(guide) as out:
        out.write(GUIDE)
    written = [text, guide]
    try:
        with whole_path(book) as beside:
            write_xlsx(beside, laid.lines, laid.headings, laid.titles, GUIDE.splitlines())
        written.insert(1, book)
    except FileError as fault:
        if fault.problems[0].code != "extra_missing":
            raise
    return written
