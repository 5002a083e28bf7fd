"""Faults and doubts of rows: points that fall outwards, rows that give nothing or always something, categories that no band reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from mews_newtt.chart.check_names import CheckContext
from mews_newtt.chart.model import Chart, Parameter
from mews_newtt.errors import Problem

GIVES = ("points", "zone", "level", "prompt")


def check_direction(c: CheckContext) -> Iterator[Problem]:
    """Points should not fall while moving outwards from the zero band: a sign of swapped rows."""
    for parameter in c.chart.parameters:
        if not parameter.observation.numeric or parameter.id in c.points_may_fall:
            continue
        for table in parameter.tables:
            worse = [c.chart.severity(band) for band in table.bands]
            best = worse.index(min(worse)) if worse else 0
            outwards = [*pairwise(reversed(worse[: best + 1])), *pairwise(worse[best:])]
            if any(outer < inner for inner, outer in outwards):
                yield Problem(
                    "points_fall_outwards",
                    c.at(f"parameter {parameter.id}" + (f", {table.title}" if table.title else "")),
                    "points fall while moving outwards from the lowest-scoring band",
                    f'check the rows; if the print says so, add points_may_fall = ["{parameter.id}"]',
                    warning=True,
                )


def check_quiet_band(c: CheckContext) -> Iterator[Problem]:
    """One band of each table must be the least in points, zone and level at once.

    The level certainly reached by a partial set is the level if every missing reading were in the least band: so there must be one.
    """
    for parameter in c.chart.parameters:
        for table in parameter.tables:
            worse = [c.chart.severity(band) for band in table.bands]
            if worse and tuple(min(column) for column in zip(*worse, strict=True)) not in worse:
                yield Problem(
                    "no_quiet_band",
                    c.at(f"parameter {parameter.id}"),
                    "no band is the least in points, zone and level at once",
                    "check the zones and levels of its bands",
                )


def is_quiet(chart: Chart, parameter: Parameter) -> bool:
    """Whether some reading of every table gives no points, no level and no zone but the best; or the row is not read in some context."""
    best_zone = 1 if len(chart.zones) > 1 else 0
    worths = [[chart.severity(band) for band in table.bands] for table in parameter.tables if table.applies]
    quiet = all(any(not points and zone <= best_zone and not level for points, zone, level in worth) for worth in worths)
    return quiet or len(worths) < len(parameter.tables)


def check_gives(c: CheckContext) -> Iterator[Problem]:
    """A row that can never count, or that counts whatever is read, is a sign of cells left out or of swapped rows."""
    for parameter in c.chart.parameters:
        if parameter.role == "recorded":
            continue
        place = c.at(f"parameter {parameter.id}")
        given = [getattr(band, name) for table in parameter.tables for band in table.bands for name in GIVES]
        if not any(given):
            mend = 'check the row against the print; if nothing is printed for it, write role = "recorded" without bands'
            yield Problem("row_gives_nothing", place, "no reading gives points, a zone, a level or a prompt", mend, warning=True)
        elif not is_quiet(c.chart, parameter):
            what = "every reading of a table gives points, a zone or a level: no reading is normal"
            yield Problem("no_normal_reading", place, what, "check the row", warning=True)
    scored = [p for p in c.chart.parameters if p.role == "scored"]
    if scored and not any(p.required for p in scored):
        yield Problem("nothing_required", c.at("[[parameters]]"), "no scored row is required, so that one reading is a complete set",
                      "say which rows a complete set needs", warning=True)  # fmt: skip


def check_categories_read(c: CheckContext) -> Iterator[Problem]:
    """A category of an observation that no band of the row reads: a set with it is refused. The chart may say that it is known."""
    for parameter in c.chart.parameters:
        observation = parameter.observation
        if observation.numeric or not any(table.bands for table in parameter.tables):
            continue
        says = " \n ".join((*c.chart.known_missing, parameter.note)).casefold()
        missed = [
            category
            for category in observation.categories
            if category.id not in parameter.category_ids
            and not any(re.search(rf"\b{re.escape(name.casefold())}\b", says) for name in (category.title, category.id))
        ]
        if missed:
            names = ", ".join(category.id for category in missed)
            yield Problem(
                "category_without_band",
                c.at(f"parameter {parameter.id}"),
                f"has no band for {names}: a set with {'it' if len(missed) == 1 else 'one of them'} is refused",
                f"add the band; if the print has none, say so under known_missing or in the row's note, such as: {missed[0].title} is not printed",
                warning=True,
            )
