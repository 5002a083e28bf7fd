"""`diagnose`: the single fault, or pair of faults, that explains best what another platform answered, and how sure that is.

Every fault is scored over the table. It explains a disagreement where it answers as the platform does, and breaks an agreement where it does
not. A verdict is certain only where one fault explains everything, breaks nothing and has no equal.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl

from mews_newtt.chart.model import Chart
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.tables.table import as_table
from mews_newtt.validation.comparer import Comparer
from mews_newtt.validation.diagnose.certainty import enough, equally_good, finer_readings, partial_rows
from mews_newtt.validation.diagnose.claims import Claims
from mews_newtt.validation.diagnose.from_answers import faults_from_answers
from mews_newtt.validation.diagnose.search import Search, sampled_rows
from mews_newtt.validation.diagnosis import Diagnosis, Finding
from mews_newtt.validation.expected import columns_of
from mews_newtt.validation.faults import Fault, faults_of, partial_sets_refused
from mews_newtt.validation.mutants import MutantScorer, Sheet, sheet_of_table

MOST_ROWS = 200_000  # rows looked at: first all disagreements, then agreements evenly spaced
SHOWN = 5


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
    threads : ignored; the work is done in one thread
    blanks_disagree : as in `validate`

    Returns
    -------
    Diagnosis, the best finding first. It uses the cells that `validate` compares, and the same verdict.
    """
    table = as_table(table)
    column_map = column_map or ColumnMap()
    comparer = Comparer(chart, table.column_names, column_map, blanks_disagree)
    compared = comparer.compare(pl.DataFrame(table))
    rows = sampled_rows(compared, MOST_ROWS)
    claims = Claims(comparer, compared, rows)
    sampled = len(rows) < table.num_rows
    table = table.take(rows) if sampled else table
    sheet = sheet_of_table(table, columns_of(table.column_names, chart, column_map), chart.observations, column_map)
    scorer = MutantScorer(chart, sheet)
    scorer.foreign = claims.foreign
    search = Search(scorer, claims.of_scores())
    if not search.disagreements:  # statuses and answers that were left out are explained only where the scores themselves agree
        search = Search(scorer, claims)
    claims = search.claims
    unexplained = int((claims.wrong & ~search.wrong).sum())
    found = Diagnosis(int(claims.any.sum()), search.disagreements, sampled=sampled, unexplained=unexplained)
    if not search.disagreements:
        return found
    faults = [*faults_of(chart, others), partial_sets_refused(chart), *faults_from_answers(chart, scorer, claims, search.wrong)]
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
    found.findings = [Finding(tuple(faults), best.explains, search.disagreements, best.breaks) for best, faults in ranked]
    if ranked:
        best, equal = ranked[0]
        perfect = best.explains == search.disagreements and not best.breaks
        found.thin = perfect and not enough(chart, best.fault, sheet, best.explained)
        _judge(chart, found, equal, sheet, perfect=perfect and not (found.thin or found.set_aside or found.unexplained or best.fault.joined))
    return found


def _without_levels(search: Search, faults: list[Fault]) -> Search | None:
    """The search without the levels of partial sets, where a single fault then explains everything that is left; else None.

    A platform chooses for itself what a missing reading means for the level, as long as it shows no total. That must not hide another fault.
    Totals that a platform shows for partial sets still count.
    """
    claims = search.claims.without_levels(partial_rows(search.scorer))
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


def _judge(chart: Chart, found: Diagnosis, equal: list[Fault], sheet: Sheet, perfect: bool) -> None:
    """Put in the faults that fit equally well but answer some set differently, and whether the verdict is certain.

    Where the table holds readings finer than recorded, a fault that differs only on such readings is a tie as well.
    """
    others = equally_good(chart, equal)
    fine = finer_readings(chart, sheet)
    counts = [fault for fault in others.finer if fine and _about(fine, equal[0], fault)]
    found.ties = [*others.recordable, *counts]
    found.finer = [fault for fault in others.finer if fault not in counts]
    found.telling_case = others.distinguishing_case
    found.certain = perfect and not found.ties


def _about(names: frozenset[str], *faults: Fault) -> bool:
    """Whether faults are about any of these parameters; a fault that names none is about all of them."""
    return any(not fault.parameters or not names.isdisjoint(fault.parameters) for fault in faults)
