"""The report of a ward: its counts by hand, what it names and what it never names, its files."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mews_newtt import load_chart
from mews_newtt.episode.many_schedules import read_schedules
from mews_newtt.episode.read_policy import load_policy
from mews_newtt.episode.report import tallies, tally
from mews_newtt.episode.report.files import write_ward_report
from mews_newtt.episode.report.page import as_html
from mews_newtt.episode.report.tally import medians
from mews_newtt.episode.report.ward import WardReport, WardReporter, ward_report
from mews_newtt.episode.track import track_frame
from mews_newtt.errors import ColumnError, FileError
from tests.tools import need

CHROMIUM = Path("/usr/bin/chromium")
NEWS2 = load_chart("news2")
WELL = {
    "respiratory_rate": "16", "oxygen_saturation": "98", "air_or_oxygen": "air", "systolic_bp": "120", "heart_rate": "70",
    "consciousness": "alert", "temperature": "37.0",
}  # fmt: skip
NOW = datetime(2026, 11, 4, 0, 0)


def row(person: str, taken: str, **more: str) -> dict[str, str]:
    return {"patient_id": person, "ward": "A", "observed_at": taken, "recorded_at": taken, "reviewed_at": "", **WELL, **more}


def report_of(rows: list[dict[str, str]], **options: object) -> WardReport:
    frame = pl.DataFrame(rows, schema=dict.fromkeys(rows[0], pl.String))
    now = options.pop("now", NOW)
    found = track_frame(NEWS2, frame, now=now)  # type: ignore[arg-type]  # a time or None
    return ward_report(NEWS2, found, source="made-up.csv", now=now, **options)  # type: ignore[arg-type]  # the options of the test


ROWS = [
    row("secret-1", "2026-11-02 08:00"),
    row("secret-1", "2026-11-02 20:00", heart_rate="95"),  # in time; now low, due after 6 hours
    row("secret-1", "2026-11-03 03:00", ward="B", heart_rate="135", reviewed_at="2026-11-03 03:20"),  # an hour late; 3 in one row
    row("secret-2", "2026-11-03 09:00", ward="B"),
    row("secret-2", "2026-11-03 10:00", ward="B", temperature=""),
    row("secret-3", "2026-11-03 09:00", ward="", heart_rate="5000"),
    row("secret-4", "yesterday"),
]


def test_the_counts_are_those_by_hand() -> None:
    found = report_of(ROWS).counts
    every = found.all
    assert (every.people, every.sets, every.complete, every.partial, every.refused) == (3, 6, 4, 1, 1)
    assert (every.due, every.in_time, every.late, every.late_median, every.rises) == (3, 2, 1, 60.0, 2)
    assert [(group.name, group.sets, group.due, group.in_time) for group in found.wards] == [("B", 3, 2, 1), ("A", 2, 1, 1), ("not given", 1, 0, 0)]
    assert [(group.name, group.sets) for group in found.weeks] == [("2026-11-02", 6)]
    assert found.lacking == (("temperature", 1),)
    stays = {stay.level: stay for stay in found.stays}
    assert (stays["Routine"].sets, stays["Routine"].stays, stays["Routine"].ended, stays["Routine"].minutes) == (3, 2, 1, 12 * 60 + 60)
    assert (stays["Low"].minutes, stays["Low"].median) == (7 * 60, 7 * 60)
    assert stays["Low to medium"].minutes == 0 and stays["Low to medium"].stays == 1  # nothing is known after the last set
    assert [(one.level, one.times, one.waited, one.median) for one in found.rises] == [("Low", 1, 1, 420.0), ("Low to medium", 1, 0, None)]
    assert found.reviews is not None
    assert [(one.level, one.times, one.waited, one.median) for one in found.reviews] == [("Low", 1, 0, None), ("Low to medium", 1, 1, 20.0)]
    assert found.overdue is not None and [(one.level, one.people) for one in found.overdue] == [("Low to medium", (0, 1, 0)), ("Routine", (1, 0, 0))]
    assert [(one.rows, one.people) for one in found.lost] == [(1, 1)]


def test_weeks_add_up_to_all_and_so_do_wards() -> None:
    found = report_of([row(f"secret-{n % 7}", f"2026-11-{2 + n:02} 08:{n:02}", ward="ABC"[n % 3]) for n in range(25)]).counts
    for groups in (found.weeks, found.wards):
        for name in ("sets", "complete", "due", "in_time", "rises"):
            assert sum(getattr(group, name) for group in groups) == getattr(found.all, name)


SETS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", "d"]), st.integers(0, 300), st.sampled_from(["70", "95", "135", "5000", ""]), st.sampled_from(["A", "B", ""]),
        st.sampled_from([None, -3, 20, 400]),
    ),
    min_size=1, max_size=25, unique_by=lambda one: one[:2],
)  # fmt: skip


@given(SETS, st.lists(st.integers(1, 3), min_size=1, max_size=4))
def test_a_table_in_parts_gives_the_report_of_the_whole_table(sets: list[tuple[str, int, str, str, int | None]], sizes: list[int]) -> None:
    start = datetime(2026, 10, 30, 8)
    rows = []
    for person, hours, rate, ward, reviewed in sorted(sets, key=lambda one: one[0]):
        taken = start + timedelta(hours=hours)
        seen = "" if reviewed is None else f"{taken + timedelta(minutes=reviewed):%Y-%m-%d %H:%M}"
        rows.append(row(person, f"{taken:%Y-%m-%d %H:%M}", heart_rate=rate, ward=ward, reviewed_at=seen))
    found = track_frame(NEWS2, pl.DataFrame([*rows, ROWS[-1]]), now=NOW)
    whole = ward_report(NEWS2, found, source="made-up.csv", now=NOW, persons=["a"] if sets[0][0] == "a" else [], waits=True)
    reporter = WardReporter(NEWS2, list(rows[0]), now=NOW, persons=["a"] if sets[0][0] == "a" else [], waits=True)
    reporter.add(found)  # what came before a restart counts nothing
    reporter.again()
    people = found.get_column("patient_id").unique(maintain_order=True).to_list()
    while people:
        size = sizes[len(people) % len(sizes)]
        chosen, people = people[:size], people[size:]
        reporter.add(found.filter(pl.col("patient_id").is_in(chosen)))
    assert reporter.report("made-up.csv").to_dict() == whole.to_dict()
    assert reporter.report("made-up.csv").waits == whole.waits


def test_the_median_of_counted_values_is_that_of_the_values() -> None:
    values = [5.0, 1.0, 1.0, 9.0, 30.0, 2.0]
    for many in range(1, len(values) + 1):
        counted = pl.DataFrame({"key": ["x"] * many, "value": values[:many], "many": [1] * many})
        assert medians(counted, "key", "value", "many") == {"x": median(values[:many])}


def test_a_column_that_names_no_wards_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies, "MOST_WARDS", 1)
    with pytest.raises(FileError, match="column ward: has more than 1 different values, so it names no wards"):
        report_of(ROWS)
    monkeypatch.setattr(tally, "MOST_KEYS", 1)
    with pytest.raises(FileError, match="holds more than 1 different"):
        report_of(ROWS)


def test_no_person_is_named_unless_the_user_asks() -> None:
    report = report_of(ROWS)
    page, document = as_html(report), json.dumps(report.to_dict())
    assert "secret" not in page and "secret" not in document
    asked = report_of(ROWS, persons=["secret-1"])
    page, document = as_html(asked), json.dumps(asked.to_dict())
    assert "The course of secret-1" in page and "secret-2" not in page + document
    assert "1 h late" in page and "heart rate 1 to 3" in page


def test_what_the_page_must_say() -> None:
    page = as_html(report_of(ROWS, not_read=["not read: hospital"]))
    for words in (
        "not for care",
        NEWS2.sha256,
        "not read: hospital",
        "2 of 3 sets with a due time came in time (66.7%)",
        "missing reading is never counted",
    ):
        assert words in page
    assert "observed_at is not a time" in page and "Run chart" in page


def test_without_a_source_nothing_is_late() -> None:
    chart = load_chart("mews")
    rows = [{"patient_id": "x", "observed_at": f"2026-11-0{day} 08:00", **WELL, "patient_group": "pregnant"} for day in (1, 2)]
    report = ward_report(chart, track_frame(chart, pl.DataFrame(rows)), source="made-up.csv")
    page = as_html(report)
    assert report.counts.all.due == 0 and "no due times" in page and "none is made up" in page
    assert report.counts.overdue is None and report.counts.reviews is None and "no column reviewed_at" in page and "no column ward" in page


def test_a_policy_is_named_with_its_version_and_status() -> None:
    chart, policy = load_chart("npews"), load_policy("npews-times")
    rows = [{"patient_id": "x", "observed_at": "2026-11-01 08:00", "recorded_at": "2026-11-01 08:11", "age_years": "2"}]
    report = ward_report(chart, track_frame(chart, pl.DataFrame(rows), policies=[policy]), source="made-up.csv", policies=[policy])
    page = as_html(report)
    assert report.counts.all.retrospective == 1 and "later than the policy allows: 1 of 1 set (100.0%)" in page
    assert f"version {policy.version}, status {policy.status}" in page


def test_hostile_words_stay_words() -> None:
    evil = '<script>alert("x")</script>'
    page = as_html(report_of([row(evil, "2026-11-02 08:00", ward=evil)], persons=[evil]))
    assert "<script" not in page and "&lt;script&gt;" in page


def test_many_wards_and_many_people_make_no_longer_page() -> None:
    few = as_html(report_of([row(f"p{n}", f"2026-11-02 08:{n:02}", ward=f"ward {n}") for n in range(45)]))
    many = as_html(report_of([row(f"p{n}", f"2026-11-02 {n // 60:02}:{n % 60:02}", ward=f"ward {n % 1000}") for n in range(1200)]))
    assert "960 more wards are not shown" in many and len(many) < len(few) + 2000


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"ward": "bay"}, ColumnError, "no column bay"),
        ({"persons": ["nobody"]}, FileError, "no row in the file"),
        ({"persons": ["secret-4"]}, FileError, "could not be followed"),
    ],
)
def test_what_cannot_be_reported_is_said(options: dict[str, object], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        report_of(ROWS, **options)


def test_the_files_are_the_same_again_and_an_old_list_does_not_stay(tmp_path: Path) -> None:
    named = report_of(ROWS, waits=True)
    first = {path.name: path.read_bytes() for path in write_ward_report(named, tmp_path)}
    assert first == {path.name: path.read_bytes() for path in write_ward_report(named, tmp_path)}
    lines = first["overdue.csv"].decode().splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == ["secret-2", "secret-1"]
    assert json.loads(first["report.json"])["not_for_care"] is True
    write_ward_report(report_of(ROWS), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "report.json"]


@pytest.mark.deep
def test_the_page_passes_the_accessibility_check_and_prints(tmp_path: Path) -> None:
    need("chromium", CHROMIUM.exists())
    days = [row(f"p{n}", f"2026-11-{1 + n // 2:02} {8 + 10 * (n % 2):02}:00") for n in range(56)]
    write_ward_report(report_of([*days, *ROWS], persons=["secret-1", "secret-2"], now=datetime(2026, 11, 30)), tmp_path)
    with ThreadPoolExecutor(1) as own:  # another test of this process may hold a browser open, and one thread holds only one
        own.submit(axe_finds_nothing, (tmp_path / "report.html").as_uri()).result()


def axe_finds_nothing(address: str) -> None:
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        try:
            page = browser.new_page(viewport={"width": 400, "height": 900})
            page.goto(address)
            result = Axe().run(page)
            assert result.violations_count == 0, result.generate_report()
            for width in (400, 1200):
                page.set_viewport_size({"width": width, "height": 900})
                assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"sideways scrolling at {width}"
        finally:
            browser.close()


def test_schedules_hold_in_the_words_about_a_person() -> None:
    policies, chart = [load_policy("nice-newborn")], load_chart("newtt2")
    table = pl.DataFrame({"patient_id": ["a"], "observed_at": ["2026-11-02 08:00"], "heart_rate": ["120"]})
    held = {"patient_id": ["a"], "schedule": ["significant-meconium"], "starts_at": ["2026-11-02 07:30"]}
    schedules = read_schedules(held, policies)
    found = track_frame(chart, table, policies=policies, schedules=schedules, now=NOW)
    report = ward_report(chart, found, source="made-up.csv", policies=policies, schedules=schedules, now=NOW, persons=["a"])
    assert "holds for 1 person" in as_html(report) and report.to_dict()["schedules"]["significant-meconium"] == 1
    due = report.stories[0].episode.due
    assert due is not None and [due.at] == found.get_column("due_at").to_list()


def test_the_report_says_only_what_is_so_of_a_file_with_one_set_a_person() -> None:
    page = as_html(report_of(ROWS[:1]))
    assert "none is made up" not in page and "No set follows one of the same person that gave a due time" in page
    early = as_html(report_of(ROWS[:3], now=datetime(2020, 1, 1)))
    assert "3 sets were taken after that time. Check it: more people may be overdue." in early
