"""Which format a file has: by its name, by what the caller says, or (a stream) by its first bytes. The only place that knows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

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
KINDS = tuple(dict.fromkeys(FORMATS.values()))
PACKED = {".gz": "gzip", ".zst": "zstd"}
MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
STDIO = "-"  # standard input as an input, standard output as an output
LONGEST_MAGIC = max(map(len, MAGIC))


class Format(NamedTuple):
    """csv, parquet, ndjson or json (an array), or empty where it is not known yet; and gzip, zstd or None."""

    kind: str
    packed: str | None = None


CSV = Format("csv")


def format_of(path: str | Path, named: str | None = None) -> Format:
    """The format of a file by its name, or as the caller says. Raises FileError where neither tells."""
    packed, kind = _suffixes(Path(path))
    kind = named or kind
    if kind is None:
        mend = "name it .csv, .csv.gz, .csv.zst, .parquet, .ndjson or .json, or use --format"
        raise FileError(Problem("format_unknown", str(path), "does not say what it is", mend))
    if kind not in KINDS:
        raise FileError(Problem("format_unknown", str(path), f"cannot be {kind!r}", "the formats are csv, parquet, ndjson and json"))
    if packed and kind == "parquet":
        raise FileError(Problem("format_packed", str(path), "is a packed Parquet file", "Parquet packs its own columns: unpack it first"))
    return Format(kind, packed)


def _suffixes(path: Path) -> tuple[str | None, str | None]:
    """How a file is packed, and its kind; each None where the name does not say."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = PACKED.get(suffixes[-1]) if suffixes else None
    own = suffixes[-2:-1] if packed else suffixes[-1:]
    return packed, FORMATS.get(own[0]) if own else None


def csv_unless_named(path: str | Path) -> str | None:
    """`csv` for a file whose name says nothing, as a shell's <(...) or `-o result`; None for every other name."""
    path = Path(path)
    return None if str(path) == STDIO or any(_suffixes(path)) or path.is_dir() else "csv"


def output_format(output: object, named: str | None, *, rows_as_json: bool = False) -> Format:
    """The format of an output: a file's by its name, a stream's CSV; in both cases the caller may say another one."""
    name = str(output) if isinstance(output, (str, Path)) and str(output) != STDIO else ""
    if name and Path(name).is_dir():
        raise FileError(Problem("output_is_folder", name, "is a folder", "name a file"))
    form = format_of(name, named) if name else format_of("output.csv", named)
    if form.kind != "json":
        return form
    if rows_as_json and not form.packed:
        return CSV  # the caller's name for lines that hold the whole result of each row
    mend = "write .ndjson: one JSON object in each line; for one plain CSV file --json gives the whole result of each row"
    raise FileError(Problem("format_not_written", name or "output", "cannot be written as a JSON array", mend))


def packing_of(head: bytes) -> str | None:
    """How a stream is packed, by its first bytes."""
    return next((packed for magic, packed in MAGIC.items() if head.startswith(magic)), None)


def kind_of(head: bytes) -> str:
    """What a stream without a name is, by its (unpacked) first bytes: no table of text begins as Parquet or JSON does."""
    if head.startswith(b"PAR1"):
        return "parquet"
    if re.match(rb"\s*\[\s*[{\]]", head):
        return "json"
    return "ndjson" if head.lstrip().startswith(b"{") else "csv"


def is_table(path: Path) -> bool:
    """Whether a folder's file is meant: its name has a suffix of ours, and it is not the unfinished output of a run that was killed."""
    return bool(FORMATS.keys() & {suffix.lower() for suffix in path.suffixes}) and not path.name.startswith(".")
