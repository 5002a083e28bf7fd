"""Packed missing and flag bits as the words of the result columns: each distinct combination is worded once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from mews_newtt.engines.numba.layout import Layout
from mews_newtt.engines.numba.numbering import number_distinct

FLAG_ORDER = ("converted", "float_noise", "finer_than_recorded", "implausible", "between_bands", "not_read", "skipped")
Codes = npt.NDArray[np.int32]


class Texts:
    """Distinct texts, numbered; the empty one is 0."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {"": 0}

    def code(self, text: str) -> int:
        return self.codes.setdefault(text, len(self.codes))

    def all(self) -> list[str]:
        return list(self.codes)


def words_of(layout: Layout, packed: Iterable[int]) -> tuple[str, str]:
    """`missing` and `flags` of one combination of packed words."""
    words = list(packed)

    def has(name: str) -> bool:
        place = layout.places.get(name)
        return place is not None and (words[place.word] >> place.shift) & place.mask != 0

    steps, chart = layout.steps, layout.steps.chart
    missing = [p.id for p in chart.parameters if has(f"missing:{p.id}")]
    flags = [f"{flag}:{p.id}" for p in chart.parameters for flag in FLAG_ORDER if has(f"flag:{flag}:{p.id}")]
    flags += [f"assumed:{p.id}" for p in chart.parameters if has(f"assumed:{p.id}")]
    flags += [f"lone:{name}" for name, other in steps.counterparts if has(f"given:{name}") and not has(f"given:{other}")]
    flags += [f"not_above:{name}" for name in dict.fromkeys(name for name, _ in chart.above_pairs) if has(f"flag:not_above:{name}")]
    flags += [
        f"out_of_scope:{rule.when[0][0]}"
        for place, rule in enumerate(chart.scope)
        if not rule.refuse and all(has(f"scope:{place}:{part}") for part in range(len(rule.when)))
    ]
    return ";".join(missing), ";".join(flags)


def number_words(words: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], Codes]:
    """Distinct columns of [word, row] and which of them each row has."""
    codes = np.zeros(words.shape[1], np.int32)
    distinct = np.zeros((0, 1), np.int64)
    for word in words:
        values, numbers = number_values(word)
        if not len(distinct):
            distinct, codes = values[None, :], numbers
            continue
        pairs, codes = number_values(codes.astype(np.int64) * len(values) + numbers)
        distinct = np.concatenate([distinct[:, pairs // len(values)], values[None, pairs % len(values)]])
    return distinct, codes


def number_values(values: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int64], Codes]:
    """Distinct values by first appearance and the number of each row's."""
    codes = np.empty(len(values), np.int32)
    size = 1 << 10
    while True:
        slots, numbers = np.zeros(size, np.int64), np.full(size, -1, np.int32)
        known = number_distinct(values, slots, numbers, codes)
        if known >= 0:
            found = np.zeros(known, np.int64)
            used = numbers >= 0
            found[numbers[used]] = slots[used]
            return found, codes
        size *= 8


def translate(codes: Codes, numbers: list[int], into: Codes) -> None:
    """Write texts' numbers for rows' codes."""
    if all(number == numbers[0] for number in numbers):
        into[:] = numbers[0] if numbers else 0
    elif numbers == list(range(len(numbers))):
        into[:] = codes
    else:
        np.take(np.array(numbers, np.int32), codes, out=into)


Words = Callable[[Iterable[int]], tuple[str, str]]
