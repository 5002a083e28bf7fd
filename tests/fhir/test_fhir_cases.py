"""Messages as real systems make them, each held to the right answer: tests/vectors/fhir_cases/README.md says what each file is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mews_newtt import ObservationError, charts
from mews_newtt.fhir.cds import PrefetchMissing, cards
from mews_newtt.fhir.jsontext import read_json
from mews_newtt.fhir.operations import ews_score, ews_verify
from tests.fhir.support import MEWS, Resource, assert_r4, chart_named, find, parts, resources

CASES = Path(__file__).resolve().parents[1] / "vectors" / "fhir_cases"
NEWTT2 = "newtt2@0.1"

# file -> chart, status of the score Observation, its total (None: it has none), rows that are missing
SCORED: dict[str, tuple[str, str, int | None, tuple[str, ...]]] = {
    "f01_virtual_ward_zeros": ("news2", "final", 6, ()),
    "f04_synthetic_one_encounter": ("news2", "preliminary", None, ("air_or_oxygen", "consciousness")),
    "f04_synthetic_two_encounters": ("news2", "preliminary", None, ("air_or_oxygen", "consciousness")),
    "f04_synthetic_valueless": ("news2", "preliminary", None, ("respiratory_rate",)),
    "f05_openmrs_vitals": ("news2", "preliminary", None, ("air_or_oxygen", "consciousness")),
    "f06_us_core_pulse_ox": ("news2", "final", 3, ()),
    "f06_us_core_pulse_ox_flow0": ("news2", "preliminary", None, ("air_or_oxygen",)),
    "f08_server_searchset_corrected": ("news2", "final", 0, ()),
    "f09_newborn_glucose_known_code": (NEWTT2, "final", 2, ()),
    "f09_newborn_glucose_loinc_2339": (NEWTT2, "final", 2, ()),
    "f09_newborn_glucose_loinc_41653": (NEWTT2, "final", 2, ()),
    "f12_celsius_labelled_degF": ("news2", "final", 3, ()),
    "f12_unit_C_lower": ("news2", "final", 0, ()),
    "f12_unit_DegC": ("news2", "final", 0, ()),
    "f12_unit_degF_plain": ("news2", "final", 1, ()),
    "f12_units_upper": ("news2", "final", 0, ()),
    "f13_phd_device_mdc_only": ("news2", "preliminary", None, ("respiratory_rate", "air_or_oxygen", "consciousness")),
    "f16_fourteen_hours_apart": (MEWS, "preliminary", None, ("respiratory_rate",)),
    "f16_same_moment_two_zones": (MEWS, "final", 0, ()),
}
REFUSED = {
    "f05_openmrs_no_unit_rr": ["unit_missing"],
    "f08_server_history_two_versions": ["bundle_type"],
    "f08_server_same_id_two_versions": ["observation_twice", "reading_twice"],
    "f11_bp_minus_one": ["reading_impossible"],
    "f11_hr_as_integer": ["not_a_quantity"],
    "f11_systolic_as_string": ["not_a_quantity"],
}
# file -> (code of a warning, words in it): what must be said beside the score
TOLD = {
    "f04_synthetic_two_encounters": ("outside_window", "56 days or more before the newest reading"),
    "f04_synthetic_valueless": ("reading_absent", "respiratory_rate has no value"),
    "f06_us_core_pulse_ox": ("oxygen_from_amount", "6 L/min: read as oxygen"),
    "f06_us_core_pulse_ox_flow0": ("oxygen_unclear", "does not say whether it is air or oxygen"),
    "f16_fourteen_hours_apart": ("outside_window", "Respiratory rate of 2026-03-01T18:00:00Z left out"),
}
VERIFIED = {"f02_score_with_readings": "disagrees", "f02_score_without_readings": "nothing_compared", "f03_parts_do_not_add_up": "disagrees"}
CALLS = ("h03_cds_two_zones_same_moment", "h04_cds_no_patient", "h05_cds_no_seconds", "h05_cds_no_zone")


def case(name: str) -> Resource:
    return read_json((CASES / f"{name}.json").read_bytes())


def warnings_of(answer: Any) -> list[tuple[str, str]]:
    return [(issue["details"]["coding"][0]["code"], issue["details"]["text"]) for each in resources(answer, "OperationOutcome") for issue in each["issue"]]


def test_every_file_has_its_right_answer() -> None:
    assert {path.stem for path in CASES.glob("*.json")} == {*SCORED, *REFUSED, *VERIFIED, *CALLS}


@pytest.mark.parametrize("name", SCORED)
def test_scored(name: str) -> None:
    chart, status, total, missing = SCORED[name]
    answer = ews_score(case(name), find, chart=chart)
    assert_r4(answer.resource)
    body = resources(answer, "Observation")[0]
    assert (body["status"], body.get("valueQuantity", {}).get("value"), answer.result.missing) == (status, total, missing)
    assert ("meta" in body) == (status == "final")


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    with pytest.raises(ObservationError) as refusal:
        ews_score(case(name), find, chart="news2")
    assert sorted({problem.code for problem in refusal.value.problems}) == REFUSED[name]


@pytest.mark.parametrize("name", TOLD)
def test_told(name: str) -> None:
    code, words = TOLD[name]
    assert [words in text for each, text in warnings_of(ews_score(case(name), find, chart=SCORED[name][0])) if each == code] == [True]


def test_a_device_feed_is_read_by_its_own_codes() -> None:
    points = ews_score(case("f13_phd_device_mdc_only"), find, chart="news2").result.points()
    assert (points["oxygen_saturation"], points["heart_rate"], points["systolic_bp"], points["temperature"]) == (3, 2, 0, 1)


def test_a_device_feed_of_unknown_codes_is_refused_by_the_names_of_its_observations() -> None:
    sent = case("f13_phd_device_mdc_only")
    for entry in sent["entry"]:
        for body in (entry["resource"], *entry["resource"].get("component", ())):
            body["code"]["coding"][0]["code"] += "99"
    with pytest.raises(ObservationError, match=r"MDC_PULS_OXIM_SAT_O2.*MDC_PULS_OXIM_PULS_RATE.*MDC_TEMP_BODY") as refusal:
        ews_score(sent, find, chart="news2")
    assert [problem.code for problem in refusal.value.problems] == ["nothing_read"]


def test_a_code_that_cannot_be_one_is_named() -> None:
    told = warnings_of(ews_score(case("f06_us_core_pulse_ox"), find, chart="news2"))
    assert [text for code, text in told if code == "not_read"] == [
        "'Inhaled oxygen concentration' (3150-6, no LOINC code: its check digit is wrong) is not known here; it was left out"
    ]


def test_one_moment_in_two_zones_is_one_time() -> None:
    answer = ews_score(case("f16_same_moment_two_zones"), find, chart=MEWS)
    assert not resources(answer, "OperationOutcome")
    assert "effectiveDateTime" in resources(answer, "Observation")[0]


@pytest.mark.parametrize(("name", "flag"), [("f01_virtual_ward_zeros", "implausible:heart_rate"), ("f12_celsius_labelled_degF", "implausible:temperature")])
def test_what_no_living_person_has_is_flagged(name: str, flag: str) -> None:
    answer = ews_score(case(name), find, chart="news2")
    assert flag in answer.result.flags
    assert any("implausible" in note["text"] for note in resources(answer, "Observation")[0]["note"])


def verdict(name: str) -> tuple[Resource, list[Any]]:
    found = ews_verify(case(name), find, charts()).resource
    assert_r4(found)
    assert parts(found, "verdict") == [VERIFIED[name]]
    return found, parts(found, "difference")


def test_a_score_with_its_readings_is_compared() -> None:
    _, wrong = verdict("f02_score_with_readings")
    assert [(each["kind"], each["stated"], each["computed"]) for each in wrong if each["kind"] != "table"] == [("total", "20", "19"), ("points", "3", "2")]


def test_a_score_without_its_readings_accuses_nobody_and_is_added_up() -> None:
    found, wrong = verdict("f02_score_without_readings")
    assert not wrong
    assert "the stated points add up to the stated total" in str(parts(found, "outcome"))


def test_parts_that_do_not_add_up_are_the_only_difference() -> None:
    _, wrong = verdict("f03_parts_do_not_add_up")
    assert [(each["kind"], each["stated"], each["computed"]) for each in wrong] == [("parts_do_not_add_up", "9", "11")]


def card(name: str) -> Resource:
    found: list[Resource] = cards(chart_named(MEWS), case(name))["cards"]
    assert len(found) == 1
    return found[0]


def test_cards() -> None:
    zones = card("h03_cds_two_zones_same_moment")
    assert (zones["summary"], zones["indicator"]) == ("MEWS (England, working chart): total 0, level Routine", "info")
    assert "left out" not in zones["detail"]
    seconds = card("h05_cds_no_seconds")
    assert "partial set" in seconds["summary"] and "Readings of 2026-03-02T08:00:00Z." in seconds["detail"]
    zone = card("h05_cds_no_zone")
    assert "cannot be scored" in zone["summary"] and "without a time zone" in zone["detail"] and zone["indicator"] == "warning"
    with pytest.raises(PrefetchMissing) as absent:
        cards(chart_named(MEWS), case("h04_cds_no_patient"))
    assert [problem.code for problem in absent.value.problems] == ["prefetch_missing"]
