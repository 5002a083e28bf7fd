"""`mews-newtt score --by-date`: a change-over, each row on the version in force on the day it was observed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mews_newtt.chart.catalogue import catalogue
from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.columns import read_map
from mews_newtt.reading.unread import columns_not_read


def score_by_date(arguments: argparse.Namespace) -> None:
    """Score one file into a CSV file with a column `chart_version`; which version served how many rows, on stderr."""
    _refuse_others(arguments)
    try:
        from mews_newtt.adoption.by_date import charts_by_date, score_file_by_date
        from mews_newtt.tables.read import open_table

        column_map = read_map(arguments.map, ignore=arguments.ignore, missing=arguments.missing, units=arguments.unit)
        timeline = charts_by_date(catalogue(arguments.rules), arguments.chart, arguments.min_status)
        counts = score_file_by_date(
            timeline,
            Path(arguments.input[0]),
            arguments.output,
            column_map=column_map,
            on_bad_row=arguments.on_bad_row,
            points=arguments.points,
        )
        with open_table(Path(arguments.input[0]), None) as table:
            unread = columns_not_read(timeline.turns[-1][1], table.names, column_map)
    except ImportError as absent:
        raise FileError(
            Problem("extra_missing", "--by-date", f"needs the batch extra ({absent.name} is not installed)", 'pip install "mews-newtt[batch]"')
        ) from None
    print(f"{timeline.id} by date: {timeline.says}", file=sys.stderr)
    print("  rows: " + ", ".join(f"{version} {rows}" for version, rows in sorted(counts.items())), file=sys.stderr)
    for line in unread.says():
        print(f"  {line}", file=sys.stderr)


def _refuse_others(arguments: argparse.Namespace) -> None:
    """What --by-date cannot do is told before anything is read."""
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
