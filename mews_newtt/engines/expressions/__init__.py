"""x"""

from mews_newtt.engines.expressions.engine import ExpressionEngine
from mews_newtt.engines.expressions.score import score_expressions

__all__ = ["ExpressionEngine", "score_expressions"]
