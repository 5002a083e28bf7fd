"""What an engine is, and what it answers: the interface that `score_table`, `score_file` and validation call.

An engine is made from a compiled chart (`mews_newtt.compiled`) and scores the rows of an Arrow table. Row by row it gives exactly what the
reference gives (`mews_newtt.scoring.reference`): tests/test_engines.py holds every engine to it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mews_newtt.reading.columns import ColumnMap

STATUSES = ("complete", "partial", "refused")
COMPLETE, PARTIAL, REFUSED = range(3)  # codes of `status`
NO_POINTS = -1


class StringPool:
    """Distinct texts, numbered in order of first use; the empty text is 0."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {"": 0}

    def code(self, text: str) -> int:
        return self.codes.setdefault(text, len(self.codes))

    def all(self) -> list[str]:
        return list(self.codes)


@dataclass
class Results:
    """What an engine answers: n rows, in the order of the input.

    `least` and `most` bound the total; for a complete set both are the total. `level` and `level_max` are ranks, 0 for the lowest. Of a
    refused row they are 0. Where `least` and `most` are the same in every row they may be one array, and so may both levels. `missing`,
    `flags` and `error` are codes in the pools of the same name. `partial` and `refused` are upper bounds
    on how many rows have that status; 0 means none.
    """

    status: npt.NDArray[np.uint8]
    least: npt.NDArray[np.int16]
    most: npt.NDArray[np.int16]
    level: npt.NDArray[np.uint8]
    level_max: npt.NDArray[np.uint8]
    missing: npt.NDArray[np.int32]
    flags: npt.NDArray[np.int32]
    error: npt.NDArray[np.int32]
    points: npt.NDArray[np.int16]  # [scored parameter, row], NO_POINTS for none; no rows where nobody asked for points
    missing_texts: StringPool
    flag_texts: StringPool
    error_texts: StringPool
    partial: int = 0
    refused: int = 0

    def text_codes(self, texts: Iterable[tuple[str, str]]) -> tuple[list[int], list[int]]:
        """The codes of texts for `missing` and `flags`. Call it from one thread only: two that number at once may give two texts one code."""
        codes = [(self.missing_texts.code(missing), self.flag_texts.code(flags)) for missing, flags in texts]
        return [missing for missing, _ in codes], [flags for _, flags in codes]


def empty_results(rows: int, scored: int, points: bool) -> Results:
    """Room for the results of so many rows and, on request, the points of so many scored parameters. Pages that nobody writes cost nothing."""
    return Results(
        np.zeros(rows, np.uint8),
        np.zeros(rows, np.int16),
        np.zeros(rows, np.int16),
        np.zeros(rows, np.uint8),
        np.zeros(rows, np.uint8),
        np.zeros(rows, np.int32),
        np.zeros(rows, np.int32),
        np.zeros(rows, np.int32),
        np.full((scored, rows if points else 0), NO_POINTS, np.int16),
        StringPool(),
        StringPool(),
        StringPool(),
    )


class Engine(Protocol):
    """Scores tables on one compiled chart. It may be called from several threads at once."""

    def score(self, table: pa.Table, column_map: ColumnMap, *, points: bool = False, threads: int = 1) -> Results:
        """The results of all rows.

        Parameters
        ----------
        table : only columns that the chart reads, under our names: parameter ids, and `skip_<parameter>` for reasons
        column_map : what the caller declared about values, units and marks for missing, by our names
        points : also fill `Results.points`
        threads : how many may work at once

        Raises
        ------
        ColumnError  a column of a kind that holds no reading, such as lists
        """
        ...


def default_threads() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
