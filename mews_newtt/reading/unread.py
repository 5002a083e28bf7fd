"""The columns of a table that are not read. The summary names all of them, and says which may hold readings, judged by their names or values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mews_newtt.chart.model import Chart, Parameter
from mews_newtt.reading.column_map import ColumnMap
from mews_newtt.reading.column_names import is_about, meaning_of, words_of
from mews_newtt.reading.columns import POINTS_PREFIX, check_columns
from mews_newtt.reading.values import LABELS, SKIP_PREFIX, Reading, read

LOOKED_AT = 1000  # rows whose values are looked at


class Unread:
    """The columns of a table that nothing is read from, for the summary; some of them with a reason to look again.

    names, ours : given: the names of the columns, and ours as `check_columns` gives them
    used : columns that are read in another way, as the stated results are
    names : all of them, in their order, those left alone with --ignore too; labels (case_id, patient_id, observed_at, recorded_at) are none
    doubts : by column, why it may hold a reading; filled by its name, and by its values where `look` is given them
    screened : columns whose values are worth a look
    """

    def __init__(
        self,
        names: Sequence[str] = (),
        ours: Sequence[str] = (),
        chart: Chart | None = None,
        column_map: ColumnMap | None = None,
        used: Sequence[str] = (),
    ):
        self.names: tuple[str, ...] = ()
        self.doubts: dict[str, str] = {}
        self.screened: list[str] = []
        if chart is not None:
            self._sort(names, ours, chart, column_map or ColumnMap(), used)

    def _sort(self, names: Sequence[str], ours: Sequence[str], chart: Chart, column_map: ColumnMap, used: Sequence[str]) -> None:
        known = chart.observations
        self._wanted = [p for p in chart.parameters if p.id not in ours and any(table.bands for table in p.tables)]
        theirs = dict(zip(ours, names, strict=True))
        for their, our in zip(names, ours, strict=True):
            left = their in column_map.ignore
            if their in used or (not left and (our in LABELS or our.removeprefix(SKIP_PREFIX) in chart.by_id)):
                continue
            self.names += (their,)
            meaning = None if left or our.startswith((POINTS_PREFIX, "expected_")) else meaning_of(our, known)
            if meaning:
                second = next((name for name in meaning.parameters if name in theirs and name in chart.by_id), None)
                if second:
                    self.doubts[their] = f"looks like {second} too; {second} is read from {theirs[second]}"
        self.screened = [
            name for name in self.names if self._wanted and name not in column_map.ignore and name not in self.doubts and not is_about(words_of(name))
        ]

    def look(self, values: Mapping[str, Iterable[Any]]) -> None:
        """Look at the values of unread columns: numbers that fit a row of the chart that has no column are a doubt."""
        for name in self.screened:
            if name in values and name not in self.doubts:
                fits = [p.id for p in self._wanted if p.observation.numeric and _fits(p, values[name])]
                if fits:
                    self.doubts[name] = f"its numbers could be {' or '.join(fits[:3])}, which has no column"
                    continue
                fits = [p.id for p in self._wanted if not p.observation.numeric and _holds_answers(p, values[name])]
                if fits:
                    self.doubts[name] = f"its words could be {' or '.join(fits[:3])}, which has no column"

    def to_dict(self) -> dict[str, Any]:
        return {"columns_not_read": list(self.names), "columns_in_doubt": dict(self.doubts)}

    def says(self) -> list[str]:
        """In words: every name, then the doubts."""
        lines = ["not read: " + ", ".join(self.names)] if self.names else []
        return lines + [f"look again: column {name} {why}" for name, why in self.doubts.items()]


def _fits(parameter: Parameter, values: Iterable[Any]) -> bool:
    """Whether every value is plausible in one of the accepted units, and one of them lies among the edges that the chart prints."""
    edges = [edge for table in parameter.tables for band in table.bands if band.interval for edge in (band.interval.low, band.interval.high)]
    printed = [edge for edge in edges if edge is not None]
    observation, among = parameter.observation, False
    units = [None, *(unit.ucum for unit in observation.other_units)]
    for value in list(values)[:LOOKED_AT] if printed else ():
        readings = [read(observation, (value, unit) if unit and value is not None else value) for unit in units]
        if readings[0] is None:
            continue
        plausible = [one.value for one in readings if isinstance(one, Reading) and "implausible" not in one.flags]
        if not plausible:
            return False
        among = among or any(not isinstance(one, str) and min(printed) <= one <= max(printed) for one in plausible)
    return among


# Answers that columns about anything hold.
_COMMON = frozenset(
    "yes no none true false y n t f normal present absent unknown other 0 1 2 a b c d e u v p".split()  # noqa: SIM905 - shorter to read than a list
)


def _holds_answers(parameter: Parameter, values: Iterable[Any]) -> bool:
    """Whether every word is an answer of this row of the chart, and one of them is no answer to every other question too."""
    said = {str(value).strip().casefold() for value in list(values)[:LOOKED_AT] if value is not None and str(value).strip()}
    known = parameter.observation.category_by_name
    return bool(said) and said <= known.keys() and not said <= _COMMON


def columns_not_read(chart: Chart, names: Sequence[str], column_map: ColumnMap | None = None) -> Unread:
    """Which columns of a table `score_table` would not read; raises ColumnError as it does."""
    return Unread(names, check_columns(names, chart, column_map), chart, column_map)
