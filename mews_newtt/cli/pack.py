"""`mews-newtt pack`: writes the cases that distinguish a chart from every mutant of it with a single fault."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mews_newtt.cli.options import add_chart, chosen_chart
from mews_newtt.validation.packs import WORKBOOK, check_folder, make_pack, write_pack


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Write a test pack into a folder: answers.csv and answers.xlsx to fill in, how-to.txt, sheet.html to print, and with the right answers "
        "cases.csv, cases.ndjson and pack.json. It distinguishes the chart from every mutant of it with a single fault that sets of readings can "
        "show, and says how many were made, killed and proven equivalent."
    )
    add_chart(parser)
    parser.add_argument("-o", "--output", type=Path, metavar="DIR", required=True, help="the folder to write; new, empty, or an earlier pack")
    parser.add_argument("--manual", action="store_true", help="at most 40 cases to type in, all readings as they are recorded")
    parser.add_argument("--points", action="store_true", help="the answer sheet asks for the points of each row as well")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="the same chart and seed give the same pack (default 0)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    chart = chosen_chart(arguments)
    check_folder(arguments.output)
    pack = make_pack(chart, seed=arguments.seed, manual=arguments.manual)
    written = write_pack(pack, arguments.output, points=arguments.points)
    print(f"{chart.named}: {pack.says}", file=sys.stderr)
    for fault in pack.alive if not arguments.manual else ():
        print(f"  not shown: {fault['words']}", file=sys.stderr)
    print(f"not tested: {len(pack.not_tested)} kinds of fault, listed in how-to.txt and pack.json", file=sys.stderr)
    if not any(path.name == WORKBOOK for path in written):
        print(f'  {WORKBOOK} was not written: it needs openpyxl (pip install "mews-newtt[plan]")', file=sys.stderr)
    return 0
