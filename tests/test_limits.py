"""The two tiers of limits, and where each limit is from: the impossible is refused, the implausible scores and is flagged."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mews_newtt import ChartError, load_chart, score
from mews_newtt.chart.catalogue import catalogue
from mews_newtt.chart.load_observations import load_observations
from tests.test_reading import NEWS2, WELL, number_of, said


def test_every_limit_holds_from_both_sides() -> None:
    checked = 0
    for observation in catalogue().observations.values():
        for edge, outwards in ((observation.impossible.low, -1), (observation.impossible.high, 1)):
            if edge is None:
                continue
            beyond = edge + outwards * observation.step / 2
            assert number_of(observation.id, edge)[0] == edge
            text = said({observation.id: beyond})
            assert f"{beyond} is impossible" in text and f"allowed: {observation.impossible}" in text
            checked += 1
        for edge, outwards in ((observation.implausible.low, -1), (observation.implausible.high, 1)):
            if edge is None or not observation.impossible.contains(edge + outwards * observation.step):
                continue
            assert "implausible" not in number_of(observation.id, edge)[1]
            assert "implausible" in number_of(observation.id, edge + outwards * observation.step)[1]
            checked += 1
    assert checked > 30


def test_an_implausible_reading_scores_and_is_told() -> None:
    result = score(NEWS2, {**WELL, "oxygen_saturation": 15})
    assert result.points()["oxygen_saturation"] == 3 and "implausible:oxygen_saturation" in result.flags
    assert any("is implausible; confirm the reading" in warning for warning in result.warnings)


RATES_AND_PRESSURES = ("respiratory_rate", "heart_rate", "fetal_heart_rate", "systolic_bp", "diastolic_bp", "mean_arterial_pressure")


@pytest.mark.parametrize("name", RATES_AND_PRESSURES)
@pytest.mark.parametrize("raw", [0, "0", 0.0, "0.0", "0.4", Decimal("0E+3")])
def test_a_rate_or_a_pressure_of_0_scores_and_is_flagged(name: str, raw: Any) -> None:
    """Devices and forms write 0 for "not measured"; an arrest is a rate of 0 too. So it counts, and a person is asked to confirm it."""
    assert "implausible" in number_of(name, raw)[1]
    assert "implausible" not in number_of(name, 1)[1]


@pytest.mark.parametrize(
    "raw", [0, "3.68", 21.3, "24.9", "36.8 [degF]", {"value": 38.5, "unit": "F"}, ("36.8", "[degF]"), "273.15 K", {"value": "45", "unit": "[degF]"}]
)
def test_a_body_temperature_that_nobody_alive_has_is_flagged(raw: Any) -> None:
    assert "implausible" in number_of("temperature", raw)[1]
    result = score(NEWS2, {**WELL, "temperature": raw})
    assert "implausible:temperature" in result.flags
    assert any("is implausible; confirm the reading and its unit" in warning for warning in result.warnings)


@pytest.mark.parametrize("raw", ["25", "25.1", "35.0", "44.9", "77 [degF]", "98.6 [degF]", "309.95 K"])
def test_cold_and_hot_bodies_are_not(raw: str) -> None:
    assert "implausible" not in number_of("temperature", raw)[1]


def test_celsius_declared_as_fahrenheit_says_what_was_read() -> None:
    """36.8 "Fahrenheit" is 2.7 degrees Celsius: the words show both, and doubt the unit."""
    warnings = score(NEWS2, {**WELL, "temperature": "36.8 [degF]"}).warnings
    assert "Temperature: 36.8 [degF], read as 2.66667 °C, is implausible; confirm the reading and its unit" in warnings


@pytest.mark.parametrize("raw", ["10", "12.5", "15", "18", "25", "45", "180", "9.95", "1.4 mg/dL", "9.9 mg/dL", ("5.5", "mg/dL"), "0", "0.5", "180 mg/dL", "200 mg/dL"])
def test_glucose_whose_unit_cannot_be_told_is_flagged(raw: Any) -> None:
    """A newborn's 15 mg/dL is an emergency, 15 mmol/L is scored as none. Numbers from 10 on may be the one or the other; those that fit no baby are doubted too."""
    assert "implausible" in number_of("blood_glucose", raw)[1]
    result = score(load_chart("newtt2", "0.1"), {"blood_glucose": raw})
    assert "implausible:blood_glucose" in result.flags
    assert any(warning.startswith("Blood glucose: ") and "confirm the reading and its unit" in warning for warning in result.warnings)


@pytest.mark.parametrize("raw", ["0.6", "1.4", "2.6", "5.5", "9.9", "10 mg/dL", "25 mg/dL", "45 mg/dL", "178 mg/dL"])
def test_glucose_that_fits_its_unit_is_not(raw: str) -> None:
    assert "implausible" not in number_of("blood_glucose", raw)[1]


@pytest.mark.parametrize(("raw", "flagged"), [("0.4", True), ("1", True), ("19", True), ("20.9", False), ("21", False), ("0.4 fraction", False), ("100", False)])
def test_oxygen_as_a_fraction_without_its_unit_is_flagged(raw: str, flagged: bool) -> None:
    assert ("implausible" in number_of("oxygen_percent", raw)[1]) == flagged


def test_every_limit_says_where_it_is_from() -> None:
    """No source in reach gives limits but the National PEWS specification; those that are this project's own say so."""
    for observation in catalogue().observations.values():
        limits = (observation.impossible.low, observation.impossible.high, observation.implausible.low, observation.implausible.high)
        assert bool(observation.limits_source) == any(limit is not None for limit in limits), observation.id
    pews = {("respiratory_rate", 150), ("oxygen_saturation", 20), ("heart_rate", 300), ("systolic_bp", 400), ("diastolic_bp", 400), ("mean_arterial_pressure", 400),
            ("capillary_refill", 1), ("capillary_refill", 10)}  # fmt: skip
    for observation in catalogue().observations.values():
        for limit in (observation.implausible.low, observation.implausible.high):
            if limit is not None:
                source = observation.limits_source
                assert "National PEWS C3.16" in source if (observation.id, limit) in pews else "ours" in source, observation.id


def test_what_must_be_above_another_names_one(tmp_path: Any) -> None:
    for other in ("sistolic", "beat", "colour", "mean"):
        (tmp_path / "parameters.toml").write_text(
            f'[beat]\ntitle = "Beat"\nunit = "/min"\nstep = 1\nabove = ["{other}"]\n[mean]\ntitle = "Mean"\nunit = "kPa"\nstep = 1\n'
            '[colour]\ntitle = "Colour"\n[[colour.categories]]\nid = "red"\ntitle = "Red"\n', encoding="utf-8",
        )  # fmt: skip
        with pytest.raises(ChartError, match=f"is to be above '{other}', which is no other observation of this file in '/min'"):
            load_observations(tmp_path / "parameters.toml")


def test_a_slip_of_pressures_and_fahrenheit_as_celsius_are_impossible() -> None:
    assert "12080 is impossible" in said({"systolic_bp": 12080})
    assert "98.6 is impossible" in said({"temperature": 98.6}) and "another unit" in said({"temperature": 98.6})
