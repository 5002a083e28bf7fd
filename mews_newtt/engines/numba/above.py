"""Rows in which a reading is not above one that it must be above, such as a systolic pressure below the diastolic one.

Such rows are rare: they are found by comparing two columns, and the slow path flags them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from mews_newtt.engines.numba.columns import EncodedColumn
from mews_newtt.reading.values import NOISE

BLOCK = 1 << 14
Flags = npt.NDArray[np.bool_]


def rows_not_above(columns: Mapping[str, EncodedColumn], pairs: Iterable[tuple[str, str]]) -> dict[str, Flags]:
    """By parameter, its rows that are not above another's; parameters without such a row are left out."""
    found: dict[str, Flags] = {}
    for name, other in pairs:
        if columns[name].present and columns[other].present:
            wrong = _not_above(columns[name], columns[other])
            if wrong.any():
                found[name] = found[name] | wrong if name in found else wrong
    return found


def _not_above(upper: EncodedColumn, lower: EncodedColumn) -> Flags:
    high, low = upper.numbers(), lower.numbers()
    reach = 3 * float(max(upper.states.step, lower.states.step)) / NOISE  # float noise brings the two nearer by less
    wrong = np.empty(len(high), np.bool_)
    for start in range(0, len(high), BLOCK):  # so that what is computed in between stays in the processor's cache
        part = slice(start, start + BLOCK)
        np.less_equal(high[part], low[part] + reach, out=wrong[part])
    if wrong.any():
        close = np.flatnonzero(wrong & (high >= low - reach))
        wrong[close] = upper.as_read(high[close]) <= lower.as_read(low[close])
    return wrong
