"""Writes the reports of one validation: for people, for programs and for CI systems. The caller gives the date; no report reads a clock."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from mews_newtt import __version__
from mews_newtt.tables.atomic import whole_file, whole_path
from mews_newtt.tables.folders import check_report_folder
from mews_newtt.validation.reports.html import as_html
from mews_newtt.validation.reports.junit import as_junit
from mews_newtt.validation.reports.letter import letters_text
from mews_newtt.validation.result import Validation

NAMES = ("report.html", "report.json", "junit.xml", "disagreements.csv", "letter.md")


def write_reports(found: Validation, folder: Path | str, *, run_on: str | None = None) -> list[Path]:
    """Write report.html, report.json, junit.xml, disagreements.csv and, where there is a finding, letter.md: all or none.

    report.json appears last and lists the others with their sha256; the report.json of an earlier run is deleted before any file changes.
    So wherever there is a report.json, the other files are of the same run, even after a crash.

    Parameters
    ----------
    run_on : the date of the run for the reports; without it they name none, and the same input gives the same bytes
    """
    folder = check_report_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    page, marker, junit, lines, letter = (folder / name for name in NAMES)
    texts = [(page, as_html(found, run_on)), (junit, as_junit(found, run_on))]
    sent = letters_text(found)
    texts += [(letter, sent)] if sent else []
    with ExitStack() as whole:  # all are written under other names first: a failure leaves the folder as it was
        report = whole.enter_context(whole_file(marker))  # entered first, so it appears last
        files = {}
        for path, text in texts:
            out = whole.enter_context(whole_file(path))
            out.write(text)
            out.flush()  # a full disk fails here, before any file is replaced
            files[path.name] = hashlib.sha256(text.encode()).hexdigest()
        if found.worst is not None:
            beside = whole.enter_context(whole_path(lines))
            found.worst.write(beside)
            with beside.open("rb") as stream:
                files[lines.name] = hashlib.file_digest(stream, "sha256").hexdigest()
        document = {**as_document(found, run_on), "files": files}
        report.write(json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2) + "\n")
        report.flush()
        for old in (marker, *(() if found.worst is not None else (lines,)), *(() if sent else (letter,))):
            if old.is_file():
                Path(os.path.realpath(old)).unlink()
    return [page, marker, junit, *([lines] if found.worst is not None else []), *([letter] if sent else [])]


def as_document(found: Validation, run_on: str | None = None) -> dict[str, Any]:
    """`Validation.to_dict` with what disagreements.csv holds, the engine's version and the date of the run."""
    return {**found.to_dict(), "disagreements_csv": found.worst and found.worst.to_dict(), "engine_version": __version__, "run_on": run_on}
