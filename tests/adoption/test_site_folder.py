"""A name that a site has set never means another chart in silence: its folder missing, emptied, moved, one too high or too low, a chart gone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mews_newtt import load_chart
from mews_newtt.chart.catalogue import catalogue
from mews_newtt.chart.model import Chart
from mews_newtt.chart.timeline import charts_by_date
from mews_newtt.errors import ChartError
from tests.adoption.support import put_as_adopted, withdraw
from tests.cli.command import run

ROOT = Path(__file__).resolve().parents[2]
LIKE_MEWS = (ROOT / "rules" / "mews" / "0.1.toml").read_text(encoding="utf-8")
VERIFIED = LIKE_MEWS.replace('version = "0.1"', 'version = "7.0"').replace('status = "derived"', 'status = "verified"')


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site's folder whose `mews` is its own, and a second chart that stays."""
    folder = tmp_path / "site"
    folder.mkdir()
    put_as_adopted(folder, VERIFIED)
    put_as_adopted(folder, (ROOT / "examples" / "adopting" / "made-up-2.0.toml").read_text(encoding="utf-8"))
    return folder


def moved(site: Path) -> None:
    site.rename(site.with_name("elsewhere"))


def emptied(site: Path) -> None:
    shutil.rmtree(site)
    site.mkdir()


def chart_folder_deleted(site: Path) -> None:
    shutil.rmtree(site / "mews")


def chart_folder_renamed(site: Path) -> None:
    (site / "mews").rename(site / "mews-old")


def chart_renamed(site: Path) -> None:
    (site / "mews" / "7.0.toml").rename(site / "mews" / "7.0.toml.bak")


def chart_broken(site: Path) -> None:
    (site / "mews" / "7.0.toml").write_text("[chart]\nid = mews\n", encoding="utf-8")


def list_broken(site: Path) -> None:
    (site / "own_charts.toml").write_text("charts = 7\n", encoding="utf-8")


LOST: list[Callable[[Path], None]] = [moved, emptied, chart_folder_deleted, chart_folder_renamed, chart_renamed, chart_broken, list_broken]


@pytest.mark.parametrize("lose", LOST)
@pytest.mark.parametrize("name", ["mews", "England-MEWS"])
def test_a_name_of_the_site_is_an_error_that_names_the_folder(
    name: str, lose: Callable[[Path], None], site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEWS_NEWTT_RULES", str(site))
    assert load_chart(name).version == "7.0"  # read once: what was remembered must not stay
    lose(site)
    with pytest.raises(ChartError) as told:
        load_chart(name)
    assert str(site) in str(told.value) and all(problem.mend for problem in told.value.problems)
    with pytest.raises(ChartError):
        charts_by_date(catalogue(), name)


@pytest.mark.parametrize("lose", LOST)
def test_the_command_says_so_and_exits_2(lose: Callable[[Path], None], site: Path) -> None:
    lose(site)
    ran = run("score", "mews", "--rules", site, "--obs", "heart_rate=80")
    assert ran.code == 2
    assert str(site) in ran.err and "Traceback" not in ran.err


def test_a_chart_folder_renamed_by_hand_is_seen_without_the_list(site: Path) -> None:
    (site / "own_charts.toml").unlink()
    chart_folder_renamed(site)
    with pytest.raises(ChartError, match=r"name it mews/7\.0\.toml"):
        load_chart("mews", folders=[site])
    assert load_chart("news2", folders=[site]).id == "news2"


@pytest.mark.parametrize(("place", "mend"), [("", "name the folder below it: {site}"), ("site/mews", "name the folder above it: {site}")])
def test_a_folder_one_too_high_or_too_low(place: str, mend: str, site: Path) -> None:
    with pytest.raises(ChartError) as told:
        load_chart("mews", folders=[site.parent / place])
    assert "holds no chart" in str(told.value) and mend.format(site=site) in str(told.value)


@pytest.mark.parametrize("text", ["", "rules = []\n", 'rule = ["site"]\n', "rules = 7\n", "rules = [7]\n"])
def test_a_configuration_that_names_no_folder(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config.toml"
    config.write_text(text, encoding="utf-8")
    monkeypatch.setenv("MEWS_NEWTT_CONFIG", str(config))
    with pytest.raises(ChartError, match=r"config\.toml"):
        load_chart("news2")


def test_a_variable_that_names_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEWS_NEWTT_RULES", os.pathsep)
    with pytest.raises(ChartError, match="names no folder"):
        load_chart("news2")


def test_a_chart_withdrawn_on_purpose_gives_the_name_back(site: Path) -> None:
    withdraw(site, "mews/7.0.toml")
    assert load_chart("mews", folders=[site]).version != "7.0"


def test_derive_and_adopt_list_what_they_write(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    adopting = ROOT / "examples" / "adopting"
    for _ in range(2):
        assert run("adopt", adopting / "anna.csv", adopting / "ben.csv", "--rules", folder).code == 0
    assert (folder / "own_charts.toml").read_text(encoding="utf-8").count("made-up/1.0.toml") == 1


# Status


def point_changed(site: Path) -> None:
    path = site / "mews" / "7.0.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("points = 2", "points = 3", 1), encoding="utf-8")


def record_gone(site: Path) -> None:
    (site / "mews" / "7.0.adoption.json").unlink()


def record_torn(site: Path) -> None:
    (site / "mews" / "7.0.adoption.json").write_text('{"chart": {}}', encoding="utf-8")


def record_no_json(site: Path) -> None:
    (site / "mews" / "7.0.adoption.json").write_bytes(b"\xff{")


@pytest.mark.parametrize("change", [point_changed, record_gone, record_torn, record_no_json])
def test_a_verified_file_without_proof_is_local_and_no_other_chart_answers(change: Callable[[Path], None], site: Path) -> None:
    assert load_chart("mews", folders=[site]).status == "verified"
    change(site)
    chart = load_chart("mews", "7.0", folders=[site])
    assert chart.status == "local" and "says verified" in chart.status_says
    assert load_chart(site / "mews" / "7.0.toml").sha256 == chart.sha256
    with pytest.raises(ChartError) as told:
        load_chart("mews", folders=[site])
    assert "status_not_proven" in str(told.value) and "7.0.toml" in str(told.value)
    checked = run("check", site / "mews" / "7.0.toml")
    assert checked.code == 1
    assert "warning: status_not_proven" in checked.out and "status local" in checked.out
    listed = run("charts", "--rules", site)
    assert listed.code == 0
    assert "says verified" in listed.err and "counts as local" in listed.err


def test_a_hand_written_file_cannot_take_a_name_as_verified(tmp_path: Path) -> None:
    path = tmp_path / "mews" / "7.0.toml"
    path.parent.mkdir()
    path.write_text(VERIFIED, encoding="utf-8")
    with pytest.raises(ChartError, match="status_not_proven"):
        load_chart("mews", folders=[tmp_path])
    assert load_chart("mews", "7.0", folders=[tmp_path]).status == "local"
    path.write_text(VERIFIED.replace('status = "verified"', 'status = "local"'), encoding="utf-8")
    assert load_chart("mews", folders=[tmp_path]).version != "7.0"  # a local chart never outranks a built-in one


def test_a_name_that_is_the_sites_alone_is_answered_as_local(site: Path) -> None:
    text = (site / "made-up" / "2.0.toml").read_text(encoding="utf-8").replace('status = "local"', 'status = "verified"')
    (site / "made-up" / "2.0.toml").write_text(text, encoding="utf-8")
    assert load_chart("made-up", folders=[site]).status == "local"
    with pytest.raises(Exception, match="status_too_low"):
        load_chart("made-up", minimum_status="derived", folders=[site])


def test_layout_and_remarks_do_not_cost_a_chart_its_status(site: Path) -> None:
    path = site / "mews" / "7.0.toml"
    path.write_text("# a remark\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert load_chart("mews", folders=[site]).status == "verified"


def test_a_copy_of_a_built_in_chart_needs_no_record(tmp_path: Path) -> None:
    known: Chart = load_chart("news2")
    shutil.copy(known.origin, tmp_path / "copy.toml")
    assert load_chart(tmp_path / "copy.toml").status == "verified"
    shutil.copytree(Path(known.origin).parents[1] / "news2", tmp_path / "rules" / "news2")
    assert load_chart("news2", folders=[tmp_path / "rules"]).status == "verified"
