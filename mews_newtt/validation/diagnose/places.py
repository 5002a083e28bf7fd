"""Where and when rows disagree: wards, sites, devices, stretches of time or of the file in which disagreements gather more than by chance."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from mews_newtt.reading.column_names import words_of
from mews_newtt.validation.chance import corrected, log_chance
from mews_newtt.validation.mutants import Flags

DISTINCT_TEXTS = 50  # different values of a column that says where something was
LEAST_WRONG = 5  # disagreements that a place needs
UNLIKELY = 0.001  # after the number of splits that were looked at
TIMES_MORE = 3.0  # the share of disagreements inside is at least so many times that outside
LONGEST = 40  # characters of a value that are quoted
STEPS = (2, 3, 4)  # every second row, and so on
_PERSON = frozenset((
    "patient", "patients", "pt", "pid", "mrn", "nhs", "chi", "nhi", "subject", "person", "name", "surname", "firstname", "forename",
    "mother", "baby", "infant", "newborn", "dob", "birth", "born", "postcode", "zip", "address", "phone", "email", "nurse", "midwife",
    "doctor", "clinician", "consultant", "user", "username", "staff", "observer", "recorder", "author", "by", "ssn", "cpr", "pesel",
    "case", "id", "identifier", "uid", "uuid", "guid", "number", "no", "nr", "encounter", "episode", "admission", "spell", "visit",
    "order", "accession"
))  # fmt: skip
_PLACE = frozenset((
    "ward", "site", "unit", "hospital", "device", "monitor", "clinic", "department", "dept", "location", "room", "bay", "area",
    "trust", "region", "centre", "center", "model", "software"
))  # fmt: skip
_NEVER = frozenset((
    "name", "surname", "firstname", "forename", "patient", "patients", "pt", "mrn", "nhs", "dob", "birth", "born", "postcode",
    "address", "phone", "email", "ssn", "cpr", "pesel"
))  # fmt: skip
_RESULT = frozenset((
    "score", "scores", "total", "points", "risk", "level", "ews", "alert", "trigger", "escalation",
    "colour", "color", "result", "flag", "expected"
))  # fmt: skip
_ISO = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?")
_NUMBERS = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:,? +(\d{1,2}):(\d\d).*)?")
_LOOKS_LIKE_ID = re.compile(r"\D{0,4}\d{6,}\D{0,2}")


@dataclass(frozen=True)
class Place:
    """A part of the rows in which disagreements gather.

    words : as it is named in a sentence, such as `ward Delivery`; inside : which of the rows looked at are in it
    rows, wrong : rows in it, and those that disagree; rows_outside, wrong_outside : the same of all others
    chance : the probability that disagreements gather so by chance in any of the splits that were looked at
    """

    words: str
    column: str
    inside: Flags
    rows: int
    wrong: int
    rows_outside: int
    wrong_outside: int
    chance: float
    log: float

    @property
    def share(self) -> float:
        return self.wrong / self.rows

    @property
    def share_outside(self) -> float:
        return self.wrong_outside / self.rows_outside if self.rows_outside else 0.0


class Order(NamedTuple):
    """An order of the rows: by a time, or as they are in the file. keys : a number for each row, -1 for none; label : what a key is called."""

    column: str
    keys: npt.NDArray[np.int64]
    label: Callable[[int], str]
    from_words: str
    to_words: str
    between_words: str
    hours: npt.NDArray[np.int64] | None = None  # the hour of the day of each row, -1 for none; None where no row has one


def is_person(name: str) -> bool:
    """Whether a column may say whose readings these are, or who took them. Its values are never used and never quoted."""
    words = set(words_of(name))
    if words & _NEVER and not (words & _PLACE and not words & (_NEVER - {"name"})):
        return True
    return bool(words & _PERSON) and not words & _PLACE


def is_place(name: str) -> bool:
    """Whether a column is about a place or a device by its name."""
    return bool(set(words_of(name)) & _PLACE) and not is_person(name)


def is_result(name: str) -> bool:
    """Whether a column may hold a result of the platform: what disagrees must not be explained by what is wrong."""
    return any(word in _RESULT or word.rstrip("0123456789").endswith(("ews", "newtt")) for word in words_of(name))


def places_of(columns: pl.DataFrame, wrong: Flags, rows: npt.NDArray[np.int64]) -> list[Place]:
    """Parts of the rows in which disagreements gather by more than chance, the least likely first.

    Parameters
    ----------
    columns : what the file says of each row, without readings and answers; columns about persons are left out
    wrong : which rows disagree
    rows : the number of each row, as a person finds it in the file
    """
    total, bad = len(wrong), int(wrong.sum())
    if bad < LEAST_WRONG or bad == total:
        return []
    splits = list(_splits(columns, wrong, rows))
    looked = max(1, len({column for column, _, _, _ in splits}))
    found = []
    for column, words, inside, log_tries in splits:
        size, within = int(inside.sum()), int((inside & wrong).sum())
        if within < LEAST_WRONG or size == total:
            continue
        if within / size < TIMES_MORE * (bad - within) / (total - size):
            continue
        log = log_chance(total, bad, size, within) + log_tries + math.log(looked)
        if corrected(log, 1) < UNLIKELY:
            found.append(Place(words, column, inside, size, within, total - size, bad - within, corrected(log, 1), log))
    return sorted(found, key=lambda place: (place.log, place.wrong_outside, place.words))


def _splits(columns: pl.DataFrame, wrong: Flags, rows: npt.NDArray[np.int64]) -> Iterator[tuple[str, str, Flags, float]]:
    """Every split that is looked at: its column, its words, the rows inside, and the logarithm of the number of splits of its kind."""
    for name in columns.columns:
        if is_person(name) or is_result(name):
            continue
        column = columns.get_column(name)
        if column.dtype.is_nested() or column.dtype == pl.Object:
            continue
        order = _times(name, column)
        if order is not None:
            yield from _stretches(order, wrong)
            if order.hours is not None:
                yield from _hours(order, wrong)
            continue
        yield from _values(name, column, wrong)
    yield from _stretches(_file_order(rows), wrong)
    for step in STEPS:
        for first in range(step):
            inside = rows % step == first
            yield "", _every(step, first), inside, math.log(sum(STEPS))


def _every(step: int, first: int) -> str:
    if step == 2:
        return f"every second row (those with {'even' if first == 0 else 'odd'} numbers)"
    return f"every {('third', 'fourth')[step - 3]} row ({', '.join(str(first + step * turn or step) for turn in range(1, 4))} and so on)"


# Values


def _values(name: str, column: pl.Series, wrong: Flags) -> Iterator[tuple[str, str, Flags, float]]:
    """One value of a column, or several at once: those with the largest shares of disagreements."""
    if column.dtype.is_float() and column.n_unique() > DISTINCT_TEXTS:
        return
    text = column.cast(pl.String, strict=False).str.strip_chars().replace("", None)
    distinct = text.unique(maintain_order=True)
    if not 2 <= len(distinct) <= DISTINCT_TEXTS or sum(bool(_LOOKS_LIKE_ID.fullmatch(value)) for value in distinct.drop_nulls()) > len(distinct) / 2:
        return
    codes = text.to_frame("said").join(pl.DataFrame({"said": distinct, "@code": np.arange(len(distinct))}), on="said", how="left", nulls_equal=True)
    at = codes.get_column("@code").to_numpy()
    size, bad = np.bincount(at, minlength=len(distinct)), np.bincount(at[wrong], minlength=len(distinct))
    ordered = np.argsort(-(bad / np.maximum(size, 1)), kind="stable")
    for place in range(len(distinct)):
        yield name, _named(name, [distinct[place]]), at == place, math.log(len(distinct))
    for many in range(2, min(len(distinct) - 1, 8) + 1):
        chosen = np.sort(ordered[:many])
        yield name, _named(name, sorted(distinct[int(place)] or "" for place in chosen)), np.isin(at, chosen), many * math.log(len(distinct))


def _named(column: str, values: Sequence[str | None]) -> str:
    said = [value[:LONGEST] if value else "(blank)" for value in values]
    both = said[0] if len(said) == 1 else f"{', '.join(said[:-1])} or {said[-1]}"
    return f"{column} {both}"


# Stretches


def _file_order(rows: npt.NDArray[np.int64]) -> Order:
    return Order("", rows, lambda row: f"{row:,}", "rows from {} on", "rows up to {}", "rows {} to {}")


def _times(name: str, column: pl.Series) -> Order | None:
    """A column of times or dates as an order; None for any other column."""
    if column.dtype.is_temporal():
        text = column.cast(pl.String)
    elif column.dtype == pl.String:
        text = column.str.strip_chars().replace("", None)
    else:
        return None
    distinct = text.unique().drop_nulls().to_list()
    if len(distinct) < 2:
        return None
    keys = {value: key for value in distinct if (key := _time_key(value)) is not None}
    if len(keys) < 0.9 * len(distinct):
        return None
    sorted_texts = sorted(keys, key=lambda value: keys[value])
    rank = {value: place for place, value in enumerate(sorted_texts)}
    numbers = text.replace_strict(rank, default=-1, return_dtype=pl.Int64).fill_null(-1).to_numpy()
    safe = name.replace("{", "(").replace("}", ")")
    words = (f"the time from {{}} on ({safe})", f"the time up to {{}} ({safe})", f"the time from {{}} to {{}} ({safe})")
    at_hour = np.array([_hour(keys[value]) for value in sorted_texts] + [-1], np.int64)[numbers]
    return Order(name, numbers, lambda key: sorted_texts[key], *words, at_hour if len(np.unique(at_hour[at_hour >= 0])) > 1 else None)


def _hour(key: tuple[Any, ...]) -> int:
    """The hour of the day of a time; -1 where it has none."""
    return int(key[1][:2]) if key[1][:2].isdecimal() else -1


def _time_key(text: str) -> tuple[Any, ...] | None:
    """What times are ordered by. Dates such as 05/03/2026 are taken with the day first, unless that is no date."""
    if _ISO.fullmatch(text):
        return (text[:10], text[11:])
    found = _NUMBERS.fullmatch(text)
    if found is None:
        return None
    first, second, year, hour, minute = found.groups()
    day, month = (int(first), int(second)) if int(second) <= 12 else (int(second), int(first))
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return (f"{year}-{month:02d}-{day:02d}", f"{int(hour):02d}:{minute}" if hour else "")


def _stretches(order: Order, wrong: Flags) -> Iterator[tuple[str, str, Flags, float]]:
    """The stretch of an order where most of the disagreements are: from a point on, up to a point, or between two."""
    known = order.keys >= 0
    distinct, at = np.unique(order.keys[known], return_inverse=True)
    many = len(distinct)
    if many < 2:
        return
    size, bad = np.bincount(at, minlength=many), np.bincount(at[wrong[known]], minlength=many)
    usual = bad.sum() / size.sum()
    if not 0 < usual < 1:
        return
    excess = bad - usual * size
    for start, end, tries in _best_stretches(excess):
        first, last = int(distinct[start]), int(distinct[end])
        inside = known & (order.keys >= first) & (order.keys <= last)
        if end == many - 1:
            words = order.from_words.format(order.label(first))
        elif start == 0:
            words = order.to_words.format(order.label(last))
        else:
            words = order.between_words.format(order.label(first), order.label(last))
        yield order.column, words, inside, math.log(tries)


def _hours(order: Order, wrong: Flags) -> Iterator[tuple[str, str, Flags, float]]:
    """The hours of the day with most of the disagreements, such as those of a night; they may go round midnight."""
    hours = order.hours
    assert hours is not None
    known = hours >= 0
    size, bad = np.bincount(hours[known], minlength=24), np.bincount(hours[known & wrong], minlength=24)
    if not 0 < bad.sum() < size.sum():
        return
    excess = bad - bad.sum() / size.sum() * size
    best = max(((start, many) for start in range(24) for many in range(1, 24)), key=lambda one: sum(excess[(one[0] + n) % 24] for n in range(one[1])))
    start, many = best
    inside = known & ((hours - start) % 24 < many)
    column = order.column.replace("{", "(").replace("}", ")")
    yield order.column, f"the hours of the day from {start:02d}:00 to {(start + many) % 24:02d}:00 ({column})", inside, math.log(24 * 23)


def _best_stretches(excess: npt.NDArray[np.float64]) -> Iterator[tuple[int, int, int]]:
    """The stretch with the largest sum from a point to the end, from the start to a point, and between two points; and of how many."""
    many = len(excess)
    sums = np.concatenate([[0.0], np.cumsum(excess)])
    start = int(np.argmin(sums[:-1]))
    yield start, many - 1, many
    end = int(np.argmax(sums[1:]))
    yield 0, end, many
    lowest = np.minimum.accumulate(sums[:-1])
    best = int(np.argmax(sums[1:] - lowest))
    first = int(np.argmin(sums[: best + 1]))
    yield first, best, many * (many + 1) // 2
