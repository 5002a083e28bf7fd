"""`mews-newtt check`: every fault of chart files, with place and mend."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from mews_newtt.cli.options import add_rules
from mews_newtt.errors import ChartError, Problem


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "check",
        help="check chart files: every fault at once, with place and mend",
        description="Check chart files (and parameters.toml): every fault at once, with place and mend. "
        "Exit 0 clean, 1 warnings only, 2 a file that cannot be used.",
    )
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path)
    parser.add_argument("--json", action="store_true", help="findings as JSON")
    add_rules(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    worst = 0
    findings = []
    for path in arguments.files:
        says, problems = check_file(path, arguments.rules)
        findings += [{"file": str(path), "warning": problem.warning, **problem.to_dict()} for problem in problems]
        if any(not problem.warning for problem in problems):
            worst = 2
        elif problems:
            worst = max(worst, 1)
        if not arguments.json:
            for problem in problems:
                print(problem)
            print(f"{path}: {says}")
    if arguments.json:
        print(json.dumps(findings, ensure_ascii=False, indent=2))
    return worst


def check_file(path: Path, folders: list[Path]) -> tuple[str, list[Problem]]:
    """One sentence on a chart file or a parameters.toml, and every finding in it."""
    from mews_newtt.chart.catalogue import catalogue
    from mews_newtt.chart.load import read_chart
    from mews_newtt.chart.load_observations import load_observations

    if path.name == "parameters.toml":
        try:
            return f"ok: {len(load_observations(path))} observations", []
        except ChartError as fault:
            return f"cannot be used: {len(fault.problems)} errors", list(fault.problems)
    beside = path.parent.parent / "parameters.toml"  # a chart in its place in a site's folder brings that folder's observations
    own = [path.parent.parent] if beside.is_file() and path.parent.parent.resolve() != catalogue().folders[0] else []
    chart, problems = read_chart(path, catalogue([*folders, *own]).observations)
    if chart is None:
        return f"cannot be used: {sum(not problem.warning for problem in problems)} errors", problems
    doubts = f", {len(problems)} warnings" if problems else ""
    counts = f"{len(chart.parameters)} parameters, {sum(len(t.bands) for p in chart.parameters for t in p.tables)} bands, {len(chart.levels)} levels"
    return f"ok{doubts}: {chart.id} {chart.version}, status {chart.status}, {counts}, sha256 {chart.sha256[:12]}", problems
