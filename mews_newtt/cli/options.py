"""Options that several commands share."""

from __future__ import annotations

import argparse
from pathlib import Path

from mews_newtt.chart.catalogue import FOLDERS_VARIABLE, load_chart
from mews_newtt.chart.model import STATUSES, Chart, Status
from mews_newtt.reading.columns import ColumnMap, read_map
from mews_newtt.reading.plan import Plan, read_plan


def add_rules(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--rules",
        metavar="DIR",
        type=Path,
        action="append",
        default=[],
        help=f"a folder of the site's own charts (may be repeated; also {FOLDERS_VARIABLE})",
    )


def add_chart(parser: argparse.ArgumentParser) -> None:
    """The chart argument and how to pin it."""
    parser.add_argument("chart", metavar="CHART", help="a chart's id or alias, id@version, or a chart file (.toml)")
    parser.add_argument("--sha256", metavar="HASH", help="pin the content: a chart's hash, or its first 8 digits or more")
    parser.add_argument("--min-status", metavar="STATUS", help="refuse a chart trusted less: " + ", ".join(STATUSES))
    add_rules(parser)


def add_plan(parser: argparse.ArgumentParser) -> None:
    """How somebody else's whole file is read."""
    parser.add_argument("--plan", metavar="FILE.toml", type=Path, help="a reading plan: how somebody else's file becomes sets (docs/plans.md)")


def add_column_map(parser: argparse.ArgumentParser, meaning: str = "no reading") -> None:
    """How somebody else's columns, units and marks are read; `meaning` is what a mark for missing stands for."""
    parser.add_argument("--map", metavar="THEIRS=OURS", action="append", default=[], help="rename a column, or a map file (.toml); may be repeated")
    parser.add_argument("--ignore", metavar="COLUMN", action="append", default=[], help="a column to leave alone although it looks like a parameter")
    parser.add_argument("--unit", metavar="NAME=UNIT", action="append", default=[], help="the unit of a column, such as temperature=[degF]")
    parser.add_argument(
        "--missing", metavar="[NAME=]TEXT", action="append", default=[], help=f"a mark that means {meaning}, such as NA; heart_rate=0 for one column"
    )


def chosen_plan(arguments: argparse.Namespace, chart: Chart | None = None) -> Plan | None:
    """The plan of `add_plan`, with what --map, --ignore, --missing and --unit say beside it; None without one.

    Its faults are kept in it: whoever opens the file names them beside those of the file.
    """
    if arguments.plan is None:
        return None
    said = {"ignore": arguments.ignore, "missing": arguments.missing, "units": arguments.unit}
    return read_plan(arguments.plan, arguments.map, observations=None if chart is None else chart.observations, keep_faults=True, **said)


def chosen_map(arguments: argparse.Namespace) -> ColumnMap:
    """What `add_column_map` was given."""
    if getattr(arguments, "plan", None) is not None:
        return ColumnMap()  # the plan holds it
    return read_map(arguments.map, ignore=arguments.ignore, missing=arguments.missing, units=arguments.unit)


def chosen_chart(arguments: argparse.Namespace) -> Chart:
    return chart_named(arguments.chart, arguments.rules, arguments.min_status, arguments.sha256)


def chart_named(name: str, folders: list[Path], minimum_status: Status | None = None, sha256: str | None = None) -> Chart:
    """`news2`, `news2@2017.1` or a file."""
    return load_chart(name, minimum_status=minimum_status, folders=folders, sha256=sha256)
