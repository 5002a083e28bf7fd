"""The charts that the service scores on: found by id, version and hash, with their ETags."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from mews_newtt.chart.catalogue import Catalogue, catalogue
from mews_newtt.chart.load import canonical
from mews_newtt.chart.model import Chart
from mews_newtt.errors import ChartNotFound, Problem
from mews_newtt.scoring.result import chart_identity
from mews_newtt_service.problems import refuse


class Shelf:
    """The charts as they were when the service started; a changed chart file needs a restart, so no two requests disagree."""

    def __init__(self, source: Catalogue | None = None):
        self._source = source or catalogue()
        self._charts = self._source.charts()
        self._found: dict[tuple[str, str | None], Chart] = {}
        self._json: dict[str, bytes] = {}

    def charts(self) -> list[Chart]:
        """Every version of every chart, by id, then version."""
        return self._charts

    def versions(self, name: str) -> list[Chart]:
        """All versions of one chart, by id or alias."""
        chart = self.find(name)
        return [other for other in self._charts if other.id == chart.id]

    def find(self, name: str, version: str | None = None, sha256: str | None = None) -> Chart:
        """The chart of that id or alias, pinned to a version and to a content hash where they are given."""
        chart = self._found.get((name, version))
        if chart is None:
            if name.endswith(".toml") or "/" in name:  # a caller names charts, never files
                raise ChartNotFound(Problem("chart_unknown", f"chart {name!r}", "there is no such chart", "see /v1/charts"))
            chart = self._source.find(name, version)
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

    def content(self, chart: Chart) -> bytes:
        """The whole chart as JSON."""
        if chart.sha256 not in self._json:
            self._json[chart.sha256] = json.dumps({**canonical(chart), "sha256": chart.sha256}, ensure_ascii=False, allow_nan=False).encode()
        return self._json[chart.sha256]


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
