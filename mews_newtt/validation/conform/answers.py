"""Reads the JSON document of an answer: status, total, level and points at their paths, in the words of the chart."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from mews_newtt.chart.model import Chart
from mews_newtt.validation.conform.json_paths import Found, find, keys_of, look_up
from mews_newtt.validation.conform.settings import HIDDEN, NO_ANSWER, Answer, Settings

MOST_CHARACTERS = 200  # of a text in an answer
SHORTEST_SECRET = 4  # a shorter one would hide totals
POINTS = "points."


def answer_of(adapter: Settings, chart: Chart, document: Any, secrets: tuple[str, ...] = ()) -> Answer:
    """The answer in a JSON document. A credential that it repeats is hidden."""
    if not isinstance(document, (list if _starts_with_a_list(adapter) else dict)):
        return Answer(f"{NO_ANSWER}: the JSON is not {'a list' if _starts_with_a_list(adapter) else 'an object'}")
    there, words = set(), {}

    def text(path: str, key: str) -> str:
        found = find(document, path) if path else Found(False)
        if found.there:
            there.add(key)
        return shown(found.value, secrets)

    total = text(adapter.total, "total")
    words["level"], words["status"] = text(adapter.level, "level"), text(adapter.status, "status")
    level = in_our_words(words["level"], adapter.levels)
    status = in_our_words(words["status"], adapter.statuses)
    points = {p.id: text(adapter.points_path(p.id), POINTS + p.id) for p in chart.parameters if p.role == "scored"}
    points = points if adapter.points or adapter.points_at else {}
    if adapter.error and (why := look_up(document, adapter.error)) not in (None, "", False, []):
        return Answer("refused", why=shown(why, secrets))
    if status.casefold() == "refused":
        return Answer("refused", total, level, points)
    if not status and not total and not level:
        status = "refused"
    elif not status and adapter.total and not total and chart.has_points:
        status = "partial"  # a set without a total is partial
    keys = tuple(hidden(key, secrets) for key in keys_of(document))
    return Answer(status, total, level, points, frozenset(there), keys, {key: word for key, word in words.items() if word})


def in_our_words(word: str, table: Any) -> str:
    """A word of the platform in ours, whatever the case of its letters."""
    if not word or word in table:
        return str(table.get(word, word))
    return str({their.casefold(): our for their, our in table.items()}.get(word.casefold(), word))


def shown(value: Any, secrets: tuple[str, ...]) -> str:
    """A value of an answer as text; blank where there is none, or no single value."""
    if value is None or isinstance(value, (dict, list)) or value != value:  # NaN is not an answer
        return ""
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, Decimal) and value == value.to_integral_value() and abs(value) < 10**15:
        text = str(int(value))  # 3.0 is the level 3
    else:
        text = str(value).encode("utf-8", "replace").decode()  # half a surrogate pair cannot be written as UTF-8
    return hidden(text, secrets).strip()[:MOST_CHARACTERS]


def hidden(text: str, secrets: tuple[str, ...]) -> str:
    """A text without the credentials that it repeats."""
    for secret in secrets:
        if len(secret) >= SHORTEST_SECRET:
            text = re.sub(re.escape(secret), HIDDEN, text, flags=re.IGNORECASE)
    return text


def _starts_with_a_list(adapter: Settings) -> bool:
    paths = [path for path in (adapter.total, adapter.level) if path]
    return bool(paths) and all(path.startswith("[") for path in paths)
