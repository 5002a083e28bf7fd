"""Which points a total counts: those of each parameter, and of a group once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.model import Chart
from mews_newtt.engines.base import NO_POINTS

Points = Mapping[str, npt.NDArray[Any]]


def counted(chart: Chart, points: Points, rows: int, without: str = "") -> npt.NDArray[np.int32]:
    """The points that a total adds up, [counted once, row]. No points count for 0; of a group with several readings the worst counts.

    points : by parameter, NO_POINTS for none
    without : a parameter whose points are left out
    """
    shown = {name: np.where(own == NO_POINTS, 0, own).astype(np.int32) for name, own in points.items() if name != without}
    found = []
    for group in chart.groups:
        own = [shown.pop(name) for name in group.parameters if name in shown]
        if own:
            found.append(np.max(own, axis=0) if group.kind == "either" else np.sum(own, axis=0))
    found += shown.values()
    return np.array(found, np.int32).reshape(len(found), rows)
