"""Shows the first sets of a file as a plan reads them, beside the cells that they were read from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from mews_newtt.chart.model import Chart
from mews_newtt.errors import short
from mews_newtt.reading.plan import Plan
from mews_newtt.reading.plan.model import OBSERVED, OXYGEN_READING, PERSON, Where
from mews_newtt.reading.plan.report import Became, ReadingReport
from mews_newtt.reading.values import LABELS, NOT_READ, Reading, read
from mews_newtt.tables.origins.long_table import codes_of_row
from mews_newtt.tables.planned.sources import never_a_map, open_source, plan_for, with_usual
from mews_newtt.tables.planned.table import open_planned
from mews_newtt.tables.planned.times import read_times
from mews_newtt.tables.proposing.draft import one_line

LOOKED_AT = 20_000  # rows of the source that are searched for the cells of a set
Cells = Mapping[str, Any]


class SourceRow(NamedTuple):
    """A row of the source: its number, its cells, and its time as `read_times` gives it."""

    number: int
    cells: Cells
    time: datetime | None


class ReadCells(NamedTuple):
    """A row of the chart in one set: its title, what it is read as, and the cells of the source that it comes from."""

    title: str
    value: str
    cells: tuple[str, ...]


class FirstSet(NamedTuple):
    """One set as a plan reads it. `row` is where it begins in the source; `labels` say whose it is and when it was taken."""

    row: int
    labels: dict[str, str]
    readings: tuple[ReadCells, ...]


class FirstSets(NamedTuple):
    """The first sets of a file, the columns of all sets by our names, and what became of the whole file."""

    sets: tuple[FirstSet, ...]
    columns: tuple[str, ...]
    report: ReadingReport


def first_sets(chart: Chart, path: Path, plan: Plan, count: int) -> str:
    """The first sets as text: each reading with what the file has for it. Raises FileError as scoring would."""
    lines = []
    for one in read_first_sets(chart, path, plan, count).sets:
        labels = ", ".join(f"{name} {label}" for name, label in one.labels.items())
        lines.append(f"row {one.row}: {labels}" if labels else f"row {one.row}")
        width, wide = (max((len(each[place]) for each in one.readings), default=0) for place in (0, 1))
        for title, value, cells in one.readings:
            lines.append(f"  {title:<{width}}  {value:<{wide}}  {'<- ' + ', '.join(cells) if cells else ''}".rstrip())
    return "\n".join(map(one_line, lines))


def read_first_sets(chart: Chart, path: Path, plan: Plan, count: int) -> FirstSets:
    """The first sets of a file beside the cells that they come from. The whole file is read. Raises FileError as scoring would."""
    plan = never_a_map(plan_for(plan, path, chart.observations))  # so that what became of each column is known
    sets: list[tuple[int, dict[str, Any]]] = []
    with open_planned(chart, path, None, plan) as table:
        assert table.report is not None
        report, columns = table.report, tuple(table.names)
        for chunk in table.chunks():
            frame = chunk.frame().head(count - len(sets))
            sets += zip(chunk.numbers(frame.height), frame.to_dicts(), strict=False)
            if len(sets) >= count:
                break
    with open_source(path, None, plan.source) as source:
        plan = with_usual(plan, source.kind)
        rows = _rows(source.chunks(), plan, source.names)
    own = {row.number: row for row in rows}
    found = []
    for number, read_set in sets:
        labels = {name: str(read_set[name]) for name in LABELS if read_set.get(name)}
        these = [row for row in rows if _same_set(plan, row, own.get(number), read_set)] if plan.long else [own[number]] if number in own else []
        found.append(FirstSet(number, labels, tuple(_cells(chart, plan, read_set, these, report.became))))
    return FirstSets(tuple(found), columns, report)


def _rows(chunks: Iterator[Any], plan: Plan, names: list[str]) -> list[SourceRow]:
    """The first rows of the source."""
    found: list[tuple[int, dict[str, Any]]] = []
    for chunk in chunks:
        frame = chunk.frame().head(LOOKED_AT - len(found))
        found += zip(chunk.numbers(frame.height), frame.to_dicts(), strict=False)
        if len(found) >= LOOKED_AT:
            break
    parts = plan.times.columns if plan.times and len(plan.times.columns) > 1 else tuple(_theirs(plan, OBSERVED))
    cells = pl.Series([" ".join(str(row.get(name) or "").strip() for name in parts) for _, row in found], dtype=pl.String)
    times, _ = read_times(cells, plan.times.formats if plan.times else (), plan.times.zone if plan.times else None)
    return [SourceRow(number, row, time) for (number, row), time in zip(found, times, strict=True) if not _is_void(plan, row)]


def _is_void(plan: Plan, row: Cells) -> bool:
    return plan.status is not None and str(row.get(plan.status.column) or "").strip().casefold() in plan.status.void


def _theirs(plan: Plan, ours: str) -> list[str]:
    return [theirs for theirs, name in plan.column_map.columns.items() if name == ours] or [ours]


def _same_set(plan: Plan, row: SourceRow, first: SourceRow | None, found: Cells) -> bool:
    """Whether a row belongs to a set of a long file: the same person, and within the window."""
    if first is None:
        return False
    if row is first:
        return True
    person = _theirs(plan, PERSON)[0]
    if row.cells.get(person) != first.cells.get(person) or row.time is None:
        return False
    try:
        began = datetime.fromisoformat(str(found.get(OBSERVED)))
    except ValueError:
        return False
    began = began.astimezone(UTC).replace(tzinfo=None) if began.tzinfo else began
    return 0 <= (row.time - began).total_seconds() <= (plan.sets.seconds if plan.sets else 0)


def _cells(chart: Chart, plan: Plan, found: Cells, rows: list[SourceRow], became: Mapping[Where, Became]) -> Iterator[ReadCells]:
    """For each row of the chart: its title, what it is read as, and the cells of the source."""
    for parameter in chart.parameters:
        names = {parameter.id, *(plan.oxygen_from if parameter.id == OXYGEN_READING else ())}
        sources = [where for where, entry in became.items() if names.intersection(entry.read_as)]
        sources += [Where(born.column) for born in plan.born if born.parameter == parameter.id]
        if not sources:
            continue
        text = found.get(parameter.id)
        given = []
        for row in rows:
            codes = _codes(plan, row)
            given += [_given(plan, row, where) for where in sources if (where.name in codes if where.is_code else row.cells.get(where.name))]
        yield ReadCells(parameter.observation.title, _value(chart, parameter.id, text), tuple(given))


def _codes(plan: Plan, row: SourceRow) -> set[str]:
    if plan.long is None:
        return set()
    return {code.strip() for code in codes_of_row(row.cells.get(plan.long.code), row.cells.get("other_codes"))}


def _given(plan: Plan, row: SourceRow, where: Where) -> str:
    if not where.is_code or plan.long is None:
        return f"{where.name}: {short(str(row.cells[where.name]))!r}"
    unit = row.cells.get(plan.long.unit) if plan.long.unit else None
    value = row.cells.get(plan.long.value) or row.cells.get("value_code") or ""
    return f"{where.name} in row {row.number}: {short(f'{value} {unit}' if unit else value)!r}"


def _value(chart: Chart, name: str, text: Any) -> str:
    if text is None or not str(text).strip():
        return "no reading"
    if str(text).startswith(NOT_READ):
        return f"refused: {str(text).removeprefix(NOT_READ)}"
    found = read(chart.observations[name], text)
    return str(found.value) if isinstance(found, Reading) and isinstance(found.value, str) else str(text)
