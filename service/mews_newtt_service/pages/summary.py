"""The result in one glance, which stays in view while somebody types: total, level, and what each row gives."""

from __future__ import annotations

from dataclasses import dataclass

from mews_newtt.chart.words import band_gives
from mews_newtt.drawn import paint
from mews_newtt.drawn.twin import level_words, total_words
from mews_newtt.scoring.result import ParameterScore, Score


@dataclass(frozen=True)
class RowSummary:
    """One row of the chart: its short title and what its reading gives. `css_class` is the colour of the band; empty where no band counts."""

    title: str
    gives: str
    css_class: str


@dataclass(frozen=True)
class Summary:
    """`what` names what `total` is: a total, or the least and the greatest that a partial set allows. Both are empty on charts without points."""

    what: str
    total: str
    level: str
    rows: tuple[RowSummary, ...]
    missing: tuple[str, ...]


def summary_of(result: Score) -> Summary:
    """The summary of a score; of a refused set it says so and names no number."""
    if result.status == "refused":
        return Summary("", "", "no score: there is a problem", (), ())
    by_id = result.chart.by_id
    shown = [row for row in result.parameters if by_id[row.id].role != "recorded"]
    rows = [RowSummary(by_id[row.id].short_title, gives, css_class) for row in shown for gives, css_class in _gives(result, row)]
    has_points = result.chart.has_points
    return Summary(
        ("Total" if result.total is not None else "Possible total") if has_points else "",
        total_words(result) if has_points else "",
        level_words(result),
        tuple(rows),
        tuple(by_id[name].short_title for name in result.missing),
    )


def _gives(result: Score, row: ParameterScore) -> list[tuple[str, str]]:
    """What a row gives, and its colour; nothing for a row without a reading that counts."""
    if row.band is not None and not row.possible:
        words = [str(row.band.points)] if row.band.points is not None else []
        words += [each for each in band_gives(row.band, result.chart) if each != row.band.prompt][row.band.points is not None :]
        if row.band.points is not None and row.band.zone and not row.band.level:
            words = words[:1]  # the colour and the points say the zone
        return [(" ".join(words) or "nothing", paint(result.chart, row.band).css_class)]
    if row.skipped is not None:
        return [(f"not taken{f', {row.points}' if row.points is not None else ''}", "")]
    return [("table not known", "")] if row.possible else []
