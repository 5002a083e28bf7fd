"""Faulty platforms: a plain scorer of a chart's file, with one bug put in at random. Knows nothing of the fault generator it is to test.

Also realistic observation sets: most readings normal, readings of one person alike in how far off they are.
"""

from __future__ import annotations

import copy
import math
import tomllib
from collections.abc import Callable, Mapping
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pyarrow as pa

from tests.naive import Content, Naive, table_of, tables

RULES = Path(__file__).resolve().parents[2] / "rules"
Given = dict[str, Any]
Answer = tuple[int | None, str | None]
Read = Callable[[Given], Given]
NORMAL = {  # a set with a total of 0 on news2
    "respiratory_rate": "16",
    "oxygen_saturation": "97",
    "air_or_oxygen": "air",
    "systolic_bp": "120",
    "heart_rate": "70",
    "consciousness": "alert",
    "temperature": "37.0",
}
LOWS, HIGHS = ("from", "above"), ("to", "below")


def content_of(chart_id: str, version: str | None = None) -> Content:
    """A chart's file (the newest, or a version's: also "id@version") as plain data, with step and categories of each observation beside its row."""
    chart_id, _, named = chart_id.partition("@")
    version = version or named
    path = sorted((RULES / chart_id).glob(f"{version or '*'}.toml"))[-1]
    content = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    observations = tomllib.loads((RULES / "parameters.toml").read_text(encoding="utf-8"), parse_float=Decimal)
    for parameter in content["parameters"]:
        observation = observations[parameter["id"]]
        parameter["step"] = Decimal(str(observation.get("step", 1)))
        parameter["numeric"] = "unit" in observation
        parameter["fahrenheit"] = any(unit["ucum"] == "[degF]" for unit in observation.get("other_units", []))
        parameter["possible"] = [Decimal(str(observation.get("impossible", {}).get(end, far))) for end, far in (("below", -9999), ("above", 9999))]
        banded = [
            c
            for table in tables(parameter)
            for b in table.get("bands", [])
            if "is" in b
            for c in ([b["is"]] if isinstance(b["is"], str) else b["is"])
        ]
        parameter["categories"] = list(dict.fromkeys(banded)) or [c["id"] for c in observation.get("categories", [])]
        if parameter["numeric"]:
            parameter["categories"] = []
    return content


class Platform(NamedTuple):
    """A scorer with a bug, and the bug in words."""

    naive: Naive
    read: Read
    zero: bool  # missing counts as 0
    bug: str
    counted: bool = False  # of a partial set it shows the level of what is there, and no total; otherwise neither

    def answer(self, given: Given) -> Answer:
        given = self.read(dict(given))
        total, level = self.naive.score(given, {})
        known = {**{p["id"]: p["assumed"] for p in self.naive.parameters if "assumed" in p}, **given}
        lacks = False
        for parameter in self.naive.parameters:
            if parameter["role"] != "scored" or not parameter.get("required", True) or parameter["id"] in given:
                continue
            table = table_of(parameter, known)
            group = next((g for g in self.naive.groups if parameter["id"] in g["parameters"] and g["kind"] == "one_of"), None)
            if group and any(name in given for name in group["parameters"]):
                continue
            lacks |= table is not None and table.get("applies", True)
        plain = self.naive.has_points and (self.zero or not lacks)
        return (total if plain else None), (None if lacks and not (self.zero or self.counted) else self.naive.levels[level])


def same(given: Given) -> Given:
    return given


def right(content: Content) -> Platform:
    return Platform(Naive(content), same, False, "none")


def broken(content: Content, rng: Random) -> Platform:
    """The platform with one bug."""
    while True:
        made = rng.choice(BUGS)(copy.deepcopy(content), rng)
        if made is not None:
            return made


def _numeric(content: Content) -> list[Content]:
    return [p for p in content["parameters"] if p["numeric"] and p["role"] != "recorded" and any(len(t.get("bands", [])) > 1 for t in tables(p))]


def _bands(content: Content, rng: Random, numeric: bool = False) -> tuple[Content, list[Content]] | None:
    rows = _numeric(content) if numeric else [p for p in content["parameters"] if p["role"] != "recorded" and tables(p)]
    if not rows:
        return None
    parameter = rng.choice(rows)
    choice = [table["bands"] for table in tables(parameter) if len(table.get("bands", [])) > 1]
    return (parameter, rng.choice(choice)) if choice else None


def _moved_edge(content: Content, rng: Random) -> Platform | None:
    found = _bands(content, rng, numeric=True)
    if found is None:
        return None
    parameter, bands = found
    at = rng.randrange(len(bands) - 1)
    by = rng.choice([-3, -2, -1, -1, 1, 1, 2, 3]) * parameter["step"]
    for band, keys in ((bands[at], HIGHS), (bands[at + 1], LOWS)):
        for key in keys:
            if key in band:
                band[key] = Decimal(str(band[key])) + by
        low = next((Decimal(str(band[k])) for k in LOWS if k in band), None)
        high = next((Decimal(str(band[k])) for k in HIGHS if k in band), None)
        if low is not None and high is not None and (low > high or (low == high and ("above" in band or "below" in band))):
            return None
    return Platform(Naive(content), same, False, f"{parameter['id']}, edge {at} moved by {by}")


def _strict(content: Content, rng: Random) -> Platform | None:
    """`>=` written as `>`, or the other way about, where two bands share an edge."""
    found = _bands(content, rng, numeric=True)
    if found is None:
        return None
    parameter, bands = found
    at = rng.randrange(len(bands) - 1)
    low, high = bands[at], bands[at + 1]
    if "below" in low and "from" in high:
        low["to"], high["above"] = low.pop("below"), high.pop("from")
    elif "to" in low and "above" in high:
        low["below"], high["from"] = low.pop("to"), high.pop("above")
    else:  # 106 and 107: `> 107` for `>= 107`
        high["above"] = high.pop("from")
        low["to"] = high["above"]
    return Platform(Naive(content), same, False, f"{parameter['id']}, edge {at} strict")


def _wrong_points(content: Content, rng: Random) -> Platform | None:
    found = _bands(content, rng)
    if found is None or "points" not in found[1][0]:
        return None
    parameter, bands = found
    band = rng.choice(bands)
    most = max(b["points"] for b in bands)
    band["points"] = rng.choice([n for n in range(most + 1) if n != band["points"]] or [band["points"] + 1])
    return Platform(Naive(content), same, False, f"{parameter['id']}, points of a band")


def _wrong_zone(content: Content, rng: Random) -> Platform | None:
    found = _bands(content, rng)
    if found is None or not content.get("zones"):
        return None
    parameter, bands = found
    band = rng.choice(bands)
    others = [zone["id"] for zone in content["zones"] if zone["id"] != band.get("zone")]
    if not others:
        return None
    band["zone"] = rng.choice(others)
    return Platform(Naive(content), same, False, f"{parameter['id']}, zone of a band")


def _without(content: Content, rng: Random) -> Platform | None:
    contexts = Naive(content).contexts
    rows = [p for p in content["parameters"] if p["role"] != "recorded" and p["id"] not in contexts]
    parameter = rng.choice(rows)
    content["parameters"] = [p for p in content["parameters"] if p is not parameter]
    for group in content.get("groups", []):
        group["parameters"] = [name for name in group["parameters"] if name != parameter["id"]]
    return Platform(Naive(content), same, False, f"{parameter['id']} ignored")


def _missing_as_zero(content: Content, rng: Random) -> Platform | None:
    return Platform(Naive(content), same, True, "missing as 0")


def _rounded(content: Content, rng: Random) -> Platform | None:
    rows = [p for p in _numeric(content) if p["step"] < 1]
    if not rows:
        return None
    parameter = rng.choice(rows)["id"]
    how = rng.choice([ROUND_HALF_UP, ROUND_FLOOR])

    def read(given: Given) -> Given:
        if parameter in given:
            given[parameter] = given[parameter].quantize(Decimal(1), rounding=how)
        return given

    return Platform(Naive(content), read, False, f"{parameter} {how}")


def _one_table(content: Content, rng: Random) -> Platform | None:
    rows = [p for p in content["parameters"] if len([t for t in tables(p) if t.get("bands")]) > 1]
    if not rows:
        return None
    parameter = rng.choice(rows)
    chosen = rng.choice([t for t in parameter["tables"] if t.get("bands")])
    parameter["bands"] = chosen["bands"]
    del parameter["tables"]
    return Platform(Naive(content), same, False, f"{parameter['id']}, always the table {chosen.get('title')}")


def _threshold(content: Content, rng: Random) -> Platform | None:
    levels = [level for level in content["levels"][1:] if "total" in level or "counts" in level]
    if not levels:
        return None
    level = rng.choice(levels)
    by = rng.choice([-1, 1])
    if "total" in level:
        level["total"]["from"] += by
        if level["total"]["from"] <= 0:
            return None
    else:
        count = rng.choice(level["counts"])
        count["at_least"] += by
        if count["at_least"] <= 0:
            return None
    return Platform(Naive(content), same, False, f"level {level['id']} by {by}")


def _no_trigger(content: Content, rng: Random) -> Platform | None:
    rows = [(p, b) for p in content["parameters"] for t in tables(p) for b in t.get("bands", []) if "level" in b]
    if not rows:
        return None
    parameter, band = rng.choice(rows)
    del band["level"]
    return Platform(Naive(content), same, False, f"{parameter['id']}, {band.get('is')} raises nothing")


def _fahrenheit(content: Content, rng: Random) -> Platform | None:
    rows = [p["id"] for p in _numeric(content) if p["fahrenheit"]]
    if not rows:
        return None
    name = rng.choice(rows)

    def read(given: Given) -> Given:
        if name in given:
            given[name] = (given[name] - 32) * 5 / 9
        return given

    return Platform(Naive(content), read, False, f"{name} taken for Fahrenheit")


def _pressures(content: Content, rng: Random) -> Platform | None:
    ids = {p["id"] for p in content["parameters"]}
    pair = ("systolic_bp", "diastolic_bp")
    if not ids.issuperset(pair):
        return None

    def read(given: Given) -> Given:
        found = {name: value for name, value in given.items() if name not in pair}
        for one, other in (pair, pair[::-1]):
            if one in given:
                found[other] = given[one]
        return found

    return Platform(Naive(content), read, False, "pressures exchanged")


def _category(content: Content, rng: Random) -> Platform | None:
    contexts = Naive(content).contexts
    rows = [p for p in content["parameters"] if p["role"] != "recorded" and not p["numeric"] and len(p["categories"]) > 1 and p["id"] not in contexts]
    if not rows:
        return None
    parameter = rng.choice(rows)
    given_as, taken_as = rng.sample(parameter["categories"], 2)

    def read(given: Given) -> Given:
        if given.get(parameter["id"]) == given_as:
            given[parameter["id"]] = taken_as
        return given

    return Platform(Naive(content), read, False, f"{parameter['id']}: {given_as} taken for {taken_as}")


BUGS: list[Callable[[Content, Random], Platform | None]] = [
    _moved_edge,
    _moved_edge,
    _moved_edge,
    _strict,
    _wrong_points,
    _wrong_points,
    _wrong_zone,
    _without,
    _missing_as_zero,
    _rounded,
    _one_table,
    _threshold,
    _no_trigger,
    _fahrenheit,
    _pressures,
    _category,
]


# Observation sets.


def _ends(band: Mapping[str, Any]) -> tuple[Decimal | None, Decimal | None]:
    low = next((Decimal(str(band[key])) for key in LOWS if key in band), None)
    high = next((Decimal(str(band[key])) for key in HIGHS if key in band), None)
    return low, high


def _worth(content: Content, band: Mapping[str, Any]) -> tuple[int, int, int]:
    zones = [zone["id"] for zone in content.get("zones", [])]
    levels = [level["id"] for level in content["levels"]]
    return band.get("points", 0), zones.index(band["zone"]) + 1 if "zone" in band else 0, levels.index(band["level"]) if "level" in band else 0


def one_set(content: Content, rng: Random, missing: float = 0.015) -> Given:
    """One person's readings: a common lean away from normal, and now and then one reading far off."""
    given: Given = {}
    lean = abs(rng.gauss(0, 1)) * rng.choice([0.3, 0.6, 1.0])
    naive = Naive(content)
    while not given or naive.refused(given):  # nobody fills in contexts that the chart is not for
        for parameter in content["parameters"]:
            if parameter["id"] in naive.contexts:
                if parameter["id"] == "hours_since_birth":
                    given[parameter["id"]] = Decimal(rng.choice([1, 5, 20, 40, 47, 48, 49, 60, 100, 300]))
                elif parameter["numeric"]:
                    given[parameter["id"]] = Decimal(rng.choice([0, 0, 1, 2, 4, 5, 8, 12, 13, 15]))
                else:
                    first = parameter.get("assumed", parameter["categories"][0])
                    given[parameter["id"]] = first if rng.random() < 0.6 else rng.choice(parameter["categories"])
        if not naive.contexts:
            break
    one_of = [group["parameters"] for group in content.get("groups", []) if group["kind"] == "one_of"]
    chosen = {rng.choice(members) for members in one_of}
    for parameter in content["parameters"]:
        name = parameter["id"]
        table = table_of(parameter, given)
        if name in given or parameter["role"] == "recorded" or table is None or not table.get("bands") or rng.random() < missing:
            continue
        if any(name in members for members in one_of) and name not in chosen:
            continue
        quiet = min(table["bands"], key=lambda band: _worth(content, band))
        if not parameter["numeric"]:
            quiet_id = quiet["is"] if isinstance(quiet["is"], str) else quiet["is"][0]
            given[name] = quiet_id if rng.random() < 0.93 - 0.05 * lean else rng.choice(parameter["categories"])
            continue
        edges = sorted({end for band in table["bands"] for end in _ends(band) if end is not None})
        low, high = _ends(quiet)
        low = edges[0] if low is None else low
        high = max(edges[-1], low + 6 * parameter["step"]) if high is None else high
        middle, width = float(low + high) / 2, float(high - low) / 2
        value = middle + width * (rng.gauss(0, 0.45) + rng.choice([-1, 1, 1]) * 0.35 * lean)
        if rng.random() < 0.08:
            value = rng.uniform(float(edges[0]) - width, float(edges[-1]) + width)
        steps = math.floor(Decimal(value) / parameter["step"])
        given[name] = min(max(steps * parameter["step"], parameter["possible"][0]), parameter["possible"][1])
    return given


def edge_set(content: Content, rng: Random) -> Given:
    """A set with many readings at or beside edges, to compare effects by."""
    given = one_set(content, rng, 0.03)
    for parameter in content["parameters"]:
        table = table_of(parameter, given)
        if (
            parameter["numeric"]
            and parameter["id"] in given
            and parameter["role"] != "recorded"
            and table
            and table.get("bands")
            and rng.random() < 0.5
        ):
            edges = [end for band in table["bands"] for end in _ends(band) if end is not None]
            value = rng.choice(edges) + rng.randint(-4, 4) * parameter["step"]
            given[parameter["id"]] = min(max(value, parameter["possible"][0]), parameter["possible"][1])
    return given


def table_with(sets: list[Given], answers: list[Answer]) -> pa.Table:
    """A test file: the sets and what the platform answered."""
    names = list(dict.fromkeys(name for given in sets for name in given))
    columns = {name: pa.array([None if name not in given else str(given[name]) for given in sets], pa.string()) for name in names}
    columns["expected_total"] = pa.array([total for total, _ in answers], pa.int64())
    columns["expected_level"] = pa.array([level for _, level in answers], pa.string())
    return pa.table(columns)
