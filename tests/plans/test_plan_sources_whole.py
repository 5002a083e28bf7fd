"""The same sets, written as a workbook, FHIR, HL7, JSON and text of other encodings, are the same sets and scores when a plan reads them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("polars")
pytest.importorskip("openpyxl")
import openpyxl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mews_newtt import FileError, load_chart, read_plan, score_file
from mews_newtt.reading.coded_names import category_keys, parameter_keys
from tests.origins.support import ods_number, ods_row, ods_text, spreadsheet
from tests.plans.support import Scored, scored

CHART = "news2"
NUMBERS = {  # parameter: their name, UCUM unit, decimals
    "respiratory_rate": ("RR", "/min", 0),
    "oxygen_saturation": ("SpO2", "%", 0),
    "systolic_bp": ("SBP", "mm[Hg]", 0),
    "heart_rate": ("HR", "/min", 0),
    "temperature": ("Temp", "Cel", 1),
}
WORDS = {"air_or_oxygen": "O2", "consciousness": "AVPU"}
THEIRS = {"patient_id": "Patient", "observed_at": "When", **{ours: name for ours, (name, *_) in NUMBERS.items()}, **WORDS}
COLUMNS = "[columns]\n" + "".join(f'{theirs} = "{ours}"\n' for ours, theirs in THEIRS.items())
HL7_SYSTEMS = {"http://loinc.org": "LN", "http://snomed.info/sct": "SCT"}
Row = dict[str, str]


@st.composite
def tables(draw: st.DrawFn) -> list[Row]:
    chart, rows = load_chart(CHART), []
    for number in range(draw(st.integers(1, 5))):
        row = {"patient_id": draw(st.sampled_from(["M1", "M2"])), "observed_at": f"2026-03-0{number + 1}T08:0{draw(st.integers(0, 9))}:00"}
        for ours, (_, _, decimals) in NUMBERS.items():
            limits = chart.observations[ours].impossible
            least, most = (int(end * 10**decimals) for end in (limits.low, limits.high))
            value = draw(st.none() | st.integers(least, most))
            row[ours] = "" if value is None else str(value / 10**decimals if decimals else value)
        for ours in WORDS:
            row[ours] = draw(st.sampled_from(["", *(category.id for category in chart.observations[ours].categories)]))
        if not row["heart_rate"]:
            row["heart_rate"] = "80"  # long formats have no row for a set without a reading
        rows.append(row)
    return rows


def as_text(rows: list[Row], delimiter: str, encoding: str) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(THEIRS), delimiter=delimiter)
    writer.writerow(THEIRS)
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


def as_workbook(rows: list[Row]) -> bytes:
    book = openpyxl.Workbook()
    book.active.append(["Made-up ward 7"])
    book.active.append(list(THEIRS.values()))
    for row in rows:
        book.active.append([float(cell) if ours in NUMBERS and cell else cell or None for ours, cell in row.items()])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_spreadsheet(rows: list[Row]) -> bytes:
    def cell(ours: str, text: str) -> str:
        return "<table:table-cell/>" if not text else ods_number(text) if ours in NUMBERS else ods_text(text)

    titles = [ods_row(ods_text("Made-up ward 7")), ods_row(*map(ods_text, THEIRS.values()))]
    body = [ods_row(*(cell(ours, text) for ours, text in row.items())) for row in rows]
    return spreadsheet(f'<table:table table:name="Sheet">{"".join([*titles, *body])}</table:table>')


def as_nested(rows: list[Row]) -> bytes:
    forms = [{"person": row["patient_id"], "sets": [{THEIRS[ours]: cell for ours, cell in row.items() if ours != "patient_id"}]} for row in rows]
    return json.dumps({"forms": forms}).encode()


def as_fhir(rows: list[Row]) -> bytes:
    known, entries = load_chart(CHART).observations, []
    for row in rows:
        for ours, cell in row.items():
            if ours in ("patient_id", "observed_at") or not cell:
                continue
            system, code = parameter_keys(known[ours])[0]
            about = {"subject": {"reference": f"Patient/{row['patient_id']}"}, "effectiveDateTime": f"{row['observed_at']}Z"}
            if ours in NUMBERS:
                unit = NUMBERS[ours][1]
                value: dict[str, Any] = {"valueQuantity": {"value": json.loads(cell), "code": unit, "system": "http://unitsofmeasure.org"}}
            else:
                answer = category_keys(known[ours], cell)[0]
                value = {"valueCodeableConcept": {"coding": [{"system": answer[0], "code": answer[1]}]}}
            resource = {"resourceType": "Observation", "status": "final", "code": {"coding": [{"system": system, "code": code}]}, **about, **value}
            entries.append({"resource": resource})
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


def as_hl7(rows: list[Row]) -> bytes:
    known, segments = load_chart(CHART).observations, []
    for number, row in enumerate(rows):
        time = row["observed_at"].replace("-", "").replace(":", "").replace("T", "") + "+0000"
        segments += [f"MSH|^~\\&|A|B|C|D|20260302080000||ORU^R01^ORU_R01|{number}|P|2.5", f"PID|1||{row['patient_id']}", f"OBR|1|||set|||{time}"]
        for ours, cell in row.items():
            if ours in ("patient_id", "observed_at") or not cell:
                continue
            system, code = parameter_keys(known[ours])[0]
            form, unit = ("NM", NUMBERS[ours][1]) if ours in NUMBERS else ("ST", "")
            segments.append(f"OBX|1|{form}|{code}^{THEIRS[ours]}^{HL7_SYSTEMS.get(system, system)}||{cell}|{unit}|||||F|||{time}")
    return "\r".join([*segments, ""]).encode()


SHAPES = {
    "utf16.csv": (lambda rows: as_text(rows, "\t", "utf-16"), COLUMNS + '[source]\nencoding = "utf-16"\n'),
    "semicolons.csv": (lambda rows: as_text(rows, ";", "cp1252"), COLUMNS + '[source]\ndelimiter = ";"\n'),
    "ward.xlsx": (as_workbook, COLUMNS + "[source]\nheader_line = 2\n"),
    "ward.ods": (as_spreadsheet, COLUMNS + "[source]\nheader_line = 2\n"),
    "nested.json": (as_nested, COLUMNS.replace("Patient =", '"$.forms.person" =') + '[source]\njson_path = "forms[].sets"\n'),
    "bundle.json": (as_fhir, 'note = "the codes of the rules"\n'),
    "results.hl7": (as_hl7, 'note = "the codes of the rules"\n'),
}


def readings(found: Scored) -> list[list[Any]]:
    """What counts, in an order that every shape has."""
    names = [*NUMBERS, *WORDS, "score_status", "total", "level", "missing"]
    number = {name: (lambda cell: None if cell in (None, "") else float(cell)) for name in NUMBERS}
    rows = [[str(row["patient_id"]).rpartition("/")[2], row["observed_at"][:19], *(number.get(name, str)(row.get(name)) for name in names)] for row in found.rows]
    return sorted(rows, key=str)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=tables())
def test_the_same_sets_in_every_shape_score_alike(tmp_path: Path, rows: list[Row]) -> None:
    plain = scored(tmp_path, CHART, as_text(rows, ",", "utf-8"), COLUMNS + "[times]\n", "plain.csv")
    for name, (write, plan) in SHAPES.items():
        assert readings(scored(tmp_path, CHART, write(rows), plan, name)) == readings(plain), name


def bundle(*observations: dict[str, Any]) -> str:
    about = {"resourceType": "Observation", "subject": {"reference": "Patient/1"}, "effectiveDateTime": "2026-03-02T08:00:00Z"}
    entries = [{"resource": {**about, "status": "final", **one}} for one in observations]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})


def pulse(value: int, *, unit: str = "/min", text: str = "/min", codes: tuple[tuple[str, str], ...] = (("http://loinc.org", "8867-4"),), **more: Any) -> dict[str, Any]:
    quantity = {"value": value, "unit": text, "code": unit}
    return {"code": {"coding": [{"system": system, "code": code} for system, code in codes]}, "valueQuantity": quantity, **more}


def test_units_that_contradict_each_other_refuse_the_set(tmp_path: Path) -> None:
    temperature = (("http://loinc.org", "8310-5"),)
    found = scored(tmp_path, CHART, bundle(pulse(98, unit="Cel", text="°F", codes=temperature)), 'note = ""\n', "b.json")
    assert found.column("score_status") == ["refused"] and "which are different units" in found.rows[0]["error"]
    assert found.report["refused"][0]["cells"] == 1


def test_void_rows_are_left_out_and_an_unknown_status_is_refused(tmp_path: Path) -> None:
    found = scored(tmp_path, CHART, bundle(pulse(240, status="entered-in-error"), pulse(84)), 'note = ""\n', "b.json")
    assert found.column("heart_rate") == ["84"] and found.report["rows_left_out"][0]["cells"] == 1
    found = scored(tmp_path, CHART, bundle(pulse(84, status="maybe")), 'note = ""\n', "b.json")
    assert found.column("score_status") == ["refused"]


def test_a_code_of_the_house_beside_a_code_of_the_rules(tmp_path: Path) -> None:
    both = (("urn:house", "P"), ("http://loinc.org", "8867-4"))
    assert scored(tmp_path, CHART, bundle(pulse(84, codes=both)), 'note = ""\n', "b.json").column("heart_rate") == ["84"]
    alone = bundle(pulse(84, codes=(("urn:house", "P"),)))
    plan = '[source]\nkind = "fhir"\n[codes]\n"urn:house|P" = "heart_rate"\n'
    assert scored(tmp_path, CHART, alone, plan, "b.json").column("heart_rate") == ["84"]
    named = bundle({**pulse(84), "code": {"coding": [{"system": "urn:house", "code": "P"}], "text": "Heart rate"}})
    with pytest.raises(FileError, match="looks like heart_rate and would not be read"):
        scored(tmp_path, CHART, named, 'note = ""\n', "b.json")


def test_codes_that_mean_two_parameters_refuse_the_set(tmp_path: Path) -> None:
    both = (("http://loinc.org", "8867-4"), ("http://loinc.org", "9279-1"))
    found = scored(tmp_path, CHART, bundle(pulse(18, codes=both)), 'note = ""\n', "b.json")
    assert found.column("score_status") == ["refused"] and "its codes mean different parameters" in found.rows[0]["error"]


def test_faults_of_the_plan_come_with_those_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        scored(tmp_path, CHART, b"PK\x03\x04 cut off", '[columns]\nHR = "hart_rate"\n', "w.xlsx")
    assert "hart_rate" in str(caught.value) and "w.xlsx" in str(caught.value)


def test_what_the_source_notes_is_in_the_reading_report(tmp_path: Path) -> None:
    found = scored(tmp_path, CHART, as_workbook([dict.fromkeys(THEIRS, "") | {"heart_rate": "84"}]), SHAPES["ward.xlsx"][1], "ward.xlsx")
    assert [(note["code"], note["times"]) for note in found.report["notes"]] == [("title_lines", 1)]


def test_a_folder_of_workbooks(tmp_path: Path) -> None:
    folder = tmp_path / "wards"
    folder.mkdir()
    for name in ("a.xlsx", "b.xlsx"):
        (folder / name).write_bytes(as_workbook([dict.fromkeys(THEIRS, "") | {"heart_rate": "84"}]))
    plan = tmp_path / "plan.toml"
    plan.write_text(SHAPES["ward.xlsx"][1], encoding="utf-8")
    summary = score_file(load_chart(CHART), folder, tmp_path / "out.csv", plan=read_plan(plan))
    assert (summary.rows, [report.source for report in summary.readings]) == (2, ["a.xlsx, sheet Sheet", "b.xlsx, sheet Sheet"])


def test_a_value_without_a_unit_is_refused_unless_the_plan_says_one(tmp_path: Path) -> None:
    bare = bundle({**pulse(84), "valueQuantity": {"value": 84}})
    found = scored(tmp_path, CHART, bare, 'note = ""\n', "b.json")
    assert found.column("score_status") == ["refused"] and "it has no unit" in found.rows[0]["error"]
    assert scored(tmp_path, CHART, bare, '[units]\nheart_rate = "/min"\n', "b.json").column("heart_rate") == ["84"]
