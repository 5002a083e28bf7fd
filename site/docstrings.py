"""Docstrings as Markdown for the reference: our sections list names with what they mean; types are in the signature."""

from __future__ import annotations

import re
from typing import Any

import griffe

HEADING = re.compile(r"-{3,}$")
ENTRY = re.compile(r"(?P<names>\*{0,2}[\w.]+(?:, \*{0,2}[\w.]+)*) ?(?: : |  +)(?P<says>\S.*)$")


def as_markdown(text: str) -> str:
    """`name : what it means` and `Error  when` become list entries, sections get a heading in bold. Code blocks stay as they are."""
    lines = text.splitlines()
    made: list[str] = []
    listed = code = False
    for number, line in enumerate(lines):
        under = lines[number + 1] if number + 1 < len(lines) else ""
        if line.startswith("```"):
            code = not code
        entry = None if code else ENTRY.match(line)
        if code or line.startswith("```"):
            made.append(line)
        elif line and HEADING.match(under):
            made += [f"**{line}**", ""]
            listed = False
        elif HEADING.match(line):
            continue
        elif entry:
            if made and made[-1] and not listed:
                made.append("")
            made.append(f"- {', '.join(f'`{name}`' for name in entry['names'].split(', '))}: {entry['says']}")
            listed = True
        elif line.startswith("    ") and listed:
            made.append(line)
        else:
            if listed and line and made[-1]:
                made.append("")
            made.append(line)
            listed = False
    return "\n".join(made)


class HouseStyle(griffe.Extension):
    """Applies it to every object of the package."""

    def on_object(self, *, obj: Any, **_: Any) -> None:
        if obj.docstring is not None:
            obj.docstring.value = as_markdown(obj.docstring.value)
