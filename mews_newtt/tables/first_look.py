"""A first look at somebody else's file: its columns, some of their values and about how many rows it has. Only its start is read."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.json_text import JsonError, read_object
from mews_newtt.reading.suggest import ColumnSample
from mews_newtt.tables.csv_rows import read_header, text_lines, text_rows
from mews_newtt.tables.formats import DAMAGED, PACKED

START_BYTES = 4 << 20  # bytes that are read at most
SAMPLED_ROWS = 1000


class FirstLook(NamedTuple):
    """The columns of a file with the values of its first rows.

    rows : how many rows the file has: exact for a short file or Parquet, else an estimate of two digits; None for a packed file
    """

    columns: list[ColumnSample]
    rows: int | None


def first_look(path: Path, name: str, kind: str) -> FirstLook:
    """The columns of a file, and the values of its first rows.

    Parameters
    ----------
    path : the file; a packed one (`formats.PACKED`) is unpacked
    name : what messages call the file
    kind : "csv", "ndjson" or "parquet", a kind of `formats.KINDS`

    Raises
    ------
    FileError  the file cannot be read
    """
    if kind == "parquet":
        return _parquet(path, name)
    if kind not in ("csv", "ndjson"):
        raise NotImplementedError(f"nothing here looks into a file of the kind {kind!r}")
    try:
        with _opened(path) as stream:
            start = stream.read(START_BYTES)
            cut = bool(stream.read(1))
    except (OSError, *DAMAGED) as fault:
        raise _unreadable(name, fault) from None
    rows, names, used = _rows_of_json(start, cut, name) if kind == "ndjson" else _rows_of_csv(start, cut, name)
    cells: dict[str, dict[str, None]] = {each: {} for each in names}
    for row in rows:
        for each, cell in row.items():
            cells.setdefault(each, {}).setdefault(cell[:200])
    packed = path.suffix in PACKED
    about = None if packed or not rows else len(rows) if len(rows) < SAMPLED_ROWS and not cut else _about(path.stat().st_size * len(rows) / used)
    return FirstLook([ColumnSample(each, tuple(values)) for each, values in cells.items()], about)


def _about(amount: float) -> int:
    """An estimate, rounded to two digits because it is no more exact than that."""
    return int(round(amount, 2 - len(str(int(amount)))))


def _opened(path: Path) -> BinaryIO:
    if path.suffix == ".gz":
        return cast(BinaryIO, gzip.open(path, "rb"))
    if path.suffix == ".zst":
        import pyarrow as pa  # batch extra

        return cast(BinaryIO, pa.input_stream(str(path), compression="zstd"))
    return path.open("rb")


def _lines(start: bytes, cut: bool, name: str) -> Iterator[str]:
    """The whole lines at the start of a file."""
    if cut:
        start = start[: start.rfind(b"\n") + 1]
    return text_lines(io.BytesIO(start), name)


def _rows_of_csv(start: bytes, cut: bool, name: str) -> tuple[list[dict[str, str]], list[str], int]:
    used = 0

    def counted(lines: Iterator[str]) -> Iterator[str]:
        nonlocal used
        for line in lines:
            used += len(line.encode("utf-8", "replace"))
            yield line

    lines = _lines(start, cut, name)
    header = read_header(lines, name)
    rows: list[dict[str, str]] = []
    try:
        for _, cells in islice(text_rows(counted(lines), header, name), SAMPLED_ROWS):
            rows.append(dict(zip(header.names, cells, strict=True)))
    except FileError:
        if not (cut and rows):  # we read only the start, which may end inside a quoted cell
            raise
    return rows, header.names, max(used, 1)


def _rows_of_json(start: bytes, cut: bool, name: str) -> tuple[list[dict[str, str]], list[str], int]:
    rows: list[dict[str, str]] = []
    used = 1
    for place, line in enumerate(islice(_lines(start, cut, name), SAMPLED_ROWS), start=1):
        used += len(line.encode("utf-8", "replace"))
        if not line.strip():
            continue
        try:
            found = read_object(line, f"{name}, line {place}", "write one JSON object in each line", nan=True)
        except JsonError as fault:
            raise FileError(fault.problems) from None
        rows.append({str(key): "" if value is None else str(value) for key, value in found.items()})
    return rows, list(dict.fromkeys(key for row in rows for key in row)), used


def _parquet(path: Path, name: str) -> FirstLook:
    import pyarrow as pa  # batch extra, as the next line
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        first = next(file.iter_batches(SAMPLED_ROWS), None)
        names = file.schema_arrow.names
        values = {each: dict.fromkeys("" if v is None else str(v)[:200] for v in first.column(each).to_pylist()) if first else {} for each in names}
        return FirstLook([ColumnSample(each, tuple(values[each])) for each in names], file.metadata.num_rows)
    except (pa.ArrowException, OSError, ValueError) as fault:
        raise _unreadable(name, fault) from None


def _unreadable(name: str, fault: Exception) -> FileError:
    return FileError(Problem("not_readable", name, f"cannot be read ({type(fault).__name__})", "save it again, as CSV in UTF-8 if in doubt"))
