"""Compares two sheets cell by cell: every difference with both addresses."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from mews_newtt.adoption.building import lowest
from mews_newtt.adoption.layout import (
    BANDS,
    CHART,
    CONTEXTS,
    DOCUMENT,
    GROUPS,
    ITEM,
    NEW,
    OVERLAPS,
    PARAMETERS,
    SCOPE,
    SECTIONS,
    SOURCES,
    VALUE,
    ZONES,
    Section,
)
from mews_newtt.adoption.reading import Row, Sheet
from mews_newtt.adoption.words import AS_PRINTED, plain
from mews_newtt.chart.model import Interval

EACH_HIS_OWN = ("transcribed by", "transcribed on")


ONCE = (NEW, ZONES, PARAMETERS, CONTEXTS, GROUPS, SCOPE, SOURCES)  # sections that the lead may fill alone
BOTH = frozenset((*EACH_HIS_OWN, "points may fall", "unusual edges", OVERLAPS, AS_PRINTED))  # items that each sheet must say itself


def share_head(a: Sheet, b: Sheet) -> None:
    """What only one of the sheets fills of the head counts for both: items left blank, and sections without rows.

    Bands, levels and skips are not of the head: both people transcribe them.
    """
    for one, other in ((a, b), (b, a)):
        for section in (DOCUMENT, CHART):
            theirs = {row.values[ITEM] for row in other.rows[section.title] if row.said(VALUE)}
            given = [row for row in one.rows[section.title] if row.said(VALUE) and row.values[ITEM] not in theirs | BOTH]
            names = {row.values[ITEM] for row in given}
            other.rows[section.title][:] = [*(row for row in other.rows[section.title] if row.values[ITEM] not in names), *given]
        for section in ONCE:
            if not other.rows[section.title]:
                other.rows[section.title].extend(one.rows[section.title])


class Difference(NamedTuple):
    """One difference between the sheets. An address of None: only the other sheet has the row."""

    where: str
    address_a: str | None
    says_a: str
    address_b: str | None
    says_b: str

    @property
    def says(self) -> str:
        one, other = (
            f"{place or 'no such row'}: {says or 'empty'}" if place else "no such row"
            for place, says in ((self.address_a, self.says_a), (self.address_b, self.says_b))
        )
        return f"{self.where}: A {one} | B {other}"


def differences(a: Sheet, b: Sheet) -> list[Difference]:
    """Everything the two sheets say differently, apart from who filled them and when."""
    found: list[Difference] = []
    for section in SECTIONS:
        rows_a, rows_b = a.rows[section.title], b.rows[section.title]
        if section is DOCUMENT:
            rows_a, rows_b = ([row for row in rows if row.values[ITEM] not in EACH_HIS_OWN] for rows in (rows_a, rows_b))
        pairs = list(_bands_paired(rows_a, rows_b) if section is BANDS else _paired(section, rows_a, rows_b))
        for one, other in pairs:
            found += _of_rows(section, one, other)
        if section is not BANDS and not section.items:
            found += _order(section, [pair for pair in pairs if None not in pair])
    return found


def _of_rows(section: Section, one: Row | None, other: Row | None) -> Iterator[Difference]:
    if one is None or other is None:
        row = one or other
        assert row is not None  # a pair has at least one row
        if section.items and not row.said(VALUE):
            return  # an item left blank is an item left out
        says = ", ".join(cell.text for cell in row.cells.values())
        place = row.address(section.columns[0].name)
        where = f"[{section.title}] {_name(section, row)}"
        yield Difference(where, place, says, None, "") if one else Difference(where, None, "", place, says)
        return
    for column in section.columns:
        if _meaning(one, column.name) != _meaning(other, column.name):
            where = f"[{section.title}] {_name(section, one)}, {column.name}"
            yield Difference(where, one.address(column.name), one.said(column.name), other.address(column.name), other.said(column.name))


def _name(section: Section, row: Row) -> str:
    """The name of a row: its key, as written."""
    return " ".join(said for said in (row.said(name) for name in section.key) if said) or f"row {row.line + 1}"


def _meaning(row: Row, column: str) -> Any:
    """A cell's value for comparing; a cell that could not be read is compared as text."""
    value, said = row.values.get(column), row.said(column)
    if value is None:
        return plain(said) if said and plain(said) != "-" else None
    if isinstance(value, str):
        return plain(value)
    if column == "when":
        return frozenset(value)
    return value


def _key(section: Section, row: Row) -> tuple[Any, ...]:
    return tuple(_meaning(row, name) for name in section.key)


def _paired(section: Section, rows_a: list[Row], rows_b: list[Row]) -> Iterator[tuple[Row | None, Row | None]]:
    """Pair rows of the same key (the first with the first). The rest is paired in order, so that a typing error in a key shows as one difference."""
    left = list(rows_b)
    lone: list[Row] = []
    for row in rows_a:
        alike = next((other for other in left if _key(section, other) == _key(section, row)), None)
        if alike is None:
            lone.append(row)
        else:
            left.remove(alike)
            yield row, alike
    if section.items:
        yield from ((row, None) for row in lone)
        yield from ((None, row) for row in left)
        return
    for place in range(max(len(lone), len(left))):
        yield (lone[place] if place < len(lone) else None), (left[place] if place < len(left) else None)


def _bands_paired(rows_a: list[Row], rows_b: list[Row]) -> Iterator[tuple[Row | None, Row | None]]:
    """Bands are paired within their parameter and context: as many, in order; else by what they read."""
    tables_a, tables_b = _by_table(rows_a), _by_table(rows_b)
    lone_a = [key for key in tables_a if key not in tables_b]
    lone_b = [key for key in tables_b if key not in tables_a]
    for key in tables_a:
        if key in tables_b:
            yield from _in_order(tables_a[key], tables_b[key])
    rest_a, rest_b = ([row for key in keys for row in tables[key]] for keys, tables in ((lone_a, tables_a), (lone_b, tables_b)))
    for place in range(max(len(rest_a), len(rest_b))):
        yield (rest_a[place] if place < len(rest_a) else None), (rest_b[place] if place < len(rest_b) else None)


def _by_table(rows: list[Row]) -> dict[Any, list[Row]]:
    tables: dict[Any, list[Row]] = {}
    for row in rows:
        tables.setdefault((_meaning(row, "parameter"), _meaning(row, "when") or frozenset()), []).append(row)
    for key, found in tables.items():
        if all(isinstance(row.values.get("reading"), Interval) for row in found):
            tables[key] = sorted(found, key=lambda row: lowest(row.values["reading"]))
    return tables


def _in_order(one: list[Row], other: list[Row]) -> Iterator[tuple[Row | None, Row | None]]:
    if len(one) == len(other):
        yield from zip(one, other, strict=True)
        return
    readings, theirs = ([str(_meaning(row, "reading")) for row in rows] for rows in (one, other))
    for _, i, j, k, m in SequenceMatcher(None, readings, theirs, autojunk=False).get_opcodes():
        for place in range(max(j - i, m - k)):
            yield (one[i + place] if i + place < j else None), (other[k + place] if k + place < m else None)


def _order(section: Section, pairs: list[tuple[Row | None, Row | None]]) -> Iterator[Difference]:
    """Rows in another order: for levels and zones the order has a meaning, for other rows it is a doubt."""
    by_a = [pair for pair in sorted(pairs, key=lambda pair: pair[0].line if pair[0] else 0) if pair[0] and pair[1]]
    lines = [pair[1].line for pair in by_a if pair[1]]
    if lines != sorted(lines):
        first = next(place for place in range(len(lines) - 1) if lines[place] > lines[place + 1])
        one, other = by_a[first]
        assert one is not None
        assert other is not None
        column = section.columns[0].name
        yield Difference(f"[{section.title}] order of the rows", one.address(column), one.said(column), other.address(column), other.said(column))
