"""`mews-newtt prove`: every combination of a chart's classes, scored by every engine and compared."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from mews_newtt.chart.catalogue import catalogue
from mews_newtt.chart.model import Chart
from mews_newtt.cli.drawing import draw_proofs
from mews_newtt.cli.options import add_rules, chart_named
from mews_newtt.cli.progress import progress_bar
from mews_newtt.engines import ENGINES
from mews_newtt.errors import FileError, Problem
from mews_newtt.validation.proving.prove import MOST, REFERENCE_MOST, SAMPLE, Proof, prove
from mews_newtt.validation.proving.recorded import NO_RECORD, add_to_record, headline, recorded, words


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Score every combination of a chart's classes by every engine and by the reference, and compare every result column. Charts with more "
        "combinations than --most: every pair of parameters in every context. Exit 0 no difference, 1 differences, 2 unusable input."
    )
    parser.add_argument("charts", metavar="CHART", nargs="*", help="a chart's id, id@version, or a chart file (.toml); none: every chart there is")
    parser.add_argument("--engine", action="append", choices=ENGINES, default=[], help="one engine (may be repeated); else all of them")
    parser.add_argument("--most", metavar="N", type=int, default=MOST, help=f"try every combination where there are at most N ({MOST:,})")
    parser.add_argument("--sample", metavar="N", type=int, default=SAMPLE, help=f"so many sets drawn at random besides ({SAMPLE:,})")
    parser.add_argument(
        "--reference",
        metavar="N",
        type=int,
        default=REFERENCE_MOST,
        help=f"about so many sets of each part at most are scored by the reference too; it is slow ({REFERENCE_MOST:,})",
    )
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of what is drawn at random (0)")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the counts to FILE; what it says of other charts stays")
    parser.add_argument("--recorded", action="store_true", help="run nothing: show the counts on record of the charts that ship")
    add_rules(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    charts = [chart_named(name, arguments.rules) for name in arguments.charts] or catalogue(arguments.rules).charts()
    if arguments.recorded:
        if arguments.json is not None:
            raise FileError(Problem("option_of_runs", "--json", "writes what a run counts, and --recorded runs nothing", "leave one of them out"))
        if not arguments.charts:
            draw_proofs([(chart, recorded(chart)) for chart in charts])
            return 0
        for chart in charts:
            _tell(chart, recorded(chart))
        return 0
    if arguments.json is not None:
        add_to_record(arguments.json, [])  # so that a file that cannot be written is known before the work, and not after it
    different = False
    for chart in charts:
        with progress_bar(f"{chart.id} {chart.version}") as progress:
            proof = prove(
                chart,
                engines=arguments.engine or ENGINES,
                most=arguments.most,
                sample=arguments.sample,
                reference=arguments.reference,
                seed=arguments.seed,
                progress=progress,
            )
        _tell(chart, proof.to_dict())
        _tell_differences(proof)
        different = different or proof.differences > 0
        if arguments.json is not None:
            add_to_record(arguments.json, [proof.to_dict()])
    return 1 if different else 0


def _tell(chart: Chart, proof: dict[str, Any] | None) -> None:
    print(f"{chart.short_title} {chart.version}, sha256 {chart.sha256[:12]}")
    if proof is None:
        print(f"  {NO_RECORD}: run `mews-newtt prove {chart.id}@{chart.version}`")
        return
    print(f"  {headline(proof)}")
    for line in words(proof):
        print(f"  - {line}", flush=True)


def _tell_differences(proof: Proof) -> None:
    chart = proof.chart
    for one in proof.shown:
        print(f"  differs, in columns of {one.kind}: mews-newtt score {chart.id}@{chart.version} --obs {one.obs}")
        for who, cells in one.answers.items():
            print(f"    {who}: {json.dumps(cells, ensure_ascii=False)}")
    if proof.differences > len(proof.shown):
        print(f"  and {proof.differences - len(proof.shown):,} more")
