"""Counts what the rows of a chunk exercise of a chart, once for each distinct value, by the rules of reading."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.contexts import contexts_of, matches, only_table
from mews_newtt.chart.model import Chart, Number, Parameter
from mews_newtt.engines.base import COMPLETE, REFUSED, Results
from mews_newtt.errors import Problem
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.reading.rows import given_of_cell
from mews_newtt.reading.values import SKIP_PREFIX, read, read_reason
from mews_newtt.validation.cases import Setting, contribution
from mews_newtt.validation.exercised import Exercised, RowCounts
from mews_newtt.validation.mutants import Codes, Flags

Coded = tuple[list[Any], Codes]  # distinct raw values (the last: none), and which of them each row has
Value = Number | str | None
MOST_DISTINCT = 50_000  # values of one column in a chunk; a column with more is not counted
MOST_KEPT = 1 << 17


class Tally:
    """Counts rows into an Exercised. Not for several threads at once."""

    def __init__(self, chart: Chart, column_map: ColumnMap):
        self.chart, self.column_map = chart, column_map
        self.exercised = Exercised.of(chart)
        self.uncounted: set[str] = set()
        self._read: dict[tuple[str, Any], Value] = {}
        self._fitting: dict[tuple[str, Value, int], bool] = {}
        self._conditions = {
            name: [wanted for p in chart.parameters for table in p.tables for other, wanted in table.when if other == name]
            for name in chart.context_ids
        }

    def add(self, columns: Mapping[str, Coded], results: Results, chosen: Flags, wrong: Flags, own_wrong: Mapping[str, Flags]) -> None:
        """Count the chosen rows of a chunk. `wrong` rows disagree; `own_wrong` rows disagree in a parameter's own points."""
        counted = chosen & (results.status != REFUSED)
        crowded = {name for name, (raws, _) in columns.items() if len(raws) > MOST_DISTINCT}
        self.uncounted |= crowded
        values = {
            name: [self._value(name, raw) for raw in raws] for name, (raws, _) in columns.items() if name not in crowded and name in self.chart.by_id
        }
        rows = len(counted)
        self._outcomes(results, chosen, wrong)
        self._refusals(values, columns, chosen & (results.status == REFUSED), wrong)
        self._settings(values, columns, counted, wrong)
        for parameter in self.chart.parameters:
            skips = columns.get(SKIP_PREFIX + parameter.id)
            mine = own_wrong.get(parameter.id, wrong)
            if skips is not None and parameter.skips and SKIP_PREFIX + parameter.id not in crowded:
                self._skips(parameter, skips, counted, mine)
            if parameter.id not in values:
                if parameter.id in self.exercised.missing and parameter.id not in crowded:
                    skipped = np.zeros(rows, np.bool_) if skips is None else self._filled(parameter, skips)
                    self._missing(parameter, counted & ~skipped, mine)
                continue
            _, codes = columns[parameter.id]
            if parameter.id in self.exercised.missing:
                nothing = np.array([value is None for value in values[parameter.id]], np.bool_)
                if nothing[:-1].any() or (codes == len(nothing) - 1).any():
                    rest = counted & nothing[codes]
                    self._missing(parameter, rest if skips is None else rest & ~self._filled(parameter, skips), mine)
            if parameter.tables:
                self._readings(parameter, values, columns, counted, mine)

    def _value(self, name: str, raw: Any) -> Value:
        """The reading in a cell; None where it is missing or cannot be read."""
        key = (name, raw)
        if key not in self._read:
            if len(self._read) > MOST_KEPT:
                self._read.clear()
                self._fitting.clear()
            found = read(self.chart.by_id[name].observation, given_of_cell(name, raw, self.column_map))
            self._read[key] = None if found is None or isinstance(found, Problem) else found.value
        return self._read[key]

    def _readings(self, parameter: Parameter, values: Mapping[str, list[Value]], columns: Mapping[str, Coded], counted: Flags, wrong: Flags) -> None:
        own, codes = values[parameter.id], columns[parameter.id][1]
        size, tables = len(own), len(parameter.tables)
        key: npt.NDArray[Any] = codes
        if parameter.tables[0].when:
            chosen = self._chosen(parameter, values, columns, len(codes))
            key = codes + chosen.astype(np.int32) * size  # the index after the last table means that none is chosen
        room = size * (tables + 1)
        rows = np.bincount(key if counted.all() else key[counted], minlength=room).reshape(-1, size)[:tables]
        wrongly = np.bincount(key[counted & wrong], minlength=room).reshape(-1, size)
        for table, index in zip(*(found.tolist() for found in np.nonzero(rows)), strict=True):
            value = own[index]
            if value is not None:
                self.exercised.add_reading(parameter, table, value, int(rows[table, index]), int(wrongly[table, index]))

    def _chosen(self, parameter: Parameter, values: Mapping[str, list[Value]], columns: Mapping[str, Coded], rows: int) -> Codes:
        """The index of the table that each row's contexts choose; the number of tables where they choose none."""
        key, classes = np.zeros(rows, np.int32), []
        for name in contexts_of(parameter):
            conditions = [wanted for table in parameter.tables for other, wanted in table.when if other == name]
            assumed = self.chart.by_id[name].assumed
            known: dict[tuple[bool, ...] | None, int] = {}
            examples: list[Value] = []

            def number_of(
                value: Value, conditions: list[Any] = conditions, assumed: Value = assumed, known: Any = known, examples: Any = examples
            ) -> int:
                value = assumed if value is None else value
                sign = None if value is None else tuple(matches(wanted, value) for wanted in conditions)
                if sign not in known:
                    known[sign] = len(examples)
                    examples.append(value)
                return int(known[sign])

            given = values.get(name)
            if given is None:
                number_of(None)
                classes.append((name, examples))
                continue
            classed = np.array([number_of(value) for value in given], np.int32)
            key = key * len(examples) + classed[columns[name][1]]
            classes.append((name, examples))
        places = []
        for chosen in product(*(examples for _, examples in classes)):
            table = only_table(self.chart, parameter, {name: value for (name, _), value in zip(classes, chosen, strict=True) if value is not None})
            places.append(next((number for number, each in enumerate(parameter.tables) if each is table), len(parameter.tables)))
        return np.array(places, np.int32)[key]

    def _outcomes(self, results: Results, chosen: Flags, wrong: Flags) -> None:
        """Levels and totals of complete sets."""
        exercised, complete = self.exercised, chosen & (results.status == COMPLETE)
        levels = [exercised.levels[level.id] for level in self.chart.levels]
        _add_counts(levels, results.level[complete], wrong[complete])
        if exercised.totals:
            room = max(exercised.totals) + 1
            totals, wrongly = results.least[complete], results.least[complete & wrong]
            rows, missed = (np.bincount(np.minimum(found, room), minlength=room + 1).tolist() for found in (totals, wrongly))
            for total, counts in exercised.totals.items():
                counts.add(rows[total], missed[total])

    def _refusals(self, values: Mapping[str, list[Value]], columns: Mapping[str, Coded], refused: Flags, wrong: Flags) -> None:
        """Refused sets, by the rule of scope that refuses them; the others are refused for a reading."""
        if not refused.any():
            return
        rest = refused.copy()
        for index, counts in self.exercised.scope.items():
            here = refused.copy()
            for name, wanted in self.chart.scope[index].when:
                own = values.get(name, [None])
                holds = np.array([value is not None and matches(wanted, value) for value in own], np.bool_)
                here &= holds[columns[name][1]] if name in values else holds[0]
            rest &= ~here
            counts.add(int(here.sum()), int((here & wrong).sum()))
        self.exercised.refused.add(int(rest.sum()), int((rest & wrong).sum()))

    def _settings(self, values: Mapping[str, list[Value]], columns: Mapping[str, Coded], counted: Flags, wrong: Flags) -> None:
        """The settings of the contexts."""
        names = [name for name in self.chart.context_ids if name in values]
        for setting, counts in self.exercised.settings:
            here = counted
            for name in self.chart.context_ids:
                fits = [self._fits(name, value, setting) for value in values.get(name, [None])]
                if name in names and not all(fits):
                    here = here & np.array(fits, np.bool_)[columns[name][1]]
                elif not all(fits):
                    here = np.zeros(len(counted), np.bool_)
            counts.add(int(here.sum()), int((here & wrong).sum()))

    def _fits(self, name: str, value: Value, setting: Setting) -> bool:
        """Whether a value of a context chooses the same tables as a setting's value, and contributes the same."""
        value = self.chart.by_id[name].assumed if value is None else value
        if value is None:
            return name not in setting.given  # it need not be given there
        key = (name, value, id(setting))
        if key not in self._fitting:
            meant, table = setting.values[name], setting.tables[name]
            same = all(matches(wanted, value) == matches(wanted, meant) for wanted in self._conditions[name])
            self._fitting[key] = same and contribution(self.chart, table, value) == contribution(self.chart, table, meant)
        return self._fitting[key]

    def _filled(self, parameter: Parameter, skips: Coded) -> Flags:
        raws, codes = skips
        return np.array([bool(self._code(parameter, raw)) for raw in raws], np.bool_)[codes]

    def _code(self, parameter: Parameter, raw: Any) -> str:
        return read_reason(given_of_cell(SKIP_PREFIX + parameter.id, raw, self.column_map)).casefold()

    def _skips(self, parameter: Parameter, skips: Coded, counted: Flags, wrong: Flags) -> None:
        raws, codes = skips
        rows, wrongly = (np.bincount(codes[chosen], minlength=len(raws)) for chosen in (counted, counted & wrong))
        for index, raw in enumerate(raws):
            counts = self.exercised.skips.get((parameter.id, self._code(parameter, raw)))
            if counts is not None:
                counts.add(int(rows[index]), int(wrongly[index]))

    def _missing(self, parameter: Parameter, rows: Flags, wrong: Flags) -> None:
        self.exercised.missing[parameter.id].add(int(rows.sum()), int((rows & wrong).sum()))


def _add_counts(into: list[RowCounts], codes: npt.NDArray[Any], wrong: Flags) -> None:
    rows, wrongly = np.bincount(codes, minlength=len(into)), np.bincount(codes[wrong], minlength=len(into))
    for index, counts in enumerate(into):
        counts.add(int(rows[index]), int(wrongly[index]))
