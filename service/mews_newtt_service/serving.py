"""Starts and stops the service: its socket, the web processes, and the workers for long work."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
from asyncio import BaseTransport, TimerHandle
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import uvicorn
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mews_newtt.errors import Problem
from mews_newtt_service.auth.access import PROBES
from mews_newtt_service.logs import log_libraries
from mews_newtt_service.problems import MEDIA_TYPE, problem_document
from mews_newtt_service.settings import Settings, SettingsError

ONE_OF_MANY = "mews_newtt_service.serving:create_one_of_many"
BACKLOG = 2048
COUNTS = "metrics-"
SILENT_SECONDS = 20  # a web process that is silent for so long is replaced; on a busy machine it takes some seconds to start
HEADER_BYTES = 64 * 1024  # most bytes of the headers of a request, beyond the first chunk that is read


class TimeLimitedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol with time limits: it closes a connection whose headers do not come or do not end, or that does not read its answer.

    When all connections are taken, an idle one is closed to make room for the next.
    """

    header_seconds = float(os.environ.get("MEWS_NEWTT_HEADER_SECONDS") or 10)  # web processes beside the first know settings by their environment
    send_seconds = float(os.environ.get("MEWS_NEWTT_SEND_SECONDS") or 30)
    _waiting: TimerHandle | None = None
    _unread: TimerHandle | None = None
    _heading = 0  # bytes since anything but headers or trailers came
    _moved = False  # something did, in what is being read
    _since = 0.0

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(cast(Any, transport))
        self._since = self.loop.time()
        self._wait()
        if self.limit_concurrency is not None and len(self.connections) >= self.limit_concurrency:
            idle = [cast(TimeLimitedProtocol, other) for other in self.connections if other is not self and cast(TimeLimitedProtocol, other)._is_idle]
            if idle:  # one that never asked anything goes first, then the oldest
                spared = min(idle, key=lambda other: (other.cycle is not None, other._since))
                self.connections.discard(spared)
                spared.transport.close()

    @property
    def _is_idle(self) -> bool:
        return not self.transport.is_closing() and (self.cycle is None or self.cycle.response_complete)

    def data_received(self, data: bytes) -> None:
        self._moved = False
        super().data_received(data)
        self._heading = 0 if self._moved else self._heading + len(data)
        if self._heading > HEADER_BYTES and not self.transport.is_closing():
            if self._is_idle:
                self._refuse(431, Problem("headers_too_large", "headers", f"are larger than {HEADER_BYTES:,} bytes", "send fewer, or shorter ones"))
            else:
                self.transport.close()

    def _wait(self) -> None:
        if self._waiting is None:
            self._waiting = self.loop.call_later(self.header_seconds, self._give_up)

    def _give_up(self) -> None:
        self._waiting = None
        if not self.transport.is_closing():
            self.transport.close()

    def _came(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def on_message_begin(self) -> None:
        self._moved = True
        self._wait()  # the next request on a connection that is kept
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._moved = True
        self._came()
        most = self.limit_concurrency
        if most is None or max(len(self.connections), len(self.tasks)) < most:
            super().on_headers_complete()
            return
        app = self.app
        probe = self.url.partition(b"?")[0].decode("latin-1") in PROBES  # a full service is alive: it must not be killed for it
        if not probe:
            self._count("too_busy", 503)
        self.app, self.limit_concurrency = app if probe else too_busy, None  # uvicorn's own answer is plain text
        try:
            super().on_headers_complete()
        finally:
            self.app, self.limit_concurrency = app, most

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP request: nothing of it is repeated in the answer."""
        self._refuse(400, Problem("not_http", "request", "is not a valid HTTP request", "see RFC 9112"))

    def _refuse(self, status: int, problem: Problem) -> None:
        """Answer without the application, and close the connection."""
        self._count(problem.code, status)
        body = json.dumps(problem_document(status, [problem])).encode()
        head = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: {MEDIA_TYPE}\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    def _count(self, reason: str, status: int) -> None:
        """Count what the application never sees."""
        state = getattr(self.config.loaded_app, "state", None)
        if state is not None:
            state.metrics.refused(reason, status)

    def on_body(self, body: bytes) -> None:
        self._moved = True
        super().on_body(body)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(self.send_seconds, self.transport.abort)  # closing would wait for what is not read

    def resume_writing(self) -> None:
        self._read()
        super().resume_writing()

    def _read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._came()
        self._read()
        super().connection_lost(exc)


async def too_busy(scope: Scope, receive: Receive, send: Send) -> None:
    """503: as many connections as the settings allow."""
    problem = Problem("too_busy", "the service", "has as many connections as it can take", "try again in a moment")
    headers = {"Retry-After": "1", "Connection": "close", "Cache-Control": "no-store"}
    await Response(json.dumps(problem_document(503, [problem])), 503, headers, MEDIA_TYPE)(scope, receive, send)


def run(settings: Settings, again: Callable[[], Settings] | None = None) -> None:
    """Serve until a signal says stop; running work is finished or given back first."""
    os.umask(0o077)  # what this process and its children write is for their owner only
    from mews_newtt_service.setting_checks import refuse_faults  # web processes need it only later

    refuse_faults(settings)  # before anything listens
    _make_data_folder(settings.data_folder)
    listening = _listen(settings)
    host, port = listening.getsockname()[:2]
    whom = "" if settings.clients_file else " (this machine only, nobody signs in)"
    sys.stderr.write(f"mews-newtt: listening on http://{f'[{host}]' if ':' in host else host}:{port}{whom}\n")
    sys.stderr.flush()
    log_libraries(settings.log_level)
    TimeLimitedProtocol.header_seconds, TimeLimitedProtocol.send_seconds = settings.header_seconds, settings.send_seconds
    os.environ.update(settings.to_environment())
    many = settings.workers > 1
    again = again or (lambda: settings)
    config = uvicorn.Config(
        ONE_OF_MANY if many else lambda: _application(settings, again),
        factory=True,
        workers=settings.workers,
        interface="asgi3",
        http=TimeLimitedProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=30,
        timeout_worker_healthcheck=SILENT_SECONDS,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        limit_concurrency=settings.connections,
        ws="none",
    )
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, _heard)  # uvicorn hears them while it runs, and raises them again when it has ended
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until the application hears it
    counts = _made_for_counts(settings.data_folder) if many else None
    try:
        if counts is not None:
            from mews_newtt_service.web_processes import Processes

            Processes(config, listening, settings, again, Path(counts)).run()
        else:
            uvicorn.Server(config).run(sockets=[listening])
    finally:
        if counts is not None:
            shutil.rmtree(counts, ignore_errors=True)
        listening.close()


def _application(settings: Settings, again: Callable[[], Settings]) -> Any:
    from mews_newtt_service.app import create_app  # the process that starts others does not need it
    from mews_newtt_service.reloading import Reloadable

    return Reloadable(create_app(settings), again)


def create_one_of_many() -> Any:
    """The application in one of several web processes. It stops when the process that started it has ended in any way."""
    from mews_newtt_service.web_processes import handed_on

    parent = multiprocessing.parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
            os.kill(os.getpid(), signal.SIGTERM)

    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until the application hears it
    threading.Thread(target=follow, name="parent", daemon=True).start()
    return _application(handed_on(), handed_on)


def _heard(*_: object) -> None:
    """Ignore the stop signal that uvicorn raises again after it has stopped."""


def _make_data_folder(folder: Path) -> None:
    try:
        (folder / "jobs").mkdir(parents=True, exist_ok=True, mode=0o700)
        for made in (folder, folder / "jobs"):
            with contextlib.suppress(PermissionError):  # the folder is another user's, who let us in
                made.chmod(0o700)
        _remove_left_counts(folder)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as fault:
        raise SettingsError(
            Problem("data_folder", str(folder), f"cannot be written: {fault.strerror}", "set MEWS_NEWTT_DATA_FOLDER (or --data) to a folder that can")
        ) from None


def _made_for_counts(folder: Path) -> str:
    """A folder for the counts of several web processes. Its name holds the machine and the process."""
    made = folder / f"{COUNTS}{socket.gethostname()}-{os.getpid()}"
    made.mkdir(mode=0o700, exist_ok=True)
    return str(made)


def _remove_left_counts(folder: Path) -> None:
    """Remove the counts of services on this machine that were killed."""
    for path in folder.glob(f"{COUNTS}{socket.gethostname()}-*"):
        pid = path.name.rpartition("-")[2]
        if not Path("/proc", pid).exists():
            shutil.rmtree(path, ignore_errors=True)


def _listen(settings: Settings) -> socket.socket:
    try:
        found = socket.getaddrinfo(settings.host.strip("[]"), settings.port, type=socket.SOCK_STREAM)[0]
        made = socket.socket(found[0], found[1])
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(found[4])
        made.listen(BACKLOG)
        made.set_inheritable(True)
    except OSError as fault:
        raise SettingsError(
            Problem(
                "cannot_listen",
                f"{settings.host}, port {settings.port}",
                f"cannot be listened on: {fault.strerror or fault}",
                "choose another --port, or stop what uses it",
            )
        ) from None
    return made
