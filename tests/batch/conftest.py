"""The numba engine is loaded for every test here, as in a process that has scored many rows; tests/test_engines.py tries each engine by its name."""

import mews_newtt.engines.numba  # noqa: F401
