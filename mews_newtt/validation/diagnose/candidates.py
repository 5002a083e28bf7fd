"""Finds the faults worth scoring over the whole table: all are tried on few rows first, and faults of several rows at once where needed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from mews_newtt.chart.model import Chart
from mews_newtt.validation.diagnose.claims import Claims
from mews_newtt.validation.diagnose.contrast import Contrast
from mews_newtt.validation.diagnose.from_answers import faults_from_answers
from mews_newtt.validation.diagnose.proposals import proposed_faults
from mews_newtt.validation.diagnose.screen import Screen
from mews_newtt.validation.diagnose.search import Search, Trials, spread
from mews_newtt.validation.faults import Fault, RowOrder, answer_faults_of, faults_of, faults_of_series, levels_from_total, typed_edges
from mews_newtt.validation.mutants import Flags, MutantScorer, Rows

FEW = 6_000  # rows on which every fault is tried; in a longer table only the best are tried on all
FOLLOWING = 10_000  # rows next to each other on which faults of memory are tried
KEPT, KEPT_EQUAL = 16, 60  # faults that are tried on all rows: the best ones, and those that explained all of the few rows
WHOLE = ""  # the search over all columns at once


def all_faults(
    chart: Chart, others: Iterable[Chart] | None, scorer: MutantScorer, claims: Claims, wrong: Flags, contrasts: Sequence[Contrast]
) -> list[Fault]:
    """Every single fault that is tried on every row by itself: those of the chart, and those that the platform's answers propose."""
    found = [*faults_of(chart, others), *answer_faults_of(chart), *faults_from_answers(chart, scorer, claims, wrong)]
    found += [*proposed_faults(contrasts), *levels_from_total(scorer)]
    clear = {contrast.at.parameter.id for contrast in contrasts if contrast.clear.any()}
    return [*found, *typed_edges(chart, clear)]


class Candidates:
    """Searches over a whole table, fed with the faults that did best on few of its rows."""

    def __init__(self, scorer: MutantScorer, columns: dict[str, Claims], faults: Sequence[Fault], order: RowOrder):
        self.scorer, self.faults, self.order = scorer, faults, order
        searches = {name: Search(scorer, claims) for name, claims in columns.items()}
        screen = Screen(scorer, searches[WHOLE].claims, searches[WHOLE].wrong)
        self.full = Trials(scorer, {name: search for name, search in searches.items() if search.disagreements or name == WHOLE}, screen)
        self.few: Trials | None = None
        self.tried: set[str] = set()

    @property
    def names(self) -> list[str]:
        return list(self.full.searches)

    def search(self, names: Sequence[str], *, whole_file: bool) -> None:
        """Try every fault, and several at once for the searches that no single fault solves."""
        if self.few is None:
            self.few = self._few(self._spread(self.names))
            self.few.consider(self.faults)
        few = self.few
        for name in names:
            few.further(name)
        self._carry(few, names)
        if whole_file and WHOLE in names and not self.full.searches[WHOLE].solved():
            self._of_memory()
        for name in names:
            if not self.full.searches[name].solved():
                few.several(name)
        self._carry(few, names)
        for name in names:
            if few is not self.full and not self.full.searches[name].solved():
                self._once_more(name)

    def _spread(self, names: Sequence[str]) -> Rows:
        """Rows of every search that disagree, and rows that agree."""
        wrong = np.unique(np.concatenate([spread(np.flatnonzero(self.full.searches[n].wrong), np.zeros(0, np.int64), FEW) for n in names]))
        whole = self.full.searches[names[0]]
        return spread(wrong, np.setdiff1d(np.flatnonzero(whole.claims.any), wrong, assume_unique=True), FEW)

    def _few(self, rows: Rows) -> Trials:
        """Searches over some rows; the full ones where the table is not much longer."""
        if self.scorer.sheet.rows <= 2 * FEW:
            return self.full
        scorer = MutantScorer(self.scorer.chart, self.scorer.sheet.take(rows))
        scorer.foreign = self.scorer.foreign
        searches = {name: Search(scorer, search.claims.take(rows)) for name, search in self.full.searches.items()}
        scorer.stated = searches[WHOLE].claims.stated
        return Trials(scorer, searches, Screen(scorer, searches[WHOLE].claims, searches[WHOLE].wrong))

    def _carry(self, few: Trials, names: Sequence[str]) -> None:
        """Try on all rows what did best on few."""
        if few is self.full:
            return
        for name in names:
            search = few.searches[name]
            ranked = search.ranked()
            equal = [one for one in ranked if one.explains == search.disagreements and not one.breaks]
            self.full.consider([one.fault for one in (*equal[:KEPT_EQUAL], *ranked[:KEPT])], [name])
            self.tried |= search.tried.keys()

    def _of_memory(self) -> None:
        """Faults that need the rows in their order: on the first rows of the file, then on all."""
        scorer = self.scorer
        rows = min(scorer.sheet.rows, FOLLOWING)
        trials = self.full
        if rows < scorer.sheet.rows:
            every = np.arange(rows, dtype=np.int64)
            part = MutantScorer(scorer.chart, scorer.sheet.take(every))
            part.foreign = scorer.foreign
            trials = Trials(part, {WHOLE: Search(part, self.full.searches[WHOLE].claims.take(every))})
        trials.consider(faults_of_series(scorer.chart, self.order.series(rows)), [WHOLE])
        if trials is not self.full:
            best = {one.fault.id for one in trials.searches[WHOLE].ranked()[:KEPT]}
            everywhere = faults_of_series(scorer.chart, self.order.series())
            self.full.consider([fault for fault in everywhere if fault.id in best], [WHOLE])

    def _once_more(self, name: str) -> None:
        """Look again, at the rows that the best explanation leaves: a second fault may show in very few rows of a long table."""
        search = self.full.searches[name]
        best = search.best()
        if best is None:
            return
        left = search.wrong.copy()
        left[best.explained] = False
        rest = np.flatnonzero(left)
        if not len(rest) or len(rest) * 2 > search.disagreements:
            return  # what is left is not rare: it was among the few rows
        rows = spread(rest, np.setdiff1d(np.flatnonzero(search.claims.any), rest, assume_unique=True), FEW)
        few = self._few(rows)
        few.consider([*self.faults, *(best.fault.joined or ())], [name])
        few.consider([best.fault], [name])
        few.several(name)
        self._carry(few, [name])

    @property
    def hypotheses(self) -> int:
        ids = set(self.tried)
        for search in self.full.searches.values():
            ids |= search.tried.keys()
        return len(ids)
