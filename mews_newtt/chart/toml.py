"""Reading TOML tables strictly: every unknown key, missing key and wrong type becomes a Problem with its place."""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from mews_newtt.errors import Problem, did_you_mean

_KINDS: dict[type, str] = {
    str: "text in quotes",
    int: "a whole number",
    Decimal: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
    date: "a date such as 2026-01-31",
}


def read_toml(path: Path, problems: list[Problem]) -> dict[str, Any] | None:
    """The file's content with decimals as Decimal; None and a problem if it is not TOML."""
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"), parse_float=Decimal)
    except OSError as fault:
        problems.append(Problem("file_unreadable", str(path), fault.strerror or "cannot be read", "check that the file exists and may be read"))
    except UnicodeDecodeError as fault:
        problems.append(Problem("not_utf8", f"{path}, byte {fault.start}", "is not UTF-8 text", "save the file as UTF-8"))
    except tomllib.TOMLDecodeError as fault:
        problems.append(Problem("not_toml", str(path), f"is not valid TOML: {fault}", "mend the syntax at that line"))
    return None


class TableReader:
    """One TOML table at one place; take every key you know, then call `finish`."""

    def __init__(self, content: Any, place: str, problems: list[Problem]):
        self.place = place
        self.problems = problems
        self.known: list[str] = []
        self.content: dict[str, Any] = {}
        if isinstance(content, dict):
            self.content = content
        else:
            self.fault("wrong_type", "must be a table", "write it as { key = value, ... }")

    def fault(self, code: str, what: str, mend: str, key: str | None = None) -> None:
        where = f"{self.place}, {key}" if key else self.place
        self.problems.append(Problem(code, where, what, mend))

    def take(self, key: str, kind: type, default: Any = None, *, required: bool = False) -> Any:
        self.known.append(key)
        if key not in self.content:
            if required:
                self.fault("key_missing", f"needs the key {key!r}", f"add {key} = {_KINDS[kind]}")
            return default
        value = self.content[key]
        if kind is Decimal and isinstance(value, int) and not isinstance(value, bool):
            value = Decimal(value)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.fault("wrong_type", f"is {value!r}", f"write {_KINDS[kind]}", key)
            return default
        if isinstance(value, Decimal) and not value.is_finite():
            self.fault("wrong_type", f"is {value}", "write a finite number", key)
            return default
        return value

    def one_of(self, key: str, allowed: tuple[str, ...]) -> str:
        """One of several words; the first of them where it is faulty."""
        value = self.take(key, str, allowed[0], required=True)
        if value not in allowed:
            near = did_you_mean(str(value), allowed)
            self.fault("not_allowed", f"is {value!r}", f"write {near!r}" if near else "write one of: " + ", ".join(allowed), key)
            return allowed[0]
        return str(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; one text alone is read as a list of one."""
        self.known.append(key)
        value = self.content.get(key, [])
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            self.fault("wrong_type", f"is {value!r}", "write a list of texts in quotes", key)
            return ()
        return tuple(items)

    def text_table(self, key: str) -> dict[str, str]:
        """A table whose values are texts."""
        found = {}
        for name, value in self.take(key, dict, {}).items():
            if isinstance(value, str):
                found[name] = value
            else:
                self.fault("wrong_type", f"is {value!r}", "write text in quotes", f"{key}, {name}")
        return found

    def tables(self, key: str) -> list[TableReader]:
        """The tables of a list, each placed by its number and its id."""
        readers = []
        for number, item in enumerate(self.take(key, list, []), start=1):
            name = item.get("id") if isinstance(item, dict) else None
            place = f"{self.place}, {key}[{number}]" + (f" {name}" if name else "")
            readers.append(TableReader(item, place, self.problems))
        return readers

    def table(self, key: str) -> TableReader | None:
        content = self.take(key, dict)
        return None if content is None else TableReader(content, f"{self.place}, {key}", self.problems)

    def finish(self) -> None:
        for key in self.content:
            if key not in self.known:
                near = did_you_mean(key, self.known)
                self.fault("unknown_key", "is not a key of this table", f"write {near!r}" if near else "use one of: " + ", ".join(self.known), key)
