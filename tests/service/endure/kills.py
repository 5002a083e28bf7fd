"""Kills processes of the running service at random moments (kill -9) while a client sends jobs; then shows that no job was lost or done twice.

    python -m tests.service.endure.kills --minutes 10
    python -m tests.service.endure.kills --minutes 10 --postgresql

Web processes, job workers and the main process are killed; after the main process, the service is started again, as systemd would do it.
The client repeats a request that got no answer under the same Idempotency-Key. At the end each key has exactly one job; each job is done once, by one
attempt whose files are kept; and the SHA-256 of its scores is that of the library's own scores of the same file. Exit code 1: something else was found.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from mews_newtt import load_chart
from mews_newtt.tables.files import score_file
from tests.patience import PATIENCE
from tests.postgres import PostgreSQL
from tests.service.support import MANY, Service, many_rows

SETTINGS = {"LEASE_SECONDS": "2", "JOB_ATTEMPTS": "1000", "JOB_WORKERS": "2", "SHUTDOWN_SECONDS": "5", "LOG_LEVEL": "info"}
SIZES = (1, 300, 4_000, 60_000)  # rows: from jobs of a moment to jobs of some seconds
MOST_WAITING = 6
ROLES = {"web process": 4, "job worker": 4, "main process": 1}  # how often each is chosen


def processes(main: int) -> dict[str, list[int]]:
    """The live processes of a service, by role."""
    found: dict[str, list[int]] = {"main process": [main], "web process": [], "job worker": []}
    for child in Path(f"/proc/{main}/task").glob("*/children"):
        for pid in child.read_text().split():
            with contextlib.suppress(OSError):
                command = Path(f"/proc/{pid}/cmdline").read_bytes()
                if b"jobs.worker" in command:
                    found["job worker"].append(int(pid))
                elif b"spawn_main" in command:
                    found["web process"].append(int(pid))
    return found


class Killing:
    """A service, a client that sends jobs, and a thread that kills."""

    def __init__(self, folder: Path, number: int, database: str = ""):
        self._folder = folder
        self._chance = random.Random(number)
        self._environment = {f"MEWS_NEWTT_{name}": value for name, value in SETTINGS.items()} | ({"DATABASE_URL": database} if database else {})
        self._lock = threading.Lock()
        self._over = threading.Event()
        self.service = self._start()
        self.inputs = [many_rows(folder / f"{rows}.csv", rows) for rows in SIZES]
        self.hashes = [self._by_the_library(path) for path in self.inputs]
        self.jobs: dict[str, tuple[str, int]] = {}  # by key: the job, and which input
        self.killed: Counter[str] = Counter()
        self.unanswered = 0
        self.faults: list[str] = []

    def _start(self) -> Service:
        return Service(self._folder / "service", "--workers", "2", **self._environment)

    def _by_the_library(self, path: Path) -> str:
        out = path.with_suffix(".scores.csv")
        score_file(load_chart("news2"), path, out)
        return hashlib.sha256(out.read_bytes()).hexdigest()

    def run(self, seconds: float, pause: float) -> None:
        """Send jobs and kill for so long, with about so many seconds between two kills; then wait for the jobs, and check them."""
        killer = threading.Thread(target=self._kill, args=(pause,))
        killer.start()
        end = time.monotonic() + seconds
        try:
            while time.monotonic() < end and killer.is_alive():
                self._send()
        finally:
            self._over.set()
            killer.join()
        self._check()

    def _kill(self, pause: float) -> None:
        while not self._over.wait(self._chance.uniform(0, 2 * pause)):
            role = self._chance.choices(list(ROLES), list(ROLES.values()))[0]
            found = processes(self.service.process.pid)[role]
            if not found:  # it has just been killed, and is not back yet
                continue
            os.kill(self._chance.choice(found), signal.SIGKILL)
            self.killed[role] += 1
            if role == "main process":
                self.service.process.wait()
                with self._lock:
                    self.service = self._start()

    def _send(self) -> None:
        """One more job, unless enough of them wait."""
        if len([job for job in self._listed("?limit=50") if job["state"] in ("queued", "running")]) >= MOST_WAITING:
            self._over.wait(0.2)
            return
        key = f"key-{len(self.jobs)}"
        which = self._chance.choices(range(len(SIZES)), (4, 4, 3, 2))[0]
        headers = {"Content-Type": "text/csv", "Prefer": "respond-async", "Idempotency-Key": key}
        answer = self._ask("POST", MANY, content=self.inputs[which].read_bytes(), headers=headers)
        if answer.status_code != 202:
            self.faults.append(f"{key}: {answer.status_code} {answer.text[:200]}")
            return
        self.jobs[key] = (answer.headers["content-location"], which)

    def _ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        """An answer; the same request is sent again until there is one."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with self._lock:
                url = self.service.url
            with contextlib.suppress(httpx.TransportError), httpx.Client(base_url=url, timeout=30, trust_env=False) as http:
                answer = http.request(method, path, **given)
                if answer.status_code not in (503, 429):
                    return answer
            self.unanswered += 1
            time.sleep(0.1)
        raise AssertionError(f"{method} {path}: no answer")

    def _listed(self, page: str) -> list[dict[str, Any]]:
        return list(self._ask("GET", f"/v1/jobs{page}").json()["jobs"])

    def _check(self) -> None:
        """Each key has one job; each job is done once, with the library's scores."""
        for key, (where, which) in self.jobs.items():
            job = self._ended(where)
            if job["state"] != "done":
                self.faults.append(f"{key}: {job['state']} {job['problems']}")
                continue
            scores = next(file["href"] for file in job["files"] if file["name"] == "scores.csv")
            if hashlib.sha256(self._ask("GET", scores).content).hexdigest() != self.hashes[which]:
                self.faults.append(f"{key}: other scores than the library's")
            kept = list((self._folder / "service" / "data" / "jobs" / job["id"]).glob("out-*"))
            if len(kept) != 1:
                self.faults.append(f"{key}: the files of {len(kept)} attempts are kept")
        known, listed, page = {where.rpartition("/")[2] for where, _ in self.jobs.values()}, [], "?limit=200"
        while page:
            answer = self._ask("GET", f"/v1/jobs{page}").json()
            listed += [job["id"] for job in answer["jobs"]]
            page = answer["next"].partition("/v1/jobs")[2] if answer.get("next") else ""
        if len(known) != len(self.jobs) or sorted(listed) != sorted(known):
            self.faults.append(f"{len(self.jobs)} keys gave {len(known)} jobs; the service lists {len(listed)}")
        for job_id, times in self.events("job_done").items():
            if times > 1:
                self.faults.append(f"job {job_id}: done {times} times")

    def _ended(self, where: str) -> dict[str, Any]:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            answer = self._ask("GET", where)
            if answer.status_code == 200:
                return dict(answer.json())
            if answer.status_code == 404:
                return {"state": "lost", "problems": []}
            time.sleep(0.1)
        return {"state": "never done", "problems": []}

    def events(self, name: str) -> Counter[str]:
        """How often the log names each job with this event. A process that is killed in the middle of a line leaves half of it."""
        found: Counter[str] = Counter()
        for line in self.service.log.read_text(errors="replace").splitlines():
            with contextlib.suppress(ValueError):
                event = json.loads(line)
                if event.get("event") == name:
                    found[event["job"]] += 1
        return found

    def summary(self) -> str:
        killed = ", ".join(f"{self.killed[role]} {role}" for role in ROLES)
        started = self.events("job_started")
        again = sum(1 for times in started.values() if times > 1)
        return f"{len(self.jobs)} jobs; killed: {killed}; {again} jobs were begun more than once; {self.unanswered} requests were repeated; faults: {len(self.faults)}"

    def close(self) -> None:
        self.service.stop()


def run(folder: Path, seconds: float, pause: float, number: int, database: str = "") -> Killing:
    made = Killing(folder, number, database)
    try:
        made.run(seconds, pause)
    finally:
        made.close()
    return made


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--minutes", type=float, default=10)
    options.add_argument("--pause", type=float, default=3, help="mean seconds between two kills")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--postgresql", action="store_true", help="keep the jobs in a PostgreSQL server, not in SQLite")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, PostgreSQL() if asked.postgresql else contextlib.nullcontext() as postgres:
        done = run(Path(folder), 60 * asked.minutes, asked.pause, asked.seed, postgres.url if postgres else "")
        print(
            f"{time.strftime('%Y-%m-%d')}, {asked.minutes:g} minutes, {'PostgreSQL' if postgres else 'SQLite'}, seed {asked.seed}: {done.summary()}"
        )
    print("\n".join(done.faults))
    return 1 if done.faults else 0


if __name__ == "__main__":
    sys.exit(main())
