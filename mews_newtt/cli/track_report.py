"""The options of `mews-newtt track` that ask for a report, and the report itself."""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from mews_newtt.chart.model import Chart
from mews_newtt.cli.dates import date_of_run
from mews_newtt.episode.many_schedules import PeoplesSchedules
from mews_newtt.episode.policy import Policy
from mews_newtt.episode.report.files import MARKER, PAGE, WAITS, write_ward_report
from mews_newtt.episode.report.ward import MOST_STORIES, WARD, WardReporter
from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.column_map import ColumnMap
from mews_newtt.tables.folders import check_report_folder


def add(parser: argparse.ArgumentParser) -> None:
    """The options."""
    wanted = parser.add_argument_group("report", "A report names no person, unless you ask for it with --person or --overdue-list.")
    wanted.add_argument("--report", metavar="DIR", type=Path, help="write report.html and report.json there; then rows are written only with -o")
    wanted.add_argument("--ward", metavar="COLUMN", help="the column that says where a set was taken (default: ward, where there is one)")
    wanted.add_argument("--person", metavar="ID", action="append", default=[], help="tell this person's course in the report; may be repeated")
    wanted.add_argument("--overdue-list", action="store_true", help="also write overdue.csv there: whose next set is overdue (with --now)")
    wanted.add_argument("--date", metavar="TEXT", help="the date of the run as the report names it (default: now, or SOURCE_DATE_EPOCH)")


def check(arguments: argparse.Namespace) -> None:
    """Raise FileError if the options of the report contradict each other."""
    if arguments.report is None:
        options = {"--ward": arguments.ward, "--person": arguments.person, "--overdue-list": arguments.overdue_list}
        asked = [name for name, value in options.items() if value]
        if asked:
            raise FileError(Problem("option_alone", asked[0], "works only with a report", "add --report DIR"))
        return
    if arguments.overdue_list and arguments.now is None:
        raise FileError(Problem("option_alone", "--overdue-list", "needs the time at which sets count as overdue", "add --now TIME"))
    if len(arguments.person) > MOST_STORIES:
        raise FileError(Problem("too_many_persons", "--person", f"names {len(arguments.person)} persons", f"name at most {MOST_STORIES}"))
    check_report_folder(arguments.report)


def files(arguments: argparse.Namespace) -> tuple[Path, ...]:
    """The files that a report writes, or removes where an older one is there."""
    return () if arguments.report is None else tuple(arguments.report / name for name in (PAGE, MARKER, WAITS))


def reads(arguments: argparse.Namespace) -> tuple[str, ...]:
    """The columns that only a report reads."""
    return () if arguments.report is None else (arguments.ward or WARD,)


def started(
    arguments: argparse.Namespace,
    chart: Chart,
    names: Sequence[str],
    policies: Sequence[Policy],
    schedules: PeoplesSchedules | None,
    now: datetime | None,
    column_map: ColumnMap,
) -> WardReporter | None:
    """What counts the rows of a table with these columns; None where no report is wanted."""
    if arguments.report is None:
        return None
    return WardReporter(
        chart, names, policies=policies, schedules=schedules, now=now, zone=arguments.zone, column_map=column_map, ward=arguments.ward,
        persons=arguments.person, waits=arguments.overdue_list,
    )  # fmt: skip


def write(arguments: argparse.Namespace, reporter: WardReporter, not_read: Sequence[str]) -> None:
    """Write the report, and say where it is."""
    report = reporter.report(source_words(arguments.input), not_read)
    written = write_ward_report(report, arguments.report, run_on=date_of_run(arguments.date))
    print(f"  report: {', '.join(str(path) for path in written)}", file=sys.stderr)


def source_words(path: Path) -> str:
    """Which file it was: its name, its size and its sha256; the name alone where it is no plain file."""
    if not path.is_file():
        return path.name
    with path.open("rb") as stream:
        return f"{path.name}, {path.stat().st_size:,} bytes, sha256 {hashlib.file_digest(stream, 'sha256').hexdigest()}"
