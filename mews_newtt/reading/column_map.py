"""`ColumnMap`: how the columns of somebody else's table are read. Made from `--map`, `--unit`, `--missing`, `--ignore` and map files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from mews_newtt.chart.toml import TableReader, read_toml
from mews_newtt.errors import FileError, Problem


class ColumnMap(NamedTuple):
    """How somebody else's table is read: column names (theirs to ours), values (ours: theirs to ours), and names to leave alone.

    `units` gives the unit of a column by our name. `missing` holds the marks that mean no reading in every column, `missing_in` those of one
    column by our name. If `values` has an entry for a mark, the entry wins.
    """

    columns: Mapping[str, str] = {}
    values: Mapping[str, Mapping[str, str]] = {}
    units: Mapping[str, str] = {}
    ignore: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    missing_in: Mapping[str, frozenset[str]] = {}

    def ours(self, name: str) -> str:
        return self.columns.get(name, name)

    def marks(self, ours: str) -> frozenset[str]:
        """What means no reading in this column."""
        own = self.missing_in.get(ours)
        return self.missing | own if own else self.missing


def read_map(
    entries: str | Path | Iterable[str | Path], *, ignore: Iterable[str] = (), missing: Iterable[str] = (), units: Iterable[str] = ()
) -> ColumnMap:
    """A map from `theirs=ours` entries and map files (.toml), in any order; one alone needs no list.

    A map file holds `[columns]` (theirs = "ours"), `[values.<ours>]` ("theirs" = "ours"), `[units]` (ours = "unit"), `ignore = ["theirs"]`
    and `missing = ["NA"]`, or a table `[missing]` (ours = ["0"], "*" = ["NA"] for every column).

    Raises
    ------
    FileError  what is said twice with different content: a column mapped to two names, two columns mapped to one name, a unit, the meaning of a
        value, a value that is a mark for missing in the same column
    """
    said = Said()
    for entry in (entries,) if isinstance(entries, str | Path) else entries:
        if isinstance(entry, Path) or (entry.endswith(".toml") and "=" not in entry):
            _read_map_file(Path(entry), said)
            continue
        said.entry(entry)
    said.options(ignore=ignore, missing=missing, units=units)
    return said.whole()


_PARAMETER = re.compile(r"[a-z][a-z0-9_]*")
# Keys of a reading plan that a map file does not have (`reading/plan/read.py`).
PLAN_KEYS = (
    "source", "numbers", "patterns", "cells", "readings", "air_or_oxygen", "codes", "long", "times", "sets", "status", "hours_since_birth",
    "age_years", "unused_patterns",
)  # fmt: skip


class Said:
    """What the user has said about a table so far, and where, so that nothing is overridden."""

    def __init__(self) -> None:
        self.columns: dict[str, tuple[str, str]] = {}
        self.units: dict[str, tuple[str, str]] = {}
        self.values: dict[str, dict[str, tuple[str, str]]] = {}
        self.missing_in: dict[str, dict[str, str]] = {}
        self.ignore, self.missing = set[str](), set[str]()
        self.problems: list[Problem] = []
        self.or_choose = ""  # how a reading plan can say which of two columns counts

    def entry(self, entry: str) -> None:
        """One `theirs=ours` of the command."""
        theirs, sign, ours = entry.rpartition("=")
        if theirs and sign and ours:
            self.column(f"--map {entry}", theirs, ours)
        else:
            self.fault("bad_map", f"--map {entry}", "is not theirs=ours", "write --map theirs=ours, or a map file ending in .toml")

    def options(self, *, ignore: Iterable[str] = (), missing: Iterable[str] = (), units: Iterable[str] = ()) -> None:
        """What the command's --ignore, --missing and --unit say."""
        for entry in units:
            ours, sign, unit = entry.partition("=")
            if ours and sign and unit:
                self.unit(f"--unit {entry}", ours, unit)
            else:
                self.fault("bad_unit", f"--unit {entry}", "is not parameter=unit", "write --unit temperature=[degF]")
        for entry in missing:
            ours, sign, mark = entry.partition("=")
            if sign and _PARAMETER.fullmatch(ours):
                if mark.strip():
                    self.missing_in.setdefault(ours, {}).setdefault(mark.strip(), f"--missing {entry}")
                else:
                    mend = "write --missing heart_rate=0; a blank cell is missing in any case"
                    self.fault("bad_missing", f"--missing {entry}", "names no mark", mend)
            else:
                self.missing.add(entry)
        self.ignore.update(ignore)

    def fault(self, code: str, where: str, what: str, mend: str) -> None:
        self.problems.append(Problem(code, where, what, mend))

    def _once(self, into: dict[str, tuple[str, str]], code: str, where: str, name: str, meaning: str, says: str) -> None:
        before, there = into.setdefault(name, (meaning, where))
        if before != meaning:
            self.fault(code, where, f"{says.format(name=name, before=before)} already ({there})", "keep one of them")

    def column(self, where: str, theirs: str, ours: str) -> None:
        other = next((name for name, (meaning, _) in self.columns.items() if meaning == ours and name != theirs), None)
        if other is not None:
            there = self.columns[other][1]
            mend = f"keep one; with --ignore the other is left alone. Two columns cannot be read as one {ours}" + self.or_choose.format(ours=ours)
            self.fault("bad_map", where, f"{other!r} is mapped to {ours!r} already ({there})", mend)
        self._once(self.columns, "bad_map", where, theirs, ours, "{name!r} is mapped to {before!r}")

    def unit(self, where: str, ours: str, unit: str) -> None:
        self._once(self.units, "bad_unit", where, ours, unit, "the unit of {name} is {before!r}")

    def value(self, where: str, ours: str, theirs: str, meaning: str) -> None:
        self._once(self.values.setdefault(ours, {}), "bad_map", where, theirs, meaning, "{name!r} means {before!r}")

    def whole(self) -> ColumnMap:
        """The map. Raises FileError with everything that was said twice with different content."""
        self.check()
        if self.problems:
            raise FileError(self.problems)
        return self.made()

    def check(self) -> None:
        """What contradicts each other, as further problems."""
        for ours, marks in self.missing_in.items():
            for mark, where in marks.items():
                if mark in self.values.get(ours, {}):
                    meaning, there = self.values[ours][mark]
                    self.fault("bad_missing", where, f"{mark!r} of {ours} means {meaning!r} already ({there})", "keep one of them")
        for theirs in sorted(self.ignore & self.columns.keys()):
            ours, there = self.columns[theirs]
            self.fault("bad_map", f"--ignore {theirs}", f"{theirs!r} is mapped to {ours!r} already ({there})", "keep one of them")

    def made(self) -> ColumnMap:
        """The map of what was said first, faults or not."""
        return ColumnMap(
            {theirs: ours for theirs, (ours, _) in self.columns.items()},
            {ours: {theirs: meaning for theirs, (meaning, _) in table.items()} for ours, table in self.values.items()},
            {ours: unit for ours, (unit, _) in self.units.items()},
            frozenset(self.ignore),
            frozenset(self.missing),
            {ours: frozenset(marks) for ours, marks in self.missing_in.items()},
        )


def _read_map_file(path: Path, said: Said) -> None:
    reader = TableReader(read_toml(path, said.problems) or {}, str(path), said.problems)
    read_map_keys(reader, path, said)
    for key in [key for key in reader.content if key in PLAN_KEYS]:
        reader.take(key, object)
        said.fault("key_of_a_plan", f"{path}, {key}", "is a key of a reading plan, which --map does not read", f"name the file with --plan {path}")
    reader.finish()


def read_map_keys(reader: TableReader, path: Path, said: Said) -> None:
    """The keys of a map file, which a reading plan has too."""
    for theirs, ours in reader.text_table("columns").items():
        said.column(f"{path}, [columns], {theirs}", theirs, ours)
    for ours, unit in reader.text_table("units").items():
        said.unit(f"{path}, [units], {ours}", ours, unit)
    for ours, table in reader.take("values", dict, {}).items():
        inner = TableReader({"values": table}, f"{path}, [values.{ours}]", said.problems)
        for theirs, meaning in inner.text_table("values").items():
            said.value(f"{path}, [values.{ours}], {theirs}", ours, theirs, meaning)
    said.ignore.update(reader.texts("ignore"))
    if isinstance(reader.content.get("missing"), dict):
        marks = TableReader(reader.take("missing", dict, {}), f"{path}, [missing]", said.problems)
        for ours in marks.content:
            for mark in marks.texts(ours):
                if ours == "*":
                    said.missing.add(mark)
                else:
                    said.missing_in.setdefault(ours, {}).setdefault(mark, f"{path}, [missing]")
    else:
        said.missing.update(reader.texts("missing"))
    reader.take("note", str)
