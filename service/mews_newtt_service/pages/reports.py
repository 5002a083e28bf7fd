"""A validation's answer as its page shows it, and what changed between two of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mews_newtt.reading.columns import EXPECTED

COUNTS = ("rows", "compared", "agreed", "disagreed", "complete", "partial", "refused")


class Listed(NamedTuple):
    """One disagreeing row in words."""

    row: int
    case: str
    cells: list[dict[str, str]]
    given: str
    says: str
    why: list[str]

    @property
    def place(self) -> str:
        """By what a row is known again in another run: its case, else its number."""
        return self.case or f"row {self.row}"


class Change(NamedTuple):
    """One count, before and after."""

    what: str
    before: int
    after: int

    @property
    def difference(self) -> str:
        return f"{self.after - self.before:+,}" if self.after != self.before else "the same"


class Changes(NamedTuple):
    """What changed from one run to a later one. Disagreeing rows are known by their case where they name one, else by their number."""

    counts: list[Change]
    gone: list[Listed]
    new: list[Listed]
    still: int
    all_listed: bool


def told(found: Mapping[str, Any], most: int) -> dict[str, Any]:
    """What the page of one run says."""
    return {
        "verdict": found["verdict"],
        "says": found["says"],
        "notes": found["notes"],
        "low": sum(found["by_column"].get(name, {}).get("lower", 0) for name in EXPECTED),
        "all_partial": found["partial"] == found["rows"] > 0,
        "unread": found["ignored_columns"],
        "counts": [(name, found[name]) for name in COUNTS],
        "kinds": found["kinds"],
        "columns": found["by_column"],
        "diagnosis": found["diagnosis"],
        "listed": listed(found)[:most],
    }


def listed(found: Mapping[str, Any]) -> list[Listed]:
    """The disagreements that the answer lists."""
    return [
        Listed(
            each["row"],
            each["case_id"] or "",
            each["cells"],
            ", ".join(f"{name} {value}" for name, value in each["given"].items()) or "nothing",
            each["says"],
            each["why"],
        )
        for each in found["disagreements"]
    ]


def changes_of(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    """Counts and disagreements of two runs, side by side."""
    counts = [Change(name, before[name], after[name]) for name in COUNTS]
    kinds = [{kind["kind"]: kind for kind in found["kinds"]} for found in (before, after)]
    for name, kind in (kinds[0] | kinds[1]).items():
        counts.append(Change(kind["says"], *(each.get(name, {}).get("cells", 0) for each in kinds)))
    one, two = ({each.place: each for each in listed(found)} for found in (before, after))
    return Changes(
        counts,
        [each for place, each in one.items() if place not in two],
        [each for place, each in two.items() if place not in one],
        len(one.keys() & two.keys()),
        all(found["disagreements_listed"] == found["disagreed"] for found in (before, after)),
    )
