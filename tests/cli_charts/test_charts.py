"""`mews-newtt charts` and `charts show`: what a person sees, for every chart there is."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from mews_newtt import charts
from mews_newtt.chart.content import canonical
from mews_newtt.chart.model import Chart
from mews_newtt.chart.statuses import MEANINGS
from tests.cli.command import ROOT, run

MADE_UP = ROOT / "tests" / "made_up"
CHARTS = charts()


def words(text: str) -> str:
    """The text without line breaks, frames and runs of spaces."""
    return re.sub(r"[\s│]+", " ", text)


def test_the_list_names_every_version_with_its_status_in_words() -> None:
    ran = run("charts")
    assert ran.code == 0
    assert ran.err == ""
    assert "\x1b" not in ran.out
    for chart in CHARTS:
        assert re.search(rf"^ {re.escape(chart.id)} +{re.escape(chart.version)} +{chart.status} ", ran.out, re.MULTILINE), chart.id
        assert f"{chart.status}: {MEANINGS[chart.status]}" in words(ran.out)


def test_the_list_as_json() -> None:
    found = json.loads(run("charts", "--json").out)
    assert [(each["id"], each["version"], each["status"], each["sha256"]) for each in found] == [
        (chart.id, chart.version, chart.status, chart.sha256) for chart in CHARTS
    ]


def test_what_is_not_shipped_says_why_and_what_would_mend_it() -> None:
    entries = json.loads(run("charts", "--not-shipped", "--json").out)
    assert entries
    told = words(run("charts", "--not-shipped").out)
    for entry in entries:
        assert {"id", "title", "owner", "why", "mend"} <= entry.keys()
        assert all(" ".join(entry[key].split()) in told for key in ("id", "title", "owner", "why", "mend")), entry["id"]


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: f"{chart.id}@{chart.version}")
def test_a_drawn_chart_says_all_that_the_file_says(chart: Chart) -> None:
    ran = run("charts", "show", f"{chart.id}@{chart.version}")
    assert ran.code == 0
    assert ran.err == ""
    assert "\x1b" not in ran.out
    assert all(len(line) <= 100 for line in ran.out.splitlines())
    told = words(ran.out)
    assert f"Status {chart.status}: {MEANINGS[chart.status]}" in told
    expected = [chart.title, chart.version, chart.sha256[:12], chart.scope_says, chart.licence, *chart.notes, *chart.known_missing]
    expected += [text for source in chart.sources for text in (source.id, source.cite)]
    expected += [rule.says for rule in chart.scope] + [group.title for group in chart.groups]
    for level in chart.levels:
        expected += [level.title, *(timing.says for timing in (level.reobserve, level.review) if timing), level.response or ""]
    for parameter in chart.parameters:
        expected += [parameter.title, parameter.note, *(skip.says for skip in parameter.skips)]
    missing = [text for text in expected if words(text) not in told]
    assert not missing


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: f"{chart.id}@{chart.version}")
def test_bands_stand_highest_first_with_points_and_zone_in_words(chart: Chart) -> None:
    told = run("charts", "show", f"{chart.id}@{chart.version}").out
    for parameter in chart.parameters:
        at = told.index(f"{parameter.title} ")
        for table in parameter.tables:
            for band in reversed(table.bands) if parameter.observation.numeric else table.bands:
                label = band.printed if band.interval else " or ".join(band.categories)
                gives = [
                    f"{band.points} point" if band.points is not None else "",
                    band.zone or "",
                    f"raises the level to {band.level}" if band.level else "",
                ]
                line = r".*?".join(re.escape(part) for part in (label, *gives, band.prompt or "") if part)
                found = re.compile(rf"^ .*{line}", re.MULTILINE).search(told, at)
                assert found, (parameter.id, band)
                at = found.end()


def test_show_as_json_is_the_content_that_the_hash_is_taken_of() -> None:
    chart = CHARTS[0]
    found = json.loads(run("charts", "show", chart.id, "--json").out)
    assert found.pop("sha256") == chart.sha256
    assert found == canonical(chart)


@pytest.mark.parametrize(
    "arguments",
    [["charts", "--rules", MADE_UP, "--json", "show", "demo"], ["charts", "show", "demo", "--json", "--rules", MADE_UP]],
    ids=["before", "after"],
)
def test_options_count_before_and_after_show(arguments: list[str | Path]) -> None:
    assert json.loads(run(*arguments).out)["id"] == "demo"


def test_folders_given_before_and_after_show_add_up(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "rules" / CHARTS[0].id, tmp_path / CHARTS[0].id)
    assert "clockwork tortoises" in run("charts", "--rules", MADE_UP, "show", "demo", "--rules", tmp_path).out


def test_a_file_can_be_drawn() -> None:
    chart = CHARTS[0]
    assert chart.title in run("charts", "show", chart.origin).out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["charts", "show", "nosuch"], ["'nosuch'", "there is no such chart", "mend: "]),
        (["charts", "show", f"{CHARTS[0].id}@99"], ["version 99", "versions: " + CHARTS[0].version]),
        (["charts", "show"], ["CHART"]),
        (["charts", "--rules", "no/such/folder"], ["no/such/folder", "is not a folder"]),
    ],
)
def test_what_is_not_there_exits_2_and_says_so(arguments: list[str], says: list[str]) -> None:
    ran = run(*arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert all(part in ran.err for part in says), ran.err
