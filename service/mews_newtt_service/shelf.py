"""The charts that the service scores on: found by id, version and hash, with their ETags."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from datetime import date
from typing import Any

from mews_newtt.chart.catalogue import Catalogue, best_of, catalogue, in_force
from mews_newtt.chart.load import canonical
from mews_newtt.chart.model import Chart
from mews_newtt.errors import ChartError, ChartNotFound, MewsNewttError, Problem
from mews_newtt.scoring.result import chart_identity
from mews_newtt_service.problems import refuse

LOOK = 1.0  # seconds between looks at the chart files
Told = Callable[[MewsNewttError], None]


class Shelf:
    """The charts as their files stand; a change on disk is seen within a second, and no answer mixes two states.

    A chart file that breaks a check stops the service from starting. In a running one the charts stay as they were: `fault` says why.
    """

    def __init__(self, told: Told | None = None):
        self.fault: MewsNewttError | None = None
        self._told = told
        self._found: dict[tuple[str, str | None], Chart] = {}
        self._json: dict[str, bytes] = {}
        self._source = catalogue()
        self._charts = self._source.charts()
        self._seen = _state_of(self._source)
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
            if seen == self._seen:
                return
            self._seen = seen
            charts = source.charts()
            for chart in charts:  # twins are a fault of the folder, told now and not at the first score
                source.find(chart.id, chart.version)
        except MewsNewttError as fault:
            if self.fault is None or self.fault.problems != fault.problems:
                self.fault = fault
                if self._told is not None:
                    self._told(fault)
            return
        self._source, self._charts, self._found, self.fault = source, charts, {}, None

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
            chart = self._chosen(name, version)
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

    def _chosen(self, name: str, version: str | None) -> Chart:
        """From the files; a file that has just been broken does not take away the chart that was read from it."""
        try:
            return self._source.find(name, version)
        except ChartError:
            known = [chart for chart in self._charts if name == chart.id and version in (None, chart.version)]
            if not known:
                raise
            return best_of(known if version is not None else in_force(known))

    def content(self, chart: Chart) -> bytes:
        """The whole chart as JSON."""
        if chart.sha256 not in self._json:
            self._json[chart.sha256] = json.dumps({**canonical(chart), "sha256": chart.sha256}, ensure_ascii=False, allow_nan=False).encode()
        return self._json[chart.sha256]


def _state_of(source: Catalogue) -> tuple[Any, ...]:
    """What changes when a chart file does, and when a day begins."""
    found: list[Any] = [date.today()]
    for paths in source.files().values():
        for path in paths:
            try:
                stamp = path.stat()
            except OSError:  # gone between the listing and now: the next look sees it
                continue
            found.append((path, stamp.st_mtime_ns, stamp.st_size))
    return tuple(found)


def summary_of(chart: Chart) -> dict[str, Any]:
    """A chart as a list shows it."""
    return {
        **chart_identity(chart),
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
