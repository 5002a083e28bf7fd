"""How long a cell of CSV may be: Python has one limit for all of a process, so only a process of our own sets it, never the library."""

import csv

LONGEST_CELL = 1_000_000  # characters


def allow_long_cells() -> None:
    """For the command and the service's worker: longer cells than Python's default."""
    csv.field_size_limit(LONGEST_CELL)
