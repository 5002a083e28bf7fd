"""Counts and durations for Prometheus. Labels come from small fixed sets: never a reading, nor anything that a caller wrote."""

from __future__ import annotations

import os
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from mews_newtt import __version__
from mews_newtt.chart.model import Chart
from mews_newtt_service.gauges import Gauges

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
METHODS = frozenset(("GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT", "PATCH"))
# Counted from 0 on: Prometheus sees no increase in a count that was not there before.
ALERTED = (("too_busy", "503"), ("no_worker", "503"), ("database_unavailable", "503"), ("disk_full", "507"), ("not_signed_in", "401"))
OTHER = "other"  # an answer of 400 or more without a problem's code
MOST_REASONS = 500  # the codes are all in our code, about 300 of them; this holds should one ever be made at run time


class Metrics:
    """The service's counts. Several web processes share them through a folder (PROMETHEUS_MULTIPROC_DIR)."""

    def __init__(self) -> None:
        registry = self._own = CollectorRegistry()
        self.requests = Counter("mews_newtt_requests_total", "requests answered", ("route", "method", "status"), registry=registry)
        self.seconds = Histogram("mews_newtt_request_seconds", "time to answer", ("route",), buckets=BUCKETS, registry=registry)
        self.scores = Counter("mews_newtt_scores_total", "observation sets scored", ("chart", "version", "status"), registry=registry)
        self._refused = Counter(
            "mews_newtt_refused_total", "requests refused or failed, by the code of the first problem", ("reason", "status"), registry=registry
        )
        for reason, status in ALERTED:
            self._refused.labels(reason, status)
        self.faults = Counter("mews_newtt_faults_total", "requests that failed in the service itself", registry=registry)
        self.built = Gauge("mews_newtt_build_info", "1", ("version",), registry=registry, multiprocess_mode="max")
        self.built.labels(__version__).set(1)
        self._children: dict[Any, Any] = {}
        self._reasons: set[str] = set()

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        key = (route, method, status)
        found = self._children.get(key)
        if found is None:
            known = method if method in METHODS else OTHER
            found = self._children[key] = (self.requests.labels(route, known, str(status)), self.seconds.labels(route))
        found[0].inc()
        found[1].observe(seconds)

    def refused(self, reason: str, status: int) -> None:
        """Count a request that got no result, by the code of its first problem."""
        if reason not in self._reasons:
            if len(self._reasons) >= MOST_REASONS:
                reason = OTHER
            self._reasons.add(reason)
        self._refused.labels(reason, str(status)).inc()

    def scored(self, chart: Chart, status: str, rows: int = 1) -> None:
        """Count scores by chart and status."""
        key = (chart.id, chart.version, status)
        found = self._children.get(key)
        if found is None:
            found = self._children[key] = self.scores.labels(*key)
        found.inc(rows)

    def text(self, now: Gauges) -> bytes:
        """All counts, and the numbers of `now`, in the text format of Prometheus."""
        registry = CollectorRegistry()
        if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no types here
        else:
            registry.register(self._own)
        registry.register(now)
        return generate_latest(registry)
