"""`mews-newtt pack`: writes the cases that distinguish a chart from every mutant of it with a single fault."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mews_newtt.cli.options import add_chart, chosen_chart
from mews_newtt.validation.packs import check_folder, make_pack, write_pack


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Write a test pack into a folder: cases.csv, cases.ndjson, sheet.html to print, pack.json. It distinguishes the "
        "chart from every mutant of it with a single fault, and says how many were made, killed and proven equivalent."
    )
    add_chart(parser)
    parser.add_argument("-o", "--output", type=Path, metavar="DIR", required=True, help="the folder to write; new, empty, or an earlier pack")
    parser.add_argument("--manual", action="store_true", help="a shorter pack to type in by hand, with its own kill rate")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="the same chart and seed give the same pack (default 0)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    chart = chosen_chart(arguments)
    check_folder(arguments.output)
    pack = make_pack(chart, seed=arguments.seed, manual=arguments.manual)
    write_pack(pack, arguments.output)
    print(f"{chart.short_title} {chart.version} ({chart.status}): {pack.says}", file=sys.stderr)
    for fault in pack.alive if not arguments.manual else ():
        print(f"  not shown: {fault['words']}", file=sys.stderr)
    return 0
