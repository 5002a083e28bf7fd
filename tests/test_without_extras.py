"""The core alone: its names can be imported and listed; what needs an extra says so when it is called. And what Python users are told."""

from __future__ import annotations

import subprocess
import sys
from typing import get_args

import pytest

import mews_newtt
from mews_newtt import ChartNotFound, ColumnError, load_chart
from mews_newtt.chart.model import STATUSES, Status
from mews_newtt.reading.columns import check_columns
from tests.patience import PATIENCE

CORE_ONLY = """
import inspect, io, pydoc, sys

for name in ("polars", "pyarrow", "numba", "numpy", "pandas"):
    sys.modules[name] = None  # as if it were not installed
from mews_newtt import *
import mews_newtt
assert hasattr(mews_newtt, "score_table") and "score_file" in dict(inspect.getmembers(mews_newtt))
assert "score_table" in pydoc.render_doc(mews_newtt)
try:
    score_table(None, None)
except ImportError as fault:
    print(fault)
for head in (b"heart_rate\\n80\\n", b"PAR1", b"\\x1f\\x8b\\x08", b'{"heart_rate":80}', b'[{"heart_rate":80}]'):
    written = io.BytesIO()
    try:
        print(score_file(load_chart("news2"), io.BytesIO(head), written).rows, written.getvalue().count(b"\\n"))
    except FileError as fault:
        print(fault)
"""


def test_without_the_batch_extra_names_can_be_listed_and_say_what_is_missing() -> None:
    done = subprocess.run([sys.executable, "-c", CORE_ONLY], capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    table, plain, *others = done.stdout.splitlines()
    assert table.startswith("score_table needs the batch extra") and 'pip install "mews-newtt[batch]"' in table
    assert plain == "1 2", "plain CSV needs no extra"
    assert len(others) == 8
    for what, mend in zip(others[::2], others[1::2], strict=True):
        assert what.startswith("stream: needs the batch extra") and 'pip install "mews-newtt[batch]"' in mend


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    assert not hasattr(mews_newtt, "no_such_name")


@pytest.mark.parametrize("name", ["NEWS", "news", "NEWS1", "National Early Warning Score"])
def test_the_first_national_early_warning_score_has_an_answer_of_its_own(name: str) -> None:
    with pytest.raises(ChartNotFound) as caught:
        load_chart(name)
    said = str(caught.value)
    assert "did you mean" not in said and "first version, 2012" in said
    assert "news2 is its second version" in said and "npews is another chart, for children" in said


def test_a_name_between_two_charts_names_both_and_one_like_none_names_none() -> None:
    with pytest.raises(ChartNotFound, match="did you mean 'news2' or 'npews'"):
        load_chart("news3")
    with pytest.raises(ChartNotFound) as caught:
        load_chart("nowt")
    assert "did you mean" not in str(caught.value) and "charts: " in str(caught.value)


def test_a_version_in_the_name() -> None:
    assert load_chart("mews@0.1").version == "0.1" == load_chart("mews@0.1", "0.1").version
    for name, version, words in (("mews@", None, "is not id@version"), ("@0.1", None, "is not id@version"), ("mews@0.1", "0.2", "names version 0.1")):
        with pytest.raises(ChartNotFound, match=words):
            load_chart(name, version)
    with pytest.raises(ChartNotFound, match="there is no such version"):
        load_chart("mews@9.9")


def test_statuses_are_types() -> None:
    assert get_args(Status) == STATUSES


def test_a_column_error_names_the_way_in_python() -> None:
    with pytest.raises(ColumnError) as caught:
        check_columns(["pulse"], load_chart("news2"))
    assert "--map 'pulse'=heart_rate" in str(caught.value)
    assert "In Python" in str(caught.value) and "column_map=mews_newtt.read_map(" in str(caught.value)
