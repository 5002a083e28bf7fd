"""Result columns as Polars and pandas columns. The types follow from the chart alone, never from the rows; levels keep their order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from mews_newtt.chart.model import Chart

if TYPE_CHECKING:
    import polars as pl

LEVELS = ("level", "level_max")  # columns of level ids
STATUS = "score_status"


def as_polars(chart: Chart, found: pa.Table) -> pl.DataFrame:
    """Result columns as a Polars frame, levels as an Enum. The Arrow fields get the metadata by which Polars knows an Enum, so no value is copied."""
    import polars as pl  # only for callers that use Polars: to score an Arrow table needs none

    levels = pl.Enum([level.id for level in chart.levels])
    marks = {name: pl.DataFrame(schema={name: levels}).to_arrow(compat_level=pl.CompatLevel.newest()).schema.field(name).metadata for name in LEVELS}
    fields = [field.with_metadata(marks.get(field.name)) for field in found.schema]
    frame = pl.DataFrame(pa.table(found.columns, schema=pa.schema(fields)))
    unordered = [name for name in LEVELS if name in frame.columns and frame.schema[name] != levels]  # a version of Polars with other metadata
    return frame.with_columns(pl.col(unordered).cast(levels)) if unordered else frame


def as_pandas(found: pa.Table) -> Any:
    """Result columns as a pandas frame: whole numbers that may be missing, ordered levels, and the other words as text."""
    import pandas  # no extra of ours: whoever gives a pandas frame has it

    for place, field in enumerate(found.schema):
        if pa.types.is_dictionary(field.type) and field.name not in (*LEVELS, STATUS):  # its categories would depend on these rows
            found = found.set_column(place, field.name, found.column(place).cast(pa.string()))
    numbers = {pa.int8(): pandas.Int8Dtype(), pa.int16(): pandas.Int16Dtype()}
    return found.to_pandas(types_mapper=numbers.get)
