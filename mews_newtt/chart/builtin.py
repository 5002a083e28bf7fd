"""The rules that come with the package: where they are, and the observations they define. The same in every process."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from mews_newtt.chart.load_observations import load_observations
from mews_newtt.chart.model import Observation


@lru_cache(maxsize=1)
def builtin_rules() -> Path:
    """The folder of the charts that come with the package: inside it in a wheel, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "rules"
    return inside if inside.is_dir() else package.parent / "rules"


@lru_cache(maxsize=1)
def builtin_observations() -> Mapping[str, Observation]:
    """Every observation that the package defines; read once. A site's own come with its charts (`Chart.observations`)."""
    return load_observations(builtin_rules() / "parameters.toml")
