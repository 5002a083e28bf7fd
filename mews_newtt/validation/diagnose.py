"""Which single fault, or pair of faults, explains best what another platform answered; and how sure that is.

Every hypothesis is scored over the table. It explains a disagreement that it turns into agreement, and breaks an agreement that it turns
into disagreement. A verdict is certain only if one explanation leaves nothing unexplained, breaks nothing, and no other does as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mews_newtt.chart.model import Chart
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.validation.faults import Fault, faults_of

if TYPE_CHECKING:
    from mews_newtt.validation.diagnose_search import Search
    from mews_newtt.validation.mutants_sheet import Sheet

MOST_ROWS = 200_000  # rows looked at; all disagreements first, then agreements evenly spaced
SHOWN = 5


@dataclass
class Finding:
    """One explanation: the faults that the table cannot tell apart, and what they explain."""

    faults: tuple[Fault, ...]
    explains: int
    of: int
    breaks: int

    @property
    def kind(self) -> str:
        return self.faults[0].kind

    @property
    def words(self) -> str:
        breaks = "breaks none" if not self.breaks else f"breaks {self.breaks} agreement{'' if self.breaks == 1 else 's'}"
        return f"{self.faults[0].words}; explains {self.explains} of {self.of} disagreement{'' if self.of == 1 else 's'}, {breaks}"

    def to_dict(self) -> dict[str, Any]:
        return {
            "faults": [fault.to_dict() for fault in self.faults],
            "kind": self.kind,
            "explains": self.explains,
            "of": self.of,
            "breaks": self.breaks,
            "words": self.words,
        }


@dataclass
class Diagnosis:
    """What was found.

    `ties` are other faults that fit as well and have another effect on readings that can be recorded; `finer` have one only on readings
    finer than recorded. `telling_case` is a set on which the first of them differs from the verdict.
    """

    rows: int
    disagreements: int
    findings: list[Finding] = field(default_factory=list)
    certain: bool = False
    ties: list[Fault] = field(default_factory=list)
    finer: list[Fault] = field(default_factory=list)
    telling_case: dict[str, Any] | None = None
    sampled: bool = False
    hypotheses: int = 0
    set_aside: int = 0  # levels of sets that lack a reading, left out since no fault gives them beside the rest
    thin: bool = False  # one explanation, of which too little was tried to be sure of it
    unexplained: int = 0  # rows that disagree in nothing that was looked at
    not_made: str = ""  # why there is no diagnosis, in a sentence

    @property
    def words(self) -> str:
        """The verdict in sentences."""
        if self.not_made:
            return self.not_made
        if self.unexplained:
            rows = "1 row disagrees" if self.unexplained == 1 else f"{self.unexplained} rows disagree"
            says = f"{rows} only in the status of a set, in answers that were left out, or in points that do not add up; that is not looked at here."
            return f"{self._words} {says}" if self.disagreements else says
        return self._words

    @property
    def _words(self) -> str:
        if not self.disagreements:
            return "No disagreement to explain."
        if not self.findings:
            return f"No single fault or pair of faults known here explains {_all_of(self.disagreements)}."
        best = self.findings[0]
        if 2 * (best.explains - best.breaks) <= best.of:  # a chance fit must not read like a finding
            most = "most of " if self.disagreements > 1 else ""
            text = f"No single fault or pair of faults known here explains {most}{_all_of(self.disagreements)}."
            return f"{text} The nearest, which is no verdict: {best.words}."
        text = best.words[:1].upper() + best.words[1:] + "."
        if self.certain:
            text += " No other fault known here does as well."
            if self.finer:
                text += f" The same to the recording step: {self.finer[0].words}."
        elif self.ties:
            others = "one other fault" if len(self.ties) == 1 else f"{len(self.ties)} other faults, such as"
            text += f" This table cannot tell it from {others}: {self.ties[0].words}."
            if self.telling_case:
                text += f" This set would: {self.telling_case['says']}."
        elif self.thin:
            text += " That is not certain: too few readings were tried to tell it from a wrong answer to single readings."
        elif self.set_aside:
            text += " That is not certain."
        else:
            rest = best.of - best.explains
            text += f" That is not certain: {rest} stay{'s' if rest == 1 else ''} unexplained." if rest else " That is not certain."
        if self.set_aside:
            sets = "set that lacks" if self.set_aside == 1 else "sets that lack"
            text += f" The levels of {self.set_aside} {sets} a reading are left out of this: no fault known here gives them as well."
        return text

    def to_dict(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "disagreements": self.disagreements,
            "hypotheses": self.hypotheses,
            "sampled": self.sampled,
            "certain": self.certain,
            "set_aside": self.set_aside,
            "thin": self.thin,
            "unexplained": self.unexplained,
            "not_made": self.not_made,
            "words": self.words,
            "findings": [finding.to_dict() for finding in self.findings],
            "ties": [fault.to_dict() for fault in self.ties],
            "finer": [fault.to_dict() for fault in self.finer],
            "telling_case": self.telling_case,
        }


def _all_of(disagreements: int) -> str:
    return "the one disagreement" if disagreements == 1 else f"the {disagreements} disagreements"


def diagnose(
    chart: Chart,
    table: Any,
    *,
    column_map: ColumnMap | None = None,
    others: Iterable[Chart] | None = None,
    threads: int | None = None,
    blanks_disagree: bool = False,
) -> Diagnosis:
    """Explain the disagreements between a chart and the `expected_` columns of a table.

    Parameters
    ----------
    table : rows with readings and any of `expected_total`, `expected_level`, `expected_points_<parameter>` and `expected_status`.
        Anything with the Arrow C stream interface.
    others : charts or versions that may have been used instead; those of the catalogue where none are given
    threads : kept for callers that set it everywhere; the work is one thread's
    blanks_disagree : as in `validate`

    Returns
    -------
    Diagnosis, its findings the best first. It looks at the cells that `validate` compares, by the same verdict.
    """
    import polars as pl

    from mews_newtt.tables.table import as_table
    from mews_newtt.validation.comparer import Comparer
    from mews_newtt.validation.diagnose_claims import Claims
    from mews_newtt.validation.diagnose_evidence import enough
    from mews_newtt.validation.diagnose_search import Search, sampled_rows
    from mews_newtt.validation.expected import columns_of
    from mews_newtt.validation.faults_told import answer_faults, told_faults
    from mews_newtt.validation.mutants import Scorer
    from mews_newtt.validation.mutants_sheet import sheet_of_table

    table = as_table(table)
    column_map = column_map or ColumnMap()
    comparer = Comparer(chart, table.column_names, column_map, blanks_disagree)
    compared = comparer.compare(pl.DataFrame(table))
    rows = sampled_rows(compared, MOST_ROWS)
    claims = Claims(comparer, compared, rows)
    sampled = len(rows) < table.num_rows
    table = table.take(rows) if sampled else table
    sheet = sheet_of_table(table, columns_of(table.column_names, chart, column_map), chart.observations, column_map)
    scorer = Scorer(chart, sheet)
    scorer.foreign = claims.foreign
    search = Search(scorer, claims.of_scores())
    if not search.disagreements:  # how sets are called, and what is left out, is looked at where the scores themselves agree
        search = Search(scorer, claims)
    claims = search.claims
    unexplained = int((claims.wrong & ~search.wrong).sum())
    found = Diagnosis(int(claims.any.sum()), search.disagreements, sampled=sampled, unexplained=unexplained)
    if not search.disagreements:
        return found
    faults = [*faults_of(chart, others), *answer_faults(chart), *told_faults(chart, scorer, search.claims, search.wrong)]
    search.consider(faults)
    search.refine()
    ranked = search.findings(SHOWN)
    if not ranked or ranked[0][0].explains < search.disagreements or ranked[0][0].breaks:
        again = _without_levels(search, faults)
        if again is not None:
            search, ranked = again, again.findings(SHOWN)
            found.set_aside = int((claims.level != again.claims.level).sum())
            found.disagreements = search.disagreements
    found.hypotheses = len(search.tried)
    found.findings = [Finding(tuple(faults), one.explains, search.disagreements, one.breaks) for one, faults in ranked]
    if ranked:
        best = ranked[0][0]
        perfect = best.explains == search.disagreements and not best.breaks
        found.thin = perfect and not enough(chart, best.fault, sheet, best.explained)
        _judge(chart, found, ranked[0][1], sheet, perfect=perfect and not (found.thin or found.set_aside or found.unexplained or best.fault.joined))
    return found


def _without_levels(search: Search, faults: list[Fault]) -> Search | None:
    """The search without the levels of sets that lack a reading, where a single fault then explains everything that is left.

    What a missing reading stands for in a level is a platform's own affair as long as it shows no total: beside a fault elsewhere it must
    not hide that fault. A platform that shows totals for partial sets is still judged by them.
    """
    from mews_newtt.validation.diagnose_evidence import lacking
    from mews_newtt.validation.diagnose_search import Search

    claims = search.claims.without_levels(lacking(search.scorer))
    if (claims.level == search.claims.level).all():
        return None
    again = Search(search.scorer, claims)
    if not again.disagreements:
        return None
    again.consider(faults)
    again.refine()
    best = next(iter(again.ranked()), None)
    fits = best is not None and not best.fault.joined and best.explains == again.disagreements and not best.breaks
    return again if fits else None


def _judge(chart: Chart, found: Diagnosis, tied: list[Fault], sheet: Sheet, perfect: bool) -> None:
    """Faults of one effect are one verdict; others that fit as well are ties, with a set that tells them apart.

    Faults that differ only on readings finer than recorded are ties as well where the table holds such readings: there the difference counts.
    """
    from mews_newtt.validation.diagnose_evidence import finer_readings
    from mews_newtt.validation.diagnose_telling import rivals

    fit = rivals(chart, tied)
    fine = finer_readings(chart, sheet)
    counts = [fault for fault in fit.finer if fine and _about(fine, tied[0], fault)]
    found.ties = [*fit.recordable, *counts]
    found.finer = [fault for fault in fit.finer if fault not in counts]
    found.telling_case = fit.telling
    found.certain = perfect and not found.ties


def _about(names: frozenset[str], *faults: Fault) -> bool:
    """Whether faults are about any of these parameters; one that names none is about all of them."""
    return any(not fault.parameters or not names.isdisjoint(fault.parameters) for fault in faults)
