"""`mews-newtt beside`: compares two records of the same episodes, such as paper and digital."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import timedelta
from pathlib import Path

from mews_newtt.chart.model import Chart
from mews_newtt.cli.apart import check_apart
from mews_newtt.cli.dates import date_of_run
from mews_newtt.cli.options import add_chart, add_column_map, add_plan, chosen_chart, chosen_map, chosen_plan
from mews_newtt.cli.track_report import source_words
from mews_newtt.episode.beside.compare import Record, beside, record_of
from mews_newtt.episode.beside.page import MARKER, PAGE, summary_text, write_beside
from mews_newtt.episode.track import Columns
from mews_newtt.reading.unread import columns_not_read
from mews_newtt.tables.folders import check_report_folder
from mews_newtt.tables.planned.table import map_beside, open_planned
from mews_newtt.tables.read import whole


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Compare two records of the same episodes, such as paper beside digital: which sets belong together, agreement of totals and levels with "
        "weighted kappa, the points of each row, and the sets that one record lacks. Both files need patient_id and observed_at. "
        "Exit 0 where everything agrees, 1 where something differs or is missing, 2 for unusable input."
    )
    add_chart(parser)
    parser.add_argument("first", metavar="FIRST", type=Path, help="the record to compare with, such as paper")
    parser.add_argument("second", metavar="SECOND", type=Path, help="the other record, such as digital")
    parser.add_argument(
        "--window", metavar="MINUTES", type=_minutes, required=True, help="how far apart the times of one set may be in the two records; one to one"
    )
    add_column_map(parser)
    add_plan(parser)
    parser.add_argument("--second-plan", metavar="FILE.toml", type=Path, help="a reading plan for SECOND, where it is not that of FIRST")
    parser.add_argument("--zone", metavar="NAME", help="the zone of times without an offset, such as Europe/London")
    parser.add_argument("--report", metavar="DIR", type=Path, help="write report.html and report.json there; no person is named in them")
    parser.add_argument("--json", action="store_true", help="the whole result as JSON on standard output")
    parser.add_argument("--date", metavar="TEXT", help="the date of the run as the report names it (default: now, or SOURCE_DATE_EPOCH)")
    parser.set_defaults(run=run)


def _minutes(text: str) -> timedelta:
    try:
        return timedelta(minutes=float(text))
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of minutes") from None


def run(arguments: argparse.Namespace) -> int:
    chart = chosen_chart(arguments)
    if arguments.report is not None:
        check_report_folder(arguments.report)
        read = (arguments.first, arguments.second, arguments.plan, arguments.second_plan, *arguments.map)
        check_apart(read, (arguments.report / PAGE, arguments.report / MARKER))
    not_read: dict[str, tuple[str, ...]] = {}
    first = _record(chart, arguments, arguments.first, not_read)
    if arguments.second_plan is not None:
        arguments.plan = arguments.second_plan
    second = _record(chart, arguments, arguments.second, not_read)
    found = beside(chart, first, second, arguments.window)
    if arguments.report is not None:
        write_beside(found, arguments.report, not_read, date_of_run(arguments.date))
    if arguments.json:
        print(json.dumps(found.to_dict(), ensure_ascii=False, allow_nan=False, indent=2))
    else:
        print(summary_text(found))
    for name, lines in not_read.items():
        for line in lines:
            print(f"{name.partition(',')[0]}: {line}", file=sys.stderr)
    return 0 if found.agrees else 1


def _record(chart: Chart, arguments: argparse.Namespace, path: Path, not_read: dict[str, tuple[str, ...]]) -> Record:
    plan, column_map, name = chosen_plan(arguments, chart), chosen_map(arguments), source_words(path)
    with open_planned(chart, path, None, plan) as table:
        beside_plan = map_beside(column_map, plan, table)
        unread = columns_not_read(chart, [each for each in table.names if each not in Columns()[2:]], beside_plan)
        found = record_of(chart, name, whole(table), column_map=beside_plan, zone=arguments.zone)
        reading = table.report
    not_read[name] = (*unread.says(), *(reading.says() if reading else ()))
    return found
