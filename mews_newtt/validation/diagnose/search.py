"""Tries faults on a table: each alone, edges further out where a moved edge fits, and pairs where no single fault explains everything."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mews_newtt.validation.comparer import Compared
from mews_newtt.validation.diagnose.claims import Claims
from mews_newtt.validation.expected import AGREED, EMPTY
from mews_newtt.validation.faults import KINDS, Fault, answers_of, both, moves_of
from mews_newtt.validation.mutants import Answers, Flags, MutantScorer, Rows

FIRSTS, SECONDS = 8, 16  # single faults that pairs start from, and faults tried together with each
EDGES, FURTHER = 4, 120  # edges that are followed outwards, and by how many steps
BEST = 40  # explanations among which moved edges are followed
ORDER = {kind: rank for rank, kind in enumerate(KINDS)}  # the plainer explanation first, where the table cannot tell


class Hypothesis(NamedTuple):
    """A fault and its effect on the table: disagreements explained, agreements broken, and the rows explained."""

    fault: Fault
    explains: int
    breaks: int
    explained: Rows
    order: int

    @property
    def rank(self) -> tuple[int, int, int, int]:
        return (self.breaks - self.explains, self.breaks, ORDER[self.fault.kind], self.order)


class Search:
    """The faults tried so far, by id."""

    def __init__(self, scorer: MutantScorer, claims: Claims):
        self.scorer, self.claims = scorer, claims.with_silence(scorer.base)
        self.agrees = self.claims.agree(scorer.base, scorer.base.points)
        self.wrong: Flags = claims.any & ~self.agrees
        self.disagreements = int(self.wrong.sum())
        self.tried: dict[str, Hypothesis] = {}

    def answers(self, fault: Fault) -> tuple[Answers, dict[str, npt.NDArray[np.int16]]]:
        """A faulty platform's answers where they may differ, and its points for the parameters with claims."""
        found = answers_of(self.scorer, fault)
        shown = {name: found.points[name] if name in found.points else self.scorer.base.points[name][found.rows] for name in self.claims.points}
        return found, shown

    def consider(self, faults: Iterable[Fault]) -> None:
        """Try faults that were not tried before."""
        for fault in faults:
            if fault.id in self.tried:
                continue
            found, shown = self.answers(fault)
            now = self.claims.agree(found, shown)
            before = self.agrees[found.rows]
            explained = found.rows[now & ~before]
            self.tried[fault.id] = Hypothesis(fault, len(explained), int((~now & before).sum()), explained, len(self.tried))

    def ranked(self) -> list[Hypothesis]:
        """Hypotheses that explain more than they break, the best first."""
        return sorted(
            (hypothesis for hypothesis in self.tried.values() if hypothesis.explains > hypothesis.breaks), key=lambda hypothesis: hypothesis.rank
        )

    def refine(self) -> None:
        """Follow moved edges that fit outwards. Then try pairs, where the best fault leaves something unexplained or breaks something."""
        self._further()
        best = self.ranked()[:1]
        if not best or best[0].explains < self.disagreements or best[0].breaks:
            self._pairs()

    def _further(self) -> None:
        edges = dict.fromkeys(
            hypothesis.fault.site for hypothesis in self.ranked()[:BEST] if hypothesis.fault.kind == "edge_moved" and hypothesis.fault.site
        )
        for site in list(edges)[:EDGES]:
            self.consider(moves_of(self.scorer.chart, site, FURTHER))

    def _pairs(self) -> None:
        chart = self.scorer.chart
        singles = [
            hypothesis for hypothesis in self.ranked() if hypothesis.fault.kind not in ("other_chart", "group_apart", "partial_refused", "pair")
        ]
        firsts = self._distinct(singles)[:FIRSTS]
        pairs: list[Fault] = []
        for first in firsts:
            left = np.setdiff1d(np.flatnonzero(self.wrong), first.explained, assume_unique=True)
            gains = [(len(np.intersect1d(hypothesis.explained, left, assume_unique=True)) - hypothesis.breaks, hypothesis) for hypothesis in singles]
            seconds = [hypothesis for gain, hypothesis in sorted(gains, key=lambda pair: (-pair[0], pair[1].rank)) if gain > 0]
            for second in self._distinct(seconds)[:SECONDS]:
                joined = both(first.fault, second.fault, chart)
                if joined is not None and not self._tried_reversed(joined):
                    pairs.append(joined)
        self.consider(pairs)
        best = next((hypothesis for hypothesis in self.ranked() if hypothesis.fault.joined), None)
        if best is None:
            return
        for kept in best.fault.joined:  # each half of the best pair together with every other fault that explains anything
            joined_to = [both(kept, hypothesis.fault, chart) for hypothesis in singles]
            self.consider(pair for pair in joined_to if pair is not None and not self._tried_reversed(pair))

    def _tried_reversed(self, pair: Fault) -> bool:
        return pair._replace(joined=pair.joined[::-1]).id in self.tried

    def _distinct(self, tried: list[Hypothesis]) -> list[Hypothesis]:
        """Of hypotheses that explain the same rows, the first."""
        seen: dict[bytes, Hypothesis] = {}
        for hypothesis in tried:
            seen.setdefault(hypothesis.explained.tobytes() + bytes([hypothesis.breaks % 256]), hypothesis)
        return list(seen.values())

    def findings(self, most: int) -> list[tuple[Hypothesis, list[Fault]]]:
        """The best explanations, in groups that the table cannot tell apart. A pair must explain more than any single fault."""
        ranked = self.ranked()
        single = max((hypothesis.explains - hypothesis.breaks for hypothesis in ranked if not hypothesis.fault.joined), default=0)
        ranked = [hypothesis for hypothesis in ranked if not hypothesis.fault.joined or hypothesis.explains - hypothesis.breaks > single]
        groups: dict[bytes, tuple[Hypothesis, list[Fault]]] = {}
        for hypothesis in ranked:
            if len(groups) >= most and hypothesis.rank[:2] != ranked[0].rank[:2]:
                break
            groups.setdefault(self._effect(hypothesis), (hypothesis, []))[1].append(hypothesis.fault)
        return list(groups.values())[:most]

    def _effect(self, hypothesis: Hypothesis) -> bytes:
        """The answers in the cells that state something, where they differ from the chart's."""
        if hypothesis.explains == self.disagreements and not hypothesis.breaks:
            return b"everything"
        found, shown = self.answers(hypothesis.fault)
        base = self.scorer.base
        before = Answers(found.rows, base.status[found.rows], base.total[found.rows], base.level[found.rows])
        was = self.claims.predictions(before, {name: base.points[name][found.rows] for name in self.claims.points})
        now = self.claims.predictions(found, shown)
        changed = (was != now).any(axis=0)
        rows: bytes = found.rows[changed].tobytes()
        return rows + bytes(now[:, changed].tobytes())


def sampled_rows(compared: Compared, most: int) -> Rows:
    """All rows; of too many rows, those that disagree and evenly spaced ones that agree."""
    count = compared.frame.height
    if count <= most:
        return np.arange(count, dtype=np.int64)
    kinds = np.stack(list(compared.kinds.values()))
    disagrees = (kinds > AGREED).any(axis=0)
    wrong, right = np.flatnonzero(disagrees), np.flatnonzero((kinds > EMPTY).any(axis=0) & ~disagrees)
    wrong = wrong[:: max(1, -(-len(wrong) * 2 // most))]
    right = right[:: max(1, -(-len(right) // max(1, most - len(wrong))))]
    return np.sort(np.concatenate([wrong, right]))
