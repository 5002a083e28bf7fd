"""Compiled loops over bytes of JSON, before Polars reads them: find lines that may hold a name twice; turn an array of sets into lines."""

from __future__ import annotations

from typing import Any

import numpy as np

from mews_newtt.tables.loops import Loop

QUOTE, BACKSLASH, COMMA, LINE_FEED, RETURN, SPACE, TAB = 34, 92, 44, 10, 13, 32, 9
OPEN, CLOSE = (91, 123), (93, 125)  # [ { and ] }
SLOTS = 1 << 12  # of the hash table of names of one line; a line with more than half as many names goes to the exact check
DEPTH, INSIDE, ESCAPED, PART, STATE_SIZE = 0, 1, 2, 3, 4  # what `lines_of_array` keeps from one block to the next
BEFORE, FILLED, WANTED, ENDED = 0, 1, 2, 3  # its PART: no element yet, in one, after a comma, after the array


@Loop
def line_to_check(data: Any, at: int, hashes: Any, used: Any) -> Any:
    """Start and end of the first line, from `at` on, that may hold a name twice on its first level; -1 where none does.

    `hashes` and `used` have SLOTS entries; `used` says which line a slot was filled for. Names with escapes or equal hashes are only suspects.
    """
    size, start, names = len(data), at, 0
    depth, inside, key, wants_key, suspect = 0, False, False, False, False
    hashed = np.uint64(0)
    i = at
    while i <= size:
        mark = data[i] if i < size else LINE_FEED
        if mark == LINE_FEED:
            if suspect:
                return start, i
            start, names, depth, inside, wants_key = i + 1, 0, 0, False, False
        elif inside:
            if mark == BACKSLASH:
                suspect = suspect or key
                i += 1
            elif mark == QUOTE:
                inside = False
                if key:
                    key, names = False, names + 1
                    suspect = suspect or names > SLOTS // 2
                    slot = np.int64(hashed & np.uint64(SLOTS - 1))
                    while not suspect and used[slot] == start + 1:
                        suspect = hashes[slot] == hashed
                        slot = (slot + 1) & (SLOTS - 1)
                    if not suspect:
                        hashes[slot], used[slot] = hashed, start + 1
            elif key:
                hashed = (hashed ^ np.uint64(mark)) * np.uint64(1099511628211)
        elif mark == QUOTE:
            inside, key, hashed = True, wants_key and depth == 1, np.uint64(14695981039346656037)
            wants_key = False
        elif mark in OPEN:
            depth, wants_key = depth + 1, depth == 0
        elif mark in CLOSE:
            depth -= 1
        elif mark == COMMA and depth == 1:
            wants_key = True
        i += 1
    return -1, -1


@Loop
def lines_of_array(data: Any, out: Any, state: Any) -> Any:
    """A block of a JSON array as lines, one for each element, byte by byte. False where it is not an array, or an element is empty."""
    depth, inside, escaped, part = state[DEPTH], state[INSIDE] != 0, state[ESCAPED] != 0, state[PART]
    for i in range(len(data)):
        mark = data[i]
        out[i] = mark
        if inside:
            if escaped:
                escaped = False
            elif mark == BACKSLASH:
                escaped = True
            elif mark == QUOTE:
                inside = False
        elif mark in (LINE_FEED, RETURN, SPACE, TAB):
            out[i] = SPACE
        elif depth == 0:
            if part != BEFORE or mark != OPEN[0]:
                return False
            depth, out[i] = 1, SPACE
        elif depth == 1 and mark in (COMMA, CLOSE[0]):
            if part == WANTED or (part == BEFORE and mark == COMMA):
                return False
            depth, part = (1, WANTED) if mark == COMMA else (0, ENDED)
            out[i] = LINE_FEED
        else:
            part, inside = FILLED, mark == QUOTE
            depth += (mark in OPEN) - (mark in CLOSE)
    state[DEPTH], state[INSIDE], state[ESCAPED], state[PART] = depth, inside, escaped, part
    return True
