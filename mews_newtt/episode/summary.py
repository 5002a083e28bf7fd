"""What became of a table of many people, in counts. No person is named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from mews_newtt.chart.model import Chart
from mews_newtt.episode.follow import AHEAD
from mews_newtt.episode.policy import Policy
from mews_newtt.episode.read_times import Placed
from mews_newtt.episode.track import CURRENT, DOUBLE, SUPERSEDED, UNPLACED, VOID
from mews_newtt.scoring.wording import count

READ = ("level_change", "due_at", "minutes_late", "overdue_minutes", "retrospective", "doubts")
COUNTS = ("people", "unfollowed", "unnamed", "rises", "with_due", "due", "late", "overdue", "retrospective", "after_now", "without_sets")


class Summary(NamedTuple):
    """Counts of sets; `people`, `unfollowed` and `overdue` count people, `unnamed` rows that name nobody.

    with_due : sets after which another one is due; due : sets that follow one of these, so that they can be late
    None where nothing says when a set is due, or no time to count to was given.
    """

    chart: Chart
    policies: tuple[Policy, ...]
    people: int
    unfollowed: int
    statuses: dict[str, int]
    unnamed: int
    rises: int
    with_due: int
    due: int
    late: int
    overdue: int | None
    retrospective: int | None
    after_now: int
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
        lines = [f"{chart.named}: {count(rows.get(CURRENT, 0), 'set')} of {self._people(self.people)}"]
        lines += [f"  policy: {policy.title}, version {policy.version} ({policy.status})" for policy in self.policies]
        lines += [f"    {policy.status_says}" for policy in self.policies if policy.status_says]
        others = {SUPERSEDED: "replaced by a later version", VOID: "entered in error", DOUBLE: "sent twice"}
        told = [f"{rows[name]} {says}" for name, says in others.items() if rows.get(name)]
        lines += ["  rows that do not count: " + ", ".join(told)] if told else []
        if self.people:
            lines.append(f"  the level rose in {count(self.rises, 'set')}")
        if self.due:
            lines.append(f"  {self.late} of {count(self.due, 'set')} with a due time came late")
        elif self.with_due:
            lines.append("  no set can be called late or in time: none follows a set of the same person that gave a due time")
        elif self.people:
            lines.append("  no due times: neither the chart nor a policy gives an interval, and none is made up")
        if self.overdue is not None:
            lines.append(f"  overdue now: {self._people(self.overdue)}")
        if self.after_now:
            after = f"{count(self.after_now, 'set')} {'was' if self.after_now == 1 else 'were'} taken after the time to which overdue is counted"
            lines.append(f"  {after}: check that time, because more people may be overdue")
        if self.retrospective is not None:
            lines.append(f"  entered late: {count(self.retrospective, 'set')}")
        if self.without_sets:
            lines.append(f"  no set in this table: {self._people(self.without_sets)} with a schedule")
        if self.unplaced:
            nobody = f", {self.unnamed:,} of them without a person" if self.unnamed else ""
            lines.append(f"  not followed: {self._people(self.unfollowed)} ({count(self.unplaced, 'row')}{nobody}); the column track_error says why")
        return lines

    @staticmethod
    def _people(number: int) -> str:
        return "1 person" if number == 1 else f"{number} people"


def _sum(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else one + other


def summary_of(chart: Chart, policies: Sequence[Policy], found: pl.DataFrame, placed: Placed) -> Summary:
    """The counts of a followed table. placed : the people of its rows."""
    read = found.select("set_status", *READ)
    statuses = {str(name): number for name, number in read.get_column("set_status").value_counts().iter_rows()}
    counts = (read.get_column("set_status") == CURRENT).to_numpy()
    current = read if statuses.get(CURRENT) == read.height else read.filter(counts)
    lost, nobody = placed.person[(read.get_column("set_status") == UNPLACED).to_numpy()], placed.names.is_null().to_numpy()
    late, overdue, entered = (current.get_column(name) for name in ("minutes_late", "overdue_minutes", "retrospective"))

    def people(numbers: npt.NDArray[np.int32]) -> int:
        return int(np.count_nonzero((np.bincount(numbers, minlength=len(nobody)) > 0) & ~nobody))

    return Summary(
        chart=chart,
        policies=tuple(policies),
        people=people(placed.person[counts]),
        unfollowed=people(lost),
        unnamed=int(nobody[lost].sum()),
        statuses=statuses,
        rises=int((current.get_column("level_change") > 0).sum()),
        with_due=current.get_column("due_at").count(),
        due=late.len() - late.null_count(),
        late=int((late > 0).sum()),
        overdue=None if overdue.null_count() == overdue.len() else int((overdue > 0).sum()),
        after_now=sum(number for says, number in current.get_column("doubts").value_counts().iter_rows() if says and AHEAD[1] in says.split()),
        retrospective=None if entered.null_count() == entered.len() else int(entered.sum()),
    )
