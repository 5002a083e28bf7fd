"""Any chart laid out on two sheets and adopted is the same chart."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mews_newtt import charts, load_chart
from mews_newtt.chart.load import read_chart
from mews_newtt.chart.write import chart_toml
from tests.adoption.support import adopted, content, lines_of, sheets, write
from tests.strategies import made_chart

SHIPPED = [f"{chart.id}@{chart.version}" for chart in charts()]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_chart_comes_back_from_two_sheets(name: str, suffix: str, tmp_path: Path) -> None:
    chart = load_chart(*name.split("@"))
    found = adopted(tmp_path, chart, sheets(tmp_path, chart, suffix))
    assert found.chart is not None, found.problems
    assert content(found.chart) == content(chart)
    assert found.chart.status == "verified"
    assert found.chart.sources[0].transcribed == (("Anna Example", "2026-01-12"), ("Ben Example", "2026-01-13"))


def test_one_sheet_as_csv_and_one_as_xlsx_are_one_chart(tmp_path: Path) -> None:
    chart = load_chart("news2")
    files = [write(tmp_path / "a.csv", lines_of(chart, 0)), write(tmp_path / "b.xlsx", lines_of(chart, 1))]
    found = adopted(tmp_path, chart, files)
    assert found.chart is not None
    assert content(found.chart) == content(chart)


def test_one_sheet_alone_is_transcribed_only(tmp_path: Path) -> None:
    chart = load_chart("news2")
    found = adopted(tmp_path, chart, sheets(tmp_path, chart)[:1])
    assert found.chart is not None
    assert found.chart.status == "transcribed"
    assert "second transcription" in found.chart.status_says


@given(seed=st.integers(0, 10**9))
@settings(max_examples=25)
def test_made_up_charts_come_back_from_two_sheets(seed: int) -> None:
    chart = made_chart(random.Random(seed))
    with tempfile.TemporaryDirectory() as folder:
        found = adopted(Path(folder), chart, sheets(Path(folder), chart))
        assert found.chart is not None, "\n".join(map(str, found.problems))
        assert content(found.chart) == content(chart)


@given(seed=st.integers(0, 10**9))
@settings(max_examples=40)
def test_the_canonical_text_of_a_chart_reads_as_the_chart(seed: int) -> None:
    chart = made_chart(random.Random(seed))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chart.toml"
        path.write_text(chart_toml(chart), encoding="utf-8")
        read, problems = read_chart(path, {p.id: p.observation for p in chart.parameters})
    assert read is not None, problems
    assert read.sha256 == chart.sha256
    assert chart_toml(read) == chart_toml(chart)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_canonical_text_of_a_shipped_chart_has_its_hash(name: str, tmp_path: Path) -> None:
    chart = load_chart(*name.split("@"))
    path = tmp_path / "chart.toml"
    path.write_text(chart_toml(chart), encoding="utf-8")
    assert load_chart(path).sha256 == chart.sha256
