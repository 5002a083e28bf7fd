"""Codes: every one is sound, none means two things, and none stands in the code that the rules or a UK Core artefact do not give."""

from __future__ import annotations

import re
from pathlib import Path

from mews_newtt import charts
from mews_newtt.chart.catalogue import catalogue
from mews_newtt.chart.codes import loinc_is_sound, snomed_is_sound
from mews_newtt.chart.observation import plain_unit
from mews_newtt.fhir.codes import PRESSURE_PANEL, PRESSURES, codes_of, known_unit, parameter_keys
from mews_newtt.reading.fhir_parts import LOINC, SNOMED

PACKAGE = Path(__file__).resolve().parents[2] / "mews_newtt" / "fhir"
PANEL = {"75367002", "85354-9", "8480-6", "8462-4"}  # UK Core vital signs: blood pressure
OLDER = {"55284-4", "150020"}  # the same panel in HL7's C-CDA vital sign value set, and in its device guide: asked for, never written


def test_codes_in_the_source_are_the_blood_pressure_panel_and_no_more() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.glob("*.py"))
    found = set(re.findall(r'"(\d{6,18})"', text)) | set(re.findall(r'"(\d{1,7}-\d)"', text))
    assert found == PANEL | OLDER
    assert all(loinc_is_sound(code) if "-" in code else snomed_is_sound(code) for code in found - {"150020"})
    assert {coding["code"] for coding in PRESSURE_PANEL["coding"]} | set(PRESSURES) == PANEL


def test_no_code_means_two_parameters() -> None:
    meant: dict[tuple[str, str], str] = {}
    for observation in catalogue().observations.values():
        for key in parameter_keys(observation):
            assert meant.setdefault(key, observation.id) == observation.id, key


def test_the_scores_of_two_charts_have_different_codes() -> None:
    seen: dict[tuple[str, str], str] = {}
    for chart in charts():
        for key in codes_of(chart).total:
            assert seen.setdefault(key, chart.id) == chart.id
    assert {system for system, _ in seen} == {SNOMED, "urn:mews-newtt:CodeSystem:score"}
    assert LOINC not in {system for system, _ in seen}


def test_a_unit_is_known_by_its_code_its_names_and_without_annotations() -> None:
    known = catalogue().observations
    assert [known_unit(known["respiratory_rate"], each) for each in ("/min", "{Breaths}/min", "{x}/min", "/min{x}", "min", "Cel")] == ["/min"] * 4 + [None] * 2
    assert [known_unit(known["temperature"], each) for each in ("degree Celsius", "[degF]", "K", "{Cel}")] == ["Cel", "[degF]", "K", None]


def test_the_case_and_the_blanks_of_a_unit_say_nothing() -> None:
    known = catalogue().observations
    for name, spellings in {
        "temperature": ["DEG C", "Deg C", "° C", "cel", "CELSIUS", "Degrees  Celsius"], "heart_rate": ["BPM", "Bpm", "Beats / Min", "{BEATS}/MIN"],
        "respiratory_rate": ["Breaths/Min", "BREATHS PER MINUTE"], "systolic_bp": ["MMHG", "MM HG", "MM[HG]"], "blood_glucose": ["MMOL/L", "Mmol / L"],
    }.items():  # fmt: skip
        assert {known_unit(known[name], each) for each in spellings} == {known[name].unit}, name
    assert [known_unit(known["blood_glucose"], each) for each in ("MG/DL", "mg / dl", "g/L")] == ["mg/dL", "mg/dL", None]
    assert [known_unit(known["temperature"], each) for each in ("DEG F", "° F", "Fahrenheit", "[DEGF]")] == ["[degF]"] * 4
    assert known_unit(known["temperature"], "") is None


def test_no_spelling_means_two_units() -> None:
    for observation in catalogue().observations.values():
        spellings = [(plain_unit(name), ucum) for ucum, names in ((observation.unit, observation.unit_names), *((u.ucum, u.names) for u in observation.other_units)) for name in (ucum, *names)]
        assert len(dict(set(spellings))) == len(set(spellings)), observation.id
