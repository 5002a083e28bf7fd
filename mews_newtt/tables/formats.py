"""Which format a file has: by its name, by what the caller says, or (a stream) by its first bytes. The only place that knows."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple

from mews_newtt.errors import FileError, Problem

FormatName = Literal["csv", "parquet", "ndjson", "json"]  # the keys of KINDS, for type checkers
OutputFormatName = Literal["csv", "parquet", "ndjson"]  # those that can be written


class Kind(NamedTuple):
    """A kind of table.

    title : what people call it
    suffixes : of its file names; the first is for files that we name
    media_types : of its files over HTTP; the first is for our answers
    starts : a pattern that its first bytes match, and those of no other kind; empty for CSV, which is any text that is left
    text : whether it may be packed (PACKED); a kind that is not text packs itself
    written : whether results can be written as it
    """

    title: str
    suffixes: tuple[str, ...]
    media_types: tuple[str, ...] = ()
    starts: bytes = b""
    text: bool = True
    written: bool = True

    @property
    def suffix(self) -> str:
        """Of files that we name."""
        return self.suffixes[0]


# Everything else that depends on the kind is in read.py (`_file`), write.py (`sink`), first_look.py, and for an upload's limits in the service's
# jobs/work.py. Each refuses a kind that it does not know.
KINDS = {
    "csv": Kind("CSV", (".csv", ".tsv", ".txt"), ("text/csv", "text/tab-separated-values")),
    "parquet": Kind("Parquet", (".parquet", ".pq"), ("application/vnd.apache.parquet",), rb"PAR1", text=False),
    "ndjson": Kind("NDJSON", (".ndjson", ".jsonl"), ("application/x-ndjson", "application/jsonl"), rb"\s*\{"),
    "json": Kind("JSON array", (".json",), starts=rb"\s*\[\s*[{\]]", written=False),
}
BY_SUFFIX = {suffix: name for name, kind in KINDS.items() for suffix in kind.suffixes}
BY_MEDIA_TYPE = {media_type: name for name, kind in KINDS.items() for media_type in kind.media_types}
TITLES = [kind.title for kind in KINDS.values()]
WRITTEN = tuple(name for name, kind in KINDS.items() if kind.written)
PACKED = {".gz": "gzip", ".zst": "zstd"}
DAMAGED = (EOFError, zlib.error)  # what unpackers raise for damaged bytes, beside an OSError without a number
MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
STDIO = "-"  # standard input as an input, standard output as an output
LONGEST_MAGIC = max(map(len, MAGIC))


class Format(NamedTuple):
    """One of KINDS, or empty where it is not known yet; and gzip, zstd or None."""

    kind: str
    packed: str | None = None


CSV = Format("csv")


def format_of(path: str | Path, named: str | None = None) -> Format:
    """The format of a file: as the caller says, or by its name. Raises FileError if both leave it open."""
    packed, kind = _suffixes(Path(path))
    kind = named or kind
    if kind is None:
        mend = f"name it {any_of(kind.suffix for kind in KINDS.values())} ({' or '.join(PACKED)} may follow), or use --format"
        raise FileError(Problem("format_unknown", str(path), "does not say what it is", mend))
    if kind not in KINDS:
        raise FileError(Problem("format_unknown", str(path), f"cannot be {kind!r}", f"say {any_of(KINDS)}"))
    if packed and not KINDS[kind].text:
        title = KINDS[kind].title
        raise FileError(Problem("format_packed", str(path), f"is a packed {title} file", f"{title} packs its own columns: unpack it first"))
    return Format(kind, packed)


def _suffixes(path: Path) -> tuple[str | None, str | None]:
    """How a file is packed, and its kind; each None where the name does not say."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = PACKED.get(suffixes[-1]) if suffixes else None
    own = suffixes[-2:-1] if packed else suffixes[-1:]
    return packed, BY_SUFFIX.get(own[0]) if own else None


def kind_by_name(path: str | Path) -> str | None:
    """The kind of a file by its name alone; None where that does not say."""
    return _suffixes(Path(path))[1]


def csv_unless_named(path: str | Path) -> Literal["csv"] | None:
    """`csv` for a file whose name says nothing, as a shell's <(...) or `-o result`; None for every other name."""
    path = Path(path)
    return None if str(path) == STDIO or any(_suffixes(path)) or path.is_dir() else "csv"


def output_format(output: object, named: str | None, *, rows_as_json: bool = False) -> Format:
    """The format of an output: a file's by its name, a stream's CSV; in both cases the caller may say another one."""
    name = str(output) if isinstance(output, (str, Path)) and str(output) != STDIO else ""
    if name and Path(name).is_dir():
        raise FileError(Problem("output_is_folder", name, "is a folder", "name a file"))
    form = format_of(name, named) if name else format_of("output.csv", named)
    if KINDS[form.kind].written:
        return form
    if rows_as_json and form == Format("json"):
        return CSV  # the caller's name for lines that hold the whole result of each row
    mend = "write .ndjson: one JSON object in each line; for one plain CSV file --json gives the whole result of each row"
    raise FileError(Problem("format_not_written", name or "output", f"cannot be written as a {KINDS[form.kind].title}", mend))


def packing_of(head: bytes) -> str | None:
    """How a stream is packed, by its first bytes."""
    return next((packed for magic, packed in MAGIC.items() if head.startswith(magic)), None)


def kind_of(head: bytes) -> str:
    """What a stream without a name is, by its (unpacked) first bytes: no table of CSV begins as the other kinds do."""
    return next((name for name, kind in KINDS.items() if kind.starts and re.match(kind.starts, head)), "csv")


def any_of(names: Iterable[str]) -> str:
    """Names as a sentence lists them: `csv, parquet or ndjson`."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def is_table(path: Path) -> bool:
    """Whether a folder's file is meant: its name has a suffix of ours, and it is not the unfinished output of a run that was killed."""
    return bool(BY_SUFFIX.keys() & {suffix.lower() for suffix in path.suffixes}) and not path.name.startswith(".")
