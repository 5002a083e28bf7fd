"""Mistakes of vendors, in our own words, on every chart where they make sense: a plain scorer with one thing wrong. It knows no mutants."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from tests.platforms.platform import Count, Edit, Sees, Turn
from tests.platforms.scorer import HIGH, RULES, Answer, Content, Readings, Scorer, Worths, content_of
from tests.platforms.sets import VERSIONS, Row


@dataclass(frozen=True)
class Vendor:
    """One faulty platform: its name says the chart and what is wrong."""

    name: str
    chart: str
    sees: Sees | None = None
    edit: Edit | None = None
    count: Count | None = None
    turn: Turn | None = None


def _each(change: Callable[[Readings], Readings]) -> Sees:
    return lambda rows: [change(dict(row.readings)) for row in rows]


def _read_as(name: str, change: Callable[[Decimal], Decimal]) -> Sees:
    return _each(lambda given: {**given, name: change(given[name])} if name in given else given)


def _filled(names: list[str], value: Decimal | str) -> Sees:
    return _each(lambda given: {**dict.fromkeys(names, value), **given})


def _swapped(one: str, other: str) -> Sees:
    def change(given: Readings) -> Readings:
        left = {name: value for name, value in given.items() if name not in (one, other)}
        return left | {new: given[old] for new, old in ((one, other), (other, one)) if old in given}

    return _each(change)


def _total(change: Callable[[Answer], int]) -> Turn:
    def turn(rows: list[Row], answers: list[Answer]) -> list[Answer]:
        for answer in answers:
            if answer.total is not None:
                answer.total = change(answer)
        return answers

    return turn


def _capped(most: int) -> Turn:
    return _total(lambda answer: min(answer.total, most))


def _without(name: str) -> Turn:
    return _total(lambda answer: answer.sum - answer.points.get(name, 0))


def _stale(rows: list[Row], answers: list[Answer]) -> list[Answer]:
    """A set without a total shows what the person's set before it showed."""
    last: dict[str, Answer] = {}
    found = []
    for row, answer in zip(rows, answers, strict=True):
        before = last.get(row.person)
        found.append(before if answer.total is None and not answer.refused and before is not None else answer)
        last[row.person] = found[-1]
    return found


def _late(rows: list[Row], answers: list[Answer]) -> list[Answer]:
    last: dict[str, Answer] = {}
    found = []
    for row, answer in zip(rows, answers, strict=True):
        found.append(last.get(row.person, answer))
        last[row.person] = answer
    return found


def _carried(rows: list[Row]) -> list[Readings]:
    last: dict[str, Readings] = {}
    found = []
    for row in rows:
        last[row.person] = {**last.get(row.person, {}), **row.readings}
        found.append(dict(last[row.person]))
    return found


def _mean(name: str) -> Sees:
    def sees(rows: list[Row]) -> list[Readings]:
        last: dict[str, Decimal] = {}
        found = []
        for row in rows:
            given = dict(row.readings)
            if name in given:
                given[name] = (last.get(row.person, given[name]) + given[name]) / 2
                last[row.person] = row.readings[name]
            found.append(given)
        return found

    return sees


def _bands(content: Content, name: str) -> Iterator[list[Content]]:
    row = next(p for p in content["parameters"] if p["id"] == name)
    yield from ([row["bands"]] if "bands" in row else [table["bands"] for table in row.get("tables", []) if table.get("bands")])


def _ends_at(name: str, up: bool, at: Decimal) -> Edit:
    """The open band of a row ends at a reading; nothing is given beyond it."""

    def edit(content: Content) -> None:
        for bands in _bands(content, name):
            band = bands[-1] if up else bands[0]
            if up and not {"to", "below"} & set(band):
                band["below"] = at
                bands.append({"from": at, "points": 0})
            elif not up and not {"from", "above"} & set(band):
                band["above"] = at
                bands.insert(0, {"to": at, "points": 0})

    return edit


def _no_triggers(content: Content) -> None:
    for parameter in content["parameters"]:
        for bands in _bands(content, parameter["id"]):
            for band in bands:
                band.pop("level", None)


def _counted_triggers(readings: Readings, worths: Worths) -> Worths:
    """Whatever raises the level by itself gives three points as well."""
    return {name: (points + 3 * (level > 0), zone, level) for name, (points, zone, level) in worths.items()}


def _level_by_total(content: Content) -> None:
    """Single rows raise no level, and neither do triggers."""
    _no_triggers(content)
    for level in content["levels"]:
        level.pop("counts", None)


def _one_table(name: str, place: int) -> Edit:
    """One of a row's tables for everybody."""

    def edit(content: Content) -> None:
        row = next(p for p in content["parameters"] if p["id"] == name)
        tables = [table for table in row.pop("tables") if table.get("bands")]
        row["bands"] = tables[place]["bands"]

    return edit


def _points_twice(name: str) -> Count:
    return lambda readings, worths: {other: (p * (2 if other == name else 1), z, lv) for other, (p, z, lv) in worths.items()}


def _gaps_as_nothing(rows: list[Row], answers: list[Answer]) -> list[Answer]:
    for answer in answers:
        if answer.total is None and not answer.refused:
            answer.total = answer.sum
    return answers


def _whole(value: Decimal) -> Decimal:
    return value.quantize(Decimal(1), rounding=ROUND_HALF_UP)


def _of(chart: str) -> Iterator[Vendor]:
    content = content_of(chart, VERSIONS[chart])
    scorer = Scorer(content)
    rows = {p["id"]: p for p in content["parameters"] if p["role"] != "recorded"}
    numeric = [name for name in rows if any("is" not in band for bands in _bands(content, name) for band in bands)]
    scored = [name for name in numeric if any(band.get("points") for bands in _bands(content, name) for band in bands)]
    yield Vendor(f"{chart}: gaps count nothing", chart, turn=_gaps_as_nothing)
    yield Vendor(f"{chart}: null is the number 0", chart, sees=_filled([name for name in numeric if name in scored], Decimal(0)))
    yield Vendor(f"{chart}: readings are carried over", chart, sees=_carried)
    yield Vendor(f"{chart}: one set late", chart, turn=_late)
    yield Vendor(f"{chart}: an old total is shown", chart, turn=_stale)
    yield Vendor(f"{chart}: the level follows the total alone", chart, edit=_level_by_total)
    if any("level" in band for name in rows for bands in _bands(content, name) for band in bands):
        yield Vendor(f"{chart}: no trigger", chart, edit=_no_triggers)
        yield Vendor(f"{chart}: triggers count", chart, count=_counted_triggers)
    for most in (3, 7, 9):
        yield Vendor(f"{chart}: no total above {most}", chart, turn=_capped(most))
    yield Vendor(f"{chart}: the highest row as the total", chart, turn=_total(lambda answer: max(answer.points.values(), default=0)))
    for name in scorer.scored:
        gives = any(band.get("points") for bands in _bands(content, name) for band in bands)
        if gives:
            yield Vendor(f"{chart}: total without {name}", chart, turn=_without(name))
            yield Vendor(f"{chart}: {name} twice", chart, count=_points_twice(name))
        if len([t for t in rows[name].get("tables", []) if t.get("bands")]) > 1:
            for place in range(len([t for t in rows[name]["tables"] if t.get("bands")])):
                yield Vendor(f"{chart}: {name}, table {place} for everybody", chart, edit=_one_table(name, place))
    for name in scored:
        if name in ("oxygen_percent", "oxygen_flow"):  # the series is of a child on air
            yield Vendor(f"{chart}: ten times {name}", chart, sees=_read_as(name, lambda value: value * 10))
        else:
            yield Vendor(f"{chart}: mean of two, {name}", chart, sees=_mean(name))
        edges = [Decimal(str(band[key])) for bands in _bands(content, name) for band in bands for key in ("from", "above") if key in band]
        for at in (max(edges) * 5 / 4, max(edges) * 2, _highest_plausible(name)):
            if any(bands[-1].get("points") for bands in _bands(content, name)) and max(edges) < at <= _highest_plausible(name) and at < HIGH:
                yield Vendor(f"{chart}: {name} ends at {at}", chart, edit=_ends_at(name, True, at))
    for one, other in pairwise(scored):
        yield Vendor(f"{chart}: {one} and {other} exchanged", chart, sees=_swapped(one, other))
    if "temperature" in scored:
        yield Vendor(f"{chart}: whole degrees", chart, sees=_read_as("temperature", _whole))
        yield Vendor(f"{chart}: Fahrenheit", chart, sees=_read_as("temperature", lambda value: (value - 32) * 5 / 9))
    if chart == "npews":
        yield Vendor("npews: whole years", chart, sees=_read_as("age_years", _whole))
        yield Vendor("npews: months for years", chart, sees=_read_as("age_years", lambda value: value * 12))
        for device in ("nasal_prongs", "face_mask", "head_box", "non_rebreather", "high_flow", "bipap", "cpap"):
            for taken in ("air", "face_mask", "high_flow"):
                if device != taken and not {device, taken} <= ALIKE and not {device, taken} <= ABOVE:
                    yield Vendor(f"npews: {device} read as {taken}", chart, sees=_device(device, taken))
        yield Vendor("npews: amounts count beside every device", chart, edit=_amounts_always)


ALIKE = {"nasal_prongs", "face_mask", "head_box", "non_rebreather"}
ABOVE = {"high_flow", "bipap", "cpap"}


def _highest_plausible(name: str) -> Decimal:
    """Past this no pack goes."""
    with (RULES / "parameters.toml").open("rb") as file:
        observation = tomllib.load(file, parse_float=Decimal)[name]
    return min((Decimal(observation[limit]["above"]) for limit in ("impossible", "implausible") if "above" in observation.get(limit, {})), default=HIGH)


def _device(device: str, taken: str) -> Sees:
    return _each(lambda given: {**given, "oxygen_device": taken} if given.get("oxygen_device") == device else given)


def _amounts_always(content: Content) -> None:
    for name in ("oxygen_percent", "oxygen_flow"):
        _one_table(name, 0)(content)


VENDORS = tuple(vendor for chart in VERSIONS for vendor in _of(chart))
