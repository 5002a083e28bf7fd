"""`mews-newtt charts`: which charts there are; `charts show`: one of them drawn in the terminal."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from mews_newtt.chart.catalogue import catalogue, chart_to_look_at
from mews_newtt.chart.content import canonical
from mews_newtt.chart.model import Chart
from mews_newtt.chart.not_shipped import not_shipped
from mews_newtt.chart.sign_offs import sign_offs
from mews_newtt.cli.drawing import draw_chart, draw_list, draw_not_shipped
from mews_newtt.cli.options import add_chart, chart_named


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = "List every version of every chart, with its status."
    # `list_json` and `list_rules`: with the names of `show`, its defaults would undo what is written before `show`.
    parser.add_argument("--json", dest="list_json", action="store_true", help="as JSON")
    parser.add_argument("--not-shipped", action="store_true", help="charts that are known and not included, and what would change that")
    parser.add_argument(
        "--rules",
        dest="list_rules",
        metavar="DIR",
        type=Path,
        action="append",
        default=[],
        help="a folder of the site's own charts (may be repeated)",
    )
    parser.set_defaults(run=run_list)
    show = parser.add_subparsers(dest="what", metavar="show").add_parser("show", help="draw one chart", description="Draw one chart in the terminal.")
    add_chart(show)
    show.add_argument("--json", action="store_true", help="the chart's content as JSON")
    show.set_defaults(run=run_show)


def run_list(arguments: argparse.Namespace) -> int:
    if arguments.not_shipped:
        return _not_shipped(arguments.list_json)
    shelf = catalogue(arguments.list_rules)
    found = shelf.charts()
    for doubt in shelf.doubts.values():
        print(doubt.problem, file=sys.stderr)
    if arguments.list_json:
        print(json.dumps([chart.identity() for chart in found], ensure_ascii=False, indent=2))
        return 0
    draw_list(found)
    for chart in found:
        if chart.signed:
            print(f"{chart.id} {chart.version}: {chart.signed}")
    return 0


def run_show(arguments: argparse.Namespace) -> int:
    folders = [*arguments.list_rules, *arguments.rules]
    if arguments.min_status or arguments.sha256:
        chart = chart_named(arguments.chart, folders, arguments.min_status, arguments.sha256)
    else:
        chart = chart_to_look_at(arguments.chart, folders)
    if arguments.json or arguments.list_json:
        print(json.dumps({**canonical(chart), "sha256": chart.sha256}, ensure_ascii=False, indent=2))
        return 0
    draw_chart(chart)
    _show_sign_offs(chart)
    return 0


def _show_sign_offs(chart: Chart) -> None:
    """Who signed the chart off, and whether its content is still what they signed."""
    if chart.signed:
        print(f"{chart.signed[0].upper()}{chart.signed[1:]}")
    for one in sign_offs(Path(chart.origin)):
        if one.says not in chart.signed:
            holds = "" if one.holds_for(chart) else f"; NOT of this content, but of sha256 {one.sha256[:12]}"
            print(f"{one.says[0].upper()}{one.says[1:]}{holds}")


def _not_shipped(as_json: bool) -> int:
    entries = not_shipped()
    if as_json:
        print(json.dumps(entries, ensure_ascii=False, indent=2))
        return 0
    draw_not_shipped(entries)
    return 0
