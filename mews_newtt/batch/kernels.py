"""The compiled loops: arrays in, arrays out. No chart, no text, no exception, no clinical number.

Columns come as addresses and type numbers, so one compilation serves every chart and every mixture of column types. Compiled code is
cached on disk; numba's cache key leaves compile options out, so every function here has one set of them.
"""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from typing import Any

import numpy as np
from numba import carray, njit, types
from numba.core import cgutils
from numba.extending import intrinsic

import mews_newtt.batch.cache  # noqa: F401 - says where machine code is kept, before numba reads it

BLOCK = 2048
# places in a column's row of `spec`
KIND, ADDRESS, BITMAP, OFFSET, LOW, HIGH, SCALE, MULTIPLE, BASE, ENTRIES, TABLE, STRIDE, CONTEXT, GROUP, FEED, FEEDS, POINTS = range(17)
SPEC_SIZE = 17
ABSENT, BYTE, INT16, INT32, INT64, FLOAT32, FLOAT64 = range(7)  # INT16 and INT32 in steps of 1 only
BYTES = 256


@intrinsic
def pointer(typingctx: Any, address: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], cgutils.voidptr_t)

    return types.voidptr(address), generate


@njit(nogil=True, cache=True)
def encode_floats(x: Any, spec: Any, code: Any, single: bool) -> None:
    """Recordable values to their place in the table; the rest is missing (NaN) or odd."""
    scale, multiple = float(spec[SCALE]), float(spec[MULTIPLE])
    base, entries = np.int32(spec[BASE]), np.int32(spec[ENTRIES])
    odd, end = np.int32(entries + 1), np.uint32(entries)
    # A float that no int32 holds converts to some int32 that is not equal to it, and so is odd, or missing where it is NaN.
    if scale == 1.0 and multiple == 1.0:
        for i in range(len(x)):
            value = x[i]
            steps = np.int32(value)
            place = np.int32(steps - base)
            code[i] = place if (float(steps) == float(value)) & (np.uint32(place) < end) else (odd if value == value else entries)
    else:
        per_step = scale / multiple
        for i in range(len(x)):
            value = float(x[i])
            steps = np.int32(value * per_step + 0.5)
            place = np.int32(steps - base)
            back = float(steps) * multiple / scale
            if single:
                back = float(np.float32(back))
            code[i] = place if (back == value) & (np.uint32(place) < end) else (odd if value == value else entries)


@njit(nogil=True, cache=True)
def encode_ints(x: Any, spec: Any, code: Any) -> None:
    """Whole numbers to their place in the table; those outside it are odd."""
    low, high = spec[LOW], spec[HIGH]
    scale, multiple, base = spec[SCALE], spec[MULTIPLE], spec[BASE]
    odd = np.int32(spec[ENTRIES] + 1)
    if multiple == 1:
        for i in range(len(x)):
            value = np.int64(x[i])
            code[i] = np.int32(value * scale - base) if (value >= low) & (value <= high) else odd
    else:
        for i in range(len(x)):
            value = np.int64(x[i])
            inside = (value >= low) & (value <= high)
            scaled = (value if inside else 0) * scale
            code[i] = np.int32(scaled // multiple - base) if inside & (scaled % multiple == 0) else odd


@njit(nogil=True, cache=True)
def encode_small(x: Any, spec: Any, code: Any) -> None:
    """The same for narrow columns in steps of 1, in 32 bits."""
    low, high, base = np.int32(spec[LOW]), np.int32(spec[HIGH]), np.int32(spec[BASE])
    odd = np.int32(spec[ENTRIES] + 1)
    for i in range(len(x)):
        value = np.int32(x[i])
        code[i] = value - base if (value >= low) & (value <= high) else odd


@njit(nogil=True, cache=True)
def encode(spec: Any, first: int, count: int, code: Any) -> None:
    """One block of one column, of whatever type, to table places."""
    kind, at = spec[KIND], spec[OFFSET] + first
    address = spec[ADDRESS]
    if kind == FLOAT64:
        encode_floats(carray(pointer(address + 8 * at), count, np.float64), spec, code, False)
    elif kind == FLOAT32:
        encode_floats(carray(pointer(address + 4 * at), count, np.float32), spec, code, True)
    elif kind == BYTE:  # its table has a place for every byte
        x = carray(pointer(address + at), count, np.uint8)
        for i in range(count):
            code[i] = np.int32(x[i])
    elif kind == INT16:
        encode_small(carray(pointer(address + 2 * at), count, np.int16), spec, code)
    elif kind == INT32:
        encode_small(carray(pointer(address + 4 * at), count, np.int32), spec, code)
    elif kind == INT64:
        encode_ints(carray(pointer(address + 8 * at), count, np.int64), spec, code)
    else:
        code[:count] = np.int32(spec[ENTRIES])
    if spec[BITMAP] != 0:
        missing = np.int32(spec[ENTRIES])
        bits = carray(pointer(spec[BITMAP] + (at >> 3)), ((at & 7) + count + 7) >> 3, np.uint8)
        skew = at & 7
        for i in range(count):
            place = skew + i
            if (bits[place >> 3] >> (place & 7)) & 1 == 0:
                code[i] = missing


@njit(nogil=True, cache=True)
def add_block(
    specs: Any,
    feeds: Any,
    tables: Any,
    links: Any,
    joint: Any,
    base: Any,
    link_base: Any,
    worth: Any,
    points: Any,
    first: int,
    count: int,
    code: Any,
    context: Any,
    group: Any,
    total: Any,
) -> None:
    """Sum what every column of a block of rows gives. `links` maps a place to a context class or a group class, `worth` to its points.

    Places are never negative; they are used as unsigned, so that no look-up asks whether to count from the end.
    """
    words = total.shape[0]
    for w in range(words):
        total[w, :count] = base[w]
    sets = context.shape[0]
    for s in range(sets):
        context[s, :count] = link_base[s]
    groups = group.shape[0]
    for g in range(groups):
        group[g, :count] = link_base[sets + g]
    for column in range(specs.shape[0]):
        spec = specs[column]
        encode(spec, first, count, code)
        if spec[CONTEXT] >= 0:
            chosen, stride = context[spec[CONTEXT]], np.int32(spec[STRIDE])
            for i in range(count):
                code[i] += chosen[i] * stride
        start = spec[TABLE]
        for w in range(words):
            table, into = tables[w, start:], total[w]
            for i in range(count):
                into[i] += table[np.uint32(code[i])]
        if spec[POINTS] >= 0 and points.shape[1]:
            table16, into16 = worth[start:], points[spec[POINTS], first:]
            for i in range(count):
                into16[i] = table16[np.uint32(code[i])]
        for feed in range(spec[FEED], spec[FEED] + spec[FEEDS]):
            link, fed = links[feeds[feed, 1] :], context[feeds[feed, 0]]
            for i in range(count):
                fed[i] += link[np.uint32(code[i])]
        if spec[GROUP] >= 0:
            link, fed = links[feeds[spec[FEED] + spec[FEEDS], 1] :], group[spec[GROUP]]
            for i in range(count):
                fed[i] += link[np.uint32(code[i])]
    for g in range(groups):
        start = link_base[sets + groups + g]
        for w in range(words):
            table, into, chosen = joint[w, start:], total[w], group[g]
            for i in range(count):
                into[i] += table[np.uint32(chosen[i])]


@njit(nogil=True, cache=True)
def sum_rows(
    specs: Any,
    feeds: Any,
    tables: Any,
    links: Any,
    joint: Any,
    base: Any,
    link_base: Any,
    worth: Any,
    sets: int,
    groups: int,
    points: Any,
    out: Any,
) -> None:
    """Packed sums of all rows, as they are."""
    code, rows = np.empty(BLOCK, np.int32), out.shape[1]
    context, group = np.empty((sets, BLOCK), np.int32), np.empty((groups, BLOCK), np.int32)
    total = np.empty((out.shape[0], BLOCK), tables.dtype)
    for first in range(0, rows, BLOCK):
        count = min(BLOCK, rows - first)
        add_block(specs, feeds, tables, links, joint, base, link_base, worth, points, first, count, code, context, group, total)
        out[:, first : first + count] = total[:, :count]


@njit(nogil=True, cache=True)
def reach_levels(total: Any, rules: Any, end: int, reached: Any) -> None:
    """The highest level that any rule gives; rules come lowest level first. For charts with too many counters for one table."""
    reached[:] = 0
    for rule in range(rules.shape[0]):
        take, shift = total[rules[rule, 3 * end]], total.dtype.type(rules[rule, 3 * end + 1])
        mask, threshold = total.dtype.type(rules[rule, 3 * end + 2]), total.dtype.type(rules[rule, 6])
        rank = np.uint8(rules[rule, 7])
        for i in range(len(reached)):
            reached[i] = rank if ((take[i] >> shift) & mask) >= threshold else reached[i]


@njit(nogil=True, cache=True)
def score_rows(
    specs: Any,
    feeds: Any,
    tables: Any,
    links: Any,
    joint: Any,
    base: Any,
    link_base: Any,
    worth: Any,
    sets: int,
    groups: int,
    points: Any,
    fields: Any,
    rules: Any,
    levels: Any,
    status: Any,
    least: Any,
    most: Any,
    level: Any,
    level_max: Any,
    side: Any,
    start: int,
    stop: int,
) -> Any:
    """Rows start, ..., stop - 1 to status (0 complete, 1 partial, 3 odd), total bounds, levels and side bits (zero where not written).

    Returns how many rows are odd, how many partial, and all side bits that occur.
    """
    code = np.empty(BLOCK, np.int32)
    context, group = np.empty((sets, BLOCK), np.int32), np.empty((groups, BLOCK), np.int32)
    total = np.empty((tables.shape[0], BLOCK), tables.dtype)
    odd_count, partial_count, seen = 0, 0, np.int64(0)
    for first in range(start, stop, BLOCK):
        count = min(BLOCK, stop - first)
        add_block(specs, feeds, tables, links, joint, base, link_base, worth, points, first, count, code, context, group, total)
        last = first + count
        word, shift, mask = fields[0, 0], total.dtype.type(fields[0, 1]), total.dtype.type(fields[0, 2])
        take, into = total[word], least[first:last]
        for i in range(count):
            into[i] = (take[i] >> shift) & mask
        word, shift, mask = fields[1, 0], total.dtype.type(fields[1, 1]), total.dtype.type(fields[1, 2])
        take, into = total[word], most[first:last]
        for i in range(count):
            into[i] = (take[i] >> shift) & mask
        if not len(levels):
            for end in range(2):
                reach_levels(total, rules, end, level[first:last] if end == 0 else level_max[first:last])
        else:
            take, into8 = total[fields[5, 0]], level[first:last]
            shift, mask = total.dtype.type(fields[5, 1]), total.dtype.type(fields[5, 2])
            for i in range(count):
                into8[i] = levels[np.uint32((take[i] >> shift) & mask)]
            take, into8 = total[fields[6, 0]], level_max[first:last]
            shift, mask = total.dtype.type(fields[6, 1]), total.dtype.type(fields[6, 2])
            for i in range(count):
                into8[i] = levels[np.uint32((take[i] >> shift) & mask)]
        open_mask, odd_mask = total.dtype.type(fields[2, 2]), total.dtype.type(fields[3, 2])
        take, odds, now = total[fields[2, 0]], total[fields[3, 0]], status[first:last]
        odds_here, partial_here = 0, 0
        for i in range(count):
            odd = (odds[i] & odd_mask) != 0
            lacking = (take[i] & open_mask) != 0
            odds_here += odd
            partial_here += lacking
            now[i] = 3 if odd else (1 if lacking else 0)
        odd_count += odds_here
        partial_count += partial_here
        take, mask, bits = total[fields[4, 0]], total.dtype.type(fields[4, 2]), side[first:last]
        here = total.dtype.type(0)
        for i in range(count):
            here |= take[i]
        here &= mask
        if here != 0:
            for i in range(count):
                bits[i] = take[i] & mask
        seen |= np.int64(here)
    return odd_count, partial_count, seen
