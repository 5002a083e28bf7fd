"""`validate` on a Spark frame: each partition is compared where it is, and only counts and a few rows of each reach the driver."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl
import pyarrow as pa

from mews_newtt.chart.model import Chart
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.validation import collect
from mews_newtt.validation.collect import Collector, Limits
from mews_newtt.validation.comparer import Comparer
from mews_newtt.validation.result import MOST_LISTED, Origin, Validation

OF_PARTITION = Limits(listed=100, wrong=200, right=400, written=0)  # rows that one partition sends to the driver
ROWS = 1 << 16  # compared at a time; Spark's own batches are smaller
NUMBERED = "rows are numbered as the frame's partitions follow each other; other partitions would number them in another way"


def is_spark_frame(data: Any) -> bool:
    return type(data).__module__.partition(".")[0] == "pyspark"


def validate_spark(chart: Chart, frame: Any, column_map: ColumnMap, blanks_disagree: bool, source: Origin | None) -> Validation:
    """See `validate`. One pass over the frame; the executors need this package with its validate extra."""
    comparer = Comparer(chart, frame.columns, column_map, blanks_disagree)  # a wrong name is an error before anything runs
    used = [theirs for theirs, _ in comparer.read] + [column.theirs for column in comparer.expected] + comparer.unread.screened
    if comparer.case_id is not None:
        used.append(comparer.case_id)
    names = [name for name in frame.columns if name in used]

    def compare(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        own = Comparer(chart, names, column_map, blanks_disagree)
        collector = Collector(own, 0, OF_PARTITION)
        for piece in _pieces(batches):
            collector.add(own.compare(pl.DataFrame(piece.rename_columns(names))))
        yield pa.record_batch({"part": [pickle.dumps(collector.part())]})

    quoted = ["`" + name.replace("`", "``") + "`" for name in names]
    plain = frame.select(*quoted).toDF(*(f"column_{place}" for place in range(len(names))))  # mapInArrow does not take names with dots
    parts = plain.mapInArrow(compare, "part binary").collect()
    collector = Collector(comparer, 0, Limits(MOST_LISTED, collect.WRONG_KEPT, collect.RIGHT_KEPT, written=0))
    for row in parts:
        collector.join(pickle.loads(row.part))  # made by `compare` above
    return collector.finish(source or Origin("a Spark frame", kind="table"), [NUMBERED] if collector.wrong else [])


def _pieces(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The batches as tables of about ROWS rows."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(one.num_rows for one in waiting) >= ROWS:
            yield pa.Table.from_batches(waiting)
            waiting = []
    if waiting:
        yield pa.Table.from_batches(waiting)
