"""People followed where the rows are, by window functions: the answers of `track_frame`, in every engine."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from mews_newtt import ColumnError, load_chart
from mews_newtt.episode.lazy import ANSWERS, track_lazy_frame
from mews_newtt.episode.track import Columns, track_frame
from tests.episode.test_follow import EIGHT, HOUR, MINUTE, NEWS2, WELL

duckdb = pytest.importorskip("duckdb")
NOW, YEAR = EIGHT + 9000 * MINUTE, 365 * 24 * HOUR


def made_up(people: int) -> pl.DataFrame:
    """People with partial and refused sets; now and then two sets of one time, an old one, one that stands for none, a blank one, nobody's set."""
    chance = random.Random(18)
    rows: list[dict[str, Any]] = []
    for number in range(people):
        for place in range(chance.randint(1, 6)):
            taken = EIGHT + chance.randint(0, 3000) * MINUTE if chance.random() < 0.9 else EIGHT + place // 2 * HOUR
            readings = WELL | {"heart_rate": chance.choice([70, 95, 115, 135, 9999, None]), "oxygen_saturation": chance.choice([97, 93, None])}
            who = chance.choices([f"made-up-{number}", f" made-up-{number} ", None, " "], [90, 8, 1, 1])[0]
            when: datetime | None = chance.choices([taken, taken - 60 * YEAR, None, datetime(9999, 12, 31, 23, 59)], [92, 4, 2, 2])[0]
            rows.append({"number": len(rows), "patient_id": who, "observed_at": when, **readings})
    return pl.DataFrame(rows, infer_schema_length=None, schema_overrides={"observed_at": pl.Datetime("us")})


def plain(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """The answers by row, whatever types an engine gives them; blank text as nothing."""
    rows = frame.sort("number").select(ANSWERS).to_dicts()
    return [{name: value or None if isinstance(value, str) else value for name, value in row.items()} for row in rows]


@pytest.mark.parametrize(("where", "chart"), [("duckdb", NEWS2), ("polars", load_chart("mews", "0.2"))], ids=["duckdb", "polars"])
def test_window_functions_give_what_the_table_in_memory_gives(where: str, chart: Any) -> None:
    rows = made_up(60)
    if where == "duckdb":
        found = track_lazy_frame(chart, duckdb.from_arrow(rows.to_arrow(compat_level=pl.CompatLevel.oldest())), now=NOW).pl()
    else:
        found = track_lazy_frame(chart, rows.lazy(), now=NOW).collect()
    wanted = plain(track_frame(chart, rows, now=NOW))
    assert {row["set_status"] for row in wanted} == {"current", "unplaced"} and any(row["level_change"] for row in wanted)
    assert plain(found) == wanted


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"patient_id": ["a"]}, "column_needed"),
        ({"patient_id": ["a"], "observed_at": ["2026-11-01 08:00"]}, "column_type"),
        ({"patient_id": ["a"], "observed_at": [datetime(2026, 11, 1, tzinfo=UTC)]}, "column_type"),
        ({"patient_id": ["a"], "observed_at": [EIGHT], "set_id": ["1"]}, "versions_in_lazy_frame"),
        ({"patient_id": ["a"], "observed_at": [EIGHT], "due_at": ["1"]}, "column_taken"),
        ({"patient_id": ["a"], "observed_at": [EIGHT], "escalated": [True]}, "responses_in_lazy_frame"),
        ({"patient_id": ["a"], "observed_at": [EIGHT], "concern_at": [EIGHT]}, "responses_in_lazy_frame"),
        ({"patient_id": ["a"], "observed_at": [EIGHT], "born_at": [EIGHT]}, "birth_in_lazy_frame"),
    ],
)
def test_what_windows_cannot_follow_is_a_clear_error(columns: dict[str, Any], code: str) -> None:
    with pytest.raises(ColumnError) as fault:
        track_lazy_frame(NEWS2, pl.LazyFrame(columns), columns=Columns())
    assert code in [problem.code for problem in fault.value.problems]
