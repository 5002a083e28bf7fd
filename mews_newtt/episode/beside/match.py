"""Which sets of two records belong together: the same person, at most so far apart, one to one, the closest first."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from mews_newtt.errors import FileError, Problem

MOST_CANDIDATES = 20_000_000  # pairs within the window; more would not fit into memory


def matched(first: pl.DataFrame, second: pl.DataFrame, within: timedelta) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The rows of the first and of the second record that belong together, in the order of the first.

    Parameters
    ----------
    first, second : `@person` and `@taken` of the sets that count
    within : how far apart two records of one set may be; this far is near enough

    Of all pairs of sets of one person within the window, the closest belong together. Then the closest of what is left, and so on. Of pairs
    equally far apart, the earlier one comes first.
    """
    one, two = (frame.select("@person", "@taken").with_row_index(name) for frame, name in ((first, "one"), (second, "two")))
    near = _near(one, two, within).sort("gap", "@person", "@taken", "taken_two")
    left, right = near.get_column("one").to_numpy(), near.get_column("two").to_numpy()
    taken_one, taken_two = np.zeros(first.height, np.bool_), np.zeros(second.height, np.bool_)
    kept = []
    for place, (at_one, at_two) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        if not taken_one[at_one] and not taken_two[at_two]:
            taken_one[at_one] = taken_two[at_two] = True
            kept.append(place)
    rows_one, rows_two = left[kept].astype(np.int64), right[kept].astype(np.int64)
    order = np.argsort(rows_one, kind="stable")
    return rows_one[order], rows_two[order]


def _near(one: pl.DataFrame, two: pl.DataFrame, within: timedelta) -> pl.DataFrame:
    """The pairs of one person within the window, with how far apart they are."""
    few = one.lazy().join(two.lazy().rename({"@taken": "taken_two"}), on="@person", how="inner")
    gap = (pl.col("@taken") - pl.col("taken_two")).abs()
    near = few.with_columns(gap.alias("gap")).filter(pl.col("gap") <= within)
    found = near.head(MOST_CANDIDATES + 1).collect(engine="streaming")
    if found.height > MOST_CANDIDATES:
        raise FileError(Problem("window_too_wide", "--window", f"gives more than {MOST_CANDIDATES:,} pairs of sets", "name a shorter one"))
    return found
