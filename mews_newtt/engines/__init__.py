"""Engines: each scores whole tables on a compiled chart. `engine_of(chart)` is the way in; `base` says what an engine is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mews_newtt.chart.model import Chart
from mews_newtt.compiled import compile_chart

if TYPE_CHECKING:
    from mews_newtt.engines.base import Engine

MOST_IN_ARRAYS = 1_000_000  # rows that the array engine has scored before the numba engine is loaded
ENGINES = ("numba", "arrays", "expressions")


def engine_of(chart: Chart, name: str = "numba") -> Engine:
    """The engine of that name (one of ENGINES) for a chart. It is made once for each Chart object, and never copied or pickled with it."""
    if name not in ENGINES:
        raise ValueError(f"no engine {name!r}: choose one of {', '.join(ENGINES)}")
    made: dict[str, Engine] = chart.memo.setdefault("engines", {})
    if name not in made:
        made[name] = _make(name, chart)
    return made[name]


def engine_for(chart: Chart, rows: int) -> Engine:
    """The engine that has so many rows scored soonest: the numba engine, unless it is still to be loaded and the rows are few.

    Small tables count up, so that a process that scores many of them loads it in the end.
    """
    if "mews_newtt.engines.numba" not in sys.modules:
        scored = chart.memo["rows_in_arrays"] = chart.memo.get("rows_in_arrays", 0) + rows
        if rows <= MOST_IN_ARRAYS and scored <= 10 * MOST_IN_ARRAYS:
            return engine_of(chart, "arrays")
    return engine_of(chart, "numba")


def _make(name: str, chart: Chart) -> Engine:
    if name == "numba":
        from mews_newtt.engines.numba import NumbaEngine  # batch extra; it takes a second to start

        return NumbaEngine(compile_chart(chart))
    if name == "arrays":
        from mews_newtt.engines.arrays import ArrayEngine  # batch extra

        return ArrayEngine(compile_chart(chart))
    from mews_newtt.engines.expressions import ExpressionEngine  # batch extra

    return ExpressionEngine(compile_chart(chart))
