"""What a reading plan says: how somebody else's file becomes observation sets. `read.py` makes a plan from a TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, NamedTuple

from mews_newtt.errors import Problem
from mews_newtt.reading.column_map import ColumnMap
from mews_newtt.reading.plan.patterns import Pattern

OBSERVED, PERSON = "observed_at", "patient_id"
OXYGEN_READING = "air_or_oxygen"
AMOUNTS = ("oxygen_flow", "oxygen_percent", "oxygen_device")  # what a plan may take air or oxygen from
UNIT_PREFIX = "unit_"  # a group `unit_temperature` of a pattern holds the unit of the group `temperature`
Differing = Literal["refuse", "first", "last"]
Choose = Literal["first", "equal"]


@dataclass(frozen=True)
class SourceSettings:
    """What is known about a source before it is read. What is left out is found out where that is certain. Otherwise
    the source is refused, with the setting to give.

    kind : csv, parquet, ndjson, json, xlsx, ods, fhir or hl7
    encoding : of the text, as Python names it: utf-8, cp1252, utf-16
    delimiter : one character between the cells of CSV
    header_line : the line (or the row of a sheet) with the names of the columns, counted from 1; 0 where no line has them
    skip_lines : how many lines behind the header are no rows, such as a line of units
    footer_lines : how many lines at the end are no rows, such as a total
    sheet : the name of the sheet of a workbook
    json_path : the names that lead to the list of rows, such as `forms[].observations`
    formula_errors : `keep` gives #N/A and its like as text, for the plan's missing marks; otherwise such a workbook is refused
    merged_cells : `fill` gives the value of a merged area to each of its cells; otherwise a table with merged cells is refused
    identifier : the type (CX.5) or the authority (CX.4) of the patient identifier to use, where HL7 messages have several
    """

    kind: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header_line: int | None = None
    skip_lines: int | None = None
    footer_lines: int | None = None
    sheet: str | None = None
    json_path: str | None = None
    formula_errors: str | None = None
    merged_cells: str | None = None
    identifier: str | None = None

    def given(self) -> dict[str, str | int]:
        """The settings that are given."""
        return {each.name: value for each in fields(self) if (value := getattr(self, each.name)) is not None}


class Numbers(NamedTuple):
    """How numbers are written: the decimal marks that occur, the mark between thousands, and signs around a number that are taken off."""

    decimal: tuple[str, ...] = (".",)
    thousands: str = ""
    strip: tuple[str, ...] = ()
    ranges: bool = False  # "<35" is read where every value of it means the same for the chart

    @property
    def plain(self) -> bool:
        """Whether numbers are written as our own reading rules want them."""
        return self.decimal == (".",) and not self.thousands and not self.strip


class Word(NamedTuple):
    """A pattern of words, and what they mean. `place` is where the plan says so."""

    pattern: Pattern
    meaning: str
    place: str


class Where(NamedTuple):
    """Where cells come from: a column of the file or, in long format, a code."""

    name: str
    is_code: bool = False

    @property
    def says(self) -> str:
        return f"{'code' if self.is_code else 'column'} {self.name}"


class Cell(NamedTuple):
    """A pattern of whole cells of one column or code. Its named groups are parameters."""

    where: Where
    pattern: Pattern
    place: str

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(name for name in self.pattern.groups if not name.startswith(UNIT_PREFIX))


class From(NamedTuple):
    """One of several columns or codes that hold the same reading, with its own unit and words."""

    where: Where
    unit: str | None = None


class Several(NamedTuple):
    """A reading that several columns hold. `choose`: the first that is not blank, or all must be equal."""

    parameter: str
    sources: tuple[From, ...]
    choose: Choose
    place: str


class Long(NamedTuple):
    """A file with one reading in each row: the columns of what was measured, of the value and of its unit."""

    code: str
    value: str
    unit: str | None = None
    codes: Mapping[str, str] = {}  # theirs to ours
    ignore: frozenset[str] = frozenset()  # codes that are left alone
    units: Mapping[str, str] = {}  # their units to ours
    is_assumed: bool = False  # the plan names no columns, which only a source of LONG_KINDS allows: found out when it is opened


# Sources that are one reading in each row, with columns of these names and codes that the rules may know.
LONG_KINDS = ("fhir", "hl7")
CODED_LONG = Long("code", "value", "unit")


EPOCH_SECONDS, EPOCH_MILLISECONDS, EXCEL_DAYS = "epoch seconds", "epoch milliseconds", "Excel days"
COUNTED = (EPOCH_SECONDS, EPOCH_MILLISECONDS, EXCEL_DAYS)  # times that are a number: since 1970 in UTC, or days as a spreadsheet counts them


class Times(NamedTuple):
    """How times are written. `columns` are joined with a space; without them the column that is `observed_at`."""

    columns: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    zone: str | None = None


class Sets(NamedTuple):
    """Rows of one person within `seconds` of the first of them are one set. `differing` says what happens to a reading that is given twice.

    newest : the column that says how new a row is; of readings of one person and one time, those of the newest row count
    """

    seconds: int = 0
    differing: Differing = "refuse"
    newest: str | None = None


class Status(NamedTuple):
    """A column that says which rows do not count. With `counts`, any word that is in neither list refuses its row."""

    column: str
    void: frozenset[str]
    counts: frozenset[str] = frozenset()


class Born(NamedTuple):
    """A reading that is the time from a birth to the observation."""

    parameter: str  # hours_since_birth or age_years
    column: str
    formats: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """How the columns, words, units, marks, shapes and times of somebody else's file are read.

    name, sha256 : of the file; column_map : the part that a map file has too; a plan with nothing else is that map
    several : readings that several columns hold, by parameter; oxygen_from : the amounts that say air or oxygen, in their order
    faults : what is wrong with the plan itself; `read_plan` raises them, unless the caller wants those of the file beside them
    """

    name: str = "plan"
    sha256: str = ""
    column_map: ColumnMap = field(default_factory=ColumnMap)
    source: SourceSettings = SourceSettings()
    numbers: Numbers = field(default_factory=Numbers)
    words: Mapping[str, tuple[Word, ...]] = field(default_factory=dict)
    cells: tuple[Cell, ...] = ()
    several: Mapping[str, Several] = field(default_factory=dict)
    oxygen_from: tuple[str, ...] = ()
    long: Long | None = None
    times: Times | None = None
    sets: Sets | None = None
    status: Status | None = None
    born: tuple[Born, ...] = ()
    unused_patterns: bool = False  # a pattern that matches nothing in a file is allowed
    faults: tuple[Problem, ...] = ()

    @property
    def more_keys(self) -> tuple[str, ...]:
        """The keys that a map file does not have, by their names in TOML. Without any, the plan is a map."""
        found = {
            "source": self.source != SourceSettings(),
            "numbers": self.numbers != Numbers(),
            "patterns": bool(self.words),
            "cells": bool(self.cells),
            "readings": bool(self.several),
            "air_or_oxygen": bool(self.oxygen_from),
            "long": self.long is not None,
            "times": self.times is not None,
            "sets": self.sets is not None,
            "status": self.status is not None,
            **{born.parameter: True for born in self.born},
        }
        return tuple(name for name, said in found.items() if said)

    @property
    def is_map(self) -> bool:
        return not self.more_keys

    def to_dict(self) -> dict[str, Any]:
        """Which plan it was, for reports."""
        return {"name": self.name, "sha256": self.sha256}
