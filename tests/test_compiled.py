"""A compiled chart is plain data: exact, without arrays, and enough to score rows by."""

from __future__ import annotations

import ast
import copy
import doctest
import pickle
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

import mews_newtt.compiled as front_door
from mews_newtt import charts, load_chart
from mews_newtt.chart.bands import find_band
from mews_newtt.compiled import FORMS, CompiledChart, compile_changed, compile_chart
from mews_newtt.compiled.classes import band_of, bands_of
from mews_newtt.reading.values import Reading, read
from tests.parsed import parsed

FOLDER = Path(front_door.__file__).parent
ALLOWED = {"__future__", "bisect", "collections", "dataclasses", "decimal", "fractions", "functools", "itertools", "math", "typing", "mews_newtt"}
SHIPPED = [f"{chart.id}@{chart.version}" for chart in charts()]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_no_arrays_no_floats_and_no_caches(path: Path) -> None:
    tree = parsed(path)
    for node in ast.walk(tree):
        names = (
            [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        )
        assert {name.split(".")[0] for name in names} <= ALLOWED, names
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), f"line {node.lineno}: a float"
        called = getattr(node, "id", None) or getattr(node, "attr", None)
        assert called not in {"float", "memo", "lru_cache", "cache", "cached_property"}, f"line {getattr(node, 'lineno', 0)}: {called}"


def test_the_example_of_the_module_is_true() -> None:
    example = doctest.DocTestParser().get_doctest(
        front_door.__doc__ or "", {**vars(front_door), "load_chart": load_chart, "read": read}, "compiled", None, 0
    )
    assert example.examples
    assert doctest.DocTestRunner().run(example).failed == 0


def all_values(content: object) -> set[type]:
    """The kinds of all values in a compiled chart, apart from those of the chart itself."""
    if isinstance(content, dict):
        return set().union(*map(all_values, content.values())) if content else set()
    if isinstance(content, tuple | frozenset):
        return set().union(*map(all_values, content)) if content else set()
    return {type(content)}


@pytest.mark.parametrize("name", SHIPPED)
def test_every_number_is_exact(name: str) -> None:
    compiled = compile_chart(load_chart(*name.split("@")))
    for own in compiled.parameters.values():
        held = (own.shape, own.contributions, own.scope, own.joint_scope, own.classes.classes, own.classes.cuts, own.classes.hypothetical)
        assert all_values(held) <= {int, str, bool, Decimal, type(None)}
    assert all_values((tuple(one.contributions for one in compiled.groups), compiled.level_rules)) <= {int, str, bool, Decimal, type(None)}


@pytest.mark.parametrize("name", SHIPPED)
def test_every_number_is_in_the_class_that_cuts_and_bands_give_it(name: str) -> None:
    """At, beside and between all edges: the class says the points and flags of the band; and every cut divides two classes."""
    chart = load_chart(*name.split("@"))
    compiled = compile_chart(chart)
    for own in compiled.parameters.values():
        observation, classes = own.parameter.observation, own.classes
        if not observation.numeric:
            continue
        assert list(classes.cuts) == sorted(classes.cuts) and len(classes.cuts) == classes.readings - 1
        step, reached = observation.step, set()
        for cut in classes.cuts:
            for raw in (Decimal(cut.at) + step * part / 10000 for part in (-20000, -10000, -5000, -11, -1, 0, 1, 11, 5000, 10000, 20000)):
                found = read(observation, raw)
                place = classes.of_reading(found)
                if not isinstance(found, Reading) or isinstance(found.value, str):
                    assert classes.classes[place].refused
                    continue
                raw_place = sum(raw > one.at or (raw == one.at and not one.beyond) for one in classes.cuts)
                assert raw_place == place, f"{own.id} {raw}: the cuts hold the float-noise rule"
                reached.add(place)
                assert classes.classes[place].flags == tuple(flag for flag in found.flags if flag == "implausible")
                for code, table in enumerate(own.tables):
                    if table is not None and table.applies and (contribution := own.contributions[code][place]) is not None:
                        band, between = find_band(chart, table, found.value)
                        assert contribution.points == band.points and contribution.prompt == band.prompt
                        assert contribution.bounds is not None and contribution.bounds.least == chart.severity(band)
                        assert ("between_bands" in contribution.flags) == between
        assert reached >= {place for place in range(classes.readings) if not classes.classes[place].refused}


def test_copies_and_pickles_are_equal() -> None:
    compiled = compile_chart(load_chart("npews"))
    for other in (copy.deepcopy(compiled), pickle.loads(pickle.dumps(compiled))):
        assert isinstance(other, CompiledChart)
        assert other.parameters == compiled.parameters and other.groups == compiled.groups and other.flags == compiled.flags


def test_forms_say_how_a_number_was_written() -> None:
    assert len(FORMS) == len(set(FORMS)) == 6 and FORMS[0] == ()


@pytest.mark.parametrize("name", ["mews", "news2"])
def test_what_charts_share_is_not_worked_out_again_and_is_the_same(name: str) -> None:
    chart = load_chart(name)
    known = compile_chart(chart, comparable=True)
    first, second = (
        next(p for p in chart.parameters if len(p.tables) > most and p.observation.numeric) for most in (0, 0 if name == "newtt2" else 1)
    )
    table = first.tables[0]
    worse = replace(first, tables=(replace(table, bands=tuple(replace(band, points=9) for band in table.bands)), *first.tables[1:]))
    joined = replace(second, tables=second.tables[-1:])
    for changed in (worse, joined):
        other = replace(chart, parameters=tuple(changed if p.id == changed.id else p for p in chart.parameters))
        alone = compile_chart(other, comparable=True)
        like = compile_chart(other, comparable=True, like=known)
        assert (like.parameters, like.contexts, like.groups) == (alone.parameters, alone.contexts, alone.groups)
        assert any(like.parameters[p.id] is known.parameters[p.id] for p in chart.parameters)
        assert like.parameters[changed.id] != known.parameters[changed.id]
    other = replace(chart, parameters=tuple(worse if p.id == worse.id else p for p in chart.parameters))
    assert compile_changed(other, known).parameters == compile_chart(other, comparable=True).parameters


def test_bands_of_rising_numbers_are_those_of_each_number() -> None:
    for chart in charts():
        for table in (table for p in chart.parameters if p.observation.numeric for table in p.tables if table.applies and table.bands):
            edges = [edge for band in table.bands if band.interval for edge in (band.interval.low, band.interval.high) if edge is not None]
            values = sorted({edge + Decimal(by) for edge in edges for by in ("-0.5", "0", "0.5")})
            assert bands_of(chart, table, values) == [band_of(chart, table, value) for value in values]
