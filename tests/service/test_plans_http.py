"""Reading plans over HTTP: every kind of source by a plan, and every fault of a plan in one answer."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.service.support import CSV, MANY, VERIFY, client, codes

EXPORT = Path(__file__).parents[2] / "examples" / "plans"
MEWS_MANY, MEWS_VERIFY = "/v1/charts/mews/score-many", "/v1/charts/mews/verify"
MINIMAL = '[columns]\nPuls = "heart_rate"\n'
HL7 = "\r".join(
    [
        "MSH|^~\\&|A|B|C|D|20261120080000||ORU^R01|1|P|2.5",
        "PID|1||made-up-1^^^WARD^MR",
        "OBR|1|||1^vitals|||20261120080000",
        "OBX|1|NM|8867-4^Heart rate^LN||80|/min|||||F|||20261120080000",
        "OBX|2|NM|9279-1^Respiratory rate^LN||18|/min|||||F|||20261120080000",
        "",
    ]
)


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with client(tmp_path_factory.mktemp("data"), job_workers=1, lease_seconds=4.0) as found:
        yield found


def workbook(*rows: list[Any]) -> bytes:
    openpyxl = pytest.importorskip("openpyxl")
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def observation(code: str, value: float, unit: str) -> dict[str, Any]:
    return {
        "resource": {
            "resourceType": "Observation",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "subject": {"reference": "Patient/made-up-1"},
            "effectiveDateTime": "2026-11-20T08:00:00Z",
            "valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit},
        }
    }


BUNDLE = {"resourceType": "Bundle", "type": "collection", "entry": [observation("8867-4", 80, "/min"), observation("9279-1", 18, "/min")]}


def test_long_format_is_scored_by_its_plan_and_the_report_comes_with_the_job(http: Any) -> None:
    form = {"file": ("export.csv", (EXPORT / "export.csv").read_bytes())}
    answer = http.post(MEWS_MANY, files=form, data={"plan": (EXPORT / "export.toml").read_text()}, headers={"Accept": "text/csv"})
    assert answer.status_code == 200, answer.text
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["score_status"] for row in rows] == ["complete", "refused"] and rows[0]["systolic_bp"] == "162"
    assert json.loads(answer.headers["mews-newtt-codes-not-read"]) == ["Pain site"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("ward.xlsx", workbook(["Puls", "respiratory_rate"], [80, 18])),
        ("ward.json", json.dumps({"rows": [{"Puls": 80, "respiratory_rate": 18}]}).encode()),
        ("ward.csv", "Puls;respiratory_rate\n80;18\n".encode("utf-16")),
    ],
)
def test_a_plan_reads_workbooks_json_and_other_encodings(http: Any, name: str, content: bytes) -> None:
    more = '[source]\njson_path = "rows"\n' if name.endswith("json") else '[source]\nencoding = "utf-16"\n' if name.endswith("csv") else ""
    answer = http.post(MANY, files={"file": (name, content)}, data={"plan": MINIMAL + more}, headers={"Accept": "text/csv"})
    assert answer.status_code == 200, answer.text
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["heart_rate"] if "heart_rate" in row else row["Puls"]) == "80" and row["respiratory_rate"] == "18"


@pytest.mark.parametrize(("name", "content"), [("bundle.json", json.dumps(BUNDLE).encode()), ("results.hl7", HL7.encode())])
def test_a_plan_reads_fhir_and_hl7(http: Any, name: str, content: bytes) -> None:
    answer = http.post(MANY, files={"file": (name, content)}, data={"plan": "[sets]\nwindow = '5 min'\n"}, headers={"Accept": "text/csv"})
    assert answer.status_code == 200, answer.text
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["heart_rate"].split()[0], row["respiratory_rate"].split()[0]) == ("80", "18")


def test_verify_by_a_plan_holds_the_reading_report(http: Any) -> None:
    text = "Puls;Atmung;Schmerz;expected_total\n80;18;Arm;0\n80;k.A.;;0\n"
    plan = MINIMAL + 'Atmung = "respiratory_rate"\n[missing]\nrespiratory_rate = ["k.A."]\n[source]\ndelimiter = ";"\n'
    answer = http.post(VERIFY, files={"file": ("ward.csv", text)}, data={"plan": plan})
    assert answer.status_code == 200, answer.text
    reading = answer.json()["reading"]
    assert reading["source"] == "ward.csv" and (reading["rows"], reading["sets"]) == (2, 2)
    assert reading["not_read"]["columns"] == ["Schmerz"]
    assert next(one for one in reading["columns"] if one["column"] == "Atmung")["marked_missing"] == 1


@pytest.mark.parametrize("path", [MANY, VERIFY])
def test_every_fault_of_a_plan_is_named_at_once(http: Any, path: str) -> None:
    plan = '[columns]\nx = "hart_rate"\n[numbers]\ndecimal = "x"\n[units]\nheart_rate = "[degF]"\n[times]\nzone = "Nowhere/Here"\n[nix]\n'
    answer = http.post(path, files={"file": ("a.csv", CSV)}, data={"plan": plan})
    assert answer.status_code == 422
    assert len(codes(answer)) >= 4
    for word in ("hart_rate", "decimal", "degF", "Nowhere/Here", "nix"):
        assert word in answer.text
    assert str(http.app.state.settings.data_folder) not in answer.text


@pytest.mark.parametrize("path", [MANY, VERIFY])
def test_a_plan_with_open_questions_is_refused_with_their_numbers(http: Any, path: str) -> None:
    answer = http.post(path, files={"file": ("a.csv", CSV)}, data={"plan": 'open_questions = ["2", "5"]\n'})
    assert answer.status_code == 422 and codes(answer) == ["open_questions"] and "2, 5" in answer.text


@pytest.mark.parametrize("path", [MANY, VERIFY])
def test_a_map_beside_a_plan_is_refused(http: Any, path: str) -> None:
    answer = http.post(path, files={"file": ("a.csv", CSV)}, data={"plan": MINIMAL, "map": "ignore = []\n"})
    assert (answer.status_code, codes(answer)) == (400, ["map_and_plan"])


@pytest.mark.parametrize("plan", ["this is no TOML", "[columns\n", "\x00"])
def test_what_is_no_plan_is_refused(http: Any, plan: str) -> None:
    answer = http.post(MANY, files={"file": ("a.csv", CSV)}, data={"plan": plan})
    assert answer.status_code in (400, 422) and codes(answer) and "Traceback" not in answer.text


def test_a_blank_plan_is_none(http: Any) -> None:
    """A browser sends a blank part where no file was chosen."""
    answer = http.post(MANY, files={"file": ("a.csv", CSV), "plan": ("", b"")}, data={"map": "ignore = []\n"})
    assert answer.status_code == 200, answer.text


def test_nothing_of_a_direct_answer_by_a_plan_is_kept(http: Any) -> None:
    http.post(MANY, files={"file": ("a.csv", "Puls\n80\n")}, data={"plan": MINIMAL})
    assert list(http.app.state.queue.folder.iterdir()) == []


def test_a_pattern_with_very_many_ways_through_a_cell_ends(http: Any) -> None:
    plan = "[columns]\nAVPU = 'consciousness'\n[patterns.consciousness]\n'(a+)+b' = 'alert'\n"
    answer = http.post(MANY, files={"file": ("a.csv", f"heart_rate,AVPU\n80,{'a' * 40}\n80,aab\n")}, data={"plan": plan})
    first, second = csv.DictReader(io.StringIO(answer.text))
    assert first["score_status"] == "refused" and second["consciousness"] == "alert"


def test_the_openapi_document_describes_the_plan(http: Any) -> None:
    paths = http.get("/openapi.json").json()["paths"]
    for name in ("score-file", "verify-file"):
        form = paths[f"/v1/charts/{{chart_id}}/{name}"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
        assert form["properties"]["plan"]["type"] == "string" and "reading plan" in form["properties"]["plan"]["description"]
