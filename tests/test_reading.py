"""How one value is read (docs/reading-rules.md): exact, never guessed, never rounded; a value that is missing stays missing in every output."""

from __future__ import annotations

import ast
import csv
import io
import json
import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mews_newtt import ObservationError, ObservationSet, load_chart, score
from mews_newtt.chart.catalogue import catalogue
from mews_newtt.reading.values import Reading
from mews_newtt.tables.plain import score_csv
from tests.parsed import parsed

NEWS2 = load_chart("news2")
WELL = {
    "respiratory_rate": 18, "oxygen_saturation": 97, "air_or_oxygen": "air", "systolic_bp": 120, "heart_rate": 80, "consciousness": "alert",
    "temperature": 36.8,
}  # fmt: skip


def read(name: str, raw: Any) -> Reading | None:
    return ObservationSet({name: raw}).readings.get(name)


def number_of(name: str, raw: Any) -> tuple[Any, tuple[str, ...]]:
    reading = read(name, raw)
    assert reading is not None
    return reading.value, reading.flags


def said(given: Any) -> str:
    with pytest.raises(ObservationError) as caught:
        ObservationSet(given)
    return str(caught.value)


# Missing


@pytest.mark.parametrize("raw", [None, "", "  ", "\t", "NaN", "nan", " NAN ", "null", "NULL", float("nan"), Decimal("NaN"), {"value": None}, {"value": "", "unit": "C"}, {}])
def test_blank_null_and_nan_are_missing(raw: Any) -> None:
    assert read("temperature", raw) is None
    assert read("consciousness", raw if not isinstance(raw, dict) else None) is None
    assert score(NEWS2, {"temperature": raw}).missing.count("temperature") == 1


def test_a_signalling_nan_is_missing_too() -> None:
    assert read("temperature", Decimal("sNaN")) is None


@pytest.mark.parametrize("raw", ["NA", "N/A", "none", "-", "--", "missing", "not done", "unknown"])
def test_a_mark_for_missing_that_nobody_declared_is_an_error(raw: str) -> None:
    text = said({"temperature": raw})
    assert f"{raw!r} is not a number" in text and "leave it blank for no reading" in text


def test_a_missing_value_is_zero_in_no_output() -> None:
    gone = [None, "", float("nan"), "null"]
    for name in WELL:
        for nothing in gone:
            result = score(NEWS2, {**WELL, name: nothing})
            found = json.loads(result.to_json())
            assert (result.status, result.total, found["status"], found["total"]) == ("partial", None, "partial", None)
            row = next(row for row in found["parameters"] if row["id"] == name)
            assert (row["value"], row["given"], row["points"], row["band"]) == (None, None, None, None)
            assert found["missing"] == [name] and result.points()[name] is None
            assert "no total" in result.says and f"{row['title']}: missing" in row["says"]
    output = io.StringIO()
    names = list(WELL)
    lines = [",".join(names)] + [",".join("" if name == gap else str(WELL[name]) for name in names) for gap in names]
    score_csv(NEWS2, io.BytesIO("\n".join(lines).encode()), output, points=True)
    for gap, row_ in zip(names, csv.DictReader(io.StringIO(output.getvalue())), strict=True):
        assert (row_["score_status"], row_["total"], row_["missing"], row_[f"points_{gap}"], row_[gap]) == ("partial", "", gap, "", "")


def test_nothing_given_at_all_is_wholly_open() -> None:
    result = score(NEWS2, {})
    assert (result.status, result.total, result.total_min, result.level) == ("partial", None, 0, "routine")
    assert set(WELL) <= set(result.missing)


@pytest.mark.parametrize("nothing", [None, [], "respiratory_rate=18", 5, [("heart_rate", 80)]])
def test_what_is_no_set_is_refused_and_not_read_as_an_empty_one(nothing: Any) -> None:
    with pytest.raises((ObservationError, TypeError)):
        score(NEWS2, nothing)


# Text that is not a number


@pytest.mark.parametrize(
    "raw",
    ["fast", "36.8.1", "--3", "36 8", "1_000", "٣٦", "３６", "0x24", "36.", ".5", "inf", "-inf", "Infinity", "∞", "1e", "e5", "1e5000", pytest.param("9" * 5000, id="5000 nines"), "½", "36.8\x00", "True"],
)
def test_text_that_is_no_number_is_an_error(raw: str) -> None:
    text = said({"temperature": raw})
    assert "temperature" in text and "mend:" in text
    assert "is not a number" in text or "is given in" in text
    assert len(text) < 400, "a long value must not fill the screen"


@pytest.mark.parametrize("raw", [True, False, float("inf"), float("-inf"), Decimal("Infinity"), 10**41, -(10**41), pytest.param(10**5000, id="5001 digits"), [36.8], (36.8,), {36.8}, b"36.8", 1 + 2j, object()])
def test_what_is_no_reading_is_an_error_and_never_a_crash(raw: Any) -> None:
    assert re.search("is not a (number|value with a unit)", said({"temperature": raw}))


def test_a_fraction_object_is_no_reading_with_a_strange_unit() -> None:
    assert "is not a number" in said({"temperature": Fraction(184, 5)})


@pytest.mark.parametrize(("raw", "mend"), [("36,8", "36.8"), ("-0,5", "-0.5"), ("120,0", "120.0")])
def test_a_decimal_comma_is_told_as_such(raw: str, mend: str) -> None:
    assert f"write the decimal point: {mend}" in said({"temperature": raw})


def test_two_pressures_in_one_cell_are_told_as_no_number() -> None:
    text = said({"systolic_bp": "120/80"})
    assert "120/80" in text, "the reader must find what was written"
    assert "is not a number" in text


@pytest.mark.parametrize(("raw", "value"), [("36.8", "36.8"), (" 36.80 ", "36.8"), ("+36.8", "36.8"), ("3.68e1", "36.8"), ("3.68E+01", "36.8"), ("037", "37"), ("-0", "0"), ("36.8\n", "36.8")])
def test_numbers_as_people_and_machines_write_them(raw: str, value: str) -> None:
    assert number_of("temperature", raw) == (Decimal(value), () if value != "0" else ("implausible",))


@pytest.mark.parametrize("raw", ["1e5000", "1E+9999", "1e-999999999", Decimal("1E+999999999"), Decimal("1E-999999999")])
def test_an_exponent_beyond_bounds_is_no_number_and_no_unit(raw: Any) -> None:
    assert "is not a number" in said({"temperature": raw})


def test_exponents_are_numbers_and_huge_ones_impossible() -> None:
    assert number_of("heart_rate", "1e2") == (Decimal(100), ())
    assert "impossible" in said({"heart_rate": "1e9"}) and "impossible" in said({"heart_rate": "1e999"})
    assert "impossible" in said({"heart_rate": 1e300})


# Float noise


@pytest.mark.parametrize("raw", ["36.799999", 36.799999, 36.8000001, Decimal("36.80000001"), "36.7999992370605", "36.8001", Decimal("36.7999"), 36.8001])
def test_noise_up_to_a_thousandth_of_a_step_is_the_recordable_value(raw: Any) -> None:
    assert number_of("temperature", raw) == (Decimal("36.8"), ("float_noise",))
    assert number_of("temperature", str(raw)) == (Decimal("36.8"), ("float_noise",))


@pytest.mark.parametrize("raw", ["36.80010001", "36.79989999", "36.801", "36.81", "36.85"])
def test_just_beyond_a_thousandth_is_a_value_of_its_own(raw: str) -> None:
    assert number_of("temperature", raw) == (Decimal(raw), ("finer_than_recorded",))


def test_noise_is_counted_and_told() -> None:
    result = score(NEWS2, {**WELL, "temperature": 36.799999, "heart_rate": 80.0000001})
    assert (result.float_noise, result.total) == (2, 0)
    assert any("carries binary noise and was read as 36.8 °C" in warning for warning in result.warnings)


def test_noise_beside_an_edge_is_on_the_edge_and_a_real_value_is_not() -> None:
    assert score(NEWS2, {"temperature": 38.000001}).points()["temperature"] == 0
    assert score(NEWS2, {"temperature": "38.05"}).points()["temperature"] == 1
    assert score(NEWS2, {"temperature": "36.05"}).points()["temperature"] == 1  # one public calculator reads 0 here
    assert "between_bands:temperature" in score(NEWS2, {"temperature": "36.05"}).flags


def test_float32_is_its_own_shortest_decimal() -> None:
    numpy = pytest.importorskip("numpy")
    for tenths in range(300, 430):
        assert number_of("temperature", numpy.float32(tenths / 10)) == (Decimal(tenths) / 10, ())
    assert number_of("heart_rate", numpy.int8(80)) == (Decimal(80), ())
    assert read("temperature", numpy.float32("nan")) is None
    assert "is not a number" in said({"temperature": numpy.bool_(True)})
    assert number_of("temperature", float(numpy.float32(36.8))) == (Decimal("36.8"), ("float_noise",))


def test_an_array_is_no_reading() -> None:
    """However few values it holds: which of them was meant, or whether it is a column, nobody can know."""
    numpy, pandas = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    for several in ([36.8, 36.9], [36.8], 36.8, []):
        assert re.search(r"an array \(ndarray\) is not a number\n.*give one value, such as array\[0\]", said({"temperature": numpy.array(several)}))
    assert "an array (MaskedArray) is not a number" in said({"temperature": numpy.ma.array([36.8], mask=[True])})
    assert "an array (Series) is not a number" in said({"temperature": pandas.Series([36.8])})
    for alert in (numpy.array("alert"), numpy.array(["alert"])):
        assert "an array (ndarray) is not a category" in said({"consciousness": alert})
    assert number_of("consciousness", numpy.str_("alert"))[0] == "alert"


def test_what_pandas_and_numpy_have_for_no_value_is_missing() -> None:
    """numpy's `masked` is 0.0 when it is asked for its number: it once scored 3 as a temperature."""
    numpy, pandas = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    for nothing in (numpy.ma.masked, numpy.ma.array([1.0], mask=[True])[0], pandas.NA, pandas.NaT, numpy.datetime64("NaT"), numpy.float32("nan")):
        for name in WELL:
            for raw in (nothing, {"value": nothing, "unit": "Cel"}):
                assert ObservationSet({name: raw}).values == {}
            result = score(NEWS2, {**WELL, name: nothing})
            assert (result.status, result.total, result.missing) == ("partial", None, (name,))
        assert ObservationSet({"skip_temperature": nothing, "case_id": nothing}).skipped == {}
    assert "is not a number" in said({"temperature": numpy.datetime64("2026-01-01")})


@given(st.integers(0, 450), st.floats(-1, 1))
def test_noise_never_moves_a_recordable_value(tenths: int, share: float) -> None:
    exact = Decimal(tenths) / 10
    if not 0 <= exact + Decimal(share) / 10000 <= 45:
        return
    assert number_of("temperature", exact + Decimal(share) / 10000)[0] == exact


# Units


@pytest.mark.parametrize("raw", ["97.7 [degF]", "97.7[degF]", "97.7 °F", "97.7 F", ("97.7", "[degF]"), {"value": 97.7, "unit": "[degF]"}, {"value": "97.7", "unit": "Fahrenheit"}])
def test_fahrenheit_is_converted_exactly_and_told(raw: Any) -> None:
    assert number_of("temperature", raw) == (Decimal("36.5"), ("converted",))
    result = score(NEWS2, {"temperature": raw})
    assert any("was converted exactly to 36.5 °C" in warning for warning in result.warnings)


def test_conversion_is_exact_where_no_decimal_is() -> None:
    assert number_of("temperature", "98 [degF]")[0] == Fraction(98 * 5 - 160, 9)
    assert number_of("temperature", "98.6 [degF]")[0] == 37 and number_of("temperature", "310.15 K")[0] == 37
    assert number_of("oxygen_percent", {"value": 0.21, "unit": "1"})[0] == 21
    assert number_of("systolic_bp", "16 kPa")[0] == Fraction(16) * Fraction(1000000000000, 133322387415)
    assert number_of("blood_glucose", "18.0156 mg/dL")[0] == 1


@pytest.mark.parametrize("raw", ["36.8 Cel", "36.8 C", "36.8°C", {"value": 36.8, "unit": "degC"}, {"value": 36.8, "unit": ""}, {"value": 36.8}])
def test_the_own_unit_in_any_spelling_converts_nothing(raw: Any) -> None:
    assert number_of("temperature", raw) == (Decimal("36.8"), ())


@pytest.mark.parametrize(("raw", "unit"), [("36.8 kg", "kg"), ("36.8 [degR]", "[degR]"), ({"value": 36.8, "unit": "celc"}, "celc"), ({"value": 36.8, "unit": 7}, "7")])
def test_an_unknown_unit_is_refused_with_those_allowed(raw: Any, unit: str) -> None:
    text = said({"temperature": raw})
    assert f"is given in {unit!r}" in text and "allowed units: Cel, [degF], K" in text


def test_a_value_with_two_units_is_refused() -> None:
    said({"temperature": {"value": "97.7 [degF]", "unit": "K"}})
    assert "is a category" in said({"consciousness": {"value": "A", "unit": "Cel"}})


def test_the_limit_holds_after_conversion() -> None:
    assert number_of("temperature", "113 [degF]")[0] == 45
    text = said({"temperature": "113.1 [degF]"})
    assert "113.1 [degF]" in text and "impossible" in text and "0 to 45 °C" in text


# Categories


@pytest.mark.parametrize("raw", ["A", "a", "alert", "ALERT", " Alert "])
def test_synonyms_in_any_case(raw: str) -> None:
    assert number_of("consciousness", raw)[0] == "alert"


def test_every_synonym_means_its_category_and_no_other() -> None:
    for observation in catalogue().observations.values():
        for category in observation.categories:
            for name in (category.id, *category.synonyms):
                assert number_of(observation.id, name.upper())[0] == category.id


@pytest.mark.parametrize("raw", [1, 1.0, "1", Decimal("1.0"), "scale 1"])
def test_a_code_that_a_spreadsheet_made_a_number(raw: Any) -> None:
    assert number_of("spo2_scale", raw)[0] == "1"


@pytest.mark.parametrize(("raw", "words"), [("Q", "allowed: alert, confusion"), ("Alrt", "did you mean 'alert'"), (True, "'True' is not one of its answers"), (0, "'0' is not one of its answers"), (["A"], "is not one of its answers"), (Decimal("1.00E+50"), "is not one of its answers"), (1e300, "is not one of its answers")])
def test_an_unknown_category_names_those_allowed(raw: Any, words: str) -> None:
    assert words in said({"consciousness": raw})


# Names, skips and the set as a whole


@pytest.mark.parametrize(("name", "words"), [("hr", "did you mean 'heart_rate'?"), ("Heart Rate", "did you mean 'heart_rate'?"), ("temperture", "did you mean 'temperature'?"), ("zzz", "names"), ("", "names"), (5, "names")])
def test_an_unknown_name_is_an_error_with_the_likely_one(name: Any, words: str) -> None:
    text = said({name: 80})
    assert "is not a parameter of any chart" in text and words in text


def test_skip_reasons() -> None:
    assert ObservationSet({"skip_systolic_bp": " U4 "}).skipped == {"systolic_bp": "U4"}
    assert ObservationSet({"systolic_bp": {"skipped": "U4"}}).skipped == {"systolic_bp": "U4"}
    assert ObservationSet({"skip_systolic_bp": "", "skip_heart_rate": None}).skipped == {}
    assert "is not a parameter" in said({"skip_nothing": "U4"})
    for both in ({"systolic_bp": 90, "skip_systolic_bp": "U4"}, {"systolic_bp": {"value": 90, "skipped": "U4"}}):
        assert "has a reading (90) and a skip reason (U4)" in said(both)
    assert ObservationSet({"systolic_bp": None, "skip_systolic_bp": "U4"}).skipped == {"systolic_bp": "U4"}
    for odd in ({"systolic_bp": {"skipped": {"reason": "U4"}}}, {"skip_systolic_bp": ["U4"]}):
        assert "give the reason as text" in said(odd)


def test_a_skip_without_points_leaves_the_set_partial_and_one_with_points_does_not() -> None:
    npews = load_chart("npews")
    assert score(npews, {"age_years": 3, "skip_systolic_bp": "U4"}).points()["systolic_bp"] == 4
    assert score(npews, {"age_years": 3, "skip_systolic_bp": "asleep"}).points()["systolic_bp"] is None
    full = score(NEWS2, {**{name: value for name, value in WELL.items() if name != "heart_rate"}, "skip_heart_rate": "asleep"})
    assert (full.status, full.total, full.missing, full.skipped) == ("partial", None, (), ("heart_rate",))


def test_labels_are_kept_and_never_scored() -> None:
    some = ObservationSet({"case_id": 7, "observed_at": "2026-01-01T10:00", "patient_id": None, "heart_rate": 80})
    assert some.labels == {"case_id": "7", "observed_at": "2026-01-01T10:00"} and list(some.values) == ["heart_rate"]


def test_every_fault_at_once_and_keywords_too() -> None:
    text = said({"hr": 80, "temperature": "x", "oxygen_saturation": 300, "consciousness": "Q"})
    assert text.count("mend:") == 4
    assert ObservationSet(heart_rate=80).values == ObservationSet({"heart_rate": 80}).values == {"heart_rate": 80}
    assert ObservationSet({"heart_rate": 80}, temperature=37).values == {"heart_rate": 80, "temperature": 37}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"heart_rate": 80, "heart_rate": 90}', ["heart_rate", "is given twice"]),
        ('{"temperature": {"value": 98.6, "unit": "K", "unit": "C"}}', ["unit", "is given twice"]),
        ("[1]", ["is not a JSON object"]),
        ("null", ["is not a JSON object"]),
        ("{", ["is not JSON"]),
        pytest.param("[" * 100_000, ["nested deeper than 100"], id="deep"),
        (b"\xff", ["is not UTF-8 text"]),
        ('{"heart_rate": true}', ["'True' is not a number"]),
        ('{"heart_rate": [80]}', ["is not a number"]),
        ('{"heart_rate": Infinity}', ["is not a number"]),
        ('{"heart_rate": 1e999}', ["impossible"]),
        ('{"heart_rate": 1e99999999}', ["heart_rate", "is not a number"]),
        ('{"heart_rate": 1e99999999999999999999}', ["is not JSON", "too large"]),
        pytest.param('{"heart_rate": ' + "9" * 5000 + "}", ["is not JSON"], id="5000 digits"),
        ('{"heart_rate": {"valu": 80}}', ["valu", "use value, unit or skipped"]),
    ],
)
def test_json_that_cannot_be_read(text: str | bytes, words: list[str]) -> None:
    with pytest.raises(ObservationError) as caught:
        ObservationSet.from_json(text)
    for word in [*words, "mend:"]:
        assert word in str(caught.value)


def test_json_keeps_the_digits_as_written() -> None:
    some = ObservationSet.from_json('{"temperature": 36.05, "heart_rate": 80.0, "consciousness": null, "oxygen_saturation": NaN}')
    assert some.values == {"temperature": Decimal("36.05"), "heart_rate": 80}


# The same input gives the same bytes, whatever was read before


@pytest.mark.parametrize(("before", "after"), [(0.0, -0.0), (Decimal("36.8"), Decimal("36.80")), (Decimal("3.7E+1"), Decimal(37))])
def test_what_was_read_before_changes_nothing(before: Any, after: Any) -> None:
    def bytes_of(raw: Any) -> str:
        return score(NEWS2, {"temperature": raw}).to_json()

    memo = NEWS2.observations["temperature"].memo
    memo.clear()
    alone = bytes_of(after)
    memo.clear()
    bytes_of(before)
    assert bytes_of(after) == alone


def test_more_distinct_values_than_are_remembered() -> None:
    for count in range(12_000):
        raw = f"36.{count:05d}"
        assert score(NEWS2, {"temperature": raw}).parameters[-1] is not None
    assert score(NEWS2, {"temperature": "36.8"}).points()["temperature"] == 0
    assert 0 < len(NEWS2.observations["temperature"].memo) <= 2_000


def test_only_one_module_knows_the_words_for_a_missing_value() -> None:
    root = Path(__file__).resolve().parents[1]
    sources = [*(root / "mews_newtt").rglob("*.py"), *(root / "service").rglob("*.py")]
    knowing = {path.name for path in sources for node in ast.walk(parsed(path)) if isinstance(node, ast.Constant) and node.value == "nan"}
    assert knowing == {"values.py"}
