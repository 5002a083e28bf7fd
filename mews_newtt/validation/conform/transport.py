"""Sends cases to a platform: over HTTP, or as lines of JSON to a command. Headers and raw answers are never shown or logged."""

from __future__ import annotations

import contextlib
import json
import queue
import re
import shlex
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from urllib.parse import SplitResult, urlsplit, urlunsplit

from mews_newtt.chart.model import Chart
from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.json_text import JsonError
from mews_newtt.reading.json_text import read_json as strict_json
from mews_newtt.validation.conform.adapter import NO_ANSWER, Adapter, Answer, filled_headers
from mews_newtt.validation.packs import Case

AGAIN = (429, 500, 502, 503, 504)  # tried again
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
MOST_BYTES = 1 << 20  # of an answer
_SECONDS = re.compile(r"[0-9]{1,9}")
UNASKED = 16  # lines of a command that are kept; then it has to wait
# Why an answer is not read, without its words: they may hold a credential.
_FAULTS = {"name_twice": "the JSON gives a name twice", "json_too_deep": "the JSON is nested too deeply", "not_utf8": "not UTF-8"}
LOCAL = ("localhost", "127.0.0.1", "::1")


class Pace:
    """Limits the requests per second over all threads."""

    def __init__(self, per_second: float, sleep: Callable[[float], None] = time.sleep, now: Callable[[], float] = time.monotonic):
        self._gap, self._sleep, self._now = 1 / per_second, sleep, now
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        with self._lock:
            start = max(self._now(), self._next)
            self._next = start + self._gap
        pause = start - self._now()
        if pause > 0:
            self._sleep(pause)


class Endpoint:
    """A platform behind a URL."""

    def __init__(self, chart: Chart, url: str, adapter: Adapter, sleep: Callable[[float], None] = time.sleep):
        import httpx  # only conform needs it

        parts = _parts(url)
        if parts is None:
            raise FileError(Problem("bad_url", "--url", "is not an http or https address", "write it as https://host/path"))
        if parts.username or parts.password:
            raise FileError(Problem("credential_in_url", "--url", "holds a name or password", "put it into a header of the adapter as ${VARIABLE}"))
        self.chart, self.adapter = chart, adapter
        self.shown = urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))  # a query may hold a key
        headers, self._secrets = filled_headers(adapter)
        path = adapter.path.replace("{chart}", chart.id).replace("{version}", chart.version)
        self._url = urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/") + path if path else parts.path, parts.query, ""))
        self._httpx, self._sleep = httpx, sleep
        self._pace = Pace(adapter.limits.per_second, sleep)
        try:
            httpx.URL(self._url)
            self._client = httpx.Client(
                headers=headers, timeout=adapter.limits.timeout_seconds, follow_redirects=False, trust_env=parts.hostname not in LOCAL
            )
        except httpx.InvalidURL:
            raise FileError(Problem("bad_url", "--url", "is not an address when the adapter's path is added", "check both")) from None

    def __enter__(self) -> Endpoint:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        self._client.close()

    def ask(self, case: Case) -> Answer:
        """Ask one case; retry where that may help."""
        body = self.adapter.request(case.given, self.chart)
        said = ""
        for attempt in range(self.adapter.limits.retries + 1):
            self._pace.wait()
            until = time.monotonic() + self.adapter.limits.timeout_seconds
            try:
                with self._client.stream(self.adapter.method, self._url, json=body) as response:
                    code, wait = response.status_code, response.headers.get("Retry-After", "")
                    content = b""
                    for part in response.iter_bytes():
                        content += part
                        if time.monotonic() > until:  # the client's timeout is for one read only: slow drops of bytes never reach it
                            raise self._httpx.ReadTimeout("")
                        if len(content) > MOST_BYTES:
                            return Answer(f"{NO_ANSWER}: more than {MOST_BYTES} bytes")
            except (self._httpx.TransportError, self._httpx.DecodingError) as fault:
                said, wait = type(fault).__name__, ""  # its message may hold what was sent
            else:
                if code not in AGAIN:
                    return self._answer(code, content)
                said = f"HTTP {code}"
            if attempt < self.adapter.limits.retries:
                self._sleep(float(wait) if _SECONDS.fullmatch(wait) and int(wait) <= LONGEST_WAIT else min(FIRST_WAIT * 2**attempt, LONGEST_WAIT))
        return Answer(f"{NO_ANSWER}: {said}")

    def _answer(self, code: int, content: bytes) -> Answer:
        if code in self.adapter.refused_codes:
            return Answer("refused")
        if code in (401, 403):
            raise FileError(Problem("not_let_in", self.shown, f"answers HTTP {code}", "check the credential that the adapter's headers name"))
        if not 200 <= code < 300:
            raise FileError(Problem("endpoint_wrong", self.shown, f"answers HTTP {code}", "check --url and the adapter's path and method"))
        return read_json(content, self.adapter, self.chart, self._secrets)


def _parts(url: str) -> SplitResult | None:
    """The parts of an http or https address; None for anything else."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port)
    except ValueError:
        return None
    return parts if good else None


def read_json(content: bytes, adapter: Adapter, chart: Chart, secrets: tuple[str, ...] = ()) -> Answer:
    """The answer in JSON bytes. JSON that readers treat differently (a name given twice, NaN) counts as no answer, as does any other text."""
    try:
        document = strict_json(content, "the answer", "")
    except JsonError as fault:
        return Answer(f"{NO_ANSWER}: {_FAULTS.get(fault.problems[0].code, 'not JSON')}")
    return adapter.read(document, chart, secrets)


class Command:
    """A platform as a command: one JSON object a line in, `{"case_id": ..., "given": {...}}`, one line out."""

    def __init__(self, chart: Chart, command: str, adapter: Adapter):
        self.chart, self.adapter = chart, adapter
        try:
            words = shlex.split(command)
        except ValueError as fault:
            raise FileError(Problem("bad_command", "--command", f"cannot be read: {fault}", "check its quotes")) from None
        if not words:
            raise FileError(Problem("bad_command", "--command", "is empty", "name a command"))
        self.shown = Path(words[0]).name  # its arguments may hold a key
        try:
            self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        except OSError as fault:
            raise FileError(Problem("command_failed", self.shown, fault.strerror or "cannot be started", "check the command")) from None
        self._lines: queue.Queue[bytes | None] = queue.Queue(UNASKED)
        self._lock = threading.Lock()
        self._pace = Pace(adapter.limits.per_second)
        threading.Thread(target=self._listen, name="mews-newtt-answers", daemon=True).start()

    def __enter__(self) -> Command:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):  # it may have ended already
                self._process.stdin.close()
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _listen(self) -> None:
        if self._process.stdout is not None:
            with self._process.stdout as out:
                while line := out.readline(MOST_BYTES):
                    self._lines.put(line)
        self._lines.put(None)

    def _next_line(self, seconds: float) -> bytes | None:
        """The next line; None once the command has ended, for every caller. Raises queue.Empty when the time is over."""
        line = self._lines.get(timeout=seconds) if seconds else self._lines.get_nowait()
        if line is None:
            self._lines.put(None)
        return line

    def _in_step(self, case: Case) -> None:
        """Refuse a line that nobody asked for: it would be taken for the answer to the next case."""
        with contextlib.suppress(queue.Empty):
            if self._next_line(0) is None:
                raise BrokenPipeError
            raise FileError(
                Problem(
                    "command_out_of_step",
                    self.shown,
                    f"wrote more than one line before {case.id}",
                    "it must write one line for each answer, nothing else",
                )
            )

    def ask(self, case: Case) -> Answer:
        """Ask one case. A command that ends, or does not answer in time, ends the run."""
        request = self.adapter.request(case.given, self.chart)
        line = json.dumps({"case_id": case.id, "given": request}, ensure_ascii=False) + "\n"
        with self._lock:
            self._pace.wait()
            try:
                if self._process.stdin is None:
                    raise BrokenPipeError
                self._in_step(case)
                self._process.stdin.write(line.encode())
                self._process.stdin.flush()
                answer = self._next_line(self.adapter.limits.timeout_seconds)
            except queue.Empty:
                says = f"did not answer {case.id} within {self.adapter.limits.timeout_seconds:g} s"
                mend = "it must answer each line with a line, at once: let it flush its output"
                raise FileError(Problem("command_silent", self.shown, says, mend)) from None
            except OSError:
                answer = None
        if answer is None:
            raise FileError(Problem("command_ended", self.shown, f"ended before it answered {case.id}", "it must answer each line with a line"))
        return read_json(answer, self.adapter, self.chart)
