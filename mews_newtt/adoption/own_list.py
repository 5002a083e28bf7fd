"""Writes the list of the charts that a site's folder holds (`own_charts.toml`): those that must be there, and those that wait for a sign-off."""

from __future__ import annotations

from pathlib import Path

from mews_newtt.chart.site import LIST_FILE, Listed, listed
from mews_newtt.chart.write import text as quoted
from mews_newtt.tables.atomic import whole_file


def name_in_list(chart_file: Path) -> str:
    """A chart file as the list names it: `<chart>/<version>.toml`."""
    return f"{chart_file.parent.name}/{chart_file.name}"


def add_to_list(chart_file: Path, *, waits: bool) -> None:
    """Add a chart file. One that is there already keeps its place."""
    folder, name = chart_file.parent.parent, name_in_list(chart_file)
    own = listed(folder)
    if name not in (*own.charts, *own.waiting):
        _write(folder, own._replace(waiting=(*own.waiting, name)) if waits else own._replace(charts=(*own.charts, name)))


def in_force_in_list(chart_file: Path) -> None:
    """A chart that waited must be there from now on. A chart that is in no list of a folder stays as it is."""
    folder, name = chart_file.parent.parent, name_in_list(chart_file)
    own = listed(folder)
    if name in own.waiting:
        _write(folder, own._replace(waiting=tuple(one for one in own.waiting if one != name), charts=(*own.charts, name)))


def site_file_in_list(folder: Path) -> None:
    """From now on the folder must hold its site file."""
    own = listed(folder)
    if not own.site_file:
        _write(folder, own._replace(site_file=True))


def _write(folder: Path, own: Listed) -> None:
    def names(key: str, every: tuple[str, ...]) -> str:
        return f"{key} = [\n" + "".join(f"  {quoted(one)},\n" for one in sorted(set(every))) + "]\n"

    with whole_file(folder / LIST_FILE) as out:
        out.write(
            "# The charts that this folder must hold. If one is missing, that is an error: its name never means a built-in chart.\n"
            "# `mews-newtt adopt` and `mews-newtt derive` add to this list. To withdraw a chart, delete its file and its line.\n"
            + names("charts", own.charts)
            + ("# Adopted, and not signed off yet: no name means them.\n" + names("waiting", own.waiting) if own.waiting else "")
            + ("site_file = true\n" if own.site_file else "")
        )
