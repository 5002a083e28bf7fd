"""Several sets over time, drawn as on paper: one column a set, every value at its height in its own band, levels and totals on top."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import datetime

from mews_newtt.chart.model import Chart
from mews_newtt.drawn.legend import legend_html, legend_lines
from mews_newtt.drawn.places import BREAK_HOURS, Taken, places_of
from mews_newtt.drawn.printed import printed_html
from mews_newtt.drawn.svg import FONT, LEFT, text
from mews_newtt.drawn.track import draw_track
from mews_newtt.drawn.twin import twin_html
from mews_newtt.drawn.words import NOT_FOR_CARE, chart_stamp, safe
from mews_newtt.scoring.result import Score

NARROWEST = 760.0  # of a drawing that leaves the page: its foot must be readable
# (when, score), or with the time itself and whether another set replaces this one
Sets = Sequence[tuple[str, Score] | tuple[str, Score, datetime | None, bool]]


def series_html(
    chart: Chart,
    sets: Sets,
    *,
    title: str = "The track",
    heading: int = 2,
    ident: str = "series",
    ordered: bool = True,
    true_time: bool = False,
    break_hours: float | None = BREAK_HOURS,
) -> str:
    """The track of a series as one drawing that scrolls sideways, its legend, sheets for printing, and the same as a table.

    Parameters
    ----------
    sets : pairs of when (as it should be written) and Score; or with the time itself, and whether another set of that time replaces this one
    ident : start of every id in the fragment
    ordered : whether the sets are in the order of time; where they are not, no line joins them and no rise or fall is named
    true_time : space the columns by time, where all times are known
    break_hours : the line is broken where more hours lie between two sets; None: nowhere
    """
    taken = [Taken(*each) for each in sets]
    if not taken:
        return f'<div class="mn-series" id="{safe(ident)}"><h{heading} class="mn-role">{safe(title)}</h{heading}><p>No set is drawn.</p></div>'
    places = places_of(taken, ordered=ordered, true_time=true_time, break_hours=break_hours)
    pen = draw_track(chart, taken, places, ident, ordered=ordered)
    name = f"{title}: {taken[0].when} to {taken[-1].when}"
    description = safe(f"{name}. {_described(places.says, ordered)}")
    wide, high = f"{places.wide + 1:g}", f"{pen.height:g}"
    drawing = (
        f'<div class="mn-sheet mn-scroll" tabindex="0" role="region" aria-label="{safe(name)}"><div class="mn-columns">'
        f'<svg class="mn-labels" width="{LEFT:g}" height="{high}" viewBox="0 0 {LEFT:g} {high}" aria-hidden="true" {FONT}>'
        f'<g id="{safe(ident)}-labels"><path d="M0 0h{LEFT:g}v{high}h-{LEFT:g}z" fill="#fff"/>{"".join(pen.labels)}</g></svg>'
        f'<svg width="{wide}" height="{high}" viewBox="0 0 {wide} {high}" role="img" aria-label="{description}" {FONT}>'
        f'{pen.hatch()}<g id="{safe(ident)}-columns" text-anchor="middle">{"".join(pen.columns)}</g></svg></div></div>'
    )
    return (
        f'<div class="mn-series" id="{safe(ident)}"><h{heading} class="mn-role">{safe(title)}</h{heading}>'
        f"{drawing}{printed_html(pen)}{legend_html(chart, break_hours)}"
        f'<h{heading + 1} class="mn-role">The same as a table</h{heading + 1}>{twin_html(chart, taken, ordered=ordered, name=title)}</div>'
    )


def series_svg(
    chart: Chart,
    sets: Sets,
    *,
    name: str,
    ident: str = "series",
    before: tuple[str, Score] | None = None,
    ordered: bool = True,
    true_time: bool = False,
    break_hours: float | None = BREAK_HOURS,
    made_by: str = "",
) -> str:
    """The track as one SVG file. Its head says that it is not for care; its foot holds the legend, the chart, its status and its fingerprint.

    Parameters as of `series_html`; before: the set before the first one; made_by: the software, for the foot.
    """
    taken = [Taken(*each) for each in sets]
    places = places_of(taken, ordered=ordered, true_time=true_time, break_hours=break_hours)
    pen = draw_track(chart, taken, places, ident, ordered=ordered, before=before[1] if before else None)
    wide = max(LEFT + places.wide + 1, NARROWEST)
    across = int((min(wide, 1600.0) - 4) / 7.4)
    head = [text(2, 16 + 17 * at, line, size=14, bold=True) for at, line in enumerate(textwrap.wrap(f"{NOT_FOR_CARE} {name}", int(across * 0.78)))]
    top = 10 + 17 * len(head)
    foot, y = [], top + pen.height + 6
    low = y
    for shapes, down in legend_lines(chart, break_hours, min(wide, 1600.0)):
        foot.append(f'<g transform="translate(0 {y:g})">{shapes}</g>')
        low = max(low, y + down)
    stamp = f"{NOT_FOR_CARE} {chart_stamp(chart)} {made_by}"
    for line in textwrap.wrap(stamp, across):
        low += 16
        foot.append(text(2, low, line))
    high = low + 8
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:g}" height="{high:g}" viewBox="0 0 {wide:g} {high:g}" role="img" {FONT} '
        f'aria-label="{safe(name)}. {safe(_described(places.says, ordered))}">{pen.hatch()}<rect width="{wide:g}" height="{high:g}" fill="#fff"/>'
        f'{"".join(head)}<g transform="translate(0 {top:g})">{"".join(pen.labels)}</g>'
        f'<g transform="translate({LEFT:g} {top:g})" text-anchor="middle">{"".join(pen.columns)}</g>{"".join(foot)}</svg>'
    )


def _described(spaced: str, ordered: bool) -> str:
    order = "in the order of time" if ordered else "not in the order of time, so that no line joins them"
    return f"Each column is one set, {spaced}, {order}. The table under it says the same."
