"""People followed by window functions in Spark: the answers of `track_frame`, row by row."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

import polars as pl
import pytest

from mews_newtt.episode.lazy import ANSWERS, track_lazy_frame
from mews_newtt.episode.track import track_frame
from tests.engines_expressions.backends import spark_session
from tests.episode.test_follow import NEWS2
from tests.episode.test_lazy import NOW, made_up, plain
from tests.tools import need

pytestmark = [pytest.mark.deep, pytest.mark.filterwarnings("ignore:Spark would score several times slower")]


def test_spark_gives_what_the_table_in_memory_gives(tmp_path: Path) -> None:
    need("pyspark", find_spec("pyspark"))
    need("Java", shutil.which("java"))
    rows = made_up(40)
    rows.write_parquet(tmp_path / "rows.parquet")
    found = track_lazy_frame(NEWS2, spark_session().read.parquet(str(tmp_path / "rows.parquet")), now=NOW)
    back = pl.DataFrame([row.asDict() for row in found.select("number", *ANSWERS).collect()], infer_schema_length=None)
    wanted = plain(track_frame(NEWS2, rows, now=NOW))
    assert {row["set_status"] for row in wanted} == {"current", "unplaced"} and any(row["level_change"] for row in wanted)
    assert plain(back) == wanted
