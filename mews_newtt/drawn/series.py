"""Several sets over time, drawn as on paper: one column a set, every value at its height in its band, totals and levels under it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from mews_newtt.chart.model import Chart, Parameter, Table, number
from mews_newtt.drawn.colours import paint
from mews_newtt.drawn.scale import Piece, Scale, pieces
from mews_newtt.drawn.svg import HATCH, LEFT, WIDE, Pen, lines_of
from mews_newtt.drawn.twin import change_of, given_words, level_words, total_words, twin_html
from mews_newtt.drawn.words import band_label, safe, unit_of
from mews_newtt.scoring.result import ParameterScore, Score

COLUMNS = 12  # sets on one sheet, as on paper
PANEL = 130.0


class Taken(NamedTuple):
    """One scored set and when it was taken, as it should be written."""

    when: str
    score: Score


def series_html(chart: Chart, sets: Sequence[tuple[str, Score]], *, title: str = "The track", heading: int = 2, ident: str = "series") -> str:
    """The track of a series as SVG sheets of up to 12 sets, and the same as a table.

    Parameters
    ----------
    sets : pairs of when (as it should be written) and Score, in the order of time
    ident : start of every id in the fragment
    """
    taken = [Taken(when, score) for when, score in sets]
    sheets = [taken[start : start + COLUMNS] for start in range(0, len(taken), COLUMNS)]
    said = [f'<div class="mn-series" id="{safe(ident)}"><h{heading} class="mn-role">{safe(title)}</h{heading}>']
    for place, sheet in enumerate(sheets):
        name = f"{title}, sheet {place + 1} of {len(sheets)}: {sheet[0].when} to {sheet[-1].when}"
        before = sheets[place - 1][-1] if place else None
        said.append(
            f'<div class="mn-sheet mn-scroll" tabindex="0" role="region" aria-label="{safe(name)}">'
            f"{series_svg(chart, sheet, name=name, ident=f'{ident}-{place}', before=before)}</div>"
        )
    said.append(f'<h{heading + 1} class="mn-role">The same as a table</h{heading + 1}>{twin_html(chart, taken)}</div>')
    return "".join(said)


def series_svg(chart: Chart, sets: Sequence[tuple[str, Score]], *, name: str, ident: str = "series", before: tuple[str, Score] | None = None) -> str:
    """One sheet. No line crosses an item that was skipped, missing or refused; blood pressure is drawn as joined markers."""
    taken = [Taken(when, score) for when, score in sets]
    pen = Pen(len(taken), f"{ident}-hatch", right=any(_partner(chart, parameter) for parameter in chart.parameters))
    pen.header([each.when for each in taken])
    drawn: set[str] = set()
    for parameter in chart.parameters:
        rows = [_row(each.score, parameter.id) for each in taken]
        if parameter.id in drawn or not _worth_drawing(parameter, rows):
            continue
        if parameter.observation.numeric and parameter.tables:
            other = _partner(chart, parameter)
            drawn |= {parameter.id, *([other.id] if other else [])}
            beside = [_row(each.score, other.id) for each in taken] if other else []
            _panel(pen, chart, [(parameter, rows), *([(other, beside)] if other else [])])
        else:
            drawn.add(parameter.id)
            _answers(pen, chart, parameter, rows)
    _outcome(pen, chart, taken, before[1] if before else None)
    return pen.svg(name, "Each column is one set, equally spaced. The table under it says the same.")


def _row(score: Score, name: str) -> ParameterScore | None:
    return next((row for row in score.parameters if row.id == name), None)


def _worth_drawing(parameter: Parameter, rows: Sequence[ParameterScore | None]) -> bool:
    return parameter.role != "recorded" or any(row is not None and row.value is not None for row in rows)


def _partner(chart: Chart, parameter: Parameter) -> Parameter | None:
    """The pressure that is recorded with this one, where the chart has bands for both."""
    other = chart.by_id.get(parameter.observation.recorded_with or "")
    return other if other is not None and other.tables and other.observation.numeric else None


def _panel(pen: Pen, chart: Chart, members: Sequence[tuple[Parameter, Sequence[ParameterScore | None]]]) -> None:
    """A panel of one numeric parameter, or of two that are recorded together: the left half of a column is the first one's bands."""
    tables = {
        id(table): table
        for parameter, rows in members
        for table in ([row.table for row in rows if row is not None and row.table is not None and row.table.applies] or [parameter.tables[0]])
        if table.applies
    }
    cut = {key: pieces(chart, table) for key, table in tables.items()}
    edges = [edge for drawn in cut.values() for piece in drawn for edge in (piece.low, piece.high) if edge is not None]
    values = [
        value for _, rows in members for row in rows if (value := _plotted(row)) is not None and row is not None and "implausible" not in row.flags
    ]
    scale = Scale(edges, values, PANEL)
    top = pen.start(scale.height)
    first, rows = members[0]
    titles = [parameter.title for parameter, _ in members]
    pen.label(" / ".join(titles), unit_of(first), scale.height)
    if len(members) > 1:
        pen.small_label("∨ first, bands left", scale.height - 14)
        pen.small_label("∧ second, bands right", scale.height - 3)
    named: dict[int, Table] = {}
    for place in range(pen.columns):
        for side, (_, column) in enumerate(members):
            share = WIDE / len(members)
            x = LEFT + place * WIDE + side * share
            row = column[place]
            table = row.table if row is not None else None
            if table is None or not table.applies:
                pen.box(x, top, share, scale.height, HATCH)
                continue
            for piece in cut[id(table)]:
                _band(pen, chart, scale, top, x, share, piece, side, table is not named.get(side))
            named[side] = table
    if len(members) > 1:
        _joined(pen, scale, top, members)
    else:
        _points_and_lines(pen, scale, top, rows)
    pen.frame(top, scale.height)


def _band(pen: Pen, chart: Chart, scale: Scale, top: float, x: float, wide: float, piece: Piece, side: int, named: bool) -> None:
    high, low = scale.y(piece.high), scale.y(piece.low, low=True)
    pen.box(x, top + high, wide, low - high, paint(chart, piece.band).fill)
    words = f"{piece.band.printed}: {_short(chart, piece)}"
    if named and x < LEFT + WIDE:
        pen.rail(words, top + (high + low) / 2, right=side == 1)
    elif named:
        pen.text(x + 2, top + (high + low) / 2 + 3, lines_of(words, 14 if wide == WIDE else 7, 1)[0], size=8, ink=paint(chart, piece.band).ink)


def _short(chart: Chart, piece: Piece) -> str:
    band = piece.band
    zones = {zone.id: zone.title for zone in chart.zones}
    says = [str(band.points)] if band.points is not None else []
    says += [zones[band.zone]] if band.zone else []
    return " ".join(says) or ("raises level" if band.level else "nothing")


def _plotted(row: ParameterScore | None) -> Fraction | None:
    return None if row is None or row.value is None or isinstance(row.value, str) else Fraction(row.value)


def _points_and_lines(pen: Pen, scale: Scale, top: float, rows: Sequence[ParameterScore | None]) -> None:
    heights = [None if (value := _plotted(row)) is None else scale.y(value) for row in rows]
    for place, (one, two) in enumerate(pairwise(heights)):
        if one is not None and two is not None:
            pen.line(pen.middle(place), top + one, pen.middle(place + 1), top + two)
    for place, (height, row) in enumerate(zip(heights, rows, strict=True)):
        if height is None:
            pen.note(place, top + scale.height, given_words(row))
        elif row is not None:
            pen.dot(place, top + height, _beyond(scale, row), number(row.value), _gives(row), scale.height + top)


def _beyond(scale: Scale, row: ParameterScore) -> int:
    """-1 or 1 where an implausible value lies beyond the panel's end, else 0."""
    value = _plotted(row)
    if value is None or scale.stops[0] <= value <= scale.stops[-1]:
        return 0
    return -1 if value < scale.stops[0] else 1


def _gives(row: ParameterScore) -> str:
    band = row.band
    if band is None:
        return ""
    if band.points is not None:
        return f"{band.points} pt" if band.points == 1 else f"{band.points} pts"
    return band.zone or ("raises" if band.level else "nothing" if band.interval is not None else "")


def _joined(pen: Pen, scale: Scale, top: float, members: Sequence[tuple[Parameter, Sequence[ParameterScore | None]]]) -> None:
    (_, uppers), (_, lowers) = members
    for place in range(pen.columns):
        pair = [uppers[place], lowers[place]]
        values = [_plotted(row) for row in pair]
        heights = [None if value is None else scale.y(value) for value in values]
        if heights[0] is not None and heights[1] is not None:
            pen.line(pen.middle(place), top + heights[0], pen.middle(place), top + heights[1])
        for row, height, down in zip(pair, heights, (True, False), strict=True):
            if row is not None and height is not None:
                pen.arrow(place, top + height, down, number(row.value), _gives(row), top + scale.height)
        if heights == [None, None]:
            pen.note(place, top + scale.height, given_words(pair[0]))


def _answers(pen: Pen, chart: Chart, parameter: Parameter, rows: Sequence[ParameterScore | None]) -> None:
    """A row of cells: one answer a set, in words, with what it gives."""
    top = pen.start(46)
    pen.label(parameter.title, unit_of(parameter), 46)
    for place, row in enumerate(rows):
        band = row.band if row is not None else None
        words = band_label(parameter, band) if band is not None and len(band.categories) == 1 else given_words(row)
        pen.box(LEFT + place * WIDE, top, WIDE, 46, paint(chart, band).fill if band is not None else "#ffffff")
        pen.cell(
            place, top, lines_of(words, 12, 2), _gives(row) if row is not None else "", paint(chart, band).ink if band is not None else "#212b32"
        )
    pen.frame(top, 46)


def _outcome(pen: Pen, chart: Chart, taken: Sequence[Taken], before: Score | None) -> None:
    if chart.has_points:
        top = pen.start(34)
        pen.label("Total", "", 34)
        for place, each in enumerate(taken):
            pen.cell(place, top, lines_of(total_words(each.score), 12, 1), "no total" if each.score.status == "partial" else "", bold=True)
        pen.frame(top, 34)
    levels = [(lines_of(level_words(each.score), 12, 6), change_of(previous, each.score)) for previous, each in _with_previous(taken, before)]
    high = 10.0 + 12 * max(len(lines) + bool(change) for lines, change in levels)
    top = pen.start(high)
    pen.label("Level", "", high)
    for place, (lines, change) in enumerate(levels):
        pen.cell(place, top, lines, change, bold=True)
    pen.frame(top, high)


def _with_previous(taken: Sequence[Taken], before: Score | None) -> Iterator[tuple[Score | None, Taken]]:
    for each in taken:
        yield before, each
        before = each.score
