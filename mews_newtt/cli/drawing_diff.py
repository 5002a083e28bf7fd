"""Two charts drawn side by side, row by row: only the rows whose readings score differently."""

from __future__ import annotations

from dataclasses import replace
from itertools import zip_longest

from rich import box
from rich.markup import escape
from rich.table import Table as Grid
from rich.text import Text

from mews_newtt.chart.compare import BandGives, Comparison, band_gives_says
from mews_newtt.chart.model import Band, Chart, Parameter, Table
from mews_newtt.chart.words import conditions_say
from mews_newtt.cli.drawing import _console, _style


def draw_changes(found: Comparison) -> None:
    """Every row with a changed reading: its bands before and after, highest first."""
    console = _console()
    for name in dict.fromkeys(change.parameter for change in found.readings):
        before, after = found.before.by_id.get(name), found.after.by_id.get(name)
        shown = after or before
        if shown is None:
            continue
        console.print(f"\n[bold]{escape(shown.title)}[/] [dim]{escape(name)}[/]")
        for one, other in zip_longest(_tables(before), _tables(after)):
            table, chart = (other, found.after) if other else (one or Table(()), found.before)
            grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False, title=escape(conditions_say(chart, table.when)) or None, title_justify="left")
            grid.add_column(escape(f"{found.before.id} {found.before.version}"))
            grid.add_column(escape(f"{found.after.id} {found.after.version}"))
            for left, right in zip_longest(_bands(shown, one), _bands(shown, other)):
                grid.add_row(_cell(found.before, left, other), _cell(found.after, right, one))
            console.print(grid)


def _tables(parameter: Parameter | None) -> tuple[Table, ...]:
    return parameter.tables if parameter else ()


def _bands(parameter: Parameter, table: Table | None) -> list[Band]:
    bands = list(table.bands) if table else []
    return bands[::-1] if parameter.observation.numeric else bands


def _cell(chart: Chart, band: Band | None, other: Table | None) -> Text:
    """A band in its colour and in words; a star where the other chart has no such band."""
    if band is None:
        return Text("")
    same = other is not None and any(_says(band) == _says(twin) for twin in other.bands)
    cell = Text("  " if same else "* ")
    cell.append(f" {band.reads} ", style=_style(chart, band))
    cell.append(f" {band_gives_says(BandGives(band.points, band.zone, band.level, band.prompt))}")
    return cell


def _says(band: Band) -> Band:
    return replace(band, printed="")
