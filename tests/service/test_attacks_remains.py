"""What the service leaves on its disk: for its owner only, and nothing of what was sent once it says that nothing is kept."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from mews_newtt_service.jobs.database import SQLite
from mews_newtt_service.settings import Settings
from tests.patience import until
from tests.service.support import CSV, MANY, Service, client
from tests.service.test_jobs import ASYNC

REFUSED = "temperature,case_id\nninety-seven-point-one,NHS-9434765919\n"
WORDS = (b"ninety-seven-point-one", b"9434765919")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    (folder / "data").mkdir(mode=0o755)
    before = os.umask(0o022)
    try:
        with Service(folder) as found:
            yield found
    finally:
        os.umask(before)


def on_disk(folder: Path) -> dict[Path, os.stat_result]:
    found = {}
    inside = (Path(place) / name for place, folders, files in os.walk(folder) for name in (*folders, *files))
    for path in (folder, *inside):
        with contextlib.suppress(FileNotFoundError):  # it goes while we look
            found[path] = path.stat()
    return found


def holding(folder: Path, word: bytes) -> list[Path]:
    """Files that hold a word."""
    found = []
    for path in on_disk(folder):
        with contextlib.suppress(FileNotFoundError):
            if path.is_file() and word in path.read_bytes():
                found.append(path)
    return found


def test_everything_is_for_its_owner_only(service: Service) -> None:
    service.job(service.http.post(MANY, content=CSV, headers=ASYNC))
    found = on_disk(service.folder / "data")
    assert {"jobs.sqlite", "jobs.sqlite-wal", "scores.csv"} <= {path.name for path in found}
    open_to_others = {str(path): oct(stat.S_IMODE(about.st_mode)) for path, about in found.items() if about.st_mode & 0o077}
    assert open_to_others == {}


def test_nothing_of_a_refused_file_stays(service: Service) -> None:
    answer = service.http.post(MANY + "?on_bad_row=error", content=REFUSED, headers={"Content-Type": "text/csv"})
    assert answer.status_code == 422 and WORDS[0].decode() in answer.text
    assert [path for word in WORDS for path in holding(service.folder / "data", word)] == []


def test_nothing_of_a_file_name_stays(service: Service) -> None:
    answer = service.http.post(MANY, files={"file": ("9434765919.csv", CSV)})
    assert answer.status_code == 200
    service.http.get("/v1/jobs")
    # the last of a direct answer goes when it has been sent
    until(lambda: not holding(service.folder / "data", WORDS[1]), "it stays")


def test_a_database_of_an_earlier_release_is_closed_and_goes_on(tmp_path: Path) -> None:
    import sqlite3

    old = sqlite3.connect(tmp_path / "jobs.sqlite")
    old.execute(
        "CREATE TABLE mews_newtt_jobs (id TEXT PRIMARY KEY, client TEXT NOT NULL, kind TEXT NOT NULL, chart TEXT NOT NULL, version TEXT NOT NULL, "
        "sha256 TEXT NOT NULL, parameters TEXT NOT NULL, state TEXT NOT NULL, num_rows BIGINT NOT NULL, share DOUBLE PRECISION, created DOUBLE PRECISION "
        "NOT NULL, started DOUBLE PRECISION, finished DOUBLE PRECISION, expires DOUBLE PRECISION, attempts INTEGER NOT NULL, problems TEXT NOT NULL, "
        "files TEXT NOT NULL, digest TEXT NOT NULL, request_key TEXT, worker TEXT, lease DOUBLE PRECISION, UNIQUE (client, request_key))"
    )
    old.close()
    os.chmod(tmp_path / "jobs.sqlite", 0o644)
    with client(tmp_path) as http:
        assert http.post(MANY, content=CSV, headers=ASYNC).status_code == 202
        assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("jobs.sqlite*")} == {0o600}


def test_the_database_is_for_its_owner_whoever_opens_it_first(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        SQLite(Settings(data_folder=tmp_path)).run(("SELECT 1", ()))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "jobs.sqlite").stat().st_mode) == 0o600


def test_counts_of_a_killed_service_go_with_the_next_start(tmp_path: Path) -> None:
    killed = Service(tmp_path, "--workers", "2", MEWS_NEWTT_JOB_WORKERS="0")
    killed.kill_all()
    data = tmp_path / "data"
    assert len(list(data.glob("metrics-*"))) == 1, "in the data folder, not among everybody's temporary files"
    with Service(tmp_path, MEWS_NEWTT_JOB_WORKERS="0"):
        assert list(data.glob("metrics-*")) == []
