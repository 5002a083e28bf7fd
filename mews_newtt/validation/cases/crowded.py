"""Sets in which most readings are next to an edge or at an extreme: each shows many faults, so a person needs to type only a few."""

from __future__ import annotations

from random import Random

from mews_newtt.chart.model import Parameter, Table
from mews_newtt.validation.cases.extremes import highest, lowest
from mews_newtt.validation.cases.pool import Pool
from mews_newtt.validation.cases.values import Given, as_text, edge_values, recordable

AMOUNT = 1500
NUMBERS, WORDS = 0.9, 0.3  # how often a number is moved to an edge, and an answer changed: a trigger hides the level that the total gives


def crowded(pool: Pool) -> list[Given]:
    """Random sets with recordable readings alone; the same pool gives the same sets."""
    rng = Random(pool.seed)
    known: dict[int, list[str]] = {}
    found: dict[tuple[tuple[str, str], ...], Given] = {}
    for _ in range(AMOUNT if pool.settings else 0):
        number = rng.randrange(len(pool.settings))
        setting, given = pool.settings[number], dict(pool.baselines[number])
        for parameter in pool.chart.parameters:
            table = setting.tables[parameter.id]
            if parameter.id not in given or parameter.id in setting.given or table is None:
                continue
            if rng.random() < (NUMBERS if parameter.observation.numeric else WORDS):
                if id(table) not in known:
                    known[id(table)] = _readings(parameter, table)
                given[parameter.id] = rng.choice(known[id(table)] or [given[parameter.id]])
        found.setdefault(tuple(sorted(given.items())), given)
    return [given for given in found.values() if all(recordable(pool.chart.by_id[name], text) for name, text in given.items())]


def _readings(parameter: Parameter, table: Table) -> list[str]:
    if not parameter.observation.numeric:
        return list(parameter.category_ids)
    far = [as_text(value) for value in (lowest(parameter), highest(parameter)) if value is not None]
    return [*edge_values(parameter, [table])[0], *far]
