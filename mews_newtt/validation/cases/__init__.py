"""Observation sets worth trying on a chart: for test packs, the diagnosis and coverage."""

from mews_newtt.validation.cases.beyond import beyond
from mews_newtt.validation.cases.crowded import crowded
from mews_newtt.validation.cases.pool import Pool
from mews_newtt.validation.cases.readable import readable
from mews_newtt.validation.cases.values import (
    MOST_CONTEXTS,
    Given,
    Setting,
    as_text,
    contribution,
    first_in,
    last_in,
    middle,
    recordable,
    refused_alone,
    settings,
)

__all__ = [
    "MOST_CONTEXTS", "Given", "Pool", "Setting", "as_text", "beyond", "contribution", "crowded", "first_in", "last_in", "middle", "readable",
    "recordable", "refused_alone", "settings",
]  # fmt: skip
