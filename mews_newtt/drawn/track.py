"""The rows of a track: times and gaps, level and total, a panel for each number, a row of cells for each answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from mews_newtt.chart.model import Band, Chart, Parameter, Table
from mews_newtt.drawn.colours import Paint, paint, paint_level
from mews_newtt.drawn.places import Places, Taken
from mews_newtt.drawn.scale import Piece, Scale, pieces
from mews_newtt.drawn.svg import HATCH, INK, Pen, Word, label_lines, lines_of
from mews_newtt.drawn.twin import change_of, given_words, level_words, total_words
from mews_newtt.drawn.words import band_label, unit_of, value_said
from mews_newtt.scoring.result import ParameterScore, Score
from mews_newtt.scoring.wording import count

PANEL = 92.0
LINE = 15.0  # pixels from one line of small text to the next
DATED = 12  # the date is written again after so many columns
DOUBT = " !"  # beside a value that a warning is about
SAID_ELSEWHERE = ("converted", "float_noise", "skipped", "assumed", "not_read", "out_of_scope")  # flags that do not doubt a reading
_PLAIN = Paint("#ffffff", INK)


class Cell(NamedTuple):
    """The words of one set in one row. bold: how many of its lines are."""

    lines: Sequence[str]
    paint: Paint
    bold: int = 0
    halo: bool = False
    may_strike: bool = True


def draw_track(chart: Chart, taken: Sequence[Taken], places: Places, ident: str, *, ordered: bool, before: Score | None = None) -> Pen:
    """All rows of a track, drawn. before: the score of the set before the first one, for the change of the level."""
    pen = Pen(places, ident)
    _times(pen, taken)
    top = pen.height
    pen.cuts.append(top)
    _outcome(pen, chart, taken, before, ordered)
    for parameter in chart.parameters:
        rows = [_row(each.score, parameter.id) for each in taken]
        if parameter.role == "recorded" and not any(row is not None and row.value is not None for row in rows):
            continue
        pen.cuts.append(pen.height)
        doubts = [_in_doubt(each.score, parameter.id) for each in taken]
        if parameter.observation.numeric and parameter.tables:
            _panel(pen, chart, parameter, rows, doubts, taken, ordered)
        else:
            cells = [_answer(chart, parameter, row, doubt) for row, doubt in zip(rows, doubts, strict=True)]
            _cells(pen, parameter.title, unit_of(parameter), cells, taken)
    pen.grid(top)
    return pen


def _row(score: Score, name: str) -> ParameterScore | None:
    return next((row for row in score.parameters if row.id == name), None)


def _in_doubt(score: Score, name: str) -> bool:
    """Whether a warning is about this reading (one that says only how it was read does not count)."""
    return any(flag.partition(":")[2] == name and flag.partition(":")[0] not in SAID_ELSEWHERE for flag in score.flags)


def _times(pen: Pen, taken: Sequence[Taken]) -> None:
    """The date where it changes, the time in bold, the gap to the set before."""
    clocks = [lines_of(each.clock) for each in taken]
    top = pen.start(24 + 16 * max(map(len, clocks)))
    pen.label(top, "Taken")
    dates: list[Word] = []
    shown = -DATED
    for column, each in enumerate(taken):
        changed = not column or each.date != taken[column - 1].date
        if each.date and (changed or column - shown >= DATED or (column == len(taken) - 1 and column - shown > 1)):
            dates.append(Word(pen.places.middles[column], each.date))
            shown = column
    pen.words(top + 14, dates)
    for at in range(max(map(len, clocks))):
        found = [
            Word(middle, lines[at], INK, each.replaced)
            for middle, lines, each in zip(pen.places.middles, clocks, taken, strict=True)
            if at < len(lines)
        ]
        pen.words(top + 32 + 16 * at, found, size=15, bold=True)
    gaps = [(column, gap) for column, gap in enumerate(pen.places.gaps) if gap is not None]
    if gaps:
        top = pen.start(18)
        pen.label(top, "Gap to the set before")
        between = [(pen.places.middles[column - 1] + pen.places.middles[column]) / 2 for column, _ in gaps]
        pen.words(top + 14, [Word(x, gap.says, bold=gap.broken) for x, (_, gap) in zip(between, gaps, strict=True)])


def _panel(
    pen: Pen,
    chart: Chart,
    parameter: Parameter,
    rows: Sequence[ParameterScore | None],
    doubts: Sequence[bool],
    taken: Sequence[Taken],
    ordered: bool,
) -> None:
    """One number: its values with their points in a strip, and under it each value at its height, on the colour of the band that it scores in."""
    strip = [_reading(chart, row, doubt) for row, doubt in zip(rows, doubts, strict=True)]
    drawn = any(_plotted(row) is not None for row in rows)
    _cells(pen, parameter.title, unit_of(parameter), strip, taken, gap=0 if drawn else 6)
    if not drawn:
        return
    used = [row.table for row in rows if row is not None and row.table is not None and row.table.applies] or [parameter.tables[0]]
    cut = {id(table): pieces(chart, table) for table in used if table.applies}
    edges = [edge for bands in cut.values() for piece in bands for edge in (piece.low, piece.high) if edge is not None]
    values = [value for row in rows if (value := _plotted(row)) is not None and row is not None and "implausible" not in row.flags]
    scale = Scale(edges, values, PANEL)
    top = pen.start(scale.height)
    named: Table | None = None
    for start, end, table in _runs(rows):
        left = 0.0 if not start else (pen.places.middles[start - 1] + pen.places.middles[start]) / 2
        right = pen.places.wide if end == len(rows) else (pen.places.middles[end - 1] + pen.places.middles[end]) / 2
        if table is None or not table.applies:
            pen.bar(left, top, right - left, scale.height, HATCH)
            if table is None and not start:
                pen.rail("which bands count", round(top + scale.height / 2 - 3))
                pen.rail("is not known", round(top + scale.height / 2 + 12))
            continue
        for piece in cut[id(table)]:
            _band(pen, chart, scale, top, left, right, piece)
            if named is None:
                pen.rail(*_named(chart, scale, top, piece))
            elif table is not named:
                words, y = _named(chart, scale, top, piece)
                pen.note(left + 3, y, words, paint(chart, piece.band).ink)
        named = table
    _points_and_line(pen, scale, top, rows, taken, ordered)
    pen.frame(top, scale.height)


def _runs(rows: Sequence[ParameterScore | None]) -> Iterator[tuple[int, int, Table | None]]:
    """Neighbouring sets that one table is read for: the first column, the one after the last, the table."""
    tables = [None if row is None else row.table for row in rows]
    start = 0
    for column in range(1, len(tables) + 1):
        if column == len(tables) or tables[column] is not tables[start]:
            yield start, column, tables[start]
            start = column


def _band(pen: Pen, chart: Chart, scale: Scale, top: float, left: float, right: float, piece: Piece) -> None:
    high, low = scale.y(piece.high), scale.y(piece.low, low=True)
    pen.bar(left, top + high, right - left, low - high, paint(chart, piece.band).fill)


def _named(chart: Chart, scale: Scale, top: float, piece: Piece) -> tuple[str, float]:
    """What a band is, and the line on which it is written."""
    middle = (scale.y(piece.high) + scale.y(piece.low, low=True)) / 2
    return f"{piece.band.printed}: {band_words(chart, piece.band)}", round(top + middle + 4)


def band_words(chart: Chart, band: Band) -> str:
    """What a band gives, beside its range."""
    zones = {zone.id: zone.title for zone in chart.zones}
    says = [count(band.points, "point")] if band.points is not None else []
    says += [zones[band.zone]] if band.zone else []
    return ", ".join(says) or ("raises level" if band.level else "nothing")


def _plotted(row: ParameterScore | None) -> Fraction | None:
    return None if row is None or row.value is None or isinstance(row.value, str) else Fraction(row.value)


def _points_and_line(pen: Pen, scale: Scale, top: float, rows: Sequence[ParameterScore | None], taken: Sequence[Taken], ordered: bool) -> None:
    """The line joins neighbours that count. It is broken where there is no reading, and at a gap that is longer than the drawing says."""
    within: dict[int, float] = {}
    beyond: dict[int, tuple[float, int]] = {}
    joined: dict[int, float] = {}
    starts: set[int] = set()
    broken = True
    for column, (row, each) in enumerate(zip(rows, taken, strict=True)):
        value, gap = _plotted(row), pen.places.gaps[column]
        broken = broken or not ordered or (gap is not None and gap.broken)
        if value is None:
            broken = broken or not each.replaced
            continue
        y = top + scale.y(value)
        if scale.stops[0] <= value <= scale.stops[-1]:
            within[column] = y
        else:
            beyond[column] = y, -1 if value < scale.stops[0] else 1
        if not each.replaced:
            joined[column] = y
            if broken:
                starts.add(column)
            broken = False
    pen.path(joined, frozenset(starts))
    pen.dots({column: y for column, y in within.items() if not taken[column].replaced})
    pen.dots({column: y for column, y in within.items() if taken[column].replaced}, "replaced")
    pen.arrows(beyond)


def _reading(chart: Chart, row: ParameterScore | None, doubt: bool) -> Cell:
    """A number with what it gives."""
    if row is None or row.value is None:
        return Cell(lines_of(given_words(row)), _PLAIN)
    words = value_said(row.value) + (DOUBT if doubt else "")
    colours = _colours(chart, row)
    return Cell([words, *_gives(chart, row)], colours, bold=1, halo=colours.fill == HATCH)


def _colours(chart: Chart, row: ParameterScore) -> Paint:
    """The colour of the band; where several tables may be read, the colour that their bands share, or hatching."""
    bands = [row.band] if not row.possible else [band for _, band in row.possible]
    found = {paint(chart, band) if band is not None else _PLAIN for band in bands}
    return found.pop() if len(found) == 1 else Paint(HATCH, INK)


def _answer(chart: Chart, parameter: Parameter, row: ParameterScore | None, doubt: bool) -> Cell:
    """An answer in words with what it gives."""
    words = (_title(parameter, row) or given_words(row)) + (DOUBT if doubt else "")
    colours = _colours(chart, row) if row is not None else _PLAIN
    given = _gives(chart, row) if row is not None and row.value is not None else ()
    return Cell([*lines_of(words), *given], colours, halo=colours.fill == HATCH)


def _title(parameter: Parameter, row: ParameterScore | None) -> str:
    if row is None or row.value is None:
        return ""
    titles = {category.id: category.title for category in parameter.observation.categories}
    return titles.get(str(row.value), "") or (band_label(parameter, row.band) if row.band is not None and len(row.band.categories) == 1 else "")


def _gives(chart: Chart, row: ParameterScore) -> list[str]:
    """Points, zone and that the level is raised, as lines for a cell; none where the band gives nothing."""
    if row.band is None:
        return [count(row.points, "point")] if row.points is not None else []
    zones = {zone.id: zone.title for zone in chart.zones}
    says = [count(row.band.points, "point")] if row.band.points is not None else []
    says += lines_of(zones[row.band.zone]) if row.band.zone else []
    says += ["raises level"] if row.band.level else []
    return says


def _cells(pen: Pen, title: str, unit: str, cells: Sequence[Cell], taken: Sequence[Taken], *, gap: float = 6) -> None:
    """A row of cells, as high as its longest words."""
    lines = max(max(len(cell.lines) for cell in cells), len(label_lines(title, unit)))
    high = 6 + LINE * lines
    top = pen.start(high, gap=gap)
    pen.label(top, title, unit)
    pen.cells(top, high, [cell.paint.fill for cell in cells])
    for at in range(lines):
        for halo, bold in ((False, False), (False, True), (True, False), (True, True)):
            found = [
                Word(middle, cell.lines[at], cell.paint.ink, each.replaced and cell.may_strike)
                for middle, cell, each in zip(pen.places.middles, cells, taken, strict=True)
                if at < len(cell.lines) and (cell.halo, at < cell.bold) == (halo, bold)
            ]
            pen.words(top + 15 + LINE * at, found, size=13 if bold else 12, bold=bold, halo=halo)
    pen.frame(top, high)


def _outcome(pen: Pen, chart: Chart, taken: Sequence[Taken], before: Score | None, ordered: bool) -> None:
    """Level, total and warnings."""
    levels = []
    for each in taken:
        score = each.score
        known = score.level is not None and score.level == score.level_max
        change = change_of(before, score) if ordered else ""
        colours = paint_level(chart, score.level) if known and score.level is not None else Paint(HATCH, INK)
        if each.replaced:
            levels.append(Cell(["replaced"], _PLAIN, may_strike=False))
            continue
        words = lines_of(level_words(score), 10)
        levels.append(Cell([*words, *([change] if change else [])], colours, len(words), halo=not known))
        before = score
    _cells(pen, "Level", "", levels, taken)
    if chart.has_points:
        totals = [Cell([total_words(each.score), *(["no total"] if each.score.status == "partial" else [])], _PLAIN, 1) for each in taken]
        _cells(pen, "Total", "", totals, taken)
    if any(each.score.warnings or each.score.status == "refused" for each in taken):
        _cells(pen, "Warnings: in the table", "", [Cell([_warned(each.score)], _PLAIN) for each in taken], taken)


def _warned(score: Score) -> str:
    if score.status == "refused":
        return "refused"
    return count(len(score.warnings), "warning") if score.warnings else "none"
