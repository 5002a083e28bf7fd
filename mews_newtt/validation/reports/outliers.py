"""The bands and edges of the chart where rows disagree more often than elsewhere, by more than chance explains."""

from __future__ import annotations

from typing import NamedTuple

from mews_newtt.validation.chance import corrected, log_chance
from mews_newtt.validation.exercised import BandKey, RowCounts
from mews_newtt.validation.result import Validation

MOST = 12  # places that are named, the worst first
STANDS_OUT = 2.0  # a place stands out where its share of disagreements is so many times that of all rows
UNLIKELY = 0.001  # and where chance alone would hardly do that at any of the places looked at
HALF = 0.5  # where points are stated, a place also stands out if at least this share disagrees in at least two rows


class Outlier(NamedTuple):
    """A band, or one side of an edge, where rows disagree more often than elsewhere."""

    says: str
    rows: int
    disagreed: int
    key: BandKey
    edge: bool

    @property
    def share(self) -> float:
        return self.disagreed / self.rows


def outliers(found: Validation) -> list[Outlier]:
    """Bands and sides of edges where rows disagree clearly more often than overall; exact where points were stated.

    A scatter of disagreements, such as typing mistakes in 2% of all rows, makes no place stand out.
    """
    if not found.disagreed:
        return []
    everywhere = RowCounts(found.compared, found.disagreed)
    parameters = found.exercised.by_parameter()
    tries = sum(2 * len(parameter["edges"]) + len(parameter["bands"]) for parameter in parameters)
    marked = []
    for parameter in parameters:
        name, known = parameter["parameter"], parameter["known"]
        own = RowCounts(parameter["rows"], parameter["disagreed"]) if known else everywhere
        for edge in parameter["edges"]:
            for side, words in (("below", "nearest below"), ("above", "nearest above")):
                tried = RowCounts(edge[f"rows_{side}"], edge[f"disagreed_{side}"])
                if _stands_out(tried, own, known, tries):
                    says = f"{edge['says']}: readings {words}"
                    marked.append(Outlier(says, tried.rows, tried.disagreed, (name, edge["table"], edge["band"]), True))
        for band in parameter["bands"]:
            tried = RowCounts(band["rows"], band["disagreed"])
            if _stands_out(tried, own, known, tries):
                marked.append(Outlier(band["says"], tried.rows, tried.disagreed, (name, band["table"], band["band"]), False))
    return sorted(marked, key=lambda outlier: (-outlier.share * outlier.disagreed, outlier.says))[:MOST]


def _stands_out(tried: RowCounts, everywhere: RowCounts, known: bool, tries: int) -> bool:
    if not tried.disagreed:
        return False
    share, overall = tried.disagreed / tried.rows, everywhere.disagreed / max(1, everywhere.rows)
    if known and tried.disagreed >= 2 and share >= HALF:
        return True
    if share < min(STANDS_OUT * overall, (1 + overall) / 2):
        return False
    rows, wrong = max(everywhere.rows, tried.rows), max(everywhere.disagreed, tried.disagreed)
    return corrected(log_chance(rows, wrong, tried.rows, tried.disagreed), tries) < UNLIKELY
