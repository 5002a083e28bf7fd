"""The array engine: NumPy alone. It starts at once, where the numba engine takes a second to load; small tables are its own."""

from mews_newtt.engines.arrays.engine import ArrayEngine

__all__ = ["ArrayEngine"]
