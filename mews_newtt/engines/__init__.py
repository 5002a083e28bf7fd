"""Engines: each scores whole tables on a compiled chart. `engine_of(chart)` is the way in; `base` says what an engine is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mews_newtt.chart.model import Chart
from mews_newtt.compiled import compile_chart

if TYPE_CHECKING:
    from mews_newtt.engines.base import Engine

ENGINES = ("numba", "expressions")


def engine_of(chart: Chart, name: str = "numba") -> Engine:
    """The engine of that name (one of ENGINES) for a chart. It is made once for each Chart object, and never copied or pickled with it."""
    if name not in ENGINES:
        raise ValueError(f"no engine {name!r}: choose one of {', '.join(ENGINES)}")
    made: dict[str, Engine] = chart.memo.setdefault("engines", {})
    if name not in made:
        made[name] = _make(name, chart)
    return made[name]


def _make(name: str, chart: Chart) -> Engine:
    if name == "numba":
        from mews_newtt.engines.numba import NumbaEngine  # batch extra; it takes a second to start

        return NumbaEngine(compile_chart(chart))
    from mews_newtt.engines.expressions import ExpressionEngine  # batch extra

    return ExpressionEngine(compile_chart(chart))
