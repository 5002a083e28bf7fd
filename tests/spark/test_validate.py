"""`validate` on a Spark frame gives what it gives on the same rows in memory."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from mews_newtt import ColumnError, load_chart
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.validation.compare import diagnosed, validate
from mews_newtt.validation.reports import write_reports
from tests.engines_expressions.backends import plain, spark_session
from tests.tools import need
from tests.validation.stated_rows import stated

pytestmark = [pytest.mark.deep, pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas")]


@pytest.fixture
def session() -> Any:
    need("pyspark", find_spec("pyspark"))
    need("Java", shutil.which("java"))
    return spark_session()


@pytest.mark.parametrize("name", ["news2", "meows"])
def test_a_spark_frame_is_validated_as_its_rows_in_memory(session: Any, name: str, tmp_path: Path) -> None:
    chart, table = load_chart(name), plain(stated(name, 250).to_arrow())
    for place, (start, end) in enumerate([(0, 90), (90, 90), (90, 180), (180, 250)]):  # the second file is empty
        pq.write_table(table.slice(start, end - start), tmp_path / f"{place}.parquet")
    frame = session.read.parquet(str(tmp_path)).repartition(1).sortWithinPartitions("note")
    partitions = session.read.parquet(*(str(tmp_path / f"{place}.parquet") for place in range(4)))
    for one in (frame, partitions):
        memory = one.toArrow()
        whole, found = validate(chart, memory), validate(chart, one)
        assert whole.disagreed > 90
        left_out = ("source", "notes", "disagreements", "disagreements_listed")
        assert {key: value for key, value in found.to_dict().items() if key not in left_out} == {
            key: value for key, value in whole.to_dict().items() if key not in left_out
        }
        assert set(found.notes) - set(whole.notes) == {"rows are numbered as the frame's partitions follow each other; other partitions would number them in another way"}
        listed = {row.case_id: row for row in whole.disagreements}
        assert len(found.disagreements) >= 100
        assert [listed[row.case_id] for row in found.disagreements] == list(found.disagreements)  # row numbers, words and all
        assert diagnosed(found).diagnosis is not None
    assert [path.name for path in write_reports(found, tmp_path / "reports")] == ["report.html", "report.json", "junit.xml"]


def test_names_are_checked_before_anything_runs(session: Any) -> None:
    frame = session.range(3).selectExpr("id as heart_rat", "id as expected_total", "assert_true(false) as note")
    with pytest.raises(ColumnError, match="heart_rat: looks like heart_rate"):
        validate(load_chart("news2"), frame)


def test_only_the_columns_that_are_compared_are_read(session: Any) -> None:
    frame = session.range(3).selectExpr("80 + id as `pulse.rate`", "id as expected_total", "assert_true(id > 5) as note")
    found = validate(load_chart("news2"), frame.repartition(2), column_map=ColumnMap(columns={"pulse.rate": "heart_rate"}))
    assert (found.rows, found.compared, found.ignored) == (3, 3, ("note",))
