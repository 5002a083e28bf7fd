"""Small promises of the reference that no other test would miss: each was broken on purpose once, and nothing noticed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from mews_newtt import ObservationError, ObservationSet, load_chart, score
from mews_newtt.chart.bands import find_band
from mews_newtt.chart.model import Band, Interval, Table
from mews_newtt.reading.values import read
from tests.test_reading import NEWS2, WELL, number_of, said


def codes(chart: Any, given: Any) -> list[tuple[str, str]]:
    with pytest.raises(ObservationError) as caught:
        score(chart, given)
    return [(problem.code, problem.where) for problem in caught.value.problems]


def test_a_reading_that_is_not_on_the_chart_is_named_and_no_other() -> None:
    result = score(NEWS2, {**WELL, "fetal_heart_rate": 140, "colour": None})
    assert result.not_on_chart == ("fetal_heart_rate",)
    assert "fetal_heart_rate is not on this chart and was left out" in result.warnings
    assert (result.status, result.total) == ("complete", 0)
    assert score(NEWS2, WELL).not_on_chart == ()


def test_a_converted_reading_keeps_its_unit_in_its_row_and_words() -> None:
    row = next(row for row in score(NEWS2, {**WELL, "temperature": {"value": "97.7", "unit": "[degF]"}}).parameters if row.id == "temperature")
    assert (row.given, row.unit_given, row.value, row.flags) == ("97.7", "[degF]", Decimal("36.5"), ("converted",))
    own = next(row for row in score(NEWS2, {**WELL, "temperature": "36.5 C"}).parameters if row.id == "temperature")
    assert (own.given, own.unit_given, own.flags) == ("36.5 C", None, ())


def test_a_missing_row_is_as_wide_as_its_table() -> None:
    row = next(row for row in score(NEWS2, {}).parameters if row.id == "respiratory_rate")
    assert (row.points, row.points_min, row.points_max, row.missing) == (None, 0, 3, True)
    assert row.says == "Respiratory rate: missing: 0 to 3 points still possible"


def test_a_skip_with_points_is_in_no_zone() -> None:
    result = score(load_chart("npews"), {"age_years": 3, "skip_systolic_bp": "U4"})
    assert next(row for row in result.parameters if row.id == "systolic_bp").points == 4
    zones = load_chart("npews").zone_rank
    extent = next(extent for extent in result.evidence.bounds if extent.names == ("systolic_bp",))  # type: ignore[union-attr]
    assert extent.least == extent.most == (4, 0, 0) and (not zones or min(zones.values()) == 1)


def test_refusals_have_their_codes() -> None:
    news2, npews = NEWS2, load_chart("npews")
    assert codes(npews, {"age_years": 3, "consciousness": "C"}) == [("category_not_on_chart", "consciousness")]
    assert codes(npews, {"age_years": 3, "oxygen_percent": 40, "oxygen_flow": 2}) == [("only_one_of", "oxygen_percent and oxygen_flow")]
    assert codes(news2, {**WELL, "age_years": 3}) == [("out_of_scope", "age_years")]
    assert codes(news2, {"temperature": 98.6, "hr": 1, "heart_rate": "x", "consciousness": "Q", "systolic_bp": "1 kg"}) == [
        ("reading_impossible", "temperature"), ("unknown_parameter", "hr"), ("not_a_number", "heart_rate"), ("unknown_category", "consciousness"),
        ("unknown_unit", "systolic_bp"),
    ]  # fmt: skip


# Reading


def test_json_is_read_by_the_definitions_that_are_given() -> None:
    temperature = replace(NEWS2.observations["temperature"], id="shell", impossible=Interval(Decimal(5), True, Decimal(9), True))
    some = ObservationSet.from_json('{"shell": 6.5}', observations={"shell": temperature})
    assert some.values == {"shell": Decimal("6.5")}
    for refused in ('{"shell": 36.8}', '{"temperature": 36.8}'):
        with pytest.raises(ObservationError):
            ObservationSet.from_json(refused, observations={"shell": temperature})


@pytest.mark.parametrize(("raw", "value"), [({"value": "97.7 [degF]", "unit": "[degF]"}, "36.5"), (("97.7 F", "F"), "36.5"), ({"value": "36.8 Cel", "unit": "Cel"}, "36.8")])
def test_a_unit_given_twice_alike_is_one_unit(raw: Any, value: str) -> None:
    assert number_of("temperature", raw)[0] == Decimal(value)


@pytest.mark.parametrize("raw", [{"value": "97.7 [degF]", "unit": "F"}, ("97.7 F", "Cel"), {"value": "36.8 Cel", "unit": "[degF]"}])
def test_a_unit_given_twice_otherwise_is_refused(raw: Any) -> None:
    assert "is not a number" in said({"temperature": raw})


def test_a_code_as_a_number_of_numpy() -> None:
    numpy = pytest.importorskip("numpy")
    for raw in (numpy.float64(2.0), numpy.float32(2), numpy.int8(2), 2.0, Decimal("2.00")):
        assert number_of("spo2_scale", raw)[0] == "2"
    assert "is not one of its answers" in said({"spo2_scale": numpy.float32(2.5)})


@pytest.mark.parametrize(("raw", "value"), [("1 kPa", None), ("72 min", Fraction(6, 5)), ("45 s", Fraction(45, 3600)), ("90 ticks", Fraction(90, 250))])
def test_a_conversion_is_a_decimal_wherever_one_is_exact(raw: str, value: Fraction | None) -> None:
    """Denominators of twos and fives in any mixture are decimals; any other stays a fraction, never a rounded decimal."""
    from mews_newtt.chart.model import Observation, Unit

    units = tuple(Unit(name, (), scale, Fraction(0)) for name, scale in (("min", Fraction(1, 60)), ("s", Fraction(1, 3600)), ("ticks", Fraction(1, 250)), ("kPa", Fraction(1, 3))))
    found = read(Observation("x", "X", "h", Decimal("0.001"), other_units=units), raw)
    assert found is not None and hasattr(found, "value")
    wanted = Fraction(1, 3) if value is None else value
    assert Fraction(found.value) == wanted
    assert isinstance(found.value, Decimal) == (value is not None)


@pytest.mark.parametrize("raw", ["n/a", "N/A", "NA", "none", "--", "Unknown"])
def test_marks_that_people_write_are_told_how_to_leave_out(raw: str) -> None:
    assert f"temperature: {raw!r} is not a number\n    mend: leave it blank for no reading   [error: not_a_number]" in said({"temperature": raw})
    assert "mend: write a number, or leave it blank for no reading" in said({"temperature": "fast"})


def test_between_two_bands_that_are_equally_bad_the_upper_one_is_taken() -> None:
    bands = (Band(Interval(None, True, Decimal(10), True), points=1, printed="10 or less"), Band(Interval(Decimal(11), True, None, True), points=1, printed="11 or more"))
    assert find_band(NEWS2, Table(bands), Decimal("10.5")) == (bands[1], True)
    worse = (replace(bands[0], points=2), bands[1])
    assert find_band(NEWS2, Table(worse), Decimal("10.5")) == (worse[0], True)


def test_numbers_in_json_are_whole_where_the_reading_is() -> None:
    rows = {row["id"]: row["value"] for row in score(load_chart("news2"), {"heart_rate": "95", "temperature": "37.5", "respiratory_rate": "16.0"}).to_dict()["parameters"]}
    kinds = {name: (rows[name], type(rows[name])) for name in ("heart_rate", "temperature", "respiratory_rate")}
    assert kinds == {"heart_rate": (95, int), "temperature": (37.5, float), "respiratory_rate": (16, int)}


def test_a_row_without_a_reading_is_in_no_table_while_its_context_is_not_known() -> None:
    """A pulse is in one of three tables until the hours since birth are known; a pulse that was not taken is in none."""
    given = {"respiratory_rate": 16, "patient_group": "postnatal"}
    for pulse, tables in ((104, 3), (None, 0)):
        row = next(row for row in score(load_chart("mews", "0.2"), {**given, "heart_rate": pulse}).parameters if row.id == "heart_rate")
        assert len({id(table) for table, _ in row.possible}) == tables
