"""Which version of a chart is in force on which day: for sets and files of the past. Every command and surface that scores by date asks here."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

from mews_newtt.chart.catalogue import Catalogue, require_status
from mews_newtt.chart.model import Chart
from mews_newtt.errors import ChartError, ChartNotFound, ObservationError, Problem

OBSERVED = "observed_at"  # the label of a set that names its day


class Timeline(NamedTuple):
    """The versions of a chart, each with its first day in force; the first version may have none (None)."""

    id: str
    turns: tuple[tuple[date | None, Chart], ...]

    def on(self, day: date) -> Chart | None:
        """The version in force on a day; None before the first one."""
        found = [chart for start, chart in self.turns if start is None or start <= day]
        return found[-1] if found else None

    def of(self, observed_at: Any) -> Chart:
        """The version in force on the day of a set. Raises ObservationError if the set names no day, or one on which no version is in force."""
        day = day_of_set(observed_at)
        found = self.on(day)
        if found is None:
            raise ObservationError(Problem("not_in_force", OBSERVED, f"no version of {self.id} is in force on {day}", f"versions: {self.says}"))
        return found

    @property
    def charts(self) -> list[Chart]:
        """Each version once, in the order of their first days."""
        return list({chart.sha256: chart for _, chart in self.turns}.values())

    @property
    def says(self) -> str:
        """The turns in words."""
        return "; ".join(f"{chart.version} ({chart.status}) " + (f"from {start}" if start else "for all dates") for start, chart in self.turns)


def charts_by_date(shelf: Catalogue, name: str, minimum_status: str | None = None) -> Timeline:
    """The versions of a chart by the days they are in force. On each day the version counts that `find` chooses for it.

    Raises ChartNotFound if there is no such chart, or if one of those in force is trusted less than asked for.
    """
    versions = shelf.named(name)
    starts = sorted({date.fromisoformat(chart.effective_from) for chart in versions if chart.effective_from})
    turns: list[tuple[date | None, Chart]] = []
    always = [chart for chart in versions if not chart.effective_from]
    why: ChartNotFound | None = None
    for start in (*([None] if always else []), *starts):
        try:
            best = shelf.meant(always, None) if start is None else shelf.meant(versions, start)
        except ChartError:
            raise
        except ChartNotFound as fault:  # those that have begun wait for their sign-off, or were retired
            why = fault
            continue
        if not turns or turns[-1][1].sha256 != best.sha256:
            turns.append((start, best))
    if not turns and why is not None:
        raise why
    for _, chart in turns:
        require_status(chart, minimum_status)
        require_status(chart, shelf.known.site.minimum_status)
    return Timeline(versions[0].id, tuple(turns))


def day_of_set(observed_at: Any) -> date:
    """The day of a set. Raises ObservationError if it names none."""
    try:
        return day_of(observed_at)
    except ValueError:
        what = "is empty" if observed_at in (None, "") else "names no day"
        raise ObservationError(Problem("observed_at_needed", OBSERVED, what, "write it as 2026-01-31, with or without a time of day")) from None


def day_of(raw: Any) -> date:
    """The day in an `observed_at`, as it is written: time zones are not converted. Raises ValueError if there is none."""
    if isinstance(raw, datetime):
        return raw.date()
    if isinstance(raw, date):
        return raw
    text = str(raw or "").strip()
    if len(text) > 10 and text[10] not in "T ":
        raise ValueError(text)
    return date.fromisoformat(text[:10])
