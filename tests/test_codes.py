"""Check digits of SNOMED CT and LOINC codes: every code in rules/ is sound, and a mistyped one is not."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mews_newtt import charts
from mews_newtt.chart.catalogue import builtin_rules, catalogue
from mews_newtt.chart.codes import loinc_answer_is_sound, loinc_is_sound, snomed_is_sound

SNOMED = sorted({code for o in catalogue().observations.values() for code in (*o.snomed, *(c.snomed for c in o.categories if c.snomed))})
LOINC = sorted({code for o in catalogue().observations.values() for code in o.loinc})


def test_there_are_codes_to_check() -> None:
    assert len(SNOMED) > 20 and len(LOINC) >= 6


@pytest.mark.parametrize("code", SNOMED)
def test_snomed_codes_of_the_parameters(code: str) -> None:
    assert snomed_is_sound(code)


@pytest.mark.parametrize("code", LOINC)
def test_loinc_codes_of_the_parameters(code: str) -> None:
    assert loinc_is_sound(code)


def _coded(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _coded(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _coded(item, key)
    elif isinstance(value, str) and key in ("snomed", "snomed_total", "loinc"):
        yield key, value


@pytest.mark.parametrize("path", sorted(builtin_rules().rglob("*.toml")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_code_in_every_rules_file(path: Path) -> None:
    """Read from the files themselves, so that no key is passed over; also the long numbers that stand in notes."""
    text = path.read_text(encoding="utf-8")
    for key, code in _coded(tomllib.loads(text)):
        sound = loinc_answer_is_sound if code.startswith("LA") else loinc_is_sound if key == "loinc" else snomed_is_sound
        assert sound(code), code
    for code in re.findall(r"\b\d{10,13}10\d\b", text):
        assert snomed_is_sound(code), code


def test_charts_carry_codes_where_they_are_published() -> None:
    assert {chart.id for chart in charts() if chart.snomed_total} >= {"news2", "npews"}


@pytest.mark.parametrize("code", ["1003681000000107", "9999100", "364075006", "36407500", "3640750055", "064075005", "364 075 005", "364075005x", "", "12345", "1" * 19, "３６４０７５００５"])
def test_snomed_codes_that_are_none(code: str) -> None:
    assert not snomed_is_sound(code)


@pytest.mark.parametrize("code", ["9279-2", "9280-1", "8867-5", "8310-6", "88674", "8867-", "-4", "8867-44", "", "a867-4", "８８６７-4"])
def test_loinc_codes_that_are_none(code: str) -> None:
    assert not loinc_is_sound(code)


@pytest.mark.parametrize("code", ["LA9340-6", "LA6560-2", "LA17108-4", "LA17107-6", "LA9343-0"])
def test_a_wrong_digit_is_caught_in_an_answer_of_loinc(code: str) -> None:
    assert loinc_answer_is_sound(code)
    for place in [n for n, digit in enumerate(code) if digit.isdigit()]:
        wrong = code[:place] + str((int(code[place]) + 1) % 10) + code[place + 1 :]
        assert not loinc_answer_is_sound(wrong)
    assert not loinc_answer_is_sound(code[2:]) and not loinc_is_sound(code)


@given(st.sampled_from(SNOMED), st.data())
def test_a_wrong_digit_or_two_exchanged_ones_are_caught_in_snomed(code: str, data: st.DataObject) -> None:
    """Verhoeff catches every single wrong digit and every exchange of neighbours."""
    place = data.draw(st.integers(1, len(code) - 1))
    digit = data.draw(st.sampled_from([d for d in "0123456789" if d != code[place]]))
    assert not snomed_is_sound(code[:place] + digit + code[place + 1 :])
    if place + 1 < len(code) and code[place] != code[place + 1]:
        assert not snomed_is_sound(code[:place] + code[place + 1] + code[place] + code[place + 2 :])


@given(st.sampled_from(LOINC), st.data())
def test_a_wrong_digit_is_caught_in_loinc(code: str, data: st.DataObject) -> None:
    place = data.draw(st.sampled_from([i for i, mark in enumerate(code) if mark != "-"]))
    digit = data.draw(st.sampled_from([d for d in "0123456789" if d != code[place]]))
    assert not loinc_is_sound(code[:place] + digit + code[place + 1 :])
