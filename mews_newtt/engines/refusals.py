"""Why rows are refused, in the words of the reference: it is asked once for each distinct way to be refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mews_newtt.chart.model import Chart
from mews_newtt.engines.arrow import compute, plain_text
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.reading.rows import given_of_row
from mews_newtt.reading.values import SKIP_PREFIX
from mews_newtt.scoring.reference import score

Rows = npt.NDArray[np.int64]
Faulty = Mapping[str, npt.NDArray[np.bool_]]  # by parameter, whether its own cells refuse the row
Wording = Callable[[Rows, Faulty], tuple[list[str], npt.NDArray[np.int32]]]  # texts, and which of them each row has
Distinct = Callable[[npt.NDArray[np.int64]], tuple[Any, npt.NDArray[np.int32]]]  # columns of an array to its distinct ones, and which each is
UNRELATED = 0  # the code of a cell that has nothing to do with the refusal


def wording(chart: Chart, columns: Mapping[str, pa.Array], column_map: ColumnMap, distinct: Distinct) -> Wording:
    """A function from rows and their faulty cells to the reasons why they are refused.

    Only faulty cells, and cells that a rule of the chart can refuse together, are shown to the reference: the others cannot change its
    words.
    """
    read = frozenset(chart.by_id)
    scope = {name for rule in chart.scope if rule.refuse for name, _ in rule.when}
    always = {name for group in chart.groups if group.kind == "one_of" for name in group.parameters} | scope

    def reasons(rows: Rows, faulty: Faulty) -> tuple[list[str], npt.NDArray[np.int32]]:
        cells, codes = {}, []
        for name, values in columns.items():
            owner = name.removeprefix(SKIP_PREFIX)
            if owner not in always and not faulty[owner].any():
                continue
            cells[name] = plain_text(values).take(pa.array(rows))
            found = _codes(cells[name])
            if owner not in scope and owner in always and name == owner:
                codes.append(np.where(faulty[owner], found, _given(cells[name], found)))
            else:
                codes.append(found if owner in always else np.where(faulty[owner], found, UNRELATED))
        if not codes:
            raise AssertionError("a row refused for no reason")
        _, ways = distinct(np.stack(codes))
        _, firsts = np.unique(ways, return_index=True)
        shown = {name: (python_values(found.take(pa.array(firsts))), codes[index]) for index, (name, found) in enumerate(cells.items())}
        texts = []
        for index, first in enumerate(firsts.tolist()):
            row = {name: values[index] for name, (values, code) in shown.items() if code[first] != UNRELATED}
            result = score(chart, given_of_row(row, column_map, read), raise_refused=False)
            texts.append("; ".join(f"{problem.where}: {problem.what}" for problem in result.problems))
        return texts, ways

    return reasons


def _codes(values: pa.Array) -> Rows:
    """Equal cells have equal codes, from 1 on."""
    coded = values if isinstance(values, pa.DictionaryArray) else compute().dictionary_encode(values, null_encoding="encode")
    return np.asarray(coded.indices.cast(pa.int64()).fill_null(len(coded.dictionary)).to_numpy(zero_copy_only=False)) + 1


def _given(values: pa.Array, codes: Rows) -> Rows:
    """Of a number that is one of several, only whether it is there matters: one code for all of them, and one for none."""
    if not (pa.types.is_floating(values.type) or pa.types.is_integer(values.type)) or pa.types.is_float16(values.type):
        return codes
    there = compute().invert(compute().is_null(values, nan_is_null=True)).to_numpy(zero_copy_only=False)
    top = int(codes.max())
    return np.where(there, np.int64(top + 1), np.int64(top + 2))


def python_values(values: pa.Array) -> list[Any]:
    """Cells as the reading rules take them: a narrow float stays one, because it stands for fewer digits."""
    found: list[Any] = values.to_pylist()
    own = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    if pa.types.is_float32(own) or pa.types.is_float16(own):
        kind = np.dtype(own.to_pandas_dtype()).type
        return [None if value is None else kind(value) for value in found]
    return found
