"""Charts that are known and not included, and the message for the name of a chart that does not exist."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any

from mews_newtt.chart.builtin import builtin_rules
from mews_newtt.chart.toml import read_toml
from mews_newtt.errors import Problem

NEAR = 0.75  # how alike a name must be to be suggested: chart names are short, and a wrong suggestion is a wrong chart
SHORTEST_START = 3  # letters that count as the start of a name
EQUAL = 0.01  # names whose likeness differs by no more are as near as each other


def not_shipped() -> list[dict[str, Any]]:
    """Charts that are known and not included, as `rules/not_shipped.toml` lists them."""
    entries: list[dict[str, Any]] = (read_toml(builtin_rules() / "not_shipped.toml", []) or {}).get("not_shipped", [])
    return entries


def unknown_chart(name: str, ids: Sequence[str]) -> Problem:
    """The problem with a name that no chart has, and what to write instead."""
    wanted = name.casefold().replace("-", " ")
    entry = next((one for one in not_shipped() if wanted in (one["id"].replace("-", " "), *one.get("names", ()))), None)
    where, listed = f"chart {name!r}", "charts: " + ", ".join(ids)
    if entry is not None:
        return Problem(
            "chart_unknown", where, f"is not here: {entry['title']}. {entry['why']}", f"{entry.get('instead', entry['mend']).rstrip('.')}. {listed}"
        )
    likeness = {one: SequenceMatcher(None, name.casefold(), one).ratio() for one in ids}
    best = max(likeness.values(), default=0)
    begun = [one for one in ids if len(wanted) >= SHORTEST_START and (one.startswith(name.casefold()) or name.casefold().startswith(one))]
    alike = [one for one in ids if one in begun or likeness[one] >= max(NEAR, best - EQUAL)]  # all that are as near: one alone may be the wrong chart
    near = " or ".join(map(repr, alike))
    return Problem("chart_unknown", where, "there is no such chart", (f"did you mean {near}? " if near else "") + listed)
