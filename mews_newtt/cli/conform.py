"""`mews-newtt conform`: sends a test pack, or the sets of a file, to a platform and compares its answers with the chart."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from mews_newtt.chart.model import Chart
from mews_newtt.cli.options import add_chart, add_column_map, add_plan, chosen_chart, chosen_map, chosen_plan
from mews_newtt.cli.progress import progress_bar
from mews_newtt.cli.validate import add_report_options, conclude
from mews_newtt.errors import FileError, Problem
from mews_newtt.validation.conform import (
    Adapter,
    Command,
    Endpoint,
    FileCases,
    Limits,
    checked_address,
    compare_answers,
    dry_run,
    file_cases,
    filled_headers,
    pack_cases,
    read_adapter,
    sending_of,
)
from mews_newtt.validation.reports import check_report_folder
from mews_newtt.validation.result import Origin

FAST = 100_000.0  # requests a second: a command on this machine needs no limit
Made = TypeVar("Made")


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
    parser.add_argument("--check", action="store_true", help="check everything, show the first request and send nothing")
    parser.add_argument(
        "--run-id", default="", metavar="TEXT", help="a text for the ids of this run, for a platform that must not see an id a second time"
    )
    parser.add_argument("--cases", metavar="FILE", type=Path, help="send the sets of this file to the platform instead")
    add_column_map(parser)
    add_plan(parser)
    parser.add_argument("--seed", type=int, default=None, metavar="N", help="the seed of the pack (default 0)")
    parser.add_argument("--manual", action="store_true", help="the shorter pack")
    add_report_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    chart = chosen_chart(arguments)
    adapter, unset = _checked(arguments, chart)
    own = _file_cases(arguments, chart)
    cases = pack_cases(chart, arguments.seed or 0, arguments.manual) if own is None else own.cases
    if arguments.check:
        print(dry_run(chart, adapter, sending_of(chart, adapter, cases, adapter.name), arguments.url))
        if unset:
            raise FileError(unset)
        return 0
    platform = Command(chart, arguments.platform, adapter) if arguments.url is None else Endpoint(chart, arguments.url, adapter)
    with platform, progress_bar(chart.short_title) as progress:
        if own is not None:
            sets = "1 set" if len(own.cases) == 1 else f"{len(own.cases):,} sets"
            print(f"{sets} of {own.name} {'is' if len(own.cases) == 1 else 'are'} sent to {platform.shown}", file=sys.stderr)
        source = Origin(platform.shown, kind="endpoint")
        found = compare_answers(chart, platform.ask, cases, source, adapter, progress, of_pack=own is None, own_words=True)
    if own is not None:
        found = replace(found, notes=(*own.notes, *found.notes), reading=own.reading)
    return conclude(found, arguments)


def _checked(arguments: argparse.Namespace, chart: Chart) -> tuple[Adapter, list[Problem]]:
    """The adapter, with the address, the credentials and the folders checked. Raises FileError with every fault of all of them.

    With --check, faults of the credentials are returned: the first request can be shown without them.
    """
    problems: list[Problem] = []

    def tried(step: Callable[[], Made]) -> Made | None:
        try:
            return step()
        except FileError as fault:
            problems.extend(fault.problems)
            return None

    tried(lambda: _refuse_others(arguments))
    if arguments.report is not None:
        tried(lambda: check_report_folder(arguments.report))
    adapter = Adapter(limits=Limits(per_second=FAST))
    if arguments.adapter is not None:
        adapter = tried(lambda: read_adapter(arguments.adapter, chart)) or adapter
    elif arguments.url is not None:
        problems.append(Problem("adapter_missing", "--url", "needs --adapter", "name an adapter file; examples/adapters holds some"))
    if not arguments.run_id.isprintable() or not arguments.run_id.isascii() or len(arguments.run_id) > 40:
        problems.append(Problem("bad_run_id", "--run-id", "is not a short plain text", "use up to 40 letters, digits and hyphens"))
    adapter = adapter._replace(run=arguments.run_id)
    if arguments.url is not None:
        tried(lambda: checked_address(arguments.url, adapter, chart))
    sound = len(problems)
    if arguments.url is not None:
        tried(lambda: filled_headers(adapter))
    unset = problems[sound:]
    if problems and not (arguments.check and len(unset) == len(problems)):
        raise FileError(problems)
    return adapter, unset


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
