"""`mews-newtt diff`: what changed between two charts or versions, and which readings now score differently."""

from __future__ import annotations

import argparse
import json

from mews_newtt.cli.options import add_rules, chart_named


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "diff",
        help="what changed between two charts or versions",
        description="What changed between two charts or versions, and which recordable readings now score differently.",
    )
    parser.add_argument("before", metavar="A", help="a chart's id, id@version, or a chart file (.toml)")
    parser.add_argument("after", metavar="B", help="the same of the other chart")
    parser.add_argument("--json", action="store_true", help="as JSON")
    add_rules(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from mews_newtt.chart.compare import compare

    found = compare(chart_named(arguments.before, arguments.rules), chart_named(arguments.after, arguments.rules))
    if arguments.json:
        print(json.dumps(found.to_dict(), ensure_ascii=False, indent=2))
        return 0 if found.same else 1
    for word, chart in (("from", found.before), ("to  ", found.after)):
        print(f"{word} {chart.id} {chart.version} ({chart.status}) sha256 {chart.sha256[:12]}  {chart.title}")
    if found.same:
        print("\nBoth say the same.")
        return 0
    for heading, none, differences in (
        ("Readings that score differently (runs of recordable values)", "No recordable reading scores differently.", found.readings),
        ("Totals that reach another level", "Every total reaches the same level.", found.totals),
        ("What the files say differently", "The files say the same otherwise.", found.changes),
    ):
        print(f"\n{heading}: {len(differences)}" if differences else f"\n{none}")
        for difference in differences:
            print(f"  {difference.says}")
    return 1
