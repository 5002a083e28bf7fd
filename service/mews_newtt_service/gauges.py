"""Numbers that are read when Prometheus asks: the queue, the processes of this machine, the disk, and files that could not be read."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric

from mews_newtt_service.jobs import memory
from mews_newtt_service.jobs.job_times import QueueNumbers
from mews_newtt_service.processes import ROLES, processes

Kept = Mapping[str, bool]  # by file, whether it cannot be read now, so that what it said before still counts


class Gauges:
    """A collector of prometheus_client. Without `queue` the database could not be asked: its numbers are left out, and `database_up` is 0."""

    def __init__(self, folder: Path, kept: Kept, queue: QueueNumbers | None):
        self._folder, self._kept, self._queue = folder, kept, queue

    def collect(self) -> Iterator[Metric]:
        yield _one("mews_newtt_database_up", "1 if the database answers, 0 if it does not", 0 if self._queue is None else 1)
        if self._queue is not None:
            yield from _of_queue(self._queue)
        yield from _of_processes()
        yield from _of_disk(self._folder)
        kept = GaugeMetricFamily("mews_newtt_files_kept", "1 if a file cannot be read now, and what it said before still counts", labels=("file",))
        for name, is_kept in self._kept.items():
            kept.add_metric((name,), int(is_kept))
        yield kept


def _one(name: str, says: str, value: float) -> Metric:
    return GaugeMetricFamily(name, says, value=value)


def _of_queue(queue: QueueNumbers) -> Iterator[Metric]:
    jobs = GaugeMetricFamily("mews_newtt_jobs", "jobs kept, by state", labels=("state",))
    for state, count in sorted(queue.jobs.items()):
        jobs.add_metric((state,), count)
    yield jobs
    yield _one("mews_newtt_oldest_waiting_job_seconds", "how long the first job of the queue waits already; 0 if none waits", queue.oldest_waiting)
    yield _one("mews_newtt_workers_alive", "worker processes that live, on all machines that share the database", queue.workers)
    took = HistogramMetricFamily("mews_newtt_job_seconds", "time that jobs took, by kind and how they ended", labels=("kind", "state"))
    for one in queue.times:
        took.add_metric((one.kind, one.state), one.buckets, one.seconds)
    yield took


def _of_processes() -> Iterator[Metric]:
    found = processes()
    if not found:
        return
    number = GaugeMetricFamily("mews_newtt_processes", "processes of this service on this machine", labels=("process",))
    held = GaugeMetricFamily("mews_newtt_memory_bytes", "memory that they hold for themselves", labels=("process",))
    files = GaugeMetricFamily("mews_newtt_open_files", "their open files and connections", labels=("process",))
    for role in ROLES:
        same = [one for one in found if one.role == role]
        number.add_metric((role,), len(same))
        held.add_metric((role,), sum(one.memory for one in same))
        files.add_metric((role,), sum(one.files for one in same))
    yield from (number, held, files)
    if memory.there_is():
        yield _one("mews_newtt_memory_limit_bytes", "memory of the machine, or of the container where it has less", memory.there_is())


def _of_disk(folder: Path) -> Iterator[Metric]:
    try:
        disk = shutil.disk_usage(folder)
    except OSError:
        return
    yield _one("mews_newtt_data_free_bytes", "free disk where the data folder is", disk.free)
    yield _one("mews_newtt_data_size_bytes", "size of that disk", disk.total)
