"""The site file: what a name means at a site stays what it is, whatever ships; what it names and is not there is an error."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from mews_newtt import load_chart
from mews_newtt.adoption.site_names import roll_back, use
from mews_newtt.chart.catalogue import catalogue
from mews_newtt.chart.live import LiveCharts
from mews_newtt.chart.timeline import charts_by_date
from mews_newtt.errors import ChartError, ChartNotFound
from tests.adoption.support import command, put_as_adopted
from tests.adoption.test_in_force import DECIDED, EIGHT
from tests.adoption.test_site_folder import VERIFIED


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site whose `mews` is fixed to 7.0 by its site file; 8.0 is there too."""
    folder = tmp_path / "site"
    folder.mkdir()
    put_as_adopted(folder, VERIFIED)
    shelf = catalogue([folder])
    use(shelf, folder, shelf.find("mews"))
    put_as_adopted(folder, EIGHT)
    return folder


def test_a_newer_version_does_not_take_the_name(site: Path) -> None:
    assert load_chart("mews", folders=[site]).version == "7.0"
    assert load_chart("England-MEWS", folders=[site]).version == "7.0"
    assert load_chart("news2", folders=[site]).version == "2017.1"
    assert load_chart("mews@8.0", folders=[site]).version == "8.0"
    code, said = command("site", "check", "--rules", site)
    assert code == 1
    assert "mews: stays 7.0 (verified); without the site file it would be 8.0 (verified)" in said


def test_a_chart_that_the_file_does_not_name_is_refused(site: Path) -> None:
    put_as_adopted(
        site, VERIFIED.replace('id = "mews"', 'id = "new"').replace("England-MEWS", "Other").replace('short_title = "', 'short_title = "X')
    )
    with pytest.raises(ChartNotFound, match="name_not_in_site_file"):
        load_chart("new", folders=[site])


def gone(site: Path) -> None:
    (site / "mews" / "7.0.toml").unlink()
    own = site / "own_charts.toml"
    own.write_text(own.read_text(encoding="utf-8").replace('  "mews/7.0.toml",\n', ""), encoding="utf-8")


def other_content(site: Path) -> None:
    file = site / "site.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(load_chart("mews@7.0", folders=[site]).sha256, "0" * 64), encoding="utf-8")


def file_gone(site: Path) -> None:
    (site / "site.toml").unlink()


def torn(site: Path) -> None:
    (site / "site.toml").write_text("[[names.mews]]\nversion = 7\n", encoding="utf-8")


def unsigned(site: Path) -> None:
    (site / "mews" / "7.0.signoff.toml").unlink()


@pytest.mark.parametrize("lose", [gone, other_content, file_gone, torn, unsigned])
def test_what_it_names_and_is_not_there_is_an_error(lose: object, site: Path) -> None:
    assert callable(lose)
    lose(site)
    with pytest.raises(ChartError):
        load_chart("mews", folders=[site])
    code, said = command("score", "mews", "--rules", site, "--obs", "heart_rate=80")
    assert code == 2 and "mend:" in said


def test_a_version_that_ships_later_under_the_sites_number_does_not_disturb(site: Path, tmp_path: Path) -> None:
    twin = tmp_path / "shipped"
    twin.mkdir()
    put_as_adopted(twin, VERIFIED.replace("points = 2", "points = 3", 1))
    assert load_chart("mews", folders=[site, twin]).sha256 == load_chart("mews", folders=[site]).sha256


def test_the_least_status_is_asked_of_every_score(site: Path) -> None:
    assert command("site", "minimum", "verified", "--rules", site)[0] == 0
    assert load_chart("mews", folders=[site]).status == "verified"
    for name in ("newtt2", "mews@0.2"):
        with pytest.raises(ChartNotFound, match="status_too_low"):
            load_chart(name, folders=[site])
    assert command("diff", "mews@0.2", "mews", "--rules", site)[0] == 1  # to look at a chart is no score


def test_roll_back_writes_the_site_file_too(site: Path) -> None:
    assert command("site", "use", "mews@8.0", "--rules", site)[0] == 0
    assert load_chart("mews", folders=[site]).version == "8.0"
    roll_back(catalogue([site]), "mews", **DECIDED)
    assert load_chart("mews", folders=[site]).version == "7.0"
    assert command("site", "check", "--rules", site)[0] == 0


def test_days_before_a_start_keep_the_version_before(site: Path) -> None:
    put_as_adopted(site, EIGHT.replace('version = "8.0"', 'version = "9.0"\neffective_from = 2026-06-01').replace('supersedes = "7.0"\n', ""))
    assert command("site", "use", "mews@9.0", "--rules", site)[0] == 0
    assert charts_by_date(catalogue([site]), "mews").says == "7.0 (verified) for all dates; 9.0 (verified) from 2026-06-01"


def test_a_configuration_elsewhere_names_folders_and_versions(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chart = load_chart("mews@8.0", folders=[site])
    (site / "site.toml").unlink()
    own = site / "own_charts.toml"
    own.write_text(own.read_text(encoding="utf-8").replace("site_file = true\n", ""), encoding="utf-8")
    config = tmp_path / "config.toml"
    config.write_text(f'rules = ["site"]\n[[names.mews]]\nversion = "8.0"\nsha256 = "{chart.sha256}"\n', encoding="utf-8")
    monkeypatch.setenv("MEWS_NEWTT_CONFIG", str(config))
    assert load_chart("mews").version == "8.0"
    monkeypatch.setenv("MEWS_NEWTT_RULES", str(site))  # names hold wherever the folders come from
    with pytest.raises(ChartNotFound):
        load_chart("news2")


@pytest.mark.parametrize("lose", [gone, other_content, file_gone, torn, unsigned])
def test_a_running_process_never_answers_with_another_chart_and_is_not_ready(lose: object, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEWS_NEWTT_RULES", str(site))
    live = LiveCharts(date.today())
    was = live.find("mews")
    assert callable(lose)
    lose(site)
    assert live.refresh(date.today())
    assert live.fault is not None
    assert live.find("mews").sha256 == was.sha256
    assert live.lost is not None


def test_a_running_process_follows_a_change_of_version_and_a_roll_back(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEWS_NEWTT_RULES", str(site))
    live = LiveCharts(date.today())
    shelf = catalogue()
    use(shelf, site, shelf.versions("mews")[-1])
    assert not live.refresh(date.today()) and live.find("mews").version == "8.0"
    roll_back(catalogue(), "mews", **DECIDED)
    assert not live.refresh(date.today()) and live.find("mews").version == "7.0"
    put_as_adopted(site, VERIFIED.replace('version = "7.0"', 'version = "9.0"'))  # as an upgrade brings one
    assert not live.refresh(date.today()) and live.find("mews").version == "7.0"
