"""pandas frames that score themselves: `import mews_newtt.batch.pandas_accessor`, then `frame.mews_newtt.score(chart)`."""

from mews_newtt.tables.pandas_accessor import FrameScores

__all__ = ["FrameScores"]
