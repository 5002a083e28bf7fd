"""Charts and scores as notebooks show them: one HTML fragment with its own style."""

from __future__ import annotations

from typing import Any

from mews_newtt.chart.model import Chart, number
from mews_newtt.drawn.colours import colours_css
from mews_newtt.drawn.page import chart_html, stamp_html
from mews_newtt.drawn.sheet import css
from mews_newtt.drawn.words import NOT_FOR_CARE, chart_stamp, safe
from mews_newtt.scoring.result import Score


def html_of(shown: Any) -> str | None:
    """A Chart as it is drawn, a Score as a table of its rows; None for anything else."""
    if isinstance(shown, Chart):
        return f"<style>{css()}{colours_css([shown])}</style>{stamp_html([shown])}{chart_html(shown)}"
    if isinstance(shown, Score):
        return _score_html(shown)
    return None


def _score_html(score: Score) -> str:
    rows = "".join(
        f'<tr><th scope="row">{safe(row.title)}</th><td>{safe("" if row.value is None else number(row.value, row.unit))}</td>'
        f"<td>{safe('' if row.points is None else row.points)}</td><td>{safe(row.says)}</td></tr>"
        for row in score.parameters
    )
    head = "<thead><tr><th>Parameter</th><th>Reading</th><th>Points</th><th>In words</th></tr></thead>"
    table = f"<table>{head}<tbody>{rows}</tbody></table>" if rows else ""
    said = "".join(f"<li>{safe(line)}</li>" for line in (*(reason.says for reason in score.reasons), *score.warnings))
    notes = f"<ul>{said}</ul>" if said else ""
    return f"<p><strong>{safe(score.says)}</strong></p>{table}{notes}<p><small>{NOT_FOR_CARE} {safe(chart_stamp(score.chart))}</small></p>"
