"""`mews-newtt score`: one set from the command line, or a file of them."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mews_newtt.cli.options import add_chart, chosen_chart
from mews_newtt.errors import FileError, ObservationError, Problem
from mews_newtt.scoring.reference import score

if TYPE_CHECKING:
    from mews_newtt.chart.model import Chart
    from mews_newtt.files import Summary
    from mews_newtt.scoring.columns import ColumnMap
    from mews_newtt.scoring.result import Score


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "score", help="score one observation set, or a file of them", description="Score one observation set (--obs) or every row of a CSV file."
    )
    add_chart(parser)
    parser.add_argument("input", metavar="FILE", nargs="?", help="a CSV file; - reads standard input")
    parser.add_argument("-o", "--output", type=Path, metavar="OUT", help="where to write; without it, standard output")
    parser.add_argument(
        "--obs", nargs="+", metavar="NAME=VALUE", default=None, help="one set: respiratory_rate=24 temperature=98.6[degF] skip_systolic_bp=U4 ..."
    )
    parser.add_argument("--json", action="store_true", help="the whole result as JSON (a line a row for files)")
    parser.add_argument("--explain", action="store_true", help="every row of the chart in words")
    parser.add_argument("--points", action="store_true", help="files: add points_<parameter> columns")
    parser.add_argument("--map", metavar="THEIRS=OURS", action="append", default=[], help="rename a column, or a map file (.toml); may be repeated")
    parser.add_argument("--ignore", metavar="COLUMN", action="append", default=[], help="a column to leave alone although it looks like a parameter")
    parser.add_argument("--unit", metavar="NAME=UNIT", action="append", default=[], help="the unit of a column, such as temperature=[degF]")
    parser.add_argument("--missing", metavar="TEXT", action="append", default=[], help="a mark that means no reading, such as NA")
    parser.add_argument(
        "--on-bad-row",
        choices=("error", "report"),
        default="error",
        help="a row that cannot be scored stops the run (error), or is kept with status refused (report)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    chart = chosen_chart(arguments)
    if (arguments.obs is None) == (arguments.input is None):
        raise FileError(Problem("one_input", "mews-newtt score", "needs either --obs or a file", "give one of them"))
    return _one(chart, arguments) if arguments.obs is not None else _file(chart, arguments)


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
        from mews_newtt.files import whole_file

        with whole_file(arguments.output) as out:
            out.write(text + "\n")
    return 0


def _refuse_file_options(arguments: argparse.Namespace) -> None:
    """An option that would do nothing is told, not passed over."""
    given = {
        "--map": arguments.map,
        "--ignore": arguments.ignore,
        "--unit": arguments.unit,
        "--missing": arguments.missing,
        "--points": arguments.points,
        "--on-bad-row": arguments.on_bad_row != "error",
    }
    names = [name for name, value in given.items() if value]
    if names:
        raise FileError(Problem("option_of_files", ", ".join(names), "is for files, not for --obs", "leave it out; a unit stands behind its value"))


def _in_words(result: Score, explain: bool) -> str:
    chart = result.chart
    lines = [result.says]
    if explain:
        lines += ["", *(f"  {row.says}" for row in result.parameters if row.role != "recorded" or row.value is not None or row.missing)]
    lines += [f"  {reason.level}: {reason.says}" for reason in result.reasons]
    if result.level == result.level_max:  # an interval that a missing reading could shorten is not given
        level = next(level for level in chart.levels if level.id == result.level)
        timings = (("observe again", level.reobserve), ("review", level.review))
        lines += [f"  {what}: {timing.says}" for what, timing in timings if timing]
        if level.response:
            lines.append(f"  response: {level.response}")
    if result.missing:
        lines.append(f"  missing: {', '.join(result.missing)}")
    lines += [f"  note: {warning}" for warning in result.warnings]
    lines.append(f"  chart: {chart.title}, version {chart.version}, status {chart.status}, sha256 {chart.sha256[:12]}")
    return "\n".join(lines)


def _file(chart: Chart, arguments: argparse.Namespace) -> int:
    from mews_newtt.files import score_csv, whole_file
    from mews_newtt.scoring.columns import read_map

    column_map = read_map(arguments.map, ignore=arguments.ignore, missing=arguments.missing, units=arguments.unit)
    if Path(arguments.input).is_dir() or not all(_is_plain(name) for name in (arguments.input, arguments.output or "-")):
        return _batch(chart, arguments, column_map)
    if arguments.input == "-":
        if sys.stdin is None:
            raise FileError(Problem("input_closed", "standard input", "is closed", "name a file"))
        source, name = sys.stdin.buffer, "standard input"
    else:
        path = Path(arguments.input)
        if arguments.output is not None and arguments.output.exists() and path.exists() and arguments.output.samefile(path):
            raise FileError(Problem("output_is_input", str(path), "is both input and output", "write to another file"))
        try:
            source, name = path.open("rb"), path.name
        except OSError as fault:
            raise FileError(Problem("file_unreadable", str(path), fault.strerror or "cannot be read", "check the name and its permissions")) from None
    with source, whole_file(arguments.output) as out:
        summary = score_csv(
            chart,
            source,
            out,
            name=name,
            column_map=column_map,
            points=arguments.points,
            explain=arguments.explain,
            as_json=arguments.json,
            on_bad_row=arguments.on_bad_row,
            progress=_show_rows if sys.stderr.isatty() else None,
        )
    if sys.stderr.isatty():
        print("\r", end="", file=sys.stderr)
    print(_summary_says(chart, summary), file=sys.stderr)
    return 0


def _is_plain(name: str | Path) -> bool:
    """Whether the core alone can read or write it: CSV text, or a standard stream."""
    path = Path(name)
    return not {".parquet", ".pq", ".ndjson", ".jsonl", ".gz", ".zst"} & {suffix.lower() for suffix in path.suffixes}


def _batch(chart: Chart, arguments: argparse.Namespace, column_map: ColumnMap) -> int:
    """Parquet, NDJSON, packed files and folders: the batch extra reads and writes them, the same answers."""
    if arguments.json or arguments.explain:
        raise FileError(Problem("option_of_csv", "--json, --explain", "is only for plain CSV files", "leave it out, or score a CSV file"))
    try:
        from mews_newtt.batch.files import score_file
    except ImportError as absent:
        raise FileError(
            Problem(
                "extra_missing", str(arguments.input), f"needs the batch extra ({absent.name} is not installed)", 'pip install "mews-newtt[batch]"'
            )
        ) from None
    summary = score_file(
        chart,
        arguments.input,
        arguments.output or "-",
        column_map=column_map,
        points=arguments.points,
        on_bad_row=arguments.on_bad_row,
        progress=_show_rows if sys.stderr.isatty() else None,
    )
    print(_summary_says(chart, summary), file=sys.stderr)
    return 0


def _show_rows(rows: int) -> None:
    print(f"\r{rows:,} rows", end="", file=sys.stderr, flush=True)


def _summary_says(chart: Chart, summary: Summary) -> str:
    counts = ", ".join(f"{summary.status[status]} {status}" for status in ("complete", "partial", "refused"))
    levels = ", ".join(f"{level.id} {summary.levels[level.id]}" for level in chart.levels if summary.levels[level.id])
    lines = [f"{chart.short_title} {chart.version} ({chart.status}): {summary.rows} rows: {counts}"]
    if levels:
        lines.append(f"  levels certainly reached: {levels}")
    if summary.flags:
        lines.append("  flags: " + json.dumps(dict(summary.flags.most_common(6)))[1:-1].replace('"', ""))
    return "\n".join(lines)
