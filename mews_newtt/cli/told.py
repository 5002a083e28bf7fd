"""The result of a validation in the terminal: the user's own file first, then the verdict, the counts and what may be wrong."""

from __future__ import annotations

from pathlib import Path

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from mews_newtt.validation.exercised import PLURAL, gaps
from mews_newtt.validation.file_side import lines_to_paste
from mews_newtt.validation.reports.outliers import outliers
from mews_newtt.validation.result import Validation

SHOWN = 5  # disagreements shown in the terminal
PLACES = 5  # places of the chart that stand out


def visible(text: str) -> str:
    """Text of a file without control characters: a terminal would take them for commands."""
    return "".join(mark if mark.isprintable() else "\N{REPLACEMENT CHARACTER}" for mark in text)


def tell(found: Validation, report: Path | None) -> None:
    """The result in the terminal."""
    chart, console = found.chart, Console(highlight=False, markup=False)
    for line in found.said_first:
        console.print("\n".join(visible(part) for part in line.split("\n")), style="bold yellow", soft_wrap="\n" in line)
    _own_file(found, console)
    colour = {"agrees": "bold green", "disagrees": "bold red"}.get(found.verdict, "bold yellow")
    console.print(found.says, style=colour)
    trust = visible("; ".join(filter(None, (chart.status, chart.signed))))
    console.print(f"chart: {chart.title}, version {chart.version}, status {trust}, sha256 {chart.sha256[:12]}")
    digest = f", sha256 {found.source.sha256[:12]}" if found.source.sha256 else ""
    rows = "1 row" if found.rows == 1 else f"{found.rows:,} rows"
    counts = f"{found.complete:,} complete, {found.partial:,} partial, {found.refused:,} refused"
    console.print(f"source: {visible(found.source.name)}{digest}; {rows}: {counts}")
    for line in found.reading.says() if found.reading else ():
        console.print(visible(line))
    _counts(found, console)
    for kind in found.to_dict()["kinds"]:
        console.print(f"  {kind['cells']:,} × {kind['says']}")
    for one in found.disagreements[:SHOWN]:
        case = f" ({visible(one.case_id)})" if one.case_id else ""
        cells = "; ".join(f"{cell.column} stated {visible(cell.expected) or 'nothing'}, the chart gives {cell.computed}" for cell in one.cells)
        console.print(f"  row {one.row}{case}: {cells}")
    if found.disagreed > SHOWN:
        console.print(f"  and {found.disagreed - SHOWN:,} more rows" + ("" if report else ": --report DIR lists them"))
    if found.diagnosis is not None and found.diagnosis.disagreements:
        console.print(visible(f"diagnosis: {found.diagnosis.words}"))
        if found.diagnosis.sampled and not found.diagnosis.not_made:
            console.print(f"  looked for in {found.diagnosis.rows:,} rows, a sample that keeps disagreements")
    places = outliers(found)
    if places:
        console.print("places of the chart that stand out:")
        for place in places[:PLACES]:
            console.print(f"  {place.says}: {place.disagreed:,} of {place.rows:,} rows disagree ({place.share:.0%})")
    for note in found.notes:
        console.print(visible(f"note: {note}"))
    if found.compared:
        console.print("tried: " + ", ".join(f"{PLURAL[kind]} {seen} of {of}" for kind, (seen, of) in gaps(found.exercised.items()).items()))
    if report is not None:
        console.print(f"reports: {report}")
        if found.worst is not None and found.worst.says:
            console.print(found.worst.says)


def _own_file(found: Validation, console: Console) -> None:
    """What the user should know of the own file, before any word about the platform."""
    if not found.first:
        return
    for line in found.first:
        console.print(visible(line), style="bold yellow" if line == found.gap else None)
    for line in lines_to_paste(found.own_file):
        console.print(visible(line), soft_wrap=True)  # a line to paste must stay one line
    console.print()


def _counts(found: Validation, console: Console) -> None:
    """The counts of each expected column. A narrow terminal wraps them; no number is cut."""
    table = Table(box=SIMPLE, pad_edge=False)
    table.add_column("column", no_wrap=True)
    for heading in ("compared", "agree", "disagree", "lower", "higher", "blank"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, column in found.by_column.items():
        numbers = (column.compared, column.agreed, column.disagreed, column.lower, column.higher, column.blank)
        table.add_row(name, *(f"{value:,}" for value in numbers))
    needed = Console(width=1000).measure(table).maximum
    Console(width=max(console.width, needed), highlight=False, markup=False).print(table)
