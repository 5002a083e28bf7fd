"""`mews-newtt score --by-date`: each row on the chart version that was in force on the day it was observed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mews_newtt.chart.catalogue import catalogue
from mews_newtt.chart.timeline import charts_by_date
from mews_newtt.cli.options import chosen_map, chosen_plan
from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.unread import columns_not_read


def score_by_date(arguments: argparse.Namespace) -> None:
    """Score one file into a CSV file with a column `chart_version`. The rows by version go to standard error."""
    _refuse_others(arguments)
    from mews_newtt.tables.by_date import score_file_by_date  # batch extra
    from mews_newtt.tables.planned.table import map_beside, open_planned  # batch extra

    source, column_map = Path(arguments.input[0]), chosen_map(arguments)
    timeline = charts_by_date(catalogue(arguments.rules), arguments.chart, arguments.min_status)
    chart = timeline.turns[-1][1]
    plan = chosen_plan(arguments, chart)
    options = {"column_map": column_map, "plan": plan, "on_bad_row": arguments.on_bad_row, "points": arguments.points}
    counts = score_file_by_date(timeline, source, arguments.output, **options)
    with open_planned(chart, source, None, plan) as table:
        unread = columns_not_read(chart, table.names, map_beside(column_map, plan, table))
        reading = table.report
    print(f"{timeline.id} by date: {timeline.says}", file=sys.stderr)
    print("  rows: " + ", ".join(f"{version} {rows}" for version, rows in sorted(counts.items())), file=sys.stderr)
    for line in (*unread.says(), *(reading.says() if reading else ())):
        print(f"  {line}", file=sys.stderr)


def _refuse_others(arguments: argparse.Namespace) -> None:
    """Refuse what --by-date cannot do, before anything is read."""
    given = {
        "a pinned version": "@" in arguments.chart or arguments.chart.endswith(".toml") or arguments.sha256,
        "--json": arguments.json,
        "--explain": arguments.explain,
        "--format": arguments.format,
        "--output-format": arguments.output_format,
        "--summary": arguments.summary,
        "--plot": arguments.plot,
        "standard input": "-" in arguments.input,
        "several inputs": len(arguments.input) > 1 or any(Path(name).is_dir() for name in arguments.input),
    }
    names = [name for name, value in given.items() if value]
    if names:
        raise FileError(Problem("option_not_by_date", ", ".join(names), "does not go with --by-date", "leave it out, or score without --by-date"))
    if arguments.output is None or arguments.output.suffix.lower() != ".csv":
        raise FileError(Problem("output_needed", "--by-date", "writes a CSV file", "name it with -o OUT.csv"))
