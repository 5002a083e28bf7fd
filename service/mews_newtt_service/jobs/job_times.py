"""What /metrics tells of the queue. Times of jobs are counted in the database: none is lost with its worker, which may be on another machine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 1800.0, 3600.0)  # seconds
ENDLESS = "+Inf"
TABLE = (
    "CREATE TABLE IF NOT EXISTS mews_newtt_job_times (kind TEXT NOT NULL, state TEXT NOT NULL, at_most TEXT NOT NULL, "
    "jobs BIGINT NOT NULL, seconds DOUBLE PRECISION NOT NULL, PRIMARY KEY (kind, state, at_most))"
)
READ = "SELECT kind, state, at_most, jobs, seconds FROM mews_newtt_job_times ORDER BY kind, state"


class JobTimes(NamedTuple):
    """Jobs of one kind that ended in one state. `buckets`: for each bound, and last for any time, how many took so long at most."""

    kind: str
    state: str
    buckets: list[tuple[str, int]]
    seconds: float


class QueueNumbers(NamedTuple):
    """The queue as /metrics tells it. `oldest_waiting`: seconds that the first job in the queue waits already; 0 if none waits."""

    jobs: dict[str, int]
    oldest_waiting: float
    workers: int
    times: list[JobTimes]


def counted(kind: str, state: str, seconds: float) -> tuple[str, Sequence[Any]]:
    """The statement that counts one job."""
    seconds = max(0.0, seconds)  # a clock may be set back
    at_most = next((str(bound) for bound in BOUNDS if seconds <= bound), ENDLESS)
    return (
        "INSERT INTO mews_newtt_job_times AS known (kind, state, at_most, jobs, seconds) VALUES (?, ?, ?, 1, ?) "
        "ON CONFLICT (kind, state, at_most) DO UPDATE SET jobs = known.jobs + 1, seconds = known.seconds + excluded.seconds",
        (kind, state, at_most, seconds),
    )


def told(rows: Iterable[Sequence[Any]]) -> list[JobTimes]:
    """What READ has found, with counts that add up from the shortest bound to the longest."""
    found: dict[tuple[str, str], list[tuple[float, int, float]]] = defaultdict(list)
    for kind, state, at_most, jobs, seconds in rows:
        found[str(kind), str(state)].append((float(at_most), int(jobs), float(seconds)))
    return [
        JobTimes(
            kind,
            state,
            [(text, sum(jobs for at_most, jobs, _ in counts if at_most <= float(text))) for text in (*map(str, BOUNDS), ENDLESS)],
            sum(seconds for *_, seconds in counts),
        )
        for (kind, state), counts in found.items()
    ]
