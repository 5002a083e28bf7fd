"""Parts of a chart in words: what a band gives, and a context. Every output that names them asks here."""

from __future__ import annotations

from collections.abc import Iterable

from mews_newtt.chart.model import Band, Chart, Condition, Group, Interval, Skip, number


def count(amount: int, noun: str) -> str:
    return f"{amount} {noun}" if amount == 1 else f"{amount} {noun}s"


def gives(points: int | None, zone: str | None, level: str | None, prompt: str | None) -> list[str]:
    """What a band gives, each in words; zone and level as they are to be named."""
    found = [count(points, "point")] if points is not None else []
    found += [zone] if zone else []
    found += [f"raises the level to {level}"] if level else []
    return [*found, prompt] if prompt else found


def band_gives(band: Band, chart: Chart | None = None) -> list[str]:
    """What a band gives, each in words: zone and level by their ids, or by the titles that the chart gives them."""
    if chart is None:
        return gives(band.points, band.zone and f"{band.zone} zone", band.level, band.prompt)
    zones = {zone.id: zone.title for zone in chart.zones}
    levels = {level.id: level.title for level in chart.levels}
    return gives(band.points, band.zone and zones[band.zone], band.level and levels[band.level], band.prompt)


def conditions_say(chart: Chart, when: Iterable[tuple[str, Condition]]) -> str:
    """A context in words, by the titles of its parameters and answers."""
    return "; ".join(f"{chart.by_id[name].title}: {condition_says(chart, name, wanted)}" for name, wanted in when)


def conditions_by_id(when: Iterable[tuple[str, Condition]]) -> str:
    """A context in words, by ids: for the comparison of two charts, whose titles may differ."""
    return ", ".join(f"{name} {' or '.join(sorted(wanted)) if isinstance(wanted, frozenset) else wanted}" for name, wanted in when)


def group_says(group: Group) -> str:
    return "the worst of them counts, once" if group.kind == "either" else "at most one of them is given"


def skip_gives(skip: Skip) -> str:
    return count(skip.points, "point") if skip.points is not None else "leaves the set partial"


def scope_says(chart: Chart) -> list[str]:
    """Whom the chart is not for, and what happens to such a set."""
    return [f"{rule.says} ({'refused' if rule.refuse else 'flagged'}: {conditions_say(chart, rule.when)})" for rule in chart.scope]


def condition_says(chart: Chart, name: str, wanted: Condition) -> str:
    """One condition of a context: a range with its unit, or the titles of answers."""
    observation = chart.by_id[name].observation
    if isinstance(wanted, Interval):
        words, _, last = str(wanted).rpartition(" ")
        return f"{words} {number(last, observation.unit)}".strip()
    return " / ".join(category.title for category in observation.categories if category.id in wanted)
