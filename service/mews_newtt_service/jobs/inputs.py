"""The files of a job: its upload within the limits of the settings, its map and its reading plan; and its answer as JSON."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mews_newtt.chart.model import Chart
from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.columns import ColumnMap, read_map
from mews_newtt.reading.plan import Plan, read_plan
from mews_newtt.tables.formats import DAMAGED, PACKED
from mews_newtt.tables.read import unpacked
from mews_newtt_service.jobs.job import upload_folder
from mews_newtt_service.jobs.parquet_size import bytes_as_text, text_columns
from mews_newtt_service.jobs.uploads import OF_PLANS
from mews_newtt_service.settings import Settings

CHUNK = HEADER_BYTES = 1 << 20
MOST_COLUMNS = 5_000
PLAN = "plan.toml"


def input_file(folder: Path, parameters: Mapping[str, Any], settings: Settings) -> Path:
    """The upload, unpacked: the job's own, or that of the draft that it looks at.

    Unpacking stops with an error at the size that the settings allow.
    """
    given = upload_folder(folder, parameters) / str(parameters["input"])
    if not given.is_file():
        raise FileError(Problem("upload_gone", str(parameters["name"]), "is not here, or no longer", "send the file again"))
    if given.suffix == ".parquet":
        return _measured(given, settings)
    if given.suffix not in PACKED:
        return _with_header(given)
    plain = folder / f"plain-{given.stem}"
    with given.open("rb") as stream, unpacked(stream, PACKED[given.suffix]) as packed, plain.open("wb") as whole:
        size = 0
        try:
            while chunk := packed.read(CHUNK):
                size += len(chunk)
                if size > settings.unpacked_bytes:
                    raise FileError(
                        Problem("unpacked_too_large", str(given), f"unpacks to more than {settings.unpacked_bytes:,} bytes", "send it in parts")
                    )
                whole.write(chunk)
        except (*DAMAGED, gzip.BadGzipFile, pa.ArrowException) as fault:
            raise FileError(Problem("not_readable", str(given), f"cannot be unpacked ({type(fault).__name__})", "pack it again")) from None
        except OSError as fault:
            if fault.errno is None:  # Arrow's error for a broken file has no errno; a full disk has one
                raise FileError(Problem("not_readable", str(given), "cannot be unpacked", "pack it again")) from None
            raise
    return _with_header(plain)


def _with_header(path: Path) -> Path:
    """Refuse a CSV file whose first line is too long for a header or names too many columns."""
    if path.suffix in OF_PLANS and path.suffix not in (".csv", ".ndjson"):
        return path  # a reading plan reads it, and has limits of its own
    if path.suffix not in (".csv", ".ndjson"):
        raise NotImplementedError(f"nothing here knows the limits of {path.suffix}")
    if path.suffix == ".csv":
        with path.open("rb") as file:
            line = file.read(HEADER_BYTES).partition(b"\n")[0]
        if len(line) == HEADER_BYTES:
            raise FileError(Problem("not_csv", f"{path}, row 1", f"is longer than {HEADER_BYTES:,} bytes", "send CSV with a header of column names"))
        _few_columns(path, 1 + max(line.count(mark) for mark in (b",", b";", b"\t", b"|")))
    return path


def _few_columns(path: Path, columns: int) -> None:
    if columns > MOST_COLUMNS:
        raise FileError(
            Problem("too_many_columns", str(path), f"has {columns:,} columns; {MOST_COLUMNS:,} are read", "send the columns of the readings")
        )


def _measured(path: Path, settings: Settings) -> Path:
    """Refuse a Parquet file that is beyond the limits, as it is written or as text."""
    try:
        about = pq.ParquetFile(path).metadata
        _few_columns(path, about.num_columns)
        size = sum(about.row_group(place).total_byte_size for place in range(about.num_row_groups))
        if about.num_rows <= settings.upload_rows and size <= settings.unpacked_bytes:
            texts = text_columns(pq.read_schema(path))
            size = max(size, bytes_as_text(pq.ParquetFile(path, read_dictionary=texts), settings.unpacked_bytes))
    except (pa.ArrowException, OSError) as fault:
        raise FileError(
            Problem("not_readable", str(path), f"is not a Parquet file that can be read ({type(fault).__name__})", "write it again")
        ) from None
    if about.num_rows > settings.upload_rows:
        raise FileError(Problem("too_many_rows", str(path), f"has {about.num_rows:,} rows; {settings.upload_rows:,} are allowed", "send it in parts"))
    if size > settings.unpacked_bytes:
        raise FileError(Problem("unpacked_too_large", str(path), f"unpacks to more than {settings.unpacked_bytes:,} bytes", "send it in parts"))
    return path


def plan_file(folder: Path, parameters: Mapping[str, Any]) -> Path | None:
    """The file of the job's reading plan, if it has one."""
    path = folder / str(parameters.get("plan", PLAN))
    return path if path.is_file() else None


def plan_of(folder: Path, parameters: Mapping[str, Any], chart: Chart) -> Plan | None:
    """The job's reading plan with its faults: whoever reads the file with it names them."""
    path = plan_file(folder, parameters)
    return read_plan(path, observations=chart.observations, keep_faults=True) if path is not None else None


def map_of(folder: Path, parameters: Mapping[str, Any]) -> ColumnMap | None:
    """The job's map file."""
    path = folder / str(parameters.get("map", "map.toml"))
    return read_map([str(path)]) if path.is_file() else None


def write_document(path: Path, document: Mapping[str, Any]) -> None:
    """Write an answer as JSON."""
    path.write_text(json.dumps(document, ensure_ascii=False, allow_nan=False), encoding="utf-8")
