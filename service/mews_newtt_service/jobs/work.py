"""Does a job: calls one public function of the library on the files in the job's folder, and writes result files beside them."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa
import pyarrow.parquet as pq

from mews_newtt import __version__
from mews_newtt.chart.catalogue import catalogue, load_chart
from mews_newtt.chart.model import Chart
from mews_newtt.errors import ChartNotFound, FileError, Problem
from mews_newtt.fhir.jsontext import write_json
from mews_newtt.fhir.packs import pack_collection
from mews_newtt.reading.columns import ColumnMap, read_map
from mews_newtt.tables.files import score_file
from mews_newtt.tables.table import score_table
from mews_newtt.validation.compare import diagnosed, validate_file
from mews_newtt.validation.packs import make_pack, write_pack
from mews_newtt.validation.reports import write_reports
from mews_newtt_service.jobs.queue import Job
from mews_newtt_service.settings import Settings

Progress = Callable[..., None]  # rows done, and the share of the whole where it is known
Results = tuple[int, list[dict[str, Any]]]
MEDIA_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".parquet": "application/vnd.apache.parquet",
    ".ndjson": "application/x-ndjson",
    ".json": "application/json",
    ".html": "text/html; charset=utf-8",
    ".xml": "application/xml",
}
FHIR_FILES = {"fhir.json": "application/fhir+json", "fhir.ndjson": "application/fhir+ndjson"}
CHUNK = HEADER_BYTES = 1 << 20
MOST_COLUMNS = 5_000


def warm() -> None:
    """Load the compiled kernels before the first job needs them."""
    chart = catalogue().charts()[0]
    score_table(chart, pa.table({parameter.id: pa.array([None], pa.string()) for parameter in chart.parameters}), points=True)


def do(job: Job, folder: Path, out: Path, settings: Settings, progress: Progress) -> Results:
    """Run one job: the rows it went through, and its result files."""
    chart = load_chart(job.chart, job.version)
    if chart.sha256 != job.sha256:
        raise ChartNotFound(Problem("chart_changed", f"chart {chart.id} {chart.version}", "was changed after the job was sent", "send the job again"))
    rows = {"score": _score, "verify": _verify, "pack": _pack}[job.kind](chart, job.parameters, folder, out, settings, progress)
    return rows, [_described(path, out.name) for path in sorted(out.iterdir())]


def _score(chart: Chart, parameters: dict[str, Any], folder: Path, out: Path, settings: Settings, progress: Progress) -> int:
    source = _input(folder, parameters, settings)
    summary = score_file(
        chart,
        source,
        out / f"scores.{parameters['output_format']}",
        column_map=_column_map(folder, parameters),
        points=parameters.get("points", False),
        on_bad_row=parameters.get("on_bad_row", "report"),
        threads=settings.job_threads or None,
        progress=progress,
    )
    _write_json(out / "summary.json", {**summary.to_dict(), "engine_version": __version__})
    return summary.rows


def _verify(chart: Chart, parameters: dict[str, Any], folder: Path, out: Path, settings: Settings, progress: Progress) -> int:
    source = _input(folder, parameters, settings)
    found = validate_file(chart, source, column_map=_column_map(folder, parameters), threads=settings.job_threads or None, progress=progress)
    found = replace(found, source=found.source._replace(name=str(parameters["name"])))  # as the caller calls the file
    found = diagnosed(found, anyway=parameters.get("undiagnosed") == [])  # the page names the rows that its user must have seen
    write_reports(found, out)
    _write_json(out / "validation.json", {**found.to_dict(), "engine_version": __version__})
    return int(found.rows)


def _pack(chart: Chart, parameters: dict[str, Any], folder: Path, out: Path, settings: Settings, progress: Progress) -> int:
    made = make_pack(chart, seed=parameters["seed"], manual=parameters["manual"])
    write_pack(made, out)
    _write_json(out / "pack.json", {**made.to_dict(), "engine_version": __version__})
    whole = pack_collection(made, chart)
    (out / "fhir.json").write_text(write_json(whole), encoding="utf-8")
    (out / "fhir.ndjson").write_text("".join(write_json(entry["resource"]) + "\n" for entry in whole.get("entry", ())), encoding="utf-8")
    return len(made.cases)


def _input(folder: Path, parameters: dict[str, Any], settings: Settings) -> Path:
    """The upload, unpacked to no more than the settings allow: what comes small and grows without end is refused on the way."""
    given = folder / str(parameters["input"])
    if given.suffix == ".parquet":
        return _measured(given, settings)
    if given.suffix not in (".gz", ".zst"):
        return _with_header(given)
    plain = folder / f"plain-{given.stem}"
    with _unpacked(given) as packed, plain.open("wb") as whole:
        size = 0
        try:
            while chunk := packed.read(CHUNK):
                size += len(chunk)
                if size > settings.unpacked_bytes:
                    raise FileError(
                        Problem("unpacked_too_large", str(given), f"unpacks to more than {settings.unpacked_bytes:,} bytes", "send it in parts")
                    )
                whole.write(chunk)
        except (EOFError, gzip.BadGzipFile, pa.ArrowException) as fault:
            raise FileError(Problem("not_readable", str(given), f"cannot be unpacked ({type(fault).__name__})", "pack it again")) from None
        except OSError as fault:
            if fault.errno is None:  # what Arrow says of a broken file has no number; a full disk has
                raise FileError(Problem("not_readable", str(given), "cannot be unpacked", "pack it again")) from None
            raise
    return _with_header(plain)


def _with_header(path: Path) -> Path:
    """A file whose first line is a header, where it is CSV, and not a flood."""
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


def _unpacked(path: Path) -> BinaryIO:
    if path.suffix == ".gz":
        return cast(BinaryIO, gzip.open(path, "rb"))
    return cast(BinaryIO, pa.input_stream(str(path), compression="zstd"))


def _measured(path: Path, settings: Settings) -> Path:
    """A Parquet file whose own account of itself is within the limits."""
    try:
        about = pq.ParquetFile(path).metadata
        _few_columns(path, about.num_columns)
        size = sum(about.row_group(place).total_byte_size for place in range(about.num_row_groups))
    except (pa.ArrowException, OSError) as fault:
        raise FileError(
            Problem("not_readable", str(path), f"is not a Parquet file that can be read ({type(fault).__name__})", "write it again")
        ) from None
    if about.num_rows > settings.upload_rows:
        raise FileError(Problem("too_many_rows", str(path), f"has {about.num_rows:,} rows; {settings.upload_rows:,} are allowed", "send it in parts"))
    if size > settings.unpacked_bytes:
        raise FileError(Problem("unpacked_too_large", str(path), f"unpacks to more than {settings.unpacked_bytes:,} bytes", "send it in parts"))
    return path


def _column_map(folder: Path, parameters: dict[str, Any]) -> ColumnMap | None:
    path = folder / str(parameters.get("map", "map.toml"))
    return read_map([str(path)]) if path.is_file() else None


def _write_json(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document, ensure_ascii=False, allow_nan=False), encoding="utf-8")


def _described(path: Path, folder: str) -> dict[str, Any]:
    return {
        "name": path.name,
        "media_type": FHIR_FILES.get(path.name) or MEDIA_TYPES.get(path.suffix, "application/octet-stream"),
        "bytes": os.path.getsize(path),
        "folder": folder,
    }
