"""`open_planned`: a file and its reading plan become a table in our own names, which everything else reads as any other table.

The source is read once, a chunk at a time, into a temporary Parquet file. So every fault of plan and file is known before anything is scored, and
memory does not grow with the file. A cell that the plan cannot read refuses its row, in words that name the cell. The rules of reading, the engine
and the comparison are those of every other table.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet

from mews_newtt.chart.model import Chart
from mews_newtt.compiled.ranges import one_band
from mews_newtt.errors import FileError, Problem, at_most
from mews_newtt.reading.columns import ColumnMap, is_reserved
from mews_newtt.reading.plan import Plan
from mews_newtt.reading.plan.cells import CellReader
from mews_newtt.reading.plan.combine import chosen, oxygen_answer
from mews_newtt.reading.plan.model import LONG_KINDS, OXYGEN_READING, Sets, Where
from mews_newtt.reading.plan.report import ReadingReport
from mews_newtt.reading.values import LABELS, NOT_READ
from mews_newtt.tables.nameless import nameless_file
from mews_newtt.tables.planned.births import with_births
from mews_newtt.tables.planned.coded import Coded
from mews_newtt.tables.planned.joined import open_joined
from mews_newtt.tables.planned.layout import NOTES, Layout
from mews_newtt.tables.planned.rows import CODED, LABEL, OTHER, REFUSED, ROW, TIME, Rows, Texts
from mews_newtt.tables.planned.sets import grouped
from mews_newtt.tables.planned.sources import MOST_FAULTS, of_arrow, open_source, plan_for, with_plan_faults, with_usual
from mews_newtt.tables.planned.spool import Spool
from mews_newtt.tables.planned.times import known_zone
from mews_newtt.tables.read import ROWS, Chunk, Table, open_table
from mews_newtt.tables.sources import Input
from mews_newtt.tables.summary import Progress, part_of

OneOf = Callable[[Sequence[str | None]], str | None]  # one reading from the cells of several columns
SOURCE_ROW = "@row"  # of the temporary file: where a set is in the source
READ = 0.8  # of the time until the sets are made, what reading the source takes
FAULTY = 1_000_000  # rows that are looked at for further faults, once there is one


@contextlib.contextmanager
def open_planned(chart: Chart, given: Input, named: str | None, plan: Plan | None, progress: Progress | None = None) -> Iterator[Table]:
    """An input as a table with a `report`, read as a plan says; without a plan, or with one that is a map only, `open_table`.

    progress : called while the source is read, with its rows, and the share of the reading where that is known

    Raises
    ------
    FileError  everything that is wrong with the plan and with the file under this plan, all at once
    """
    if isinstance(given, (str, Path)) and Path(given).is_dir():
        what = "is a folder, and one file is read here"
        raise FileError(Problem("folder_given", str(given), what, "name one file; `mews-newtt score` alone reads several files together"))
    plan = None if plan is None else plan_for(plan, given, chart.observations)
    if plan is None or plan.is_map:
        if plan is not None and plan.faults:
            raise FileError(plan.faults)
        with open_table(given, named) as table:
            yield table
        return
    with _read_from(open_source(given, named, plan.source), chart, plan, progress) as table:
        yield table


@contextlib.contextmanager
def open_together(chart: Chart, inputs: Sequence[Input], named: str | None, plan: Plan, progress: Progress | None = None) -> Iterator[Table]:
    """Several inputs as one table: a set may have its rows in several of them. Otherwise as `open_planned`."""
    with _read_from(open_joined(inputs, named, plan.source), chart, plan, progress) as table:
        yield table


@contextlib.contextmanager
def _read_from(
    opening: contextlib.AbstractContextManager[Table], chart: Chart, plan: Plan, progress: Progress | None
) -> Iterator[Table]:
    """The table that a plan makes of a source. Faults of the plan are named beside those for which the source cannot be opened."""
    with contextlib.ExitStack() as stack:
        try:
            source = stack.enter_context(opening)
        except FileError as fault:
            raise with_plan_faults(plan, fault) from None
        yield _made(chart, source, with_usual(plan, source.kind), stack.enter_context(nameless_file()), progress)


def map_beside(column_map: ColumnMap | None, plan: Plan | None, table: Table) -> ColumnMap:
    """How the columns of a table from `open_planned` are read: by the map, by a plan that is one, or as they are."""
    if plan is None:
        return column_map or ColumnMap()
    if column_map is not None and column_map != ColumnMap():
        what, mend = "is given beside a plan", "put everything into the plan: a map file is a part of it"
        raise FileError(Problem("map_and_plan", "column_map", what, mend))
    return plan.column_map if table.report is None else ColumnMap(ignore=table.left_alone)


def planned_table(chart: Chart, table: pa.Table, plan: Plan, name: str = "table") -> tuple[pa.Table, ReadingReport]:
    """A table of text in memory, read as a plan says, and what became of its cells."""
    with nameless_file() as path:
        made = _made(chart, of_arrow(table, name), with_usual(plan, None), path)
        frames = [chunk.frame() for chunk in made.chunks()]
        assert made.report is not None
        return pl.concat([made.columns, *frames]).to_arrow(compat_level=pl.CompatLevel.oldest()), made.report


def _made(chart: Chart, source: Table, plan: Plan, path: Path, progress: Progress | None = None) -> Table:
    run = _Run(chart, source, plan, progress)
    columns = run.write(path)
    run.report.count_columns()
    size, chunks = path.stat().st_size, partial(_chunks, path, source.name, source.files)
    left = plan.column_map.ignore.union(map(renamed, plan.column_map.ignore)).intersection(columns.columns) - chart.observations.keys()
    return Table(source.name, columns.columns, columns, chunks, size, run.report, (NOTES,), left, source.kind)


def renamed(name: str) -> str:
    """What a column that travels along is called where its name is that of a reading."""
    return f"{name} (as given)"


def _chunks(path: Path, name: str, files: tuple[str, ...]) -> Iterator[Chunk]:
    done, file = 0, pyarrow.parquet.ParquetFile(path)
    with file:
        whole = file.metadata.num_rows
        for batch in file.iter_batches(ROWS):
            frame = pl.DataFrame(pa.table(batch))
            done += frame.height
            yield _chunk(frame.drop(SOURCE_ROW), frame.get_column(SOURCE_ROW), name, done / whole, files)


def _chunk(frame: pl.DataFrame, rows: pl.Series, name: str, share: float, files: tuple[str, ...]) -> Chunk:
    return Chunk(lambda: frame, lambda row: int(rows[row]), name, share, places=rows, files=files)


class _Run:
    """One source read by one plan."""

    def __init__(self, chart: Chart, source: Table, plan: Plan, progress: Progress | None = None):
        self.chart, self.source, self.plan = chart, source, plan
        self.report = ReadingReport(plan, source.name, source.files)
        nested = [name for name, kind in source.columns.schema.items() if kind.is_nested()]
        coded = Coded(chart, plan) if plan.long and plan.long.code == "code" and source.kind in LONG_KINDS else None
        if coded is not None:
            self.source = coded.applied(source)
        self.layout = Layout(chart, plan, [name for name in source.names if name not in nested], self.report, coded)
        for name in nested:
            self.report.knows(Where(name), (), "holds lists or structures")
        self.faults = [*plan.faults, *self.layout.faults]
        self.reader = CellReader(plan, chart.observations, self.layout.targets, self.layout.outs, partial(one_band, chart))
        self.rows = Rows(plan, self.layout, self.reader, self.report)
        self.whole = True  # the file was read to its end
        self.sets = plan.sets or (Sets() if plan.long else None)
        self.reading, self.grouping = part_of(progress, 0, READ if self.sets else 1), part_of(progress, READ, 1)
        if plan.times and plan.times.zone is not None and not known_zone(plan.times.zone):
            what = f"{plan.times.zone!r} is not a time zone"
            self.faults.append(Problem("unknown_zone", f"{plan.name}, [times], zone", what, 'write a name of the IANA list, such as "Europe/London"'))
        absent = [fault for fault in self.faults if fault.code in ("column_absent", "column_twice", "unknown_zone", "person_needed", "time_needed")]
        if absent and (plan.long or plan.sets or any(fault.code != "column_absent" for fault in absent)):
            raise FileError(at_most(self.faults, plan.name, MOST_FAULTS))  # without these columns nothing can be read

    def write(self, path: Path) -> pl.DataFrame:
        """Read the source into a Parquet file. Returns its columns, without rows."""
        with contextlib.ExitStack() as stack:
            if self.sets is None:
                return self._write(path, stack, (self._finished(read) for read in self._reads()))
            spool = stack.enter_context(Spool())
            for read in self._reads():
                spool.add(read)
            self._check()
            return self._write(path, stack, self._grouped(spool, self.sets))

    def _grouped(self, spool: Spool, sets: Sets) -> Iterator[pl.DataFrame]:
        """The sets of all rows that were read, in parts."""
        known, texts, report, done = self.chart.observations, self.rows.texts, self.report, 0
        for part in spool.parts(self.rows.read(self.source.columns, [])):
            yield self._finished(grouped(part, sets, known, texts, report))
            done += part.height
            if self.grouping is not None and spool.rows:
                self.grouping(report.rows, done / spool.rows)

    def _reads(self) -> Iterator[pl.DataFrame]:
        """Every part of the source, read."""
        yield self.rows.read(self.source.columns, [])
        try:
            for chunk, frame in _ahead(self.source.chunks()):
                yield self.rows.read(frame, chunk.numbers(frame.height))
                if self.reading is not None:
                    self.reading(self.report.rows, chunk.share)
                fault = chunk.fault()
                if fault is not None:
                    raise fault
                if self.report.rows > FAULTY and self._now():
                    self.whole = False
                    return
        except FileError as fault:  # of the source; those of the plan come first
            raise FileError(at_most([*self._now(), *fault.problems], self.plan.name, MOST_FAULTS)) from None
        self.report.notes = self.source.notes()

    def _write(self, path: Path, stack: contextlib.ExitStack, frames: Iterator[pl.DataFrame]) -> pl.DataFrame:
        writer: pyarrow.parquet.ParquetWriter | None = None
        columns = pl.DataFrame()
        for frame in frames:
            table = _arrow(frame)
            if writer is None:
                columns = frame.clear()
                writer = stack.enter_context(pyarrow.parquet.ParquetWriter(path, table.schema, compression="lz4"))
            if table.num_rows:
                writer.write_table(table, row_group_size=ROWS)
        self._check()
        return columns.drop(SOURCE_ROW)

    def _now(self) -> list[Problem]:
        return [*self.faults, *[fault for fault in self.layout.faults if fault not in self.faults], *self.reader.overlaps.values()]

    def _check(self) -> None:
        """Raise everything that is wrong, once the whole file was looked at."""
        faults = [*self._now(), *self.rows.times_fault(), *(self.reader.unmatched() if self.whole else [])]
        if faults:
            raise FileError(at_most(faults, self.plan.name, MOST_FAULTS))

    def _finished(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The columns of the output: labels, readings, what travels along, notes."""
        frame = self._combined(frame)
        texts = self.rows.texts
        made = self.layout.made()
        out: dict[str, pl.Series] = {SOURCE_ROW: frame.get_column(ROW)}
        if self.rows.needs_time and TIME in frame.columns:
            frame = frame.with_columns(self.rows.observed())
        for label in LABELS:
            if LABEL + label in frame.columns:
                out[label] = frame.get_column(LABEL + label)
        births = with_births(frame, self.plan, self.rows.has_offsets, self.report) if self.layout.born else {}
        used = {name for name in self.plan.oxygen_from if name not in self.chart.by_id}
        ordered = sorted(made, key=lambda ours: list(self.chart.by_id).index(ours) if ours in self.chart.by_id else len(self.chart.by_id))
        for ours in ordered:
            if ours in births:
                out[ours] = births[ours]
            elif ours in used:
                continue
            elif CODED + ours in frame.columns:
                out[ours] = texts.setdefault(ours, Texts()).of(frame.get_column(CODED + ours))
            else:
                out[ours] = _nothing(frame.height)
        for name in frame.columns:
            if name.startswith(OTHER):
                own = name.removeprefix(OTHER)
                taken = own in out or own in self.chart.observations or is_reserved(own, self.chart.observations)
                out[renamed(own) if taken else own] = frame.get_column(name)  # else a column that is left alone would be read all the same
        if self.plan.numbers.ranges:
            outs = [name.removeprefix(CODED) for name in frame.columns if name.startswith(f"{CODED}{NOTES}@")]
            notes = [texts.setdefault(name, Texts()).of(frame.get_column(CODED + name)) for name in outs]
            if notes:
                joined = pl.DataFrame([note.alias(str(place)) for place, note in enumerate(notes)])
                out[NOTES] = joined.select(pl.concat_str(pl.all(), separator="; ", ignore_nulls=True)).to_series().replace("", None)
            else:
                out[NOTES] = _nothing(frame.height)
        found = pl.DataFrame([column.alias(name) for name, column in out.items()])
        self.report.sets += found.height
        return self._refusing(found, texts.setdefault(REFUSED, Texts()).of(frame.get_column(REFUSED)))

    def _combined(self, frame: pl.DataFrame) -> pl.DataFrame:
        """One reading from several columns, then air or oxygen from amounts."""
        known = self.chart.observations
        for ours, several in self.plan.several.items():
            names = [f"{ours}@{place}" for place in range(len(several.sources))]
            frame = self._from(frame, names, ours, partial(chosen, several, known[ours]))
        if self.plan.oxygen_from:
            names = [OXYGEN_READING, *self.plan.oxygen_from]
            frame = self._from(frame, names, OXYGEN_READING, partial(oxygen_answer, known, self.plan.oxygen_from))
        return frame

    def _from(self, frame: pl.DataFrame, names: list[str], ours: str, one_of: OneOf) -> pl.DataFrame:
        texts = self.rows.texts
        nothing = pl.zeros(frame.height, pl.UInt32, eager=True)
        columns = [frame.get_column(CODED + name) if CODED + name in frame.columns else nothing for name in names]
        keys = [f"@{place}" for place in range(len(names))]
        given = pl.DataFrame([column.alias(key) for key, column in zip(keys, columns, strict=True)] + [frame.get_column(ROW)])
        distinct = given.group_by(keys).agg(pl.len(), pl.col(ROW).min()).sort(ROW)
        words = [["", *texts.setdefault(name, Texts()).numbers] for name in names]
        own, found = texts.setdefault(ours, Texts()), []
        for *numbers, count, row in distinct.iter_rows():
            cells = [words[place][number] if number else None for place, number in enumerate(numbers)]
            text = one_of(cells)
            if text is not None and text.startswith(NOT_READ) and text not in cells:
                self.report.refuse(ours, text.removeprefix(NOT_READ), count, row, ", ".join(cell for cell in cells if cell))
            found.append(own.number(text))
        answer = pl.DataFrame([*(distinct.get_column(key) for key in keys), pl.Series(CODED + ours, found, dtype=pl.UInt32)])
        joined = given.join(answer, on=keys, how="left", maintain_order="left")
        return frame.with_columns(joined.get_column(CODED + ours))

    def _refusing(self, found: pl.DataFrame, why: pl.Series) -> pl.DataFrame:
        """Rows that may not count, or have no time that can be read, are refused as a whole: by the first reading that the chart reads."""
        first = next((name for name in found.columns if name in self.chart.by_id), None)
        if first is None or not why.is_not_null().any():
            return found
        return found.with_columns(why.zip_with(why.is_not_null(), found.get_column(first)).alias(first))


def _ahead(chunks: Iterator[Chunk]) -> Iterator[tuple[Chunk, pl.DataFrame]]:
    """Each chunk with its rows; the next one is cut into cells meanwhile."""
    with ThreadPoolExecutor(1, "mews-newtt-plan") as beside:
        before: tuple[Chunk, Future[pl.DataFrame]] | None = None
        for chunk in chunks:
            now = chunk, beside.submit(chunk.frame)
            if before is not None:
                yield before[0], before[1].result()
            before = now
        if before is not None:
            yield before[0], before[1].result()


def _nothing(rows: int) -> pl.Series:
    return pl.repeat(None, rows, dtype=pl.String, eager=True)


def _arrow(frame: pl.DataFrame) -> pa.Table:
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())
