"""The result of a validation, from which every report is made. Counts are of all rows; only lists are capped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from mews_newtt.chart.model import Chart
from mews_newtt.reading.plan.report import ReadingReport
from mews_newtt.validation.diagnosis import Diagnosis
from mews_newtt.validation.exercised import Exercised
from mews_newtt.validation.file_side import NOTHING_OPEN, FileSide
from mews_newtt.validation.notebook import validation_html
from mews_newtt.validation.stated import KINDS

SCHEMA_VERSION = 1
MOST_LISTED = 1000  # disagreements listed with explanations; the counts are of all


class WrongCell(NamedTuple):
    """One expected cell that disagrees."""

    column: str
    kind: str
    expected: str
    computed: str

    @property
    def says(self) -> str:
        return KINDS[self.kind]

    def to_dict(self) -> dict[str, str]:
        return {**self._asdict(), "says": self.says}


class Disagreement(NamedTuple):
    """One row that disagrees: its number, its wrong cells, and the chart's reasons.

    `row` is the number that a spreadsheet shows: in a CSV file the header is row 1. `given` is what the file holds, `read` the same as the
    chart reads it: numbers in the chart's units, answers by their ids, no reading left out that cannot be read.
    """

    row: int
    case_id: str | None
    cells: tuple[WrongCell, ...]
    given: Mapping[str, str]
    says: str
    why: tuple[str, ...]
    read: Mapping[str, str] = {}

    def to_dict(self) -> dict[str, Any]:
        return {
            "row": self.row,
            "case_id": self.case_id,
            "cells": [cell.to_dict() for cell in self.cells],
            "given": dict(self.given),
            "read": dict(self.read),
            "says": self.says,
            "why": list(self.why),
        }


class Origin(NamedTuple):
    """What was validated: a file by name and hash, or an endpoint."""

    name: str
    sha256: str | None = None
    size: int | None = None
    kind: str = "file"

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, "sha256": self.sha256, "bytes": self.size, "kind": self.kind}


@dataclass
class ColumnCounts:
    """Counts of the cells of one expected column. lower, higher: stated numbers and levels below and above the chart's."""

    compared: int = 0
    agreed: int = 0
    disagreed: int = 0
    blank: int = 0
    lower: int = 0
    higher: int = 0

    def add(self, other: ColumnCounts) -> None:
        for name, cells in vars(other).items():
            setattr(self, name, getattr(self, name) + cells)

    def to_dict(self) -> dict[str, int]:
        return dict(vars(self))


class Matrix(NamedTuple):
    """How often each pair of a stated and a computed answer occurs."""

    expected: tuple[str, ...]
    computed: tuple[str, ...]
    counts: Mapping[tuple[str, str], int]

    def to_dict(self) -> dict[str, Any]:
        return {
            "expected": list(self.expected),
            "computed": list(self.computed),
            "counts": [[self.counts.get((stated, right), 0) for right in self.computed] for stated in self.expected],
        }


class Lines(Protocol):
    """What disagreements.csv is written from (`worst_rows.WorstRows`)."""

    rows: int

    @property
    def capped(self) -> bool: ...

    @property
    def says(self) -> str: ...

    def write(self, path: Path) -> None: ...

    def to_dict(self) -> dict[str, Any]: ...


@dataclass(frozen=True, repr=False)
class Validation:
    """What comparing a platform's answers with a chart found.

    rows, compared, agreed, disagreed : rows; a row whose expected cells are all blank is not compared
    complete, partial, refused : what the chart makes of the rows
    by_column : counts of each expected column; kinds: counts of disagreeing cells by kind
    total_matrix, level_matrix : pairs of stated and computed answers; None where no such column was given
    exercised : what the compared rows exercise of the chart, and how many of those rows disagree
    disagreements : the first rows that disagree, explained; `listed_all` says whether these are all
    ignored : columns that were not read; without_column: scored parameters that no column was read for
    reading : what became of every column and code of the file, where a reading plan was used
    said_first : what `conform` says before any word about the platform: what was not sent, and what the adapter does not know
    file_side : what of the user's own file could not be read: columns in doubt, cells by reason, words that no map knows
    without_readings : rows that state something and have no reading: there is nothing to compare them with
    right_answers : the file is a test pack's own file of right answers, and not a platform's
    cases_of_pack : every row is a case of a test pack; unanswered: cases of a pack that have no answer yet
    """

    chart: Chart
    source: Origin
    rows: int
    compared: int
    agreed: int
    complete: int
    partial: int
    refused: int
    by_column: Mapping[str, ColumnCounts]
    kinds: Mapping[str, int]
    total_matrix: Matrix | None
    level_matrix: Matrix | None
    exercised: Exercised
    disagreements: tuple[Disagreement, ...]
    ignored: tuple[str, ...] = ()
    without_column: tuple[str, ...] = ()
    without_readings: int = 0
    blanks_disagree: bool = False
    notes: tuple[str, ...] = ()
    said_first: tuple[str, ...] = ()
    diagnosis: Diagnosis | None = None
    file_side: FileSide = NOTHING_OPEN
    reading: ReadingReport | None = field(default=None, compare=False)
    worst: Lines | None = field(default=None, compare=False, repr=False)  # for disagreements.csv
    around: Any = field(default=None, compare=False, repr=False)  # what the file says of the rows of the sample beside readings and answers
    right_answers: bool = False
    cases_of_pack: bool = False
    unanswered: int = 0
    sample: Any = field(default=None, compare=False, repr=False)  # an Arrow table for the diagnosis; not part of the result

    @property
    def disagreed(self) -> int:
        return self.compared - self.agreed

    @property
    def verdict(self) -> str:
        """`agrees`, `disagrees`, `nothing_compared`, or `unfinished`: cases of a test pack have no answer yet, and the others agree."""
        if not self.compared or self.right_answers:
            return "nothing_compared"
        if self.disagreed:
            return "disagrees"
        return "unfinished" if self.unanswered else "agrees"

    def __repr__(self) -> str:
        """Short, and without what was read: a log may hold it."""
        return f"Validation({self.chart.id} {self.chart.version}, {self.rows} rows, {self.compared} compared, {self.disagreed} disagree)"

    def _repr_html_(self) -> str:
        """For notebooks."""
        diagnosis = "" if self.diagnosis is None or not self.diagnosis.disagreements else self.diagnosis.words
        return validation_html(self.chart, self.says, self.first, {name: column.to_dict() for name, column in self.by_column.items()}, diagnosis)

    @property
    def listed_all(self) -> bool:
        return len(self.disagreements) == self.disagreed

    @property
    def says(self) -> str:
        """The verdict in one or two sentences."""
        name = self.source.name
        if self.right_answers:
            return f"Nothing was compared: {name} is the pack's own file of right answers, not a platform's. Fill in the pack's answers.csv instead."
        if self.cases_of_pack and not self.compared:
            return f"No answer was filled in: the answer columns of all {self.rows:,} cases of {name} are blank."
        if self.unanswered:
            have = "case has" if self.unanswered == 1 else "cases have"
            return f"Unfinished: {self.unanswered:,} {have} no answer yet, of {self.rows:,}. {self._compared_says}"
        return self._compared_says

    @property
    def _compared_says(self) -> str:
        if not self.compared:
            if self.without_readings:
                return f"Nothing was compared: no row of {self.source.name} that states a score has a reading."
            return f"Nothing was compared: no row of {self.source.name} states anything in {', '.join(self.by_column) or 'an expected_ column'}."
        bare, blank = self.without_readings, self.rows - self.compared - self.without_readings
        parts = [f"{blank:,} {'row states' if blank == 1 else 'rows state'} nothing"] if blank else []
        parts += [f"{bare:,} {'row has' if bare == 1 else 'rows have'} no reading"] if bare else []
        beside = f" ({'; '.join(parts)})" if parts else ""
        if not self.disagreed:
            return f"All {self.compared:,} compared rows agree with {self.chart.short_title} {self.chart.version}{beside}."
        says = "disagrees" if self.disagreed == 1 else "disagree"
        return f"{self.disagreed:,} of {self.compared:,} compared rows {says} with {self.chart.short_title} {self.chart.version}{beside}."

    @property
    def gap(self) -> str:
        """The scored parameters that have no column, in a sentence; empty where there are none."""
        if not self.without_column:
            return ""
        titles = [self.chart.by_id[name].title for name in self.without_column]
        rows = titles[0] if len(titles) == 1 else f"{', '.join(titles[:-1])} and {titles[-1]}"
        return f"No column was read for {rows}: every set was scored without {'it' if len(titles) == 1 else 'them'}."

    @property
    def first(self) -> tuple[str, ...]:
        """What the user should know of the own file before any word about the platform, in sentences; the map to paste is in `file_side`."""
        lines = [self.gap] if self.gap else []
        if self.ignored:
            lines.append(f"Columns that were not read: {', '.join(self.ignored)}.")
        return (*lines, *self.own_file.says())

    @property
    def own_file(self) -> FileSide:
        """`file_side` where a file or table was read; nothing where a platform was asked, since the cases are not the user's."""
        return NOTHING_OPEN if self.source.kind == "endpoint" else self.file_side

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON: the same file and chart give the same bytes."""
        return {
            "schema_version": SCHEMA_VERSION,
            "chart": self.chart.identity(),
            "source": {**self.source.to_dict(), "rows": self.rows},
            "rows_without_column": [{"parameter": name, "title": self.chart.by_id[name].title} for name in self.without_column],
            "your_file": {"columns_not_read": list(self.ignored), **self.own_file.to_dict(), "says": list(self.first)},
            "verdict": self.verdict,
            "says": self.says,
            "rows": self.rows,
            "compared": self.compared,
            "agreed": self.agreed,
            "disagreed": self.disagreed,
            "complete": self.complete,
            "partial": self.partial,
            "refused": self.refused,
            "rows_without_readings": self.without_readings,
            "by_column": {name: column.to_dict() for name, column in self.by_column.items()},
            "kinds": [{"kind": kind, "cells": cells, "says": KINDS[kind]} for kind, cells in self.kinds.items()],
            "matrix": self.total_matrix and self.total_matrix.to_dict(),
            "level_matrix": self.level_matrix and self.level_matrix.to_dict(),
            "by_parameter": self.exercised.by_parameter(),
            "exercised": self.exercised.to_dict(),
            "ignored_columns": list(self.ignored),
            "notes": list(self.notes),
            **({"said_first": list(self.said_first)} if self.said_first else {}),
            **({"reading": self.reading.to_dict()} if self.reading else {}),
            "disagreements": [row.to_dict() for row in self.disagreements],
            "disagreements_listed": len(self.disagreements),
            "diagnosis": self.diagnosis and self.diagnosis.to_dict(),
        }


def kinds_in_order(counts: Mapping[str, int]) -> dict[str, int]:
    """Kinds that occur, the most frequent first."""
    order: Sequence[str] = list(KINDS)
    return dict(sorted(((k, n) for k, n in counts.items() if n), key=lambda entry: (-entry[1], order.index(entry[0]))))
