"""`mews-newtt coverage`: what somebody's test file leaves untested."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mews_newtt.cli.options import add_chart, chosen_chart
from mews_newtt.cli.pack import extra_missing

if TYPE_CHECKING:
    from mews_newtt.validation.coverage import Coverage

SHOWN = 12


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "coverage",
        help="what a test file leaves untested",
        description="What a file of test cases leaves untested: bands, both sides of edges, contexts, triggers, levels, and single faults it would "
        "not show, with cases to add. Exit 0 nothing is left, 1 something is, 2 unusable input.",
    )
    add_chart(parser)
    parser.add_argument("input", metavar="FILE", type=Path, help="CSV, NDJSON or Parquet; also packed (.gz, .zst)")
    parser.add_argument("--map", metavar="THEIRS=OURS", action="append", default=[], help="rename a column, or a map file (.toml); may be repeated")
    parser.add_argument("--ignore", metavar="COLUMN", action="append", default=[], help="a column to leave alone although it looks like a parameter")
    parser.add_argument("--unit", metavar="NAME=UNIT", action="append", default=[], help="the unit of a column, such as temperature=[degF]")
    parser.add_argument(
        "--missing", metavar="[NAME=]TEXT", action="append", default=[], help="a mark that means no reading, such as NA; heart_rate=0 for one column"
    )
    parser.add_argument("--json", action="store_true", help="everything as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from mews_newtt.reading.columns import read_map

    chart = chosen_chart(arguments)
    column_map = read_map(arguments.map, ignore=arguments.ignore, missing=arguments.missing, units=arguments.unit)
    try:
        from mews_newtt.validation.coverage import coverage

        found = coverage(chart, read_whole(arguments.input), column_map=column_map)
    except ImportError as absent:
        raise extra_missing("mews-newtt coverage", absent) from None
    if arguments.json:
        print(json.dumps(found.to_dict(), ensure_ascii=False, indent=2))
    else:
        _tell(found)
    return 1 if found.untested or found.alive else 0


def _tell(found: Coverage) -> None:
    chart = found.chart
    print(f"{chart.short_title} {chart.version} ({chart.status}), sha256 {chart.sha256[:12]}: {found.says}")
    for line in found.unread.says():
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


def read_whole(path: Path) -> Any:
    """A test file as one table; cells of text files stay text."""
    import polars

    from mews_newtt.tables.read import open_table

    with open_table(path, None) as table:
        frames = []
        for stretch in table.stretches():
            frames.append(stretch.frame())
            fault = stretch.fault()
            if fault is not None:
                raise fault
        return polars.concat(frames) if frames else table.columns
