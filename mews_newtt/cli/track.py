"""`mews-newtt track`: follows the sets of many people through a file: changes, due times, late and overdue sets."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from mews_newtt.cli import track_report
from mews_newtt.cli.apart import check_apart
from mews_newtt.cli.options import add_chart, add_column_map, add_plan, chosen_chart, chosen_map, chosen_plan
from mews_newtt.episode.many_schedules import read_schedules
from mews_newtt.episode.policy import Policy
from mews_newtt.episode.read_policy import load_policy
from mews_newtt.episode.table_events import EventLines
from mews_newtt.episode.track_file import Options, track_to, unread_by
from mews_newtt.errors import FileError, Problem
from mews_newtt.tables.atomic import whole_file, whole_output
from mews_newtt.tables.formats import STDIO, csv_unless_named, output_format
from mews_newtt.tables.planned.table import map_beside, open_planned
from mews_newtt.tables.read import read_table


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Score a file of sets of many people and follow each person: change of level and points, when the next set is due and whether it came "
        "late, corrections, entries made late. The file needs patient_id and observed_at, in any order of rows; recorded_at, set_id (versions of "
        "one set have the same) and void (entered in error) are used where they are there. Exit 0, or 1 where a person could not be followed."
    )
    add_chart(parser)
    parser.add_argument("input", metavar="FILE", type=Path, help="CSV, NDJSON or Parquet, also packed; with --plan anything that a plan reads")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="CSV, NDJSON or Parquet by its name; without it, CSV on standard output")
    add_column_map(parser)
    add_plan(parser)
    parser.add_argument("--policy", metavar="NAME", action="append", default=[], help="a policy's id, id@version or file (.toml); may be repeated")
    parser.add_argument("--schedules", metavar="FILE", type=Path, help="a table of patient_id, schedule and starts_at: which hold for whom")
    parser.add_argument("--zone", metavar="NAME", help="the zone of times without an offset, such as Europe/London")
    parser.add_argument("--now", metavar="TIME", help="count overdue sets to this time: 2026-11-20T08:00, with an offset if the file has offsets")
    parser.add_argument("--points", action="store_true", help="add the points of each parameter")
    parser.add_argument("--events", metavar="FILE", type=Path, help="also write what happened, an event a line (NDJSON)")
    track_report.add(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    chart, column_map = chosen_chart(arguments), chosen_map(arguments)
    policies = [_policy(name, arguments.rules) for name in arguments.policy]
    output: str | Path = arguments.output or STDIO
    form, now, plan = output_format(output, csv_unless_named(output)), _time(arguments.now), chosen_plan(arguments, chart)
    track_report.check(arguments)
    rows_wanted = arguments.report is None or arguments.output is not None
    inputs = (arguments.input, arguments.schedules, arguments.plan, *arguments.map, *arguments.policy)
    check_apart(inputs, (output if rows_wanted else None, arguments.events, *track_report.files(arguments)))
    with open_planned(chart, arguments.input, None, plan) as table:
        beside = map_beside(column_map, plan, table)
        unread = unread_by(chart, table, beside, track_report.reads(arguments))
        schedules = None
        if arguments.schedules is not None:
            schedules = read_schedules(read_table(arguments.schedules), policies, zone=arguments.zone)
        options = Options(tuple(policies), schedules, now, arguments.zone, beside, arguments.points)
        report = track_report.started(arguments, chart, table.names, policies, schedules, now, beside)
        with ExitStack() as files:  # all appear together, and only when all are complete
            lines = None if arguments.events is None else files.enter_context(whole_file(_file(arguments.events)))
            events = None if lines is None else EventLines(chart, table.names, beside, now, lines)
            into = files.enter_context(whole_output(output)) if rows_wanted else None
            summary = track_to(chart, table, into, form, options, events, counted=report)
            if lines is not None:
                lines.flush()
        reading = table.report
    not_read = (*unread.says(), *(reading.says() if reading else ()))
    for line in (*summary.says(), *(f"  {line}" for line in not_read)):
        print(line, file=sys.stderr)
    if report is not None:
        track_report.write(arguments, report, not_read)
    return 1 if summary.unplaced else 0


def _file(path: Path) -> Path | None:
    """None for standard output."""
    return None if str(path) == STDIO else path


def _policy(name: str, folders: list[Path]) -> Policy:
    """From a site's folder that has it, else from the package."""
    for folder in folders:
        if not name.endswith(".toml") and (folder / "policies" / name.partition("@")[0]).is_dir():
            return load_policy(name, rules=folder)
    return load_policy(name)


def _time(text: str | None) -> datetime | None:
    try:
        return None if text is None else datetime.fromisoformat(text)
    except ValueError:
        raise FileError(Problem("not_a_time", "--now", f"{text!r} is not a time", "write it as 2026-11-20T08:00")) from None
