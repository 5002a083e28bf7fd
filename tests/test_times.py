"""Times of a series: read exactly, asked for, or refused with the rows named. No order is guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mews_newtt.errors import FileError
from mews_newtt.reading.times import TimeCell, needs_dates, read_times


def cells(*texts: str) -> list[TimeCell]:
    return [TimeCell(row, text) for row, text in enumerate(texts, start=2)]


def refused(*texts: str, dates: str = "") -> list[tuple[str, str]]:
    with pytest.raises(FileError) as fault:
        read_times(cells(*texts), dates)
    assert all(problem.mend and problem.what for problem in fault.value.problems)
    return [(problem.code, problem.where) for problem in fault.value.problems]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-11-20T08:00", "2026-11-20 08:00"),
        ("2026-11-20 08:00", "2026-11-20 08:00"),
        ("2026-11-20 08:00:30", "2026-11-20 08:00:30"),
        ("2026-11-20T08:00Z", "2026-11-20 08:00 UTC"),
        ("2026-11-20T08:00:00.000+01:00", "2026-11-20 08:00 +01:00"),
        ("2026-11-20", "2026-11-20"),
    ],
)
def test_a_time_is_written_as_it_was_given(text: str, words: str) -> None:
    assert [each.words for each in read_times(cells(text))] == [words]


def test_a_date_that_begins_with_the_day_or_the_month_is_asked_for_and_never_guessed() -> None:
    for text in ("05/03/2026 08:00", "5.3.2026 08:00", "25/03/2026 08:00", "03-25-2026", "5/3/2026, 8:00"):
        assert needs_dates(cells(text))
        assert refused(text) == [("time_day_or_month", "observed_at, row 2")], "even where only one of them is possible"
    assert [each.words for each in read_times(cells("05/03/2026 08:00", "25/03/2026 9:05"), "dmy")] == ["2026-03-05 08:00", "2026-03-25 09:05"]
    assert [each.words for each in read_times(cells("05/03/2026 08:00"), "mdy")] == ["2026-05-03 08:00"]
    assert refused("05/03/2026 08:00", "25/03/2026 08:00", dates="mdy") == [("time_unreadable", "observed_at, row 3")]


@pytest.mark.parametrize(
    "text",
    ["8am", "08:00", "20 Nov 2026", "2026-02-30 08:00", "2026-11-20 24:30", "20261120", "2026-W47-5", "45981.33", "05/03/26 08:00", "2026-11-20 8:00", "٢٠٢٦-11-20"],
)
def test_what_is_no_time_is_refused_with_its_row(text: str) -> None:
    assert refused("2026-11-20 08:00", text) == [("time_unreadable", "observed_at, row 3")]


def test_every_row_and_every_kind_of_fault_is_named_at_once() -> None:
    assert refused("", "05/03/2026 08:00", "noon", "2026-11-20 08:00", "") == [
        ("time_blank", "observed_at, rows 2, 6"),
        ("time_day_or_month", "observed_at, row 3"),
        ("time_unreadable", "observed_at, row 4"),
    ]
    assert refused(*[""] * 12) == [("time_blank", "observed_at, rows 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more")]


def test_the_same_time_twice_gives_no_order() -> None:
    assert refused("2026-11-20 06:00", "2026-11-20 08:00", "2026-11-20 06:00") == [("time_twice", "observed_at, rows 2, 4")]
    assert refused("2026-11-20 08:00Z", "2026-11-20 09:00+01:00") == [("time_twice", "observed_at, rows 2, 3")]


def test_days_beside_times_and_offsets_beside_none_give_no_order() -> None:
    assert refused("2026-11-20", "2026-11-20 08:00") == [("time_without_hour", "observed_at, row 2")]
    assert refused("2026-11-20 08:00", "2026-11-20 08:00Z") == [("time_without_offset", "observed_at, row 2")]


@given(st.lists(st.datetimes(), unique=True, max_size=5), st.sampled_from(["", "dmy", "mdy"]))
def test_every_time_that_iso_writes_is_read_as_it_is(times: list, dates: str) -> None:
    texts = [time.isoformat(sep=" ", timespec="microseconds") for time in times]
    assert [each.time for each in read_times(cells(*texts), dates)] == times
