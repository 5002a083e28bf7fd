"""The charts of a process that runs for long, such as a server: read again when their files change, and kept as they were when a change is faulty."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from mews_newtt.chart.catalogue import Catalogue, catalogue
from mews_newtt.chart.choosing import Known, choose, day_asked, meant, named, named_at_site
from mews_newtt.chart.model import Chart
from mews_newtt.chart.sign_offs import sign_off_path
from mews_newtt.chart.site import GONE, LIST_FILE, is_site, record_path
from mews_newtt.chart.site_file import SiteFile
from mews_newtt.errors import ChartError, ChartNotFound, MewsNewttError, Problem, SiteError

CHOICES_KEPT = 1000


class LiveCharts:
    """Every chart of the built-in folder and of the site's folders, as the files were at the last `refresh`.

    A chart file that breaks a check raises ChartError here. Later it sets `fault`, and the charts stay as they were.
    A chart of a site's folder whose file is gone is such a fault: its name must never come to mean another chart.
    """

    def __init__(self, today: date):
        self.fault: MewsNewttError | None = None
        self._chosen: dict[tuple[str, str | None], Chart] = {}
        source = catalogue()
        self._state = _state(source, today)
        self.charts, self._known = _read(source)

    @property
    def lost(self) -> MewsNewttError | None:
        """The fault, if nobody can be sure what the site's names mean: its folder, a chart, its list, site file or a sign-off is gone or torn.

        The charts stay as they were, but a new process could not start.
        """
        fault = self.fault
        unsure = isinstance(fault, SiteError) or (fault is not None and any(problem.code in GONE for problem in fault.problems))
        return fault if unsure else None

    def refresh(self, today: date) -> bool:
        """Read the charts again if a file or the day has changed (a version may begin today). True if that gave a new `fault`."""
        try:
            source = catalogue()
            state = _state(source, today)
            if state == self._state and self.fault is None:
                return False
            self._state = state
            charts, known = _read(source)
            _require_still_there(self.charts, charts, self._known)
            _require_names(self._known.site, known.site)
        except MewsNewttError as fault:
            is_new = self.fault is None or self.fault.problems != fault.problems
            if is_new:
                self.fault = fault
            return is_new
        self.charts, self._known, self._chosen, self.fault = charts, known, {}, None
        return False

    def find(self, name: str, version: str | None = None) -> Chart:
        """The chart of an id, alias or short title: that version, or the one in force on a day, or else the best one today. No file is looked up.

        Raises
        ------
        ChartNotFound  there is no such chart or version
        """
        chart = self._chosen.get((name, version))
        if chart is None:
            is_day = day_asked(version) is not None
            here = named_at_site(self.charts, name, self._known) if version is None or is_day else None
            versions = named(self.charts, name) if here is None else here
            chart = choose(versions, name, version, known=self._known, every=self.charts)
            if len(self._chosen) < CHOICES_KEPT:
                self._chosen[name, version] = chart
        return chart

    def versions(self, name: str) -> list[Chart]:
        """All versions of the chart of an id, alias or short title, oldest first."""
        chart = self.find(name)
        return [other for other in self.charts if other.id == chart.id]


def _read(source: Catalogue) -> tuple[list[Chart], Known]:
    """Every chart, and what is known of them. A name that means no single chart is a fault now, not at its first score."""
    charts = source.charts()
    known = source.known
    known = known._replace(doubts=dict(known.doubts), standings=dict(known.standings))  # those of this reading, not of a later one
    for name in known.site.names if known.site.names is not None else dict.fromkeys(chart.id for chart in charts):
        try:
            versions = source.versions(name) if known.site.names is None else named_at_site(charts, name, known)
            meant(versions or [], known=known)
        except ChartNotFound:  # not in force yet, or not any more: `find` says so
            continue
    return charts, known


def _require_still_there(before: list[Chart], after: list[Chart], known: Known) -> None:
    """Raise ChartError if a chart that came from a site's folder is in no site's folder now. One that waited may go."""
    still = {(chart.id, chart.version) for chart in after if _is_of_site(chart)}
    gone = [chart for chart in before if _is_of_site(chart) and (chart.id, chart.version) not in still and known.kind(chart) != "waiting"]
    if gone:
        mend = "put the file back; if the chart was withdrawn, start the service again"
        raise ChartError([Problem("site_chart_gone", chart.origin, f"held {chart.id} {chart.version} and is not there", mend) for chart in gone])


def _require_names(before: SiteFile, after: SiteFile) -> None:
    """Raise ChartError if a name is in no site file any more. A file that was cut off after its first lines can still be read."""
    lost = [name for name in before.names or () if name not in (after.names or {})]
    if lost:
        mend = "put the file back; if the name was taken out on purpose, start the service again"
        raise ChartError([Problem("site_name_gone", before.where, f"named {name}, and does not any more", mend) for name in lost])


def _is_of_site(chart: Chart) -> bool:
    return is_site(Path(chart.origin).parent.parent)


def _state(source: Catalogue, today: date) -> tuple[Any, ...]:
    """A value that changes when a chart file changes and when a day begins."""
    found: list[Any] = [today, source.known.site]
    charts = [chart_file for paths in source.files().values() for chart_file in paths]
    beside = [one for chart_file in charts for one in (chart_file, record_path(chart_file), sign_off_path(chart_file))]
    for path in (*beside, *(folder / LIST_FILE for folder in source.folders)):
        try:
            stamp = path.stat()
        except OSError:  # there is no such file beside the chart, or it went since the listing: the next refresh sees it
            continue
        found.append((path, stamp.st_mtime_ns, stamp.st_size))
    return tuple(found)
