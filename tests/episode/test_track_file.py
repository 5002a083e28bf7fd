"""A table that goes through in parts gets the answers of the whole table, sorted or not, and its rows keep their order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mews_newtt import FileError, load_chart
from mews_newtt.episode import load_policy, parts
from mews_newtt.episode.events import lines_of
from mews_newtt.episode.many_schedules import read_schedules
from mews_newtt.episode.parts import PersonComesBack, in_runs, parts_in_runs
from mews_newtt.episode.table_events import EventLines, table_events
from mews_newtt.episode.track import track_frame
from mews_newtt.episode.track_file import Options, track_to
from mews_newtt.tables.formats import Format
from mews_newtt.tables.read import Chunk, Table, read_table
from tests.episode.test_follow import EIGHT, HOUR, NEWS2, WELL

NOW = EIGHT + 50 * HOUR
ROWS = st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 40), st.sampled_from([70, 95, 135, 9999, None])), min_size=1, max_size=14)


def frame_of(rows: list[tuple[str, int, int | None]]) -> pl.DataFrame:
    return pl.DataFrame(
        [{"number": place, "patient_id": who, "observed_at": EIGHT + hour * HOUR, **WELL, "heart_rate": rate} for place, (who, hour, rate) in enumerate(rows)],
        infer_schema_length=None,
    )


def table_of(frame: pl.DataFrame, size: int, again: bool = True) -> Table:
    """The frame as a table that is read a few rows at a time; `again` says whether it is a file, which can be read twice."""

    def chunks() -> Iterator[Chunk]:
        for piece in frame.iter_slices(size):
            yield Chunk(lambda piece=piece: piece, lambda row: row, "made-up")  # type: ignore[misc]  # a default binds the piece

    return Table("made-up", frame.columns, frame.clear(), chunks, int(again))


def through(frame: pl.DataFrame, size: int, path: Path, again: bool = True, events: EventLines | None = None, **options: Any) -> pl.DataFrame:
    path.touch()
    track_to(NEWS2, table_of(frame, size, again), path, Format("parquet"), Options(**options), events)
    return pl.read_parquet(path)


@pytest.fixture(scope="module")
def small_parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Parts so small that a few rows take every way through temporary files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "PART", 1)
        patch.setattr(parts, "ROWS_IN_MEMORY", 4)
        patch.setattr(parts, "WINDOW", 3)
        patch.setattr(parts, "GROUPS", 3)
        yield tmp_path_factory.mktemp("parts") / "out.parquet"


def same(found: pl.DataFrame, wanted: pl.DataFrame) -> bool:
    """Equal but for how Parquet types words."""
    words = [name for name, kind in wanted.schema.items() if isinstance(kind, pl.Enum | pl.Categorical)]
    as_text = pl.col(words).cast(pl.String)
    return found.with_columns(as_text).equals(wanted.with_columns(as_text))


@settings(max_examples=20)
@given(rows=ROWS, size=st.integers(1, 6), sort=st.booleans(), again=st.booleans())
def test_parts_give_what_the_whole_gives(small_parts: Path, rows: list[tuple[str, int, int | None]], size: int, sort: bool, again: bool) -> None:
    frame, lines = frame_of(sorted(rows, key=lambda one: one[:2]) if sort else rows), StringIO()
    whole, events = track_frame(NEWS2, frame, now=NOW), EventLines(NEWS2, frame.columns, None, NOW, lines)
    assert same(through(frame, size, small_parts, again, events, now=NOW), whole)
    assert lines.getvalue() == "".join(lines_of(table_events(NEWS2, whole, frame.columns, now=NOW)))


def test_whoever_waits_is_told_the_rows_and_can_stop_it(tmp_path: Path) -> None:
    told: list[int] = []

    def progress(rows: int, _: float | None) -> None:
        told.append(rows)
        if rows > 4:
            raise TimeoutError

    frame = frame_of([(who, hour, 70) for who in "abc" for hour in range(3)])
    (tmp_path / "out.csv").touch()
    with pytest.raises(TimeoutError):
        track_to(NEWS2, table_of(frame, 2), tmp_path / "out.csv", Format("csv"), Options(), progress=progress)
    assert told == [2, 4, 6]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=12), st.integers(1, 5))
def test_frames_are_cut_between_people_and_nowhere_else(people: list[int], size: int) -> None:
    frame = pl.DataFrame({"patient_id": people})
    runs = [one for place, one in enumerate(people) if place == 0 or people[place - 1] != one]
    comes_back = len(set(runs)) < len(runs)
    assert in_runs(frame.iter_slices(size), "patient_id") is not comes_back
    if comes_back:
        with pytest.raises(PersonComesBack):
            list(parts_in_runs(frame.iter_slices(size), "patient_id"))
        return
    found = list(parts_in_runs(frame.iter_slices(size), "patient_id"))
    assert pl.concat(found).equals(frame)
    assert sum(part.get_column("patient_id").n_unique() for part in found) == len(set(people))


def test_a_part_without_any_time_does_not_change_the_type_of_times(small_parts: Path) -> None:
    rows = frame_of([("a", 0, 70), ("b", 0, 70), ("c", 0, 70)]).with_columns(observed_at=pl.Series(["soon", "2026-11-01 08:00Z", "later"]))
    found = through(rows, 1, small_parts)
    assert found.schema["due_at"] == pl.Datetime("us", "UTC")
    assert found.get_column("set_status").to_list() == ["unplaced", "current", "unplaced"]


@pytest.mark.parametrize("again", [True, False])
def test_parts_with_and_without_an_offset_are_refused_together(small_parts: Path, again: bool) -> None:
    rows = frame_of([("a", 0, 70), ("b", 0, 70)]).with_columns(observed_at=pl.Series(["2026-11-01 08:00", "2026-11-01 08:00Z"]))
    with pytest.raises(FileError) as fault:
        through(rows, 1, small_parts, again)
    assert [problem.code for problem in fault.value.problems] == ["time_without_offset"]


def test_the_counts_of_parts_are_those_of_the_whole(tmp_path: Path) -> None:
    frame = frame_of([(who, hour, 135 if hour else 70) for who in "abc" for hour in (0, 13)])
    sizes = [track_to(NEWS2, table_of(frame, size), tmp_path / "out.csv", Format("csv"), Options(now=NOW)) for size in (1, 100)]
    assert sizes[0] == sizes[1] and (sizes[0].people, sizes[0].rises, sizes[0].late) == (3, 3, 3)


def test_people_with_a_schedule_and_without_sets_are_counted(tmp_path: Path) -> None:
    policies = (load_policy("nice-newborn"),)
    schedules = read_schedules({"patient_id": ["a", "z"], "schedule": ["significant-meconium"] * 2, "starts_at": [EIGHT, EIGHT]}, policies)
    frame = pl.DataFrame({"patient_id": ["a", "b"], "observed_at": [EIGHT + timedelta(minutes=1)] * 2, "heart_rate": [120, 120]})
    summary = track_to(load_chart("newtt2"), table_of(frame, 1), tmp_path / "out.csv", Format("csv"), Options(policies, schedules))
    assert any("no set in this table: 1 person with a schedule" in line for line in summary.says())
    due = read_table(tmp_path / "out.csv").get_column("due_at").to_list()
    assert due[0] == f"{datetime(2026, 11, 1, 9):%Y-%m-%dT%H:%M:%S}" and not due[1]
