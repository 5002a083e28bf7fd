"""Where a setting comes from: an option of the command, an environment variable, the settings file, or the default, in this order."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mews_newtt.errors import Problem, did_you_mean

PREFIX = "MEWS_NEWTT_"
FILE_VARIABLE = PREFIX + "SETTINGS_FILE"
OF_THE_LIBRARY = ("CONFIG", "RULES")  # variables that the library itself reads
NOT_SETTINGS = frozenset((*OF_THE_LIBRARY, "SETTINGS_FILE"))
POSTGRES = ("postgresql://", "postgres://")
DEFAULT = "default"
Fields = Mapping[str, dataclasses.Field[Any]]


@dataclass
class Gathered:
    """The settings that are given, by name: their values, where each comes from, and what is wrong with those that cannot be read."""

    values: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    faults: list[Problem] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)  # by name, the text that cannot be read

    def set(self, name: str, value: Any, source: str) -> None:
        self.values[name], self.sources[name] = value, source


def gather(fields: Fields, environment: Mapping[str, str], given: Mapping[str, Any]) -> Gathered:
    """The settings of all sources. A later source replaces an earlier one: file, environment variables, then `given` (the command line)."""
    found = Gathered()
    if environment.get(FILE_VARIABLE):
        _from_file(found, fields, Path(environment[FILE_VARIABLE]))
    _from_variables(found, fields, environment)
    for name, value in given.items():
        found.set(name, value, "command line")
    return found


def _from_variables(found: Gathered, fields: Fields, environment: Mapping[str, str]) -> None:
    url = environment.get("DATABASE_URL", "")  # the name that many platforms give it; theirs may also be another kind of database
    if url.startswith(POSTGRES):
        found.set("database_url", url, "variable DATABASE_URL")
    for variable, text in environment.items():
        name = variable.removeprefix(PREFIX)
        if not variable.startswith(PREFIX) or name in NOT_SETTINGS:
            continue
        wanted = fields.get(name.lower())
        if wanted is None or not name.isupper():
            near = did_you_mean(name, [known.upper() for known in fields])
            found.faults.append(_unknown(variable, f"{PREFIX}{near}" if near else None))
            continue
        kind = str(wanted.type)
        try:
            found.set(wanted.name, _OF_TEXT[kind](text), f"variable {variable}")
        except ValueError:
            found.unread[wanted.name] = text
            found.sources[wanted.name] = f"variable {variable}"
            found.faults.append(Problem("bad_setting", variable, f"is {text[:60]!r}, not {_KINDS[kind]}", wanted.metadata["says"]))


def _from_file(found: Gathered, fields: Fields, path: Path) -> None:
    """Settings of a TOML file: their names in small letters. Paths in it that are relative lie beside the file."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        says = fault.strerror if isinstance(fault, OSError) else str(fault)
        mend = 'write a TOML file with lines such as port = 8311 and host = "127.0.0.1"'
        found.faults.append(Problem("settings_unreadable", str(path), f"cannot be read: {says}", mend))
        return
    for name, value in document.items():
        where = f"{path}, {name}"
        wanted = fields.get(name)
        if wanted is None:
            found.faults.append(_unknown(where, did_you_mean(name.lower().removeprefix(PREFIX.lower()), list(fields))))
            continue
        kind = str(wanted.type)
        try:
            taken = _OF_TOML[kind](value)
        except ValueError:
            found.unread[name] = str(value)
            found.sources[name] = f"file {path}"
            found.faults.append(Problem("bad_setting", where, f"is not {_KINDS[kind]}", wanted.metadata["says"]))
            continue
        found.set(name, path.parent / taken if isinstance(taken, Path) else taken, f"file {path}")


def _unknown(where: str, near: str | None) -> Problem:
    return Problem("unknown_setting", where, "is not a setting", f"did you mean {near}?" if near else "see docs/service.md for the settings")


def text_of(value: object) -> str:
    """A value as its variable writes it."""
    if isinstance(value, tuple):
        return ",".join(value)
    return "" if value is None else str(value)


def _yes_or_no(text: str) -> bool:
    try:
        return {"1": True, "yes": True, "true": True, "on": True, "0": False, "no": False, "false": False, "off": False, "": False}[
            text.strip().casefold()
        ]
    except KeyError:
        raise ValueError(text) from None


def _typed(*types: type) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if type(value) not in types:  # true is no number
            raise ValueError(value)
        return value

    return check


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError(value)
    return tuple(one.strip().lower() for one in value)


_KINDS = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "yes or no (true or false in a file)",
    "Path": "a path",
    "Path | None": "a path",
    "tuple[str, ...]": "a list of texts",
}
_OF_TEXT: Mapping[str, Callable[[str], Any]] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": _yes_or_no,
    "Path": Path,
    "Path | None": lambda text: Path(text) if text else None,
    "tuple[str, ...]": lambda text: tuple(part.strip().lower() for part in text.split(",") if part.strip()),
}
_OF_TOML: Mapping[str, Callable[[Any], Any]] = {
    "str": _typed(str),
    "int": _typed(int),
    "float": _typed(int, float),
    "bool": _typed(bool),
    "Path": lambda value: Path(_typed(str)(value)),
    "Path | None": lambda value: Path(_typed(str)(value)) if value != "" else None,
    "tuple[str, ...]": _names,
}
