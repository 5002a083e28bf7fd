"""`mews-newtt derive`: makes a centile chart from reference ranges, by the published method."""

from __future__ import annotations

import argparse
from pathlib import Path

from mews_newtt.adoption.placing import place_chart
from mews_newtt.chart import expected
from mews_newtt.chart.catalogue import builtin_rules, catalogue
from mews_newtt.chart.checks import check_chart
from mews_newtt.chart.derive import RANGES_FILE, derive_chart, describe, read_ranges, require_fit
from mews_newtt.chart.model import Chart
from mews_newtt.chart.site import is_site
from mews_newtt.cli.options import add_rules, chart_named
from mews_newtt.errors import ChartError, FileError, Problem


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "From reference ranges (median and two centiles of each sign, several periods) to the bounds of a centile chart, and the "
        "distribution of totals that independent signs would give. Without RANGES: those that come with the package."
    )
    parser.add_argument("ranges", metavar="RANGES.toml", nargs="?", type=Path, help="ranges in the form of rules/reference_ranges.toml")
    parser.add_argument("-o", "--output", metavar="DIR", type=Path, help="write the chart to this folder of charts, as <id>/<version>.toml")
    parser.add_argument("--like", metavar="CHART", help="whose triggers, levels and scope are taken; without it, the ranges' `frame`")
    parser.add_argument("--against", metavar="CHART", help="only print how this chart's bands cut the ranges, and the totals to expect")
    parser.add_argument("--id", help="id of the new chart; required for ranges of your own")
    parser.add_argument("--chart-version", metavar="VERSION", help="version of the new chart")
    parser.add_argument("--title", help="title of the new chart")
    add_rules(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    path = arguments.ranges or builtin_rules() / RANGES_FILE
    ranges = read_ranges(path)
    shelf = catalogue(arguments.rules)
    require_fit(ranges, shelf.observations)
    if arguments.against is not None:
        against = chart_named(arguments.against, arguments.rules)
        print(f"{against.title}, version {against.version}, status {against.status}")
        print(expected.describe(against, ranges))
        return 0
    print(describe(ranges))
    frame = arguments.like or ranges.get("frame")
    if frame is None:
        raise FileError(Problem("frame_needed", str(path), "names no chart whose frame to take", 'add --like CHART, or frame = "..." to the file'))
    like = chart_named(frame, arguments.rules)
    if arguments.output is not None and arguments.ranges is not None and not (arguments.id and arguments.chart_version and arguments.title):
        mend = "give the chart of your cohort its own --id, --chart-version and --title"
        raise FileError(Problem("name_needed", "mews-newtt derive", "would give ranges of your own the name of another chart", mend))
    chart, left_out = derive_chart(ranges, like, shelf.observations, id=arguments.id, version=arguments.chart_version, title=arguments.title)
    faults = [problem for problem in check_chart(chart, str(path)) if not problem.warning or problem.code == "points_fall_outwards"]
    if faults:
        raise ChartError(faults)
    if left_out:
        print(f"left out, for want of ranges: {', '.join(left_out)}")
    every = shelf.charts(filling=arguments.output)
    same = [other for other in every if other.sha256 == chart.sha256]
    if same:
        print(f"this is exactly {same[0].id} {same[0].version}, sha256 {chart.sha256}")
    elif name := _builtin_name(chart, every):
        mend = "give the chart another --id and --title"
        raise ChartError(Problem("name_of_builtin", f"chart {chart.id!r}", f"{name!r} is a name of a chart that comes with the package", mend))
    if arguments.output is not None:
        written, file = place_chart(chart, arguments.output, shelf.observations)
        print(f"{written.id} {written.version}, status {written.status}, sha256 {written.sha256}\nWritten: {file}")
    return 0


def _builtin_name(chart: Chart, every: list[Chart]) -> str | None:
    """A name of the chart that a chart of the package already has."""
    taken = {
        name.casefold() for other in every if not is_site(Path(other.origin).parent.parent) for name in (other.id, other.short_title, *other.aliases)
    }
    return next((name for name in (chart.id, chart.short_title, *chart.aliases) if name.casefold() in taken), None)
