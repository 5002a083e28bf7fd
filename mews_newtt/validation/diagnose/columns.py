"""Each stated column for itself: the points against the chart, the total against the stated points, the level against the stated total and points.

A fault in the points needs no second fault in the total that follows from them. A fault of the sum alone, or of the levels alone, shows although
the columns before it are wrong as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from mews_newtt.chart.model import Chart
from mews_newtt.validation.diagnose.candidates import WHOLE, Candidates
from mews_newtt.validation.diagnose.certainty import partial_rows
from mews_newtt.validation.diagnose.claims import Claims
from mews_newtt.validation.diagnose.judgement import judged
from mews_newtt.validation.diagnose.search import Hypothesis, Search, Trials
from mews_newtt.validation.diagnosis import ColumnFinding, Finding
from mews_newtt.validation.faults import Fault
from mews_newtt.validation.mutants import Flags, MutantScorer, Sheet, is_number, on_stated, states_all_points

SHOWN = 5
OF_MISSING = ("missing_as_zero", "missing_shown_as_normal", "missing_read_as_0", "zero_instead", "partial_refused", "context_assumed", "group_apart")
OF_LEVELS = ("threshold_moved", "partial_level", "partial_refused", "zero_instead", "trigger_ignored", "other_chart")


class Layer(NamedTuple):
    """What one column says: its finding, the search behind it, and the explanations that fit equally well."""

    found: ColumnFinding
    trials: Trials
    name: str
    groups: list[tuple[Hypothesis, list[Fault]]]
    set_aside: int = 0

    @property
    def search(self) -> Search:
        return self.trials.searches[self.name]


def layers_of(chart: Chart, candidates: Candidates, claims: Claims, sheet: Sheet) -> list[Layer]:
    """The layers in the order points, total, level."""
    scorer, found = candidates.scorer, list[Layer]()
    columns = claims.columns()
    for column in columns:
        kind, _, name = column.partition(":")
        if kind == "points":
            found.append(_layer(chart, candidates.full, column, f"expected_points_{name}", "the chart", claims, sheet))
        elif kind == "total":
            found.append(_total(chart, candidates, claims, sheet, scorer))
        else:
            found.append(_level(chart, candidates, claims, sheet, scorer))
    return found


def _layer(chart: Chart, trials: Trials, name: str, column: str, against: str, claims: Claims, sheet: Sheet, set_aside: int = 0) -> Layer:
    search = trials.searches.get(name)
    if search is None:  # it agrees with the chart
        own = claims.only(name)
        return Layer(ColumnFinding(column, against, int(own.any.sum()), 0), trials, WHOLE, [])
    groups = trials.groups(name, SHOWN) if search.disagreements else []
    found = ColumnFinding(column, against, int(search.claims.any.sum()), search.disagreements)
    found.findings = [Finding(tuple(faults), best.explains, search.disagreements, best.breaks) for best, faults in groups]
    if groups:
        found.certain = judged(chart, *groups[0], sheet, search.disagreements).certain and not set_aside
    return Layer(found, trials, name, groups, set_aside)


def _total(chart: Chart, candidates: Candidates, claims: Claims, sheet: Sheet, scorer: MutantScorer) -> Layer:
    """The total against the sum of the stated points; against the chart where no points are stated."""
    own = claims.only("total")
    if not claims.points:
        return _layer(chart, candidates.full, "total" if "total" in candidates.names else WHOLE, "expected_total", "the chart", claims, sheet)
    view = on_stated(scorer, claims.stated, totals=False)
    search = Search(view, own.among(states_all_points(scorer, claims.stated)))
    trials = Trials(view, {"total": search})
    if search.disagreements:
        unstated = {p.id for p in chart.parameters} - claims.points.keys()
        trials.consider(fault for fault in candidates.faults if _of_total(fault, unstated))
        if not search.solved():
            trials.several("total")
    layer = _layer(chart, trials, "total", "expected_total", "the stated points", claims, sheet)
    layer.found.follows = not search.disagreements and "total" in candidates.names
    return layer


def _of_total(fault: Fault, unstated: set[str]) -> bool:
    about = set(fault.parameters)
    return fault.column == "total" or fault.kind in OF_MISSING or (not fault.column and bool(about) and about <= unstated)


def _level(chart: Chart, candidates: Candidates, claims: Claims, sheet: Sheet, scorer: MutantScorer) -> Layer:
    """The level against whatever it follows from best: the stated total and points, the stated points, or the chart."""
    own = claims.only("level")
    views = [(view, against, Search(view, own)) for view, against in _bases_of_levels(claims, scorer)]
    view, against, search = min(views, key=lambda one: one[2].disagreements)  # the first of equals
    trials = Trials(view, {"level": search})
    set_aside = 0
    if search.disagreements:
        faults = [fault for fault in candidates.faults if of_levels(fault, chart)]
        trials.consider(faults)
        if not search.solved():
            whole = own.without_levels(partial_rows(scorer))
            apart = Trials(view, {"level": Search(view, whole)})
            apart.consider(faults)
            if apart.searches["level"].solved() or not apart.searches["level"].disagreements:
                trials, set_aside = apart, int((own.level != whole.level).sum())
            else:
                trials.several("level")
    layer = _layer(chart, trials, "level", "expected_level", against, claims, sheet, set_aside)
    layer.found.follows = against != "the chart" and not trials.searches["level"].disagreements and "level" in candidates.names
    return layer


def _bases_of_levels(claims: Claims, scorer: MutantScorer) -> Iterator[tuple[MutantScorer, str]]:
    """What levels may follow from, what a platform states before what the chart gives."""
    totals = bool(is_number(claims.total).any())
    if totals:
        yield on_stated(scorer, claims.stated, totals=True), "the stated total and points" if claims.points else "the stated total"
    if claims.points:
        yield on_stated(scorer, claims.stated, totals=False), "the stated points"
    yield scorer, "the chart"


def of_levels(fault: Fault, chart: Chart) -> bool:
    """Whether a fault can change a level while total and points stay."""
    if fault.column == "level" or fault.kind in OF_LEVELS:
        return True
    if fault.column or fault.joined:
        return False
    if fault.parameters:
        return all(name in chart.by_id and chart.by_id[name].role == "trigger" for name in fault.parameters)
    return fault.chart.levels != chart.levels and fault.chart.parameters == chart.parameters


class Together(NamedTuple):
    """The faults of all columns at once: which rows they leave unexplained, and whether they explain every column."""

    faults: tuple[Fault, ...]
    explains: int
    breaks: int
    complete: bool
    equal: list[Fault]
    set_aside: int


def together(layers: Sequence[Layer], whole: Search) -> Together:
    """One verdict over all columns: each fault named once, columns that follow from the ones before need none."""
    wanting = [layer for layer in layers if layer.groups]
    chosen: dict[str, Fault] = {}
    picked: dict[int, Hypothesis] = {}
    for place, layer in enumerate(wanting):
        equal = _equal(layer)
        picked[place] = min(equal, key=lambda one: (-_shared(one.fault, wanting), one.rank))
    for hypothesis in picked.values():
        for fault in hypothesis.fault.joined or (hypothesis.fault,):
            chosen.setdefault(fault.id, fault)
    agrees = np.ones(len(whole.agrees), np.bool_)
    for layer in layers:
        if layer.found.disagreements and not layer.groups:
            agrees &= layer.search.agrees
        elif layer.groups:
            agrees &= _agreement(layer, picked[wanting.index(layer)])
    explains, breaks = int((whole.wrong & agrees).sum()), int((~whole.wrong & whole.claims.any & ~agrees).sum())
    complete = bool(chosen) and all(layer.found.explained for layer in layers if layer.found.disagreements)
    first = wanting[0] if wanting else None
    equal_faults = [one.fault for one in _equal(first)] if first is not None else []
    return Together(tuple(chosen.values()), explains, breaks, complete, equal_faults, sum(layer.set_aside for layer in layers))


def _equal(layer: Layer) -> list[Hypothesis]:
    """The explanations of a column that fit as well as the best one."""
    ids = {fault.id for fault in layer.groups[0][1]}
    return [layer.search.tried[fault_id] for fault_id in ids]


def _shared(fault: Fault, layers: Sequence[Layer]) -> int:
    """How many columns a fault explains wholly."""
    found = 0
    for layer in layers:
        one = layer.search.tried.get(fault.id)
        found += one is not None and one.explains == layer.search.disagreements and not one.breaks
    return found


def _agreement(layer: Layer, hypothesis: Hypothesis) -> Flags:
    """Which rows agree in a column if the platform has the fault."""
    found = layer.search.agrees.copy()
    answers, shown = layer.trials.answers(hypothesis.fault)
    found[answers.rows] = layer.search.claims.agree(answers, shown)
    return found
