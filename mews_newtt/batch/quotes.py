"""Whether a block of CSV is quoted as the rules of CSV have it, so that every reader reads the same; and where its last whole record ends."""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from typing import Any

from numba import njit

QUOTE, LINE_FEED, RETURN = 34, 10, 13


@njit(nogil=True, cache=True)
def whole_records(data: Any, delimiter: int, width: int) -> Any:
    """Where the last whole record ends (0: none does) and how many there are; -1 where one is not plain.

    Not plain: a stray quote, another number of cells than `width`, a carriage return that is not half of a line end.
    """
    end, records, cells, inside, i, size = 0, 0, 1, False, 0, len(data)
    fresh = True  # at the start of a cell
    while i < size:
        mark = data[i]
        if inside:
            if mark == QUOTE:
                if i + 1 == size:
                    return end, records  # what follows decides
                after = data[i + 1]
                if after == QUOTE:
                    i += 1
                elif after in (delimiter, LINE_FEED):
                    inside = False
                elif after == RETURN:
                    if i + 2 == size:
                        return end, records
                    if data[i + 2] != LINE_FEED:
                        return -1, 0
                    inside = False
                else:
                    return -1, 0
            elif mark == RETURN:
                if i + 1 == size:
                    return end, records
                if data[i + 1] != LINE_FEED:
                    return -1, 0
        elif mark == QUOTE:
            if not fresh:
                return -1, 0
            inside, fresh = True, False
        elif mark == delimiter:
            cells, fresh = cells + 1, True
        elif mark == LINE_FEED:
            if cells != width:
                return -1, 0
            end, records, cells, fresh = i + 1, records + 1, 1, True
        elif mark == RETURN:
            if i + 1 == size:
                return end, records
            if data[i + 1] != LINE_FEED:
                return -1, 0
            fresh = False
        else:
            fresh = False
        i += 1
    return end, records
