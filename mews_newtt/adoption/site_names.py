"""Changes what a name means at a site: writes the site file, and rolls back to the version before."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mews_newtt.adoption.own_list import site_file_in_list
from mews_newtt.adoption.signing import retire
from mews_newtt.chart.catalogue import Catalogue, site_file
from mews_newtt.chart.choosing import meant, named, version_key
from mews_newtt.chart.model import Chart
from mews_newtt.chart.site import is_site
from mews_newtt.chart.site_file import SITE_FILE, Pin, SiteFile, read_site_file
from mews_newtt.chart.timeline import charts_by_date
from mews_newtt.chart.write import text
from mews_newtt.errors import ChartNotFound, FileError, Problem
from mews_newtt.tables.atomic import whole_file

Names = dict[str, tuple[Pin, ...]]


def names_today(shelf: Catalogue) -> Names:
    """What every chart name means today and meant before, as a site file says it. Names whose charts all wait or were retired are left out."""
    found: Names = {}
    for name in dict.fromkeys(chart.id for chart in shelf.charts()):
        try:
            timeline = charts_by_date(shelf, name)
        except ChartNotFound:
            continue
        found[name] = tuple(_pin(chart) for chart in timeline.charts)
    return found


def use(shelf: Catalogue, folder: Path, chart: Chart, *, only: bool = False) -> Path:
    """From now on the chart's name means this version at the site, and on the days before its start those that the file named before.

    The first time a site file is written, it also fixes what every other name means today.

    Parameters
    ----------
    folder : where the site file is written if there is none yet
    only : this version alone, for all dates

    Raises FileError: a chart that waits for its sign-off or was retired.
    """
    standing = shelf.known.standings.get(chart.origin)
    if standing is not None and standing.problem is not None:
        raise FileError(standing.problem)
    path, names, least = _now(shelf, folder)
    pin = _pin(chart)
    kept = () if only else tuple(one for one in names.get(chart.id, ()) if one.version != chart.version and _goes_with(shelf, chart, one))
    _write(path, {**names, chart.id: (*kept, pin)}, least, read_site_file(path) if path.is_file() else None)
    return path


def _goes_with(shelf: Catalogue, chart: Chart, earlier: Pin) -> bool:
    """Whether an earlier version is kept for the days before the chart's start: it must be there, and lose to the chart from then on."""
    if not chart.effective_from:
        return False
    same = [other for other in shelf.charts() if (other.id, other.version, other.sha256) == (chart.id, *earlier)]
    return bool(same) and (same[0].effective_from or "") < chart.effective_from and meant([same[0], chart], known=shelf.known) == chart


def set_minimum(shelf: Catalogue, folder: Path, status: str) -> Path:
    """From now on a chart that is trusted less is refused at this site."""
    path, names, _ = _now(shelf, folder)
    _write(path, names, status, read_site_file(path) if path.is_file() else None)
    return path


def roll_back(shelf: Catalogue, name: str, *, by: str, role: str, on: str, because: str) -> tuple[Chart, Chart]:
    """Retire the site's own version that a name means; the version before it takes its place. Both charts, the retired one first.

    Raises FileError: the name does not mean a chart of the site, or there is no earlier version of the site's own.
    """
    now = shelf.find(name)
    where = f"chart {now.id} {now.version}"
    if not is_site(Path(now.origin).parent.parent):
        raise FileError(Problem("not_of_site", where, "comes with this software", "choose a version with `mews-newtt site use CHART@VERSION`"))
    left = [chart for chart in named(shelf.charts(), now.id) if chart.origin in shelf.known.standings and chart.origin != now.origin]
    usable = [chart for chart in left if shelf.known.kind(chart) == "in_force"]
    earlier = [chart for chart in usable if chart.version == now.supersedes]
    earlier = earlier or [chart for chart in usable if version_key(chart.version) < version_key(now.version)]
    if not earlier:
        mend = "retire it with `mews-newtt site retire`: then the name is an error; or name another version with `mews-newtt site use`"
        raise FileError(Problem("nothing_before", where, "no earlier version of the site's own is signed off", mend))
    before = meant(earlier, known=shelf.known)
    retire(now, Path(now.origin), name=by, role=role, on=on, because=because)
    site = site_file(shelf.folders)
    if site.names is not None and now.id in site.names:
        for path in site.paths:
            one = read_site_file(path)
            if now.id in (one.names or {}):
                kept = tuple(pin for pin in (one.names or {})[now.id] if pin.version not in (now.version, before.version))
                _write(path, {**(one.names or {}), now.id: (*kept, _pin(before))}, one.minimum_status, one)
    return now, before


def _pin(chart: Chart) -> Pin:
    return Pin(chart.version, chart.sha256)


def _now(shelf: Catalogue, folder: Path) -> tuple[Path, Names, str | None]:
    """The site file to write, its names and its least status: those of today where there is none."""
    site = site_file(shelf.folders)
    path = next((one for one in site.paths if read_site_file(one).names is not None), folder / SITE_FILE)
    there = read_site_file(path) if path.is_file() else None
    if there is not None and there.names is not None:
        return path, dict(there.names), there.minimum_status
    return path, names_today(shelf), there.minimum_status if there else site.minimum_status


def _write(path: Path, names: Mapping[str, tuple[Pin, ...]], least: str | None, there: SiteFile | None) -> None:
    lines = [
        "# Which version and content each chart name means at this site. `mews-newtt site` writes it; `mews-newtt site check` compares it.",
        "# A name that is not here is refused. What is named here and is not there is an error.",
    ]
    if there is not None and there.folders:
        lines.append("rules = [" + ", ".join(text(str(folder)) for folder in there.folders) + "]")
    if least is not None:
        lines.append(f"minimum_status = {text(least)}")
    for name in sorted(names):
        for pin in names[name]:
            lines += ["", f"[[names.{text(name)}]]", f"version = {text(pin.version)}", f"sha256 = {text(pin.sha256)}"]
    if not names:
        lines += ["", "[names]"]
    with whole_file(path) as out:
        out.write("\n".join(lines) + "\n")
    if is_site(path.parent):
        site_file_in_list(path.parent)
