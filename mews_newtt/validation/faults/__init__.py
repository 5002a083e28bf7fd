"""The ways in which a platform may score wrongly, worked out from a chart: for the diagnosis, test packs and coverage.

A new kind of fault is a new module here: `KINDS` says what the platform does wrong, `faults` makes the faults of a chart, `EXAMPLES` show what
they do. Add the module to `MODULES`, at the place where its explanation is as plain as its neighbours'. CONTRIBUTING.md, "Add a kind of mistake",
names what else it may need.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mews_newtt.chart.model import Chart
from mews_newtt.validation.faults import (
    ages,
    bands,
    between,
    contexts,
    decimals,
    edges,
    everybody,
    exchanged,
    groups,
    half_counted,
    ignored,
    impossible,
    level_names,
    level_rules,
    levels,
    memory,
    missing,
    nulls,
    open_ends,
    other_charts,
    pairs,
    partial,
    points_columns,
    ranges,
    recoded,
    rounding,
    scope,
    shifted,
    skips,
    stale,
    tables,
    totals,
    triggers,
    typed,
    units,
)
from mews_newtt.validation.faults.bands import other_contribution
from mews_newtt.validation.faults.edges import REACH, moves_of
from mews_newtt.validation.faults.fault import Example, Fault, Site, TableAt, all_answers, answers_of, each_table
from mews_newtt.validation.faults.level_rules import levels_from_total
from mews_newtt.validation.faults.memory import RowOrder, Series, series_of
from mews_newtt.validation.faults.open_ends import ended_at
from mews_newtt.validation.faults.pairs import both
from mews_newtt.validation.faults.partial import refused as partial_sets_refused
from mews_newtt.validation.faults.single_sets import NOT_IN_SINGLE_SETS
from mews_newtt.validation.faults.stale import faults_of_series
from mews_newtt.validation.faults.totals import capped, fixed
from mews_newtt.validation.faults.typed import typed_edges
from mews_newtt.validation.faults.units import IGNORED as UNIT_IGNORED

# The plainest explanation first: among faults that fit equally well the first is named.
MODULES = (
    partial, edges, bands, ignored, recoded, half_counted, open_ends, missing, levels, triggers, tables, contexts, rounding, between, units,
    ages, totals, level_rules, level_names, exchanged, skips, groups, impossible, scope, nulls, everybody, shifted, decimals, ranges,
    other_charts, typed, points_columns, memory, stale, pairs,
)  # fmt: skip
EXAMPLES: tuple[Example, ...] = tuple(example for module in MODULES for example in module.EXAMPLES)
OF_MEMORY: dict[str, str] = {**memory.KINDS, **stale.KINDS}
KINDS: dict[str, str] = {kind: says for module in MODULES for kind, says in module.KINDS.items()}

__all__ = [
    "EXAMPLES", "KINDS", "MODULES", "NOT_IN_SINGLE_SETS", "OF_MEMORY", "REACH", "UNIT_IGNORED", "Example", "Fault", "RowOrder", "Series", "Site",
    "TableAt", "all_answers", "answer_faults_of", "answers_of", "both", "capped", "each_table", "ended_at", "faults_of", "faults_of_series", "fixed",
    "levels_from_total", "moves_of", "other_contribution", "partial_sets_refused", "series_of", "typed_edges",
]  # fmt: skip


def faults_of(chart: Chart, others: Iterable[Chart] | None = (), *, reach: int = REACH) -> list[Fault]:
    """Every single fault of a chart, the plainest kinds first; those that change nothing are left out.

    Parameters
    ----------
    others : charts, or versions, that a platform may have used instead; None takes those of the catalogue that share parameters
    reach : the most recording steps that an edge is moved by
    """
    by_id: dict[str, Fault] = {}
    own = _content(chart)
    for fault in _each(chart, others, reach):
        if fault.change is not None or fault.answers is not None or _content(fault.chart) != own:
            by_id.setdefault(fault.id, fault)
    return list(by_id.values())


def answer_faults_of(chart: Chart) -> list[Fault]:
    """Faults that change answers and not the chart or the readings, from the modules that have `answer_faults`."""
    return [fault for module in MODULES if hasattr(module, "answer_faults") for fault in module.answer_faults(chart)]


def _each(chart: Chart, others: Iterable[Chart] | None, reach: int) -> Iterator[Fault]:
    for module in MODULES:
        if module is edges or module is shifted:
            yield from module.faults(chart, reach)
        elif module is other_charts:
            yield from other_charts.faults(chart, others)
        elif hasattr(module, "faults"):
            yield from module.faults(chart)


def _content(chart: Chart) -> tuple[object, ...]:
    return (chart.parameters, chart.levels, chart.groups, chart.scope, chart.zones)
