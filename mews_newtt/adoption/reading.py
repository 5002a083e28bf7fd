"""Reads a filled sheet: all rows of all sections with their values and cell addresses, and all faults at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mews_newtt.adoption.cells import Cell, Grid, address
from mews_newtt.adoption.context_words import parameter_named, read_context
from mews_newtt.adoption.grid import read_grid
from mews_newtt.adoption.layout import (
    BANDS,
    CONTEXTS,
    DOCUMENT,
    GIVES,
    ITEM,
    LEVELS,
    NEW,
    NOT_READ,
    SCOPE,
    SECTIONS,
    TITLE,
    VALUE,
    ZONES,
    Column,
    Section,
)
from mews_newtt.adoption.new_observations import faults_of, observation_of
from mews_newtt.adoption.words import (
    NOTHING,
    Unreadable,
    plain,
    read_counts,
    read_date,
    read_number,
    read_reading,
    read_total,
    read_whole,
    read_yes,
)
from mews_newtt.chart.model import Observation
from mews_newtt.errors import Problem, did_you_mean

_SECTIONS = {section.title.casefold(): section for section in SECTIONS}


class Row(NamedTuple):
    """One row of a section: the cells as written, and their values (None: no value)."""

    section: Section
    line: int  # counted from 0
    cells: dict[str, Cell]
    values: dict[str, Any]
    columns: dict[str, int]

    def address(self, column: str) -> str:
        """Where the column's cell of this row is, filled or not."""
        return address(self.line, self.columns[column])

    def said(self, column: str) -> str:
        """The text of the cell."""
        cell = self.cells.get(column)
        return cell.text if cell else ""


class Sheet(NamedTuple):
    """A sheet after reading."""

    name: str
    sha256: str
    rows: dict[str, list[Row]]  # by section title
    problems: list[Problem]
    new: dict[str, Observation]  # those of [New observations]

    def item(self, section: Section, name: str) -> Any:
        """The value of an item that occurs once; None where it is blank."""
        return next((row.values[VALUE] for row in self.rows[section.title] if row.values[ITEM] == name), None)

    def items(self, section: Section, name: str) -> tuple[Any, ...]:
        """The values of an item that may occur several times."""
        found = (row.values[VALUE] for row in self.rows[section.title] if row.values[ITEM] == name)
        return tuple(value for value in found if value is not None)

    @property
    def by(self) -> str | None:
        """Who filled it."""
        name: str | None = self.item(DOCUMENT, "transcribed by")
        return name


def read_sheet(path: Path, observations: Mapping[str, Observation], name: str | None = None) -> Sheet:
    """Read a filled sheet; a FileError only where there is no sheet to read, faults of cells are in `problems`."""
    return sheet_of(read_grid(path, name), observations)


def sheet_of(grid: Grid, observations: Mapping[str, Observation]) -> Sheet:
    """A grid of cells as a sheet."""
    reader = _Reader(grid, dict(observations))
    reader.read()
    return Sheet(grid.name, grid.sha256, reader.rows, reader.problems, reader.new)


class _Reader:
    def __init__(self, grid: Grid, observations: dict[str, Observation]):
        self.grid, self.observations = grid, observations
        self.rows: dict[str, list[Row]] = {section.title: [] for section in SECTIONS}
        self.problems: list[Problem] = []
        self.new: dict[str, Observation] = {}

    def fault(self, code: str, where: str, what: str, mend: str) -> None:
        self.problems.append(Problem(code, f"{self.grid.name}, {where}", what, mend))

    def read(self) -> None:
        section: Section | None = None
        columns: dict[str, int] | None = None
        seen: set[str] = set()
        if not any(cell.text.startswith(TITLE.partition(" (")[0]) for row in self.grid.rows[:3] for cell in row.values()):
            self.fault(
                "not_a_sheet", "cell A1", "does not say that this is a transcription sheet", "fill a sheet that `mews-newtt adopt --sheet` made"
            )
            return
        for line, cells in enumerate(self.grid.rows):
            if not cells:
                continue
            title = re.fullmatch(r"\[\s*(.+?)\s*\]", plain(cells[min(cells)].text))
            if title and len({cell.text for cell in cells.values()}) == 1:
                section, columns = _SECTIONS.get(title[1].casefold()), None
                where = f"cell {cells[min(cells)].address}"
                if section is None:
                    near = did_you_mean(title[1], [known.title for known in SECTIONS])
                    self.fault(
                        "unknown_section",
                        where,
                        f"{title[1]!r} is not a section",
                        f"write [{near}]" if near else "keep the sections of the empty sheet",
                    )
                elif section.title in seen:
                    self.fault("section_twice", where, f"[{section.title}] stands twice", "keep one")
                    section = None
                else:
                    seen.add(section.title)
            elif section is not None and columns is None:
                columns = self._headings(section, line, cells)
            elif section is not None and columns is not None:
                self._row(section, columns, line, cells)
            elif line > 2:
                self.fault("stray_cell", f"cell {cells[min(cells)].address}", "is outside every section", "take it out, or mend the section's title")
        self._use_titles()
        for missed in [section.title for section in SECTIONS if section.title not in seen and not section.optional]:
            self.fault("section_missing", "sheet", f"has no section [{missed}]", "keep the sections of the empty sheet, also those without rows")

    def _use_titles(self) -> None:
        """Levels and zones by their ids, where rows name them by their titles or in another case. One without a title has its name as title."""
        names: dict[str, dict[str, str]] = {}
        for section, column in ((LEVELS, "level"), (ZONES, "zone")):
            own = "level" if section is LEVELS else "id"
            rows = [row.values for row in self.rows[section.title] if row.values.get(own)]
            for values in rows:
                values["title"] = values["title"] or values[own]
                values[own] = _as_id(values[own])
            names[column] = {plain(str(values[name])).casefold(): values[own] for name in ("title", own) for values in rows}
        for row in self.rows[BANDS.title]:
            for column, other in (("level", "zone"), ("zone", "level")):
                said = row.values.get(column)
                if said is None:
                    continue
                wanted = plain(said).casefold()
                row.values[column] = names[column].get(wanted, said)
                if wanted in names[other] and wanted not in names[column]:
                    what = f"{said!r} is a {other}, and not a {column}"
                    self.fault("wrong_column", f"cell {row.address(column)}", what, f"write it in the column {other} (cell {row.address(other)})")

    def _headings(self, section: Section, line: int, cells: dict[int, Cell]) -> dict[str, int]:
        columns: dict[str, int] = {}
        names = [column.name for column in section.columns]
        for place, cell in sorted(cells.items()):
            name = plain(cell.text).casefold()
            if name in columns:
                self.fault("column_twice", f"cell {cell.address}", f"{name!r} stands twice", "keep one")
            elif name in names:
                columns[name] = place
            elif near := did_you_mean(name, [known for known in names if known not in columns], 0.7):
                self.fault("column_misspelt", f"cell {cell.address}", f"{cell.text!r} is not a column of [{section.title}]", f"write {near!r}")
        missed = [name for name in names if name not in columns]
        if missed:
            self.fault(
                "column_missing", f"row {line + 1}", f"[{section.title}] has no column {', '.join(missed)}", "write the headings of the empty sheet"
            )
            columns |= {name: 16383 - place for place, name in enumerate(missed)}
        return columns

    def _row(self, section: Section, columns: dict[str, int], line: int, cells: dict[int, Cell]) -> None:
        places = {place: name for name, place in columns.items()}
        found = {places[place]: cell for place, cell in cells.items() if place in places}
        for place in cells:
            if place not in places and f"{line}:{place}" in self.grid.merged:
                self.fault("cell_merged", f"cell {cells[place].address}", "is merged over columns", "unmerge it")
        if not found:
            return
        row = Row(section, line, found, {}, columns)
        of_item: Column | None = None
        if section.items:
            of_item = self._item(section, row)
            if of_item is None:
                return
        for column in section.columns:
            if f"{line}:{columns[column.name]}" in self.grid.merged and column.name not in ("parameter", "when"):
                self.fault(
                    "cell_merged", f"cell {row.address(column.name)}", "is part of a merged cell", "unmerge it and write the value in every cell"
                )
            row.values[column.name] = self._value(of_item if of_item and column.name == VALUE else column, column.name, row)
        if section is BANDS and not any(row.said(name) for name in GIVES) and plain(row.said("reading")).casefold() != NOT_READ:
            role = "" if row.said("reading") else " and no reading"
            self.fault(
                "band_not_filled",
                f"row {line + 1}, cell {row.address('points')}",
                f"the row of {row.said('parameter')!r} gives nothing{role}",
                f"fill it, write {NOTHING} where nothing is printed, or delete the row",
            )
        if section in (CONTEXTS, SCOPE) and any(all(_same(row, other, name) for name in section.key) for other in self.rows[section.title]):
            self.fault("row_twice", f"row {line + 1}", f"says the same as another row of [{section.title}]", "keep one")
        self.rows[section.title].append(row)
        if section is NEW and not any(row.values[name] is None for name in ("title", "kind")):
            self._new_observation(row)

    def _new_observation(self, row: Row) -> None:
        values, where = row.values, f"row {row.line + 1}"
        if values["kind"] not in ("number", "answers"):
            self.fault("not_allowed", f"cell {row.address('kind')}", f"kind is {values['kind']!r}", "write number, or answers")
        elif (values["kind"] == "answers") != bool(values["answers"]):
            mend = "list the answers, parted by semicolons, for the kind answers only"
            self.fault("answers_needed", f"cell {row.address('answers')}", "do not go with the kind", mend)
        elif values["kind"] == "number" and values["unit"] is None:
            self.fault("cell_empty", f"cell {row.address('unit')}", "unit is not filled", "write the unit, or 1 for a plain number")
        else:
            made = observation_of(values)
            self.problems += faults_of(made, self.observations, f"{self.grid.name}, {where}")
            self.new[made.id] = self.observations[made.id] = made

    def _item(self, section: Section, row: Row) -> Column | None:
        name = plain(row.said(ITEM)).casefold()
        known = {column.name: column for column in section.items}
        if name not in known:
            near = did_you_mean(name, list(known))
            where = f"cell {row.address(ITEM)}"
            self.fault(
                "unknown_item",
                where,
                f"{row.said(ITEM)!r} is not an item of [{section.title}]",
                f"write {near!r}" if near else "use one of: " + ", ".join(known),
            )
            return None
        if name not in section.many and any(other.values[ITEM] == name for other in self.rows[section.title]):
            self.fault("item_twice", f"cell {row.address(ITEM)}", f"{name!r} stands twice", "keep one")
            return None
        row.cells[ITEM] = row.cells[ITEM]._replace(text=name)
        return known[name]

    def _value(self, column: Column, name: str, row: Row) -> Any:
        cell = row.cells.get(name)
        where = f"cell {row.address(name)}"
        if cell is not None and cell.fault is not None and cell.fault.warning:
            self.problems.append(cell.fault)
        elif cell is not None and cell.fault is not None and not (cell.fault.code == "cell_became_date" and column.kind == "date"):
            self.problems.append(cell.fault)
            return None
        text = cell.text if cell is not None else ""
        if not text or plain(text) == NOTHING:
            if column.required and not (row.section is BANDS and not any(row.said(gives) for gives in GIVES)):
                self.fault("cell_empty", where, f"{name} is not filled", "fill it, or delete the row")
            return None
        try:
            return self._read(column.kind, text, row)
        except Unreadable as fault:
            self.fault("cell_unreadable", where, f"{name}: {fault.what}", fault.mend)
            return None

    def _read(self, kind: str, text: str, row: Row) -> Any:
        if kind == "reading":
            if plain(text).casefold() == NOT_READ:
                return NOT_READ
            name = plain(row.said("parameter"))
            observation = self.observations.get(parameter_named(name, self.observations) or "")
            if observation is None:
                near = did_you_mean(name, [*self.observations, *(one.title for one in self.observations.values())])
                mend = f"did you mean {near!r}?" if near else "add it under [New observations]"
                raise Unreadable(f"this program does not know {name!r}", mend)
            return read_reading(text, observation)
        if kind == "when":
            return read_context(text, self.observations)
        if kind == "parameter":
            return parameter_named(text, self.observations) or plain(text)
        if kind == "parameters":
            return tuple(parameter_named(part, self.observations) or plain(part) for part in re.split(r"[,;]", text) if part.strip())
        return _KINDS[kind](text)


def _same(one: Row, other: Row, column: str) -> bool:
    """Whether two rows mean the same in a column; the order of conditions has no meaning."""
    mine, theirs = one.values[column], other.values[column]
    return mine == theirs or (isinstance(mine, tuple) and isinstance(theirs, tuple) and frozenset(mine) == frozenset(theirs))


def _people(text: str) -> tuple[tuple[str, str], ...]:
    pairs = [part.strip().rpartition(" ") for part in text.split(";") if part.strip()]
    return tuple((by.strip(), read_date(on)) for by, _, on in pairs)


# What people write for the words of a column that allows few.
_CHOICES = {
    "not for": "refuse",
    "refused": "refuse",
    "flagged": "flag",
    "numbers": "number",
    "answer": "answers",
    "higher": "higher score",
    "one of": "one_of",
}


def _as_id(name: str) -> str:
    """The name of a level or zone as an id: small letters, without spaces."""
    return re.sub(r"[^\w-]+", "_", name.casefold()).strip("_")


def _choice(text: str) -> str:
    said = plain(text).casefold()
    return _CHOICES.get(said, said)


_KINDS: dict[str, Callable[[str], Any]] = {
    "text": lambda text: text,
    "id": plain,
    "level": plain,
    "zone": plain,
    "choice": _choice,
    "number": read_number,
    "answers": lambda text: tuple(part.strip() for part in re.split(r"[;|]", text) if part.strip()),
    "ids": lambda text: tuple(plain(part) for part in re.split(r"[,;]", text) if part.strip()),
    "whole": read_whole,
    "yes": read_yes,
    "date": read_date,
    "total": read_total,
    "counts": read_counts,
    "people": _people,
}
