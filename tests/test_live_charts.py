"""Charts of a long-running process: a changed file is read, a faulty one keeps the charts as they were, a lost one never changes what a name means."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from mews_newtt.chart.live import LiveCharts
from mews_newtt.errors import ChartError, ChartNotFound

TODAY = date(2026, 11, 20)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "site"
    shutil.copytree(Path(__file__).parent / "made_up", folder)
    monkeypatch.setenv("MEWS_NEWTT_RULES", str(folder))
    return folder


def chart_file(site: Path) -> Path:
    return next(path for path in sorted(site.glob("*/*.toml")))


def test_a_faulty_file_keeps_the_charts_and_is_reported_once(site: Path) -> None:
    live = LiveCharts(TODAY)
    name = chart_file(site).parent.name
    before = live.find(name)
    good = chart_file(site).read_bytes()
    chart_file(site).write_bytes(good + b"\nnot = a chart\n")
    assert [live.refresh(TODAY), live.refresh(TODAY)] == [True, False]
    assert live.fault is not None and live.lost is None and live.find(name) is before
    chart_file(site).write_bytes(good)
    assert not live.refresh(TODAY) and live.fault is None and live.find(name).sha256 == before.sha256


def test_a_chart_of_the_site_that_is_gone_is_a_fault_and_still_answers(site: Path) -> None:
    live = LiveCharts(TODAY)
    name = chart_file(site).parent.name
    before = live.find(name)
    shutil.rmtree(site)
    assert live.refresh(TODAY) and live.lost is not None and live.find(name) is before


def test_a_faulty_file_at_the_start_is_an_error_and_an_unknown_name_is_not_found(site: Path) -> None:
    with pytest.raises(ChartNotFound):
        LiveCharts(TODAY).find("no-such-chart")
    chart_file(site).write_text("not = a chart\n", encoding="utf-8")
    with pytest.raises(ChartError):
        LiveCharts(TODAY)
