"""Compiled loops that give numbers to distinct values and short texts, and a state to every float that has no index in a table."""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import carray

from mews_newtt.engines.numba.cache import kernel
from mews_newtt.engines.numba.kernels import pointer

Codes = npt.NDArray[np.int32]
TEXT_BYTES = 12  # what a string view holds in itself
SINGLE_DECIMALS = 12
SINGLE_LEAST, SINGLE_TOP = 1e-3, float(1 << 22)  # nine digits of anything from the least on are within twelve decimals


@kernel
def states_of_floats(x: Any, cuts: Any, scale: float, multiple: float, noise: float, widest: float, forms: int, missing: int, out: Any) -> Any:
    """Every float to its state: its class by binary search, its form by how near a recordable value is. -1 where it is too wide to tell."""
    unknown = 0
    for i in range(len(x)):
        value = x[i]
        if value != value:
            out[i] = missing
            continue
        steps = np.rint(value * (scale / multiple)) if abs(value) < 1e15 else 1e18
        if abs(steps) > widest:
            out[i] = -1
            unknown += 1
            continue
        form = 2
        if steps * multiple / scale == value:
            form = 0
        elif (steps * noise - 1) * multiple / (scale * noise) <= value <= (steps * noise + 1) * multiple / (scale * noise):
            form = 1
        out[i] = np.searchsorted(cuts, value, side="right") * forms + form
    return unknown


@kernel
def number_distinct(values: Any, slots: Any, numbers: Any, codes: Any) -> Any:
    """Number distinct values by first appearance; `slots` and `numbers` are a hash table of 2**n slots, -1 where free. -1: too many."""
    mask, known = len(slots) - 1, 0
    last, last_code = np.int64(-1), np.int32(0)
    for i in range(len(values)):
        value = np.int64(values[i])
        if value != last:
            slot = (value * 0x9E3779B1 ^ (value >> 15)) & mask
            while numbers[slot] >= 0 and slots[slot] != value:
                slot = (slot + 1) & mask
            if numbers[slot] < 0:
                if 2 * known > mask:
                    return -1
                slots[slot] = value
                numbers[slot] = known
                known += 1
            last, last_code = value, numbers[slot]
        codes[i] = last_code
    return known


@kernel
def short_text(view: bool, data: int, starts: int, index: int) -> Any:
    """A text of up to 12 bytes as two numbers, laid out as Arrow lays out a string view; and its length."""
    if view:
        words = carray(pointer(data + 16 * index), 2, np.int64)
        return words[0], words[1], words[0] & 0xFFFFFFFF
    ends = carray(pointer(starts + 8 * index), 2, np.int64)
    length = ends[1] - ends[0]
    head, tail = length, np.int64(0)
    if length <= TEXT_BYTES:
        letters = carray(pointer(data + ends[0]), length, np.uint8)
        for i in range(length):
            if i < 4:
                head |= np.int64(letters[i]) << (32 + 8 * i)
            else:
                tail |= np.int64(letters[i]) << (8 * i - 32)
    return head, tail, length


@kernel
def number_texts(view: bool, data: int, starts: int, bitmap: int, offset: int, slots: Any, numbers: Any, firsts: Any, codes: Any) -> Any:
    """Number short texts by first appearance, from 1; no text is 0. -1: too many or too long to be told apart here."""
    mask, known = len(numbers) - 1, 0
    for i in range(len(codes)):
        index = offset + i
        if bitmap != 0 and (carray(pointer(bitmap + (index >> 3)), 1, np.uint8)[0] >> (index & 7)) & 1 == 0:
            codes[i] = 0
            continue
        head, tail, length = short_text(view, data, starts, index)
        if length > TEXT_BYTES:
            return -1
        mixed = (head ^ (tail * 0x9E3779B1)) * 0x2545F4914F6CDD1D
        at = (mixed ^ (mixed >> 32)) & mask
        while numbers[at] != 0 and (slots[at, 0] != head or slots[at, 1] != tail):
            at = (at + 1) & mask
        if numbers[at] == 0:
            if known == len(firsts):
                return -1
            slots[at, 0], slots[at, 1] = head, tail
            firsts[known] = i
            known += 1
            numbers[at] = known
        codes[i] = numbers[at]
    return known


@kernel
def replace_codes(codes: Any, values: Any, out: Any) -> None:
    """Each code by the value that stands for it; `out` may be the codes themselves."""
    for i in range(len(codes)):
        out[i] = values[np.uint32(codes[i])]


@kernel
def shortest_of_singles(numbers: Any, out: Any) -> Any:
    """float32 to the float64 of the same shortest decimal, so that 36.8 stays 36.8; NaN where that is not found here. Returns how many.

    With up to 12 decimals a float32 times a power of ten is exact in float64, so rounding it gives the nearest decimal of that length, and
    the first length that reads back as the number is the shortest. Below 2**22 no such decimal lies midway between two float32.
    """
    unknown = 0
    for i in range(len(numbers)):
        value = float(numbers[i])
        size = abs(value)
        out[i] = value
        if value != value or (value == np.rint(value) and size < SINGLE_TOP):
            continue
        found = False
        if SINGLE_LEAST <= size < SINGLE_TOP:
            power = 1.0
            for _ in range(SINGLE_DECIMALS):
                power *= 10.0
                shortest = np.rint(value * power) / power
                if float(np.float32(shortest)) == value:
                    out[i] = shortest
                    found = True
                    break
        if not found:
            out[i] = np.nan
            unknown += 1
    return unknown


@kernel
def join_rows(
    words: Any,
    fields: Any,
    rules: Any,
    text: Any,
    missing: Any,
    begun: bool,
    status: Any,
    least: Any,
    most: Any,
    level: Any,
    level_max: Any,
    kept: Any,
) -> None:
    """Packed sums as results, joined with the results under other hypothetical values, if any were begun.

    Bounds and levels widen; a text bit stays where it is set in all of them.
    """
    for i in range(words.shape[1]):
        partial = np.uint8((words[fields[0, 0], i] >> fields[0, 1]) & fields[0, 2] != 0)
        low = (words[fields[1, 0], i] >> fields[1, 1]) & fields[1, 2]
        high = (words[fields[2, 0], i] >> fields[2, 1]) & fields[2, 2]
        low_level = high_level = np.int64(0)
        for rule in range(len(rules)):
            mask, threshold, rank = rules[rule, 2], rules[rule, 6], rules[rule, 7]
            low_level = rank if (words[rules[rule, 0], i] >> rules[rule, 1]) & mask >= threshold else low_level
            mask = rules[rule, 5]
            high_level = rank if (words[rules[rule, 3], i] >> rules[rule, 4]) & mask >= threshold else high_level
        if not begun:
            status[i], least[i], most[i], level[i], level_max[i] = partial, low, high, low_level, high_level
            for w in range(words.shape[0]):
                kept[w, i] = words[w, i]
            continue
        status[i] = max(status[i], partial)
        least[i], most[i] = min(least[i], low), max(most[i], high)
        level[i], level_max[i] = min(level[i], low_level), max(level_max[i], high_level)
        for w in range(words.shape[0]):
            one, other = kept[w, i], words[w, i]
            kept[w, i] = (one & other & text[w]) | ((one | other) & missing[w]) | (one & ~(text[w] | missing[w]))


def factorize(values: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int64], Codes]:
    """Distinct values by first appearance, and which of them each row has."""
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


def factorize_columns(words: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], Codes]:
    """Distinct columns of an array [word, row], and which of them each row has."""
    codes = np.zeros(words.shape[1], np.int32)
    distinct = np.zeros((0, 1), np.int64)
    for word in words:
        values, numbers = factorize(word)
        if not len(distinct):
            distinct, codes = values[None, :], numbers
            continue
        pairs, codes = factorize(codes.astype(np.int64) * len(values) + numbers)
        distinct = np.concatenate([distinct[:, pairs // len(values)], values[None, pairs % len(values)]])
    return distinct, codes
