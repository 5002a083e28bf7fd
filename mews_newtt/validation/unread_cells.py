"""Counts the cells of the user's file that cannot be read, by reason, and the words that no map knows, with a guess of what they mean."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.model import Chart
from mews_newtt.chart.units import unit_said
from mews_newtt.engines.base import REFUSED
from mews_newtt.errors import Problem, did_you_mean
from mews_newtt.reading.rows import given_of_cell
from mews_newtt.reading.values import Reading, read
from mews_newtt.validation.comparer import Compared, Comparer, as_text
from mews_newtt.validation.expected import ExpectedColumn
from mews_newtt.validation.file_side import FileSide, UnknownWords, UnreadCells
from mews_newtt.validation.mutants import Flags
from mews_newtt.validation.stated import STATUSES, UNKNOWN, UNREADABLE, level_names, plain

MOST_WORDS = 40  # different words of one column that are kept; a column with more is no list of words
MOST_READ = 5000  # different cells of one column and chunk that are read
MOST_KEPT = 1 << 16
_QUOTED = re.compile(r"""^('.*?'|".*?")\s+(?=is |has )""", re.DOTALL)
_NUMBER_INSIDE = re.compile(r"[^\d+\-.,<>≤≥~]*([+-]?\d{1,4})(?:\.0+)?[^\d.,+<>≤≥~-]*")
_OUT_OF = re.compile(r"\s*([+-]?\d{1,4})\s*(?:/|out of|of)\s*\d{1,4}\s*")


class UnreadCounter:
    """Counts cells that cannot be read and words that no map knows, a chunk at a time. Only refused rows and unknown answers cost anything."""

    def __init__(self, comparer: Comparer):
        self.comparer, self.chart = comparer, comparer.chart
        self.cells: dict[tuple[str, str, str], UnreadCells] = {}
        self.words: dict[str, UnknownWords] = {}
        self.refused_rows = self.refused_wrong = 0
        self._read: dict[tuple[str, Any], Problem | None] = {}
        self._likely_in: dict[tuple[str, str, str], Counter[str]] = {}  # by reason and unit: impossible numbers that are likely in that unit

    def add(self, chunk: Compared, wrong: Flags, before: int) -> None:
        """Count a chunk. `wrong` are its rows that disagree; `before` rows come before it."""
        refused = np.flatnonzero(chunk.results.status == REFUSED)
        if len(refused):
            self._readings(chunk, refused, wrong, before)
        for column in self.comparer.expected:
            values = chunk.values[column.name]
            rows = np.flatnonzero((values == UNKNOWN) | (values == UNREADABLE))
            if len(rows):
                self._answers(column, chunk, rows, before)

    def _readings(self, chunk: Compared, refused: npt.NDArray[np.int64], wrong: Flags, before: int) -> None:
        theirs = {our: their for their, our in self.comparer.read}
        bad = np.zeros(len(refused), np.bool_)
        for name, (raws, codes) in chunk.columns.items():
            if name not in self.chart.by_id:
                continue
            here = codes[refused]
            times, wrongly = np.bincount(here, minlength=len(raws)), np.bincount(here[wrong[refused]], minlength=len(raws))
            unread, known = np.zeros(len(raws), np.bool_), {*self.cells, *self.words}
            for code in np.flatnonzero(times)[:MOST_READ].tolist():
                problem = self._problem(name, raws[code])
                if problem is None:
                    continue
                unread[code] = problem.code != "reading_impossible"
                row = None
                if _key(name, problem) not in known:  # rows come in their order: the first of this reason is in the first chunk that has it
                    first = refused[int(np.argmax(here == code))]
                    row = int(chunk.numbers(np.array([first]), before)[0])
                noted = self._note(name, theirs[name], problem, as_text(raws[code]), int(times[code]), row)
                if noted is not None:
                    noted.disagree += int(wrongly[code])
                    if not unread[code]:
                        fitting = self._likely_in.setdefault((name, noted.code, ""), Counter())
                        fitting.update(dict.fromkeys(self._units_that_fit(name, raws[code]), int(times[code])))
            if unread.any():
                bad |= unread[here]
        self.refused_rows += int(bad.sum())
        self.refused_wrong += int((bad & wrong[refused]).sum())

    def _problem(self, name: str, raw: Any) -> Problem | None:
        """What is wrong with a cell; each different cell is read once."""
        key = (name, raw)
        if key not in self._read:
            if len(self._read) > MOST_KEPT:
                self._read.clear()
            found = read(self.chart.by_id[name].observation, given_of_cell(name, raw, self.comparer.column_map))
            self._read[key] = found if isinstance(found, Problem) else None
        return self._read[key]

    def _units_that_fit(self, name: str, raw: Any) -> list[str]:
        """Other units in which an impossible number without a unit would be a likely reading."""
        observation, given = self.chart.by_id[name].observation, given_of_cell(name, raw, self.comparer.column_map)
        if isinstance(given, tuple):
            return []
        found = [(unit.ucum, read(observation, (given, unit.ucum))) for unit in observation.other_units]
        return [ucum for ucum, reading in found if isinstance(reading, Reading) and "implausible" not in reading.flags]

    def _note(self, name: str, their: str, problem: Problem, text: str, times: int, row: int | None) -> UnreadCells | None:
        parameter, key = self.chart.by_id[name], _key(name, problem)
        if isinstance(key, str):
            words = self.words.setdefault(name, UnknownWords(their, name, parameter.title, parameter.category_ids, row=row or 0))
            ids = parameter.observation.category_by_name
            _count(words, text, times, words.row if row is None else row, did_you_mean(text, list(ids), 0.7), ids)
            return None
        known = self.cells.get(key)
        if known is None:
            self.cells[key] = UnreadCells(their, name, parameter.title, problem.code, _what(problem), problem.mend, times, row or 0, text)
            return self.cells[key]
        known.cells += times
        if row is not None and row < known.row:
            known.row, known.example, known.mend, known.what = row, text, problem.mend, _what(problem)
        return known

    def _answers(self, column: ExpectedColumn, chunk: Compared, rows: Any, before: int) -> None:
        allowed = {"level": tuple(level.id for level in self.chart.levels), "status": STATUSES}.get(column.holds, ())
        row = int(chunk.numbers(rows[:1], before)[0])
        title = {"level": "level of the chart", "status": "status"}.get(column.holds, "number")
        words = self.words.setdefault(column.name, UnknownWords(column.theirs, column.name, title, allowed, row=row))
        words.row = min(words.row, row)
        said = chunk.frame.get_column(column.theirs)[rows].alias("said")
        for raw, times in said.value_counts(sort=True).iter_rows():
            text = as_text(raw)
            if text in words.words or len(words.words) < MOST_WORDS:
                words.words[text] = words.words.get(text, 0) + times
                if text not in words.guesses:
                    words.guesses[text] = guess_of_answer(self.chart, column.holds, text)
            else:
                words.more += times

    def finish(self, doubts: Mapping[str, str]) -> FileSide:
        for key, fitting in self._likely_in.items():
            ucum, likely = next(iter(fitting.most_common(1)), ("", 0))
            if 2 * likely > self.cells[key].cells:
                these = "these numbers are" if likely == self.cells[key].cells else "most of these numbers are"
                self.cells[key].mend = f"{these} likely in {unit_said(ucum)}: if the column is in {unit_said(ucum)}, say --unit {key[0]}={ucum}"
        cells = sorted(self.cells.values(), key=lambda one: (one.code == "reading_impossible", -one.cells, one.row, one.column))
        words = sorted(self.words.values(), key=lambda one: (-one.cells, one.column))
        return FileSide(doubts, tuple(cells), tuple(words), self.refused_rows, self.refused_wrong)

    def join(self, other: FileSide, before: int) -> None:
        """Add what another counter found in the rows that follow `before`."""
        for each in other.cells:
            key = _reason(each.parameter, each.code, each.what, each.mend)
            known = self.cells.get(key)
            if known is None:
                each.row += before
                self.cells[key] = each
            else:
                known.cells, known.disagree = known.cells + each.cells, known.disagree + each.disagree
        for words in other.words:
            mine = self.words.get(words.ours)
            if mine is None:
                words.row += before
                self.words[words.ours] = words
                continue
            for word, times in words.words.items():
                if word in mine.words or len(mine.words) < MOST_WORDS:
                    mine.words[word] = mine.words.get(word, 0) + times
                    mine.guesses.setdefault(word, words.guesses.get(word, ""))
                else:
                    mine.more += times
            mine.more += words.more
        self.refused_rows += other.refused_rows
        self.refused_wrong += other.refused_wrong


def _what(problem: Problem) -> str:
    """What is wrong, without the cell itself."""
    if problem.code == "reading_impossible":
        return "is impossible;" + problem.what.partition("is impossible;")[2]
    return _QUOTED.sub("", problem.what)


def _key(name: str, problem: Problem) -> str | tuple[str, str, str]:
    """Under what a cell is counted: unknown words by their column, others by their reason too."""
    return name if problem.code == "unknown_category" else _reason(name, problem.code, _what(problem), problem.mend)


def _reason(name: str, code: str, what: str, mend: str) -> tuple[str, str, str]:
    """Cells with the same reason are counted together: the same fault with the same remedy, whatever the number in them."""
    return name, code, f"{what}; {re.sub(r'[0-9.]+', '', mend)}" if code == "not_a_number" else ""


def _count(words: UnknownWords, text: str, times: int, row: int, near: str | None, ids: Mapping[str, str]) -> None:
    words.row = min(words.row, row)
    if text in words.words or len(words.words) < MOST_WORDS:
        words.words[text] = words.words.get(text, 0) + times
        words.guesses[text] = ids.get(near.casefold(), "") if near else ""
    else:
        words.more += times


def guess_of_answer(chart: Chart, holds: str, text: str) -> str:
    """What a stated answer that is not known probably means; empty where that is not plain.

    `3 points`, `score 3` and `3/20` hold one number. `Low risk` holds the name of one level and of no other.
    """
    if holds in ("total", "points"):
        found = _OUT_OF.fullmatch(text) or _NUMBER_INSIDE.fullmatch(text)
        return str(int(found[1])) if found else ""
    if holds == "status":
        return did_you_mean(text, STATUSES) or ""
    return _level_of(chart, text)


def _level_of(chart: Chart, text: str) -> str:
    names = {name: chart.levels[rank].id for name, rank in level_names(chart).items()}
    said = plain(re.sub(r"[^\w\s-]+", " ", text))
    if said in names:
        return names[said]
    bare = " ".join(word for word in said.split() if word not in _FILLING)
    if not bare:
        return ""
    if bare in names:
        return names[bare]
    near = did_you_mean(bare, list(names), 0.8)
    if near:
        return names[near]
    inside = {level for name, level in names.items() if f" {name} " in f" {bare} "}
    longest = max((name for name in names if f" {name} " in f" {bare} "), key=len, default="")
    if len(inside) > 1 and all(f" {name} " in f" {longest} " for name in names if f" {name} " in f" {bare} "):
        return names[longest]  # `low medium` holds `low` and `medium`: the whole name is meant
    if len(inside) == 1:
        return inside.pop()
    begins = {level for name, level in names.items() if name.startswith(bare)}
    return begins.pop() if len(begins) == 1 else ""


_FILLING = frozenset(("risk", "level", "clinical", "alert", "score", "band", "category", "response", "the", "a", "is"))
