"""Answers about the sets that count as columns of the whole table: what is said of a set goes to its row, and other rows have nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from mews_newtt.engines.arrow import array_of, bitmap_of, text_array
from mews_newtt.episode.read_times import NO_TIME_AT_ALL, Micros

Values = npt.NDArray[Any]
FEW_BITS = 1 << 16


class Answers:
    """rows : of the whole table; places : the row of each set that counts, None where every row counts and is in order"""

    def __init__(self, rows: int, places: npt.NDArray[np.int64] | None, zoned: bool):
        self.rows, self.places = rows, places
        self._time = pa.timestamp("us", "UTC" if zoned else None)
        self.columns: dict[str, pl.Series] = {}

    def _spread(self, values: Values, valid: npt.NDArray[np.bool_]) -> tuple[Values, npt.NDArray[np.bool_]]:
        if self.places is None:
            return np.ascontiguousarray(values), valid
        wide, known = np.zeros(self.rows, values.dtype), np.zeros(self.rows, bool)
        wide[self.places], known[self.places] = values, valid
        return wide, known

    def _add(self, name: str, values: Values, valid: npt.NDArray[np.bool_], kind: Any = None) -> None:
        wide, known = self._spread(values, valid)
        array = array_of(wide, bitmap_of(known))
        self.columns[name] = pl.Series(name, array if kind is None else array.view(kind))

    def whole(self, name: str, values: Values, valid: npt.NDArray[np.bool_]) -> None:
        """Small whole numbers."""
        self._add(name, values.astype(np.int8, copy=False), valid)

    def minutes(self, name: str, values: Values, valid: npt.NDArray[np.bool_]) -> None:
        """Lengths of time in minutes."""
        self._add(name, values, valid)

    def time(self, name: str, values: Micros) -> None:
        """Times; null for `NO_TIME_AT_ALL`."""
        self._add(name, values, values != NO_TIME_AT_ALL, self._time)

    def truth(self, name: str, values: npt.NDArray[np.bool_], valid: npt.NDArray[np.bool_]) -> None:
        wide, known = self._spread(values, valid)
        self.columns[name] = pl.Series(name, pa.Array.from_buffers(pa.bool_(), self.rows, [bitmap_of(known), _bits(wide)]))

    def levels(self, name: str, ranks: Values, valid: npt.NDArray[np.bool_], ids: Sequence[str]) -> None:
        """Levels by their ranks."""
        wide, known = self._spread(np.where(valid, ranks, 0), valid)
        codes = pl.Series(array_of(wide.astype(np.uint32), bitmap_of(known)))
        self.columns[name] = pl.Series(name, ids, dtype=pl.Enum(ids)).gather(codes)

    def words(self, name: str, codes: npt.NDArray[np.uint8], words: Sequence[str]) -> pl.Series:
        """One of a few words for every row of the table."""
        kind = pl.Enum(words)
        if len(codes) and codes.min() == codes.max():
            return pl.repeat(words[codes[0]], len(codes), dtype=kind, eager=True)
        return pl.Series(name, words, dtype=kind).gather(codes)

    def no_time(self, name: str) -> None:
        """A column of times without any."""
        self.nothing(name, self._time)

    def nothing(self, name: str, kind: Any) -> None:
        """A column without any answer."""
        self.columns[name] = pl.Series(name, pa.nulls(self.rows, kind))

    def named(self, name: str, bits: npt.NDArray[Any], names: Sequence[str]) -> None:
        """The names whose places a number holds as bits, with blanks between them, as a categorical column; null where no set counts."""
        if not bits.any():
            codes, present = np.zeros(len(bits), np.int32), np.zeros(1, np.int64)
        elif len(names) < FEW_BITS.bit_length():
            there = np.zeros(1 << len(names), bool)
            there[bits] = True
            present = np.flatnonzero(there)
            code_of = np.zeros(int(present[-1]) + 1, np.int32)
            code_of[present] = np.arange(len(present))
            codes = code_of[bits]
        else:
            present, found = np.unique(bits, return_inverse=True)
            codes = found.astype(np.int32)
        texts = [" ".join(one for place, one in enumerate(names) if number >> place & 1) for number in present.tolist()]
        wide, known = self._spread(codes, np.ones(len(codes), bool))
        self.columns[name] = categorical(name, pa.DictionaryArray.from_arrays(array_of(wide, bitmap_of(known)), text_array(texts), safe=False))


def categorical(name: str, words: pa.DictionaryArray) -> pl.Series:
    """Words of which many rows have the same few."""
    return pl.Series(name, words, dtype=pl.Categorical)


def constant(name: str, word: str, rows: int) -> pl.Series:
    """One word in every row."""
    return categorical(name, pa.DictionaryArray.from_arrays(array_of(np.zeros(rows, np.int32)), text_array([word]), safe=False))


def _bits(values: npt.NDArray[np.bool_]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(values, bitorder="little"))
