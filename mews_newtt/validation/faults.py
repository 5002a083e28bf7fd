"""Single faults that a scoring platform may have, worked out from the chart itself.

A fault is another chart, another way to read the inputs, or both; what it would answer is scored like any chart. Its words are what a
report says when it explains what was found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from mews_newtt.chart.model import Band, Chart, Parameter, Table
from mews_newtt.validation.mutants_sheet import Sheet

if TYPE_CHECKING:
    from mews_newtt.validation.mutants import Answers

Change = Callable[[Sheet], Sheet]
REACH = 10  # steps that an edge is moved by at most


class Fault(NamedTuple):
    """One way to score wrongly."""

    id: str
    kind: str
    words: str
    parameters: tuple[str, ...]  # whose rows, or readings, it is about
    chart: Chart
    change: Change | None = None  # of the readings
    joined: tuple[str, ...] = ()  # the faults it is put together from
    answers: Callable[[Answers], Answers] | None = None  # what becomes of the chart's own answers, in the rows that it changes

    def to_dict(self) -> dict[str, object]:
        return {"id": self.id, "kind": self.kind, "words": self.words, "parameters": list(self.parameters)}


def faults_of(chart: Chart, others: Iterable[Chart] | None = (), *, reach: int = REACH) -> list[Fault]:
    """Every single fault of a chart, the plainest kinds first.

    Parameters
    ----------
    others : charts, or versions, that a platform may have used instead; None takes those of the catalogue that share parameters
    reach : by how many steps edges are moved at most
    """
    from mews_newtt.validation.faults_bands import band_faults
    from mews_newtt.validation.faults_chart import chart_faults, other_charts
    from mews_newtt.validation.faults_reading import reading_faults

    found: dict[str, Fault] = {}
    for fault in [
        *band_faults(chart, reach),
        *chart_faults(chart),
        *reading_faults(chart),
        *other_charts(chart, others),
    ]:
        if fault.change is None and _content(fault.chart) == _content(chart):
            continue
        found.setdefault(fault.id, fault)
    return list(found.values())


def _content(chart: Chart) -> tuple[object, ...]:
    return (chart.parameters, chart.levels, chart.groups, chart.scope, chart.zones)


# Charts changed in one place.


def with_parameter(chart: Chart, parameter: Parameter) -> Chart:
    return replace(chart, parameters=tuple(parameter if p.id == parameter.id else p for p in chart.parameters))


def with_table(chart: Chart, parameter: Parameter, place: int, table: Table) -> Chart:
    tables = (*parameter.tables[:place], table, *parameter.tables[place + 1 :])
    return with_parameter(chart, replace(parameter, tables=tables))


def with_bands(chart: Chart, parameter: Parameter, place: int, changed: dict[int, Band]) -> Chart:
    table = parameter.tables[place]
    return with_table(chart, parameter, place, replace(table, bands=tuple(changed.get(n, band) for n, band in enumerate(table.bands))))


def each_table(chart: Chart) -> Iterator[tuple[Parameter, int, Table, str]]:
    """Tables with bands of parameters that count, and how to name them."""
    for parameter in chart.parameters:
        for place, table in enumerate(parameter.tables):
            if table.applies and table.bands:
                yield parameter, place, table, row_name(parameter, table)


def row_name(parameter: Parameter, table: Table | None = None) -> str:
    title = parameter.title[:1].lower() + parameter.title[1:]
    return f"{title} ({table.title})" if table is not None and table.title else title


def seems(band: Band) -> str:
    """The verb after what a band gives."""
    return "seems" if band.points in (None, 1) else "seem"


def worth_words(chart: Chart, band: Band) -> str:
    """What a band gives, in words."""
    found = []
    if band.points is not None:
        found.append(f"{band.points} point{'' if band.points == 1 else 's'}")
    if band.zone is not None:
        title = next(zone.title for zone in chart.zones if zone.id == band.zone)
        found.append(title.lower() if found else f"the {title.lower()} zone" if "trigger" not in title.lower() else title.lower())
    if band.level is not None:
        found.append(f"level {next(level.title for level in chart.levels if level.id == band.level)}")
    return " and ".join(found) or "nothing"
