"""The observation chart as HTML: first its status, then its parameters as rows of bands, its levels, its sources and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mews_newtt.chart.contexts import Value, matches
from mews_newtt.chart.model import ROLES, Chart, Level, Parameter, Table
from mews_newtt.chart.statuses import MEANINGS
from mews_newtt.chart.words import band_gives, group_says, scope_says, skip_gives
from mews_newtt.drawn.colours import own_colours, paint
from mews_newtt.drawn.marks import Mark, Marks
from mews_newtt.drawn.words import (
    NOT_FOR_CARE,
    ROLE_TITLES,
    band_label,
    band_wording,
    chart_stamp,
    chart_text,
    reached_by,
    safe,
    table_title,
    unit_of,
)

PARTS = ("standing", "rows", "levels", "sources")
_KINDS = {"hit": "Here", "fault": "Disagrees", "note": "Note"}


def chart_html(
    chart: Chart,
    *,
    marks: Marks | None = None,
    only: Mapping[str, Value] | None = None,
    heading: int = 2,
    ident: str = "chart",
    parts: Sequence[str] = PARTS,
) -> str:
    """A chart drawn as people know it, as one HTML fragment; `css` and `colours_css` give its style.

    Parameters
    ----------
    marks : what to mark on it: the bands a score hit (`marks_of`), or counts at bands and edges
    only : readings of contexts; tables of other contexts are left out (an age band, an SpO2 scale)
    heading : level of the title's heading; what is under it goes one and two deeper
    ident : start of every id in the fragment, so that two charts can stand on one page
    parts : which of standing, rows, levels, sources
    """
    sources = ident if "sources" in parts else None
    draw = {
        "standing": lambda: standing_html(chart, heading),
        "rows": lambda: rows_html(chart, marks, only, heading + 1, ident, sources=sources),
        "levels": lambda: levels_html(chart, heading + 1, sources),
        "sources": lambda: sources_html(chart, heading + 1, ident),
    }
    inside = "".join(draw[part]() for part in parts)
    return f'<div class="mn-chart" id="{safe(ident)}">{inside}</div>'


def standing_html(chart: Chart, heading: int = 2) -> str:
    """Which chart this is and how far it may be trusted, in plain words."""
    missing = _listed(chart.known_missing)
    return (
        f'<div class="mn-standing mn-status-{safe(chart.status)}">'
        f'<h{heading} class="mn-title">{safe(chart.title)}</h{heading}>'
        f'<p class="mn-status"><strong>Status: {safe(chart.status)}.</strong> '
        f"{safe(MEANINGS.get(chart.status, '').capitalize())}. {chart_text(chart.trust_says)}</p>"
        f"<p><strong>For:</strong> {chart_text(chart.scope_says)}</p>"
        + (f'<div class="mn-missing"><p><strong>Known to be missing</strong></p>{missing}</div>' if missing else "")
        + f'<p class="mn-meta">Chart {safe(chart.id)}, version {safe(chart.version)}. '
        f'Fingerprint <span class="mn-hash">{safe(chart.sha256)}</span></p></div>'
    )


def stamp_html(charts: Iterable[Chart], more: str = "") -> str:
    """What every printed sheet says at its top: not for care, which charts, and how far each may be trusted. First in the body; `css` repeats it."""
    says = " ".join([*map(chart_stamp, charts), *([more] if more else [])])
    return f'<div class="mn-stamp"><p><strong>{NOT_FOR_CARE}</strong> {safe(says)}</p></div>'


def rows_html(
    chart: Chart,
    marks: Marks | None = None,
    only: Mapping[str, Value] | None = None,
    heading: int = 3,
    ident: str = "chart",
    roles: Sequence[str] = ROLES,
    sources: str | None = None,
) -> str:
    """Every parameter as a row of its bands, lowest first, by role; `sources` is the ident under which the sources stand on the same page."""
    own = own_colours(chart)
    said = [f'<p class="mn-meta">{own}</p>'] if own else []
    for role, title in ROLE_TITLES.items():
        rows = [parameter for parameter in chart.parameters if parameter.role == role]
        if rows and role in roles:
            said.append(f'<h{heading} class="mn-role">{title}</h{heading}>')
            said += [_row(chart, parameter, marks or Marks(), only or {}, heading + 1, ident, sources) for parameter in rows]
    for group in chart.groups:
        names = ", ".join(chart.by_id[name].title for name in group.parameters)
        says = f"({safe(names)}): {group_says(group)}. {_source(group.source, sources)}"
        said.append(f'<p class="mn-group"><strong>{safe(group.title)}</strong> {says}</p>')
    return f'<div class="mn-rows">{"".join(said)}</div>'


def _row(chart: Chart, parameter: Parameter, marks: Marks, only: Mapping[str, Value], heading: int, ident: str, sources: str | None) -> str:
    unit = unit_of(parameter)
    optional = not parameter.required and parameter.role != "recorded"
    head = [
        f"<h{heading}>{safe(parameter.title)}" + (f' <span class="mn-unit">({safe(unit)})</span>' if unit else "") + f"</h{heading}>",
        f'<p class="mn-meta">{_source(parameter.source, sources)}{" Counts only where it is measured." if optional else ""}</p>',
    ]
    head += [_mark(mark) for mark in marks.rows.get(parameter.id, ())]
    if parameter.note:
        head.append(f'<p class="mn-meta">{chart_text(parameter.note)}</p>')
    if parameter.assumed:
        titles = {category.id: category.title for category in parameter.observation.categories}
        assumed = titles.get(parameter.assumed, parameter.assumed)
        head.append(f'<p class="mn-meta">Where it is not given, {safe(assumed)} is read: {chart_text(parameter.assumed_because)}.</p>')
    body = [
        _table(chart, parameter, index, table, marks)
        for index, table in enumerate(parameter.tables)
        if all(matches(wanted, only[name]) for name, wanted in table.when if name in only)
    ]
    if not parameter.tables:
        answers = [category.title for category in parameter.observation.categories if category.id in parameter.category_ids]
        body.append(f'<p class="mn-meta">{safe(", ".join(answers)) if answers else "A number; gives no points."}</p>')
    body += [f'<p class="mn-meta">Not taken, {safe(skip.code)} ({chart_text(skip.says)}): {skip_gives(skip)}</p>' for skip in parameter.skips]
    return (
        f'<div class="mn-row" id="{safe(ident)}-row-{safe(parameter.id)}"><div class="mn-row-head">{"".join(head)}</div>'
        f'<div class="mn-row-body">{"".join(body)}</div></div>'
    )


def _table(chart: Chart, parameter: Parameter, index: int, table: Table, marks: Marks) -> str:
    title = table_title(chart, table)
    said = f'<p class="mn-context">{safe(title)}</p>' if title else ""
    if not table.applies:
        return f'<div class="mn-table">{said}<p class="mn-meta">Not read in this context.</p></div>'
    cells = []
    for at, band in enumerate(table.bands):
        key = (parameter.id, index, at)
        if key in marks.edges:
            cells.append(f'<li class="mn-edge">{"".join(_mark(mark) for mark in marks.edges[key])}</li>')
        hits = marks.bands.get(key, ())
        label = band_label(parameter, band)
        wording = band_wording(parameter, band)
        gives = band_gives(band, chart)
        cells.append(
            f'<li class="mn-band {paint(chart, band).css_class}{" mn-marked" if hits else ""}"><span class="mn-printed">{safe(label)}</span>'
            + (f'<span class="mn-wording">{safe(wording)}</span>' if wording else "")
            + "".join(
                f'<span class="{"mn-points" if not n else "mn-gives"}">{safe(words)}</span>' for n, words in enumerate(gives or ["Gives nothing"])
            )
            + "".join(_mark(mark) for mark in hits)
            + "</li>"
        )
    order = "mn-numeric" if parameter.observation.numeric else "mn-answers"
    return f'<div class="mn-table">{said}<ol class="mn-bands {order}">{"".join(cells)}</ol></div>'


def _mark(mark: Mark) -> str:
    kind = mark.kind if mark.kind in _KINDS else "note"
    return f'<span class="mn-mark mn-mark-{kind}"><span class="mn-hidden">{_KINDS[kind]}: </span>{safe(mark.text)}</span>'


def _source(source: str, sources: str | None) -> str:
    return f"Source: {_link(source, sources)}."


def _link(source: str, sources: str | None) -> str:
    """A source's id, leading to its entry where that stands on the same page."""
    if sources is None:
        return safe(source)
    return f'<a href="#{safe(sources)}-source-{safe(source)}">{safe(source)}</a>'


def levels_html(chart: Chart, heading: int = 3, sources: str | None = None) -> str:
    """Levels, highest first: what reaches each, and what it asks for where a source says so."""
    rows = "".join(_level(chart, level, sources) for level in reversed(chart.levels))
    return (
        f'<h{heading} class="mn-role">Levels, highest first</h{heading}><div class="mn-scroll" tabindex="0" role="region" aria-label="Levels">'
        '<table class="mn-levels"><thead><tr><th scope="col">Level</th><th scope="col">Reached by</th><th scope="col">What then</th>'
        f'<th scope="col">Source</th></tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _level(chart: Chart, level: Level, sources: str | None) -> str:
    then = [f"{what}: {timing.says}" for what, timing in (("Observe again", level.reobserve), ("Review", level.review)) if timing]
    then += [level.response] if level.response else []
    return (
        f'<tr><th scope="row">{safe(level.title)}</th><td>{_listed(reached_by(chart, level)) or "Every set that reaches no other level"}</td>'
        f"<td>{_listed(then) or 'Not stated in the sources that we have'}</td><td>{_link(level.source, sources)}</td></tr>"
    )


def sources_html(chart: Chart, heading: int = 3, ident: str = "chart") -> str:
    """Whom the chart is not for, notes, sources, licence."""
    said = []
    for title, lines in (
        ("Not for", scope_says(chart)),
        ("Notes", chart.notes),
    ):
        if lines:
            said.append(f'<h{heading} class="mn-role">{title}</h{heading}>{_listed(lines)}')
    entries = []
    for source in chart.sources:
        more = "".join(
            [
                f" doi {safe(source.doi)}." if source.doi else "",
                f" Taken from it: {chart_text(source.took)}." if source.took else "",
                f" Transcribed: {safe(', '.join(f'{who} on {on}' for who, on in source.transcribed))}." if source.transcribed else "",
            ]
        )
        entries.append(f'<li id="{safe(ident)}-source-{safe(source.id)}"><strong>{safe(source.id)}</strong>: {chart_text(source.cite)}{more}</li>')
    said.append(f'<h{heading} class="mn-role">Sources</h{heading}><ul class="mn-list">{"".join(entries)}</ul>')
    said.append(f'<h{heading} class="mn-role">Licence of the content</h{heading}><p>{chart_text(chart.licence)}</p>')
    return f'<div class="mn-sources">{"".join(said)}</div>'


def _listed(lines: Iterable[str]) -> str:
    entries = "".join(f"<li>{chart_text(line)}</li>" for line in lines)
    return f'<ul class="mn-list">{entries}</ul>' if entries else ""
