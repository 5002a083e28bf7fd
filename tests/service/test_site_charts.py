"""A running service and its site's charts: what is gone or unproven never lets another chart answer under the same name; /readyz says so."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mews_newtt import load_chart
from mews_newtt.errors import ChartError
from tests.adoption.support import put_as_adopted
from tests.adoption.test_site_folder import LOST, VERIFIED, chart_broken, chart_folder_deleted, moved, point_changed
from tests.service.support import client

pytest.importorskip("fastapi")
SETS = {"heart_rate": 116, "patient_group": "pregnant"}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "site"
    shutil.copytree(Path(__file__).parents[1] / "made_up", folder)
    put_as_adopted(folder, VERIFIED)
    monkeypatch.setenv("MEWS_NEWTT_RULES", str(folder))
    monkeypatch.setattr("mews_newtt_service.chart_registry.LOOK_SECONDS", 0.0)
    return folder


@pytest.mark.parametrize("listed", [True, False], ids=["listed", "written by hand"])
@pytest.mark.parametrize("lose", [one for one in LOST if one.__name__ != "list_broken"])
def test_the_last_good_chart_answers_until_the_folder_is_back(lose: Callable[[Path], None], listed: bool, site: Path, tmp_path: Path) -> None:
    if not listed:
        (site / "own_charts.toml").unlink()
    kept = shutil.copytree(site, tmp_path / "kept")
    with client(tmp_path / "data") as http:
        wanted = http.post("/v1/charts/mews/score", json=SETS).json()
        assert wanted["chart"]["version"] == "7.0"
        lose(site)
        for _ in range(2):
            assert http.post("/v1/charts/mews/score", json=SETS).json() == wanted
            ready = http.get("/readyz")
            if lose is chart_broken:
                assert ready.json()["charts_kept_because"]
            elif lose.__name__ == "chart_folder_renamed" and not listed:
                assert ready.json()["charts_kept_because"] == "file_misnamed"
            else:
                assert ready.status_code == 503
                assert str(site) in ready.json()["where"]
        shutil.rmtree(site, ignore_errors=True)
        shutil.copytree(kept, site)
        assert http.get("/readyz").status_code == 200
        assert "charts_kept_because" not in http.get("/readyz").json()


def test_a_folder_moved_away_and_back_is_found_again(site: Path, tmp_path: Path) -> None:
    """Its files have the same times as before."""
    with client(tmp_path / "data") as http:
        moved(site)
        assert http.get("/readyz").status_code == 503
        (tmp_path / "elsewhere").rename(site)
        assert http.get("/readyz").status_code == 200


def test_a_file_edited_under_the_service_never_answers_as_verified(site: Path, tmp_path: Path) -> None:
    with client(tmp_path / "data") as http:
        wanted = http.post("/v1/charts/mews/score", json=SETS).json()
        point_changed(site)
        assert http.post("/v1/charts/mews/score", json=SETS).json() == wanted
        assert http.get("/readyz").json()["charts_kept_because"] == "status_not_proven"


def test_the_service_does_not_start_on_a_folder_that_is_not_whole(site: Path, tmp_path: Path) -> None:
    chart_folder_deleted(site)
    with pytest.raises(ChartError, match="chart_missing"), client(tmp_path / "data"):
        pass


def test_a_service_without_a_site_folder_is_as_before(tmp_path: Path) -> None:
    with client(tmp_path / "data") as http:
        assert http.get("/readyz").json()["status"] == "ok"
        assert http.post("/v1/charts/mews/score", json=SETS).json()["chart"]["version"] == load_chart("mews").version
