"""Suggests which chart a table is for, by the columns that each chart finds in it. A suggestion is shown, never used silently."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mews_newtt.chart.model import Chart, Parameter
from mews_newtt.reading.columns import rows_without_column
from mews_newtt.reading.suggest import names_chart, suggest_columns


class Fit(NamedTuple):
    """How a table fits one chart.

    found, missing : scored rows of the chart with and without a column
    named : a column is called after the chart, such as NEWS
    """

    chart: Chart
    found: int
    missing: tuple[Parameter, ...]
    named: bool

    @property
    def order(self) -> tuple[bool, int, int]:
        """The best fit is the smallest."""
        return (not self.named, len(self.missing), -self.found)


def fits_of(charts: Iterable[Chart], names: Sequence[str]) -> list[Fit]:
    """The charts that find at least one scored row among these columns, the best fit first."""
    found = [_fit(chart, names) for chart in charts]
    return sorted((fit for fit in found if fit.found), key=lambda fit: fit.order)


def best_of(fits: Sequence[Fit]) -> Fit | None:
    """The fit that is better than every other; None where two are as good as each other."""
    alone = len(fits) == 1 or (len(fits) > 1 and fits[0].order < fits[1].order)
    return fits[0] if alone else None


def _fit(chart: Chart, names: Sequence[str]) -> Fit:
    ours = suggest_columns(chart, names)
    missing = tuple(parameter for parameter in rows_without_column(chart, ours.values()) if parameter.role == "scored")
    scored = {parameter.id for parameter in chart.parameters if parameter.role == "scored"}
    return Fit(chart, len(scored & set(ours.values())), missing, any(names_chart(chart, name) for name in names))
