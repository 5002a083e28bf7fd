"""Draws the list of observations in the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table as Grid

from mews_newtt.chart.model import Chart, number
from mews_newtt.cli.drawing import _console


def draw_observations(rows: Sequence[Mapping[str, Any]], chart: Chart | None) -> None:
    """One line for each observation: its name in input, its title, and what may be written."""
    console = _console()
    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False)
    grid.add_column("name", no_wrap=True)
    grid.add_column("title")
    grid.add_column("unit or answers", overflow="fold")
    if chart is None:
        grid.add_column("possible", overflow="fold")
    else:
        grid.add_column("on the chart", overflow="fold")
    for row in rows:
        last = row.get("possible", "") if chart is None else row["role"] + (", required" if row["required"] else "")
        grid.add_row(row["id"], escape(row["title"]), escape(_values(row)), escape(last))
    console.print(grid)
    if chart is not None:
        console.print(f"Observations of {escape(chart.short_title)} {chart.version} ({chart.status}). Leave a missing reading out: it is never 0.")
    console.print("[dim]skip_<name> holds the reason why a reading was not taken. Other units: temperature=98.6\\[degF].[/]")


def _values(row: Mapping[str, Any]) -> str:
    if "answers" in row:
        return ", ".join(row["answers"])
    return ", ".join(unit for unit in (number("", row["unit"]).strip(), *row["also_in"]) if unit)
