"""How a table is said to be read: nothing that was said is overridden by what is said later, in whatever order it comes."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from mews_newtt import FileError, load_chart, read_map
from mews_newtt.reading.columns import ColumnMap, check_columns
from mews_newtt.reading.rows import given_of_row

NEWS2 = load_chart("news2", "2017.1")


def map_file(folder: Path, text: str, name: str = "m.toml") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def said(*entries: str, **options: list[str]) -> str:
    with pytest.raises(FileError) as caught:
        read_map(entries, **options)
    return str(caught.value)


def test_a_column_mapped_to_two_names_is_a_fault_in_every_order(tmp_path: Path) -> None:
    first, second = map_file(tmp_path, '[columns]\nhr = "respiratory_rate"'), map_file(tmp_path, '[columns]\nhr = "temperature"', "n.toml")
    for entries in itertools.permutations(["hr=heart_rate", first, second], 2):
        text = said(*entries)
        assert "'hr' is mapped to" in text and "keep one" in text
        assert all(entry in text for entry in entries)  # both places are named


def test_two_columns_mapped_to_one_name_are_a_fault(tmp_path: Path) -> None:
    path = map_file(tmp_path, '[columns]\npulse = "heart_rate"')
    for entries in ((path, "hr=heart_rate"), ("hr=heart_rate", path), ("pulse=heart_rate", "hr=heart_rate")):
        text = said(*entries)
        assert "is mapped to 'heart_rate' already" in text and "pulse" in text and "hr" in text


def test_a_unit_declared_twice_with_another_content_is_a_fault(tmp_path: Path) -> None:
    path = map_file(tmp_path, '[units]\ntemperature = "Cel"')
    assert "the unit of temperature is 'Cel' already" in said(units=["temperature=Cel", "temperature=[degF]"])
    assert path in said(path, units=["temperature=[degF]"])
    assert read_map([path], units=["temperature=Cel"]).units == {"temperature": "Cel"}


def test_a_value_that_means_two_things_is_a_fault(tmp_path: Path) -> None:
    one = map_file(tmp_path, '[values.consciousness]\n"0" = "alert"')
    two = map_file(tmp_path, '[values.consciousness]\n"0" = "voice"', "n.toml")
    for entries in ((one, two), (two, one)):
        text = said(*entries)
        assert "'0' means" in text and one in text and two in text


def test_a_column_that_is_mapped_and_ignored_is_a_fault(tmp_path: Path) -> None:
    path = map_file(tmp_path, 'ignore = ["hr"]')
    assert "--ignore hr: 'hr' is mapped to 'heart_rate' already" in said(path, "hr=heart_rate")
    assert "'hr' is mapped to 'heart_rate' already" in said("hr=heart_rate", ignore=["hr"])


def test_what_is_said_twice_alike_is_said_once(tmp_path: Path) -> None:
    path = map_file(tmp_path, 'ignore = ["x"]\nmissing = ["NA"]\n[columns]\nhr = "heart_rate"\n[units]\ntemperature = "Cel"\n[values.consciousness]\n"0" = "alert"')
    found = read_map([path, "hr=heart_rate", path], ignore=["x", "x"], missing=["NA", "NA"], units=["temperature=Cel"])
    assert found == ColumnMap({"hr": "heart_rate"}, {"consciousness": {"0": "alert"}}, {"temperature": "Cel"}, frozenset({"x"}), frozenset({"NA"}), {})


# Marks for missing


def test_marks_of_one_column_and_of_all(tmp_path: Path) -> None:
    path = map_file(tmp_path, '[missing]\nheart_rate = ["0", "255"]\n"*" = ["NA"]\n')
    for found in (read_map([path]), read_map([], missing=["heart_rate=0", "heart_rate=255", "NA"])):
        given = given_of_row({"heart_rate": "0", "systolic_bp": "0", "temperature": "NA", "respiratory_rate": "18"}, found, frozenset(NEWS2.by_id))
        assert given == {"systolic_bp": "0", "respiratory_rate": "18"}


def test_an_old_list_of_marks_still_means_all_columns(tmp_path: Path) -> None:
    assert read_map([map_file(tmp_path, 'missing = ["NA", "0"]')]).missing == {"NA", "0"}


def test_a_mark_is_never_stronger_than_the_meaning_of_a_value() -> None:
    found = ColumnMap(values={"consciousness": {"0": "alert"}}, missing=frozenset({"0"}))
    given = given_of_row({"consciousness": "0", "heart_rate": "0"}, found, frozenset(NEWS2.by_id))
    assert given == {"consciousness": "alert"}
    numbers = given_of_row({"consciousness": 0.0, "heart_rate": 0.0}, found, frozenset(NEWS2.by_id))
    assert numbers == {"consciousness": "alert"}


def test_a_mark_and_a_meaning_for_one_value_of_one_column_are_a_fault(tmp_path: Path) -> None:
    path = map_file(tmp_path, '[values.consciousness]\n"0" = "alert"')
    assert "'0' of consciousness means 'alert' already" in said(path, missing=["consciousness=0"])


def test_marks_with_an_equals_sign_or_without_a_mark() -> None:
    assert read_map([], missing=["=NA", "n/a = x"]).missing == {"=NA", "n/a = x"}
    assert "names no mark" in said(missing=["heart_rate="])


def test_a_mark_for_a_column_that_no_chart_has_is_a_fault() -> None:
    for name, near in (("hart_rate", "heart_rate"), ("pulse", "heart_rate")):
        with pytest.raises(FileError) as caught:
            check_columns(["heart_rate"], NEWS2, read_map([], missing=[f"{name}=0"]))
        assert f"--missing {name}" in str(caught.value) and f"did you mean {near!r}?" in str(caught.value)
    assert check_columns(["heart_rate", "expected_total"], NEWS2, read_map([], missing=["expected_total=0", "skip_heart_rate=-"]))


@pytest.mark.parametrize("text", ['missing = 3', "[missing]\nheart_rate = 0", '[missing]\nheart_rate = [0]'])
def test_marks_are_texts(tmp_path: Path, text: str) -> None:
    assert "write a list of texts in quotes" in said(map_file(tmp_path, text))


def test_a_file_may_be_a_path_and_one_alone_needs_no_list(tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text('[columns]\nHR = "heart_rate"\n', encoding="utf-8")
    for given in (path, str(path), [path], [str(path)], "HR=heart_rate"):
        assert read_map(given).columns == {"HR": "heart_rate"}
