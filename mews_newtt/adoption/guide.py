"""The guide for people who fill a sheet; writes it and an empty sheet into a folder."""

from __future__ import annotations

from pathlib import Path

from mews_newtt.adoption.grid import csv_text, read_csv, read_grid
from mews_newtt.adoption.layout import lay_out, lay_out_blank
from mews_newtt.adoption.xlsx import write_xlsx
from mews_newtt.chart.model import Chart
from mews_newtt.errors import FileError, Problem
from mews_newtt.tables.atomic import whole_file, whole_path

GUIDE = """\
How to fill the transcription sheet

You need the printed document, a spreadsheet program and two people. Nobody needs to know how to program.
The lead fills the whole sheet. The second person fills only: name and date under [Document], and [Bands], [Skips] and [Levels].
What only one of the two sheets says of the rest counts for both. What both say must be the same.

1. Work apart, from the printed document. Do not look at the other sheet, nor at a working chart.
2. Use the sheet named Transcription. Save it as .xlsx, .ods or CSV.
3. [Document]: cite the printed document, its edition and its licence. Write your whole name and the date (as 2026-01-31). - means: there is none.
4. [Chart]: a version of your own, a title, a short title, and one sentence on who the chart is for.
   chart id: keep it if your chart takes the place of the chart of that name. A new chart needs a name of its own: small letters and hyphens.
   effective from: the day from which the chart counts. Without it, the chart counts for all dates.
   supersedes: the version whose place it takes on that day.
   overlaps: write "higher score" if the document says so for moments at which two of its tables hold (exactly 48 hours).
5. [New observations]: what this program does not know yet. Title; kind: number or answers; for a number its unit, the smallest step that is
   recorded, and the lowest and highest value that can be; for answers the answers, parted by semicolons. Afterwards use its title like any other.
6. [Parameters]: one row for each row of the chart. Write its title as printed, such as Respiratory rate.
   role: scored (gives points), trigger (only raises a level) or recorded (only chooses a table, or says whom the chart is not for).
   required: yes where a set without it is not complete. source stays empty for what the document says itself.
7. [Bands]: one row for each band or answer. Add rows where the document prints more. Delete rows that it does not print. Any order.
   - reading: the range as printed: 9-11, 95-100, below 2, 8 or less, less than or equal to 6, 24+, over 25 to under 30. Answers in their words.
   - when: only where the document prints several tables for one sign. Write it in words: pregnant; on oxygen; up to 48 hours after birth;
     over 48 hours after birth; pregnant and on oxygen; or: Patient group = pregnant or postnatal.
   - points: a whole number. zone: a colour of [Zones]. level: the level that this band raises by itself, by its title.
   - Where the document prints nothing for a band, write - in points or level. A row that gives nothing is refused, so that none is forgotten.
   - "not read" in reading: the sign is not read in that context.
   - printed: only where the printed words must be kept and say more than the reading.
8. [Contexts]: a title for a table of [Bands], where the document prints one. The row names the same parameter and when.
9. [Skips]: coded reasons for a reading that was not taken, where the document prints them. Points only if it gives points for one.
10. [Groups]: signs of which only the worst counts (either), or of which only one is given (one of).
11. [Levels], lowest first. total: the totals that reach it (0-1; 2 or more). counts: 2 rows in zone red; 1 row at 3 points.
12. [Scope]: whom the chart is not for. when in words (child; newborn), then: not for, says: one sentence.
13. A question is asked where something is missing or unusual. Look into the print. If the print is so, both write the line that the question names.
14. Your own remarks go into columns to the right. They are not read. Do not merge cells, hide rows, strike out, raise a footnote mark or use
    formulas. Comments on cells are not read; the program says where there are some.

Try it first, as often as you like:    mews-newtt adopt A.xlsx B.xlsx --rules FOLDER --try
It compares, checks and draws the chart, and writes nothing. Without --try it writes the chart, which then waits.
It counts from the moment somebody who did not transcribe it signs it off.
"""


def write_sheet(chart: Chart | None, folder: Path, *, next_edition: bool = False) -> list[Path]:
    """A sheet as CSV and XLSX, and the guide; the XLSX only where openpyxl is installed.

    Parameters
    ----------
    chart : whose structure the sheet has, its numbers left out; None for a chart that nobody has yet: a blank sheet
    next_edition : filled with what the chart says now, for the next edition of its document
    """
    folder.mkdir(parents=True, exist_ok=True)
    laid = lay_out_blank() if chart is None else lay_out(chart, filled=next_edition, next_edition=next_edition)
    start = "new-chart" if chart is None else chart.id
    text, book, guide = (folder / f"{start}-{name}" for name in ("sheet.csv", "sheet.xlsx", "guide.txt"))
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
