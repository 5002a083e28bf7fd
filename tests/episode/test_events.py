"""Events: what happened, in order, with ids that follow from the content."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mews_newtt import load_chart
from mews_newtt.episode import Entry, follow, load_policy
from mews_newtt.episode.events import KINDS, events_of, lines_of
from mews_newtt.episode.table_events import table_events
from mews_newtt.episode.track import track_frame

NEWS2 = load_chart("news2")
EIGHT = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
WARD = pl.read_csv(Path(__file__).resolve().parents[2] / "examples" / "episodes" / "ward.csv", infer_schema=False)


def at(hours: float, rate: int, **more: object) -> Entry:
    given = {"respiratory_rate": 16, "oxygen_saturation": 97, "air_or_oxygen": "air", "systolic_bp": 120, "heart_rate": rate, "consciousness": "alert", "temperature": 37}
    return Entry(given, EIGHT + timedelta(hours=hours), **more)  # type: ignore[arg-type]  # the fields of an entry


COURSE = [
    at(0, 70, id="a", recorded_at=EIGHT + timedelta(minutes=1)),
    at(0, 95, id="a", recorded_at=EIGHT + timedelta(hours=1)),
    at(13, 135, id="b", recorded_at=EIGHT + timedelta(hours=13)),
    at(14, 9999, id="c"),
    at(15, 70, id="d", void=True),
    at(16, 70, id="e"),
]


def test_everything_that_happened_is_an_event_in_order_of_time() -> None:
    found = events_of(follow(NEWS2, COURSE, now=EIGHT + timedelta(days=3)), "somebody")
    assert [(each.kind, each.set_id) for each in found] == [
        ("superseded", "a"), ("level_up", "b"), ("late", "b"), ("refused", "c"), ("void", "d"), ("level_down", "e"), ("late", "e"), ("overdue", "e"),
    ]  # fmt: skip
    assert {each.person for each in found} == {"somebody"} and {each.kind for each in found} <= KINDS.keys()
    lines = [json.loads(line) for line in lines_of(found)]
    assert lines[1] == {"id": found[1].id, "event": "level_up", "chart": "news2@2017.1", "person": "somebody", "set_id": "b", "observed_at": "2026-11-01T21:00:00+00:00", "recorded_at": "2026-11-01T21:00:00+00:00", "level": "low-medium", "level_change": 1}


@settings(max_examples=20)
@given(st.permutations(COURSE), st.integers(0, 600))
def test_ids_do_not_depend_on_order_or_on_the_time_of_the_look(entries: list[Entry], minutes: int) -> None:
    def ids(some: list[Entry], now: datetime) -> list[str]:
        return [each.id for each in events_of(follow(NEWS2, some, now=now), "somebody")]

    wanted = ids(COURSE, EIGHT + timedelta(days=3))
    assert ids(entries, EIGHT + timedelta(days=3, minutes=minutes)) == wanted and len(set(wanted)) == len(wanted)


def test_another_person_set_or_chart_is_another_event() -> None:
    first = events_of(follow(NEWS2, COURSE))[0]
    others = [first._replace(person="x"), first._replace(set_id="x"), first._replace(kind="void"), first._replace(chart=load_chart("npews")), first._replace(more={"x": 1})]
    assert len({first.id, *(each.id for each in others)}) == 6


def test_without_now_nothing_is_overdue() -> None:
    assert "overdue" not in {each.kind for each in events_of(follow(NEWS2, COURSE))}


def test_late_entry_by_a_policy() -> None:
    npews = load_chart("npews")
    entry = Entry({"respiratory_rate": 30}, EIGHT, EIGHT + timedelta(hours=1))
    assert [each.kind for each in events_of(follow(npews, [entry], policies=[load_policy("npews-times")]))] == ["retrospective"]


def test_a_table_has_the_events_of_its_people_and_names_who_is_not_followed() -> None:
    lost = WARD.head(1).with_columns(pl.lit("made-up-9").alias("patient_id"), pl.lit("soon").alias("observed_at"))
    table = pl.concat([WARD, lost])
    found = list(table_events(NEWS2, track_frame(NEWS2, table, now=datetime(2026, 11, 21, 5)), table.columns))
    kinds = [(each.person, each.kind) for each in found]
    assert kinds == [
        ("made-up-1", "level_up"), ("made-up-1", "level_up"), ("made-up-1", "late"), ("made-up-2", "superseded"), ("made-up-2", "void"),
        ("made-up-3", "overdue"), ("made-up-9", "unplaced"),
    ]  # fmt: skip
    assert "soon" not in json.dumps(found[-1].to_dict()["why"])


@pytest.mark.parametrize("kind", KINDS)
def test_the_document_names_every_kind(kind: str) -> None:
    assert f"`{kind}`" in (Path(__file__).resolve().parents[2] / "docs" / "episodes.md").read_text(encoding="utf-8")
