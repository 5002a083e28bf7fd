"""The forms that a file of sets can have: every kind of `formats.KINDS`, plain and packed. A kind that is added is under test without more."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl
import pyarrow as pa

from mews_newtt.tables.formats import KINDS, PACKED, format_of
from mews_newtt.tables.write import sink


def forms(*, written: bool = False, packed: tuple[str, ...] = tuple(PACKED)) -> list[str]:
    """Endings of names, `.csv`, `.csv.gz` and so on; with `written` only those that results can be written as."""
    kinds = [kind for kind in KINDS.values() if kind.written or not written]
    return [kind.suffix + end for kind in kinds for end in ("", *(packed if kind.text else ()))]


def write_rows(rows: Sequence[Mapping[str, object]], path: Path) -> None:
    """Rows in the form of the name."""
    form = format_of(path)
    if KINDS[form.kind].written:
        sink(pl.DataFrame(rows, infer_schema_length=None).lazy(), path, form)
        return
    text = json.dumps(rows).encode()
    path.write_bytes(gzip.compress(text) if form.packed == "gzip" else pa.compress(text, form.packed, asbytes=True) if form.packed else text)
