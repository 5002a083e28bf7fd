"""Rows of the chart that no column is chosen for: they have to be seen before a platform is blamed for them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from mews_newtt.chart.model import Chart, Parameter
from mews_newtt.reading.columns import rows_without_column


class Gate(NamedTuple):
    """Scored rows and triggers without a column; true where a scored one is among them."""

    scored: tuple[Parameter, ...]
    triggers: tuple[Parameter, ...]

    def __bool__(self) -> bool:
        return bool(self.scored)

    @property
    def seen(self) -> str:
        """The scored rows, for the form to send back."""
        return " ".join(p.id for p in self.scored)

    @property
    def partial(self) -> bool:
        """Whether every set will be partial."""
        return any(p.required for p in self.scored)


def gate_of(chart: Chart, ours: Iterable[str]) -> Gate:
    """What has no column among these names of ours."""
    without = rows_without_column(chart, ours)
    return Gate(tuple(p for p in without if p.role == "scored"), tuple(p for p in without if p.role == "trigger" and p.required))
