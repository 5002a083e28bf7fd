"""The log: one JSON line an event, written in strokes so that it costs a request little. No reading, no body, no query, no path as sent."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import deque
from datetime import UTC, datetime
from typing import Any, TextIO

EVERY_SECONDS = 0.1
MOST_LINES = 100_000  # kept while standard error is stuck; older ones are dropped
_RANKS = {"info": 0, "warning": 1, "error": 2}


class AccessLog:
    """Events gathered and written by a thread of its own; a stuck reader of the log delays no request."""

    def __init__(self, level: str = "info", stream: TextIO | None = None):
        self._rank = _RANKS[level]
        self._stream = stream
        self._lines: deque[str] = deque(maxlen=MOST_LINES)
        self._second = (0, "")
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(target=self._run, name="log", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(2)
            self._thread = None
        self._write()

    @property
    def logs_requests(self) -> bool:
        return self._rank == 0

    def event(self, level: str, name: str, **more: Any) -> None:
        if _RANKS[level] >= self._rank:
            line = {"at": self._now(), "level": level, "event": name, **more}
            self._lines.append(json.dumps(line, ensure_ascii=True, default=str))

    def request(self, request_id: str, client: str | None, method: str, route: str, status: int, seconds: float) -> None:
        """One request, written the short way: none of these words needs escaping."""
        self._lines.append(
            f'{{"at": "{self._now()}", "level": "info", "event": "request", "request_id": "{request_id}", "client": "{client or ""}", '
            f'"method": "{method}", "route": "{route}", "status": {status}, "ms": {seconds * 1000:.3f}}}'
        )

    def _now(self) -> str:
        now = time.time()
        second = int(now)
        if self._second[0] != second:
            self._second = (second, datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S"))
        return f"{self._second[1]}.{int((now - second) * 1000):03d}+00:00"

    def _run(self) -> None:
        while not self._stop.wait(EVERY_SECONDS):
            self._write()

    def _write(self) -> None:
        lines = []
        while self._lines:
            lines.append(self._lines.popleft())
        stream = self._stream or sys.stderr
        if lines and stream is not None:
            try:
                stream.write("\n".join(lines) + "\n")
                stream.flush()
            except (OSError, ValueError):  # the log has nowhere to go; the service goes on
                return
