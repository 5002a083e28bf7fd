"""Packed bits for `missing` and `flags` as texts: each distinct combination is written once."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from mews_newtt.engines.packed.layout import Layout

Codes = npt.NDArray[np.int32]
Texts = Callable[[Iterable[int]], tuple[str, str]]


def texts_of(layout: Layout) -> Texts:
    """A function from one combination of packed words to its `missing` and `flags`."""
    compiled = layout.compiled
    missing = [(name, layout.field_at(f"missing:{name}")) for name in compiled.parameters]
    flags = []  # text, fields that must be there, fields that must not
    for rule in compiled.flags:
        name, without = rule.parameter, []
        if rule.kind in ("own", "not_above"):
            wanted = [f"flag:{rule.flag}:{name}"]
        elif rule.kind == "assumed":
            wanted = [f"assumed:{name}"]
        elif rule.kind == "lone":
            wanted, without = [f"given:{name}"], [f"given:{rule.other}"]
        else:
            wanted = [f"scope:{rule.rule}:{part}" for part in range(len(compiled.chart.scope[rule.rule].when))]
        if all(one in layout.fields for one in wanted):
            flags.append((rule.text, [layout.fields[one] for one in wanted], [layout.field_at(one) for one in without]))

    def texts(packed: Iterable[int]) -> tuple[str, str]:
        words = list(packed)
        lacks = [name for name, field in missing if (words[field.word] >> field.shift) & field.mask]
        found = [
            text
            for text, wanted, without in flags
            if all((words[field.word] >> field.shift) & field.mask for field in wanted)
            and not any((words[field.word] >> field.shift) & field.mask for field in without)
        ]
        return ";".join(lacks), ";".join(found)

    return texts


def write_codes(codes: Codes, numbers: list[int], into: Codes) -> None:
    """Write the codes of texts into rows; `codes` says which entry of `numbers` each row has."""
    if all(number == numbers[0] for number in numbers):
        into[:] = numbers[0] if numbers else 0
    elif numbers == list(range(len(numbers))):
        into[:] = codes
    else:
        np.take(np.array(numbers, np.int32), codes, out=into)
