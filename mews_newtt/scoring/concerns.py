"""Which rows of a score are somebody's concern, and which of them count."""

from __future__ import annotations

from collections.abc import Collection

from mews_newtt.scoring.result import ParameterScore, Score

CONCERNS = frozenset(("concern", "nurse_concern", "parental_concern", "carer_concern"))
INTUITION = "clinical_intuition"  # the national PEWS asks clinicians for their concern by this name


def raised_concerns(result: Score, ids: Collection[str] = CONCERNS | {INTUITION}) -> list[ParameterScore]:
    """The rows of these ids whose reading gives points, a zone above the best, or a level above the first."""
    return [row for row in result.parameters if row.id in ids and _counts(result, row)]


def _counts(result: Score, row: ParameterScore) -> bool:
    points, zone, level = result.chart.severity(row.band) if row.band else (0, 0, 0)
    return points > 0 or zone > 1 or level > 0
