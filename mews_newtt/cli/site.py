"""`mews-newtt site`: what chart names mean at a site; choose a version, retire one, roll back; what an upgrade would change."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from mews_newtt.adoption.signing import retire
from mews_newtt.adoption.site_check import check_site, not_named
from mews_newtt.adoption.site_names import roll_back, set_minimum, use
from mews_newtt.chart.catalogue import FOLDERS_VARIABLE, Catalogue, catalogue, chart_to_look_at, site_folders
from mews_newtt.chart.clinical_order import in_lines
from mews_newtt.chart.model import STATUSES
from mews_newtt.chart.site import is_site
from mews_newtt.chart.site_file import SITE_FILE
from mews_newtt.cli.diff import share_lines
from mews_newtt.cli.options import add_rules
from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.columns import read_map

_SHOWN = 12  # differences in words, of each name


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "What chart names mean at this site. Without a task: the list. A site file (site.toml) fixes the version and content of every name, so that "
        "an upgrade of this software cannot change it."
    )
    tasks = parser.add_subparsers(dest="task", metavar="TASK")
    check = tasks.add_parser("check", help="what an upgrade would change, and what the site file names and is not there (exit 0, 1 or 2)")
    check.add_argument("--rows", metavar="FILE", type=Path, help="a file of observation sets: what share of its rows would change")
    check.add_argument("--map", metavar="THEIRS=OURS", action="append", default=[], help="with --rows: rename a column, or a map file (.toml)")
    chosen = tasks.add_parser("use", help="write into the site file which version a name means")
    chosen.add_argument("chart", metavar="CHART@VERSION")
    chosen.add_argument("--only", action="store_true", help="for all dates; without it, earlier versions keep the days before its start")
    least = tasks.add_parser("minimum", help="refuse charts that are trusted less: " + ", ".join(STATUSES))
    least.add_argument("status", metavar="STATUS", choices=STATUSES)
    ended = tasks.add_parser("retire", help="end the time in force of an adopted chart")
    ended.add_argument("chart", metavar="CHART@VERSION")
    back = tasks.add_parser("roll-back", help="retire the version that a name means; the one before takes its place")
    back.add_argument("chart", metavar="CHART")
    for one in (ended, back):
        for name, what in (("name", "who decides"), ("role", "in which role"), ("date", "when, as 2026-01-31"), ("because", "why")):
            one.add_argument(f"--{name}", required=True, help=what)
    for one in (parser, check, chosen, least, ended, back):
        add_rules(one)
    runs: dict[argparse.ArgumentParser, Callable[[argparse.Namespace], int]] = {
        parser: _show, check: _check, chosen: _use, least: _minimum, ended: _retire, back: _roll_back,
    }  # fmt: skip
    for one, run in runs.items():
        one.set_defaults(run=run)


def _shelf(arguments: argparse.Namespace) -> tuple[Catalogue, Path]:
    """The charts, and the site's first folder."""
    shelf = catalogue(arguments.rules)
    own = [folder for folder in (*arguments.rules, *site_folders()) if is_site(folder)]
    if not own:
        mend = f"name it with --rules or {FOLDERS_VARIABLE}"
        raise FileError(Problem("folder_needed", "mews-newtt site", "does not know the site's folder", mend))
    return shelf, own[0]


def _show(arguments: argparse.Namespace) -> int:
    shelf, _ = _shelf(arguments)
    site = shelf.known.site
    fixed = site.names is not None
    print(
        f"Site file: {site.where}"
        if fixed
        else f"There is no site file: an upgrade may change what a name means. `mews-newtt site use` writes {SITE_FILE}."
    )
    if site.minimum_status:
        print(f"Refused: charts that are trusted less than {site.minimum_status}")
    broken = 0
    for one in check_site(shelf):
        if one.now is None:
            broken = 2 if any(problem.code not in _LATER for problem in one.problems) else broken
            print(f"{one.name}: means no chart: {'; '.join(problem.what for problem in one.problems)}")
        else:
            signed = f"; {one.now.signed}" if one.now.signed else ""
            print(f"{one.name}: {one.now.version} ({one.now.status}) sha256 {one.now.sha256[:12]}{signed}")
    for chart in shelf.charts():
        kind = shelf.known.kind(chart)
        if kind != "in_force":
            print(f"  {chart.id} {chart.version}: {kind}; {chart.signed}")
    return broken


_LATER = ("chart_waits", "chart_retired", "not_in_force")


def _check(arguments: argparse.Namespace) -> int:
    shelf, _ = _shelf(arguments)
    exit_code = 0
    if shelf.known.site.names is None:
        print(f"There is no site file: an upgrade may change what a name means. `mews-newtt site use` writes {SITE_FILE}.")
        exit_code = 1
    for one in check_site(shelf):
        if one.now is None:
            faults = [problem for problem in one.problems if problem.code not in _LATER]
            exit_code = 2 if faults else exit_code
            for problem in one.problems:
                print(problem)
            continue
        if one.offered is None:
            print(f"{one.name}: {one.now.version} ({one.now.status}); nothing would change")
            continue
        exit_code = max(exit_code, 1)
        after = one.offered.after
        print(f"{one.name}: stays {one.now.version} ({one.now.status}); without the site file it would be {after.version} ({after.status}):")
        lines = in_lines(one.offered)
        for line in lines[:_SHOWN]:
            print(f"  {line}")
        if len(lines) > _SHOWN:
            print(f"  ... and {len(lines) - _SHOWN} more: mews-newtt diff {one.now.id}@{one.now.version} {after.id}@{after.version}")
        if arguments.rows is not None:
            from mews_newtt.tables.share import changed_rows  # batch extra

            for line in share_lines(changed_rows(one.now, after, arguments.rows, read_map(arguments.map)), arguments.rows):
                print(f"  {line}")
    for name in not_named(shelf):
        print(f"{name}: is there, and the site file does not name it: it is refused. To allow it: mews-newtt site use {name}@VERSION")
    return exit_code


def _use(arguments: argparse.Namespace) -> int:
    shelf, folder = _shelf(arguments)
    chart = chart_to_look_at(_pinned(arguments.chart), arguments.rules)
    path = use(shelf, folder, chart, only=arguments.only)
    print(f"{chart.id} means {chart.version} ({chart.status}), sha256 {chart.sha256[:12]}, from now on\nWritten: {path}")
    return 0


def _pinned(name: str) -> str:
    if "@" not in name:
        raise FileError(Problem("version_needed", f"chart {name!r}", "names no version", "write it as CHART@VERSION"))
    return name


def _minimum(arguments: argparse.Namespace) -> int:
    shelf, folder = _shelf(arguments)
    path = set_minimum(shelf, folder, arguments.status)
    print(f"Charts that are trusted less than {arguments.status} are refused from now on\nWritten: {path}")
    return 0


def _retire(arguments: argparse.Namespace) -> int:
    shelf, _ = _shelf(arguments)
    chart = chart_to_look_at(_pinned(arguments.chart), arguments.rules)
    path = Path(chart.origin)
    if not is_site(path.parent.parent):
        raise FileError(Problem("not_of_site", f"chart {chart.id} {chart.version}", "comes with this software", "retire a chart of the site's own"))
    retire(chart, path, name=arguments.name, role=arguments.role, on=arguments.date, because=arguments.because)
    print(f"{chart.id} {chart.version} is retired")
    _say_meaning(shelf, chart.id)
    return 0


def _roll_back(arguments: argparse.Namespace) -> int:
    shelf, _ = _shelf(arguments)
    gone, now = roll_back(shelf, arguments.chart, by=arguments.name, role=arguments.role, on=arguments.date, because=arguments.because)
    print(f"{gone.id} {gone.version} is retired; {now.version} ({now.status}) takes its place, sha256 {now.sha256[:12]}")
    _say_meaning(shelf, gone.id)
    return 0


def _say_meaning(shelf: Catalogue, name: str) -> None:
    one = next((one for one in check_site(shelf) if one.name == name), None)
    if one is not None and one.now is not None:
        print(f"The name {name} means version {one.now.version} ({one.now.status}) from now on.")
    else:
        problems = one.problems if one else ()
        print(f"The name {name} means no chart from now on:\n" + "\n".join(map(str, problems)), file=sys.stderr)
