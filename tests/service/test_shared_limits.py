"""Requests a minute hold over all web processes that share a database, and scores go on without it."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from mews_newtt_service.auth.clients import new_key
from mews_newtt_service.jobs.queue import Queue, open_queue
from mews_newtt_service.settings import Settings
from tests.postgres import PostgreSQL
from tests.service.support import FULL, SCORE, client, codes


def clients_file(folder: Path, *lines: str) -> tuple[Path, dict[str, str]]:
    key, digest = new_key()
    path = folder / "clients.toml"
    path.write_text("\n".join(['[[clients]]\nid = "ehr-a"', f'key_sha256 = ["{digest}"]', *lines]))
    return path, {"X-API-Key": key}


def scores(http: Any, headers: dict[str, str], times: int) -> list[int]:
    return [http.post(SCORE, json=FULL, headers=headers).status_code for _ in range(times)]


def test_two_processes_count_together(tmp_path: Path) -> None:
    """Of one a minute the next may come after a minute, whichever process is asked."""
    path, headers = clients_file(tmp_path, "requests_per_minute = 1")
    with ExitStack() as stack:
        first, second = (stack.enter_context(client(tmp_path, clients_file=path, workers=2)) for _ in range(2))
        assert scores(first, headers, 1) == [200]
        answer = second.post(SCORE, json=FULL, headers=headers)
        assert (answer.status_code, codes(answer)) == (429, ["too_many_requests"])
        assert 0 < int(answer.headers["retry-after"]) <= 60
        assert scores(first, headers, 2) == [429, 429]


def test_a_process_of_its_own_counts_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Queue, "take_requests", lambda *_: pytest.fail("one process on SQLite shares its limits with nobody"))
    path, headers = clients_file(tmp_path, "requests_per_minute = 1")
    with client(tmp_path, clients_file=path) as http:
        assert scores(http, headers, 2) == [200, 429]


def test_most_requests_ask_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    take = Queue.take_requests

    def counted(queue: Queue, who: str, per_minute: int, most: float) -> tuple[int, float]:
        asked.append(who)
        return take(queue, who, per_minute, most)

    monkeypatch.setattr(Queue, "take_requests", counted)
    monkeypatch.setattr("mews_newtt_service.middleware.shared_limits.HELD_SECONDS", 600.0)
    path, headers = clients_file(tmp_path, "requests_per_minute = 6000")
    with client(tmp_path, clients_file=path, workers=2) as http:
        assert set(scores(http, headers, 120)) == {200}
    assert len(asked) == 2


@pytest.mark.parametrize("how", ["away", "frozen"])
def test_scores_go_on_without_the_database_and_are_still_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    from mews_newtt_service.jobs.database import away

    over = threading.Event()

    def take(*_: Any) -> Any:
        if how == "away":
            raise away()
        over.wait(60)

    monkeypatch.setattr(Queue, "take_requests", take)
    monkeypatch.setattr("mews_newtt_service.middleware.shared_limits.ALONE_SECONDS", 600.0)
    monkeypatch.setattr("mews_newtt_service.middleware.rate_limit.at_once", lambda _: 2.0)
    path, headers = clients_file(tmp_path, "requests_per_minute = 1")
    with client(tmp_path, clients_file=path, workers=2) as http:
        try:
            assert scores(http, headers, 3) == [200, 200, 429]
        finally:
            over.set()


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.deep)])
def test_a_bucket_gives_no_more_than_it_holds(tmp_path: Path, kind: str) -> None:
    with ExitStack() as stack:
        url = stack.enter_context(PostgreSQL()).url if kind == "postgresql" else ""
        queues = [open_queue(Settings(data_folder=tmp_path, database_url=url)) for _ in range(3)]
        given: list[int] = []

        def take(queue: Queue) -> None:
            given.extend(queue.take_requests("ehr-a", 600, 100)[0] for _ in range(30))

        threads = [threading.Thread(target=take, args=(queue,)) for queue in queues]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert max(given) == 10, "a second's worth"
        assert 100 <= sum(given) <= 100 + 10 * 60, "ten seconds' worth at once; the rest as time goes by"
        number, wait = queues[0].take_requests("ehr-b", 1, 1)
        assert (number, wait) == (1, 0.0), "another client has a bucket of its own"
        number, wait = queues[1].take_requests("ehr-b", 1, 1)
        assert number == 0
        assert 0 < wait <= 60
        for queue in queues:
            queue.close()
