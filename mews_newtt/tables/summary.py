"""What a scored file held, in counts: for the person who ran it, and for `--summary` as JSON. It holds no patient data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Literal

from mews_newtt.chart.model import Chart
from mews_newtt.reading.plan.report import ReadingReport
from mews_newtt.reading.repeats import Repeats
from mews_newtt.reading.unread import Unread
from mews_newtt.scoring.result import Score

OnBadRow = Literal["error", "report"]
READ_BY_PLAN = 0.8  # of the time of a file that a plan reads, what is over when its sets are made
Progress = Callable[[int, float | None], None]  # rows done, and the share of the work (0 to 1) where it is known


def part_of(progress: Progress | None, low: float, high: float) -> Progress | None:
    """The progress of a part of the work, which takes the whole from share `low` to share `high`."""
    if progress is None:
        return None
    return lambda rows, share: progress(rows, None if share is None else low + (high - low) * share)


class Summary:
    """Counts of one scored file.

    chart : the identity of the chart; levels: those that are listed also where no row reached them
    status, totals, levels, missing, flags : rows by score status, total, level certainly reached, missing parameter and flag
    unread : the columns that nothing was read from, and which of them may hold readings
    repeats : rows of one person and one time
    readings : what a reading plan read of each input, where one was used
    """

    def __init__(self, chart: dict[str, str], levels: Iterable[str] = ()):
        self.chart = chart
        self.rows = 0
        self.status: Counter[str] = Counter()
        self.totals: Counter[int] = Counter()
        self.levels: Counter[str] = Counter(dict.fromkeys(levels, 0))
        self.missing: Counter[str] = Counter()
        self.flags: Counter[str] = Counter()
        self.unread = Unread()
        self.repeats = Repeats()
        self.readings: list[ReadingReport] = []

    @classmethod
    def of(cls, chart: Chart) -> Summary:
        """An empty summary, with the chart's levels in their order."""
        return cls(chart.identity(), [level.id for level in chart.levels])

    def add(self, result: Score, flags: bool = True) -> None:
        """Count one row."""
        self.rows += 1
        self.status[result.status] += 1
        if result.total is not None:
            self.totals[result.total] += 1
        if result.level is not None:
            self.levels[result.level] += 1
        self.missing.update(result.missing)
        if flags:
            self.flags.update(result.flags)

    def to_dict(self) -> dict[str, Any]:
        """The counts as plain data, in an order that does not depend on the order of the rows."""
        return {
            "chart": self.chart,
            "rows": self.rows,
            **{status: self.status[status] for status in ("complete", "partial", "refused")},
            "totals": {str(total): self.totals[total] for total in sorted(self.totals)},
            "levels": dict(self.levels),
            "missing": _by_count(self.missing),
            "flags": _by_count(self.flags),
            **self.unread.to_dict(),
            **self.repeats.to_dict(),
            **({"reading": self.readings[0].to_dict()} if len(self.readings) == 1 else {}),
            **({"readings": [report.to_dict() for report in self.readings]} if len(self.readings) > 1 else {}),
        }


def _by_count(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))
