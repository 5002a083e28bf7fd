"""Compiled loops that number things: distinct values, distinct short texts, and the state of every float that is not in a table."""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from typing import Any

import numpy as np
from numba import carray, njit

from mews_newtt.batch.kernels import pointer

TEXT_BYTES = 12  # what a string view holds in itself


@njit(nogil=True, cache=True)
def states_of_floats(x: Any, cuts: Any, scale: float, multiple: float, noise: float, widest: float, forms: int, missing: int, out: Any) -> Any:
    """Every float to its state: segment by binary search, then recordable, near one, or finer. Those too wide to tell: -1."""
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


@njit(nogil=True, cache=True)
def number_distinct(values: Any, slots: Any, numbers: Any, codes: Any) -> Any:
    """Number distinct values by first appearance; `slots` and `numbers` are a hash table of 2**n places, -1 where free. -1: too many."""
    mask, known = len(slots) - 1, 0
    last, last_code = np.int64(-1), np.int32(0)
    for i in range(len(values)):
        value = np.int64(values[i])
        if value != last:
            place = (value * 0x9E3779B1 ^ (value >> 15)) & mask
            while numbers[place] >= 0 and slots[place] != value:
                place = (place + 1) & mask
            if numbers[place] < 0:
                if 2 * known > mask:
                    return -1
                slots[place] = value
                numbers[place] = known
                known += 1
            last, last_code = value, numbers[place]
        codes[i] = last_code
    return known


@njit(nogil=True, cache=True)
def short_text(view: bool, data: int, starts: int, place: int) -> Any:
    """A text of up to 12 bytes as two numbers, laid out as Arrow lays out a string view; and its length."""
    if view:
        words = carray(pointer(data + 16 * place), 2, np.int64)
        return words[0], words[1], words[0] & 0xFFFFFFFF
    ends = carray(pointer(starts + 8 * place), 2, np.int64)
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


@njit(nogil=True, cache=True)
def number_texts(view: bool, data: int, starts: int, bitmap: int, offset: int, slots: Any, numbers: Any, firsts: Any, codes: Any) -> Any:
    """Number short texts by first appearance, from 1; no text is 0. -1: too many or too long to be told apart here."""
    mask, known = len(numbers) - 1, 0
    for i in range(len(codes)):
        place = offset + i
        if bitmap != 0 and (carray(pointer(bitmap + (place >> 3)), 1, np.uint8)[0] >> (place & 7)) & 1 == 0:
            codes[i] = 0
            continue
        head, tail, length = short_text(view, data, starts, place)
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
