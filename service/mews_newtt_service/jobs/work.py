"""Does a job: calls one public function of the library on the files in the job's folder, and writes result files beside them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from mews_newtt import __version__
from mews_newtt.chart.catalogue import catalogue, load_chart
from mews_newtt.chart.model import Chart
from mews_newtt.engines import engine_of
from mews_newtt.errors import ChartNotFound, Problem
from mews_newtt.fhir.jsontext import write_json
from mews_newtt.fhir.packs import pack_collection
from mews_newtt.tables.files import score_file
from mews_newtt.tables.formats import KINDS
from mews_newtt.tables.table import score_table
from mews_newtt.validation.compare import diagnosed, validate_file
from mews_newtt.validation.packs import make_pack, write_pack
from mews_newtt.validation.reports import write_reports
from mews_newtt.validation.reports.cards import cards_of
from mews_newtt.validation.reports.letter import letters_text
from mews_newtt_service.jobs import plans, tracks
from mews_newtt_service.jobs.inputs import PLAN, input_file, map_of, plan_file, plan_of, write_document
from mews_newtt_service.jobs.queue import Job
from mews_newtt_service.settings import Settings

Progress = Callable[..., None]  # rows done, and the share of the whole where it is known
Results = tuple[int, list[dict[str, Any]]]
MEDIA_TYPES = {
    **{kind.suffix: kind.media_types[0] for kind in KINDS.values() if kind.media_types},
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
    ".html": "text/html; charset=utf-8",
    ".toml": "application/toml",
    ".xml": "application/xml",
    ".md": "text/markdown; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
FHIR_FILES = {"fhir.json": "application/fhir+json", "fhir.ndjson": "application/fhir+ndjson"}


def warm() -> None:
    """Load the compiled kernels before the first job needs them."""
    chart = catalogue().charts()[0]
    engine_of(chart, "numba")  # whatever the size of a job's file, this process then has it at hand
    score_table(chart, pa.table({parameter.id: pa.array([None], pa.string()) for parameter in chart.parameters}), points=True)


def do(job: Job, folder: Path, out: Path, settings: Settings, progress: Progress) -> Results:
    """Run one job: the rows it went through, and its result files."""
    chart = load_chart(job.chart, job.version)
    if chart.sha256 != job.sha256:
        raise ChartNotFound(Problem("chart_changed", f"chart {chart.id} {chart.version}", "was changed after the job was sent", "send the job again"))
    rows = WORK[job.kind](chart, job.parameters, folder, out, settings, progress)
    return rows, [_described(path, out.name) for path in sorted(out.iterdir())]


def _score(chart: Chart, parameters: dict[str, Any], folder: Path, out: Path, settings: Settings, progress: Progress) -> int:
    source = input_file(folder, parameters, settings)
    summary = score_file(
        chart,
        source,
        out / f"scores{KINDS[parameters['output_format']].suffix}",
        column_map=map_of(folder, parameters),
        plan=plan_of(folder, parameters, chart),
        points=parameters.get("points", False),
        on_bad_row=parameters.get("on_bad_row", "report"),
        threads=settings.job_threads or None,
        progress=progress,
    )
    for report in summary.readings:
        report.source = str(parameters["name"])  # the caller's name of the file
    _keep_plan(folder, parameters, out)
    write_document(out / "summary.json", {**summary.to_dict(), "engine_version": __version__})
    return summary.rows


def _verify(chart: Chart, parameters: dict[str, Any], folder: Path, out: Path, settings: Settings, progress: Progress) -> int:
    source = input_file(folder, parameters, settings)
    given: dict[str, Any] = {"column_map": map_of(folder, parameters), "plan": plan_of(folder, parameters, chart)}
    found = validate_file(chart, source, **given, threads=settings.job_threads or None, progress=progress)
    if found.reading is not None:
        found.reading.source = str(parameters["name"])
    found = replace(found, source=found.source._replace(name=str(parameters["name"])))  # the caller's name of the file
    found = diagnosed(found, anyway=parameters.get("undiagnosed") == [])  # the page names the rows that its user must have seen
    write_reports(found, out)
    _keep_plan(folder, parameters, out)
    extra = {"cards": [card.to_dict() for card in cards_of(chart, found.diagnosis)], "letter": letters_text(found)}
    write_document(out / "validation.json", {**found.to_dict(), **extra, "engine_version": __version__})
    return int(found.rows)


def _keep_plan(folder: Path, parameters: dict[str, Any], out: Path) -> None:
    """The plan that the file was read by is one of the results."""
    path = plan_file(folder, parameters)
    if path is not None:
        shutil.copyfile(path, out / PLAN)


def _pack(chart: Chart, parameters: dict[str, Any], folder: Path, out: Path, settings: Settings, progress: Progress) -> int:
    made = make_pack(chart, seed=parameters["seed"], manual=parameters["manual"])
    write_pack(made, out)
    write_document(out / "pack.json", {**made.to_dict(), "engine_version": __version__})
    whole = pack_collection(made, chart)
    (out / "fhir.json").write_text(write_json(whole), encoding="utf-8")
    (out / "fhir.ndjson").write_text("".join(write_json(entry["resource"]) + "\n" for entry in whole.get("entry", ())), encoding="utf-8")
    return len(made.cases)


WORK: Mapping[str, Callable[[Chart, dict[str, Any], Path, Path, Settings, Progress], int]] = {
    "score": _score,
    "verify": _verify,
    "pack": _pack,
    "plan": plans.look,
    "series": plans.series,
    "track": tracks.track,
}


def _described(path: Path, folder: str) -> dict[str, Any]:
    return {
        "name": path.name,
        "media_type": FHIR_FILES.get(path.name) or MEDIA_TYPES.get(path.suffix, "application/octet-stream"),
        "bytes": os.path.getsize(path),
        "folder": folder,
    }
