"""Builds a chart from a sheet, and keeps the cell addresses that each part was read from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

from mews_newtt.adoption.layout import (
    BANDS,
    CHART,
    CONTEXTS,
    DOCUMENT,
    GROUPS,
    HIGHER,
    LEVELS,
    NOT_READ,
    OVERLAPS,
    PARAMETERS,
    SCOPE,
    SKIPS,
    SOURCES,
    ZONES,
)
from mews_newtt.adoption.overlaps import higher_where_they_overlap
from mews_newtt.adoption.reading import Row, Sheet
from mews_newtt.adoption.words import AS_PRINTED
from mews_newtt.chart.model import (
    ROLES,
    Band,
    Chart,
    Condition,
    Group,
    Interval,
    Level,
    Observation,
    Parameter,
    ScopeRule,
    Skip,
    Source,
    Table,
    Timing,
    Zone,
)
from mews_newtt.errors import Problem, did_you_mean

When = tuple[tuple[str, Condition], ...]


class Built(NamedTuple):
    """A chart and, by the place a check names, the rows it came from."""

    chart: Chart
    may_fall: frozenset[str]
    unusual: frozenset[str]
    as_printed: tuple[str, ...]
    rows: dict[str, list[Row]]


def build(
    sheet: Sheet, observations: Mapping[str, Observation], problems: list[Problem], *, source: str | None, licence: str | None, status: str
) -> Built:
    """The chart that a sheet describes. Faults of names and kinds go to `problems`; the caller runs the chart's own checks."""
    document = _Document(sheet, source, licence)
    document.faults(sheet, problems)
    tables, rows = _tables(sheet, observations, problems)
    parameters = []
    for row in sheet.rows[PARAMETERS.title]:
        name = row.values["parameter"]
        if name is None:
            continue
        if name not in observations:
            near = did_you_mean(name, list(observations))
            mend = f"write {near!r}" if near else "add it under [New observations]"
            problems.append(_at(sheet, row, "parameter", "unknown_parameter", f"this program does not know {name!r} yet", mend))
            continue
        _allowed(sheet, row, "role", ROLES, problems)
        rows.setdefault(f"parameter {name}", []).append(row)
        parameters.append(
            Parameter(
                observation=observations[name],
                role=row.values["role"] or ROLES[0],
                required=row.values["required"] is not False,
                source=row.values["source"] or document.id,
                tables=tables.pop(name, ()),
                skips=tuple(_skips(sheet, name)),
                assumed=row.values["assumed"],
                assumed_because=row.values["assumed because"] or "",
                note=row.values["note"] or "",
                snomed=row.values["snomed"],
            )
        )
    for section in (BANDS, SKIPS, CONTEXTS):
        for row in sheet.rows[section.title]:
            name = row.values["parameter"]
            if name is not None and name not in {p.id for p in parameters} and name in observations:
                what, mend = f"{name} is not under [{PARAMETERS.title}]", "add it there, or mend the name"
                problems.append(_at(sheet, row, "parameter", "parameter_not_listed", what, mend))
    parameters += _only_named(sheet, parameters, observations, document.id)
    for row in sheet.rows[LEVELS.title]:
        rows.setdefault(f"level {row.values['level']}", []).append(row)
    chart = Chart(
        id=sheet.item(CHART, "chart id") or "",
        version=sheet.item(CHART, "version") or "",
        title=sheet.item(CHART, "title") or "",
        short_title=sheet.item(CHART, "short title") or "",
        status=status,
        licence=document.licence,
        scope_says=sheet.item(CHART, "scope") or "",
        parameters=tuple(parameters),
        levels=tuple(_level(row, document.id) for row in sheet.rows[LEVELS.title]),
        sources=(document.source(), *(_source(row) for row in sheet.rows[SOURCES.title])),
        zones=tuple(Zone(row.values["id"] or "", row.values["title"] or "", row.values["colour"]) for row in sheet.rows[ZONES.title]),
        groups=tuple(_group(sheet, row, document.id, problems) for row in sheet.rows[GROUPS.title]),
        scope=tuple(_scope(sheet, row, document.id, problems) for row in sheet.rows[SCOPE.title]),
        aliases=sheet.items(CHART, "alias"),
        notes=sheet.items(CHART, "note"),
        known_missing=sheet.items(CHART, "known missing"),
        effective_from=sheet.item(CHART, "effective from"),
        supersedes=sheet.item(CHART, "supersedes"),
        snomed_total=sheet.item(CHART, "snomed total"),
        known=tuple(observations.values()),
    )
    overlaps = sheet.item(CHART, OVERLAPS)
    if overlaps not in (None, HIGHER):
        what, mend = f"is {overlaps!r}", f"write {HIGHER!r} if the document says so, or leave it out"
        problems.append(Problem("not_allowed", f"{sheet.name}, [{CHART.title}], {OVERLAPS}", what, mend))
    elif overlaps == HIGHER:
        chart = replace(chart, parameters=tuple(higher_where_they_overlap(chart, parameter) for parameter in chart.parameters))
        for parameter in chart.parameters:  # the tables are other ones now; the rows are those of all of them
            for key in [key for key in rows if key.startswith(f"parameter {parameter.id}, tables[") and len(parameter.tables) > 2]:
                rows.setdefault(f"parameter {parameter.id}", []).extend(rows.pop(key))
    problems += [
        Problem("cell_empty", f"{sheet.name}, [{CHART.title}], {item}", "is not filled", "fill it")
        for item in ("chart id", "version", "title", "short title", "scope")
        if sheet.item(CHART, item) is None
    ]
    for sources in sheet.rows[SOURCES.title]:
        rows.setdefault(f"source {sources.values['id']}", []).append(sources)
    return Built(
        chart, frozenset(sheet.items(CHART, "points may fall")), frozenset(sheet.items(CHART, "unusual edges")), sheet.items(CHART, AS_PRINTED), rows
    )


def _only_named(sheet: Sheet, parameters: Sequence[Parameter], observations: Mapping[str, Observation], document: str) -> list[Parameter]:
    """What only a `when` names, such as the patient group or the hours since birth: it chooses a table and is on the chart as recorded."""
    there = {p.id for p in parameters}
    named = [name for section in (BANDS, SCOPE) for row in sheet.rows[section.title] for name, _ in row.values["when"] or ()]
    return [Parameter(observations[name], "recorded", False, document) for name in dict.fromkeys(named) if name not in there]


class _Document:
    """The header block: what was transcribed, by whom and when."""

    def __init__(self, sheet: Sheet, source: str | None, licence: str | None):
        self.cite: str = source or sheet.item(DOCUMENT, "document") or ""
        self.edition: str | None = sheet.item(DOCUMENT, "edition")
        self.licence: str = licence or sheet.item(DOCUMENT, "licence") or ""
        self.id: str = sheet.item(DOCUMENT, "document id") or "DOCUMENT"
        self.doi: str | None = sheet.item(DOCUMENT, "document doi")
        self.took: str = sheet.item(DOCUMENT, "document took") or ""

    def source(self) -> Source:
        return Source(self.id, self.cite + (f" Edition: {self.edition}." if self.edition else ""), self.took, self.doi)

    def faults(self, sheet: Sheet, problems: list[Problem]) -> None:
        needed = {
            "document": (self.cite, "cite the printed document, or give --source"),
            "edition": (
                self.edition or any(row.values["item"] == "edition" and row.said("value") for row in sheet.rows[DOCUMENT.title]),
                "write the edition, or - for none",
            ),
            "licence": (self.licence, "write under what terms its content is used, or give --licence"),
            "transcribed by": (sheet.by, "write the name of who filled the sheet"),
            "transcribed on": (sheet.item(DOCUMENT, "transcribed on"), "write the date"),
        }
        for item, (value, mend) in needed.items():
            if not value:
                problems.append(Problem("cell_empty", f"{sheet.name}, [{DOCUMENT.title}], {item}", "is not filled", mend))


def _at(sheet: Sheet, row: Row, column: str, code: str, what: str, mend: str) -> Problem:
    return Problem(code, f"{sheet.name}, cell {row.address(column)}", what, mend)


def _allowed(sheet: Sheet, row: Row, column: str, allowed: tuple[str, ...], problems: list[Problem]) -> None:
    value = row.values[column]
    if value is not None and value not in allowed:
        near = did_you_mean(value, allowed)
        mend = f"write {near!r}" if near else "write one of: " + ", ".join(allowed)
        problems.append(_at(sheet, row, column, "not_allowed", f"{column} is {value!r}", mend))


def _tables(
    sheet: Sheet, observations: Mapping[str, Observation], problems: list[Problem]
) -> tuple[dict[str, tuple[Table, ...]], dict[str, list[Row]]]:
    """The tables of each parameter, in the order of their first rows, their numeric bands lowest first."""
    of_parameter: dict[str, dict[Any, tuple[When, list[Row]]]] = {}
    for row in sheet.rows[BANDS.title]:
        name, when = row.values["parameter"], row.values["when"] or ()
        if name in observations and row.values["reading"] is not None:
            of_parameter.setdefault(name, {}).setdefault(frozenset(when), (when, []))[1].append(row)
    extras = {(row.values["parameter"], frozenset(row.values["when"] or ())): row for row in sheet.rows[CONTEXTS.title]}
    found: dict[str, tuple[Table, ...]] = {}
    places: dict[str, list[Row]] = {}
    for name, tables in of_parameter.items():
        made = []
        for number, (when, rows) in enumerate(tables.values(), start=1):
            extra = extras.pop((name, frozenset(when)), None)
            applies = not any(row.values["reading"] == NOT_READ for row in rows)
            if not applies and len(rows) > 1:
                problems.append(_at(sheet, rows[0], "reading", "bands_not_applied", "the context has bands and is not read", "keep one of them"))
            rows = sorted(rows, key=lambda row: lowest(row.values["reading"]))
            places[f"parameter {name}" + (f", tables[{number}]" if len(tables) > 1 else "")] = rows
            made.append(
                Table(
                    bands=tuple(_band(row) for row in rows) if applies else (),
                    when=when,
                    title=(extra.values["title"] if extra else None) or "",
                    applies=applies,
                    snomed=extra.values["snomed"] if extra else None,
                )
            )
        found[name] = tuple(made)
    mend = "mend the context, or delete the row"
    problems += [_at(sheet, row, "when", "context_without_bands", "no row under [Bands] has this context", mend) for row in extras.values()]
    return found, places


def lowest(reading: object) -> tuple[Decimal, bool]:
    """Where a range starts; all other readings keep their order."""
    if not isinstance(reading, Interval):
        return Decimal(0), False
    if reading.low is None:
        return Decimal("-Infinity"), False
    return reading.low, not reading.low_included


def _band(row: Row) -> Band:
    reading, values = row.values["reading"], row.values
    band = Band(reading) if isinstance(reading, Interval) else Band(categories=reading)
    return replace(
        band,
        points=values["points"],
        zone=values["zone"],
        level=values["level"],
        prompt=values["prompt"],
        printed=values["printed"] or band.reads,
    )


def _skips(sheet: Sheet, name: str) -> list[Skip]:
    rows = [row for row in sheet.rows[SKIPS.title] if row.values["parameter"] == name]
    return [Skip(row.values["code"] or "", row.values["says"] or "", row.values["points"]) for row in rows]


def _source(row: Row) -> Source:
    values = row.values
    return Source(values["id"] or "", values["cite"] or "", values["took"] or "", values["doi"], values["transcribed"] or ())


def _group(sheet: Sheet, row: Row, document: str, problems: list[Problem]) -> Group:
    _allowed(sheet, row, "kind", ("either", "one_of"), problems)
    values = row.values
    return Group(values["id"] or "", values["title"] or "", values["kind"] or "", values["parameters"] or (), values["source"] or document)


def _scope(sheet: Sheet, row: Row, document: str, problems: list[Problem]) -> ScopeRule:
    _allowed(sheet, row, "then", ("refuse", "flag"), problems)
    values = row.values
    return ScopeRule(values["when"] or (), values["then"] != "flag", values["says"] or "", values["source"] or document)


def _level(row: Row, document: str) -> Level:
    values = row.values

    def timing(says: str, minutes: str) -> Timing | None:
        return Timing(values[says], values[minutes]) if values[says] is not None else None

    return Level(
        id=values["level"] or "",
        title=values["title"] or "",
        source=values["source"] or document,
        total=values["total"],
        counts=values["counts"] or (),
        reobserve=timing("observe again", "observe minutes"),
        review=timing("review", "review minutes"),
        response=values["response"],
    )
