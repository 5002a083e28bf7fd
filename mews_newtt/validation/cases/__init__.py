"""Observation sets worth trying on a chart: for test packs, the diagnosis and coverage."""

from mews_newtt.validation.cases.crowded import crowded
from mews_newtt.validation.cases.extremes import together
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
    recordable,
    refused_alone,
    settings,
)

__all__ = [
    "MOST_CONTEXTS", "Given", "Pool", "Setting", "as_text", "contribution", "crowded", "first_in", "last_in", "readable", "recordable",
    "refused_alone", "settings", "together",
]  # fmt: skip
