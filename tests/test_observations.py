"""`mews-newtt observations` lists what a set may hold, and writes an empty input file that can be filled and scored."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import get_args

import pytest

from mews_newtt import Chart, charts, load_chart, score
from mews_newtt.chart.catalogue import catalogue
from mews_newtt.cli import main
from mews_newtt.reading.template import template_columns
from mews_newtt.tables.formats import KINDS, WRITTEN, FormatName, OutputFormatName
from mews_newtt.tables.sql.dialects import DIALECTS, DialectName


def test_every_observation_is_listed_with_what_may_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["observations", "--json"]) == 0
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows.keys() == catalogue().observations.keys()
    assert rows["temperature"]["unit"] == "Cel" and "[degF]" in rows["temperature"]["also_in"]
    assert rows["consciousness"]["answers"]["alert"] == "Alert"


def test_a_chart_lists_its_own_and_says_which_are_required(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["observations", "news2", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    chart = load_chart("news2")
    assert [row["id"] for row in rows] == [parameter.id for parameter in chart.parameters]
    assert {row["id"] for row in rows if row["required"]} == set(score(chart, {}).missing)
    assert main(["observations", "news2"]) == 0
    assert "it is never 0" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("chart", charts(), ids=lambda chart: f"{chart.id}-{chart.version}")
def test_a_template_filled_with_readings_is_scored(chart: Chart, tmp_path: Path) -> None:
    path, out = tmp_path / "sets.csv", tmp_path / "scored.csv"
    assert main(["observations", f"{chart.id}@{chart.version}", "--template", str(path)]) == 0
    header = path.read_text(encoding="utf-8").strip().split(",")
    assert tuple(header) == template_columns(chart)
    path.write_text(path.read_text(encoding="utf-8") + "MADE-UP-1" + "," * (len(header) - 1) + "\n", encoding="utf-8")
    assert main(["score", f"{chart.id}@{chart.version}", str(path), "-o", str(out)]) == 0
    (row,) = csv.DictReader(out.read_text(encoding="utf-8").splitlines())
    assert row["score_status"] == "partial" and row["total"] == ""
    assert main(["observations", f"{chart.id}@{chart.version}", "--template", str(tmp_path / "set.json")]) == 0
    empty = json.loads((tmp_path / "set.json").read_text(encoding="utf-8"))
    assert score(chart, empty).status == "partial"


@pytest.mark.parametrize(("arguments", "words"), [(["news2", "--template", "sets.xls"], "end it with .csv or .json"), (["--template", "sets.csv"], "needs a chart")])
def test_faults_say_what_to_do(arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["observations", *arguments]) == 2
    assert words in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_types_of_choices_are_the_choices() -> None:
    assert get_args(FormatName) == tuple(KINDS)
    assert get_args(OutputFormatName) == WRITTEN
    assert get_args(DialectName) == tuple(DIALECTS)
