"""Arrow columns as kernels take them: where the bytes lie, how they are told apart, and which state each of them means.

A numeric column keeps its bytes and is looked up by recordable value. Every other kind is read once per distinct value, by the rules of
reading themselves: text, dictionaries, decimals, flags, columns whose values or units a map declares.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute

from mews_newtt.compiled.states import FORMS, States
from mews_newtt.engines.numba import kernels as k
from mews_newtt.engines.numba.numbering import number_texts, shortest_of_singles, states_of_floats
from mews_newtt.errors import Problem
from mews_newtt.reading.values import NOISE, Reading, read

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
ODD = -1  # a place whose state only the careful way finds out
MOST_TEXTS = 1 << 12  # distinct short texts of a column that the kernel numbers
MOST_READ = 1 << 16  # texts whose reading a parameter remembers
SMALL_CODES = 256  # whole numbers that stand for categories
FLOAT32_STEPS = 10**6  # float32 tells decimals of six digits apart
WIDEST_INT = 2**53
Prepare = Callable[[Any], Any]
StateArray = npt.NDArray[np.int32]


@dataclass(eq=False)
class Source:
    """One column of one stretch of rows."""

    states: States
    values: pa.Array
    kind: int = k.ABSENT
    scale: int = 1
    multiple: int = 1
    base: int = 0
    places: StateArray = field(default_factory=lambda: np.zeros(0, np.int32))  # state by place; then missing, then odd
    number_by_code: npt.NDArray[np.float64] | None = None  # of a coded column, the number of each code; then NaN

    @property
    def entries(self) -> int:
        return len(self.places) - 2

    def state_of(self, rows: npt.NDArray[np.int64]) -> StateArray:
        """The exact state of some rows."""
        found = self.values[rows] if isinstance(self.values, np.ndarray) else self.values.take(pa.array(rows))
        places = np.empty(len(rows), np.int32)
        spec, _held = self.spec(found)
        k.encode(spec, 0, len(rows), places)
        states = self.places[places]
        if isinstance(found, np.ndarray | pa.DictionaryArray):  # every value has its place
            return states
        odd = np.flatnonzero(states == ODD)
        if len(odd):
            states[odd] = self._of_numbers(found.take(pa.array(odd)))
        return states

    def spec(self, values: Any, first: int = 0, entries: int | None = None) -> tuple[npt.NDArray[np.int64], Any]:
        """How a kernel reads values of this column, and what holds their bytes; the table may begin later and be shorter."""
        row = np.zeros(k.SPEC_SIZE, np.int64)
        base, entries = self.base + first, self.entries if entries is None else entries
        row[k.KIND], row[k.BASE], row[k.ENTRIES], row[k.SCALE], row[k.MULTIPLE] = self.kind, base, entries, self.scale, self.multiple
        # bounds in the parameter's own unit, inwards, so that nothing outside the table is looked up
        row[k.LOW], row[k.HIGH] = -(-base * self.multiple // self.scale), (base + entries - 1) * self.multiple // self.scale
        row[k.CONTEXT] = row[k.POINTS] = -1
        if self.kind == k.ABSENT:
            return row, None
        if isinstance(values, np.ndarray):
            row[k.ADDRESS] = values.ctypes.data
            return row, values
        values = values.indices if isinstance(values, pa.DictionaryArray) else values
        bitmap, data = values.buffers()[:2]
        row[k.ADDRESS] = data.address if data is not None else 0
        row[k.OFFSET] = values.offset
        row[k.BITMAP] = bitmap.address if bitmap is not None and values.null_count else 0
        return row, values

    def numbers(self) -> npt.NDArray[np.float64]:
        """The column of a numeric parameter as floats, NaN for none; those of a raw column as they are, with their float noise."""
        if self.number_by_code is None:
            found = self.values.to_numpy(zero_copy_only=False)
            return shortest_floats(found) if found.dtype in (np.float32, np.float16) else np.asarray(found, np.float64)
        if isinstance(self.values, pa.DictionaryArray):
            codes = self.values.indices.cast(pa.int64()).fill_null(len(self.number_by_code) - 1).to_numpy(zero_copy_only=False)
        else:
            codes = self.values
        return np.asarray(self.number_by_code[codes])

    def as_read(self, numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Some of `numbers()` as they are read: float noise is gone."""
        if self.number_by_code is not None:
            return numbers
        distinct, where = np.unique(numbers, return_inverse=True)
        observation = self.states.parameter.observation
        return np.array([self.states.number_of(read(observation, number)) for number in distinct.tolist()], np.float64)[where]

    def _of_numbers(self, found: pa.Array) -> StateArray:
        numbers = found.to_numpy(zero_copy_only=False)
        if not self.states.numeric:
            return _by_value(numbers, self.states)
        states = np.empty(len(numbers), np.int32)
        if numbers.dtype == np.float64:
            exact = numbers
        elif numbers.dtype.kind in "iu":
            exact = numbers.astype(np.float64)
            exact[(numbers > WIDEST_INT) | (numbers < -WIDEST_INT)] = np.inf
        else:
            exact = shortest_floats(numbers)
        own = self.states
        unknown = states_of_floats(
            exact, own.cuts, float(own.scale), float(own.multiple), float(NOISE), float(own.widest), FORMS, own.missing, states
        )
        if unknown:
            states[states < 0] = _by_value(numbers[states < 0], own)
        return states


def _by_value(numbers: npt.NDArray[Any], states: States) -> StateArray:
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


def number_source(states: States, values: pa.Array) -> Source:
    """A numeric column of a numeric parameter, looked up by steps."""
    kind = KINDS[values.type]
    first, last = states.grid_range
    if kind == k.FLOAT32:
        first, last = max(first, -FLOAT32_STEPS // states.multiple), min(last, FLOAT32_STEPS // states.multiple)
    cached = states.grid_places.get((first, last))
    if cached is None:
        cached = states.grid_places[first, last] = np.append(states.of_grid(first, last), (states.missing, ODD)).astype(np.int32)
    if kind == k.BYTE:
        return byte_source(states, values, _byte_places(states, values.type))
    if kind in (k.INT16, k.INT32) and states.step != 1:
        kind, values = k.INT64, values.cast(pa.int64())
    return Source(states, values, kind, states.scale, states.multiple, first, cached)


def _byte_places(states: States, kind: pa.DataType) -> list[int]:
    """The state of each byte's value."""
    found = states.byte_places.get(str(kind))
    if found is None:
        values = [byte - k.BYTES if byte >= k.BYTES // 2 and kind == pa.int8() else byte for byte in range(k.BYTES)]
        found = states.byte_places[str(kind)] = [states.of_raw(value) for value in values]
    return found


def byte_source(states: States, values: pa.Array, places: list[int], nothing: int | None = None) -> Source:
    """A column of single bytes: every one of them has its place."""
    return Source(states, values, k.BYTE, places=np.array([*places, states.missing if nothing is None else nothing, ODD], np.int32))


def small_code_source(states: States, values: pa.Array) -> Source:
    """Whole numbers that stand for categories."""
    kind = KINDS[values.type]
    if kind == k.BYTE:
        return byte_source(states, values, _byte_places(states, values.type))
    places = [states.of_raw(code) for code in range(SMALL_CODES)]
    return Source(states, values, kind, places=np.array([*places, states.missing, ODD], np.int32))


def distinct_source(states: States, values: pa.Array, prepare: Prepare | None) -> Source:
    """Any other column: each distinct value is read once."""
    if pa.types.is_string_view(values.type) or pa.types.is_large_string(values.type) or pa.types.is_string(values.type):
        found = short_text_source(states, values, prepare)
        if found is not None:
            return found
        values = plain_text(values)
    values = plain_text(values)
    coded = values if isinstance(values, pa.DictionaryArray) else pa.compute.dictionary_encode(values)
    nothing = reading_of_nothing(states, prepare)
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    observation = states.parameter.observation
    narrow = np.dtype(coded.dictionary.type.to_pandas_dtype()) if pa.types.is_floating(coded.dictionary.type) else None
    places, numbers = [], []
    for raw in coded.dictionary.to_pylist():
        if narrow is not None and raw is not None and narrow.itemsize < 8:
            raw = narrow.type(raw)
        if prepare is not None:
            raw = prepare(raw)
        reading = read(observation, raw)
        places.append(states.of_reading(reading))
        numbers.append(states.number_of(reading))
    return code_source(states, coded, places, states.of_reading(nothing), [*numbers, states.number_of(nothing)])


def reading_of_nothing(states: States, prepare: Prepare | None) -> Reading | Problem | None:
    """What a row without a value is read as: nothing, unless a map says what that means."""
    return None if prepare is None else read(states.parameter.observation, prepare(None))


def short_text_source(states: States, values: pa.Array, prepare: Prepare | None) -> Source | None:
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
    texts = [values[at].as_py() for at in firsts[:known].tolist()]
    observation = states.parameter.observation
    if len(states.text_places) > MOST_READ:
        states.text_places = {}
    read_before = {} if prepare else states.text_places  # every stretch of a file holds the same few
    for text in texts:
        if text not in read_before:
            found = read(observation, prepare(text) if prepare else text)
            read_before[text] = states.of_reading(found), states.number_of(found)
    nothing = reading_of_nothing(states, prepare)
    empty, places = states.of_reading(nothing), [read_before[text][0] for text in texts]
    numbers = np.array([states.number_of(nothing), *(read_before[text][1] for text in texts)]) if states.compared else None
    return Source(states, codes, k.INT32, places=np.array([empty, *places, empty, ODD], np.int32), number_by_code=numbers)


def code_source(states: States, coded: pa.DictionaryArray, places: list[int], nothing: int, numbers: Sequence[float] = (math.nan,)) -> Source:
    """A dictionary column whose values' states are known, and that of a row without a value; `numbers` are in the same order."""
    if coded.indices.type not in KINDS:
        coded = pa.DictionaryArray.from_arrays(coded.indices.cast(pa.int64()), coded.dictionary)
    kind = KINDS[coded.indices.type]
    if kind == k.BYTE:
        source = byte_source(states, coded, (places + [ODD] * k.BYTES)[: k.BYTES], nothing)
    else:
        source = Source(states, coded, kind, places=np.array([*places, nothing, ODD], np.int32))
    source.number_by_code = np.array(numbers)
    return source


def readable(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """A column as a kind that Arrow can select from and code; None for kinds that no reading has: lists, structs, somebody's own types."""
    kind = column.type
    if pa.types.is_run_end_encoded(kind):
        return readable(pa.compute.run_end_decode(column))
    own = kind.value_type if pa.types.is_dictionary(kind) else kind
    if pa.types.is_nested(own) or isinstance(own, pa.BaseExtensionType):
        return None
    if pa.types.is_decimal(kind) and kind.bit_width < 128:
        return column.cast(pa.decimal128(kind.precision, kind.scale))
    return column.cast(pa.large_binary()) if pa.types.is_binary_view(kind) else column


def plain_text(values: pa.Array) -> pa.Array:
    """Text views as text that Arrow can select from and dictionary-code."""
    if isinstance(values, pa.DictionaryArray) and pa.types.is_string_view(values.dictionary.type):
        return pa.DictionaryArray.from_arrays(values.indices, values.dictionary.cast(pa.large_string()))
    if pa.types.is_string_view(values.type):
        return values.cast(pa.large_string())
    return values


def source_of(states: States, values: pa.Array, prepare: Prepare | None = None) -> Source:
    """A column as the kernel takes it."""
    if pa.types.is_null(values.type):
        if states.of_reading(reading_of_nothing(states, prepare)) == states.missing:
            return absent_source(states)
        values = values.cast(pa.string())
    if prepare is None and values.type in WIDENED:
        values = values.cast(WIDENED[values.type])
    if prepare is None and values.type in KINDS:
        return number_source(states, values) if states.numeric else small_code_source(states, values)
    return distinct_source(states, values, prepare)


def absent_source(states: States) -> Source:
    """A parameter without a column: no reading in any row."""
    return Source(states, None, places=np.array([states.missing, ODD], np.int32))
