"""The differences between two charts in the order in which a clinician asks: signs lost or gained, less or more sensitive, levels; then the rest."""

from __future__ import annotations

from typing import NamedTuple

from mews_newtt.chart.compare import BandGives, Comparison, ReadingChange
from mews_newtt.chart.model import Chart


class Part(NamedTuple):
    """Differences of one kind, in words."""

    title: str
    lines: list[str]


def clinical_order(found: Comparison) -> list[Part]:
    """All differences; parts without any are left out."""
    before, after = found.before, found.after
    lost = [p for p in before.parameters if _counts(p.role) and (p.id not in after.by_id or not _counts(after.by_id[p.id].role))]
    gained = [p for p in after.parameters if _counts(p.role) and (p.id not in before.by_id or not _counts(before.by_id[p.id].role))]
    whole = {p.id for p in (*lost, *gained)}
    loose = [
        f"{p.title}: is {'required' if p.required else 'not required'} now"
        for p in after.parameters
        if p.id in before.by_id and p.id not in whole and _counts(p.role) and p.required != before.by_id[p.id].required
    ]
    sides: dict[int, list[str]] = {-1: [], 1: [], 0: []}
    for change in found.readings:
        if change.parameter not in whole:
            sides[_direction(before, after, change)].append(change.says)
    parts = [
        Part("Signs lost", [f"{p.title}: was {p.role} on {before.id} {before.version}" for p in lost]),
        Part("Signs gained", [f"{p.title}: is {p.role}" for p in gained]),
        Part("Signs whose requirement changed", loose),
        Part("Less sensitive: readings that score less, or raise a lower level", sides[-1]),
        Part("More sensitive: readings that score more, or raise a higher level", sides[1]),
        Part("Readings that give something else", sides[0]),
        Part("Readings of signs lost or gained", [change.says for change in found.readings if change.parameter in whole]),
        Part("Totals that reach another level", [change.says for change in found.totals]),
        Part("What the files say differently", [change.says for change in found.changes]),
    ]
    return [part for part in parts if part.lines]


def in_lines(found: Comparison) -> list[str]:
    """The parts as lines, each title before its own."""
    return [line for part in clinical_order(found) for line in (f"{part.title}: {len(part.lines)}", *(f"  {one}" for one in part.lines))]


def _counts(role: str) -> bool:
    return role != "recorded"


def _direction(before: Chart, after: Chart, change: ReadingChange) -> int:
    """1 where the later chart counts a reading for more, -1 for less, 0 where neither can be said."""
    one, other = _severity(before, change.before), _severity(after, change.after)
    signs = {(b > a) - (b < a) for a, b in zip(one, other, strict=True)} - {0}
    return signs.pop() if len(signs) == 1 else 0


def _severity(chart: Chart, gives: BandGives | None) -> tuple[float, float, float]:
    """Points, zone and level of a reading. Zones and levels count by their place among those of their chart, as a share of the way up."""
    if gives is None:
        return (-1, -1, -1)
    zone = chart.zone_rank[gives.zone] / len(chart.zones) if gives.zone else 0
    level = chart.level_rank[gives.level] / max(1, len(chart.levels) - 1) if gives.level else 0
    return (gives.points or 0, zone, level)
