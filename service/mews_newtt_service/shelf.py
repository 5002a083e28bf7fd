"""The charts that the service scores on: found by id, version and hash, with their ETags."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from mews_newtt.chart.catalogue import Catalogue, catalogue
from mews_newtt.chart.choosing import choose, meant, named
from mews_newtt.chart.content import canonical
from mews_newtt.chart.model import Chart
from mews_newtt.chart.site import GONE, Doubt, is_site, record_path
from mews_newtt.errors import ChartError, ChartNotFound, MewsNewttError, Problem
from mews_newtt_service.problems import refuse

LOOK = 1.0  # seconds between looks at the chart files
Told = Callable[[MewsNewttError], None]


class Shelf:
    """The charts as their files stand; a change on disk is seen within a second, and no answer mixes two states.

    A chart file that breaks a check stops the service from starting. In a running one the charts stay as they were: `fault` says why. A chart
    that came from a site's folder and is gone is such a fault: its name never means another chart until the service is started again.
    """

    def __init__(self, told: Told | None = None):
        self.fault: MewsNewttError | None = None
        self._told = told
        self._found: dict[tuple[str, str | None], Chart] = {}
        self._json: dict[str, bytes] = {}
        source = catalogue()
        self._seen = _state_of(source)
        self._charts, self._doubts = _read(source)
        self._next = time.monotonic() + LOOK

    def _look(self) -> None:
        """Take in what changed on disk, or on the calendar: a version may begin today."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + LOOK
        try:
            source = catalogue()
            seen = _state_of(source)
            if seen == self._seen and self.fault is None:
                return
            self._seen = seen
            charts, doubts = _read(source)
            _require_still_there(self._charts, charts)
        except MewsNewttError as fault:
            if self.fault is None or self.fault.problems != fault.problems:
                self.fault = fault
                if self._told is not None:
                    self._told(fault)
            return
        self._charts, self._doubts, self._found, self.fault = charts, doubts, {}, None

    def charts(self) -> list[Chart]:
        """Every version of every chart, by id, then version."""
        self._look()
        return self._charts

    def versions(self, name: str) -> list[Chart]:
        """All versions of one chart, by id or alias."""
        chart = self.find(name)
        return [other for other in self._charts if other.id == chart.id]

    def find(self, name: str, version: str | None = None, sha256: str | None = None) -> Chart:
        """The chart of that id or alias, pinned to a version and to a content hash where they are given."""
        self._look()
        chart = self._found.get((name, version))
        if chart is None:
            if name.endswith(".toml") or "/" in name:  # a caller names charts, never files
                raise ChartNotFound(Problem("chart_unknown", f"chart {name!r}", "there is no such chart", "see /v1/charts"))
            chart = choose(named(self._charts, name), name, version, doubts=self._doubts)
            if len(self._found) < 1000:
                self._found[name, version] = chart
        if sha256 is not None and sha256 != chart.sha256:
            raise refuse(
                409,
                "chart_changed",
                f"chart {chart.id} {chart.version}",
                f"has the content hash {chart.sha256}, not the one asked for",
                "look at what changed, then pin the new hash or another version",
            )
        return chart

    @property
    def lost(self) -> MewsNewttError | None:
        """The fault, where a site's folder or a chart of it is gone: this process could not be started again as it is."""
        return self.fault if self.fault is not None and any(problem.code in GONE for problem in self.fault.problems) else None

    def content(self, chart: Chart) -> bytes:
        """The whole chart as JSON."""
        if chart.sha256 not in self._json:
            self._json[chart.sha256] = json.dumps({**canonical(chart), "sha256": chart.sha256}, ensure_ascii=False, allow_nan=False).encode()
        return self._json[chart.sha256]


def _read(source: Catalogue) -> tuple[list[Chart], dict[str, Doubt]]:
    """Every chart, and which of them claim a status without proof. Faults of a name are told now and not at its first score."""
    charts = source.charts()
    doubts = dict(source.doubts)
    for name in dict.fromkeys(chart.id for chart in charts):
        try:
            meant(source.versions(name), doubts=doubts)
        except ChartNotFound:  # not in force yet: whoever asks is told
            continue
    return charts, doubts


def _require_still_there(before: list[Chart], after: list[Chart]) -> None:
    """Raise ChartError if a chart that came from a site's folder is in none now."""
    still = {(chart.id, chart.version) for chart in after if _of_site(chart)}
    gone = [chart for chart in before if _of_site(chart) and (chart.id, chart.version) not in still]
    if gone:
        mend = "put the file back; if the chart was withdrawn, start the service again"
        raise ChartError([Problem("site_chart_gone", chart.origin, f"held {chart.id} {chart.version} and is not there", mend) for chart in gone])


def _of_site(chart: Chart) -> bool:
    return is_site(Path(chart.origin).parent.parent)


def _state_of(source: Catalogue) -> tuple[Any, ...]:
    """What changes when a chart file does, and when a day begins."""
    found: list[Any] = [date.today()]
    for path in (one for paths in source.files().values() for chart_file in paths for one in (chart_file, record_path(chart_file))):
        try:
            stamp = path.stat()
        except OSError:  # no record, or gone between the listing and now: the next look sees it
            continue
        found.append((path, stamp.st_mtime_ns, stamp.st_size))
    return tuple(found)


def summary_of(chart: Chart) -> dict[str, Any]:
    """A chart as a list shows it."""
    return {
        **chart.identity(),
        "short_title": chart.short_title,
        "status_says": chart.status_says,
        "scope": chart.scope_says,
        "aliases": list(chart.aliases),
        "effective_from": chart.effective_from,
        "has_points": chart.has_points,
        "href": f"/v1/charts/{chart.id}/{chart.version}",
    }


def tag_of(*contents: str) -> str:
    """An ETag: one chart's own hash, or the hash of several."""
    return f'"{contents[0]}"' if len(contents) == 1 else f'"{hashlib.sha256(chr(10).join(contents).encode()).hexdigest()}"'
