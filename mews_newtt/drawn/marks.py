"""What is marked on a drawn chart: the bands a score hit, or counts at bands and edges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mews_newtt.chart.model import number
from mews_newtt.scoring.result import Score

Place = tuple[str, int, int]  # parameter id, which of its tables, which band of that table


class Mark(NamedTuple):
    """A few words on the drawing. kind: `hit` (a reading lies here), `fault` (something disagrees), `note`."""

    text: str
    kind: str = "hit"


class Marks(NamedTuple):
    """Marks by parameter, table and band. An edge is named by the band above it: (parameter, table, 3) lies between bands 2 and 3."""

    bands: Mapping[Place, Sequence[Mark]] = {}
    edges: Mapping[Place, Sequence[Mark]] = {}
    rows: Mapping[str, Sequence[Mark]] = {}


def marks_of(score: Score) -> Marks:
    """Every band that a score hit, and beside the rows what was skipped or is missing."""
    bands: dict[Place, list[Mark]] = {}
    rows: dict[str, list[Mark]] = {}
    for row in score.parameters:
        tables = score.chart.by_id[row.id].tables
        hit = [(row.table, row.band)] if row.table is not None and not row.possible else row.possible
        indexes = [
            (index, at)
            for one, wanted in hit
            for index, table in enumerate(tables)
            if table is one
            for at, band in enumerate(table.bands)
            if band is wanted
        ]
        if row.possible and indexes:
            for index, at in indexes:
                bands[row.id, index, at] = [Mark(f"{number(row.value, row.unit)}, if this table applies")]
        elif indexes:
            bands[row.id, indexes[0][0], indexes[0][1]] = [Mark(number(row.value, row.unit))]
        elif row.skipped is not None:
            rows[row.id] = [Mark(f"Not taken: {row.skipped}", "note")]
        elif row.missing:
            rows[row.id] = [Mark("Missing", "note")]
        elif row.value is not None and tables:
            rows[row.id] = [Mark(f"{number(row.value, row.unit)}: {'not read here' if row.table else 'its table is not known'}", "note")]
    return Marks(bands, {}, rows)
