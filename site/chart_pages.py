"""A page for each chart version, made from its file: how far to trust it, its bands, its levels, its sources, and its spec cases as examples."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from mews_newtt import Chart
from mews_newtt.chart.builtin import builtin_rules
from mews_newtt.chart.derive import RANGES_FILE, read_ranges
from mews_newtt.chart.expected import expected_totals
from mews_newtt.drawn import chart_html, colours_css, css
from mews_newtt.drawn.words import NOT_FOR_CARE
from mews_newtt.errors import ChartError

SMALLEST = 0.0005  # share that is shown


def list_page(charts: Sequence[Chart]) -> str:
    """All charts with their status."""
    rows = [
        f"| [{_cell(one.title)}]({one.id}-{one.version}.md) | `{one.id}@{one.version}` | {one.status} | {_cell(one.scope_says)} |" for one in charts
    ]
    return "\n".join(
        [
            "# The charts",
            "",
            f"{NOT_FOR_CARE} Read [what a status means](../status.md) first.",
            "",
            "| chart | name in the command | status | for whom |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
        ]
    )


def chart_page(chart: Chart, cases: Path) -> str:
    """One chart version."""
    drawing = chart_html(chart, heading=2, ident="chart")
    return "\n".join(
        [
            f"# {chart.title}, version {chart.version}",
            "",
            f"`{chart.id}@{chart.version}`. {NOT_FOR_CARE}",
            "",
            f"<style>{css()}{colours_css([chart])}</style>",
            "",
            f'<div class="chart-page">{drawing}</div>',
            "",
            *_expected(chart),
            "## Examples",
            "",
            "These cases are the chart's tests. Only what a case is about is listed.",
            "",
            "| case | given | the chart gives |",
            "| --- | --- | --- |",
            *(_example(chart, case) for case in tomllib.loads(cases.read_text(encoding="utf-8"))["case"]),
            "",
        ]
    )


def _expected(chart: Chart) -> Iterable[str]:
    """Which totals a healthy cohort would have, where the published ranges hold all of the chart's rows."""
    try:
        totals = expected_totals(chart, read_ranges(builtin_rules() / RANGES_FILE))
    except ChartError:
        return
    yield from ("## Totals to expect", "", "In a healthy cohort with the published reference ranges, if the signs were independent:", "")
    yield from ("| total | share |", "| --- | --- |", *(f"| {total} | {share:.1%} |" for total, share in totals.items() if share >= SMALLEST), "")


def _example(chart: Chart, case: dict[str, Any]) -> str:
    titles = {name: observation.title for name, observation in chart.observations.items()}
    given = {titles.get(name, name): value for name, value in case.get("given", case.get("but", {})).items()}
    start = "" if "given" in case else "a well person, but: "
    return f"| {_cell(case['says'])} | {start}{_pairs(given)} | {_pairs(case['gives'])} |"


def _pairs(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {_plain(value)}" for name, value in values.items())


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return f"({_pairs(value)})"
    if isinstance(value, list):
        return ", ".join(map(_plain, value)) or "none"
    return _cell(str(value))


def _cell(text: str) -> str:
    return escape(text, quote=False).replace("|", "\\|").replace("*", "\\*")
