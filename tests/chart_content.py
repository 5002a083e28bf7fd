"""Draws the content of made-up charts, feature by feature. No number here means anything.

The choices come from Hypothesis (small charts, which shrink when they fail) or from a seed (wide charts, for tables of many rows); see
tests/strategies.py. DRAWN counts the features that charts were drawn with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from random import Random
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st

from tests.naive import Content, tables

DRAWN: Counter[str] = Counter()
FEATURES = (
    "role scored", "role trigger", "role recorded", "numeric", "categorical", "step under 1", "optional", "points", "no points", "zones",
    "open edge", "gap of one step", "context of categories", "context of numbers", "two contexts", "context that scores", "numbers that choose and score",
    "optional context", "applies = false", "assumed", "either", "one_of", "group in a context", "skip with points", "skip without points", "total",
    "count of a zone", "count of points", "trigger band", "band that scores and raises", "prompt", "scope refuse", "scope flag", "points fall outwards",
    "counterpart", "a context refused", "contexts refused together", "narrowed categories",
)  # fmt: skip
WIDE_FEATURES = ("step over 1", "fine step", "edge between steps", "unbounded", "skip of a context", "members in different contexts", "scope of two", "contexts flagged together")
LEVELS = ("calm", "watch", "run", "fly")
T = TypeVar("T")


class Choices(Protocol):
    """Where the generator's choices come from."""

    def integer(self, low: int, high: int) -> int: ...
    def pick(self, options: Sequence[T]) -> T: ...
    def shuffled(self, options: Sequence[T]) -> list[T]: ...


class Seeded:
    """Choices from a seed."""

    def __init__(self, rng: Random):
        self.integer, self.pick = rng.randint, rng.choice
        self.shuffled = lambda options: rng.sample(options, len(options))


class Hypothesised:
    """Choices that Hypothesis makes, and shrinks."""

    def __init__(self, draw: st.DrawFn):
        self.integer = lambda low, high: draw(st.integers(low, high))
        self.pick = lambda options: draw(st.sampled_from(list(options)))
        self.shuffled = lambda options: draw(st.permutations(options))


def drawn(feature: str, happens: bool = True) -> bool:
    if happens:
        DRAWN[feature] += 1
    return happens


class ContentBuilder:
    """Draws one chart's content, row by row. A wide chart has more rows, bands, categories and steps."""

    def __init__(self, choices: Choices, wide: bool):
        self.choices, self.wide = choices, wide
        self.colours = ("red", "green", "blue", "grey", "black") if wide else ("red", "green", "blue")
        self.levels_drawn = LEVELS[: choices.integer(2, 4)] if wide else LEVELS[:3]
        self.points = self.maybe(0.8)
        drawn("points" if self.points else "no points")
        self.zones = drawn("zones", not self.points or self.maybe(0.5))
        self.rows: list[Content] = []

    def maybe(self, share: float) -> bool:
        return self.choices.integer(0, 99) < share * 100

    def worths(self, amount: int, quiet: int, role: str) -> list[Content]:
        """What each band of a table gives; the quiet one gives the least of everything."""
        found: list[Content] = []
        some_have_none = self.wide and self.maybe(0.3)  # a band without a zone is better than one in the best zone
        for place in range(amount):
            gives: Content = {}
            if role == "scored" and self.points:
                gives["points"] = 0 if place == quiet else self.choices.integer(0, 3)
            if role == "scored" and self.zones and not (some_have_none and (place == quiet or self.maybe(0.3))):
                gives["zone"] = "white" if place == quiet else self.choices.pick(("white", "amber", "dark"))
            if place != quiet and (role == "trigger" or self.maybe(0.1)):
                gives["level"] = self.choices.pick(self.levels_drawn[1:])
                drawn("trigger band" if role == "trigger" else "band that scores and raises")
            if not gives or self.maybe(0.05):
                gives["prompt"] = drawn("prompt") and "look"
            found.append(gives)
        return found

    def bands(self, row: Content) -> list[Content]:
        """Bands that leave no gap, with edges of every kind."""
        amount = self.choices.integer(2, 5 if self.wide and row["numeric"] else 3)
        quiet = self.choices.integer(0, amount - 1)
        gives = self.worths(amount, quiet, row["role"])
        if not row["numeric"]:
            names = self.choices.shuffled(row["categories"])
            parts = [names[:1], names[1:]] if amount == 2 else [names[:1], names[1:2], names[2:]]
            return [{"is": part, **given} for part, given in zip(parts, gives, strict=True)]
        severity = [(g.get("points", 0), ("white", "amber", "dark").index(g.get("zone", "white")), g.get("level") or "") for g in gives]
        drawn("points fall outwards", amount == 3 and quiet == 0 and severity[2][0] < severity[1][0])
        step = Decimal(row["step"])
        if self.wide:
            edges = sorted(self.choices.shuffled(range(3, 36))[: amount - 1])
            values = [2 * edge * step for edge in edges]  # at least two steps apart: a gap of one step leaves each band room
            if drawn("edge between steps", self.maybe(0.1)):
                values = [value + step / 4 for value in values]
        else:
            values = [edge * step for edge in (self.choices.integer(10, 14), self.choices.integer(17, 20))][: amount - 1]
        bands: list[Content] = [{} for _ in range(amount)]
        for place, value in enumerate(values):
            kind = self.choices.pick(("gap", "below", "above"))
            if value % step:  # a gap of one step would leave a recordable value without a band
                kind = self.choices.pick(("below", "above"))
            drawn("gap of one step" if kind == "gap" else "open edge")
            bands[place]["below" if kind == "below" else "to"] = value
            bands[place + 1]["above" if kind == "above" else "from"] = value + step if kind == "gap" else value
        return [{**band, **given} for band, given in zip(bands, gives, strict=True)]

    def observed(self, name: str, numeric: bool) -> Content:
        """What is observed, apart from the chart: step and limits of a number, the words of a category."""
        if not numeric:
            narrow = name not in ("wing", "device") and drawn("narrowed categories", self.maybe(0.3 if self.wide else 0.1))
            words = [*self.colours, *(("other",) if narrow and not self.wide else ())]
            return {"words": words, "categories": words[:-1] if narrow else words, "step": None}
        step = self.choices.pick(("1", "0.1", "0.5", "5", "2", "0.25", "0.01") if self.wide else ("1", "0.1", "0.5", "5"))
        size = Decimal(step)
        drawn("step under 1", size < 1)
        drawn("step over 1", self.wide and size > 1)
        drawn("fine step", self.wide and size < Decimal("0.1"))
        bounded = not (self.wide and drawn("unbounded", self.maybe(0.25)))
        top, doubtful = (120, 90) if self.wide else (60, 50)
        possible = {"from": 0 * size, **({"to": top * size} if bounded else {})}
        plausible = {"to": doubtful * size} if not self.wide or self.maybe(0.7) else {}
        if self.wide and self.maybe(0.5):
            plausible["from"] = 5 * size
        return {"words": None, "categories": None, "step": step, "possible": possible, "plausible": plausible}

    def add(self, name: str, role: str, *, numeric: bool, when: list[Content] | None = None, applies: list[bool] | None = None, **more: Any) -> None:
        """One parameter: a table for each `when`, or one for all."""
        row: Content = {"id": name, "role": role, "numeric": numeric, **self.observed(name, numeric), **more}
        drawn(f"role {role}")
        drawn("numeric" if numeric else "categorical")
        if row.get("required") is False:
            drawn("optional")
        if role != "recorded":
            if when is None:
                row["bands"] = self.bands(row)
            else:
                row["tables"] = [
                    {"when": one, "bands": self.bands(row)} if asked else {"when": one, "applies": False}
                    for one, asked in zip(when, applies or self.asked(when), strict=True)
                ]
        skips = []
        context = name in ("wing", "months")
        if role == "scored" and self.points and (self.wide or not context) and drawn("skip with points", self.maybe(0.25)):
            skips.append({"code": "U4", "says": "tried", "points": self.choices.integer(0, 3)})
        if (self.wide or role != "recorded") and drawn("skip without points", self.maybe(0.25)):
            skips.append({"code": "N1", "says": "not done"})
        drawn("skip of a context", self.wide and context and bool(skips))
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
            more: Content = {} if scores or not drawn("assumed", self.maybe(0.4)) else {"assumed": "red", "assumed_because": "made up"}
            if self.wide and not scores:
                more["required"] = not drawn("optional context", self.maybe(0.4))
            self.add("wing", "scored" if scores else "recorded", numeric=False, **more)
            found["wing"] = [{"wing": "red"}, {"wing": ["green", "blue"]}, *([{"wing": ["grey", "black"]}] if self.wide else [])]
            drawn("context of categories")
        if self.maybe(0.5):
            scores = drawn("numbers that choose and score", self.maybe(0.3))
            optional = not scores and drawn("optional context", self.maybe(0.5))
            self.add("months", "scored" if scores else "recorded", numeric=True, **({} if scores else {"required": not optional}))
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

    def groups(self, contexts: dict[str, list[Content]]) -> list[Content]:
        """Pairs of rows that may count once."""
        found = []
        for kind, members in (("either", ("upper", "lower")), ("one_of", ("share", "flow"))):
            if not self.maybe(0.5 if self.wide else 0.4):
                continue
            when, required = self.some_when(contexts, 0.35), not self.maybe(0.15)
            drawn("group in a context", when is not None)
            applies = self.asked(when)  # of a small chart alike for both: the one answer of the pair is asked for, or it is not
            drawn("counterpart", kind == "either")
            for member in members:
                own = self.some_when(contexts, 0.35) if self.wide and member == members[1] else when
                drawn("members in different contexts", own is not when)
                self.add(member, "scored", numeric=True, when=own, applies=applies if own is when else None, required=required)
            self.rows[-2] |= {"above": ["lower", "beat"] if self.wide else ["lower"], "with": "lower"} if kind == "either" else {}
            self.rows[-1] |= {"with": "upper", "above": ["beat"] if self.wide and self.maybe(0.3) else []} if kind == "either" else {}
            if not self.wide or self.maybe(0.8):  # else a pair that counts twice
                found.append({"id": kind.replace("_", "-"), "title": kind, "kind": drawn(kind) and kind, "parameters": list(members), "source": "S"})
        return found

    def scope(self, contexts: dict[str, list[Content]]) -> list[Content]:
        """What the chart is not for: by one reading, by a context, by several together."""
        found: list[Content] = []

        def add(when: Content, then: str) -> None:
            found.append({"when": when, "then": then, "says": f"not for {len(found)}", "source": "S"})

        if drawn("scope refuse", self.maybe(0.3)):
            add({"device": ["blue"]}, "refuse")
        if drawn("scope flag", self.maybe(0.3)):
            add({"device": "green"}, "flag")
        if "wing" in contexts and drawn("a context refused", self.maybe(0.3)):
            add({"wing": "blue"}, "refuse")
        if len(contexts) == 2 and drawn("contexts refused together", self.maybe(0.5)):
            add({**contexts["months"][-1], "wing": "green"}, "refuse")
        if self.wide and "wing" in contexts and drawn("scope of two", self.maybe(0.5)):
            add({"device": ["red", "grey"], "wing": "green"}, self.choices.pick(("refuse", "flag")))
        if self.wide and len(contexts) == 2 and drawn("contexts flagged together", self.maybe(0.3)):
            add({**contexts["months"][0], "wing": ["grey", "green"]}, "flag")
        if self.wide and self.maybe(0.3):
            add({"beat": {"from": 30 * Decimal(next(row["step"] for row in self.rows if row["id"] == "beat"))}}, "flag")
        return found

    def content(self) -> Content:
        contexts = self.contexts()
        rows = [("beat", True), ("look", False), ("glow", True), *((("breath", True), ("warmth", True)) if self.wide else ())]
        for name, numeric in rows:
            if name == "beat" or self.maybe(0.6):
                self.add(name, "scored", numeric=numeric, when=self.some_when(contexts), required=not self.maybe(0.2))
        groups = self.groups(contexts)
        for name in ("worry", *(("mood",) if self.wide else ())):
            if self.maybe(0.5):
                self.add(name, "trigger", numeric=False, when=self.some_when(contexts, 0.15), required=not self.maybe(0.2))
        self.add("device", "recorded", numeric=False, required=False)
        return {
            "chart": {
                "id": "made-up", "version": "1", "title": "Made up", "short_title": "Made", "status": "local", "status_says": "Made up.", "licence": "none",
                "scope": "Nobody.", "between_bands": "higher", "points_may_fall": [row["id"] for row in self.rows],
            },
            "sources": [{"id": "S", "cite": "Nothing."}],
            "zones": [{"id": zone, "title": zone} for zone in ("white", "amber", "dark")] if self.zones else [],
            "parameters": self.rows, "groups": groups, "scope": self.scope(contexts), "levels": self.levels(),
        }  # fmt: skip

    def levels(self) -> list[Content]:
        totals = self.points and drawn("total", self.maybe(0.8))
        bounds = [0, self.choices.integer(1, 3), self.choices.integer(4, 6), self.choices.integer(7, 8)][: len(self.levels_drawn)]
        scored = [row for row in self.rows if row["role"] == "scored"]
        reach = sum(max(self.points_of(row), default=0) for row in scored if row["id"] not in ("lower", "flow"))  # of a pair, one counts
        totals = totals and reach >= bounds[-1]
        named = {band.get("level") for row in self.rows for table in tables(row) for band in table.get("bands", [])}
        found: list[Content] = []
        for place, name in enumerate(self.levels_drawn):
            level: Content = {"id": name, "title": name, "source": "S"}
            if totals:
                level["total"] = {"from": bounds[place], **({"to": bounds[place + 1] - 1} if place + 1 < len(bounds) else {})}
            counts: list[Content] = []
            if place and self.points and drawn("count of points", self.maybe(0.4)):
                counts.append({"points": self.choices.integer(1, 3), "at_least": self.choices.integer(1, 2)})
            if place and self.zones and drawn("count of a zone", self.maybe(0.5)):
                counts.append({"zone": self.choices.pick(("amber", "dark")), "at_least": self.choices.integer(1, 2)})
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
