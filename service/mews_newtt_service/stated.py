"""A stated score beside the computed one: what was stated, read strictly, and where the two differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mews_newtt.chart.model import Chart
from mews_newtt.errors import Problem
from mews_newtt.scoring.result import Score
from mews_newtt_service.problems import ServiceError

KEYS = ("observations", "stated")


class Stated(NamedTuple):
    """What somebody's system says; None is not stated."""

    total: int | None
    level: str | None
    points: Mapping[str, int]


class Difference(NamedTuple):
    """One place where stated and computed are not the same."""

    kind: str
    where: str
    stated: int | str
    computed: int | str | None
    says: str

    def to_dict(self) -> dict[str, Any]:
        return self._asdict()


def read_stated(chart: Chart, document: object) -> tuple[dict[str, Any], Stated]:
    """Readings and stated score of a request. Raises ServiceError (422) naming every fault."""
    faults: list[Problem] = []
    if not isinstance(document, dict):
        raise ServiceError(400, Problem("not_an_object", "body", "is not a JSON object", 'send {"observations": {...}, "stated": {"total": 6}}'))
    faults += [Problem("unknown_key", name[:60], "is not known here", "use observations and stated") for name in document.keys() - set(KEYS)]
    parts: dict[str, dict[str, Any]] = {}
    for key in KEYS:
        part = document.get(key)
        if not isinstance(part, dict):
            faults.append(Problem("wrong_type", key, "is missing or no object", 'send {"observations": {...}, "stated": {"total": 6}}'))
            part = {}
        parts[key] = part
    stated = parts["stated"]
    faults += [
        Problem("unknown_key", f"stated.{name[:60]}", "is not known here", "use total, level and points")
        for name in stated.keys() - {"total", "level", "points"}
    ]
    total, level, points = stated.get("total"), stated.get("level"), stated.get("points") or {}
    if total is not None and not _whole(total):
        faults.append(Problem("not_a_number", "stated.total", "is no whole number", "send the total as a number, or leave it out"))
    levels = [one.id for one in chart.levels]
    if level is not None and level not in levels:
        faults.append(Problem("unknown_level", "stated.level", "is no level of this chart", "allowed: " + ", ".join(levels)))
    scored = [parameter.id for parameter in chart.parameters if parameter.role == "scored"]
    if not isinstance(points, dict):
        faults.append(Problem("wrong_type", "stated.points", "is no object", 'send {"temperature": 1}'))
        points = {}
    for name, value in points.items():
        if name not in scored:
            faults.append(
                Problem("unknown_parameter", f"stated.points.{name[:60]}", "is no scored parameter of this chart", "allowed: " + ", ".join(scored))
            )
        elif not _whole(value):
            faults.append(Problem("not_a_number", f"stated.points.{name}", "is no whole number", "send the points as a number, or leave them out"))
    if not faults and total is None and level is None and not points:
        faults.append(Problem("nothing_stated", "stated", "holds nothing to compare", "state total, level or points"))
    if faults:
        raise ServiceError(422, faults)
    return parts["observations"], Stated(total, level, points)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**6


def differences_of(result: Score, stated: Stated) -> list[Difference]:
    """Where a stated score is not the computed one, the total first. A number stated for a partial set is always a difference."""
    found: list[Difference] = []
    if stated.total is not None and stated.total != result.total:
        if result.total is not None:
            found.append(Difference("total", "total", stated.total, result.total, f"the total is {result.total}, not {stated.total}"))
        elif result.status == "partial" and result.total_min is not None and result.total_max is not None:
            outside = not result.total_min <= stated.total <= result.total_max
            says = f"the set is partial and has no total (it lies between {result.total_min} and {result.total_max}); {stated.total} was stated"
            found.append(Difference("outside_bounds" if outside else "total_of_partial", "total", stated.total, None, says))
        else:
            found.append(Difference("total_of_partial", "total", stated.total, None, f"there is no total here; {stated.total} was stated"))
    if stated.level is not None and stated.level != result.level:
        found.append(Difference("level", "level", stated.level, result.level, f"the level is {result.level}, not {stated.level}"))
    computed = result.points()
    for name, value in stated.points.items():
        if value != computed.get(name):
            right = computed.get(name)
            says = f"{name}: {value} was stated, {right} is right" if right is not None else f"{name}: {value} was stated, but it has no points here"
            found.append(Difference("points", name, value, right, says))
    return found
