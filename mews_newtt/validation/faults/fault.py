"""One way for a platform to score wrongly, as data; and the small changes of charts and readings that faults are built from.

A fault is another chart, another way to read the observations, or both. What a platform with the fault would answer is worked out like any
other answer. Its words are what a report says when the fault explains what was found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from mews_newtt.chart.model import Band, Chart, Number, Parameter, Table
from mews_newtt.validation.mutants import Answers, Cell, MutantScorer, Sheet, with_answers
from mews_newtt.validation.wording import row_name

Change = Callable[[Sheet], Sheet]
ChangeCell = Callable[[Cell], Cell]
Value = Number | int | str | None


class Site(NamedTuple):
    """Where on the chart a fault is: a parameter ("*" is all of them), one of its tables, one of its bands; for an edge the band below it."""

    parameter: str
    table: int | None = None
    band: int | None = None

    def __str__(self) -> str:
        return ".".join(str(part) for part in self if part is not None)


class Fault(NamedTuple):
    """One way to score wrongly.

    kind : one of `KINDS`
    form : how the id is written from the data, such as "edge:{site}:{by:+d}"
    words : what the platform seems to do, as a report says it
    parameters : the parameters that it is about; empty where it is about the whole chart
    chart : the chart that the platform would follow
    site, value : where on the chart; value names what is not a parameter, such as a level, a group or a unit
    by : steps that an edge is moved by, or points that a threshold is moved by
    before, after : what the chart says there, and what the platform takes instead
    change : how the platform changes readings before it scores them
    answers : what becomes of the answers of a scorer, in the rows that the fault changes. `scorer.base` holds the answers before the fault (where
        a platform states its points or totals, they may be its own), `scorer.sheet` the readings in the order of the file, and
        `scorer.stated` what the platform states (None for sets that were made up). `with_totals` gives the levels of other totals.
    column : the one kind of stated column that the fault changes: points, total or level. A fault of the total acts on the stated points,
        one of the level on the stated total and points. Empty: a fault of readings or of the chart, which any column may show
    joined : the faults that a pair, or a larger number at once, is made of
    """

    kind: str
    form: str
    words: str
    parameters: tuple[str, ...]
    chart: Chart
    site: Site | None = None
    value: Value = None
    by: int = 0
    before: Value = None
    after: Value = None
    change: Change | None = None
    answers: Callable[[MutantScorer], Answers] | None = None
    column: str = ""
    joined: tuple[Fault, ...] = ()

    @property
    def id(self) -> str:
        """The name of the fault in reports and pack files."""
        if self.joined:
            return " + ".join(fault.id for fault in self.joined)
        return self.form.format(site=self.site, value=self.value, by=self.by, before=self.before, after=self.after)

    def to_dict(self) -> dict[str, object]:
        return {"id": self.id, "kind": self.kind, "words": self.words, "parameters": list(self.parameters)}


class Example(NamedTuple):
    """What one fault does, on the made-up chart in `tests/made_up`: a test scores every example, docs/diagnosis.md shows the first of each kind.

    id : the fault's id, or the ids of two faults with " + " between them
    given : readings that differ from those of a well tortoise; None takes a reading away
    before, after : what the chart answers, and what a platform with the fault answers
    earlier : sets of the same tortoise before this one, oldest first: for faults of memory
    points : the fault shows only in stated points; `before` and `after` are those of the parameters that the fault names
    """

    id: str
    given: Mapping[str, str | None]
    before: str
    after: str
    earlier: tuple[Mapping[str, str | None], ...] = ()
    points: bool = False


# What a platform with a fault answers


def answers_of(scorer: MutantScorer, fault: Fault) -> Answers:
    """A faulty platform's answers in the rows where they may differ from the chart's."""
    if fault.answers is not None:
        return fault.answers(scorer)
    if any(each.answers is not None for each in fault.joined):
        return _answers_of_several(scorer, fault)
    return scorer.differs(fault.chart, None if fault.change is None else fault.change(scorer.sheet))


def _answers_of_several(scorer: MutantScorer, fault: Fault) -> Answers:
    """Faults at once of which some change answers: first the chart and the readings, then points, totals and levels. In every row."""
    same = fault.change is None and fault.chart is scorer.chart
    found = scorer if same else scorer.with_chart(fault.chart, None if fault.change is None else fault.change(scorer.sheet))
    found.stated = scorer.stated
    for each in sorted((one for one in fault.joined if one.answers is not None), key=lambda one: ("points", "total", "level", "").index(one.column)):
        found = with_answers(found, answers_of(found, each))
    return found.base


def all_answers(scorer: MutantScorer, fault: Fault) -> Answers:
    """A faulty platform's status, total and level in every row."""
    base, part = scorer.base, answers_of(scorer, fault)
    status, total, level = base.status.copy(), base.total.copy(), base.level.copy()
    status[part.rows], total[part.rows], level[part.rows] = part.status, part.total, part.level
    return Answers(base.rows, status, total, level)


# Charts changed in one place


def with_parameter(chart: Chart, parameter: Parameter) -> Chart:
    return replace(chart, parameters=tuple(parameter if p.id == parameter.id else p for p in chart.parameters))


def with_table(chart: Chart, parameter: Parameter, index: int, table: Table) -> Chart:
    tables = (*parameter.tables[:index], table, *parameter.tables[index + 1 :])
    return with_parameter(chart, replace(parameter, tables=tables))


class TableAt(NamedTuple):
    """One table of a parameter that counts: its number among the parameter's tables, and its name in words."""

    chart: Chart
    parameter: Parameter
    number: int
    table: Table
    name: str

    def with_bands(self, changed: Mapping[int, Band]) -> Chart:
        """The chart with some bands of this table changed, by their index."""
        bands = tuple(changed.get(index, band) for index, band in enumerate(self.table.bands))
        return with_table(self.chart, self.parameter, self.number, replace(self.table, bands=bands))

    def site(self, band: int) -> Site:
        return Site(self.parameter.id, self.number, band)


def each_table(chart: Chart) -> Iterator[TableAt]:
    """The tables with bands of parameters that count."""
    for parameter in chart.parameters:
        for index, table in enumerate(parameter.tables):
            if table.applies and table.bands:
                yield TableAt(chart, parameter, index, table, row_name(parameter, table))


def numeric_parameters(chart: Chart) -> list[Parameter]:
    """Parameters whose readings are numbers that count for something."""
    return [p for p in chart.parameters if p.observation.numeric and p.role != "recorded" and any(table.bands for table in p.tables)]


def telling_parameters(chart: Chart) -> list[Parameter]:
    """Those of them whose bands do not all show the same."""
    zones = any(rule.zone is not None for level in chart.levels for rule in level.counts)
    found = []
    for parameter in numeric_parameters(chart):
        given = [chart.severity(band) for table in parameter.tables for band in table.bands]
        if len({(points, zone if zones else 0, level) for points, zone, level in given}) > 1:
            found.append(parameter)
    return found


# Readings changed


def change_cells(names: Iterable[str], change: ChangeCell) -> Change:
    """A change of every cell of some parameters."""
    return change_each(dict.fromkeys(names, change))


def change_each(changes: Mapping[str, ChangeCell]) -> Change:
    """A change of cells, by parameter."""

    def changed(sheet: Sheet) -> Sheet:
        return Sheet({**sheet.columns, **{name: sheet.column(name).with_cells(change) for name, change in changes.items()}}, sheet.rows)

    return changed
