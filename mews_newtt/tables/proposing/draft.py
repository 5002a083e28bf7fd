"""A plan while it is proposed: its tables with reasons, its open questions, and the TOML file that a person reads."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

ORDER = ("source", "columns", "long", "codes", "units", "missing", "numbers", "values", "readings", "air_or_oxygen", "times", "sets", "status")
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class Change(NamedTuple):
    """One entry of the plan: a list is added to what is there; `cells` is a list of tables."""

    table: str
    key: str
    value: Any


class Choice(NamedTuple):
    """An answer to a question, and what it writes into the plan."""

    says: str
    changes: tuple[Change, ...] = ()


class Question(NamedTuple):
    """What the file does not tell. The first choice is the likely one."""

    number: int
    about: str
    text: str
    choices: tuple[Choice, ...]


# Which choice answers a question, counted from 0; None leaves the question open.
Answer = Callable[[Question], int | None]


class Entry(NamedTuple):
    """One entry of a proposed plan with its value in words, and the reason for it."""

    table: str
    key: str
    value: str
    why: str


@dataclass
class Draft:
    """A plan that grows.

    tables : by name (`values.consciousness`), its entries; why: the reason of an entry; not_read: columns and codes with the reason
    open : questions without an answer: the likely choice is written, and the plan is refused until a person has looked
    remarks : what a person should know besides; coded_parameters : what is read by the codes of the rules
    """

    answer: Answer
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    cells: list[dict[str, Any]] = field(default_factory=list)
    ignore: list[str] = field(default_factory=list)
    why: dict[tuple[str, str], str] = field(default_factory=dict)
    not_read: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    coded_parameters: list[str] = field(default_factory=list)
    cells_asked: set[tuple[str, str, str]] = field(default_factory=set)
    settled: set[str] = field(default_factory=set)  # columns that are known already: whose rows, when, what another system scored
    points: bool = False  # some number of the file has a decimal point
    asked: list[Question] = field(default_factory=list)
    open: list[Question] = field(default_factory=list)

    def say(self, table: str, key: str, value: Any, why: str = "") -> None:
        """Write an entry, with its reason."""
        if table == "cells":
            self.cells.append({**value, "why": why})
        elif table == "ignore":
            self.ignore += [name for name in value if name not in self.ignore]
        else:
            entries = self.tables.setdefault(table, {})
            known = entries.get(key)
            if isinstance(known, list) and isinstance(value, list):
                value = known + [one for one in value if one not in known]
            if isinstance(known, dict) and isinstance(value, dict):
                value = known | value
            entries[key] = value
            if why:
                self.why[table, key] = why

    def leave(self, name: str, why: str) -> None:
        """Leave a column alone, and say why. Without `ignore`, its name would be an error where the file is read."""
        self.say("ignore", "", [name])
        self.not_read[name] = why

    def ask(self, about: str, text: str, *choices: Choice) -> Choice:
        """Ask a question, and write what its answer says. An open one is written with its first choice."""
        question = Question(len(self.asked) + 1, about, one_line(text), choices)
        self.asked.append(question)
        found = self.answer(question)
        if found is None:
            self.open.append(question)
        chosen = choices[found or 0]
        for change in chosen.changes:
            self.say(*change, f"question {question.number}" if found is None else f"as answered: {chosen.says}")
        return chosen

    def entries(self) -> tuple[Entry, ...]:
        """What the plan says, entry by entry."""
        said = [(name, key, value) for name, table in self.tables.items() for key, value in table.items()]
        found = [Entry(name, key, _words(value), self.why.get((name, key), "")) for name, key, value in said]
        for cell in self.cells:
            patterns = [value for key, value in cell.items() if key in ("pattern", "patterns")]
            where = str(cell.get("column", cell.get("code", "")))
            found.append(Entry("cells", where, _words(patterns), str(cell.get("why", ""))))
        return tuple(found)

    def must_answer(self) -> None:
        """Keep the last question open, whatever was answered: a person has to write something that no choice writes."""
        if self.asked[-1] not in self.open:
            self.open.append(self.asked[-1])

    def text(self, head: list[str], *, questions: bool = True) -> str:
        """The TOML file."""
        lines = [f"# {one_line(line)}" for line in head]
        if questions and self.open:
            lines += [
                "",
                "# Questions that the file does not answer. The first answer of each is written below, and nothing is read before you have looked:",
            ]
            lines += ["# change the plan where another answer is right, then take the question's number off this list."]
            for question in self.open:
                lines += ["#", f"# QUESTION {question.number}: {one_line(question.text)}"]
                lines += [f"#   {place}. {one_line(choice.says)}{_hint(choice)}" for place, choice in enumerate(question.choices, start=1)]
            lines += [f"open_questions = {_value([str(question.number) for question in self.open])}"]
        if self.remarks:
            lines += ["", *(f"# {one_line(remark)}" for remark in self.remarks)]
        if self.not_read:
            lines += ["", "# Not read:", *(f"#   {one_line(name)}: {one_line(why)}" for name, why in self.not_read.items())]
        if self.ignore:
            lines += ["", f"ignore = {_value(self.ignore)}"]
        names = [name for kind in ORDER for name in self.tables if name.partition(".")[0] == kind]
        for name in [*names, *(name for name in self.tables if name not in names)]:
            lines += ["", f"[{name}]", *(self._entry(name, key, value) for key, value in self.tables[name].items())]
        for cell in self.cells:
            lines += ["", "[[cells]]", *(f"{_key(key)} = {_value(value)}" for key, value in cell.items() if key != "why")]
            lines[-1] += f"  # {one_line(cell['why'])}" if cell.get("why") else ""
        return "\n".join(lines) + "\n"

    def _entry(self, table: str, key: str, value: Any) -> str:
        why = self.why.get((table, key))
        return f"{_key(key)} = {_value(value)}" + (f"  # {one_line(why)}" if why else "")


def _hint(choice: Choice) -> str:
    parts = []
    for table, key, value in choice.changes:
        if table == "cells":
            parts.append("[[cells]] " + ", ".join(f"{_key(name)} = {_value(one)}" for name, one in value.items()))
        elif table == "ignore":
            parts.append(f"ignore = {_value(value)}")
        else:
            parts.append(f"[{table}] {_key(key)} = {_value(value)}")
    return f": {one_line('; '.join(parts))}" if parts else ""


def one_line(text: str) -> str:
    """Text for a comment or a terminal: names and cells of a file may hold line ends, and signs that steer a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _value(name)


def _value(value: Any) -> str:
    """A value as TOML writes it. JSON's texts are TOML's too; a pattern is easier to read in single quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(key)} = {_value(one)}' for key, one in value.items())} }}"
    if "\\" in value and "'" not in value and value.isprintable():
        return f"'{value}'"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _words(value: Any) -> str:
    """A value for people: a list as its parts."""
    if isinstance(value, list):
        return ", ".join(map(_words, value))
    return value if isinstance(value, str) else _value(value)
