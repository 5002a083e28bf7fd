"""Ten sets to score by hand, made from a chart by a seed. The same chart and seed give the same ten."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from random import Random

from mews_newtt.chart.model import Band, Chart, Parameter
from mews_newtt.scoring.reference import score
from mews_newtt.validation.cases.shown import calm_set, choices, values_of
from mews_newtt.validation.cases.values import Given, Setting, baseline_band, settings

SETS = 10
MOST_SEED = 1_000_000
_RAISED = (0, 1, 1, 2, 2, 2, 3, 3, 4, 5)  # rows that are not in their least band, one entry for each set
_MISSING = 2  # sets of the ten that lack one reading
_NEAREST = 25  # recordable values of a band from which one is drawn
_TRIES = 20


def lesson(chart: Chart, seed: int) -> list[Given]:
    """Ten sets with plausible, recordable readings. Two of them lack one reading. Empty where the chart has no set that is complete."""
    ways = settings(chart)
    if not ways:
        return []
    rng = Random(seed)
    raised, lacking = rng.sample(_RAISED, SETS), set(rng.sample(range(SETS), _MISSING))
    calm = [calm_set(chart, setting) for setting in ways]
    found = []
    for number, many in enumerate(raised):
        way = rng.randrange(len(ways))
        found.append(drawn_set(chart, rng, ways[way], calm[way], many, lacks=number in lacking))
    return found


def drawn_set(chart: Chart, rng: Random, setting: Setting, calm: Given, many: int, *, lacks: bool) -> Given:
    """One set; of several tries the first that nobody has to confirm, else the calm set."""
    rows = choices(chart, setting, calm)
    required = [name for name in rows if chart.by_id[name].required and chart.by_id[name].role == "scored" and name not in chart.group_of]
    lacks = lacks and bool(required)
    for _ in range(_TRIES):
        given = dict(calm)
        up = set(rng.sample(sorted(rows), min(many, len(rows))))
        for name, bands in rows.items():
            given[name] = _value(chart, rng, setting, chart.by_id[name], bands, raised=name in up) or calm[name]
        if lacks:
            del given[rng.choice(required)]
        found = score(chart, given, raise_refused=False)
        if found.status == ("partial" if lacks else "complete") and not found.warnings:
            return given
    return calm


def _value(chart: Chart, rng: Random, setting: Setting, parameter: Parameter, bands: list[Band], *, raised: bool) -> str | None:
    """A reading in the least band, or in one of those that give more."""
    table = setting.tables[parameter.id]
    if table is None:
        return None
    least = baseline_band(chart, table)
    more = [band for band in bands if chart.severity(band) > chart.severity(least)]
    band = rng.choice(more) if raised and more else least
    found = _nearest(parameter, band)
    return rng.choice(found) if found else None


@lru_cache(maxsize=2048)
def _nearest(parameter: Parameter, band: Band) -> tuple[str, ...]:
    return tuple(islice(values_of(parameter, band), _NEAREST))
