"""What a statement says and how it is written: names, comments, forms, quoting; and what is refused, in which words."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from mews_newtt import ChartNotFound, charts, load_chart
from mews_newtt.errors import ColumnError, FileError
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.tables.sql import DIALECTS, IDENTITY, chart_sql
from mews_newtt.tables.sql.dialects import identifier, table_parts
from tests.cli.command import run

SNAPSHOTS = Path(__file__).parent / "snapshots"
NEWS2 = load_chart("news2")
SHORT = ("case_id", "respiratory_rate", "oxygen_saturation", "air_or_oxygen", "systolic_bp", "heart_rate", "consciousness", "temperature")


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", ["news2", "meows"])
def test_every_dialect_can_be_parsed_and_comes_back_the_same(dialect: str, name: str) -> None:
    chart = load_chart(name)
    sql = chart_sql(chart, dialect, columns=("case_id", *chart.by_id, "skip_heart_rate")).sql
    own = DIALECTS[dialect].sqlglot
    (tree,) = sqlglot.parse(sql, read=own)
    assert isinstance(tree, exp.Select)
    once = tree.sql(dialect=own)
    assert sqlglot.parse_one(once, read=own).sql(dialect=own) == once
    assert [column.alias_or_name for column in tree.selects][-4:] == list(IDENTITY)
    assert not list(tree.find_all(exp.Boolean)), "SQL Server has no columns of true and false"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_statement_is_the_one_that_was_reviewed(dialect: str) -> None:
    """`python tests/sql/test_sql_statement.py` writes the statements anew after a wanted change."""
    assert statement_of(dialect) == (SNAPSHOTS / f"news2_{dialect}.sql").read_text(encoding="utf-8")


def statement_of(dialect: str) -> str:
    return chart_sql(NEWS2, dialect, columns=SHORT, flags=dialect == "postgres").sql


@pytest.mark.parametrize("name", [f"{chart.id}@{chart.version}" for chart in charts()])
def test_a_reviewer_finds_every_printed_band_and_no_number_that_the_chart_does_not_print(name: str) -> None:
    chart = load_chart(name)
    sql = chart_sql(chart, "duckdb", flags=False).sql
    assert f"chart {chart.id}, version {chart.version}, status {chart.status}\n-- sha256 {chart.sha256}\n" in sql
    comments = "\n".join(line for line in sql.splitlines() if line.strip().startswith("--"))
    for parameter in chart.parameters:
        for table in parameter.tables:
            for band in table.bands if table.applies and parameter.role != "recorded" else ():
                assert band.printed in comments, (parameter.id, band.printed)
    edges = {str(edge.at.normalize()) for p in chart.parameters for edge in _edges(chart, p.id)}
    for number in re.findall(r"_reading (?:>=|>|<=|<) (-?[\d.]+)", sql):
        assert number in edges or f"{float(number):g}" in {f"{float(edge):g}" for edge in edges}, number
    assert not re.search(r"\d\.\d{7,}", sql)


def _edges(chart: object, name: str) -> list[object]:
    from mews_newtt.compiled import compile_chart

    return list(compile_chart(chart).parameters[name].classes.edges)  # type: ignore[arg-type]


def test_result_columns_come_after_the_columns_of_the_table() -> None:
    tree = sqlglot.parse_one(chart_sql(NEWS2, "duckdb", columns=("ward", *SHORT), points=True).sql, read="duckdb")
    assert isinstance(tree, exp.Select)
    names = [column.alias_or_name for column in tree.selects]
    assert names[:9] == ["ward", *SHORT]
    assert names[9:20] == ["score_status", "total", "total_min", "total_max", "level", "level_max", "level_rank", "level_max_rank", "missing", "flags", "error"]
    assert names[20:] == [*(f"points_{p.id}" for p in NEWS2.parameters if p.role == "scored"), *IDENTITY]


def test_flags_can_be_left_out() -> None:
    short, long = (chart_sql(NEWS2, "duckdb", flags=flags) for flags in (False, True))
    assert len(short.sql) < 0.7 * len(long.sql)
    assert " AS flags" in long.sql and " AS flags" not in short.sql


def test_columns_that_are_not_read_are_named_and_travel_through() -> None:
    written = chart_sql(NEWS2, "duckdb", columns=(*SHORT, "ward"))
    assert written.not_read == ("case_id", "ward")
    assert set(written.read) == set(SHORT[1:])


def test_names_of_a_column_map() -> None:
    written = chart_sql(NEWS2, "postgres", columns=("MRN", "pulse rate", *SHORT[:5], *SHORT[6:]), column_map=ColumnMap({"pulse rate": "heart_rate"}))
    assert 'CAST("pulse rate" AS DOUBLE PRECISION)' in written.sql and '"MRN",' in written.sql
    assert "heart_rate from pulse rate" in written.sql
    assumed = chart_sql(NEWS2, "postgres", column_map=ColumnMap({"pulse": "heart_rate"}, ignore=frozenset({"dias"})))
    assert assumed.read["heart_rate"] == "pulse" and assumed.read["spo2_scale"] == "spo2_scale"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (ColumnMap({"puls": "heart_rate"}), "--map puls=heart_rate: there is no such column"),
        (ColumnMap(units={"temperature": "[degF]"}), "unit of temperature: is a translation that this statement does not carry"),
        (ColumnMap(values={"air_or_oxygen": {"0": "air"}}), "values of air_or_oxygen: is a translation that this statement does not carry"),
        (ColumnMap(missing=frozenset({"NA"})), "mark for missing NA: is a translation that this statement does not carry"),
        (ColumnMap(missing_in={"heart_rate": frozenset({"0"})}), "mark for missing of heart_rate: is a translation that this statement does not carry"),
    ],
)
def test_what_sql_does_not_carry_is_refused(given: ColumnMap, says: str) -> None:
    with pytest.raises(ColumnError, match=re.escape(says)):
        chart_sql(NEWS2, "postgres", columns=SHORT, column_map=given)


@pytest.mark.parametrize("name", IDENTITY)
def test_a_column_with_the_name_of_a_result_is_refused(name: str) -> None:
    with pytest.raises(ColumnError, match="has the name of a result column"):
        chart_sql(NEWS2, "postgres", columns=(*SHORT, name))


def test_a_column_that_is_named_like_one_of_the_statement_keeps_its_name() -> None:
    sql = chart_sql(NEWS2, "sqlite", columns=(*SHORT, "heart_rate_points_least", "refused"), table="given").sql
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    connection.execute("CREATE TABLE given (case_id, respiratory_rate, oxygen_saturation, air_or_oxygen, systolic_bp, heart_rate, consciousness, temperature, heart_rate_points_least, refused)")
    connection.execute("INSERT INTO given VALUES (1, 18, 97, 'air', 120, 135, 'alert', 36.8, 99, 'mine')")
    row = dict(connection.execute(sql).fetchone())
    assert (row["heart_rate_points_least"], row["refused"], row["total"], row["score_status"]) == (99, "mine", 3, "complete")


def test_text_in_a_column_of_numbers_is_refused_and_never_0() -> None:
    sql = chart_sql(NEWS2, "sqlite", columns=SHORT).sql
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    connection.execute(f"CREATE TABLE observations ({', '.join(SHORT)})")
    rows = [(1, 18, 97, "air", 120, "fast", "alert", 36.8), (2, 18, 97, "air", 120, "", "alert", 36.8), (3, 18, 97, "air", 120, "80", "alert", 36.8)]
    connection.executemany("INSERT INTO observations VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    found = [dict(row) for row in connection.execute(sql)]
    assert [row["score_status"] for row in found] == ["refused", "partial", "refused"]
    assert [row["total"] for row in found] == [None, None, None]
    assert found[1]["missing"] == "heart_rate" and found[0]["error"].startswith("heart_rate: cannot be scored")


@pytest.mark.parametrize("name", ["observations", "ward.obs", 'ward."obs.2024"', 'x."a""b; drop table y"', "Obs 2024", "order", "my-project.d.t"])
def test_a_table_is_always_one_name(name: str) -> None:
    for dialect in DIALECTS.values():
        parts = table_parts(name)
        if dialect.sqlglot == "bigquery" and any("." in part for part in parts):
            continue  # BigQuery has no dots in names, quoted or not
        sql = chart_sql(NEWS2, "duckdb", columns=SHORT, flags=False, table=name).sql if dialect.sqlglot == "duckdb" else None
        written = ".".join(identifier(part, dialect).sql(dialect=dialect.sqlglot) for part in parts)
        table = sqlglot.parse_one(f"SELECT 1 FROM {written}", read=dialect.sqlglot).find(exp.Table)
        assert table is not None and [part.name for part in table.parts] == parts, dialect.title
        assert sql is None or len(sqlglot.parse(sql, read="duckdb")) == 1


@pytest.mark.parametrize("name", ["", ".", "a.", 'a"; drop table b; --', "a.b.c.d", "a\nb", '"a', "a..b"])
def test_what_is_no_name_of_a_table_is_refused(name: str) -> None:
    with pytest.raises(FileError, match="is not the name of a table") as caught:
        chart_sql(NEWS2, "postgres", table=name)
    assert "schema.table" in str(caught.value)


def test_a_line_break_in_a_title_stays_in_its_comment() -> None:
    from dataclasses import replace

    sql = chart_sql(replace(NEWS2, title="News\nDROP TABLE x; --"), "duckdb", columns=SHORT, flags=False).sql
    assert sql.startswith("-- News DROP TABLE x; -- (NEWS2)\n")


def test_a_view() -> None:
    sql = chart_sql(NEWS2, "sqlite", columns=SHORT, form="view").sql
    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE TABLE observations ({', '.join(SHORT)})")
    connection.execute("INSERT INTO observations VALUES (1, 18, 97, 'air', 120, 80, 'alert', 39.1)")
    connection.execute(sql)
    assert connection.execute("SELECT total, level FROM news2_2017_1_scores").fetchall() == [(2, "low")]


def test_a_model_of_dbt() -> None:
    sql = chart_sql(NEWS2, "bigquery", columns=SHORT, form="dbt").sql
    assert "{{ config(materialized='view') }}\n" in sql and "  FROM {{ ref('observations') }}\n" in sql and not sql.rstrip().endswith(";")
    assert "FROM {{ source('ward', 'obs') }}\n" in chart_sql(NEWS2, "bigquery", columns=SHORT, form="dbt", table="ward.obs").sql
    for name in ("a.b.c", "a'b", '"{{ x }}"'):
        with pytest.raises(FileError, match="is not the name of a model or source of dbt"):
            chart_sql(NEWS2, "bigquery", form="dbt", table=name)


# The command ------------------------------------------------------------------------------------------------------------------


def test_the_command(tmp_path: Path) -> None:
    ran = run("sql", "news2", "--dialect", "postgres", "--columns", ",".join([*SHORT, "ward"]), "-o", tmp_path / "news2.sql")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "NEWS2 2017.1 (verified) as SQL for PostgreSQL: 7 columns are read; not read: case_id, ward\n"
    assert (tmp_path / "news2.sql").read_text(encoding="utf-8") == chart_sql(NEWS2, "postgres", columns=[*SHORT, "ward"]).sql


@pytest.mark.parametrize(
    ("arguments", "says", "mend"),
    [
        (("news2", "--dialect", "oracle"), "--dialect oracle: is no dialect", "use one of postgres, sqlserver, snowflake"),
        (("news9", "--dialect", "postgres"), "chart 'news9'", "charts: "),
        (("news", "--dialect", "postgres"), "National Early Warning Score (first version, 2012)", "news2 is its second version"),
        (("news2", "--dialect", "postgres", "--as", "table"), "--as table: is no form", "use one of select, view, dbt"),
        (("news2", "--dialect", "postgres", "--table", "a;b--\t"), "is not the name of a table", "schema.table"),
        (("news2", "--dialect", "postgres", "--columns", "case_id,pulse"), "column pulse: looks like heart_rate", "--map 'pulse'=heart_rate"),
    ],
)
def test_the_command_says_what_is_wrong(arguments: tuple[str, ...], says: str, mend: str) -> None:
    ran = run("sql", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err and mend in ran.err


def test_a_plan_that_names_columns_that_are_not_there(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text('[columns]\npuls = "heart_rate"\n', encoding="utf-8")
    ran = run("sql", "news2", "--dialect", "duckdb", "--plan", plan, "--columns", ",".join(SHORT))
    assert ran.code == 2 and "puls=heart_rate: there is no such column" in ran.err
    plan.write_text('[columns]\npuls = "hart_rate"\n', encoding="utf-8")
    ran = run("sql", "news2", "--dialect", "duckdb", "--plan", plan)
    assert ran.code == 2 and "is not a parameter of any chart" in ran.err and "did you mean 'heart_rate'?" in ran.err


def test_a_chart_that_is_not_shipped_says_why() -> None:
    with pytest.raises(ChartNotFound):
        load_chart("imews")
    ran = run("sql", "imews", "--dialect", "postgres")
    assert ran.code == 2 and "chart 'imews'" in ran.err and ran.out == ""


if __name__ == "__main__":
    SNAPSHOTS.mkdir(exist_ok=True)
    for one in DIALECTS:
        (SNAPSHOTS / f"news2_{one}.sql").write_text(statement_of(one), encoding="utf-8")
