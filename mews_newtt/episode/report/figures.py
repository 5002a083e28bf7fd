"""The charts over time of a report: the share of sets in time and of complete sets by day, week or month, with the words for each."""

from __future__ import annotations

from datetime import date

import polars as pl

from mews_newtt.drawn.over_time import Figure, Point
from mews_newtt.episode.report.xmr import LEAST, SAYS, OverTime, over_time

DAYS, WEEKS = 62, 7 * 104  # a file of up to so many days is shown by day, then by week, then by month
PERIODS = {"1d": "day", "1w": "week", "1mo": "month"}


def period_of(first: date | None, last: date | None) -> str:
    """By what a file of so many days is shown."""
    days = (last - first).days + 1 if first is not None and last is not None else 1
    return "1d" if days <= DAYS else "1w" if days <= WEEKS else "1mo"


def figures_of(days: pl.DataFrame, every: str) -> list[Figure]:
    """The share of sets in time of those due, and of complete sets, in each period. A period without any such set is no point.

    days : counts by `@day`; every : `1d`, `1w` or `1mo`
    """
    counts = pl.col("sets", "complete", "due", "in_time").sum()
    by = days.group_by(pl.col("@day").dt.truncate(every).alias("@period")).agg(counts).sort("@period")
    wanted = (("Sets in time, of those due", "in_time", "due"), ("Complete sets, of all sets", "complete", "sets"))
    return [figure for title, part, whole in wanted if (figure := _share(title, by, part, whole, every)) is not None]


def _share(title: str, by: pl.DataFrame, part: str, whole: str, every: str) -> Figure | None:
    kept = by.filter(pl.col(whole) > 0)
    found = over_time([100 * one / of for one, of in kept.select(part, whole).iter_rows()])
    if found.middle is None:
        return None
    labels = [f"{day:%b %Y}" if every == "1mo" else f"{day.day} {day:%b}" for day in kept.get_column("@period").to_list()]
    points = tuple(
        Point(label, value, "; ".join(SAYS[name] for name in signals), value >= found.middle)
        for label, value, signals in zip(labels, found.values, found.signals, strict=True)
    )
    empty = by.height - kept.height
    name = f"{title}, by {PERIODS[every]}"
    return Figure(
        name, _says(found, points, PERIODS[every], empty), "%", "mean" if found.kind == "xmr" else "median",
        found.middle, found.lower, found.upper, points, floor=0.0, ceiling=100.0,
    )  # fmt: skip


def _says(found: OverTime, points: tuple[Point, ...], period: str, empty: int) -> str:
    assert found.middle is not None, "a figure has points"
    lines = []
    if found.kind == "xmr" and found.lower is not None and found.upper is not None:
        lower, upper = max(found.lower, 0.0), min(found.upper, 100.0)
        lines.append(f"XmR chart. Mean {found.middle:.1f}%; process limits {lower:.1f}% and {upper:.1f}%.")
        if (lower, upper) != (found.lower, found.upper):
            lines.append("A limit beyond 0% or 100% is drawn there.")
    else:
        lines.append(f"Run chart, because limits need {LEAST} {period}s or more. Median {found.middle:.1f}%.")
    kinds = dict.fromkeys(name for signals in found.signals for name in signals)
    if kinds:
        marked = sum(bool(point.signal) for point in points)
        rules = "; ".join(SAYS[name] for name in kinds)
        lines.append(f"{marked} of {len(points)} {period}s are more than chance ({rules}): look for the cause.")
    else:
        lines.append(f"No {period} is more than chance.")
    if empty:
        lines.append(f"{empty} {period}{'s' if empty > 1 else ''} without such sets: no point.")
    return " ".join(lines)
