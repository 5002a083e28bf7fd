"""The compiled loops: arrays in, arrays out. They know no chart, no text, no exception and no clinical number.

Columns come as addresses and type numbers, so one compilation serves every chart and every mixture of column types. Compiled code is
cached on disk (cache.py).
"""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numba import carray, config, types
from numba.core import cgutils
from numba.extending import intrinsic

from mews_newtt.engines.numba.cache import kernel

BLOCK = 4096
# indexes in a column's row of `spec`
KIND, ADDRESS, BITMAP, OFFSET, LOW, HIGH, SCALE, MULTIPLE, BASE, ENTRIES, TABLE, STRIDE, CONTEXT, FEED, FEEDS, POINTS, MORE = range(17)
SPEC_SIZE = 17
ABSENT, BYTE, INT16, INT32, INT64, FLOAT32, FLOAT64 = range(7)  # INT16 and INT32 in steps of 1 only
BYTES = 256
NEEDS_SLOW_PATH = 3  # a status that no result keeps


@intrinsic
def _compiled_pointer(typingctx: Any, address: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], cgutils.voidptr_t)

    return types.voidptr(address), generate


def _plain_pointer(address: Any) -> Any:
    """The same where the loops run as plain Python, for tests and debuggers."""
    return ctypes.c_void_p(int(address))


pointer: Any = _plain_pointer if config.DISABLE_JIT else _compiled_pointer


@kernel
def encode_floats(x: Any, spec: Any, code: Any, single: bool) -> None:
    """Recordable values to their index in the table; the rest is missing (NaN) or goes the slow path."""
    scale, multiple = float(spec[SCALE]), float(spec[MULTIPLE])
    base, entries = np.int32(spec[BASE]), np.int32(spec[ENTRIES])
    slow, end = np.int32(entries + 1), np.uint32(entries)
    # A float that no int32 holds converts to some int32 that is not equal to it, so it goes the slow path, or is missing where it is NaN.
    if scale == 1.0 and multiple == 1.0:
        for i in range(len(x)):
            value = x[i]
            steps = np.int32(value)
            index = np.int32(steps - base)
            code[i] = index if (float(steps) == float(value)) & (np.uint32(index) < end) else (slow if value == value else entries)
    else:
        per_step = scale / multiple
        for i in range(len(x)):
            value = float(x[i])
            steps = np.int32(value * per_step + 0.5)
            index = np.int32(steps - base)
            back = float(steps) * multiple / scale
            if single:
                back = float(np.float32(back))
            code[i] = index if (back == value) & (np.uint32(index) < end) else (slow if value == value else entries)


@kernel
def encode_ints(x: Any, spec: Any, code: Any) -> None:
    """Whole numbers to their index in the table; those outside it go the slow path."""
    low, high = spec[LOW], spec[HIGH]
    scale, multiple, base = spec[SCALE], spec[MULTIPLE], spec[BASE]
    slow = np.int32(spec[ENTRIES] + 1)
    if multiple == 1:
        for i in range(len(x)):
            value = np.int64(x[i])
            code[i] = np.int32(value * scale - base) if (value >= low) & (value <= high) else slow
    else:
        for i in range(len(x)):
            value = np.int64(x[i])
            inside = (value >= low) & (value <= high)
            scaled = (value if inside else 0) * scale
            code[i] = np.int32(scaled // multiple - base) if inside & (scaled % multiple == 0) else slow


@kernel
def encode_small(x: Any, spec: Any, code: Any) -> None:
    """The same for narrow columns in steps of 1, in 32 bits."""
    low, high, base = np.int32(spec[LOW]), np.int32(spec[HIGH]), np.int32(spec[BASE])
    slow = np.int32(spec[ENTRIES] + 1)
    for i in range(len(x)):
        value = np.int32(x[i])
        code[i] = value - base if (value >= low) & (value <= high) else slow


@kernel
def encode_bytes(x: Any, spec: Any, code: Any) -> None:
    """Bytes to their index in the table, counted round from its first; those outside it go the slow path."""
    base, entries = np.int32(spec[BASE]), np.int32(spec[ENTRIES])
    slow, wrap = np.int32(entries + 1), np.int32(BYTES - 1)
    for i in range(len(x)):
        index = np.int32(np.int32(np.int32(x[i]) - base) & wrap)
        code[i] = index if index < entries else slow


@kernel
def put_missing(bits: Any, skew: int, count: int, missing: Any, code: Any) -> None:
    """Rows whose validity bit is 0 are missing; `skew` bits come before the first."""
    done = 0
    if skew == 0:  # a byte at a time: eight rows at once, and nothing to do where all are there
        for byte in range(count >> 3):
            held = np.int32(bits[byte])
            if held != BYTES - 1:
                at = byte << 3
                for bit in range(8):
                    code[at + bit] = code[at + bit] if (held >> np.int32(bit)) & np.int32(1) else missing
        done = count & ~7
    for i in range(done, count):
        bit_at = skew + i
        if (bits[bit_at >> 3] >> (bit_at & 7)) & 1 == 0:
            code[i] = missing


@kernel
def encode(spec: Any, first: int, count: int, code: Any) -> None:
    """One block of one column, of whatever type, to indexes in its table."""
    kind, at = spec[KIND], spec[OFFSET] + first
    address = spec[ADDRESS]
    if kind == FLOAT64:
        encode_floats(carray(pointer(address + 8 * at), count, np.float64), spec, code, False)
    elif kind == FLOAT32:
        encode_floats(carray(pointer(address + 4 * at), count, np.float32), spec, code, True)
    elif kind == BYTE:
        encode_bytes(carray(pointer(address + at), count, np.uint8), spec, code)
    elif kind == INT16:
        encode_small(carray(pointer(address + 2 * at), count, np.int16), spec, code)
    elif kind == INT32:
        encode_small(carray(pointer(address + 4 * at), count, np.int32), spec, code)
    elif kind == INT64:
        encode_ints(carray(pointer(address + 8 * at), count, np.int64), spec, code)
    else:
        code[:count] = np.int32(spec[ENTRIES])
    if spec[BITMAP] != 0:
        skew = at & 7
        put_missing(carray(pointer(spec[BITMAP] + (at >> 3)), (skew + count + 7) >> 3, np.uint8), skew, count, np.int32(spec[ENTRIES]), code)


@kernel
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
    part: Any,
    context: Any,
    groups: int,
    total: Any,
) -> None:
    """Sum what every column of a block of rows gives. `links` maps an index to its part of a context code or a group's number
    (`context`: sets of contexts, then groups), `worth` to its points.

    Columns that share a table come one after the other, marked MORE until the last; their indexes count together as digits do.
    Indexes are never negative; they are used as unsigned, so that no lookup asks whether to count from the end.
    """
    words = total.shape[0]
    for w in range(words):
        into, start_word = total[w], base[w]
        for i in range(count):
            into[i] = start_word
    fed_rows = context.shape[0]
    for s in range(fed_rows):
        fed, start_code = context[s], link_base[s]
        for i in range(count):
            fed[i] = start_code
    begun = False
    for column in range(specs.shape[0]):
        spec = specs[column]
        if begun:
            encode(spec, first, count, part)
            size = np.int32(spec[ENTRIES] + 2)
            for i in range(count):
                code[i] = np.int32(code[i] * size) + part[i]
        else:
            encode(spec, first, count, code)
        begun = spec[MORE] != 0
        if begun:
            continue
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
    for g in range(groups):
        start = link_base[fed_rows + g]
        for w in range(words):
            table, into, chosen = joint[w, start:], total[w], context[fed_rows - groups + g]
            for i in range(count):
                into[i] += table[np.uint32(chosen[i])]


@kernel
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
    code, part, rows = np.empty(BLOCK, np.int32), np.empty(BLOCK, np.int32), out.shape[1]
    context = np.empty((sets + groups, BLOCK), np.int32)
    total = np.empty((out.shape[0], BLOCK), tables.dtype)
    for first in range(0, rows, BLOCK):
        count = min(BLOCK, rows - first)
        add_block(specs, feeds, tables, links, joint, base, link_base, worth, points, first, count, code, part, context, groups, total)
        for w in range(out.shape[0]):
            into, take = out[w, first:], total[w]
            for i in range(count):
                into[i] = take[i]


@kernel
def reach_levels(total: Any, rules: Any, end: int, reached: Any) -> None:
    """The highest level that any rule gives; rules come lowest level first. For charts with too many counters for one table."""
    reached[:] = 0
    for rule in range(rules.shape[0]):
        take, shift = total[rules[rule, 3 * end]], total.dtype.type(rules[rule, 3 * end + 1])
        mask, threshold = total.dtype.type(rules[rule, 3 * end + 2]), total.dtype.type(rules[rule, 6])
        rank = np.uint8(rules[rule, 7])
        for i in range(len(reached)):
            reached[i] = rank if ((take[i] >> shift) & mask) >= threshold else reached[i]


@kernel
def all_bits(words: Any) -> Any:
    """Every bit that any row has."""
    found = words.dtype.type(0)
    for i in range(len(words)):
        found |= words[i]
    return found


@kernel
def take_field(total: Any, field: Any, count: int, into: Any) -> None:
    """One field of packed sums as numbers."""
    take, shift, mask = total[field[0]], total.dtype.type(field[1]), total.dtype.type(field[2])
    for i in range(count):
        into[i] = np.int16((take[i] >> shift) & mask)


@kernel
def take_level(total: Any, field: Any, levels: Any, count: int, into: Any) -> None:
    """All counters of one end looked up in the table of levels."""
    take, shift, mask = total[field[0]], total.dtype.type(field[1]), total.dtype.type(field[2])
    for i in range(count):
        into[i] = levels[np.uint32((take[i] >> shift) & mask)]


@kernel
def ends_meet(total: Any, fields: Any, count: int) -> Any:
    """Whether in every row the least and the most are the same."""
    low, high = total[fields[5, 0]], total[fields[6, 0]]
    low_shift, high_shift, differs = total.dtype.type(fields[5, 1]), total.dtype.type(fields[6, 1]), total.dtype.type(0)
    for i in range(count):
        differs |= (low[i] >> low_shift) ^ (high[i] >> high_shift)
    return differs & total.dtype.type(fields[5, 2]) == 0


@kernel
def copy_ends(least: Any, most: Any, level: Any, level_max: Any, first: int, last: int) -> None:
    """Rows first, ..., last - 1, in which both ends are the same."""
    for i in range(first, last):
        most[i] = least[i]
    for i in range(first, last):
        level_max[i] = level[i]


@kernel
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
    """Rows start, ..., stop - 1 to status (0 complete, 1 partial, NEEDS_SLOW_PATH), total bounds, levels and side bits (zero where not written).

    `status` holds zeros before. Returns how many rows need the slow path, how many are partial, all side bits that occur, and whether in every
    row both ends are the same: then `most` and `level_max` are not written, because the first write to a page of memory costs time.
    """
    code, part = np.empty(BLOCK, np.int32), np.empty(BLOCK, np.int32)
    context = np.empty((sets + groups, BLOCK), np.int32)
    total = np.empty((tables.shape[0], BLOCK), tables.dtype)
    slow_count, partial_count, seen, one_end = 0, 0, np.int64(0), True
    open_mask, slow_mask, side_mask = total.dtype.type(fields[2, 2]), total.dtype.type(fields[3, 2]), total.dtype.type(fields[4, 2])
    for first in range(start, stop, BLOCK):
        count = min(BLOCK, stop - first)
        add_block(specs, feeds, tables, links, joint, base, link_base, worth, points, first, count, code, part, context, groups, total)
        last = first + count
        now, low, high = status[first:last], least[first:last], most[first:last]
        low_level, high_level = level[first:last], level_max[first:last]
        take, slow_words = total[fields[2, 0]], total[fields[3, 0]]
        here = all_bits(take[:count])
        slow_here = here if fields[3, 0] == fields[2, 0] else all_bits(slow_words[:count])
        seen |= np.int64(here & side_mask)
        if ((here & (open_mask | side_mask)) | (slow_here & slow_mask)) == 0 and len(levels) and ends_meet(total, fields, count):
            take_field(total, fields[0], count, low)
            take_level(total, fields[5], levels, count, low_level)
            if not one_end:
                copy_ends(least, most, level, level_max, first, last)
            continue
        if one_end:
            copy_ends(least, most, level, level_max, start, first)
            one_end = False
        take_field(total, fields[0], count, low)
        take_field(total, fields[1], count, high)
        if len(levels):
            take_level(total, fields[5], levels, count, low_level)
            take_level(total, fields[6], levels, count, high_level)
        else:
            reach_levels(total, rules, 0, low_level)
            reach_levels(total, rules, 1, high_level)
        slow_rows, partial_here = 0, 0
        for i in range(count):
            slow = (slow_words[i] & slow_mask) != 0
            lacking = (take[i] & open_mask) != 0
            slow_rows += slow
            partial_here += lacking
            now[i] = NEEDS_SLOW_PATH if slow else (1 if lacking else 0)
        slow_count += slow_rows
        partial_count += partial_here
        if here & side_mask != 0:
            bits = side[first:last]
            for i in range(count):
                bits[i] = take[i] & side_mask
    return slow_count, partial_count, seen, one_end
