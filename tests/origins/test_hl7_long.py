"""HL7 v2 results as a long table: framing, separators, escapes, types of values, status, and what is not read."""

from __future__ import annotations

import pytest

from mews_newtt.tables.origins.hl7_text import iso_time
from mews_newtt.tables.origins.long_table import COLUMNS
from tests.origins.support import asked, noted, numbers, opened, refused

MSH = "MSH|^~\\&|MONITOR|WARD5|EPR|HOSP|20260302080500||ORU^R01^ORU_R01|MSG1|P|2.5.1"
PID = "PID|1||H123^^^HOSP^MR||TEST^MADE UP"
OBR = "OBR|1|||VITALS|||20260302080000+0000"


def message(*segments: str, header: str = MSH, end: str = "\r") -> str:
    return end.join([header, *(segments or (PID, OBR))]) + end


def result(value: str, kind: str = "NM", code: str = "8867-4^Heart rate^LN", unit: str = "/min", status: str = "F", at: str = "") -> str:
    return f"OBX|1|{kind}|{code}||{value}|{unit}|||||{status}|||{at}"


def read(body: str | bytes, *columns: str) -> list[tuple[str | None, ...]]:
    return [tuple(row[column] for column in columns or COLUMNS) for row in opened(body, "m.hl7").table().to_pylist()]


def test_one_row_for_each_result_with_everything_that_it_says() -> None:
    table = opened(message(PID, "PV1|1|I|WARD5||||||||||||||||V77", OBR, "OBX|2|NM|8867-4^Heart rate^LN^HR^Pulse^L|1.2|84.50|/min^per minute^UCUM|||||F|||20260302080130"), "m.hl7")
    assert table.columns == COLUMNS
    (row,) = table.table().to_pylist()
    assert {name: text for name, text in row.items() if text} == {
        "subject": "HOSP|H123", "time": "2026-03-02T08:01:30", "code": "http://loinc.org|8867-4", "other_codes": "L|HR", "text": "Heart rate", "value": "84.50",
        "unit": "/min", "unit_text": "per minute", "status": "F", "id": "MSG1", "set_id": "2", "sub_id": "1.2", "issued": "2026-03-02T08:05:00", "encounter": "V77",
    }
    assert numbers(table) == [5]
    assert table.where(5) == "m.hl7, line 5"
    assert [note.what for note in table.notes] == ["segments PV1 are not read but for the visit number"]


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
@pytest.mark.parametrize("frame", [("", ""), ("\x0b", "\x1c\r")])
def test_several_messages_with_every_line_end_and_framing(end: str, frame: tuple[str, str]) -> None:
    one = message(PID, OBR, result("84"), end=end)
    two = message(PID.replace("H123", "H456"), OBR, result("90"), result("91"), end=end)
    body = "".join(frame[0] + each + frame[1] for each in (one, two))
    assert read(body, "subject", "value") == [("HOSP|H123", "84"), ("HOSP|H456", "90"), ("HOSP|H456", "91")]


def test_a_person_and_a_time_hold_until_the_next() -> None:
    body = message(PID, OBR, result("1"), OBR.replace("0800", "0900"), result("2"), result("3", at="20260302"), "PID|2||H9", "OBR|1", result("4"))
    assert read(body, "subject", "time", "value") == [
        ("HOSP|H123", "2026-03-02T08:00:00+00:00", "1"),
        ("HOSP|H123", "2026-03-02T09:00:00+00:00", "2"),
        ("HOSP|H123", "2026-03-02", "3"),
        ("H9", None, "4"),
    ]
    assert noted(opened(body, "m.hl7"))["time_missing"] == 1


@pytest.mark.parametrize(
    ("kind", "text", "value", "value_code"),
    [
        ("NM", "36.80", "36.80", None),
        ("SN", "<^35", "<35", None),
        ("SN", ">=^220", ">=220", None),
        ("SN", "^120^/^80", "120/80", None),
        ("SN", "^98", "98", None),
        ("ST", "Alert (A)", "Alert (A)", None),
        ("", "84", "84", None),
        ("TX", "a\\T\\b \\S\\ \\F\\ \\R\\ \\E\\ \\.br\\\\H\\x\\N\\ \\X41\\ \\Zq\\", "a&b ^ | ~ \\ \nx A \\Zq\\", None),
        ("CE", "248234008^Alert^SCT", "Alert", "http://snomed.info/sct|248234008"),
        ("CWE", "A^Alert^L^248234008^Mentally alert^SCT", "Alert", "L|A\nhttp://snomed.info/sct|248234008"),
        ("CWE", "A", "A", "A"),
        ("CWE", "^^^^^^^^awake and well", "awake and well", None),
        ("TS", "202603020800", "2026-03-02T08:00", None),
    ],
)
def test_values_of_every_type(kind: str, text: str, value: str, value_code: str | None) -> None:
    assert read(message(PID, OBR, result(text, kind)), "value", "value_code") == [(value, value_code)]


def test_repeated_values_are_rows_of_their_own() -> None:
    body = message(PID, OBR, result("84~85"))
    assert read(body, "value", "set_id") == [("84", "1"), ("85", "1")]
    assert noted(opened(body, "m.hl7")) == {"value_repeated": 1}


def test_deleted_and_empty_values_are_missing_and_never_a_text() -> None:
    body = message(PID, OBR, result('""'), result("", status="X"))
    assert read(body, "value", "status") == [(None, "F"), (None, "X")]
    assert noted(opened(body, "m.hl7")) == {"value_deleted": 1}


@pytest.mark.parametrize("status", ["F", "C", "X", "D", "W", "P"])
def test_every_status_has_its_row(status: str) -> None:
    assert read(message(PID, OBR, result("84", status=status)), "status", "value") == [(status, "84")]


def test_separators_come_from_the_message() -> None:
    body = "MSH#*!?%#A#B#C#D#20260302##ORU*R01#M1#P#2.5\rPID#1##7***H%1%ISO*MR\rOBR#1######20260302\rOBX#1#CE#1*Pulse*LN##a*b?T?c*L!x*y#u#####F\r"
    assert read(body, "subject", "code", "value", "unit") == [("H|7", "http://loinc.org|1", "b%c", "u"), ("H|7", "http://loinc.org|1", "y", "u")]


def test_a_type_that_is_not_read_is_noted() -> None:
    body = message(PID, OBR, result("x", "ED"), result("84"))
    assert read(body, "value") == [("84",)]
    table = opened(body, "m.hl7")
    assert noted(table) == {"not_read": 1}
    assert table.notes[0].what == "results of the type ED are not read: Heart rate"


def test_other_messages_and_segments_are_noted_with_counts() -> None:
    other = message("EVN|A08", PID, result("999"), header=MSH.replace("ORU^R01^ORU_R01", "ADT^A08"))
    body = "FHS|^~\\&\rBHS|^~\\&\r" + other + message(PID, "NTE|1||a", OBR, result("84"), "NTE|1||b") + "BTS|1\rFTS|1\r"
    table = opened(body, "m.hl7")
    assert [row["value"] for row in table.table().to_pylist()] == ["84"]
    assert {note.what: note.times for note in table.notes} == {
        "messages of the type ADT^A08 are not read": 1, "segments NTE are not read": 2, "segments FHS are not read": 1, "segments BHS are not read": 1,
        "segments BTS are not read": 1, "segments FTS are not read": 1,
    }


def test_several_identifiers_are_asked_about() -> None:
    body = message("PID|1||H123^^^HOSP^MR~999^^^NHS^NH", OBR, result("84"))
    fault = asked(body, "m.hl7")
    assert (fault.setting, fault.likely) == ("identifier", "MR")
    assert fault.problems[0][:3] == ("identifier_needed", "m.hl7, line 2, PID-3", "has several identifiers: MR, NH")
    for wanted, subject in (("MR", "HOSP|H123"), ("NH", "NHS|999"), ("NHS", "NHS|999"), ("PI", None)):
        assert [row["subject"] for row in opened(body, "m.hl7", identifier=wanted).table().to_pylist()] == [subject]
    assert noted(opened(body, "m.hl7", identifier="PI")) == {"subject_missing": 2}


def test_encodings() -> None:
    words = message(PID, OBR, result("wach für", "ST"))
    assert read(words.encode(), "value") == [("wach für",)]
    said = MSH + "||||||8859/1"
    assert read(message(PID, OBR, result("wach für", "ST"), header=said).encode("latin-1"), "value") == [("wach für",)]
    fault = asked(words.encode("cp1252"), "m.hl7")
    assert (fault.setting, fault.likely) == ("encoding", "cp1252")
    assert opened(words.encode("cp1252"), "m.hl7", encoding="cp1252").table().num_rows == 1
    assert refused(words.encode("cp1252"), "m.hl7", encoding="utf-8").problems[0].code == "encoding_wrong"
    assert read(message(PID, OBR, result("f\\XFC\\r f\\XC3BC\\r", "ST")), "value") == [("für für",)]


@pytest.mark.parametrize(
    ("body", "code", "where"),
    [
        ("MSH|^~\r", "hl7_header", "m.hl7, line 1"),
        (message(PID, OBR, "OBX|1|TX|1||two", "lines"), "hl7_segment", "m.hl7, line 5"),
        (message(PID, OBR), "nothing_read", "m.hl7"),
        (message(PID, result("84"), header=MSH.replace("ORU^R01^ORU_R01", "ADT^A08")), "nothing_read", "m.hl7"),
        ("BHS|^~\\&\r" + PID + "\r", "hl7_header", "m.hl7, line 2"),
    ],
)
def test_faults_have_their_place(body: str, code: str, where: str) -> None:
    problem = refused(body, "m.hl7").problems[0]
    assert (problem.code, problem.where) == (code, where)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("20260302", "2026-03-02"), ("202603", "2026-03"), ("2026", "2026"), ("202603020805", "2026-03-02T08:05"), ("20260302080530.1234-0500", "2026-03-02T08:05:30.1234-05:00"),
        ("2026030208", "2026030208"), ("2026-03-02", "2026-03-02"), ("02.03.2026", "02.03.2026"),
    ],
)
def test_times_are_iso_where_they_say_a_minute_or_a_day(text: str, time: str) -> None:
    assert iso_time(text) == time
