"""report.html: one file without scripts, for people; it opens offline, can be printed, and works with screen readers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from mews_newtt import __version__
from mews_newtt.chart.statuses import MEANINGS
from mews_newtt.drawn import Mark, Marks, chart_html, colours_css, css, report_css, stamp_html
from mews_newtt.drawn.words import NOT_FOR_CARE
from mews_newtt.scoring.wording import count
from mews_newtt.validation.diagnosis import Diagnosis
from mews_newtt.validation.exercised import PLURAL, BandKey, Item, gaps
from mews_newtt.validation.low_rows import Below, below, could_be_missed, dangerous
from mews_newtt.validation.reports.cards import cards_of
from mews_newtt.validation.reports.contrast import pictures_of
from mews_newtt.validation.reports.letter import letters_text
from mews_newtt.validation.reports.outliers import Outlier, outliers
from mews_newtt.validation.reports.titles import column_title, readings_of, reason_words, stated_cell
from mews_newtt.validation.result import Disagreement, Matrix, Validation
from mews_newtt.validation.stated import KINDS, level_names

ROWS_SHOWN = 100  # disagreements on the page; report.json lists more, disagreements.csv has more
TEMPLATES = Path(__file__).with_name("templates")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(number=lambda value: f"{value:,}", words=lambda name: str(name).replace("_", " "))
    return made


def as_html(found: Validation, run_on: str | None = None) -> str:
    """The report as one page."""
    chart = found.chart
    places = outliers(found)
    items = found.exercised.items()
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            found=found,
            chart=chart,
            meaning=MEANINGS.get(chart.status, ""),
            run_on=run_on,
            engine=__version__,
            style=Markup(css() + colours_css([chart])),  # made by this package, not by who wrote the file
            copy_script=Markup(TEMPLATES.joinpath("copy.js").read_text(encoding="utf-8")),
            own_style=Markup(report_css()),
            stamp=Markup(stamp_html([chart], f"mews_newtt {__version__}.")),
            headline=headline(found),
            advice=advice(found),
            missed=_missed(found),
            not_for_care=NOT_FOR_CARE,
            cards=cards_of(chart, found.diagnosis),
            readings_of=readings_of,
            column_title=column_title,
            stated_cell=stated_cell,
            reason_words=reason_words,
            kinds=[(KINDS[kind], cells) for kind, cells in found.kinds.items()],
            matrices=[
                entry
                for entry in (
                    _matrix("total", found.total_matrix, {}),
                    _matrix("level", found.level_matrix, {level.id: level.title for level in chart.levels}),
                )
                if entry
            ],
            places=places,
            known=bool(found.exercised.known),
            parameters=[parameter for parameter in found.exercised.by_parameter() if parameter["known"]],
            drawing=Markup(chart_html(chart, marks=_marks(places), heading=2, ident="chart", parts=("rows", "levels", "sources"))),
            rows=_rows(found),
            untried=_grouped([item for item in items if not item.rows]),
            tried=[(PLURAL[kind], seen, of) for kind, (seen, of) in gaps(items).items()],
            diagnosis=found.diagnosis,
            pictures=pictures_of([table.to_dict() for table in found.diagnosis.contrast] if found.diagnosis else ()),
            letter=letters_text(found),
            telling=_telling(found.diagnosis),
            likely=bool(found.diagnosis and found.diagnosis.findings and 2 * found.diagnosis.findings[0].explains >= found.diagnosis.disagreements),
        )
    )


def headline(found: Validation) -> str:
    """The verdict in a few words."""
    return {
        "agrees": "Every compared row agrees",
        "disagrees": f"{found.disagreed:,} of {found.compared:,} compared rows {'disagrees' if found.disagreed == 1 else 'disagree'}",
        "nothing_compared": "Nothing was compared",
        "unfinished": f"Unfinished: {count(found.unanswered, 'case')} without an answer",
    }[found.verdict]


def advice(found: Validation) -> str:
    """What the verdict means, and what it does not."""
    if found.verdict == "agrees":
        untried = sum(not item.rows for item in found.exercised.items())
        if untried:
            return f"This shows agreement on these rows only: they do not test {count(untried, 'thing')} of the chart; see the list below."
        return "These rows test every band, both sides of every edge, every context and every level of the chart."
    if found.verdict == "disagrees":
        low = sum(found.by_column[name].lower for name in ("expected_total", "expected_level") if name in found.by_column)
        return f"In {low:,} of the cells the platform states less than the chart gives. Such cells could hide a person who needs help." if low else ""
    if found.verdict == "unfinished" or found.right_answers or found.cases_of_pack:
        return found.says
    return "No row states a total, a level or points."


def _rows(found: Validation) -> list[tuple[Disagreement, Below]]:
    """The rows on the page, those that are lowest below the chart first."""
    levels = level_names(found.chart)
    rows = [(row, below(found.chart, [cell.to_dict() for cell in row.cells], levels)) for row in found.disagreements[:ROWS_SHOWN]]
    return sorted(rows, key=lambda one: dangerous(one[1]))


def _missed(found: Validation) -> list[str]:
    if found.verdict != "disagrees":
        return []
    return could_be_missed({name: column.to_dict() for name, column in found.by_column.items()}, found.kinds)


def _marks(places: list[Outlier]) -> Marks:
    bands: dict[BandKey, list[Mark]] = {}
    edges: dict[BandKey, list[Mark]] = {}
    for outlier in places:
        side = ("below: " if outlier.says.endswith("below") else "above: ") if outlier.edge else ""
        mark = Mark(f"{side}{outlier.disagreed:,} of {outlier.rows:,}", "fault")
        (edges if outlier.edge else bands).setdefault(outlier.key, []).append(mark)
    return Marks(bands, edges)


def _matrix(what: str, matrix: Matrix | None, words: Mapping[str, str]) -> dict[str, Any] | None:
    """`words`: what the labels of the matrix are called, where that is not themselves."""
    if matrix is None or not matrix.counts:
        return None
    rows = [
        (
            words.get(stated, stated),
            [(matrix.counts.get((stated, right), 0), stated == right) for right in matrix.computed],
            sum(matrix.counts.get((stated, r), 0) for r in matrix.computed),
        )
        for stated in matrix.expected
    ]
    return {"what": what, "computed": [words.get(label, label) for label in matrix.computed], "rows": rows}


def _grouped(items: list[Item]) -> list[tuple[str, list[str]]]:
    groups: dict[str, list[str]] = {}
    for item in items:
        groups.setdefault(PLURAL[item.kind], []).append(item.says)
    return list(groups.items())


def _telling(diagnosis: Diagnosis | None) -> str:
    return "" if diagnosis is None or not diagnosis.telling_case else str(diagnosis.telling_case.get("says", ""))
