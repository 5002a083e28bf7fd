"""What a report shows as evidence: cards of suspected faults with their rows drawn, the lowest rows first, and what a platform showed for a pack."""

from __future__ import annotations

import csv
import io

import pyarrow as pa
import pytest

from mews_newtt import load_chart
from mews_newtt.chart.model import Chart
from mews_newtt.errors import FileError
from mews_newtt.reading.pasted import csv_text, pasted_rows
from mews_newtt.validation import validate
from mews_newtt.validation.changes import changes_between, listed_rows
from mews_newtt.validation.diagnosis import Diagnosis, Finding
from mews_newtt.validation.faults import faults_of
from mews_newtt.validation.low_rows import below, could_be_missed, lowest_first
from mews_newtt.validation.packs.shown import answered_csv
from mews_newtt.validation.reports.cards import cards_of
from mews_newtt.validation.reports.html import as_html

NORMAL = {"respiratory_rate": "16", "oxygen_saturation": "97", "air_or_oxygen": "air", "systolic_bp": "120", "heart_rate": "70", "consciousness": "alert", "temperature": "37"}
CASES = [
    {"case_id": "news2-001", "given": NORMAL},
    {"case_id": "news2-002", "given": {**NORMAL, "heart_rate": "131"}},
    {"case_id": "news2-003", "given": {name: text for name, text in NORMAL.items() if name != "heart_rate"}},
]


@pytest.fixture(scope="module")
def news2() -> Chart:
    return load_chart("news2")


def test_a_card_draws_the_chart_and_the_moved_edge(news2: Chart) -> None:
    fault = next(each for each in faults_of(news2, ()) if each.id == "edge:heart_rate.0.3:+2")
    found = Diagnosis(10, 4, [Finding((fault,), 4, 4, 0)], certain=True)
    (card,) = cards_of(news2, found)
    assert card.leads and (card.explains, card.of, card.contradicts, card.together) == (4, 4, 0, 1)
    (drawing,) = card.drawings
    assert drawing.title == "Heart rate (/min)"
    differ = [(ours.readings, theirs.readings) for ours, theirs in zip(drawing.chart, drawing.platform, strict=True) if ours.differs]
    assert differ == [("91-110", "91 to 112"), ("111-130", "113 to 130")]
    assert [band.gives for band in drawing.chart] == [band.gives for band in drawing.platform]
    assert cards_of(news2, None) == cards_of(news2, Diagnosis(1, 1, [Finding((fault,), 1, 1, 0)], not_made="Not diagnosed.")) == []


def test_faults_at_once_have_a_card_each_and_their_counts_together(news2: Chart) -> None:
    first, second = (next(each for each in faults_of(news2, ()) if each.kind == kind) for kind in ("edge_moved", "category_moved"))
    pair = first._replace(joined=(first, second))
    cards = cards_of(news2, Diagnosis(10, 4, [Finding((pair,), 3, 4, 1)]))
    assert [card.words.casefold() for card in cards] == [first.words.casefold(), second.words.casefold()]
    assert {card.together for card in cards} == {2}


def test_the_row_whose_level_is_lowest_below_the_chart_comes_first(news2: Chart) -> None:
    rows = [
        {**NORMAL, "case_id": "high", "expected_total": "9", "expected_level": "High"},
        {**NORMAL, "case_id": "total", "heart_rate": "95", "expected_total": "0", "expected_level": "Low"},
        {**NORMAL, "case_id": "level", "heart_rate": "131", "expected_total": "3", "expected_level": "Low"},
    ]
    document = validate(news2, pa.Table.from_pylist(rows)).to_dict()
    found = lowest_first(news2, listed_rows(document))
    assert [(row.case, low.says) for row, low in found] == [
        ("level", "1 level lower than the chart"),
        ("total", "1 point lower than the chart"),
        ("high", ""),
    ]
    assert could_be_missed(document["by_column"], {}) == [
        "1 row states a lower level than the chart: a person could be missed.",
        "1 row states a lower total than the chart: a person could be missed.",
    ]


def test_what_has_no_one_number_is_not_called_lower(news2: Chart) -> None:
    cells = [{"column": "expected_total", "expected": "1", "computed": "3 to 6"}, {"column": "expected_level", "expected": "?", "computed": "medium"}]
    assert below(news2, cells).says == "" and could_be_missed({}, {}) == []


def test_a_total_of_a_partial_set_could_hide_somebody(news2: Chart) -> None:
    rows = [{**NORMAL, "heart_rate": None, "expected_total": total} for total in ("0", "9")] + [{**NORMAL, "expected_total": "0"}]
    found = validate(news2, pa.Table.from_pylist(rows))
    (line,) = could_be_missed({}, found.kinds)
    assert line == "2 rows state a total although a reading is missing: the true total is not known, and a person could be missed."
    assert line in as_html(found)


def test_a_row_is_read_as_the_chart_reads_it_so_that_it_can_be_scored_again(news2: Chart) -> None:
    rows = [{**NORMAL, "temperature": "37.0000001907", "consciousness": "A", "heart_rate": None, "expected_total": "5"}]
    (row,) = listed_rows(validate(news2, pa.Table.from_pylist(rows)).to_dict())
    assert row.given["consciousness"] == "A" and row.read["consciousness"] == "alert"
    assert row.read["temperature"] == "37.0" or row.read["temperature"] == "37"
    assert "heart_rate" not in row.read


def test_a_reading_that_cannot_be_read_is_not_left_out_of_what_is_scored_again(news2: Chart) -> None:
    (row,) = listed_rows(validate(news2, pa.Table.from_pylist([{**NORMAL, "heart_rate": "fast", "expected_total": "5"}])).to_dict())
    assert row.read["heart_rate"] == "fast"


@pytest.mark.parametrize(("before", "after", "says"), [(1, 0, "Better"), (0, 1, "Worse"), (1, 1, "Nothing changed"), (0, 0, "No row disagrees")])
def test_a_comparison_opens_with_what_changed(news2: Chart, before: int, after: int, says: str) -> None:
    documents = [validate(news2, pa.Table.from_pylist([{**NORMAL, "case_id": "a", "expected_total": str(total)}])).to_dict() for total in (before, after)]
    assert changes_between(*documents).says.startswith(says)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize(
    "pasted",
    [
        "news2-001\t0\tLow\nnews2-002\t3\t\n",
        "Case\tTotal shown\tLevel shown\r\nnews2-001\t0\tLow\r\nnews2-002\t3\r\n",
        "Level;Case;Total\nLow;news2-001;0\n;news2-002;3\n",
        "case_id\trespiratory_rate\texpected_total\texpected_level\nnews2-001\t16\t0\tLow\nnews2-002\t16\t3\t\n",
    ],
)
def test_what_a_platform_showed_is_joined_to_the_cases(news2: Chart, pasted: str) -> None:
    found = rows_of(answered_csv(news2, CASES, pasted))
    assert [(row["case_id"], row["expected_total"], row["expected_level"]) for row in found] == [("news2-001", "0", "Low"), ("news2-002", "3", ""), ("news2-003", "", "")]
    assert [row["heart_rate"] for row in found] == ["70", "131", ""], "the readings are the pack's, whatever was pasted"


@pytest.mark.parametrize(
    ("pasted", "says"),
    [
        ("", "are empty"),
        ("Case\tTotal\nnews2-9\t1\n", "'news2-9', which this pack does not have"),
        ("Case\tTotal\nnews2-001\t1\nnews2-001\t2\n", "twice"),
        ("Case\tPulse\nnews2-001\t1\n", "no column of the platform's total or level"),
        ("Total\tLevel\n1\tLow\n", "no column of case names"),
        ("news2-001\t1\tLow\tmore\n", "no line of column names"),
        ('Case\tTotal\n"news2-001\t1\n', "quotation mark"),
    ],
)
def test_what_cannot_be_joined_is_refused(news2: Chart, pasted: str, says: str) -> None:
    with pytest.raises(FileError, match=says):
        answered_csv(news2, CASES, pasted)


def test_pasted_rows_are_filled_up_and_never_cut() -> None:
    assert csv_text(pasted_rows("a\tb\n1\n\n2\t3\n")) == "a,b\n1,\n2,3\n"
    with pytest.raises(FileError, match="3 cells in row 2"):
        csv_text(pasted_rows("a\tb\n1\t2\t3\n"))
