"""A validation as notebooks show it: the verdict, the counts, the diagnosis, the warning and the chart, as one HTML fragment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mews_newtt.chart.model import Chart
from mews_newtt.drawn.report import Column, list_html, table_html
from mews_newtt.drawn.words import NOT_FOR_CARE, chart_stamp, safe


def validation_html(chart: Chart, says: str, first: Sequence[str], by_column: Mapping[str, Mapping[str, int]], diagnosis: str) -> str:
    """says : the verdict; first: what the user must know of the own file; by_column: counts of each column that states an answer"""
    counts = list(next(iter(by_column.values()), {}))
    heads = [Column("Column", number=False), *(Column(name) for name in counts)]
    table = table_html("Cells compared", heads, [(name, *(column[count] for count in counts)) for name, column in by_column.items()])
    explained = f"<p>Diagnosis: {safe(diagnosis)}</p>" if diagnosis else ""
    return (
        f"<p><strong>{safe(says)}</strong></p>{list_html(first)}{table}{explained}<p><small>{NOT_FOR_CARE} {safe(chart_stamp(chart))}</small></p>"
    )
