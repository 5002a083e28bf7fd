"""`validate`, `validate_file`: compare a platform's answers with the chart's, a chunk of rows at a time; `diagnosed`: explain what disagrees.

Rows are scored by the batch engine and compared as arrays. Memory does not grow with the file: it holds counts, a capped list and a bounded
sample for the diagnosis; the disagreements are on disk.
"""

from __future__ import annotations

import hashlib
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from mews_newtt.chart.model import Chart
from mews_newtt.engines.base import default_threads
from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.reading.plan import Plan
from mews_newtt.tables.formats import STDIO, FormatName
from mews_newtt.tables.planned.table import map_beside, open_planned
from mews_newtt.tables.planned.workbooks import is_workbook, open_workbook
from mews_newtt.tables.read import Chunk
from mews_newtt.tables.summary import READ_BY_PLAN, Progress, part_of
from mews_newtt.tables.table import ArrowStream, as_table
from mews_newtt.validation.collect import Collector
from mews_newtt.validation.comparer import Compared, Comparer
from mews_newtt.validation.diagnose import diagnose
from mews_newtt.validation.diagnose.within import with_place
from mews_newtt.validation.diagnosis import Diagnosis
from mews_newtt.validation.result import Origin, Validation
from mews_newtt.validation.spark import is_spark_frame, validate_spark
from mews_newtt.validation.worst_rows import MOST_WRITTEN

ROWS = 1 << 18  # of a chunk


def validate(
    chart: Chart,
    data: ArrowStream | Any,
    *,
    column_map: ColumnMap | None = None,
    threads: int | None = None,
    source: Origin | None = None,
    blanks_disagree: bool = False,
) -> Validation:
    """Compare a platform's answers with a chart.

    Parameters
    ----------
    data : rows of readings, as `score_table` takes them, or a Spark frame; and any of `expected_total`, `expected_level`,
        `expected_points_<parameter>` and `expected_status` (complete, partial, refused). A blank expected cell states nothing.
    column_map : how the columns, values and units of another system are read
    source : where the rows come from, for the reports
    blanks_disagree : a blank expected cell disagrees where the chart gives an answer for a complete set

    A Spark frame is compared partition by partition where it is. Counts are of all rows and equal those of the same rows in memory. The result lists
    at most 100 rows of each partition and 1,000 in all, holds a sample for `diagnosed`, and no lines for disagreements.csv. `row` is the place of a
    row in `frame.collect()` while the partitions stay as they are, so give a `case_id`. `threads` is for tables in memory.

    Raises
    ------
    ColumnError  no expected column, or a column with a misspelt name
    """
    if is_spark_frame(data):
        return validate_spark(chart, data, column_map or ColumnMap(), blanks_disagree, source)
    table = as_table(data)
    comparer = Comparer(chart, table.column_names, column_map or ColumnMap(), blanks_disagree)  # refuses columns named twice
    frame = pl.DataFrame(table)
    collector = Collector(comparer, 0)
    pieces = (frame.slice(start, ROWS) for start in range(0, max(frame.height, 1), ROWS))
    for found in _in_order(((comparer.compare, piece) for piece in pieces), threads or default_threads()):
        collector.add(found)
    return collector.finish(source or Origin("a table", kind="table"))


def validate_file(
    chart: Chart,
    path: str | Path,
    *,
    column_map: ColumnMap | None = None,
    plan: Plan | None = None,
    format: FormatName | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
    blanks_disagree: bool = False,
    most_rows: int = MOST_WRITTEN,
) -> Validation:
    """Compare the answers in a file with a chart: CSV (also .gz, .zst), Parquet or NDJSON, of any length; or a workbook with one plain sheet.

    Parameters
    ----------
    column_map, plan : how somebody else's file is read; a plan holds a map, so give one of them
    most_rows : rows for disagreements.csv at most, the worst first; they are held in memory

    Raises
    ------
    FileError  a file that is not what it says, no expected column, a column with a misspelt name, or faults of the plan
    """
    if str(path) == STDIO:
        raise FileError(Problem("not_a_file", "standard input", "cannot be filed as evidence", "save it as a file and name that"))
    path = Path(path)
    before = _identity(path)
    planned = plan is not None and not plan.is_map
    reading, progress = part_of(progress, 0, READ_BY_PLAN), part_of(progress, READ_BY_PLAN if planned else 0, 1)
    workbook = plan is None and is_workbook(path, format)
    opening = open_workbook(path) if workbook else open_planned(chart, path, format, plan, reading)
    with opening as table, ThreadPoolExecutor(1, "mews-newtt-hash") as beside:
        comparer = Comparer(chart, table.names, map_beside(column_map, plan, table), blanks_disagree, table.about)
        hashed = beside.submit(_hash, path)
        stretches = iter(table.chunks())
        first = next(stretches, None)
        # rows are named as a spreadsheet shows them: in a text file the header is row 1
        collector = Collector(comparer, 1 if first is not None and first.row_of(0) > 1 else 0, written=most_rows)

        def work() -> Iterator[tuple[Callable[[Chunk], tuple[Compared, Chunk]], Chunk]]:
            if first is not None:
                yield compare, first
            for stretch in stretches:
                yield compare, stretch

        def compare(stretch: Chunk) -> tuple[Compared, Chunk]:
            found = comparer.compare(stretch.frame())
            found.places = None if stretch.places is None else stretch.places.to_numpy()
            return found, stretch

        for found, stretch in _in_order(work(), threads or default_threads()):
            collector.add(found)
            fault = stretch.fault()
            if fault is not None:
                raise fault
            if progress is not None:
                progress(collector.rows, stretch.share)
        digest = _result(hashed)
        if before is None or digest is None or _identity(path) != before:  # else the hash would be that of other content
            raise FileError(
                Problem("file_changed", path.name, "was changed, moved or removed while it was read", "run it again when nothing writes to it")
            )
        noted = [f"{note['what']}{_at(note)}" for note in table.notes()] if workbook else []
        return collector.finish(Origin(path.name, digest, before[0]), noted, reading=table.report)


def diagnosed(found: Validation, others: Iterable[Chart] | None = None, *, anyway: bool = False) -> Validation:
    """The same validation with the fault that explains its disagreements best, found in a bounded sample of the rows.

    Without a column for a scored parameter there is no diagnosis: the platform may have read what the file leaves out.
    If the diagnosis fails, the comparison stays as it is and the result says so.

    Parameters
    ----------
    anyway : diagnose although parameters have no column, because the platform did not have them either
    """
    if not found.disagreed or found.sample is None:
        return found
    if found.without_column and not anyway:
        says = (
            f"Not diagnosed. {found.gap} The platform may have scored what was not read here. Map or add the columns. "
            "If the platform did not have these readings either, say so with --diagnose-anyway."
        )
        return replace(found, diagnosis=Diagnosis(found.compared, found.disagreed, not_made=says))
    sample, column_map, complete = found.sample
    others = None if others is None else list(others)
    try:
        diagnosis = diagnose(
            found.chart,
            sample,
            column_map=column_map,
            others=others,
            blanks_disagree=found.blanks_disagree,
            rows_of_file=None if found.around is None else found.around.rows,
        )
    except Exception as fault:  # an unexpected fault must not cost the comparison; its message could hold readings
        says = f"{failed('The diagnosis', fault)} The comparison is complete and not affected."
        return replace(found, diagnosis=Diagnosis(found.compared, found.disagreed, not_made=says))
    diagnosis.sampled = diagnosis.sampled or not complete
    diagnosis.settle_first = found.own_file.own_words({name: column.compared for name, column in found.by_column.items()})
    if found.around is None:
        return replace(found, diagnosis=diagnosis)
    try:
        diagnosis = with_place(found.chart, diagnosis, sample, found.around, column_map, others, found.blanks_disagree)
    except Exception as fault:  # the same for the search for places: the diagnosis stays as it is
        says = f"{failed('The search for places in the file', fault)} The diagnosis is of all rows."
        return replace(found, diagnosis=diagnosis, notes=(*found.notes, says.rstrip(".")))
    return replace(found, diagnosis=diagnosis)


def failed(what: str, fault: Exception) -> str:
    """An unexpected fault in one sentence without its message, which could hold readings."""
    line = traceback.extract_tb(fault.__traceback__)[-1]
    where = f"{type(fault).__name__} in {Path(line.filename).name}, line {line.lineno}"
    return f"{what} failed ({where}). Please report this fault with the chart and its version."


def _in_order(work: Iterable[tuple[Callable[[Any], Any], Any]], threads: int) -> Iterator[Any]:
    """Results in the order of the work; only a few run at once."""
    under_way: deque[Future[Any]] = deque()
    with ThreadPoolExecutor(threads, "mews-newtt-validate") as pool:
        try:
            for do, what in work:
                under_way.append(pool.submit(do, what))
                if len(under_way) > threads:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            for future in under_way:
                future.cancel()


def _at(note: Mapping[str, Any]) -> str:
    """Where something was noted in a workbook."""
    places = note.get("places") or ()
    return f" (row {', '.join(map(str, places[:5]))})" if places else ""


def _identity(path: Path) -> tuple[int, int, int] | None:
    """Size, time and inode, which change when a file is changed or replaced; None where there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino


def _result(hashed: Future[str]) -> str | None:
    """The hash; None where the file was removed before it was opened."""
    try:
        return hashed.result()
    except FileNotFoundError:
        return None


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
