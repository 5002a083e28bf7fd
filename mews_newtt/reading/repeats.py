"""Rows with the same person and the same time. Each is scored, and the summary names them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

LOOKED_AT = 250_000  # rows that are looked at, so that memory and time stay the same for a file of any length
SHOWN = 20  # groups of rows that are named


class Repeats:
    """Counts rows with the same `patient_id` and the same `observed_at`, as text.

    columns : where a table has both, the names of these two columns; else nothing is looked for
    before : rows before the first set, as a spreadsheet counts them (1 in a CSV file: its header)
    """

    def __init__(self, names: Sequence[str] = (), ours: Sequence[str] = (), before: int = 0):
        theirs = dict(zip(ours, names, strict=True))
        wanted = [theirs[name] for name in ("patient_id", "observed_at") if name in theirs]
        self.columns = tuple(wanted) if len(wanted) == 2 else ()
        self.before = before
        self.rows = self.repeated = 0
        self._first: dict[Hashable, int] = {}
        self._groups: dict[int, list[int]] = {}

    @property
    def looking(self) -> bool:
        return bool(self.columns) and self.rows < LOOKED_AT

    def add(self, keys: Iterable[Hashable | None]) -> None:
        """What names person and time in each of the next rows; None where one of them is blank."""
        for key in keys:
            self.rows += 1
            row = self.before + self.rows
            first = row if key is None else self._first.setdefault(key, row)
            if first != row:
                self.repeated += 1
                if first in self._groups or len(self._groups) < SHOWN:
                    self._groups.setdefault(first, [first]).append(row)

    def to_dict(self) -> dict[str, Any]:
        return {"repeated_rows": self.repeated, "same_person_and_time": list(self._groups.values())}

    def says(self) -> list[str]:
        """In words, where there are any."""
        if not self.repeated:
            return []
        groups = [f"rows {', '.join(map(str, rows[:-1]))} and {rows[-1]}" for rows in self._groups.values()]
        more = "" if sum(len(rows) - 1 for rows in self._groups.values()) == self.repeated else "; and more"
        looked = f" (in the first {LOOKED_AT:,} rows)" if self.rows >= LOOKED_AT else ""
        return [f"the same person and time more than once{looked}: {'; '.join(groups)}{more}. Each row was scored"]
