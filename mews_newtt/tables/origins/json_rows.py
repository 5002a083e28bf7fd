"""Reads JSON as a source: lines of objects, an array of objects, or rows that lie deeper, at a path. Numbers keep the digits they have.

An object inside a row becomes columns with a dot in their names (`bp.systolic`). A list inside a row stays JSON text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.json_text import JsonError, is_array, read_items, read_json
from mews_newtt.reading.plan import SourceSettings
from mews_newtt.tables.origins.json_forms import Fast, Forms, as_one, blocks_of
from mews_newtt.tables.origins.settings import MOST_COLUMNS, SettingNeeded
from mews_newtt.tables.origins.source_table import Notes, Opened, SourceBatch, SourceTable, batch_of, batches_of, too_many_columns

LONGEST_LINE = 16_000_000  # bytes
DEPTH = 50
OUTER = "$."  # starts the name of a column that comes from an object around the rows
_PATH = re.compile(r"[^.\[\]]+(?:\[\])?(?:\.[^.\[\]]+(?:\[\])?)*")
_HINT = "write one JSON object for each row"
Cells = dict[str, str | None]
Row = tuple[int, Cells]


class _Digits(str):
    """A number of JSON, by its digits."""


def read_json_rows(opened: Opened, settings: SourceSettings, name: str, *, lines: bool) -> SourceTable:
    """NDJSON (`lines`) or one JSON text as a source.

    The columns are known only at the last row, so that the source is read twice.
    """
    path = _path_of(settings.json_path, name)
    if lines and not path:
        return _read_lines(opened, settings, name)

    def rows(notes: Notes) -> Iterator[Row]:
        for number, value in _lines(opened, name) if lines else _values(opened, name, path):
            yield from _flat(value, number, path, name, "line" if lines else "row", notes)

    seen: dict[str, None] = {}
    for _, row in rows(Notes()):
        seen.update(dict.fromkeys(row))
    columns = _columns_of(seen, settings, name)

    def batches(notes: Notes) -> Iterator[SourceBatch]:
        yield from batches_of(columns, ((number, [row.get(column) for column in columns]) for number, row in rows(notes)))

    return SourceTable(name, replace(settings, kind="ndjson" if lines else "json"), tuple(columns), "line" if lines else "row", (), batches)


def _read_lines(opened: Opened, settings: SourceSettings, name: str) -> SourceTable:
    """Lines of JSON, most of which have one of a few forms."""
    forms = Forms()

    def blocks(slow: Callable[[int, Any], None]) -> Iterator[list[Fast]]:
        """The lines of each block by form; `slow` takes the value of every other line."""

        def strict(number: int, line: bytes) -> Any:
            value = _line(line, number, name)
            if value is not None:
                slow(number, value[0])
            return value and value[0]

        with opened() as stream:
            before = 0
            for block in blocks_of(stream, LONGEST_LINE):
                yield list(forms.split(block, before, LONGEST_LINE, strict))
                before += block.count(b"\n")

    seen: dict[str, None] = {}

    def look(number: int, value: Any) -> None:
        for _, row in _flat(value, number, [], name, "line", Notes()):
            seen.update(dict.fromkeys(row))

    for fast in blocks(look):
        for part in fast:
            seen.update(dict.fromkeys(part.form.names))
    columns = _columns_of(seen, settings, name)

    def batches(notes: Notes) -> Iterator[SourceBatch]:
        rows: list[Row] = []
        for fast in blocks(lambda number, value: rows.extend(_flat(value, number, [], name, "line", notes))):
            parts = [(part.frame(), part.numbers) for part in fast]
            if rows:
                cells = {column: [row.get(column) for _, row in rows] for column in columns}
                parts.append((pl.DataFrame(cells, schema=dict.fromkeys(columns, pl.String)), np.array([number for number, _ in rows], np.int64)))
                rows.clear()
            if parts:
                yield batch_of(*as_one(parts, seen))

    return SourceTable(name, replace(settings, kind="ndjson"), tuple(columns), "line", (), batches)


def _columns_of(seen: Mapping[str, None], settings: SourceSettings, name: str) -> list[str]:
    if not seen:
        what = f"has no rows{f' at {settings.json_path}' if settings.json_path else ''}"
        raise FileError(Problem("file_empty", name, what, "check the file, and the json_path if the rows lie inside an object"))
    if len(seen) > MOST_COLUMNS:
        raise too_many_columns(name, len(seen), MOST_COLUMNS)
    return list(seen)


def _path_of(text: str | None, name: str) -> list[str]:
    if text is None:
        return []
    if not _PATH.fullmatch(text):
        mend = "write names with dots between them, and [] behind a list, such as forms[].observations"
        raise FileError(Problem("json_path", name, f"json_path is {text!r}, which is no path", mend))
    return text.split(".")


def _lines(opened: Opened, name: str) -> Iterator[tuple[int, Any]]:
    with opened() as stream:
        number = 0
        while line := stream.readline(LONGEST_LINE):
            number += 1
            for value in _line(line, number, name) or ():
                yield number, value


def _line(line: bytes, number: int, name: str) -> tuple[Any] | None:
    """The value of a line; None for a blank one."""
    where = f"{name}, line {number}"
    if len(line) >= LONGEST_LINE:
        raise FileError(Problem("line_too_long", where, f"has more than {LONGEST_LINE:,} bytes", _HINT))
    if not line.strip():
        return None
    return (_read(line.strip(), where, 'write one JSON object in each line; if the file is one object, give kind = "json" and json_path'),)


def _read(text: bytes, where: str, hint: str) -> Any:
    try:
        return read_json(text, where, hint, number=_Digits, most_names=MOST_COLUMNS, depth=DEPTH)
    except JsonError as fault:
        raise FileError(placed(fault, where)) from None


def placed(fault: JsonError, where: str) -> list[Problem]:
    """What is wrong with a JSON text, each problem with its place in the source."""
    return [problem if where in problem.where else problem._replace(where=f"{where}, {problem.where}") for problem in fault.problems]


def _values(opened: Opened, name: str, path: list[str]) -> Iterator[tuple[int, Any]]:
    """The items of an array, or what one object holds."""
    with opened() as stream:
        body = stream.read()
    if not is_array(body.removeprefix(b"\xef\xbb\xbf")):
        found = _read(body, name, "write a JSON array of objects")
        if not path:
            _ask_for_path(found, name)
        yield 1, found
        return
    try:
        yield from enumerate(read_items(body, name, _HINT, depth=DEPTH, most=LONGEST_LINE, most_names=MOST_COLUMNS, number=_Digits), start=1)
    except JsonError as fault:
        raise FileError(placed(fault, name)) from None


def _ask_for_path(found: Any, name: str) -> None:
    """Ask for the path to the rows of an object that holds lists of objects. An object without any is one row."""
    paths = sorted(_lists(found), key=lambda each: (-each[1], -each[0].count(".")))  # of two of one length, the inner one
    if not isinstance(found, dict) or not paths:
        return
    named = ", ".join(f"{path} ({count:,} rows)" for path, count in paths[:5])
    mend = f'give the json_path to the rows, such as json_path = "{paths[0][0]}"'
    options = tuple((path, f"{count:,} rows") for path, count in paths[:5])
    what = f"is an object; it holds lists of objects at {named}"
    raise SettingNeeded(Problem("json_path_needed", name, what, mend), "json_path", paths[0][0], options)


def _lists(value: Any, path: str = "") -> Iterator[tuple[str, int]]:
    """The paths to lists of objects, each with how many objects are there."""
    counts: dict[str, int] = {}

    def look(value: Any, path: str) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                if re.fullmatch(r"[^.\[\]]+", key):
                    look(inner, f"{path}.{key}" if path else key)
        elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            counts[path] = counts.get(path, 0) + len(value)
            for item in value:
                look(item, f"{path}[]")

    look(value, path)
    yield from counts.items()


def _flat(value: Any, number: int, path: list[str], name: str, counted: str, notes: Notes) -> Iterator[Row]:
    if not path and type(value) is dict and not any(type(inner) in (dict, list) for inner in value.values()):
        yield number, {key: inner if type(inner) is str else text_of(inner) for key, inner in value.items()}  # the plain case, which is most of them
        return
    where = f"{name}, {counted} {number}"
    for row, outer in _at(value, path, {}, "", where, notes, number):
        cells = dict(outer)
        _add(row, "", cells, where, notes, number)
        yield number, cells


def _at(value: Any, path: list[str], outer: Cells, reached: str, where: str, notes: Notes, number: int) -> Iterator[tuple[Mapping[str, Any], Cells]]:
    """The rows at a path, each with the columns of the objects around it."""
    if isinstance(value, list) and (not path or reached.endswith("[]") or not reached):
        for item in value:
            yield from _at(item, path, outer, reached.removesuffix("[]"), where, notes, number)
        return
    if not isinstance(value, dict):
        at = f" at {reached}" if reached else ""
        what = f"holds {_kind_of(value)}{at} where an object is wanted"
        raise FileError(Problem("not_rows", where, what, "check the json_path" if path else _HINT))
    if not path:
        yield value, outer
        return
    step = path[0]
    key = step.removesuffix("[]")
    if key not in value or value[key] is None:
        notes.add("path_missing", f"objects without {'.'.join([*filter(None, [reached]), key])} have no rows", number)
        return
    prefix = f"{OUTER}{reached}." if reached else OUTER
    around = dict(outer)
    for other, inner in value.items():
        if other == key:
            continue
        if isinstance(inner, list):
            notes.add("list_not_read", f"the list {prefix}{other} lies beside the rows and is not read", number)
        else:
            _add({other: inner}, prefix, around, where, notes, number)
    if step.endswith("[]") != isinstance(value[key], list) and len(path) > 1:
        what = f"{key} is {_kind_of(value[key])}, and the json_path says {step}"
        raise FileError(Problem("json_path", where, what, f"write {key if step.endswith('[]') else key + '[]'} in the json_path"))
    below = f"{reached}.{key}" if reached else key
    yield from _at(value[key], path[1:], around, below + ("[]" if isinstance(value[key], list) else ""), where, notes, number)


def _add(found: Mapping[str, Any], prefix: str, cells: Cells, where: str, notes: Notes, number: int) -> None:
    for key, value in found.items():
        column = prefix + key
        if isinstance(value, dict) and value:
            _add(value, f"{column}.", cells, where, notes, number)
            continue
        if column in cells:
            raise FileError(Problem("name_twice", f"{where}, {column}", "is given twice: by its name, and inside an object", "rename one of them"))
        if isinstance(value, (list, dict)):
            notes.add("list_in_cell", f"the column {column!r} holds lists; they are given as JSON text", number)
            cells[column] = json.dumps(value, ensure_ascii=False, default=str)
        else:
            cells[column] = text_of(value)


def text_of(value: Any) -> str | None:
    """A single value of JSON as text; None for null."""
    if value is None or isinstance(value, str):
        return None if value is None else str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, Decimal)) else repr(value)


def _kind_of(value: Any) -> str:
    if isinstance(value, _Digits):
        return "a number"
    kinds = {type(None): "null", bool: "true or false", int: "a number", str: "text", list: "a list", dict: "an object"}
    return kinds.get(type(value), "something else")
