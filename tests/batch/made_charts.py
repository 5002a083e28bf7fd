"""Made-up charts that draw on every feature the format has. No number here means anything."""

from __future__ import annotations

import tempfile
from collections import Counter
from decimal import Decimal
from itertools import product
from pathlib import Path
from random import Random

from mews_newtt.chart.load import read_chart
from mews_newtt.chart.model import Category, Chart, Interval, Observation

DRAWN: Counter[str] = Counter()  # which features charts were made with
FEATURES = (
    "points",
    "zones",
    "count by points",
    "count by zone",
    "trigger",
    "total level",
    "optional",
    "skip with points",
    "skip without points",
    "either",
    "one_of",
    "context of categories",
    "context of numbers",
    "two contexts",
    "scored context",
    "applies false",
    "assumed",
    "scope refuse",
    "scope flag",
    "scope of two",
    "context refused",
    "contexts in one rule",
    "optional context",
    "counterpart",
    "narrowed categories",
    "step over 1",
    "fine step",
    "edge between steps",
    "open band edges",
    "unbounded",
    "prompt",
)
COLOURS = ("red", "green", "blue", "grey", "black")


def _numeric(name: str, step: str, rng: Random, recorded_with: str | None = None, above: tuple[str, ...] = ()) -> Observation:
    size = Decimal(step)
    bounded = rng.random() < 0.75
    if not bounded:
        DRAWN["unbounded"] += 1
    return Observation(
        name,
        name.replace("_", " "),
        "u",
        size,
        recorded_with=recorded_with,
        above=above,
        impossible=Interval(Decimal(0), True, size * 120 if bounded else None, True),
        implausible=Interval(size * rng.choice([0, 5]), True, size * 90 if rng.random() < 0.7 else None, True),
    )


def observations(rng: Random) -> dict[str, Observation]:
    """What the made-up charts observe."""
    steps = ["1", "0.1", rng.choice(["5", "2", "0.5", "0.25", "0.01"]), "1", "0.1"]
    if Decimal(steps[2]) > 1:
        DRAWN["step over 1"] += 1
    if Decimal(steps[2]) < Decimal("0.1"):
        DRAWN["fine step"] += 1
    found = {f"measure_{place}": _numeric(f"measure_{place}", step, rng) for place, step in enumerate(steps)}
    found["upper_limb"] = _numeric("upper_limb", rng.choice(["1", "0.5"]), rng, "lower_limb", ("lower_limb", "measure_1"))
    found["lower_limb"] = _numeric("lower_limb", "1", rng, "upper_limb", ("measure_0",) if rng.random() < 0.5 else ())
    found["months"] = _numeric("months", rng.choice(["1", "0.01"]), rng)
    for name in ("look", "mood", "wing", "device", "worry"):
        found[name] = Observation(
            name, name, categories=tuple(Category(colour, colour, (colour[0].upper() + colour[1:3], f"{name} {colour}")) for colour in COLOURS)
        )
    return found


class _Maker:
    """Writes one chart as TOML."""

    def __init__(self, rng: Random):
        self.rng = rng
        self.known = observations(rng)
        self.points = rng.random() < 0.75
        self.zones = rng.random() < 0.6 or not self.points
        self.levels = [f"level_{place}" for place in range(rng.choice([2, 3, 4]))]
        self.named: set[str] = set()
        self.narrowed = {name for name in ("look", "mood") if self.chance(0.4, "narrowed categories")}
        self.lines = [
            "[chart]",
            'id = "made"',
            'version = "1"',
            'title = "Made up"',
            'short_title = "Made"',
            'status = "local"',
            'status_says = "Made up."',
            'licence = "none"',
            'scope = "Nobody."',
            'between_bands = "higher"',
            "[[sources]]",
            'id = "S"',
            'cite = "Nothing."',
        ]
        if self.zones:
            for zone in ("white", "amber", "dark"):
                self.lines += ["[[zones]]", f'id = "{zone}"', f'title = "{zone}"']

    def chance(self, share: float, feature: str = "") -> bool:
        happens = self.rng.random() < share
        if happens and feature:
            DRAWN[feature] += 1
        return happens

    def worth(self, quiet: bool, role: str) -> str:
        """What a band gives, as TOML; the quiet band gives least of everything."""
        given = []
        if role == "scored" and self.points:
            given.append(f"points = {0 if quiet else self.rng.choice([0, 1, 2, 3])}")
        if role == "scored" and self.zones and self.chance(0.8):
            given.append(f'zone = "{"white" if quiet else self.rng.choice(["white", "amber", "dark"])}"')
        if not quiet and self.chance(0.7 if role == "trigger" else 0.1):
            level = self.rng.choice(self.levels[1:])
            self.named.add(level)
            given.append(f'level = "{level}"')
        if not given or self.chance(0.1):
            DRAWN["prompt"] += 1
            given.append('prompt = "look"')
        return ", ".join(given)

    def bands(self, name: str, role: str) -> str:
        observation = self.known[name]
        if not observation.numeric:
            names = list(COLOURS)[: 4 if name in self.narrowed else 5]
            cut = self.rng.randint(1, len(names) - 1)
            quoted = ", ".join(f'"{one}"' for one in names[cut:])
            rest = f"{{ is = [{quoted}], {self.worth(False, role)} }}"
            return f"bands = [{{ is = {names[:cut]!r}, {self.worth(True, role)} }}, {rest}]".replace("'", '"')
        step = observation.step
        edges = sorted({self.rng.randint(6, 70) for _ in range(self.rng.randint(1, 4))})
        values = [edge * step for edge in edges]
        if self.chance(0.1, "edge between steps"):
            values = [value + step / 4 for value in values]
        styles = [self.rng.choice(["gap", "below", "above"]) for _ in values]
        if {"below", "above"} & set(styles):
            DRAWN["open band edges"] += 1
        quiet = self.rng.randint(0, len(values))
        parts = []
        for place in range(len(values) + 1):
            keys = []
            if place:
                value = values[place - 1]
                keys.append({"gap": f"from = {value + step}", "below": f"from = {value}", "above": f"above = {value}"}[styles[place - 1]])
            if place < len(values):
                value = values[place]
                keys.append({"gap": f"to = {value}", "below": f"below = {value}", "above": f"to = {value}"}[styles[place]])
            parts.append("{ " + ", ".join([*keys, self.worth(place == quiet, role)]) + " }")
        if any(
            style == "gap" and values[p] + step >= (values[p + 1] if p + 1 < len(values) else values[p] + 9 * step) for p, style in enumerate(styles)
        ):
            return self.bands(name, role)
        return f"bands = [{', '.join(parts)}]"

    def parameter(self, name: str, role: str, contexts: tuple[str, ...] = ()) -> None:
        self.lines += ["[[parameters]]", f'id = "{name}"', f'role = "{role}"', 'source = "S"']
        context = name in ("wing", "months") and role == "recorded"
        if (name not in ("wing", "months") and self.chance(0.2, "optional")) or (context and self.chance(0.4, "optional context")):
            self.lines.append("required = false")
        if role == "trigger":
            DRAWN["trigger"] += 1
        if role == "recorded" and name == "wing" and self.chance(0.4, "assumed"):
            self.lines += ['assumed = "red"', 'assumed_because = "made up"']
        skips = []
        if role == "scored" and self.points and self.chance(0.3, "skip with points"):
            skips.append('{ code = "U4", says = "tried", points = 2 }')
        if self.chance(0.3, "skip without points"):
            skips.append('{ code = "N1", says = "not done" }')
        if skips:
            self.lines.append(f"skips = [{', '.join(skips)}]")
        if not contexts:
            if role != "recorded":
                self.lines.append(self.bands(name, role))
            return
        if len(contexts) > 1:
            DRAWN["two contexts"] += 1
        for when in product(*(self.conditions(context) for context in contexts)):
            self.lines += ["[[parameters.tables]]", f"when = {{ {', '.join(when)} }}"]
            self.lines.append("applies = false" if self.chance(0.15, "applies false") else self.bands(name, role))
        if not any(line.startswith("bands") for line in self.lines[-2 * 6 :]):
            self.lines[-1] = self.bands(name, role)

    def conditions(self, context: str) -> list[str]:
        if context == "months":
            DRAWN["context of numbers"] += 1
            step = self.known["months"].step
            return [
                f"months = {{ below = {12 * step} }}",
                f"months = {{ from = {12 * step}, below = {40 * step} }}",
                f"months = {{ from = {40 * step} }}",
            ]
        DRAWN["context of categories"] += 1
        return ['wing = "red"', 'wing = ["green", "blue"]', 'wing = ["grey", "black"]']

    def chart(self) -> str:
        contexts = [name for name in ("wing", "months") if self.chance(0.6)]
        for name in contexts:
            scored = name == "wing" and self.chance(0.4, "scored context")
            self.parameter(name, "scored" if scored else "recorded")
        for name in ("measure_0", "measure_1", "measure_2", "look"):
            if name == "measure_0" or self.chance(0.7):
                self.parameter(name, "scored", tuple(context for context in contexts if self.rng.random() < 0.5))
        limbs = self.rng.random() < 0.6
        if limbs:
            self.parameter("upper_limb", "scored")
            self.parameter("lower_limb", "scored", tuple(contexts[:1]) if self.chance(0.3) else ())
            DRAWN["counterpart"] += 1
        pair = self.rng.random() < 0.5
        if pair:
            self.parameter("measure_3", "scored", tuple(contexts[:1]) if self.chance(0.6) else ())
            self.parameter("measure_4", "scored", tuple(contexts[:1]) if self.chance(0.6) else ())
        for name in ("mood", "worry"):
            if self.chance(0.6):
                self.parameter(name, "trigger", tuple(contexts[:1]) if self.chance(0.2) else ())
        self.parameter("device", "recorded")
        if limbs and self.chance(0.8, "either"):
            self.lines += [
                "[[groups]]",
                'id = "limbs"',
                'title = "Limbs"',
                'kind = "either"',
                'parameters = ["upper_limb", "lower_limb"]',
                'source = "S"',
            ]
        if pair and self.chance(0.8, "one_of"):
            self.lines += [
                "[[groups]]",
                'id = "pair"',
                'title = "Pair"',
                'kind = "one_of"',
                'parameters = ["measure_3", "measure_4"]',
                'source = "S"',
            ]
        self.scope(contexts)
        self.level_lines()
        return "\n".join(self.lines)

    def scope(self, contexts: list[str]) -> None:
        if self.chance(0.4, "scope refuse"):
            self.lines += ["[[scope]]", 'when = { device = ["grey"] }', 'then = "refuse"', 'says = "not for grey"', 'source = "S"']
        if self.chance(0.4, "scope flag"):
            self.lines += ["[[scope]]", 'when = { device = "blue" }', 'then = "flag"', 'says = "blue is odd"', 'source = "S"']
        if "wing" in contexts and self.chance(0.5, "scope of two"):
            then = self.rng.choice(["refuse", "flag"])
            self.lines += ["[[scope]]", 'when = { device = ["red", "green"], wing = "blue" }', f'then = "{then}"', 'says = "both"', 'source = "S"']
        if "wing" in contexts and self.chance(0.3, "context refused"):
            self.lines += ["[[scope]]", 'when = { wing = "black" }', 'then = "refuse"', 'says = "no black"', 'source = "S"']
        if len(contexts) == 2 and self.chance(0.6, "contexts in one rule"):
            then, old = self.rng.choice(["refuse", "flag"]), f"{{ from = {self.rng.choice([12, 40, 55]) * self.known['months'].step} }}"
            self.lines += ["[[scope]]", f'when = {{ months = {old}, wing = ["grey", "green"] }}', f'then = "{then}"', 'says = "old"', 'source = "S"']
        if self.chance(0.3, "scope flag"):
            low = 30 * self.known["measure_0"].step
            self.lines += ["[[scope]]", f"when = {{ measure_0 = {{ from = {low} }} }}", 'then = "flag"', 'says = "much"', 'source = "S"']

    def level_lines(self) -> None:
        totals = self.points and self.chance(0.8, "total level")
        if self.points:
            DRAWN["points"] += 1
        if self.zones:
            DRAWN["zones"] += 1
        for place, level in enumerate(self.levels):
            self.lines += ["[[levels]]", f'id = "{level}"', f'title = "{level}"', 'source = "S"']
            last = place == len(self.levels) - 1
            if totals:
                upper = "" if last else f", to = {2 * place + 1}"
                self.lines.append(f"total = {{ from = {2 * place}{upper} }}")
            counts = []
            if place and self.points and self.chance(0.5, "count by points"):
                counts.append(f"{{ points = {self.rng.choice([1, 2, 3])}, at_least = {self.rng.choice([1, 2])} }}")
            if place and self.zones and (self.chance(0.5) or not (totals or counts)):
                DRAWN["count by zone"] += 1
                counts.append(f'{{ zone = "{self.rng.choice(["amber", "dark"])}", at_least = {self.rng.choice([1, 2])} }}')
            if place and not counts and not totals and level not in self.named:
                counts.append("{ points = 3, at_least = 1 }")
            if counts:
                self.lines.append(f"counts = [{', '.join(counts)}]")


_DRAWN_ANEW = {"level_unreachable", "no_bands", "no_quiet_band", "band_gap", "band_overlap"} | {
    "total_out_of_reach", "count_out_of_reach", "points_raise_nothing", "zones_raise_nothing",
}  # fmt: skip


def made_chart(rng: Random) -> Chart:
    """A chart that passes every check."""
    while True:
        maker = _Maker(rng)
        text = maker.chart()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "made" / "1.toml"
            path.parent.mkdir()
            path.write_text(text, "utf-8")
            chart, problems = read_chart(path, maker.known)
        faults = [problem for problem in problems if not problem.warning and problem.code != "unknown_level"]
        if chart is not None and not faults:
            return chart
        if {problem.code for problem in faults} - _DRAWN_ANEW:
            raise AssertionError("\n".join([text, *map(str, faults)]))
