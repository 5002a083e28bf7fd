"""`mews-newtt fhir` as a person runs it, and whole packs through it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mews_newtt import ObservationError, charts, load_chart
from mews_newtt.cli import main
from mews_newtt.fhir.jsontext import read_json
from mews_newtt.fhir.operations import ews_verify
from mews_newtt.fhir.packs import pack_bundles
from tests.fhir.support import assert_r4, find, parts
from tests.validation.made_packs import pack_of

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "fhir"
WRONG, BABY = str(EXAMPLES / "news2_stated_wrong.json"), str(EXAMPLES / "newborn_partial.json")


def test_the_example_of_a_wrong_score(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([WRONG], [WRONG, "--chart", "news2@2017.1"]):
        assert main(["fhir", "verify", *arguments]) == 1
        out, err = capsys.readouterr()
        assert parts(json.loads(out), "verdict") == ["disagrees"]
        assert err.splitlines()[:2] == ["NEWS2 2017.1: disagrees", "  the total is stated as 6; the chart gives 5"]


def test_score_into_a_file(tmp_path: Path) -> None:
    out = tmp_path / "score.json"
    assert main(["fhir", "score", "newtt2", BABY, "-o", str(out), "--issued", "2026-11-22T09:31:00Z"]) == 0
    found = read_json(out.read_bytes())
    assert_r4(found)
    assert found["entry"][0]["resource"]["status"] == "preliminary"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["score", "news2", "nowhere.json"], "file_missing"),
        (["score", "nonesuch", BABY], "chart_unknown"),
        (["score", "news2", BABY, "--issued", "now"], "not_a_time"),
        (["verify", BABY], "chart_missing"),
    ],
)
def test_what_cannot_be_done_is_told_with_its_mend(arguments: list[str], code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fhir", *arguments]) == 2
    out, err = capsys.readouterr()
    assert not out and f"[error: {code}]" in err and "mend:" in err


def test_a_request_that_pins_another_version_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sent = {"resourceType": "Parameters", "parameter": [{"name": "version", "valueString": "1999"}, {"name": "observations", "resource": read_json(Path(BABY).read_bytes())}]}
    path = tmp_path / "pinned.json"
    path.write_text(json.dumps(sent, default=float))
    assert main(["fhir", "score", "newtt2", str(path)]) == 2
    assert "chart_changed" in capsys.readouterr().err


CASES = Path(__file__).resolve().parents[1] / "vectors" / "fhir_cases"


def test_what_was_left_out_or_not_compared_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    apart = str(CASES / "f16_fourteen_hours_apart.json")
    assert main(["fhir", "score", "mews@0.1", apart]) == 0
    assert capsys.readouterr().err.splitlines() == [
        "MEWS (England, working chart) 0.1: partial",
        "  Respiratory rate of 2026-03-01T18:00:00Z left out: 14 h or more before the newest reading; a round lasts 30 min",
    ]
    assert main(["fhir", "score", "mews@0.1", apart, "--window", "840"]) == 0
    assert not capsys.readouterr().err
    assert main(["fhir", "verify", str(CASES / "f02_score_without_readings.json")]) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert first == "NEWS2 2017.1: nothing compared" and "no reading of this chart is here" in second
    assert main(["fhir", "score", "mews@0.1", apart, "--window", "soon"]) == 2
    assert "bad_window" in capsys.readouterr().err


def test_a_pack_is_written_whole(tmp_path: Path) -> None:
    out = tmp_path / "pack.ndjson"
    assert main(["fhir", "pack", "mewc", "--manual", "-o", str(out), "--effective", "2026-11-22T09:30:00Z"]) == 0
    assert {json.loads(line)["resourceType"] for line in out.read_text(encoding="utf-8").splitlines()} == {"Bundle"}
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("name", ["newtt2", pytest.param("npews", marks=pytest.mark.deep)])
def test_every_case_of_a_real_pack_is_r4_and_verifies_as_right(name: str) -> None:
    chart, pack = load_chart(name), pack_of(name, manual=True)
    refused = 0
    for case, bundle in zip(pack.cases, pack_bundles(pack, chart), strict=True):
        assert_r4(bundle)
        try:
            answer = ews_verify(bundle, find, charts(), chart=name)
        except ObservationError:
            assert case.expected["expected_status"] == "refused", case
            refused += 1
        else:
            assert case.expected["expected_status"] == answer.result.status, case
            wanted = ["agrees"] if case.given else ["nothing_compared"]  # a set without any reading has no answer to compare
            assert parts(answer.resource, "verdict") == wanted, (case, parts(answer.resource, "difference"))
    assert len(pack.cases) > refused
