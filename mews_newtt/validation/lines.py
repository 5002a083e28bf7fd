"""The lines of disagreements.csv: one for each cell that disagrees, made for whole stretches at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from mews_newtt.chart.model import Chart
from mews_newtt.engines.base import COMPLETE, NO_POINTS, REFUSED
from mews_newtt.validation.expected import AGREED, BY_CODE, CODES, Stated
from mews_newtt.validation.stated import STATUSES

if TYPE_CHECKING:
    from mews_newtt.validation.comparer import Compared, Comparer


def lines_of(comparer: Comparer, found: Compared | None, places: npt.NDArray[np.int64], before: int) -> pl.DataFrame:
    """One line for each cell that disagrees, in the order of the rows."""
    chart, parts = comparer.chart, []
    for order, one in enumerate(comparer.stated):
        kinds = np.zeros(0, np.uint8) if found is None else found.kinds[one.name][places]
        here = places[kinds > AGREED]
        words = [BY_CODE.get(code, "") for code in range(max(CODES.values()) + 1)]
        kind = pl.Series("kind", words, pl.String)[kinds[kinds > AGREED]]
        part = {"row": pl.Series("row", here + before + 1), "place": pl.Series("place", here), "order": pl.Series("order", np.full(len(here), order))}
        cells = pl.Series("expected", [], pl.String) if found is None else found.frame.get_column(one.theirs)[here].cast(pl.String).alias("expected")
        parts.append(
            pl.DataFrame(
                [*part.values(), pl.Series("column", [one.name] * len(here), pl.String), kind, cells, _computed(chart, comparer, found, one, here)]
            )
        )
    lines = pl.concat(parts).sort("row", "order")
    at = lines.get_column("place").to_numpy()
    more = []
    for theirs, name in ([(comparer.case_id, "case_id")] if comparer.case_id else []) + [(theirs, our) for theirs, our in comparer.read]:
        more.append(pl.Series(name, [], pl.String) if found is None else found.frame.get_column(theirs)[at].cast(pl.String).alias(name))
    return pl.DataFrame([*lines.drop("place", "order").get_columns(), *_standing(chart, found, at), *more])


def _computed(chart: Chart, comparer: Comparer, found: Compared | None, one: Stated, places: npt.NDArray[np.int64]) -> pl.Series:
    """What the chart gives in the place of an expected cell; empty where it gives nothing."""
    if found is None or not len(places):
        return pl.Series("computed", [], pl.String)
    results = found.results
    status = results.status[places]
    if one.holds == "status":
        return pl.Series("computed", STATUSES, pl.String)[status].alias("computed")
    if one.holds == "level":
        given = pl.Series("computed", [level.id for level in chart.levels], pl.String)[results.level[places]]
        none = status == REFUSED
    elif one.holds == "points":
        points = results.points[comparer.reader.scored.index(one.parameter)][places]
        given, none = pl.Series("computed", points).cast(pl.String), points == NO_POINTS
    else:
        given = pl.Series("computed", results.least[places]).cast(pl.String)
        none = (status != COMPLETE) | (not chart.has_points)
    return given.set(pl.Series(none), None).alias("computed")


def _standing(chart: Chart, found: Compared | None, places: npt.NDArray[np.int64]) -> list[pl.Series]:
    """Status, bounds and level of the rows."""
    ids = [level.id for level in chart.levels]
    if found is None:
        kinds = {"score_status": pl.String, "total_min": pl.Int16, "total_max": pl.Int16, "level": pl.String, "level_max": pl.String}
        return [pl.Series(name, [], kind) for name, kind in kinds.items()]
    results = found.results
    status = results.status[places]
    none, empty = pl.Series(status == REFUSED), pl.Series((status == REFUSED) | (not chart.has_points))
    return [
        pl.Series("score_status", STATUSES, pl.String)[status],
        pl.Series("total_min", results.least[places]).set(empty, None),
        pl.Series("total_max", results.most[places]).set(empty, None),
        pl.Series("level", ids, pl.String)[results.level[places]].set(none, None),
        pl.Series("level_max", ids, pl.String)[results.level_max[places]].set(none, None),
    ]
