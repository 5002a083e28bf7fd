"""Exact cuts as binary floats: a float has passed a cut where its shortest decimal has. So nothing is rounded when rows are scored."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np

from mews_newtt.compiled import Cut


def first_float(cut: Cut) -> float:
    """The least float64 whose shortest decimal has passed a cut."""
    x = float(Fraction(cut.at))
    while has_passed(cut, before := math.nextafter(x, -math.inf)):
        x = before
    while not has_passed(cut, x):
        x = math.nextafter(x, math.inf)
    return x


def first_single(cut: Cut) -> float:
    """The least float32 whose own shortest decimal has passed a cut, as the float64 of the same value."""
    low, high = np.float32(-np.inf), np.float32(np.inf)
    x = np.float32(float(Fraction(cut.at)))
    while has_passed(cut, before := np.nextafter(x, low)):
        x = before
    while not has_passed(cut, x):
        x = np.nextafter(x, high)
    return float(x)


def has_passed(cut: Cut, x: float | np.float32) -> bool:
    """Whether the shortest decimal of a float is at a cut or above it; with `beyond`, above it."""
    if not np.isfinite(x):
        return bool(x > 0)
    shortest, at = Fraction(Decimal(str(x))), Fraction(cut.at)
    return shortest > at or (shortest == at and not cut.beyond)
