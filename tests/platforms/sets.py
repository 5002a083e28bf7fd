"""Made-up observation sets: most readings normal, one person's readings about equally abnormal, persons with several sets.

No number is written here: a reading is drawn from the bands of the chart. The same chart, count and seed give the same sets.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from tests.platforms.scorer import Content, Readings, content_of, edges, fulfils

VERSIONS = {"mews": "0.2", "newtt2": "0.2", "news2": "2017.1", "npews": "2023.1"}
WARDS = {
    "mews": ["Antenatal", "Delivery suite", "Postnatal A", "Postnatal B"],
    "newtt2": ["Delivery suite", "Transitional care", "Postnatal A", "Postnatal B"],
    "news2": ["Acute medical unit", "Elm", "Oak", "Surgery 2"],
    "npews": ["Children's A", "Children's B", "Day unit", "Emergency"],
}
DEVICES = ["MON-1", "MON-2", "MON-3", "by hand"]
STEPS = {"temperature": Decimal("0.1"), "blood_glucose": Decimal("0.1"), "oxygen_flow": Decimal("0.5")}
REACH = 14  # how many steps an open-ended band reaches
CEILING = {"oxygen_saturation": Decimal(100), "oxygen_percent": Decimal(100)}
FLOOR = {"blood_glucose": Decimal("0.6"), "oxygen_percent": Decimal(22), "oxygen_flow": Decimal("0.1"), "capillary_refill": Decimal(1)}
START = datetime(2026, 1, 5, 6, 0)


@dataclass
class Row:
    """One observation set with what an export says beside it."""

    person: str
    ward: str
    device: str
    taken_at: datetime
    readings: Readings = field(default_factory=dict)


@cache
def sets_of(chart: str, count: int, seed: int = 1, version: str = "") -> tuple[Row, ...]:
    """So many observation sets of one chart, in the order in which they were taken."""
    content = content_of(chart, version or VERSIONS[chart])
    dice = random.Random(f"{chart} {seed}")
    rows: list[Row] = []
    while len(rows) < count:
        rows += _person(chart, content, dice, f"made-up-{len(rows) + 1000}")
    rows = rows[:count]
    rows.sort(key=lambda row: (row.taken_at, row.person))
    return tuple(rows)


def _person(chart: str, content: Content, dice: random.Random, name: str) -> list[Row]:
    """One person's stay: the same ward, sets some hours apart, about equally ill."""
    ill = dice.choices([0.05, 0.2, 0.45, 0.75], [50, 28, 15, 7])[0]
    ward, at = dice.choice(WARDS[chart]), START + timedelta(minutes=dice.randrange(60 * 24 * 56))
    who = _who(chart, dice)
    device = dice.choice(DEVICES)
    rows = []
    for _ in range(dice.randint(1, 9)):
        device = dice.choice(DEVICES) if dice.random() < 0.2 else device
        readings = dict(who)
        _draw(chart, content, dice, readings, min(0.95, max(0.02, ill + dice.uniform(-0.1, 0.1))))
        rows.append(Row(name, ward, device, at, readings))
        hours = dice.choice([1, 2, 4, 4, 6, 8])
        at += timedelta(hours=hours, minutes=dice.randrange(-20, 20))
        if "hours_since_birth" in who:
            who["hours_since_birth"] += Decimal(hours)
    return rows


def _who(chart: str, dice: random.Random) -> Readings:
    """Who is observed: what stays the same, or nearly so, over a stay. One in a hundred is not a person for this chart."""
    outside = dice.random() < 0.01
    if chart == "news2":
        return {
            "age_years": Decimal(dice.randint(5, 15) if outside else dice.randint(16, 96)),
            "patient_group": "adult",
            "spo2_scale": dice.choices(["1", "2"], [82, 18])[0],
        }
    if chart == "mews":
        group = "adult" if outside else dice.choices(["pregnant", "in_labour", "postnatal"], [35, 15, 50])[0]
        when = (
            {"hours_since_birth": Decimal(dice.choice([dice.randint(0, 60), dice.randint(0, 60), dice.randint(24, 400)]))}
            if group == "postnatal"
            else {}
        )
        return {"patient_group": group, **when}
    if chart == "newtt2":
        return {"patient_group": "child" if outside else "newborn"}
    years = dice.choice([dice.uniform(0, 1), dice.uniform(1, 5), dice.uniform(5, 13), dice.uniform(13, 18)])
    return {"age_years": Decimal(f"{years:.2f}"), "patient_group": "adult" if outside else "child"}


def _draw(chart: str, content: Content, dice: random.Random, readings: Readings, ill: float) -> None:
    if chart == "npews":
        readings["oxygen_device"] = (
            "air"
            if dice.random() > 0.1 + ill * 0.6
            else dice.choice(["nasal_prongs", "nasal_prongs", "face_mask", "head_box", "non_rebreather", "high_flow", "high_flow", "bipap", "cpap"])
        )
    for parameter in sorted(content["parameters"], key=lambda p: "tables" in p):  # what chooses a table comes before the table
        name = parameter["id"]
        if parameter["role"] == "recorded" or name == "oxygen_device":
            continue
        bands = _bands(parameter, readings)
        if bands is None or (not parameter.get("required", True) and dice.random() < 0.6):
            continue
        readings[name] = _category(dice, bands, ill, parameter["role"]) if "is" in bands[0] else _number(dice, name, bands, ill)
    if chart == "npews":
        _oxygen_amount(dice, readings)
    for name in [p["id"] for p in content["parameters"] if p["role"] != "recorded"]:
        if name in readings and dice.random() < 0.012:
            del readings[name]
            if name == "oxygen_device":
                readings.pop("oxygen_percent", None)
                readings.pop("oxygen_flow", None)


def _oxygen_amount(dice: random.Random, readings: Readings) -> None:
    """Amount of oxygen: one of the two where a device gives oxygen; a high-flow machine has one too, which does not score."""
    if readings["oxygen_device"] in ("high_flow", "bipap", "cpap"):
        name = dice.choice(["oxygen_percent", "oxygen_flow"])
        readings[name] = Decimal(dice.randint(22, 60)) if name == "oxygen_percent" else Decimal(dice.randint(2, 40)) / 2
    elif readings["oxygen_device"] != "air":
        del readings[dice.choice(["oxygen_percent", "oxygen_flow"])]


def _bands(parameter: Content, readings: Readings) -> list[Content] | None:
    if "bands" in parameter:
        return list(parameter["bands"])
    for table in parameter["tables"]:
        if all(fulfils(wanted, readings.get(other)) for other, wanted in table["when"].items() if other in readings):
            return list(table["bands"]) if table.get("applies", True) else None
    return None


def _category(dice: random.Random, bands: list[Content], ill: float, role: str) -> str:
    if dice.random() > ill * (0.35 if role == "scored" else 0.15):
        first = bands[0]["is"]
        return str(first if isinstance(first, str) else dice.choice(first))
    others: list[Any] = [name for band in bands[1:] for name in ([band["is"]] if isinstance(band["is"], str) else band["is"])]
    return str(dice.choices(others, [2 ** (len(others) - place) for place in range(len(others))])[0])


def _number(dice: random.Random, name: str, bands: list[Content], ill: float) -> Decimal:
    """A reading in a band: the illest in the bands with the most points. A few are finer than people record them."""
    least = min(band.get("points", 0) for band in bands)
    if dice.random() > ill * 0.8:
        chosen = dice.choice([band for band in bands if band.get("points", 0) == least and ("level" not in band)] or bands)
    else:
        rest = [band for band in bands if band.get("points", 0) > least] or bands
        chosen = dice.choices(rest, [1 / (0.3 + band.get("points", 0) * (1.1 - ill)) for band in rest])[0]
    step = STEPS.get(name, Decimal(1))
    low, low_in, high, high_in = edges(chosen)
    upward = bands.index(chosen) > min(place for place, band in enumerate(bands) if band.get("points", 0) == least)
    if not low.is_finite():
        low, low_in = high - REACH * step, True
        low = max(low, FLOOR.get(name, step))
    if not high.is_finite():
        high, high_in = min(low + REACH * step, CEILING.get(name, low + REACH * step)), True
    places = [low + step * place for place in range(int((high - low) / step) + 1)]
    places = [value for value in places if (low_in or value > low) and (high_in or value < high)] or [low if low_in else high]
    if chosen.get("points", 0) > least:
        far = min(len(places) - 1, int(dice.expovariate(0.25)))  # the further out, the rarer
        value = places[far if upward else -1 - far]
    elif chosen.get("points", 0) == least and len(places) > 6 and dice.random() < 0.65:
        value = places[min(len(places) - 1, int(dice.triangular(0, len(places))))]  # healthy people are mostly in the middle
    else:
        value = dice.choice(places)
    if name in ("temperature", "respiratory_rate", "heart_rate", "blood_glucose") and dice.random() < 0.03:
        value += step / 2
    return value
