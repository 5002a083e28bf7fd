"""One case of a test pack: what is given, and what the reference scorer answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mews_newtt.chart.model import Chart
from mews_newtt.reading.columns import EXPECTED_POINTS_PREFIX
from mews_newtt.scoring.reference import score


class Case(NamedTuple):
    """One set: what is given, what is expected (blank where nothing is), and why it is there. All text.

    person, taken_at : whose set it is and when it was taken, where a series of one person needs to say so; blank for a single set
    """

    id: str
    given: dict[str, str]
    expected: dict[str, str]
    why: str
    person: str = ""
    taken_at: str = ""

    def to_dict(self) -> dict[str, Any]:
        whose = {"person": self.person, "taken_at": self.taken_at} if self.person else {}
        return {"case_id": self.id, **whose, "given": self.given, "expected": self.expected, "why": self.why}


def expected_of(chart: Chart, given: Mapping[str, str]) -> dict[str, str]:
    """What the reference answers, as the columns of a test file."""
    result = score(chart, dict(given), raise_refused=False)
    columns = {
        "expected_status": result.status,
        "expected_total": "" if result.total is None else str(result.total),
        "expected_level": result.level or "",
    }
    if chart.has_points:
        points = {row.id: row.points for row in result.parameters}
        for parameter in chart.parameters:
            if parameter.role == "scored":
                own = points.get(parameter.id)
                columns[EXPECTED_POINTS_PREFIX + parameter.id] = "" if own is None else str(own)
    return columns
