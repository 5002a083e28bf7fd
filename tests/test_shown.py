"""How charts, scores and validations show themselves: short as text, and in notebooks with the chart and the warning."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

import mews_newtt.batch.pandas_accessor  # noqa: F401 - gives pandas frames `frame.mews_newtt`
from mews_newtt import charts, load_chart, score, score_frame
from mews_newtt.drawn.words import NOT_FOR_CARE
from mews_newtt.validation import validate

ROOT = Path(__file__).resolve().parents[1]
TABLE = pa.table({"heart_rate": [80, 131], "ward": ["<b>", "b"], "expected_total": [0, 4]})


def shown() -> list[object]:
    chart = load_chart("news2")
    return [chart, score(chart, {"heart_rate": 131}), validate(chart, TABLE)]


@pytest.mark.parametrize("number", range(3), ids=["chart", "score", "validation"])
def test_a_notebook_shows_the_warning_and_the_chart(number: int) -> None:
    html = shown()[number]._repr_html_()  # type: ignore[attr-defined]
    assert NOT_FOR_CARE in html and "news2 2017.1, status verified" in html
    assert "<script" not in html and "http" not in html.replace("http://www.w3.org", "").replace("https://doi.org", "")


def test_words_of_a_file_are_escaped() -> None:
    found = validate(load_chart("news2"), TABLE.rename_columns(["heart_rate", "<b>ward", "expected_total"]))
    assert "&lt;b&gt;ward" in found._repr_html_() and "<b>ward" not in found._repr_html_()


def test_text_is_short() -> None:
    for chart in charts():
        assert len(repr(chart)) < 200
        assert len(repr(score(chart, {}))) < 300


def test_pandas_frames_score_themselves() -> None:
    chart, frame = load_chart("news2"), pd.DataFrame({"heart_rate": [80, None, 131], "ward": "A"}, index=[7, 8, 9])
    before = frame.copy()
    found = frame.mews_newtt.score(chart, points=True)
    pd.testing.assert_frame_equal(found, score_frame(chart, frame, points=True))
    pd.testing.assert_frame_equal(frame, before)
    assert list(found.index) == [7, 8, 9] and found["points_heart_rate"].tolist()[::2] == [0, 3]
    assert found["total"].isna().all(), "a set without all its readings has no total"
    assert frame.mews_newtt.columns_not_read(chart).to_dict()["columns_not_read"] == ["ward"]


QUIET = """
import logging, os, sys
seen = []
logging.Handler.handle = lambda self, record: seen.append(record)
before = dict(os.environ), list(logging.root.handlers)
from mews_newtt import charts, load_chart, score
score(load_chart("news2"), {"heart_rate": "131 bpm", "temperature": 36.8})
print(seen, before == (dict(os.environ), list(logging.root.handlers)), any(name.startswith("mews_newtt") for name in logging.root.manager.loggerDict))
"""


def test_the_library_is_silent_without_home_and_where_nothing_may_be_written(tmp_path: Path) -> None:
    """As in a function of a cloud: no HOME, no working folder of one's own, bytecode is not written."""
    environment = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(tmp_path / "none")}
    done = subprocess.run([sys.executable, "-c", QUIET], env=environment, cwd="/", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[] True False\n", "")
    assert not list(tmp_path.iterdir())
