"""Writes a chart into a site's folder: complete, and never over another chart."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mews_newtt.chart.catalogue import Catalogue
from mews_newtt.chart.load import load_chart_file
from mews_newtt.chart.model import Chart, Observation
from mews_newtt.chart.site import LIST_FILE, listed, record_path
from mews_newtt.chart.write import chart_toml
from mews_newtt.chart.write import text as quoted
from mews_newtt.errors import ChartError, FileError, Problem
from mews_newtt.tables.atomic import whole_file


def clashes(chart: Chart, shelf: Catalogue, folder: Path) -> list[Problem]:
    """Why a chart cannot be added to the existing ones: its version is taken, or its names belong to another chart."""
    found = []
    own = (folder / chart.id / f"{chart.version}.toml").resolve()
    names = {name.casefold() for name in (chart.id, chart.short_title, *chart.aliases)}
    others = shelf.charts(filling=folder)
    for other in others:
        if other.id == chart.id:
            if other.version == chart.version and Path(other.origin).resolve() != own:
                what, mend = f"is in {other.origin} already", "give the new one another version; a released chart never changes"
                found.append(Problem("version_exists", f"{chart.id} {chart.version}", what, mend))
            continue
        taken = names & {name.casefold() for name in (other.id, other.short_title, *other.aliases)}
        mend = "take it out, or write another short title"
        found += [Problem("alias_taken", f"alias {name!r}", f"is a name of the chart {other.id}", mend) for name in sorted(taken)]
    versions = {other.version for other in others if other.id == chart.id}
    if chart.supersedes is not None and chart.supersedes not in versions:
        what, mend = f"there is no version {chart.supersedes} of {chart.id}", "name one of: " + (", ".join(sorted(versions)) or "none")
        found.append(Problem("supersedes_unknown", f"{chart.id} {chart.version}, supersedes", what, mend))
    return found


def place_chart(chart: Chart, folder: Path, observations: Mapping[str, Observation], record: Mapping[str, Any] | None = None) -> tuple[Chart, Path]:
    """Write the chart to `<folder>/<id>/<version>.toml`; the chart as its file is read, and the file.

    The folder is made where it is missing. A file that says the same is left as it is; one that says something else is never overwritten.
    The record of an adoption is written before the chart, which counts as `local` without it, and the list of the folder's charts after it.
    """
    if not folder.is_dir() and not folder.parent.is_dir():
        raise FileError(Problem("folder_missing", str(folder.parent), "is not a folder", "make it first, or name another one"))
    path = folder / chart.id / f"{chart.version}.toml"
    text = chart_toml(chart)
    if path.exists() and path.read_text(encoding="utf-8") != text:
        raise ChartError(Problem("version_exists", str(path), "is there already and says something else", "give the new one another version"))
    path.parent.mkdir(parents=True, exist_ok=True)
    if record is not None:
        of_file = {"name": path.name, "sha256": hashlib.sha256(text.encode()).hexdigest()}
        with whole_file(record_path(path)) as out:
            out.write(json.dumps({**record, "file": of_file}, ensure_ascii=False, indent=2) + "\n")
    if not path.exists():
        with whole_file(path) as out:
            out.write(text)
    _list(folder, f"{chart.id}/{chart.version}.toml")
    return load_chart_file(path, observations), path


def _list(folder: Path, name: str) -> None:
    """Add a chart file to the list of those that the folder must hold."""
    every = listed(folder)
    if name in every:
        return
    with whole_file(folder / LIST_FILE) as out:
        out.write(
            "# The charts that this folder must hold. If one is missing, that is an error: its name never means a built-in chart.\n"
            "# `mews-newtt adopt` and `mews-newtt derive` add to this list. To withdraw a chart, delete its file and its line.\n"
            "charts = [\n" + "".join(f"  {quoted(one)},\n" for one in sorted({*every, name})) + "]\n"
        )
