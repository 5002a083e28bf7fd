"""Several sets over time, drawn as on paper: one column a set, every value at its height in its own band, totals and levels under it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from mews_newtt.chart.model import Band, Chart, Parameter, Table, number
from mews_newtt.drawn.colours import Paint, paint, paint_level
from mews_newtt.drawn.scale import Piece, Scale, pieces
from mews_newtt.drawn.svg import HATCH, INK, LEFT, WIDE, Pen, lines_of
from mews_newtt.drawn.twin import change_of, given_words, level_words, total_words, twin_html
from mews_newtt.drawn.words import NOT_FOR_CARE, band_label, chart_stamp, safe, unit_of
from mews_newtt.scoring.result import ParameterScore, Score
from mews_newtt.scoring.wording import count

COLUMNS = 12  # sets on one sheet, as on paper
PANEL = 130.0
DOUBT = " !"  # beside a value that a warning is about
SAID_ELSEWHERE = ("converted", "float_noise", "skipped", "assumed", "not_read", "out_of_scope")  # flags that do not doubt a reading


class Taken(NamedTuple):
    """One scored set and when it was taken, as it should be written."""

    when: str
    score: Score


def series_html(
    chart: Chart, sets: Sequence[tuple[str, Score]], *, title: str = "The track", heading: int = 2, ident: str = "series", ordered: bool = True
) -> str:
    """The track of a series as SVG sheets of up to 12 sets, and the same as a table.

    Parameters
    ----------
    sets : pairs of when (as it should be written) and Score
    ordered : whether the sets are in the order of time; where they are not, no line joins them and no rise or fall is named
    ident : start of every id in the fragment
    """
    taken = [Taken(when, score) for when, score in sets]
    sheets = [taken[start : start + COLUMNS] for start in range(0, len(taken), COLUMNS)]
    said = [f'<div class="mn-series" id="{safe(ident)}"><h{heading} class="mn-role">{safe(title)}</h{heading}>']
    for index, sheet in enumerate(sheets):
        name = f"{title}, sheet {index + 1} of {len(sheets)}: {sheet[0].when} to {sheet[-1].when}"
        before = sheets[index - 1][-1] if index else None
        said.append(
            f'<div class="mn-sheet mn-scroll" tabindex="0" role="region" aria-label="{safe(name)}">'
            f"{series_svg(chart, sheet, name=name, ident=f'{ident}-{index}', before=before, ordered=ordered)}</div>"
        )
    said.append(f'<h{heading + 1} class="mn-role">The same as a table</h{heading + 1}>{twin_html(chart, taken, ordered=ordered, name=title)}</div>')
    return "".join(said)


def series_svg(
    chart: Chart,
    sets: Sequence[tuple[str, Score]],
    *,
    name: str,
    ident: str = "series",
    before: tuple[str, Score] | None = None,
    ordered: bool = True,
) -> str:
    """One sheet. A line joins neighbouring values; it is broken where a value was skipped, missing or refused. The foot names the chart."""
    taken = [Taken(when, score) for when, score in sets]
    pen = Pen(len(taken), f"{ident}-hatch")
    pen.header([each.when for each in taken])
    for parameter in chart.parameters:
        rows = [_row(each.score, parameter.id) for each in taken]
        if not _worth_drawing(parameter, rows):
            continue
        doubts = [_in_doubt(each.score, parameter.id) for each in taken]
        if parameter.observation.numeric and parameter.tables:
            _panel(pen, chart, parameter, rows, doubts, ordered)
        else:
            _answers(pen, chart, parameter, rows, doubts)
    _outcome(pen, chart, taken, before[1] if before else None, ordered)
    pen.foot(f"{NOT_FOR_CARE} {chart_stamp(chart)}")
    order = "in the order of time" if ordered else "not in the order of time, so that no line joins them"
    return pen.svg(name, f"Each column is one set, equally spaced, {order}. The table under it says the same.")


def _row(score: Score, name: str) -> ParameterScore | None:
    return next((row for row in score.parameters if row.id == name), None)


def _worth_drawing(parameter: Parameter, rows: Sequence[ParameterScore | None]) -> bool:
    return parameter.role != "recorded" or any(row is not None and row.value is not None for row in rows)


def _in_doubt(score: Score, name: str) -> bool:
    """Whether a warning is about this reading (one that says only how it was read does not count)."""
    return any(flag.partition(":")[2] == name and flag.partition(":")[0] not in SAID_ELSEWHERE for flag in score.flags)


def _panel(pen: Pen, chart: Chart, parameter: Parameter, rows: Sequence[ParameterScore | None], doubts: Sequence[bool], ordered: bool) -> None:
    """A panel of one numeric parameter: every value on the colour of the band that it scores in."""
    used = [row.table for row in rows if row is not None and row.table is not None and row.table.applies] or [parameter.tables[0]]
    cut = {id(table): pieces(chart, table) for table in used if table.applies}
    edges = [edge for drawn in cut.values() for piece in drawn for edge in (piece.low, piece.high) if edge is not None]
    values = [value for row in rows if (value := _plotted(row)) is not None and row is not None and "implausible" not in row.flags]
    scale = Scale(edges, values, PANEL)
    top = pen.start(scale.height)
    pen.label(parameter.title, unit_of(parameter), scale.height)
    named: Table | None = None
    for index, row in enumerate(rows):
        table = row.table if row is not None else None
        x = LEFT + index * WIDE
        if table is None or not table.applies:
            pen.box(x, top, WIDE, scale.height, HATCH)
            continue
        for piece in cut[id(table)]:
            _band(pen, chart, scale, top, x, piece, table is not named)
        named = table
    _points_and_lines(pen, scale, top, rows, doubts, ordered)
    pen.frame(top, scale.height)


def _band(pen: Pen, chart: Chart, scale: Scale, top: float, x: float, piece: Piece, named: bool) -> None:
    high, low = scale.y(piece.high), scale.y(piece.low, low=True)
    colours = paint(chart, piece.band)
    pen.box(x, top + high, WIDE, low - high, colours.fill)
    words = f"{piece.band.printed}: {_short(chart, piece.band)}"
    if named and x < LEFT + WIDE:
        pen.rail(words, top + (high + low) / 2)
    elif named:
        pen.text(x + 2, top + (high + low) / 2 + 3, lines_of(words, 14, 1)[0], size=8, ink=colours.ink)


def _short(chart: Chart, band: Band) -> str:
    """What a band gives, beside its range: room for twenty characters together."""
    zones = {zone.id: zone.title for zone in chart.zones}
    says = [str(band.points)] if band.points is not None else []
    says += [zones[band.zone]] if band.zone else []
    return " ".join(says) or ("raises level" if band.level else "nothing")


def _plotted(row: ParameterScore | None) -> Fraction | None:
    return None if row is None or row.value is None or isinstance(row.value, str) else Fraction(row.value)


def _points_and_lines(pen: Pen, scale: Scale, top: float, rows: Sequence[ParameterScore | None], doubts: Sequence[bool], ordered: bool) -> None:
    heights = [None if (value := _plotted(row)) is None else scale.y(value) for row in rows]
    for index, (one, two) in enumerate(pairwise(heights)):
        if ordered and one is not None and two is not None:
            pen.line(pen.middle(index), top + one, pen.middle(index + 1), top + two)
    for index, (height, row, doubt) in enumerate(zip(heights, rows, doubts, strict=True)):
        if height is None:
            pen.note(index, top + scale.height, given_words(row))
        elif row is not None:
            pen.dot(index, top + height, _beyond(scale, row), number(row.value) + (DOUBT if doubt else ""), _shortest(row.band), scale.height + top)


def _beyond(scale: Scale, row: ParameterScore) -> int:
    """-1 or 1 where an implausible value lies beyond the panel's end, else 0."""
    value = _plotted(row)
    if value is None or scale.stops[0] <= value <= scale.stops[-1]:
        return 0
    return -1 if value < scale.stops[0] else 1


def _shortest(band: Band | None) -> str:
    """What a band gives, under a value: room for seven characters."""
    if band is None:
        return ""
    if band.points is not None:
        return f"{band.points} pt" if band.points == 1 else f"{band.points} pts"
    return band.zone or ("raises" if band.level else "nothing" if band.interval is not None else "")


def _answers(pen: Pen, chart: Chart, parameter: Parameter, rows: Sequence[ParameterScore | None], doubts: Sequence[bool]) -> None:
    """A row of cells: one answer a set, in words, with what it gives."""
    high = max(46.0, 6 + 14.0 * len(lines_of(parameter.title, 15, 4)))
    top = pen.start(high)
    pen.label(parameter.title, unit_of(parameter), high)
    for index, (row, doubt) in enumerate(zip(rows, doubts, strict=True)):
        band = row.band if row is not None else None
        words = (band_label(parameter, band) if band is not None and len(band.categories) == 1 else given_words(row)) + (DOUBT if doubt else "")
        colours = paint(chart, band) if band is not None else Paint("#ffffff", INK)
        pen.box(LEFT + index * WIDE, top, WIDE, high, colours.fill)
        pen.cell(index, top, lines_of(words, 12, 2), _shortest(band), colours.ink)
    pen.frame(top, high)


def _outcome(pen: Pen, chart: Chart, taken: Sequence[Taken], before: Score | None, ordered: bool) -> None:
    if chart.has_points:
        top = pen.start(34)
        pen.label("Total", "", 34)
        for index, each in enumerate(taken):
            pen.cell(index, top, lines_of(total_words(each.score), 12, 1), "no total" if each.score.status == "partial" else "", bold=True)
        pen.frame(top, 34)
    pairs = list(_with_previous(taken, before))
    levels = [(each.score, lines_of(level_words(each.score), 12, 6), change_of(previous, each.score) if ordered else "") for previous, each in pairs]
    high = 10.0 + 12 * max(len(lines) + bool(change) for _, lines, change in levels)
    top = pen.start(high)
    pen.label("Level", "", high)
    for index, (score, lines, change) in enumerate(levels):
        known = score.level is not None and score.level == score.level_max
        colours = paint_level(chart, score.level) if known and score.level is not None else Paint(HATCH, INK)
        pen.box(LEFT + index * WIDE, top, WIDE, high, colours.fill)
        pen.cell(index, top, lines, change, colours.ink, bold=True, halo=not known)
    pen.frame(top, high)
    if any(each.score.warnings for each in taken):
        top = pen.start(34)
        pen.label("Look at", "in the table", 34)
        for index, each in enumerate(taken):
            warnings = len(each.score.warnings)
            words = "refused" if each.score.status == "refused" else count(warnings, "warning") if warnings else "no warning"
            pen.cell(index, top, [words], "", bold=warnings > 0)
        pen.frame(top, 34)


def _with_previous(taken: Sequence[Taken], before: Score | None) -> Iterator[tuple[Score | None, Taken]]:
    for each in taken:
        yield before, each
        before = each.score
