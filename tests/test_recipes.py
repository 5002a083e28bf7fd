"""docs/recipes.md: every block of Python is run as it is written, and its rows are those of the reference."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mews_newtt import load_chart
from mews_newtt.validation.compare import validate
from tests.batch.batch_support import random_columns, random_value
from tests.engines_expressions.backends import plain, spark_session
from tests.every_engine import reference_row
from tests.patience import PATIENCE
from tests.tools import need
from tests.validation.stated_rows import stated

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
BLOCKS = [
    (section.partition("\n")[0], code)
    for section in re.split(r"^## ", PAGE, flags=re.M)[1:]
    for code in re.findall(r"^```python\n(.*?)^```$", section, re.M | re.S)
]
FAR = re.compile("Spark|Ray")  # they start processes of their own
NAMES = [f"{title} {sum(other == title for other, _ in BLOCKS[:place]) + 1}" for place, (title, _) in enumerate(BLOCKS)]
SCORED = [
    pytest.param(title, code, id=name, marks=[pytest.mark.deep] if FAR.search(title) else [])
    for name, (title, code) in zip(NAMES, BLOCKS, strict=True)
]
REFUSED = "score_table gives the reason"  # what expressions say of rows that they cannot read


def run(title: str, code: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "recipe"}
    if "Spark" in title:
        need("pyspark", find_spec("pyspark"))
        need("Java", shutil.which("java"))
        names["spark"] = spark_session()
    if title == "Ray Data":
        need("ray", find_spec("ray"))
    exec(compile(code, f"docs/recipes.md, {title}", "exec"), names)
    return names


def rows_of(scored: Any) -> list[dict[str, Any]]:
    if type(scored).__module__.startswith("pyspark"):
        scored = scored.toArrow()
    elif type(scored).__module__.startswith("ray"):
        return list(scored.take_all())
    elif type(scored).__module__.startswith("pandas"):
        scored = pa.Table.from_pandas(scored, preserve_index=False)
    rows: list[dict[str, Any]] = pa.table(scored).to_pylist()
    return rows


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("title", "code"), [each for each in SCORED if "found =" not in str(each.values[1])])
def test_scores_are_those_of_the_reference(title: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chart = load_chart("news2")
    table, rows = random_columns(chart, 60, Random("recipes"), missing=0.1)
    table = plain(table)
    kept = [name for name in table.column_names if name != "ward"]
    pq.write_table(table, tmp_path / "wards.parquet")
    monkeypatch.chdir(tmp_path)
    read = code if "Spark" not in title else code.replace('"wards.parquet"', repr(str(tmp_path / "wards.parquet")))  # Java has a folder of its own
    found = rows_of(run(title, read)["scored"])
    assert len(found) == len(rows)
    odd = 0
    for got, row in zip(found, rows, strict=True):
        want = reference_row(chart, {name: row[name] for name in kept})
        if (got["error"] or "").endswith(REFUSED) and not want["error"]:
            odd += 1
            assert got["score_status"] == "refused"
            continue
        names = [name for name in want if not name.startswith("points_") and name != "error"]
        assert {name: got[name] for name in names} == {name: want[name] for name in names}
    assert odd < 30 and got["ward"] == "A"


@pytest.mark.deep
def test_a_model_of_dbt(tmp_path: Path) -> None:
    """The commands of the page, in a project whose model `wards` reads a file."""
    import duckdb

    dbt = next((found for found in (shutil.which("dbt"), ROOT / ".venv" / "dbt" / "bin" / "dbt") if found and Path(found).is_file()), None)
    need("dbt", dbt)
    (commands,) = re.findall(r"^## dbt\n.*?^```shell\n(.*?)^```$", PAGE, re.M | re.S)
    scored, ran = (shlex.split(line) for line in commands.splitlines())
    names = scored[scored.index("--columns") + 1].split(",")
    rng, chart = Random("dbt"), load_chart("news2")
    rows = [{name: None if rng.random() < 0.1 else random_value(chart, name, rng) for name in names[1:]} for _ in range(80)]
    for row in rows:
        row.update({name: None if row[name] is None else float(row[name]) for name in names[1:] if chart.by_id[name].observation.numeric})
    pq.write_table(pa.Table.from_pylist([{"ward": f"w{number}", **row} for number, row in enumerate(rows)]), tmp_path / "wards.parquet")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "wards.sql").write_text("select * from 'wards.parquet'\n")
    (tmp_path / "dbt_project.yml").write_text("name: wards_project\nversion: 1.0.0\nprofile: wards_profile\nmodel-paths: [models]\n")
    (tmp_path / "profiles.yml").write_text("wards_profile: {target: dev, outputs: {dev: {type: duckdb, path: scores.duckdb}}}\n")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "HOME": str(tmp_path)}
    for command in ([sys.executable, "-m", "mews_newtt", *scored[1:]], [str(dbt), *ran[1:]]):
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    with duckdb.connect(str(tmp_path / "scores.duckdb")) as made:
        made.execute(f"SET file_search_path = '{tmp_path}'")
        found = made.sql("select * from news2_scores order by cast(ward[2:] as integer)").to_arrow_table().to_pylist()
    assert len(found) == len(rows)
    for got, row in zip(found, rows, strict=True):
        want = reference_row(chart, row)
        assert bool(got["error"]) == bool(want.pop("error")), (got, row)
        assert {name: got[name] for name in want if not name.startswith("points_")} == {k: v for k, v in want.items() if not k.startswith("points_")}


@pytest.mark.deep
@pytest.mark.filterwarnings("ignore")
def test_a_validation_on_spark(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ((title, code),) = [(title, code) for title, code in BLOCKS if "found =" in code]
    path = tmp_path / "stated.parquet"
    table = plain(stated("news2", 80).to_arrow())
    pq.write_table(table, path)
    found = run(title, code.replace('"stated.parquet"', repr(str(path))))["found"]
    whole = validate(load_chart("news2"), table)
    assert (found.rows, found.disagreed, dict(found.kinds)) == (80, whole.disagreed, dict(whole.kinds))
    assert "SYNTHETIC-" in capsys.readouterr().out


def test_every_kind_of_frame_that_the_page_names_has_a_block() -> None:
    assert {title.split(",")[0].split(":")[0] for title, _ in BLOCKS} == {"pandas", "Polars", "DuckDB", "Dask", "Ray Data", "PySpark"}
    assert len(BLOCKS) == 9
