"""The settings of a source: what a reading plan says about a file before any cell of it is read. And what was found out and passed over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import NamedTuple

from mews_newtt.errors import FileError, Problem, did_you_mean
from mews_newtt.reading.plan.model import SourceSettings
from mews_newtt.reading.plan.text_settings import is_delimiter, is_text_encoding
from mews_newtt.tables.formats import KINDS, Kind, any_of

# Every kind that a plan can read: those that need no plan, and those that do.
ORIGINS: Mapping[str, Kind] = {
    **KINDS,
    "xlsx": Kind("Excel workbook", (".xlsx", ".xlsm"), starts=rb"PK\x03\x04", text=False, written=False),
    "ods": Kind("OpenDocument spreadsheet", (".ods",), starts=rb"PK\x03\x04", text=False, written=False),
    "fhir": Kind("FHIR Observations", (".fhir.json", ".fhir.ndjson"), ("application/fhir+json",), written=False),
    "hl7": Kind("HL7 v2 messages", (".hl7",), ("application/hl7-v2",), starts=rb"[\x0b\s]*(?:MSH|FHS|BHS).", written=False),
}
# Which settings a kind has, beside `kind` itself.
LINES = ("header_line", "skip_lines", "footer_lines")
APPLIES: Mapping[str, tuple[str, ...]] = {
    "csv": ("encoding", "delimiter", *LINES),
    "parquet": (),
    "ndjson": ("json_path",),
    "json": ("json_path",),
    "xlsx": ("sheet", *LINES, "formula_errors", "merged_cells"),
    "ods": ("sheet", *LINES, "formula_errors", "merged_cells"),
    "fhir": (),
    "hl7": ("encoding", "identifier"),
}
CHOICES = {"formula_errors": ("keep",), "merged_cells": ("fill",)}
MOST_COLUMNS = 10_000  # a table of readings has far fewer; a million would take all memory before anybody could say so


class Note(NamedTuple):
    """Something that was passed over, or changed its form: what, how often, and the first lines (rows, entries) where."""

    code: str
    what: str
    times: int = 1
    places: tuple[int, ...] = ()

    def to_dict(self) -> dict[str, object]:
        return {"code": self.code, "what": self.what, "times": self.times, "places": list(self.places)}


class SettingNeeded(FileError):
    """A source that can be read in several ways: a setting must say which one is meant.

    setting : its name
    likely : the value that it most likely has, or None where nothing speaks for one
    options : every value that was found, with what the source says of it; for two lines of names, both lines
    """

    def __init__(
        self,
        problems: Problem | tuple[Problem, ...],
        setting: str,
        likely: str | int | None = None,
        options: tuple[tuple[str | int, str], ...] = (),
    ):
        super().__init__(problems)
        self.setting, self.likely, self.options = setting, likely, options

    def __reduce__(self) -> tuple[type[SettingNeeded], tuple[object, ...]]:  # type: ignore[override]  # it has more to carry
        return type(self), (self.problems, self.setting, self.likely, self.options)


def settings_of(table: Mapping[str, object], where: str) -> SourceSettings:
    """Settings as a plan's file holds them. Raises FileError with every fault: unknown names, wrong types, values that cannot be."""
    problems = list(_faults(table, where))
    if problems:
        raise FileError(problems)
    return SourceSettings(**table)  # type: ignore[arg-type]  # checked above


def _faults(table: Mapping[str, object], where: str) -> Iterator[Problem]:
    known = {each.name: int if each.name in LINES else str for each in fields(SourceSettings)}
    for name, value in table.items():
        place = f"{where}, {name}"
        if name not in known:
            near = did_you_mean(name, list(known))
            yield Problem("setting_unknown", place, "is no setting of a source", f"did you mean {near}?" if near else f"settings: {any_of(known)}")
        elif type(value) is not known[name]:
            yield Problem("setting_type", place, f"is not {'a whole number' if known[name] is int else 'text'}", "write it so")
        elif isinstance(value, int) and value < 0:
            yield Problem("setting_value", place, f"is {value}", "count lines from 0 or 1 upwards")
        elif isinstance(value, str):
            yield from _text_faults(name, value, place)


def _text_faults(name: str, value: str, place: str) -> Iterator[Problem]:
    if name == "kind" and value not in ORIGINS:
        yield Problem("setting_value", place, f"is {value!r}", f"say {any_of(ORIGINS)}")
    elif name == "delimiter" and not is_delimiter(value):
        yield Problem("setting_value", place, f"is {value!r}, not one character", 'write one, such as ";" or "\\t"')
    elif name == "encoding" and not is_text_encoding(value):
        yield Problem("setting_value", place, f"{value!r} is no encoding of text files that Python knows", "say utf-8, cp1252, latin-1 or utf-16")
    elif name in CHOICES and value not in CHOICES[name]:
        yield Problem("setting_value", place, f"is {value!r}", f"say {any_of(CHOICES[name])}, or leave it out")




def check_settings(settings: SourceSettings, kind: str, name: str) -> None:
    """Raises FileError where a setting has a wrong value, or says something that this kind of source does not have."""
    given = settings.given()
    problems = list(_faults(given, name))
    for each in given:
        if each not in ("kind", *APPLIES[kind]):
            what = f"is read as {ORIGINS[kind].title}, which has no setting {each}"
            problems.append(Problem("setting_not_used", name, what, f"leave {each} out, or say another kind"))
    if problems:
        raise FileError(problems)
