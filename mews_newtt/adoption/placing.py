"""Writes a chart into a site's folder: complete, and never over another chart."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mews_newtt.adoption.own_list import add_to_list, name_in_list
from mews_newtt.chart.catalogue import Catalogue
from mews_newtt.chart.load import load_chart_file
from mews_newtt.chart.model import STATUSES, Chart, Observation
from mews_newtt.chart.site import listed, record_path
from mews_newtt.chart.write import chart_toml
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
            elif other.version != chart.version and _is_same_number(other.version, chart.version):
                what, mend = f"is the same number as {other.version}, which is in {other.origin}", "give the new one another version"
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


def _is_same_number(one: str, other: str) -> bool:
    """Whether two versions differ in zeros before a number only, such as 2025.1 and 2025.01: neither would be the newer one."""
    return one.split(".") != other.split(".") and [part.lstrip("0") for part in one.split(".")] == [part.lstrip("0") for part in other.split(".")]


def waits(chart_file: Path) -> bool:
    """Whether a chart file waits for its first sign-off: then no score came from its name yet."""
    return chart_file.is_file() and name_in_list(chart_file) in listed(chart_file.parent.parent).waiting


def place_chart(chart: Chart, folder: Path, observations: Mapping[str, Observation], record: Mapping[str, Any] | None = None) -> tuple[Chart, Path]:
    """Write the chart to `<folder>/<id>/<version>.toml`; the chart as its file is read, and the file.

    The folder is made where it is missing. A file that says the same is left as it is. One that says something else is overwritten only if it
    still waits for its sign-off and the new chart is trusted more. The record of an adoption is written before the chart, which counts as
    `local` without it. A chart with a record waits; one without counts at once.
    """
    if not folder.is_dir() and not folder.parent.is_dir():
        raise FileError(Problem("folder_missing", str(folder.parent), "is not a folder", "make it first, or name another one"))
    path = folder / chart.id / f"{chart.version}.toml"
    text = chart_toml(chart)
    same = path.exists() and path.read_text(encoding="utf-8") == text
    if path.exists() and not same:
        better = waits(path) and STATUSES.index(chart.status) > STATUSES.index(load_chart_file(path, observations).status)
        if not better:
            raise ChartError(Problem("version_exists", str(path), "is there already and says something else", "give the new one another version"))
    path.parent.mkdir(parents=True, exist_ok=True)
    if record is not None:
        of_file = {"name": path.name, "sha256": hashlib.sha256(text.encode()).hexdigest()}
        with whole_file(record_path(path)) as out:
            out.write(json.dumps({**record, "file": of_file}, ensure_ascii=False, indent=2) + "\n")
        add_to_list(path, waits=True)
    if not same:
        with whole_file(path) as out:
            out.write(text)
    add_to_list(path, waits=record is not None)
    return load_chart_file(path, observations), path
