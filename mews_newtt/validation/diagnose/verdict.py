"""`diagnose`: the single fault, or pair of faults, that explains best what another platform answered, and how sure that is.

Every fault is scored over the table. It explains a disagreement where it answers as the platform does, and breaks an agreement where it does
not. A verdict is certain only where one fault explains everything, breaks nothing and has no equal.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from mews_newtt.chart.model import Chart
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.tables.table import as_table
from mews_newtt.validation.comparer import Comparer
from mews_newtt.validation.diagnose.candidates import WHOLE, Candidates, all_faults
from mews_newtt.validation.diagnose.certainty import partial_rows
from mews_newtt.validation.diagnose.claims import Claims
from mews_newtt.validation.diagnose.columns import SHOWN, Layer, Together, layers_of, together
from mews_newtt.validation.diagnose.contrast import Contrast, contrasts_of
from mews_newtt.validation.diagnose.judgement import Judgement, judged
from mews_newtt.validation.diagnose.search import Hypothesis, Search, sampled_rows
from mews_newtt.validation.diagnosis import ColumnFinding, Diagnosis, Finding
from mews_newtt.validation.expected import columns_of
from mews_newtt.validation.faults import Fault, RowOrder, both
from mews_newtt.validation.faults.pairs import at_once
from mews_newtt.validation.mutants import MutantScorer, Sheet, sheet_of_table
from mews_newtt.validation.row_order import order_of

MOST_ROWS = 200_000  # rows looked at: first all disagreements, then agreements evenly spaced
WITHOUT_LEVELS = "without levels"  # the search without the levels of partial sets


def diagnose(
    chart: Chart,
    table: Any,
    *,
    column_map: ColumnMap | None = None,
    others: Iterable[Chart] | None = None,
    threads: int | None = None,
    blanks_disagree: bool = False,
    rows_of_file: npt.NDArray[np.int64] | None = None,
) -> Diagnosis:
    """Explain the disagreements between a chart and the `expected_` columns of a table.

    Parameters
    ----------
    table : rows with readings and any of `expected_total`, `expected_level`, `expected_points_<parameter>` and `expected_status`.
        Anything with the Arrow C stream interface.
    others : charts or versions that may have been used instead; those of the catalogue where none are given
    threads : ignored; the work is done in one thread
    blanks_disagree : as in `validate`
    rows_of_file : the number of each row in the file; where none are given, the table holds all rows of the file

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
    ours = columns_of(table.column_names, chart, column_map)
    sheet = sheet_of_table(table, ours, chart.observations, column_map)
    scorer = MutantScorer(chart, sheet)
    scorer.foreign = claims.foreign
    scores = claims.of_scores().with_silence(scorer.base)
    # statuses and answers that were left out are explained only where the scores themselves agree
    claims = scores if Search(scorer, scores).disagreements else claims.with_silence(scorer.base)
    scorer.stated = claims.stated
    contrasts = contrasts_of(chart, scorer, claims)
    candidates = _candidates(chart, scorer, claims, others, contrasts, order_of(table, ours, rows_of_file))
    whole = candidates.full.searches[WHOLE]
    unexplained = int((claims.wrong & ~whole.wrong).sum())
    found = Diagnosis(int(claims.any.sum()), whole.disagreements, sampled=sampled, unexplained=unexplained)
    if not whole.disagreements:
        return found
    found.contrast = [contrast.to_table() for contrast in contrasts]
    candidates.search([WHOLE], whole_file=not sampled)
    if whole.solved() and not whole.perfect()[0].fault.joined:
        _single(chart, found, candidates, sheet)
    else:
        _of_columns(chart, found, candidates, claims, sheet)
    found.hypotheses = candidates.hypotheses
    return found


def _candidates(
    chart: Chart, scorer: MutantScorer, claims: Claims, others: Iterable[Chart] | None, contrasts: list[Contrast], order: RowOrder
) -> Candidates:
    """A search over everything that is stated, one over each column, and one without the levels of partial sets."""
    columns = {WHOLE: claims}
    names = claims.columns()
    if len(names) > 1:
        columns |= {name: claims.only(name) for name in names}
    without = claims.without_levels(partial_rows(scorer))
    if (without.level != claims.level).any():
        columns[WITHOUT_LEVELS] = without
    wrong = claims.any & ~claims.agree(scorer.base, scorer.base.points)
    return Candidates(scorer, columns, all_faults(chart, others, scorer, claims, wrong, contrasts) if wrong.any() else [], order)


def _single(chart: Chart, found: Diagnosis, candidates: Candidates, sheet: Sheet) -> None:
    """One single fault explains everything that is stated: each column says the same."""
    groups = candidates.full.groups(WHOLE, SHOWN)
    _fill(chart, found, groups, sheet)
    best = found.findings[0]
    claims = candidates.full.searches[WHOLE].claims
    for column in claims.columns():
        search = candidates.full.searches.get(column, candidates.full.searches[WHOLE] if len(claims.columns()) == 1 else None)
        wrong = search.disagreements if search is not None else 0
        name = f"expected_{column.replace(':', '_')}"
        own = ColumnFinding(name, "the chart", int(claims.only(column).any.sum()), wrong, certain=found.certain and wrong > 0)
        own.findings = [Finding(best.faults, wrong, wrong, 0)] if wrong else []
        found.by_column[name] = own


def _of_columns(chart: Chart, found: Diagnosis, candidates: Candidates, claims: Claims, sheet: Sheet) -> None:
    """No single fault explains everything: each column for itself, then all together."""
    full, whole = candidates.full, candidates.full.searches[WHOLE]
    candidates.search([name for name in candidates.names if name != WHOLE], whole_file=False)
    layers = layers_of(chart, candidates, claims, sheet)
    found.by_column = {layer.found.column: layer.found for layer in layers}
    groups = full.groups(WHOLE, SHOWN)
    joint = groups[0][0] if groups else None
    all_at_once = joint is not None and joint.explains == whole.disagreements and not joint.breaks
    several = together(layers, whole)
    fewer = joint is not None and all_at_once and (several.set_aside > 0 or len(joint.fault.joined) <= len(several.faults))
    if several.complete and not fewer:
        _fill_together(chart, found, several, layers, groups, sheet)
        return
    apart = full.searches.get(WITHOUT_LEVELS)
    if not all_at_once and apart is not None and apart.solved() and not apart.perfect()[0].fault.joined:
        found.set_aside = int((claims.level != apart.claims.level).sum())
        found.disagreements = apart.disagreements
        _fill(chart, found, full.groups(WITHOUT_LEVELS, SHOWN), sheet)
        return
    if several.faults and (joint is None or several.explains - several.breaks > joint.explains - joint.breaks):
        _fill_together(chart, found, several, layers, groups, sheet)
    else:
        _fill(chart, found, groups, sheet)


def _fill(chart: Chart, found: Diagnosis, groups: list[tuple[Hypothesis, list[Fault]]], sheet: Sheet) -> None:
    """Put in the best explanations, and how sure the first is."""
    found.findings = [Finding(tuple(faults), best.explains, found.disagreements, best.breaks) for best, faults in groups]
    if groups:
        _judge(found, judged(chart, *groups[0], sheet, found.disagreements))


def _judge(found: Diagnosis, judgement: Judgement) -> None:
    found.certain = judgement.certain and not (found.set_aside or found.unexplained)
    found.thin, found.ties, found.finer, found.telling_case = judgement.thin, judgement.ties, judgement.finer, judgement.telling_case


def _fill_together(
    chart: Chart, found: Diagnosis, several: Together, layers: list[Layer], groups: list[tuple[Hypothesis, list[Fault]]], sheet: Sheet
) -> None:
    """Put in one finding that names the faults of all columns; the best explanations of the whole table come after it."""
    found.set_aside = several.set_aside
    alternatives = [Finding(tuple(faults), best.explains, found.disagreements, best.breaks) for best, faults in groups[: SHOWN - 1]]
    if len(several.faults) == 1:
        fault = several.faults[0]
        equal = tuple(one for one in several.equal if one.id != fault.id)
        found.findings = [Finding((fault, *equal), several.explains, found.disagreements, several.breaks), *alternatives]
        layer = next(layer for layer in layers if layer.groups)
        if several.complete:
            _judge(found, judged(chart, layer.search.tried[fault.id], [fault, *equal], sheet, layer.search.disagreements))
        return
    joined = several.faults[0]
    for fault in several.faults[1:]:
        joined = both(joined, fault, chart) or at_once(joined, fault, chart)
    found.findings = [Finding((joined,), several.explains, found.disagreements, several.breaks), *alternatives]
