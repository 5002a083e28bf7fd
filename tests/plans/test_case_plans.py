"""Files as real systems make them (`tests/vectors/cases`), each read by a plan that a tester could write."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("polars")
from tests.plans.support import case

NAMES = """
[columns]
HR = "heart_rate"
RR = "respiratory_rate"
SBP = "systolic_bp"
DBP = "diastolic_bp"
ACVPU = "consciousness"
Concern = "concern"
"Temp (°C)" = "temperature"
"SpO2 (%)" = "oxygen_saturation"
"""


def test_c02_one_cell_holds_both_pressures(tmp_path: Path) -> None:
    found = case(
        tmp_path,
        "mews@0.1",
        "c02_combined_bp.csv",
        r"""
[columns]
Pulse = "heart_rate"
Resp = "respiratory_rate"
SpO2 = "oxygen_saturation"
Temp = "temperature"
ACVPU = "consciousness"
Concern = "concern"
[[cells]]
column = "BP"
pattern = '(?P<systolic_bp>\d+)\s*/\s*(?P<diastolic_bp>\d+)'
""",
    )
    assert found.column("systolic_bp")[:2] == ["104", "162"] and found.column("diastolic_bp")[:2] == ["66", "104"]
    assert found.column("score_status") == ["complete", "complete", "refused"] and found.column("total") == [0, 4, None]
    assert "column BP: 'Dec-80': no pattern of the plan matches it" in found.rows[2]["error"]
    assert found.report["refused"] == [
        {"where": "column BP", "reason": "no pattern of the plan matches it", "cells": 1, "first": [{"row": 4, "cell": "Dec-80"}]}
    ]


LONG = """
[long]
code = "vital_type"
value = "value"
unit = "units"
[codes]
systole = "systolic_bp"
diastole = "diastolic_bp"
pulse = "heart_rate"
respiration_rate = "respiratory_rate"
body_temperature = "temperature"
avpu = "consciousness"
"""


def test_c03_one_reading_in_each_row(tmp_path: Path) -> None:
    found = case(tmp_path, "mews@0.1", "c03_long.csv", LONG + '[sets]\nwindow = "5 min"\n')
    assert found.column("patient_id") == ["P1", "P2"]
    assert found.column("observed_at") == ["2026-03-02T08:00:00", "2026-03-02T09:00:00"]
    assert found.column("heart_rate") == ["118", "84"] and found.column("temperature") == ["98.6 °F", None]
    assert found.column("total") == [4, None] and found.column("score_status") == ["complete", "partial"]
    assert found.report["converted"] == {"temperature": {"°F": 1}} and (found.report["rows"], found.report["sets"]) == (9, 2)


def test_c03_without_a_window_only_one_time_is_one_set(tmp_path: Path) -> None:
    found = case(tmp_path, "mews@0.1", "c03_long.csv", LONG)
    assert [row[11:16] for row in found.column("observed_at")] == ["08:00", "08:01", "08:02", "09:00"]
    assert found.column("score_status") == ["partial"] * 4


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("c04_excel_eu_ansi.csv", '[source]\nencoding = "cp1252"\ndelimiter = ";"\n'),
        ("c04_excel_eu_bom.csv", ""),
    ],
)
def test_c04_a_european_spreadsheet(tmp_path: Path, name: str, more: str) -> None:
    times = '[times]\nformat = "%d.%m.%Y %H:%M"\nzone = "Europe/Berlin"\n'
    found = case(tmp_path, "mews@0.1", name, NAMES + '[numbers]\ndecimal = ","\n' + times + more)
    assert found.column("temperature") == ["36.8", "37.9"] and found.column("total") == [0, 7]
    assert found.column("observed_at") == ["2026-03-02T08:00:00+01:00", "2026-03-02T08:10:00+01:00"]
    assert found.report["not_read"] == {"columns": [], "codes": []}


def test_c04_signs_around_numbers(tmp_path: Path) -> None:
    plan = r"""
[numbers]
decimal = [".", "·"]
strip = ["'", '="', '"']
"""
    found = case(tmp_path, "mews@0.1", "c04_excel_text_marks.csv", plan)
    assert found.column("temperature") == ["36.8"] * 6 and found.column("heart_rate") == ["84"] * 6
    assert found.column("total") == [0, 0, 0, 2, 0, 0] and "implausible:oxygen_saturation" in found.rows[3]["flags"]


def test_c04_a_decimal_comma_without_a_plan_for_it_is_refused(tmp_path: Path) -> None:
    found = case(tmp_path, "mews@0.1", "c04_excel_quoted_comma.csv", "[times]\n")
    assert found.rows[0]["error"] == "temperature: '36,8' is not a number"
    assert case(tmp_path, "mews@0.1", "c04_excel_quoted_comma.csv", '[numbers]\ndecimal = ","\n').column("total") == [0]


def test_c05_marks_for_missing_by_column(tmp_path: Path) -> None:
    plan = """
[missing]
"*" = ["NR", "Refused", "*", "not recorded", "-9999", "."]
respiratory_rate = ["-1"]
oxygen_saturation = ["999"]
systolic_bp = ["-1"]
consciousness = ["not assessed"]
[numbers]
strip = ["*"]
"""
    found = case(tmp_path, "news2", "c05_missing_marks.csv", plan)
    status = dict(zip(found.column("patient_id"), found.column("score_status"), strict=True))
    assert status == {"A": "complete", **dict.fromkeys("BCDEFGHIJK", "partial"), "L": "refused", "M": "complete"}
    assert found.rows[11]["error"] == "temperature: '#N/A' is not a number"
    marked = {entry["column"]: entry["marked_missing"] for entry in found.report["columns"]}
    assert (marked["respiratory_rate"], marked["oxygen_saturation"], marked["temperature"], marked["consciousness"]) == (1, 1, 5, 2)


OXYGEN = r"""
[columns]
O2 = "air_or_oxygen"
ACVPU = "consciousness"
[values.air_or_oxygen]
No = "air"
Yes = "oxygen"
[patterns.air_or_oxygen]
'on (room )?air' = "air"
[patterns.consciousness]
'Alert \(A\)|A - Alert|awake' = "alert"
'Confused \(.*\)' = "confusion"
[[cells]]
column = "O2"
patterns = [
  '(?P<oxygen_flow>[0-9.]+) ?L\b.*',
  '[A-Za-z ]+ (?P<oxygen_flow>[0-9.]+) L/min',
  '(?P<oxygen_percent>[0-9.]+)%.*',
  '(?P<oxygen_flow>0)',
]
[air_or_oxygen]
from = ["oxygen_flow", "oxygen_percent"]
[times]
format = "%d/%m/%Y %H:%M"
"""


def test_c06_oxygen_as_free_text(tmp_path: Path) -> None:
    found = case(tmp_path, "news2", "c06_epr_oxygen_text.csv", OXYGEN)
    assert found.column("air_or_oxygen")[:9] == ["air", "oxygen", "oxygen", "air", "air", "oxygen", "air", "air", "oxygen"]
    assert found.column("consciousness")[:8] == ["alert", "alert", "alert", "confusion", "voice", "alert", "voice", "alert"]
    assert found.column("score_status") == ["complete"] * 8 + ["refused"] * 2
    assert found.rows[8]["error"] == "consciousness: column ACVPU: 'sleeping' is not one of its answers"
    assert "column O2: 'N' is not one of its answers" in found.rows[9]["error"] and "column ACVPU: '15'" in found.rows[9]["error"]


def test_c06_a_flow_says_air_or_oxygen_only_where_the_plan_says_so(tmp_path: Path) -> None:
    found = case(tmp_path, "news2", "c06_flow_only.csv", '[columns]\nO2_flow = "oxygen_flow"\n[air_or_oxygen]\nfrom = "oxygen_flow"\n')
    assert found.column("air_or_oxygen") == ["air", "oxygen"] and found.column("total") == [0, 3]


def test_c10_a_range_is_read_where_every_value_of_it_is_in_one_band(tmp_path: Path) -> None:
    found = case(tmp_path, "news2", "c10_comparators.csv", "[numbers]\nranges = true\n")
    assert dict(zip(found.column("patient_id"), found.column("total"), strict=True)) == {
        "lowtemp": 3, "lowsat": 3, "highbp": 3, "lowrr": 3, "sat100": None, "range": 0,
    }  # fmt: skip
    assert "'>95': its values are in more than one band" in found.rows[4]["error"]
    assert found.column("plan_notes")[0] == "temperature: <35 read as 34.9" and found.column("plan_notes")[4] is None
    assert found.report["ranges"]["systolic_bp"] == [{"cell": ">220", "read_as": "221", "cells": 1}]
    assert found.summary.to_dict()["columns_not_read"] == []


def test_c10_without_ranges_in_the_plan_they_are_refused(tmp_path: Path) -> None:
    assert case(tmp_path, "news2", "c10_comparators.csv", "[times]\n").column("score_status") == ["refused"] * 6


def test_c12_two_columns_for_one_reading(tmp_path: Path) -> None:
    plan = '[readings.temperature]\nfrom = ["temp_c", { column = "temp_f", unit = "[degF]" }]\nchoose = "equal"\n'
    found = case(tmp_path, "mews@0.1", "c12_temp_c_and_f.csv", plan)
    assert found.column("temperature") == ["36.8", "101.3 [degF]"] and found.column("total") == [0, 2]


def test_c13_rows_that_do_not_count_and_rows_that_are_doubled(tmp_path: Path) -> None:
    plan = '[status]\ncolumn = "status"\nvoid = ["Entered in error"]\ncounts = ["final", "corrected"]\n[sets]\n'
    found = case(tmp_path, "mews@0.1", "c13_duplicates.csv", plan)
    assert [time[11:16] for time in found.column("observed_at")] == ["08:00", "10:00", "12:00"]
    assert found.column("total") == [0, 11, 0] and found.column("heart_rate") == ["84", "118", "84"]
    assert found.report["rows_left_out"] == [
        {"where": "rows", "reason": "status is 'entered in error'", "cells": 1, "first": [{"row": 4, "cell": "entered in error"}]}
    ]
    assert (found.report["sets_merged"], found.report["repeated_alike"], found.report["repeated_differing"]) == (1, 8, 0)


def test_c13_two_rows_of_one_time_that_differ_are_refused(tmp_path: Path) -> None:
    found = case(tmp_path, "mews@0.1", "c13_duplicates.csv", "[sets]\n")
    assert found.column("score_status") == ["complete", "complete", "refused"]
    assert found.rows[2]["error"] == "heart_rate: 48 and 84 are given in one set (rows 4, 5), and the plan does not say which counts"
    for rule, rate in (("first", "48"), ("last", "84")):
        assert case(tmp_path, "mews@0.1", "c13_duplicates.csv", f'[sets]\ndiffering = "{rule}"\n').rows[2]["heart_rate"] == rate


def test_c17_another_encoding(tmp_path: Path) -> None:
    found = case(tmp_path, "mews@0.1", "c17_utf16.csv", '[source]\nencoding = "utf-16"\n')
    assert (found.rows[0]["patient_id"], found.rows[0]["heart_rate"], found.rows[0]["score_status"]) == ("P1", "84", "partial")


def test_c17_codes_of_a_device_that_mean_no_reading(tmp_path: Path) -> None:
    marks = '[missing]\nsystolic_bp = ["2047", "-2048"]\ndiastolic_bp = ["2047", "-2048"]\nheart_rate = ["2047", "-2048", "255"]\noxygen_saturation = ["127"]\n'
    found = case(tmp_path, "mews@0.1", "c17_device_specials.csv", marks + "[times]\n")
    assert found.column("score_status") == ["partial"] * 4 and found.column("heart_rate") == [None, None, "84", None]


def test_c08_and_c09_a_house_name_with_its_unit(tmp_path: Path) -> None:
    found = case(tmp_path, "mews@0.1", "c08_celsius_in_fahrenheit_column.csv", '[columns]\ntempF = "temperature"\n[units]\ntemperature = "[degF]"\n[times]\n')
    assert ["implausible:temperature" in row["flags"] for row in found.rows] == [True, True, False]
    glucose = case(tmp_path, "newtt2@0.1", "c09_newborn_glucose_other_name.csv", '[columns]\nBSL = "blood_glucose"\n[times]\n')
    assert glucose.rows[0]["level"] != "white"


@pytest.mark.parametrize("name", ["c20_eform_blank_means_air.csv", "c20_eform.ndjson", "c20_eform_array.json"])
def test_c20_a_map_file_is_a_plan_and_means_the_same(tmp_path: Path, name: str) -> None:
    text = (Path(__file__).parents[1] / "vectors" / "cases" / "c20_map.toml").read_text(encoding="utf-8")
    plain = case(tmp_path, "news2", name, text)
    assert plain.summary.readings == [] and plain.column("total") == [2, 5, 3, 7, 3, 4]
    assert "oxcode" in plain.rows[0]  # a map leaves the file's own columns as they are
    planned = case(tmp_path, "news2", name, text + "\n[times]\n[numbers]\nranges = true\n")
    assert planned.column("total") == plain.column("total") and planned.column("air_or_oxygen")[0] == "air"
