"""Rows of one person at one time become one set. Rows are sorted by person and time, and each column is looked at as one array."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from mews_newtt.chart.model import Observation
from mews_newtt.reading.plan.model import OBSERVED, PERSON, Sets
from mews_newtt.reading.plan.report import ReadingReport, row_says
from mews_newtt.reading.values import NOT_READ, Reading, read
from mews_newtt.tables.planned.layout import NOTES
from mews_newtt.tables.planned.newest import NO_ORDER, NO_VALUE, ORDER, Given, that_count
from mews_newtt.tables.planned.rows import BORN, CODED, LABEL, OTHER, PERSON_KEY, REFUSED, ROW, TIME, Texts

NONE = np.iinfo(np.uint32).max
NEVER = -(2**62)  # stands for no time
MOST_QUOTED = 4  # readings of one set that contradict and are quoted
TWO_BIRTHS = f"{NOT_READ}two different births are given in one set"
NOBODY = f"{NOT_READ}no person is named in this row, so that it belongs to no set"

Ints = npt.NDArray[Any]


def grouped(frame: pl.DataFrame, sets: Sets, known: Mapping[str, Observation], texts: Mapping[str, Texts], report: ReadingReport) -> pl.DataFrame:
    """One row for each set: person by person, as they first appear, and in the order of time.

    A reading that is given several times with one value is given once. Where the values differ, `sets.differing` decides.
    """
    if not frame.height:
        return frame.with_columns(pl.lit(None, pl.String).alias(LABEL + PERSON)).drop(PERSON_KEY)
    frame, person, times, rows = _sorted(frame)
    begins = _begins(person, times, sets.seconds * 1_000_000)
    starts, set_of_row = np.flatnonzero(begins), np.cumsum(begins, dtype=np.int32) - 1
    report.sets_merged += int(np.count_nonzero(np.diff(starts, append=len(rows)) > 1))
    people = texts[PERSON_KEY].of(frame.get_column(PERSON_KEY).gather(starts))
    nobody = people.str.starts_with("\0")
    refusals = texts[REFUSED]
    why = np.maximum.reduceat(frame.get_column(REFUSED).to_numpy(), starts)
    if nobody.any():
        why = np.where(nobody.to_numpy() & (why == 0), refusals.number(NOBODY), why).astype(np.uint32)
        report.refuse("rows", "no person is named", int(nobody.sum()), int(rows[starts][nobody.to_numpy()].min()), "")
    places = Places(set_of_row, rows, times, frame.get_column(ORDER).to_numpy() if ORDER in frame.columns else None)
    made: list[pl.Series] = [pl.Series(ROW, np.minimum.reduceat(rows, starts)), people.set(nobody, None).alias(LABEL + PERSON)]
    for name in frame.columns:
        column = frame.get_column(name)
        if name.startswith(CODED):
            out = name.removeprefix(CODED)
            made.append(pl.Series(name, _one_each(column, places, out, sets, known, texts[out], report)))
        elif name.startswith(BORN):
            text, differs = _born(column, starts)
            made.append(text)
            why = np.where(differs & (why == 0), refusals.number(TWO_BIRTHS), why).astype(np.uint32)
        elif name in (TIME, LABEL + OBSERVED):
            made.append(column.gather(starts))
        elif name.startswith((LABEL, OTHER)):
            made.append(_first_text(column, starts))
    return pl.DataFrame([*made, pl.Series(REFUSED, why)])


def _sorted(frame: pl.DataFrame) -> tuple[pl.DataFrame, Ints, Ints, Ints]:
    """The rows by person, time and place in the file, with these three as arrays."""
    frame = frame.with_columns(pl.col(TIME).dt.epoch("us").fill_null(NEVER).alias("@epoch"))
    person, times = frame.get_column(PERSON_KEY).to_numpy(), frame.get_column("@epoch").to_numpy()
    same = person[1:] == person[:-1]
    if not ((person[1:] > person[:-1]) | (same & (times[1:] >= times[:-1]))).all():
        frame = frame.sort(PERSON_KEY, "@epoch", ROW)
        person, times = frame.get_column(PERSON_KEY).to_numpy(), frame.get_column("@epoch").to_numpy()
    return frame.drop("@epoch"), person, times, frame.get_column(ROW).to_numpy()


def _begins(person: Ints, times: Ints, window: int) -> npt.NDArray[np.bool_]:
    """Whether a row begins a set: another person, or more than the window after the first row of the set. A row without a time is alone."""
    alone = times == NEVER
    begins = np.ones(len(times), np.bool_)
    begins[1:] = (person[1:] != person[:-1]) | (np.diff(times) > window) | alone[1:] | alone[:-1]
    if not window:
        return begins
    starts = np.flatnonzero(begins)
    ends = np.append(starts[1:], len(times))
    long = times[ends - 1] - times[starts] > window
    for start, end in zip(starts[long].tolist(), ends[long].tolist(), strict=True):
        while start < end:  # rows that each come soon after the one before may be more than one window
            start += int(np.searchsorted(times[start:end], times[start] + window, "right"))
            if start < end:
                begins[start] = True
    return begins


class Places(NamedTuple):
    """Of each row: the set that it belongs to, its place in the file, its time and, where the plan asks for it, how new it is."""

    set_of_row: Ints
    rows: Ints
    times: Ints
    orders: Ints | None

    def of(self, given: Ints, words: list[str]) -> list[Given]:
        orders = [NO_ORDER] * len(given) if self.orders is None else self.orders[given].tolist()
        return [Given(*each) for each in zip(words, self.rows[given].tolist(), orders, self.times[given].tolist(), strict=True)]


def _one_each(
    column: pl.Series, places: Places, out: str, sets: Sets, known: Mapping[str, Observation], texts: Texts, report: ReadingReport
) -> Ints:
    """The number of the one text of each set; 0 for none."""
    numbers = column.to_numpy()
    given = np.flatnonzero(numbers)  # in long format, few rows have this reading
    numbers, place = numbers[given], places.set_of_row[given]
    found, no_value = np.zeros(places.set_of_row[-1] + 1, np.uint32), texts.numbers.get(NO_VALUE)
    found[place] = np.where(numbers == no_value, 0, numbers) if no_value else numbers
    again = place[1:] == place[:-1]
    if not again.any():
        return found
    heads = np.flatnonzero(np.append(True, ~again))
    ends = np.append(heads[1:], len(given))
    least = np.minimum.reduceat(numbers, heads)
    differs = least != np.maximum.reduceat(numbers, heads)
    differing = np.flatnonzero(differs)
    if not out.startswith(NOTES):
        report.repeated_alike += int(np.count_nonzero((ends - heads > 1) & ~differs & (least != (no_value or 0))))
    words = ["", *texts.numbers] if len(differing) else []
    for head, end in zip(heads[differing].tolist(), ends[differing].tolist(), strict=True):
        every = places.of(given[head:end], [words[number] for number in numbers[head:end].tolist()])
        own, superseded = that_count(every, report.files) if places.orders is not None else ([(one.text, one.row) for one in every], 0)
        report.superseded += 0 if out.startswith(NOTES) else superseded
        if len(own) == 1:
            found[place[head]] = texts.number(own[0][0])
            if own[0] not in [(one.text, one.row) for one in every]:
                report.refuse(out.partition("@")[0], "versions that cannot be put in order", len(every), own[0][1], _quoted(every))
            continue
        text, alike = _settled(own, out, sets, known, report.files)
        if not out.startswith(NOTES):
            report.repeated_alike += alike
            report.repeated_differing += not alike
            if text.startswith(NOT_READ) and not alike:
                reason = "given more than once in a set, with different values"
                report.refuse(out.partition("@")[0], reason, len(own), own[0][1], " and ".join(cell for cell, _ in own[:MOST_QUOTED]))
        found[place[head]] = texts.number(text)
    return found


def _quoted(given: list[Given]) -> str:
    return " and ".join("no value" if one.text == NO_VALUE else one.text for one in given[:MOST_QUOTED])


def _settled(own: list[tuple[str, int]], out: str, sets: Sets, known: Mapping[str, Observation], files: Sequence[str]) -> tuple[str, bool]:
    """The text that counts of several in one set, and whether they are one value after all."""
    if out.startswith(NOTES):
        return "; ".join(dict.fromkeys(cell for cell, _ in own)), True
    observation = known.get(out.partition("@")[0])
    if observation is not None:
        readings = [read(observation, cell) for cell, _ in own]
        if all(isinstance(one, Reading) for one in readings) and len({one.value for one in readings if isinstance(one, Reading)}) == 1:
            return own[0][0], True
    refusal = next((cell for cell, _ in own if cell.startswith(NOT_READ)), None)
    if refusal is not None:
        return refusal, False
    if sets.differing == "first":
        return own[0][0], False
    if sets.differing == "last":
        return own[-1][0], False
    named = list(dict.fromkeys(cell for cell, _ in own))
    rows = ", ".join(row_says(row, files) for _, row in own[:MOST_QUOTED])
    return f"{NOT_READ}{' and '.join(named[:MOST_QUOTED])} are given in one set (rows {rows}), and the plan does not say which counts", False


def _born(column: pl.Series, starts: Ints) -> tuple[pl.Series, npt.NDArray[np.bool_]]:
    """The birth of each set, and whether two different ones are given."""
    numbers = Texts().coded(column).to_numpy()
    most = np.maximum.reduceat(numbers, starts)
    least = np.minimum.reduceat(np.where(numbers == 0, NONE, numbers), starts)
    return _first_text(column, starts), (most > 0) & (least != most)


def _first_text(column: pl.Series, starts: Ints) -> pl.Series:
    """The first text of each set."""
    if not column.null_count():
        return column.gather(starts)
    places = np.where(column.is_not_null().to_numpy(), np.arange(len(column)), len(column))
    first = np.minimum.reduceat(places, starts)
    first = np.where(first < len(column), first, starts)  # no text in the set: its first row has none either
    return column.gather(first)
