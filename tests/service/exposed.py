"""What /metrics says, read by prometheus_client's own parser."""

from __future__ import annotations

from typing import Any

from prometheus_client.parser import text_string_to_metric_families

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def exposed(http: Any) -> Samples:
    """Every sample of /metrics by its name and labels; a text that is not valid raises."""
    found: Samples = {}
    for family in text_string_to_metric_families(http.get("/metrics").text):
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in found, f"given twice: {key}"
            found[key] = sample.value
    return found


def value(samples: Samples, name: str, **labels: str) -> float | None:
    """One sample; None if it is not there."""
    return samples.get((name, frozenset(labels.items())))
