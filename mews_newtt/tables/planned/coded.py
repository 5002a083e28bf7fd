"""The rows of FHIR and HL7 for a reading plan: codes that the rules know need no entry in `[codes]`, and answers and units come as codes.

Each distinct combination of codes, value and unit is looked at once. What contradicts itself is refused: nothing is chosen silently.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import polars as pl

from mews_newtt.chart.model import Chart, Observation
from mews_newtt.errors import short
from mews_newtt.reading.coded_names import coded_names, known_unit
from mews_newtt.reading.plan import Plan
from mews_newtt.reading.values import NOT_READ, Reading, read
from mews_newtt.tables.origins.long_table import BETWEEN, codes_of_row, split_code
from mews_newtt.tables.read import Chunk, Table

NO_UNIT = "it has no unit, and the plan does not say one under [units]"
LOOKED_AT = ("code", "other_codes", "text", "value", "value_code", "unit", "unit_text")
# What else of the long table is used, for the reading report.
BESIDE = {
    "other_codes": "further codes of each row",
    "value_code": "the code of an answer",
    "unit_text": "compared with the unit of each row",
    "text": "what the source calls a code",
    "absent": "why a row has no value",
}


class Row(NamedTuple):
    """What of a row is looked at here."""

    code: str | None
    other_codes: str | None
    text: str | None
    value: str | None
    value_code: str | None
    unit: str | None
    unit_text: str | None


class Coded:
    """The codes of one source.

    ours : parameter of each code of the rules that occurred; called: what the source calls a code
    """

    def __init__(self, chart: Chart, plan: Plan):
        assert plan.long is not None
        self.known, self.plan, self.long = chart.observations, plan, plan.long
        self.names = coded_names(chart)
        self.ours: dict[str, str] = {}
        self.called: dict[str, str] = {}
        self._seen: dict[Row, tuple[str | None, str | None, str | None]] = {}

    def applied(self, source: Table) -> Table:
        """The table with the code of each row that is read, its answer as a category, and its unit in our words."""

        def chunks() -> Iterator[Chunk]:
            for chunk in source.chunks():
                frame = self.read(chunk.frame())
                yield Chunk(lambda frame=frame: frame, chunk.row_of, chunk.name, chunk.share, chunk.fault, chunk.places)  # type: ignore[misc]

        return Table(source.name, source.names, source.columns, chunks, source.size, kind=source.kind, notes=source.notes, files=source.files)

    def read(self, frame: pl.DataFrame) -> pl.DataFrame:
        given = frame.select(LOOKED_AT)
        distinct = given.unique(maintain_order=True)
        made = [self._row(Row(*cells)) for cells in distinct.iter_rows()]
        schema = {"@code": pl.String, "@value": pl.String, "@unit": pl.String}
        found = distinct.hstack(pl.DataFrame(made, schema=schema, orient="row"))
        joined = given.join(found, on=list(LOOKED_AT), how="left", nulls_equal=True, maintain_order="left")
        return frame.with_columns(joined.get_column(f"@{name}").alias(name) for name in ("code", "value", "unit"))

    def _row(self, row: Row) -> tuple[str | None, str | None, str | None]:
        found = self._seen.get(row)
        if found is None:
            if len(self._seen) > 1_000_000:
                self._seen.clear()
            found = self._seen[row] = self._of(row)
        return found

    def _of(self, row: Row) -> tuple[str | None, str | None, str | None]:
        """Code, value and unit of a row as a plan reads them."""
        codes = codes_of_row(row.code, row.other_codes)
        for code in codes:
            self.called.setdefault(code, row.text or "")
        said = [code for code in codes if code in self.long.codes or code in self.long.ignore]
        if said:
            code, ours = said[0], self.long.codes.get(said[0])
        else:
            meant = {code: self._meant(code) for code in codes}
            named = [(code, ours) for code, ours in meant.items() if ours]
            if not named:
                return row.code, row.value, row.unit
            code, ours = named[0]
            self.ours[code] = ours
            if len({ours for _, ours in named}) > 1:
                why = "its codes mean different parameters: " + " and ".join(f"{each} is {one}" for each, one in named)
                return code, self._refused(code, row.value, why), row.unit
        observation = self.known.get(ours or "")
        if observation is None:
            return code, row.value, row.unit
        value = self._answer(observation, code, row) if observation.categories else row.value
        if value is None or not observation.numeric or value.startswith(NOT_READ):
            return code, value, row.unit
        units = [self.long.units.get(unit.strip(), unit.strip()) for unit in (row.unit, row.unit_text) if unit and unit.strip()]
        ours_of = [known_unit(observation, unit) for unit in units]
        if len(ours_of) > 1 and ours_of[0] and ours_of[1] and ours_of[0] != ours_of[1]:
            return code, self._refused(code, value, f"its unit is {row.unit!r} and {row.unit_text!r}, which are different units"), row.unit
        if not units and observation.unit and value.strip() and observation.id not in self.plan.column_map.units:
            return code, self._refused(code, value, NO_UNIT), row.unit
        return code, value, (ours_of[0] or units[0]) if units else row.unit

    def _meant(self, code: str) -> str | None:
        key = split_code(code)
        answer = self.names.category.get(key)
        return self.names.parameter.get(key) or (answer[0] if answer else None)

    def _answer(self, observation: Observation, code: str, row: Row) -> str | None:
        """The category of a row, from the code of its answer; the word beside it must not mean another one."""
        table = self.plan.column_map.values.get(observation.id, {})
        if row.value is not None and row.value.strip() in table:
            return row.value  # the plan says what the word means
        keys = [split_code(each) for each in (row.value_code or "").split(BETWEEN) if each]
        if not keys and not (row.value or "").strip():
            keys = [split_code(code)]  # a finding such as `breathing room air` is its own answer
        found = {answer[1] for key in keys if (answer := self.names.category.get(key)) and answer[0] == observation.id}
        if not found:
            return row.value
        word = read(observation, row.value) if row.value and row.value.strip() else None
        if len(found) > 1 or (isinstance(word, Reading) and word.value not in found):
            return self._refused(code, row.value, f"its code says {' and '.join(sorted(found))}, and its word says something else")
        return found.pop()

    @staticmethod
    def _refused(code: str, value: str | None, why: str) -> str:
        return f"{NOT_READ}code {code}: {short(value or '')!r}: {why}"
