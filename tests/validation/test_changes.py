"""What changed between two validations of one system."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from mews_newtt import load_chart
from mews_newtt.validation import validate
from mews_newtt.validation.changes import changes_between

NORMAL = {"respiratory_rate": 16, "oxygen_saturation": 97, "air_or_oxygen": "air", "systolic_bp": 120, "heart_rate": 70, "consciousness": "alert", "temperature": 37}


def document(totals: dict[str, int]) -> dict[str, Any]:
    """The validation of normal sets whose system states these totals by case."""
    rows = [{**NORMAL, "case_id": case, "expected_total": total} for case, total in totals.items()]
    return validate(load_chart("news2"), pa.Table.from_pylist(rows)).to_dict()


def test_rows_are_the_same_by_their_case_and_every_count_has_its_difference() -> None:
    found = changes_between(document({"a": 1, "b": 2, "c": 0}), document({"c": 3, "b": 2, "a": 0, "d": 0}))
    assert [row.place for row in found.gone] == ["a"]
    assert [row.place for row in found.new] == ["c"]
    assert (found.still, found.all_listed) == (1, True)
    counts = {change.what: (change.before, change.after, change.difference) for change in found.counts}
    assert counts["rows"] == (3, 4, "+1") and counts["disagreed"] == (2, 2, "the same")
    assert list(counts.values())[-1][:2] == (2, 2), "the kinds of disagreement are counted too"


def test_a_row_without_a_case_is_known_by_its_number() -> None:
    rows = [{**NORMAL, "expected_total": 1}]
    found = validate(load_chart("news2"), pa.Table.from_pylist(rows)).to_dict()
    changes = changes_between(found, found)
    assert (changes.gone, changes.new, changes.still) == ([], [], 1)
