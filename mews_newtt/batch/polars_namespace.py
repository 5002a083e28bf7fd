"""Polars frames that score themselves: `import mews_newtt.batch.polars_namespace`, then `frame.mews_newtt.score(chart)`."""

from mews_newtt.tables.polars_namespace import DataFrameScores, LazyFrameScores

__all__ = ["DataFrameScores", "LazyFrameScores"]
