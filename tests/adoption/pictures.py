"""The pictures of docs/adopting-in-short.md, made from a sheet that the walk of a ward fills and from what the command shows of it.

`python -m tests.adoption.pictures` writes them anew; a test holds them to what the program makes now.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path

from tests.adoption.support import command
from tests.adoption.test_ward_walk import Hand, excel_csv, hands

DOCS = Path(__file__).resolve().parents[2] / "docs"
SHEET, DRAWN = DOCS / "adopting-sheet.svg", DOCS / "adopting-drawn.svg"
WIDTHS = (150, 250, 110, 60, 60, 80)  # of the columns A to F
HIGH, LEFT, SIZE, LETTER = 22, 36, 12, 7  # of a row; of the column with the row numbers; of the letters; across one letter
BOTH, LEAD = "#dff0d8", "#dce9f7"  # cells that both people fill, and those of the lead alone
SECTIONS_OF_BOTH = ("[Bands]", "[Levels]")
SHOWN = ("[Document]", "[Chart]", "[Parameters]", "[Bands]", "[Levels]", "[Scope]")
MOST = 11  # rows of one section


def whole_svg(width: int, height: int, title: str, parts: Iterable[str]) -> str:
    inside = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{escape(title)}" font-family="sans-serif" font-size="{SIZE}">\n<title>{escape(title)}</title>\n'
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>\n{inside}\n</svg>\n'
    )


def words_at(x: int, y: int, text: str, *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x + 5}" y="{y + 15}"{weight} fill="#111111">{escape(text)}</text>'


def box(x: int, y: int, width: int, text: str, fill: str) -> str:
    shown = words_at(x, y, text) if text else ""
    return f'<rect x="{x}" y="{y}" width="{width}" height="{HIGH}" fill="{fill}" stroke="#bbbbbb"/>{shown}'


def shown_rows(hand: Hand) -> Iterator[tuple[int | None, list[str], str]]:
    """Number, cells and section of the rows to show; a number of None says that rows are left out."""
    section, rows_of_it = "", 0
    for number, row in enumerate(hand.sheet.iter_rows(values_only=True), start=1):
        cells = ["" if value is None else str(value) for value in row[: len(WIDTHS)]]
        if cells[0].startswith("["):
            section, rows_of_it = cells[0], 0
        rows_of_it += 1
        if section not in SHOWN or not any(cells):
            continue
        if rows_of_it <= MOST:
            yield number, cells, section
        elif rows_of_it == MOST + 1:
            yield None, [], section


def sheet_picture(hand: Hand) -> str:
    places = [LEFT + sum(WIDTHS[:column]) for column in range(len(WIDTHS))]
    parts = [box(x, 0, width, letter, "#eeeeee") for x, width, letter in zip(places, WIDTHS, "ABCDEF", strict=True)]
    y, before = HIGH, ""
    for number, cells, section in shown_rows(hand):
        title, heading = bool(cells) and cells[0] == section, section != before
        if number is None:
            parts.append(f'<text x="{LEFT + 5}" y="{y + 15}" fill="#555555">and so on, one row for each band of the print</text>')
        else:
            mine = section in SECTIONS_OF_BOTH or cells[0].startswith(("transcribed ", "overlaps"))
            fill = "#ffffff" if title else "#eeeeee" if heading else BOTH if mine else LEAD
            parts.append(box(0, y, LEFT, str(number), "#eeeeee"))
            parts += [box(x, y, width, "", fill if text else "#ffffff") for x, width, text in zip(places, WIDTHS, cells, strict=True)]
            for column, text in enumerate(cells):  # a long text runs on over empty cells, as on a spreadsheet
                room = WIDTHS[column] + sum(width for width, other in zip(WIDTHS[column + 1 :], cells[column + 1 :], strict=True) if not other)
                words = text if len(text) * LETTER <= room else text[: room // LETTER - 1].rstrip() + "\u2026"
                parts += [words_at(places[column], y, words, bold=title or heading)] if words else []
        before = before if title else section
        y += HIGH
    for fill, says in ((LEAD, "the lead fills this"), (BOTH, "both people fill this, each alone")):
        parts.append(box(LEFT, y + 6, 24, "", fill) + f'<text x="{LEFT + 32}" y="{y + 21}">{says}</text>')
        y += HIGH + 4
    return whole_svg(LEFT + sum(WIDTHS) + 1, y + 10, "A filled sheet: the lead fills the head, both people fill bands and levels", parts)


def drawn_picture(lead: Hand, second: Hand) -> str:
    """What `adopt --try` shows of the table."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / "anna.xlsx", Path(folder) / "ben.csv"]
        lead.book.save(files[0])
        files[1].write_bytes(excel_csv(second.sheet))
        code, said = command("adopt", *files, "--rules", Path(folder) / "site", "--try")
    assert code == 0, said
    lines = [line.rstrip() for line in said.splitlines()]
    first = next(place for place, line in enumerate(lines) if line.startswith("Respiratory rate"))
    last = next(place for place, line in enumerate(lines) if line.startswith("Temperature"))
    show = [re.sub(r"  \w+; source DOCUMENT$", "", line) for line in lines[first : last - 1]]
    bold = ' font-weight="bold"'
    parts = [
        f'<text x="12" y="{24 + 17 * place}" xml:space="preserve" font-family="monospace"{"" if line.startswith(" ") else bold}>{escape(line)}</text>'
        for place, line in enumerate(show)
    ]
    width = 40 + 8 * max(map(len, show))
    return whole_svg(width, 30 + 17 * len(show), "The command draws the table: compare it with the print", parts)


def pictures(blank: Path) -> dict[Path, str]:
    lead, second = hands(blank)
    return {SHEET: sheet_picture(lead), DRAWN: drawn_picture(lead, second)}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        command("adopt", "--sheet", "new", "-o", folder)
        for path, text in pictures(Path(folder) / "new-chart-sheet.xlsx").items():
            path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
