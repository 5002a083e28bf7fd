"""Distinct values of a column: each is read once, by the rules of reading."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mews_newtt.engines.arrow import coded as by_distinct_value
from mews_newtt.engines.packed.states import States
from mews_newtt.errors import Problem
from mews_newtt.reading.column_map import ColumnMap
from mews_newtt.reading.rows import given_of_cell
from mews_newtt.reading.values import Reading, read, read_reason

NO_REASON = -1  # in place of a state: a blank cell of a column of skip reasons
Prepare = Callable[[Any], Any]  # what a column map does to a raw value


class Coded(NamedTuple):
    """A column by its distinct values.

    coded : the column as codes; states: of each code; nothing: the state of a row without a value
    numbers : of each code, then of a row without a value, where rows are compared by them; NaN for none
    """

    coded: pa.DictionaryArray
    states: list[int]
    nothing: int
    numbers: npt.NDArray[np.float64]


def preparing(name: str, column_map: ColumnMap) -> Prepare | None:
    """What the map does to a column's values; None where it says nothing of the column."""
    if name in column_map.values or name in column_map.units or column_map.marks(name):
        return lambda raw: given_of_cell(name, raw, column_map)
    return None


def coded_values(states: States, values: pa.Array, prepare: Prepare | None) -> Coded:
    """A parameter's own column."""
    coded = _coded(values)
    kind = coded.dictionary.type
    narrow = np.dtype(kind.to_pandas_dtype()) if pa.types.is_floating(kind) else None
    found, numbers = [], []
    for raw in coded.dictionary.to_pylist():
        if narrow is not None and raw is not None and narrow.itemsize < 8:
            raw = narrow.type(raw)
        reading = read(states.parameter.observation, prepare(raw) if prepare else raw)
        found.append(states.of_reading(reading))
        numbers.append(states.number_of(reading))
    nothing = read_nothing(states, prepare)
    return Coded(coded, found, states.of_reading(nothing), np.array([*numbers, states.number_of(nothing)]))


def coded_reasons(states: States, values: pa.Array, prepare: Prepare | None) -> Coded:
    """A column of skip reasons: the state that each one puts a parameter without a reading in; NO_REASON for a blank."""
    coded = _coded(values)
    reasons = [read_reason(prepare(raw) if prepare else raw) for raw in coded.dictionary.to_pylist()]
    return Coded(coded, [states.of_skip(reason) if reason else NO_REASON for reason in reasons], NO_REASON, np.zeros(0))


def read_nothing(states: States, prepare: Prepare | None) -> Reading | Problem | None:
    """What a row without a value is read as: nothing, unless a map says what that means."""
    return None if prepare is None else read(states.parameter.observation, prepare(None))


def _coded(values: pa.Array) -> pa.DictionaryArray:
    found = by_distinct_value(values)
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
