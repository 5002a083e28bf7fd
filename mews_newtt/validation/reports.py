"""Reports of one validation, to be read, to be filed and to be fed to other tools. None of them looks at a clock."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from mews_newtt import __version__
from mews_newtt.errors import FileError, Problem
from mews_newtt.files import whole_file, whole_path
from mews_newtt.validation.result import Validation

NAMES = ("report.html", "report.json", "junit.xml", "disagreements.csv")


def check_report_folder(folder: Path | str) -> Path:
    """Where reports go; told before the work is done."""
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise FileError(Problem("output_is_file", str(folder), "is a file", "name a folder"))
    if not folder.parent.is_dir():
        raise FileError(Problem("folder_missing", str(folder.parent), "is not a folder", "make it, or write elsewhere"))
    return folder


def write_reports(found: Validation, folder: Path | str, *, run_on: str | None = None) -> list[Path]:
    """Write report.html, report.json, junit.xml and disagreements.csv; they appear together, when all are whole.

    Parameters
    ----------
    run_on : when the validation ran, as it is to stand in the reports; without it none is named and the same input gives the same bytes
    """
    from mews_newtt.validation.report_html import as_html
    from mews_newtt.validation.report_junit import as_junit

    folder = check_report_folder(folder)
    folder.mkdir(exist_ok=True)
    paths = [folder / name for name in NAMES]
    texts = (
        as_html(found, run_on),
        json.dumps(as_document(found, run_on), ensure_ascii=False, allow_nan=False, indent=2) + "\n",
        as_junit(found, run_on),
    )
    with ExitStack() as whole:  # all are written beside their names first: what fails leaves the folder as it was
        for path, text in zip(paths, texts, strict=False):
            out = whole.enter_context(whole_file(path))
            out.write(text)
            out.flush()  # a full disk is met here, before any takes its name
        if found.spool is not None:
            found.spool.write(whole.enter_context(whole_path(paths[-1])))
    return paths if found.spool is not None else paths[:-1]


def as_document(found: Validation, run_on: str | None = None) -> dict[str, Any]:
    """`Validation.to_dict` with the engine's version and, where it is told, the time of the run."""
    return {**found.to_dict(), "engine_version": __version__, "run_on": run_on}
