"""How likely it is that disagreements gather in a part of the rows by chance alone. Exact, and without scipy."""

from __future__ import annotations

import math

SMALLEST = 1e-12  # a further term that adds less than this share of the sum ends the sum


def log_chance(rows: int, wrong: int, part: int, wrong_inside: int) -> float:
    """The natural logarithm of the probability that `part` rows, drawn by chance, hold at least `wrong_inside` of the `wrong` rows.

    This is the upper tail of the hypergeometric distribution (Fisher's exact test, one-sided). 0 (certain) where that many must be inside.
    """
    least, most = max(0, part + wrong - rows), min(part, wrong)
    if wrong_inside <= least:
        return 0.0
    if wrong_inside > most:
        return -math.inf
    mean = part * wrong / rows
    if wrong_inside <= mean:
        return 0.0  # at or below what chance gives: nothing stands out
    first = _log_choose(wrong, wrong_inside) + _log_choose(rows - wrong, part - wrong_inside) - _log_choose(rows, part)
    term = total = 1.0
    for inside in range(wrong_inside, most):  # each term from the one before; beyond the mean they fall
        term *= (wrong - inside) * (part - inside) / ((inside + 1) * (rows - wrong - part + inside + 1))
        total += term
        if term < SMALLEST * total:
            break
    return min(0.0, first + math.log(total))


def corrected(log_probability: float, tries: int) -> float:
    """A probability after `tries` parts were looked at: never more than 1 (the correction of Bonferroni)."""
    return min(1.0, math.exp(min(0.0, log_probability + math.log(max(1, tries)))))


def chance_words(probability: float) -> str:
    """A small probability as people say it."""
    if probability >= 0.1:
        return f"{round(probability * 100)} in 100"
    if probability < 1e-9:
        return "less than 1 in a billion"
    return f"about 1 in {_rounded(1 / probability):,}"


def _rounded(number: float) -> int:
    """To one digit: more would claim more than is known."""
    size: int = 10 ** int(math.log10(number))
    return int(number // size) * size


def _log_choose(of: int, chosen: int) -> float:
    return math.lgamma(of + 1) - math.lgamma(chosen + 1) - math.lgamma(of - chosen + 1)
