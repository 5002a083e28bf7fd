"""Options that several commands share."""

from __future__ import annotations

import argparse
from pathlib import Path

from mews_newtt.chart.catalogue import FOLDERS_VARIABLE, load_chart
from mews_newtt.chart.model import STATUSES, Chart, Status


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


def chosen_chart(arguments: argparse.Namespace) -> Chart:
    return chart_named(arguments.chart, arguments.rules, arguments.min_status, arguments.sha256)


def chart_named(name: str, folders: list[Path], minimum_status: Status | None = None, sha256: str | None = None) -> Chart:
    """`news2`, `news2@2017.1` or a file."""
    return load_chart(name, minimum_status=minimum_status, folders=folders, sha256=sha256)
