"""What the service's tests share: the application in this process, and the whole service as a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from mews_newtt_service.app import create_app
from mews_newtt_service.settings import Settings
from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
FULL = {
    "respiratory_rate": 21, "oxygen_saturation": 93, "air_or_oxygen": "air", "systolic_bp": 120, "heart_rate": 95,
    "consciousness": "alert", "temperature": 37.5,
}
CSV = "respiratory_rate,oxygen_saturation,air_or_oxygen,systolic_bp,heart_rate,consciousness,temperature\n21,93,air,120,95,alert,37.5\n12,,,,,,\n"
SCORE, MANY, VERIFY, PACK = (f"/v1/charts/news2/{name}" for name in ("score", "score-many", "verify", "pack"))


@contextlib.contextmanager
def client(folder: Path, *, raise_faults: bool = True, **settings: Any) -> Iterator[Any]:
    """The application with these settings, started; without workers unless asked for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from starlette.testclient import TestClient
    app = create_app(Settings(data_folder=folder, **{"job_workers": 0, "log_level": "error", **settings}))
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=raise_faults) as found:
        yield found


def codes(answer: Any) -> list[str]:
    """The codes of a problem document, which must be whole."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    document = answer.json()
    assert document["status"] == answer.status_code
    first = document["problems"][0]
    assert {name: document[name] for name in ("code", "where", "what", "mend")} == first
    assert document["instance"].endswith(answer.headers["x-request-id"])
    assert all(problem["what"] and problem["mend"] for problem in document["problems"])
    return [problem["code"] for problem in document["problems"]]


class Service:
    """`mews-newtt serve` as its user starts it, on a free port."""

    def __init__(self, folder: Path, *arguments: str, limit_file: int | None = None, **environment: str):
        self.folder = folder
        self.log = folder / "service.log"
        folder.mkdir(parents=True, exist_ok=True)
        found = {name: value for name, value in os.environ.items() if not name.startswith("MEWS_NEWTT_") and name != "DATABASE_URL"}
        found |= {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "service")]), "MEWS_NEWTT_DATA_FOLDER": str(folder / "data"), "MEWS_NEWTT_DRAIN_SECONDS": "0", **environment}
        command = [sys.executable, "-m", "mews_newtt", "serve", "--port", "0", *arguments]
        if limit_file is not None:
            command = ["/bin/sh", "-c", f'ulimit -f {limit_file // 512}; exec "$@"', "sh", *command]
        with self.log.open("ab") as log:
            before = self.log.stat().st_size
            self.process = subprocess.Popen(command, env=found, stderr=log, stdout=subprocess.DEVNULL, start_new_session=True)
        self.url = self._url(before)
        self.http = httpx.Client(base_url=self.url, timeout=PATIENCE, trust_env=False)
        self._until_ready()

    def _url(self, before: int) -> str:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            told = re.search(rb"listening on (http://\S+)", self.log.read_bytes()[before:])
            if told:
                return told[1].decode()
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.05)
        self._end()
        raise AssertionError(f"the service did not start\n{self.log.read_text()}")

    def _until_ready(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.TransportError):
                if self.http.get("/healthz").status_code == 200:
                    return
            time.sleep(0.05)
        self._end()
        raise AssertionError(f"the service does not answer\n{self.log.read_text()}")

    def _end(self) -> None:
        """kill -9, the service and its workers: nothing of a start that failed may go on running."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def logged(self, word: str) -> list[str]:
        """The whole lines of the log that hold this word. A line may come a moment after its answer: wait for it with `until`."""
        return [line for line in self.log.read_text(errors="replace").splitlines(keepends=True) if word in line and line.endswith("\n")]

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def job(self, answer: httpx.Response, seconds: float = PATIENCE) -> dict[str, Any]:
        """Poll a job to its end."""
        assert answer.status_code == 202, answer.text
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = self.http.get(answer.headers["content-location"])
            if found.status_code == 200:
                return dict(found.json())
            assert found.status_code in (202, 503), found.text
            time.sleep(0.05)
        raise AssertionError(f"still under way: {found.text}")

    def kill_all(self) -> None:
        """kill -9, the service and its workers, all at once."""
        self._end()
        self.http.close()

    def stop(self) -> int:
        self.http.close()
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.stop()
        self.http.close()


def many_rows(path: Path, rows: int) -> Path:
    """A CSV file of so many full sets."""
    header, line, _ = CSV.split("\n", 2)
    path.write_text(header + "\n" + (line + "\n") * rows)
    return path


def lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]
