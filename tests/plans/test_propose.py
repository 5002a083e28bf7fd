"""`mews-newtt plan`: for every file of `tests/vectors/cases` a plan that is right once its questions are answered, or that says what is missing."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("polars")
pytest.importorskip("openpyxl")

from mews_newtt import FileError, load_chart, read_plan
from mews_newtt.cli import main
from mews_newtt.tables.proposing.draft import Question
from mews_newtt.tables.proposing.propose import Proposal, propose_plan
from tests.plans.support import CASES, Scored, scored
from tests.plans.test_plan_sources_whole import SHAPES

Answers = Mapping[str, str]  # a part of a question: a part of the choice


def proposed(chart: str, path: Path, answers: Answers) -> Proposal:
    """A proposal, each of its questions answered. A question that nobody expected fails the test; so does an answer without a question."""
    used = set()

    def answer(question: Question) -> int:
        key = next((part for part in answers if part in question.text), None)
        assert key is not None, question.text
        used.add(key)
        return next(place for place, choice in enumerate(question.choices) if answers[key] in choice.says)

    found = propose_plan(load_chart(chart), path, answer)
    assert used == set(answers) and not found.open
    return found


def read(folder: Path, chart: str, name: str, answers: Answers) -> Scored:
    return scored(folder, chart, CASES / name, proposed(chart, CASES / name, answers).text)


DAY_FIRST = {"How are the times": "day first"}
MISSING, REFUSED = "no reading was taken", "refused"


def test_c02_two_pressures_in_one_cell(tmp_path: Path) -> None:
    found = read(tmp_path, "mews@0.1", "c02_combined_bp.csv", {})
    assert found.column("total") == [0, 4, None] and found.column("score_status") == ["complete", "complete", "refused"]
    assert "Excel turned into a date" in propose_plan(load_chart("mews@0.1"), CASES / "c02_combined_bp.csv").text


def test_c03_long_format(tmp_path: Path) -> None:
    found = read(tmp_path, "mews@0.1", "c03_long.csv", {"Are they one set": "within 5 min"})
    assert found.column("total") == [4, None] and found.report["converted"] == {"temperature": {"°F": 1}}


@pytest.mark.parametrize(("name", "more"), [("c04_excel_eu_ansi.csv", {"is not UTF-8": "cp1252"}), ("c04_excel_eu_bom.csv", {})])
def test_c04_a_european_spreadsheet(tmp_path: Path, name: str, more: Answers) -> None:
    found = read(tmp_path, "mews@0.1", name, DAY_FIRST | more)
    assert found.column("total") == [0, 7] and found.column("observed_at") == ["2026-03-02T08:00:00", "2026-03-02T08:10:00"]


def test_c04_signs_and_marks(tmp_path: Path) -> None:
    assert read(tmp_path, "mews@0.1", "c04_excel_quoted_comma.csv", {}).column("total") == [0]
    answers = {"What is the sign": "before the tenths", "signs around numbers": "take them off", "'0.98' (1 row of oxygen_saturation) can hardly be": "they are readings"}
    assert read(tmp_path, "mews@0.1", "c04_excel_text_marks.csv", answers).column("total") == [0, 0, 0, 2, 0, 0]


def test_c05_marks_for_missing(tmp_path: Path) -> None:
    answers = {"signs around numbers": "take them off", "There are cells with": MISSING, "numbers that may stand for no reading": MISSING}
    found = read(tmp_path, "news2", "c05_missing_marks.csv", answers)
    assert found.column("score_status") == ["complete", *["partial"] * 11, "complete"]


def test_c05_zeros(tmp_path: Path) -> None:
    answers = {"Air or oxygen): what does '0'": "air", "consciousness (ACVPU)): what does '0'": "alert", "numbers that may stand for no reading": MISSING}
    found = read(tmp_path, "news2", "c05_zero_as_missing.csv", answers)
    assert found.column("score_status") == ["complete", "partial", "partial", "partial"]


def test_c06_oxygen_in_words(tmp_path: Path) -> None:
    answers = {
        **DAY_FIRST, "holds amounts": "yes", "'on air'": "means air", "what does '0'": "means air", "'No'": "'No' means air",
        "what does 'N'": REFUSED, "'Alert (A)'": "yes, all of them", "'awake'": "means alert",
        "'sleeping'": REFUSED, "'15'": REFUSED,
    }  # fmt: skip
    found = read(tmp_path, "news2", "c06_epr_oxygen_text.csv", answers)
    assert found.column("air_or_oxygen")[:9] == ["air", "oxygen", "oxygen", "air", "air", "oxygen", "air", "air", "oxygen"]
    assert found.column("score_status") == ["complete"] * 8 + ["refused"] * 2


def test_c06_a_flow_alone(tmp_path: Path) -> None:
    found = read(tmp_path, "news2", "c06_flow_only.csv", {"say whether it is air or oxygen": "yes"})
    assert found.column("air_or_oxygen") == ["air", "oxygen"] and found.column("total") == [0, 3]


def test_c08_temperatures_that_are_none(tmp_path: Path) -> None:
    answers = {"numbers that may stand for no reading": MISSING, "'368'": "slips"}
    assert read(tmp_path, "mews@0.1", "c08_body_temp_that_is_none.csv", answers).column("score_status")[:3] == ["complete", "complete", "refused"]
    celsius = read(tmp_path, "mews@0.1", "c08_celsius_in_fahrenheit_column.csv", {"can hardly be": "they are readings"})
    assert ["implausible:temperature" in row["flags"] for row in celsius.rows] == [True, True, False]


def test_c09_and_c15_newborns(tmp_path: Path) -> None:
    assert read(tmp_path, "newtt2@0.1", "c09_newborn_glucose_other_name.csv", {}).rows[0]["level"] != "white"
    assert proposed("newtt2@0.1", CASES / "c15_none_answer.csv", {}).without == ("Blood glucose",)


def test_c10_ranges(tmp_path: Path) -> None:
    found = read(tmp_path, "news2", "c10_comparators.csv", {"There are ranges": "the same points"})
    assert found.column("total") == [3, 3, 3, 3, None, 0]


def test_c12_two_units(tmp_path: Path) -> None:
    assert read(tmp_path, "mews@0.1", "c12_temp_c_and_f.csv", {"Which counts": "must be equal"}).column("total") == [0, 2]


def test_c13_rows_that_are_void_or_doubled(tmp_path: Path) -> None:
    assert read(tmp_path, "mews@0.1", "c13_duplicates.csv", {"the person and the time of another row": "one set"}).column("total") == [0, 11, 0]


def test_c17_devices_and_encodings(tmp_path: Path) -> None:
    answers = {"numbers that may stand for no reading": MISSING}
    found = read(tmp_path, "mews@0.1", "c17_device_specials.csv", answers)
    assert found.column("score_status") == ["partial"] * 4
    utf16 = proposed("mews@0.1", CASES / "c17_utf16.csv", {})
    assert "Temperature" in utf16.without
    assert scored(tmp_path, "mews@0.1", CASES / "c17_utf16.csv", utf16.text).column("heart_rate") == ["84"]


@pytest.mark.parametrize("name", ["c20_eform_blank_means_air.csv", "c20_eform.ndjson", "c20_eform_array.json"])
def test_c20_blank_means_air(tmp_path: Path, name: str) -> None:
    answers = {"say whether it is air or oxygen": "no", "'RM'": "oxygen", "'N'": "oxygen", "blank cell": "air", "another system gave": "no"}
    assert read(tmp_path, "news2", name, answers).column("total") == [2, 5, 3, 7, 3, 4]


@pytest.mark.parametrize("name", ["r01_platform_typo_11_points.csv", "r03_platform_blank_is_zero.csv"])
def test_r_answers_of_a_platform(name: str) -> None:
    answers = {"blank cell": "no reading"} if name.startswith("r03") else {}
    assert proposed("news2", CASES / name, answers).without == ()


EVERY = [path for folder in (CASES, CASES.parent / "fhir_cases") for path in sorted(folder.iterdir()) if path.suffix in (".csv", ".json", ".ndjson")]


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.name)
def test_every_file_gets_a_plan_or_a_reason(tmp_path: Path, path: Path) -> None:
    chart = load_chart("news2")
    try:
        found = propose_plan(chart, path)
    except FileError as fault:
        refusal = fault
    else:
        refusal = None
    if refusal is not None:
        assert all(problem.mend for problem in refusal.problems)
        return
    plan = tmp_path / "plan.toml"
    plan.write_text(found.text, encoding="utf-8")
    faults = read_plan(plan, observations=chart.observations, keep_faults=True).faults
    assert [fault.code for fault in faults] == (["open_questions"] if found.open else [])


ROW = {"patient_id": "M1", "observed_at": "2026-03-02T08:00:00", "respiratory_rate": "18", "oxygen_saturation": "96", "systolic_bp": "118"}
ROW |= {"heart_rate": "84", "temperature": "36.8", "air_or_oxygen": "air", "consciousness": "alert"}


@pytest.mark.parametrize("name", SHAPES)
def test_a_plan_for_every_kind_of_source(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(SHAPES[name][0]([ROW, ROW | {"observed_at": "2026-03-02T12:00:00", "heart_rate": "124"}]))
    likely = propose_plan(load_chart("news2"), path, lambda question: 0)
    assert likely.without == () and scored(tmp_path, "news2", path, likely.text).column("total") == [0, 2]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["plan", *arguments])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_the_command_leaves_questions_open_and_scoring_refuses_such_a_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = tmp_path / "plan.toml"
    code, out, err = run(capsys, str(CASES / "c03_long.csv"), "mews@0.1", "-o", str(plan))
    assert (code, out) == (1, "") and "QUESTION 1:" in err and "1 question is open" in err
    assert "# QUESTION 1: " in plan.read_text(encoding="utf-8")
    assert main(["score", "mews@0.1", str(CASES / "c03_long.csv"), "--plan", str(plan), "-o", str(tmp_path / "out.csv")]) == 2
    assert "has 1 open question: 1" in capsys.readouterr().err
    plan.write_text(plan.read_text(encoding="utf-8").replace('open_questions = ["1"]', "open_questions = []"), encoding="utf-8")
    code, out, _ = run(capsys, str(CASES / "c03_long.csv"), "mews@0.1", "--check", "--plan", str(plan))
    assert code == 0 and "<- pulse in row 4: '118 bpm'" in out


def test_the_command_asks_on_a_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal("9\nx\n2\n"))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    plan = tmp_path / "plan.toml"
    code, out, err = run(capsys, str(CASES / "c03_long.csv"), "mews@0.1", "-o", str(plan), "--check")
    assert code == 0 and err.count("number, or Enter") == 3 and "row 2: patient_id P1" in out
    assert 'window = "5 min"  # as answered' in plan.read_text(encoding="utf-8")


def test_what_cannot_be_read_is_refused_without_a_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, str(tmp_path / "none.csv"), "news2")[0] == 2
    broken = tmp_path / "w.xlsx"
    broken.write_bytes(b"PK\x03\x04 cut off")
    code, _, err = run(capsys, str(broken), "news2", "-o", str(tmp_path / "plan.toml"))
    assert code == 2 and "cut off or damaged" in err and not (tmp_path / "plan.toml").exists()


def test_names_and_cells_of_the_file_cannot_end_a_comment(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text('heart_rate,"x\ny = 1","q""uote",\x7f\n"8\n0",1,2,3\n', encoding="utf-8")
    plan = tmp_path / "plan.toml"
    plan.write_text(propose_plan(load_chart("news2"), path).text, encoding="utf-8")
    assert {fault.code for fault in read_plan(plan, keep_faults=True).faults} <= {"open_questions"}


def test_births_are_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "births.csv"
    path.write_text("patient,taken,born,heart_rate\nA,2026-03-02 08:00,2026-03-01 07:30,132\n", encoding="utf-8")
    found = propose_plan(load_chart("newtt2"), path)
    assert any("seems to hold births" in question.text for question in found.open) or "born" in found.not_read


def test_codes_of_the_house_in_fhir_are_named_by_their_words(tmp_path: Path) -> None:
    value: dict[str, Any] = {"valueQuantity": {"value": 84, "code": "/min"}, "subject": {"reference": "Patient/1"}, "effectiveDateTime": "2026-03-02T08:00:00Z"}
    code = {"coding": [{"system": "urn:house", "code": "P"}], "text": "Pulse"}
    path = tmp_path / "b.json"
    path.write_text(json.dumps({"resourceType": "Observation", "status": "final", "code": code, **value}), encoding="utf-8")
    found = proposed("news2", path, {})
    assert '"urn:house|P" = "heart_rate"' in found.text
    assert scored(tmp_path, "news2", path, found.text).column("heart_rate") == ["84"]


def test_a_setting_that_the_person_has_to_write_stays_open(tmp_path: Path) -> None:
    found = propose_plan(load_chart("mews@0.1"), CASES / "c04_excel_eu_ansi.csv", lambda question: len(question.choices) - 1)
    assert [question.about for question in found.open] == ["the file"]


def test_a_plan_is_proposed_again_from_what_its_source_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, plan = tmp_path / "f.csv", tmp_path / "plan.toml"
    file.write_text("printed by,somebody,\nward,7,\nHR,RR,Temp\n80,16,36.8\n", encoding="utf-8")
    plan.write_text("[source]\nheader_line = 3\n", encoding="utf-8")
    code, _, err = run(capsys, str(file), "mews", "--plan", str(plan), "-o", str(plan))
    text = plan.read_text(encoding="utf-8")
    assert "Which line names" not in err and "header_line = 3" in text and 'HR = "heart_rate"' in text, (code, err)


def test_a_long_file_whose_people_are_numbers(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    rows = "1;BP;120/80;2026-03-02 08:00\n1;Pulse;80;2026-03-02 08:00\n1;O2 flow;2 L/min;2026-03-02 08:00\n1;Weight;70;2026-03-02 08:00\n"
    path.write_text(f"NHS number;Observation;Result;Recorded\n{rows}", encoding="utf-8")
    found = proposed("news2", path, {"say whether it is air or oxygen": "yes"})
    assert found.not_read == {"code Weight": "means no reading of the chart"}
    row = scored(tmp_path, "news2", path, found.text, "long.csv").rows[0]
    assert (row["patient_id"], row["systolic_bp"], row["heart_rate"], row["air_or_oxygen"]) == ("1", "120", "80", "oxygen")


def test_many_columns_without_a_meaning_are_not_all_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text(",".join(f"c{place}" for place in range(400)) + "\n" + ",".join(["80"] * 400) + "\n", encoding="utf-8")
    found = propose_plan(load_chart("news2"), path)
    assert len(found.open) < 5 and len(found.not_read) == 400


@pytest.mark.parametrize(("name", "plan", "shown"), [
    ("c20_eform.ndjson", (CASES / "c20_map.toml").read_text(encoding="utf-8"), "oxygen  <- oxcode: 'RM'"),
    ("c06_flow_only.csv", '[columns]\nO2_flow = "oxygen_flow"\n[air_or_oxygen]\nfrom = "oxygen_flow"\n', "oxygen  <- O2_flow: '2'"),
    ("c12_temp_c_and_f.csv", '[readings.temperature]\nfrom = ["temp_c", { column = "temp_f", unit = "[degF]" }]\nchoose = "equal"\n', "101.3 [degF]  <- temp_f: '101.3'"),
])  # fmt: skip
def test_check_shows_the_cells_of_every_reading(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, plan: str, shown: str) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(plan, encoding="utf-8")
    code, out, _ = run(capsys, str(CASES / name), "news2" if "c12" not in name else "mews@0.1", "--check", "--plan", str(path))
    assert code == 0 and shown in out


def test_check_keeps_the_sets_of_one_person_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, plan = tmp_path / "long.csv", tmp_path / "plan.toml"
    path.write_text("id,at,item,result\nA,2026-03-02 08:00,RR,18\nA,2026-03-02 09:00,RR,22\nA,2026-03-02 09:00,HR,84\n", encoding="utf-8")
    plan.write_text('[long]\ncode = "item"\nvalue = "result"\nsubject = "id"\ntime = "at"\n[codes]\nRR = "respiratory_rate"\nHR = "heart_rate"\n', encoding="utf-8")
    first, second = run(capsys, str(path), "news2", "--check", "--plan", str(plan))[1].split("\nrow 3: ")
    assert "18  " in first and "HR" not in first and "RR in row 3: '22'" in second and "HR in row 4: '84'" in second
