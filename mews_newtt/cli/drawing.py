"""Draws charts in the terminal with rich: colours, and always points and words beside them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table as Grid
from rich.text import Text

from mews_newtt.chart.model import Band, Chart, Level, Parameter, Table, number
from mews_newtt.chart.statuses import MEANINGS
from mews_newtt.chart.words import count, gives, group_says, scope_says, skip_gives
from mews_newtt.drawn.colours import PLAIN, paint
from mews_newtt.drawn.words import ROLE_TITLES, reached_by, table_title
from mews_newtt.validation.proving.recorded import WHOLE, every_combination, total

_STATUS_COLOURS = {"verified": "green", "transcribed": "cyan", "secondary": "yellow", "derived": "magenta", "local": "blue"}


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Rich would end the process with its own exit code; `main` handles the error instead."""
        raise BrokenPipeError


def _console() -> Console:
    """As wide as the terminal; 100 columns where the output is not a terminal and COLUMNS is not set."""
    elsewhere = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return _Console(highlight=False, width=100 if elsewhere else None)


def status_word(status: str) -> str:
    return f"[bold {_STATUS_COLOURS[status]}]{status}[/]"


def draw_list(charts: Sequence[Chart]) -> None:
    """Every chart version with its status, and what the statuses mean."""
    console = _console()
    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("chart", "version", "status", "title"):
        grid.add_column(heading, overflow="fold", no_wrap=heading != "title")
    for chart in charts:
        grid.add_row(chart.id, chart.version, status_word(chart.status), escape(chart.title))
    console.print(grid)
    console.print("What a status means:")
    for status, meaning in MEANINGS.items():
        if any(chart.status == status for chart in charts):
            console.print(f"  {status_word(status)}: {meaning}")
    console.print("`mews-newtt charts show CHART` draws a chart; `mews-newtt charts --not-shipped` lists what is not here and why.")


def draw_proofs(proofs: Sequence[tuple[Chart, Mapping[str, Any] | None]]) -> None:
    """What is on record of every chart: a line each, numbers as people write them."""
    console = _console()
    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("chart", "version", "tried all", "combinations", "sets", "by reference", "differ"):
        grid.add_column(heading, justify="left" if heading in ("chart", "version", "tried all") else "right", no_wrap=True)
    for chart, proof in proofs:
        if proof is None:
            grid.add_row(chart.id, chart.version, "not on record")
            continue
        whole = every_combination(proof)
        tried = ("no, too many", f"{proof['combinations_alike']:,}") if whole is None else (WHOLE[whole["part"]], f"{whole['sets']:,}")
        grid.add_row(chart.id, chart.version, *tried, *(f"{total(proof, count):,}" for count in ("sets", "by_reference", "differences")))
    console.print(grid)


def draw_not_shipped(entries: Iterable[Mapping[str, str]]) -> None:
    console = _console()
    for entry in entries:
        console.print(f"[bold]{escape(entry['title'])}[/] ({escape(entry['id'])}; owner: {escape(entry['owner'])})")
        console.print(f"  why not: {escape(entry['why'])}")
        console.print(f"  what is needed: {escape(entry['mend'])}\n")


def draw_chart(chart: Chart) -> None:
    """The whole chart: its status first, then rows as printed (highest at the top), levels, sources, gaps."""
    console = _console()
    status = [f"Status {status_word(chart.status)}: {MEANINGS[chart.status]}.", escape(chart.trust_says), f"For: {escape(chart.scope_says)}"]
    console.print(
        Panel(
            "\n".join(line for line in status if line),
            title=f"[bold]{escape(chart.title)}",
            title_align="left",
            subtitle=f"{chart.id} {chart.version}  sha256 {chart.sha256[:12]}",
            subtitle_align="right",
        )
    )
    for role, heading in ROLE_TITLES.items():
        rows = [parameter for parameter in chart.parameters if parameter.role == role]
        if rows:
            console.rule(f"[bold]{heading}", align="left")
        for parameter in rows:
            _draw_parameter(console, chart, parameter)
    for group in chart.groups:
        console.print(f"[bold]{escape(group.title)}[/] ({', '.join(group.parameters)}): {group_says(group)}\n")
    console.rule("[bold]Levels, highest first", align="left")
    for level in reversed(chart.levels):
        _draw_level(console, chart, level)
    for heading, lines in (
        ("Not for", scope_says(chart)),
        ("Notes", chart.notes),
        ("Known to be missing", chart.known_missing),
        ("Sources", [f"{s.id}: {s.cite}" + (f" doi {s.doi}." if s.doi else "") + (f" Taken: {s.took}." if s.took else "") for s in chart.sources]),
        ("Licence", [chart.licence]),
    ):
        if lines:
            console.rule(f"[bold]{heading}", align="left")
            for line in lines:
                console.print(Text(f"- {line}"), soft_wrap=False)


def _draw_parameter(console: Console, chart: Chart, parameter: Parameter) -> None:
    unit = number("", parameter.observation.unit).strip()
    optional = "" if parameter.required else ", counts only where given" if parameter.role != "recorded" else ""
    console.print(
        f"[bold]{escape(parameter.title)}[/]{f' ({escape(unit)})' if unit else ''}  [dim]{parameter.id}{optional}; source {parameter.source}[/]"
    )
    if parameter.note:
        console.print(f"  [italic]{escape(parameter.note)}[/]")
    if parameter.assumed:
        console.print(f"  not given: {escape(parameter.assumed)} is read, because {escape(parameter.assumed_because)}")
    if not parameter.tables and parameter.observation.categories:
        console.print("  " + ", ".join(parameter.category_ids))
    for table in parameter.tables:
        _draw_table(console, chart, parameter, table)
    for skip in parameter.skips:
        console.print(f"  not taken, {skip.code} ({escape(skip.says)}): {skip_gives(skip)}")
    console.print()


def _draw_table(console: Console, chart: Chart, parameter: Parameter, table: Table) -> None:
    if table.when:
        console.print(f"  [underline]{escape(table_title(chart, table))}[/]")
    if not table.applies:
        console.print("    not read here")
        return
    grid = Grid(box=None, show_header=False, padding=(0, 2, 0, 0))
    bands = reversed(table.bands) if parameter.observation.numeric else table.bands
    for band in bands:
        label = band.printed if band.interval else band.reads  # the ids, which a user types
        wording = band.printed if not band.interval and band.printed not in (label, *band.categories) else ""
        cells = [
            Text(f" {label} ", style=_style(chart, band)),
            Text(count(band.points, "point") if band.points is not None else ""),
            Text(band.zone or ""),
            Text(", ".join(part for part in (_raises(band), wording) if part)),
        ]
        grid.add_row("   ", *cells)
    console.print(grid)


def _raises(band: Band) -> str:
    return ", ".join(gives(None, None, band.level, band.prompt))


def _style(chart: Chart, band: Band) -> str:
    """The colours of the drawn chart; what is plain keeps the terminal's own."""
    colours = paint(chart, band)
    return f"{colours.ink} on {colours.fill}" if colours.fill != PLAIN else ""


def _draw_level(console: Console, chart: Chart, level: Level) -> None:
    reached = reached_by(chart, level)
    console.print(f"[bold]{escape(level.title)}[/] [dim]({level.id}; source {level.source})[/]")
    console.print(f"  {escape('; '.join(reached)) if reached else 'every set that reaches no other level'}")
    for what, timing in (("observe again", level.reobserve), ("review", level.review)):
        if timing:
            console.print(f"  {what}: {escape(timing.says)}")
    if level.response:
        console.print(f"  response: {escape(level.response)}")
