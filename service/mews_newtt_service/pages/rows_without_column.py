"""The rows of the chart that no column of a file was chosen for. The form asks about them before the other system is blamed for missing readings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from mews_newtt.chart.model import Chart, Parameter
from mews_newtt.reading.columns import rows_without_column


class RowsWithoutColumn(NamedTuple):
    """Scored rows and required triggers without a column. True if there is a scored one."""

    scored: tuple[Parameter, ...]
    triggers: tuple[Parameter, ...]

    def __bool__(self) -> bool:
        return bool(self.scored)

    @property
    def seen(self) -> str:
        """The ids of the scored rows. The form sends them back to show that its user saw them."""
        return " ".join(p.id for p in self.scored)

    @property
    def partial(self) -> bool:
        """Whether every set will be partial."""
        return any(p.required for p in self.scored)


def without_column(chart: Chart, ours: Iterable[str]) -> RowsWithoutColumn:
    """The rows that none of these names of ours stands for."""
    without = rows_without_column(chart, ours)
    return RowsWithoutColumn(tuple(p for p in without if p.role == "scored"), tuple(p for p in without if p.role == "trigger" and p.required))
