"""The paths into JSON that adapter files use: `a.b`, `list[0]`, `list[id=heart_rate].points`, `'name.with.dots'.value`."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

_PART = re.compile(
    r"""'(?P<single>[^']+)' | "(?P<double>[^"]+)" | (?P<name>[^.\[\]'"]+) | \[(?P<index>\d+)\]
    | \[(?P<key>(?:[^=\[\]]|\[\d+\])+)=(?P<wanted>[^\[\]]*)\]""",
    re.VERBOSE,
)
MOST_ITEMS = 999  # of a list in a request
MOST_KEYS = 40  # of an answer that a message names
Step = str | int | tuple[str, str]


class Found(NamedTuple):
    """What is at a path: whether there is anything, and its value, which may be null."""

    there: bool
    value: Any = None


class Unfilled(dict[str, Any]):
    """An item that only keeps an index of a list free."""


def steps_of(path: str) -> list[Step]:
    """The steps of a path. Raises ValueError where the text is not a path."""
    steps: list[Step] = []
    at = 0
    while at < len(path):
        if path[at] == "." and steps and at + 1 < len(path):
            at += 1
        part = _PART.match(path, at)
        if part is None:
            raise ValueError(path)
        name = part["single"] or part["double"] or part["name"]
        if part["key"] is not None:
            steps_of(part["key"])
        steps.append(name if name is not None else int(part["index"]) if part["index"] is not None else (part["key"], part["wanted"]))
        at = part.end()
    if not steps:
        raise ValueError(path)
    return steps


def find(document: Any, path: str) -> Found:
    """What is at a path; a null there is something."""
    for step in steps_of(path):
        if isinstance(step, str):
            if not isinstance(document, dict) or step not in document:
                return Found(False)
            document = document[step]
        elif isinstance(step, int):
            if not isinstance(document, list) or step >= len(document):
                return Found(False)
            document = document[step]
        else:
            items = document if isinstance(document, list) else []
            entry = next((item for item in items if isinstance(item, dict) and _text(find(item, step[0]).value) == step[1]), None)
            if entry is None:
                return Found(False)
            document = entry
    return Found(True, document)


def look_up(document: Any, path: str) -> Any:
    """The value at a path; None where there is none."""
    return find(document, path).value


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def put(document: Any, path: str, value: Any) -> None:
    """Put a value at a path and make the objects and lists on the way. `[id=x]` makes an item with that id; a value replaces another.

    Raises
    ------
    ValueError  the path leads through a value or another kind of container, ends in `[id=x]`, or has too large an index
    """
    steps = steps_of(path)
    holder: Any = document
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        fresh: Any = value if following is None else {} if isinstance(following, str) else []
        wanted: Any = dict if isinstance(step, str) else list
        if not isinstance(holder, wanted) or (following is None and isinstance(step, tuple)) or (isinstance(step, int) and step > MOST_ITEMS):
            raise ValueError(path)
        if isinstance(step, tuple):
            entry = next((each for each in holder if isinstance(each, dict) and look_up(each, step[0]) == step[1]), None)
            if entry is None:
                entry = {}
                put(entry, step[0], step[1])
                holder.append(entry)
            holder = entry
            continue
        if isinstance(step, int):
            holder.extend(Unfilled() for _ in range(step + 1 - len(holder)))
        old = holder[step] if isinstance(step, int) else holder.get(step, {})
        if following is None and old != {} and isinstance(old, (dict, list)):
            raise ValueError(path)
        if following is None or old == {}:  # an empty object only keeps an index free
            holder[step] = fresh
        holder = holder[step]


def without_gaps(document: Any) -> Any:
    """The document without the unfilled items of its lists. In a list of plain values such an item is null: its place has a meaning."""
    if isinstance(document, dict):
        return {name: without_gaps(inner) for name, inner in document.items()}
    if not isinstance(document, list):
        return document
    plain = any(not isinstance(item, (dict, list)) for item in document)
    return [None if isinstance(item, Unfilled) else without_gaps(item) for item in document if plain or not isinstance(item, Unfilled)]


def keys_of(document: Any, most: int = MOST_KEYS) -> tuple[str, ...]:
    """The paths of the values in a document, as an adapter would write them; of a list the first item only."""
    found: list[str] = []

    def walk(inner: Any, path: str) -> None:
        if len(found) >= most:
            return
        if isinstance(inner, dict) and inner:
            for name, item in inner.items():
                shown = f"'{name}'" if re.search(r"[.\[\]\"]", name) else name
                walk(item, f"{path}.{shown}" if path else shown)
        elif isinstance(inner, list) and inner:
            walk(inner[0], f"{path}[0]")
        elif path:
            found.append(path)

    walk(document, "")
    return tuple(found)
