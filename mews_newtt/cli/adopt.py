"""`mews-newtt adopt`: an empty transcription sheet; filled sheets compared, checked and written as a chart; a sign-off."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from mews_newtt.adoption.adopt import adopt
from mews_newtt.adoption.guide import write_sheet
from mews_newtt.adoption.placing import waits
from mews_newtt.adoption.signing import sign_off
from mews_newtt.chart.catalogue import FOLDERS_VARIABLE, catalogue, chart_to_look_at, site_folders
from mews_newtt.chart.model import Chart
from mews_newtt.chart.sign_offs import sign_off_path
from mews_newtt.chart.site import LIST_FILE, is_site
from mews_newtt.cli.adopt_try import show_try
from mews_newtt.cli.options import add_rules, chart_named
from mews_newtt.errors import ChartError, ChartNotFound, FileError, Problem


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Take a printed chart in. `--sheet CHART -o DIR` makes an empty transcription sheet; two people fill one each, apart. "
        "`adopt A.xlsx B.xlsx --rules DIR` compares them cell by cell, runs every check and, only when nothing speaks against it, writes the "
        "chart into the site's folder. Exit 0 written, 1 explained and not written, 2 a sheet that cannot be read."
    )
    parser.add_argument("sheets", metavar="SHEET", nargs="*", type=Path, help="one or two filled sheets, .xlsx or .csv")
    parser.add_argument(
        "--sheet", metavar="CHART", help="make an empty sheet with this chart's structure; `--sheet new`: for a chart that is not here"
    )
    parser.add_argument("--next-edition", action="store_true", help="with --sheet: filled with what the chart says now")
    parser.add_argument("--try", dest="only_try", action="store_true", help="compare, check, draw the chart and what it changes; write nothing")
    parser.add_argument("--examples", metavar="FILE", type=Path, help="with --try: a file of observation sets to score")
    parser.add_argument("-o", "--output", type=Path, metavar="DIR", help="with --sheet: the folder to write it to")
    parser.add_argument("--source", metavar="TEXT", help="citation of the printed document, where the sheets leave it out")
    parser.add_argument("--licence", metavar="TEXT", help="terms of its content, where the sheets leave them out")
    parser.add_argument("--document", metavar="FILE", type=Path, help="the printed document as a file; its hash is kept in the record")
    parser.add_argument("--sign-off", metavar="CHART.toml", type=Path, help="add a sign-off of this chart file; needs --name, --role, --date")
    for name, what in (("name", "who signs off"), ("role", "in which role"), ("date", "when, as 2026-01-31")):
        parser.add_argument(f"--{name}", help=what)
    parser.add_argument("--json", action="store_true", help="as JSON")
    add_rules(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    modes = [mode for mode, given in (("--sheet", arguments.sheet), ("--sign-off", arguments.sign_off), ("SHEET", arguments.sheets)) if given]
    if len(modes) != 1:
        what = "was asked for " + (" and ".join(modes) or "nothing")
        raise FileError(Problem("one_task", "mews-newtt adopt", what, "give filled sheets, or --sheet CHART, or --sign-off CHART.toml"))
    _refuse_options_of_others(arguments, modes[0])
    if arguments.sheet:
        return _sheet(arguments)
    return _sign_off(arguments) if arguments.sign_off else _adopt(arguments)


_OPTIONS = {
    "--sheet": ("output", "next_edition"),
    "--sign-off": ("name", "role", "date"),
    "SHEET": ("source", "licence", "document", "json", "only_try", "examples"),
}


def _refuse_options_of_others(arguments: argparse.Namespace, mode: str) -> None:
    """Refuse an option that would do nothing: ignoring it in silence could mislead."""
    others = [name for other, names in _OPTIONS.items() if other != mode for name in names if getattr(arguments, name)]
    if others:
        where = ", ".join("--" + {"only_try": "try"}.get(name, name).replace("_", "-") for name in others)
        raise FileError(Problem("option_of_others", where, f"does nothing with {mode}", "leave it out"))


def _sheet(arguments: argparse.Namespace) -> int:
    if arguments.output is None:
        raise FileError(Problem("output_needed", "--sheet", "needs a folder to write to", "add -o DIR"))
    if arguments.sheet == "new":
        if arguments.next_edition:
            raise FileError(Problem("option_of_others", "--next-edition", "does nothing with --sheet new", "leave it out, or name a chart"))
        written = write_sheet(None, arguments.output)
        print("A blank sheet for a chart that is not here yet:")
    else:
        chart = chart_to_look_at(arguments.sheet, arguments.rules)
        written = write_sheet(chart, arguments.output, next_edition=arguments.next_edition)
        what = (
            "A sheet filled with {}, for its next edition:"
            if arguments.next_edition
            else "An empty sheet with the structure of {}; its numbers are left out:"
        )
        print(what.format(f"{chart.id} {chart.version} ({chart.status})"))
    for path in written:
        print(f"  {path}")
    if not any(path.suffix == ".xlsx" for path in written):
        print('openpyxl is not installed, so there is no .xlsx: pip install "mews-newtt[adopt]"', file=sys.stderr)
    print(f"Give a copy each to two people. When both are filled: mews-newtt adopt A.xlsx B.xlsx --rules FOLDER ({written[-1].name} says how)")
    return 0


def _adopt(arguments: argparse.Namespace) -> int:
    folders = [*arguments.rules, *site_folders()]
    if not folders:
        raise FileError(
            Problem("folder_needed", "mews-newtt adopt", "does not know the site's folder", f"name it with --rules or {FOLDERS_VARIABLE}")
        )
    shelf = catalogue([folder for folder in arguments.rules if folder != folders[0] or folder.exists()])  # the first one may still have to be made
    if arguments.examples is not None and not arguments.only_try:
        raise FileError(Problem("option_of_others", "--examples", "does nothing without --try", "add --try, or leave it out"))
    given = {"source": arguments.source, "licence": arguments.licence, "document": arguments.document}
    found = adopt(arguments.sheets, folders[0], shelf, **given, write=not arguments.only_try)
    if arguments.json:
        print(json.dumps(found.to_dict(), ensure_ascii=False, indent=2))
        return 0 if found.chart else 1
    names = [path.name if len({p.name for p in arguments.sheets}) == len(arguments.sheets) else str(path) for path in arguments.sheets]
    for letter, name in zip("AB", names, strict=False):
        print(f"{letter} is {name}")
    if found.differences:
        print(f"\nThe sheets differ in {len(found.differences)} place{'s' if len(found.differences) > 1 else ''}:")
        for difference in found.differences:
            print(f"  {difference.says}")
    elif found.chart and len(arguments.sheets) == 2:
        print("The sheets agree in every cell.")
    for problem in found.problems:
        print(problem)
    if found.chart is not None and arguments.only_try:
        show_try(found.chart, shelf.charts(filling=folders[0]), arguments.examples)
        return 0
    if found.chart is None or found.path is None:
        print("\nNothing was written.")
        return 1
    chart = found.chart
    print(f"\nWritten: {found.path}")
    print(f"{chart.id} {chart.version}, status {chart.status}, sha256 {chart.sha256}")
    print(chart.status_says)
    if found.path is not None and waits(found.path):
        print("It waits, and no name means it yet. It is in force when somebody who did not transcribe it signs it off:")
        print(f'  mews-newtt adopt --sign-off {found.path} --name "..." --role "..." --date 2026-01-31')
        before = any(other.id == chart.id and other.version != chart.version for other in shelf.charts(filling=folders[0]))
        look = f", mews-newtt diff {chart.id} {chart.id}@{chart.version}" if before else ""
        print(f"To look at it: mews-newtt charts show {chart.id}@{chart.version}{look}")
    else:
        print(_means_now(chart, arguments.rules))
    return 0


def _means_now(chart: Chart, folders: list[Path]) -> str:
    """Whether the name of a chart means it now, and if not, why."""
    shelf = catalogue(folders)
    pin = f"pin this one as {chart.id}@{chart.version}"
    try:
        chosen = shelf.find(chart.id)
    except (ChartError, ChartNotFound) as fault:
        return f"The name {chart.id} means no chart today: {fault.problems[0].what}; {pin}."
    if chosen.sha256 == chart.sha256:
        return f"From now on the name {chart.id} means this version."
    why = "The site file names it" if shelf.known.site.names is not None else "It starts later, or another version is trusted more or is newer"
    to_do = f" To change that: mews-newtt site use {chart.id}@{chart.version}" if shelf.known.site.names is not None else ""
    return f"The name {chart.id} means version {chosen.version} ({chosen.status}) today. {why}; {pin}.{to_do}"


def _sign_off(arguments: argparse.Namespace) -> int:
    missing = [f"--{name}" for name in ("name", "role", "date") if not getattr(arguments, name)]
    if missing:
        raise FileError(Problem("sign_off_empty", ", ".join(missing), "is needed with --sign-off", "write who signs, in which role and when"))
    path: Path = arguments.sign_off
    if path.suffix != ".toml":
        raise FileError(Problem("not_a_chart_file", str(path), "is not a chart file", "name the .toml file of the chart"))
    home = path.resolve().parent.parent  # a chart in its place brings its folder's own observations
    own = is_site(home) and any((home / name).is_file() for name in (LIST_FILE, "parameters.toml"))
    folders = [*arguments.rules, *([home] if own else [])]
    chart = chart_named(str(path), folders)
    made = sign_off(chart, path, name=arguments.name, role=arguments.role, on=arguments.date)
    print(f"{chart.id} {chart.version}, sha256 {chart.sha256}: signed off by {made.name}, {made.role}, on {made.on}")
    print(f"Written: {sign_off_path(path)}")
    if home in [folder.resolve() for folder in folders]:
        print(_means_now(chart, folders))
    return 0
