"""Tries faults on a table: each alone, edges further out where a moved edge fits, and several at once where no single fault explains everything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mews_newtt.validation.comparer import Compared
from mews_newtt.validation.diagnose.claims import Claims
from mews_newtt.validation.diagnose.plainness import plainness
from mews_newtt.validation.diagnose.screen import Screen
from mews_newtt.validation.expected import AGREED, EMPTY
from mews_newtt.validation.faults import Fault, answers_of, both, moves_of
from mews_newtt.validation.mutants import Answers, Flags, MutantScorer, Rows

FIRSTS, SECONDS = 8, 16  # single faults that pairs start from, and faults tried together with each
EDGES, FURTHER = 4, 120  # edges that are followed outwards, and by how many steps
BEST = 40  # explanations among which moved edges are followed
MOST_AT_ONCE = 4  # faults
ALONE = ("other_chart", "group_apart", "partial_refused")  # kinds that are not tried together with another fault

Shown = dict[str, npt.NDArray[np.int16]]


class Hypothesis(NamedTuple):
    """A fault and its effect on the table: disagreements explained, agreements broken, and the rows explained."""

    fault: Fault
    explains: int
    breaks: int
    explained: Rows
    order: int

    @property
    def rank(self) -> tuple[float, ...]:
        return (self.breaks - self.explains, self.breaks, *plainness(self.fault), self.order)


class Search:
    """The effect of faults on what a platform states: on everything, or on one column alone."""

    def __init__(self, scorer: MutantScorer, claims: Claims):
        self.scorer, self.claims = scorer, claims
        self.agrees = claims.agree(scorer.base, scorer.base.points)
        self.wrong: Flags = claims.any & ~self.agrees
        self.disagreements = int(self.wrong.sum())
        self.tried: dict[str, Hypothesis] = {}

    def record(self, fault: Fault, found: Answers, shown: Shown) -> None:
        """The effect of a fault, from its answers."""
        now, before = self.claims.agree(found, shown), self.agrees[found.rows]
        explained = found.rows[now & ~before]
        self.tried[fault.id] = Hypothesis(fault, len(explained), int((~now & before).sum()), explained, len(self.tried))

    def ranked(self) -> list[Hypothesis]:
        """Hypotheses that explain more than they break, the best first."""
        return sorted(
            (hypothesis for hypothesis in self.tried.values() if hypothesis.explains > hypothesis.breaks), key=lambda hypothesis: hypothesis.rank
        )

    def perfect(self) -> list[Hypothesis]:
        """Hypotheses that explain everything and break nothing, the plainest first."""
        return [hypothesis for hypothesis in self.ranked() if hypothesis.explains == self.disagreements and not hypothesis.breaks]

    def best(self) -> Hypothesis | None:
        return min((one for one in self.tried.values() if one.explains > one.breaks), key=lambda one: one.rank, default=None)

    def solved(self) -> bool:
        return any(one.explains == self.disagreements and not one.breaks for one in self.tried.values())


class Trials:
    """Faults scored over the same rows once for several searches, by name: their answers are worked out once."""

    def __init__(self, scorer: MutantScorer, searches: Mapping[str, Search], screen: Screen | None = None):
        self.scorer, self.searches, self.screen = scorer, dict(searches), screen
        self.points = list(dict.fromkeys(name for search in self.searches.values() for name in search.claims.points))

    def answers(self, fault: Fault) -> tuple[Answers, Shown]:
        """A faulty platform's answers where they may differ, and its points for the parameters with claims."""
        found = answers_of(self.scorer, fault)
        base = self.scorer.base.points
        return found, {name: found.points[name] if name in found.points else base[name][found.rows] for name in self.points}

    def consider(self, faults: Iterable[Fault], names: Iterable[str] | None = None) -> None:
        """Try faults that were not tried before."""
        searches = [self.searches[name] for name in (self.searches if names is None else names)]
        for fault in faults if self.screen is None else self.screen.passes(faults):
            fault_id = fault.id
            new = [search for search in searches if fault_id not in search.tried]
            if new:
                found, shown = self.answers(fault)
                for search in new:
                    search.record(fault, found, shown)

    def further(self, name: str) -> None:
        """Follow moved edges that fit outwards."""
        ranked = self.searches[name].ranked()[:BEST]
        edges = dict.fromkeys(one.fault.site for one in ranked if one.fault.kind == "edge_moved" and one.fault.site)
        for site in list(edges)[:EDGES]:
            self.consider(moves_of(self.scorer.chart, site, FURTHER), [name])

    def several(self, name: str) -> None:
        """Try pairs of faults, and more at once where a pair leaves something."""
        search = self.searches[name]
        singles = [one for one in search.ranked() if one.fault.kind not in ALONE and not one.fault.joined]
        pairs: list[Fault] = []
        for first in _distinct(singles)[:FIRSTS]:
            left = search.wrong.copy()
            left[first.explained] = False
            gains = [(int(left[one.explained].sum()) - one.breaks, one) for one in singles]
            seconds = [one for gain, one in sorted(gains, key=lambda pair: (-pair[0], pair[1].rank)) if gain > 0]
            for second in _distinct(seconds)[:SECONDS]:
                pairs += self._joined(search, first.fault, second.fault)
        self.consider(pairs, [name])
        best = next((one for one in search.ranked() if one.fault.joined), None)
        if best is None:
            return
        for kept in best.fault.joined:  # each half of the best pair together with every other fault that explains anything
            self.consider([pair for one in singles for pair in self._joined(search, kept, one.fault)], [name])
        while not search.solved() and (best := search.best()) is not None and len(best.fault.joined) in range(2, MOST_AT_ONCE):
            left = search.wrong.copy()
            left[best.explained] = False
            gains = [(int(left[one.explained].sum()), one) for one in singles]
            thirds = [one for gain, one in sorted(gains, key=lambda pair: (-pair[0], pair[1].rank)) if gain > 0]
            before = best.fault.id
            self.consider([more for third in _distinct(thirds)[:SECONDS] for more in self._joined(search, best.fault, third.fault)], [name])
            best = search.best()
            if best is None or best.fault.id == before:
                return

    def _joined(self, search: Search, first: Fault, second: Fault) -> list[Fault]:
        """Two faults at once, unless they change the same or were tried in the other order."""
        joined = both(first, second, self.scorer.chart)
        if joined is None or joined._replace(joined=joined.joined[::-1]).id in search.tried:
            return []
        return [joined]

    def groups(self, name: str, most: int) -> list[tuple[Hypothesis, list[Fault]]]:
        """The best explanations, in groups that the table cannot tell apart. Several faults must explain more than any single fault."""
        search = self.searches[name]
        ranked = search.ranked()
        single = max((one.explains - one.breaks for one in ranked if not one.fault.joined), default=0)
        ranked = [one for one in ranked if not one.fault.joined or one.explains - one.breaks > single]
        found: dict[bytes, tuple[Hypothesis, list[Fault]]] = {}
        for hypothesis in ranked:
            if len(found) >= most and hypothesis.rank[:2] != ranked[0].rank[:2]:
                break
            found.setdefault(self._effect(search, hypothesis), (hypothesis, []))[1].append(hypothesis.fault)
        return list(found.values())[:most]

    def _effect(self, search: Search, hypothesis: Hypothesis) -> bytes:
        """The answers in the cells that state something, where they differ from the chart's."""
        if hypothesis.explains == search.disagreements and not hypothesis.breaks:
            return b"everything"
        found, shown = self.answers(hypothesis.fault)
        base, claims = self.scorer.base, search.claims
        before = Answers(found.rows, base.status[found.rows], base.total[found.rows], base.level[found.rows])
        was = claims.predictions(before, {name: base.points[name][found.rows] for name in claims.points})
        now = claims.predictions(found, shown)
        changed = (was != now).any(axis=0)
        rows: bytes = found.rows[changed].tobytes()
        return rows + bytes(now[:, changed].tobytes())


def _distinct(tried: list[Hypothesis]) -> list[Hypothesis]:
    """Of hypotheses that explain the same rows, the first."""
    seen: dict[bytes, Hypothesis] = {}
    for hypothesis in tried:
        seen.setdefault(hypothesis.explained.tobytes() + bytes([hypothesis.breaks % 256]), hypothesis)
    return list(seen.values())


def sampled_rows(compared: Compared, most: int) -> Rows:
    """All rows; of too many rows, those that disagree and evenly spaced ones that agree."""
    count = compared.frame.height
    if count <= most:
        return np.arange(count, dtype=np.int64)
    kinds = np.stack(list(compared.kinds.values()))
    disagrees = (kinds > AGREED).any(axis=0)
    return spread(np.flatnonzero(disagrees), np.flatnonzero((kinds > EMPTY).any(axis=0) & ~disagrees), most)


def spread(wrong: Rows, right: Rows, most: int) -> Rows:
    """Evenly spaced rows that disagree, up to half of `most`, and that agree."""
    wrong = wrong[:: max(1, -(-len(wrong) * 2 // most))]
    right = right[:: max(1, -(-len(right) // max(1, most - len(wrong))))]
    return np.sort(np.concatenate([wrong, right]))
