"""What the long runs in `tests/service/endure` conclude from their samples."""

from __future__ import annotations

import random

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
