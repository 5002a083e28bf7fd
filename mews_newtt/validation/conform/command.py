"""A platform as a command: lines of JSON in, lines of JSON out."""

from __future__ import annotations

import contextlib
import json
import queue
import shlex
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from mews_newtt.chart.model import Chart
from mews_newtt.errors import FileError, Problem
from mews_newtt.validation.conform.adapter import Adapter
from mews_newtt.validation.conform.pace import Pace
from mews_newtt.validation.conform.read_json import MOST_BYTES, read_json
from mews_newtt.validation.conform.sending import visit_of
from mews_newtt.validation.conform.settings import Answer
from mews_newtt.validation.packs import Case

UNASKED = 16  # lines of a command that are kept; then it has to wait


def line_of(adapter: Adapter, chart: Chart, case: Case) -> dict[str, Any]:
    """What a command is asked for one case. Sets of a series also say whose they are, and of what time."""
    visit = visit_of(case, chart)
    whose = {"person": visit.value("person_id", None), "time": visit.value("time", None)} if case.person else {}
    return {"case_id": case.id, **whose, "given": adapter.request(case.given, chart, visit)}


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
        line = json.dumps(line_of(self.adapter, self.chart, case), ensure_ascii=False) + "\n"
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
