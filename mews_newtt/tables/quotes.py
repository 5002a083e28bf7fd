"""A compiled loop over a block of CSV: is it quoted by the rules, so that every reader reads it alike, and where does its last whole record end?"""

from __future__ import annotations

from typing import Any

from mews_newtt.tables.loops import Loop

QUOTE, LINE_FEED, RETURN = 34, 10, 13


@Loop
def whole_records(data: Any, delimiter: int, width: int) -> Any:
    """Where the last whole record ends (0: none), how many records there are, and the bytes of the longest cell; -1 where a record is not plain.

    Not plain: a stray quote, another number of cells than `width`, a carriage return that is not half of a line end.
    """
    end, records, cells, inside, i, size = 0, 0, 1, False, 0, len(data)
    began, longest = 0, 0
    fresh = True  # at the start of a cell
    while i < size:
        mark = data[i]
        if inside:
            if mark == QUOTE:
                if i + 1 == size:
                    return end, records, longest  # the next byte decides
                after = data[i + 1]
                if after == QUOTE:
                    i += 1
                elif after in (delimiter, LINE_FEED):
                    inside = False
                elif after == RETURN:
                    if i + 2 == size:
                        return end, records, longest
                    if data[i + 2] != LINE_FEED:
                        return -1, 0, 0
                    inside = False
                else:
                    return -1, 0, 0
            elif mark == RETURN:
                if i + 1 == size:
                    return end, records, longest
                if data[i + 1] != LINE_FEED:
                    return -1, 0, 0
        elif mark == QUOTE:
            if not fresh:
                return -1, 0, 0
            inside, fresh = True, False
        elif mark == delimiter:
            cells, fresh, longest, began = cells + 1, True, max(longest, i - began), i + 1
        elif mark == LINE_FEED:
            if cells != width:
                return -1, 0, 0
            end, records, cells, fresh, longest, began = i + 1, records + 1, 1, True, max(longest, i - began), i + 1
        elif mark == RETURN:
            if i + 1 == size:
                return end, records, longest
            if data[i + 1] != LINE_FEED:
                return -1, 0, 0
            fresh = False
        else:
            fresh = False
        i += 1
    return end, records, longest
