"""The charts that the service scores on: looks for changed files once a second, checks a caller's pins, gives charts as JSON with their ETags."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from mews_newtt.chart.choosing import BY_DATE
from mews_newtt.chart.content import canonical
from mews_newtt.chart.live import LiveCharts
from mews_newtt.chart.model import Chart
from mews_newtt.chart.timeline import OBSERVED, day_of_set
from mews_newtt.errors import MewsNewttError
from mews_newtt_service.problems import refuse

LOOK_SECONDS = 1.0  # between looks at the chart files
OnError = Callable[[MewsNewttError], None]


class ChartRegistry:
    """The library's live charts on the server's clock. A chart file that breaks a check stops the start; later, `on_error` is called with it."""

    def __init__(self, on_error: OnError | None = None):
        self._on_error = on_error
        self._live = LiveCharts(date.today())
        self._json: dict[str, bytes] = {}
        self._next_look = time.monotonic() + LOOK_SECONDS

    def _look(self) -> None:
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_SECONDS
        if self._live.refresh(date.today()) and self._on_error is not None and self._live.fault is not None:
            self._on_error(self._live.fault)

    @property
    def fault(self) -> MewsNewttError | None:
        """Why the charts are older than their files; None if they are not."""
        return self._live.fault

    @property
    def lost(self) -> MewsNewttError | None:
        """The fault, if a site's folder or a chart of it is gone."""
        return self._live.lost

    def charts(self) -> list[Chart]:
        """Every version of every chart, by id, then version."""
        self._look()
        return self._live.charts

    def versions(self, name: str) -> list[Chart]:
        """All versions of one chart, by id or alias."""
        self._look()
        return self._live.versions(name)

    def find(self, name: str, version: str | None = None, sha256: str | None = None) -> Chart:
        """The chart of an id or alias, pinned to a version and to a content hash if they are given.

        Raises
        ------
        ChartNotFound  there is no such chart or version
        ServiceError  409: the chart has another content hash
        """
        self._look()
        chart = self._live.find(name, version)
        if sha256 is not None and sha256 != chart.sha256:
            raise refuse(
                409,
                "chart_changed",
                f"chart {chart.id} {chart.version}",
                f"has the content hash {chart.sha256}, not the one asked for",
                "look at what changed, then pin the new hash or another version",
            )
        return chart

    def find_for(self, name: str, version: str | None, sha256: str | None, given: Mapping[str, Any]) -> Chart:
        """The same for one observation set: with the version `by-date`, the one in force on the day of its `observed_at`.

        Raises
        ------
        ObservationError  the set names no day
        """
        return self.find(name, day_of_set(given.get(OBSERVED)).isoformat() if version == BY_DATE else version, sha256)

    def content(self, chart: Chart) -> bytes:
        """The whole chart as JSON."""
        if chart.sha256 not in self._json:
            self._json[chart.sha256] = json.dumps({**canonical(chart), "sha256": chart.sha256}, ensure_ascii=False, allow_nan=False).encode()
        return self._json[chart.sha256]


def summary_of(chart: Chart) -> dict[str, Any]:
    """A chart as a list shows it."""
    return {
        **chart.identity(),
        "short_title": chart.short_title,
        "status_says": chart.trust_says,
        "scope": chart.scope_says,
        "aliases": list(chart.aliases),
        "effective_from": chart.effective_from,
        "has_points": chart.has_points,
        "href": f"/v1/charts/{chart.id}/{chart.version}",
    }


def tag_of(*contents: str) -> str:
    """An ETag: the hash of one chart, or a hash over those of several."""
    return f'"{contents[0]}"' if len(contents) == 1 else f'"{hashlib.sha256(chr(10).join(contents).encode()).hexdigest()}"'
