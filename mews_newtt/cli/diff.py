"""`mews-newtt diff`: what changed between two charts or versions, drawn and in words, and what share of given rows it touches."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from mews_newtt.chart.compare import Comparison, compare
from mews_newtt.cli.drawing_diff import draw_changes
from mews_newtt.cli.options import add_rules, chart_named
from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.columns import read_map

if TYPE_CHECKING:  # batch extra
    from mews_newtt.tables.share import Shares


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "What changed between two charts or versions, and which recordable readings now score differently. Exit 0 they say the same, 1 they differ."
    )
    parser.add_argument("before", metavar="A", help="a chart's id, id@version, or a chart file (.toml)")
    parser.add_argument("after", metavar="B", help="the same of the other chart")
    parser.add_argument("--draw", action="store_true", help="draw the rows that changed side by side")
    parser.add_argument("--rows", metavar="FILE", type=Path, help="a file of observation sets: what share of its rows changes total or level")
    parser.add_argument("--map", metavar="THEIRS=OURS", action="append", default=[], help="with --rows: rename a column, or a map file (.toml)")
    parser.add_argument("--json", action="store_true", help="as JSON")
    add_rules(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    found = compare(chart_named(arguments.before, arguments.rules), chart_named(arguments.after, arguments.rules))
    shares = _shares(arguments, found)
    if arguments.json:
        rows = {"rows": shares.to_dict()} if shares else {}
        print(json.dumps({**found.to_dict(), **rows}, ensure_ascii=False, indent=2))
        return 0 if found.same else 1
    for word, chart in (("from", found.before), ("to  ", found.after)):
        print(f"{word} {chart.id} {chart.version} ({chart.status}) sha256 {chart.sha256[:12]}  {chart.title}")
    if found.same:
        print("\nBoth say the same.")
        return 0
    if arguments.draw:
        draw_changes(found)
    for heading, none, differences in (
        ("Readings that score differently (runs of recordable values)", "No recordable reading scores differently.", found.readings),
        ("Totals that reach another level", _no_totals(found), found.totals),
        ("What the files say differently", "The files say the same otherwise.", found.changes),
    ):
        print(f"\n{heading}: {len(differences)}" if differences else f"\n{none}")
        for difference in differences:
            print(f"  {difference.says}")
    if shares:
        _say(shares, arguments.rows)
    return 1


def _no_totals(found: Comparison) -> str:
    """What to say where no total reaches another level: a chart without points has no totals at all."""
    if found.before.has_points or found.after.has_points:
        return "Every total reaches the same level."
    return "Neither chart has totals: zones, counts and triggers raise the level."


def _shares(arguments: argparse.Namespace, found: Comparison) -> Shares | None:
    if arguments.rows is None:
        if arguments.map:
            raise FileError(Problem("option_of_rows", "--map", "does nothing without --rows", "leave it out"))
        return None
    from mews_newtt.tables.share import changed_rows  # batch extra

    return changed_rows(found.before, found.after, arguments.rows, read_map(arguments.map))


def _say(shares: Shares, path: Path) -> None:
    def share(rows: int) -> str:
        return f"{rows} of {shares.rows} rows ({rows / shares.rows:.1%})" if shares.rows else "no rows"

    print(f"\nOf {path}:")
    for name, says in (("any", "change in any way"), ("total", "change total"), ("level", "change level"), ("score_status", "change status")):
        print(f"  {share(shares.changed[name])} {says}")
    for (before, after), rows in shares.levels.most_common():
        print(f"    level {before} -> {after}: {rows}")
