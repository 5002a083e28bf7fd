"""`mews-newtt conform`: sends a test pack, or the sets of a file, to a platform and compares its answers with the chart."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from mews_newtt.chart.model import Chart
from mews_newtt.cli.options import add_chart, add_column_map, add_plan, chosen_chart, chosen_map, chosen_plan
from mews_newtt.cli.progress import progress_bar
from mews_newtt.cli.validate import add_report_options, conclude
from mews_newtt.errors import FileError, Problem
from mews_newtt.validation.conform import Adapter, Command, Endpoint, FileCases, Limits, compare_answers, file_cases, pack_cases, read_adapter
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
    parser.add_argument("--cases", metavar="FILE", type=Path, help="send the sets of this file to the platform instead")
    add_column_map(parser)
    add_plan(parser)
    parser.add_argument("--seed", type=int, default=None, metavar="N", help="the seed of the pack (default 0)")
    parser.add_argument("--manual", action="store_true", help="the shorter pack")
    add_report_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    chart = chosen_chart(arguments)
    if arguments.url is not None and arguments.adapter is None:
        raise FileError(Problem("adapter_missing", "--url", "needs --adapter", "name an adapter file; examples/adapters holds some"))
    _refuse_others(arguments)
    if arguments.report is not None:
        check_report_folder(arguments.report)
    own = _file_cases(arguments, chart)
    adapter = Adapter(limits=Limits(per_second=FAST)) if arguments.adapter is None else read_adapter(arguments.adapter, chart)
    platform = Command(chart, arguments.platform, adapter) if arguments.url is None else Endpoint(chart, arguments.url, adapter)
    with platform, progress_bar(chart.short_title) as progress:
        if own is not None:
            sets = "1 set" if len(own.cases) == 1 else f"{len(own.cases):,} sets"
            print(f"{sets} of {own.name} {'is' if len(own.cases) == 1 else 'are'} sent to {platform.shown}", file=sys.stderr)
        cases = pack_cases(chart, arguments.seed or 0, arguments.manual) if own is None else own.cases
        found = compare_answers(chart, platform.ask, cases, Origin(platform.shown, kind="endpoint"), adapter, progress)
    if own is not None:
        found = replace(found, notes=(*own.notes, *found.notes), reading=own.reading)
    return conclude(found, arguments)


def _file_cases(arguments: argparse.Namespace, chart: Chart) -> FileCases | None:
    """The sets of --cases; None without it."""
    if arguments.cases is None:
        return None
    return file_cases(chart, arguments.cases, column_map=chosen_map(arguments), plan=chosen_plan(arguments, chart))


def _refuse_others(arguments: argparse.Namespace) -> None:
    """Refuse options that would do nothing: those of a file without one, those of a pack with a file."""
    of_file = {f"--{name}": getattr(arguments, name) for name in ("map", "ignore", "unit", "missing", "plan")}
    of_pack = {"--seed": arguments.seed is not None, "--manual": arguments.manual}
    given = [name for name, value in (of_pack if arguments.cases else of_file).items() if value]
    if given:
        what = "is for a test pack, not for --cases" if arguments.cases else "is for the file of --cases"
        raise FileError(Problem("option_of_cases", ", ".join(given), what, "leave it out" if arguments.cases else "add --cases FILE"))
