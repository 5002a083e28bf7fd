"""`mews-newtt sql`: writes one SQL statement that scores a table by a chart, in the database where the table is."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mews_newtt.cli.options import add_chart, chosen_chart
from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.columns import ColumnMap, read_map
from mews_newtt.reading.plan import read_plan
from mews_newtt.tables.atomic import whole_file
from mews_newtt.tables.sql import DIALECTS, FORMS, chart_sql


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Write one SQL statement that scores a table by the chart where the data is, with the result columns of `mews-newtt score` and the "
        "chart's id, version, status and sha256. Columns of numbers must have a numeric type; categories are text. No database is asked."
    )
    add_chart(parser)
    parser.add_argument("--dialect", metavar="NAME", required=True, help="the database: " + ", ".join(DIALECTS))
    parser.add_argument("--table", metavar="NAME", default="observations", help="the table, or schema.table (default: observations)")
    parser.add_argument(
        "--columns",
        metavar="A,B,...",
        help="the table's columns, which travel through; without it, one for each parameter of the chart, under the names of the map",
    )
    parser.add_argument("--map", metavar="THEIRS=OURS", action="append", default=[], help="rename a column, or a map file (.toml); may be repeated")
    parser.add_argument("--plan", metavar="FILE.toml", type=Path, help="a reading plan; SQL carries what a map says; more is refused by name")
    parser.add_argument("--ignore", metavar="COLUMN", action="append", default=[], help="a column to leave alone although it looks like a parameter")
    parser.add_argument("--as", metavar="FORM", dest="form", default="select", help="what is written: " + ", ".join(FORMS) + " (default: select)")
    parser.add_argument("--points", action="store_true", help="add the points of each parameter")
    parser.add_argument("--no-flags", action="store_true", help="leave out the column of flags, which makes the statement shorter")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="write the statement to this file")
    parser.set_defaults(run=run)


def _map(arguments: argparse.Namespace) -> ColumnMap:
    if arguments.plan is None:
        return read_map(arguments.map, ignore=arguments.ignore)
    plan = read_plan(arguments.plan, arguments.map, ignore=arguments.ignore)
    if not plan.is_map:
        where, names = str(arguments.plan), ", ".join(f"[{name}]" for name in plan.more_keys)
        mend = "score the file with mews-newtt score --plan, or write a plan without these keys for SQL"
        raise FileError(Problem("not_in_sql", where, f"says more than a statement of SQL can carry: {names}", mend))
    return plan.column_map


def run(arguments: argparse.Namespace) -> int:
    chart = chosen_chart(arguments)
    written = chart_sql(
        chart,
        arguments.dialect,
        table=arguments.table,
        columns=None if arguments.columns is None else [name.strip() for name in arguments.columns.split(",") if name.strip()],
        column_map=_map(arguments),
        form=arguments.form,
        points=arguments.points,
        flags=not arguments.no_flags,
    )
    with whole_file(arguments.output) as out:
        out.write(written.sql)
    title = DIALECTS[arguments.dialect].title
    said = f"{chart.named} as SQL for {title}: {len(written.read)} columns are read"
    print(said + (f"; not read: {', '.join(written.not_read)}" if written.not_read else ""), file=sys.stderr)
    return 0
