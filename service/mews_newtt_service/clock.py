"""The time now. Routes ask it here because the library has no clock, and so that a test can set its own."""

from __future__ import annotations

from datetime import UTC, datetime


def clock() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)
