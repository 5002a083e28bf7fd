"""What pages say of a run where the library's sentences name an option of its command: the pages have controls of their own for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mews_newtt.chart.units import as_written, unit_said

_AGAIN = "when you send the file again"
_OPTIONS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"say --unit \w+=([^\s.,;<]+)"), lambda found: f"choose {unit_said(found[1])} as its unit {_AGAIN}"),
    (re.compile(r"say so with --diagnose-anyway"), f"tick so {_AGAIN}"),
    (re.compile(r" ?--most-rows N raises that number\."), ""),
    (re.compile(r"`mews-newtt validate` compares"), "validation compares"),
    (re.compile(r"and run again with <code>--map FILE\.toml</code>"), "and name it where the command or the service asks for a map file"),
)


def on_page(text: str) -> str:
    """A sentence, or a page of them, with the controls of the pages instead of the options of the command, and units as people write them."""
    for option, words in _OPTIONS:
        text = option.sub(words, text)
    return as_written(text)


def all_on_page(lines: Iterable[str]) -> list[str]:
    return [on_page(line) for line in lines]


def none_missed(found: Mapping[str, Any]) -> str:
    """What the box "Who could be missed" says where no set is stated lower than the chart. Only complete sets can show it."""
    if not found["compared"]:
        return "Nothing was compared, so this is not known."
    if not found["complete"]:
        return "No set could be scored completely, so this is not known."
    return "No complete set is stated lower than the chart."


def uncounted(found: Mapping[str, Any]) -> str:
    """Which rows the box does not count, in a sentence; empty where it counts every row."""
    left = [f"{found[name]:,} {'is' if found[name] == 1 else 'are'} {name}" for name in ("partial", "refused") if found[name]]
    return f"Lower totals and levels are counted for complete sets only: of {found['rows']:,} rows, {' and '.join(left)}." if left else ""


def own_alone(found: Mapping[str, Any]) -> str:
    """What follows the verdict where every disagreement is a set that could not be read here; else nothing."""
    unread = found.get("your_file", {}).get("of_these_counted_as_disagreements", 0)  # runs of before have none
    return " Every one of them holds a cell that could not be read here." if unread and unread == found["disagreed"] else ""
