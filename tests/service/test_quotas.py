"""What one client may take of the disk and of the workers, and how long we wait for the database."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mews_newtt import load_chart
from mews_newtt_service.jobs.database import connection_options
from mews_newtt_service.jobs.queue import new_id, open_queue
from mews_newtt_service.settings import Settings
from tests.service.support import CSV, FULL, MANY, PACK, SCORE, client, codes

KEEP = {"Content-Type": "text/csv", "Prefer": "respond-async"}


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The free bytes of every disk, for a test to change."""
    free = [10_000_000]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9 - free[0], free[0]))
    return free


def kept(folder: Path) -> list[Path]:
    return list((folder / "jobs").glob("*"))


def chunks() -> Any:
    for _ in range(300):
        yield CSV.encode() * 100


def test_a_nearly_full_disk_takes_no_long_work_and_still_scores(tmp_path: Path, disk: list[int]) -> None:
    with client(tmp_path, free_bytes=20_000_000) as http:
        for answer in (http.post(MANY, content=CSV, headers=KEEP), http.post(PACK, json={}, headers={"Prefer": "respond-async"})):
            assert (answer.status_code, codes(answer), answer.headers["retry-after"]) == (507, ["disk_full"], "60")
            assert "delete results" in answer.json()["mend"]
        assert kept(tmp_path) == []
        assert http.post(SCORE, json=FULL).json()["total"] == 5
        disk[0] = 30_000_000
        assert http.post(MANY, content=CSV, headers=KEEP).status_code == 202


@pytest.mark.parametrize("sent", ["with its length", "in chunks"])
def test_an_upload_that_would_fill_the_disk_is_refused(tmp_path: Path, disk: list[int], sent: str) -> None:
    with client(tmp_path, free_bytes=9_500_000) as http:
        content = CSV.encode() * 30_000 if sent == "with its length" else chunks()
        answer = http.post(MANY, content=content, headers=KEEP)
        assert (answer.status_code, codes(answer)) == (507, ["disk_full"])
        assert "9,500,000 must stay free" in answer.json()["what"]
        assert kept(tmp_path) == []


def test_clients_take_turns(tmp_path: Path) -> None:
    queue = open_queue(Settings(data_folder=tmp_path))
    chart = load_chart("news2")
    for number, name in enumerate(["busy", "busy", "busy", "other", "third"]):
        queue.add(new_id(), name, "pack", chart, {"number": number})
    claimed = [queue.claim(f"worker {number}") for number in range(6)]
    assert [job.client for job in claimed if job is not None] == ["busy", "other", "third", "busy", "busy"]
    assert [job.parameters["number"] for job in claimed if job is not None and job.client == "busy"] == [0, 1, 2]
    queue.close()


@pytest.mark.parametrize("seconds", [0.5, 1.0, 10.0, 60.0])
def test_the_database_gives_up_before_we_do(seconds: float) -> None:
    options = connection_options(seconds)
    limits = dict(part.split("=") for part in options["options"].split("-c ")[1:])
    assert set(map(str.strip, limits)) == {"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"}
    assert all(0 < int(text) < seconds * 1000 for text in limits.values())
    assert 1 <= options["connect_timeout"] <= 5
    assert options["tcp_user_timeout"] == seconds * 1000
