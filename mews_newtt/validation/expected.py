"""What a platform states: which columns hold it, how a cell is read, and what kind of disagreement it is."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mews_newtt.batch.careful import COMPLETE, REFUSED
from mews_newtt.batch.engine import Results
from mews_newtt.batch.layout import NO_POINTS
from mews_newtt.chart.model import Chart
from mews_newtt.errors import ColumnError, Problem, did_you_mean
from mews_newtt.scoring.columns import EXPECTED, EXPECTED_POINTS_PREFIX, ColumnMap, mapped_columns
from mews_newtt.scoring.rows import points_columns
from mews_newtt.validation.mutants_sheet import distinct_values
from mews_newtt.validation.result import KINDS

NONE, UNREADABLE, UNKNOWN = -(1 << 30), -(1 << 30) + 1, -(1 << 30) + 2
MOST = 10**6  # a stated number beyond this is as wrong as this
STATUS = "expected_status"
STATUSES = ("complete", "partial", "refused")  # as the batch path numbers them
BLANK, AGREES = 0, 1
CODES = {kind: place for place, kind in enumerate(KINDS, start=2)}  # 0: nothing stated; 1: agrees
BY_CODE = {code: kind for kind, code in CODES.items()}
_WHOLE = re.compile(r"[+-]?\d+(\.0*)?", re.ASCII)

Numbers = npt.NDArray[np.int32]
Kinds = npt.NDArray[np.uint8]


class Stated(NamedTuple):
    """One expected column: its name as ours and theirs, what it holds, and for points of which parameter."""

    name: str
    theirs: str
    holds: str  # total, level, points or status
    parameter: str = ""


def stated_columns(names: Sequence[str], ours: Sequence[str], chart: Chart, column_map: ColumnMap) -> list[Stated]:
    """The expected columns of a table. Raises ColumnError where there is none."""
    found, pointless = [], []
    scored = points_columns(chart)
    for theirs, our in zip(names, ours, strict=True):
        parameter = our.removeprefix(EXPECTED_POINTS_PREFIX)
        if theirs in column_map.ignore:
            continue
        if our in EXPECTED or our == STATUS:
            found.append(Stated(our, theirs, our.removeprefix("expected_")))
        elif our.startswith(EXPECTED_POINTS_PREFIX) and parameter in scored:
            found.append(Stated(our, theirs, "points", parameter))
        elif our.startswith(EXPECTED_POINTS_PREFIX):
            says = f"{chart.short_title} gives no points for {parameter or 'nothing'}"
            pointless.append(Problem("no_points", f"column {theirs}", says, f"leave it out, or --ignore {theirs!r}"))
    if pointless:
        raise ColumnError(pointless)
    if not found:
        near = next((f"did you mean --map '{name}={meant}'?" for name in names for meant in EXPECTED if _is_near(name, meant)), None)
        mend = near or "name it expected_total, expected_level or expected_points_<parameter>, or use --map theirs=ours"
        raise ColumnError(Problem("nothing_expected", "columns " + ", ".join(names[:20]), "none of them holds the platform's scores", mend))
    return found


def _is_near(name: str, meant: str) -> bool:
    bare = meant.removeprefix("expected_")
    words = re.split(r"[\W_]+", name.casefold())
    return did_you_mean(name, [meant, bare]) is not None or bare in words or (bare == "total" and "score" in words)


def columns_of(names: Sequence[str], chart: Chart, column_map: ColumnMap) -> list[str]:
    """Our name for each column; a column that scoring would add may stand there, since nothing is added here."""
    known = chart.observations
    return mapped_columns(names, chart, column_map, known, results=())


class Reader:
    """Reads expected cells, once per distinct cell, and says how each disagrees with the chart's results."""

    def __init__(self, chart: Chart, column_map: ColumnMap, blanks_disagree: bool):
        self.chart, self.column_map, self.blanks_disagree = chart, column_map, blanks_disagree
        self.levels = level_names(chart)
        self.scored = points_columns(chart)
        unknown = [name for name in column_map.values.get("expected_level", {}).values() if plain(name) not in self.levels]
        if unknown:
            allowed = ", ".join(level.id for level in chart.levels)
            raise ColumnError(Problem("unknown_level", "map of expected_level", f"{unknown[0]!r} is no level of {chart.id}", f"one of: {allowed}"))

    def read(self, stated: Stated, column: Any) -> tuple[Numbers, list[Any], npt.NDArray[np.int32]]:
        """What each row states, the distinct cells, and which of them each row has."""
        raws, codes = distinct_values(column)
        names = self.levels if stated.holds == "level" else ()
        meaning = {"level": self._level, "status": _status}.get(stated.holds, whole)
        ours, marks = self.column_map.values.get(stated.name, {}), self.column_map.marks(stated.name)
        texts = [None if is_blank(raw, marks, names) and written(raw) not in ours else written(raw) for raw in raws]
        found = np.array([NONE if text is None else meaning(ours.get(text, text)) for text in texts], np.int32)
        return found[codes], raws, codes

    def _level(self, text: str) -> int:
        return self.levels.get(plain(text), UNKNOWN)

    def level_id(self, raw: Any) -> str | None:
        """A stated level by the chart's own id, where it is one of its levels."""
        ours = self.column_map.values.get("expected_level", {})
        blank = is_blank(raw, self.column_map.marks("expected_level"), self.levels) and written(raw) not in ours
        rank = NONE if blank else self._level(ours.get(written(raw), written(raw)))
        return self.chart.levels[rank].id if rank >= 0 else None

    def kinds(self, stated: Stated, values: Numbers, results: Results, status: Numbers | None) -> Kinds:
        """For each row: nothing stated, agrees, or how it disagrees. `status` is what the platform states of the set, where it does."""
        filled, refused = values != NONE, results.status == REFUSED
        complete = results.status == COMPLETE
        made = getattr(self, f"_{stated.holds}_kinds")(stated, values, results, complete)
        kinds: Kinds = np.where(filled, made, BLANK).astype(np.uint8)
        if stated.holds != "status":
            kinds[filled & refused & (values != UNREADABLE)] = CODES["score_of_refused"]
            if self.blanks_disagree:
                gives = complete if stated.holds == "level" else complete & self._has_number(stated, results)
                answered = gives if status is None else gives & ((status == NONE) | (status == COMPLETE))
                kinds[~filled & answered] = CODES["left_out"]
        return kinds

    def _has_number(self, stated: Stated, results: Results) -> npt.NDArray[np.bool_]:
        if stated.holds == "points":
            return np.asarray(results.points[self.scored.index(stated.parameter)] != NO_POINTS)
        return np.full(len(results.status), self.chart.has_points)

    def _status_kinds(self, _: Stated, values: Numbers, results: Results, __: Any) -> npt.NDArray[Any]:
        return np.where(values == results.status, AGREES, CODES["status"])

    def _total_kinds(self, _: Stated, values: Numbers, results: Results, complete: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
        if not self.chart.has_points:
            return np.where(values == UNREADABLE, CODES["not_a_number"], CODES["total_without_points"])
        found = np.where(values == results.least, AGREES, CODES["total"])
        if not complete.all():
            inside = (values >= results.least) & (values <= results.most)
            found = np.where(complete, found, np.where(inside, CODES["total_of_partial"], CODES["outside_bounds"]))
        found[values == UNREADABLE] = CODES["not_a_number"]
        return found

    def _level_kinds(self, _: Stated, values: Numbers, results: Results, complete: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
        found = np.where(values == results.level, AGREES, np.where(complete, CODES["level"], CODES["level_of_partial"]))
        found[values == UNKNOWN] = CODES["unknown_level"]
        return found

    def _points_kinds(self, stated: Stated, values: Numbers, results: Results, _: Any) -> npt.NDArray[Any]:
        right = results.points[self.scored.index(stated.parameter)]
        found = np.where(values == right, AGREES, np.where(right == NO_POINTS, CODES["points_of_missing"], CODES["points"]))
        found[values == UNREADABLE] = CODES["not_a_number"]
        return found


def is_blank(raw: Any, marks: Container[str], levels: Container[str] = ()) -> bool:
    """Whether an expected cell states nothing. A chart may have a level named none: in a column of levels that states it."""
    text = written(raw)
    nothing = text.casefold() in ("", "nan", "null", "none") and (raw is None or plain(text) not in levels)
    return nothing or text in marks


def written(raw: Any) -> str:
    """An expected cell as text: an empty cell and no cell are one, whichever reader made them."""
    return "" if raw is None else str(raw).strip()


def whole(text: str) -> int:
    """A stated number; what is no whole number cannot agree with anything."""
    if not _WHOLE.fullmatch(text):
        return UNREADABLE
    digits = text.partition(".")[0].lstrip("+-").lstrip("0") or "0"
    size = min(MOST, int(digits)) if len(digits) < 12 else MOST
    return -size if text.startswith("-") else size


def _status(text: str) -> int:
    return STATUSES.index(text.casefold()) if text.casefold() in STATUSES else UNKNOWN


def plain(name: str) -> str:
    """A level's name whatever its case, spaces, hyphens and underscores."""
    return re.sub(r"[\s_-]+", " ", name.strip().casefold())


def level_names(chart: Chart) -> Mapping[str, int]:
    """Level by id or title; a name that two levels share says neither."""
    ranks: dict[str, set[int]] = {}
    for rank, level in enumerate(chart.levels):
        for name in (level.id, level.title):
            ranks.setdefault(plain(name), set()).add(rank)
    return {name: min(found) for name, found in ranks.items() if len(found) == 1}
