"""Does what somebody states of a set agree with the chart, and if not, how? The one verdict that files, HTTP and FHIR share.

A stated cell holds a total, a level, the points of a parameter, or a status. `read_stated` reads it, `kind_of` judges it.
Plain Python: `validation/expected.py` applies the same verdict to columns, once for each distinct case.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from mews_newtt.chart.model import Chart, Parameter
from mews_newtt.reading.values import states_nothing
from mews_newtt.scoring.result import ParameterScore, Score
from mews_newtt.scoring.wording import count

NONE, UNREADABLE, UNKNOWN = -(1 << 30), -(1 << 30) + 1, -(1 << 30) + 2
MOST = 10**6  # a stated number beyond this is as wrong as this
STATUSES = ("complete", "partial", "refused")  # as the batch path numbers them
BLANK, AGREES = "", "agrees"
KINDS = {  # how a stated cell can disagree, in words
    "total": "the stated total differs from the chart's (complete set)",
    "total_of_partial": "a total was stated for a partial set, which has none",
    "outside_bounds": "a total was stated for a partial set that no completion of it can have",
    "total_without_points": "a total was stated on a chart that gives no points",
    "parts_do_not_add_up": "the readings are not here, and the stated points do not add up to the stated total",
    "level": "the stated level differs from the chart's (complete set)",
    "level_of_partial": "the stated level of a partial set is not the level certainly reached",
    "unknown_level": "the stated level is not a level of the chart",
    "points": "the stated points differ from the chart's",
    "points_of_missing": "points were stated for a parameter that has none: no reading, or not read in this context",
    "score_of_refused": "something was stated for a set that cannot be scored",
    "status": "the stated status (complete, partial or refused) differs from the chart's",
    "left_out": "nothing was stated where the chart gives an answer",
    "not_a_number": "the stated total or points are not a whole number",
}
_WHOLE = re.compile(r"[+-]?\d+(\.0*)?", re.ASCII)


class Given(NamedTuple):
    """What the chart gives for a set, as far as one stated cell is compared with it. `level` is a rank; None is nothing."""

    status: str
    total_min: int | None = None
    total_max: int | None = None
    level: int | None = None
    points: int | None = None


# Reading a stated cell


def read_stated(chart: Chart, holds: str, raw: Any, missing: Container[str] = (), levels: Mapping[str, int] | None = None) -> int:
    """A stated cell as a number: a total or points, the rank of a level, the place of a status. NONE where it states nothing.

    Parameters
    ----------
    holds : total, level, points or status
    missing : marks that mean nothing is stated
    levels : `level_names(chart)`, for who reads many cells
    """
    names = (level_names(chart) if levels is None else levels) if holds == "level" else {}
    if is_blank(raw, names) or str(raw).strip() in missing:
        return NONE
    if holds == "level":
        return names.get(plain(str(raw)), UNKNOWN)
    if holds == "status":
        text = str(raw).strip().casefold()
        return STATUSES.index(text) if text in STATUSES else UNKNOWN
    return whole(raw)


def is_blank(raw: Any, levels: Container[str] = ()) -> bool:
    """Whether a stated cell is empty. A chart may have a level named none: in a column of levels that states it."""
    return states_nothing(raw) and plain("" if raw is None else str(raw)) not in levels


def whole(raw: Any) -> int:
    """A stated number. What is no whole number cannot agree with anything."""
    if isinstance(raw, bool):
        return UNREADABLE
    if isinstance(raw, (int, float, Decimal)):
        if raw != raw:  # no number at all
            return UNREADABLE
        if not -MOST < raw < MOST:  # compared first: a huge decimal must not become an integer
            return MOST if raw > 0 else -MOST
        return int(raw) if raw == int(raw) else UNREADABLE
    text = str(raw).strip()
    if not _WHOLE.fullmatch(text):
        return UNREADABLE
    digits = text.partition(".")[0].lstrip("+-").lstrip("0") or "0"
    size = min(MOST, int(digits)) if len(digits) < 12 else MOST
    return -size if text.startswith("-") else size


def plain(name: str) -> str:
    """A level's name whatever its case, spaces, hyphens and underscores."""
    return re.sub(r"[\s_-]+", " ", name.strip().casefold())


def level_names(chart: Chart) -> Mapping[str, int]:
    """Level by id or title; a name that two levels share says neither."""
    ranks: dict[str, set[int]] = {}
    for rank, level in enumerate(chart.levels):
        for name in (level.id, level.title):
            ranks.setdefault(plain(name), set()).add(rank)
    return {name: min(found) for name, found in ranks.items() if len(found) == 1}


# The verdict


def kind_of(chart: Chart, holds: str, value: int, given: Given) -> str:
    """The verdict on one stated cell: BLANK, AGREES or one of KINDS.

    A total agrees only with the total of a complete set, a level only with the level certainly reached, and nothing agrees with a set that
    cannot be scored.
    """
    if value == NONE:
        return BLANK
    if holds == "status":
        return AGREES if 0 <= value < len(STATUSES) and STATUSES[value] == given.status else "status"
    if value == UNREADABLE:
        return "not_a_number"
    if given.status == "refused":
        return "score_of_refused"
    if holds == "level":
        if value == UNKNOWN:
            return "unknown_level"
        return AGREES if value == given.level else "level" if given.status == "complete" else "level_of_partial"
    if holds == "points":
        return AGREES if value == given.points else "points_of_missing" if given.points is None else "points"
    if not chart.has_points or given.total_min is None or given.total_max is None:
        return "total_without_points"
    if given.status == "complete":
        return AGREES if value == given.total_min else "total"
    return "total_of_partial" if given.total_min <= value <= given.total_max else "outside_bounds"


def kind_without_readings(chart: Chart, holds: str, value: int, points: Mapping[tuple[str, ...], int]) -> str:
    """The verdict on a cell stated of a set without any reading: nothing to compare, but stated points must add up to the stated total.

    Parameters
    ----------
    points : the whole numbers that are stated of each parameter, or of parameters that are stated together
    """
    if holds != "total" or value in (NONE, UNREADABLE) or not chart.has_points:
        return BLANK
    if not points:
        return BLANK
    least, most = sum_of_parts(chart, points)
    return BLANK if least <= value <= most else "parts_do_not_add_up"


def sum_of_parts(chart: Chart, points: Mapping[tuple[str, ...], int]) -> tuple[int, int]:
    """The least and the greatest total that stated points allow; a parameter of which nothing is stated may have any of its points."""
    together = {name for names in points if len(names) > 1 for name in names}
    least = most = sum(each for names, each in points.items() if len(names) > 1)
    grouped = {name for group in chart.groups for name in group.parameters}
    units = [(group.kind, group.parameters) for group in chart.groups]
    units += [("one_of", (p.id,)) for p in chart.parameters if p.role == "scored" and p.id not in grouped]
    for kind, names in units:
        members = [name for name in names if name in chart.by_id and chart.by_id[name].role == "scored" and name not in together]
        if not members:
            continue
        stated = [points[name,] for name in members if (name,) in points]
        rest = [_possible(chart.by_id[name]) for name in members if (name,) not in points]
        low, high = [one for one, _ in rest], [one for _, one in rest]
        if kind == "either":
            least += max(stated, default=min(low, default=0))
            most += max([*stated, *high])
        elif stated:  # one of them is given, and these are its points
            least, most = least + sum(stated), most + sum(stated)
        else:
            least, most = least + min(low), most + max(high)
    return least, most


def sum_words(chart: Chart, points: Mapping[tuple[str, ...], int]) -> str:
    """What stated points add up to."""
    least, most = sum_of_parts(chart, points)
    return str(least) if least == most else f"{least} to {most}"


def _possible(parameter: Parameter) -> tuple[int, int]:
    """The fewest and the most points that a parameter can have in any table."""
    found = [band.points for table in parameter.tables for band in table.bands if band.points is not None]
    found += [skip.points for skip in parameter.skips if skip.points is not None]
    if not parameter.required or not found or any(not table.applies for table in parameter.tables):
        found.append(0)
    return min(found), max(found)


# One set, as HTTP and FHIR have it


class Claim(NamedTuple):
    """One thing stated of a set: what it holds, of which parameters, where it was found, and as it was written."""

    holds: str  # total, level or points
    raw: Any
    where: str
    parameters: tuple[str, ...] = ()

    @property
    def what(self) -> str:
        return ", ".join(self.parameters) or self.holds


class Difference(NamedTuple):
    """One claim that disagrees. `computed` is what the chart gives, in words; `right` is the same as a value, None where it gives none."""

    kind: str
    where: str
    what: str
    stated: Any
    computed: str
    right: int | str | None
    says: str


class Verdict(NamedTuple):
    """All claims of one set: how many could be compared, those that disagree, the total first, and those that could not be compared."""

    compared: int
    differences: tuple[Difference, ...]
    not_compared: tuple[Claim, ...] = ()

    @property
    def says(self) -> str:
        """`agrees`, `disagrees` or `nothing_compared`."""
        return "disagrees" if self.differences else "agrees" if self.compared else "nothing_compared"


def verdict_on(result: Score, claims: Sequence[Claim], *, elsewhere: bool = False) -> Verdict:
    """What is stated of one scored set, held against the chart.

    Parameters
    ----------
    elsewhere : readings that the score was made of may not be here: then nothing is held against it that they could make right
    """
    chart, levels = result.chart, level_names(result.chart)
    values = [read_stated(chart, claim.holds, claim.raw, levels=levels) for claim in claims]
    points: dict[tuple[str, ...], int] = {}
    for claim, value in zip(claims, values, strict=True):
        if claim.holds == "points" and value not in (NONE, UNREADABLE):  # a sub-score of each table may be stated: only one of them counts
            points[claim.parameters] = points.get(claim.parameters, 0) + value
    bare = without_readings(result)
    found: list[tuple[int, Difference]] = []
    left: list[Claim] = []
    compared = 0
    for claim, value in zip(claims, values, strict=True):
        given = given_of(result, claim.parameters)
        kind = kind_without_readings(chart, claim.holds, value, points) if bare else kind_of(chart, claim.holds, value, given)
        if elsewhere and _may_be_so(result, kind, value):
            kind = kind_without_readings(chart, claim.holds, value, points)
        compared += kind != BLANK
        if kind == BLANK and value != NONE:
            left.append(claim)
        if kind not in (BLANK, AGREES):
            right = {"total": result.total, "level": result.level, "points": given.points}[claim.holds]
            words = sum_words(chart, points) if kind == "parts_do_not_add_up" else computed_words(result, claim.holds, claim.parameters)
            says = _says(result, claim, kind, words)
            place = ("total", "points", "level").index(claim.holds)
            found.append((place, Difference(kind, claim.where, claim.what, claim.raw, words, right, says)))
    return Verdict(compared, tuple(difference for _, difference in sorted(found, key=lambda one: one[0])), tuple(left))


def _may_be_so(result: Score, kind: str, value: int) -> bool:
    """Whether what disagrees may be right with readings that are not here."""
    if kind == "level_of_partial" and result.level is not None and result.level_max is not None:
        rank = result.chart.level_rank
        return rank[result.level] <= value <= rank[result.level_max]
    return kind in ("total_of_partial", "points_of_missing")


def without_readings(result: Score) -> bool:
    """Whether nothing that the chart scores was read or skipped with a reason: what is stated of such a set cannot be compared."""
    counts = [row for row in result.parameters if row.role != "recorded"]
    return result.status != "refused" and all(row.given is None and row.value is None and row.skipped is None for row in counts)


def given_of(result: Score, parameters: tuple[str, ...] = ()) -> Given:
    """What a score gives, for one claim."""
    level = None if result.level is None else result.chart.level_rank[result.level]
    return Given(result.status, result.total_min, result.total_max, level, _points(result, parameters))


def _points(result: Score, names: Iterable[str]) -> int | None:
    """The points of a parameter, or of parameters that share a sub-score; None while one of them is open."""
    rows = {row.id: row for row in result.parameters}
    parts = [row for row in (rows[name] for name in names if name in rows) if row.points is not None or row.missing or row.points_max is not None]
    known = [row.points for row in parts if row.points is not None]
    return sum(known) if known and len(known) == len(parts) else None


def computed_words(result: Score, holds: str, parameters: tuple[str, ...] = ()) -> str:
    """What the chart gives in the place of a stated cell."""
    if holds == "status":
        return result.status
    if holds == "points":
        points = _points(result, parameters)
        return "none" if points is None else str(points)
    if result.status == "refused":
        return "refused"
    if holds == "level":
        return result.level or "" if result.level == result.level_max else f"{result.level} to {result.level_max}"
    if not result.chart.has_points:
        return "no total"
    return str(result.total) if result.total is not None else f"{result.total_min} to {result.total_max}"


def _says(result: Score, claim: Claim, kind: str, words: str) -> str:
    """A difference in one sentence."""
    chart, raw = result.chart, claim.raw
    if kind == "parts_do_not_add_up":
        return f"a total of {raw} is stated, and the stated points add up to {words}; the readings are not here"
    if kind == "not_a_number":
        return f"{raw} is stated, which is not a whole number; the chart gives {words}"
    if kind == "unknown_level":
        return f"{str(raw)[:60]!r} is not a level of this chart; its levels: {', '.join(level.title for level in chart.levels)}"
    if claim.holds == "level":
        title = chart.levels[level_names(chart)[plain(str(raw))]].title
        return f"the level is stated as {title}; the chart gives {words}"
    if claim.holds == "points":
        rows: Mapping[str, ParameterScore] = {row.id: row for row in result.parameters}
        return f"{count(whole(raw), 'point')} stated; the chart gives {words}: " + "; ".join(rows[name].says for name in claim.parameters)
    if kind in ("total_of_partial", "outside_bounds"):
        missing = ", ".join(chart.by_id[name].title for name in (*result.missing, *result.skipped)) or "what decides how it is read"
        says = f"a total of {raw} is stated, but the set is partial ({missing}): it has no total"
        return says if kind == "total_of_partial" else f"{says}, and it cannot be outside {words}"
    return f"the total is stated as {raw}; the chart gives {'no total: it has no points' if words == 'no total' else words}"
