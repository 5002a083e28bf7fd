"""The files of tests/vectors/cases: what each is and what is right stands in the README there; here is what this version makes of it.

Where a test says "needs a plan", the file cannot be read as it is: a later version's reading plan will read it when told. Until then it is refused
by name, with the way out, and never read in part.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import runpy
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mews_newtt.cli import main
from mews_newtt.tables import files

CASES = Path(__file__).parent / "vectors" / "cases"
MEWS, NEWTT2 = "mews@0.1", "newtt2@0.1"
THEIRS = ["HR=heart_rate", "RR=respiratory_rate", "SBP=systolic_bp", "DBP=diastolic_bp", "ACVPU=consciousness", "Concern=concern"]


class Ran(NamedTuple):
    code: int
    rows: list[dict[str, str]]
    said: str
    summary: dict[str, Any]


@pytest.fixture(params=["core", "batch"])
def score(request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Score a case file by the plain CSV reader, and packed by the batch reader: the answers are the same."""
    if request.param == "batch":
        pytest.importorskip("polars")

    def run(chart: str, name: str, *options: str) -> Ran:
        source, output, counts = CASES / name, tmp_path / "out.csv", tmp_path / "counts.json"
        if request.param == "core" and name.endswith(".csv"):
            monkeypatch.setattr(files, "batch_installed", lambda: False)
        if request.param == "batch" and name.endswith(".csv"):
            source = tmp_path / f"{name}.gz"
            source.write_bytes(gzip.compress((CASES / name).read_bytes()))
        output.unlink(missing_ok=True)
        code = main(["score", chart, str(source), "-o", str(output), "--summary", str(counts), *options])
        said = capsys.readouterr().err
        assert "Traceback" not in said
        rows = list(csv.DictReader(io.StringIO(output.read_text(encoding="utf-8")))) if code == 0 else []
        assert code == 0 or not output.exists(), "half a file was left"
        return Ran(code, rows, said, json.loads(counts.read_text(encoding="utf-8")) if code == 0 else {})

    return run


def mapped(*entries: str) -> list[str]:
    return [part for entry in entries for part in ("--map", entry)]


def status(ran: Ran) -> list[str]:
    return [row["score_status"] for row in ran.rows]


def test_every_case_file_of_this_kind_is_here() -> None:
    tested = Path(__file__).read_text(encoding="utf-8")
    assert [path.name for path in CASES.glob("c*") if path.name not in tested] == []


# Names of columns


def test_c09_a_glucose_under_a_house_name_is_never_passed_over(score: Any) -> None:
    name = "c09_newborn_glucose_other_name.csv"
    refused = score(NEWTT2, name)
    assert refused.code == 2 and "column BSL: looks like blood_glucose" in refused.said
    assert "--map 'BSL'=blood_glucose" in refused.said and "--ignore 'BSL'" in refused.said
    read = score(NEWTT2, name, "--map", "BSL=blood_glucose")
    assert read.code == 0 and read.rows[0]["level"] != "white" and read.summary["columns_not_read"] == []
    left = score(NEWTT2, name, "--ignore", "BSL")
    assert left.summary["columns_not_read"] == ["BSL"] and "not read: BSL" in left.said


def test_c02_two_pressures_in_one_cell_need_a_plan(score: Any) -> None:
    name = "c02_combined_bp.csv"
    refused = score(MEWS, name)
    assert refused.code == 2 and "column BP: looks like systolic_bp or diastolic_bp" in refused.said and "a column each" in refused.said
    names = ["Pulse=heart_rate", "Resp=respiratory_rate", "SpO2=oxygen_saturation", "Temp=temperature", "ACVPU=consciousness", "Concern=concern"]
    cells = score(MEWS, name, *mapped("BP=systolic_bp", *names), "--on-bad-row", "report")
    assert status(cells) == ["refused"] * 3 and "'162/104' is not a number: it holds two of them" in cells.rows[1]["error"]


def test_c03_long_format_is_named_and_needs_a_plan(score: Any) -> None:
    refused = score(MEWS, "c03_long.csv")
    assert refused.code == 2 and "vital_type, value: this is long format: one row per reading" in refused.said and "pivot" in refused.said


def test_c06_oxygen_as_flow_or_in_words(score: Any) -> None:
    flow = score("news2", "c06_flow_only.csv")  # a flow becomes air or oxygen when told: needs a plan
    assert flow.code == 2 and "column O2_flow: looks like air_or_oxygen" in flow.said
    assert status(score("news2", "c06_flow_only.csv", "--ignore", "O2_flow")) == ["partial"] * 2
    refused = score("news2", "c06_epr_oxygen_text.csv")
    assert refused.code == 2 and "column O2: looks like air_or_oxygen" in refused.said and "column ACVPU" in refused.said
    words = score("news2", "c06_epr_oxygen_text.csv", "--map", str(CASES / "c06_map.toml"), "--on-bad-row", "report")
    assert status(words) == ["complete"] * 7 + ["refused"] * 3  # awake, sleeping and 15 are said to be nothing
    assert "'awake' is not one of its answers" in words.rows[7]["error"]


def test_c12_two_columns_for_one_sign(score: Any) -> None:
    name = "c12_temp_c_and_f.csv"  # one of them per row, when told, needs a plan
    refused = score(MEWS, name)
    assert refused.code == 2 and "column temp_c: looks like temperature" in refused.said
    assert "--map 'temp_f'=temperature --unit temperature=[degF]" in refused.said
    both = score(MEWS, name, *mapped("temp_c=temperature", "temp_f=temperature"))
    assert both.code == 2 and "'temp_c' is mapped to 'temperature' already" in both.said
    one = score(MEWS, name, *mapped("temp_c=temperature"))
    assert status(one) == ["complete", "partial"]
    assert "temp_f looks like temperature too; temperature is read from temp_c" in one.said
    assert one.summary["columns_in_doubt"].keys() == {"temp_f"}


def test_c08_the_unit_in_a_columns_name_is_part_of_the_way_out(score: Any) -> None:
    refused = score(MEWS, "c08_celsius_in_fahrenheit_column.csv")
    assert refused.code == 2 and "--map 'tempF'=temperature --unit temperature=[degF]" in refused.said


def test_c08_what_is_no_body_temperature_at_all_is_refused(score: Any) -> None:
    found = {row["patient_id"]: row for row in score(MEWS, "c08_body_temp_that_is_none.csv", "--on-bad-row", "report").rows}
    assert found["nodot"]["score_status"] == "refused" and "368 is impossible" in found["nodot"]["error"]


# Spellings of numbers and of files


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("c04_excel_eu_ansi.csv", [], ["is not UTF-8", "save the file as CSV in UTF-8"]),
        ("c17_utf16.csv", [], ["UTF-", "save the file as CSV in UTF-8"]),
        ("c04_excel_eu_bom.csv", [], ["column Temp (°C): looks like temperature", "column SpO2 (%): looks like oxygen_saturation"]),
        (
            "c04_excel_eu_bom.csv",
            mapped(*THEIRS, "Temp (°C)=temperature", "SpO2 (%)=oxygen_saturation"),
            ["row 2, column Temp (°C): '36,8' is not a number", "write the decimal point: 36.8"],
        ),
        ("c04_excel_quoted_comma.csv", [], ["row 2, column temperature: '36,8' is not a number", "write the decimal point: 36.8"]),
        ("c04_excel_text_marks.csv", [], ["row 2, column temperature", "write 36.8 without the marks around it"]),
    ],
)
def test_c04_and_c17_european_and_unicode_files_are_refused_with_the_cause_and_the_way_out(score: Any, name: str, options: list[str], words: list[str]) -> None:
    refused = score(MEWS, name, *options)
    assert refused.code == 2
    for word in words:
        assert word in refused.said


def test_c04_marks_that_excel_leaves(score: Any) -> None:
    found = {row["patient_id"]: row for row in score(MEWS, "c04_excel_text_marks.csv", "--on-bad-row", "report").rows}
    assert [found[name]["score_status"] for name in ("P1", "P2", "P6")] == ["refused"] * 3
    assert [found[name]["total"] for name in ("P3", "P5")] == ["0", "0"]  # a no-break space, 98 %
    assert "implausible:oxygen_saturation" in found["P4"]["flags"]  # 0.98


def test_c10_comparators_are_refused_with_the_reason(score: Any) -> None:
    found = {row["patient_id"]: row for row in score("news2", "c10_comparators.csv", "--on-bad-row", "report").rows}
    assert {row["score_status"] for row in found.values()} == {"refused"}
    assert "'<35' is not a number: it is a limit, and the value itself is not known" in found["lowtemp"]["error"]
    assert "'80-90' is not a number: it holds two of them" in found["range"]["error"]


# Marks for missing


def test_c05_zero_is_missing_where_told_and_a_value_map_is_stronger(score: Any) -> None:
    rates = ["respiratory_rate=0", "systolic_bp=0", "heart_rate=0"]
    told = ["--map", str(CASES / "c05_zero_map.toml"), *(part for rate in rates for part in ("--missing", rate))]
    for options in (told, [*told[:2], "--missing", "0"]):
        found = score("news2", "c05_zero_as_missing.csv", *options)
        assert status(found) == ["complete", "partial", "partial", "partial"]
        assert [row["missing"] for row in found.rows] == ["", "respiratory_rate", "systolic_bp", "heart_rate"]  # "0" is alert, "0" is air


def test_c05_marks_of_missing(score: Any) -> None:
    name, marks = "c05_missing_marks.csv", ["NR", "Refused", "*", "not recorded", "not assessed", ".", "#N/A", "respiratory_rate=-1", "oxygen_saturation=999"]
    marks += ["systolic_bp=-1", "temperature=-9999"]
    told = score("news2", name, *(part for mark in marks for part in ("--missing", mark)), "--on-bad-row", "report")
    assert status(told) == ["complete", *["partial"] * 11, "refused"]  # 36.8* is neither a number nor a mark
    untold = score("news2", name, "--on-bad-row", "report")
    assert status(untold) == ["complete", *["refused"] * 12]


def test_c17_numbers_that_a_device_sends_for_nothing(score: Any) -> None:
    untold = score(MEWS, "c17_device_specials.csv", "--on-bad-row", "report")
    assert status(untold)[:3] == ["refused"] * 3
    marks = [f"{name}={mark}" for name in ("systolic_bp", "diastolic_bp", "heart_rate") for mark in ("2047", "-2048")]
    marks += ["oxygen_saturation=127", "heart_rate=255"]
    told = score(MEWS, "c17_device_specials.csv", *(part for mark in marks for part in ("--missing", mark)))
    assert status(told) == ["partial"] * 4 and told.summary["columns_not_read"] == ["device_id"]


# One person twice, answers in words


def test_c13_one_person_and_time_twice_is_said_with_the_rows(score: Any) -> None:
    found = score(MEWS, "c13_duplicates.csv")
    assert found.summary["same_person_and_time"] == [[2, 3], [4, 5]] and found.summary["repeated_rows"] == 2
    assert "rows 2 and 3; rows 4 and 5" in found.said and "not read: status" in found.said


def test_c15_the_answer_none_is_an_answer(score: Any) -> None:
    assert status(score(NEWTT2, "c15_none_answer.csv")) == ["complete"]


def test_c15_pandas_takes_the_word_none_for_nothing_before_we_see_it(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pandas")
    runpy.run_path(str(CASES / "c15_pandas.py"))
    first, second = capsys.readouterr().out.split("patient_id")[1:]
    assert "partial" in first and "parental_concern" in first  # as pandas read it: NaN is missing, never "none"
    assert "partial" not in second  # read with keep_default_na=False


def test_c16_a_column_of_numbers_and_words_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pandas")
    runpy.run_path(str(CASES / "c16_mixed_frame.py"))
    said = capsys.readouterr().out
    assert "mews_newtt.errors ColumnError" in said and "column temperature: holds values of different kinds" in said
    assert "ArrowInvalid" not in said and "'NR' is not a number" in said  # as text, the row is refused by name


# An export in which a blank means air


@pytest.mark.parametrize("name", ["c20_eform_blank_means_air.csv", "c20_eform.ndjson", "c20_eform_array.json"])
def test_c20_a_blank_that_means_air_is_read_so(score: Any, name: str) -> None:
    found = score("news2", name, "--map", str(CASES / "c20_map.toml"))
    assert status(found) == ["complete"] * 6
    assert [row["total"] for row in found.rows] == [row["newstotal"] for row in found.rows]


def test_c20_columns_beside_the_mapped_ones_are_named(score: Any) -> None:
    found = score("news2", "c20_eform_blank_means_air.csv", "--map", str(CASES / "c20_map.toml"))
    assert {"oxflow", "oxpercent", "bpd", "newsrepeat"} <= set(found.summary["columns_not_read"])
    assert found.summary["columns_in_doubt"].keys() == {"oxpercent", "oxflow"}
    unmapped = score("news2", "c20_eform.ndjson")
    assert unmapped.code == 2 and "column oxcode: looks like air_or_oxygen" in unmapped.said
