"""Adds the results of a chunk to a summary, counting codes instead of rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.model import Chart
from mews_newtt.engines.base import COMPLETE, REFUSED, STATUSES, Results
from mews_newtt.tables.summary import Summary


def add_results(summary: Summary, chart: Chart, results: Results, flags: bool) -> None:
    """Count every row of a chunk."""
    summary.rows += len(results.status)
    summary.status.update(_counted(results.status, STATUSES))
    complete, scored = results.status == COMPLETE, results.status != REFUSED
    if chart.has_points:
        totals = results.least if complete.all() else results.least[complete]
        summary.totals.update({total: times for total, times in enumerate(np.bincount(totals).tolist()) if times})
    summary.levels.update(_counted(results.level if scored.all() else results.level[scored], [level.id for level in chart.levels]))
    _add_parts(summary.missing, results.missing, results.missing_texts.all())
    if flags:
        _add_parts(summary.flags, results.flags, results.flag_texts.all())


def _counted(codes: npt.NDArray[Any], names: Sequence[str]) -> dict[str, int]:
    return {name: times for name, times in zip(names, np.bincount(codes, minlength=len(names)).tolist(), strict=False) if times}


def _add_parts(into: Counter[str], codes: npt.NDArray[Any], texts: Sequence[str]) -> None:
    for text, times in _counted(codes, texts).items():
        for part in text.split(";") if text else ():
            into[part] += times
