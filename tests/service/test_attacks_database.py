"""A database that says nothing: every request that needs it ends in time, and single scores still work."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mews_newtt_service.routes.health import LOOK_SECONDS
from tests.patience import PATIENCE
from tests.postgres import PostgreSQL
from tests.service.attack import beside, send, slowness
from tests.service.support import FULL, SCORE, Service

SECONDS = 3  # the setting


@pytest.fixture
def postgres() -> Iterator[PostgreSQL]:
    with PostgreSQL() as found:
        yield found


def everybody(postgres: PostgreSQL, what: signal.Signals) -> None:
    """A signal to the server and all processes of its connections."""
    first = int((postgres.folder / "db" / "postmaster.pid").read_text().split()[0])
    for pid in (int(child) for child in Path(f"/proc/{first}/task/{first}/children").read_text().split()):
        os.kill(pid, what)
    os.kill(first, what)


def test_a_frozen_database_holds_nobody_for_long(postgres: PostgreSQL, tmp_path: Path) -> None:
    with Service(tmp_path, MEWS_NEWTT_JOB_WORKERS="0", DATABASE_URL=postgres.url, MEWS_NEWTT_DATABASE_SECONDS=str(SECONDS)) as service:
        assert service.http.get("/readyz").status_code == 200
        everybody(postgres, signal.SIGSTOP)
        time.sleep(2 * LOOK_SECONDS)
        try:
            for path in ("/readyz", "/v1/jobs"):
                began = time.monotonic()
                assert service.http.get(path).status_code == 503
                assert (time.monotonic() - began) / slowness() < SECONDS + 5, "it hung for more than 40 s"
            began = time.monotonic()
            assert service.http.post(SCORE, json=FULL).json()["total"] == 5
            assert (time.monotonic() - began) / slowness() < 5
        finally:
            everybody(postgres, signal.SIGCONT)
        deadline = time.monotonic() + PATIENCE
        while service.http.get("/readyz").status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.2)


def test_a_table_that_is_held_gives_503_in_time(postgres: PostgreSQL, tmp_path: Path) -> None:
    import psycopg

    with Service(tmp_path, MEWS_NEWTT_JOB_WORKERS="0", DATABASE_URL=postgres.url, MEWS_NEWTT_DATABASE_SECONDS=str(SECONDS)) as service, psycopg.connect(postgres.url) as holder:
        assert service.http.get("/v1/jobs").status_code == 200
        holder.execute("LOCK TABLE mews_newtt_jobs IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        assert send(service.port, "GET", "/v1/jobs", b"", "text/plain")[0] == 503
        assert (time.monotonic() - began) / slowness() < SECONDS + 5
        holder.rollback()
        assert beside(service.port, "/v1/charts/news2/score", b"{}").status == 200
        assert service.http.get("/v1/jobs").status_code == 200
