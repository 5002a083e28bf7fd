"""What somebody's test file leaves untested: bands, edges from both sides, contexts, triggers, levels, and faults it would not show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mews_newtt.chart.model import Chart
from mews_newtt.scoring.columns import ColumnMap, mapped_columns
from mews_newtt.scoring.result import chart_identity
from mews_newtt.scoring.unread import LOOKED_AT, Unread
from mews_newtt.validation.pack import Case

ADVISED = 60  # cases to add that are written out


class Item(NamedTuple):
    """One thing a file may exercise, and how many of its rows do."""

    kind: str  # band, edge, context, trigger, level, partial, skip or refused
    says: str
    rows: int


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

    @property
    def untested(self) -> list[Item]:
        return [item for item in self.items if not item.rows]

    @property
    def says(self) -> str:
        counts: dict[str, list[int]] = {}
        for item in self.items:
            of = counts.setdefault(item.kind, [0, 0])
            of[0] += item.rows > 0
            of[1] += 1
        parts = ", ".join(f"{PLURAL[kind]} {seen} of {all_of}" for kind, (seen, all_of) in counts.items())
        wanted = self.made - self.equivalent
        rows = "1 row exercises" if self.rows == 1 else f"{self.rows:,} rows exercise"
        return f"{rows} {parts}; {'it' if self.rows == 1 else 'they'} would show {self.killed:,} of {wanted:,} single faults"

    def to_dict(self) -> dict[str, Any]:
        return {
            "schema_version": 1,
            "chart": chart_identity(self.chart),
            "rows": self.rows,
            "says": self.says,
            "items": [item._asdict() for item in self.items],
            "mutants": {"made": self.made, "killed": self.killed, "equivalent": self.equivalent, "alive": len(self.alive)},
            "alive": self.alive,
            "to_add": [case.to_dict() for case in self.to_add],
            **self.unread.to_dict(),
        }


PLURAL = {
    "band": "bands",
    "edge": "sides of edges",
    "context": "contexts",
    "trigger": "triggers",
    "level": "levels",
    "partial": "missing rows",
    "skip": "skip reasons",
    "refused": "kinds of refusal",
}


def coverage(chart: Chart, data: Any, *, column_map: ColumnMap | None = None) -> Coverage:
    """What a table of test cases exercises.

    Parameters
    ----------
    data : the table, anything with the Arrow C stream interface; its expected columns play no part
    """
    import numpy as np

    from mews_newtt.batch.table import as_table
    from mews_newtt.validation.coverage_items import items_of
    from mews_newtt.validation.mutants import Scorer
    from mews_newtt.validation.mutants_sheet import sheet_of_table
    from mews_newtt.validation.pack import expected_of, make_pack, pack_faults
    from mews_newtt.validation.pack_cover import cover
    from mews_newtt.validation.pack_judge import scorer_of, shown_by

    table = as_table(data)
    column_map = column_map or ColumnMap()
    observations = chart.observations
    ours = mapped_columns(table.column_names, chart, column_map, observations, results=())
    scorer = Scorer(chart, sheet_of_table(table, ours, observations, column_map))
    items = [Item(*found) for found in items_of(scorer)]
    faults = pack_faults(chart, None)
    unseen = [fault for fault in faults if not len(shown_by(scorer, fault))]
    found = Coverage(chart, table.num_rows, items, len(faults), len(faults) - len(unseen), 0)
    found.unread = Unread(table.column_names, ours, chart, column_map)
    found.unread.look({name: table.column(name).slice(0, LOOKED_AT).to_pylist() for name in found.unread.screened})
    if not unseen:
        return found
    pack = make_pack(chart)
    proven = {entry["id"] for entry in pack.equivalent}
    alive = [fault for fault in unseen if fault.id not in proven]
    found.equivalent = len(unseen) - len(alive)
    found.alive = [{"id": fault.id, "words": fault.words} for fault in alive]
    sets = [case.given for case in pack.cases]
    packed = scorer_of(chart, sets)
    killers = [shown_by(packed, fault) for fault in alive]
    for row in cover(killers, np.zeros(len(sets), np.int64), [], ADVISED):
        shown = [fault for fault, rows in zip(alive, killers, strict=True) if row in rows]
        more = f", and {len(shown) - 1} more" if len(shown) > 1 else ""
        found.to_add.append(Case(pack.cases[row].id, sets[row], expected_of(chart, sets[row]), f"would show a platform where {shown[0].words}{more}"))
    return found
