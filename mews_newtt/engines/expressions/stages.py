"""A frame that columns are added to, stage by stage. Later stages name the columns of earlier ones, so that no expression grows large."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from mews_newtt.engines.expressions.parts import Part

PREFIX = "__mews_newtt_"  # of columns that are dropped at the end


class Stages:
    """Columns that wait for the next stage, and the frame with those of all stages before."""

    compares_as_printed = False  # whether numbers are compared with the edges that the chart prints; slower, and easier to review

    def __init__(self, frame: Any):
        self.frame = frame
        self.own = tuple(frame.collect_schema().names())
        self.waiting: dict[str, nw.Expr] = {}
        # Polars multiplies by 1 / 10 where it is told to divide by the number 10, which rounds twice. It divides by a column exactly.
        self.divides_exactly = not frame.implementation.is_polars()
        self.casts_only_exactly = frame.implementation.is_pyarrow() or frame.implementation.is_pandas()
        self._strips_by_pattern = frame.implementation.is_ibis()  # Ibis strips blanks only, and each of its backends others
        # In SQL a text that may be null is named once for its value and once more for the question whether it is null: double the work.
        self.joins_without_nulls = frame.implementation.is_spark_like() or frame.implementation.is_duckdb()

    def add(self, name: str, part: Part) -> Part:
        """The part as a column of this stage; it can be used from the next stage on. A plain value needs no column."""
        return self.column(name, part) if isinstance(part, nw.Expr) else part

    def column(self, name: str, part: nw.Expr) -> nw.Expr:
        """The expression as a column of this stage."""
        column = PREFIX + name
        assert column not in self.waiting, f"two columns are named {column}"
        self.waiting[column] = part.alias(column)
        return nw.col(column)

    def strip(self, text: nw.Expr, characters: str, *, start: bool = True) -> nw.Expr:
        """Text without these characters at its end, and at its start."""
        if self._strips_by_pattern:
            return text.str.replace_all(f"^[{characters}]+|[{characters}]+$" if start else f"[{characters}]+$", "")
        return text.str.strip_chars(characters) if start else text.str.strip_chars_end(characters)

    def next(self) -> None:
        """Add the columns that wait."""
        if self.waiting:
            self.frame = self.frame.with_columns(*self.waiting.values())
            self.waiting = {}

    def only(self, results: dict[str, nw.Expr]) -> Any:
        """The frame's own columns, then the results."""
        self.next()
        return self.frame.select(*self.own, *(part.alias(name) for name, part in results.items()))
