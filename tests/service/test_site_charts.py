"""A running service and its site's charts: what is gone or unproven never lets another chart answer under the same name; /readyz says so."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mews_newtt import load_chart
from mews_newtt.adoption.site_names import roll_back, use
from mews_newtt.chart.catalogue import catalogue
from mews_newtt.errors import ChartError
from mews_newtt_service.contract.charts import ChartList
from mews_newtt_service.contract.scores import OneScore
from tests.adoption.support import put_as_adopted
from tests.adoption.test_in_force import DECIDED, EIGHT
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


def test_answers_say_who_signed_as_the_contract_has_it(site: Path, tmp_path: Path) -> None:
    with client(tmp_path / "data") as http:
        score = http.post("/v1/charts/mews/score", json=SETS)
        assert OneScore.model_validate_json(score.content, strict=True).root.chart.signed == load_chart("mews", folders=[site]).signed
        listed = ChartList.model_validate_json(http.get("/v1/charts").content, strict=True).charts
    assert {one.version for one in listed if one.id == "mews" and one.signed} == {"7.0"}


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


def score_of(http: Any) -> Any:
    return http.post("/v1/charts/mews/score", json=SETS).json()


@pytest.mark.parametrize(
    "tear",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "",
        lambda text: text.encode() + b"\xff",
        lambda text: 'minimum_status = "local"\n',  # cut off after its first line: it can be read, and names nothing any more
        lambda text: text.replace("[[names.", "[[names", 1),
        lambda text: text.replace('version = "7.0"', 'version = "0.2"'),
    ],
    ids=["half", "empty", "bytes", "names lost", "a name torn", "another version"],
)
def test_a_torn_site_file_makes_the_service_unready_and_changes_no_answer(tear: Callable[[str], str | bytes], site: Path, tmp_path: Path) -> None:
    shelf = catalogue()
    use(shelf, site, shelf.find("mews"))
    file = site / "site.toml"
    text = file.read_text(encoding="utf-8")
    torn = tear(text)
    with client(tmp_path / "data") as http:
        wanted = score_of(http)
        assert wanted["chart"]["version"] == "7.0"
        file.write_bytes(torn if isinstance(torn, bytes) else torn.encode())
        for _ in range(2):
            ready = http.get("/readyz")
            assert (ready.status_code, ready.json()["status"]) == (503, 503)
            assert "site.toml" in ready.json()["where"] and ready.json()["what"]
            assert score_of(http) == wanted
        file.write_text(text, encoding="utf-8")
        assert http.get("/readyz").json()["status"] == "ok"


def test_a_torn_sign_off_makes_the_service_unready(site: Path, tmp_path: Path) -> None:
    with client(tmp_path / "data") as http:
        wanted = score_of(http)
        (site / "mews" / "7.0.signoff.toml").write_text("[[sign_off]]\nname = ", encoding="utf-8")
        ready = http.get("/readyz")
        assert (ready.status_code, ready.json()["code"]) == (503, "sign_off_unreadable")
        assert score_of(http) == wanted


def test_a_list_of_charts_is_another_one_after_a_sign_off(site: Path, tmp_path: Path) -> None:
    path = site / "mews" / "7.0.signoff.toml"
    with client(tmp_path / "data") as http:
        before = http.get("/v1/charts")
        assert "Signed off by Cara Example" in before.text
        path.write_text(path.read_text(encoding="utf-8").replace("Cara", "Clara"), encoding="utf-8")
        after = http.get("/v1/charts", headers={"If-None-Match": before.headers["etag"]})
        assert after.status_code == 200 and "Signed off by Clara Example" in after.text


def test_the_whole_life_of_a_sites_folder_under_a_running_service(site: Path, tmp_path: Path) -> None:
    """Next version, delete, rename, break, upgrade, roll back, restart: the name mews means what the site said, at every step."""
    shelf = catalogue()
    use(shelf, site, shelf.find("mews"))
    eight = site / "mews" / "8.0.toml"

    def means(version: str, ready: int) -> None:
        assert http.get("/readyz").status_code == ready
        assert score_of(http)["chart"]["version"] == version

    with client(tmp_path / "data") as http:
        means("7.0", 200)
        put_as_adopted(site, EIGHT)
        means("7.0", 200)  # it is there, and the site file still names 7.0
        shelf = catalogue()
        use(shelf, site, shelf.find("mews", "8.0"))
        means("8.0", 200)
        kept = eight.read_bytes()
        eight.unlink()
        means("8.0", 503)
        eight.write_bytes(kept)
        means("8.0", 200)
        eight.rename(eight.with_name("8.1.toml"))
        means("8.0", 503)
        eight.with_name("8.1.toml").rename(eight)
        means("8.0", 200)
        eight.write_bytes(kept.replace(b"points = 2", b"points = 3", 1))
        means("8.0", 503)  # the content that the site file names is not there
        eight.write_bytes(kept)
        shipped = tmp_path / "shipped"
        shipped.mkdir()
        put_as_adopted(shipped, VERIFIED.replace('version = "7.0"', 'version = "9.0"'))
        shutil.copytree(shipped / "mews", site / "mews", dirs_exist_ok=True)  # an upgrade brings a newer version of the same name
        means("8.0", 200)
        roll_back(catalogue(), "mews", **DECIDED)
        means("7.0", 200)
    with client(tmp_path / "data") as http:  # a new process reads the same
        means("7.0", 200)


def test_the_service_does_not_start_on_a_folder_that_is_not_whole(site: Path, tmp_path: Path) -> None:
    chart_folder_deleted(site)
    with pytest.raises(ChartError, match="chart_missing"), client(tmp_path / "data"):
        pass


def test_a_service_without_a_site_folder_is_as_before(tmp_path: Path) -> None:
    with client(tmp_path / "data") as http:
        assert http.get("/readyz").json()["status"] == "ok"
        assert http.post("/v1/charts/mews/score", json=SETS).json()["chart"]["version"] == load_chart("mews").version
