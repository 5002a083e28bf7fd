"""A small set of cases that shows every fault: greedy cover, then what became needless is dropped."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]


def cover(killers: Sequence[Rows], cost: npt.NDArray[np.int64], chosen: Sequence[int], most: int | None = None) -> list[int]:
    """Cases, the chosen ones first, that show every fault that any case shows.

    Parameters
    ----------
    killers : for each fault the cases that show it
    cost : how plain each case is; of cases that show equally many faults the plainest is taken
    chosen : cases that are in anyway
    most : stop at so many
    """
    counts = np.zeros(len(cost), np.int64)
    for rows in killers:
        counts[rows] += 1
    open_faults = {place for place, rows in enumerate(killers) if len(rows)}
    by_case: dict[int, list[int]] = {}
    for place, rows in enumerate(killers):
        for row in rows.tolist():
            by_case.setdefault(row, []).append(place)
    found: list[int] = []

    def take(case: int) -> None:
        found.append(case)
        for place in by_case.get(case, ()):
            if place in open_faults:
                open_faults.discard(place)
                counts[killers[place]] -= 1

    for case in chosen:
        take(case)
    scale = int(cost.max(initial=0)) + 1
    while open_faults and (most is None or len(found) < most):
        take(int(np.argmax(counts * scale - cost)))
    return found if most is not None else _needed(killers, found, keep=len(chosen))


def _needed(killers: Sequence[Rows], found: list[int], keep: int) -> list[int]:
    """Without the cases that the later ones made needless."""
    inside = set(found)
    hits = [len(inside.intersection(rows.tolist())) for rows in killers]
    shows: dict[int, list[int]] = {case: [] for case in found}
    for place, rows in enumerate(killers):
        for row in inside.intersection(rows.tolist()):
            shows[row].append(place)
    left = list(found)
    for case in found[keep:]:
        if all(hits[place] > 1 for place in shows[case]):
            left.remove(case)
            for place in shows[case]:
                hits[place] -= 1
    return left
