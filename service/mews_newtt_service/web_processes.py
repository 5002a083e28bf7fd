"""Several web processes: the process that starts them owns the workers, and hands new settings on when it is told to reload (SIGHUP)."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import uvicorn
from uvicorn.supervisors import Multiprocess

from mews_newtt.errors import MewsNewttError
from mews_newtt.tables.atomic import whole_file
from mews_newtt_service.jobs.supervisor import WorkerSupervisor
from mews_newtt_service.logs import log_now
from mews_newtt_service.setting_checks import kept_fixed, refuse_faults
from mews_newtt_service.settings import Settings
from mews_newtt_service.stopping import STOP_NOW

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"  # the folder that the processes share: their counts, and the settings
FILE = "settings.json"


class Processes(Multiprocess):
    """The web processes and the workers for long work."""

    def __init__(self, config: uvicorn.Config, listening: socket.socket, settings: Settings, again: Callable[[], Settings], folder: Path):
        super().__init__(config, sockets=[listening])
        self._settings, self._again, self._folder = settings, again, folder
        self._retired: list[threading.Thread] = []
        self._now = False  # stop without a drain
        self.supervisor = WorkerSupervisor(settings)
        self._hand_on(settings)

    def run(self) -> None:
        self.supervisor.start()
        try:
            super().run()
        finally:
            self.supervisor.stop()
            for one in self._retired:
                one.join()

    def _hand_on(self, settings: Settings) -> None:
        """Write the settings for the web processes, which leave the workers to us."""
        theirs = settings.to_environment() | {"MEWS_NEWTT_JOB_WORKERS": "0"}
        os.environ.update(theirs | {FOLDER_VARIABLE: str(self._folder)})
        with whole_file(self._folder / FILE) as out:
            out.write(json.dumps(theirs))

    def handle_hup(self) -> None:
        """Read the settings again. If they are faulty, the log says so and nothing changes."""
        try:
            settings, kept = kept_fixed(self._again(), self._settings)
            refuse_faults(settings)
        except MewsNewttError as fault:
            log_now("error", "reload_refused", problems=[f"{one.where}: {one.what}" for one in fault.problems[:20]])
            return
        log_now("info", "reload", kept_until_restart=kept)
        self._hand_on(settings)
        before, self.supervisor, self._settings = self.supervisor, WorkerSupervisor(settings), settings
        self.supervisor.start()
        self._retired.append(threading.Thread(target=before.stop))  # its workers finish their jobs in time, or give them back
        self._retired[-1].start()
        self._pass_on(signal.SIGHUP)

    def handle_int(self) -> None:
        """Stop at once."""
        self._now = True
        self.should_exit.set()

    def handle_term(self) -> None:
        """Drain and stop. A second signal ends the drain."""
        self._now = self.should_exit.is_set()
        self.should_exit.set()

    def terminate_all(self) -> None:
        for listening in self.sockets:
            listening.close()  # the web processes have it too; while it is open here, callers would wait for an answer after they have closed it
        self.supervisor.retire()
        self._pass_on(STOP_NOW if self._now else signal.SIGTERM)

    def join_all(self) -> None:
        """Wait for the web processes. A further signal is theirs: it ends the drain."""
        while living := [one.process for one in self.processes if one.process.is_alive()]:
            living[0].join(0.2)
            for sent in list(self.signal_queue):
                self.signal_queue.remove(sent)
                if sent in (signal.SIGTERM, signal.SIGINT):
                    self._pass_on(STOP_NOW if sent == signal.SIGINT else signal.SIGTERM)

    def _pass_on(self, sent: signal.Signals) -> None:
        """Send a signal to every web process that is alive."""
        for process in self.processes:
            if process.pid is not None and process.process.is_alive():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, sent)


def handed_on() -> Settings:
    """The settings that the process which started this one has written last."""
    return Settings.from_environment(json.loads(Path(os.environ[FOLDER_VARIABLE], FILE).read_text(encoding="utf-8")))
