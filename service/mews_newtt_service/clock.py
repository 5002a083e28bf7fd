"""The time now, in one place: the library has no clock, and tests set their own."""

from __future__ import annotations

from datetime import UTC, datetime


def clock() -> datetime:
    """The time now, with its zone."""
    return datetime.now(UTC)
