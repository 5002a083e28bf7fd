"""Counts by keys, added up part by part, and medians from how many times each value occurs. Memory grows with the keys, not with the rows."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from mews_newtt.errors import FileError, Problem

MOST_KEYS = 10_000_000  # different keys of one tally: some hundred MB
SLACK = 200_000  # rows that wait before they are added up


class Tally:
    """Counts by keys.

    keys : columns; sums : columns that are added up; most : columns of which the highest value is kept
    what : the keys in words, for the message if there are too many
    """

    def __init__(self, what: str, keys: Sequence[str], sums: Sequence[str], most: Sequence[str] = ()):
        self.what, self.keys, self.sums, self.most = what, list(keys), list(sums), list(most)
        self._frames: list[pl.DataFrame] = []
        self._waiting = self._kept = 0

    def add(self, counted: pl.DataFrame) -> None:
        """Take the counts of the next rows: keys may occur more than once."""
        self._frames.append(counted.select(*self.keys, *self.sums, *self.most))
        self._waiting += counted.height
        if self._waiting > self._kept + SLACK:
            self._add_up()

    def _add_up(self) -> None:
        aggregates = [*(pl.col(name).sum() for name in self.sums), *(pl.col(name).max() for name in self.most)]
        found = pl.concat(self._frames, how="vertical_relaxed").group_by(self.keys, maintain_order=True).agg(aggregates)
        if found.height > MOST_KEYS:
            what = f"holds more than {MOST_KEYS:,} different {self.what}, and the report needs all of them"
            raise FileError(Problem("too_many_values", "the file", what, "report on fewer rows, or on times without seconds"))
        self._frames, self._waiting, self._kept = [found], 0, found.height

    def total(self) -> pl.DataFrame:
        """The counts of all rows so far, one row for each key."""
        if self._waiting or len(self._frames) > 1:
            self._add_up()
        return self._frames[0]


def medians(values: pl.DataFrame, key: str, value: str, many: str) -> dict[str, float]:
    """The median of the values of each key, from how many times each value occurs."""
    found = (
        values.group_by(key, value)
        .agg(pl.col(many).sum())
        .sort(key, value)
        .with_columns(pl.col(many).cum_sum().over(key).alias("@so_far"), pl.col(many).sum().over(key).alias("@all"))
        .group_by(key)
        .agg(
            pl.col(value).filter(pl.col("@so_far") > (pl.col("@all") - 1) // 2).first().alias("@low"),
            pl.col(value).filter(pl.col("@so_far") > pl.col("@all") // 2).first().alias("@high"),
        )
    )
    return {str(one): (low + high) / 2 for one, low, high in found.select(key, "@low", "@high").iter_rows()}
