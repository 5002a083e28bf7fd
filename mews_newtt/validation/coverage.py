"""What somebody's test file leaves untested: bands, edges from both sides, contexts, triggers, levels, and faults it would not show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mews_newtt.chart.model import Chart
from mews_newtt.reading.columns import ColumnMap, mapped_columns
from mews_newtt.reading.unread import LOOKED_AT, Unread
from mews_newtt.reading.values import SKIP_PREFIX
from mews_newtt.validation.exercised import PLURAL, Item, gaps
from mews_newtt.validation.pack import Case

ADVISED = 60  # cases to add that are written out


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
        }


def coverage(chart: Chart, data: Any, *, column_map: ColumnMap | None = None) -> Coverage:
    """What a table of test cases exercises.

    Parameters
    ----------
    data : the table, anything with the Arrow C stream interface; its expected columns play no part
    """
    import numpy as np

    from mews_newtt.tables.table import as_table, score_columns
    from mews_newtt.validation.mutants import Scorer
    from mews_newtt.validation.mutants_sheet import distinct_values, sheet_of_table
    from mews_newtt.validation.pack import expected_of, make_pack, pack_faults
    from mews_newtt.validation.pack_cover import cover
    from mews_newtt.validation.pack_judge import scorer_of, shown_by
    from mews_newtt.validation.tally import Tally

    table = as_table(data)
    column_map = column_map or ColumnMap()
    observations = chart.observations
    ours = mapped_columns(table.column_names, chart, column_map, observations, results=())
    scorer = Scorer(chart, sheet_of_table(table, ours, observations, column_map))
    read = [place for place, our in enumerate(ours) if our.removeprefix(SKIP_PREFIX) in chart.by_id]
    names = [ours[place] for place in read]
    results = score_columns(chart, table.select(read).combine_chunks(), names, column_map, False, 1)
    tally, every = Tally(chart, column_map), np.ones(table.num_rows, np.bool_)
    tally.add({our: distinct_values(table.column(place)) for our, place in zip(names, read, strict=True)}, results, every, ~every, {})
    items = tally.exercised.items()
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
