"""`mews-newtt diff`: what changed between two charts or versions, drawn and in words, and what share of given rows it touches."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from mews_newtt.chart.catalogue import chart_to_look_at
from mews_newtt.chart.clinical_order import clinical_order
from mews_newtt.chart.compare import Comparison, compare
from mews_newtt.cli.drawing_diff import draw_changes
from mews_newtt.cli.options import add_rules
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
    found = compare(chart_to_look_at(arguments.before, arguments.rules), chart_to_look_at(arguments.after, arguments.rules))
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
    if not found.readings:
        print("\nNo recordable reading scores differently.")
    if not found.totals:
        print(f"\n{_no_totals(found)}")
    for part in clinical_order(found):
        print(f"\n{part.title}: {len(part.lines)}")
        for line in part.lines:
            print(f"  {line}")
    if shares:
        print()
        print("\n".join(share_lines(shares, arguments.rows)))
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


def share_lines(shares: Shares, path: Path) -> list[str]:
    """What share of a file's rows changes, in words."""

    def share(rows: int) -> str:
        return f"{rows} of {shares.rows} rows ({rows / shares.rows:.1%})" if shares.rows else "no rows"

    lines = [f"Of {path}:"]
    for name, says in (
        ("any", "change in any way"),
        ("total", "change total"),
        ("level", "change level"),
        ("score_status", "become complete, or become incomplete"),
    ):
        lines.append(f"  {share(shares.changed[name])} {says}")
    return lines + [f"    level {before} -> {after}: {rows}" for (before, after), rows in shares.levels.most_common()]
