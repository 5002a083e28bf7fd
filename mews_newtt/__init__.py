"""Scores early-warning observation charts in maternity and newborn care: which chart, which version, which status, every point explained."""

from mews_newtt.chart.catalogue import charts, load_chart
from mews_newtt.chart.model import Chart
from mews_newtt.errors import ChartError, ChartNotFound, ColumnError, FileError, MewsNewttError, ObservationError, Problem
from mews_newtt.scoring.observations import ObservationSet
from mews_newtt.scoring.reference import score
from mews_newtt.scoring.result import Score

__all__ = [
    "Chart",
    "ChartError",
    "ChartNotFound",
    "ColumnError",
    "FileError",
    "MewsNewttError",
    "ObservationError",
    "ObservationSet",
    "Problem",
    "Score",
    "charts",
    "load_chart",
    "score",
]
__version__ = "0.1.0"
