"""The short forms of the long runs in `tests/service/endure`: requests drawn from the contract, killed processes, an hour of traffic."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.service.endure.soak import fitted

HOUR = [float(second) for second in range(0, 3600, 20)]


def noisy(grows: float, number: int = 1) -> list[float]:
    """KiB of a process of 200 MB that grows by so much in an hour, with noise whose neighbours are related."""
    chance, left, found = random.Random(number), 0.0, []
    for second in HOUR:
        left = 0.8 * left + chance.gauss(0, 300)
        found.append(200_000 + grows * second / 3600 + left)
    return found


@pytest.mark.parametrize("number", range(5))
def test_a_process_that_grows_is_told_from_noise(number: int) -> None:
    assert fitted("web process 1", "memory", HOUR, noisy(0, number)).is_flat
    grown = fitted("web process 1", "memory", HOUR, noisy(30_000, number))
    assert not grown.is_flat
    assert abs(grown.slope - 30_000) < 4 * grown.error


def test_a_descriptor_a_minute_is_seen() -> None:
    kept = [20 + second // 60 for second in HOUR]
    assert not fitted("main 1", "descriptors", HOUR, kept).is_flat
    assert fitted("main 1", "descriptors", HOUR, [20.0] * len(HOUR)).is_flat


@pytest.mark.deep
def test_requests_around_jobs_and_their_files_meet_the_contract(tmp_path: Path) -> None:
    from tests.service.endure.fuzz import run

    done = run(tmp_path, 200, 1, only="/v1/jobs")
    assert done.faults == [], done.faults[0]
    assert done.sent >= 200 and {200, 202, 206, 304, 404} <= {status for _, status in done.counts}
    assert sum(count for (_, status), count in done.counts.items() if status == 404) < 0.2 * done.sent


@pytest.mark.deep
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a connection to a process that was killed is collected, not closed
def test_killed_processes_lose_no_job_and_do_none_twice(tmp_path: Path) -> None:
    from tests.service.endure.kills import run

    done = run(tmp_path, seconds=8, pause=1, number=1)
    assert done.faults == [], done.summary()
    assert done.jobs and done.killed, done.summary()


@pytest.mark.deep
def test_memory_and_descriptors_stay_flat_under_mixed_traffic(tmp_path: Path) -> None:
    from tests.service.endure.soak import run

    lines, traffic, _ = run(tmp_path, seconds=10, number=1, workers=1)
    assert traffic.faults == []
    descriptors = [line for line in lines if line.what == "descriptors"]
    assert descriptors and all(line.is_flat for line in descriptors), [str(line) for line in lines]
