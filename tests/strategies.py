"""Made-up charts for property tests, drawn as TOML content, written out and read by the package's own loader. No number here means anything.

What is drawn is kept small, so that every completion of a partial set can be tried. DRAWN counts the features that charts were drawn with.
"""

from __future__ import annotations

import json
import tempfile
import tomllib
from collections import Counter
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from hypothesis import assume, currently_in_test_context, note
from hypothesis import strategies as st

from mews_newtt.chart.load import read_chart
from mews_newtt.chart.model import Category, Chart, Interval, Observation
from mews_newtt.errors import Problem
from tests.naive import Content, Naive, tables

DRAWN: Counter[str] = Counter()
FEATURES = (
    "role scored", "role trigger", "role recorded", "numeric", "categorical", "step under 1", "optional", "points", "no points", "zones",
    "open edge", "gap of one step", "context of categories", "context of numbers", "two contexts", "context that scores", "numbers that choose and score",
    "applies = false", "assumed", "either", "one_of", "group in a context", "skip with points", "skip without points", "total", "count of a zone",
    "count of points", "trigger band", "band that scores and raises", "prompt", "scope refuse", "scope flag", "points fall outwards", "counterpart",
    "a context refused", "contexts refused together",
)  # fmt: skip
COLOURS = ("red", "green", "blue")
LEVELS = ("calm", "watch", "run")
OUT_OF_REACH = {"total_out_of_reach", "count_out_of_reach", "zones_raise_nothing"}  # drawn now and then; such a chart is drawn anew


class Made(NamedTuple):
    """A chart as the package has it, and its content as the naive twin reads it."""

    chart: Chart
    naive: Naive
    text: str

    def __repr__(self) -> str:
        return self.text


def drawn(feature: str, happens: bool = True) -> bool:
    if happens:
        DRAWN[feature] += 1
    return happens


@st.composite
def worths(draw: st.DrawFn, amount: int, quiet: int, role: str, points: bool, zones: bool, named: bool) -> list[Content]:
    """What each band of a table gives; the quiet one gives the least of everything."""
    found: list[Content] = []
    for place in range(amount):
        gives: Content = {}
        if role == "scored" and points:
            gives["points"] = 0 if place == quiet else draw(st.integers(0, 3))
        if role == "scored" and zones:
            gives["zone"] = "white" if place == quiet else draw(st.sampled_from(("white", "amber", "dark")))
        if place != quiet and (role == "trigger" or (named and draw(st.integers(0, 9)) == 0)):
            gives["level"] = draw(st.sampled_from(LEVELS[1:]))
            drawn("trigger band" if role == "trigger" else "band that scores and raises")
        if not gives or draw(st.integers(0, 19)) == 0:
            gives["prompt"] = drawn("prompt") and "look"
        found.append(gives)
    return found


@st.composite
def band_lists(draw: st.DrawFn, parameter: Content, points: bool, zones: bool) -> list[Content]:
    """Bands that leave no gap, with edges of every kind."""
    role, numeric = parameter["role"], not parameter.get("categories")
    amount = draw(st.integers(2, 3))
    quiet = draw(st.integers(0, amount - 1))
    gives = draw(worths(amount, quiet, role, points, zones, named=True))
    if not numeric:
        names = draw(st.permutations(parameter["categories"]))
        parts = [names[:1], names[1:]] if amount == 2 else [[name] for name in names]
        return [{"is": part, **given} for part, given in zip(parts, gives, strict=True)]
    severity = [(g.get("points", 0), ("white", "amber", "dark").index(g.get("zone", "white")), g.get("level") or "") for g in gives]
    drawn("points fall outwards", amount == 3 and quiet == 0 and severity[2][0] < severity[1][0])
    step = Decimal(parameter["step"])
    edges = [draw(st.integers(10, 14)), draw(st.integers(17, 20))][: amount - 1]
    bands: list[Content] = [{} for _ in range(amount)]
    for place, edge in enumerate(edges):
        value = edge * step
        kind = draw(st.sampled_from(("gap", "below", "above")))
        drawn("gap of one step" if kind == "gap" else "open edge")
        bands[place]["below" if kind == "below" else "to"] = value
        bands[place + 1]["above" if kind == "above" else "from"] = value + step if kind == "gap" else value
    return [{**band, **given} for band, given in zip(bands, gives, strict=True)]


class _Builder:
    """Draws one chart's content, row by row."""

    def __init__(self, draw: st.DrawFn):
        self.draw = draw
        self.points = self.maybe(0.8)
        drawn("points" if self.points else "no points")
        self.zones = drawn("zones", not self.points or self.maybe(0.5))
        self.rows: list[Content] = []

    def maybe(self, share: float) -> bool:
        return self.draw(st.integers(0, 99)) < share * 100

    def add(self, name: str, role: str, *, numeric: bool, when: list[Content] | None = None, applies: list[bool] | None = None, **more: Any) -> None:
        """One parameter: a table for each `when`, or one for all."""
        row: Content = {"id": name, "role": role, "numeric": numeric, "categories": None if numeric else list(COLOURS), "step": None, **more}
        drawn(f"role {role}")
        drawn("numeric" if numeric else "categorical")
        if numeric:
            row["step"] = self.draw(st.sampled_from(("1", "0.1", "0.5", "5")))
            drawn("step under 1", Decimal(row["step"]) < 1)
        if row.get("required") is False:
            drawn("optional")
        if role != "recorded":
            if when is None:
                row["bands"] = self.draw(band_lists(row, self.points, self.zones))
            else:
                row["tables"] = [
                    {"when": one, "bands": self.draw(band_lists(row, self.points, self.zones))} if asked else {"when": one, "applies": False}
                    for one, asked in zip(when, applies or self.asked(when), strict=True)
                ]
        skips = []
        if role == "scored" and self.points and name not in ("wing", "months") and drawn("skip with points", self.maybe(0.25)):
            skips.append({"code": "U4", "says": "tried", "points": self.draw(st.integers(0, 3))})
        if role != "recorded" and drawn("skip without points", self.maybe(0.25)):
            skips.append({"code": "N1", "says": "not done"})
        if skips:
            row["skips"] = skips
        self.rows.append(row)

    def asked(self, when: list[Content] | None) -> list[bool]:
        """In which contexts a row is read at all; in one of them it always is."""
        found = [not self.maybe(0.2) for _ in when or ()]
        drawn("applies = false", not all(found))
        return found if any(found) else [True] * len(found)

    def contexts(self) -> dict[str, list[Content]]:
        """Context rows, and the conditions that cut each of them into parts."""
        found: dict[str, list[Content]] = {}
        if self.maybe(0.55):
            scores = drawn("context that scores", self.maybe(0.4))
            more = {} if scores or not drawn("assumed", self.maybe(0.4)) else {"assumed": "red", "assumed_because": "made up"}
            self.add("wing", "scored" if scores else "recorded", numeric=False, **more)
            found["wing"] = [{"wing": "red"}, {"wing": ["green", "blue"]}]
            drawn("context of categories")
        if self.maybe(0.5):
            scores = drawn("numbers that choose and score", self.maybe(0.3))
            self.add("months", "scored" if scores else "recorded", numeric=True, **({} if scores else {"required": self.maybe(0.5)}))
            edge = 12 * Decimal(self.rows[-1]["step"])
            found["months"] = [{"months": {"below": edge}}, {"months": {"from": edge}}]
            if self.maybe(0.4):
                found["months"][1:] = [{"months": {"from": edge, "to": 2 * edge}}, {"months": {"above": 2 * edge}}]
            drawn("context of numbers")
        return found

    def some_when(self, contexts: dict[str, list[Content]], share: float = 0.5) -> list[Content] | None:
        chosen = [cuts for cuts in contexts.values() if self.maybe(share)]
        if not chosen:
            return None
        if len(chosen) == 1:
            return chosen[0]
        drawn("two contexts")
        return [one | other for one in chosen[0] for other in chosen[1]]

    def content(self) -> Content:
        contexts = self.contexts()
        for name, numeric in (("beat", True), ("look", False), ("glow", True)):
            if name == "beat" or self.maybe(0.6):
                self.add(name, "scored", numeric=numeric, when=self.some_when(contexts), required=not self.maybe(0.2))
        groups = []
        for kind, members in (("either", ("upper", "lower")), ("one_of", ("share", "flow"))):
            if not self.maybe(0.4):
                continue
            when, required = self.some_when(contexts, 0.35), not self.maybe(0.15)
            drawn("group in a context", when is not None)
            applies = self.asked(when)  # alike for both: the one answer of the pair is asked for, or it is not
            for member in members:
                self.add(member, "scored", numeric=True, when=when, applies=applies, required=required)
            drawn("counterpart", kind == "either")
            groups.append({"id": kind.replace("_", "-"), "title": kind, "kind": drawn(kind) and kind, "parameters": list(members), "source": "S"})
        if self.maybe(0.5):
            self.add("worry", "trigger", numeric=False, when=self.some_when(contexts, 0.15), required=not self.maybe(0.2))
        self.add("device", "recorded", numeric=False, required=False)
        scope: list[Content] = []
        if drawn("scope refuse", self.maybe(0.3)):
            scope.append({"when": {"device": ["blue"]}, "then": "refuse", "says": "not for blue", "source": "S"})
        if drawn("scope flag", self.maybe(0.3)):
            scope.append({"when": {"device": "green"}, "then": "flag", "says": "green is odd", "source": "S"})
        if "wing" in contexts and drawn("a context refused", self.maybe(0.3)):
            scope.append({"when": {"wing": "blue"}, "then": "refuse", "says": "no blue wings", "source": "S"})
        if len(contexts) == 2 and drawn("contexts refused together", self.maybe(0.5)):
            scope.append({"when": {**contexts["months"][-1], "wing": "green"}, "then": "refuse", "says": "no old green wings", "source": "S"})
        return {
            "chart": {
                "id": "made-up", "version": "1", "title": "Made up", "short_title": "Made", "status": "local", "licence": "none", "scope": "Nobody.",
                "between_bands": "higher", "points_may_fall": [row["id"] for row in self.rows],
            },
            "sources": [{"id": "S", "cite": "Nothing."}],
            "zones": [{"id": zone, "title": zone} for zone in ("white", "amber", "dark")] if self.zones else [],
            "parameters": self.rows, "groups": groups, "scope": scope, "levels": self.levels(),
        }  # fmt: skip

    def levels(self) -> list[Content]:
        totals = self.points and drawn("total", self.maybe(0.8))
        bounds = [0, self.draw(st.integers(1, 3)), self.draw(st.integers(4, 6))]
        scored = [row for row in self.rows if row["role"] == "scored"]
        reach = sum(max(self.points_of(row), default=0) for row in scored if row["id"] not in ("lower", "flow"))  # of a pair, one counts
        totals = totals and reach >= bounds[2]
        named = {band.get("level") for row in self.rows for table in tables(row) for band in table.get("bands", [])}
        found: list[Content] = []
        for place, name in enumerate(LEVELS):
            level: Content = {"id": name, "title": name, "source": "S"}
            if totals:
                level["total"] = {"from": bounds[place], **({"to": bounds[place + 1] - 1} if place < 2 else {})}
            counts: list[Content] = []
            if place and self.points and drawn("count of points", self.maybe(0.4)):
                counts.append({"points": self.draw(st.integers(1, 3)), "at_least": self.draw(st.integers(1, 2))})
            if place and self.zones and drawn("count of a zone", self.maybe(0.5)):
                counts.append({"zone": self.draw(st.sampled_from(("amber", "dark"))), "at_least": self.draw(st.integers(1, 2))})
            if place and not (totals and bounds[place] <= reach) and not counts and name not in named:
                counts.append({"points": 3, "at_least": 1} if self.points else {"zone": "dark", "at_least": 1})
            if place == 1 and self.points and not totals:  # points must raise something
                counts.append({"points": 1, "at_least": 1})
            if counts:
                level["counts"] = counts
            found.append(level)
        return found

    def points_of(self, row: Content) -> list[int]:
        return [band.get("points", 0) for table in tables(row) for band in table.get("bands", [])] + [0]


def toml(value: Any) -> str:
    """A value as inline TOML."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)


def chart_toml(content: Content) -> str:
    """A chart's content as the text of its file."""
    lines = ["[chart]", *(f"{key} = {toml(value)}" for key, value in content["chart"].items())]
    for name in ("sources", "zones", "parameters", "groups", "scope", "levels"):
        for item in content[name]:
            kept = {key: value for key, value in item.items() if key not in ("numeric", "categories", "step")}
            if name == "parameters":
                kept["source"] = "S"
            lines += [f"[[{name}]]", *(f"{key} = {toml(value)}" for key, value in kept.items())]
    return "\n".join(lines) + "\n"


def observation(row: Content) -> Observation:
    partner = {"upper": "lower", "lower": "upper"}.get(row["id"])
    if not row["numeric"]:
        return Observation(row["id"], row["id"].title(), categories=tuple(Category(name, name, (name[0].upper(),)) for name in row["categories"]))
    step = Decimal(row["step"])
    return Observation(
        row["id"], row["id"].title(), "u", step, recorded_with=partner, above=("lower",) if row["id"] == "upper" else (),
        impossible=Interval(Decimal(0), True, 60 * step, True), implausible=Interval(None, True, 50 * step, True),
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
    """A chart that passes every check. It may have rows that give nothing, which is a warning."""
    made, faults = read_or_faults(_Builder(draw).content())
    assume(made is not None or {problem.code for problem in faults} - OUT_OF_REACH)
    assert made is not None, "\n".join(map(str, faults))
    return made


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
