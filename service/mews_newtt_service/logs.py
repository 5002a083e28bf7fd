"""The service's log: one JSON line for each event, on standard error. It never holds a reading, a body, a query or a path as it was sent."""

from __future__ import annotations

import contextlib
import json
import logging
import sys
import threading
import time
import traceback
from collections import deque
from datetime import UTC, datetime
from typing import Any, TextIO

from mews_newtt_service.trace_ids import Trace

FLUSH_SECONDS = 0.1
MOST_LINES = 100_000  # kept while standard error takes nothing; then the oldest are dropped
_RANKS = {"info": 0, "warning": 1, "error": 2}


def log_line(level: str, event: str, **more: Any) -> str:
    """An event as a line of the log, with the time now."""
    return json.dumps({"at": _stamp(time.time()), "level": level, "event": event, **more}, default=str)


def trace_words(trace: Trace | None) -> dict[str, str]:
    """The id of a trace as a part of an event; nothing without a trace."""
    return {} if trace is None else {"trace_id": trace.trace_id}


def log_now(level: str, event: str, **more: Any) -> None:
    """Write an event at once, for processes that may end at any moment. If the log takes nothing, the event is lost and the work goes on."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(log_line(level, event, **more) + "\n")
        sys.stderr.flush()


def places_of(fault: BaseException) -> list[str]:
    """Where in the code a fault arose. Its message is left out because it may hold a reading."""
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in traceback.extract_tb(fault.__traceback__)[-6:]]


def log_libraries(level: str) -> None:
    """Write what libraries log as lines of our log."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_LibraryLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.getLogger("uvicorn.access").disabled = True  # `middleware.request_log` writes requests
    logging.getLogger("httpx").setLevel(logging.WARNING)


class _LibraryLines(logging.Formatter):
    """A library's record as a line; of an exception its kind and place only."""

    def format(self, record: logging.LogRecord) -> str:
        level = record.levelname.lower()
        fault = record.exc_info[1] if record.exc_info else None
        if fault is not None:
            return log_line(level, "exception", kind=type(fault).__name__, places=places_of(fault))
        return log_line(level, "exception" if record.exc_info else record.getMessage())


def _stamp(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")


class Log:
    """The log of a web process: lines are gathered and written by a thread every 100 ms, so that no request waits for the log."""

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

    def set_level(self, level: str) -> None:
        self._rank = _RANKS[level]

    @property
    def logs_requests(self) -> bool:
        return self._rank == 0

    def event(self, level: str, name: str, **more: Any) -> None:
        """One event, if the level of the log shows it."""
        if _RANKS[level] >= self._rank:
            self._lines.append(log_line(level, name, **more))

    def request(
        self,
        request_id: str,
        client: str | None,
        method: str,
        route: str,
        status: int,
        seconds: float,
        address: str = "",
        reason: str | None = None,
        trace: Trace | None = None,
    ) -> None:
        """One answered request. Written without the JSON encoder, which costs too much: none of these words needs escaping."""
        more = "" if reason is None else f', "reason": "{reason}"'
        if trace is not None:
            more += f', "trace_id": "{trace.trace_id}", "span_id": "{trace.span_id}"'
        self._lines.append(
            f'{{"at": "{self._now()}", "level": "info", "event": "request", "request_id": "{request_id}", "client": "{client or ""}", '
            f'"method": "{method}", "route": "{route}", "status": {status}, "ms": {seconds * 1000:.3f}, "address": "{address}"{more}}}'
        )

    def _now(self) -> str:
        """The time now; its seconds are formatted once a second."""
        now = time.time()
        second = int(now)
        if self._second[0] != second:
            self._second = (second, datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S"))
        return f"{self._second[1]}.{int((now - second) * 1000):03d}+00:00"

    def _run(self) -> None:
        while not self._stop.wait(FLUSH_SECONDS):
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
            except (OSError, ValueError):  # the log takes nothing; the service goes on
                return
