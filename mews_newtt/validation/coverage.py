"""What a test file leaves untested: bands, both sides of edges, contexts, triggers, levels, and the faults that it would not show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from mews_newtt.chart.model import Chart
from mews_newtt.engines.arrow import readable_table
from mews_newtt.reading.columns import ColumnMap, mapped_columns
from mews_newtt.reading.plan.report import ReadingReport
from mews_newtt.reading.unread import LOOKED_AT, Unread
from mews_newtt.reading.values import SKIP_PREFIX
from mews_newtt.tables.table import as_table, score_columns
from mews_newtt.validation.exercised import PLURAL, Item, gaps
from mews_newtt.validation.faults import Fault
from mews_newtt.validation.mutants import MutantScorer, distinct_values, sheet_of_table
from mews_newtt.validation.packs import Case, Pack, cover, expected_of, killers_of, make_pack, only_recordable, pack_faults, scorer_of
from mews_newtt.validation.tally import Tally

ADVISED = 60  # most cases to add that are listed

__all__ = ["Coverage", "coverage"]


@dataclass
class Coverage:
    """What a file exercises of a chart, the faults it would not show, and cases that would show them."""

    chart: Chart
    rows: int
    items: list[Item]
    made: int
    killed: int
    equivalent: int
    alive: list[dict[str, str]] = field(default_factory=list)
    to_add: list[Case] = field(default_factory=list)
    unread: Unread = field(default_factory=Unread)
    reading: ReadingReport | None = None  # what a reading plan read of the file

    @property
    def untested(self) -> list[Item]:
        return [item for item in self.items if not item.rows]

    @property
    def says(self) -> str:
        parts = ", ".join(f"{PLURAL[kind]} {seen} of {of}" for kind, (seen, of) in gaps(self.items).items())
        wanted = self.made - self.equivalent
        rows = "1 row exercises" if self.rows == 1 else f"{self.rows:,} rows exercise"
        return f"{rows} {parts}; {'it' if self.rows == 1 else 'they'} would show {self.killed:,} of {wanted:,} single faults"

    def to_dict(self) -> dict[str, Any]:
        return {
            "schema_version": 1,
            "chart": self.chart.identity(),
            "rows": self.rows,
            "says": self.says,
            "items": [{"kind": item.kind, "says": item.says, "rows": item.rows} for item in self.items],
            "mutants": {"made": self.made, "killed": self.killed, "equivalent": self.equivalent, "alive": len(self.alive)},
            "alive": self.alive,
            "to_add": [case.to_dict() for case in self.to_add],
            **self.unread.to_dict(),
            **({"reading": self.reading.to_dict()} if self.reading else {}),
        }


def coverage(chart: Chart, data: Any, *, column_map: ColumnMap | None = None, about: Sequence[str] = ()) -> Coverage:
    """What a table of test cases exercises.

    Parameters
    ----------
    data : the table, anything with the Arrow C stream interface; its expected columns are ignored
    about : columns that say something about a row, and are no reading
    """
    table = as_table(data)
    column_map = column_map or ColumnMap()
    ours = mapped_columns(table.column_names, chart, column_map, chart.observations, results=())
    readable_table(table.select([index for index, our in enumerate(ours) if our.removeprefix(SKIP_PREFIX) in chart.by_id]))
    scorer = MutantScorer(chart, sheet_of_table(table, ours, chart.observations, column_map))
    faults = pack_faults(chart, None)
    survivors = [fault for fault in faults if not len(killers_of(scorer, fault))]
    result = Coverage(chart, table.num_rows, _exercised(chart, table, ours, column_map), len(faults), len(faults) - len(survivors), 0)
    result.unread = Unread(table.column_names, ours, chart, column_map, about)
    result.unread.look({name: table.column(name).slice(0, LOOKED_AT).to_pylist() for name in result.unread.screened})
    if not survivors:
        return result
    pack = make_pack(chart)
    proven = {entry["id"] for entry in pack.equivalent}
    alive = [fault for fault in survivors if fault.id not in proven]
    result.equivalent = len(survivors) - len(alive)
    result.alive = [{"id": fault.id, "words": fault.words} for fault in alive]
    result.to_add = _to_add(chart, pack, alive)
    return result


def _exercised(chart: Chart, table: pa.Table, ours: Sequence[str], column_map: ColumnMap) -> list[Item]:
    """What all rows exercise, whatever they state."""
    read = [index for index, our in enumerate(ours) if our.removeprefix(SKIP_PREFIX) in chart.by_id]
    names = [ours[index] for index in read]
    results = score_columns(chart, table.select(read).combine_chunks(), names, column_map, False, 1)
    tally, every = Tally(chart, column_map), np.ones(table.num_rows, np.bool_)
    tally.add({our: distinct_values(table.column(index)) for our, index in zip(names, read, strict=True)}, results, every, ~every, {})
    return tally.exercised.items()


def _to_add(chart: Chart, pack: Pack, alive: Sequence[Fault]) -> list[Case]:
    """Cases of the pack that kill mutants which the file does not: those with recordable readings first, finer ones only where nothing else does."""
    sets = [case.given for case in pack.cases if not case.person]
    scorer = scorer_of(chart, sets)
    killers = [killers_of(scorer, fault) for fault in alive]
    easy, cost = only_recordable(chart, sets, killers), np.zeros(len(sets), np.int64)
    typed = cover(easy, cost, [], ADVISED)
    cases = []
    for row in cover(killers, cost, typed, ADVISED):
        killed = [fault for fault, rows in zip(alive, killers, strict=True) if row in rows]
        more = f", and {len(killed) - 1} more" if len(killed) > 1 else ""
        finer = "" if row in typed else "; a reading is finer than recorded, because no case with recordable readings shows this"
        why = f"would show a platform where {killed[0].words}{more}{finer}"
        cases.append(Case(pack.cases[row].id, sets[row], expected_of(chart, sets[row]), why))
    return cases
