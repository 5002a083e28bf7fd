"""Pieces from which platforms are built: what vendors do to a chart, to readings, to points, to answers."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Callable, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Any

from tests.platforms.platform import Count, Edit, Says, Sees, Turn
from tests.platforms.scorer import Answer, Content, Readings, Worths, content_of
from tests.platforms.sets import Row


def number(text: str | int | Decimal) -> Decimal:
    return Decimal(str(text))


# The chart as the vendor typed it


def row_of(content: Content, name: str) -> Content:
    return next(p for p in content["parameters"] if p["id"] == name)


def tables_of(content: Content, name: str, table: int | None = None) -> list[list[Content]]:
    row = row_of(content, name)
    every = [row["bands"]] if "bands" in row else [t["bands"] for t in row["tables"] if "bands" in t]
    return every if table is None else [every[table]]


def edits(*several: Edit) -> Edit:
    def edit(content: Content) -> None:
        for one in several:
            one(content)

    return edit


def moved(name: str, old: str | int, new: str | int, table: int | None = None) -> Edit:
    """The edge at which a band starts (`from` or `above`) is at another place."""
    was, now = number(old), number(new)

    def edit(content: Content) -> None:
        found = 0
        for bands in tables_of(content, name, table):
            for below, band in pairwise(bands):
                key = "from" if "from" in band else "above"
                if band[key] != was:
                    continue
                found += 1
                band[key] = now
                end = "to" if "to" in below else "below"
                below[end] = number(below[end]) + now - was
        assert found, (name, old)

    return edit


def other_side(name: str, at: str | int, table: int | None = None) -> Edit:
    """`<` written for `<=`: the edge itself falls into the other band."""
    edge = number(at)

    def edit(content: Content) -> None:
        found = 0
        for bands in tables_of(content, name, table):
            for below, band in pairwise(bands):
                if band.get("from") == edge:
                    found += 1
                    band["above"] = band.pop("from")
                    below.pop("below", None)
                    below["to"] = edge
                elif below.get("to") == edge:
                    found += 1
                    below["below"] = below.pop("to")
                    band.pop("above", None)
                    band["from"] = edge
        assert found, (name, at)

    return edit


def cell(name: str, place: int, table: int | None = None, **what: Any) -> Edit:
    """One band gives something else: `points=2`, `zone="pink"`, `level="high"`; None takes it away."""

    def edit(content: Content) -> None:
        for bands in tables_of(content, name, table):
            for key, value in what.items():
                bands[place].pop(key, None)
                if value is not None:
                    bands[place][key] = value

    return edit


def category(name: str, which: str, **what: Any) -> Edit:
    """One category gives something else."""

    def edit(content: Content) -> None:
        (bands,) = tables_of(content, name)
        for band in list(bands):
            names = [band["is"]] if isinstance(band["is"], str) else band["is"]
            if which in names:
                rest = [one for one in names if one != which]
                if rest:
                    bands.append({**band, "is": rest})
                band["is"] = which
                for key, value in what.items():
                    band.pop(key, None)
                    if value is not None:
                        band[key] = value
                return
        raise AssertionError((name, which))

    return edit


def bands(name: str, *rows: Content, table: int | None = None) -> Edit:
    """A whole table of other bands."""

    def edit(content: Content) -> None:
        for one in tables_of(content, name, table):
            one[:] = [{key: number(value) if key in ("from", "to", "above", "below") else value for key, value in row.items()} for row in rows]

    return edit


def row_from(name: str, chart: str, version: str) -> Edit:
    """A row copied from another chart."""

    def edit(content: Content) -> None:
        other = copy.deepcopy(row_of(content_of(chart, version), name))
        row = row_of(content, name)
        for key in ("bands", "tables", "role"):
            row.pop(key, None)
            if key in other:
                row[key] = other[key]

    return edit


def whole(chart: str, version: str) -> Edit:
    """Another chart, or another version of it, in its place."""

    def edit(content: Content) -> None:
        other, scope = copy.deepcopy(content_of(chart, version)), content["scope"]
        content.clear()
        content.update(other, scope=scope)

    return edit


def every_point(change: Callable[[int], int], *names: str) -> Edit:
    """The points of all bands (of these rows) are others."""

    def edit(content: Content) -> None:
        for parameter in content["parameters"]:
            if names and parameter["id"] not in names:
                continue
            for one in tables_of(content, parameter["id"]) if parameter["role"] == "scored" else []:
                for band in one:
                    band["points"] = change(band.get("points", 0))

    return edit


def level_from(which: str, total: int | None) -> Edit:
    """A level starts at another total, or at none."""

    def edit(content: Content) -> None:
        for level in content["levels"]:
            if level["id"] == which:
                level.pop("total", None)
                if total is not None:
                    level["total"] = {"from": total}

    return edit


def level_counts(which: str, counts: list[Content]) -> Edit:
    def edit(content: Content) -> None:
        for level in content["levels"]:
            if level["id"] == which:
                level["counts"] = counts

    return edit


def no_trigger(name: str) -> Edit:
    """What raises the level by itself is not looked at."""

    def edit(content: Content) -> None:
        for one in tables_of(content, name):
            for band in one:
                band.pop("level", None)

    return edit


def never_refuses(content: Content) -> None:
    """The platform scores everybody."""
    content["scope"] = []


def always_table(name: str, table: int) -> Edit:
    """One table for everybody."""

    def edit(content: Content) -> None:
        row = row_of(content, name)
        row["bands"] = row.pop("tables")[table]["bands"]

    return edit


# Readings as the platform sees them


def each(change: Callable[[Readings], None]) -> Sees:
    """The same change of every set."""

    def sees(rows: list[Row]) -> list[Readings]:
        found = []
        for row in rows:
            readings = dict(row.readings)
            change(readings)
            found.append(readings)
        return found

    return sees


def read_as(name: str, change: Callable[[Any], Any]) -> Sees:
    """A reading is read as another one."""

    def one(readings: Readings) -> None:
        if name in readings:
            readings[name] = change(readings[name])

    return each(one)


def steps(*several: Sees) -> Sees:
    def sees(rows: list[Row]) -> list[Readings]:
        for one in several:
            rows = [Row(row.person, row.ward, row.device, row.taken_at, readings) for row, readings in zip(rows, one(rows), strict=True)]
        return [row.readings for row in rows]

    return sees


def gone(*names: str) -> Sees:
    """Never in the platform's hands: not scored, not missed."""

    def one(readings: Readings) -> None:
        for name in names:
            readings.pop(name, None)

    return each(one)


def rounded(value: Decimal, step: str = "1") -> Decimal:
    return (value / Decimal(step)).quantize(Decimal(1), ROUND_HALF_UP) * Decimal(step)


def cut(value: Decimal) -> Decimal:
    return value.quantize(Decimal(1), ROUND_DOWN)


def exchanged(a: str, b: str) -> Sees:
    def one(readings: Readings) -> None:
        first, second = readings.pop(a, None), readings.pop(b, None)
        if first is not None:
            readings[b] = first
        if second is not None:
            readings[a] = second

    return each(one)


def carried(*names: str, by_person: bool = True) -> Sees:
    """A gap is filled with the last value: of the person, or of whoever came before."""

    def sees(rows: list[Row]) -> list[Readings]:
        last: dict[tuple[str, str], Any] = {}
        found = []
        for row in rows:
            readings = dict(row.readings)
            for name in names:
                key = (row.person if by_person else "", name)
                if name in readings:
                    last[key] = readings[name]
                elif key in last:
                    readings[name] = last[key]
            found.append(readings)
        return found

    return sees


def filled(values: dict[str, Any]) -> Sees:
    """A gap is filled with a fixed value."""

    def one(readings: Readings) -> None:
        for name, value in values.items():
            readings.setdefault(name, value)

    return each(one)


def mean_of_last(name: str, many: int) -> Sees:
    """The mean of one person's last readings in place of the reading."""

    def sees(rows: list[Row]) -> list[Readings]:
        history: dict[str, list[Decimal]] = {}
        found = []
        for row in rows:
            readings = dict(row.readings)
            if name in readings:
                before = history.setdefault(row.person, [])
                before.append(readings[name])
                last = before[-many:]
                readings[name] = rounded(sum(last, Decimal(0)) / len(last))
            found.append(readings)
        return found

    return sees


# Points before they are added up


def counts(name: str, change: Callable[[Readings, int], int]) -> Count:
    """The points of one row are others."""

    def count(readings: Readings, worths: Worths) -> Worths:
        if name in worths:
            points, zone, level = worths[name]
            worths[name] = (change(readings, points), zone, level)
        return worths

    return count


# Answers


def total_is(change: Callable[[Row, Answer], Any]) -> Turn:
    """The total of a full set is another one; all else stays."""

    def turn(rows: list[Row], answers: list[Answer]) -> list[Answer]:
        found = [answer.copy() for answer in answers]
        for row, answer in zip(rows, found, strict=True):
            if answer.total is not None:
                answer.total = change(row, answer)
        return found

    return turn


def level_is(change: Callable[[Row, Answer], str | None]) -> Turn:
    def turn(rows: list[Row], answers: list[Answer]) -> list[Answer]:
        found = [answer.copy() for answer in answers]
        for row, answer in zip(rows, found, strict=True):
            if answer.level is not None:
                answer.level = change(row, answer)
        return found

    return turn


def turns(*several: Turn) -> Turn:
    def turn(rows: list[Row], answers: list[Answer]) -> list[Answer]:
        for one in several:
            answers = one(rows, answers)
        return answers

    return turn


def gaps_count_nothing(rows: list[Row], answers: list[Answer]) -> list[Answer]:
    """A set with gaps has a total all the same: what is missing counts 0."""
    found = [answer.copy() for answer in answers]
    for answer in found:
        if not answer.refused and answer.total is None:
            answer.total = answer.sum
    return found


def late(rows: list[Row], answers: list[Answer]) -> list[Answer]:
    """Each set of a person bears the answer to the one before it."""
    last: dict[str, Answer] = {}
    found = []
    for row, answer in zip(rows, answers, strict=True):
        found.append(last.get(row.person, answer).copy())
        last[row.person] = answer
    return found


def late_in_file(rows: list[Row], answers: list[Answer]) -> list[Answer]:
    """Each line bears the answer to the line before it."""
    return [answers[0].copy(), *[answer.copy() for answer in answers[:-1]]]


def sorted_answers(key: Callable[[Answer], Any]) -> Turn:
    """The answers were sorted on their own, apart from the sets."""

    def turn(rows: list[Row], answers: list[Answer]) -> list[Answer]:
        return [answer.copy() for answer in sorted(answers, key=key)]

    return turn


def noise(share: float, change: Callable[[random.Random, Answer], None]) -> Turn:
    """A few answers are wrong, and nothing says which."""

    def turn(rows: list[Row], answers: list[Answer]) -> list[Answer]:
        dice = random.Random(7)
        found = [answer.copy() for answer in answers]
        for answer in found:
            if dice.random() < share and answer.total is not None:
                change(dice, answer)
        return found

    return turn


# What a diagnosis may say


def said(about: str | Sequence[str], *words: str) -> tuple[Says, ...]:
    """One answer of one part."""
    return (Says((about,) if isinstance(about, str) else tuple(about), words),)


def edge(about: str, *numbers: str | int) -> tuple[Says, ...]:
    """One edge at another place: the parameter, any of these numbers, and words for an edge."""
    return said(about, at(*numbers), r"\b(starts?|begins?|reach(es)?|ends?|edges?|limits?|moved|up to|counts? as|belongs?|treated as|exactly)\b")


def at(*numbers: str | int) -> str:
    """Any of these numbers, as numbers of their own."""
    forms = [re.escape(str(n).removesuffix(".0")) + (r"(\.0)?" if str(n).endswith(".0") else "") for n in numbers]
    return r"(?<![\d.])(" + "|".join(forms) + r")(?![\d]|\.\d)"


IGNORED = r"ignor|not (read|scored|counted|used|looked|taken)|never (scored|counted|read|used)|left out|leaves? out|as if .*(normal|missing)|always (scores?|gives?|counts?) 0|without|0 points (for|in) (every|all)"
MISSING_AS_0 = r"(missing|blank|no reading|not given|gaps?|absent|without)[^.;]*(0|nothing|normal|zero|adds? up|added|sum|total)"
WIDE = r"\b(every|all|each|always|wherever|whole|rows|parameters|number of|throughout)\b|(instead of[^\n]*){3}"  # not one cell of one row
USED = r"(table|scale)[^.;]*(used|always|every|never|nobody|ignor)"  # which table is taken, and not a cell or an edge in it
EARLIER = r"(previous|earlier|last|before)[^.;]*(set|row|answer|reading|person|line)|(set|row|answer|total|line)s?\b[^.;]*(before|previous|earlier|\blate|\blag|stale|behind)"
NO_LEVEL = IGNORED + r"|raise|instead of level|instead of \d points? and|no level"  # raises nothing
