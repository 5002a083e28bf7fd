"""The one verdict on a stated score: does it agree with the chart, and if not, how? Used for files, HTTP, FHIR and the workbench.

A stated cell holds a total, a level, the points of a parameter, or a status. `read_stated` reads it, `kind_of` judges it.
This module is plain Python; `validation/expected.py` applies the same verdict to whole columns.
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
MOST = 10**6  # larger stated numbers count as this one: both are wrong
STATUSES = ("complete", "partial", "refused")  # in the order in which the batch engine numbers them
BLANK, AGREES = "", "agrees"
KINDS = {  # how a stated cell can disagree, in words
    "total": "the stated total differs from the chart's (complete set)",
    "total_of_partial": "a total was stated for a partial set, which has none",
    "outside_bounds": "a total was stated for a partial set, and the missing readings cannot lead to it",
    "total_without_points": "a total was stated on a chart that gives no points",
    "parts_do_not_add_up": "the row has no readings, and the stated points do not add up to the stated total",
    "level": "the stated level differs from the chart's (complete set)",
    "level_of_partial": "the stated level of a partial set is not the level certainly reached",
    "unknown_level": "the stated level is not a level of the chart",
    "points": "the stated points differ from the chart's",
    "points_of_missing": "points were stated for a parameter without points: it has no reading, or is not scored in this context",
    "score_of_refused": "a score was stated for a set that cannot be scored",
    "status": "the stated status (complete, partial or refused) differs from the chart's",
    "left_out": "nothing was stated where the chart gives an answer",
    "not_a_number": "the stated total or points are not a whole number",
}
_WHOLE = re.compile(r"[+-]?\d+(\.0*)?", re.ASCII)


class Computed(NamedTuple):
    """The chart's answer for a set, as one stated cell is compared with it. `level` is a rank; None means that the chart gives nothing."""

    status: str
    total_min: int | None = None
    total_max: int | None = None
    level: int | None = None
    points: int | None = None


# Reading a stated cell


def read_stated(chart: Chart, holds: str, raw: Any, levels: Mapping[str, int] | None = None) -> int:
    """A stated cell as a number: a total or points, the rank of a level, the index of a status. NONE where it states nothing.

    Parameters
    ----------
    holds : total, level, points or status
    levels : `level_names(chart)`, for a caller that reads many cells
    """
    names = (level_names(chart) if levels is None else levels) if holds == "level" else {}
    if is_blank(raw, names):
        return NONE
    if holds == "level":
        return names.get(plain(str(raw)), UNKNOWN)
    if holds == "status":
        text = str(raw).strip().casefold()
        return STATUSES.index(text) if text in STATUSES else UNKNOWN
    return whole_number(raw)


def is_blank(raw: Any, levels: Container[str] = ()) -> bool:
    """Whether a stated cell is empty. On a chart with a level named `none`, a level cell with that word is not empty."""
    return states_nothing(raw) and (raw is None or plain(str(raw)) not in levels)


def whole_number(raw: Any) -> int:
    """A stated number; UNREADABLE, which agrees with nothing, where it is not a whole number."""
    if isinstance(raw, bool):
        return UNREADABLE
    if isinstance(raw, (int, float, Decimal)):
        if raw != raw:  # NaN
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
    """A level's name in one form: lower case, with single spaces for hyphens and underscores."""
    return re.sub(r"[\s_-]+", " ", name.strip().casefold())


def level_names(chart: Chart) -> Mapping[str, int]:
    """The ranks of levels by id and title, in plain form; without names that two levels share."""
    ranks: dict[str, set[int]] = {}
    for rank, level in enumerate(chart.levels):
        for name in (level.id, level.title):
            ranks.setdefault(plain(name), set()).add(rank)
    return {name: min(found) for name, found in ranks.items() if len(found) == 1}


# The verdict


def kind_of(chart: Chart, holds: str, value: int, given: Computed) -> str:
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
    """The verdict on a cell of a set without any reading: it is not compared, but stated points must add up to the stated total.

    Parameters
    ----------
    points : the whole numbers stated for each parameter, or for parameters that are stated together
    """
    if holds != "total" or value in (NONE, UNREADABLE) or not chart.has_points:
        return BLANK
    if not points:
        return BLANK
    least, most = sum_of_parts(chart, points)
    return BLANK if least <= value <= most else "parts_do_not_add_up"


def sum_of_parts(chart: Chart, points: Mapping[tuple[str, ...], int]) -> tuple[int, int]:
    """The least and the greatest total that stated points allow. A parameter without stated points may have any that its tables give."""
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
        elif stated:  # only one of the group is given: these are its points
            least, most = least + sum(stated), most + sum(stated)
        else:
            least, most = least + min(low), most + max(high)
    return least, most


def sum_words(chart: Chart, points: Mapping[tuple[str, ...], int]) -> str:
    """The sum of the stated points, in words."""
    least, most = sum_of_parts(chart, points)
    return str(least) if least == most else f"{least} to {most}"


def _possible(parameter: Parameter) -> tuple[int, int]:
    """The fewest and the most points of a parameter in any of its tables."""
    found = [band.points for table in parameter.tables for band in table.bands if band.points is not None]
    found += [skip.points for skip in parameter.skips if skip.points is not None]
    if not parameter.required or not found or any(not table.applies for table in parameter.tables):
        found.append(0)
    return min(found), max(found)


# The verdict on one set, for HTTP and FHIR


class Claim(NamedTuple):
    """One stated value of a set: what it holds, as written, where it is in the request, and for which parameters."""

    holds: str  # total, level or points
    raw: Any
    where: str
    parameters: tuple[str, ...] = ()

    @property
    def what(self) -> str:
        return ", ".join(self.parameters) or self.holds


class Difference(NamedTuple):
    """One claim that disagrees. `computed` is the chart's answer in words; `right` is the same as a value, or None."""

    kind: str
    where: str
    what: str
    stated: Any
    computed: str
    right: int | str | None
    says: str


class Verdict(NamedTuple):
    """The verdict on all claims of one set: how many were compared, the differences (the total first), and the claims not compared."""

    compared: int
    differences: tuple[Difference, ...]
    not_compared: tuple[Claim, ...] = ()

    @property
    def says(self) -> str:
        """`agrees`, `disagrees` or `nothing_compared`."""
        return "disagrees" if self.differences else "agrees" if self.compared else "nothing_compared"


def verdict_on(result: Score, claims: Sequence[Claim], *, elsewhere: bool = False) -> Verdict:
    """Compare the claims about one scored set with the chart.

    Parameters
    ----------
    elsewhere : readings behind the stated score may be missing here; a claim that they could make right is then not a difference
    """
    chart, levels = result.chart, level_names(result.chart)
    values = [read_stated(chart, claim.holds, claim.raw, levels=levels) for claim in claims]
    points: dict[tuple[str, ...], int] = {}
    for claim, value in zip(claims, values, strict=True):
        if claim.holds == "points" and value not in (NONE, UNREADABLE):  # one for each table: of unused tables 0
            points[claim.parameters] = points.get(claim.parameters, 0) + value
    bare = without_readings(result)
    found: list[tuple[int, Difference]] = []
    left: list[Claim] = []
    compared = 0
    for claim, value in zip(claims, values, strict=True):
        given = computed_of(result, claim.parameters)
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
            order = ("total", "points", "level").index(claim.holds)
            found.append((order, Difference(kind, claim.where, claim.what, claim.raw, words, right, says)))
    return Verdict(compared, tuple(difference for _, difference in sorted(found, key=lambda one: one[0])), tuple(left))


def _may_be_so(result: Score, kind: str, value: int) -> bool:
    """Whether a claim that disagrees may be right with readings that are missing here."""
    if kind == "level_of_partial" and result.level is not None and result.level_max is not None:
        rank = result.chart.level_rank
        return rank[result.level] <= value <= rank[result.level_max]
    return kind in ("total_of_partial", "points_of_missing")


def without_readings(result: Score) -> bool:
    """Whether no parameter that the chart scores has a reading or a reason for none: such a set cannot be compared."""
    counts = [row for row in result.parameters if row.role != "recorded"]
    return result.status != "refused" and all(row.given is None and row.value is None and row.skipped is None for row in counts)


def computed_of(result: Score, parameters: tuple[str, ...] = ()) -> Computed:
    """The chart's answer as one claim is compared with it."""
    level = None if result.level is None else result.chart.level_rank[result.level]
    return Computed(result.status, result.total_min, result.total_max, level, _points(result, parameters))


def _points(result: Score, names: Iterable[str]) -> int | None:
    """The points of a parameter, or of parameters that share a sub-score; None while one of them is missing."""
    rows = {row.id: row for row in result.parameters}
    parts = [row for row in (rows[name] for name in names if name in rows) if row.points is not None or row.missing or row.points_max is not None]
    known = [row.points for row in parts if row.points is not None]
    return sum(known) if known and len(known) == len(parts) else None


def computed_words(result: Score, holds: str, parameters: tuple[str, ...] = ()) -> str:
    """The chart's answer for a stated cell, in words."""
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
        return f"a total of {raw} is stated, and the stated points add up to {words}; the readings are missing here"
    if kind == "not_a_number":
        return f"{raw} is stated, which is not a whole number; the chart gives {words}"
    if kind == "unknown_level":
        return f"{str(raw)[:60]!r} is not a level of this chart; its levels: {', '.join(level.title for level in chart.levels)}"
    if claim.holds == "level":
        title = chart.levels[level_names(chart)[plain(str(raw))]].title
        return f"the level is stated as {title}; the chart gives {words}"
    if claim.holds == "points":
        rows: Mapping[str, ParameterScore] = {row.id: row for row in result.parameters}
        return f"{count(whole_number(raw), 'point')} stated; the chart gives {words}: " + "; ".join(rows[name].says for name in claim.parameters)
    if kind in ("total_of_partial", "outside_bounds"):
        missing = ", ".join(chart.by_id[name].title for name in (*result.missing, *result.skipped)) or "a value that decides which table applies"
        says = f"a total of {raw} is stated, but the set is partial ({missing}): it has no total"
        return says if kind == "total_of_partial" else f"{says}, and no total outside {words} is possible"
    return f"the total is stated as {raw}; the chart gives {'no total: it has no points' if words == 'no total' else words}"
