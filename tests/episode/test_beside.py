"""Two records beside each other: kappa as other programs give it, who is matched with whom, and what is never counted as agreement."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import permutations
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mews_newtt import load_chart
from mews_newtt.cli import main
from mews_newtt.episode.beside.compare import Beside, beside, record_of
from mews_newtt.episode.beside.kappa import LINEAR, QUADRATIC, weighted_kappa
from mews_newtt.episode.beside.match import matched
from mews_newtt.errors import FileError

NEWS2 = load_chart("news2")
WINDOW = timedelta(minutes=10)
WELL = {
    "respiratory_rate": "16", "oxygen_saturation": "98", "air_or_oxygen": "air", "systolic_bp": "120", "heart_rate": "70",
    "consciousness": "alert", "temperature": "37.0",
}  # fmt: skip
THREE, FOUR = [[44, 5, 1], [7, 20, 3], [9, 5, 6]], [[120, 7, 1, 0], [11, 40, 6, 0], [2, 5, 33, 4], [0, 1, 3, 17]]


@pytest.mark.parametrize(
    ("counts", "power", "value", "low", "high"),
    [
        (THREE, LINEAR, 0.4736842105263158, 0.3228083196113609, 0.6245601014412707),
        (THREE, QUADRATIC, 0.4545454545454546, 0.27034863162707257, 0.6387422774638366),
        (FOUR, LINEAR, 0.8301158301158301, 0.7787890857166762, 0.8814425745149841),
        (FOUR, QUADRATIC, 0.8959733691825107, 0.8565191733412885, 0.9354275650237329),
    ],
)
def test_kappa_and_its_interval_are_those_of_statsmodels(counts: list[list[int]], power: int, value: float, low: float, high: float) -> None:
    """Figures of statsmodels 0.15.0 (`cohens_kappa`, with `wt`); the value is also that of scikit-learn 1.9.1 (`cohen_kappa_score`)."""
    found = weighted_kappa(np.array(counts), power)
    assert found[:3] == pytest.approx((value, low, high), abs=1e-12) and found.pairs == sum(map(sum, counts))


def test_kappa_is_not_made_up_where_it_is_not_defined() -> None:
    assert weighted_kappa(np.array([[9, 0], [0, 0]]), LINEAR).value is None  # one category alone
    assert weighted_kappa(np.zeros((3, 3), np.int64), LINEAR).value is None
    assert weighted_kappa(np.array([[5, 0], [0, 5]]), QUADRATIC)[:3] == (1.0, None, None)  # no interval without any width


def times(people: str, *minutes: int) -> pl.DataFrame:
    taken = [datetime(2026, 11, 1) + timedelta(minutes=each) for each in minutes]
    return pl.DataFrame({"@person": list(people), "@taken": taken}, schema={"@person": pl.String, "@taken": pl.Datetime("us")})


def test_the_closest_are_matched_one_to_one() -> None:
    first, second = times("aaab", 0, 12, 30, 0), times("aaabc", 8, 13, 41, 10, 0)
    rows = matched(first, second, WINDOW)
    assert [each.tolist() for each in rows] == [[0, 1, 3], [0, 1, 3]]  # 41 is 11 minutes from 30; 10 minutes are near enough


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 60)), max_size=6),
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 60)), max_size=6),
)
def test_a_match_is_one_to_one_within_the_window_and_leaves_no_pair_that_could_be(
    first: list[tuple[str, int]], second: list[tuple[str, int]]
) -> None:
    one, two = (
        times("".join(who for who, _ in rows), *(at for _, at in rows)) if rows else times("").cast({"@person": pl.String})
        for rows in (first, second)
    )
    left, right = (each.tolist() for each in matched(one, two, WINDOW))
    assert len(set(left)) == len(left) and len(set(right)) == len(right)

    def fits(a: int, b: int) -> bool:
        return first[a][0] == second[b][0] and abs(first[a][1] - second[b][1]) <= 10

    assert all(fits(a, b) for a, b in zip(left, right, strict=True))
    assert not any(fits(a, b) for a in set(range(len(first))) - set(left) for b in set(range(len(second))) - set(right))


def row(person: str, taken: str, **more: str) -> dict[str, str]:
    return {"patient_id": person, "observed_at": f"2026-11-02 {taken}", **WELL, **more}


PAPER = [row("p1", "08:00"), row("p1", "20:00", heart_rate="95"), row("p2", "09:00", temperature=""), row("p3", "10:00"), row("p4", "11:00")]
DIGITAL = [row("p1", "08:04"), row("p1", "20:10", heart_rate="135"), row("p2", "09:00"), row("p3", "10:11"), row("p4", "11:00", heart_rate="")]


def compared(paper: list[dict[str, str]], digital: list[dict[str, str]]) -> Beside:
    return beside(NEWS2, record_of(NEWS2, "paper", pl.DataFrame(paper)), record_of(NEWS2, "digital", pl.DataFrame(digital)), WINDOW)


def test_the_counts_are_those_by_hand() -> None:
    found = compared(PAPER, DIGITAL)
    assert (found.pairs, found.only_first, found.only_second, found.people_both, found.apart_median) == (4, 1, 1, 4, 2.0)
    assert found.totals is not None
    assert (found.totals.pairs, found.totals.agree, found.totals.lower, found.totals.higher, found.totals.not_both) == (2, 1, 0, 1, 2)
    rows = {each.parameter: each[1:] for each in found.rows}
    assert rows["heart_rate"] == (2, 0, 1, 0, 1, 0) and rows["temperature"] == (3, 0, 0, 1, 0, 0) and rows["respiratory_rate"] == (4, 0, 0, 0, 0, 0)
    assert sum(map(sum, found.levels)) == found.level.pairs == 2 and not found.agrees


def test_a_missing_reading_is_never_agreement() -> None:
    found = compared([row("p1", "08:00", heart_rate="")], [row("p1", "08:00", heart_rate="")])
    assert found.totals is not None and found.totals.pairs == 0 and found.totals.not_both == 1 and found.level.not_both == 1
    assert {each.parameter: each.without_both for each in found.rows}["heart_rate"] == 1 and not found.agrees


def test_the_same_record_agrees_with_itself_in_any_order() -> None:
    for order in list(permutations(DIGITAL[:4]))[::7]:
        found = compared(DIGITAL[:4], list(order))
        assert found.agrees and found.totals is not None and found.totals.quadratic.value == 1.0


def test_the_command_compares_and_names_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, rows in (("paper", PAPER), ("digital", DIGITAL)):
        pl.DataFrame(rows).write_csv(tmp_path / f"{name}.csv")
    ask = ["beside", "news2", str(tmp_path / "paper.csv"), str(tmp_path / "digital.csv")]
    assert main([*ask, "--window", "10", "--report", str(tmp_path / "report"), "--date", "x"]) == 1
    said = capsys.readouterr().out
    assert (
        "4 sets in both records; 1 only in the first, 1 only in the second" in said
        and "Heart rate: second gives fewer points in 0, more in 1" in said
    )
    page, document = ((tmp_path / "report" / name).read_text(encoding="utf-8") for name in ("report.html", "report.json"))
    assert "not for care" in page and NEWS2.sha256 in page and "never counted as 0" in page
    assert '"p1"' not in document and "p1" not in page.replace("sha256", "") and json.loads(document)["totals"]["higher"] == 1
    assert main([*ask[:3], ask[2], "--window", "0"]) == 1  # a set without a reading is not known to agree with itself
    assert main([*ask, "--window", "-1"]) == 2


@pytest.mark.parametrize(
    ("digital", "says"),
    [([row("other", "08:00")], "no person in common"), ([{**row("p1", "08:00"), "observed_at": "2026-11-02T08:00+00:00"}], "--zone")],
)
def test_records_that_cannot_be_compared_are_refused(digital: list[dict[str, str]], says: str) -> None:
    with pytest.raises(FileError, match=says):
        compared(PAPER, digital)
