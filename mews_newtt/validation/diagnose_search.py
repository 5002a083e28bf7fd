"""Hypotheses tried on a table: each alone, edges further out where an edge fits, and pairs where no one fault suffices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mews_newtt.validation.comparer import Compared
from mews_newtt.validation.diagnose_claims import Claims
from mews_newtt.validation.expected import AGREED, EMPTY
from mews_newtt.validation.faults import Fault
from mews_newtt.validation.mutants import Answers, Scorer
from mews_newtt.validation.mutants_fields import Rows
from mews_newtt.validation.mutants_sheet import Flags, Sheet

FIRSTS, SECONDS = 8, 16  # single faults that pairs start from, and what is tried beside each
FURTHER = 120  # steps that an edge is followed outwards
BEST = 40  # explanations looked at closely
KINDS = (  # the plainer explanation first, where the table cannot tell
    "partial_level",  # explains partial sets only
    "partial_refused",
    "edge_moved",
    "edge_side",
    "band_worth",
    "category_moved",
    "trigger_ignored",
    "parameter_ignored",
    "missing_as_zero",
    "threshold_moved",
    "wrong_table",
    "context_edge",
    "context_ignored",
    "context_mixed",
    "context_assumed",
    "rounded",
    "truncated",
    "between_low",
    "unit_mixed",
    "exchanged",
    "skip_worth",
    "group_apart",
    "impossible_scored",
    "scope_ignored",
    "other_chart",
    "pair",
)


class Tried(NamedTuple):
    """A hypothesis and what it does to the table."""

    fault: Fault
    explains: int
    breaks: int
    explained: Rows
    order: int

    @property
    def rank(self) -> tuple[int, int, int, int]:
        return (self.breaks - self.explains, self.breaks, KINDS.index(self.fault.kind), self.order)


class Search:
    """The hypotheses tried so far."""

    def __init__(self, scorer: Scorer, claims: Claims):
        self.scorer, self.claims = scorer, claims.with_silence(scorer.base)
        self.agrees = self.claims.agree(scorer.base, scorer.base.points)
        self.wrong: Flags = claims.any & ~self.agrees
        self.disagreements = int(self.wrong.sum())
        self.tried: dict[str, Tried] = {}
        self._sheets: dict[str, Sheet] = {}

    def answers(self, fault: Fault) -> tuple[Answers, dict[str, npt.NDArray[np.int16]]]:
        found = fault.answers(self.scorer.base) if fault.answers is not None else self.scorer.differs(fault.chart, self._sheet(fault))
        shown = {name: found.points[name] if name in found.points else self.scorer.base.points[name][found.rows] for name in self.claims.points}
        return found, shown

    def _sheet(self, fault: Fault) -> Sheet | None:
        return fault.change(self.scorer.sheet) if fault.change is not None else None

    def consider(self, faults: Iterable[Fault]) -> None:
        for fault in faults:
            if fault.id in self.tried:
                continue
            found, shown = self.answers(fault)
            now = self.claims.agree(found, shown)
            before = self.agrees[found.rows]
            explained = found.rows[now & ~before]
            self.tried[fault.id] = Tried(fault, len(explained), int((~now & before).sum()), explained, len(self.tried))

    def ranked(self) -> list[Tried]:
        return sorted((one for one in self.tried.values() if one.explains > one.breaks), key=lambda one: one.rank)

    def refine(self) -> None:
        """Follow fitting edges outwards; then pairs, where one fault leaves something unexplained or breaks something."""
        self._further()
        best = self.ranked()[:1]
        if not best or best[0].explains < self.disagreements or best[0].breaks:
            self._pairs()

    def _further(self) -> None:
        from mews_newtt.validation.faults_bands import edge_moves

        places = list(dict.fromkeys(one.fault.id.rpartition(":")[0] for one in self.ranked()[:BEST] if one.fault.kind == "edge_moved"))
        for place in places[:4]:
            self.consider(edge_moves(self.scorer.chart, place.removeprefix("edge:"), FURTHER))

    def _pairs(self) -> None:
        from mews_newtt.validation.faults_reading import both

        chart = self.scorer.chart
        singles = [one for one in self.ranked() if one.fault.kind not in ("other_chart", "group_apart", "partial_refused", "pair")]
        firsts = self._distinct(singles)[:FIRSTS]
        pairs: list[Fault] = []
        for first in firsts:
            left = np.setdiff1d(np.flatnonzero(self.wrong), first.explained, assume_unique=True)
            gains = [(len(np.intersect1d(one.explained, left, assume_unique=True)) - one.breaks, one) for one in singles]
            seconds = [one for gain, one in sorted(gains, key=lambda pair: (-pair[0], pair[1].rank)) if gain > 0]
            for second in self._distinct(seconds)[:SECONDS]:
                joined = both(first.fault, second.fault, chart)
                if joined is not None and f"{second.fault.id} + {first.fault.id}" not in self.tried:
                    pairs.append(joined)
        self.consider(pairs)
        best = next((one for one in self.ranked() if one.fault.joined), None)
        if best is None:
            return
        for kept in best.fault.joined:  # each half of the best pair beside every other fault that explains anything
            near = [both(self.tried[kept].fault, one.fault, chart) for one in singles]
            self.consider(pair for pair in near if pair is not None and " + ".join(reversed(pair.joined)) not in self.tried)

    def _distinct(self, tried: list[Tried]) -> list[Tried]:
        """One of those that explain the same rows."""
        seen: dict[bytes, Tried] = {}
        for one in tried:
            seen.setdefault(one.explained.tobytes() + bytes([one.breaks % 256]), one)
        return list(seen.values())

    def findings(self, most: int) -> list[tuple[Tried, list[Fault]]]:
        """The best explanations, those that the table cannot tell apart together. A pair must explain more than one fault alone."""
        ranked = self.ranked()
        single = max((one.explains - one.breaks for one in ranked if not one.fault.joined), default=0)
        ranked = [one for one in ranked if not one.fault.joined or one.explains - one.breaks > single]
        groups: dict[bytes, tuple[Tried, list[Fault]]] = {}
        for one in ranked:
            if len(groups) >= most and one.rank[:2] != ranked[0].rank[:2]:
                break
            groups.setdefault(self._effect(one), (one, []))[1].append(one.fault)
        return list(groups.values())[:most]

    def _effect(self, one: Tried) -> bytes:
        """What a hypothesis answers where something is claimed, as far as it differs from the chart."""
        if one.explains == self.disagreements and not one.breaks:
            return b"everything"
        found, shown = self.answers(one.fault)
        base = self.scorer.base
        before = Answers(found.rows, base.status[found.rows], base.total[found.rows], base.level[found.rows])
        was = self.claims.predictions(before, {name: base.points[name][found.rows] for name in self.claims.points})
        now = self.claims.predictions(found, shown)
        changed = (was != now).any(axis=0)
        rows: bytes = found.rows[changed].tobytes()
        return rows + bytes(now[:, changed].tobytes())


def sampled_rows(compared: Compared, most: int) -> Rows:
    """All rows, or of many those that disagree and evenly spaced ones that agree."""
    count = compared.frame.height
    if count <= most:
        return np.arange(count, dtype=np.int64)
    kinds = np.stack(list(compared.kinds.values()))
    disagrees = (kinds > AGREED).any(axis=0)
    wrong, right = np.flatnonzero(disagrees), np.flatnonzero((kinds > EMPTY).any(axis=0) & ~disagrees)
    wrong = wrong[:: max(1, -(-len(wrong) * 2 // most))]
    right = right[:: max(1, -(-len(right) // max(1, most - len(wrong))))]
    return np.sort(np.concatenate([wrong, right]))
