"""Columns as kernels take them: where the bytes are, and the state that each of their values means.

A numeric column keeps its bytes: a value is its own index into a lookup table of recordable values. Of every other kind of column (text,
dictionaries, decimals, flags, columns whose values or units a map declares) each distinct value is read once, by the rules of reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute

from mews_newtt.engines.arrow import SMALL_CHUNK
from mews_newtt.engines.numba import kernels as k
from mews_newtt.engines.numba.factorize import number_texts, replace_codes, shortest_of_singles, states_of_floats
from mews_newtt.engines.numba.lookups import SLOW_PATH, LookedUpStates, Lookup, lookup_of
from mews_newtt.engines.packed.states import StateArray
from mews_newtt.engines.packed.values import NO_REASON, Prepare, coded_reasons, coded_values, read_nothing
from mews_newtt.reading.values import NOISE, read

KINDS = {
    pa.float64(): k.FLOAT64,
    pa.float32(): k.FLOAT32,
    pa.int8(): k.BYTE,
    pa.uint8(): k.BYTE,
    pa.int16(): k.INT16,
    pa.int32(): k.INT32,
    pa.int64(): k.INT64,
}
WIDENED = {pa.uint16(): pa.int32(), pa.uint32(): pa.int64()}
MOST_TEXTS = 1 << 12  # distinct short texts of a column that the kernel numbers
MOST_READ = 1 << 16  # texts whose reading a parameter remembers
FLOAT32_STEPS = 10**6  # float32 tells decimals of six digits apart
WIDEST_INT = 2**53
BLOCK = 1 << 14  # rows whose states are found at once, so that what is made in between stays in the processor's cache
DENSE = 3


@dataclass(eq=False)
class EncodedColumn:
    """One column of one chunk of rows. It has no values where the parameter has no column."""

    states: LookedUpStates
    values: Any  # an Arrow array, or an array of indexes
    lookup: Lookup
    number_at: npt.NDArray[np.float64] | None = None  # of a coded column, the number of each of its codes; then NaN
    codes: Any = None  # what `number_at` is looked up by, where that is not `values`

    @property
    def present(self) -> bool:
        return self.lookup.kind != k.ABSENT

    def addresses(self, values: Any) -> tuple[tuple[int, int, int], Any]:
        """Address, bitmap and offset of values of this column, and what holds their bytes."""
        if not self.present:
            return (0, 0, 0), None
        if isinstance(values, np.ndarray):
            return (values.ctypes.data, 0, 0), values
        values = values.indices if isinstance(values, pa.DictionaryArray) else values
        bitmap, data = values.buffers()[:2]
        found = bitmap.address if bitmap is not None and values.null_count else 0
        return (data.address if data is not None else 0, found, values.offset), values

    def state_of(self, rows: npt.NDArray[np.int64]) -> StateArray:
        """The exact state of some rows, in ascending order."""
        if len(rows) and rows[-1] - rows[0] < DENSE * len(rows):  # all rows between them cost less than to pick these
            first, last = int(rows[0]), int(rows[-1]) + 1
            between = self.states_between(first, last)
            return between if len(between) == len(rows) else between.take(rows - first)
        return self._states(self.values[rows] if isinstance(self.values, np.ndarray) else self.values.take(pa.array(rows)))

    def states_between(self, first: int, last: int) -> StateArray:
        """The exact states of rows first, ..., last - 1."""
        states = np.empty(last - first, np.int32)
        for start in range(first, last, BLOCK):
            part = self.values[start : min(start + BLOCK, last)]
            states[start - first : start - first + len(part)] = self._states(part)
        return states

    def all_in_table(self, rows: int) -> bool:
        """Whether every value has an index in the lookup table."""
        spec, _held = self._spec(self.values)
        indexes = np.empty(BLOCK, np.int32)
        for first in range(0, rows, BLOCK):
            count = min(BLOCK, rows - first)
            k.encode(spec, first, count, indexes)
            if indexes[:count].max() > self.lookup.entries:
                return False
        return True

    def _spec(self, values: Any) -> tuple[npt.NDArray[np.int64], Any]:
        spec = self.lookup.spec()
        spec[[k.ADDRESS, k.BITMAP, k.OFFSET]], held = self.addresses(values)
        return spec, held

    def _states(self, found: Any) -> StateArray:
        spec, _held = self._spec(found)
        indexes = np.empty(len(found), np.int32)
        k.encode(spec, 0, len(found), indexes)
        states = np.empty(len(found), np.int32)
        replace_codes(indexes, self.lookup.state_at, states)
        if isinstance(found, np.ndarray | pa.DictionaryArray):  # every value has its index
            return states
        slow = np.flatnonzero(states == SLOW_PATH)
        if len(slow):
            states[slow] = self._of_numbers(found.take(pa.array(slow)))
        return states

    def numbers(self) -> npt.NDArray[np.float64]:
        """The column of a numeric parameter as floats, NaN for none; those of a raw column as they are, with their float noise."""
        if self.number_at is None:
            found = self.values.to_numpy(zero_copy_only=False)
            return shortest_floats(found) if found.dtype in (np.float32, np.float16) else np.asarray(found, np.float64)
        codes = self.values if self.codes is None else self.codes
        if isinstance(codes, pa.DictionaryArray):
            codes = codes.indices.cast(pa.int64()).fill_null(len(self.number_at) - 1).to_numpy(zero_copy_only=False)
        return np.asarray(self.number_at[codes])

    def as_read(self, numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Some of `numbers()` as they are read: float noise is gone."""
        if self.number_at is not None:
            return numbers
        distinct, where = np.unique(numbers, return_inverse=True)
        observation = self.states.parameter.observation
        return np.array([self.states.number_of(read(observation, number)) for number in distinct.tolist()], np.float64)[where]

    def _of_numbers(self, found: pa.Array) -> StateArray:
        numbers = found.to_numpy(zero_copy_only=False)
        own = self.states
        if not own.numeric:
            return _by_value(numbers, own)
        states = np.empty(len(numbers), np.int32)
        if numbers.dtype == np.float64:
            exact = numbers
        elif numbers.dtype.kind in "iu":
            exact = numbers.astype(np.float64)
            exact[(numbers > WIDEST_INT) | (numbers < -WIDEST_INT)] = np.inf
        else:
            exact = shortest_floats(numbers)
        unknown = states_of_floats(
            exact, own.cuts, float(own.scale), float(own.multiple), float(NOISE), float(own.widest), own.forms, own.missing, states
        )
        if unknown:
            states[states < 0] = _by_value(numbers[states < 0], own)
        return states


def _by_value(numbers: npt.NDArray[Any], states: LookedUpStates) -> StateArray:
    distinct, where = np.unique(numbers, return_inverse=True)
    return np.array([states.of_raw(number) for number in distinct], np.int32)[where]


def shortest_floats(numbers: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Narrow floats as the float64 of the same shortest decimal: 36.8 stays 36.8."""
    exact = np.empty(len(numbers), np.float64)
    if numbers.dtype != np.float32:
        exact[:] = np.nan
    elif not shortest_of_singles(numbers, exact):
        return exact
    rest = np.flatnonzero(np.isnan(exact))
    distinct, where = np.unique(numbers[rest], return_inverse=True)
    exact[rest] = np.array([float(str(number)) for number in distinct], np.float64)[where]
    return exact


def has_texts(values: pa.Array) -> bool:
    """Whether each cell of a column has to be looked at to find its distinct values: of texts and decimals, but not of numbers and codes."""
    return values.type not in KINDS and values.type not in WIDENED and not pa.types.is_dictionary(values.type)


def encode_column(states: LookedUpStates, values: pa.Array | None, prepare: Prepare | None = None) -> EncodedColumn:
    """A column as kernels take it; None: the parameter has no column. `prepare` is what a column map does to a raw value."""
    if values is None:
        return EncodedColumn(states, None, states.absent)
    if pa.types.is_null(values.type):
        if states.of_reading(read_nothing(states, prepare)) == states.missing:
            return EncodedColumn(states, None, states.absent)
        values = values.cast(pa.string())
    if prepare is None and values.type in WIDENED:
        values = values.cast(WIDENED[values.type])
    if prepare is None and values.type in KINDS:
        return _number_column(states, values)
    return _distinct_column(states, values, prepare)


def encode_reasons(states: LookedUpStates, values: pa.Array, prepare: Prepare | None) -> EncodedColumn:
    """A column of skip reasons: the state that each one puts a parameter without a reading in; NO_REASON for a blank."""
    found = coded_reasons(states, values, prepare)
    return _code_column(states, found.coded, found.states, NO_REASON, NO_REASON)


def _number_column(states: LookedUpStates, values: pa.Array) -> EncodedColumn:
    """A numeric column, looked up by recordable value; of categories, by their codes."""
    kind = KINDS[values.type]
    if kind == k.BYTE or not states.numeric:
        return EncodedColumn(states, values, states.small_codes(kind, values.type == pa.int8()))
    first, last = states.grid_range
    if kind == k.FLOAT32:
        first, last = max(first, -FLOAT32_STEPS // states.multiple), min(last, FLOAT32_STEPS // states.multiple)
    if kind in (k.INT16, k.INT32) and states.step != 1:
        kind, values = k.INT64, values.cast(pa.int64())
    return EncodedColumn(states, values, Lookup(states.grid(first, last), kind, states.scale, states.multiple, first))


def _distinct_column(states: LookedUpStates, values: pa.Array, prepare: Prepare | None) -> EncodedColumn:
    """Any other column: each distinct value is read once."""
    if pa.types.is_string_view(values.type) or pa.types.is_large_string(values.type) or pa.types.is_string(values.type):
        found = _short_text_column(states, values, prepare)
        if found is not None:
            return found
    coded = coded_values(states, values, prepare)
    column = _code_column(states, coded.coded, coded.states, coded.nothing)
    column.number_at = coded.numbers
    return column


def _short_text_column(states: LookedUpStates, values: pa.Array, prepare: Prepare | None) -> EncodedColumn | None:
    """A text column of few and short texts, numbered by the kernel; None where they are many or long."""
    view = pa.types.is_string_view(values.type)
    if pa.types.is_string(values.type):
        values = values.cast(pa.large_string())
    buffers = values.buffers()
    codes = np.empty(len(values), np.int32)
    firsts = np.empty(MOST_TEXTS, np.int64)
    bitmap = buffers[0].address if buffers[0] is not None and values.null_count else 0
    data = buffers[1 if view else 2]
    starts = 0 if view else buffers[1].address
    known = number_texts(
        view,
        data.address if data is not None else 0,
        starts,
        bitmap,
        values.offset,
        np.zeros((4 * MOST_TEXTS, 2), np.int64),
        np.zeros(4 * MOST_TEXTS, np.int32),
        firsts,
        codes,
    )
    if known < 0:
        return None
    if len(states.text_states) > MOST_READ:
        states.text_states = {}
    read_before = {} if prepare else states.text_states  # every chunk of a file holds the same few texts
    found = []
    for at in firsts[:known].tolist():
        text = values[at].as_py()
        if text not in read_before:
            reading = read(states.parameter.observation, prepare(text) if prepare else text)
            read_before[text] = states.of_reading(reading), states.number_of(reading)
        found.append(read_before[text])
    nothing = read_nothing(states, prepare)
    state_of_code = np.array([states.of_reading(nothing), *(state for state, _ in found)], np.int32)
    numbers = np.array([states.number_of(nothing), *(number for _, number in found)]) if states.compared else None
    # Codes are numbered anew in each chunk, so that tables for them are made anew. A small chunk has states instead: those tables are kept.
    if len(codes) >= SMALL_CHUNK:
        return EncodedColumn(states, codes, lookup_of(state_of_code, states.of_reading(nothing), kind=k.INT32), numbers)
    kept = codes.copy() if states.compared else None
    replace_codes(codes, state_of_code, codes)
    return EncodedColumn(states, codes, states.by_state, numbers, kept)


def _code_column(states: LookedUpStates, coded: pa.DictionaryArray, found: list[int], nothing: int, otherwise: int = SLOW_PATH) -> EncodedColumn:
    """A dictionary column: the state of each of its values, and of a row without a value."""
    if coded.indices.type not in KINDS:
        coded = pa.DictionaryArray.from_arrays(coded.indices.cast(pa.int64()), coded.dictionary)
    kind = KINDS[coded.indices.type]
    if kind == k.BYTE:
        found = (found + [SLOW_PATH] * k.BYTES)[: k.BYTES]
    return EncodedColumn(states, coded, lookup_of(found, nothing, otherwise, kind=kind))
