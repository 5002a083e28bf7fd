"""`mews-newtt conform`: sends a test pack to a platform and compares its answers with the chart."""

from __future__ import annotations

import argparse
from pathlib import Path

from mews_newtt.cli.options import add_chart, chosen_chart
from mews_newtt.cli.progress import progress_bar
from mews_newtt.cli.validate import add_report_options, conclude
from mews_newtt.errors import FileError, Problem
from mews_newtt.validation.conform import Adapter, Command, Endpoint, Limits, compare_answers, pack_cases, read_adapter
from mews_newtt.validation.reports import check_report_folder
from mews_newtt.validation.result import Origin

FAST = 100_000.0  # requests a second: a command on this machine needs no limit


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Send the cases of a chart's test pack to a platform, over HTTP through an adapter file or to a command as lines of JSON, and "
        "compare the answers. Exit 0 all agree, 1 something disagrees, 2 unusable. Credentials come from the environment and are never written."
    )
    add_chart(parser)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--url", metavar="URL", help="the platform's address; the adapter's path is put behind it")
    where.add_argument("--command", dest="platform", metavar="CMD", help="a command that answers each line of JSON with a line of JSON")
    parser.add_argument("--adapter", metavar="FILE.toml", type=Path, help="how requests are written and answers are read; needed with --url")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="the seed of the pack (default 0)")
    parser.add_argument("--manual", action="store_true", help="the shorter pack")
    add_report_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    chart = chosen_chart(arguments)
    if arguments.url is not None and arguments.adapter is None:
        raise FileError(Problem("adapter_missing", "--url", "needs --adapter", "name an adapter file; examples/adapters holds some"))
    if arguments.report is not None:
        check_report_folder(arguments.report)
    adapter = Adapter(limits=Limits(per_second=FAST)) if arguments.adapter is None else read_adapter(arguments.adapter, chart)
    platform = Command(chart, arguments.platform, adapter) if arguments.url is None else Endpoint(chart, arguments.url, adapter)
    with platform, progress_bar(chart.short_title) as progress:
        cases = pack_cases(chart, arguments.seed, arguments.manual)
        found = compare_answers(chart, platform.ask, cases, Origin(platform.shown, kind="endpoint"), adapter, progress)
    return conclude(found, arguments)
