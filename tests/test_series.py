"""The sets of a series: in order of time or without one, every column that was not read named, every warning kept."""

from __future__ import annotations

import pytest

from mews_newtt import load_chart
from mews_newtt.errors import ColumnError, FileError
from mews_newtt.tables.series import Series, read_series

MEWS = load_chart("mews", "0.1")
HEADER = "observed_at,respiratory_rate,heart_rate"


def read(*lines: str, dates: str = "", file_order: bool = False, twice: str = "") -> Series:
    return read_series(MEWS, "\n".join(lines).encode(), dates=dates, file_order=file_order, twice=twice)


def problems(*lines: str) -> list[str]:
    with pytest.raises(FileError) as fault:
        read(*lines)
    return [f"{problem.where}: {problem.what}" for problem in fault.value.problems]


def test_sets_are_put_in_the_order_of_time() -> None:
    found = read(HEADER, "2026-11-20 12:00,16,90", "2026-11-20 08:00,16,80")
    assert found.ordered and [each.when for each in found.sets] == ["2026-11-20 08:00", "2026-11-20 12:00"]
    assert [each.score.parameters[0].id for each in found.sets]
    assert [row.given for each in found.sets for row in each.score.parameters if row.id == "heart_rate"] == ["80", "90"]


@pytest.mark.parametrize("time", ["", "noon", "05/03/2026 12:00"])
def test_one_row_without_a_time_gives_no_order_and_its_row_is_named(time: str) -> None:
    (found,) = problems(HEADER, "2026-11-20 12:00,16,90", f"{time},16,80")
    assert found.startswith("observed_at, row 3")


def test_the_order_of_the_file_is_kept_where_it_is_asked_for_and_never_called_an_order_in_time() -> None:
    found = read(HEADER, "2026-11-20 12:00,16,90", ",16,80", "05/03/2026 12:00,16,70", file_order=True)
    assert not found.ordered and "order of the file" in found.why_not
    assert [each.when for each in found.sets] == ["2026-11-20 12:00", "row 3", "05/03/2026 12:00"]


def test_without_a_column_of_times_there_is_no_order() -> None:
    found = read("Time,heart_rate", "08:00,80", "07:00,90")
    assert not found.ordered and "observed_at" in found.why_not
    assert found.unread == [("Time", "08:00, 07:00")]


def test_every_column_that_is_not_read_is_named_with_what_it_holds() -> None:
    found = read("observed_at,heart_rate,skip_temperature,ward,empty,glucose", "2026-11-20 08:00,80,,A,,4.1", "2026-11-20 09:00,80,asleep,A,,4.2")
    assert found.unread == [("ward", "A"), ("empty", ""), ("glucose", "4.1, 4.2")]
    assert [each.score.skipped for each in found.sets] == [(), ("temperature",)]


def test_a_column_that_may_hold_a_row_without_a_column_stops_the_series() -> None:
    with pytest.raises(ColumnError, match="column BP: looks like systolic_bp or diastolic_bp and would not be read"):
        read("observed_at,heart_rate,BP", "2026-11-20 08:00,80,118/72")


def test_nothing_is_unread_where_every_column_is() -> None:
    assert read(HEADER + ",patient_id", "2026-11-20 08:00,16,80,1").unread == []


def test_a_date_as_it_was_read_is_said() -> None:
    found = read(HEADER, "05/03/2026 08:00,16,80", dates="dmy")
    assert found.dates == "05/03/2026 08:00 is 5 March 2026"


def test_another_date_of_the_column_makes_a_date_clear() -> None:
    found = read(HEADER, "05/03/2026 08:00,16,80", "25/03/2026 08:00,16,90")
    assert found.dates == "05/03/2026 08:00 is 5 March 2026, because 25/03/2026 08:00 can only begin with the day"
    found = read(HEADER, "05/03/2026 08:00,16,80", "03/25/2026 08:00,16,90")
    assert found.dates.startswith("05/03/2026 08:00 is 3 May 2026, because 03/25/2026")
    assert problems(HEADER, "25/03/2026 08:00,16,80", "03/25/2026 08:00,16,90")[0].endswith("may begin with the day or with the month")


@pytest.mark.parametrize(("twice", "counts"), [("last", "90"), ("first", "80")])
def test_of_two_sets_of_one_time_one_counts_and_the_other_is_kept_as_replaced(twice: str, counts: str) -> None:
    lines = (HEADER, "2026-11-20 12:00,16,80", "2026-11-20 12:00,16,90", "2026-11-20 08:00,16,70")
    assert "a time is given to more than one set" in problems(*lines)[0]
    found = read(*lines, twice=twice)
    assert [each.when for each in found.sets] == ["2026-11-20 08:00", "2026-11-20 12:00", "2026-11-20 12:00"]
    (gone,) = [each for each in found.sets if each.replaced]
    rates = {row.given for each in found.sets if not each.replaced for row in each.score.parameters if row.id == "heart_rate"}
    assert rates == {"70", counts} and gone.time == found.sets[-1].time


def test_one_person_only() -> None:
    assert problems("patient_id,heart_rate", "a,80", "b,80") == ["column patient_id: names 2 people"]
    assert problems("patient_id,heart_rate", "a,80", ",80") == ["column patient_id, row 3: names nobody, and other rows name somebody"]


def test_warnings_are_counted_by_set() -> None:
    found = read(HEADER, "2026-11-20 08:00,220,80", "2026-11-20 09:00,16,80")
    assert found.warned == 1
