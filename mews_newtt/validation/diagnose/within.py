"""Diagnoses a part of the rows by itself: a fault of one ward, one device or one stretch of time is then found although it breaks the rest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from mews_newtt.chart.model import Chart
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.validation.diagnose.places import Place, places_of
from mews_newtt.validation.diagnose.verdict import diagnose
from mews_newtt.validation.diagnosis import Diagnosis
from mews_newtt.validation.mutants import Flags
from mews_newtt.validation.within import Within

MOST_TRIED = 2  # places that are diagnosed by themselves
LITTLE = 0.1  # disagreements elsewhere: at most this share of those inside
MOSTLY = 0.9  # of the disagreements, that a single fault must explain: the rest may be typing mistakes
SURE = 1e-6  # a certain verdict within a place needs a smaller chance


@dataclass
class Around:
    """What is known of the rows of a sample beside their readings and answers.

    columns : the other columns of the file; wrong : which rows disagree; rows : their numbers, as a person finds them in the file
    of_wrong, of_right : how many rows of the file each row of the sample counts for; 1 where it holds all of them
    """

    columns: pl.DataFrame
    wrong: Flags
    rows: npt.NDArray[np.int64]
    of_wrong: float = 1.0
    of_right: float = 1.0


def with_place(
    chart: Chart, found: Diagnosis, table: pa.Table, around: Around, column_map: ColumnMap, others: Iterable[Chart] | None, blanks_disagree: bool
) -> Diagnosis:
    """The diagnosis with the place where disagreements gather, or the diagnosis of that place where it explains more.

    Nothing changes where one fault explains nearly every disagreement already, or where no place stands out.
    """
    if found.not_made or _explained(found) >= MOSTLY:
        return found
    places = _different(places_of(around.columns, around.wrong, around.rows))
    if not places:
        return found
    others = None if others is None else list(others)
    for place in places[:MOST_TRIED]:
        if place.share_outside > LITTLE * place.share or place.wrong_outside > LITTLE * place.wrong:
            continue
        inside = diagnose(chart, table.filter(pa.array(place.inside)), column_map=column_map, others=others, blanks_disagree=blanks_disagree)
        if _explained(inside) >= MOSTLY:
            inside.certain = inside.certain and not place.wrong_outside and place.chance < SURE
            inside.sampled, inside.within = found.sampled, _within(place, around, leads=True)
            return inside
    best = places[0]
    found.within = _within(best, around, leads=False)
    return found


def _explained(found: Diagnosis) -> float:
    """The share of the disagreements that one single fault explains, less the agreements that it breaks."""
    best = found.findings[0] if found.findings else None
    return 0.0 if best is None or best.faults[0].joined or not best.of else (best.explains - best.breaks) / best.of


def _within(place: Place, around: Around, *, leads: bool) -> Within:
    wrong, outside = round(place.wrong * around.of_wrong), round(place.wrong_outside * around.of_wrong)
    rows = wrong + round((place.rows - place.wrong) * around.of_right)
    rows_outside = outside + round((place.rows_outside - place.wrong_outside) * around.of_right)
    sampled = max(around.of_wrong, around.of_right) > 1
    wrong_rows = around.rows[place.inside & around.wrong].tolist()
    return Within(place.words, place.column, rows, wrong, rows_outside, outside, place.chance, sampled, leads, wrong_rows)


def _different(places: list[Place]) -> list[Place]:
    """Places with different rows that disagree: of several names for the same rows, the likeliest is kept."""
    seen: dict[bytes, Place] = {}
    for place in places:
        seen.setdefault(np.packbits(place.inside).tobytes(), place)
    return list(seen.values())
