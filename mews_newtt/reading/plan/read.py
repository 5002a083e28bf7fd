"""`read_plan`: one TOML file to a Plan. Every fault of the file is found at once, each with its place and what to do."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mews_newtt.chart.builtin import builtin_observations
from mews_newtt.chart.model import Observation
from mews_newtt.chart.toml import TableReader, read_toml
from mews_newtt.errors import FileError, Problem, short
from mews_newtt.reading.column_map import Said, read_map_keys
from mews_newtt.reading.plan.checks import checked
from mews_newtt.reading.plan.model import (
    AMOUNTS,
    CODED_LONG,
    LONG_KINDS,
    OBSERVED,
    OXYGEN_READING,
    PERSON,
    UNIT_PREFIX,
    Born,
    Cell,
    From,
    Long,
    Numbers,
    Plan,
    Sets,
    Several,
    SourceSettings,
    Status,
    Times,
    Where,
    Word,
)
from mews_newtt.reading.plan.patterns import Pattern, PatternError, pattern_of
from mews_newtt.reading.plan.text_settings import is_delimiter, is_text_encoding
from mews_newtt.reading.plan.time_formats import counted, format_fault, in_our_parts

WINDOW = re.compile(r"(\d{1,6})\s*(s|min|h)", re.ASCII)
SECONDS = {"s": 1, "min": 60, "h": 3600}
MOST_PATTERNS = 1000  # of one plan
DIFFERING, CHOOSE = ("refuse", "first", "last"), ("first", "equal")


def read_plan(
    path: str | Path,
    entries: Iterable[str] = (),
    *,
    ignore: Iterable[str] = (),
    missing: Iterable[str] = (),
    units: Iterable[str] = (),
    observations: Mapping[str, Observation] | None = None,
    keep_faults: bool = False,
) -> Plan:
    """A reading plan from a TOML file. A map file is a plan too, and means the same. The keys: docs/plans.md.

    Parameters
    ----------
    entries, ignore, missing, units : what the command's --map, --ignore, --missing and --unit say beside the file
    observations : the parameters that the plan may name, such as `chart.observations`; without them those of the package
    keep_faults : return the plan with its faults, so that whoever reads a file with it can name the file's faults beside them

    Raises
    ------
    FileError  everything that is wrong with the plan: unknown keys and parameters, two sources for one reading, patterns that cannot be used,
        units that do not convert, marks for missing that are words
    """
    path, problems = Path(path), list[Problem]()
    content = read_toml(path, problems)
    if content is None:
        raise FileError(problems)
    known = builtin_observations() if observations is None else observations
    reader, said = TableReader(content, str(path), problems), Said()
    said.problems = problems
    said.or_choose = "; or say which counts: [readings.{ours}]"
    read_map_keys(reader, path, said)
    for entry in entries:
        said.entry(entry)
    said.options(ignore=ignore, missing=missing, units=units)
    asked = reader.texts("open_questions")
    if asked:
        what = f"the proposed plan has {len(asked)} open question{'' if len(asked) == 1 else 's'}: {', '.join(asked[:20])}"
        mend = "answer each `# QUESTION` in the file, correct the plan where needed, and take its number off the list"
        reader.fault("open_questions", what, mend, "open_questions")
    parts = plan_parts(reader, said, path, known)
    reader.finish()
    said.check()
    many = len(parts["cells"]) + sum(map(len, parts["words"].values()))
    if many > MOST_PATTERNS:
        reader.fault("too_many_patterns", f"has {many:,} patterns, more than {MOST_PATTERNS:,}", "name words letter by letter under [values] instead")
        raise FileError(problems)  # to compare so many with each other, and with each cell, would take long
    plan = Plan(path.name, hashlib.sha256(path.read_bytes()).hexdigest(), said.made(), **parts)
    plan = checked(plan, known, problems)
    if problems and not keep_faults:
        raise FileError(problems)
    return replace(plan, faults=tuple(problems))


def plan_parts(reader: TableReader, said: Said, path: Path, known: Mapping[str, Observation]) -> dict[str, Any]:
    """What a plan says beside the keys of a map file, by the names of `Plan`. What is wrong is added to the reader's problems."""
    source = _source(reader)
    cells, several = _cells(reader, known), _several(reader)
    places = [cell.where for cell in cells] + [one.where for each in several.values() for one in each.sources]
    long = _long(reader, said, path, source.kind, uses_codes=any(place.is_code for place in places))
    return {
        "source": source,
        "numbers": _numbers(reader),
        "words": _words(reader),
        "cells": cells,
        "several": several,
        "oxygen_from": _oxygen(reader),
        "long": long,
        "times": _times(reader, said, path),
        "sets": _sets(reader),
        "status": _status(reader),
        "born": tuple(filter(None, (_born(reader, name) for name in ("hours_since_birth", "age_years")))),
        "unused_patterns": reader.take("unused_patterns", bool, False),
    }


def _whole(reader: TableReader, key: str, least: int) -> int | None:
    value: int | None = reader.take(key, int)
    if value is not None and value < least:
        reader.fault("out_of_range", f"is {value}", f"write {least} or more", key)
        return None
    return value


def _source(reader: TableReader) -> SourceSettings:
    inner = reader.table("source")
    if inner is None:
        return SourceSettings()
    encoding, delimiter = inner.take("encoding", str), inner.take("delimiter", str)
    if encoding is not None and not is_text_encoding(encoding):
        mend = "write utf-8, utf-16, cp1252 or another name"
        inner.fault("unknown_encoding", f"{encoding!r} is no encoding of text files that Python knows", mend, "encoding")
        encoding = None
    if delimiter is not None and not is_delimiter(delimiter):
        inner.fault("bad_delimiter", f"is {delimiter!r}", 'write one character, such as ";" or "\\t"', "delimiter")
        delimiter = None
    texts: dict[str, Any] = {name: inner.take(name, str) for name in ("kind", "sheet", "json_path", "formula_errors", "merged_cells", "identifier")}
    lines: dict[str, Any] = {name: _whole(inner, name, least) for name, least in (("header_line", 0), ("skip_lines", 0), ("footer_lines", 0))}
    inner.finish()
    return SourceSettings(encoding=encoding, delimiter=delimiter, **lines, **texts)


def _numbers(reader: TableReader) -> Numbers:
    inner = reader.table("numbers")
    if inner is None:
        return Numbers()
    decimal, thousands = inner.texts("decimal") or (".",), inner.take("thousands", str, "")
    for mark in decimal:
        if mark not in (".", ",", "·"):
            inner.fault("bad_mark", f"{mark!r} is no decimal mark", 'write ",", "." or "·"', "decimal")
    if thousands and (thousands in decimal or len(thousands) != 1 or thousands.isalnum()):
        inner.fault("bad_mark", f"is {thousands!r}", "write one mark that is not the decimal mark", "thousands")
        thousands = ""
    strip = inner.texts("strip")
    for mark in strip:
        if not mark or any(letter.isalnum() or letter in "+-<>" for letter in mark):
            inner.fault("bad_mark", f"{mark!r} may be part of a reading", "name only signs such as ' or *", "strip")
    found = Numbers(
        tuple(mark for mark in decimal if mark in (".", ",", "·")) or (".",),
        thousands,
        tuple(mark for mark in strip if mark and not any(letter.isalnum() or letter in "+-<>" for letter in mark)),
        inner.take("ranges", bool, False),
    )
    inner.finish()
    return found


def _compiled(reader: TableReader, key: str, text: str) -> Pattern | None:
    try:
        return pattern_of(text)
    except PatternError as fault:
        reader.fault("bad_pattern", f"{short(text)!r} {fault}", fault.mend, key)
        return None


def _words(reader: TableReader) -> dict[str, tuple[Word, ...]]:
    found: dict[str, tuple[Word, ...]] = {}
    for ours, table in reader.take("patterns", dict, {}).items():
        inner = TableReader({"patterns": table}, f"{reader.place}, [patterns.{ours}]", reader.problems)
        words = []
        for text, meaning in inner.text_table("patterns").items():
            pattern = _compiled(inner, repr(text), text)
            if pattern is not None:
                words.append(Word(pattern, meaning, f"{inner.place}, {text!r}"))
        found[ours] = tuple(words)
    return found


def _cells(reader: TableReader, known: Mapping[str, Observation]) -> tuple[Cell, ...]:
    found: list[Cell] = []
    for inner in reader.tables("cells"):
        column, code = inner.take("column", str), inner.take("code", str)
        if (column is None) == (code is None):
            inner.fault("cells_of_what", "must name a column, or a code of a file in long format", 'write column = "BP" or code = "BP"')
        texts = (*inner.texts("pattern"), *inner.texts("patterns"))
        if not texts:
            inner.fault("key_missing", "needs a pattern", r"add pattern = '(?P<systolic_bp>\d+)/(?P<diastolic_bp>\d+)'")
        for text in texts:
            pattern = _compiled(inner, repr(text), text)
            if pattern is None or (column is None) == (code is None):
                continue
            place = f"{inner.place}, {text!r}"
            cell = Cell(Where(column if code is None else code, code is not None), pattern, place)
            if not cell.parameters:
                example = "write each reading as a named group: (?P<temperature>[0-9.]+)"
                inner.problems.append(Problem("pattern_reads_nothing", place, "has no named group, so that nothing is read from it", example))
                continue
            named = [name.removeprefix(UNIT_PREFIX) for name in pattern.groups if name.startswith(UNIT_PREFIX)]
            lone = [name for name in named if name not in cell.parameters and UNIT_PREFIX + name not in known]
            if lone:
                inner.problems.append(Problem("unit_of_nothing", place, f"has a unit of {lone[0]} and no group {lone[0]}", f"add (?P<{lone[0]}>...)"))
                continue
            found.append(cell)
        inner.finish()
    return tuple(found)


def _several(reader: TableReader) -> dict[str, Several]:
    found = {}
    for ours, table in reader.take("readings", dict, {}).items():
        place = f"{reader.place}, [readings.{ours}]"
        inner = TableReader(table, place, reader.problems)
        sources = []
        for number, item in enumerate(inner.take("from", list, [], required=True), start=1):
            one = TableReader({"column": item} if isinstance(item, str) else item, f"{place}, from[{number}]", reader.problems)
            column, code, unit = one.take("column", str), one.take("code", str), one.take("unit", str)
            if (column is None) == (code is None):
                one.fault("cells_of_what", "must name a column, or a code of a file in long format", '{ column = "temp_f", unit = "[degF]" }')
            else:
                sources.append(From(Where(column if code is None else code, code is not None), unit))
            one.finish()
        choose = inner.take("choose", str, required=True)
        if choose is not None and choose not in CHOOSE:
            inner.fault("bad_choice", f"is {choose!r}", 'write "first" (the first that is not blank) or "equal" (else the row is refused)', "choose")
        inner.finish()
        if sources and choose in CHOOSE:
            found[ours] = Several(ours, tuple(sources), choose, place)
    return found


def _oxygen(reader: TableReader) -> tuple[str, ...]:
    inner = reader.table(OXYGEN_READING)
    if inner is None:
        return ()
    names = inner.texts("from")
    if not names:
        inner.fault("key_missing", "needs the key 'from'", f"add from = {list(AMOUNTS[:1])}", None)
    for name in names:
        if name not in AMOUNTS:
            inner.fault("bad_amount", f"{name!r} does not say air or oxygen", "write " + ", ".join(AMOUNTS), "from")
    inner.finish()
    return tuple(name for name in names if name in AMOUNTS)


def codes_without_long(place: str) -> Problem:
    """Codes are given, and no column is said to hold them."""
    mend = 'add [long] with code = "..." and value = "..."; FHIR and HL7 need neither'
    return Problem("codes_without_long", f"{place}, codes", "are only for a file in long format", mend)


def _long(reader: TableReader, said: Said, path: Path, kind: str | None, *, uses_codes: bool) -> Long | None:
    """What [long] and [codes] say. FHIR and HL7 have columns of known names, so that there both may be left out."""
    codes, inner = reader.text_table("codes"), reader.table("long")
    names_columns = inner is not None and not inner.content.keys().isdisjoint(("code", "value"))
    known = kind in LONG_KINDS or (kind is None and not names_columns)
    if inner is None:
        if not codes and kind not in LONG_KINDS and not uses_codes:
            return None
        if not known:
            reader.problems.append(codes_without_long(reader.place))
            return None
        inner = TableReader({}, f"{reader.place}, [long]", reader.problems)
    usual = CODED_LONG if known else Long("", "")
    code, value = (inner.take(key, str, own or None, required=not known) for key, own in (("code", usual.code), ("value", usual.value)))
    unit = inner.take("unit", str, usual.unit)
    left, units = inner.texts("ignore"), inner.text_table("units")
    if units and unit is None:
        inner.fault("units_without_unit", "are the words of a column of units, and there is none", 'add unit = "..."', "units")
    for ours, key in ((PERSON, "subject"), (OBSERVED, "time")):
        column = inner.take(key, str)
        if column is not None and column != ours:
            said.column(f"{path}, [long], {key}", column, ours)
    inner.finish()
    for name in sorted(codes.keys() & set(left)):
        inner.fault("code_ignored", f"{name!r} is in [codes] and left alone", "keep one of them", "ignore")
    is_assumed = kind not in LONG_KINDS and not names_columns
    return Long(code, value, unit, codes, frozenset(left), units, is_assumed) if code and value else None


def _times(reader: TableReader, said: Said, path: Path) -> Times | None:
    inner = reader.table("times")
    if inner is None:
        return None
    columns, formats, zone = inner.texts("columns"), inner.texts("format"), inner.take("zone", str)
    if len(columns) == 1:
        said.column(f"{path}, [times], columns", columns[0], OBSERVED)
    formats = _formats(inner, formats)
    inner.finish()
    return Times(columns if len(columns) > 1 else (), formats, zone)


def _formats(reader: TableReader, formats: tuple[str, ...]) -> tuple[str, ...]:
    """The formats of times that can be used; the others are faults."""
    found = []
    for form in formats:
        fault = format_fault(form)
        if fault:
            reader.fault("bad_time_format", *fault, "format")
        else:
            found.append(counted(form) or in_our_parts(form))
    return tuple(found)


def _sets(reader: TableReader) -> Sets | None:
    inner = reader.table("sets")
    if inner is None:
        return None
    text, differing, seconds = inner.take("window", str, "0 s"), inner.take("differing", str, "refuse"), 0
    window = WINDOW.fullmatch(text.strip())
    if window:
        seconds = int(window[1]) * SECONDS[window[2]]
    else:
        inner.fault("bad_window", f"is {text!r}", 'write it as "5 min", "30 s" or "1 h"', "window")
    if differing not in DIFFERING:
        inner.fault("bad_choice", f"is {differing!r}", 'write "refuse", "first" or "last"', "differing")
        differing = "refuse"
    newest = inner.take("newest", str)
    inner.finish()
    return Sets(seconds, differing, newest)


def _status(reader: TableReader) -> Status | None:
    inner = reader.table("status")
    if inner is None:
        return None
    column, void, counts = inner.take("column", str, required=True), inner.texts("void"), inner.texts("counts")
    void, counts = (tuple(word.strip().casefold() for word in words) for words in (void, counts))
    if not void and not counts:
        inner.fault("key_missing", "says of no word whether its rows count", 'add void = ["entered in error"], or counts = ["final"]')
    for word in sorted(set(void) & set(counts)):
        inner.fault("bad_status", f"{word!r} is void and counts", "keep one of them")
    inner.finish()
    return Status(column, frozenset(void), frozenset(counts)) if column and (void or counts) else None


def _born(reader: TableReader, name: str) -> Born | None:
    inner = reader.table(name)
    if inner is None:
        return None
    column, formats = inner.take("born", str, required=True), _formats(inner, inner.texts("format"))
    inner.finish()
    return Born(name, column, formats) if column else None
