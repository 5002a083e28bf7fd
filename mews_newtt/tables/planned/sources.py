"""Opens the source of a reading plan as a table of text: any kind of file that `tables/origins` reads."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl
import pyarrow as pa

from mews_newtt.chart.model import Observation
from mews_newtt.errors import FileError, at_most
from mews_newtt.reading.plan import Plan, SourceSettings
from mews_newtt.reading.plan.checks import checked
from mews_newtt.reading.plan.model import CODED_LONG, LONG_KINDS, OBSERVED, PERSON, Status, Times
from mews_newtt.reading.plan.read import codes_without_long
from mews_newtt.tables.formats import KINDS, STDIO
from mews_newtt.tables.origins import read_source
from mews_newtt.tables.origins.as_table import as_table
from mews_newtt.tables.origins.long_table import FINAL, NOT_YET_FINAL, VOID
from mews_newtt.tables.origins.opening import kind_of_source
from mews_newtt.tables.read import ROWS, Chunk, Table, open_table
from mews_newtt.tables.sources import Input, source_of

MOST_FAULTS = 50
SUBJECT, TIME, STATUS = "subject", "time", "status"  # columns of the long table of FHIR and HL7


@contextlib.contextmanager
def open_source(given: Input, named: str | None, settings: SourceSettings) -> Iterator[Table]:
    """An input as a table whose cells are text, as its plan says. `named` is its kind where the caller says so."""
    settings = replace(settings, kind=named) if named and not settings.kind else settings
    stream = source_of(given, "csv").given if str(given) == STDIO else given
    with read_source(stream, settings, name="standard input" if stream is not given else None) as source:
        yield as_table(source)


def plan_for(plan: Plan, given: Input, known: Mapping[str, Observation]) -> Plan:
    """The plan of a file. A plan that is only a map is more than one for a workbook, FHIR or HL7, and for objects inside the rows of JSON and
    Parquet, which no map reads: it then names the kind.
    """
    if not plan.is_map or not isinstance(given, (str, Path)) or not Path(given).is_file():
        return plan
    kind = kind_of_source(given, plan.source)
    if kind in KINDS and not _names_inner(plan, given):
        return plan
    problems = list(plan.faults)
    plan = checked(replace(plan, source=replace(plan.source, kind=kind)), known, problems)
    return replace(plan, faults=tuple(dict.fromkeys(problems)))


def never_a_map(plan: Plan) -> Plan:
    """A plan that is read as a plan also if it is no more than a map; the meaning is the same, and what became of each column is then known."""
    return replace(plan, times=Times()) if plan.is_map else plan


def _names_inner(plan: Plan, given: str | Path) -> bool:
    """Whether a map names columns of objects inside the rows (`obs.pulse`), which the file has under no such name itself."""
    dotted = [name for name in (*plan.column_map.columns, *plan.column_map.ignore) if "." in name]
    if not dotted:
        return False
    with open_table(given, None) as table:
        nested = {name for name, kind in table.columns.schema.items() if kind.is_nested()}
        return any(name not in table.names and name.partition(".")[0] in nested for name in dotted)


def with_usual(plan: Plan, kind: str | None) -> Plan:
    """The plan with what goes without saying: the columns of FHIR and HL7, and which of their rows do not count."""
    if kind not in LONG_KINDS:
        if plan.long is not None and plan.long.is_assumed:
            raise FileError(at_most([*plan.faults, codes_without_long(plan.name)], plan.name, MOST_FAULTS))
        return plan
    columns = dict(plan.column_map.columns)
    columns |= {} if PERSON in columns.values() else {SUBJECT: PERSON}
    columns |= {} if OBSERVED in columns.values() or (plan.times and len(plan.times.columns) > 1) else {TIME: OBSERVED}
    void, counts = (frozenset(word.casefold() for word in words) for words in (VOID, (*FINAL, *NOT_YET_FINAL)))
    status = plan.status or Status(STATUS, void, counts)
    return replace(plan, column_map=plan.column_map._replace(columns=columns), long=plan.long or CODED_LONG, status=status)


def with_plan_faults(plan: Plan, fault: FileError) -> FileError:
    """What is wrong with a file, and before it what is wrong with its plan."""
    return FileError(at_most([*plan.faults, *fault.problems], plan.name, MOST_FAULTS)) if plan.faults else fault


def of_arrow(table: pa.Table, name: str) -> Table:
    """A table in memory. Its rows are counted from 1."""
    frame = pl.DataFrame(table)

    def chunks() -> Iterator[Chunk]:
        for start in range(0, frame.height, ROWS):
            yield _part(frame.slice(start, ROWS), start + 1, name, min(start + ROWS, frame.height) / frame.height)

    return Table(name, table.column_names, frame.clear(), chunks)


def _part(frame: pl.DataFrame, first: int, name: str, share: float) -> Chunk:
    return Chunk(lambda: frame, lambda row: first + row, name, share)
