"""`mews-newtt coverage`: what a file of test cases leaves untested."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from mews_newtt.cli.options import add_chart, add_column_map, add_plan, chosen_chart, chosen_map, chosen_plan
from mews_newtt.tables.planned.table import map_beside, open_planned
from mews_newtt.tables.read import whole
from mews_newtt.validation.coverage import Coverage, coverage

SHOWN = 12


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "What a file of test cases leaves untested: bands, both sides of edges, contexts, triggers, levels, and single faults it would "
        "not show, with cases to add. Exit 0 nothing is left, 1 something is, 2 unusable input."
    )
    add_chart(parser)
    parser.add_argument("input", metavar="FILE", type=Path, help="CSV, NDJSON or Parquet; also packed (.gz, .zst)")
    add_column_map(parser)
    add_plan(parser)
    parser.add_argument("--json", action="store_true", help="everything as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    chart, column_map = chosen_chart(arguments), chosen_map(arguments)
    plan = chosen_plan(arguments, chart)
    with open_planned(chart, arguments.input, None, plan) as table:
        found = coverage(chart, whole(table), column_map=map_beside(column_map, plan, table), about=table.about)
        found.reading = table.report
    if arguments.json:
        print(json.dumps(found.to_dict(), ensure_ascii=False, indent=2))
    else:
        _tell(found)
    return 1 if found.untested or found.alive else 0


def _tell(found: Coverage) -> None:
    chart = found.chart
    print(f"{chart.named}, sha256 {chart.sha256[:12]}: {found.says}")
    for line in (*found.unread.says(), *(found.reading.says() if found.reading else ())):
        print(line)
    _list("untested", [f"{item.kind}: {item.says}" for item in found.untested])
    _list("would not show", [fault["words"] for fault in found.alive])
    if found.to_add:
        print(f"cases to add ({len(found.to_add)}):")
        for case in found.to_add[:SHOWN]:
            print(f"  {', '.join(f'{name}={text}' for name, text in case.given.items())}")
            expected = case.expected["expected_total"] or case.expected["expected_status"]
            print(f"    expect {expected}, {case.expected['expected_level'] or 'no level'}; {case.why}")
        if len(found.to_add) > SHOWN:
            print(f"  and {len(found.to_add) - SHOWN} more: --json gives all")


def _list(title: str, lines: list[str]) -> None:
    if lines:
        print(f"{title} ({len(lines)}):")
        for line in lines[:SHOWN]:
            print(f"  {line}")
        if len(lines) > SHOWN:
            print(f"  and {len(lines) - SHOWN} more: --json gives all")
