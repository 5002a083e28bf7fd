"""Sends mixed traffic to the running service for an hour, and shows that memory and descriptors of each of its processes stay flat.

    python -m tests.service.endure.soak --minutes 60

Traffic: single scores, arrays, NDJSON streams, files, validation, packs, FHIR, CDS Hooks, jobs from upload to deletion, bad requests of each kind.
For each process a straight line is fitted through all samples after the first quarter, in which caches fill. Printed are its slope with the standard
error, and what the process grew by in that time. Exit code 1: a process grew by more than the noise and more than the share that is allowed.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import numpy as np

from tests.patience import PATIENCE
from tests.service.endure.states import ASYNC, EXAMPLES, STATED
from tests.service.support import CSV, FULL, MANY, PACK, SCORE, VERIFY, Service

SAMPLES = 240  # of a run
CLIENTS = 3
MOST_GROWTH = {"memory": 0.05, "descriptors": 0.05}  # of the mean, in the time that was fitted; with the standard error three times beyond doubt
LEAST_GROWTH = {"memory": 4096.0, "descriptors": 4.0}  # KiB and descriptors: less than this is never a fault


class Line(NamedTuple):
    """A straight line through the samples of one process."""

    process: str
    what: str
    mean: float
    slope: float  # per hour
    error: float  # of the slope, per hour
    growth: float  # in the time that was fitted
    samples: int

    @property
    def is_flat(self) -> bool:
        beyond_noise = abs(self.slope) > 3 * self.error
        most = max(LEAST_GROWTH[self.what], MOST_GROWTH[self.what] * self.mean)
        return self.growth < most or not beyond_noise

    def __str__(self) -> str:
        unit = "KiB" if self.what == "memory" else ""
        return (
            f"{self.process:<22}{self.what:<12} mean {self.mean:>10,.0f} {unit:<4} slope {self.slope:>+10,.1f} ± {self.error:,.1f} an hour; "
            f"{self.growth:+,.1f} in the run; {self.samples} samples; {'flat' if self.is_flat else 'GROWS'}"
        )


def fitted(process: str, what: str, times: list[float], values: list[float]) -> Line:
    """Least squares over (seconds, value); the error of the slope counts neighbouring samples as related."""
    x, y = np.asarray(times) / 3600, np.asarray(values, dtype=float)
    x = x - x.mean()
    slope = float((x * (y - y.mean())).sum() / (x * x).sum())
    left = y - y.mean() - slope * x
    error = float(np.sqrt((left @ left) / (len(y) - 2) / (x * x).sum()))
    spread = float(left @ left)
    related = max(0.0, float(left[:-1] @ left[1:]) / spread) if spread > 0 else 0.0
    error *= ((1 + related) / (1 - min(related, 0.98))) ** 0.5
    return Line(process, what, float(y.mean()), slope, error, slope * float(x.max() - x.min()), len(y))


def processes(main: int) -> dict[str, int]:
    """Every process of the service: its name here, and its id."""
    found, waiting = {f"main {main}": main}, [main]
    while waiting:
        for children in Path(f"/proc/{waiting.pop()}/task").glob("*/children"):
            for pid in map(int, _read(children).split()):
                command = _read(Path(f"/proc/{pid}/cmdline"))
                role = "job worker" if "jobs.worker" in command else "web process" if "spawn_main" in command else "helper"
                found[f"{role} {pid}"] = pid
                waiting.append(pid)
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def sample(pid: int) -> tuple[int, int] | None:
    """KiB of memory and number of descriptors of a process; None once it has ended."""
    try:
        memory = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
        return int(memory.split()[1]), len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except (OSError, StopIteration):
        return None


class Traffic:
    """Clients that send requests of every kind until they are stopped. Each waits about `pause` seconds between two requests."""

    def __init__(self, url: str, number: int, pause: float = 0):
        self._url, self._number, self._pause = url, number, pause
        self._over = threading.Event()
        self.counts: Counter[str] = Counter()
        self.faults: list[str] = []
        fhir = {name: (EXAMPLES / "fhir" / f"{name}_request.json").read_bytes() for name in ("score", "many")}
        contract = json.loads((EXAMPLES.parent / "service" / "openapi.json").read_text(encoding="utf-8"))
        hook = contract["paths"]["/cds-services/{service_id}"]["post"]["requestBody"]["content"]["application/json"]["examples"]["worked"]["value"]
        js, fj, nd, cs = ({"Content-Type": kind} for kind in ("application/json", "application/fhir+json", "application/x-ndjson", "text/csv"))
        rows = json.dumps(FULL).encode() + b"\n"
        self._kinds: list[tuple[int, str, str, str, dict[str, Any]]] = [
            (40, "score", "POST", SCORE, {"content": rows, "headers": js}),
            (6, "refused set", "POST", SCORE, {"content": b'{"heart_rat": 80, "temperature": "?"}', "headers": js}),
            (4, "no JSON", "POST", SCORE, {"content": b"{", "headers": js}),
            (4, "unknown path", "GET", "/v1/nothing", {}),
            (6, "array", "POST", MANY, {"content": b"[" + b",".join([rows] * 50) + b"]", "headers": js}),
            (4, "stream", "POST", MANY, {"content": rows * 100, "headers": nd}),
            (6, "verify", "POST", VERIFY, {"json": {"observations": FULL, "stated": {"total": 6}}}),
            (6, "fhir", "POST", "/fhir/R4/$ews-score", {"content": fhir["score"], "headers": fj}),
            (3, "fhir many", "POST", "/fhir/R4/$ews-score-many", {"content": fhir["many"], "headers": fj}),
            (6, "cds hooks", "POST", "/cds-services/mews", {"json": hook}),
            (3, "charts", "GET", "/v1/charts/news2/2017.1", {"headers": {"Accept-Encoding": "gzip"}}),
            (2, "contract", "GET", "/openapi.json", {}),
            (2, "metrics", "GET", "/metrics", {}),
            (1, "file", "POST", MANY, {"content": CSV.encode(), "headers": cs}),
            (1, "validation job", "POST", VERIFY, {"content": STATED.encode(), "headers": {**cs, **ASYNC}}),
            (1, "job", "POST", MANY, {"content": CSV.encode() + b"12,,,,,,\n" * 3_000, "headers": {**cs, **ASYNC}}),
            (1, "pack job", "POST", PACK, {"json": {"seed": 1}, "headers": ASYNC}),
        ]
        self._threads = [threading.Thread(target=self._client, args=(number * 100 + place,)) for place in range(CLIENTS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _client(self, number: int) -> None:
        chance = random.Random(number)
        shares = [kind[0] for kind in self._kinds]
        with httpx.Client(base_url=self._url, timeout=PATIENCE, trust_env=False) as http:
            while not self._over.is_set():
                if self._pause:
                    self._over.wait(chance.uniform(0, 2 * self._pause))
                _, name, method, path, given = chance.choices(self._kinds, shares)[0]
                answer = http.request(method, path, **given)
                self.counts[name] += 1
                if answer.status_code >= 500:
                    self.faults.append(f"{name}: {answer.status_code} {answer.text[:200]}")
                if answer.status_code == 202:
                    self._to_its_end(http, answer, chance)

    def _to_its_end(self, http: httpx.Client, answer: httpx.Response, chance: random.Random) -> None:
        """Poll a job, fetch its files, delete it; some jobs are deleted before they have ended."""
        where = answer.headers["content-location"]
        if chance.random() < 0.8:
            while not self._over.is_set() and (answer := http.get(where)).status_code == 202:
                self._over.wait(0.2)
            if answer.status_code == 200:
                for file in answer.json()["files"]:
                    self.counts["result file"] += http.get(file["href"]).status_code == 200
        http.delete(where)


def run(folder: Path, seconds: float, number: int, workers: int = 2, pause: float = 0) -> tuple[list[Line], Traffic, Service]:
    """The lines of all processes that lived through the fitted time, and the traffic that was sent."""
    with Service(folder, "--workers", str(workers), MEWS_NEWTT_LOG_LEVEL="error") as service:
        traffic = Traffic(service.url, number, pause)
        traffic.start()
        times: dict[str, list[float]] = {}
        seen: dict[str, list[tuple[int, int]]] = {}
        began = time.monotonic()
        try:
            while (now := time.monotonic() - began) < seconds:
                for name, pid in processes(service.process.pid).items():
                    found = sample(pid)
                    if found is not None and now > seconds / 4:
                        times.setdefault(name, []).append(now)
                        seen.setdefault(name, []).append(found)
                time.sleep(seconds / SAMPLES)
        finally:
            traffic.stop()
        lines = [
            fitted(name, what, times[name], [found[place] for found in seen[name]])
            for name in seen
            if len(seen[name]) >= 20
            for place, what in enumerate(("memory", "descriptors"))
        ]
        return lines, traffic, service


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--minutes", type=float, default=60)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--pause", type=float, default=0, help=f"mean seconds that each of the {CLIENTS} clients waits between two requests")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lines, traffic, _ = run(Path(folder), 60 * asked.minutes, asked.seed, pause=asked.pause)
    print(
        f"{time.strftime('%Y-%m-%d')}, {asked.minutes:g} minutes, seed {asked.seed}, pause {asked.pause:g} s: {sum(traffic.counts.values()):,} requests: {dict(traffic.counts)}"
    )
    print("\n".join(map(str, lines)))
    print("\n".join(traffic.faults[:20]) or "no answer was a 5xx")
    return 0 if lines and all(line.is_flat for line in lines) and not traffic.faults else 1


if __name__ == "__main__":
    sys.exit(main())
