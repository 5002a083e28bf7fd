"""Loops over bytes that numba compiles when they first have much to do. A few bytes are gone through in plain Python: loading numba takes long."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

FEW = 1 << 14  # bytes


class Loop:
    """A function whose first argument is an array of bytes."""

    def __init__(self, function: Callable[..., Any]):
        self.py_func = function

    def __call__(self, data: Any, *others: Any) -> Any:
        if len(data) > FEW or numba_is_loaded():
            return self.compiled(data, *others)
        with np.errstate(over="ignore"):  # hashes are meant to overflow
            return self.py_func(data, *others)

    @cached_property
    def compiled(self) -> Any:
        """The function as machine code."""
        from mews_newtt.engines.numba import kernel  # takes most of a second to load

        return kernel(self.py_func)


def numba_is_loaded() -> bool:
    """Whether this process has loaded the numba engine, so that its use costs nothing more."""
    return "mews_newtt.engines.numba.engine" in sys.modules
