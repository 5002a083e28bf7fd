"""What a platform answers, by row, and where two platforms' answers differ in what they show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.model import Chart
from mews_newtt.engines.base import COMPLETE, NO_POINTS, REFUSED
from mews_newtt.validation.mutants.sheet import Flags, Rows


@dataclass
class Answers:
    """Answers for some rows: status, least total, rank of the level, and points by parameter (NO_POINTS for none).

    `points` holds only the parameters that may differ from the chart's.
    """

    rows: Rows
    status: npt.NDArray[np.uint8]
    total: npt.NDArray[np.int32]
    level: npt.NDArray[np.int16]
    points: dict[str, npt.NDArray[np.int16]] = field(default_factory=dict)


class Stated(NamedTuple):
    """What a platform states in each row; `stated.NONE` where it states nothing. `points` by parameter."""

    total: npt.NDArray[np.int32]
    level: npt.NDArray[np.int32]
    points: Mapping[str, npt.NDArray[np.int32]]


def differ(first: Answers, second: Answers) -> Flags:
    """Rows where two answers differ in what a platform shows: whether it scores the set, the plain total, the level."""
    scored = (first.status == REFUSED) != (second.status == REFUSED)
    both_scored = (first.status != REFUSED) & (second.status != REFUSED)
    totals = np.where(first.status == COMPLETE, first.total, NO_POINTS) != np.where(second.status == COMPLETE, second.total, NO_POINTS)
    return np.asarray(scored | (both_scored & (totals | (first.level != second.level))))


def answer_words(chart: Chart, answers: Answers, row: int) -> str:
    """One answer in words."""
    if answers.status[row] == REFUSED:
        return "no score"
    level = chart.levels[answers.level[row]].title if 0 <= answers.level[row] < len(chart.levels) else "a level that the chart does not have"
    total = f"total {answers.total[row]}, " if answers.status[row] == COMPLETE and answers.total[row] != NO_POINTS else ""
    return f"{total}level {level}" if total or answers.status[row] == COMPLETE else f"no total, level at least {level}"
