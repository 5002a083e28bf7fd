"""The paths into JSON that adapter files use: `a.b`, `list[0]`, `list[id=heart_rate].points`."""

from __future__ import annotations

import re
from typing import Any

_PART = re.compile(r"([^.\[\]]+)|\[(\d+)\]|\[([^=\[\]]+)=([^\[\]]*)\]")
MOST_ITEMS = 999  # of a list in a request
Step = str | int | tuple[str, str]


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
        name, index, key, wanted = part.groups()
        steps.append(name if name is not None else int(index) if index is not None else (key, wanted))
        at = part.end()
    if not steps:
        raise ValueError(path)
    return steps


def look_up(document: Any, path: str) -> Any:
    """The value at a path; None where there is none."""
    for step in steps_of(path):
        if isinstance(step, str):
            document = document.get(step) if isinstance(document, dict) else None
        elif isinstance(step, int):
            document = document[step] if isinstance(document, list) and step < len(document) else None
        else:
            found = document if isinstance(document, list) else []
            document = next((entry for entry in found if isinstance(entry, dict) and str(entry.get(step[0])) == step[1]), None)
    return document


def put(document: dict[str, Any], path: str, value: Any) -> None:
    """Put a value at a path and make the objects and lists on the way. `[id=x]` makes an entry with that id; a value replaces another.

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
            entry = next((each for each in holder if isinstance(each, dict) and each.get(step[0]) == step[1]), None)
            if entry is None:
                entry = {step[0]: step[1]}
                holder.append(entry)
            holder = entry
            continue
        if isinstance(step, int):
            holder.extend({} for _ in range(step + 1 - len(holder)))
        old = holder[step] if isinstance(step, int) else holder.get(step, {})
        if following is None and old != {} and isinstance(old, (dict, list)):
            raise ValueError(path)
        if following is None or old == {}:  # an empty object only keeps an index free
            holder[step] = fresh
        holder = holder[step]
