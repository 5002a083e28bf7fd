"""Exact arithmetic on decimals, independent of the precision, traps and rounding in the caller's decimal context."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, localcontext

DIGITS = 5_000  # more than any reading, edge or sum of them can have
EXACT = Context(prec=DIGITS, Emax=MAX_EMAX, Emin=MIN_EMIN, clamp=0, traps=[])
HALF = Decimal("0.5")


@contextmanager
def exactly() -> Iterator[None]:
    """Arithmetic inside is exact: for a block (`with exactly():`) or a whole function (`@exactly()`)."""
    with localcontext(EXACT):
        yield


def add(one: Decimal, other: Decimal | int) -> Decimal:
    return EXACT.add(one, other)


def midpoint(low: Decimal, high: Decimal) -> Decimal:
    return EXACT.multiply(EXACT.add(low, high), HALF)


def plain(value: Decimal) -> str:
    """A decimal in its shortest form, without an exponent."""
    return format(value.normalize(EXACT), "f")
