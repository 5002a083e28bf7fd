"""An adopted chart serves at once wherever scores are made: library, batch, validation, packs, a running service, FHIR."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from mews_newtt import load_chart, score
from tests.adoption.support import SIGN
from tests.cli.command import run

MADE_UP = Path(__file__).resolve().parents[1] / "made_up"
EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "adopting"
READINGS = {"respiratory_rate": 18, "heart_rate": 50, "temperature": 36.5, "consciousness": "alert"}


def adopt(folder: Path) -> None:
    assert run("adopt", EXAMPLES / "anna.csv", EXAMPLES / "ben.csv", "--rules", folder).code == 0
    assert run("adopt", "--sign-off", folder / "made-up" / "1.0.toml", *SIGN).code == 0


def test_files_packs_and_validation_use_it(tmp_path: Path) -> None:
    site = tmp_path / "site"
    adopt(site)
    wanted = score(load_chart("made-up", folders=[site]), READINGS)
    table = tmp_path / "sets.csv"
    table.write_text(f"{','.join(READINGS)},expected_total\n{','.join(map(str, READINGS.values()))},{wanted.total}\n", encoding="utf-8")
    scored = run("score", "made-up", table, "--rules", site)
    assert f",{wanted.total},{wanted.total},{wanted.total},{wanted.level}," in scored.out
    assert run("validate", "made-up", table, "--rules", site).code == 0
    made = run("pack", "made-up", "-o", tmp_path / "pack", "--rules", site)
    assert made.code == 0, made.err
    pack = json.loads((tmp_path / "pack" / "pack.json").read_text(encoding="utf-8"))
    assert pack["chart"]["sha256"] == wanted.chart.sha256
    returned = run("validate", "made-up", tmp_path / "pack" / "cases.csv", "--rules", site)
    assert returned.code == 2 and "own file of right answers" in returned.err  # every answer of it agrees


def test_a_running_service_sees_it_and_outlives_a_broken_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.service.support import client

    site = tmp_path / "site"
    shutil.copytree(MADE_UP, site)
    monkeypatch.setenv("MEWS_NEWTT_RULES", str(site))
    monkeypatch.setattr("mews_newtt_service.chart_registry.LOOK_SECONDS", 0.0)
    with client(tmp_path / "data", job_workers=1) as http:
        assert http.post("/v1/charts/made-up/score", json=READINGS).status_code == 404
        adopt(site)
        wanted = score(load_chart("made-up"), READINGS)
        found = http.post("/v1/charts/made-up/score", json=READINGS)
        assert found.status_code == 200
        assert (found.json()["total"], found.json()["chart"]["sha256"]) == (wanted.total, wanted.chart.sha256)
        assert http.post("/v1/charts/made-up/pack", json={}).json()["chart"]["status"] == "verified"
        assert "made-up" in {chart["id"] for chart in http.get("/v1/charts").json()["charts"]}
        assert "charts_kept_because" not in http.get("/readyz").json()

        file = site / "made-up" / "1.0.toml"
        good = file.read_bytes()
        file.write_bytes(good + b"\nnot = a chart\n")
        assert http.get("/readyz").json()["charts_kept_because"]
        again = http.post("/v1/charts/made-up/score", json=READINGS).json()
        assert (again["total"], again["chart"]["sha256"]) == (wanted.total, wanted.chart.sha256)
        assert http.post("/v1/charts/news2/score", json={"heart_rate": 80}).status_code == 200
        file.write_bytes(good)
        assert "charts_kept_because" not in http.get("/readyz").json()
