"""Compares the results of two validations of one system: which counts changed, and which rows disagree now, no longer, or still."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mews_newtt.scoring.wording import count

COUNTS = ("rows", "compared", "agreed", "disagreed", "complete", "partial", "refused")


class ListedRow(NamedTuple):
    """One row that disagrees, as the document of a validation lists it."""

    row: int
    case: str
    cells: list[dict[str, str]]
    given: dict[str, str]
    read: dict[str, str]
    says: str
    why: list[str]

    @property
    def place(self) -> str:
        """The row's case id, or its number if it has none. Two runs are compared by this."""
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
    """What changed from an earlier run to a later one.

    gone, new : the rows that disagree in the earlier run only, and in the later run only
    still : how many rows disagree in both
    all_listed : whether both documents list every disagreement; if not, `gone` and `new` may be wrong
    """

    counts: list[Change]
    gone: list[ListedRow]
    new: list[ListedRow]
    still: int
    all_listed: bool

    @property
    def says(self) -> str:
        """What changed, in one or two sentences. Of runs that list not every disagreement, it says no more than the counts of all rows do."""
        wrong = next(change for change in self.counts if change.what == "disagreed")
        if not self.all_listed:
            return f"{count(wrong.before, 'row')} disagreed in the earlier run, {wrong.after:,} in the later one."
        gone, new = len(self.gone), len(self.new)
        if not wrong.before and not wrong.after:
            return "No row disagrees in either run."
        first = (
            "Nothing changed" if not gone and not new else "Better" if not new else "Worse" if not gone else "Better in some rows, worse in others"
        )
        old = f"{count(gone, 'row')} no longer {'disagrees' if gone == 1 else 'disagree'}"
        more = f"{count(new, 'row')} newly {'disagrees' if new == 1 else 'disagree'}" if new else "no row newly disagrees"
        return f"{first}: {old}, {more}, {self.still:,} still {'disagrees' if self.still == 1 else 'disagree'}."


def listed_rows(document: Mapping[str, Any]) -> list[ListedRow]:
    """The rows that the document of a validation (`Validation.to_dict`) lists as disagreeing."""
    return [
        ListedRow(
            each["row"],
            each["case_id"] or "",
            each["cells"],
            each["given"],
            each.get("read", {}),  # documents of before have none
            each["says"],
            each["why"],
        )
        for each in document["disagreements"]
    ]


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    """What changed between the documents of two validations. A row is the same row in both if it has the same case id, or else the same number."""
    counts = [Change(name, before[name], after[name]) for name in COUNTS]
    kinds = [{kind["kind"]: kind for kind in document["kinds"]} for document in (before, after)]
    for name, kind in (kinds[0] | kinds[1]).items():
        counts.append(Change(kind["says"], *(each.get(name, {}).get("cells", 0) for each in kinds)))
    earlier, later = ({each.place: each for each in listed_rows(document)} for document in (before, after))
    return Changes(
        counts,
        [each for place, each in earlier.items() if place not in later],
        [each for place, each in later.items() if place not in earlier],
        len(earlier.keys() & later.keys()),
        all(document["disagreements_listed"] == document["disagreed"] for document in (before, after)),
    )
