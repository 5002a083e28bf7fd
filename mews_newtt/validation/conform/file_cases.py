"""The sets of a file as cases to send to a platform, read by a map or a plan as `score` reads them. What is refused is not sent, and is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from mews_newtt.chart.model import Chart
from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.columns import ColumnMap, check_columns
from mews_newtt.reading.plan import Plan
from mews_newtt.reading.plan.report import ReadingReport
from mews_newtt.reading.rows import given_of_row
from mews_newtt.reading.unread import Unread
from mews_newtt.reading.values import SKIP_PREFIX, Reading, read
from mews_newtt.scoring.reference import score
from mews_newtt.tables.planned.table import map_beside, open_planned
from mews_newtt.validation.packs import Case

NAMED = 20  # rows that are not sent and are named


@dataclass
class FileCases:
    """Sets to send, and what became of the file.

    cases : named by their row in the file, because the names of a file may be those of people
    refused : rows that the chart refuses, each with the parameters that are at fault
    not_exact : rows with a reading that has no exact decimal in the chart's unit, so that it cannot be sent as it is
    """

    name: str
    cases: list[Case] = field(default_factory=list)
    refused: dict[int, tuple[str, ...]] = field(default_factory=dict)
    not_exact: dict[int, tuple[str, ...]] = field(default_factory=dict)
    unread: Unread = field(default_factory=Unread)
    reading: ReadingReport | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What the report says of the file."""
        whole = len(self.cases) + len(self.refused) + len(self.not_exact)
        found = [f"the {len(self.cases):,} sets of {self.name} were the cases, not a test pack: what they do not reach was not tried"]
        for rows, why in ((self.refused, "the chart refuses them"), (self.not_exact, "a reading has no exact decimal in the unit of the chart")):
            if rows:
                named = "; ".join(f"row {row} ({', '.join(what)})" if what else f"row {row}" for row, what in list(rows.items())[:NAMED])
                more = f"; and {len(rows) - NAMED:,} more" if len(rows) > NAMED else ""
                found.append(f"{len(rows):,} of {whole:,} sets of {self.name} were not sent, because {why}: {named}{more}")
        return (*found, *(f"{self.name}: {line}" for line in self.unread.says()))


def file_cases(
    chart: Chart, path: str | Path, *, column_map: ColumnMap | None = None, plan: Plan | None = None, format: str | None = None
) -> FileCases:
    """The sets of a file as cases: their readings in the units and words of the chart.

    Parameters
    ----------
    path : a file that `score_file` takes; column_map, plan, format : as there

    Raises
    ------
    FileError  what is wrong with the file or the plan; no row of it can be sent
    """
    path = Path(path)
    with open_planned(chart, path, format, plan) as table:
        column_map = map_beside(column_map, plan, table)
        ours = check_columns(table.names, chart, column_map)
        found = FileCases(path.name, unread=Unread(table.names, ours, chart, column_map, table.about))
        wanted = {their: our for their, our in zip(table.names, ours, strict=True) if their not in column_map.ignore}
        for chunk, frame in table.frames():
            for place, cells in enumerate(_rows(frame, wanted)):
                _add(found, chart, chunk.row_of(place), given_of_row(cells, column_map, frozenset(chart.by_id)))
        found.reading = table.report
    if not found.cases:
        what = f"has no set that can be sent: {len(found.refused):,} are refused" if found.refused or found.not_exact else "has no sets"
        raise FileError(Problem("nothing_to_send", path.name, what, "see what `mews-newtt score --on-bad-row report` says of it"))
    return found


def _rows(frame: pl.DataFrame, wanted: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The cells of each row by our names. A 32-bit float stays one, because it stands for fewer digits."""
    columns = []
    for their in wanted:
        cells = frame.get_column(their)
        columns.append([None if cell is None else np.float32(cell) for cell in cells] if cells.dtype == pl.Float32 else cells.to_list())
    for row in zip(*columns, strict=True):
        yield dict(zip(wanted.values(), row, strict=True))


def _add(found: FileCases, chart: Chart, row: int, given: dict[str, Any]) -> None:
    result = score(chart, given, raise_refused=False)
    readings = {name: read(chart.by_id[name].observation, cell) for name, cell in given.items() if not name.startswith(SKIP_PREFIX)}
    if result.status == "refused":
        found.refused[row] = tuple(name for name, reading in readings.items() if isinstance(reading, Problem))
        return
    texts = {name: str(cell) for name, cell in given.items() if name.startswith(SKIP_PREFIX) and str(cell).strip()}
    for name, reading in readings.items():
        if isinstance(reading, Reading):
            value = reading.value
            if not isinstance(value, (str, int, Decimal)):
                found.not_exact[row] = (*found.not_exact.get(row, ()), name)
                continue
            texts[name] = format(value, "f") if isinstance(value, Decimal) else str(value)
    if row not in found.not_exact:
        found.cases.append(Case(f"row {row}", texts, {"expected_status": result.status}, f"row {row} of {found.name}"))
