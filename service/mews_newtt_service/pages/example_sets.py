"""The example sets of a chart, for pages: made once for each chart, and filled into its form."""

from __future__ import annotations

from functools import lru_cache

import anyio.to_thread

from mews_newtt.chart.model import Chart
from mews_newtt.validation.cases.shown import Shown, examples


@lru_cache(maxsize=32)
def _examples(sha256: str, chart: Chart) -> tuple[Shown, ...]:
    return tuple(examples(chart))


async def examples_of(chart: Chart) -> tuple[Shown, ...]:
    """The examples of a chart. The first time they take up to a second, so they are made in a thread."""
    return await anyio.to_thread.run_sync(_examples, chart.sha256, chart)


async def example_named(chart: Chart, name: str) -> Shown | None:
    """The example that an address names; None where there is none of this name."""
    return next((shown for shown in await examples_of(chart) if shown.id == name), None)
