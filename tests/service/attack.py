"""What the tests of attacks share: how long another client waits for its score while one request is worked on."""

from __future__ import annotations

import http.client
import json
import threading
import time
from typing import NamedTuple

from tests.patience import PATIENCE
from tests.service.support import FULL, SCORE

MOST_DELAY = 0.25  # seconds that any request under 1 MB may hold up another client's score
TRIES = 5  # the machine is shared: the best of five counts, and a service that is held up is held up each time


class Seen(NamedTuple):
    """What the attacking request got, and the longest that another client waited meanwhile, counted as on a machine with nothing else to do."""

    status: int
    answer: bytes
    took: float
    delay: float
    scores: int


def send(port: int, method: str, path: str, body: bytes, kind: str, chunked: bool = False, **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    given = {"Content-Type": kind, **headers}
    if chunked:
        parts = (body[start : start + 65_536] for start in range(0, len(body), 65_536))
        connection.request(method, path, parts, given, encode_chunked=True)
    else:
        connection.request(method, path, body, given)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content


def beside(port: int, path: str, body: bytes, kind: str = "application/json", chunked: bool = False) -> Seen:
    """Send one request while another client scores a set every 20 ms; the best of a few tries."""
    best: Seen | None = None
    for _ in range(TRIES):
        found = _once(port, path, body, kind, chunked)
        if best is None or found.delay < best.delay:
            best = found
        if best.delay < MOST_DELAY:
            break
    assert best is not None
    return best


def slowness() -> float:
    """How many times longer work takes now than its processor time: 1 on a machine with nothing else to do."""
    began, spent = time.perf_counter(), time.thread_time()
    while time.thread_time() - spent < 0.03:
        pass
    return max(1.0, (time.perf_counter() - began) / (time.thread_time() - spent))


def _once(port: int, path: str, body: bytes, kind: str, chunked: bool) -> Seen:
    stop, waits, slow = threading.Event(), [], slowness()
    good = json.dumps(FULL).encode()

    def score() -> None:
        while not stop.is_set():
            began = time.perf_counter()
            status, _ = send(port, "POST", SCORE, good, "application/json")
            waits.append(time.perf_counter() - began if status == 200 else float("inf"))
            time.sleep(0.02)

    other = threading.Thread(target=score)
    other.start()
    while not waits:
        time.sleep(0.01)
    waits.clear()
    began = time.perf_counter()
    try:
        status, content = send(port, "POST", path, body, kind, chunked, Prefer="respond-async")
        took = time.perf_counter() - began
        time.sleep(0.05)
    finally:
        stop.set()
        other.join()
    return Seen(status, content, took, max(waits) / max(slow, slowness()), len(waits))
