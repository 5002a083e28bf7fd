"""Reports of one validation, to be read, to be filed and to be fed to other tools. None of them looks at a clock."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from mews_newtt import __version__
from mews_newtt.errors import FileError, Problem
from mews_newtt.tables.atomic import whole_file, whole_path
from mews_newtt.validation.result import Validation

NAMES = ("report.html", "report.json", "junit.xml", "disagreements.csv")


def check_report_folder(folder: Path | str) -> Path:
    """Where reports go; told before the work is done."""
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise FileError(Problem("output_is_file", str(folder), "is a file", "name a folder"))
    if not folder.parent.is_dir():
        raise FileError(Problem("folder_missing", str(folder.parent), "is not a folder", "make it, or write elsewhere"))
    check_writable(folder if folder.exists() else folder.parent)
    return folder


def check_writable(folder: Path) -> None:
    """Told before the work, which may be long, not after it."""
    if not os.access(folder, os.W_OK | os.X_OK):
        raise FileError(Problem("folder_read_only", str(folder), "cannot be written to", "write elsewhere, or change its permissions"))


def write_reports(found: Validation, folder: Path | str, *, run_on: str | None = None) -> list[Path]:
    """Write report.html, report.json, junit.xml and disagreements.csv, all or none.

    report.json takes its name last and names the others with their sha256; that of an earlier run goes before the first of them changes.
    So where there is a report.json the files beside it are of the same run, however a run ended.

    Parameters
    ----------
    run_on : when the validation ran, as it is to stand in the reports; without it none is named and the same input gives the same bytes
    """
    from mews_newtt.validation.report_html import as_html
    from mews_newtt.validation.report_junit import as_junit

    folder = check_report_folder(folder)
    folder.mkdir(exist_ok=True)
    page, marker, junit, lines = (folder / name for name in NAMES)
    with ExitStack() as whole:  # all are written beside their names first: what fails leaves the folder as it was
        told = whole.enter_context(whole_file(marker))  # entered first, so named last
        files = {}
        for path, text in ((page, as_html(found, run_on)), (junit, as_junit(found, run_on))):
            out = whole.enter_context(whole_file(path))
            out.write(text)
            out.flush()  # a full disk is met here, before any takes its name
            files[path.name] = hashlib.sha256(text.encode()).hexdigest()
        if found.spool is not None:
            beside = whole.enter_context(whole_path(lines))
            found.spool.write(beside)
            with beside.open("rb") as stream:
                files[lines.name] = hashlib.file_digest(stream, "sha256").hexdigest()
        document = {**as_document(found, run_on), "files": files}
        told.write(json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2) + "\n")
        told.flush()
        for old in (marker, *(() if found.spool is not None else (lines,))):
            if old.is_file():
                Path(os.path.realpath(old)).unlink()
    return [page, marker, junit, lines] if found.spool is not None else [page, marker, junit]


def as_document(found: Validation, run_on: str | None = None) -> dict[str, Any]:
    """`Validation.to_dict` with the engine's version and, where it is told, the time of the run."""
    return {**found.to_dict(), "engine_version": __version__, "run_on": run_on}
