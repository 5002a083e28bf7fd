"""`mews-newtt observations`: what a set may hold: names, units, steps, limits and answers. And an empty input file for a chart."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from mews_newtt.chart.catalogue import catalogue
from mews_newtt.chart.model import Chart, Observation
from mews_newtt.cli.drawing_observations import draw_observations
from mews_newtt.cli.options import add_rules, chart_named
from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.template import template_csv, template_json
from mews_newtt.tables.atomic import whole_file

TEMPLATES = {".csv": template_csv, ".json": template_json}


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = "List the observations that a set may hold; with a chart, those that the chart reads."
    parser.add_argument("chart", metavar="CHART", nargs="?", help="a chart's id or alias, id@version, or a chart file (.toml)")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument("--template", metavar="FILE", type=Path, help="write an empty input file of the chart: .csv (columns) or .json (one set)")
    add_rules(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    chart = chart_named(arguments.chart, arguments.rules) if arguments.chart else None
    if arguments.template is not None:
        _write_template(chart, arguments.template)
        return 0
    found = [p.observation for p in chart.parameters] if chart else list(catalogue(arguments.rules).observations.values())
    rows = [observation_row(one, chart) for one in found]
    if arguments.json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        draw_observations(rows, chart)
    return 0


def _write_template(chart: Chart | None, path: Path) -> None:
    if chart is None:
        raise FileError(Problem("chart_missing", "--template", "needs a chart", "name one: mews-newtt observations news2 --template sets.csv"))
    made = TEMPLATES.get(path.suffix.lower())
    if made is None:
        raise FileError(Problem("format_unknown", str(path), "is no name of a template", f"end it with {' or '.join(TEMPLATES)}"))
    with whole_file(path) as out:
        out.write(made(chart))


def observation_row(one: Observation, chart: Chart | None) -> dict[str, Any]:
    """What a user must know to give an observation: its name, its title, and what may be written."""
    row: dict[str, Any] = {"id": one.id, "title": one.title}
    if one.numeric:
        row |= {"unit": one.unit, "step": str(one.step), "also_in": [unit.ucum for unit in one.other_units]}
        row |= {"possible": str(one.impossible), "plausible": str(one.implausible)}
    else:
        row["answers"] = {category.id: category.title for category in one.categories}
    if chart is not None:
        parameter = chart.by_id[one.id]
        row |= {"role": parameter.role, "required": parameter.required and parameter.role == "scored"}
    return row
