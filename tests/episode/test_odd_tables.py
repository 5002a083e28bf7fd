"""What tables of hospitals hold besides good rows: ids that became floats, times that stand for no time, a time to count to that is a slip."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mews_newtt import ColumnError, FileError, ObservationError
from mews_newtt.cli import main
from mews_newtt.episode import Entry, follow
from mews_newtt.episode.beside.compare import beside, record_of
from mews_newtt.episode.beside.page import summary_text
from mews_newtt.episode.lazy import track_lazy_frame
from mews_newtt.episode.read_times import placed_in_time
from mews_newtt.episode.summary import Summary, summary_of
from mews_newtt.episode.table_events import table_events
from mews_newtt.episode.track import track_frame
from tests.episode.test_follow import EIGHT, HOUR, MEWS, NEWS2, WELL

NAN = float("nan")
WARD = Path(__file__).resolve().parents[2] / "examples" / "episodes" / "ward.csv"


def table(**columns: list[Any]) -> pl.DataFrame:
    """Sets of well people, an hour apart where no times are given."""
    many = len(next(iter(columns.values())))
    usual = {"patient_id": ["a"] * many, "observed_at": [EIGHT + place * HOUR for place in range(many)]}
    return pl.DataFrame({**{name: [value] * many for name, value in WELL.items()}, **usual, **columns}, strict=False)


def summary(chart: Any, found: pl.DataFrame) -> Summary:
    """The counts of a followed table."""
    return summary_of(chart, (), found, placed_in_time(found, "patient_id", "observed_at", (), None))


def statuses(frame: pl.DataFrame, **options: Any) -> list[str]:
    return track_frame(NEWS2, frame, **options).get_column("set_status").to_list()


def test_an_id_that_is_not_there_is_never_the_name_of_a_set() -> None:
    """A table of numbers with a blank among them arrives as floats, with NaN for the blank. NaN would make all these sets versions of one."""
    frame = table(set_id=[NAN, NAN, 7.0, 7.0], recorded_at=[EIGHT + place * HOUR for place in range(4)])
    assert statuses(frame) == ["current", "current", "superseded", "current"]


def test_nobody_is_no_person_and_a_float_is_the_whole_number_that_it_was() -> None:
    found = track_frame(NEWS2, table(patient_id=[NAN, NAN, 7.0, 7.0]))
    assert found.get_column("set_status").to_list() == ["unplaced", "unplaced", "current", "current"]
    assert found.get_column("track_error").to_list()[:2] == ["patient_id is blank"] * 2
    lines = summary(NEWS2, found).says()
    assert "2 sets of 1 person" in lines[0] and "not followed: 0 people (2 rows, 2 of them without a person)" in lines[-1]
    events = [event.to_dict() for event in table_events(NEWS2, found, table(patient_id=["a"]).columns)]
    assert [(event["event"], event.get("person")) for event in events] == [("unplaced", None)] * 2
    with_blanks = track_frame(NEWS2, table(patient_id=["a", " a", "A"]))
    assert with_blanks.get_column("minutes_since_last").to_list() == [None, 60, None]
    assert summary(NEWS2, with_blanks).people == 2


@pytest.mark.parametrize("person", [1.5, 2.0**60, float("inf"), True, b"a", datetime(2026, 11, 1), ["a"]])
def test_what_cannot_be_an_id_is_a_clear_error(person: Any) -> None:
    with pytest.raises(ColumnError, match="patient_id"):
        track_frame(NEWS2, table(patient_id=[person]))


def test_void_as_floats_with_blanks_is_read() -> None:
    assert statuses(table(void=[NAN, 1.0, 0.0])) == ["current", "void", "current"]


@pytest.mark.parametrize("far", ["9999-12-31 23:59", "0001-01-01 00:00", datetime(9999, 12, 31, 23, 59)])
@pytest.mark.parametrize("column", ["observed_at", "recorded_at", "reviewed_at", "born_at"])
def test_a_time_that_stands_for_no_time_is_told(far: Any, column: str) -> None:
    found = track_frame(NEWS2, table(**{column: [far]}))
    assert found.get_column("track_error").to_list() == [f"{column} is not between the years 1901 and 3000"]
    times = {"observed_at": EIGHT, **({column: datetime(9999, 12, 31, 23, 59)} if column in Entry._fields else {})}
    with pytest.raises(ObservationError, match="9999"):
        follow(NEWS2, [Entry(WELL, **times)], born=None if column in Entry._fields else datetime(9999, 12, 31))


def test_a_time_of_pandas_that_is_none_is_no_time() -> None:
    pandas = pytest.importorskip("pandas")
    with pytest.raises(ObservationError) as fault:
        follow(NEWS2, [Entry(WELL, EIGHT, recorded_at=pandas.NaT)])
    assert [problem.code for problem in fault.value.problems] == ["not_a_time"]


@pytest.mark.parametrize("now", [datetime(2026, 10, 25, 1, 30), datetime(2026, 3, 29, 1, 30)])
def test_a_time_to_count_to_that_the_zone_has_twice_or_not_at_all_is_refused(now: datetime) -> None:
    with pytest.raises(FileError, match="twice, or not at all"):
        track_frame(NEWS2, table(observed_at=["2026-03-01 08:00"]), zone="Europe/London", now=now)
    track_frame(NEWS2, table(observed_at=["2026-03-01 08:00"]), zone="Europe/London", now=now.replace(tzinfo=UTC))


def says(frame: pl.DataFrame, chart: Any = NEWS2, **options: Any) -> str:
    return "\n".join(summary(chart, track_frame(chart, frame, **options)).says())


def test_the_summary_says_only_what_is_so() -> None:
    one = says(table(patient_id=["a"]), now=EIGHT + 13 * HOUR)
    assert "none is made up" not in one and "none follows a set of the same person" in one and "overdue now: 1 person" in one
    assert "none is made up" in says(table(patient_id=["a"]), MEWS)
    assert says(table(patient_id=["a"]).clear()).splitlines() == ["NEWS2 2017.1 (verified): 0 sets of 0 people"]
    early = says(table(patient_id=["a", "b"]), now=EIGHT - HOUR)
    assert "overdue now: 0 people" in early and "2 sets were taken after the time to which overdue is counted" in early


@pytest.mark.parametrize("person", [NAN, 7.0])
def test_where_the_data_is_an_id_is_text_or_a_whole_number(person: float) -> None:
    with pytest.raises(ColumnError, match="patient_id"):
        track_lazy_frame(NEWS2, table(patient_id=[person]).lazy())
    with pytest.raises(ColumnError, match="offset"):
        track_lazy_frame(NEWS2, table(patient_id=["a"]).lazy(), now=datetime(2026, 11, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    "written",
    [["-o", "ward.csv"], ["--events", "ward.csv"], ["-o", "held.csv"], ["-o", "new.csv", "--events", "new.csv"], ["--events", "-"], ["--report", "month"]],
)
def test_no_file_that_is_read_is_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, written: list[str]) -> None:
    monkeypatch.chdir(tmp_path)
    Path("month").mkdir()
    held = "month/overdue.csv" if "month" in written else "held.csv"
    Path("ward.csv").write_bytes(WARD.read_bytes())
    Path(held).write_text("patient_id,schedule,starts_at\n", encoding="utf-8")
    assert main(["track", "news2", "ward.csv", "--schedules", held, *written]) == 2
    assert "[error: output_" in capsys.readouterr().err
    assert Path("ward.csv").read_bytes() == WARD.read_bytes() and Path(held).read_text(encoding="utf-8").count("\n") == 1
    assert sorted(path.name for path in Path().iterdir()) == sorted({"month", "ward.csv", held.partition("/")[0]})


def test_events_go_to_standard_output_where_the_rows_go_to_a_file(tmp_path: Path, capsys: Any) -> None:
    assert main(["track", "news2", str(WARD), "-o", str(tmp_path / "rows.csv"), "--events", "-", "--now", "2026-11-21T05:00"]) == 0
    kinds = [json.loads(line)["event"] for line in capsys.readouterr().out.splitlines()]
    assert kinds.count("overdue") == 1 and kinds.count("superseded") == 1


def test_people_who_could_not_be_followed_are_no_agreement() -> None:
    whole, lost = table(patient_id=["a", "b"]), table(patient_id=["a", "b", "c"], observed_at=[EIGHT, EIGHT + HOUR, None])
    same, less = (beside(NEWS2, record_of(NEWS2, "one", whole), record_of(NEWS2, "two", other), timedelta(0)) for other in (whole, lost))
    assert same.agrees and not less.agrees
    assert "1 row of the second record not compared" in summary_text(less) and "not compared" not in summary_text(same)
