"""Where people sign in, each sees only what is theirs; without signing in nobody sees a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mews_newtt_service.auth.clients import new_key
from tests.service.support import client

ANNA, ANNAS = new_key()
BEN, BENS = new_key()
SETS = b"heart_rate,total\n80,0\n"


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder: Path = tmp_path_factory.mktemp("clients")
    clients = folder / "clients.toml"
    clients.write_text(f'[[clients]]\nid = "anna"\nkey_sha256 = "{ANNAS}"\n[[clients]]\nid = "ben"\nkey_sha256 = "{BENS}"\n')
    with client(folder, clients_file=clients) as found:
        yield found


def test_without_signing_in_nobody_sees_a_page(http: Any) -> None:
    for path in ("/", "/workbench/try/news2/2017.1", "/workbench/validate"):
        answer = http.get(path)
        assert answer.status_code == 401
        assert "Basic" in answer.headers["www-authenticate"], "a browser asks its user"


def test_uploads_and_runs_are_seen_by_their_owner_only(http: Any) -> None:
    anna, ben = ("anna", ANNA), ("ben", BEN)
    sent = http.post("/workbench/validate", data={"chart": "mews@0.1"}, files={"file": ("mine.csv", SETS)}, auth=anna, follow_redirects=False)
    draft = sent.headers["location"]
    assert http.get(draft, auth=anna).status_code == 200
    assert http.get(draft, auth=ben).status_code == 404
    assert http.post(draft, data={"do": "run"}, auth=ben).status_code == 404
    seen = re.search(r'name="rows_seen" value="([^"]+)"', http.get(draft, auth=anna).text)
    assert seen is not None, "rows without a column are named first"
    chosen = {"column-0": "heart_rate", "column-1": "expected_total", "rows_seen": seen[1], "do": "run"}
    run = http.post(draft, data=chosen, auth=anna, follow_redirects=False).headers["location"]
    assert re.fullmatch(r"/workbench/runs/[0-9a-f]{32}", run)
    assert "A run is under way" in http.get(run, auth=anna).text
    for path in (run, f"{run}/state", f"{run}/everything.zip", f"{run}/files/map.toml", f"{run}/view/report.html", f"{run}/beside{run[15:]}"):
        assert http.get(path, auth=ben).status_code == 404, path
    assert http.post(f"{run}/delete", auth=ben).status_code == 404
    assert "mine.csv" in http.get("/workbench/validate", auth=anna).text
    assert "mine.csv" not in http.get("/workbench/validate", auth=ben).text
    assert http.post(f"{run}/delete", auth=anna, follow_redirects=False).status_code == 303
    assert http.get(run, auth=anna).status_code == 404


def test_only_the_upload_page_takes_more_than_a_form_holds(http: Any) -> None:
    most = http.app.state.settings.array_bytes
    answer = http.post("/workbench/try/news2/2017.1", content=b"", headers={"Content-Length": str(most + 1), "Content-Type": "application/x-www-form-urlencoded"}, auth=("anna", ANNA))
    assert answer.status_code == 413
