"""Paths of an adapter into the request and the answer: what cannot be sent or read is told before anything is asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mews_newtt import FileError, load_chart
from mews_newtt.validation.conform import look_up, put, read_adapter

NEWS2 = load_chart("news2")
NAMES = [p.id for p in NEWS2.parameters]


def adapter(tmp_path: Path, *, more: str = "", **fields: str) -> Path:
    lines = "".join(f"{name} = {json.dumps(fields.get(name, name))}\n" for name in NAMES)
    path = tmp_path / "adapter.toml"
    path.write_text(f"{more}\n[request.fields]\n{lines}", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"heart_rate": "vitals", "temperature": "vitals.temp"}, "temperature = 'vitals.temp'"),
        ({"heart_rate": "vitals.hr", "temperature": "vitals"}, "temperature = 'vitals'"),
        ({"heart_rate": "[0].x"}, "heart_rate = '[0].x'"),
        ({"heart_rate": "list[0]", "temperature": "list.x"}, "temperature = 'list.x'"),
        ({"heart_rate": "list[0]", "temperature": "list[0].x"}, "temperature = 'list[0].x'"),
        ({"heart_rate": "list[id=hr]"}, "heart_rate = 'list[id=hr]'"),
        ({"heart_rate": "list[id=hr].id", "temperature": "list[id=hr].value"}, "heart_rate = 'list[id=hr].id'"),
        ({"heart_rate": "x", "temperature": "x"}, "heart_rate = 'x'"),
        ({"heart_rate": "list[999999999]"}, "heart_rate = 'list[999999999]'"),
    ],
)
def test_paths_that_cross_are_an_error_with_their_place(tmp_path: Path, fields: dict[str, str], named: str) -> None:
    with pytest.raises(FileError) as refusal:
        read_adapter(adapter(tmp_path, **fields), NEWS2)
    assert {problem.code for problem in refusal.value.problems} == {"paths_cross"}
    assert any(named in problem.where for problem in refusal.value.problems), str(refusal.value)


def test_a_constant_gives_way_to_a_reading_and_not_to_a_part_of_one(tmp_path: Path) -> None:
    more = '[request.constants]\nair_or_oxygen = "air"\n"meta.version" = 1.5\n'
    found = read_adapter(adapter(tmp_path, more=more), NEWS2)
    assert json.loads(json.dumps(found.request({"heart_rate": "80"}, NEWS2))) == {"air_or_oxygen": "air", "meta": {"version": 1.5}, "heart_rate": 80}
    assert found.request({"air_or_oxygen": "oxygen"}, NEWS2)["air_or_oxygen"] == "oxygen"
    with pytest.raises(FileError, match="paths_cross"):
        read_adapter(adapter(tmp_path, more='[request.constants]\n"heart_rate.unit" = "bpm"\n'), NEWS2)


def test_constants_that_json_does_not_have_are_told(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="which JSON cannot hold"):
        read_adapter(adapter(tmp_path, more="[request.constants]\nday = 2026-01-01\n"), NEWS2)


def test_names_that_break_the_path_of_the_points_are_told(tmp_path: Path) -> None:
    more = '[response]\npoints = "points.{parameter}"\n[response.names]\nheart_rate = "hr[bpm]"\n'
    with pytest.raises(FileError, match="is not a path into JSON"):
        read_adapter(adapter(tmp_path, more=more), NEWS2)


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["a.b", "a.c"], {"a": {"b": 0, "c": 1}}),
        (["a[1]", "a[0]"], {"a": [1, 0]}),
        (["a[0][1]", "a[0][0]"], {"a": [[1, 0]]}),
        (["a[0].x", "a[1].x"], {"a": [{"x": 0}, {"x": 1}]}),
        (["a[id=x].v", "a[id=y].v"], {"a": [{"id": "x", "v": 0}, {"id": "y", "v": 1}]}),
        (["a[id=x].v[0]", "a[id=x].v[1]"], {"a": [{"id": "x", "v": [0, 1]}]}),
    ],
)
def test_what_is_put_is_found_again(paths: list[str], expected: Any) -> None:
    document: dict[str, Any] = {}
    for number, path in enumerate(paths):
        put(document, path, number)
    assert document == expected
    assert [look_up(document, path) for path in paths] == list(range(len(paths)))


@pytest.mark.parametrize("document", [None, 1, "text", [], {}, {"a": None}, {"a": "text"}, {"a": [1, "x", None, {"id": None}]}])
@pytest.mark.parametrize("path", ["a.b", "a[0].b", "a[9]", "a[id=x].v", "[0]", "a[3].id.x"])
def test_an_answer_of_another_shape_holds_nothing_there(document: Any, path: str) -> None:
    assert look_up(document, path) is None
