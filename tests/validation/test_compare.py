"""A platform's answers beside the chart's: what agrees, what disagrees and how, counted for every row."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mews_newtt import ColumnError, FileError, load_chart, score
from mews_newtt.reading.columns import ColumnMap, read_map
from mews_newtt.validation import collect
from mews_newtt.validation.compare import diagnosed, validate, validate_file

ROOT = Path(__file__).resolve().parents[2]
DEMO = load_chart(str(ROOT / "rules" / "mews" / "0.1.toml"))
QUIET = {
    "respiratory_rate": "16",
    "oxygen_saturation": "98",
    "temperature": "36.6",
    "heart_rate": "84",
    "systolic_bp": "118",
    "diastolic_bp": "75",
    "consciousness": "alert",
    "concern": "none",
}


def table(*rows: dict[str, Any]) -> pl.DataFrame:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pl.DataFrame({name: [row.get(name) for row in rows] for name in names})


def kinds(row: dict[str, Any], **more: Any) -> dict[str, int]:
    return dict(validate(DEMO, table({**QUIET, **row}), **more).kinds)


@pytest.mark.parametrize("cell", ["0", "0.0", " 0 ", "+0", "0.", "00"])
def test_a_total_agrees_however_a_whole_number_is_written(cell: str) -> None:
    found = validate(DEMO, table({**QUIET, "expected_total": cell}))
    assert (found.verdict, found.compared, found.agreed) == ("agrees", 1, 1)


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"expected_total": "2"}, "total"),
        ({"expected_total": "-1"}, "total"),
        ({"expected_total": "99999999999999999999"}, "total"),
        ({"expected_total": "high"}, "not_a_number"),
        ({"expected_total": "1_0"}, "not_a_number"),
        ({"expected_total": "0.5"}, "not_a_number"),
        ({"expected_level": "escalate"}, "level"),
        ({"expected_level": "purple"}, "unknown_level"),
        ({"expected_points_heart_rate": "1"}, "points"),
        ({"heart_rate": "", "expected_total": "0"}, "total_of_partial"),
        ({"heart_rate": "", "expected_total": "9"}, "outside_bounds"),
        ({"heart_rate": "", "expected_level": "escalate"}, "level_of_partial"),
        ({"heart_rate": "", "expected_points_heart_rate": "0"}, "points_of_missing"),
        ({"heart_rate": "5000", "expected_total": "0"}, "score_of_refused"),
        ({"heart_rate": "5000", "expected_level": "routine"}, "score_of_refused"),
        ({"heart_rate": "", "expected_status": "complete"}, "status"),
    ],
)
def test_each_kind_of_disagreement_is_its_own(row: dict[str, str], kind: str) -> None:
    assert kinds(row) == {kind: 1}


@pytest.mark.parametrize("cell", ["", "  ", None, "nan", "NULL"])
def test_a_blank_cell_states_nothing_and_is_told(cell: str | None) -> None:
    found = validate(DEMO, table({**QUIET, "expected_total": cell}, {**QUIET, "expected_total": "0"}))
    assert (found.rows, found.compared, found.agreed) == (2, 1, 1)
    assert "1 cell is blank" in found.notes[0]
    assert validate(DEMO, table({**QUIET, "expected_total": cell})).verdict == "nothing_compared"


def test_blanks_disagree_where_an_answer_was_asked_for() -> None:
    rows = table({**QUIET, "expected_total": ""}, {**QUIET, "heart_rate": "", "expected_total": ""})
    assert dict(validate(DEMO, rows, blanks_disagree=True).kinds) == {"left_out": 1}, "a partial set has no total to leave out"


@pytest.mark.parametrize("name", ["routine", "Routine", " ROUTINE "])
def test_levels_are_known_by_id_and_title(name: str) -> None:
    assert validate(DEMO, table({**QUIET, "expected_level": name})).verdict == "agrees"


def test_level_titles_may_be_written_with_spaces_or_hyphens() -> None:
    chart = load_chart("news2")
    rows = {
        "respiratory_rate": "25",
        "oxygen_saturation": "98",
        "air_or_oxygen": "air",
        "systolic_bp": "120",
        "heart_rate": "70",
        "consciousness": "alert",
    }
    rows["temperature"] = "37.0"
    assert validate(chart, table({**rows, "expected_level": "Low to Medium"}, {**rows, "expected_level": "low_medium"})).verdict == "agrees"


def test_a_total_on_a_chart_without_points() -> None:
    chart = next(load_chart(name) for name in ("meows", "mewt", "mewc") if not load_chart(name).has_points)
    reading = {"heart_rate": "80", "temperature": "36.8"}
    assert set(validate(chart, table({**reading, "expected_total": "0"})).kinds) == {"total_without_points"}


def test_lower_and_higher_are_counted_apart() -> None:
    fast = {**QUIET, "heart_rate": "120"}
    found = validate(DEMO, table({**fast, "expected_total": "0"}, {**fast, "expected_total": "5"}, {**fast, "expected_total": "2"}))
    column = found.by_column["expected_total"]
    assert (column.lower, column.higher, column.agreed) == (1, 1, 1)


def test_a_column_is_ignored_by_its_own_name() -> None:
    rows = table({**QUIET, "EWS": "5"})
    assert validate(DEMO, rows, column_map=ColumnMap(columns={"EWS": "expected_total"})).compared == 1
    with pytest.raises(ColumnError, match="none of them holds the platform's scores"):
        validate(DEMO, rows, column_map=ColumnMap(columns={"EWS": "expected_total"}, ignore=frozenset(("EWS",))))


def test_nothing_expected_is_told_with_a_suggestion() -> None:
    with pytest.raises(ColumnError) as told:
        validate(DEMO, table({**QUIET, "mews_score": "1"}))
    assert "mews_score=expected_total" in str(told.value)


def test_columns_that_scoring_would_add_do_not_stand_in_the_way() -> None:
    found = validate(DEMO, table({**QUIET, "total": "0", "level": "x", "expected_total": "0"}))
    assert found.verdict == "agrees" and "level" in found.ignored


def test_the_explanation_is_the_reference_scorers() -> None:
    row = {**QUIET, "heart_rate": "107", "temperature": "37.9"}
    found = validate(DEMO, table({**row, "case_id": "SYNTHETIC-1", "expected_total": "2"}))
    one, right = found.disagreements[0], score(DEMO, row)
    assert (one.row, one.case_id, one.says) == (1, "SYNTHETIC-1", right.says)
    assert one.cells[0].computed == str(right.total)
    assert any(line.startswith("Heart rate 107") for line in one.why)


def test_every_row_is_counted_though_the_list_is_capped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(collect, "MOST_LISTED", 10)
    rows = table(*[{**QUIET, "expected_total": "3"}] * 50)
    path = tmp_path / "x.csv"
    rows.write_csv(path)
    found = validate_file(DEMO, path)
    assert (found.disagreed, found.kinds["total"], len(found.disagreements), found.listed_all) == (50, 50, 10, False)
    assert found.disagreements[0].row == 2, "the header is row 1"
    assert found.worst is not None
    found.worst.write(tmp_path / "all.csv")
    lines = pl.read_csv(tmp_path / "all.csv")
    assert lines.height == 50 and lines["row"].to_list() == list(range(2, 52))


def test_edges_are_counted_from_both_sides() -> None:
    band = DEMO.by_id["heart_rate"].tables[0].bands[3]
    low = band.interval.low if band.interval else None
    assert low is not None
    rows = [{**QUIET, "heart_rate": str(value), "expected_points_heart_rate": "0"} for value in (low - 1, low, low + 1)]
    found = validate(DEMO, table(*rows))
    edge = found.exercised.edges["heart_rate", 0, 3]
    assert (edge.last_below.rows, edge.last_below.disagreed, edge.first_above.rows, edge.first_above.disagreed) == (1, 0, 1, 1)
    assert (edge.near_above.rows, edge.near_above.disagreed) == (2, 2)
    assert {item.kind for item in found.exercised.items() if not item.rows} >= {"band", "edge", "level"}


def test_the_public_set_disagrees_in_376_of_1000_rows() -> None:
    chart, column_map = load_chart("news2"), read_map([str(ROOT / "examples" / "nhsr_news2_map.toml")])
    found = validate_file(chart, ROOT / "examples" / "nhsr_synthetic_news.csv", column_map=column_map)
    assert (found.rows, found.compared, found.disagreed, found.verdict) == (1000, 1000, 376, "disagrees")
    assert found.total_matrix is not None and sum(found.total_matrix.counts.values()) == 1000
    assert sum(times for (stated, right), times in found.total_matrix.counts.items() if stated == right) == 624
    assert len({one.row for one in found.disagreements}) == 376 and found.listed_all


def test_files_of_every_format_give_the_same(tmp_path: Path) -> None:
    rows = table(*({**QUIET, "heart_rate": str(60 + n), "expected_total": str(n % 3), "case_id": f"S{n}"} for n in range(80)))
    rows.write_csv(tmp_path / "a.csv")
    rows.write_parquet(tmp_path / "a.parquet")
    rows.write_ndjson(tmp_path / "a.ndjson")
    found = [validate_file(DEMO, tmp_path / f"a.{kind}").to_dict() for kind in ("csv", "parquet", "ndjson")]
    for one in found:
        one.pop("source")
        for row in one["disagreements"]:
            row.pop("row")
    assert found[0] == found[1] == found[2]


def test_a_ragged_row_is_told_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("heart_rate,expected_total\n80,1\n80\n")
    with pytest.raises(FileError, match="row 3"):
        validate_file(DEMO, tmp_path / "x.csv")


def test_the_diagnosis_of_a_long_file_keeps_its_disagreements(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect, "WRONG_KEPT", 20)
    monkeypatch.setattr(collect, "RIGHT_KEPT", 50)
    rows = []
    for n in range(400):
        reading = {**QUIET, "heart_rate": str(90 + n % 30)}
        total = score(DEMO, reading).total or 0
        rows.append({**reading, "expected_total": str(total - (107 <= 90 + n % 30 < 110))})
    found = diagnosed(validate(DEMO, table(*rows)))
    assert found.disagreed == 39
    assert found.diagnosis is not None and found.diagnosis.sampled and 10 <= found.diagnosis.disagreements <= 20
    assert "heart rate" in found.diagnosis.words.casefold() and "110" in found.diagnosis.words


def test_values_and_units_of_a_map_hold_for_the_diagnosis_too() -> None:
    rows = table(*({**QUIET, "pulse": str(100 + n), "temperature": "98", "NEWS": "0", "expected_level": "ROUTINE"} for n in range(12))).drop(
        "heart_rate"
    )
    column_map = ColumnMap({"pulse": "heart_rate", "NEWS": "expected_total"}, units={"temperature": "[degF]"})
    found = diagnosed(validate(DEMO, rows, column_map=column_map))
    assert found.disagreed == 5 and found.diagnosis is not None and found.diagnosis.disagreements == 5


CELLS = st.sampled_from(["", "0", "1", "2", " 1 ", "2.0", "x", "12"])
READINGS = st.fixed_dictionaries(
    {
        "heart_rate": st.one_of(st.just(""), st.integers(40, 160).map(str), st.just("abc")),
        "temperature": st.one_of(st.just(""), st.decimals(34, 40, places=2).map(str)),
        "respiratory_rate": st.integers(5, 40).map(str),
        "oxygen_saturation": st.integers(85, 100).map(str),
        "systolic_bp": st.integers(70, 180).map(str),
        "diastolic_bp": st.integers(40, 110).map(str),
        "consciousness": st.sampled_from(["alert", "voice", ""]),
        "concern": st.sampled_from(["none", "present", ""]),
        "expected_total": CELLS,
        "expected_points_heart_rate": CELLS,
        "expected_level": st.sampled_from(["", "routine", "Escalate", "?"]),
    }
)


def agrees(row: dict[str, str]) -> bool | None:
    """The same by the reference scorer, cell by cell; None where nothing is stated."""
    result = score(DEMO, {name: cell for name, cell in row.items() if not name.startswith("expected_")}, raise_refused=False)
    refused = result.status == "refused"
    right: dict[str, Any] = {"expected_total": result.total, "expected_points_heart_rate": None if refused else result.points().get("heart_rate")}
    found = []
    for name, computed in right.items():
        cell = row[name].strip()
        if cell:
            found.append(cell.replace(".", "").isdigit() and computed is not None and Decimal(cell) == computed)
    if row["expected_level"]:
        found.append(not refused and row["expected_level"].casefold() == result.level)
    return all(found) if found else None


@settings(max_examples=25, deadline=None)
@given(st.lists(READINGS, min_size=1, max_size=30))
def test_row_by_row_it_is_what_the_reference_says(rows: list[dict[str, str]]) -> None:
    found = validate(DEMO, table(*rows))
    verdicts = [agrees(row) for row in rows]
    assert found.compared == sum(verdict is not None for verdict in verdicts)
    assert [one.row for one in found.disagreements] == [place for place, verdict in enumerate(verdicts, start=1) if verdict is False]
    assert found.rows == found.complete + found.partial + found.refused == len(rows)
    for column in found.by_column.values():
        assert column.compared == column.agreed + column.disagreed and column.compared + column.blank == len(rows)
    assert sum(found.kinds.values()) == sum(column.disagreed for column in found.by_column.values())


@pytest.mark.parametrize("name", ["meows", "mewc", "mewt", "npews"])
def test_a_level_named_none_is_an_answer_and_not_a_blank(name: str) -> None:
    chart = load_chart(name)
    loud = next(p for p in chart.parameters if p.role == "scored" and p.observation.numeric)
    row = {p.id: "" for p in chart.parameters if p.role == "scored"} | {
        loud.id: str(loud.tables[0].bands[0].interval.high if loud.tables[0].bands[0].interval else "")
    }
    stated = validate(chart, table({**row, "expected_level": "none"}))
    assert stated.compared == 1 and stated.by_column["expected_level"].blank == 0
    assert validate(DEMO, table({**QUIET, "expected_level": "none"})).compared == 0, "a chart without such a level"


@pytest.mark.parametrize(("cell", "side"), [("-" + "9" * 30, "lower"), ("9" * 30, "higher"), ("-1", "lower")])
def test_a_number_however_long_is_on_its_own_side(cell: str, side: str) -> None:
    found = validate(DEMO, table({**QUIET, "expected_total": cell}))
    assert getattr(found.by_column["expected_total"], side) == 1
    assert validate(DEMO, table({**QUIET, "expected_total": "0" * 30})).verdict == "agrees"


def test_a_column_named_twice_is_told() -> None:
    import pyarrow as pa

    columns = [pa.array(["84"]), pa.array(["0"]), pa.array(["1"])]
    with pytest.raises(ColumnError):
        validate(DEMO, pa.Table.from_arrays(columns, names=["heart_rate", "expected_total", "expected_total"]))


def test_the_diagnosis_looks_at_the_same_cells() -> None:
    """One reader of expected cells: what validation calls blank, or wrong, the diagnosis does too."""
    from mews_newtt.validation.diagnose import diagnose

    cells = ["0", "3.0", "1e2", "None", "n/a", "Routine", "9" * 30, ""]
    rows = table(*[{**QUIET, "expected_total": one, "expected_level": other} for one, other in zip(cells, [*cells[5:], *cells[:5]], strict=True)])
    found, seen = validate(DEMO, rows), diagnose(DEMO, rows, others=[])
    assert (seen.rows, seen.disagreements) == (found.compared, found.disagreed)


@pytest.mark.parametrize(
    "change", [lambda path: path.write_text("heart_rate\n95\n12\n"), Path.unlink, lambda path: path.write_text("")], ids=["another", "gone", "emptied"]
)
def test_a_file_that_changes_while_it_is_read_is_no_evidence(change: Callable[[Path], Any], tmp_path: Path) -> None:
    """The report would name the hash of another file than the one compared."""
    path = tmp_path / "stated.csv"
    path.write_text("respiratory_rate,expected_total\n12,0\n")
    with pytest.raises(FileError) as caught:
        validate_file(load_chart("news2"), path, progress=lambda rows, share: change(path))
    assert [problem.code for problem in caught.value.problems] == ["file_changed"]
