"""Writes the report of a ward: report.html, report.json and, on request, overdue.csv. All or none."""

from __future__ import annotations

import csv
import io
import json
import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from mews_newtt import __version__
from mews_newtt.episode.report.page import as_html
from mews_newtt.episode.report.ward import WardReport
from mews_newtt.tables.atomic import whole_file

PAGE, MARKER, WAITS = "report.html", "report.json", "overdue.csv"


def write_ward_report(report: WardReport, folder: Path, *, run_on: str | None = None) -> list[Path]:
    """Write the files into a folder, which is made where it is missing. report.json appears last; an old overdue.csv does not stay.

    run_on : the date of the run; without it the files name none, and the same input gives the same bytes
    """
    folder.mkdir(parents=True, exist_ok=True)
    texts = {PAGE: as_html(report, run_on)}
    if report.waits is not None:
        texts[WAITS] = waits_csv(report.waits)
    document = {**report.to_dict(), "engine_version": __version__, "run_on": run_on}
    with ExitStack() as whole:
        marker = whole.enter_context(whole_file(folder / MARKER))  # entered first, so it appears last
        for name, text in texts.items():
            out = whole.enter_context(whole_file(folder / name))
            out.write(text)
            out.flush()  # a full disk fails here, before any file is replaced
        marker.write(json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2) + "\n")
        marker.flush()
        for old in (folder / MARKER, *(() if WAITS in texts else (folder / WAITS,))):
            if old.is_file():
                Path(os.path.realpath(old)).unlink()
    return [folder / name for name in (*texts, MARKER)]


def waits_csv(waits: tuple[dict[str, Any], ...]) -> str:
    """The people whose next set is overdue, the longest first."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(("person", "level", "last_set", "due_at", "overdue_minutes"))
    for one in waits:
        rows.writerow((one["person"], one["level"], one["@taken"].isoformat(), one["due_at"].isoformat(), one["overdue_minutes"]))
    return out.getvalue()
