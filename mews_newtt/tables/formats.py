"""What a file is and how it is packed: by its name, as somebody says, or (a stream) by its first bytes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from mews_newtt.errors import FileError, Problem

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "json",  # an array of sets; only read, never written
}
PACKED = {".gz": "gzip", ".zst": "zstd"}
MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
STDIO = "-"
MEND = "name it .csv, .csv.gz, .csv.zst, .parquet, .ndjson or .json, or use --format"
Input = str | Path | BinaryIO


class Format(NamedTuple):
    """csv, parquet, ndjson or json (an array); and gzip, zstd or None."""

    kind: str
    packed: str | None = None


def format_of(path: str | Path, named: str | None = None) -> Format:
    """What a file is by its name, or as somebody says."""
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    packed = PACKED.get(suffixes[-1]) if suffixes else None
    own = suffixes[-2:-1] if packed else suffixes[-1:]
    kind = named or (FORMATS.get(own[0]) if own else None)
    if kind is None:
        raise FileError(Problem("format_unknown", str(path), "does not say what it is", MEND))
    if kind not in FORMATS.values():
        raise FileError(Problem("format_unknown", str(path), f"cannot be {kind!r}", "the formats are csv, parquet, ndjson and json"))
    if packed and kind == "parquet":
        raise FileError(Problem("format_packed", str(path), "is a packed Parquet file", "Parquet packs its own columns: unpack it first"))
    return Format(kind, packed)


def packing_of(head: bytes) -> str | None:
    """How a stream is packed, by its first bytes."""
    return next((packed for magic, packed in MAGIC.items() if head.startswith(magic)), None)


def kind_of(head: bytes) -> str:
    """What a stream without a name is, by its (unpacked) first bytes: Parquet and JSON begin as no table of text does."""
    if head.startswith(b"PAR1"):
        return "parquet"
    if re.match(rb"\s*\[\s*[{\]]", head):
        return "json"
    return "ndjson" if head.lstrip().startswith(b"{") else "csv"


def opened(inputs: Input | Sequence[Input]) -> list[Input]:
    """The inputs one by one, with folders opened by name."""
    found: list[Input] = []
    for one in inputs if isinstance(inputs, Sequence) and not isinstance(inputs, str) else [inputs]:
        if isinstance(one, (str, Path)) and str(one) != STDIO and Path(one).is_dir():
            inside = sorted(path for path in Path(one).iterdir() if path.is_file() and _is_ours(path))
            if not inside:
                raise FileError(Problem("folder_empty", str(one), "holds no CSV, Parquet, NDJSON or JSON file", "name another folder"))
            found += inside
        else:
            found.append(one)
    if not found:
        raise FileError(Problem("no_input", "inputs", "there are none", "name a file or a folder"))
    return found


def _is_ours(path: Path) -> bool:
    """Whether a folder's file is meant: named as a table, and not the unfinished output of a run that was killed."""
    return bool(FORMATS.keys() & {suffix.lower() for suffix in path.suffixes}) and not path.name.startswith(".")
