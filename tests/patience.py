"""How long a test waits for what should come: a busy machine is slow, and only something that hangs may fail a test."""

import time
from collections.abc import Callable

PATIENCE = 300  # seconds; what has come is never waited for


def until(true: Callable[[], object], why: str = "it did not happen") -> None:
    """Wait for what should come, and no longer; fail if it never does."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, why
        time.sleep(0.02)
