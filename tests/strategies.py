"""Made-up charts and sets: the only generator. Drawn as TOML content, written out and read by the package's own loader. No number here means anything.

A chart is drawn from choices (tests/chart_content.py). The choices come from Hypothesis (`made_charts`, which shrinks what fails) or from a seed
(`made_chart`, which draws wider charts for tables of many rows).

Charts from Hypothesis are kept small, so that every completion of a partial set can be tried by the naive twin.
"""

from __future__ import annotations

import json
import tempfile
import tomllib
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from hypothesis import assume, currently_in_test_context, note
from hypothesis import strategies as st

from mews_newtt.chart.load import read_chart
from mews_newtt.chart.model import Category, Chart, Interval, Observation
from mews_newtt.errors import Problem
from tests.chart_content import ContentBuilder, Hypothesised, Seeded
from tests.naive import Content, Naive, tables

DRAWN_ANEW = {"total_out_of_reach", "count_out_of_reach", "zones_raise_nothing", "points_raise_nothing", "level_unreachable"}  # drawn now and then


class Made(NamedTuple):
    """A chart as the package has it, and its content as the naive twin reads it."""

    chart: Chart
    naive: Naive
    text: str

    def __repr__(self) -> str:
        return self.text


def toml(value: Any) -> str:
    """A value as inline TOML."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)


OF_OBSERVATION = ("numeric", "words", "categories", "step", "possible", "plausible", "above", "with")


def chart_toml(content: Content) -> str:
    """A chart's content as the text of its file."""
    lines = ["[chart]", *(f"{key} = {toml(value)}" for key, value in content["chart"].items())]
    for name in ("sources", "zones", "parameters", "groups", "scope", "levels"):
        for item in content[name]:
            kept = {key: value for key, value in item.items() if key not in OF_OBSERVATION}
            if name == "parameters":
                kept["source"] = "S"
            lines += [f"[[{name}]]", *(f"{key} = {toml(value)}" for key, value in kept.items())]
    return "\n".join(lines) + "\n"


def observation(row: Content) -> Observation:
    if not row["numeric"]:
        words = row.get("words") or row["categories"]
        return Observation(row["id"], row["id"].title(), categories=tuple(Category(name, name, (name[0].upper() + name[1:3],)) for name in words))
    step = Decimal(row["step"])
    possible, plausible = row.get("possible", {"from": Decimal(0), "to": 60 * step}), row.get("plausible", {"to": 50 * step})
    return Observation(
        row["id"], row["id"].title(), "u", step, recorded_with=row.get("with"), above=tuple(row.get("above", ())),
        impossible=Interval(possible.get("from"), True, possible.get("to"), True), implausible=Interval(plausible.get("from"), True, plausible.get("to"), True),
    )  # fmt: skip


def read_content(content: Content) -> Made:
    made, faults = read_or_faults(content)
    assert made is not None, "\n".join(map(str, faults))
    return made


def read_or_faults(content: Content) -> tuple[Made | None, list[Problem]]:
    text = chart_toml(content)
    known = {row["id"]: observation(row) for row in content["parameters"]}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "1.toml"
        path.write_text(text, encoding="utf-8")
        chart, problems = read_chart(path, known)
    faults = [problem for problem in problems if not problem.warning]
    return (Made(chart, Naive(content), text) if chart is not None else None), faults


@st.composite
def made_charts(draw: st.DrawFn) -> Made:
    """A small chart that passes every check. It may have rows that give nothing, which is a warning."""
    made, faults = read_or_faults(ContentBuilder(Hypothesised(draw), wide=False).content())
    assume(made is not None or {problem.code for problem in faults} - DRAWN_ANEW)
    assert made is not None, "\n".join(map(str, faults))
    return made


def made_chart(rng: Random) -> Chart:
    """A wide chart that passes every check, from a seed."""
    while True:
        made, faults = read_or_faults(ContentBuilder(Seeded(rng), wide=True).content())
        if made is not None:
            return made.chart
        if {problem.code for problem in faults} - DRAWN_ANEW:
            raise AssertionError("\n".join(map(str, faults)))


class MadeSet(NamedTuple):
    """Readings and skip reasons on a made-up chart."""

    readings: dict[str, Any]
    skips: dict[str, str]

    @property
    def given(self) -> dict[str, Any]:
        return {**self.readings, **{f"skip_{name}": reason for name, reason in self.skips.items()}}


def tell(made: Made, some: MadeSet) -> None:
    """Show what a failing property test had."""
    if currently_in_test_context():
        note(made.text)
        note(repr(some.given))


@st.composite
def sets_on(draw: st.DrawFn, made: Made, most_open: int = 3) -> MadeSet:
    """A set with at most so many rows left open; of a one_of group at most one reading."""
    readings: dict[str, Any] = {}
    skips: dict[str, str] = {}
    left_open = draw(st.integers(0, most_open))
    rows = draw(st.permutations(made.naive.parameters))
    one_of = [group["parameters"] for group in made.naive.groups if group["kind"] == "one_of"]
    for row in rows:
        name = row["id"]
        if any(name in members and any(other in readings or other in skips for other in members) for members in one_of):
            continue
        if left_open:
            left_open -= 1
            codes = [skip["code"] for skip in row.get("skips", [])]
            if codes and draw(st.booleans()):
                skips[name] = draw(st.sampled_from(codes))
            continue
        if row.get("required", True) or draw(st.booleans()):
            readings[name] = draw(st.sampled_from([c for c in made.naive.candidates(name) if name != "device" or c == "red"]))
    if made.naive.refused(readings, by_contexts=False):
        readings["wing"] = "red"
    return MadeSet(readings, skips)


PARAMETERS = Path(__file__).parents[1] / "rules" / "parameters.toml"


def shipped(chart: Chart) -> Made:
    """A shipped chart, and a naive twin of its file; step, categories and limits are those of `parameters.toml`."""
    content = tomllib.loads(Path(chart.origin).read_text(encoding="utf-8"), parse_float=Decimal)
    known = tomllib.loads(PARAMETERS.read_text(encoding="utf-8"), parse_float=Decimal)
    for row in content["parameters"]:
        defined = known[row["id"]]
        banded = [name for table in tables(row) for band in table.get("bands", []) for name in ([band["is"]] if isinstance(band.get("is"), str) else band.get("is", []))]
        row["categories"] = list(dict.fromkeys(banded)) or [category["id"] for category in defined.get("categories", [])]
        row["step"] = defined.get("step", 1)
        row["possible"] = {edge: defined.get("impossible", {})[key] for edge, key in (("from", "below"), ("to", "above")) if key in defined.get("impossible", {})}
    return Made(chart, Naive(content), f"{chart.id} {chart.version}")


def random_set(made: Made, rng: Random, most_open: int) -> MadeSet:
    """A set that the chart's scope does not refuse, with at most so many rows left open; of a one_of group at most one answer."""
    while True:
        readings: dict[str, Any] = {}
        skips: dict[str, str] = {}
        rows = list(made.naive.parameters)
        left = set(rng.sample(range(len(rows)), min(most_open, len(rows))))
        one_of = [group["parameters"] for group in made.naive.groups if group["kind"] == "one_of"]
        for place, row in enumerate(rows):
            if any(row["id"] in members and any(other in readings or other in skips for other in members) for members in one_of):
                continue
            if place not in left:
                readings[row["id"]] = rng.choice(made.naive.candidates(row["id"]))
            elif row.get("skips") and rng.random() < 0.5:
                skips[row["id"]] = rng.choice(row["skips"])["code"]
        if not made.naive.refused(readings, by_contexts=False):
            return MadeSet(readings, skips)
