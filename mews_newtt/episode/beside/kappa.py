"""Cohen's weighted kappa with its interval: how far two records agree beyond chance.

Sources
-------
Cohen J. Psychological Bulletin 1968;70:213-220 (weighted kappa). The standard error is that of Fleiss JL, Cohen J, Everitt BS. Psychological
Bulletin 1969;72:323-327. Tests hold the figures to statsmodels 0.15.0 and scikit-learn 1.9.1.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

NORMAL_95 = 1.959963984540054  # of the standard normal distribution
LINEAR, QUADRATIC = 1, 2  # the power of the distance between two categories


class Kappa(NamedTuple):
    """value: 1 is full agreement, 0 is what chance gives; low, high: the interval of 95%. value is None for one
    category alone; low and high are None too where every pair agrees."""

    value: float | None
    low: float | None
    high: float | None
    pairs: int


def weighted_kappa(counts: npt.NDArray[np.int64], power: int) -> Kappa:
    """Kappa of a square table of counts.

    Parameters
    ----------
    counts : k x k, [first record, second record], ordered categories
    power : `LINEAR` or `QUADRATIC`: how much worse a disagreement is, the further apart its two categories are
    """
    pairs = int(counts.sum())
    shares = counts / max(pairs, 1)
    first, second = shares.sum(axis=1), shares.sum(axis=0)
    places = np.arange(len(counts))
    weights = 1 - (np.abs(places[:, None] - places[None, :]) / max(len(counts) - 1, 1)) ** power
    observed, expected = float((weights * shares).sum()), float(first @ weights @ second)
    if not pairs or math.isclose(expected, 1.0, abs_tol=1e-12):
        return Kappa(None, None, None, pairs)
    value = (observed - expected) / (1 - expected)
    of_first, of_second = weights @ second, first @ weights
    spread = weights * (1 - expected) - (of_first[:, None] + of_second[None, :]) * (1 - observed)
    variance = float((shares * spread**2).sum()) - (observed * expected - 2 * expected + observed) ** 2
    error = math.sqrt(max(variance, 0.0) / pairs) / (1 - expected) ** 2
    if math.isclose(observed, 1.0):  # the formula gives an interval without any width, which few pairs do not show
        return Kappa(value, None, None, pairs)
    return Kappa(value, value - NORMAL_95 * error, min(value + NORMAL_95 * error, 1.0), pairs)
