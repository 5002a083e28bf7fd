"""What each part of a reading plan does, one by one. People and readings are made up."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from mews_newtt import FileError, load_chart, read_plan, score_file
from mews_newtt.cli import main
from mews_newtt.reading.values import NOT_READ, Reading, read

pytest.importorskip("polars")
import pyarrow as pa

from mews_newtt.compiled.ranges import one_band
from mews_newtt.tables.planned import spool as spool_module
from mews_newtt.tables.planned.table import planned_table
from mews_newtt.validation import validate_file
from mews_newtt.validation.coverage import coverage
from tests.plans.support import scored
from tests.validation.made_packs import share_packs_of_coverage

WHOLE = "respiratory_rate,oxygen_saturation,air_or_oxygen,systolic_bp,heart_rate,consciousness,temperature"
WELL = "18,97,air,120,80,alert,37.0"


# The file


def test_lines_to_pass_over_at_both_ends(tmp_path: Path) -> None:
    text = f"Ward 7;made up\n\n{WHOLE}\n/min,%,,mmHg,/min,,Cel\n{WELL}\n{WELL.replace('37.0', 'hot')}\nTotal: 2\nEnd\n"
    plan = '[source]\nheader_line = 3\nskip_lines = 1\nfooter_lines = 2\ndelimiter = ","\n'
    found = scored(tmp_path, "news2", text, plan)
    assert found.column("score_status") == ["complete", "refused"] and found.report["rows"] == 2
    assert found.report["refused"] == [{"where": "column temperature", "reason": "is not a number", "cells": 1, "first": [{"row": 6, "cell": "hot"}]}]
    with pytest.raises(FileError, match=r"source.csv, row 6, column temperature: 'hot' is not a number"):
        score_file(load_chart("news2"), tmp_path / "source.csv", tmp_path / "o.csv", plan=read_plan(tmp_path / "plan.toml"))
    assert not (tmp_path / "o.csv").exists()


def test_a_delimiter_that_the_header_has_less_of(tmp_path: Path) -> None:
    found = scored(tmp_path, "news2", "heart_rate;a,b,c\n80;1,2,3\n", '[source]\ndelimiter = ";"\n')
    assert found.column("heart_rate") == ["80"] and found.column("a,b,c") == ["1,2,3"]


def test_other_columns_travel_along_and_are_named(tmp_path: Path) -> None:
    found = scored(tmp_path, "news2", f"{WHOLE},ward\n{WELL},7\n", "[times]\n")
    assert found.column("ward") == ["7"] and found.summary.to_dict()["columns_not_read"] == ["ward"]
    assert found.report["not_read"] == {"columns": ["ward"], "codes": []}


# Numbers


@pytest.mark.parametrize(
    ("cell", "decimal", "thousands", "text"),
    [
        ("36,8", ",", "", "36.8"),
        ("36,8 °C", ",", "", "36.8 °C"),
        ("1.036,5", ",", ".", "1036.5"),
        ("1 036,5", ",", " ", "1036.5"),
        ("36.8", ",", "", None),
        ("1.03", ",", ".", None),
        ("1.0365", ",", ".", None),
        ("36,8", ".", "", None),
        ("36·8", "·", "", "36.8"),
    ],
)
def test_how_numbers_are_written(tmp_path: Path, cell: str, decimal: str, thousands: str, text: str | None) -> None:
    plan = f'[numbers]\ndecimal = "{decimal}"\n' + (f'thousands = "{thousands}"\n' if thousands else "")
    found = scored(tmp_path, "news2", f'temperature,heart_rate\n"{cell}",80\n', plan)
    assert (found.column("temperature") == [text]) if text else (found.column("score_status") == ["refused"])
    if text and text.startswith("1"):
        assert "is impossible" in found.rows[0]["error"]  # 1036.5 was read as such, and no temperature is so high


def test_a_number_is_never_rounded_on_its_way(tmp_path: Path) -> None:
    found = scored(tmp_path, "news2", 'temperature\n"38,0500000001"\n', '[numbers]\ndecimal = ","\n')
    assert found.column("temperature") == ["38.0500000001"] and "between_bands:temperature" in found.rows[0]["flags"]


def test_a_range_takes_the_word_of_the_chart() -> None:
    chart = load_chart("news2")
    assert one_band(chart, "temperature", None, False, Decimal("35.1"), False) == (Decimal("35.0"), "")
    assert one_band(chart, "temperature", None, False, Decimal("35.1"), True)[0] is None
    assert one_band(chart, "heart_rate", Decimal(80), True, Decimal(80), True) == (Decimal(80), "")
    assert one_band(chart, "heart_rate", Decimal(91), False, Decimal(110), True) == (Decimal(92), "")
    assert "no value lies in it" in one_band(chart, "oxygen_saturation", Decimal(100), False, None, False)[1]


# Several places


def test_an_equal_reading_in_two_units_is_compared_with_the_digits_it_was_written_with(tmp_path: Path) -> None:
    plan = '[readings.temperature]\nfrom = ["c", { column = "f", unit = "[degF]" }]\nchoose = "equal"\n'
    rows = "c,f\n36.8,98.2\n36.8,98.5\n36.8,98.24\n36.8,\n,98.2\nx,98.2\n"
    found = scored(tmp_path, "news2", rows, plan)
    assert found.column("temperature")[0] == "36.8" and found.column("temperature")[2:5] == ["36.8", "36.8", "98.2 [degF]"]
    assert found.column("score_status") == ["partial", "refused", "partial", "partial", "partial", "refused"]
    assert "36.8 in column c and 98.5 [degF] in column f are not equal" in found.rows[1]["error"]
    first = scored(tmp_path, "news2", rows, plan.replace("equal", "first"))
    assert first.column("temperature")[:2] == ["36.8", "36.8"] and first.rows[5]["score_status"] == "refused"


def test_amounts_that_contradict_are_refused(tmp_path: Path) -> None:
    plan = '[columns]\nflow = "oxygen_flow"\nfio2 = "oxygen_percent"\ndevice = "oxygen_device"\n[air_or_oxygen]\nfrom = ["oxygen_flow", "oxygen_percent", "oxygen_device"]\n'
    rows = "flow,fio2,device,air_or_oxygen\n0,21,air,\n2,,,\n,28,,\n,28%,,\n0,28,,\n2,,,air\n,,,\n,18,,\n,,nasal prongs,oxygen\n"
    found = scored(tmp_path, "news2", rows, plan)
    assert [text if text is None or not text.startswith(NOT_READ) else "refused" for text in found.column("air_or_oxygen")] == [
        "air", "oxygen", "oxygen", "oxygen", "refused", "refused", None, "refused", "oxygen",
    ]  # fmt: skip
    assert "oxygen_flow 0 (air) and oxygen_percent 28 (oxygen) contradict each other" in found.rows[4]["error"]
    assert found.rows[6]["missing"].split(";")[:3].count("air_or_oxygen") == 1


def test_a_blank_amount_is_missing_and_never_air(tmp_path: Path) -> None:
    plan = '[columns]\nflow = "oxygen_flow"\n[air_or_oxygen]\nfrom = "oxygen_flow"\n'
    assert scored(tmp_path, "news2", "flow,heart_rate\n,80\n", plan).column("air_or_oxygen") == [None]
    told = plan + '[values.oxygen_flow]\n"" = "0"\n'
    assert scored(tmp_path, "news2", "flow,heart_rate\n,80\n", told).column("air_or_oxygen") == ["air"]


def test_one_cell_with_a_saturation_and_oxygen(tmp_path: Path) -> None:
    plan = r"""
[columns]
Sats = "oxygen_saturation"
[values.air_or_oxygen]
RA = "air"
[[cells]]
column = "Sats"
patterns = ['(?P<oxygen_saturation>\d+)% on (?P<oxygen_flow>[0-9.]+)L', '(?P<oxygen_saturation>\d+)% on (?P<air_or_oxygen>[A-Z]+)']
[air_or_oxygen]
from = "oxygen_flow"
"""
    found = scored(tmp_path, "news2", "Sats,heart_rate\n95% on 2L,80\n96% on RA,80\n97,80\nlow,80\n,80\n96% on XY,80\n", plan)
    assert found.column("oxygen_saturation")[:3] == ["95", "96", "97"] and found.column("air_or_oxygen")[:3] == ["oxygen", "air", None]
    assert found.column("score_status") == ["partial", "partial", "partial", "refused", "partial", "refused"]
    assert "column Sats: 'low' is not a number" in found.rows[3]["error"] and "96% on XY" in found.rows[5]["error"]


def test_a_group_may_name_the_unit(tmp_path: Path) -> None:
    plan = "[[cells]]\ncolumn = \"T\"\npattern = '(?P<temperature>[0-9.]+) ?(?P<unit_temperature>[CF])( oral)?'\n"
    found = scored(tmp_path, "news2", "T\n36.8 C\n98.6F oral\n", plan)
    assert found.column("temperature") == ["36.8", "98.6 F"] and "converted:temperature" in found.rows[1]["flags"]


# Times and sets

LONG = 'unused_patterns = true\n[long]\ncode = "code"\nvalue = "value"\nsubject = "id"\ntime = "at"\n[codes]\np = "heart_rate"\nr = "respiratory_rate"\n'
ROWS = "id,at,code,value\n"


def test_a_window_begins_with_the_first_reading_and_does_not_grow(tmp_path: Path) -> None:
    rows = ROWS + "".join(f"A,2026-03-02T08:{minute:02d},{code},{80 + minute}\n" for minute, code in ((0, "p"), (4, "r"), (8, "p"), (12, "r")))
    found = scored(tmp_path, "news2", rows, LONG + '[sets]\nwindow = "5 min"\n')
    assert [time[14:16] for time in found.column("observed_at")] == ["00", "08"]
    assert list(zip(found.column("heart_rate"), found.column("respiratory_rate"), strict=True)) == [("80", "84"), ("88", "92")]
    found = scored(tmp_path, "news2", rows, LONG + '[sets]\nwindow = "4 min"\n')
    assert len(found.rows) == 2  # exactly the window is inside
    assert len(scored(tmp_path, "news2", rows, LONG + '[sets]\nwindow = "239 s"\n').rows) == 4


def test_rows_of_nobody_or_of_no_time_are_refused_and_never_joined(tmp_path: Path) -> None:
    rows = ROWS + ",2026-03-02,p,80\n,2026-03-02,r,18\nA,,p,80\nA,,r,18\nA,soon,p,80\nA,2026-03-02,p,80\n"
    found = scored(tmp_path, "news2", rows, LONG)
    assert found.column("score_status").count("refused") == 5 and len(found.rows) == 6
    errors = " ".join(found.column("error"))
    assert "no person is named in this row" in errors and "no time is given" in errors and "'soon' is not a time" in errors
    assert {entry["reason"] for entry in found.report["refused"]} >= {"no person is named", "no time is given"}


def test_one_value_written_twice_is_one_value(tmp_path: Path) -> None:
    rows = ROWS + "A,2026-03-02,p,80\nA,2026-03-02,p,80.0\nA,2026-03-02,r,18\n"
    found = scored(tmp_path, "news2", rows, LONG)
    assert found.column("heart_rate") == ["80"] and found.report["repeated_alike"] == 1 and found.report["repeated_differing"] == 0


def test_codes_that_are_not_read_are_named(tmp_path: Path) -> None:
    rows = ROWS + "A,2026-03-02,p,80\nA,2026-03-02,height,170\nA,2026-03-02,sats,97\n"
    found = scored(tmp_path, "news2", rows, LONG.replace("[codes]", 'ignore = ["sats"]\n[codes]'))
    assert found.report["not_read"]["codes"] == ["height", "sats"]
    assert [entry["note"] for entry in found.report["codes"] if entry["code"] == "sats"] == ["left alone, as the plan says"]
    assert any("codes not read: height, sats" in line for line in found.summary.readings[0].says())


def test_rows_of_codes_that_are_not_read_begin_no_set(tmp_path: Path) -> None:
    rows = ROWS + "A,2026-03-02T08:00,p,80\nA,2026-03-02T09:00,height,170\nA,2026-03-02T09:00,height,171\n"
    found = scored(tmp_path, "news2", rows, LONG)
    assert len(found.rows) == 1 and found.report["rows"] == 3
    assert [entry["cells"] for entry in found.report["codes"] if entry["code"] == "height"] == [2]


def test_the_unit_of_a_row_counts_before_that_of_the_plan(tmp_path: Path) -> None:
    plan = LONG.replace("[codes]", 'unit = "unit"\nunits = { Grad = "Cel" }\n[codes]\nt = "temperature"') + '[units]\ntemperature = "[degF]"\n'
    rows = "id,at,code,value,unit\nA,2026-03-02T08:00,t,36.8,Grad\nA,2026-03-02T09:00,t,98.6,\nA,2026-03-02T10:00,t,98.6,furlong\n"
    found = scored(tmp_path, "news2", rows, plan)
    assert found.column("temperature")[:2] == ["36.8", "98.6 [degF]"] and found.column("score_status") == ["partial", "partial", "refused"]
    assert "furlong" in found.rows[2]["error"]


def test_many_rows_are_put_into_sets_a_part_of_the_people_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [f"made-up-{number}" for number in (*range(40), *range(40))]
    rows = ROWS + "".join(f"{who},2026-03-02T{8 + place // 40:02d}:00,{code},{50 + place}\n" for place, who in enumerate(people) for code in "pr")
    whole = scored(tmp_path, "news2", rows, LONG)
    monkeypatch.setattr(spool_module, "ROWS_AT_ONCE", 30)
    parts, files, given = list[int](), list[Path](), spool_module.Spool.parts

    def watched(spool: spool_module.Spool, empty: object) -> object:
        for part in given(spool, empty):  # type: ignore[arg-type]
            parts.append(part.height)
            yield part
        files.extend(path for path, _, _ in spool._files)

    monkeypatch.setattr(spool_module.Spool, "parts", watched)
    split = scored(tmp_path, "news2", rows, LONG)
    assert split.rows == whole.rows and len(split.rows) == 80 and len(parts) >= 5 and sum(parts) == 160
    assert all(not path.exists() for path in files) and files


def test_a_fault_leaves_no_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setattr(spool_module, "ROWS_AT_ONCE", 2)
    rows = ROWS + "".join(f"A,2026-03-02T08:0{minute},p,80\n" for minute in range(9)) + "A,2026-03-02,resp rate,18\n"
    with pytest.raises(FileError, match="looks like respiratory_rate"):
        scored(tmp_path, "news2", rows, LONG)
    assert list(folder.iterdir()) == []


def test_two_formats_that_read_one_time_differently_refuse_it(tmp_path: Path) -> None:
    plan = '[times]\nformat = ["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"]\n'
    found = scored(tmp_path, "news2", "observed_at,heart_rate\n05/03/2026 08:00,80\n25/03/2026 08:00,80\n05/05/2026 08:00,80\n", plan)
    assert found.column("score_status") == ["refused", "partial", "partial"] and "is more than one time" in found.rows[0]["error"]
    assert found.column("observed_at") == ["05/03/2026 08:00", "2026-03-25T08:00:00", "2026-05-05T08:00:00"]


def test_an_hour_that_the_clocks_skip_or_repeat_is_refused(tmp_path: Path) -> None:
    found = scored(tmp_path, "news2", "observed_at,heart_rate\n2026-03-29T01:30,80\n2026-10-25T01:30,80\n2026-07-01T01:30,80\n", '[times]\nzone = "Europe/London"\n')
    assert found.column("score_status") == ["refused", "refused", "partial"] and found.column("observed_at")[2] == "2026-07-01T01:30:00+01:00"


def test_a_date_and_a_time_in_two_columns(tmp_path: Path) -> None:
    plan = '[times]\ncolumns = ["date", "time"]\nformat = "%d.%m.%y %H.%M"\n'
    assert scored(tmp_path, "news2", "date,time,heart_rate\n02.03.26,08.15,80\n", plan).column("observed_at") == ["2026-03-02T08:15:00"]


def test_hours_since_birth_and_the_age(tmp_path: Path) -> None:
    plan = '[hours_since_birth]\nborn = "born"\n[age_years]\nborn = "dob"\nformat = "%d/%m/%Y"\n'
    rows = "observed_at,born,dob,heart_rate\n2026-03-02T08:00,2026-03-01T07:30,03/03/1996,80\n2026-03-02T08:00,2026-03-03T00:00,02/03/1996,80\n2026-03-02T08:00,,,80\n"
    found = scored(tmp_path, "mews@0.2", rows + "2026-03-02T08:00,never,02/03/1996,80\n", plan)
    assert found.column("age_years") == ["29", "30", None, "30"] and found.column("hours_since_birth")[0] == "1470 min"
    assert found.column("hours_since_birth")[2] is None and found.column("score_status")[1] == "refused"
    assert "column born: '2026-03-03T00:00' is after the time of the readings" in found.rows[1]["error"]
    assert "'never' is not a time" in found.rows[3]["error"]


def test_a_birth_with_an_offset_is_not_compared_with_a_local_time(tmp_path: Path) -> None:
    plan = '[hours_since_birth]\nborn = "born"\n'
    rows = "observed_at,born,heart_rate\n2026-07-02T08:00,2026-07-02T07:30Z,80\n"
    found = scored(tmp_path, "mews@0.2", rows, plan)
    assert found.column("score_status") == ["refused"] and "are not both with an offset from UTC" in found.rows[0]["error"]
    found = scored(tmp_path, "mews@0.2", rows.replace("07:30Z", "06:30Z"), plan + '[times]\nzone = "Europe/London"\n')
    assert found.column("hours_since_birth") == ["30 min"]


def test_columns_that_have_a_type_are_read_as_text(tmp_path: Path) -> None:
    import datetime as dt

    import polars as pl

    source = tmp_path / "typed.parquet"
    when = dt.datetime(2026, 3, 2, 8, 0)
    pl.DataFrame(
        {"t": [36.8, None], "hr": [80, 255], "at": [when, when], "z": [when.replace(tzinfo=dt.UTC)] * 2, "list": [[1], [2]]},
        schema_overrides={"t": pl.Float32},
    ).write_parquet(source)
    plan = '[columns]\nt = "temperature"\nhr = "heart_rate"\nat = "observed_at"\n[missing]\nheart_rate = ["255"]\n[times]\n'
    found = scored(tmp_path, "news2", source, plan)
    assert found.column("temperature") == ["36.8", None] and found.column("heart_rate") == ["80", None]
    assert found.column("observed_at") == ["2026-03-02T08:00:00"] * 2
    assert found.report["not_read"]["columns"] == ["list", "z"] or found.report["not_read"]["columns"] == ["z", "list"]
    zoned = scored(tmp_path, "news2", source, plan.replace("at =", "z ="))
    assert zoned.column("observed_at") == ["2026-03-02T08:00:00+00:00"] * 2


def test_a_status_that_the_plan_does_not_know_refuses_its_row(tmp_path: Path) -> None:
    plan = '[status]\ncolumn = "state"\nvoid = ["void"]\ncounts = ["final"]\n'
    found = scored(tmp_path, "news2", "state,heart_rate\nFinal,80\nVOID,80\ndraft,80\n,80\n", plan)
    assert found.column("score_status") == ["partial", "refused", "refused"]
    assert "column state: 'draft': the plan does not say whether such a row counts" in found.rows[1]["error"]


# One cell that cannot be read, at the door of the rules


def test_a_cell_that_was_not_read_refuses_and_is_never_missing() -> None:
    heart_rate = load_chart("news2").observations["heart_rate"]
    found = read(heart_rate, NOT_READ + "column HR: 'x': why")
    assert not isinstance(found, Reading) and found is not None
    assert (found.code, found.what) == ("not_read", "column HR: 'x': why") and "say in the plan how it is read" in found.mend


# Surfaces


def test_the_same_plan_for_score_validate_coverage_and_a_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    share_packs_of_coverage(monkeypatch)
    plan, source = tmp_path / "plan.toml", tmp_path / "cases.csv"
    plan.write_text('[columns]\nT = "temperature"\nNEWS = "expected_total"\n[numbers]\ndecimal = ","\n[status]\ncolumn = "s"\nvoid = ["x"]\n', encoding="utf-8")
    head = WHOLE.replace("temperature", "T") + ",NEWS,s"
    source.write_text(f'{head}\n{WELL.replace("37.0", chr(34) + "37,0" + chr(34))},0,\n{WELL},0,x\n{WELL.replace("37.0", "39")},0,\n', encoding="utf-8")
    chart, read_in = load_chart("news2"), read_plan(plan)
    found = validate_file(chart, source, plan=read_in)
    assert (found.rows, found.disagreed) == (2, 1) and [one.row for one in found.disagreements] == [4]  # as the file numbers them
    assert found.to_dict()["reading"]["rows_left_out"][0]["cells"] == 1
    assert main(["validate", "news2", str(source), "--plan", str(plan), "--report", str(tmp_path / "report")]) == 1
    assert "rows left out: s is 'x': 1, first row 3" in " ".join(capsys.readouterr().out.split())
    assert "How the file was read" in (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))["reading"]["sets"] == 2
    assert main(["coverage", "news2", str(source), "--plan", str(plan), "--json"]) == 1
    covered = json.loads(capsys.readouterr().out)
    assert covered["rows"] == 2 and covered["reading"]["plan"]["name"] == "plan.toml" and coverage is not None
    rows = pa.table({"T": ["37,0", "x"], "s": ["", ""]})
    table, report = planned_table(chart, rows, read_in_without(plan))
    assert table.column("temperature").to_pylist()[0] == "37.0" and report.rows == 2


def read_in_without(plan: Path) -> object:
    text = plan.read_text(encoding="utf-8").replace('NEWS = "expected_total"\n', "")
    plan.write_text(text, encoding="utf-8")
    return read_plan(plan)


def test_by_date_takes_the_times_of_the_plan(tmp_path: Path) -> None:
    plan, source, out = tmp_path / "plan.toml", tmp_path / "cases.csv", tmp_path / "out.csv"
    plan.write_text('[columns]\nWhen = "observed_at"\n[times]\nformat = "%d/%m/%Y"\n', encoding="utf-8")
    source.write_text(f"When,{WHOLE}\n02/03/2026,{WELL}\n", encoding="utf-8")
    assert main(["score", "news2", str(source), "--by-date", "--plan", str(plan), "-o", str(out)]) == 0
    assert "2026-03-02T00:00:00" in out.read_text(encoding="utf-8") and "complete" in out.read_text(encoding="utf-8")


def test_map_options_go_into_the_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan, source = tmp_path / "plan.toml", tmp_path / "cases.csv"
    plan.write_text("[times]\n", encoding="utf-8")
    source.write_text("Pulse,T\n80,98.6\n", encoding="utf-8")
    more = ["--map", "Pulse=heart_rate", "--map", "T=temperature", "--unit", "temperature=[degF]", "--missing", "heart_rate=80"]
    assert main(["score", "news2", str(source), "--plan", str(plan), *more]) == 0
    assert ",98.6 [degF]," in capsys.readouterr().out
    with pytest.raises(FileError, match="is given beside a plan"):
        score_file(load_chart("news2"), source, tmp_path / "o.csv", plan=read_plan(plan), column_map=read_plan(plan, ["Pulse=heart_rate"]).column_map)
