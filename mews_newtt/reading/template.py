"""An empty input file for a chart: the columns that it reads, in its own order, beside the labels of a set."""

from __future__ import annotations

import csv
import io
import json

from mews_newtt.chart.model import Chart
from mews_newtt.reading.values import LABELS

OPTIONAL_LABELS = ("case_id", "recorded_at")  # a template leaves them out: most files have neither


def template_columns(chart: Chart) -> tuple[str, ...]:
    """Who and when, then every row of the chart, by its name in input."""
    return (*(name for name in LABELS if name not in OPTIONAL_LABELS), *(parameter.id for parameter in chart.parameters))


def template_csv(chart: Chart) -> str:
    """A CSV file with the names of the columns and no rows."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerow(template_columns(chart))
    return written.getvalue()


def template_json(chart: Chart) -> str:
    """One observation set in which every reading is missing (null)."""
    return json.dumps(dict.fromkeys(template_columns(chart)), indent=2) + "\n"
