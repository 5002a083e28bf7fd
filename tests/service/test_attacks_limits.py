"""The limits of the settings hold however a body is sent, and before it is worked on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.service.attack import MOST_DELAY, beside, send
from tests.service.support import FULL, MANY, VERIFY, Service, client, codes
from tests.service.test_running import resident

JSON = {"Content-Type": "application/json"}


def chunked(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 1000):
        yield body[start : start + 1000]


@pytest.mark.parametrize("path", [MANY, VERIFY])
@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON; charset=utf-8"])
def test_an_array_beyond_its_bytes_is_413_with_and_without_a_length(tmp_path: Path, path: str, content_type: str) -> None:
    body = json.dumps([FULL] * 40).encode()
    with client(tmp_path, array_bytes=2_000) as http:
        for content in (body, chunked(body)):
            answer = http.post(path, content=content, headers={"Content-Type": content_type})
            assert (answer.status_code, codes(answer)) == (413, ["body_too_large"])


@pytest.mark.parametrize("path", [MANY, VERIFY])
def test_rows_are_counted_before_the_rest_is_read(tmp_path: Path, path: str) -> None:
    with client(tmp_path, array_rows=3) as http:
        answer = http.post(path, content=b"[{},{},{},{}, this is never read", headers=JSON)
        assert (answer.status_code, codes(answer)) == (413, ["too_many_rows"])


def test_one_set_to_verify_is_no_larger_than_one_set_to_score(tmp_path: Path) -> None:
    with client(tmp_path, json_bytes=1_000, line_bytes=100_000) as http:
        for path, body in ((VERIFY, {"observations": {"case_id": "x" * 2_000}, "stated": {"total": 1}}), (MANY, [{"case_id": "x" * 300_000}])):
            answer = http.post(path, json=body)
            assert (answer.status_code, codes(answer)) == (413, ["body_too_large"])


def test_all_problems_of_an_array_come_in_one_short_answer(tmp_path: Path) -> None:
    with client(tmp_path) as http:
        answer = http.post(MANY + "?on_bad_row=error", json=[{"temperature": "x"}] * 5_000)
        assert (answer.status_code, len(answer.json()["problems"])) == (422, 101)
        assert answer.json()["problems"][-1]["what"] == "has 4,900 more faults: not_a_number (4,900)"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("service"), MEWS_NEWTT_JOB_WORKERS="0", MEWS_NEWTT_LOG_LEVEL="error") as found:
        yield found


@pytest.mark.parametrize("path", [MANY, VERIFY])
@pytest.mark.parametrize("item", [b"{}", b"[[[[]]]]", b'{"heart_rate":[' + b"1.5," * 15_000 + b"1]}"], ids=["empty sets", "lists", "large sets"])
def test_the_largest_array_holds_up_nobody_and_takes_little_memory(service: Service, path: str, item: bytes) -> None:
    body = b"[" + (item + b",") * (15_000_000 // (len(item) + 1)) + b"1]"
    before = resident(service.process.pid)
    seen = beside(service.port, path, body)
    assert seen.status in (200, 202, 413, 422)
    assert seen.delay < 2 * MOST_DELAY
    assert resident(service.process.pid) - before < 150_000, "KiB; 450,000 when the array was read as a whole"


def test_many_arrays_at_once_hold_up_a_score_no_more_than_one(service: Service) -> None:
    import threading

    body = json.dumps([{}] * 5_000).encode()
    others = [threading.Thread(target=send, args=(service.port, "POST", MANY, body, "application/json")) for _ in range(8)]
    for one in others:
        one.start()
    try:
        assert beside(service.port, MANY, body).delay < 2 * MOST_DELAY
    finally:
        for one in others:
            one.join()


def test_numbers_of_an_array_keep_their_digits(tmp_path: Path) -> None:
    with client(tmp_path) as http:
        found: Any = http.post(MANY, content=b'[{"temperature": 37.50}, {"heart_rate": 90.0}]', headers=JSON).json()
        given = {row["id"]: row["given"] for result in found["results"] for row in result["parameters"] if row["given"]}
        assert given == {"temperature": "37.50", "heart_rate": "90.0"}
