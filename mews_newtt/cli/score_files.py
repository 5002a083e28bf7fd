"""`mews-newtt score CHART FILE`: progress on a terminal, the summary at the end, a clean end when it is stopped."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path

from mews_newtt.chart.model import Chart
from mews_newtt.chart.words import count
from mews_newtt.cli.options import chosen_map, chosen_plan
from mews_newtt.cli.progress import progress_bar
from mews_newtt.cli.summary_plot import check_picture, draw
from mews_newtt.tables.atomic import whole_file
from mews_newtt.tables.files import score_file
from mews_newtt.tables.formats import STDIO, csv_unless_named
from mews_newtt.tables.summary import Summary

MOST_SHOWN = 6
STOPPED = "stopped; no output file was written"


def score_files(chart: Chart, arguments: argparse.Namespace) -> None:
    """Score the files that were named. The summary goes to standard error, and to the files that were asked for."""
    column_map, plan = chosen_map(arguments), chosen_plan(arguments, chart)
    if arguments.plot is not None:
        check_picture(arguments.plot)
    output = arguments.output or Path(STDIO)
    by_content = plan is not None and not plan.is_map  # a plan's source is known by its content
    named = csv_unless_named(arguments.input[0]) if len(arguments.input) == 1 and not by_content else None
    signal.signal(signal.SIGTERM, _stop)  # ends as Ctrl-C does: no incomplete file is left
    try:
        with progress_bar(chart.short_title) as progress:
            summary = score_file(
                chart,
                arguments.input,
                output,
                column_map=column_map,
                plan=plan,
                format=arguments.format or named,
                output_format=arguments.output_format or csv_unless_named(output),
                points=arguments.points,
                explain=arguments.explain,
                as_json=arguments.json,
                on_bad_row=arguments.on_bad_row,
                progress=progress,
            )
    except KeyboardInterrupt:
        if "polars" not in sys.modules:
            raise
        print(STOPPED, file=sys.stderr, flush=True)
        os._exit(130)  # the output is removed by now; threads that still wait for input would make a normal end abort
    print(says(chart, summary), file=sys.stderr)
    if arguments.summary is not None:
        with whole_file(arguments.summary) as out:
            json.dump(summary.to_dict(), out, ensure_ascii=False, indent=2)
            out.write("\n")
    if arguments.plot is not None:
        draw(chart, summary, arguments.plot)


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


def says(chart: Chart, summary: Summary) -> str:
    """The summary in a few lines."""
    counts = ", ".join(f"{summary.status[status]} {status}" for status in ("complete", "partial", "refused"))
    levels = ", ".join(f"{level.id} {summary.levels[level.id]}" for level in chart.levels if summary.levels[level.id])
    lines = [f"{chart.named}: {count(summary.rows, 'row')}: {counts}"]
    if levels:
        lines.append(f"  levels certainly reached: {levels}")
    if summary.totals:
        lines.append(f"  totals: {_totals(summary)}")
    counted = summary.to_dict()
    for what in ("missing", "flags"):
        entries = list(counted[what].items())
        if entries:
            more = f", and {len(entries) - MOST_SHOWN} more" if len(entries) > MOST_SHOWN else ""
            lines.append(f"  {what}: " + ", ".join(f"{name}: {count}" for name, count in entries[:MOST_SHOWN]) + more)
    lines += [f"  {line}" for line in (*summary.unread.says(), *summary.repeats.says())]
    lines += [f"  {line}" for report in summary.readings for line in report.says()]
    return "\n".join(lines)


def _totals(summary: Summary) -> str:
    """Least, greatest and (lower) median total of the complete sets."""
    ordered, rows, seen = sorted(summary.totals), summary.totals.total(), 0
    for middle in ordered:
        seen += summary.totals[middle]
        if 2 * seen >= rows:
            break
    return f"{ordered[0]} to {ordered[-1]}, median {middle}"
