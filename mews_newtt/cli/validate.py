"""`mews-newtt validate`: does a platform score as the chart says?"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from mews_newtt.chart.catalogue import catalogue
from mews_newtt.chart.timeline import charts_by_date
from mews_newtt.cli.dates import date_of_run
from mews_newtt.cli.options import add_chart, add_column_map, add_plan, chosen_chart, chosen_map, chosen_plan
from mews_newtt.cli.progress import progress_bar
from mews_newtt.cli.told import tell
from mews_newtt.errors import FileError, Problem
from mews_newtt.tables.formats import KINDS, PACKED, TITLES, any_of
from mews_newtt.validation.by_date import validate_file_by_date
from mews_newtt.validation.compare import diagnosed, validate_file
from mews_newtt.validation.reports import as_document, check_report_folder, write_reports
from mews_newtt.validation.result import Validation
from mews_newtt.validation.worst_rows import MOST_AT_ALL, MOST_WRITTEN


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Compare the scores in a file (expected_total, expected_level, expected_points_<parameter>) with a chart. "
        "Exit 0 all agree, 1 something disagrees, 2 unusable input, nothing to compare, or a test pack that is not answered in full."
    )
    add_chart(parser)
    kinds = f"{any_of(TITLES)}; text also packed ({', '.join(PACKED)}); a workbook (.xlsx, .ods) with one plain sheet"
    parser.add_argument("input", metavar="FILE", type=Path, help=kinds)
    add_column_map(parser, "no reading and no score")
    add_plan(parser)
    parser.add_argument("--format", choices=tuple(KINDS), help="what the file is, where its name does not say")
    parser.add_argument(
        "--blanks-disagree", action="store_true", help="a blank expected cell disagrees where the chart gives an answer for a complete set"
    )
    parser.add_argument(
        "--most-rows",
        type=_most_rows,
        default=MOST_WRITTEN,
        metavar="N",
        help=f"rows in disagreements.csv at most, the worst first (default {MOST_WRITTEN:,})",
    )
    parser.add_argument("--by-date", action="store_true", help="compare each row with the version in force on the day of its observed_at")
    add_report_options(parser)
    parser.set_defaults(run=run)


def _most_rows(text: str) -> int:
    number = int(text.replace(",", "").replace("_", "")) if text.replace(",", "").replace("_", "").isdecimal() else 0
    if not 1 <= number <= MOST_AT_ALL:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {MOST_AT_ALL:,}; they are held in memory until they are written")
    return number


def add_report_options(parser: argparse.ArgumentParser) -> None:
    """What `validate` and `conform` share."""
    parser.add_argument("--report", type=Path, metavar="DIR", help="write report.html, report.json, junit.xml and disagreements.csv there")
    parser.add_argument("--json", action="store_true", help="the whole result as JSON on standard output")
    parser.add_argument("--no-diagnosis", action="store_true", help="do not look for the fault that explains the disagreements")
    parser.add_argument(
        "--diagnose-anyway", action="store_true", help="diagnose although scored rows have no column: the platform did not have them either"
    )
    parser.add_argument("--date", metavar="TEXT", help="the date of the run as the reports name it (default: now, or SOURCE_DATE_EPOCH)")


def run(arguments: argparse.Namespace) -> int:
    if arguments.by_date:
        return _by_date(arguments)
    chart, column_map = chosen_chart(arguments), chosen_map(arguments)
    plan = chosen_plan(arguments, chart)
    if arguments.report is not None:
        check_report_folder(arguments.report)
    with progress_bar(chart.short_title) as progress:
        found = validate_file(
            chart,
            arguments.input,
            column_map=column_map,
            plan=plan,
            format=arguments.format,
            progress=progress,
            blanks_disagree=arguments.blanks_disagree,
            most_rows=arguments.most_rows,
        )
    return conclude(found, arguments)


def _by_date(arguments: argparse.Namespace) -> int:
    """One comparison for each version; with --report a folder for each. The worst exit code of all."""
    if "@" in arguments.chart or arguments.chart.endswith(".toml") or arguments.sha256 or arguments.json:
        what = "does not go with --json, or with a chart that is pinned"
        raise FileError(Problem("option_not_by_date", "--by-date", what, "leave it out, or name the chart alone"))
    timeline = charts_by_date(catalogue(arguments.rules), arguments.chart, arguments.min_status)
    print(f"{timeline.id} by date: {timeline.says}", file=sys.stderr)
    found = validate_file_by_date(
        timeline,
        arguments.input,
        column_map=chosen_map(arguments),
        plan=chosen_plan(arguments, timeline.turns[-1][1]),
        format=arguments.format,
        blanks_disagree=arguments.blanks_disagree,
    )
    codes = []
    for version, one in found.items():
        report = arguments.report / version if arguments.report is not None else None
        if report is not None:
            check_report_folder(report)
        codes.append(conclude(one, argparse.Namespace(**{**vars(arguments), "report": report})))
    return max(codes, default=2)


def conclude(found: Validation, arguments: argparse.Namespace) -> int:
    """Diagnose, write the reports, print the result. Returns the exit code."""
    if not arguments.no_diagnosis:
        found = diagnosed(found, anyway=arguments.diagnose_anyway)
    run_on = date_of_run(arguments.date)
    if arguments.report is not None:
        write_reports(found, arguments.report, run_on=run_on)
    if arguments.json:
        print(json.dumps(as_document(found, run_on), ensure_ascii=False, allow_nan=False, indent=2))
    else:
        tell(found, arguments.report)
    if found.verdict in ("nothing_compared", "unfinished"):
        mend = "give the answers that the platform showed" if found.right_answers else "fill the expected columns"
        print(f"{found.source.name}: {found.says}\n    mend: {mend}   [error: {found.verdict}]", file=sys.stderr)
        return 2
    return 1 if found.disagreed else 0
