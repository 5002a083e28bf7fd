"""What became of a table of many people, in counts. No person is named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import polars as pl

from mews_newtt.chart.model import Chart
from mews_newtt.episode.policy import Policy
from mews_newtt.episode.track import CURRENT, DOUBLE, SUPERSEDED, UNPLACED, VOID
from mews_newtt.scoring.wording import count

COUNTS = ("people", "unfollowed", "rises", "due", "late", "overdue", "retrospective", "without_sets")


class Summary(NamedTuple):
    """Counts of rows; `people` and `unfollowed` count people. None where nothing says when a set is due, or no time to count to was given."""

    chart: Chart
    policies: tuple[Policy, ...]
    people: int
    unfollowed: int
    statuses: dict[str, int]
    rises: int
    due: int
    late: int
    overdue: int | None
    retrospective: int | None
    without_sets: int = 0  # people who have a schedule, and no set in the table

    def plus(self, other: Summary) -> Summary:
        """The counts of two parts of a table that share no person."""
        statuses = {name: self.statuses.get(name, 0) + other.statuses.get(name, 0) for name in (*self.statuses, *other.statuses)}
        counts: dict[str, Any] = {name: _sum(getattr(self, name), getattr(other, name)) for name in COUNTS}
        return self._replace(statuses=statuses, **counts)

    @property
    def unplaced(self) -> int:
        """Rows without a place in a course."""
        return self.statuses.get(UNPLACED, 0)

    def says(self) -> list[str]:
        """The summary in a few lines."""
        chart, rows = self.chart, self.statuses
        lines = [f"{chart.short_title} {chart.version} ({chart.status}): {count(rows.get(CURRENT, 0), 'set')} of {self._people(self.people)}"]
        lines += [f"  policy: {policy.title}, version {policy.version} ({policy.status})" for policy in self.policies]
        lines += [f"    {policy.status_says}" for policy in self.policies if policy.status_says]
        others = {SUPERSEDED: "replaced by a later version", VOID: "entered in error", DOUBLE: "sent twice"}
        told = [f"{rows[name]} {says}" for name, says in others.items() if rows.get(name)]
        lines += ["  rows that do not count: " + ", ".join(told)] if told else []
        lines.append(f"  the level rose in {count(self.rises, 'set')}")
        if self.due:
            lines.append(f"  {self.late} of {count(self.due, 'set')} with a due time came late")
        else:
            lines.append("  no due times: neither the chart nor a policy gives an interval, and none is made up")
        if self.overdue is not None:
            lines.append(f"  overdue now: {self._people(self.overdue)}")
        if self.retrospective is not None:
            lines.append(f"  entered late: {count(self.retrospective, 'set')}")
        if self.without_sets:
            lines.append(f"  no set in this table: {self._people(self.without_sets)} with a schedule")
        if self.unplaced:
            lines.append(f"  not followed: {self._people(self.unfollowed)} ({count(self.unplaced, 'row')}); the column track_error says why")
        return lines

    @staticmethod
    def _people(number: int) -> str:
        return "1 person" if number == 1 else f"{number} people"


def _sum(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else one + other


def summary_of(chart: Chart, policies: Sequence[Policy], found: pl.DataFrame, person: str = "patient_id") -> Summary:
    """The counts of a table from `track_frame`."""
    statuses = {str(name): number for name, number in found.get_column("set_status").value_counts().iter_rows()}
    current, lost = found.filter(pl.col("set_status") == CURRENT), found.filter(pl.col("set_status") == UNPLACED)
    late, overdue, entered = (current.get_column(name) for name in ("minutes_late", "overdue_minutes", "retrospective"))
    who = person if person in found.columns else None
    return Summary(
        chart=chart,
        policies=tuple(policies),
        people=current.get_column(who).n_unique() if who else 0,
        unfollowed=lost.get_column(who).n_unique() if who else 0,
        statuses=statuses,
        rises=int((current.get_column("level_change") > 0).sum()),
        due=late.len() - late.null_count(),
        late=int((late > 0).sum()),
        overdue=None if overdue.null_count() == overdue.len() else int((overdue > 0).sum()),
        retrospective=None if entered.null_count() == entered.len() else int(entered.sum()),
    )
