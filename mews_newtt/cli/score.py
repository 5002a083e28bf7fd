"""`mews-newtt score`: one set from the command line, or a file of them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from mews_newtt.chart.model import Chart
from mews_newtt.cli.options import add_chart, add_column_map, add_plan, chosen_chart
from mews_newtt.cli.score_by_date import score_by_date
from mews_newtt.cli.score_files import score_files
from mews_newtt.errors import FileError, ObservationError, Problem
from mews_newtt.scoring.reference import score
from mews_newtt.scoring.result import Score
from mews_newtt.tables.atomic import whole_file
from mews_newtt.tables.formats import KINDS, PACKED, TITLES, WRITTEN, any_of


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = "Score one observation set (--obs) or every row of files."
    add_chart(parser)
    inputs = f"{any_of(TITLES)}, text also packed ({', '.join(PACKED)}); a folder of them; - is standard input"
    parser.add_argument("input", metavar="FILE", nargs="*", help=inputs)
    parser.add_argument("-o", "--output", type=Path, metavar="OUT", help="where to write; without it, standard output")
    parser.add_argument(
        "--obs", nargs="+", metavar="NAME=VALUE", default=None, help="one set: respiratory_rate=24 temperature=98.6[degF] skip_systolic_bp=U4 ..."
    )
    parser.add_argument("--json", action="store_true", help="the whole result as JSON (a line a row for files)")
    parser.add_argument("--explain", action="store_true", help="every row of the chart in words")
    parser.add_argument("--points", action="store_true", help="files: add points_<parameter> columns")
    add_column_map(parser)
    add_plan(parser)
    parser.add_argument(
        "--on-bad-row",
        choices=("error", "report"),
        default="error",
        help="a row that cannot be scored stops the run (error), or is kept with status refused (report)",
    )
    parser.add_argument("--format", choices=tuple(KINDS), help="files: what the input is, where its name does not say")
    parser.add_argument("--output-format", choices=WRITTEN, help="files: what the output is to be, where its name does not say")
    parser.add_argument("--summary", type=Path, metavar="FILE.json", help="files: write the counts of the summary as JSON")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="files: draw totals, levels and missing readings (.svg; .png with matplotlib)")
    parser.add_argument("--by-date", action="store_true", help="files: score each row on the version in force on the day of its observed_at")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    if arguments.output is not None and str(arguments.output) == "-":
        arguments.output = None
    if (arguments.obs is None) == (not arguments.input):
        raise FileError(Problem("one_input", "mews-newtt score", "needs either --obs or a file", "give one of them"))
    if arguments.obs is not None:
        return _one(chosen_chart(arguments), arguments)
    if arguments.by_date:
        score_by_date(arguments)
        return 0
    score_files(chosen_chart(arguments), arguments)
    return 0


def _one(chart: Chart, arguments: argparse.Namespace) -> int:
    _refuse_file_options(arguments)
    given: dict[str, Any] = {}
    for pair in arguments.obs:
        name, sign, value = pair.partition("=")
        if not sign:
            raise ObservationError(Problem("bad_obs", f"--obs {pair}", "is not name=value", "write it as respiratory_rate=24"))
        if name in given:
            raise ObservationError(Problem("name_twice", f"--obs {name}", "is given twice", "give each name once"))
        given[name] = value
    result = score(chart, given)
    text = result.to_json(indent=2) if arguments.json else _in_words(result, arguments.explain)
    if arguments.output is None and sys.stdout is not None:
        print(text)
    else:
        with whole_file(arguments.output) as out:
            out.write(text + "\n")
    return 0


def _refuse_file_options(arguments: argparse.Namespace) -> None:
    """Refuse an option that would do nothing: ignoring it in silence could mislead."""
    given = {
        "--map": arguments.map,
        "--ignore": arguments.ignore,
        "--unit": arguments.unit,
        "--missing": arguments.missing,
        "--plan": arguments.plan,
        "--points": arguments.points,
        "--on-bad-row": arguments.on_bad_row != "error",
        "--format": arguments.format,
        "--output-format": arguments.output_format,
        "--summary": arguments.summary,
        "--plot": arguments.plot,
        "--by-date": arguments.by_date,
    }
    names = [name for name, value in given.items() if value]
    if names:
        raise FileError(Problem("option_of_files", ", ".join(names), "is for files, not for --obs", "leave it out; write a unit after its value"))


def _in_words(result: Score, explain: bool) -> str:
    chart = result.chart
    lines = [result.says]
    if explain:
        lines += ["", *(f"  {row.says}" for row in result.parameters if row.role != "recorded" or row.value is not None or row.missing)]
    lines += [f"  {reason.level}: {reason.says}" for reason in result.reasons]
    if result.level == result.level_max:  # no interval where a missing reading could shorten it
        level = next(level for level in chart.levels if level.id == result.level)
        timings = (("observe again", level.reobserve), ("review", level.review))
        lines += [f"  {what}: {timing.says}" for what, timing in timings if timing]
        if level.response:
            lines.append(f"  response: {level.response}")
    if not explain:
        lines += [f"  either: {row.says}" for row in result.parameters if row.possible and row.points is None]
    if result.missing:
        lines.append(f"  missing: {', '.join(result.missing)}")
    lines += [f"  note: {warning}" for warning in result.warnings]
    lines.append(f"  chart: {chart.title}, version {chart.version}, status {chart.status}, sha256 {chart.sha256[:12]}")
    if chart.signed:
        lines.append(f"  {chart.signed}")
    return "\n".join(lines)
